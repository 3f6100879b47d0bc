/** Every state of entry and account: axe's rules in both themes, and no sideways scrolling on the smallest screen, in Arabic. */

import { afterAll, beforeAll, expect, test } from "vitest";
import { page as view } from "vitest/browser";

import type { DeviceView, OpenerView } from "../../src/bridge/views.ts";
import { account, overview, screen } from "../../src/state/app.ts";
import { clearShown } from "../../src/state/clearing.ts";
import { creating, type Creating } from "../../src/state/beginning.ts";
import { listed, replacing } from "../../src/state/devices.ts";
import { attempt } from "../../src/state/entry.ts";
import { granting, type Granting, offering } from "../../src/state/linking.ts";
import { dialog } from "../../src/state/opened.ts";
import { proving } from "../../src/state/proving.ts";
import { erased, section, SECTIONS } from "../../src/state/settings.ts";
import { made, shared, shares } from "../../src/state/sharing.ts";
import { exporting, importing } from "../../src/state/transfer.ts";
import { choose, direction } from "../../src/text/text.ts";
import { all, button, drawn, expectAccessible, leave, show } from "../chat/page.tsx";

const CODE = "7KQ2-M9XD-0T4B-WJ6R-P3ZC-1HVN-8YFE-5GSA-K2";
const WORDS = "fede dele nole roke jemo gido tima";
const LINK = `https://privity.test/link#1.${"a".repeat(22)}.${"b".repeat(43)}.${"c".repeat(22)}`;
const LONG = "A device whose owner gave it a name that goes on and on and on";
const FAULT = { reason: "opener.wrong_key", detail: "" };
const REPORT = {
  source: "chatgpt", chats: 3, messages: 120, folders: 1, attachments: 2, known: 1,
  left: [{ what: "account.import.left.hidden_message", count: 2 }, { what: "unheard", count: 1 }], titles: ["One", "Two", LONG],
} as const;

function device(id: string, part: Partial<DeviceView> = {}): DeviceView {
  const [added, heard] = [Date.now(), Date.now()];
  return { id, label: LONG, active: true, here: false, added, addedBy: "Chrome on Linux", heard, ...part };
}

const OPENERS: readonly OpenerView[] = (["passkey", "code", "words"] as const).map((kind) => {
  return { id: kind, kind, label: kind === "passkey" ? "Privity 2026-01-01" : "", added: 1 };
});
const ROW = { id: "s", chat: "c", title: LONG, link: LINK, expiry: Date.now() / 1000 + 9999, revoked: false };

function create(step: Creating): void {
  account.value = { state: step.at === "begin" || step.at === "unopened" ? "guest" : "unproven" };
  creating.value = step;
  screen.value = "create";
}

function grant(step: Granting): void {
  screen.value = "devices";
  setTimeout(() => button(/Link a device|ربط جهاز/).click());
  setTimeout(() => { granting.value = step; }, 60);
}

function settings(name: (typeof SECTIONS)[number]): void {
  screen.value = "settings";
  section.value = name;
}

const STATES: Readonly<Record<string, () => void>> = {
  "the beginning": () => create({ at: "begin", fault: { reason: "account.closed", detail: "" } }),
  "the passkey is asked": () => create({ at: "passkey" }),
  "it is asked again": () => create({ at: "again" }),
  "it opens nothing": () => create({ at: "unopened", why: "opener.unstable" }),
  "seven words": () => create({ at: "words", words: WORDS }),
  "words are typed": () => create({ at: "words_typed", words: WORDS, differs: true }),
  "the code": () => create({ at: "code", shown: CODE }),
  "the code is typed": () => {
    create({ at: "code_typed", shown: CODE, fault: { reason: "ceremony.differs", detail: "" }, busy: false });
  },
  "it is done": () => create({ at: "done", chats: ["a", "b"], busy: false }),
  "locked": () => {
    account.value = { state: "locked", opens: ["device", "passkey", "words", "code"] };
    attempt.value = { busy: false, fault: FAULT, words: false, failed: true };
    screen.value = "unlock";
  },
  "signing in with words": () => {
    account.value = { state: "guest" };
    attempt.value = { busy: false, fault: null, words: true, failed: false };
    screen.value = "unlock";
  },
  "recovery": () => {
    account.value = { state: "guest" };
    attempt.value = { busy: false, fault: { reason: "recovery.mistyped", detail: "" }, words: false, failed: true };
    screen.value = "recover";
  },
  "a link to scan": () => linkShown({ at: "shown", link: LINK }),
  "a code to type": () => linkShown({ at: "code", code: "7KQ2-M9XD-0T4B-WJ6R-P3ZC-1HVN-8YFE" }),
  "six digits": () => linkShown({ at: "digits", digits: "497027" }),
  "devices": () => { screen.value = "devices"; },
  "devices, a history that contradicts": () => {
    screen.value = "devices";
    if (overview.value !== null) overview.value = { ...overview.value, sync: { ...overview.value.sync, halted: "log.forked" } };
  },
  "taking up a link": () => grant({ at: "link", fault: { reason: "pairing.burnt", detail: "" } }),
  "typing digits": () => grant({ at: "digits", left: 1, wrong: true, busy: false }),
  "naming a device": () => grant({ at: "name", fault: FAULT, busy: false }),
  "another code": () => {
    screen.value = "devices";
    replacing.value = { at: "code", shown: CODE };
  },
  "showing that it is you": () => {
    screen.value = "devices";
    proving.value = { busy: false, fault: { reason: "passkey.cancelled", detail: "" } };
  },
  "usage, all of it used": () => {
    screen.value = "usage";
    if (overview.value === null) return;
    overview.value = { ...overview.value, quota: { active: 5, activeLimit: 5, bytes: 5e8, bytesLimit: 5e8 } };
  },
  ...Object.fromEntries(SECTIONS.map((name) => [`settings, ${name}`, () => settings(name)])),
  "an import that needs words": () => transfer(() => {
    importing.value = { at: "words", fileName: LONG, data: new Uint8Array(0), fault: { reason: "export.wrong_key", detail: "" } };
  }),
  "a preview, and words of an export": () => transfer(() => {
    importing.value = { at: "preview", fileName: `${LONG}.zip`, report: REPORT };
    exporting.value = { at: "done", fileName: "privity-export.zip.privity", words: WORDS };
  }),
  "a shared chat": () => {
    account.value = { state: "guest" };
    const messages = [{ role: "user", text: "Why?" }, { role: "assistant", text: "**Because**\n\n- one" }] as const;
    shared.value = { at: "shown", view: { title: LONG, expiry: Date.now() / 1000 + 999, messages } };
    screen.value = "shared";
  },
  "a dead link": () => {
    shared.value = { at: "failed", fault: { reason: "share.unknown", detail: "" } };
    screen.value = "shared";
  },
  "sharing": () => {
    screen.value = "usage";
    dialog.value = { kind: "share", chat: "c" };
    setTimeout(() => { [made.value, shares.value] = [ROW, [{ ...ROW, id: "t" }]]; }, 60);
  },
  "writing a memory": () => {
    settings("memory");
    dialog.value = { kind: "memory", row: { id: null, text: LONG, source: null, active: true } };
  },
  "memories that were sent": () => {
    settings("memory");
    dialog.value = { kind: "used", texts: [LONG, "a".repeat(300)] };
  },
  "a receipt": () => {
    erased.value = { what: "account", ids: "ab".repeat(32), n: 12, day: 1, backupDays: 30, data: new Uint8Array(0) };
    screen.value = "usage";
  },
  "deleting the account": () => {
    settings("data");
    setTimeout(() => button(/Delete account|حذف الحساب/).click(), 30);
  },
};

function linkShown(step: typeof offering.value): void {
  account.value = { state: "guest" };
  screen.value = "link";
  setTimeout(() => { offering.value = step; }, 60);
}

function transfer(step: () => void): void {
  screen.value = "transfer";
  setTimeout(step, 60);
}

/** Come to a state from a page that shows nothing of another. */
async function reach(name: string): Promise<void> {
  clearShown();
  erased.value = null;
  screen.value = "chat";
  account.value = { state: "open" };
  overview.value = OVERVIEW;
  await drawn();
  STATES[name]?.();
  await until(() => all("main h1").length > 0);
  listed.value = { devices: [device("d", { here: true }), device("e"), device("f", { active: false })], openers: OPENERS };
  await new Promise((resolve) => setTimeout(resolve, 120));
  await until(() => all(".skeleton").length === 0);
  await drawn();
}

let OVERVIEW = overview.value;

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 100 && !holds(); tries += 1) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(holds()).toBe(true);
}

beforeAll(async () => {
  const far = await show();
  far.memories = [LONG, "a".repeat(300)].map((text, at) => ({ id: String(at), text, source: null, time: 1, active: at > 0 }));
  // What is shown is set here; what a screen asks by itself stays on its way.
  for (const name of ["offer", "offerCode", "devices", "shares", "ceremony"]) far.waits.set(name, new Promise(() => undefined));
  // A theme is there at once: contrast is not measured half way.
  document.documentElement.style.setProperty("--motion", "0ms");
  if (overview.value === null) return;
  const sync = { ...overview.value.sync, n: 31, fingerprint: "12345123451234512345", agreed: Date.now(), unsent: 2 };
  OVERVIEW = { ...overview.value, sync };
});

afterAll(async () => {
  await choose("en");
  document.documentElement.style.removeProperty("--motion");
  leave();
});

test.each(Object.keys(STATES))("%s", async (name) => {
  document.documentElement.dataset["theme"] = "light";
  await reach(name);
  await expectAccessible();
  document.documentElement.dataset["theme"] = "dark";
  await drawn();
  await expectAccessible("color-contrast");
});

test("nothing scrolls sideways on 320 pixels, in Arabic or where texts are longer", async () => {
  await view.viewport(320, 640);
  for (const language of ["ar", "en-x-pseudo"] as const) {
    await choose(language);
    document.documentElement.dir = direction(language);
    for (const name of Object.keys(STATES)) {
      if (language === "en-x-pseudo" && /^(?:taking|typing digits|naming|deleting)/.test(name)) continue;
      await reach(name);
      const wide = all("html, .page, dialog, .dialog-body").filter((one) => one.scrollWidth > one.clientWidth + 1);
      expect(wide.map((one) => `${language}, ${name}: ${one.className}`)).toEqual([]);
    }
  }
}, 60_000);
