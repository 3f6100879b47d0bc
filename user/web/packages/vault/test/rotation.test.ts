/** A rotation from beginning to end: who is left can open, who was revoked reads nothing new, and it can be resumed. */

import { toHex } from "@privity/protocol/bytes";
import type { Device as Listed } from "@privity/protocol/stored/keyring";
import { expect, test } from "vitest";

import * as box from "../src/box.ts";
import * as keyring from "../src/keyring.ts";
import * as opener from "../src/opener.ts";
import * as page from "../src/page.ts";
import * as privateHalf from "../src/private_half.ts";
import * as rotation from "../src/rotation.ts";
import { Secret } from "../src/secret.ts";
import { account, ACCOUNT, DAY, device, draw, kem, kept, log, NONCE, put } from "./account.ts";

const { raw, keys, record, absent, laptop, ring, claim } = await account();
const phone = await device("phone");
const listed = (lastSeq: number | null): Listed => {
  return { id: phone.id, key: phone.signer.publicKey, lastSeq, introducedBy: laptop.id };
};
const rising = (devices: readonly Listed[]): readonly Listed[] => {
  return [...devices].sort((one, other) => (toHex(one.id) < toHex(other.id) ? -1 : 1));
};
const first = await keyring.acceptAll([claim], ACCOUNT, keys);
const linked = { ...ring, revision: 2, previous: first.hash, devices: rising([...ring.devices, listed(null)]) };
const second = await keyring.write(linked, keys, laptop.signer, false);
const trusted = await keyring.acceptNext(first, second, keys);
const half: privateHalf.PrivateHalf = {
  openers: [{ id: record.id, absent, label: "Laptop" }], devices: [], past: new Map(), lane: new Secret("lane key", draw("lane")),
};
const before = { trusted, keys, half, old: raw };
const rotating = {
  records: [record], devices: rising([...ring.devices, listed(1)]), device: laptop.id, signer: laptop.signer,
  key: new Secret("account key", draw("account key 2")), day: DAY, nonce: NONCE, encapsulate: kem.encapsulate,
};
const done = await rotation.rotate(before, rotating);

test("an opener that stays opens the new key, and with it the old one", async () => {
  const [sealed] = done.records;
  if (sealed === undefined) throw new Error("no record");
  const candidate = await opener.openRecord(sealed, await kept("device", "device secret"), ACCOUNT, kem);
  const unlocked = await keyring.unlock(candidate, [claim, second, done.claim]);
  expect(unlocked.trusted.hash).toEqual(done.trusted.hash);
  const found = await privateHalf.openHalf(done.body, done.trusted, candidate.key);
  expect(found.past.get(1)?.equals(raw)).toBe(true);
  expect([...done.keys.keys()]).toEqual([1, 2]);
});

test("what the old key opens is not what is written now", async () => {
  const id = draw("chat", 16);
  const made = box.make(id, new Secret("chat key", draw("one")));
  const oldKey = await kept("account key", "account key");
  const newKey = await kept("account key", "account key 2");
  const body = await box.seal(made, oldKey, { account: ACCOUNT, version: 1, epoch: 1, nonce: NONCE });
  const opened = await box.openRaw(body, done.keys, { account: ACCOUNT, id, version: 1 });
  const wrapped = box.withNextKey(opened, new Secret("chat key", draw("two")));
  const again = await box.seal(wrapped, newKey, { account: ACCOUNT, version: 2, epoch: 2, nonce: NONCE });
  const found = await box.openBox(again, done.keys, { account: ACCOUNT, id, version: 2 });
  expect(box.newest(found).generation).toBe(2);
  await expect(box.openBox(again, keys, { account: ACCOUNT, id, version: 2 })).rejects.toThrow("object.wrong_key");
});

test("a rotation ends step by step and can be taken up anywhere", async () => {
  const boxes = new Map<string, number | null>([["aa", 1], ["bb", 1]]);
  const memory = await log(trusted);
  const writing = { device: laptop.id, day: DAY, signer: laptop.signer };
  memory.apply(await page.accept(memory.view(), await page.write(memory.view(), [put("before")], writing)));
  let { half: now } = done;
  const steps: string[] = [];
  for (;;) {
    const due = rotation.left(done.trusted, now.past.keys(), memory.position, boxes);
    const [wrap] = due.boxes;
    if (due.pin) {
      memory.trust(done.trusted);
      memory.apply(await page.accept(memory.view(), await page.write(memory.view(), [put("after")], writing)));
      steps.push("pin");
    } else if (wrap !== undefined) {
      boxes.set(wrap, 2);
      steps.push("wrap");
    } else if (due.drop.length > 0) {
      now = rotation.without(now, new Set(due.drop));
      steps.push("drop");
    } else break;
  }
  expect(steps).toEqual(["pin", "wrap", "wrap", "drop"]);
  expect(now.past.size).toBe(0);
  const late = page.write(memory.view(), [put("late")], { device: phone.id, day: DAY, signer: phone.signer });
  await expect(late).rejects.toThrow("log.device");
});

test("a rotation that nobody would accept is not begun", async () => {
  const stranger = await device("thief");
  const wrong: readonly (readonly [string, Partial<typeof before>, Partial<typeof rotating>])[] = [
    ["keyring.malformed", {}, { records: [{ ...record, id: draw("other", 16) }] }],
    ["keyring.malformed", { half: { ...half, openers: [] } }, {}],
    ["keyring.malformed", {}, { records: [] }],
    ["keyring.broken_chain", {}, { devices: ring.devices }],
    ["keyring.bad_signature", {}, { device: stranger.id, signer: stranger.signer }],
    ["keyring.bad_mac", { old: new Secret("account key", draw("another")) }, {}],
  ];
  for (const [reason, given, asked] of wrong) {
    await expect(rotation.rotate({ ...before, ...given }, { ...rotating, ...asked })).rejects.toThrow(reason);
  }
});

test("openers of an earlier epoch are renewed", () => {
  const rings = [first.keyring, trusted.keyring, done.trusted.keyring];
  expect(rotation.needsRenewal(record.id, rings)).toBe(true);
  expect(rotation.needsRenewal(record.id, rings.slice(0, 2))).toBe(false);
  expect(rotation.needsRenewal(draw("new", 16), rings)).toBe(false);
});

test("a device is revoked, and another is not", () => {
  const states = keyring.revoke(trusted.keyring, phone.id, 4).devices.map((one) => [toHex(one.id), one.lastSeq] as const);
  expect(new Map(states)).toEqual(new Map([[toHex(phone.id), 4], [toHex(laptop.id), null]]));
  expect(() => keyring.revoke(trusted.keyring, draw("nobody", 16), 4)).toThrow("keyring.malformed");
});
