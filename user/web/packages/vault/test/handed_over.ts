/** The operations that the vault's vectors name: what leaves an account for a device, a reader or a file. */

import { sha256 } from "@noble/hashes/sha2.js";
import { ascii, type Bytes, concat, toHex } from "@privity/protocol/bytes";

import * as encrypted from "../src/export/encrypted.ts";
import * as listing from "../src/export/listing.ts";
import * as manifest from "../src/export/manifest.ts";
import * as pairing from "../src/pairing.ts";
import { readCode, writeCode } from "../src/pairing/code.ts";
import * as steps from "../src/pairing/steps.ts";
import * as passphrase from "../src/passphrase.ts";
import { Secret } from "../src/secret.ts";
import * as share from "../src/share.ts";
import { argon2id } from "./argon2.ts";
import { type Given, textOf } from "./given.ts";
import { kem, type Operation, same } from "./operations.ts";

function readPairingLink(given: Given): unknown {
  const link = steps.readLink(given.text("link"));
  return { origin: link.origin, channel: toHex(link.channel), card: toHex(link.card) };
}

/** Written again a typed code is one spelling. */
function readPairingCode(given: Given): unknown {
  const channel = readCode(given.text("code"));
  return { channel: toHex(channel), code: writeCode(channel) };
}

function decodeCard(given: Given): unknown {
  const card = steps.decodeCard(given.bytes("data"));
  same(steps.encodeCard(card), given.bytes("data"));
  return { expiry: card.expiry };
}

/** The existing device: card, answer, reveal, then the digits that a person types. */
function pairExisting(given: Given): unknown {
  const link = given.textOrNull("link");
  const [scannedAt = 0, revealedAt = 0, typedAt = 0] = given.list("times").map(Number);
  const replied = pairing.scanned(given.bytes("card"), link === null ? null : steps.readLink(link), scannedAt).answer({
    nonce: given.bytes("answer_nonce"), account: given.bytes("account"), deviceKey: given.bytes("key"),
  });
  let state: pairing.Comparing | pairing.Confirmed = replied.revealed(given.bytes("reveal"), revealedAt);
  for (const digits of given.texts("typed")) {
    if (!(state instanceof pairing.Comparing)) throw new Error("digits after they were confirmed");
    state = state.typed(digits, typedAt);
  }
  return { answer: toHex(replied.raw), state: state instanceof pairing.Comparing ? "Comparing" : "Confirmed" };
}

/** The new device: its card, the answer to it, and what it is given. */
async function pairNew(given: Given): Promise<unknown> {
  const secret = given.bytesOrNull("secret");
  const offering = {
    linkSeed: given.bytes("link_seed"),
    deviceKey: given.bytes("key"),
    nonce: given.bytes("reveal"),
    secret: secret === null ? null : new Secret("link secret", secret),
  };
  const offered = await pairing.offer(offering, given.number("now"), kem);
  const answered = offered.answered(given.bytes("answer"));
  const grant = await answered.granted(given.bytes("grant"), given.text("origin"));
  const found = { card: toHex(offered.card).slice(-40), code: answered.code, n: grant.n, head: toHex(grant.head) };
  return { ...found, account_key: toHex(grant.key.reveal()) };
}

function readShareLink(given: Given): unknown {
  const link = share.readLink(given.text("link"));
  return { id: toHex(link.id), key: toHex(link.key.reveal()) };
}

async function openShare(given: Given): Promise<unknown> {
  const link = share.readLink(given.text("link"));
  const found = await share.openShare(given.bytes("share"), link, given.number("expiry"), given.number("now"));
  const messages = found.messages.map(({ role, text, time }) => [role, text, time]);
  return { title: found.title, messages, receipts: found.receipts.map(toHex) };
}

function checkListing(given: Given): number {
  const entries = given.rows("entries").map(([name, size, packed]) => {
    return { name: textOf(name), size: Number(size), packed: Number(packed) };
  });
  const times = given.has("times") ? given.number("times") : 1;
  return listing.check(Array.from({ length: times }, () => entries).flat());
}

function decodeManifest(given: Given): unknown {
  const read = manifest.decode(given.bytes("data"));
  same(manifest.encode(read), given.bytes("data"));
  return { time: read.time, counts: read.counts, files: read.files.size };
}

async function checkExport(given: Given): Promise<unknown> {
  const read = manifest.decode(given.bytes("data"));
  const contents = given.rows("contents").map(([name, content]) => [textOf(name), ascii(textOf(content))] as const);
  for (const [name, content] of contents) await manifest.checkFile(read, name, content);
  manifest.checkComplete(read, new Set(contents.map(([name]) => name)));
  return {};
}

async function decrypted(data: Bytes, typed: string): Promise<{ size: number; hash: string }> {
  const reader = new encrypted.Reader(passphrase.read(typed), argon2id);
  const half = Math.floor(data.length / 2);
  const opened = concat(await reader.feed(data.slice(0, half)), await reader.feed(data.slice(half)), await reader.finish());
  return { size: opened.length, hash: toHex(sha256(opened)) };
}

/** An export is written here, and read again from parts of itself. */
async function decryptParts(given: Given): Promise<unknown> {
  const cost = { memory: passphrase.LEAST_MEMORY, passes: passphrase.LEAST_PASSES, salt: given.bytes("salt") };
  const writer = await encrypted.Writer.begin(passphrase.read(given.text("typed")), cost, argon2id);
  const whole = concat(writer.header(), await writer.feed(given.bytes("plain")), await writer.finish());
  const parts = given.rows("parts").map(([first, last]) => whole.slice(Number(first), Number(last)));
  return { ...(await decrypted(concat(...parts), given.text("typed"))), file: toHex(sha256(whole)) };
}

const decryptExport: Operation = (given) => decrypted(given.bytes("data"), given.text("typed"));

export const HANDED_OVER: readonly (readonly [string, Operation])[] = [
  ["read_pairing_code", readPairingCode],
  ["read_pairing_link", readPairingLink],
  ["decode_card", decodeCard],
  ["pair_existing", pairExisting],
  ["pair_new", pairNew],
  ["read_share_link", readShareLink],
  ["open_share", openShare],
  ["check_listing", checkListing],
  ["decode_manifest", decodeManifest],
  ["check_export", checkExport],
  ["decrypt_export", decryptExport],
  ["decrypt_parts", decryptParts],
];
