/**
 * What a device keeps of an account: ciphertext, and how far it has read. Every change is one batch, whole or not at all.
 *
 * Trusted: the state (a device whose state was set back sees its own next page as `log.forked`). Ids and kinds of objects
 * stand in clear on the device, as they do in the pages; nothing that a person wrote does.
 */

import type { Bytes } from "@privity/protocol/bytes";
import type { Op } from "@privity/protocol/stored/page";
import type { VaultReason } from "@privity/vault/errors";
import type { Chain, Known, Position, SignedPage } from "@privity/vault/page";

import type { Erasure } from "./erasure.ts";

/** An accepted keyring, by which its hash is known again. */
export interface StoredKeyring {
  readonly revision: number;
  readonly public: Bytes;
}

/** A page on its way: signed once, and posted until the answer came. */
export interface Posting {
  readonly page: SignedPage;
  readonly bodies: readonly Bytes[];
}

/** How far this device is. `halted` is the reason after which it writes no more until a person repairs. */
export interface State {
  readonly position: Position;
  readonly keyrings: readonly StoredKeyring[];
  readonly privateHalf: Bytes;
  readonly posting: Posting | null;
  readonly halted: VaultReason | null;
  /** The first key by which the service said that it signs receipts of erasure. */
  readonly erasureKey?: Bytes;
}

/**
 * The newest entry of one id: the box that it lies in (its own id for a box), its kind (0 for a box), and why its body
 * cannot be shown, if it cannot.
 */
export interface Row {
  readonly id: Bytes;
  readonly box: Bytes;
  readonly known: Known;
  readonly op: Op;
  readonly kind: number | null;
  readonly fault: VaultReason | null;
}

/**
 * A change that waits for its page: sealed as `version`, which follows `base`, the body that was known when it was made.
 *
 * `order` rises; there is one for each id at most.
 */
export interface Waiting {
  readonly id: Bytes;
  readonly order: number;
  readonly op: Op;
  readonly box: Bytes;
  readonly kind: number | null;
  readonly version: number;
  readonly body: Bytes | null;
  readonly base: Bytes | null;
}

/** What gave way to another writing: the person is asked what becomes of it, and nothing drops it before. */
export interface Offer {
  readonly id: Bytes;
  readonly box: Bytes;
  readonly version: number;
  readonly body: Bytes;
  /** Members whose text is only here; empty when the whole object is. */
  readonly members: readonly string[];
  /** Sealed under the home box: its own box may be deleted before the person decides. Else as it was written. */
  readonly atHome?: boolean;
}

/** An answer as far as it has come, sealed: it becomes a message in state `cut` after a crash. */
export interface Draft {
  readonly id: Bytes;
  readonly box: Bytes;
  readonly body: Bytes;
}

/** One transaction. A body, what waits, a draft or an offer of null is erased. */
export interface Batch {
  /** Chains, rows and pages of before go first: another branch of the log is taken over. */
  readonly afresh?: boolean;
  readonly state?: State;
  readonly chains?: readonly (readonly [device: Bytes, chain: Chain])[];
  readonly rows?: readonly Row[];
  readonly pages?: readonly (readonly [n: number, page: SignedPage])[];
  readonly bodies?: readonly (readonly [hash: Bytes, body: Bytes | null])[];
  readonly waiting?: readonly (readonly [id: Bytes, waiting: Waiting | null])[];
  readonly drafts?: readonly (readonly [id: Bytes, draft: Draft | null])[];
  readonly offers?: readonly (readonly [key: string, offer: Offer | null])[];
  /** What pages deleted, with the service's promise. */
  readonly erasures?: readonly Erasure[];
  /** Pages of a branch that was left: kept as evidence against the service. */
  readonly left?: readonly SignedPage[];
}

/** Durable storage. `commit` has happened when its promise is fulfilled, and has not when it is rejected. */
export interface Store {
  state(): Promise<State | null>;
  chain(device: Bytes): Promise<Chain | null>;
  row(id: Bytes): Promise<Row | null>;
  rows(): Promise<readonly Row[]>;
  /** The accepted pages from number `from` on, in their order. */
  pages(from: number): Promise<readonly (readonly [n: number, page: SignedPage])[]>;
  body(hash: Bytes): Promise<Bytes | null>;
  waiting(): Promise<readonly Waiting[]>;
  waitingFor(id: Bytes): Promise<Waiting | null>;
  drafts(): Promise<readonly Draft[]>;
  offers(): Promise<ReadonlyMap<string, Offer>>;
  erasures(): Promise<readonly Erasure[]>;
  commit(batch: Batch): Promise<void>;
}
