/**
 * Measured boot: the event log that firmware and boot loader leave, read strictly and replayed into registers.
 *
 * Sources: TCG PC Client Platform Firmware Profile sections 10.2 (crypto-agile log) and 10.4 (event types); UEFI 2.10
 * section 38.4 (CCEL, whose registers 1 to 4 are RTMR0 to RTMR3 and whose register 0 is MRTD). A log explains registers
 * and never excuses them: its payloads are facts only where a replayed digest is their hash.
 */

import { allZero, ascii, type Bytes, concat, equal } from "@privity/protocol/bytes";

import { LittleEndian } from "./little_endian.ts";
import { digest, type Sha2 } from "./sha2.ts";

export const MAX_EVENTS = 1024;
export const MAX_ALGORITHMS = 5;
export const LAST_CCEL_REGISTER = 4;
export const EV_NO_ACTION = 0x03;
const SIGNATURE = ascii("Spec ID Event03\0");
const LOCALITY = ascii("StartupLocality\0");
/** The first record has the form of SHA-1 logs. */
const LEGACY_DIGEST = 20;
/**
 * Event types of which the profile says that the digest is the hash of the event data itself: separator, action, CRTM
 * version, EFI variable of driver configuration, GPT, EFI action, EFI variable of authority.
 */
const HASHED: ReadonlySet<number> = new Set([0x04, 0x05, 0x08, 0x80000001, 0x80000006, 0x80000007, 0x800000e0]);

/** One hash of a log: its TPM_ALG_ID, the size of a register, and its name. */
export interface Bank {
  readonly algorithm: number;
  readonly size: number;
  readonly hash: Sha2;
}

export const SHA256: Bank = { algorithm: 0x000b, size: 32, hash: "SHA-256" };
export const SHA384: Bank = { algorithm: 0x000c, size: 48, hash: "SHA-384" };

/** The bytes are not an event log with the wanted bank; the only error of this module. */
export class BootLogError extends Error {}

/** One event: the register it names, its type, its digest in the wanted bank, and its data. */
export interface BootEvent {
  readonly register: number;
  readonly type: number;
  readonly digest: Bytes;
  readonly data: Bytes;
}

function reader(data: Bytes): LittleEndian {
  return new LittleEndian(data, () => new BootLogError("truncated"));
}

/** The events of a crypto-agile log, each with its digest of `bank`; 0xFF to the end closes it. Raises BootLogError. */
export function decode(data: Bytes, bank: Bank): readonly BootEvent[] {
  const reading = reader(data);
  const sizes = header(reading);
  if (sizes.get(bank.algorithm) !== bank.size) throw new BootLogError("the log has no such bank");
  const events: BootEvent[] = [];
  while (reading.position < data.length && !data.subarray(reading.position).every((byte) => byte === 0xff)) {
    if (events.length === MAX_EVENTS) throw new BootLogError("too many events");
    events.push(event(reading, sizes, bank));
  }
  return events;
}

/** Each register that `events` extend, by its number, after all of them. */
export async function replay(events: readonly BootEvent[], bank: Bank): Promise<ReadonlyMap<number, Bytes>> {
  const registers = new Map<number, Bytes>();
  for (const { register, type, digest: extended, data } of events) {
    const before = registers.get(register);
    if (type !== EV_NO_ACTION) {
      registers.set(register, await digest(bank.hash, before ?? new Uint8Array(bank.size), extended));
    } else if (register === 0 && before === undefined && equal(data.slice(0, -1), LOCALITY)) {
      // The profile's section 10.4.5.3: the locality of TPM2_Startup is the last byte of PCR 0 before any event.
      registers.set(0, concat(new Uint8Array(bank.size - 1), data.slice(-1)));
    }
  }
  return registers;
}

/** The places of events whose digest must be the hash of their data and is not. */
export async function payloadFaults(events: readonly BootEvent[], bank: Bank): Promise<readonly number[]> {
  const places: number[] = [];
  for (const [place, one] of events.entries()) {
    if (HASHED.has(one.type) && !equal(await digest(bank.hash, one.data), one.digest)) places.push(place);
  }
  return places;
}

/** Reads the first record, which names the hashes of the log; their sizes. */
function header(reading: LittleEndian): ReadonlyMap<number, number> {
  reading.number(4);
  const type = reading.number(4);
  const digest = reading.take(LEGACY_DIGEST);
  const inner = reader(reading.take(reading.number(4)));
  if (type !== EV_NO_ACTION || !allZero(digest) || !equal(inner.take(SIGNATURE.length), SIGNATURE)) {
    throw new BootLogError("specification event");
  }
  inner.take(8); // platform class, version, size of addresses: nothing that is measured
  const count = inner.number(4);
  if (count < 1 || count > MAX_ALGORITHMS) throw new BootLogError("number of hashes");
  const sizes = new Map(Array.from({ length: count }, () => [inner.number(2), inner.number(2)] as const));
  inner.take(inner.number(1));
  inner.finish();
  if (sizes.size !== count) throw new BootLogError("a hash twice");
  return sizes;
}

function event(reading: LittleEndian, sizes: ReadonlyMap<number, number>, bank: Bank): BootEvent {
  const register = reading.number(4);
  const type = reading.number(4);
  if (reading.number(4) !== sizes.size) throw new BootLogError("number of digests");
  const digests = new Map<number, Bytes>();
  for (let index = 0; index < sizes.size; index += 1) {
    const algorithm = reading.number(2);
    const size = sizes.get(algorithm);
    if (size === undefined || digests.has(algorithm)) throw new BootLogError("hash that is not named, or twice");
    digests.set(algorithm, reading.take(size));
  }
  const digest = digests.get(bank.algorithm) ?? new Uint8Array(0);
  return { register, type, digest, data: reading.take(reading.number(4)) };
}
