/** The workers: started, asked before they are there, ended, and started anew when one broke. */

import { type Handing, Line, Refusal } from "../bridge/line.ts";
import { endAnnexes, startAnnex } from "./annexes.ts";
import { account, chat, record, screen } from "./app.ts";
import { arrive, followAccount, takeAddress } from "./arriving.ts";
import { channelLost } from "./asking.ts";
import { openPlace } from "./chats.ts";
import { checking } from "./composing.ts";
import { failed } from "./failing.ts";
import { readFile } from "./files.ts";
import { givenPin, givenRelay, service } from "./local.ts";
import { heardChannel, heardVault, judged } from "./news.ts";
import { begin } from "./entry.ts";
import { leftAt, listen } from "./places.ts";
import { connect, type Ports, ports } from "./ports.ts";

export type WorkerName = "vault" | "channel" | "files" | "annex";
/** Starts a worker of this build; its bytes were checked. */
export type StartWorker = (name: WorkerName) => Promise<Worker>;

/** A worker that can be written to before it is there. */
class Coming implements Handing {
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

  postMessage(message: unknown, handed: Transferable[] = []): void {
    if (this.#there === null) void this.#worker.then((found) => found.postMessage(message, handed), () => undefined);
    else this.#there.postMessage(message, handed);
  }

  addEventListener(type: "message", listener: (event: MessageEvent<unknown>) => void): void {
    void this.#worker.then((found) => found.addEventListener(type, listener), () => undefined);
  }

  end(): void {
    void this.#worker.then((found) => found.terminate(), () => undefined);
  }
}

type Lasting = "vault" | "channel";

/** Milliseconds after which a worker that breaks may be started once more; one that breaks at once would do so for ever. */
export const AGAIN_AFTER = 30_000;

const ends = new Map<Lasting, Coming>();
const restarted = new Map<Lasting, number>();

/** Start vault and channel; those that ran before end. The lines can be asked at once. */
export function startPorts(start: StartWorker): Ports {
  for (const end of ends.values()) end.end();
  endAnnexes();
  return {
    vault: startVault(start), channel: startChannel(start),
    readFile: (file, progress) => readFile(() => start("files"), file, progress),
  };
}

function startVault(start: StartWorker): Ports["vault"] {
  const end = new Coming(start("vault"), (reason) => {
    line.close(reason);
    endAnnexes();
    broken("vault", end, reason, () => {
      connect({ ...ports(), vault: startVault(start) });
      void ports().vault.ask("start", { service: service() }).then(begin).catch((error: unknown) => failed(error));
    });
  });
  ends.set("vault", end);
  const line: Ports["vault"] = new Line(end, (news) => {
    if (news.kind === "annex") void startAnnex(() => start("annex"), line);
    else heardVault(news);
  });
  return line;
}

function startChannel(start: StartWorker): Ports["channel"] {
  const end = new Coming(start("channel"), (reason) => {
    line.close(reason);
    channelLost(reason);
    record.value = null;
    broken("channel", end, reason, () => {
      connect({ ...ports(), channel: startChannel(start) });
      void prove(service());
    });
  });
  ends.set("channel", end);
  const line: Ports["channel"] = new Line(end, heardChannel);
  return line;
}

/** A worker broke. The one in use is started anew: by itself when that was not just done, else when the person says so. */
function broken(name: Lasting, end: Coming, reason: string, anew: () => void): void {
  if (ends.get(name) !== end) return;
  end.end();
  const now = Date.now();
  const again = now - (restarted.get(name) ?? 0) <= AGAIN_AFTER;
  restarted.set(name, now);
  // Without a vault who was in is outside; a channel that is there again is told by its proof.
  if (again || name === "vault") failed(new Refusal(reason), again ? { try_again: anew } : {});
  if (!again) anew();
}

/** From a fresh page to one that can be used: who this browser is, what the enclave proves. */
export async function beginPage(start: StartWorker, server: string): Promise<void> {
  connect(startPorts(start));
  const wanted = takeAddress();
  listen(openPlace);
  followAccount();
  const proving = prove(server);
  try {
    await begin(await ports().vault.ask("start", { service: server }));
    if (wanted !== null) await arrive(wanted);
    const left = leftAt();
    if (left !== null && chat.value === null && screen.value === "chat" && account.value?.state !== "locked") openPlace(left);
  } catch (error) {
    failed(error);
  }
  await proving;
}

/** Have the enclave prove itself; where that cannot be, nothing can be sent, and the reason is shown. */
export async function prove(server: string): Promise<void> {
  checking.value = true;
  try {
    record.value = await ports().channel.ask("start", { service: server, pin: givenPin(), relay: givenRelay() })
      ?? await ports().channel.ask("verify", { fresh: false });
  } catch (error) {
    failed(error);
  }
  await judged();
}
