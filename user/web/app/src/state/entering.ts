/** Coming back: by passkey, by seven words, by recovery code, by what this browser keeps; and proving oneself once more. */

import type { AccountState } from "../bridge/views.ts";
import { t } from "../text/text.ts";
import { account, screen } from "./app.ts";
import { clearShown } from "./clearing.ts";
import { attempt, became, FRESH } from "./entry.ts";
import { type Fault, faultOf } from "./faults.ts";
import { use } from "./gestures.ts";
import { tell } from "./notices.ts";
import { go } from "./places.ts";
import { ports } from "./ports.ts";
import { renewed } from "./renewal.ts";

/** What a person chose for this browser. */
export interface Entering {
  readonly label: string;
  readonly keepUnlocked: boolean;
}

/** Open with the key that this browser keeps. */
export function openHere(): Promise<void> {
  return tried(() => ports().vault.ask("unlock", {}));
}

/**
 * Open with a passkey: an account that this browser knows, or one that is new to it.
 *
 * `words`: what was typed where the passkey only signs in.
 */
export function signIn(entering: Entering, words: string | null = null): Promise<void> {
  const purpose = account.value?.state === "locked" ? "unlock" : "enter";
  return tried((any) => proved(purpose, words, entering, any));
}

/** Open with the recovery code. Who had to use it is without a passkey here, and is led to one. */
export async function recover(typed: string, label: string): Promise<void> {
  const stranger = account.value?.state === "guest";
  await tried(() => ports().vault.ask("code", { typed, label }));
  if (!stranger || !isOpen()) return;
  tell(t("entry.recover.done"), { stays: null, action: { label: t("account.passkey.add"), run: () => go("devices") } });
}

function isOpen(): boolean {
  return account.value?.state === "open";
}

async function tried(step: (any: boolean) => Promise<AccountState>): Promise<void> {
  if (attempt.value.busy) return;
  const { words, failed } = attempt.value;
  attempt.value = { busy: true, fault: null, words, failed };
  try {
    const state = await step(failed);
    attempt.value = FRESH;
    if (state.state === "open") screen.value = "chat";
    await became(state);
  } catch (error) {
    const fault = known(faultOf(error));
    const asks = fault.reason === "passkey.opens_nothing";
    attempt.value = { busy: false, fault: asks && !words ? null : fault, words: words || asks, failed: failed || !asks };
  }
}

/** A stranger's passkey is refused as anybody is; here that means that its account is not, or no longer, there. */
function known(fault: Fault): Fault {
  if (fault.reason !== "access.refused" || account.value?.state !== "guest") return fault;
  return { reason: "passkey.refused", detail: fault.detail };
}

/** The passkey that opened here last is asked for by name; `any`: every passkey of this place may answer. */
async function proved(
  purpose: "enter" | "unlock" | "prove", words: string | null, entering: Entering, any: boolean,
): Promise<AccountState> {
  const { vault } = ports();
  const { assertion, material } = await use(() => vault.ask("proof", {}), any);
  return vault.ask("proved", { ...assertion, material, purpose, words, ...entering });
}

/** Show once more that it is you, by passkey (`any`: whichever) or with the recovery code. Raises Refusal. */
export async function prove(code: string | null, any: boolean): Promise<void> {
  if (code === null) await proved("prove", null, { label: "", keepUnlocked: false }, any);
  else await ports().vault.ask("code", { typed: code, label: "" });
}

/** Sign out in this browser and erase what it keeps. What was not uploaded is gone. */
export async function forget(): Promise<Fault | null> {
  try {
    const state = await ports().vault.ask("forget", {});
    // Which logs counted and what was accepted go as well; a page that asks next begins anew.
    await ports().channel.ask("forget", {}).catch(() => undefined);
    clearShown();
    screen.value = "chat";
    await became(state);
    void renewed()?.prove();
    return null;
  } catch (error) {
    return faultOf(error);
  }
}

/** What this device would be called: browser and system, as the browser tells of itself. */
export function ownName(userAgent: string): { readonly browser: string; readonly system: string } {
  const found = (names: readonly (readonly [pattern: RegExp, name: string])[]): string => {
    return names.find(([pattern]) => pattern.test(userAgent))?.[1] ?? "";
  };
  return { browser: found(BROWSERS), system: found(SYSTEMS) };
}

const BROWSERS = [
  [/Edg\//, "Edge"], [/OPR\//, "Opera"], [/Firefox\//, "Firefox"], [/Chrome\//, "Chrome"], [/Safari\//, "Safari"],
] as const;
const SYSTEMS = [
  [/iPhone/, "iPhone"], [/iPad/, "iPad"], [/Android/, "Android"], [/Mac OS X/, "Mac"], [/Windows/, "Windows"],
  [/CrOS/, "ChromeOS"], [/Linux/, "Linux"],
] as const;
