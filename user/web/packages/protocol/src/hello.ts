/**
 * HELLO: one round trip of fixed sizes that makes a session under an attested node key. Source: specs/ec1.md.
 *
 * Client: `beginHello` → HelloSent → `finish` → Session. Node: `answerHello`. HELLO carries nothing of the user.
 */

import { allZero, ascii, type Bytes, concat, equal, equalSecret, readUint, toHex, uint } from "./bytes.ts";
import { ChainKey, type Session } from "./chain.ts";
import {
  encodeHelloHeader, exactly, helloResponseHeader, parseHelloHeader, parseHelloResponseHeader,
} from "./envelope.ts";
import { Malformed, NotAuthentic, StateError } from "./errors.ts";
import { setupBaseR, setupBaseS } from "./hpke.ts";
import { extract, type Prk, SECRET, sha256 } from "./kdf.ts";
import { CHAIN, HELLO_AEAD, HELLO_CONFIRM, HELLO_EXPORT, HELLO_INFO, HELLO_SALT, HELLO_TRANSCRIPT } from "./labels.ts";
import { CONFIRM, HELLO_HEADER, HELLO_REQUEST, HELLO_RESPONSE, KID, RESPONSE_HEADER, SID, SUITE } from "./limits.ts";
import { RecordCipher } from "./records.ts";
import { CIPHERTEXT, type Encapsulate, type PrivateKey, PUBLIC_KEY } from "./xwing.ts";

const REQUEST_RESERVED = new Uint8Array(64);
const RESPONSE_RESERVED = new Uint8Array(236);
const SEALED_AT = HELLO_HEADER + CIPHERTEXT;
const CONFIRM_AT = RESPONSE_HEADER + CIPHERTEXT;
const GRANT_AT = CONFIRM_AT + CONFIRM;
const EMPTY = new Uint8Array(0);

interface Waiting {
  readonly kid: Bytes;
  readonly ephemeral: PrivateKey;
  readonly exported: Bytes;
  readonly transcript: Bytes;
}

/** A client that waits for the answer to its HELLO. Holds the ephemeral key until `finish`, which consumes it. */
export class HelloSent {
  #waiting: Waiting | null;

  constructor(waiting: Waiting) {
    this.#waiting = waiting;
  }

  /**
   * Check the node's answer and return the session.
   *
   * Raises Malformed `size`, `header`, `suite`, `reserved_nonzero`; NotAuthentic; StateError `consumed`. Any failure
   * consumes this state too: the next try is a new HELLO with a new ephemeral key.
   */
  async finish(response: Uint8Array): Promise<Session> {
    const waiting = this.#waiting;
    if (waiting === null) throw new StateError("consumed", "this HELLO was finished");
    this.#waiting = null;
    exactly(response, HELLO_RESPONSE, "HELLO response");
    const header = response.slice(0, RESPONSE_HEADER);
    parseHelloResponseHeader(header);
    const ciphertext = response.slice(RESPONSE_HEADER, CONFIRM_AT);
    const secret = await waiting.ephemeral.decapsulate(ciphertext);
    const prk = await responsePrk(waiting.transcript, header, ciphertext, waiting.exported, secret);
    // Before opening: the confirmation commits the response to one key, which AES-GCM alone does not.
    const expected = prk.label(HELLO_CONFIRM, CONFIRM);
    if (!equalSecret(expected, response.subarray(CONFIRM_AT, GRANT_AT))) throw new NotAuthentic();
    const cipher = await RecordCipher.of(prk, HELLO_AEAD, "decrypt");
    const grant = await cipher.open(response.slice(GRANT_AT));
    if (!allZero(grant.subarray(SID + 4))) throw new Malformed("reserved_nonzero", "HELLO response");
    const ttl = readUint(grant, SID, 4);
    return { sid: grant.slice(0, SID), kid: waiting.kid, chain: new ChainKey(prk.label(CHAIN)), ttl, position: 0 };
  }
}

export interface HelloTarget {
  /** The document's `pk`. */
  readonly nodeKey: Uint8Array;
  /** Hashed as bytes, never parsed here. */
  readonly nodeDocument: Uint8Array;
  readonly encapsulate: Encapsulate;
  /** Fresh for this HELLO. */
  readonly ephemeral: PrivateKey;
}

/** The waiting state and the 2432 bytes to send. Raises Malformed `size` or `key` for a bad node key. */
export async function beginHello(target: HelloTarget): Promise<{ readonly sent: HelloSent; readonly request: Bytes }> {
  const digest = await sha256(target.nodeDocument);
  const kid = digest.slice(0, KID);
  const header = encodeHelloHeader({ suite: SUITE, kid });
  const info = concat(ascii(HELLO_INFO), header, digest);
  const { enc, context } = await setupBaseS(target.nodeKey, info, target.encapsulate);
  const { ephemeral } = target;
  const sealed = await context.seal(EMPTY, concat(ephemeral.publicKey, REQUEST_RESERVED));
  const exported = context.export(ascii(HELLO_EXPORT), SECRET);
  const request = concat(header, enc, sealed);
  const transcript = await sha256(ascii(HELLO_TRANSCRIPT), request);
  return { sent: new HelloSent({ kid, ephemeral, exported, transcript }), request };
}

export interface Answering {
  readonly key: PrivateKey;
  readonly nodeDocument: Uint8Array;
  /** 16 fresh random bytes. */
  readonly sid: Uint8Array;
  /** Seconds. */
  readonly ttl: number;
  readonly encapsulate: Encapsulate;
}

/**
 * Open a HELLO with the node's key; return the 1432 bytes of the answer and the first chain key.
 *
 * Raises Malformed `size`, `header`, `suite`, `reserved_nonzero`, `unknown_key` (another node's kid), `key` (the
 * client's ephemeral key is none); NotAuthentic.
 */
export async function answerHello(
  request: Uint8Array, node: Answering,
): Promise<{ readonly response: Bytes; readonly chain: ChainKey }> {
  exactly(request, HELLO_REQUEST, "HELLO request");
  const header = request.slice(0, HELLO_HEADER);
  const { kid } = parseHelloHeader(header);
  const digest = await sha256(node.nodeDocument);
  if (!equal(kid, digest.subarray(0, KID))) throw new Malformed("unknown_key", toHex(kid));
  const info = concat(ascii(HELLO_INFO), header, digest);
  const context = await setupBaseR(node.key, request.subarray(HELLO_HEADER, SEALED_AT), info);
  const plain = await context.open(EMPTY, request.slice(SEALED_AT));
  if (!allZero(plain.subarray(PUBLIC_KEY))) throw new Malformed("reserved_nonzero", "HELLO request");
  const { ciphertext, secret } = await node.encapsulate(plain.slice(0, PUBLIC_KEY));
  const opening = helloResponseHeader();
  const transcript = await sha256(ascii(HELLO_TRANSCRIPT), request);
  const exported = context.export(ascii(HELLO_EXPORT), SECRET);
  const prk = await responsePrk(transcript, opening, ciphertext, exported, secret);
  const grant = concat(exactly(node.sid, SID, "sid"), uint(node.ttl, 4), RESPONSE_RESERVED);
  const cipher = await RecordCipher.of(prk, HELLO_AEAD, "encrypt");
  const response = concat(opening, ciphertext, prk.label(HELLO_CONFIRM, CONFIRM), await cipher.seal(grant));
  return { response, chain: new ChainKey(prk.label(CHAIN)) };
}

async function responsePrk(
  transcript: Bytes, header: Bytes, ciphertext: Bytes, exported: Bytes, secret: Bytes,
): Promise<Prk> {
  const salt = await sha256(ascii(HELLO_SALT), transcript, header, ciphertext);
  const material = concat(exported, secret);
  const prk = extract(salt, material);
  for (const used of [material, exported, secret]) used.fill(0);
  return prk;
}
