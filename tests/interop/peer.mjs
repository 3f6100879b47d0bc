// The TypeScript side of the interoperation tests: one JSON object per line in, one per line out; both roles.
// Bytes are hexadecimal. A documented error is answered as {"error": reason}; anything else ends the process.
import { createInterface } from "node:readline";
import { webcrypto } from "node:crypto";

import { attest } from "./attest_operations.mjs";

const DIST = new URL("../../user/web/packages/protocol/dist/src/", import.meta.url);
const load = (name) => import(new URL(`${name}.js`, DIST).href);
const NAMES = ["admission", "application", "bytes", "errors", "hello", "labels", "limits", "pacing", "reasons", "run", "xwing"];
const [admission, application, bytes, errors, hello, labels, limits, pacing, reasons, run, xwing] = await Promise.all(
  NAMES.map(load),
);

const entropy = (size) => webcrypto.getRandomValues(new Uint8Array(size));
const kem = xwing.portable(entropy);
const hex = bytes.toHex;
const raw = bytes.fromHex;
const state = {};

function describe(event) {
  if (event.kind === "data" || event.kind === "end") return [event.kind, hex(event.data)];
  if (event.kind === "error") return ["error", event.code, event.text];
  if (event.kind === "next") return ["next", hex(event.sid), event.ttl];
  return [event.kind];
}

const client = {
  async begin_hello({ node_key, node_document }) {
    const begun = await hello.beginHello({
      nodeKey: raw(node_key),
      nodeDocument: raw(node_document),
      encapsulate: kem.encapsulate,
      ephemeral: await kem.generate(),
    });
    state.helloSent = begun.sent;
    return { request: hex(begun.request) };
  },
  async finish_hello({ response }) {
    state.session = await state.helloSent.finish(raw(response));
    return { sid: hex(state.session.sid), ttl: state.session.ttl };
  },
  async begin_run({ payload }) {
    const begun = await run.beginRun(state.session, raw(payload), entropy);
    state.reader = begun.sent.response();
    return { request: hex(begun.request) };
  },
  async feed_response({ data }) {
    return { events: (await state.reader.feed(raw(data))).map(describe) };
  },
  async end_response() {
    state.reader.eof();
    state.session = state.reader.nextSession();
    return { complete: state.reader.complete, position: state.session?.position ?? null };
  },
};

const node = {
  async make_key() {
    state.key = await kem.generate();
    return { node_key: hex(state.key.publicKey) };
  },
  async answer_hello({ request, node_document, sid, ttl }) {
    const answer = await hello.answerHello(raw(request), {
      key: state.key,
      nodeDocument: raw(node_document),
      sid: raw(sid),
      ttl,
      encapsulate: kem.encapsulate,
    });
    state.chain = answer.chain;
    return { response: hex(answer.response) };
  },
  async read_run({ header, pieces }) {
    const reader = new run.RequestReader(state.chain, raw(header));
    for (const piece of pieces) await reader.feed(raw(piece));
    state.received = await reader.finish();
    return { payload: hex(state.received.payload) };
  },
  async answer_run({ profile, parts, next, ttl, failure }) {
    const chosen = pacing.PROFILES[profile];
    const { writer, opening } = await state.received.response(chosen.recordSize, entropy);
    const emission = new pacing.Emission(chosen, writer);
    const left = [opening];
    if (next !== null) emission.announceNext(raw(next), ttl);
    for (const part of parts) {
      emission.queue(raw(part));
      left.push(await emission.tick());
    }
    if (failure === null) emission.finish();
    else emission.fail(failure[0], failure[1]);
    for (let record = await emission.tick(); record !== null; record = await emission.tick()) left.push(record);
    state.chain = writer.nextChain();
    return { response: hex(bytes.concat(...left)) };
  },
};

const constants = {
  constants() {
    const { OUTER_ERRORS, REACTIONS } = admission;
    const { INNER_ERRORS } = application;
    return { limits, labels, reasons: reasons.REASONS, OUTER_ERRORS, REACTIONS, INNER_ERRORS };
  },
};

const operations = { ...client, ...node, ...constants, ...attest };

for await (const line of createInterface({ input: process.stdin })) {
  const { op, ...input } = JSON.parse(line);
  let answer;
  try {
    answer = await operations[op](input);
  } catch (error) {
    if (!(error instanceof errors.PrivityError)) throw error;
    answer = { error: error.reason };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
