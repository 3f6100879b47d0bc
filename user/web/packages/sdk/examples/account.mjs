/**
 * Ask as an account whose messages a server counts, a question a line: node account.mjs ORIGIN PIN-FILE STORE-FILE [ROOT] < QUESTIONS
 *
 * The tokens that pay for them lie in STORE-FILE, for one program at a time; whoever reads it can spend them. PRIVITY_TOKEN is
 * an access token of scope full. It lasts an hour; what @privity/account signs in, renews its own.
 */

import { readFileSync } from "node:fs";
import { open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { createInterface } from "node:readline/promises";

import { privityFetch } from "@privity/sdk/fetch";

import { ground, Memory } from "./ground.mjs";

/** A file that holds the old content or the new one, whole, whenever the program ends. */
class Kept {
  #path;
  #last = Promise.resolve();

  constructor(path) {
    this.#path = path;
  }

  update(step) {
    const next = this.#last.then(async () => {
      const data = await step(await this.#read());
      await synced(`${this.#path}.new`, "w", (file) => file.writeFile(data));
      await rename(`${this.#path}.new`, this.#path);
      await synced(dirname(this.#path), "r", () => undefined);
    });
    this.#last = next.catch(() => undefined);
    return next;
  }

  async #read() {
    try {
      return new Uint8Array(await readFile(this.#path));
    } catch (error) {
      if (error.code === "ENOENT") return null;
      throw error;
    }
  }
}

/** Do something with a file or folder, and wait until it is on the disk. */
async function synced(path, flags, step) {
  const file = await open(path, flags, 0o600);
  try {
    await step(file);
    await file.sync();
  } finally {
    await file.close();
  }
}

const [, , origin, pinFile, storeFile, root] = process.argv;
const roots = new Set(root === undefined ? [] : [root]);
const pin = new Uint8Array(readFileSync(pinFile));
const access = { origin, fetch: ground.fetch, token: async () => process.env.PRIVITY_TOKEN };
const account = { access, store: new Kept(storeFile) };
const ask = privityFetch({ origin, pin, roots, store: new Memory(), memories: new Memory(), ground }, { account });

const address = "https://api.openai.com/v1";
const models = await (await ask(`${address}/models`)).json();
if (models.error !== undefined) throw new Error(models.error.message);
for await (const content of createInterface({ input: process.stdin })) {
  const body = JSON.stringify({ model: models.data[0].id, messages: [{ role: "user", content }], max_tokens: 12 });
  const answer = await (await ask(`${address}/chat/completions`, { method: "POST", body })).json();
  if (answer.error !== undefined) throw new Error(answer.error.message);
  console.log(JSON.stringify(answer.choices[0].message.content));
}
