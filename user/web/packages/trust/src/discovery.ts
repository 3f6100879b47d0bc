/** Where the server says that its channel and its logs are: hints, trusted for nothing. Source: specs/discovery.md. */

import * as canonical from "@privity/protocol/canonical";
import { type Json } from "@privity/protocol/canonical";

/** bytes */
export const MAX_WELL_KNOWN = 16_384;
export const MAX_LOGS = 8;
const MEMBERS = ["account", "deploy", "logs", "plans", "relays", "run", "v"] as const;
const ORIGIN = /^https?:\/\/[A-Za-z0-9.:[\]-]{1,250}$/;
const ADDRESS = /^https?:\/\/[A-Za-z0-9.:[\]-]{1,250}(?:\/[A-Za-z0-9._-]{1,64}){0,8}$/;

/** Deployment name, the origin of HELLO and RUN, and where each log can be read, by its origin. */
export interface WellKnown {
  readonly deploy: string;
  readonly run: string;
  readonly logs: ReadonlyMap<string, string>;
}

/** What `/.well-known/privity` says. Raises Malformed. */
export function decode(data: Uint8Array): WellKnown {
  const value = canonical.members(canonical.decode(data, MAX_WELL_KNOWN), MEMBERS, "well-known");
  canonical.integer(value.v, "well-known.v", 1, 1);
  return {
    deploy: canonical.text(value.deploy, "well-known.deploy", 64),
    run: canonical.text(value.run, "well-known.run", 260, ORIGIN),
    logs: new Map(canonical.entries(value.logs, "well-known.logs", 0, MAX_LOGS).map(logOf)),
  };
}

function logOf(value: Json): readonly [string, string] {
  const log = canonical.members(value, ["origin", "url"] as const, "log");
  const origin = canonical.text(log.origin, "log.origin", 255, /^[!-~]+$/);
  return [origin, canonical.text(log.url, "log.url", 800, ADDRESS)];
}
