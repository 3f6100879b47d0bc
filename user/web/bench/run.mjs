// The channel's figures in Node and in Chromium: node bench/run.mjs [--json]
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

import { chromium } from "playwright";

import { measure } from "./channel.mjs";
import { findChromium } from "./chromium.mjs";

const WEB = fileURLToPath(new URL("..", import.meta.url));
const DIST = "packages/protocol/dist/src";
const MODULES = ["chain", "hello", "run", "webcrypto", "xwing"];
const GOALS = { node: { hello: 10, run: 0.2 }, chromium: { hello: 5, run: 0.2 } };
const TYPES = { ".js": "text/javascript", ".mjs": "text/javascript", ".html": "text/html" };

const PAGE = `<!doctype html><script type="importmap">{"imports":{
  "@noble/curves/":"/node_modules/@noble/curves/",
  "@noble/hashes/":"/node_modules/@noble/hashes/",
  "@noble/post-quantum/":"/node_modules/@noble/post-quantum/"}}</script>`;

async function inNode() {
  const loaded = await Promise.all(MODULES.map((name) => import(new URL(`../${DIST}/${name}.js`, import.meta.url).href)));
  return measure(Object.fromEntries(MODULES.map((name, index) => [name, loaded[index]])));
}

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
    const file = normalize(join(WEB, path));
    response.setHeader("content-type", TYPES[extname(file)] ?? "application/octet-stream");
    if (!file.startsWith(WEB)) response.writeHead(404).end();
    else readFile(file).then((data) => response.end(data), () => response.writeHead(404).end());
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve(server));
  });
}

async function inChromium() {
  const executablePath = findChromium();
  if (executablePath === null) return null;
  const server = await serve();
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  try {
    const page = await browser.newPage();
    // "localhost" is a secure context, so WebCrypto is there.
    await page.goto(`http://localhost:${server.address().port}/`);
    return await page.evaluate(async ({ names, dist }) => {
      const loaded = await Promise.all(names.map((name) => import(`/${dist}/${name}.js`)));
      const { measure: inPage } = await import("/bench/channel.mjs");
      return inPage(Object.fromEntries(names.map((name, index) => [name, loaded[index]])));
    }, { names: MODULES, dist: DIST });
  } finally {
    await browser.close();
    server.close();
  }
}

function lines(where, found, goals) {
  const { hello, helloNoble, runBuild, runOpen, answer200, xwing } = found;
  const cpu = (value) => (value.cpu ? `, CPU ${value.cpu.toFixed(2)}` : "");
  const ms = (value) => `${value.median.toFixed(2)} ms (best ${value.best.toFixed(2)}${cpu(value)})`;
  const word = (value, goal) => (value.median <= goal ? "reached" : value.best <= goal ? "reached by the best round only" : "NOT reached");
  return [
    `${where}, X-Wing from ${xwing}`,
    `  HELLO client             ${ms(hello.total)}; goal ${goals.hello} ms ${word(hello.total, goals.hello)}`,
    `    build, finish          ${ms(hello.build)}, ${ms(hello.finish)}`,
    `  HELLO client with noble  ${ms(helloNoble.total)}, ${(helloNoble.total.median / hello.total.median).toFixed(1)} times`,
    `  HELLO node, with noble   ${ms(helloNoble.node)}`,
    `  RUN of 8 KiB, build      ${ms(runBuild)}; goal ${goals.run} ms ${word(runBuild, goals.run)}`,
    `  RUN of 8 KiB, open       ${ms(runOpen)}; goal ${goals.run} ms ${word(runOpen, goals.run)}`,
    `  answer of 200 records    ${ms(answer200)}, 20 s of ticks`,
  ];
}

const figures = { node: await inNode(), chromium: await inChromium() };
if (process.argv.includes("--json")) {
  console.log(JSON.stringify(figures));
} else {
  for (const line of lines(`Node ${process.version}`, figures.node, GOALS.node)) console.log(line);
  if (figures.chromium === null) console.log("Chromium: not on this machine (set CHROMIUM); not measured");
  else for (const line of lines("Chromium", figures.chromium, GOALS.chromium)) console.log(line);
  if (figures.chromium) console.log(`Chromium to Node, HELLO client: ${(figures.chromium.hello.total.median / figures.node.hello.total.median).toFixed(2)}`);
}
