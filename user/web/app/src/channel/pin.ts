/**
 * Which logs count for a service: those that were given, else those that were met first. Source: specs/trust.md.
 *
 * A page that came from the person's own disk brings the pin of that machine. Any other page comes from the server that is
 * to be held to its logs, and takes at the first contact what that server's log of releases says of itself: whoever could
 * lie here could have changed the page. From then on the pin stays, and the panel says how it came.
 */

import { ascii, type Bytes } from "@privity/protocol/bytes";
import * as bulletin from "@privity/tlog/bulletin";
import { type Entry } from "@privity/tlog/bulletin";
import * as checkpoint from "@privity/tlog/checkpoint";
import * as fleet from "@privity/tlog/leaves/fleet";
import * as reading from "@privity/tlog/leaves/reading";
import * as trust from "@privity/tlog/leaves/trust";
import { MAX_BULLETIN } from "@privity/tlog/limits";
import * as note from "@privity/tlog/note";
import { TrustError } from "@privity/trust/errors";
import { type Fetch, get } from "@privity/trust/http";
import * as pins from "@privity/trust/pins";

import type { Cabinet } from "./edges.ts";

/** Who named the logs that count: the person, or the server at the first contact. */
export type PinOrigin = "given" | "met";

export interface Pinned {
  readonly pin: Bytes;
  readonly origin: PinOrigin;
}

/**
 * The pin that counts for `service`, kept from now on. `given` is one from the person's own disk, null without one.
 *
 * Raises TrustError, TlogError, Malformed, where a first contact gives none.
 */
export async function pinnedFor(service: string, given: Bytes | null, cabinet: Cabinet, fetch: Fetch): Promise<Pinned> {
  if (given !== null) return await keep(cabinet, { pin: given, origin: "given" });
  const kept = await cabinet.get("pin");
  if (kept !== null) {
    const origin = await cabinet.get("origin");
    return { pin: kept, origin: origin !== null && new TextDecoder().decode(origin) === "given" ? "given" : "met" };
  }
  return { pin: firstPin(await get(fetch, `${service}/v1/bulletin`, MAX_BULLETIN)), origin: "met" };
}

/** Keep a pin under which a look at the logs has succeeded. */
export async function keep(cabinet: Cabinet, pinned: Pinned): Promise<Pinned> {
  pins.decode(pinned.pin);
  await cabinet.put("pin", pinned.pin);
  await cabinet.put("origin", ascii(pinned.origin));
  return pinned;
}

/** The pin that a bulletin's own logs ask for. Nothing of it is believed before it was verified under this very pin. */
export function firstPin(data: Uint8Array): Bytes {
  const posted = bulletin.decode(data);
  const { entries } = posted.release;
  const { witnessPolicy } = trust.decode(only(entries, trust.KIND));
  return pins.encode({
    deploy: fleet.decode(only(entries, fleet.KIND)).deploy,
    policy: witnessPolicy,
    release: originOf(posted.release.checkpoint),
    keys: originOf(posted.keys.checkpoint),
    // A log that nobody watches is never taken up by itself: that needs a pin from the person.
    noQuorum: false,
    holdBack: 0,
    auditors: [],
  });
}

function only(entries: readonly Entry[], kind: string): Bytes {
  const found = entries.find(({ leaf }) => reading.kindOf(leaf) === kind);
  if (found === undefined) throw new TrustError("not_pinned", `the server's log has no ${kind}`);
  return found.leaf;
}

function originOf(head: Bytes): string {
  return checkpoint.decode(note.decode(head).text).origin;
}
