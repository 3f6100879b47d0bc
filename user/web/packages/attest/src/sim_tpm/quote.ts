/** A TPM 2.0 quote with the registers it is over. Source: specs/simulated.md; TCG TPM 2.0 Library part 2, 10.12.8. */

import { sha256 } from "@noble/hashes/sha2.js";
import { type Bytes, concat, equal, fromHex, readUint, toHex } from "@privity/protocol/bytes";
import * as cbor from "@privity/protocol/cbor";
import { Malformed } from "@privity/protocol/errors";

import { DerError } from "../der.ts";
import { type EcKey, isOn, P256 } from "../signature.ts";
import * as x509 from "../x509.ts";

/** Registers that every quote is over; any other that it is over must be zero. */
export const REGISTERS = [0, 1, 2, 3, 4, 5, 7, 9, 11] as const;
export const SELECTABLE = 24;
/** bytes */
export const REGISTER = 32;
/** Bytes of qualifying data. */
export const MAX_QUALIFIER = 64;
const GENERATED_QUOTE = "ff5443478018";
const ECDSA_SHA256 = "0018000b";
/** One selection, of SHA-256 registers. */
const SELECTION = "00000001000b03";
/** Clock, resets, restarts, safe; firmware version. */
const CLOCK = 8 + 4 + 4 + 1 + 8;

/**
 * A parsed, unverified quote: `digest` is what the TPM signed over its registers, `registers` what was sent along.
 *
 * `signature` is r and s, 32 bytes each; `pin` the SHA-256 of the key's SubjectPublicKeyInfo, in hexadecimal.
 */
export interface Quote {
  readonly attest: Bytes;
  readonly qualifying: Bytes;
  readonly digest: Bytes;
  readonly signature: Bytes;
  readonly key: EcKey;
  readonly pin: string;
  readonly registers: ReadonlyMap<number, Bytes>;
}

/** The quote whose CBOR is exactly `data`. Raises Malformed. */
export function decode(data: Bytes): Quote {
  const value = cbor.decode(data);
  const [attest, signature, spki, map, ...more] = Array.isArray(value) ? (value as readonly cbor.Value[]) : [];
  if (!(attest instanceof Uint8Array) || !(signature instanceof Uint8Array) || !(spki instanceof Uint8Array)) refuse();
  if (!(map instanceof cbor.CborMap) || more.length > 0) refuse();
  const statement = readAttest(new Fields(attest));
  const registers = new Map(map.pairs.map(([index, register]): [cbor.Key, Bytes] => {
    if (!(register instanceof Uint8Array) || register.length !== REGISTER) refuse();
    return [index, register];
  }));
  const { selected } = statement;
  if ([...registers.keys()].join() !== selected.join() || !REGISTERS.every((index) => registers.has(index))) refuse();
  return {
    attest,
    qualifying: statement.qualifying,
    digest: statement.digest,
    signature: readSignature(new Fields(signature)),
    key: readKey(spki),
    pin: toHex(sha256(spki)),
    registers: registers as ReadonlyMap<number, Bytes>,
  };
}

interface Statement {
  readonly qualifying: Bytes;
  readonly selected: readonly number[];
  readonly digest: Bytes;
}

/** Reads TPMS_ATTEST: qualifying data, the selected registers in order, and the digest over them. */
function readAttest(fields: Fields): Statement {
  fields.expect(GENERATED_QUOTE);
  fields.counted(MAX_QUALIFIER + 4); // the key's name
  const qualifying = fields.counted(MAX_QUALIFIER);
  fields.take(CLOCK);
  fields.expect(SELECTION);
  const bits = fields.take(SELECTABLE / 8);
  const digest = fields.counted(REGISTER);
  fields.end();
  if (digest.length !== REGISTER) refuse();
  const all = Array.from({ length: SELECTABLE }, (_, index) => index);
  return { qualifying, selected: all.filter((index) => ((bits[index >> 3] ?? 0) >> (index & 7)) & 1), digest };
}

/** Reads TPMT_SIGNATURE by ECDSA with SHA-256; a TPM may leave out leading zeros. */
function readSignature(fields: Fields): Bytes {
  fields.expect(ECDSA_SHA256);
  const [r, s] = [fields.counted(P256.size), fields.counted(P256.size)];
  fields.end();
  return concat(new Uint8Array(P256.size - r.length), r, new Uint8Array(P256.size - s.length), s);
}

function readKey(spki: Bytes): EcKey {
  try {
    const key = x509.publicKey(spki);
    if (!isOn(P256, key)) refuse();
    return key;
  } catch (error) {
    if (error instanceof DerError) refuse();
    throw error;
  }
}

function refuse(reason: "member_value" | "truncated" | "trailing_data" = "member_value"): never {
  throw new Malformed(reason, "quote");
}

/** A TPM structure, big-endian, read from its front. */
class Fields {
  readonly #data: Bytes;
  #position = 0;

  constructor(data: Bytes) {
    this.#data = data;
  }

  take(size: number): Bytes {
    if (this.#position + size > this.#data.length) refuse("truncated");
    this.#position += size;
    return this.#data.slice(this.#position - size, this.#position);
  }

  expect(wanted: string): void {
    const bytes = fromHex(wanted) ?? new Uint8Array(0);
    if (!equal(this.take(bytes.length), bytes)) refuse();
  }

  counted(most: number): Bytes {
    const size = readUint(this.take(2), 0, 2);
    if (size > most) refuse();
    return this.take(size);
  }

  end(): void {
    if (this.#position !== this.#data.length) refuse("trailing_data");
  }
}
