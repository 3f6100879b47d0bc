/**
 * A client made of the built TypeScript packages, at a real server: node channel_client.mjs ORIGIN PIN-FILE ROOT BUNDLE-FILE
 *
 * Prints one JSON object with what happened at each step, and writes the evidence of the first answer to BUNDLE-FILE.
 */

import { readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const packages = new URL("../../user/web/packages/", import.meta.url);
const load = (name) => import(new URL(name, packages).href);
const { Connection } = await load("channel/dist/src/sdk.js");
const { chatRequest, NO_WISHES } = await load("channel/dist/src/request.js");
const { Answer } = await load("channel/dist/src/answer.js");
const { Chain } = await load("channel/dist/src/chain.js");
const { Conversation } = await load("channel/dist/src/turns.js");
const { chooseXWing } = await load("protocol/dist/src/webcrypto.js");

const [, , origin, pinFile, root, bundleFile] = process.argv;
const pin = new Uint8Array(readFileSync(pinFile));
const entropy = (size) => crypto.getRandomValues(new Uint8Array(size));

/** What a browser keeps between two visits. */
class Kept {
  document = null;
  evidence = [];

  async update(step) {
    this.document = await step(this.document);
  }

  async convict(one) {
    this.evidence.push(one);
  }
}

/** The routes that were asked on the run origin; a cut breaks the next response to a RUN off after so many bytes. */
const wire = { asked: [], cut: null };

async function asking(address, options) {
  const [, route] = /(\/ec1\/\w+)$/.exec(address) ?? [];
  if (route !== undefined) wire.asked.push(route);
  const response = await fetch(address, options);
  if (route !== "/ec1/run" || wire.cut === null) return response;
  let left = wire.cut;
  wire.cut = null;
  const broken = new TransformStream({
    transform(piece, controller) {
      left -= piece.length;
      if (left <= 0) controller.error(new TypeError("the line was cut"));
      else controller.enqueue(piece);
    },
  });
  return new Response(response.body.pipeThrough(broken), { status: response.status });
}

const ground = {
  fetch: asking,
  clock: () => Math.floor(Date.now() / 1000),
  entropy,
  sleep: (seconds, signal) => sleep(seconds * 1000, undefined, { signal, ref: false }).catch(() => undefined),
  xwing: await chooseXWing(entropy),
};
const [store, memories] = [new Kept(), new Kept()];
const visit = (roots) => new Connection({ origin, pin, store, memories, roots: new Set(roots), ground });
const signal = new AbortController().signal;

async function refusal(step) {
  try {
    return await step();
  } catch (error) {
    return { reason: error.reason ?? String(error), checks: error.record?.checks?.length ?? 0 };
  }
}

/** One question: the kinds of events, without repetition in a row, and the answer. */
async function ask(conversation, text, maxTokens, manner = { signal, restart: false }) {
  const kinds = [];
  const before = wire.asked.length;
  for await (const { kind } of conversation.ask(text, manner, { ...NO_WISHES, maxTokens, temperature: 0 })) {
    if (kinds.at(-1) !== kind) kinds.push(kind);
  }
  const { text: said, usage, state, reason } = conversation.answer;
  return { kinds, said, usage, state, reason, asked: wire.asked.slice(before) };
}

/** A long question that the person stops at its first words: the node ends the answer, and says so in it. */
async function stopped(connection, node) {
  const asked = { model: node.models[0].id, messages: [{ role: "user", content: "Go on." }], profile: "p1", receipt: false };
  const wishes = { ...NO_WISHES, maxTokens: 3800 };
  const request = chatRequest({ ...asked, rid: entropy(16), wishes, seen: connection.source.seen });
  const answer = new Answer();
  let told = null;
  for await (const event of connection.channel.ask(request, new Chain(), { signal, restart: false })) {
    answer.take(event);
    if (event.kind === "line") told ??= connection.channel.stop(request, node);
  }
  await told;
  return { state: answer.state, reason: answer.reason, completion: answer.usage?.completion ?? 0 };
}

/** A question that the person leaves at its first words. */
async function left(connection) {
  const conversation = new Conversation(connection, ground);
  const over = new AbortController();
  try {
    for await (const { kind } of conversation.ask("Go on.", { signal: over.signal, restart: false })) {
      if (kind === "line") over.abort();
    }
  } catch (error) {
    return { fault: error.name, state: conversation.answer.state };
  }
  return { fault: "", state: conversation.answer.state };
}

const refused = await refusal(() => visit([]).source.nodes("", false));
const postedBefore = wire.asked.length;
const connection = visit([root]);
const conversation = new Conversation(connection, ground);
const first = await ask(conversation, "Hello?", 12);
const { provenance } = conversation;
writeFileSync(bundleFile, provenance.bundle);
const second = await ask(conversation, "And then?", 12);
wire.cut = 72 + 512 * 3;
const resumed = await ask(new Conversation(connection, ground), "Speak on.", 380);
const [node] = await connection.source.nodes("", false);
const ended = await stopped(connection, node);
const gone = await left(connection);
const { record } = await connection.checkAgain("");
const models = await connection.channel.models(node, connection.source.seen, signal);

console.log(JSON.stringify({
  refused, postedBefore, first, second, resumed, ended, gone, models, named: node.models,
  provenance: { ...provenance, bundle: provenance.bundle.length, appraisal: provenance.appraisal.length },
  record, remembered: store.document?.length ?? 0, evidence: store.evidence.length, xwing: ground.xwing.name,
}));
process.exit(0);
