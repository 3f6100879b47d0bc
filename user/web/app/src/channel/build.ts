/** The code of the page, held against the release log: which build it is, and whether the log has it. Source: specs/leaves.md. */

import { isDocumented } from "@privity/channel/errors";
import { type Bytes, toHex } from "@privity/protocol/bytes";
import { Malformed } from "@privity/protocol/errors";
import { sha256 } from "@privity/protocol/kdf";
import * as reading from "@privity/tlog/leaves/reading";
import * as web from "@privity/tlog/leaves/web";
import type { Web } from "@privity/tlog/leaves/web";
import { type Fetch, get } from "@privity/trust/http";

import type { BuildView } from "../bridge/channel.ts";
import { faultOf } from "./fault.ts";

/** Bytes of a page; the rest is never read. */
const MAX_PAGE = 1024 * 1024;

/** SHA-256 of the page that `service` sends now, hexadecimal. Raises TrustError. */
export async function pageOf(service: string, fetch: Fetch): Promise<string> {
  return toHex(await sha256(await get(fetch, `${service}/`, MAX_PAGE)));
}

/** What the leaves of the release log say about the build with this hash; what cannot be asked is "unchecked". */
export async function buildOf(digest: string, leaves: () => Promise<readonly Bytes[]>): Promise<BuildView> {
  const unknown = { digest, reason: "", version: "", source: "", index: null, newest: false };
  try {
    const builds = (await leaves()).flatMap(webAt);
    const found = builds.findLast(({ leaf }) => leaf.files.get(web.INDEX) === digest);
    if (found === undefined) return { ...unknown, state: "unlogged" };
    const { index, leaf: { version, source } } = found;
    return { ...unknown, state: "logged", version, source, index, newest: found === builds.at(-1) };
  } catch (error) {
    if (!isDocumented(error)) throw error;
    return { ...unknown, state: "unchecked", reason: faultOf(error).reason };
  }
}

/** The web build in a leaf; one that is malformed counts as none, which monitors report. */
function webAt(data: Bytes, index: number): { readonly index: number; readonly leaf: Web }[] {
  try {
    return reading.kindOf(data) === web.KIND ? [{ index, leaf: web.decode(data) }] : [];
  } catch (error) {
    if (error instanceof Malformed) return [];
    throw error;
  }
}
