// What the channel costs on this engine: the same code in Node and in a page. Medians, and beside them the best round,
// which is what is left of a busy machine's noise.

const ROUNDS = 40;
const WARM = 8;
// A RUN is so short that the engine's compiler is at work for the first hundred.
const RUN_ROUNDS = 400;
const RUN_WARM = 100;
const RUN_BYTES = 8192;
const RECORDS = 200;

const entropy = (size) => crypto.getRandomValues(new Uint8Array(size));

// The median and the best of some times, the first ones left out.
function summary(times, warm = WARM) {
  const kept = times.slice(warm).sort((left, right) => left - right);
  return { median: kept[Math.floor(kept.length / 2)], best: kept[0] };
}

async function repeated(rounds, step, warm = WARM) {
  const times = [];
  for (let i = 0; i < rounds + warm; i += 1) times.push(await step());
  return summary(times, warm);
}

// Milliseconds of processor a round, of all threads; null where the engine does not say. Other work on the machine
// lengthens times far more than this.
async function processor(rounds, step) {
  const usage = globalThis.process?.cpuUsage;
  if (usage === undefined) return null;
  const before = usage();
  for (let i = 0; i < rounds; i += 1) await step();
  const { user, system } = usage(before);
  return (user + system) / 1000 / rounds;
}

async function timed(step) {
  const began = performance.now();
  const value = await step();
  return [performance.now() - began, value];
}

// HELLO of one client against a node in the same process: build (with its fresh key) and finish apart.
async function hello({ hello }, kem) {
  const key = await kem.fromSeed(new Uint8Array(32).fill(1));
  const nodeDocument = new Uint8Array(2500).fill(65);
  const { encapsulate } = kem;
  const build = () => kem.generate().then((ephemeral) =>
    hello.beginHello({ nodeKey: key.publicKey, nodeDocument, encapsulate, ephemeral }));
  const parts = { build: [], finish: [], node: [] };
  const total = await repeated(ROUNDS, async () => {
    const [building, { sent, request }] = await timed(build);
    const [answering, { response }] = await timed(() =>
      hello.answerHello(request, { key, nodeDocument, sid: entropy(16), ttl: 120, encapsulate }));
    const [finishing] = await timed(() => sent.finish(response));
    parts.build.push(building);
    parts.finish.push(finishing);
    parts.node.push(answering);
    return building + finishing;
  });
  return { total, build: summary(parts.build), finish: summary(parts.finish), node: summary(parts.node) };
}

function session(chain) {
  return { sid: new Uint8Array(16), kid: new Uint8Array(8), chain, ttl: 120, position: 0 };
}

async function run({ chain, run: runs }) {
  const payload = new Uint8Array(RUN_BYTES).fill(66);
  const secret = () => new chain.ChainKey(new Uint8Array(32).fill(2));
  const sealing = () => timed(() => runs.beginRun(session(secret()), payload, entropy));
  const { request } = await runs.beginRun(session(secret()), payload, entropy);
  const opening = () => timed(async () => {
    const reader = new runs.RequestReader(secret(), request.subarray(0, 32));
    await reader.feed(request.subarray(32));
    return reader.finish();
  });
  const [build, open] = [await cost(sealing), await cost(opening)];
  return { build, open, secret };
}

async function cost(step) {
  const times = await repeated(RUN_ROUNDS, async () => (await step())[0], RUN_WARM);
  return { ...times, cpu: await processor(RUN_ROUNDS, step) };
}

// A p1 answer of 200 records (20 s) as it arrives: one feed a record.
async function answer({ run: runs }, { secret }) {
  const payload = new Uint8Array(RUN_BYTES).fill(66);
  const times = [];
  for (let i = 0; i < WARM + 7; i += 1) {
    const asked = await runs.beginRun(session(secret()), payload, entropy);
    const reader = new runs.RequestReader(secret(), asked.request.subarray(0, 32));
    await reader.feed(asked.request.subarray(32));
    const { writer, opening } = await (await reader.finish()).response(512, entropy);
    const records = [opening];
    for (let at = 0; at < RECORDS - 2; at += 1) records.push(await writer.data(new Uint8Array(writer.capacity).fill(67)));
    records.push(await writer.end(), await writer.close());
    const response = asked.sent.response();
    times.push((await timed(async () => {
      for (const record of records) await response.feed(record);
      response.eof();
    }))[0]);
  }
  return summary(times);
}

// `modules`: the built modules by name. The result is plain numbers, in milliseconds.
export async function measure(modules) {
  const portable = modules.xwing.portable(entropy);
  const native = await modules.webcrypto.nativeXWing();
  const noble = await hello(modules, portable);
  const chosen = native === null ? noble : await hello(modules, native);
  const requests = await run(modules);
  return {
    xwing: native === null ? "noble" : "webcrypto",
    hello: chosen,
    helloNoble: noble,
    runBuild: requests.build,
    runOpen: requests.open,
    answer200: await answer(modules, requests),
  };
}
