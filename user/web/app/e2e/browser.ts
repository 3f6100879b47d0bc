/**
 * Browsers of people, for tests of the whole client: a profile is one device, with its own storage, network and authenticator.
 *
 * PRIVITY_URL names the running installation; tests/browser/test_app.py starts one.
 */

import { afterAll, afterEach } from "vitest";
import { type Browser, type BrowserContext, type BrowserContextOptions, type CDPSession, chromium, type Page } from "playwright";

import { chromium as binary } from "../../chromium.ts";
import { type Sent, Wire } from "./wire.ts";

export { type Sent } from "./wire.ts";

/** Where the installation is, `http://localhost:PORT`. */
export const HERE = process.env["PRIVITY_URL"] ?? "http://localhost:8080";
export const PATIENCE = 30_000;

/** Without the last, Chromium asks its maker what the fields of a page are for. */
const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--disable-features=AutofillServerCommunication",
];

/** Kinds of authenticators. `full` answers PRF at once; `late` only to a second gesture; `none` never; null: none at all. */
export type Authenticator = "full" | "late" | "none" | null;

const AUTHENTICATOR = {
  protocol: "ctap2", ctap2Version: "ctap2_1", transport: "internal", hasResidentKey: true, hasUserVerification: true,
  isUserVerified: true, automaticPresenceSimulation: true, hasPrf: true,
} as const;
const OTHERWISE = {
  full: {},
  late: { transport: "usb", hasPrf: false, hasHmacSecret: true },
  none: { hasPrf: false },
} as const;

export interface Choices {
  readonly name?: string;
  readonly authenticator?: Authenticator;
  /** Where to go at first; null: nowhere yet. */
  readonly path?: string | null;
  readonly context?: BrowserContextOptions;
  /** Runs in every document before its own code. */
  readonly before?: () => void;
}

/** Every request of every profile of this test file. */
export const sent: Sent[] = [];

let started: Promise<Browser> | null = null;
const open: Profile[] = [];
/** Chromium's own errands, such as asking its maker for updates, end here; they are no part of what profiles send. */
let strays: Promise<Wire> | null = null;

async function launched(): Promise<Browser> {
  strays = Wire.open("the browser itself", []);
  const executablePath = binary();
  if (executablePath === null) throw new Error("no Chromium: set CHROMIUM");
  return chromium.launch({ executablePath, args: FLAGS, proxy: (await strays).proxy });
}

/** The browser of this test file. */
export function browser(): Promise<Browser> {
  return started ??= launched();
}

/** One device of one person. */
export class Profile {
  readonly name: string;
  readonly context: BrowserContext;
  readonly page: Page;
  readonly wire: Wire;
  /** What went wrong in its pages: exceptions, and what the console calls an error, refusals of the policy among them. */
  readonly faults: string[] = [];
  /** Answers that are no success, which the console calls errors as well: `STATUS path`. */
  readonly refusals: string[] = [];
  readonly #session: CDPSession;
  readonly #authenticator: string | null;

  private constructor(name: string, wire: Wire, page: Page, session: CDPSession, authenticator: string | null) {
    this.name = name;
    this.wire = wire;
    this.page = page;
    this.context = page.context();
    this.#session = session;
    this.#authenticator = authenticator;
    this.context.on("page", (one) => this.#watch(one));
    this.#watch(page);
    open.push(this);
  }

  /** A new device, at `path` of the installation. */
  static async open(choices: Choices = {}): Promise<Profile> {
    const { name = `device ${String(open.length + 1)}`, authenticator = "full", path = "/", context, before } = choices;
    const wire = await Wire.open(name, sent);
    const made = await (await browser()).newContext({ baseURL: HERE, proxy: wire.proxy, ...context });
    made.setDefaultTimeout(PATIENCE);
    if (before !== undefined) await made.addInitScript(before);
    const page = await made.newPage();
    const session = await made.newCDPSession(page);
    const id = authenticator === null ? null : await added(session, authenticator);
    const profile = new Profile(name, wire, page, session, id);
    if (path !== null) await page.goto(path);
    return profile;
  }

  /** Whether the authenticator recognises its owner from now on. */
  async recognise(isUserVerified: boolean): Promise<void> {
    await this.#session.send("WebAuthn.setUserVerified", { authenticatorId: this.#id(), isUserVerified });
  }

  /** Whether somebody touches the authenticator when it asks. */
  async touch(enabled: boolean): Promise<void> {
    await this.#session.send("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId: this.#id(), enabled });
  }

  /** Passkeys that the authenticator holds. */
  async passkeys(): Promise<number> {
    const { credentials } = await this.#session.send("WebAuthn.getCredentials", { authenticatorId: this.#id() });
    return credentials.length;
  }

  /** Airplane mode, for every tab and worker. */
  async offline(is: boolean): Promise<void> {
    if (is) this.wire.cut();
    else this.wire.mend();
    await this.context.setOffline(is);
  }

  /** What this device sent. */
  get requests(): readonly Sent[] {
    return sent.filter(({ profile }) => profile === this.name);
  }

  async close(): Promise<void> {
    open.splice(open.indexOf(this), 1);
    await this.context.close();
    await this.wire.close();
  }

  #id(): string {
    if (this.#authenticator === null) throw new Error(`${this.name} has no authenticator`);
    return this.#authenticator;
  }

  #watch(page: Page): void {
    // Whoever leaves in a test means it.
    page.on("dialog", (dialog) => void (dialog.type() === "beforeunload" ? dialog.accept() : dialog.dismiss()));
    page.on("pageerror", (error) => this.faults.push(String(error)));
    page.on("console", (message) => {
      if (message.type() !== "error") return;
      const { url } = message.location();
      if (message.text().startsWith("Failed to load resource")) this.refusals.push(`${message.text()} ${url}`);
      else this.faults.push(message.text());
    });
  }
}

async function added(session: CDPSession, kind: Exclude<Authenticator, null>): Promise<string> {
  await session.send("WebAuthn.enable", { enableUI: false });
  const options = { ...AUTHENTICATOR, ...OTHERWISE[kind] };
  return (await session.send("WebAuthn.addVirtualAuthenticator", { options })).authenticatorId;
}

/** What people saw when a test failed, for whoever has only the words of a run. */
afterEach(async ({ task }) => {
  if (task.result?.state !== "fail") return;
  for (const { name, page, faults, refusals } of open) {
    const seen = await page.evaluate(() => document.body.innerText).catch(String);
    const said = [`${task.name}: ${name} at ${page.url()}`, ...faults, ...refusals, seen.slice(0, SEEN)].join("\n");
    process.stderr.write(`${said}\n`);
  }
});

const SEEN = 2000;

afterAll(async () => {
  for (const profile of [...open]) await profile.close();
  await (await started)?.close();
  await (await strays)?.close();
  started = null;
});
