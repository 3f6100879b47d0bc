/** A revocation and its new account key, cut at every call: whoever comes next finishes it, and nothing is lost. */

import { equal } from "@privity/protocol/bytes";
import { expect, test } from "vitest";

import { Account } from "../src/account.ts";
import { devices, finishRotation, revoke } from "../src/management.ts";
import { Browser } from "./browser.ts";
import type { Strict } from "./service.ts";
import { BOX, CHAT, linked, message, prove, saved, texts } from "./steps.ts";

const MOST_CALLS = 24;

/** Let the connection break at the call `at` from now on, before it arrives or before its answer does; whether it did. */
function cut(service: Strict, at: number, arrived: boolean): () => boolean {
  let left = at;
  const count = (): void => {
    left -= 1;
    if (left === 0) throw new TypeError("the connection is gone");
  };
  if (arrived) service.after = (_, answer) => (count(), answer);
  else service.before = count;
  return () => {
    service.before = (): void => undefined;
    service.after = (_, answer) => answer;
    return left <= 0;
  };
}

test.each([["lost", false], ["answered", true]])("when a request is %s and nothing is heard", async (_, arrived) => {
  const { account: first, passkey, service, laptop } = await saved();
  await first.history.addBox(BOX);
  await first.history.add(CHAT, BOX);
  await first.sync();
  const tablet = await linked(first, passkey, new Browser("tablet", service));
  const written: string[] = [];
  let [account, wasCut, calls, phone] = [first, true, 0, await linked(first, passkey, new Browser("phone", service))];
  const outcomes = new Set<boolean>();
  while (wasCut && calls < MOST_CALLS) {
    calls += 1;
    await prove(account, passkey);
    const mend = cut(service, calls, arrived);
    await revoke(account, phone.session.identity.device).catch(() => undefined);
    wasCut = mend();
    account = await Account.unlock(laptop, await laptop.known());
    for (const one of [tablet, account, tablet]) {
      await one.sync();
      await finishRotation(one);
    }
    await account.sync();
    expect([account.session.names.past.size, tablet.session.names.past.size]).toEqual([0, 0]);
    expect(account.session.trusted.hash).toEqual(tablet.session.trusted.hash);
    const text = `After cut ${String(calls)}`;
    written.push(text);
    await account.history.add(message(text), BOX);
    await account.sync();
    await tablet.sync();
    expect(await texts(tablet)).toEqual([...written].sort());
    const isOut = devices(account).some(({ id, active }) => !active && equal(id, phone.session.identity.device));
    outcomes.add(isOut);
    if (!isOut) continue;
    await expect(phone.sync()).rejects.toThrow("access.");
    phone = await linked(account, passkey, new Browser(`phone ${String(calls)}`, service));
  }
  expect([wasCut, calls > 5]).toEqual([false, true]);
  // Cut early, nothing was revoked; cut late, it was, though the person was told that it failed.
  expect(outcomes).toEqual(new Set([false, true]));
}, 240_000);
