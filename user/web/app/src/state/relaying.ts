/** Which relay stands between this browser and the operator: what is offered, and the person's choice. */

import { signal } from "@preact/signals";

import type { ChannelAnswers } from "../bridge/channel.ts";
import { record } from "./app.ts";
import { type Fault, faultOf } from "./faults.ts";
import { ports } from "./ports.ts";
import { checkAgain } from "./verifying.ts";

export type Relays = ChannelAnswers["relays"];

/** Null: not asked yet, or it could not be told. */
export const relays = signal<Relays | null>(null);
export const relayFault = signal<Fault | null>(null);

/** Learn what is chosen and offered. */
export async function learnRelays(): Promise<void> {
  try {
    relays.value = await ports().channel.ask("relays", {});
    relayFault.value = null;
  } catch (error) {
    [relays.value, relayFault.value] = [null, faultOf(error)];
  }
}

/** Go this way from now on; what was proven on the other way is asked anew, and until then nothing is sent. */
export async function chooseRelay(url: string | null): Promise<void> {
  try {
    await ports().channel.ask("choose", { relay: url });
    record.value = null;
    await Promise.all([learnRelays(), checkAgain(false)]);
  } catch (error) {
    relayFault.value = faultOf(error);
  }
}
