/** Leaving: with this browser, or with the whole account. Source: specs/account.md, section "Leaving", specs/erasure.md. */

import { type Erasure, judgedWhole } from "@privity/history/erasure";
import { json, readErasure } from "@privity/history/http";
import { erasureKey } from "@privity/history/receipts";
import * as keyring from "@privity/vault/keyring";
import * as opener from "@privity/vault/opener";

import { type Account, moved, TRIES } from "./account.ts";
import * as calls from "./calls.ts";
import * as keys from "./keys.ts";
import { type Change, rotated } from "./rotating.ts";

/**
 * "Forget this device": what waits is sent, the device signs its own revocation and a new account key for the others, then
 * keys and history are erased here.
 *
 * Raises AccountError `access.stale`; VaultError; ServiceError: then nothing is erased here. `Account.forget` erases without
 * the service, and `Account.unsent` says how much would be lost with it. `access.refused` once the device is revoked.
 */
export async function leave(account: Account): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    account.tokens.fresh();
    await account.sync();
    const { posted } = await rotated(account, account.session, await leaving(account));
    const { revision } = account.session.trusted.keyring;
    try {
      await calls.putKeyring(account.tokens.freshWay(), revision, posted);
      break;
    } catch (error) {
      if (!moved(error) || tries === TRIES) throw error;
    }
  }
  await account.forget();
}

async function leaving({ session: { identity: { device } }, store }: Account): Promise<Change> {
  const last = (await store.chain(device))?.seq ?? 0;
  return {
    leaves: ({ kind }, label) => kind === opener.KINDS.device && label === keys.labelOf(device),
    devices: (before) => keyring.revoke(before, device, last).devices,
  };
}

/**
 * Erase the account at the service and all of it here. The service's promise is kept here (`Devices.erasures`) and given back,
 * with `promise` null where none holds.
 *
 * Raises AccountError `access.stale`; ServiceError: then nothing is erased here.
 */
export async function erase(account: Account): Promise<Erasure> {
  const way = account.tokens.freshWay();
  const { place, session: { identity } } = account;
  const [{ n }, key] = [await account.position(), await erasureKey(account)];
  const signed = readErasure(await json(way, "DELETE", "/v1/account"));
  const erasure = await judgedWhole(identity.account, n, signed, key);
  await place.devices.keepErasure(erasure);
  await account.forget();
  return erasure;
}
