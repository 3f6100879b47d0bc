/** Tokens as page, vault worker, channel worker and annex speak of them. Source: specs/token.md, specs/wallet.md. */

import type { Bytes } from "@privity/protocol/bytes";
import type { Issuers } from "@privity/tlog/leaves/issuers";

import type { ValueOf } from "./shapes.ts";

/**
 * Under which keys tokens may be drawn, by the newest leaf of the verified log, and what they answer: the hosts of the
 * account and of the run origin. `deploy` is that of the pinned logs.
 */
export interface Meter {
  readonly deploy: string;
  readonly issuer: string;
  readonly origin: string;
  readonly issuers: Issuers;
}

/** What a question costs, and all that drawing its tokens takes. */
export interface Metering {
  readonly prices: { readonly chat: number; readonly embed: number };
  readonly meter: Meter;
}

/** `logged`: the content is that of the log; `waits`: a version of this device is on its way there. */
const WALLET = { id: "text", content: "octets", logged: "flag", waits: "flag" } as const;

/**
 * What one look at the purse takes. `meter` is a Meter in JSON, keys in hexadecimal; `usage` what the service says of the
 * account; `state` what the look before said to keep, "" at first; `spent` the names of marks (`DAY/SHA-256`); `paid` the
 * requests that were paid, each as `RID,MILLISECONDS,NAME,...`: its id, when, and with which tokens; `wanted` tokens that a
 * person waits for; `answer` what the service said to the request of the look before, "" where there was none.
 */
export const TEND = {
  now: "number", entropy: "octets", device: "octets", guest: "flag", usage: "text", meter: "text", state: "text",
  wallets: [WALLET], spent: ["text"], paid: ["text"], wanted: "number", answer: "text",
} as const;
export type Facts = ValueOf<typeof TEND>;

/**
 * A token of this device; `name` is that of its mark. Those of one `issuer` go together. Unless it is marked it may be spent
 * on its day; one that is marked goes with its own request again.
 */
export interface Own {
  readonly name: string;
  readonly issuer: string;
  readonly token: Bytes;
  /** Of a request that came to no end, whose tokens are as many as are wanted: good under its id alone. Else "". */
  readonly rid: string;
}

/** What a person may still ask. `left` null: without a limit. `others`: set aside for other devices. */
export interface AllowanceView {
  readonly left: number | null;
  readonly limit: number | null;
  readonly others: number;
  /** Unix seconds from which more can be had. */
  readonly reset: number;
}

/** What is to be done, in this order: keep `state`, write, erase, agree with the service, ask it, look again. */
export interface Round {
  readonly state: string;
  readonly write: readonly { readonly id: string; readonly content: Bytes }[];
  readonly remove: readonly string[];
  /** A claim must be in the log before a person goes on. */
  readonly agree: boolean;
  readonly post: {
    readonly method: "GET" | "POST"; readonly path: string; readonly content: string; readonly key: string;
  } | null;
  readonly own: readonly Own[];
  readonly allowance: AllowanceView;
  /** Unix milliseconds at which to look again. */
  readonly again: number;
  /** Why no more can be had, "" where they can. */
  readonly refused: string;
}
