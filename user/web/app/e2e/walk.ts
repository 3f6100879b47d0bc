/**
 * A walk through every screen, by the keys of its texts: the same in each language.
 *
 * `seen` is called where a screen or a state has settled; what a caller does there is its own affair.
 */

import { readFileSync } from "node:fs";

import type { Locator, Page } from "playwright";

import { Profile } from "./browser.ts";

const CATALOGS = new URL("../src/text/catalogs/", import.meta.url);
const AREAS = ["account", "answer", "chat", "entry", "files", "memory", "panel", "settings", "shell", "sidebar", "states"];

type Texts = Readonly<Record<string, string | Readonly<Record<string, string>>>>;
export type Say = (key: string, values?: Readonly<Record<string, string | number>>) => string;
export type Seen = (name: string, page: Page) => Promise<void>;

/** What the keys say in a language. Throws for a key that it does not have. */
export function catalog(language: string): Say {
  const texts = Object.assign({}, ...AREAS.map((area) => {
    return JSON.parse(readFileSync(new URL(`${language}/${area}.json`, CATALOGS), "utf8")) as Texts;
  })) as Texts;
  return (key, values = {}) => {
    const found = texts[key];
    const text = typeof found === "string" ? found : found?.["other"];
    if (text === undefined) throw new Error(`${language} has no ${key}`);
    return text.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));
  };
}

/** One person in one language. */
export class Walker {
  readonly profile: Profile;
  readonly say: Say;
  readonly #seen: Seen;

  private constructor(profile: Profile, say: Say, seen: Seen) {
    this.profile = profile;
    this.say = say;
    this.#seen = seen;
  }

  static async begin(language: string, seen: Seen): Promise<Walker> {
    const profile = await Profile.open({ name: `walker in ${language}`, context: { locale: language } });
    return new Walker(profile, catalog(language), seen);
  }

  get page(): Page {
    return this.profile.page;
  }

  async seen(name: string): Promise<void> {
    await this.#seen(name, this.page);
  }

  async press(key: string, within: Page | Locator = this.page): Promise<void> {
    await within.getByRole("button", { name: this.say(key), exact: true }).first().click();
  }

  async heading(key: string): Promise<void> {
    await this.page.getByRole("heading", { name: this.say(key) }).first().waitFor();
  }

  /** To a screen, by the palette. */
  async go(action: string): Promise<void> {
    await this.page.keyboard.press("Control+k");
    const palette = this.page.getByRole("dialog").getByRole("combobox");
    await palette.fill(this.say(`shell.action.${action}`));
    await palette.press("Enter");
  }

  async ask(text: string): Promise<void> {
    const answers = this.page.locator("main .answer");
    const before = await answers.count();
    const composer = this.page.locator(".composer textarea").first();
    await composer.fill(text);
    await composer.press("Enter");
    await answers.nth(before).waitFor();
    await this.page.locator(".answer[aria-busy='true']").waitFor({ state: "detached" });
    await this.page.getByRole("button", { name: this.say("chat.send"), exact: true }).waitFor();
  }
}

/** Welcome, consent, a first answer, what was proven. */
export async function asGuest(walker: Walker): Promise<void> {
  const { page, say } = walker;
  await page.getByText(say("states.banner")).first().waitFor();
  await walker.press("states.action.agree");
  await walker.seen("consent");
  await page.getByRole("alertdialog").getByRole("textbox").fill(say("states.consent.phrase"));
  await walker.press("states.consent.agree");
  await page.getByRole("button", { name: say("chat.send"), exact: true }).waitFor();
  await walker.seen("welcome");
  await walker.ask("What does Privity prove?");
  await walker.seen("guest chat");
  await walker.go("panel");
  await page.getByRole("heading", { name: say("panel.title") }).waitFor();
  await walker.seen("panel");
  await page.keyboard.press("Escape");
}

/** From a guest to an account: passkey, code, two groups. Returns the code. */
export async function toAccount(walker: Walker): Promise<string> {
  const { page, say } = walker;
  await walker.press("sidebar.create");
  await walker.heading("entry.create.title");
  await walker.seen("create account");
  await walker.press("entry.create.go");
  const again = page.getByRole("button", { name: say("entry.again.go") });
  const kept = page.getByRole("button", { name: say("entry.code.kept") });
  await again.or(kept).first().waitFor();
  while (!await kept.isVisible()) {
    await again.click({ timeout: 1000 }).catch(() => undefined);
    await again.or(kept).first().waitFor();
  }
  await walker.seen("recovery code");
  const code = await page.locator(".group-letters").allTextContents();
  await kept.click();
  await page.getByLabel(say("entry.typed.group", { number: 3 })).fill(code[2] ?? "");
  await walker.seen("typed groups");
  await page.getByLabel(say("entry.typed.group", { number: 7 })).fill(code[6] ?? "");
  await walker.press("entry.typed.done");
  await walker.heading("entry.done.title");
  await walker.seen("account ready");
  await page.locator("main").getByRole("button").last().click();
  await page.locator(".composer textarea").first().waitFor();
  return code.join("-");
}

/** The screens of an account with a few chats in it. */
export async function throughAccount(walker: Walker): Promise<void> {
  const { page, say } = walker;
  for (const question of ["Who can read my chats?", "Wer kann meine Chats lesen?"]) {
    await walker.go("new");
    await page.locator("main .answer").first().waitFor({ state: "detached" });
    await walker.ask(question);
  }
  await walker.seen("chat");
  for (const [action, title, name] of SCREENS) {
    await walker.go(action);
    // By its own title: what was there before stays until the module of a screen has come.
    await page.getByRole("heading", { name: say(title), exact: true }).first().waitFor();
    await walker.seen(name);
    await page.keyboard.press("Escape");
  }
  await page.keyboard.press("Control+k");
  await page.getByRole("dialog").getByRole("combobox").waitFor();
  await walker.seen("palette");
  await page.keyboard.press("Escape");
  await walker.go("lock");
  await walker.heading("entry.unlock.title");
  await walker.seen("locked");
  await page.getByRole("button", { name: say("entry.unlock.passkey") }).click();
  await page.locator(".composer textarea").first().waitFor();
}

const SCREENS = [
  ["search", "sidebar.search", "search"], ["shortcuts", "shell.action.shortcuts", "shortcuts"],
  ["devices", "account.devices.title", "devices"], ["usage", "account.usage.title", "usage"],
  ["settings", "settings.title", "settings"], ["transfer", "account.transfer.title", "import and export"],
  ["prompts", "chat.prompts", "prompts"], ["folder", "sidebar.new_folder", "new folder"],
] as const;

/** The ways in of somebody who has an account already. */
export async function otherWays(walker: Walker): Promise<void> {
  await walker.press("entry.ways.recover");
  await walker.heading("entry.recover.title");
  await walker.seen("recover");
  await walker.press("shell.back");
  await walker.press("entry.ways.link");
  await walker.heading("entry.link.title");
  await walker.page.locator("svg[role='img'], .qr svg, svg.qr").first().waitFor();
  await walker.seen("link");
}
