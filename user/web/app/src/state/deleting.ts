/** Deleting every chat, and the account. */

import { chat, overview, screen } from "./app.ts";
import { became } from "./entry.ts";
import { type Fault, faultOf } from "./faults.ts";
import { ports } from "./ports.ts";
import { withProof } from "./proving.ts";
import { flushRemovals } from "./removing.ts";

/** Delete every chat, on all devices. */
export async function deleteAll(): Promise<Fault | null> {
  try {
    await flushRemovals();
    await ports().vault.ask("deleteAll", {});
    chat.value = null;
    overview.value = await ports().vault.ask("overview", {});
    return null;
  } catch (error) {
    return faultOf(error);
  }
}

/** Delete the account with all that the service has of it. Afterwards this browser is a guest's. */
export async function deleteAccount(): Promise<Fault | null> {
  try {
    // What could still be taken back cannot any more, so nothing offers it.
    await flushRemovals();
    const state = await withProof(() => ports().vault.ask("deleteAccount", {}));
    chat.value = null;
    screen.value = "chat";
    await became(state);
    return null;
  } catch (error) {
    return faultOf(error);
  }
}
