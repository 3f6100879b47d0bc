/**
 * What follows a failed try: the closed list of specs/admission.md, with jitter.
 *
 * There is no reaction that verifies less, pads less or changes the suite.
 */

import { fromStatus, type OuterError, reactions } from "@privity/protocol/admission";
import { type Entropy } from "@privity/protocol/xwing";

import { below } from "./choice.ts";
import { ChannelError, type ChannelReason } from "./errors.ts";

/** Stands for a status where no response came at all. */
export const NO_RESPONSE = 0;
const FIRST_PAUSE = 0.2;
const BUSY_PAUSE = 1;
/** A relay or a node that died is started again within a few seconds. */
const ABSENT_PAUSE = 1.5;
const REASONS: Readonly<Record<OuterError, ChannelReason>> = {
  malformed: "session_refused",
  unknown_session: "session_refused",
  unknown_key: "session_refused",
  too_large: "too_large",
  slow_down: "slow_down",
  busy: "busy",
};

/** Try the same request again after `wait` seconds; on another node, after a new search, where said so. */
export interface Again {
  readonly reason: OuterError | "unreachable";
  readonly wait: number;
  readonly elsewhere: boolean;
  readonly search: boolean;
}

/** What to do after `sent` failed tries, the last with `status`. Raises ChannelError when that is nothing. */
export function react(status: number, sent: number, entropy: Entropy, detail = ""): Again {
  if (status === NO_RESPONSE) {
    if (reactions("busy", sent).includes("give_up")) throw new ChannelError("unreachable", detail);
    return { reason: "unreachable", wait: jittered(ABSENT_PAUSE, sent, entropy), elsewhere: true, search: true };
  }
  const error = fromStatus(status);
  if (reactions(error, sent).includes("give_up")) {
    throw new ChannelError(REASONS[error], `the server answered ${String(status)}`);
  }
  const waiting = error === "slow_down" || error === "busy";
  return {
    reason: error,
    wait: jittered(waiting ? BUSY_PAUSE : FIRST_PAUSE, sent, entropy),
    elsewhere: error !== "unknown_session",
    // The node's key may have ended, or the node itself: the directory may know a newer one.
    search: error === "unknown_key" || error === "malformed",
  };
}

/** base × 2^(sent-1), spread from half to one and a half so that clients do not return together. */
function jittered(base: number, sent: number, entropy: Entropy): number {
  return base * 2 ** (sent - 1) * (0.5 + below(1000, entropy) / 1000);
}
