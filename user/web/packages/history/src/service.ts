/** What the account service is asked, as far as history needs it. Nothing that it answers is believed here. */

import type { Bytes } from "@privity/protocol/bytes";
import type { Claim } from "@privity/vault/keyring";
import type { SignedPage } from "@privity/vault/page";

import type { Signed } from "./erasure.ts";

/** The service, or the way to it, said no: `reason` is of specs/service-api.md, or `service.unreachable`. */
export class ServiceError extends Error {
  readonly reason: string;
  readonly status: number;
  /** Seconds to wait, null when the service did not say. */
  readonly retryAfter: number | null;

  constructor(reason: string, status: number, retryAfter: number | null = null) {
    super(reason);
    this.name = "ServiceError";
    this.reason = reason;
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/** A revision of the keyring; only the newest has its private half. */
export interface Revision {
  readonly claim: Claim;
  readonly private: Bytes | null;
}

/** Revisions from the one asked for, the number of the newest, and the newest's records of openers. */
export interface Keyrings {
  readonly newest: number;
  readonly revisions: readonly Revision[];
  readonly openers: readonly Bytes[];
}

/** Pages after the one asked for, and where the whole log stands. */
export interface Pages {
  readonly n: number;
  readonly head: Bytes;
  readonly pages: readonly SignedPage[];
}

/** The calls of an account. Each raises ServiceError. */
export interface Service {
  keyrings(from: number): Promise<Keyrings>;
  pages(after: number): Promise<Pages>;
  /** Append a page; a receipt when it deletes. The same bytes again are answered as before. */
  post(page: SignedPage, bodies: readonly Bytes[]): Promise<Signed | null>;
  put(hash: Bytes, body: Bytes): Promise<void>;
  /** Bodies by hash, in their order; null for one that is not there. */
  bodies(hashes: readonly Bytes[]): Promise<readonly (Bytes | null)[]>;
  /** Give back the body of an object, which the service lost. */
  giveBack(object: Bytes, body: Bytes): Promise<void>;
  /** The key by which the service says that it signs receipts of erasure. */
  erasureKey(): Promise<Bytes>;
}
