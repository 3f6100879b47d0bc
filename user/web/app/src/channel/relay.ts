/**
 * The relay before a server's public side: what is offered, what a person chose, and that nothing goes past it.
 *
 * Source: specs/relay-forwarder.md. An offer is the word of the operator whom the relay hides the address from; a choice is
 * the person's alone. A choice that cannot be read is never taken for none.
 */

import { ascii, type Bytes } from "@privity/protocol/bytes";
import * as canonical from "@privity/protocol/canonical";
import type { Json } from "@privity/protocol/canonical";
import { Malformed } from "@privity/protocol/errors";
import { MAX_WELL_KNOWN } from "@privity/trust/discovery";
import { TrustError } from "@privity/trust/errors";
import { type Fetch, get } from "@privity/trust/http";

import type { OfferView, RelayView } from "../bridge/channel.ts";
import { Refusal } from "../bridge/line.ts";

const MAX_OFFERS = 8;
const MAX_NAME = 80;
const MAX_CHOICE = 2048;
const ORIGIN = /^https?:\/\/[A-Za-z0-9.:[\]-]{1,250}$/;
const FORWARD = ["kind", "name", "url"] as const;

/** What is kept: the relay's origin, and the run origin by which tokens know this server (specs/wallet.md). */
export interface Choice {
  readonly relay: string;
  readonly run: string;
}

/** What is shown of a relay before `service`; null: there is none. On the server's own host it hides nothing. */
export function relayView(service: string, relay: string | null): RelayView | null {
  return relay === null ? null : { url: relay, hides: new URL(relay).hostname !== new URL(service).hostname };
}

/** The relays that a discovery document offers and a page can use; those of other kinds are left out. Raises Malformed. */
export function offersIn(document: Uint8Array, service: string): readonly OfferView[] {
  const value = canonical.decode(document, MAX_WELL_KNOWN);
  const offered = value !== null && typeof value === "object" && "relays" in value ? value["relays"] : null;
  return canonical.entries(offered ?? null, "well-known.relays", 0, MAX_OFFERS).flatMap((one) => offerOf(one, service));
}

function offerOf(value: Json, service: string): readonly OfferView[] {
  if (value === null || typeof value !== "object" || !("kind" in value) || value["kind"] !== "forward") return [];
  const offer = canonical.members(value, FORWARD, "relay");
  const name = canonical.text(offer.name, "relay.name", MAX_NAME);
  const url = originOf(canonical.text(offer.url, "relay.url", 260, ORIGIN));
  // A browser refuses what is not encrypted to a page that is.
  if (service.startsWith("https:") && !url.startsWith("https:")) return [];
  return [{ name, url, hides: relayView(service, url)?.hides === true }];
}

/** As a browser writes it. Raises Malformed. */
function originOf(text: string): string {
  if (!URL.canParse(text)) throw new Malformed("member_value", "relay.url");
  return new URL(text).origin;
}

/** What is kept of a choice. */
export function encodeChoice({ relay, run }: Choice): Bytes {
  return canonical.encode({ v: 1, relay, run });
}

/** Kept in the place of a choice: none was made. */
export const NO_RELAY: Bytes = ascii("");

/** The choice that is kept. Raises TrustError `memory_unusable`. */
export function choiceIn(kept: Bytes | null): Choice | null {
  if (kept === null || kept.length === 0) return null;
  try {
    const value = canonical.members(canonical.decode(kept, MAX_CHOICE), ["relay", "run", "v"] as const, "relay");
    canonical.integer(value.v, "relay.v", 1, 1);
    const [relay, run] = [value.relay, value.run].map((one) => originOf(canonical.text(one, "relay", 260, ORIGIN)));
    return { relay: relay ?? "", run: run ?? "" };
  } catch (error) {
    if (error instanceof Malformed) throw new TrustError("memory_unusable", "relay");
    throw error;
  }
}

/** Where a process on this machine says what the server's run origin is: its copy of the document names itself. */
const RUN_PATH = "/.well-known/privity-local/run";
/** bytes */
const MAX_RUN = 512;

/** The run origin as the process on this machine has it from the server. Raises TrustError, Malformed. */
export async function runBehind(fetch: Fetch, service: string): Promise<string> {
  return runIn(await get(fetch, `${service}${RUN_PATH}`, MAX_RUN));
}

/** Raises Malformed. */
export function runIn(document: Uint8Array): string {
  const value = canonical.members(canonical.decode(document, MAX_RUN), ["run", "v"] as const, "run");
  canonical.integer(value.v, "run.v", 1, 1);
  return originOf(canonical.text(value.run, "run.run", 260, ORIGIN));
}

/**
 * A guest draws a token when asking, at the service itself: that would show the address that a relay is to hide. Raises
 * Refusal where a question costs one.
 */
export function guestMayAsk(relay: RelayView | null, price: number): void {
  if (relay !== null && price > 0) throw new Refusal("relay.guest");
}
