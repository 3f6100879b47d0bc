/** Web leaf: the files of one build of the web client. Source: specs/leaves.md. */

import { type Bytes } from "@privity/protocol/bytes";
import * as canonical from "@privity/protocol/canonical";
import { type JsonObject } from "@privity/protocol/canonical";
import { Malformed } from "@privity/protocol/errors";

import * as reading from "./reading.ts";

export const KIND = "web";
export const MAX_FILES = 500;
export const INDEX = "index.html";
const PATH = /^[A-Za-z0-9_-][A-Za-z0-9._-]*(?:\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/;

/** A build: version, commit it was built from, and the SHA-256 (hexadecimal) of each file, `index.html` among them. */
export interface Web {
  readonly version: string;
  readonly source: string;
  readonly files: ReadonlyMap<string, string>;
}

/** The web leaf in `data`. Raises Malformed. */
export function decode(data: Uint8Array): Web {
  const value = reading.leaf(data, KIND, ["version", "source", "files"]);
  const { files } = value;
  if (files === null || typeof files !== "object" || Array.isArray(files) || !Object.hasOwn(files, INDEX)) {
    throw new Malformed("member_value", "files");
  }
  const listed = Object.entries(files as JsonObject);
  if (listed.length > MAX_FILES) throw new Malformed("member_value", "files");
  return {
    files: new Map(listed.map(([path, one]) => [canonical.text(path, "path", 200, PATH), reading.digest(one, "files")])),
    version: canonical.text(value.version, "version", 64),
    source: canonical.text(value.source, "source", 64, /^(?:local|[0-9a-f]{40}|[0-9a-f]{64})$/),
  };
}

/** The leaf of `web`. Raises Malformed. */
export function encode(web: Web): Bytes {
  const data = reading.encode(KIND, { version: web.version, source: web.source, files: Object.fromEntries(web.files) });
  decode(data);
  return data;
}
