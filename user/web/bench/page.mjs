// A page in this machine's Chromium that loads the built packages; for benchmarks in Chromium.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

import { chromium } from "playwright";

import { findChromium } from "./chromium.mjs";

const WEB = fileURLToPath(new URL("..", import.meta.url));
const TYPES = { ".js": "text/javascript", ".mjs": "text/javascript", ".html": "text/html" };

const PAGE = `<!doctype html><script type="importmap">{"imports":{
  "@noble/curves/":"/node_modules/@noble/curves/",
  "@noble/hashes/":"/node_modules/@noble/hashes/",
  "@noble/post-quantum/":"/node_modules/@noble/post-quantum/",
  "@privity/protocol/":"/packages/protocol/dist/src/",
  "@privity/tlog/":"/packages/tlog/dist/src/"}}</script>`;

function serve() {
  const server = createServer((request, response) => {
    const path = new URL(request.url, "http://localhost").pathname;
    // An isolated page has a clock fine enough for tenths of a millisecond.
    response.setHeader("cross-origin-opener-policy", "same-origin");
    response.setHeader("cross-origin-embedder-policy", "require-corp");
    if (path === "/") {
      response.setHeader("content-type", "text/html").end(PAGE);
      return;
    }
    // Packages name each other's modules without an ending.
    const file = normalize(join(WEB, extname(path) === "" ? `${path}.js` : path));
    response.setHeader("content-type", TYPES[extname(file)] ?? "application/octet-stream");
    if (!file.startsWith(WEB)) response.writeHead(404).end();
    else readFile(file).then((data) => response.end(data), () => response.writeHead(404).end());
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve(server));
  });
}

// What `step(given)` gives in a page, null where there is no Chromium. The step is sent as text: it sees no scope.
export async function inChromium(step, given) {
  const executablePath = findChromium();
  if (executablePath === null) return null;
  const server = await serve();
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  try {
    const page = await browser.newPage();
    // "localhost" is a secure context, so WebCrypto is there.
    await page.goto(`http://localhost:${server.address().port}/`);
    return await page.evaluate(step, given);
  } finally {
    await browser.close();
    server.close();
  }
}
