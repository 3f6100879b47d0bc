/** Where keys are: as bytes only where that was asked for, and shown to nobody by accident. */

import { equal, toHex } from "@privity/protocol/bytes";
import { StateError } from "@privity/protocol/errors";
import * as storedKeyring from "@privity/protocol/stored/keyring";
import { afterEach, expect, test, vi } from "vitest";

import * as box from "../src/box.ts";
import { VaultError } from "../src/errors.ts";
import * as keyring from "../src/keyring.ts";
import * as opener from "../src/opener.ts";
import * as privateHalf from "../src/private_half.ts";
import { Kept, Secret } from "../src/secret.ts";
import * as signer from "../src/signer.ts";
import { account, ACCOUNT, draw, kem, kept, NONCE } from "./account.ts";

const KEY = draw("account key");

afterEach(() => {
  vi.restoreAllMocks();
});

test("a secret shows itself to nobody by accident", () => {
  const secret = new Secret("account key", KEY);
  expect(String(secret)).toBe("Secret(account key)");
  expect(() => JSON.stringify({ secret })).toThrow(StateError);
  expect(JSON.stringify(Object.entries(secret))).not.toContain(String(KEY[0]));
  expect(structuredClone(secret)).toEqual({ kind: "account key" });
});

test("a secret is gone after it was kept or wiped, and what was taken is zero", async () => {
  const bytes = KEY.slice();
  const secret = Secret.take("account key", bytes);
  expect(bytes.every((byte) => byte === 0)).toBe(true);
  await secret.keep();
  expect(() => secret.reveal()).toThrow(StateError);
  await expect(secret.keep()).rejects.toThrow(StateError);
  await expect(secret.derive(NONCE, NONCE)).rejects.toThrow(StateError);
  const short = KEY.slice(1);
  expect(() => Secret.take("account key", short)).toThrow(VaultError);
  expect(short.every((byte) => byte === 0)).toBe(true);
});

test("what is kept derives the same keys, and cannot be taken out", async () => {
  const [raw, held] = [new Secret("account key", KEY), await kept("account key", "account key")];
  for (const size of [16, 32, 64]) {
    expect(await held.derive(NONCE, ACCOUNT, size)).toEqual(await raw.derive(NONCE, ACCOUNT, size));
  }
  const [one, other] = [await raw.cipher(NONCE, ACCOUNT), await held.cipher(NONCE, ACCOUNT)];
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv: NONCE }, one, KEY);
  expect(new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv: NONCE }, other, sealed))).toEqual(KEY);
  for (const key of [held.key, one, other]) await expect(crypto.subtle.exportKey("raw", key)).rejects.toThrow();
});

test("a kept key survives posting and storing, and no other key is taken for one", async () => {
  const held = await kept("passkey", "prf");
  const back = Kept.of("passkey", structuredClone(held.key));
  expect(await back.derive(NONCE, ACCOUNT)).toEqual(await held.derive(NONCE, ACCOUNT));
  const extractable = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, true, ["encrypt"]);
  const halfUsed = await crypto.subtle.importKey("raw", KEY, "HKDF", false, ["deriveBits"]);
  for (const key of [extractable, halfUsed]) expect(() => Kept.of("passkey", key)).toThrow(VaultError);
});

test("an ordinary unlock hands out no bytes of the account key; a fresh one does", async () => {
  const { record, claim } = await account();
  const material = await kept("device", "device secret");
  const imported = vi.spyOn(crypto.subtle, "importKey");
  const candidate = await opener.openRecord(record, material, ACCOUNT, kem);
  const unlocked = await keyring.unlock(candidate, [claim]);
  expect(unlocked.keys.get(1)?.key.extractable).toBe(false);
  expect(Object.values(candidate).some((member) => member instanceof Secret)).toBe(false);
  // What was imported as the account key is overwritten since.
  const buffers = imported.mock.calls.map(([, data]) => data).filter((data) => data instanceof Uint8Array);
  expect(buffers.some((data) => equal(data, KEY))).toBe(false);
  const fresh = await opener.openFresh(record, material, ACCOUNT, kem);
  expect(fresh.raw.reveal()).toEqual(KEY);
});

test("two results of a passkey are wiped, whatever they were", async () => {
  const [one, again, other] = ["prf", "prf", "another"].map((name) => new Secret("passkey", draw(name)));
  if (one === undefined || again === undefined || other === undefined) throw new Error("absent");
  expect((await opener.stable(one, again)).kind).toBe("passkey");
  const third = new Secret("passkey", draw("prf"));
  await expect(opener.stable(third, other)).rejects.toMatchObject({ reason: "opener.unstable" });
  for (const secret of [one, again, third, other]) expect(() => secret.reveal()).toThrow(StateError);
});

test("a box is used without its bytes, and written with them", async () => {
  const keys = new Map([[1, await kept("account key", "account key")]]);
  const where = { account: ACCOUNT, id: draw("chat", 16), version: 1 };
  const made = box.withNextKey(box.make(where.id, new Secret("chat key", draw("one"))), new Secret("chat key", draw("two")));
  const body = await box.seal(made, await kept("account key", "account key"), { ...where, epoch: 1, nonce: NONCE });
  expect(body).toHaveLength(580);
  const found = await box.openBox(body, keys, where);
  expect(box.newest(found).generation).toBe(2);
  expect(box.newest(found).key.key.extractable).toBe(false);
  expect(() => box.keyOf(found, 3)).toThrow("object.wrong_key");
  expect((await box.openRaw(body, keys, where)).keys.map((one) => toHex(one.reveal()))).toEqual(
    [toHex(draw("one")), toHex(draw("two"))],
  );
});

test("names are read without past keys in script memory; a half that is written again has them", async () => {
  const { absent, ring, record } = await account();
  const key = await kept("account key", "account key 2");
  const half = {
    openers: [{ id: record.id, absent, label: "Laptop" }],
    devices: [{ id: ring.signer, label: "Laptop" }],
    past: new Map([[1, new Secret("account key", KEY)]]),
    lane: new Secret("lane key", draw("lane")),
  };
  const where = { account: ACCOUNT, revision: 2, epoch: 2 };
  const body = await privateHalf.seal(half, key, where, NONCE);
  const due = { ...ring, ...where, previous: draw("ring"), private: await storedKeyring.digest(body) };
  const trusted = { keyring: due, hash: draw("ring") };
  const names = await privateHalf.openNames(body, trusted, key);
  expect(names.past.get(1)?.key.extractable).toBe(false);
  expect(names.openers).toEqual([{ id: record.id, label: "Laptop" }]);
  const again = await privateHalf.openHalf(body, trusted, key);
  expect(again.past.get(1)?.reveal()).toEqual(KEY);
  expect(again.openers[0]?.absent.lock.equals(absent.lock)).toBe(true);
});

test("a device signs the same with the curve of WebCrypto and without, and keeps no seed", async () => {
  const entropy = draw("wrapping", signer.WRAPPING_ENTROPY);
  const made = (): Promise<signer.Stored> => signer.keep(new Secret("signing seed", draw("seed")), entropy);
  const native = await made();
  const importKey = crypto.subtle.importKey.bind(crypto.subtle);
  vi.spyOn(crypto.subtle, "importKey").mockImplementation(((...words: Parameters<typeof importKey>) => {
    return words[2] === "Ed25519" ? Promise.reject(new DOMException("no such curve", "NotSupportedError")) : importKey(...words);
  }) as typeof importKey);
  const sealed = await made();
  const message = draw("message");
  const signature = await signer.signer(sealed).sign(message);
  await expect(storedKeyring.verify(message, signature, sealed.publicKey)).rejects.toThrow("not_authentic");
  const over = await signer.signer(sealed).sign(storedKeyring.signedBytes(message));
  await storedKeyring.verify(message, over, sealed.publicKey);
  vi.restoreAllMocks();
  await storedKeyring.verify(message, over, sealed.publicKey);
  expect([native.kind, sealed.kind]).toEqual(["native", "sealed"]);
  expect(native.publicKey).toEqual(sealed.publicKey);
  expect(await signer.signer(native).sign(message)).toEqual(signature);
  if (native.kind !== "native" || sealed.kind !== "sealed") throw new Error("kinds");
  expect([native.key.extractable, sealed.wrapping.extractable]).toEqual([false, false]);
  expect(structuredClone(sealed).sealed).toHaveLength(48);
  await expect(signer.keep(new Secret("signing seed", draw("seed")), entropy.slice(1))).rejects.toThrow("opener.malformed");
});
