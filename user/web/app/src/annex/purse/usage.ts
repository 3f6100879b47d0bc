/** What the service says of an account's plan, strictly read. Source: specs/service-api.md, `GET /v1/usage`. */

import { spelled } from "./keys.ts";

/** `daily` null: no limit of a day. */
export interface Plan {
  readonly name: string;
  readonly daily: number | null;
  /** What the account drew of a day. */
  readonly drawn: (day: number) => number;
}

/** A guest's tokens are those of the free plan; how many there are for its network only the service knows. */
export const OF_GUESTS: Plan = { name: "free", daily: null, drawn: () => 0 };

/** The plan in an answer, null for what is none. */
export function planOf(answer: string): Plan | null {
  try {
    const { plan, limits, drawn } = JSON.parse(answer) as Readonly<Record<string, unknown>>;
    const daily = (limits as Readonly<Record<string, unknown>>)["daily"] ?? null;
    if (typeof plan !== "string" || !Array.isArray(drawn) || !(daily === null || isCount(daily))) return null;
    const counts = new Map((drawn as readonly Readonly<Record<string, unknown>>[]).map(({ day, count }) => {
      return [String(day), isCount(count) ? count : 0];
    }));
    return { name: plan, daily, drawn: (day) => counts.get(spelled(day)) ?? 0 };
  } catch {
    return null;
  }
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
