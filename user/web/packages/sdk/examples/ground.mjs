/** What the channel stands on in Node.js, and a memory that lasts as long as the program. */

import { setTimeout as sleep } from "node:timers/promises";

import { chooseXWing } from "@privity/protocol/webcrypto";

const entropy = (size) => crypto.getRandomValues(new Uint8Array(size));

export const ground = {
  fetch: (address, options) => globalThis.fetch(address, options),
  clock: () => Math.floor(Date.now() / 1000),
  entropy,
  sleep: (seconds, signal) => sleep(seconds * 1000, undefined, { signal, ref: false }).catch(() => undefined),
  xwing: await chooseXWing(entropy),
};

/** A program that remembers on disk sees a log that was rewound between two runs; this one does not. */
export class Memory {
  #kept = null;
  #last = Promise.resolve();

  update(step) {
    this.#last = this.#last.catch(() => undefined).then(async () => {
      this.#kept = await step(this.#kept);
    });
    return this.#last;
  }

  convict({ reason }) {
    console.error(`the server's log contradicts itself: ${reason}`);
    return Promise.resolve();
  }
}
