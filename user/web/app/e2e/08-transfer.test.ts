/** Features 8, 9, 14 and 31: what leaves comes back equal; code and tables are copied as written; previews fetch nothing. */

import { readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { strFromU8, unzipSync } from "fflate";
import { beforeAll, expect, test } from "vitest";

import { Profile } from "./browser.ts";
import { agree, ask, create, go, press } from "./people.ts";

const SAID = "Berberitzen, dried";
/** Tabs, blank lines and what a browser would collapse. */
const CODE = "def pick(hands):\n\tif not hands:\n\t\treturn  None\n\n\n\treturn <glove>  # & more";
const TABLE = "| Fruit | Price |\n|---|---:|\n| sea  buckthorn | **3** |";
/** A page that would tell somebody that it was looked at. */
const TELLING = "<h1>Harvest</h1><img src='/telling.png'><script src='/telling.js'></script>"
  + "<link rel=stylesheet href='/telling.css'>";
const ANSWER = `With gloves.\n\n\`\`\`python\n${CODE}\n\`\`\`\n\n${TABLE}\n\n$$x^2$$\n\n\`\`\`html\n${TELLING}\n\`\`\``;
let profile: Profile;

beforeAll(async () => {
  profile = await Profile.open();
  await agree(profile);
  await create(profile);
  await ask(profile, SAID);
});

/** Milliseconds for words to become a key: that is meant to be slow, and more so on a busy machine. */
const STRETCHING = 45_000;

/** Export as the screen does; returns the file's path and the words that open it. */
async function exported(from: Profile, encrypted: boolean): Promise<{ readonly path: string; readonly words: string }> {
  const { page } = from;
  await go(from, "Import and export");
  if (encrypted) await page.getByLabel("Encrypt the file").click();
  const [download] = await Promise.all([page.waitForEvent("download"), press(page, "Export")]);
  const path = join(tmpdir(), `${String(process.pid)}-${download.suggestedFilename()}`);
  await download.saveAs(path);
  const words = encrypted ? (await page.locator(".group-letters").allTextContents()).join(" ") : "";
  await press(page, encrypted ? "I have kept them" : "Export again");
  return { path, words };
}

interface Node {
  readonly id: string;
  readonly parent: string | null;
  readonly time: number;
}

/** What an export says of its chats. Ids are another account's, and imported chats arrive archived: both are evened out. */
async function contents(path: string): Promise<unknown> {
  const files = Object.entries(unzipSync(await readFile(path))).filter(([name]) => name.startsWith("chats/"));
  const text = files.filter(([name]) => name.endsWith(".md")).map(([name, data]) => [name, strFromU8(data)]);
  const trees = files.filter(([name]) => name.endsWith(".json")).map(([, data]) => {
    const tree = JSON.parse(strFromU8(data)) as { readonly nodes: readonly Node[] };
    const nodes = tree.nodes.toSorted((one, other) => one.time - other.time);
    const place = (id: string | null): number => nodes.findIndex((one) => one.id === id);
    return { ...tree, id: null, archived: null, nodes: nodes.map((one) => ({ ...one, id: null, parent: place(one.parent) })) };
  });
  return { text, trees };
}

async function taken(into: Profile, path: string, words: string | null): Promise<void> {
  const { page } = into;
  await go(into, "Import and export");
  await page.locator(".drop input[type=file]").setInputFiles(path);
  if (words === null) return;
  await page.getByLabel("Your seven words").fill(words);
  await press(page, "Open the file");
}

test("8: an encrypted export opens with its words alone, in another account, and exports equal again", async () => {
  const plain = await exported(profile, false);
  const before = await contents(plain.path);
  expect(before).toMatchObject({ text: [[`chats/${SAID}.md`, expect.stringContaining(SAID)]], trees: [{}] });
  const sealed = await exported(profile, true);
  expect((await readFile(sealed.path)).includes(SAID)).toBe(false);

  const other = await Profile.open({ name: "other" });
  await create(other);
  const { page } = other;
  for (const one of [page, profile.page]) one.setDefaultTimeout(STRETCHING);
  await taken(other, sealed.path, "one two three four five six seven");
  await page.getByText(/not the seven words|do not open the file/).waitFor();
  await page.getByLabel("Your seven words").fill(sealed.words);
  await press(page, "Open the file");
  await page.getByText("An export of Privity").waitFor();
  await page.getByText("Titles").click();
  await press(page, "Import one chat");
  await page.getByText("Imported. You find the chats under Archived.").waitFor();
  expect(await contents((await exported(other, false)).path)).toEqual(before);

  await press(page, "Import another file");
  await taken(other, plain.path, null);
  await page.getByText("One chat is here already").waitFor();
  expect(other.faults).toEqual([]);
});

test("9: an export of ChatGPT is shown before it is added, and what it cannot bring is counted", async () => {
  const message = (role: string, parts: readonly string[]) => ({
    author: { role }, content: { content_type: "text", parts }, create_time: 1_700_000_000, status: "finished_successfully",
  });
  const chat = {
    id: "6f2b1a52-0000-4000-8000-000000000001", title: "Sanddorn", create_time: 1_700_000_000, update_time: 1_700_000_100,
    current_node: "b", mapping: {
      root: { id: "root", message: message("system", [""]), parent: null, children: ["a"] },
      a: { id: "a", message: message("user", ["How is Sanddorn picked?"]), parent: "root", children: ["b"] },
      b: { id: "b", message: message("assistant", [ANSWER]), parent: "a", children: [] },
    },
  };
  const path = join(tmpdir(), `${String(process.pid)}-conversations.json`);
  await writeFile(path, JSON.stringify([chat]));
  const { page } = profile;
  await taken(profile, path, null);
  await page.getByText("An export of ChatGPT").waitFor();
  await page.getByText("2 messages").waitFor();
  await page.getByText(/^One (?:hidden|empty) message/).waitFor();
  await press(page, "Import one chat");
  await page.getByText("Imported. You find the chats under Archived.").waitFor();
  await press(page, "Import another file");
  await writeFile(path, "no such thing");
  await page.locator(".drop input[type=file]").setInputFiles(path);
  await page.getByText("nothing was imported").waitFor();
  expect(profile.faults).toEqual([]);
});

test("14: code and a table are copied as they were written, and a formula is set", async () => {
  const { page, context } = profile;
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await press(page, "Archived");
  await page.locator(".listed-link", { hasText: "Sanddorn" }).click();
  const answer = page.locator("main .answer").first();
  const copied = async (name: string): Promise<string> => {
    await page.evaluate(() => navigator.clipboard.writeText(""));
    await press(answer, name);
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).not.toBe("");
    return page.evaluate(() => navigator.clipboard.readText());
  };
  await answer.locator(".code .of-keyword").first().waitFor();
  expect(await copied("Copy code")).toBe(CODE);
  expect(await copied("Copy as Markdown")).toBe(TABLE);
  expect((await copied("Copy as CSV")).trimEnd().split(/\r?\n/)).toEqual(["Fruit,Price", "sea  buckthorn,3"]);
  await answer.locator(".maths-display math, .maths-display .katex").first().waitFor();
  expect(profile.faults).toEqual([]);
});

test("31: a preview is off until it is turned on, shows a still picture, and fetches nothing", async () => {
  const { page } = profile;
  expect(await page.getByRole("button", { name: "Preview", exact: true }).count()).toBe(0);
  await go(profile, "Settings");
  await page.getByRole("switch", { name: "Preview pages and drawings" }).click();
  await page.locator(".listed-link", { hasText: "Sanddorn" }).click();
  await press(page, "Preview");
  await page.frameLocator(".preview-frame").getByRole("heading", { name: "Harvest" }).waitFor();
  const reached = profile.requests.filter(({ url }) => url.includes("telling"));
  expect(reached).toEqual([]);
});
