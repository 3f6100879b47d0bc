/** The workers: started, asked before they are there, ended, and started anew when one broke. */

import { type End, Line } from "../bridge/line.ts";
import { account, chat, record, screen } from "./app.ts";
import { arrive, followAccount, takeAddress } from "./arriving.ts";
import { channelLost } from "./asking.ts";
import { openPlace } from "./chats.ts";
import { failed } from "./failing.ts";
import { readFile } from "./files.ts";
import { givenPin } from "./local.ts";
import { heardChannel, heardVault, judged } from "./news.ts";
import { begin } from "./entering.ts";
import { leftAt, listen } from "./places.ts";
import { connect, type Ports, ports } from "./ports.ts";

export type WorkerName = "vault" | "channel" | "files";
/** Starts a worker of this build; its bytes were checked. */
export type StartWorker = (name: WorkerName) => Promise<Worker>;

/** A worker that can be written to before it is there. */
class Coming implements End {
  readonly #worker: Promise<Worker>;
  #there: Worker | null = null;

  constructor(worker: Promise<Worker>, broke: (reason: string) => void) {
    this.#worker = worker;
    worker.then((found) => {
      this.#there = found;
      found.addEventListener("error", () => broke("page.worker"));
      found.addEventListener("messageerror", () => broke("page.worker"));
    }, () => broke("page.not_loaded"));
  }

  postMessage(message: unknown): void {
    if (this.#there === null) void this.#worker.then((found) => found.postMessage(message), () => undefined);
    else this.#there.postMessage(message);
  }

  addEventListener(type: "message", listener: (event: MessageEvent<unknown>) => void): void {
    void this.#worker.then((found) => found.addEventListener(type, listener), () => undefined);
  }

  end(): void {
    void this.#worker.then((found) => found.terminate(), () => undefined);
  }
}

let ending: (() => void) | null = null;

/** Start vault and channel; those that ran before end. The lines can be asked at once. */
export function startPorts(start: StartWorker): Ports {
  ending?.();
  const vaultEnd = new Coming(start("vault"), (reason) => {
    vault.close(reason);
    failed(Object.assign(new Error("vault"), { reason }));
  });
  const channelEnd = new Coming(start("channel"), (reason) => {
    channel.close(reason);
    channelLost(reason);
    record.value = null;
  });
  ending = () => {
    vaultEnd.end();
    channelEnd.end();
  };
  const vault: Ports["vault"] = new Line(vaultEnd, heardVault);
  const channel: Ports["channel"] = new Line(channelEnd, heardChannel);
  return { vault, channel, readFile: (file, progress) => readFile(() => start("files"), file, progress) };
}

/** From a fresh page to one that can be used: who this browser is, what the enclave proves. */
export async function beginPage(start: StartWorker, service: string): Promise<void> {
  connect(startPorts(start));
  const wanted = takeAddress();
  listen(openPlace);
  followAccount();
  const proving = prove(service);
  try {
    await begin(await ports().vault.ask("start", { service }));
    if (wanted !== null) await arrive(wanted);
    const left = leftAt();
    if (left !== null && chat.value === null && screen.value === "chat" && account.value?.state !== "locked") openPlace(left);
  } catch (error) {
    failed(error);
  }
  await proving;
}

/** Have the enclave prove itself; where that cannot be, nothing can be sent, and the reason is shown. */
export async function prove(service: string): Promise<void> {
  try {
    record.value = await ports().channel.ask("start", { service, pin: givenPin() })
      ?? await ports().channel.ask("verify", { fresh: false });
  } catch (error) {
    failed(error);
  }
  await judged();
}
