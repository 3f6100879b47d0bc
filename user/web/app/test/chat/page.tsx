/** The whole page in a real document, with its far end in memory: style sheet, keys, list, chat. */

import axe from "axe-core";
import { render } from "preact";
import { page as view } from "vitest/browser";
import { expect } from "vitest";

import { App } from "../../src/app.tsx";
import type { ChatRow, MessageView } from "../../src/bridge/views.ts";
import { overview } from "../../src/state/app.ts";
import { openChat } from "../../src/state/chats.ts";
import { listenToKeys } from "../../src/state/shortcuts.ts";
import { followWidth } from "../../src/state/width.ts";
import { allTexts } from "../../src/text/text.ts";
import { FarEnd } from "./far_end.ts";

let place: HTMLElement | null = null;
let unlisten = (): void => undefined;
let styled: Promise<void> | null = null;

/** The page of a person with an account, on a screen of this size. */
export async function show(width = 1000, height = 720): Promise<FarEnd> {
  await view.viewport(width, height);
  styled ??= style();
  await Promise.all([styled, allTexts(), import("../../src/render/Answer.tsx")]);
  const far = new FarEnd();
  followWidth();
  place = document.createElement("div");
  place.id = "app";
  document.body.append(place);
  render(<App />, place);
  unlisten = listenToKeys();
  await drawn();
  return far;
}

/** The page is gone. */
export function leave(): void {
  unlisten();
  if (place !== null) render(null, place);
  place?.remove();
  place = null;
  // The next page is another person's.
  sessionStorage.clear();
  document.documentElement.dir = "ltr";
  delete document.documentElement.dataset["theme"];
}

function style(): Promise<void> {
  const link = document.createElement("link");
  Object.assign(link, { rel: "stylesheet", href: "/app/src/style/all.css" });
  document.head.append(link);
  return new Promise((resolve, reject) => {
    link.addEventListener("load", () => resolve());
    link.addEventListener("error", () => reject(new Error("no style sheet")));
  });
}

/** Two frames and what they set in motion. */
export async function drawn(): Promise<void> {
  for (let frame = 0; frame < 2; frame += 1) {
    await new Promise((resolve) => requestAnimationFrame(resolve));
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

export function row(id: string, title: string, part: Partial<ChatRow> = {}): ChatRow {
  return { id, title, folder: null, pinned: false, archived: false, temporary: false, time: Date.now(), faults: [], ...part };
}

/** Put a chat of so many messages into the vault, and open it. */
export async function open(far: FarEnd, count: number, text = (at: number): string => `Message ${String(at)}`): Promise<void> {
  const nodes = Array.from({ length: count }, (_one, at): MessageView => ({
    id: `m${String(at)}`, parent: at === 0 ? null : `m${String(at - 1)}`, role: at % 2 === 0 ? "user" : "assistant",
    text: text(at), reasoning: "", attachments: [], state: "complete", time: 1, siblings: [], model: null, usage: null,
    proof: at % 2 === 0 ? "none" : "verified", evidence: null,
  }));
  far.chats.set("c", { title: "A chat", nodes, leaf: `m${String(count - 1)}` });
  if (overview.value !== null) overview.value = { ...overview.value, chats: [row("c", "A chat"), ...overview.value.chats] };
  await openChat("c");
  await drawn();
}

export function one(selector: string): HTMLElement {
  const found = document.querySelector<HTMLElement>(selector);
  if (found === null) throw new Error(`no ${selector}`);
  return found;
}

export function all(selector: string): readonly HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>(selector)];
}

/** The visible button with this name. */
export function button(name: string | RegExp): HTMLElement {
  const named = (element: HTMLElement): string => element.getAttribute("aria-label") ?? element.textContent;
  const fits = (text: string): boolean => (typeof name === "string" ? text === name : name.test(text));
  const found = all("button, [role=tab]").find((element) => element.checkVisibility() && fits(named(element).trim()));
  if (found === undefined) throw new Error(`no button ${String(name)}`);
  return found;
}

/** No violation of any rule, or of those that are named, on the whole page. */
export async function expectAccessible(...rules: readonly string[]): Promise<void> {
  const only = rules.length === 0 ? {} : { runOnly: [...rules] };
  const { violations } = await axe.run(document, { resultTypes: ["violations"], ...only });
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(" | ")}`)).toEqual([]);
}
