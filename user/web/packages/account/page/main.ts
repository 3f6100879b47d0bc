/** The screen. It holds what is shown, and asks the vault worker for everything else. */

import { PasskeyError } from "@privity/passkeys/errors";

import type { Answer, Command, Replied, View } from "./bridge.ts";
import { enrol, use } from "./gestures.ts";

type Shown = "none" | "finish" | "seven" | "offering" | "locked" | "ceremony" | "open";
const SCREENS: readonly Shown[] = ["none", "finish", "seven", "offering", "locked", "ceremony", "open"];
/** Milliseconds between two questions for a step of the other device. */
const PATIENCE = 300;

/** The vault worker said no, for a closed reason. */
class Refused extends Error {}

let worker = started();
let asked = 0;
let asksPasskey = false;

function started(): Worker {
  return new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
}

function element(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(id);
  return found;
}

function input(id: string): HTMLInputElement {
  return element(id) as HTMLInputElement;
}

function value(id: string): string {
  return input(id).value;
}

function words(id: string): string | null {
  return value(id) === "" ? null : value(id);
}

function say(text: string): void {
  element("status").textContent = text;
}

function show(screen: Shown): void {
  for (const one of SCREENS) element(one).hidden = one !== screen;
}

function ask(command: Command): Promise<Answer> {
  asked += 1;
  const number = asked;
  return new Promise((resolve, reject) => {
    const told = ({ data }: MessageEvent<Replied>): void => {
      if (data.number !== number) return;
      worker.removeEventListener("message", told);
      if ("reason" in data) reject(new Refused(data.reason));
      else resolve(data.answer);
    };
    worker.addEventListener("message", told);
    worker.postMessage({ number, command });
  });
}

function expect<Kind extends NonNullable<Answer>["kind"]>(answer: Answer, kind: Kind): Extract<Answer, { readonly kind: Kind }> {
  if (answer?.kind !== kind) throw new Refused("page.out_of_order");
  return answer as Extract<Answer, { readonly kind: Kind }>;
}

/** Ask until the other device did its step. */
async function awaited(command: Command): Promise<NonNullable<Answer>> {
  for (;;) {
    const answer = await ask(command);
    if (answer !== null) return answer;
    await new Promise((resolve) => setTimeout(resolve, PATIENCE));
  }
}

function clicked(id: string): Promise<void> {
  return new Promise((resolve) => element(id).addEventListener("click", () => resolve(), { once: true }));
}

function row(text: string): HTMLLIElement {
  const item = document.createElement("li");
  item.textContent = text;
  return item;
}

function render(view: View): void {
  show("open");
  element("messages").replaceChildren(...view.messages.map((one) => {
    const item = row(one.text);
    item.dataset["id"] = one.id;
    item.dataset["parent"] = one.parent ?? "";
    return item;
  }));
  element("devices").replaceChildren(...view.devices.map((one) => {
    const item = row(`${one.label}${one.here ? " (this one)" : ""}${one.active ? "" : " (revoked)"}`);
    if (!one.active || one.here) return item;
    const button = document.createElement("button");
    button.textContent = "Revoke";
    button.dataset["device"] = one.id;
    button.addEventListener("click", run(async () => {
      await prove("fresh");
      render(expect(await ask({ name: "revoke", device: one.id }), "view").view);
    }));
    item.append(button);
    return item;
  }));
  element("n").textContent = String(view.n);
  element("fingerprint").textContent = view.fingerprint;
  element("unsent").textContent = String(view.unsent);
}

async function unlocked(answer: Answer): Promise<void> {
  const { view } = expect(answer, "view");
  if (view.saved) {
    render(view);
    return;
  }
  element("recovery").textContent = expect(await ask({ name: "ceremony" }), "code").shown;
  show("ceremony");
}

/** A step that a person began: its end or its reason is said. */
function run(step: () => Promise<void>): (event: Event) => void {
  return (event) => {
    event.preventDefault();
    say("…");
    void step().then(() => say("Done."), (error: unknown) => {
      if (error instanceof PasskeyError) say(error.reason);
      else say(error instanceof Refused ? error.message : "page.failed");
    });
  };
}

async function prove(purpose: "enter" | "unlock" | "fresh", words: string | null = null): Promise<Answer> {
  const { assertion, material } = await use(expect(await ask({ name: "proof" }), "challenge"));
  return ask({ name: "proved", purpose, ...assertion, material, words, label: value("label") });
}

async function create(): Promise<void> {
  const challenge = expect(await ask({ name: "create" }), "challenge");
  const { registration, material } = await enrol(challenge, async () => {
    show("finish");
    await clicked("again");
    element("finish").hidden = true;
  }).catch((error: unknown) => {
    show("none");
    throw error;
  });
  const keepUnlocked = input("keep").checked;
  const answer = await ask({ name: "created", ...registration, material, label: value("label"), keepUnlocked });
  asksPasskey = !keepUnlocked;
  if (answer?.kind !== "words") return unlocked(answer);
  element("shown-words").textContent = answer.words;
  show("seven");
  await clicked("words-kept");
  element("shown-words").textContent = "";
  element("recovery").textContent = expect(await ask({ name: "ceremony" }), "code").shown;
  show("ceremony");
}

async function offer(): Promise<void> {
  element("link").textContent = expect(await ask({ name: "offer" }), "link").link;
  show("offering");
  element("digits").textContent = expect(await awaited({ name: "answered" }), "digits").digits;
  element("digits-line").hidden = false;
  await unlocked(await awaited({ name: "granted" }));
}

async function scan(): Promise<void> {
  await ask({ name: "scan", link: value("scan") });
  await awaited({ name: "revealed" });
  element("comparing").hidden = false;
}

async function compare(): Promise<void> {
  const answer = await ask({ name: "digits", digits: value("type") });
  if (answer?.kind === "left") throw new Refused(`Wrong digits, ${String(answer.left)} left.`);
  await prove("fresh");
  element("comparing").hidden = true;
  render(expect(await ask({ name: "grant", label: value("new-label") }), "view").view);
}

/** The worker and everything that it knew is gone; so is what stood on the screen. */
async function lock(): Promise<void> {
  await ask({ name: "lock" });
  worker.terminate();
  for (const id of ["messages", "devices"]) element(id).replaceChildren();
  for (const id of ["recovery", "link", "digits", "fingerprint"]) element(id).textContent = "";
  worker = started();
  await begin();
}

async function begin(): Promise<void> {
  const { state } = expect(await ask({ name: "start", service: location.origin }), "state");
  asksPasskey = state === "asks_passkey";
  show(state === "none" ? "none" : "locked");
}

const BUTTONS: Readonly<Record<string, () => Promise<void>>> = {
  create,
  enter: async () => unlocked(await prove("enter", words("words"))),
  offer,
  recover: async () => unlocked(await ask({ name: "code", typed: value("code"), label: value("label") })),
  unlock: async () => unlocked(asksPasskey ? await prove("unlock", words("unlock-words")) : await ask({ name: "unlock" })),
  typed: async () => {
    const answer = await ask({ name: "typed", third: value("third"), seventh: value("seventh") });
    element("recovery").textContent = "";
    await unlocked(answer);
  },
  sync: async () => render(expect(await ask({ name: "sync" }), "view").view),
  lock,
  forget: async () => {
    await ask({ name: "forget" });
    await begin();
  },
};
for (const [id, step] of Object.entries(BUTTONS)) element(id).addEventListener("click", run(step));
element("writing").addEventListener("submit", run(async () => {
  render(expect(await ask({ name: "write", text: value("text") }), "view").view);
  input("text").value = "";
}));
element("linking").addEventListener("submit", run(scan));
element("comparing").addEventListener("submit", run(compare));
void begin();
