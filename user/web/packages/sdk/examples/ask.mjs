/**
 * Ask a server as a program asks OpenAI: node ask.mjs ORIGIN PIN-FILE [DEVELOPMENT-ROOT]
 *
 * The pin says whose logs count (`privity trust pin` writes it). A root, in hexadecimal, is the consent to test enclaves.
 */

import { readFileSync } from "node:fs";

import { privityFetch } from "@privity/sdk/fetch";

import { ground, Memory } from "./ground.mjs";

const [, , origin, pinFile, root] = process.argv;
const roots = new Set(root === undefined ? [] : [root]);
const pin = new Uint8Array(readFileSync(pinFile));
const ask = privityFetch({ origin, pin, roots, store: new Memory(), memories: new Memory(), ground });

// `new OpenAI({ apiKey: "none", fetch: ask })` does the same; the address is never spoken to.
const address = "https://api.openai.com/v1";
const models = await (await ask(`${address}/models`)).json();
if (models.error !== undefined) throw new Error(models.error.message);
const body = JSON.stringify({
  model: models.data[0].id, messages: [{ role: "user", content: "Hello" }], max_tokens: 12, temperature: 0, stream: true,
});
const answer = await ask(`${address}/chat/completions`, { method: "POST", body });
for await (const piece of answer.body) process.stdout.write(piece);
