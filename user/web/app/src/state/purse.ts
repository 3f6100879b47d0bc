/** Tokens as the page passes them on, from the vault worker to the channel worker: it keeps none. */

import { toHex } from "@privity/protocol/bytes";

import type { Metering } from "../bridge/tokens.ts";
import { faultOf } from "./faults.ts";
import { allowance, type Paid } from "./paying.ts";
import { ports } from "./ports.ts";
import { keepId } from "./request_ids.ts";
import { failures, setFailure } from "./runs.ts";

/** The keys in JSON, as the annex reads them. */
export function spelled({ meter }: Metering): string {
  const { issuers } = meter;
  return JSON.stringify({
    ...meter, issuers: { ...issuers, keys: issuers.keys.map((one) => ({ ...one, spki: toHex(one.spki) })) },
  });
}

/** Raises Refusal `tokens_gone`, `issuer_refused`, and what the service says. */
export async function take(metering: Metering, rid: string, fresh: boolean): Promise<Paid> {
  const count = metering.prices.chat;
  if (count === 0) return { rid, tokens: [] };
  try {
    const taken = await ports().vault.ask("tokens", { meter: spelled(metering), rid, count, fresh });
    allowance.value = taken.allowance;
    if (taken.rid !== rid) forget(taken.rid);
    return { rid: taken.rid, tokens: taken.tokens };
  } catch (error) {
    if (faultOf(error).reason === "tokens_gone") await learn(metering).catch(() => undefined);
    throw error;
  }
}

/** Whoever tries again what another question took over asks anew: two answers of one id would stop each other. */
function forget(rid: string): void {
  for (const [question, failure] of failures.value) {
    if (failure.rid !== rid) continue;
    setFailure(question, { ...failure, rid: toHex(crypto.getRandomValues(new Uint8Array(16))) });
    keepId(question, null);
  }
}

/** What is left; `rid`: a request whose answer has come, "" for none. */
export async function learn(metering: Metering, rid = ""): Promise<void> {
  if (metering.prices.chat === 0) return;
  const meter = spelled(metering);
  const { vault } = ports();
  allowance.value = rid === "" ? await vault.ask("allowance", { meter })
    : (await vault.ask("tokens", { meter, rid, count: 0, fresh: true })).allowance;
}
