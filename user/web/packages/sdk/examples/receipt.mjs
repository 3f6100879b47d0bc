/**
 * Ask, and keep a signed receipt: node receipt.mjs ORIGIN PIN-FILE FOLDER [DEVELOPMENT-ROOT]
 *
 * `privity receipt verify FILE` judges it. The file shows question and answer to whoever has it.
 */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { privityFetch } from "@privity/sdk/fetch";

import { ground, Memory } from "./ground.mjs";

const [, , origin, pinFile, folder, root] = process.argv;
const roots = new Set(root === undefined ? [] : [root]);
const pin = new Uint8Array(readFileSync(pinFile));
const receipts = {
  every: true,
  async keep(name, file) {
    writeFileSync(join(folder, name), file, { mode: 0o600, flag: "wx" });
  },
};
const progress = ({ kind }) => console.error(kind);
const ask = privityFetch({ origin, pin, roots, store: new Memory(), memories: new Memory(), ground }, { receipts, progress });

const address = "https://api.openai.com/v1";
const models = await (await ask(`${address}/models`)).json();
if (models.error !== undefined) throw new Error(models.error.message);
const body = JSON.stringify({ model: models.data[0].id, messages: [{ role: "user", content: "Hello" }], max_tokens: 12 });
const answer = await ask(`${address}/chat/completions`, { method: "POST", body });
if (!answer.ok) throw new Error(await answer.text());
console.log(answer.headers.get("x-privity-receipt"));
