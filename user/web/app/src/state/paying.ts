/** What questions cost. Most of it is loaded where the enclave takes tokens, and only there. */

import { signal } from "@preact/signals";
import type { Bytes } from "@privity/protocol/bytes";

import type { AllowanceView, Metering } from "../bridge/tokens.ts";
import { account } from "./app.ts";
import { clears } from "./clearing.ts";
import { ports } from "./ports.ts";
import type * as Purse from "./purse.ts";

/** What may still be asked; null: nothing is counted, or it is not known yet. */
export const allowance = signal<AllowanceView | null>(null);

clears(() => {
  allowance.value = null;
});

async function metering<Result>(step: (purse: typeof Purse, found: Metering) => Promise<Result>, free: Result): Promise<Result> {
  const found = await ports().channel.ask("metering", { guest: account.value?.state !== "open" });
  return found === null ? free : step(await import("./purse.ts"), found);
}

/** With which id and tokens a request goes out. */
export interface Paid {
  readonly rid: string;
  readonly tokens: readonly Bytes[];
}

/**
 * The tokens of a request, none where it costs nothing; others than before with `fresh`. When none is left they are those of a
 * request that came to no end, good under its id alone. Raises Refusal.
 */
export function tokensFor(rid: string, fresh: boolean): Promise<Paid> {
  return metering((purse, found) => purse.take(found, rid, fresh), { rid, tokens: [] });
}

/** Messages that one question costs; 0: nothing is counted. */
export function price(): Promise<number> {
  return metering((_purse, found) => Promise.resolve(found.prices.chat), 0);
}

/** Learn what is left; from then on tokens are drawn ahead of need. The answer to `rid` has come: its tokens are used up. */
export function watchAllowance(rid = ""): void {
  void metering((purse, found) => purse.learn(found, rid), undefined).catch(() => undefined);
}

/** Whether another question can be paid after all: one that cannot stays in the composer. */
export function affordable(): Promise<boolean> {
  return metering(async (purse, found) => {
    await purse.learn(found);
    return allowance.value?.left !== 0;
  }, true).catch(() => true);
}
