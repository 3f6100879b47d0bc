/** Features 3, 10 and 26: what has been proven and what follows from it, files that are read on the device, receipts. */

import { spawn } from "node:child_process";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Locator } from "playwright";
import { beforeAll, expect, test } from "vitest";

import { pdfOf } from "../test/files/pdf_of.ts";
import { Profile, sent } from "./browser.ts";
import { agree, composer, go, press } from "./people.ts";

const WRITTEN = "Quittenbrot keeps for a year";
let guest: Profile;

beforeAll(async () => {
  guest = await Profile.open({ name: "guest" });
});

/** The outcome of each row of the panel, and the colour that it has. */
function outcomes({ page }: Profile): Promise<readonly (readonly [outcome: string, colour: string])[]> {
  return page.locator(".panel .outcome").evaluateAll((all) => all.map((one) => {
    const [, outcome = ""] = /outcome-(\w+)/.exec(one.getAttribute("class") ?? "") ?? [];
    return [outcome, getComputedStyle(one).color] as const;
  }));
}

function runs({ requests }: Profile): readonly string[] {
  return requests.map(({ url }) => new URL(url).pathname).filter((path) => path.startsWith("/ec1/"));
}

/** What a command says in `folder`; its exit code first. */
function judged(command: string, folder: string): Promise<readonly [code: number | null, said: string]> {
  const program = "from privity_client.cli import main; main()";
  const words = [...command.split(" ").slice(1), "--json"];
  const started = spawn(process.env["PRIVITY_PYTHON"] ?? "python3", ["-c", program, ...words], { cwd: folder });
  let said = "";
  started.stdout.on("data", (part: Buffer) => { said += String(part); });
  return new Promise((resolve) => void started.on("close", (code) => resolve([code, said])));
}

test("3: evidence that was changed on the way is refused: Send says why, the panel too, and the message stays", async () => {
  const person = await Profile.open({ name: "deceived", path: null });
  const { page, wire } = person;
  wire.alterWhere((path) => path.startsWith("/v1/nodes/"), (body) => {
    const changed = Buffer.from(body);
    const at = Math.floor(changed.length / 2);
    changed[at] = (changed[at] ?? 0) ^ 1;
    return changed;
  });
  await page.goto("/");
  await page.getByRole("button", { name: /^Sending is blocked: / }).waitFor();
  await composer(page).fill("Nobody shall read this");
  await composer(page).press("Enter");
  await go(person, "What was proven");
  await page.locator(".panel-refused").waitFor();
  expect(await composer(page).inputValue()).toBe("Nobody shall read this");
  expect(runs(person)).toEqual([]);
  await person.close();
});

test("3: every check is passed, failed or not checked; nothing that was not checked is green", async () => {
  const { page } = guest;
  await composer(page).fill("Not before I agreed");
  await composer(page).press("Enter");
  expect(await composer(page).inputValue()).toBe("Not before I agreed");
  await agree(guest);
  expect(runs(guest)).toEqual([]);
  await go(guest, "What was proven");
  await page.locator(".panel-test").waitFor();
  const rows = await outcomes(guest);
  expect(rows.length).toBeGreaterThan(10);
  expect(new Set(rows.map(([outcome]) => outcome))).toEqual(new Set(["passed", "not_checked", "stated"]));
  const green = new Set(rows.filter(([outcome]) => outcome === "passed").map(([, colour]) => colour));
  expect(rows.filter(([outcome, colour]) => outcome !== "passed" && green.has(colour))).toEqual([]);
  await page.getByText("No relay: the operator sees your address.").first().waitFor({ state: "attached" });
  await press(page, "Check again with a fresh question");
  await page.getByRole("button", { name: "Check again with a fresh question" }).waitFor();
  await page.locator(".panel-test").waitFor();
  await page.keyboard.press("Escape");
});

test("10: a PDF, a table and a picture are read on the device, and their size is shown before they go", async () => {
  const { page } = guest;
  const png = await page.evaluate(async () => {
    const canvas = new OffscreenCanvas(3000, 20);
    canvas.getContext("2d")?.fillRect(0, 0, 3000, 20);
    return [...new Uint8Array(await (await canvas.convertToBlob({ type: "image/png" })).arrayBuffer())];
  });
  await page.locator(".composer input[type=file]").setInputFiles([
    { name: "recipe.pdf", mimeType: "application/pdf", buffer: Buffer.from(pdfOf([WRITTEN, "Page two"])) },
    { name: "prices.csv", mimeType: "text/csv", buffer: Buffer.from("fruit,price\nquince,3\nsloe,5\n") },
    { name: "jar.png", mimeType: "image/png", buffer: Buffer.from(png) },
  ]);
  const facts = page.locator(".tray-ready .tray-facts");
  await facts.nth(2).waitFor();
  expect(await facts.allTextContents()).toEqual([
    expect.stringMatching(/ · 2 pages · \d+ characters of text$/), expect.stringMatching(/ · 3 rows · \d+ characters of text$/),
    expect.stringMatching(/^[\d.,]+ /),
  ]);
  // The embedded engine sees no pictures: that is said before anything is sent.
  await composer(page).fill("What do these say?");
  await page.locator(".tray-wrong", { hasText: "jar.png" }).getByText("does not see pictures").waitFor();
  await page.getByRole("button", { name: "Send", exact: true, disabled: true }).waitFor();
  await press(page, "Remove jar.png");
  await composer(page).press("Enter");
  await page.locator(".message-mine .file", { hasText: "recipe.pdf" }).waitFor();
  await page.locator(".message-mine .file", { hasText: "prices.csv" }).waitFor();
  await page.locator(".tray").waitFor({ state: "detached" });
  await page.locator(".answer .prose").waitFor();
  await page.keyboard.press("Escape");
  await page.locator(".margin-line").waitFor();
  const plain = sent.filter(({ url, body }) => `${url} ${body.toString("latin1")}`.includes(WRITTEN));
  expect(plain).toEqual([]);
});

test("26: an answer's margin line opens its evidence, which leaves as one file that the command line judges", async () => {
  const { page } = guest;
  await page.locator(".margin-line").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("Made by a test enclave").waitFor();
  await dialog.getByText("What has been proven").click();
  await dialog.locator(".outcome-passed").first().waitFor();
  await dialog.getByText("No signed receipt was asked for").waitFor();
  const folder = await mkdtemp(join(tmpdir(), "privity-receipt-"));
  await saved(dialog, "Save evidence of this answer", folder);
  const [code, said] = await judged(await dialog.locator(".receipt-command code").innerText(), folder);
  expect([code, JSON.parse(said)]).toMatchObject([0, { record: { outcome: "accepted_as_simulated" } }]);
  await page.keyboard.press("Escape");
});

test("26: a signed receipt that was asked for is one file, which the command line judges beside its evidence", async () => {
  const { page } = guest;
  await go(guest, "Settings");
  await page.getByRole("tab", { name: "Privacy" }).click();
  await page.getByText("you can no longer deny the conversation").waitFor();
  await page.getByRole("switch", { name: "Ask for a signed receipt with each answer" }).check();
  await press(page, "New chat");
  await page.getByText("Receipts are asked for").waitFor();
  await composer(page).fill("Sign this");
  await composer(page).press("Enter");
  await page.locator(".margin-line").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("The enclave signed this answer").waitFor();
  const folder = await mkdtemp(join(tmpdir(), "privity-receipt-"));
  await saved(dialog, "Save evidence of this answer", folder);
  await saved(dialog, "Save the signed receipt", folder);
  for (const command of await dialog.locator(".receipt-command code").allInnerTexts()) {
    const [code, said] = await judged(command, folder);
    expect([code, JSON.parse(said)]).toMatchObject([0, { record: { outcome: "accepted_as_simulated" } }]);
    if (command.startsWith("privity receipt")) expect(JSON.parse(said)).toMatchObject({ shown: { question: "Sign this" } });
  }
  await page.keyboard.press("Escape");
  expect(guest.faults).toEqual([]);
});

/** Press a button that saves a file, and put it into `folder`. */
async function saved(dialog: Locator, name: string, folder: string): Promise<void> {
  const [download] = await Promise.all([guest.page.waitForEvent("download"), press(dialog, name)]);
  await download.saveAs(join(folder, download.suggestedFilename()));
}
