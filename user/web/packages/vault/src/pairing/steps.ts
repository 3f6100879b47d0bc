/** What travels when a device is linked: link, card, answer, grant. Source: specs/pairing.md. */

import { sha256 } from "@noble/hashes/sha2.js";
import type { Bytes } from "@privity/protocol/bytes";
import { base64urlDecode, base64urlEncode } from "@privity/protocol/canonical";
import { Malformed } from "@privity/protocol/errors";
import * as m from "@privity/protocol/stored/members";
import { PUBLIC_KEY } from "@privity/protocol/xwing";

import { reading, VaultError } from "../errors.ts";
import { Secret } from "../secret.ts";
import { isLonger } from "../typed.ts";

export const MAX_STEP = 4096;
export const MAX_LINK = 1024;
export const MAX_ORIGIN = 255;
/** Bytes of a channel's id. */
export const CHANNEL = 16;
const HASH = 32;
const ORIGIN = /^(?:https:\/\/[a-z0-9.-]+(?::[0-9]{1,5})?|http:\/\/localhost(?::[0-9]{1,5})?)$/;

/** What a scanned link says: where, which card, and the secret. */
export interface Link {
  readonly origin: string;
  readonly channel: Bytes;
  readonly card: Bytes;
  readonly secret: Secret<"link secret">;
}

/** What the new device posts: X-Wing key, Ed25519 key, commitment to its nonce, and when it ends (Unix seconds). */
export interface Card {
  readonly linkKey: Bytes;
  readonly deviceKey: Bytes;
  readonly commitment: Bytes;
  readonly expiry: number;
}

/** What the existing device posts. */
export interface Answer {
  readonly nonce: Bytes;
  readonly account: Bytes;
  readonly deviceKey: Bytes;
}

/** All that a new device needs: the account key, and what it must find at the service. */
export interface Grant {
  readonly key: Secret<"account key">;
  readonly account: Bytes;
  readonly keyring: Bytes;
  readonly head: Bytes;
  readonly n: number;
  readonly origin: string;
}

/** The link that is shown, also as QR. */
export function writeLink(origin: string, channel: Bytes, card: Bytes, secret: Secret<"link secret">): string {
  return `${origin}/link#1.${[channel, sha256(card), secret.reveal()].map(base64urlEncode).join(".")}`;
}

/** Read a scanned link. Raises VaultError `pairing.malformed`. */
export function readLink(text: string): Link {
  const mark = "/link#1.";
  const at = isLonger(text, MAX_LINK) ? -1 : text.indexOf(mark);
  const origin = text.slice(0, Math.max(at, 0));
  const parts = text.slice(at + mark.length).split(".");
  if (at < 0 || !ORIGIN.test(origin) || parts.length !== 3) {
    throw new VaultError("pairing.malformed", "not a link of this version");
  }
  const [channel, card, secret] = parts.map(base64urlDecode);
  if (channel?.length !== CHANNEL || card?.length !== HASH || secret?.length !== 16) {
    throw new VaultError("pairing.malformed", "a part of another length");
  }
  return { origin, channel, card, secret: Secret.take("link secret", secret) };
}

/** Read a card. Raises VaultError `pairing.malformed`. */
export function decodeCard(data: Bytes): Card {
  return reading("pairing.malformed", () => {
    const members = m.decode(data, 5, MAX_STEP);
    m.version(m.at(members, 0));
    return {
      linkKey: m.octets(m.at(members, 1), "link key", PUBLIC_KEY),
      deviceKey: m.octets(m.at(members, 2), "device key", 32),
      commitment: m.octets(m.at(members, 3), "commitment", HASH),
      expiry: m.number(m.at(members, 4), "expiry", 0, m.COUNT),
    };
  });
}

/** The bytes of a card. Raises VaultError `pairing.malformed`. */
export function encodeCard(card: Card): Bytes {
  return written([1, card.linkKey, card.deviceKey, card.commitment, card.expiry], decodeCard);
}

/** Read an answer. Raises VaultError `pairing.malformed`. */
export function decodeAnswer(data: Bytes): Answer {
  return reading("pairing.malformed", () => {
    const members = m.decode(data, 4, MAX_STEP);
    m.version(m.at(members, 0));
    return {
      nonce: m.octets(m.at(members, 1), "nonce", 32),
      account: m.octets(m.at(members, 2), "account", 16),
      deviceKey: m.octets(m.at(members, 3), "device key", 32),
    };
  });
}

/** The bytes of an answer. Raises VaultError `pairing.malformed`. */
export function encodeAnswer(answer: Answer): Bytes {
  return written([1, answer.nonce, answer.account, answer.deviceKey], decodeAnswer);
}

/** Read what was sealed in a grant. Raises VaultError `pairing.malformed`. */
export function decodeGrant(data: Bytes): Grant {
  return reading("pairing.malformed", () => {
    const members = m.decode(data, 7, MAX_STEP);
    m.version(m.at(members, 0));
    const origin = m.text(m.at(members, 6), "origin", MAX_ORIGIN);
    if (!ORIGIN.test(origin)) throw new Malformed("member_value", "origin");
    return {
      key: new Secret("account key", m.octets(m.at(members, 1), "account key", 32)),
      account: m.octets(m.at(members, 2), "account", 16),
      keyring: m.octets(m.at(members, 3), "keyring", HASH),
      head: m.octets(m.at(members, 4), "head", HASH),
      n: m.number(m.at(members, 5), "n", 0, m.COUNT),
      origin,
    };
  });
}

/** What is sealed in a grant. Raises VaultError `pairing.malformed`. */
export function encodeGrant({ key, account, keyring, head, n, origin }: Grant): Bytes {
  return written([1, key.reveal(), account, keyring, head, n, origin], decodeGrant);
}

/** The bytes of a step, which `read` must take: nothing is written that nobody reads. */
function written(members: Parameters<typeof m.encode>[0], read: (data: Bytes) => unknown): Bytes {
  const data = reading("pairing.malformed", () => m.encode(members));
  read(data);
  return data;
}
