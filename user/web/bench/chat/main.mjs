/* global document, requestAnimationFrame, MessageChannel, window, Worker */
// The whole page on a vault in memory; `window.bench` does what is measured.
import { h, render } from "preact";

import { App } from "../../app/src/app.tsx";
import { CHANNEL, CHANNEL_ASIDE } from "../../app/src/bridge/channel.ts";
import { Line, serve } from "../../app/src/bridge/line.ts";
import { account, chat, models, overview, record } from "../../app/src/state/app.ts";
import { heard, send } from "../../app/src/state/asking.ts";
import { newChat, openChat } from "../../app/src/state/chats.ts";
import { heardChannel, heardVault } from "../../app/src/state/news.ts";
import { connect } from "../../app/src/state/ports.ts";
import { running } from "../../app/src/state/runs.ts";
import { followWidth } from "../../app/src/state/width.ts";
import { STREAMED } from "./chats.mjs";

const worker = new Worker(new URL("./worker.mjs", import.meta.url), { type: "module" });
const { port1, port2 } = new MessageChannel();
for (const port of [port1, port2]) port.start();
serve(port2, CHANNEL, new Proxy({}, { get: () => async () => null }), CHANNEL_ASIDE);
connect({
  vault: new Line(worker, heardVault), channel: new Line(port1, heardChannel), readFile: () => Promise.reject(new Error("none")),
});

const settings = { theme: "system", language: null, model: null, instructions: "", lock: null, titles: true, atOnce: false };
const sync = { unsent: 0, offline: false, syncing: false, halted: null, n: 0, fingerprint: "", agreed: null };
account.value = { state: "open" };
const quota = { active: 0, activeLimit: null, bytes: 0, bytesLimit: null };
overview.value = { chats: [], folders: [], prompts: [], settings, sync, offers: [], quota };
models.value = [{ id: "m", name: "Model", digest: "ab", context: 1e6, efforts: [], vision: false }];
record.value = {
  verdict: "verified", reasons: [], release: "1", kind: "sev_snp", time: 1, until: 9e9, checks: [], measurements: [], logs: [],
  entry: null, route: { origin: "", relay: false }, profile: "p0", roots: [], differences: [],
};
followWidth();
render(h(App, null), document.getElementById("app"));

const { port1: after, port2: frame } = new MessageChannel();

/** Until what was set in motion stands on the screen. */
function painted() {
  return new Promise((resolve) => {
    after.onmessage = () => resolve();
    requestAnimationFrame(() => frame.postMessage(null));
  });
}

window.bench = {
  async leave() {
    newChat();
    await painted();
  },
  async open(count) {
    await openChat(String(count));
    await painted();
  },
  write() {
    document.querySelector(".composer-text").focus();
  },
  /** Begin an answer to a question in the chat in sight. */
  async ask() {
    await send({ text: "Well?", attachments: [] });
    while (running.value === null) await painted();
  },
  /** Let the bytes `from` to `to` of an answer come in pieces of `size`, one a frame. */
  async stream(from, to, size) {
    for (let at = from; at < to; at += size) {
      const text = STREAMED.slice(at, at + size);
      heard({ kind: "piece", request: running.value.request, text, reasoning: "" });
      await painted();
    }
  },
  async end() {
    heard({ kind: "ended", request: running.value.request, ended: {
      state: "complete", reason: "", detail: "", model: null, usage: null, proof: "none", document: null, bundle: null,
      appraisal: null, receipt: null,
    } });
    while (running.value !== null) await painted();
    return chat.value.messages.length;
  },
  /** Leave nothing in the page. */
  clear() {
    render(null, document.getElementById("app"));
  },
  /** So many frames in which nothing changes: what the browser takes before a client does anything. */
  async rest(frames) {
    for (let at = 0; at < frames; at += 1) await painted();
  },
  /**
   * The same pieces as they come, put into paragraphs of an empty page that follows its end, in the type and the width of
   * answers: what no client can do without.
   */
  async bare(to, size) {
    const place = document.getElementById("app");
    place.style.cssText = "block-size: 100dvh; overflow-y: auto; scrollbar-gutter: stable both-edges; font: var(--reading); "
      + "padding-inline: var(--s4)";
    place.replaceChildren(document.createElement("p"));
    for (let at = 0; at < to; at += size) {
      const [first, ...others] = STREAMED.slice(at, at + size).split("\n\n");
      place.lastChild.append(first);
      for (const other of others) {
        place.append(document.createElement("p"));
        place.lastChild.append(other);
      }
      place.scrollTop = place.scrollHeight;
      await painted();
    }
  },
};
window.ready = true;
