/** Showing once more that it is you, where the vault wants it: by passkey at once, else by what else there is. */

import { signal } from "@preact/signals";

import { Refusal } from "../bridge/line.ts";
import { clears } from "./clearing.ts";
import { prove } from "./entering.ts";
import { type Fault, faultOf } from "./faults.ts";
import { cancel } from "./gestures.ts";

/** The passkey is asked for, or did not do: `fault` says why. Null: nothing is asked. */
export interface Proving {
  readonly busy: boolean;
  readonly fault: Fault | null;
}

export const proving = signal<Proving | null>(null);

interface Waiting {
  readonly done: () => void;
  readonly left: (error: Refusal) => void;
  failed: boolean;
}
let waiting: Waiting | null = null;

/** What the vault refuses until a person showed themselves in the last five minutes. */
const STALE: ReadonlySet<string> = new Set(["access.stale", "access.scope"]);

clears(leaveProof);

/** A step that may need a fresh proof: it is asked for only then, and the step is done again. Raises Refusal. */
export async function withProof<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (!(error instanceof Refusal) || !STALE.has(error.reason)) throw error;
  }
  await asked();
  return step();
}

function asked(): Promise<void> {
  leaveProof();
  return new Promise((resolve, reject) => {
    waiting = { done: resolve, left: reject, failed: false };
    void tryProof();
  });
}

/** Ask the passkey, or take a recovery code. */
export async function tryProof(code: string | null = null): Promise<void> {
  const mine = waiting;
  if (mine === null || proving.value?.busy === true) return;
  proving.value = { busy: true, fault: null };
  try {
    await prove(code, mine.failed);
    if (mine !== waiting) return;
    [waiting, proving.value] = [null, null];
    mine.done();
  } catch (error) {
    mine.failed = true;
    if (mine === waiting) proving.value = { busy: false, fault: faultOf(error) };
  }
}

/** Nothing is proven, and the step that wanted it is not done. */
export function leaveProof(): void {
  const left = waiting;
  [waiting, proving.value] = [null, null];
  if (left === null) return;
  cancel();
  left.left(new Refusal("passkey.cancelled", "left"));
}
