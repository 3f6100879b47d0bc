/** What a vector file is made of, and how its cases are judged. */

import { type Bytes, equal, fromHex, toHex } from "../src/bytes.ts";
import { PrivityError } from "../src/errors.ts";

export type Outcome = "accepted" | "refused";

/** One case: a name that stays the same, the outcome it must have, and the way to find the outcome that it has. */
export interface Case {
  readonly id: string;
  readonly expected: Outcome;
  /** Throws when neither outcome is right: bytes differ from the known answer, or an undocumented error came. */
  outcome(): Promise<Outcome>;
}

/** The cases of one file's parsed JSON. */
export type Reader = (file: unknown) => readonly Case[];

export interface Verdict {
  readonly id: string;
  readonly passed: boolean;
  readonly found: string;
}

export async function judge(example: Case): Promise<Verdict> {
  let found: string;
  try {
    found = await example.outcome();
  } catch (error) {
    found = error instanceof Error ? `${error.name}: ${error.message}` : "something thrown that is no error";
  }
  return { id: example.id, passed: found === example.expected, found };
}

/** Refused when the step raises a documented error; other errors leave. */
export async function refusedByUs(step: () => Promise<unknown>): Promise<Outcome> {
  try {
    await step();
    return "accepted";
  } catch (error) {
    if (error instanceof PrivityError) return "refused";
    throw error;
  }
}

/** Refused when the step raises anything: for a library's primitive, whose errors are its own. A result is checked. */
export async function refusedByLibrary<T>(step: () => Promise<T> | T, check: (result: T) => void): Promise<Outcome> {
  let result: T;
  try {
    result = await step();
  } catch {
    return "refused";
  }
  check(result);
  return "accepted";
}

/** A case that must be accepted and give known answers; the step throws when they differ. */
export function answers(id: string, step: () => Promise<void> | void): Case {
  return {
    id,
    expected: "accepted",
    outcome: async () => {
      await step();
      return "accepted";
    },
  };
}

export function same(found: Uint8Array, expected: Uint8Array, what: string): void {
  if (equal(found, expected)) return;
  throw new Error(`${what}: ${toHex(found).slice(0, 64)}, expected ${toHex(expected).slice(0, 64)}`);
}

export function bytes(text: string): Bytes {
  const data = fromHex(text.replace(/^0x/, "").toLowerCase());
  if (data === null) throw new Error("not hexadecimal text");
  return data;
}
