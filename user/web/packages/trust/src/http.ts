/** HTTP with bounds: every body has a limit before the first byte is read. No cookies, no redirects, no credentials. */

import { type Bytes, concat } from "@privity/protocol/bytes";

import { TrustError } from "./errors.ts";

/** As the browser's `fetch`; its owner decides how long silence may last. */
export type Fetch = (address: string, options: RequestInit) => Promise<Response>;

/**
 * The body of `address`, at most `limit` bytes.
 *
 * Raises TrustError: `unreachable`, `not_privity` (any status but 200), `too_much`.
 */
export async function get(fetch: Fetch, address: string, limit: number): Promise<Bytes> {
  try {
    const response = await fetch(address, {
      method: "GET", cache: "no-store", credentials: "omit", redirect: "error", referrerPolicy: "no-referrer",
    });
    if (response.status !== 200) throw new TrustError("not_privity", `${address} answered ${String(response.status)}`);
    return await bounded(response, limit);
  } catch (error) {
    if (error instanceof TrustError) throw error;
    throw new TrustError("unreachable", address);
  }
}

/** The body of an answer. Raises TrustError `too_much` beyond `limit` bytes, and the rest is never read. */
export async function bounded(response: Response, limit: number): Promise<Bytes> {
  if (response.body === null) return new Uint8Array(0);
  const parts: Uint8Array[] = [];
  let size = 0;
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return concat(...parts);
    size += value.length;
    if (size > limit) {
      await reader.cancel();
      throw new TrustError("too_much", `more than ${String(limit)} bytes`);
    }
    parts.push(value);
  }
}
