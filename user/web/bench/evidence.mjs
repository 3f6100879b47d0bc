// What judging whole bundles of evidence costs in Node and in Chromium: node bench/evidence.mjs CORPUS
// CORPUS is a JSON file: [{ kind, data, policy, now }], bytes in base64. Prints JSON: { node, chromium } of kind to ms.
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";

import { chromium } from "playwright";
import { build } from "vite";

import { findChromium } from "./chromium.mjs";

const ENTRY = "\0judge";
const SOURCE = `
import { appraise } from "@privity/attest/appraise";
import { PROVED } from "@privity/attest/logged";
import * as memory from "@privity/attest/memory";
import * as policy from "@privity/attest/policy";

const proved = { policy: PROVED, release: PROVED, endorsement: PROVED, directory: PROVED, anchor: PROVED };
const logged = { traffic_key: null, trafficKey: null, ...proved, earliest: 0 };
const bytes = (text) => Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];

export async function measure(corpus, rounds) {
  const found = {};
  for (const { kind, data, policy: text, now } of corpus) {
    const given = { now, policy: policy.decode(bytes(text)), logged, nonce: null, memory: memory.EMPTY };
    const bundle = bytes(data);
    const taken = [];
    for (let round = -Math.ceil(rounds / 4); round < rounds; round++) {
      const before = performance.now();
      const { record } = await appraise(bundle, given);
      if (record.outcome === "refused") throw new Error(kind);
      if (round >= 0) taken.push(performance.now() - before);
    }
    found[kind] = { median: median(taken), best: taken[0] };
  }
  return found;
}
`;

const judge = {
  name: "judge",
  resolveId: (id) => (id === "judge" ? ENTRY : null),
  load: (id) => (id === ENTRY ? SOURCE : null),
};

async function bundled() {
  const { output } = await build({
    root: fileURLToPath(new URL("..", import.meta.url)),
    configFile: false,
    logLevel: "error",
    plugins: [judge],
    build: {
      write: false, target: "es2022", minify: true, modulePreload: false,
      rollupOptions: { input: "judge", preserveEntrySignatures: "strict" },
    },
  });
  return output.map((chunk) => chunk.code ?? "").join("\n");
}

async function inNode(code, corpus, rounds) {
  const { measure } = await import(`data:text/javascript;base64,${Buffer.from(code).toString("base64")}`);
  return measure(corpus, rounds);
}

async function inChromium(code, corpus, rounds) {
  const executablePath = findChromium();
  if (executablePath === null) return null;
  const server = createServer((request, response) => {
    // An isolated page has a clock fine enough for tenths of a millisecond.
    response.setHeader("cross-origin-opener-policy", "same-origin");
    response.setHeader("cross-origin-embedder-policy", "require-corp");
    const script = request.url === "/judge.js";
    response.setHeader("content-type", script ? "text/javascript" : "text/html").end(script ? code : "<!doctype html>");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  try {
    const page = await browser.newPage();
    await page.goto(`http://localhost:${server.address().port}/`);
    return await page.evaluate(async ([given, count]) => (await import("/judge.js")).measure(given, count), [corpus, rounds]);
  } finally {
    await browser.close();
    server.close();
  }
}

const [, , file, rounds = "40"] = process.argv;
const corpus = JSON.parse(readFileSync(file, "utf8"));
const code = await bundled();
console.log(JSON.stringify({
  node: await inNode(code, corpus, Number(rounds)),
  chromium: await inChromium(code, corpus, Number(rounds)),
}));
