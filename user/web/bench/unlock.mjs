/* global window */
// From a locked browser to its list of chats, in Chromium: node bench/unlock.mjs [MESSAGES [ROUNDS]]. Prints JSON, times in ms.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { chromium } from "playwright";

import { findChromium } from "./chromium.mjs";
import { built, serve } from "./page_of_sources.mjs";


/** Each round in a page of its own: what an earlier one opened is gone. */
async function measured(address, executablePath, profile, { messages, rounds }) {
  const context = await chromium.launchPersistentContext(profile, { executablePath, args: ["--no-sandbox"] });
  try {
    const ask = async (question) => {
      const page = await context.newPage();
      await page.goto(address);
      await page.waitForFunction(() => window.ask !== undefined);
      const answer = await page.evaluate((asked) => window.ask(asked), question);
      await page.close();
      return answer;
    };
    const { synchronised } = await ask({ step: "fill", messages });
    const lists = [];
    for (let round = 0; round < rounds; round += 1) lists.push(await ask({ step: "list" }));
    return { messages, synchronised, lists };
  } finally {
    await context.close();
  }
}

const [, , messages = "20000", rounds = "5"] = process.argv;
const executablePath = findChromium();
if (executablePath === null) {
  console.log(JSON.stringify(null));
} else {
  const folders = ["page", "profile"].map((name) => mkdtempSync(join(tmpdir(), `privity-unlock-${name}-`)));
  const [folder, profile] = folders;
  try {
    await built("unlock", folder);
    const server = await serve(folder);
    const address = `http://localhost:${server.address().port}/`;
    const asked = { messages: Number(messages), rounds: Number(rounds) };
    console.log(JSON.stringify(await measured(address, executablePath, profile, asked)));
    server.close();
  } finally {
    for (const one of folders) rmSync(one, { recursive: true, force: true });
  }
}
