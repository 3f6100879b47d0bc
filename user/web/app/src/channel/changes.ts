/** What changed between the last release that this browser accepted and the one that it sees now. */

import * as release from "@privity/attest/release";
import { type Release } from "@privity/attest/release";
import { type Bytes, toHex } from "@privity/protocol/bytes";
import { sha256 } from "@privity/protocol/kdf";
import { Malformed } from "@privity/protocol/errors";

import type { RecordView } from "../bridge/channel.ts";

export type Change = RecordView["differences"][number];
/** Characters of a digest that people compare. */
const SHOWN = 12;

/** The changes from the release leaf `before` to the leaf `now`; none where there was no earlier one. */
export async function changesOf(before: Bytes | null, now: Bytes): Promise<readonly Change[]> {
  const [old, fresh] = [before === null ? null : readable(before), readable(now)];
  if (old === null || fresh === null || old.leafHash === fresh.leafHash) return [];
  return [
    ...changed("version", `${old.name} ${old.version}`, `${fresh.name} ${fresh.version}`),
    ...changed("source", old.source.slice(0, SHOWN), fresh.source.slice(0, SHOWN)),
    ...changed("models", digests(old.models), digests(fresh.models)),
    ...changed("configuration", digests(old.configuration), digests(fresh.configuration)),
    ...changed("platforms", kinds(old), kinds(fresh)),
    ...changed("measurements", await measured(old), await measured(fresh)),
    ...changed("flags", old.flags.join(", "), fresh.flags.join(", ")),
  ];
}

function changed(what: string, before: string, after: string): readonly Change[] {
  return before === after ? [] : [{ what, before, after }];
}

function digests(list: readonly string[]): string {
  return list.map((one) => one.slice(0, SHOWN)).join(", ");
}

function kinds({ platforms }: Release): string {
  return Object.keys(platforms).sort().join(", ");
}

/** One short name for everything that is measured on all kinds of hardware. */
async function measured({ platforms }: Release): Promise<string> {
  const spelled = JSON.stringify(platforms, (_, one: unknown) => (one instanceof Map ? [...one].sort() : one));
  return toHex(await sha256(new TextEncoder().encode(spelled))).slice(0, SHOWN);
}

function readable(leaf: Bytes): Release | null {
  try {
    return release.decode(leaf);
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}
