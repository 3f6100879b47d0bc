/**
 * Signed notes. Sources: C2SP signed-note, specs/note.md.
 *
 * A note is text, a blank line, and signature lines. Signatures of unknown keys are kept and ignored; a signature that
 * names a known key and fails rejects the whole note.
 */

import { ascii as utf8, type Bytes, concat, equal } from "@privity/protocol/bytes";

import { TlogError } from "./errors.ts";
import { ID, isName, type Key } from "./keys.ts";
import { MAX_NOTE, MAX_SIGNATURE, MAX_SIGNATURES } from "./limits.ts";
import { fromBase64, fromUtf8, toBase64 } from "./spelling.ts";

const PREFIX = "— ";
// eslint-disable-next-line no-control-regex -- control characters are what is refused
const CONTROL = /[\0-\t\v-\x1f]/;

/** One signature line: key name, four bytes of key id, and the signature itself. */
export interface Signature {
  readonly name: string;
  readonly keyId: Bytes;
  readonly signature: Bytes;
}

/** A parsed, unverified note; `text` ends in a newline. */
export interface Note {
  readonly text: string;
  readonly signatures: readonly Signature[];
}

/** The signatures of a note that name `key`. */
export function by(note: Note, key: Key): readonly Signature[] {
  return note.signatures.filter((one) => one.name === key.name && equal(one.keyId, key.id));
}

/** The note in `data`. Raises TlogError `note_malformed`. */
export function decode(data: Uint8Array): Note {
  if (data.length > MAX_NOTE) throw new TlogError("note_malformed", "too large");
  const whole = fromUtf8(data);
  if (whole === null) throw new TlogError("note_malformed", "not UTF-8");
  if (CONTROL.test(whole)) throw new TlogError("note_malformed", "control character");
  const blank = whole.lastIndexOf("\n\n");
  const lines = whole.slice(blank + 2);
  if (blank <= 0 || !lines.endsWith("\n")) throw new TlogError("note_malformed", "no text, blank line or signature");
  const signatures = lines.slice(0, -1).split("\n").map(readLine);
  if (signatures.length > MAX_SIGNATURES) throw new TlogError("note_malformed", "too many signatures");
  return { text: whole.slice(0, blank + 1), signatures };
}

/** The bytes of a note. Raises TlogError `note_malformed`; nothing is written that `decode` refuses. */
export function encode(note: Note): Bytes {
  const lines = note.signatures.map((one) => `${PREFIX}${one.name} ${toBase64(concat(one.keyId, one.signature))}\n`);
  const data = utf8(`${note.text}\n${lines.join("")}`);
  const read = decode(data);
  const same = read.signatures.every((one, index) => equal(one.keyId, note.signatures[index]?.keyId ?? one.signature));
  if (read.text !== note.text || read.signatures.length !== note.signatures.length || !same) {
    throw new TlogError("note_malformed", "text");
  }
  return data;
}

/** Verify the note's signature by `key`, of type 0x01, over its text. Raises TlogError `log_signature`. */
export async function verify(note: Note, key: Key): Promise<void> {
  const signatures = by(note, key);
  if (signatures.length === 0) throw new TlogError("log_signature", `no signature by ${key.name}`);
  const message = utf8(note.text);
  for (const one of signatures) {
    if (!(await key.verify(message, one.signature))) throw new TlogError("log_signature", key.name);
  }
}

function readLine(line: string): Signature {
  const [name = "", encoded, ...more] = line.slice(PREFIX.length).split(" ");
  if (!line.startsWith(PREFIX) || encoded === undefined || more.length > 0 || !isName(name)) {
    throw new TlogError("note_malformed", "signature line");
  }
  const data = fromBase64(encoded, "note_malformed");
  if (data.length <= ID || data.length > MAX_SIGNATURE) throw new TlogError("note_malformed", "signature length");
  return { name, keyId: data.slice(0, ID), signature: data.slice(ID) };
}
