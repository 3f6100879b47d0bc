/** Kinds 9, 10 and 13: what can be shown of an answer, what a device saw of the logs. Source: specs/contents.md. */

import type { Bytes } from "@privity/protocol/bytes";
import { MAX_BUNDLE } from "@privity/protocol/limits";
import { COUNT } from "@privity/protocol/stored/members";

import { type Field, HASH, ID, Kind, lww, nullable, number, octets, rising, row, rows, Schema, text } from "./schema.ts";

export const MAX_RECEIPT = 65_536;
export const MAX_FRANKING = 4096;
export const MAX_APPRAISAL = 65_536;
export const MAX_ORIGIN = 255;
export const MAX_NOTE = 65_536;
/** Two logs, and their successors during a change of keys. */
export const MAX_CHECKPOINTS = 4;
/** Objects that one device asks the others for at a time. */
export const MAX_MISSING = 256;

/** Index and tree size of an entry in the keys log. */
export type LogPosition = readonly [index: number, size: number];
/** The origin of a log, and the note of its newest checkpoint. */
export type SeenCheckpoint = readonly [origin: string, note: Bytes];

/** What a node signed of an answer. */
export interface Receipt {
  readonly kind: typeof Kind.RECEIPT;
  readonly node: Bytes;
  readonly receipt: Bytes;
  readonly franking: Bytes | null;
  readonly evidence: Bytes | null;
  readonly position: LogPosition | null;
}

/** An enclave's evidence as it was appraised; `document` is the SHA-256 of the node document. */
export interface Evidence {
  readonly kind: typeof Kind.EVIDENCE;
  readonly document: Bytes;
  readonly bundle: Bytes;
  readonly appraisal: Bytes;
}

/**
 * One per device: the newest checkpoint that it believed of each log, and the ids of objects whose bodies the service did not
 * deliver to it: another device that has them gives them back.
 */
export interface View {
  readonly kind: typeof Kind.VIEW;
  readonly device: Bytes;
  readonly checkpoints: Field<readonly SeenCheckpoint[]>;
  readonly missing: Field<readonly Bytes[]>;
}

export const RECEIPT = new Schema<Receipt>(Kind.RECEIPT, {
  node: ID,
  receipt: octets(0, MAX_RECEIPT),
  franking: nullable(octets(1, MAX_FRANKING)),
  evidence: nullable(ID),
  position: nullable(row<LogPosition>(number(COUNT), number(COUNT))),
});

export const EVIDENCE = new Schema<Evidence>(Kind.EVIDENCE, {
  document: HASH,
  bundle: octets(1, MAX_BUNDLE),
  appraisal: octets(1, MAX_APPRAISAL),
});

export const VIEW = new Schema<View>(Kind.VIEW, {
  device: ID,
  checkpoints: lww(rising(rows(row<SeenCheckpoint>(text(MAX_ORIGIN, 1), octets(1, MAX_NOTE)), MAX_CHECKPOINTS))),
  missing: lww(rows(ID, MAX_MISSING)),
});
