/** The service's promises for pages of this device that delete: asked for, judged, kept. Source: specs/erasure.md. */

import { type Bytes, equal } from "@privity/protocol/bytes";
import * as stored from "@privity/protocol/stored/page";
import { DELETIONS } from "@privity/protocol/stored/page";
import type { SignedPage } from "@privity/vault/page";

import { type Erasure, judged, type Signed } from "./erasure.ts";
import { type Ground, stateOf } from "./ground.ts";
import { ServiceError } from "./service.ts";
import type { Posting } from "./store.ts";

/** The ids that a page deletes. */
export function deletedBy({ data }: SignedPage): readonly Bytes[] {
  return stored.decode(data).entries.filter(({ op }) => DELETIONS.has(op)).map(({ object }) => object);
}

/**
 * The key by which receipts are judged: the first one that the service named. It is asked for before anything is deleted, so
 * that it cannot be made up afterwards. Null where the service names none; raises ServiceError `service.unreachable`.
 */
export async function erasureKey({ service, store }: Pick<Ground, "service" | "store">): Promise<Bytes | null> {
  const state = await stateOf(store);
  if (state.erasureKey !== undefined) return state.erasureKey;
  let key: Bytes;
  try {
    key = await service.erasureKey();
  } catch (error) {
    if (error instanceof ServiceError && error.status !== 0) return null;
    throw error;
  }
  await store.commit({ state: { ...(await stateOf(store)), erasureKey: key } });
  return key;
}

/** What a page erased and what was promised of it; nothing for a page that deletes nothing. */
export async function erasuresOf(
  { session }: Ground, page: SignedPage, signed: Signed | null, key: Bytes | null,
): Promise<readonly Erasure[]> {
  const ids = deletedBy(page);
  if (ids.length === 0) return [];
  return [await judged({ account: session.identity.account, n: stored.decode(page.data).n, ids }, signed, key)];
}

/** A page whose answer was lost is in the log: posted again, it is answered as before, receipt and all. */
export async function askedAgain(ground: Ground, posting: Posting | null, pages: readonly SignedPage[]): Promise<void> {
  if (posting === null || deletedBy(posting.page).length === 0) return;
  if (!pages.some(({ data }) => equal(data, posting.page.data))) return;
  const key = await erasureKey(ground);
  const signed = await ground.service.post(posting.page, []).catch((error: unknown) => {
    if (error instanceof ServiceError) return null;
    throw error;
  });
  await ground.store.commit({ erasures: await erasuresOf(ground, posting.page, signed, key) });
}
