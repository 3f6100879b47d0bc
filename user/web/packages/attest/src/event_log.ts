/**
 * The runtime log: what the enclave measured into its runtime register before it served. Source: specs/simulated.md.
 *
 * An event is u32 length, tag, u32 length, payload, big-endian; the register starts as 48 zero bytes and is extended by
 * the SHA-384 of the encoded event.
 */

import { type Bytes, readUint } from "@privity/protocol/bytes";

import { digest } from "./sha2.ts";

export const CONFIGURATION = "privity/configuration";
export const MODELS = "privity/models";
export const CLOSED = "privity/closed";
export const MAX_EVENTS = 64;

/** The bytes are not a runtime log; the only error of this module. */
export class EventLogError extends Error {}

/** One measured event; `encoded` are its bytes in the log. */
export interface Event {
  readonly tag: string;
  readonly payload: Bytes;
  readonly encoded: Bytes;
}

/** The events of a runtime log, every byte consumed. Raises EventLogError. */
export function decode(data: Bytes): readonly Event[] {
  const events: Event[] = [];
  let position = 0;
  while (position < data.length) {
    const tag = field(data, position);
    const payload = field(data, tag.end);
    if (events.length === MAX_EVENTS || tag.value.some((byte) => byte > 0x7f)) {
      throw new EventLogError("too many events, or a tag that is not ASCII");
    }
    const encoded = data.slice(position, payload.end);
    events.push({ tag: new TextDecoder().decode(tag.value), payload: payload.value, encoded });
    position = payload.end;
  }
  return events;
}

/** The 48 bytes of the runtime register after `events`. */
export async function replay(events: readonly Event[]): Promise<Bytes> {
  let register: Bytes = new Uint8Array(48);
  for (const event of events) register = await digest("SHA-384", register, await digest("SHA-384", event.encoded));
  return register;
}

function field(data: Bytes, position: number): { readonly value: Bytes; readonly end: number } {
  const start = position + 4;
  const end = start + readUint(data, position, 4);
  if (start > data.length || end > data.length) throw new EventLogError("truncated");
  return { value: data.slice(start, end), end };
}
