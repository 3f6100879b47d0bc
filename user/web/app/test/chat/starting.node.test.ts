import { beforeEach, expect, test, vi } from "vitest";

import { Refusal } from "../../src/bridge/line.ts";
import { notices, record } from "../../src/state/app.ts";
import { send } from "../../src/state/asking.ts";
import { failed } from "../../src/state/failing.ts";
import { newRun, runs, setRun } from "../../src/state/runs.ts";
import { connect, ports } from "../../src/state/ports.ts";
import { AGAIN_AFTER, startPorts, type WorkerName } from "../../src/state/starting.ts";
import { FarEnd, settle } from "./far_end.ts";

/** What the page holds of a worker: it is written to, ended, and may break. */
class Held extends EventTarget {
  readonly name: WorkerName;
  readonly posted: { readonly command: { readonly name: string } }[] = [];
  isEnded = false;

  constructor(name: WorkerName) {
    super();
    this.name = name;
  }

  postMessage(message: { readonly command: { readonly name: string } }): void {
    this.posted.push(message);
  }

  terminate(): void {
    this.isEnded = true;
  }
}

let started: Held[];
let later = Date.now();
const start = (name: WorkerName): Promise<Worker> => {
  const worker = new Held(name);
  started.push(worker);
  return Promise.resolve(worker as unknown as Worker);
};
const names = (): readonly string[] => started.map(({ name }) => name);

beforeEach(() => {
  new FarEnd();
  started = [];
  later += AGAIN_AFTER * 2;
  vi.useFakeTimers({ now: later });
  vi.stubGlobal("location", { origin: "https://privity.test" });
  connect(startPorts(start));
  return () => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  };
});

test("a channel that breaks is started anew, its answers are cut, and nothing is sent before another proof", async () => {
  await settle();
  const run = newRun({ request: "r", chat: "c", question: "q", key: "q", answer: "a", rid: "00", model: "m" });
  setRun("c", run);
  started[1]?.dispatchEvent(new Event("error"));
  await settle();
  expect(names()).toEqual(["vault", "channel", "channel"]);
  expect(started[1]?.isEnded).toBe(true);
  expect(started[2]?.posted.map(({ command }) => command.name)).toEqual(["start"]);
  expect(started[0]?.posted.map(({ command }) => command.name)).toContain("finish");
  expect(runs.value.get("c")?.phase.value).toBe("keeping");
  expect(record.value).toBeNull();
  expect(await send({ text: "x", attachments: [] })).toBe(false);
});

test.each([[0, "vault"], [1, "channel"]] as const)("one that breaks again at once waits for a person (%s)", async (at, name) => {
  await settle();
  started[at]?.dispatchEvent(new Event("error"));
  await settle();
  started[2]?.dispatchEvent(new Event("error"));
  await settle();
  expect(names()).toEqual(["vault", "channel", name]);
  // Whoever asks it meanwhile does not wait, and leaves the way out that was offered.
  const asked: Promise<unknown> = name === "vault" ? ports().vault.ask("overview", {}) : ports().channel.ask("models", {});
  await expect(asked).rejects.toMatchObject({ reason: "page.worker" });
  failed(new Refusal("page.worker"));
  const [notice] = notices.value;
  expect(notices.value.length).toBe(1);
  notice?.action?.run();
  await settle();
  expect(names()).toEqual(["vault", "channel", name, name]);
  expect(started[3]?.posted.map(({ command }) => command.name)).toEqual(["start"]);
});

test("one whose script cannot be had is as one that broke", async () => {
  const refused: WorkerName[] = [];
  connect(startPorts((name) => {
    refused.push(name);
    return name === "vault" ? Promise.reject(new TypeError("integrity")) : start(name);
  }));
  await settle();
  await settle();
  expect(refused).toEqual(["vault", "channel", "vault"]);
  await expect(ports().vault.ask("overview", {})).rejects.toMatchObject({ reason: "page.not_loaded" });
  expect(notices.value.map(({ action }) => action?.label)).toEqual(["Try again"]);
});

test("a vault that breaks is asked anew who this browser is; nobody waits for the old one", async () => {
  await settle();
  const asked = ports().vault.ask("overview", {});
  const refusal = expect(asked).rejects.toMatchObject({ reason: "page.worker" });
  started[0]?.dispatchEvent(new Event("error"));
  await refusal;
  await settle();
  expect(names()).toEqual(["vault", "channel", "vault"]);
  expect(started[2]?.posted.map(({ command }) => command.name)).toEqual(["start"]);
});

test("workers that are started anew end those before, which may break unheard", async () => {
  await settle();
  connect(startPorts(start));
  await settle();
  expect(started.slice(0, 2).every(({ isEnded }) => isEnded)).toBe(true);
  started[1]?.dispatchEvent(new Event("error"));
  await settle();
  expect(names()).toEqual(["vault", "channel", "vault", "channel"]);
});

/** What the vault worker says unasked. */
const says = (at: number, news: object): void => {
  started[at]?.dispatchEvent(new MessageEvent("message", { data: { news } }));
};
const portsTold = (): readonly unknown[] => started[0]?.posted.flatMap(({ command }) => {
  return command.name === "annex" ? [(command as { readonly port?: unknown }).port] : [];
}) ?? [];

test("an annex is started when the vault asks for one, which gets the way to it; lock and restart end it", async () => {
  await settle();
  says(0, { kind: "annex" });
  await settle();
  expect(names()).toEqual(["vault", "channel", "annex"]);
  expect(portsTold()).toEqual([expect.any(MessagePort)]);
  expect(started[2]?.isEnded).toBe(false);
  connect(startPorts(start));
  expect(started[2]?.isEnded).toBe(true);
});

test("an annex that has done its work is let go; of one that breaks the vault is told", async () => {
  await settle();
  for (const end of ["message", "error"]) {
    says(0, { kind: "annex" });
    await settle();
    started.at(-1)?.dispatchEvent(new Event(end));
    expect(started.at(-1)?.isEnded).toBe(true);
  }
  expect(portsTold()).toEqual([expect.any(MessagePort), expect.any(MessagePort), null]);
});

test("an annex that cannot be had is told of as well", async () => {
  connect(startPorts((name) => name === "annex" ? Promise.reject(new TypeError("integrity")) : start(name)));
  await settle();
  says(2, { kind: "annex" });
  await settle();
  expect(started[2]?.name).toBe("vault");
  const told = started[2]?.posted.filter(({ command }) => command.name === "annex");
  expect(told).toEqual([expect.objectContaining({ command: { name: "annex", port: null } })]);
});
