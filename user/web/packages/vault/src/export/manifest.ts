/** The manifest of an export: which files there are, and the SHA-256 of each. Source: specs/export.md. */

import { ascii, type Bytes, equalSecret, toHex } from "@privity/protocol/bytes";
import * as canonical from "@privity/protocol/canonical";
import { type Json } from "@privity/protocol/canonical";
import { sha256 } from "@privity/protocol/kdf";
import { compare } from "@privity/protocol/stored/members";

import { reading, VaultError } from "../errors.ts";
import { isLonger } from "../typed.ts";
import { checkName, MAX_ENTRIES, MAX_NAME, MAX_UNPACKED } from "./listing.ts";

export const NAME = "manifest.json";
export const FORMAT = 1;
export const MAX_MANIFEST = 64 * 2 ** 20;
export const COUNTED = ["attachments", "chats", "folders", "memories", "messages", "prompts"] as const;
export type Counted = (typeof COUNTED)[number];
const MEMBERS = ["counts", "files", "format", "time"] as const;

/** Size in bytes and SHA-256 of one file. */
export interface File {
  readonly size: number;
  readonly hash: Bytes;
}

/** `time` in Unix seconds; `counts` of everything in COUNTED; files by name, the manifest left out. */
export interface Manifest {
  readonly time: number;
  readonly counts: Readonly<Record<Counted, number>>;
  readonly files: ReadonlyMap<string, File>;
}

/** The canonical JSON. Raises VaultError `export.malformed`, `export.path`. */
export function encode({ time, counts, files }: Manifest): Bytes {
  const rows = [...files].sort(([one], [other]) => compareNames(one, other)).map(([name, { size, hash }]): Json => {
    return [name, size, toHex(hash)];
  });
  const data = reading("export.malformed", () => canonical.encode({ format: FORMAT, time, counts: { ...counts }, files: rows }));
  decode(data);
  return data;
}

/** Read a manifest. Raises VaultError `export.malformed`, `export.path`. */
export function decode(data: Bytes): Manifest {
  return reading("export.malformed", () => {
    const value = canonical.members(canonical.decode(data, MAX_MANIFEST), MEMBERS, "manifest");
    canonical.integer(value.format, "format", FORMAT, FORMAT);
    const counts = canonical.members(value.counts, COUNTED, "counts");
    const rows = canonical.entries(value.files, "files", 0, MAX_ENTRIES).map(readFile);
    if (rows.some(([name], at) => at > 0 && compareNames(rows[at - 1]?.[0] ?? "", name) >= 0)) {
      throw new VaultError("export.malformed", "files: not in rising order");
    }
    const time = canonical.integer(value.time, "time");
    const counted = COUNTED.map((name) => [name, canonical.integer(counts[name], name)] as const);
    return { time, counts: Object.fromEntries(counted) as Manifest["counts"], files: new Map(rows) };
  });
}

function readFile(row: Json): readonly [string, File] {
  const values = canonical.entries(row, "file", 3, 3);
  const name = canonical.text(values[0] ?? null, "name", 2 * MAX_NAME, /^[^\0]+$/u);
  if (isLonger(name, MAX_NAME)) throw new VaultError("export.malformed", "a long name");
  checkName(name);
  const size = canonical.integer(values[1] ?? null, "size", 0, MAX_UNPACKED);
  return [name, { size, hash: canonical.fromHex(values[2] ?? null, "hash", 32) }];
}

/** By code points, as UTF-8 sorts them. */
function compareNames(one: string, other: string): number {
  return compare(ascii(one), ascii(other));
}

/** The bytes of a file that the manifest lists. Raises VaultError `export.differs`. */
export async function checkFile(manifest: Manifest, name: string, data: Bytes): Promise<Bytes> {
  const due = manifest.files.get(name);
  if (due?.size !== data.length || !equalSecret(await sha256(data), due.hash)) {
    throw new VaultError("export.differs", "not a file that the manifest lists");
  }
  return data;
}

/** Raises VaultError `export.differs` unless the archive holds the manifest's files and no other. */
export function checkComplete(manifest: Manifest, names: ReadonlySet<string>): void {
  const found = [...names].filter((name) => name !== NAME);
  if (found.length !== manifest.files.size || !found.every((name) => manifest.files.has(name))) {
    throw new VaultError("export.differs", "files are missing, or more than the manifest lists");
  }
}
