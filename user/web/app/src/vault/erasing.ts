/** What the service promised to have erased, as people are told of it. Source: specs/erasure.md. */

import { type Erasure, written } from "@privity/history/erasure";
import { ascii, toHex } from "@privity/protocol/bytes";
import * as receipts from "@privity/protocol/stored/erasure";

import type { ErasureView } from "../bridge/views.ts";
import type { Edges } from "./edges.ts";
import type { Saved } from "./saved.ts";

const DAY_MS = 86_400_000;

/** The promise, null where the service gave none that holds. */
export function erasureView(erasure: Erasure): ErasureView | null {
  const { account, n, ids, promise } = erasure;
  if (promise === null) return null;
  return {
    what: ids.length === 0 ? "account" : "chats", ids: toHex(receipts.idsHash(account, ids)), n, day: promise.day * DAY_MS,
    backupDays: promise.backupDays, data: ascii(written(erasure, promise)),
  };
}

/** Tells of each promise once, as it comes while this tab is open. */
export class Promises {
  readonly #edges: Edges;
  #told = Number.MAX_SAFE_INTEGER;

  constructor(edges: Edges) {
    this.#edges = edges;
  }

  /** What was promised before is known. */
  async begin(saved: Saved): Promise<void> {
    this.#told = await newest(saved);
  }

  async tell(saved: Saved): Promise<void> {
    for (const one of await saved.account.history.erasures()) {
      const receipt = one.n > this.#told ? erasureView(one) : null;
      if (receipt !== null) this.#edges.tell({ kind: "erased", receipt });
    }
    this.#told = await newest(saved);
  }
}

async function newest(saved: Saved): Promise<number> {
  return (await saved.account.history.erasures()).reduce((last, { n }) => Math.max(last, n), 0);
}
