/** Everything that the channel worker does not compute: what is kept, network, time, chance, the page. */

import type { Ground } from "@privity/channel/ground";
import type { Bytes } from "@privity/protocol/bytes";

import type { ChannelNews } from "../bridge/channel.ts";

/**
 * What is kept: `pin` (which logs count), `origin` (who named them: "given" or "met"), `remembered` (of the logs),
 * `memory` (of appraisals), `conviction` (notes of a log that lied), `consent` (development roots), `release` (the last one
 * that was accepted), `relay` (the person's choice).
 */
export type Kept = "pin" | "origin" | "remembered" | "memory" | "conviction" | "consent" | "release" | "relay";

/** What is kept of one service. All tabs of this browser share it. */
export interface Cabinet {
  get(name: Kept): Promise<Bytes | null>;
  put(name: Kept, data: Bytes): Promise<void>;
  /** Give `step` what is kept and keep what it returns; nobody else changes it meanwhile. A failed step changes nothing. */
  update(name: Kept, step: (kept: Bytes | null) => Promise<Bytes>): Promise<void>;
  /** Keep nothing of the service any longer. */
  erase(): Promise<void>;
}

export interface Edges {
  readonly ground: Ground;
  cabinet(service: string): Promise<Cabinet>;
  /** Whether a process on this machine carries all requests: then it alone knows where they go (specs/web-delivery.md). */
  readonly carried: boolean;
  /** Run a step after so many seconds; the answer cancels it. */
  after(seconds: number, step: () => void): () => void;
  tell(news: ChannelNews): void;
}
