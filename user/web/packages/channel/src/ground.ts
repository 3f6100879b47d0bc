/** What the channel stands on: how to ask, the time, chance, and waiting. Nothing of it is found, all is given. */

import { type Entropy, type XWing } from "@privity/protocol/xwing";
import { type Fetch } from "@privity/trust/http";

/** Resolves after so many seconds, or as soon as the signal has aborted. Never rejects. */
export type Sleep = (seconds: number, signal: AbortSignal) => Promise<void>;

/** `clock` gives Unix seconds; `fetch` must heed the signal that it is given. */
export interface Ground {
  readonly fetch: Fetch;
  readonly clock: () => number;
  readonly entropy: Entropy;
  readonly sleep: Sleep;
  readonly xwing: Pick<XWing, "encapsulate" | "generate">;
}

/** What `step` gives, null when it takes longer than `seconds` or the signal aborts first. Raises what `step` raises. */
export async function within<Result>(
  step: Promise<Result>, seconds: number, sleep: Sleep, signal?: AbortSignal,
): Promise<Result | null> {
  const over = new AbortController();
  const end = (): void => over.abort();
  signal?.addEventListener("abort", end);
  if (signal?.aborted === true) end();
  try {
    return await Promise.race([step, sleep(seconds, over.signal).then(() => null)]);
  } finally {
    signal?.removeEventListener("abort", end);
    end();
  }
}

/** A `fetch` that gives up when an answer, its body included, takes longer than `seconds`. */
export function patient({ fetch, sleep }: Pick<Ground, "fetch" | "sleep">, seconds: number): Fetch {
  return (address, options) => {
    const late = new AbortController();
    void sleep(seconds, late.signal).then(() => late.abort());
    return fetch(address, { ...options, signal: late.signal });
  };
}
