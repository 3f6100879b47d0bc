/**
 * The web client's channel worker, bundled from its sources, at a real server: node channel_worker.mjs ORIGIN
 *
 * Everything but the browser's storage is real. Prints one JSON object with what the page would have been told.
 */

import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";

const WEB = fileURLToPath(new URL("../../user/web", import.meta.url));
const { build } = await import(pathToFileURL(join(WEB, "node_modules/vite/dist/node/index.js")).href);

/** The module of a bundle that begins in a source file of the app. */
async function bundled(entry) {
  const { output } = await build({
    root: WEB,
    configFile: false,
    logLevel: "error",
    resolve: { alias: [{ find: /^@privity\/(\w+)\/(.+)$/, replacement: `${WEB}/packages/$1/src/$2.ts` }] },
    build: {
      write: false, target: "es2022", minify: false, modulePreload: false,
      rollupOptions: { input: join(WEB, entry), preserveEntrySignatures: "strict" },
    },
  });
  const file = join(mkdtempSync(join(tmpdir(), "privity-")), "worker.mjs");
  writeFileSync(file, output[0].code);
  return import(pathToFileURL(file).href);
}

const { handlersOf } = await bundled("app/src/channel/commands.ts");
const { chooseXWing } = await bundled("packages/protocol/src/webcrypto.ts");
const [, , service] = process.argv;
const entropy = (size) => crypto.getRandomValues(new Uint8Array(size));
const kept = new Map();
const news = [];
const posted = [];

const cabinet = {
  get: async (name) => kept.get(name) ?? null,
  put: async (name, data) => void kept.set(name, data),
  update: async (name, step) => void kept.set(name, await step(kept.get(name) ?? null)),
};
const handlers = handlersOf({
  ground: {
    fetch: (address, options) => {
      if (options.method === "POST") posted.push(new URL(address).pathname);
      return fetch(address, options);
    },
    clock: () => Math.floor(Date.now() / 1000),
    entropy,
    sleep: (seconds, signal) => sleep(seconds * 1000, undefined, { signal, ref: false }).catch(() => undefined),
    xwing: await chooseXWing(entropy),
  },
  cabinet: async () => cabinet,
  after: (seconds, step) => {
    const timer = setTimeout(step, seconds * 1000).unref();
    return () => clearTimeout(timer);
  },
  tell: (one) => news.push(one),
});

const ask = (name, members = {}) => handlers[name]({ name, ...members });

/** Ask, and wait for the end; `until` is told each piece. */
async function asked(request, text, until = () => undefined) {
  const rid = Buffer.from(entropy(16)).toString("hex");
  const messages = JSON.stringify([{ content: text, role: "user" }]);
  const from = news.length;
  await ask("ask", { request, conversation: "c", rid, model: "tiny", effort: null, messages, receipt: true });
  for (;;) {
    const told = news.slice(from).filter((one) => one.request === request);
    const end = told.find(({ kind }) => kind === "ended");
    if (told.some(({ kind }) => kind === "piece")) await until();
    if (end !== undefined) {
      const { bundle, appraisal, document, ...rest } = end.ended;
      const said = told.map((one) => (one.kind === "piece" ? one.text : "")).join("");
      const bytes = [bundle, appraisal, document].map((one) => one?.length ?? 0);
      return { ...rest, said, bytes, kinds: [...new Set(told.map(({ kind }) => kind))] };
    }
    await sleep(5);
  }
}

const first = await ask("start", { service, pin: null });
const refused = await asked("r0", "Hello?");
const postedBefore = posted.length;
await ask("consent", { roots: first.roots });
const record = await ask("verify", { fresh: true });
const models = await ask("models");
let told = false;
const stopped = await asked("r1", "Go on, please.", async () => {
  if (told) return;
  told = true;
  await ask("stop", { request: "r1" });
});
const { fileName, data } = await ask("saveEvidence");
const conviction = await ask("saveConviction");
console.log(JSON.stringify({
  first, refused, postedBefore, record, models, stopped, posted, conviction, kept: [...kept.keys()].sort(),
  evidence: { fileName, length: data.length },
}));
process.exit(0);
