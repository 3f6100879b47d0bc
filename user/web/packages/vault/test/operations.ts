/** The operations that the vault's vectors name: accounts and what is stored of them. */

import { type Bytes, equal, toHex } from "@privity/protocol/bytes";
import { CborMap } from "@privity/protocol/cbor";
import * as storedKeyring from "@privity/protocol/stored/keyring";
import * as storedPage from "@privity/protocol/stored/page";
import { portable } from "@privity/protocol/xwing";

import * as box from "../src/box.ts";
import { reading } from "../src/errors.ts";
import * as keyring from "../src/keyring.ts";
import * as object from "../src/object.ts";
import * as opener from "../src/opener.ts";
import * as page from "../src/page.ts";
import * as passphrase from "../src/passphrase.ts";
import * as privateHalf from "../src/private_half.ts";
import * as recovery from "../src/recovery.ts";
import * as repair from "../src/repair.ts";
import { type Kind, type Kept, Secret } from "../src/secret.ts";
import { argon2id } from "./argon2.ts";
import type { Given } from "./given.ts";
import { pythonic } from "./pythonic.ts";

export type Operation = (given: Given) => unknown;

/** Opening needs no randomness. */
export const kem = portable((size) => {
  throw new Error(`${String(size)} random bytes were asked for`);
});
const FAMILIES = new Map([
  ["object", object.OBJECT], ["box", object.BOX], ["keyring", object.KEYRING], ["share", object.SHARE],
]);
const MATERIALS: ReadonlyMap<number, opener.MaterialKind> = new Map([
  [1, "passkey"], [2, "recovery"], [3, "device"], [4, "passphrase"],
]);

export function same(written: Uint8Array, given: Uint8Array): void {
  if (!equal(written, given)) throw new Error("written otherwise than it was read");
}

/** Key material for use, as a device has it. */
function kept<Name extends Kind>(kind: Name, bytes: Bytes): Promise<Kept<Name>> {
  return new Secret(kind, bytes).keep();
}

async function readRecovery(given: Given): Promise<unknown> {
  const letters = recovery.read(given.text("typed"));
  const { finder, signingSeed } = await recovery.access(letters);
  const shown = { letters: new TextDecoder().decode(letters.reveal()), written: recovery.written(letters) };
  return { ...shown, finder: toHex(finder), signing_seed: toHex(signingSeed.reveal()) };
}

const readPassphrase: Operation = (given) => passphrase.written(passphrase.read(given.text("typed")));

async function stretch(given: Given): Promise<string> {
  const cost = { memory: given.number("memory"), passes: given.number("passes"), salt: given.bytes("salt") };
  return toHex((await passphrase.stretch(passphrase.read(given.text("typed")), cost, argon2id)).reveal());
}

async function stable(given: Given): Promise<unknown> {
  await opener.stable(Secret.take("passkey", given.bytes("first")), Secret.take("passkey", given.bytes("second")));
  return {};
}

function decodeRecord(given: Given): unknown {
  const read = opener.decode(given.bytes("data"));
  same(opener.encode(read), given.bytes("data"));
  return { id: toHex(read.id), kind: read.kind, epoch: read.epoch, hash: toHex(opener.digest(read)) };
}

async function material(given: Given): Promise<opener.Material> {
  const kind = MATERIALS.get(given.number("kind"));
  if (kind === undefined) throw new Error("no material of that kind");
  return kept(kind, given.bytes("material"));
}

async function openRecord(given: Given): Promise<unknown> {
  const record = opener.decode(given.bytes("record"));
  const found = await opener.openFresh(record, await material(given), given.bytes("account"), kem);
  return { account_key: toHex(found.raw.reveal()) };
}

async function decodeKeyring(given: Given): Promise<unknown> {
  const read = reading("keyring.malformed", () => storedKeyring.decode(given.bytes("data")));
  same(storedKeyring.encode(read), given.bytes("data"));
  return { revision: read.revision, hash: toHex(await storedKeyring.digest(given.bytes("data"))) };
}

async function keysOf(given: Given): Promise<keyring.Keys> {
  return new Map(await Promise.all(given.rows("keys").map(async ([epoch, key]) => {
    return [Number(epoch), await kept("account key", given.join(key))] as const;
  })));
}

async function trustedOf(data: Bytes): Promise<keyring.Trusted> {
  return { keyring: storedKeyring.decode(data), hash: await storedKeyring.digest(data) };
}

function claimsOf(given: Given): readonly keyring.Claim[] {
  return given.rows("claims").map(([ring, mac, before, signature]) => ({
    public: given.join(ring),
    mac: given.join(mac),
    macBefore: before === null ? null : given.join(before),
    signature: given.join(signature),
  }));
}

async function acceptNext(given: Given): Promise<unknown> {
  const [claim] = claimsOf(given);
  if (claim === undefined) throw new Error("no claim");
  const found = await keyring.acceptNext(await trustedOf(given.bytes("trusted")), claim, await keysOf(given));
  return { revision: found.keyring.revision, epoch: found.keyring.epoch, hash: toHex(found.hash) };
}

async function acceptAll(given: Given): Promise<unknown> {
  const found = await keyring.acceptAll(claimsOf(given), given.bytes("account"), await keysOf(given));
  return { revision: found.keyring.revision, hash: toHex(found.hash) };
}

async function unlock(given: Given): Promise<unknown> {
  const record = opener.decode(given.bytes("record"));
  const candidate = await opener.openRecord(record, await material(given), given.bytes("account"), kem);
  const found = await keyring.unlock(candidate, claimsOf(given));
  return { revision: found.trusted.keyring.revision };
}

async function openObject(given: Given): Promise<unknown> {
  const family = FAMILIES.get(given.text("family"));
  if (family === undefined) throw new Error("no such family");
  const place = {
    account: given.bytes("account"), box: given.bytes("box"), object: given.bytes("object"), version: given.number("version"),
  };
  const key = await kept("chat key", given.bytes("key"));
  const sealing = { family, kind: given.number("kind"), place, key, generation: given.number("generation") };
  return { content: pythonic(await object.openBody(given.bytes("data"), sealing)) };
}

async function openBox(given: Given): Promise<unknown> {
  const where = { account: given.bytes("account"), id: given.bytes("box"), version: given.number("version") };
  const keys = await keysOf(given);
  const found = await box.openRaw(given.bytes("data"), keys, where);
  if ((await box.openBox(given.bytes("data"), keys, where)).keys.length !== found.keys.length) throw new Error("other keys");
  return { keys: found.keys.map((key, at) => [at + 1, toHex(key.reveal())]) };
}

function lane(given: Given): string {
  return toHex(box.lane(given.bytes("box"), new Secret("lane key", given.bytes("key")), given.bytes("object")));
}

async function importId(given: Given): Promise<string> {
  const key = await kept("account key", given.bytes("key"));
  const ids = await box.importIds(key, given.bytes("account"), given.text("source"));
  return toHex(ids(given.text("id")));
}

async function checkBody(given: Given): Promise<unknown> {
  await object.check(given.bytes("data"), { hash: given.bytes("hash"), size: given.number("size") });
  return {};
}

async function fetchBody(given: Given): Promise<number> {
  const body = { hash: given.bytes("hash"), size: given.number("size") };
  return (await page.checkBody({ version: 1, deleted: false, box: false, body }, given.bytesOrNull("body"))).length;
}

/** A content of one byte string, as long as asked. */
async function sealObject(given: Given): Promise<number> {
  const [id, content] = [new Uint8Array(16), new CborMap([[1, new Uint8Array(given.number("size"))]])];
  const key = await kept("chat key", given.bytes("key"));
  const place = { account: id, box: id, object: id, version: 1 };
  return (await object.seal(content, { kind: 2, place, key, generation: 1 }, new Uint8Array(12))).length;
}

async function decodePage(given: Given): Promise<unknown> {
  const read = reading("page.malformed", () => storedPage.decode(given.bytes("data")));
  same(storedPage.encode(read), given.bytes("data"));
  return { n: read.n, entries: read.entries.length, head: toHex(await storedPage.head(given.bytes("data"))) };
}

/** An empty log under these accepted keyrings. */
async function memoryOf(given: Given): Promise<page.Memory> {
  const rings = await Promise.all(given.list("keyrings").map((one) => trustedOf(given.join(one))));
  const [first] = rings;
  if (first === undefined) throw new Error("no keyring");
  const log = new page.Memory(await page.start(given.bytes("account")), first);
  for (const ring of rings) log.trust(ring);
  return log;
}

async function acceptPages(given: Given): Promise<unknown> {
  const log = await memoryOf(given);
  for (const one of pagesOf(given, "pages")) log.apply(await page.accept(log.view(), one));
  if (given.has("n")) {
    page.checkHead(log.position, given.number("n"), given.bytes("head"));
    page.checkDelivery(log.position, given.number("n"), given.bytes("head"));
  }
  return { n: log.position.n, head: toHex(log.position.head), fingerprint: page.fingerprint(log.position) };
}

function pagesOf(given: Given, name: string): readonly page.SignedPage[] {
  return given.rows(name).map(([data, signature]) => ({ data: given.join(data), signature: given.join(signature) }));
}

async function planRepair(given: Given): Promise<unknown> {
  const log = await memoryOf(given);
  const fork = await repair.compare(log, pagesOf(given, "ours"), pagesOf(given, "others"));
  const found = repair.plan(fork, given.text("keep") === "ours", new Secret("lane key", given.bytes("key")));
  return {
    common: fork.common.n,
    doubled: [...fork.doubled].sort(),
    n: found.keep.position.n,
    repost: found.repost.length,
    steps: found.steps.map(({ act, op, object: id, version }) => [act, op, toHex(id), version]),
  };
}

async function openPrivateHalf(given: Given): Promise<unknown> {
  const [trusted, key] = [await trustedOf(given.bytes("trusted")), await kept("account key", given.bytes("key"))];
  const half = await privateHalf.openHalf(given.bytes("data"), trusted, key);
  const names = await privateHalf.openNames(given.bytes("data"), trusted, key);
  return {
    openers: names.openers.map((one) => one.label).sort(),
    devices: half.devices.map((one) => one.label).sort(),
    past: [...half.past].map(([epoch, old]) => [epoch, toHex(old.reveal())]),
  };
}

export const STORED: readonly (readonly [string, Operation])[] = [
  ["read_recovery", readRecovery],
  ["read_passphrase", readPassphrase],
  ["stretch", stretch],
  ["stable", stable],
  ["decode_record", decodeRecord],
  ["open_record", openRecord],
  ["decode_keyring", decodeKeyring],
  ["accept_next", acceptNext],
  ["accept_all", acceptAll],
  ["unlock", unlock],
  ["open_object", openObject],
  ["open_box", openBox],
  ["lane", lane],
  ["import_id", importId],
  ["check_body", checkBody],
  ["fetch_body", fetchBody],
  ["seal_object", sealObject],
  ["decode_page", decodePage],
  ["accept_pages", acceptPages],
  ["plan_repair", planRepair],
  ["open_private_half", openPrivateHalf],
];
