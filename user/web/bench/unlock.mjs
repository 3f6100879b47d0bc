/* global window */
// From a locked browser to its list of chats, in Chromium: node bench/unlock.mjs [MESSAGES [ROUNDS]]. Prints JSON, times in ms.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";

import { chromium } from "playwright";
import { build } from "vite";

import { findChromium } from "./chromium.mjs";

const WEB = join(import.meta.dirname, "..");
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript" };

async function built(folder) {
  const alias = [{ find: /^@privity\/(\w+)\/(.+)$/, replacement: `${WEB}/packages/$1/src/$2.ts` }];
  await build({
    root: join(import.meta.dirname, "unlock"), configFile: false, logLevel: "error", base: "./", resolve: { alias },
    worker: { format: "es" }, build: { outDir: folder, emptyOutDir: true, target: "es2023", modulePreload: false },
  });
}

function serve(folder) {
  const server = createServer((request, response) => {
    const asked = normalize(new URL(request.url, "http://localhost").pathname);
    const path = asked === "/" ? "/index.html" : asked;
    try {
      const body = readFileSync(join(folder, path));
      response.writeHead(200, { "content-type": TYPES[extname(path)] ?? "application/octet-stream" }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve(server));
  });
}

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
    await built(folder);
    const server = await serve(folder);
    const address = `http://localhost:${server.address().port}/`;
    const asked = { messages: Number(messages), rounds: Number(rounds) };
    console.log(JSON.stringify(await measured(address, executablePath, profile, asked)));
    server.close();
  } finally {
    for (const one of folders) rmSync(one, { recursive: true, force: true });
  }
}
