// Real Chromium on the account page, driven by lines of JSON on standard input: {"do": NAME, ...} is answered by a line.
// usage: node drive.mjs CHROMIUM FOLDER SERVICE PORT
/* global document, navigator, window, indexedDB, CryptoKey, PublicKeyCredential, self, SubtleCrypto, DOMException */
import { createInterface } from "node:readline";
import { chromium } from "playwright";

import { serve } from "./site.mjs";

const [, , executablePath, folder, service, port] = process.argv;
const AUTHENTICATOR = {
  protocol: "ctap2", ctap2Version: "ctap2_1", transport: "internal", hasResidentKey: true, hasUserVerification: true,
  isUserVerified: true, hasPrf: true, automaticPresenceSimulation: true,
};
const pages = new Map();
const requests = [];

/** In the page: note what a passkey's PRF answers, and answer otherwise when a test says so. */
function watchPasskeys() {
  window.noted = [];
  window.mode = "full";
  const told = PublicKeyCredential.prototype.getClientExtensionResults;
  const hex = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
  PublicKeyCredential.prototype.getClientExtensionResults = function answered() {
    const outputs = told.call(this);
    const first = outputs.prf?.results?.first;
    if (first === undefined) return outputs;
    window.noted.push(hex(first));
    if (window.mode === "none") return {};
    if (window.mode === "late" && "attestationObject" in this.response) return { prf: { enabled: true } };
    if (window.mode === "unstable") new Uint8Array(first)[0] = window.noted.length;
    if (window.mode === "other") new Uint8Array(first).fill(7);
    return outputs;
  };
  for (const name of ["create", "get"]) {
    const asked = navigator.credentials[name].bind(navigator.credentials);
    window[`${name}s`] = 0;
    navigator.credentials[name] = (options) => {
      window[`${name}s`] += 1;
      if (window.mode === "cancelled") return Promise.reject(new DOMException("", "NotAllowedError"));
      return asked(options);
    };
  }
}

/** In the vault worker: note every key that WebCrypto is given as bytes. */
function watchKeys() {
  self.noted = [];
  const imported = SubtleCrypto.prototype.importKey;
  SubtleCrypto.prototype.importKey = function noting(format, data, algorithm, ...rest) {
    const named = typeof algorithm === "string" ? algorithm : algorithm.name;
    if (format === "raw" && (named === "HKDF" || named === "AES-GCM") && data.byteLength === 32) {
      const bytes = new Uint8Array(data.buffer ?? data, data.byteOffset ?? 0, data.byteLength);
      self.noted.push(Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(""));
    }
    return imported.call(this, format, data, algorithm, ...rest);
  };
}

/** In the page: everything that lies in IndexedDB, as texts and as bytes in hexadecimal; keys as what they are. */
async function dump() {
  const answered = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const plain = (value) => {
    if (value instanceof Uint8Array) return { bytes: hex(value) };
    if (value instanceof CryptoKey) return { key: value.algorithm.name, extractable: value.extractable };
    if (value instanceof Map) return [...value].map(plain);
    if (Array.isArray(value)) return value.map(plain);
    if (value !== null && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one)]));
    }
    return typeof value === "bigint" ? String(value) : value;
  };
  const found = {};
  for (const { name } of await indexedDB.databases()) {
    const database = await answered(indexedDB.open(name));
    for (const store of database.objectStoreNames) {
      const values = await answered(database.transaction(store).objectStore(store).getAll());
      found[`${name}/${store}`] = values.map(plain);
    }
    database.close();
  }
  return found;
}

async function opened(browser, { name, authenticator = {} }) {
  // Each profile is on a network of its own: the service counts what a network begins in a minute.
  const extraHTTPHeaders = { "x-forwarded-for": `10.0.${String(pages.size)}.1` };
  const context = await browser.newContext({ extraHTTPHeaders });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const faults = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("request", (request) => requests.push(request));
  const workers = [];
  page.on("worker", (worker) => workers.push(worker.evaluate(watchKeys).then(() => worker)));
  const session = await context.newCDPSession(page);
  if (authenticator !== null) {
    await session.send("WebAuthn.enable");
    await session.send("WebAuthn.addVirtualAuthenticator", { options: { ...AUTHENTICATOR, ...authenticator } });
  }
  await page.addInitScript(watchPasskeys);
  await page.goto(`http://localhost:${port}/`);
  pages.set(name, { page, workers, faults });
  await page.waitForSelector("section:not([hidden])");
  return [];
}

const DEEDS = {
  press: async ({ page }, { id, until = "nothing" }) => {
    await page.locator("#status").evaluate((status) => { status.textContent = "…"; });
    await page.click(`#${id}`);
    await page.waitForFunction((other) => {
      const there = document.getElementById(other)?.closest("[hidden]") === null && document.getElementById(other) !== null;
      return there || !["…", ""].includes(document.getElementById("status").textContent);
    }, until);
    return page.locator("#status").textContent();
  },
  fill: async ({ page }, { id, text }) => {
    await page.locator(`details:has(#${id})`).evaluateAll((all) => all.forEach((one) => { one.open = true; }));
    await page.fill(`#${id}`, text);
  },
  text: ({ page }, { id }) => page.locator(`#${id}`).textContent(),
  filled: async ({ page }, { id }) => {
    await page.waitForFunction((wanted) => document.getElementById(wanted).textContent !== "", id);
    return page.locator(`#${id}`).textContent();
  },
  shown: async ({ page }, { id }) => {
    await page.waitForSelector(`#${id}`, { state: "visible" });
    return id;
  },
  messages: ({ page }) => page.locator("#messages li").evaluateAll((items) => {
    return items.map((item) => ({ id: item.dataset.id, parent: item.dataset.parent, text: item.textContent }));
  }),
  devices: ({ page }) => page.locator("#devices li").evaluateAll((items) => items.map((item) => item.firstChild.textContent)),
  uncheck: ({ page }, { id }) => page.uncheck(`#${id}`),
  mode: ({ page }, { mode }) => page.evaluate((chosen) => { window.mode = chosen; }, mode),
  gestures: ({ page }) => page.evaluate(() => ({ creates: window.creates, gets: window.gets })),
  reload: async ({ page }) => {
    await page.reload();
    await page.waitForSelector("section:not([hidden])");
  },
  noted: async ({ page, workers }) => {
    const ofWorkers = await Promise.all(workers.map(async (one) => (await one).evaluate(() => self.noted).catch(() => [])));
    return [...await page.evaluate(() => window.noted), ...ofWorkers.flat()];
  },
  storage: ({ page }) => page.evaluate(dump),
  html: ({ page }) => page.content(),
  faults: ({ faults }) => Promise.resolve(faults),
};

async function allRequests() {
  return Promise.all(requests.map(async (one) => ({
    method: one.method(), url: one.url(), headers: await one.allHeaders(),
    body: one.postDataBuffer() === null ? "" : one.postDataBuffer().toString("hex"),
  })));
}

const server = await serve(folder, service, Number(port));
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const answer = (value) => process.stdout.write(`${JSON.stringify(value ?? null)}\n`);
answer("ready");
for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  try {
    if (asked.do === "open") answer({ is: await opened(browser, asked) });
    else if (asked.do === "requests") answer({ is: await allRequests() });
    else answer({ is: (await DEEDS[asked.do](pages.get(asked.name), asked)) ?? null });
  } catch (error) {
    answer({ failed: String(error), faults: pages.get(asked.name)?.faults ?? [] });
  }
}
await browser.close();
server.close();
