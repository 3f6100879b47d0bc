/** Annexes: started for the vault worker when it asks, and ended with it. The page hands over the way, and hears nothing. */

import type { VaultLine } from "./ports.ts";

const working = new Set<Worker>();

/** Start one, and tell the vault worker the way to it; null when it cannot be had, or breaks. */
export async function startAnnex(start: () => Promise<Worker>, vault: VaultLine): Promise<void> {
  const tell = (port: MessagePort | null): Promise<unknown> => vault.ask("annex", { port }).catch(() => undefined);
  let worker: Worker;
  try {
    worker = await start();
  } catch {
    await tell(null);
    return;
  }
  working.add(worker);
  const ended = (): void => {
    working.delete(worker);
    worker.terminate();
  };
  worker.addEventListener("message", ended);
  worker.addEventListener("error", () => {
    ended();
    void tell(null);
  });
  const { port1, port2 } = new MessageChannel();
  worker.postMessage(null, [port1]);
  await tell(port2);
}

/** The vault worker is gone: so is what worked for it, with all that it was given. */
export function endAnnexes(): void {
  for (const worker of working) worker.terminate();
  working.clear();
}
