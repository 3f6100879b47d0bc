/** What the service says of an account's plan, and how much a program draws of it. Source: specs/plans.md, specs/wallet.md. */

import { type Access, integer, json, list, malformed, members } from "@privity/history/http";
import { type Json } from "@privity/protocol/canonical";
import { BLOCK } from "@privity/vault/contents/wallet";
import { isShared, toDraw } from "@privity/vault/wallet";

import { spelled } from "./purse.ts";

/** `daily` null: no limit of a day; `drawn` is what the account drew, by day as routes spell it. */
export interface Plan {
  readonly name: string;
  readonly daily: number | null;
  readonly drawn: ReadonlyMap<string, number>;
}

/** Ask. Raises ServiceError. */
export async function planOf(access: Access): Promise<Plan> {
  const { plan, limits, drawn } = await json(access, "GET", "/v1/usage");
  const daily = members(limits)["daily"] ?? null;
  const counts = list(drawn).map((one) => members(one)).map((one) => [text(one["day"]), integer(one["count"])] as const);
  return { name: text(plan), daily: daily === null ? null : integer(daily), drawn: new Map(counts) };
}

/**
 * How many tokens of a day a program asks for, 0 for none. `stock` is what it may still spend of that day.
 *
 * Of a plan whose tokens an account's devices share it takes one block at a time: it writes no wallet, so that nobody else can
 * spend what it drew.
 */
export function countOf({ daily, drawn }: Plan, day: number, stock: number): number {
  const count = toDraw(daily, drawn.get(spelled(day)) ?? 0, stock);
  return isShared(daily) ? Math.min(BLOCK, count) : count;
}

function text(value: Json | undefined): string {
  if (typeof value !== "string" || !/^[a-z0-9-]{1,32}$/.test(value)) throw malformed();
  return value;
}
