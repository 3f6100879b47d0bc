/**
 * Linking a device: a card, an answer, a reveal, six digits, a grant. Source: specs/pairing.md.
 *
 * Each state is a class, and a step hands out the next one. The new device: `Offered`, `Answered`, then a `Grant`. The
 * existing one: `Scanned`, `Replied`, `Comparing`, `Confirmed`. Only `Confirmed` can give anything away.
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { ascii, type Bytes, concat, equal, equalSecret, toHex } from "@privity/protocol/bytes";
import { NotAuthentic } from "@privity/protocol/errors";
import * as hpke from "@privity/protocol/hpke";
import { type Encapsulate, CIPHERTEXT, type PrivateKey, type XWing } from "@privity/protocol/xwing";

import { readingLater, VaultError } from "./errors.ts";
import * as labels from "./labels.ts";
import {
  type Answer, type Card, decodeAnswer, decodeCard, decodeGrant, encodeAnswer, encodeCard, encodeGrant, type Grant,
  type Link, MAX_STEP,
} from "./pairing/steps.ts";
import { Secret } from "./secret.ts";
import { split } from "./typed.ts";

export const LIFETIME_S = 600;
/** Seconds by which the clocks of two devices of one person may differ. */
export const CLOCKS_S = 60;
/** How often digits may be typed. */
export const CODES = 3;
export const DIGITS = 6;
const EMPTY = new Uint8Array(0);

/** New device: the card is posted. `secret` is null when a channel code is typed instead of a link scanned. */
export class Offered {
  readonly card: Bytes;
  readonly key: PrivateKey;
  readonly nonce: Secret<"pairing nonce">;
  readonly secret: Secret<"link secret"> | null;

  constructor(card: Bytes, key: PrivateKey, nonce: Secret<"pairing nonce">, secret: Secret<"link secret"> | null) {
    this.card = card;
    this.key = key;
    this.nonce = nonce;
    this.secret = secret;
  }

  /** Take the existing device's answer. Raises VaultError `pairing.malformed`. */
  answered(answer: Bytes): Answered {
    return new Answered(this, decodeAnswer(answer), answer);
  }
}

/** New device: it shows `code`, and posts `reveal`. */
export class Answered {
  readonly offered: Offered;
  readonly answer: Answer;
  readonly raw: Bytes;
  readonly code: string;

  constructor(offered: Offered, answer: Answer, raw: Bytes) {
    this.offered = offered;
    this.answer = answer;
    this.raw = raw;
    this.code = code(offered.card, raw, this.reveal, answer.nonce);
  }

  /** What was committed to. */
  get reveal(): Bytes {
    return this.offered.nonce.reveal();
  }

  /** Open what the existing device gave. Raises VaultError `pairing.malformed`, `pairing.foreign`. */
  async granted(sealed: Bytes, origin: string): Promise<Grant> {
    if (sealed.length > MAX_STEP || sealed.length < CIPHERTEXT + 16) {
      throw new VaultError("pairing.malformed", `a grant of ${String(sealed.length)} bytes`);
    }
    const grant = decodeGrant(await this.#opened(sealed));
    if (!equal(grant.account, this.answer.account) || grant.origin !== origin) {
      throw new VaultError("pairing.foreign", "another account, or another service");
    }
    return grant;
  }

  async #opened(sealed: Bytes): Promise<Bytes> {
    const { card, key, secret } = this.offered;
    try {
      const context = await hpke.setupBaseR(key, sealed.slice(0, CIPHERTEXT), grantInfo(card, this.raw, this.reveal, secret));
      return await context.open(EMPTY, sealed.slice(CIPHERTEXT));
    } catch (error) {
      if (!(error instanceof NotAuthentic)) throw error;
      throw new VaultError("pairing.foreign", "not sealed for this exchange");
    }
  }
}

/** Existing device: the card is the one of the link, if there was one. */
export class Scanned {
  readonly card: Card;
  readonly raw: Bytes;
  readonly secret: Secret<"link secret"> | null;

  constructor(card: Card, raw: Bytes, secret: Secret<"link secret"> | null) {
    this.card = card;
    this.raw = raw;
    this.secret = secret;
  }

  /** Answer with 32 random bytes. Raises VaultError `pairing.malformed`. */
  answer(answer: Answer): Replied {
    return new Replied(this, encodeAnswer(answer), answer.nonce);
  }
}

/** Existing device: `raw` is posted, the new device's nonce is not known yet. */
export class Replied {
  readonly scanned: Scanned;
  readonly raw: Bytes;
  readonly nonce: Bytes;

  constructor(scanned: Scanned, raw: Bytes, nonce: Bytes) {
    this.scanned = scanned;
    this.raw = raw;
    this.nonce = nonce;
  }

  /** Take the new device's nonce. Raises VaultError `pairing.expired`, `pairing.commitment`. */
  revealed(reveal: Bytes, now: number): Comparing {
    checkExpiry(this.scanned.card, now);
    if (!equalSecret(commitment(reveal), this.scanned.card.commitment)) {
      throw new VaultError("pairing.commitment", "not the nonce that the card commits to");
    }
    return new Comparing(this, reveal, CODES);
  }
}

/** Existing device: waits for the digits that the person reads from the new one. */
export class Comparing {
  readonly replied: Replied;
  readonly reveal: Bytes;
  readonly left: number;

  constructor(replied: Replied, reveal: Bytes, left: number) {
    this.replied = replied;
    this.reveal = reveal;
    this.left = left;
  }

  /** `Confirmed`, or the same question with one try less. Raises VaultError: `pairing.expired`, `pairing.burnt`. */
  typed(digits: string, now: number): Confirmed | Comparing {
    const { scanned, raw, nonce } = this.replied;
    checkExpiry(scanned.card, now);
    const due = code(scanned.raw, raw, this.reveal, nonce);
    if (equalSecret(ascii(due), ascii(split(digits).join("")))) return new Confirmed(this.replied, this.reveal);
    if (this.left <= 1) throw new VaultError("pairing.burnt", `${String(CODES)} wrong codes`);
    return new Comparing(this.replied, this.reveal, this.left - 1);
  }
}

/** Existing device: a person compared the digits; `card.deviceKey` may enter the keyring. */
export class Confirmed {
  readonly replied: Replied;
  readonly reveal: Bytes;

  constructor(replied: Replied, reveal: Bytes) {
    this.replied = replied;
    this.reveal = reveal;
  }

  /** The card of the new device. */
  get card(): Card {
    return this.replied.scanned.card;
  }

  /** Seal the account key to the new device. Raises VaultError `pairing.expired`, `pairing.malformed`. */
  async grant(given: Grant, now: number, encapsulate: Encapsulate): Promise<Bytes> {
    checkExpiry(this.card, now);
    const { scanned, raw } = this.replied;
    const info = grantInfo(scanned.raw, raw, this.reveal, scanned.secret);
    const content = encodeGrant(given);
    const { enc, context } = await readingLater("pairing.malformed", () => {
      return hpke.setupBaseS(this.card.linkKey, info, encapsulate);
    });
    return concat(enc, await context.seal(EMPTY, content));
  }
}

/** What a new device offers: two times 32 random bytes, the public half of its device key, and the link's secret. */
export interface Offering {
  readonly linkSeed: Bytes;
  readonly deviceKey: Bytes;
  readonly nonce: Bytes;
  readonly secret: Secret<"link secret"> | null;
}

/** Begin on the new device. Raises VaultError `pairing.malformed`, `opener.malformed` (a nonce of another size). */
export async function offer({ linkSeed, deviceKey, nonce, secret }: Offering, now: number, kem: XWing): Promise<Offered> {
  const key = await readingLater("pairing.malformed", () => kem.fromSeed(linkSeed));
  const card = encodeCard({ linkKey: key.publicKey, deviceKey, commitment: commitment(nonce), expiry: now + LIFETIME_S });
  return new Offered(card, key, new Secret("pairing nonce", nonce), secret);
}

/**
 * Begin on the existing device, with the card that the service delivered.
 *
 * Raises VaultError: `pairing.card_changed`, `pairing.malformed`, `pairing.expired`.
 */
export function scanned(raw: Bytes, link: Link | null, now: number): Scanned {
  if (link !== null && !equalSecret(sha256(raw), link.card)) {
    throw new VaultError("pairing.card_changed", "not the card that the new device shows");
  }
  const card = decodeCard(raw);
  checkExpiry(card, now);
  return new Scanned(card, raw, link === null ? null : link.secret);
}

/** What the card says of the nonce that is revealed later. */
export function commitment(nonce: Bytes): Bytes {
  return sha256(concat(ascii(labels.PAIR_COMMIT), nonce));
}

/** The six digits that both devices compute. */
export function code(card: Bytes, answer: Bytes, newNonce: Bytes, oldNonce: Bytes): string {
  const hash = sha256(concat(ascii(labels.PAIR_CODE), sha256(card), answer, newNonce, oldNonce));
  return (BigInt(`0x${toHex(hash)}`) % 10n ** BigInt(DIGITS)).toString().padStart(DIGITS, "0");
}

function checkExpiry({ expiry }: Card, now: number): void {
  if (now >= expiry) throw new VaultError("pairing.expired", `${String(now - expiry)} seconds ago`);
  if (expiry > now + LIFETIME_S + CLOCKS_S) {
    throw new VaultError("pairing.expired", "a card that lives longer than ten minutes");
  }
}

function grantInfo(card: Bytes, answer: Bytes, reveal: Bytes, secret: Secret<"link secret"> | null): Bytes {
  const steps = concat(sha256(card), sha256(answer), sha256(reveal), secret === null ? EMPTY : secret.reveal());
  return concat(ascii(labels.PAIR_GRANT), sha256(steps));
}
