/** Annexes of the vault worker: the page starts one for each piece of work, and hands over the port to it. */

import type { Bytes } from "@privity/protocol/bytes";
import type { Cost } from "@privity/vault/passphrase";

import type { ANNEX, AnnexAnswers, AnnexNews } from "../bridge/annex.ts";
import { Line, Refusal } from "../bridge/line.ts";

/** One that works. */
export interface Annex {
  readonly line: Line<typeof ANNEX, AnnexAnswers, AnnexNews>;
  end(): void;
}

interface Waiting {
  readonly resolve: (port: MessagePort) => void;
  readonly reject: (error: Refusal) => void;
}

export class Annexes {
  readonly #ask: () => void;
  readonly #waiting: Waiting[] = [];
  readonly #working = new Set<Annex["line"]>();

  /** `ask` has the page start one; `arrived` is told what became of it. */
  constructor(ask: () => void) {
    this.#ask = ask;
  }

  /** An annex of one's own, until `end`. Raises Refusal `page.annex` when none can be had. */
  async open(heard: (news: AnnexNews) => void = () => undefined): Promise<Annex> {
    const port = await new Promise<MessagePort>((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#ask();
    });
    const line: Annex["line"] = new Line(port, heard);
    port.start();
    this.#working.add(line);
    return {
      line,
      end: () => {
        this.#working.delete(line);
        void line.ask("end", {}).catch(() => undefined);
      },
    };
  }

  /** The page has started one, or, with null, one could not be had or broke: nobody waits for any of them then. */
  arrived(port: MessagePort | null): void {
    if (port !== null) {
      this.#waiting.shift()?.resolve(port);
      return;
    }
    for (const { reject } of this.#waiting.splice(0)) reject(new Refusal("page.annex"));
    for (const line of this.#working) line.close("page.annex");
    this.#working.clear();
  }

  /** Argon2id of seven words. Raises Refusal `page.annex`. */
  async argon2id(words: Bytes, cost: Cost): Promise<Bytes> {
    const annex = await this.open();
    try {
      return await annex.line.ask("stretch", { words, ...cost });
    } finally {
      annex.end();
    }
  }
}
