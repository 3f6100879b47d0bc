/* global window */
// Typing, opening and streaming in chats of 10 and 500 messages, in Chromium: node bench/chat.mjs [ROUNDS]. Prints JSON, ms of
// the page's thread, as much as a processor a quarter as fast would take; "bare" is what a page without anything else takes to
// show the same letters, "rest" what it takes for a frame in which nothing changes.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { chromium } from "playwright";

import { findChromium } from "./chromium.mjs";
import { built, serve } from "./page_of_sources.mjs";

const SLOWER = 4;
const KEYS = "the quick brown fox jumps over";
const KIB = 1024;
/** Bytes that come at once: 100 ms of 160 tokens a second. */
const PIECE = 64;
/** Frames of a page at rest. */
const FRAMES = 64;

/** How long the page's thread worked in `step`, whatever else the machine did meanwhile. */
async function worked(session, step) {
  const duration = async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    return metrics.find(({ name }) => name === "TaskDuration").value;
  };
  const before = await duration();
  await step();
  return (await duration() - before) * 1000 * SLOWER;
}

async function measured(browser, address, count, rounds) {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 } });
  const page = await context.newPage();
  await page.goto(address);
  await page.waitForFunction(() => window.ready === true);
  const session = await context.newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const opened = [];
  for (let round = 0; round <= rounds; round += 1) {
    await page.evaluate(() => window.bench.leave());
    await page.waitForTimeout(200);
    opened.push(await worked(session, () => page.evaluate((size) => window.bench.open(size), count)));
  }
  // The first one loads what draws answers.
  opened.shift();
  const keys = [];
  for (let round = 0; round < rounds; round += 1) {
    await page.evaluate(() => window.bench.write());
    const time = await worked(session, () => page.keyboard.type(KEYS, { delay: 20 }));
    keys.push(time / KEYS.length);
  }
  const streamed = [];
  for (let round = 0; round < rounds; round += 1) {
    await page.evaluate(() => window.bench.ask());
    const part = (...range) => worked(session, () => page.evaluate(([from, to, size]) => window.bench.stream(from, to, size), range));
    const first = await part(0, KIB, PIECE);
    const middle = await part(KIB, 15 * KIB, PIECE);
    const last = await part(15 * KIB, 16 * KIB, PIECE);
    await page.evaluate(() => window.bench.end());
    const each = KIB / PIECE;
    streamed.push({ first: first / each, last: last / each, mean: (first + middle + last) / (16 * each) });
  }
  const [bare, rest] = [[], []];
  await page.evaluate(() => window.bench.clear());
  for (let round = 0; round < rounds; round += 1) {
    const time = await worked(session, () => page.evaluate(([to, size]) => window.bench.bare(to, size), [16 * KIB, PIECE]));
    bare.push(time / (16 * KIB / PIECE));
    rest.push(await worked(session, () => page.evaluate((frames) => window.bench.rest(frames), FRAMES)) / FRAMES);
  }
  await context.close();
  return { opened, keys, streamed, bare, rest };
}

const [, , rounds = "5"] = process.argv;
const executablePath = findChromium();
if (executablePath === null) {
  console.log(JSON.stringify(null));
} else {
  const folder = mkdtempSync(join(tmpdir(), "privity-chat-page-"));
  try {
    await built("chat", folder, { PRIVITY_WORKERS: "{}", PRIVITY_STYLES: "{}" });
    const server = await serve(folder);
    const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
    const address = `http://localhost:${server.address().port}/`;
    const found = { slower: SLOWER };
    for (const count of [10, 500]) found[count] = await measured(browser, address, count, Number(rounds));
    console.log(JSON.stringify(found));
    await browser.close();
    server.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
