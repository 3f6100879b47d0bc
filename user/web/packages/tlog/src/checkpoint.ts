/** Checkpoints: the signed head of a log. Sources: C2SP tlog-checkpoint, specs/checkpoint.md. */

import { ascii as utf8, type Bytes } from "@privity/protocol/bytes";

import { TlogError } from "./errors.ts";
import { MAX_NAME } from "./limits.ts";
import { decimal, fromBase64, HASH, toBase64 } from "./spelling.ts";

/** Origin of the log, its size in leaves, its root hash, and lines of its own that nobody else vouches for. */
export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Bytes;
  readonly extensions: readonly string[];
}

/** The checkpoint in the text of a note. Raises TlogError `checkpoint_malformed`. */
export function decode(text: string): Checkpoint {
  const lines = text.split("\n");
  const last = lines.pop();
  const [origin, size, root, ...extensions] = lines;
  if (last !== "" || origin === undefined || size === undefined || root === undefined || lines.includes("")) {
    throw new TlogError("checkpoint_malformed", "lines");
  }
  if (utf8(origin).length > MAX_NAME) throw new TlogError("checkpoint_malformed", "origin");
  return {
    origin,
    size: decimal(size, "checkpoint_malformed"),
    root: fromBase64(root, "checkpoint_malformed", HASH),
    extensions,
  };
}

/** The note text of a checkpoint. */
export function encode(checkpoint: Checkpoint): string {
  const { origin, size, root, extensions } = checkpoint;
  return [origin, String(size), toBase64(root), ...extensions].map((line) => `${line}\n`).join("");
}
