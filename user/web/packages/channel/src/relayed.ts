/** The way through a relay that is not the operator's, and no other. Source: specs/relay-forwarder.md, "What a client does". */

import { TrustError } from "@privity/trust/errors";
import { type Fetch } from "@privity/trust/http";

/** What is asked of the server's own address without an account. */
const PUBLIC = ["/.well-known/privity", "/v1/bulletin", "/v1/nodes/"] as const;

/**
 * A `fetch` that leads every request for `service` and its channel to `relay`; both are origins.
 *
 * There is no other way: not when the relay fails, nor when it says so. Rejects with TrustError `relay_bypassed`.
 */
export function turned(fetch: Fetch, service: string, relay: string): Fetch {
  return async (address, options) => {
    const { origin, host, pathname } = new URL(address);
    if (origin === relay) return fetch(address, options);
    if (origin !== service || !PUBLIC.some((path) => pathname.startsWith(path))) throw new TrustError("relay_bypassed", host);
    return fetch(`${relay}${pathname}`, options);
  };
}
