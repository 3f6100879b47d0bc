/** Any bytes at all are read, or give a listed reason; what is read is written the same; what was changed never opens. */

import { ascii, type Bytes, concat, equal } from "@privity/protocol/bytes";
import { CborMap } from "@privity/protocol/cbor";
import { Malformed, StateError } from "@privity/protocol/errors";
import * as header from "@privity/protocol/stored/header";
import * as storedKeyring from "@privity/protocol/stored/keyring";
import * as storedPage from "@privity/protocol/stored/page";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import * as box from "../src/box.ts";
import { VaultError } from "../src/errors.ts";
import * as encrypted from "../src/export/encrypted.ts";
import * as listing from "../src/export/listing.ts";
import * as manifest from "../src/export/manifest.ts";
import * as keyring from "../src/keyring.ts";
import * as object from "../src/object.ts";
import * as opener from "../src/opener.ts";
import * as page from "../src/page.ts";
import * as pairing from "../src/pairing.ts";
import * as steps from "../src/pairing/steps.ts";
import * as passphrase from "../src/passphrase.ts";
import * as recovery from "../src/recovery.ts";
import { Secret } from "../src/secret.ts";
import * as share from "../src/share.ts";
import { account, ACCOUNT, DAY, draw, kem, kept, log, NONCE, put } from "./account.ts";
import { argon2id } from "./argon2.ts";

const { record, raw, ring, claim, keys, laptop } = await account();
const believed = await keyring.acceptAll([claim], ACCOUNT, keys);
const first = await log(believed);
const signed = await page.write(first.view(), [put("node")], { device: laptop.id, day: DAY, signer: laptop.signer });
const offering = { linkSeed: draw("link"), deviceKey: draw("phone"), nonce: draw("r n"), secret: null };
const offered = await pairing.offer(offering, 1_000, kem);
const scanned = pairing.scanned(offered.card, null, 1_000);
const replied = scanned.answer({ nonce: draw("r e"), account: ACCOUNT, deviceKey: laptop.signer.publicKey });
const listed = manifest.encode({
  time: 1_795_600_000,
  counts: { attachments: 0, chats: 1, folders: 0, memories: 0, messages: 2, prompts: 0 },
  files: new Map([["chats/é.json", { size: 2, hash: draw("file") }], ["chats/𝄞.json", { size: 2, hash: draw("file") }]]),
});

const any = fc.uint8Array({ maxLength: 200 }).map((data): Bytes => new Uint8Array(data));

/** `good` with a byte changed, put in or taken away, or with its end cut off. */
function nearly(good: Bytes): fc.Arbitrary<Bytes> {
  return fc.tuple(fc.nat(good.length - 1), fc.nat(255), fc.nat(3)).map(([at, value, how]) => {
    const rest = [[value, ...good.slice(at + 1)], [value, ...good.slice(at)], [...good.slice(at + 1)], []][how] ?? [];
    return Uint8Array.from([...good.slice(0, at), ...rest]);
  });
}

const READERS: readonly (readonly [string, Bytes, (data: Bytes) => Bytes])[] = [
  ["record", opener.encode(record), (data) => opener.encode(opener.decode(data))],
  ["keyring", claim.public, (data) => storedKeyring.encode(storedKeyring.decode(data))],
  ["page", signed.data, (data) => storedPage.encode(storedPage.decode(data))],
  ["card", offered.card, (data) => steps.encodeCard(steps.decodeCard(data))],
  ["answer", replied.raw, (data) => steps.encodeAnswer(steps.decodeAnswer(data))],
  ["manifest", listed, (data) => manifest.encode(manifest.decode(data))],
];

describe.each(READERS)("%s", (_name, good, again) => {
  test("accepts only what it would write, and fails as documented", () => {
    expect(equal(again(good), good)).toBe(true);
    fc.assert(fc.property(fc.oneof(any, nearly(good)), (data) => {
      try {
        expect(equal(again(data), data)).toBe(true);
      } catch (error) {
        expect(error instanceof VaultError || error instanceof Malformed).toBe(true);
      }
    }), { numRuns: 150 });
  });
});

const place = { account: ACCOUNT, box: draw("chat", 16), object: draw("node", 16), version: 1 };
const chatKey = await kept("chat key", "chat key");
const sealing = { kind: 2, place, key: chatKey, generation: 1 };
const body = await object.seal(new CborMap([[1, "What is a box?"]]), sealing, NONCE);
const where = { account: ACCOUNT, id: place.box, version: 1 };
const accountKey = await kept("account key", "account key");
const boxBody = await box.seal(box.make(place.box, new Secret("chat key", draw("chat key"))), accountKey, {
  ...where, epoch: 1, nonce: NONCE,
});

test("a changed body never opens", async () => {
  await object.openBody(body, sealing);
  await box.openBox(boxBody, keys, where);
  await fc.assert(fc.asyncProperty(fc.oneof(nearly(body), nearly(boxBody), any), async (data) => {
    fc.pre(!equal(data, body) && !equal(data, boxBody));
    await expect(object.openBody(data, sealing)).rejects.toThrow(VaultError);
    await expect(box.openBox(data, keys, where)).rejects.toThrow(VaultError);
  }), { numRuns: 80 });
});

test("a changed page is never accepted", async () => {
  await fc.assert(fc.asyncProperty(nearly(signed.data), fc.oneof(fc.constant(signed.signature), any), async (data, signature) => {
    fc.pre(!equal(data, signed.data));
    await expect(page.accept(first.view(), { data, signature })).rejects.toThrow(VaultError);
  }), { numRuns: 80 });
});

test("a page with another signature is never accepted", async () => {
  await fc.assert(fc.asyncProperty(fc.oneof(nearly(signed.signature), any), async (signature) => {
    fc.pre(!equal(signature, signed.signature));
    await expect(page.accept(first.view(), { ...signed, signature })).rejects.toThrow("log.bad_signature");
  }), { numRuns: 60 });
});

test("a changed keyring is never accepted", async () => {
  const next = { ...ring, revision: 2, previous: believed.hash, day: DAY + 1 };
  const honest = await keyring.write(next, keys, laptop.signer, false);
  expect((await keyring.acceptNext(believed, honest, keys)).keyring.day).toBe(DAY + 1);
  const parts = [nearly(honest.public), nearly(honest.mac), nearly(honest.signature)] as const;
  await fc.assert(fc.asyncProperty(...parts, async (data, mac, signature) => {
    const changed: readonly (readonly [Bytes, Bytes, Partial<keyring.Claim>])[] = [
      [data, honest.public, { public: data }], [mac, honest.mac, { mac }], [signature, honest.signature, { signature }],
    ];
    for (const [tried, good, part] of changed) {
      if (equal(tried, good)) continue;
      await expect(keyring.acceptNext(believed, { ...honest, ...part }, keys)).rejects.toThrow(VaultError);
    }
  }), { numRuns: 40 });
});

test("a changed record never opens", async () => {
  const material = await kept("device", "device secret");
  const written = opener.encode(record);
  await fc.assert(fc.asyncProperty(nearly(written), async (data) => {
    fc.pre(!equal(data, written));
    const opening = async (): Promise<unknown> => {
      const candidate = await opener.openRecord(opener.decode(data), material, ACCOUNT, kem);
      return keyring.unlock(candidate, [claim]);
    };
    await expect(opening()).rejects.toThrow(VaultError);
  }), { numRuns: 60 });
});

test("a record with another account key opens as the first did", async () => {
  const again = { account: ACCOUNT, epoch: 2, encapsulate: kem.encapsulate };
  const { absent } = await account();
  const renewed = await opener.sealAgain(record, absent, new Secret("account key", draw("next")), again);
  const material = await kept("device", "device secret");
  expect((await opener.openFresh(renewed, material, ACCOUNT, kem)).raw.reveal()).toEqual(draw("next"));
  expect((await opener.openFresh(record, material, ACCOUNT, kem)).raw.equals(raw)).toBe(true);
  const broken = { ...absent, publicKey: new Uint8Array(1216).fill(255) };
  await expect(opener.sealAgain(record, broken, raw, again)).rejects.toThrow("opener.malformed");
});

test("a device is linked, and no other gets what it was given", async () => {
  const answered = offered.answered(replied.raw);
  const comparing = replied.revealed(answered.reveal, 1_000);
  const confirmed = comparing.typed(` ${answered.code.slice(0, 3)}\u2003${answered.code.slice(3)}`, 1_000);
  if (!(confirmed instanceof pairing.Confirmed)) throw new Error("not confirmed");
  const given = {
    key: raw, account: ACCOUNT, keyring: believed.hash, head: first.position.head, n: 0, origin: "https://chat.example",
  };
  const grant = await confirmed.grant(given, 1_000, kem.encapsulate);
  const found = await answered.granted(grant, given.origin);
  expect(found.key.equals(raw)).toBe(true);
  await fc.assert(fc.asyncProperty(fc.oneof(nearly(grant), any), async (data) => {
    fc.pre(!equal(data, grant));
    await expect(answered.granted(data, given.origin)).rejects.toThrow(VaultError);
  }), { numRuns: 40 });
  await expect(confirmed.grant(given, 1_600, kem.encapsulate)).rejects.toThrow("pairing.expired");
  await expect(confirmed.grant({ ...given, origin: "ftp://x" }, 1_000, kem.encapsulate)).rejects.toThrow("pairing.malformed");
});

test("a log goes on, and its pages are rebuilt behind another head", async () => {
  const memory = await log(believed);
  const writing = { device: laptop.id, day: DAY, signer: laptop.signer };
  const staged = await page.write(memory.view(), [put("later")], writing);
  memory.apply(await page.accept(memory.view(), signed));
  await expect(page.accept(memory.view(), staged)).rejects.toThrow("log.forked");
  const moved = await page.rebuild(memory.view(), staged, writing);
  memory.apply(await page.accept(memory.view(), moved));
  expect([memory.position.n, memory.objects.size, page.fingerprint(memory.position).length]).toEqual([2, 2, 20]);
  await expect(page.write(memory.view(), [put("node")], writing)).rejects.toThrow("log.version");
});

test("a share is read until its end", async () => {
  const link = { id: draw("share", 16), key: new Secret("share key", draw("share key")) };
  const snapshot = { title: "t", messages: [{ role: "user", text: "é", time: 1 } as const], receipts: [draw("receipt")] };
  const { body: sealed, expiry } = await share.seal(snapshot, link, { now: 1_000, lifetime: 3600, nonce: NONCE });
  const found = share.readLink(share.writeLink("https://chat.example", link));
  expect(await share.openShare(sealed, found, expiry, expiry - 1)).toEqual(snapshot);
  await expect(share.openShare(sealed, found, expiry, expiry)).rejects.toThrow("share.expired");
  for (const odd of [Number.NaN, expiry + 0.5, 2 ** 32]) {
    await expect(share.openShare(sealed, found, odd, 1_000)).rejects.toThrow("share.malformed");
  }
  await expect(share.seal(snapshot, link, { now: 1_000, lifetime: 60, nonce: NONCE })).rejects.toThrow("share.malformed");
  const mute = { ...snapshot, messages: [] };
  await expect(share.seal(mute, link, { now: 1_000, lifetime: 3600, nonce: NONCE })).rejects.toThrow("share.malformed");
});

test("any text is read or gives a reason", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 80 }), (text) => {
    for (const read of [recovery.read, passphrase.read, steps.readLink, share.readLink, listing.checkName]) {
      try {
        read(text);
      } catch (error) {
        expect(error).toBeInstanceOf(VaultError);
      }
    }
  }), { numRuns: 300 });
});

test("what is shown is what is read", () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 20, maxLength: 20 }), (bytes) => {
    const [letters, words] = [recovery.make(bytes), passphrase.make(bytes.subarray(0, 10))];
    expect(recovery.read(recovery.written(letters)).equals(letters)).toBe(true);
    expect(passphrase.read(passphrase.written(words)).equals(words)).toBe(true);
  }), { numRuns: 60 });
  expect(new Set(passphrase.LIST).size).toBe(2048);
});

const WORDS = passphrase.make(draw("words", 10));
const COST = { memory: passphrase.LEAST_MEMORY, passes: passphrase.LEAST_PASSES, salt: draw("salt", 16) };

test("an export is the same in any pieces, fed without waiting", async () => {
  const writer = await encrypted.Writer.begin(WORDS, COST, argon2id);
  const plain = new Uint8Array(encrypted.FRAME + 5_000).fill(7);
  const pieces = [plain.slice(0, 100_000), plain.slice(100_000, 262_144), plain.slice(262_144)];
  const parts = await Promise.all([...pieces.map((piece) => writer.feed(piece)), writer.finish()]);
  const file = concat(writer.header(), ...parts);
  expect(file).toHaveLength(encrypted.HEADER + plain.length + 2 * encrypted.TAG);
  await fc.assert(fc.asyncProperty(fc.integer({ min: 1_000, max: file.length }), async (size) => {
    const reader = new encrypted.Reader(WORDS, argon2id);
    const starts = Array.from({ length: Math.ceil(file.length / size) }, (_, at) => at * size);
    const fed = starts.map((start) => reader.feed(file.slice(start, start + size)));
    const opened = concat(...(await Promise.all(fed)), await reader.finish());
    expect(equal(opened, plain)).toBe(true);
  }), { numRuns: 12 });
  await expect(writer.feed(plain)).rejects.toThrow(StateError);
});

test("a reader that failed opens nothing more", async () => {
  const writer = await encrypted.Writer.begin(WORDS, COST, argon2id);
  const file = concat(writer.header(), await writer.finish());
  const reader = new encrypted.Reader(WORDS, argon2id);
  await expect(reader.feed(concat(ascii("PK"), file.slice(2)))).rejects.toThrow("export.malformed");
  await expect(reader.feed(file)).rejects.toThrow("export.malformed");
  await expect(reader.finish()).rejects.toThrow("export.malformed");
});

test("a place has whole numbers and ids of 16 bytes", () => {
  const odd: readonly [object.Place, number][] = [
    [{ ...place, version: 1.5 }, 1], [{ ...place, version: -1 }, 1], [place, 2 ** 32], [{ ...place, box: draw("box") }, 1],
  ];
  for (const [one, generation] of odd) {
    expect(() => object.associated(object.OBJECT, one, generation)).toThrow("object.malformed");
  }
  expect(() => header.decode(body.slice(0, header.LEAST_BODY - 1))).toThrow(Malformed);
});

test("no content is sealed that nobody would read", async () => {
  for (const content of ["\ud800", Array.from({ length: object.MAX_ITEMS }, () => 0)]) {
    await expect(object.seal(content, sealing, NONCE)).rejects.toThrow("object.malformed");
  }
  await expect(object.seal(0, { ...sealing, kind: 256 }, NONCE)).rejects.toThrow("object.malformed");
  await expect(object.seal(0, sealing, NONCE.slice(1))).rejects.toThrow("object.malformed");
});
