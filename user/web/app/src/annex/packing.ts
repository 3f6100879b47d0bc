/** What a person takes away, as one file. Source: specs/export.md. */

import { type Bytes, concat } from "@privity/protocol/bytes";
import { VaultError } from "@privity/vault/errors";
import * as archive from "@privity/vault/export/archive";
import * as encrypted from "@privity/vault/export/encrypted";
import type { Library } from "@privity/vault/export/library";
import { zipped } from "@privity/vault/export/zip";
import type { Argon2id, Cost } from "@privity/vault/passphrase";
import { Secret } from "@privity/vault/secret";

/** What encrypts an archive. The words are wiped. */
export interface Lock {
  readonly words: Bytes;
  readonly cost: Cost;
  readonly argon2id: Argon2id;
}

/** The archive; `attachment` gives a file's bytes, `written` is told how many chats are done. Raises VaultError `export.*`. */
export async function packed(
  library: Library, lock: Lock | null, attachment: (id: string) => Promise<Bytes>, written: (done: number) => void,
): Promise<Bytes> {
  let done = 0;
  const counted = async function* (entries: AsyncIterable<archive.Entry>): AsyncGenerator<archive.Entry> {
    for await (const entry of entries) {
      if (entry[0].endsWith(".md")) written(done += 1);
      yield entry;
    }
  };
  const zip = zipped(counted(archive.write(library, attachment)));
  const pieces: Bytes[] = [];
  if (lock === null) {
    for await (const piece of zip) pieces.push(piece);
    return concat(...pieces);
  }
  const words = Secret.take("words", lock.words);
  const writer = await encrypted.Writer.begin(words, lock.cost, lock.argon2id);
  words.wipe();
  pieces.push(writer.header());
  for await (const piece of zip) pieces.push(await writer.feed(piece));
  pieces.push(await writer.finish());
  return concat(...pieces);
}

/** Attachments that are asked for and come later. */
export class Wanted {
  readonly #tell: (id: string) => void;
  readonly #waiting = new Map<string, (data: Bytes | null) => void>();

  constructor(tell: (id: string) => void) {
    this.#tell = tell;
  }

  /** Raises VaultError `object.missing`. */
  async get(id: string): Promise<Bytes> {
    const data = await new Promise<Bytes | null>((resolve) => {
      this.#waiting.set(id, resolve);
      this.#tell(id);
    });
    if (data === null) throw new VaultError("object.missing", "a file");
    return data;
  }

  given(id: string, data: Bytes | null): void {
    this.#waiting.get(id)?.(data);
    this.#waiting.delete(id);
  }
}
