/** What a program may choose beside the server. Every default is stated here, and is the strictest that works. */

import { type Judged } from "@privity/channel/discovery";
import { type Visit } from "@privity/channel/sdk";
import { type ProfileName } from "@privity/protocol/binding";

import { silent, type Tell } from "./progress.ts";
import { type Payer } from "./purse.ts";
import { type Receipts } from "./receipts.ts";

/** Seconds for one answer. */
export const TIMEOUT = 600;

export interface Options {
  /** The traffic shape; `p1` where it is left out. */
  readonly profile?: ProfileName;
  /**
   * The origin of a relay that somebody else runs, so that the operator does not see from where this program asks; left
   * out or null: there is none. An account draws its tokens past it, ahead of need where it can; a guest, who would show the
   * address when asking, is refused by servers that take tokens.
   */
  readonly relay?: string | null;
  /** Seconds for one answer, 600 where left out, null for no limit. After them it is a `TimeoutError`, and the node is told. */
  readonly timeout?: number | null;
  /** Is told what happens; nobody where left out. */
  readonly progress?: Tell;
  /** Where signed receipts are kept; left out: none can be asked for. */
  readonly receipts?: Receipts;
  /** Who pays where a server counts: an account; left out: a guest, who shares a few tokens a day with others of the network. */
  readonly account?: Payer;
  /** Whether a session for the next conversation is made before it begins; true where left out. */
  readonly ahead?: boolean;
}

/** The same, with nothing left out. */
export interface Settings {
  readonly profile: ProfileName;
  readonly timeout: number | null;
  readonly progress: Tell;
  readonly receipts: Receipts | null;
  readonly ahead: boolean;
}

/** What was chosen, and the defaults of the rest. Raises RangeError for a timeout that is none. */
export function settingsOf(options: Options): Settings {
  const { profile = "p1", timeout = TIMEOUT, progress = silent, receipts = null, ahead = true } = options;
  if (timeout !== null && !(timeout > 0)) throw new RangeError("timeout is a number of seconds, or null");
  return { profile, timeout, progress, receipts, ahead };
}

/** The origin of a relay, null for none. Raises TypeError for what is no origin. */
export function relayOf({ relay = null }: Options): string | null {
  if (relay === null) return null;
  const given = URL.canParse(relay) ? new URL(relay) : null;
  const { protocol, pathname, search, hash, username, password } = given ?? {};
  const bare = pathname === "/" && search === "" && hash === "" && username === "" && password === "";
  if (given === null || !bare || (protocol !== "http:" && protocol !== "https:")) {
    throw new TypeError("relay is an origin such as https://relay.example");
  }
  return given.origin;
}

/** The visit that tells `progress` how many nodes were judged, beside whoever listens already. */
export function heardBy(visit: Visit, progress: Tell): Visit {
  const judged: Judged = (done, of) => {
    visit.judged?.(done, of);
    progress({ kind: "verifying", done, of });
  };
  return { ...visit, judged };
}
