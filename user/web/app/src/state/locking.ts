/**
 * Locking: drafts are sealed, workers end, what was shown is cleared, the page is covered. By hand, after idleness, or because
 * another tab did.
 */

import { signal } from "@preact/signals";

import type { AccountState } from "../bridge/views.ts";
import { account, models, notices, overview, panelOpen, record, screen, sidebarOpen } from "./app.ts";
import { clears, clearShown } from "./clearing.ts";
import { flushDrafts } from "./drafts.ts";
import { became } from "./entry.ts";
import { failed } from "./failing.ts";
import { service } from "./local.ts";
import { assertive, polite } from "./notices.ts";
import { connect, ports } from "./ports.ts";
import { flushRemovals } from "./removing.ts";
import { renewed } from "./renewal.ts";

/** Milliseconds that sealing may take: a lock waits for nothing longer. */
const PATIENCE = 2000;
/** How often idleness is looked at, milliseconds. */
const LOOK = 5000;
/** Choices of seconds until the client locks itself; null: never. */
export const LOCK_AFTER = [300, 900, 3600, null] as const;

/** What must be sealed or carried out before the workers end. */
const steps = new Set<() => Promise<void>>([flushDrafts, flushRemovals]);
/** It locks: nothing of what was shown may be drawn again. */
export const locking = signal(false);

/** Have something sealed before the workers end, such as what stands in the composer. Returns what takes it back. */
export function beforeLock(step: () => Promise<void>): () => void {
  steps.add(step);
  return () => steps.delete(step);
}

/** Lock now. A guest has nothing to lock. */
export async function lock(): Promise<void> {
  if (account.value?.state !== "open" || locking.value) return;
  locking.value = true;
  await inTime(Promise.all([...steps].map((step) => step())));
  await inTime(ports().vault.ask("lock", {}));
  await cover();
}

/** The vault says who this browser is from now on: another tab locked, or forgot the account, and this one follows. */
export async function heardState(state: AccountState): Promise<void> {
  if (locking.value) return;
  if (state.state === "locked" && account.value?.state === "open") {
    locking.value = true;
    await cover();
    return;
  }
  if (state.state === "guest" && account.value?.state === "open") {
    clearShown();
    screen.value = "chat";
  }
  await became(state);
}

clears(() => {
  record.value = null;
  [models.value, notices.value] = [[], []];
  [polite.value, assertive.value] = ["", ""];
  [panelOpen.value, sidebarOpen.value] = [false, false];
});

async function cover(): Promise<void> {
  account.value = { state: "locked", opens: account.value?.state === "locked" ? account.value.opens : [] };
  screen.value = "unlock";
  clearShown();
  getSelection()?.removeAllRanges();
  try {
    const renewal = renewed();
    if (renewal !== null) {
      const started = renewal.start();
      connect(started);
      void renewal.prove();
      await became(await started.vault.ask("start", { service: service() }));
    }
  } catch (error) {
    failed(error);
  } finally {
    locking.value = false;
  }
}

async function inTime(step: Promise<unknown>): Promise<void> {
  let clock: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => { clock = setTimeout(resolve, PATIENCE); });
  await Promise.race([step.catch(() => undefined), late]);
  clearTimeout(clock);
}

const SIGNS = ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"] as const;

/** What idleness is measured with. */
export interface Watch {
  readonly now: () => number;
  readonly target: Pick<EventTarget, "addEventListener" | "removeEventListener">;
  /** Called each few seconds, and when the page is seen again: a sleeping device stops its clocks. */
  readonly look: (then: () => void) => () => void;
}

/** Lock after idleness as the settings say. Returns what stops it. */
export function watchIdleness({ now, target, look }: Watch, locked: () => Promise<void> = lock): () => void {
  let last = now();
  const sign = (): void => { if (!isDue(last, now())) last = now(); };
  for (const name of SIGNS) target.addEventListener(name, sign, { passive: true, capture: true });
  const stop = look(() => {
    if (account.value?.state !== "open") last = now();
    else if (isDue(last, now())) void locked();
  });
  return () => {
    stop();
    for (const name of SIGNS) target.removeEventListener(name, sign, { capture: true });
  };
}

function isDue(last: number, at: number): boolean {
  const seconds = overview.value?.settings.lock ?? null;
  return account.value?.state === "open" && seconds !== null && at - last >= seconds * 1000;
}

/** The clock and events of this page. */
export function ownWatch(): Watch {
  const look = (then: () => void): (() => void) => {
    const clock = setInterval(then, LOOK);
    document.addEventListener("visibilitychange", then);
    return () => {
      clearInterval(clock);
      document.removeEventListener("visibilitychange", then);
    };
  };
  return { now: () => Date.now(), target: window, look };
}
