/**
 * Reads a zip file that anybody may have made: its directory is judged before a byte is unpacked (`listing.ts`), and no
 * entry gives more than it announced. Source: specs/export.md, section "Listing"; PKWARE APPNOTE 6.3.10, section 4.3.
 */

import { type Bytes, equal } from "@privity/protocol/bytes";

import { VaultError } from "../errors.ts";
import { check, type Listed, MAX_ENTRIES, MAX_NAME } from "./listing.ts";
import {
  CENTRAL, CENTRAL_BYTES, collected, crc32, DEFLATED, END, END_64, END_64_BYTES, END_BYTES, FULL_16, FULL_32, LOCAL,
  LOCAL_BYTES, LOCATOR_64, LOCATOR_BYTES, number, STORED,
} from "./zip_form.ts";

/** Bytes of a directory that are looked at: names and some extra fields for every entry. */
export const MAX_DIRECTORY = MAX_ENTRIES * (CENTRAL_BYTES + MAX_NAME);
const MAX_COMMENT = 65_535;
/** Encrypted entries, encrypted directories, patches. */
const REFUSED_FLAGS = 0x2061;

/** A file that need not be in memory as a whole. */
export interface Source {
  readonly size: number;
  /** The bytes from one place up to another, which are inside. */
  read(from: number, to: number): Promise<Bytes>;
}

interface Member extends Listed {
  readonly raw: Bytes;
  readonly method: number;
  readonly crc: number;
  readonly offset: number;
}

interface Directory {
  readonly count: number;
  readonly size: number;
  readonly offset: number;
  /** Where the records behind the directory begin. */
  readonly end: number;
}

function malformed(detail: string): VaultError {
  return new VaultError("export.malformed", detail);
}

/** A judged archive. Folders are among neither its names nor its files. */
export class Archive {
  readonly #source: Source;
  readonly #members: ReadonlyMap<string, Member>;
  readonly #directory: number;

  constructor(source: Source, members: readonly Member[], directory: number) {
    this.#source = source;
    this.#members = new Map(members.filter(({ name }) => !name.endsWith("/")).map((one) => [one.name, one]));
    this.#directory = directory;
  }

  /** The names of the files. */
  get names(): ReadonlySet<string> {
    return new Set(this.#members.keys());
  }

  /** Bytes of a file as announced, null when there is none of this name. */
  size(name: string): number | null {
    return this.#members.get(name)?.size ?? null;
  }

  /**
   * The bytes of a file. Raises VaultError: `export.malformed`, `export.too_large` (more than it announced),
   * `export.damaged`.
   */
  async load(name: string): Promise<Bytes> {
    const member = this.#members.get(name);
    if (member === undefined) throw malformed("no file of this name");
    const data = await unpacked(await this.#packed(member), member);
    if (crc32(data) !== member.crc) throw new VaultError("export.damaged", "a checksum");
    return data;
  }

  async #packed({ offset, raw, packed }: Member): Promise<Bytes> {
    const begin = offset + LOCAL_BYTES;
    if (begin > this.#directory) throw malformed("an entry behind the directory");
    const header = await this.#source.read(offset, begin);
    const [length, extra] = [number(header, 26, 2), number(header, 28, 2)];
    const start = begin + length + extra;
    if (number(header, 0, 4) !== LOCAL || length !== raw.length || start + packed > this.#directory) {
      throw malformed("an entry that is not where the directory says");
    }
    if (!equal(await this.#source.read(begin, begin + length), raw)) throw malformed("an entry under another name");
    return this.#source.read(start, start + packed);
  }
}

async function unpacked(body: Bytes, { method, size }: Member): Promise<Bytes> {
  const data = method === STORED ? body : await inflated(body, size);
  if (data.length !== size) throw malformed("an entry of another size than announced");
  return data;
}

async function inflated(body: Bytes, size: number): Promise<Bytes> {
  let data: Bytes | null;
  try {
    data = await collected(new Blob([body]).stream().pipeThrough(new DecompressionStream("deflate-raw")), size);
  } catch {
    throw new VaultError("export.damaged", "an entry that does not unpack");
  }
  if (data === null) throw new VaultError("export.too_large", "an entry that unpacks to more than it announced");
  return data;
}

/**
 * Read and judge the directory of a zip file.
 *
 * Raises VaultError: `export.malformed`, `export.too_large`, `export.path`.
 */
export async function open(source: Source): Promise<Archive> {
  const { count, size, offset, end } = await findDirectory(source);
  if (count > MAX_ENTRIES) throw new VaultError("export.too_large", `${String(count)} entries, at most ${String(MAX_ENTRIES)}`);
  if (size > MAX_DIRECTORY) throw new VaultError("export.too_large", `a directory of ${String(size)} bytes`);
  if (offset + size !== end) throw malformed("a directory that is not where it ends");
  const members = readMembers(await source.read(offset, end), count);
  check(members);
  // Entries that share their bytes would make a small file a large one, whatever each of them announces.
  if (members.reduce((sum, one) => sum + one.packed, 0) > source.size) throw malformed("entries that share their bytes");
  return new Archive(source, members, offset);
}

async function findDirectory(source: Source): Promise<Directory> {
  const start = Math.max(0, source.size - END_BYTES - MAX_COMMENT);
  const tail = await source.read(start, source.size);
  for (let at = tail.length - END_BYTES; at >= 0; at -= 1) {
    if (number(tail, at, 4) === END && at + END_BYTES + number(tail, at + 20, 2) === tail.length) {
      return readEnd(source, tail.subarray(at), start + at);
    }
  }
  throw malformed("not a zip file");
}

async function readEnd(source: Source, end: Uint8Array, position: number): Promise<Directory> {
  if (number(end, 4, 2) !== 0 || number(end, 6, 2) !== 0) throw malformed("several disks");
  const [count, size, offset] = [number(end, 10, 2), number(end, 12, 4), number(end, 16, 4)];
  if (count === FULL_16 || size === FULL_32 || offset === FULL_32) return readEnd64(source, position);
  return { count, size, offset, end: position };
}

async function readEnd64(source: Source, position: number): Promise<Directory> {
  const at = position - LOCATOR_BYTES;
  if (at < END_64_BYTES) throw malformed("no room for a record of 64 bits");
  const locator = await source.read(at, position);
  const place = number(locator, 8, 8);
  if (number(locator, 0, 4) !== LOCATOR_64 || place + END_64_BYTES > at) throw malformed("no record of 64 bits");
  const end = await source.read(place, place + END_64_BYTES);
  if (number(end, 0, 4) !== END_64) throw malformed("no record of 64 bits");
  return { count: number(end, 32, 8), size: number(end, 40, 8), offset: number(end, 48, 8), end: place };
}

function readMembers(data: Bytes, count: number): readonly Member[] {
  const members: Member[] = [];
  let at = 0;
  for (let read = 0; read < count; read += 1) {
    if (at + CENTRAL_BYTES > data.length || number(data, at, 4) !== CENTRAL) throw malformed("a directory that ends early");
    const [name, extra, comment] = [number(data, at + 28, 2), number(data, at + 30, 2), number(data, at + 32, 2)];
    const behind = at + CENTRAL_BYTES + name;
    const next = behind + extra + comment;
    if (next > data.length) throw malformed("a directory that ends early");
    members.push(readMember(data.subarray(at, behind), data.subarray(behind, behind + extra)));
    at = next;
  }
  if (at !== data.length) throw malformed("bytes behind the directory");
  return members;
}

function readMember(entry: Bytes, extra: Bytes): Member {
  const method = number(entry, 10, 2);
  if ((number(entry, 8, 2) & REFUSED_FLAGS) !== 0) throw malformed("an encrypted entry");
  if (method !== STORED && method !== DEFLATED) throw malformed(`method ${String(method)}`);
  const raw = entry.slice(CENTRAL_BYTES);
  const [packed, size, offset] = [number(entry, 20, 4), number(entry, 24, 4), number(entry, 42, 4)];
  return { name: nameOf(raw), raw, method, crc: number(entry, 16, 4), ...in64({ size, packed, offset }, extra) };
}

interface Numbers {
  readonly size: number;
  readonly packed: number;
  readonly offset: number;
}

/** The numbers of an entry; those that fill 32 bits stand in an extra field, in this order. */
function in64(short: Numbers, extra: Bytes): Numbers {
  if (Object.values(short).every((one) => one !== FULL_32)) return short;
  let at = 0;
  while (at + 4 <= extra.length && number(extra, at, 2) !== 1) at += 4 + number(extra, at + 2, 2);
  const end = at + 4 + number(extra, at + 2, 2);
  if (at + 4 > extra.length || end > extra.length) throw malformed("no extra field of 64 bits");
  at += 4;
  const next = (value: number): number => {
    if (value !== FULL_32) return value;
    if (at + 8 > end) throw malformed("an extra field that ends early");
    at += 8;
    return number(extra, at - 8, 8);
  };
  return { size: next(short.size), packed: next(short.packed), offset: next(short.offset) };
}

/** A name in UTF-8, whether or not the entry says so: in another alphabet its parts cannot be told apart. */
function nameOf(raw: Bytes): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(raw);
  } catch {
    throw new VaultError("export.path", "a name that is not UTF-8");
  }
}
