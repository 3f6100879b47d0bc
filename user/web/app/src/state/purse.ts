/** Tokens as the page passes them on, from the vault worker to the channel worker: it keeps none. */

import { type Bytes, toHex } from "@privity/protocol/bytes";

import type { Metering } from "../bridge/tokens.ts";
import { faultOf } from "./faults.ts";
import { allowance } from "./paying.ts";
import { ports } from "./ports.ts";

/** The keys in JSON, as the annex reads them. */
export function spelled({ meter }: Metering): string {
  const { issuers } = meter;
  return JSON.stringify({
    ...meter, issuers: { ...issuers, keys: issuers.keys.map((one) => ({ ...one, spki: toHex(one.spki) })) },
  });
}

/** Raises Refusal `tokens_gone`, `issuer_refused`, and what the service says. */
export async function take(metering: Metering, rid: string, fresh: boolean): Promise<readonly Bytes[]> {
  const count = metering.prices.chat;
  if (count === 0) return [];
  try {
    const taken = await ports().vault.ask("tokens", { meter: spelled(metering), rid, count, fresh });
    allowance.value = taken.allowance;
    return taken.tokens;
  } catch (error) {
    if (faultOf(error).reason === "tokens_gone") await learn(metering).catch(() => undefined);
    throw error;
  }
}

export async function learn(metering: Metering): Promise<void> {
  if (metering.prices.chat > 0) allowance.value = await ports().vault.ask("allowance", { meter: spelled(metering) });
}
