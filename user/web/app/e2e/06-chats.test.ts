/** An account's chats: features 6, 11, 16 and 23, at a whole installation. */

import { beforeAll, expect, test } from "vitest";

import { Profile } from "./browser.ts";
import { agree, composer, create, press, sync } from "./people.ts";

let here: Profile;

beforeAll(async () => {
  here = await Profile.open({ name: "chats" });
  await agree(here);
  await create(here);
});

/** Ask in a new chat, and stop the answer once letters of it are there. */
async function chat(text: string): Promise<void> {
  const { page } = here;
  await page.getByRole("navigation", { name: "Chats" }).getByRole("button", { name: "New chat" }).click();
  await answered(text);
}

async function answered(text: string): Promise<void> {
  const { page } = here;
  await composer(page).fill(text);
  await composer(page).press("Enter");
  await page.locator(".answer[aria-busy='true'] .prose").waitFor();
  await page.keyboard.press("Escape");
  await page.locator(".answer[aria-busy='true']").waitFor({ state: "detached" });
}

/** What lies in this browser: how many records, and whether any holds a text. */
async function lies(text: string): Promise<{ readonly records: number; readonly found: boolean }> {
  return here.page.evaluate(async (sought) => {
    const answer = <Value>(request: IDBRequest<Value>): Promise<Value> => new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error ?? new Error("refused"));
    });
    const bytes = new TextEncoder().encode(sought);
    const holds = (value: unknown): boolean => {
      if (typeof value === "string") return value.includes(sought);
      if (value instanceof Uint8Array) return value.some((_byte, at) => bytes.every((one, offset) => value[at + offset] === one));
      return value !== null && typeof value === "object" && Object.values(value).some(holds);
    };
    let [records, found] = [0, Object.values(localStorage).some((one) => String(one).includes(sought))];
    for (const { name = "" } of await indexedDB.databases()) {
      const database = await answer(indexedDB.open(name));
      for (const store of database.objectStoreNames) {
        const all = await answer(database.transaction(store).objectStore(store).getAll());
        records += all.length;
        found ||= all.some(holds);
      }
      database.close();
    }
    return { records, found };
  }, text);
}

test("6: any word is found on the device, and Enter opens its chat at the message; nobody is asked", async () => {
  const { page } = here;
  await chat("Where do quinces ripen?");
  await chat("Another matter");
  await sync(here);
  await page.keyboard.press("Control+Shift+F");
  await page.getByRole("searchbox").waitFor();
  const before = here.requests.length;
  await page.getByRole("searchbox").fill("quince");
  await page.locator("mark", { hasText: /quince/i }).nth(1).waitFor();
  // The name of the chat, then the message.
  for (const key of ["ArrowDown", "ArrowDown", "Enter"]) await page.keyboard.press(key);
  await page.getByRole("heading", { level: 1, name: "Where do quinces ripen?" }).waitFor();
  await page.waitForFunction(() => document.activeElement?.textContent.includes("Where do quinces ripen?"));
  // What a sync reads by the clock is no part of it.
  const asked = here.requests.slice(before).filter(({ method, url }) => method !== "GET" || !BY_CLOCK.has(new URL(url).pathname));
  expect(asked.map(({ method, url }) => `${method} ${url}`)).toEqual([]);
});

const BY_CLOCK: ReadonlySet<string> = new Set(["/v1/keyring", "/v1/pages", "/v1/usage"]);

test("11: a temporary chat leaves nothing in the browser and nothing on the service, and is gone with the tab", async () => {
  const { page } = here;
  await sync(here);
  const before = await lies("Vergissmeinnicht");
  const objects = here.requests.filter(isKeeping).length;
  await page.keyboard.press("Control+Shift+E");
  await page.getByText("A chat that leaves no trace.").waitFor();
  await answered("Vergissmeinnicht and nothing else");
  await page.getByText("Temporary, not saved").waitFor();
  await sync(here);
  expect(await lies("Vergissmeinnicht")).toEqual({ ...before, found: false });
  expect(here.requests.filter(isKeeping).length).toBe(objects);
});

function isKeeping({ method, url }: Profile["requests"][number]): boolean {
  return method !== "GET" && method !== "OPTIONS" && /\/v1\/(?:objects|pages|log|boxes|bodies)/.test(url);
}

test("16: a chat goes into a folder by drag, by menu and by key; the folder's instructions are in sight", async () => {
  const { page } = here;
  const list = page.getByRole("navigation", { name: "Chats" });
  await list.getByRole("button", { name: "New folder" }).click();
  await page.getByLabel("Name").fill("Garden");
  await page.getByLabel("Instructions").fill("Answer like a gardener.");
  await press(page, "Save");
  const folder = list.locator(".folder", { hasText: "Garden" });
  const row = (name: string): ReturnType<typeof list.getByRole> => list.getByRole("button", { name, exact: true });
  // Its coming moves the rows below it, which nobody should be holding.
  await folder.locator(".folder-link").waitFor();
  await row("Where do quinces ripen?").dragTo(folder.locator(".folder-link"));
  await folder.getByText("Where do quinces ripen?").waitFor();
  await list.getByRole("button", { name: "Actions for Another matter" }).click({ force: true });
  await page.getByRole("menuitem", { name: "Move to a folder" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Garden" }).click();
  await folder.getByText("Another matter").waitFor();
  await row("Another matter").click();
  await page.getByText("Instructions of folder “Garden” apply").click();
  await page.getByText("Answer like a gardener.").waitFor();
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox").fill("move this chat");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").getByRole("button", { name: "No folder" }).focus();
  await page.keyboard.press("Enter");
  await folder.getByText("Another matter").waitFor({ state: "detached" });
  await page.getByText("Instructions of folder “Garden” apply").waitFor({ state: "detached" });
});

test("23: a prompt that was kept is called by / and asks for its blanks", async () => {
  const { page } = here;
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox").fill("prompts");
  await page.keyboard.press("Enter");
  await press(page, "New prompt");
  await page.getByLabel("Name").fill("Sum up");
  await page.getByLabel("Text", { exact: true }).fill("Sum up {{what}} in {{count}} lines.");
  await page.getByLabel("Letters after /").fill("sum");
  await press(page, "Save");
  await page.getByRole("dialog").getByText("/sum").waitFor();
  await page.keyboard.press("Escape");
  await composer(page).fill("");
  await composer(page).pressSequentially("/su");
  await page.getByRole("option", { name: /Sum up/ }).waitFor();
  await composer(page).press("Enter");
  await page.getByLabel("what").fill("this");
  await page.getByLabel("count").fill("three");
  await press(page, "Insert");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  expect(await composer(page).inputValue()).toBe("Sum up this in three lines.");
  expect(here.faults).toEqual([]);
});
