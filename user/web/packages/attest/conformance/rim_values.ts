/**
 * Golden measurements of a RIM file that a vector names as reference, for judging the device beside it.
 *
 * The file's own signature is not judged here: that belongs to the operator's tool, which writes such values into
 * releases. Start tags of two elements are read and nothing else; declarations and entities are refused.
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { type Bytes, toHex } from "@privity/protocol/bytes";
import * as canonical from "@privity/protocol/canonical";
import { Malformed } from "@privity/protocol/errors";

import { decode, type Release } from "../src/release.ts";

/** 9999-12-31: the vector names no time to judge the signer's dates at. */
const NEVER = 253_402_300_799;

type Attributes = ReadonlyMap<string, string>;

/** A release whose only content are the active measurements of `xml`. Raises Malformed. */
export function releaseOf(xml: Bytes): Release {
  const text = new TextDecoder().decode(xml).replaceAll(/<!--(?:(?!--)[^])*-->/g, "");
  if (text.includes("<!")) throw new Malformed("member_value", "RIM file");
  const [meta] = elements(text, "Meta");
  const active = elements(text, "Resource").filter((one) => one.get("active") === "True");
  const golden = {
    device: attribute(meta, "product"),
    version: attribute(meta, "colloquialVersion"),
    expires: NEVER,
    rim: toHex(sha256(xml)),
    values: Object.fromEntries(active.map(measurement)),
  };
  const gpu = { count: 0, switches: 0, device_kinds: [], drivers: [], vbios: [], firmware_ids: [], golden: [golden] };
  const nothing = "00".repeat(32);
  return decode(canonical.encode({
    v: 1, t: "release", name: "vector", version: "1", source: "local", platforms: { gpu }, configuration: [nothing],
    models: [nothing], not_before: 0, flags: [],
  }));
}

/** The attributes of every start tag of this local name; prefixes are left out. */
function elements(text: string, name: string): readonly Attributes[] {
  const tags = text.matchAll(new RegExp(`<(?:\\w+:)?${name}((?:\\s+[\\w:.-]+="[^"<&]*")*)\\s*/?>`, "g"));
  return Array.from(tags, ([, inside = ""]) => new Map(
    Array.from(inside.matchAll(/(?:[\w.-]+:)?([\w.-]+)="([^"]*)"/g), ([, key = "", value = ""]) => [key, value]),
  ));
}

function attribute(attributes: Attributes | undefined, name: string): string {
  const value = attributes?.get(name);
  if (value === undefined) throw new Malformed("member_value", `RIM file: ${name}`);
  return value;
}

/** The SPDM index, one above that of the file, and the hashes that may stand there. */
function measurement(resource: Attributes): readonly [string, readonly string[]] {
  const index = Number(attribute(resource, "index"));
  const count = Number(attribute(resource, "alternatives"));
  const hashes = Array.from({ length: count }, (_, number) => attribute(resource, `Hash${String(number)}`).toLowerCase());
  return [String(index + 1), [...new Set(hashes)].sort()];
}
