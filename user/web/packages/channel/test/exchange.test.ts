/** One request against a node that speaks the real channel: retries, resume, truncation, and what never changes. */

import { toHex } from "@privity/protocol/bytes";
import { type Line } from "@privity/protocol/lines";
import { describe, expect, test } from "vitest";

import { Bench, refusal } from "./bench.ts";
import { FakeNode, type Script, script } from "./node.ts";

const LONG: readonly Line[] = [
  ...Array.from({ length: 20 }, (): Line => ({ t: "text", d: "word ".repeat(40) })), { t: "done", reason: "stop" },
];
const WORDS = "word ".repeat(800);

async function bench(changed: Partial<Script> = {}, end?: number): Promise<{ readonly node: FakeNode; readonly at: Bench }> {
  const node = await FakeNode.make("node", script(changed), end);
  return { node, at: new Bench(node) };
}

test("a question is answered and complete", async () => {
  const { at } = await bench();
  await at.ask(at.request());
  expect(at.text()).toBe("Hello you.");
  expect(at.kinds).toEqual(["accepted", "line", "line", "line", "line", "complete"]);
});

describe("the chain", () => {
  test("gives the next question the next handle, and no HELLO", async () => {
    const { node, at } = await bench();
    await at.ask(at.request());
    await at.ask(at.request("again"));
    expect([node.hellos.length, node.runs.length]).toEqual([1, 2]);
  });

  test("does not use an expired handle", async () => {
    const { node, at } = await bench();
    await at.ask(at.request());
    at.now += 600;
    await at.ask(at.request());
    expect(node.hellos).toHaveLength(2);
  });

  test("ends after an hour and after 32 runs", async () => {
    const { node, at } = await bench({}, 100_000);
    for (let turn = 0; turn < 33; turn += 1) await at.ask(at.request());
    expect(node.hellos).toHaveLength(2);
    for (let turn = 0; turn < 7; turn += 1) {
      at.now += 590;
      await at.ask(at.request());
    }
    expect(node.hellos).toHaveLength(3);
  });

  test("ends with the node's key and with its appraisal", async () => {
    const { node, at } = await bench({}, 1100);
    await at.ask(at.request());
    at.now = 1096;
    await at.ask(at.request());
    expect(node.hellos).toHaveLength(2);
  });

  test("is begun anew where a node was restarted", async () => {
    const { node, at } = await bench();
    await at.ask(at.request());
    node.forgetSessions();
    await at.ask(at.request());
    expect([node.hellos.length, at.text()]).toEqual([2, "Hello you."]);
  });
});

describe("a retry", () => {
  test.each([400, 404, 410, 429, 503, 500])("after %d is the same request in the same size", async (status) => {
    const { node, at } = await bench({ runStatuses: [status, status] });
    const request = at.request("x".repeat(50_000));
    await at.ask(request);
    expect(node.runs.map(({ body }) => body)).toEqual([request.body]);
    expect(new Set(at.network.runs.map(({ body }) => body.length)).size).toBe(1);
    expect(at.network.runs).toHaveLength(3);
    expect(node.runs.map(({ header }) => [header.rid, header.prof])).toEqual([[request.rid, "p1"]]);
    expect(at.kinds.filter((kind) => kind === "retrying")).toHaveLength(2);
    expect(at.pauses.every((pause) => pause > 0)).toBe(true);
  });

  test("keeps suite and document, and draws new keys", async () => {
    const { node, at } = await bench({ helloStatuses: [400, 400] });
    await at.ask(at.request());
    expect(new Set(node.hellos.map((hello) => toHex(hello.subarray(0, 16)))).size).toBe(1);
    expect(new Set(node.hellos.map((hello) => toHex(hello.subarray(16)))).size).toBe(3);
  });

  test("is made twice and no more, then the reason is told", async () => {
    const { at } = await bench({ runStatuses: Array.from({ length: 9 }, () => 503) });
    expect(await refusal(at.ask(at.request()))).toBe("busy");
    expect(at.network.runs).toHaveLength(3);
  });

  test("is not made of what is too large", async () => {
    const { at } = await bench({ runStatuses: [413, 413] });
    expect(await refusal(at.ask(at.request()))).toBe("too_large");
    expect(at.network.runs).toHaveLength(1);
  });

  test("leaves a node that is gone for another", async () => {
    const [first, second] = [await FakeNode.make("a"), await FakeNode.make("b")];
    const at = new Bench(first, second);
    at.network.down.add(first.digest);
    for (let turn = 0; turn < 8; turn += 1) {
      at.chain.drop();
      await at.ask(at.request());
    }
    expect(second.runs).toHaveLength(8);
    expect(at.source.refreshed).toBeGreaterThan(0);
  });

  test("is made of a node that never answers, which counts as no response", async () => {
    const { at } = await bench({ silentHello: true });
    at.impatient = true;
    expect(await refusal(at.ask(at.request()))).toBe("unreachable");
    expect(at.network.asked).toHaveLength(3);
  });

  test("of the same request is possible after a failure", async () => {
    const { node, at } = await bench({ inner: [[7, "restarting"]] });
    const request = at.request();
    expect(await refusal(at.ask(request))).toBe("model_unavailable");
    await at.ask(request);
    expect(new Set(node.runs.map(({ header }) => toHex(header.rid))).size).toBe(1);
    expect(at.text()).toBe("Hello you.");
  });
});

describe("an answer that is cut", () => {
  test.each([0, 1, 2, 3, 4, 5, 6, 7])("after %d records is resumed where it stopped", async (cut) => {
    const { node, at } = await bench({ lines: LONG, cuts: [cut] });
    await at.ask(at.request());
    expect(at.text()).toBe(WORDS);
    expect(at.kinds.at(-1)).toBe("complete");
    const [first, second] = node.runs;
    expect([second?.header.op, second?.header.from]).toEqual(["resume", cut * 493]);
    expect(second?.header.rid).toEqual(first?.header.rid);
    expect(at.kinds.filter((kind) => kind === "resuming")).toHaveLength(1);
  });

  test("is never complete without resume", async () => {
    const { at } = await bench({ lines: LONG, cuts: [3] });
    expect(await refusal(at.ask(at.request("hi", { resume: false })))).toBe("answer_cut");
    expect(at.kinds).not.toContain("complete");
    expect(at.text()).not.toBe("");
  });

  test("every time is never complete", async () => {
    const { at } = await bench({ lines: LONG, cuts: Array.from({ length: 99 }, () => 1) });
    expect(await refusal(at.ask(at.request(), { restart: true }))).toBe("answer_cut");
    expect(at.kinds).not.toContain("complete");
  });

  test("after its end mark is complete, but the chain is dropped", async () => {
    const { node, at } = await bench({ cuts: [1] });
    await at.ask(at.request());
    expect(at.kinds.at(-1)).toBe("complete");
    await at.ask(at.request());
    expect(node.hellos).toHaveLength(2);
  });

  test("goes on at the node that holds it", async () => {
    for (let time = 0; time < 4; time += 1) {
      const names = ["a", "b", "c", "d", "e", "f"];
      const nodes = await Promise.all(names.map((name) => FakeNode.make(name, script({ lines: LONG, cuts: [2] }))));
      const at = new Bench(...nodes);
      await at.ask(at.request());
      expect(nodes.filter(({ runs }) => runs.length > 0).map(({ runs }) => runs.map(({ header }) => header.op)))
        .toEqual([["chat", "resume"]]);
    }
  });

  test("and gone begins anew with the same id", async () => {
    const { node, at } = await bench({ lines: LONG, cuts: [2], inner: [null, [10, "gone"]] });
    await at.ask(at.request(), { restart: true });
    expect(at.text(at.events.slice(at.kinds.indexOf("restarted")))).toBe(WORDS);
    expect(node.runs.map(({ header }) => header.op)).toEqual(["chat", "resume", "chat"]);
    expect(new Set(node.runs.map(({ header }) => toHex(header.rid))).size).toBe(1);
  });

  test("and gone is told where nothing may be taken back", async () => {
    const { at } = await bench({ lines: LONG, cuts: [2], inner: [null, [10, "gone"]] });
    expect(await refusal(at.ask(at.request()))).toBe("answer_gone");
  });

  test("by silence is cut as by a lost connection", async () => {
    const { at } = await bench({ lines: LONG, silentAfter: 700 * 4 });
    at.impatient = true;
    expect(await refusal(at.ask(at.request("hi", { resume: false })))).toBe("answer_cut");
    expect(at.kinds).not.toContain("complete");
  });
});

test.each([
  [1, "token_invalid"], [4, "policy"], [5, "busy"], [6, "internal"], [7, "model_unavailable"], [8, "view_conflict"],
  [9, "bad_request"], [77, "internal"],
] as const)("inner error %d is %s, with the node's words", async (code, reason) => {
  const { at } = await bench({ inner: [[code, "why"]] });
  const caught: unknown = await at.ask(at.request()).catch((error: unknown) => error);
  expect(caught).toMatchObject({ reason, detail: "why" });
  expect(at.source.contradictions).toHaveLength(code === 8 ? 1 : 0);
});

describe("what is forged", () => {
  test("as the answer to a HELLO ends the try, and nothing was sent", async () => {
    const { at } = await bench({ tamperHello: true });
    expect(await refusal(at.ask(at.request()))).toBe("not_authentic");
    expect(at.network.runs).toEqual([]);
  });

  test("as a record ends the answer", async () => {
    const { at } = await bench({ lines: LONG, tamperRecord: 2 });
    expect(await refusal(at.ask(at.request()))).toBe("not_authentic");
    expect(at.kinds).not.toContain("complete");
  });

  test("behind the end mark leaves the answer whole and costs the chain", async () => {
    const { node, at } = await bench({ tamperRecord: 2 });
    await at.ask(at.request());
    expect(at.kinds.at(-1)).toBe("complete");
    await at.ask(at.request());
    expect(node.hellos).toHaveLength(2);
  });
});

test.each(["chat", "embed", "models"] as const)("an answer of %s without a done line is not complete", async (op) => {
  const { at } = await bench({ lines: [{ t: "text", d: "half" }] });
  expect(await refusal(at.ask(at.request("hi", { op })))).toBe("truncated");
  expect(at.kinds).not.toContain("complete");
});

test.each([1, 7, 512, 4096])("pieces of %d bytes give the same text", async (chunk) => {
  const { at } = await bench({ lines: chunk === 1 ? LONG.slice(-3) : LONG, chunk });
  await at.ask(at.request());
  expect(at.text()).toBe(chunk === 1 ? "word ".repeat(80) : WORDS);
});

describe("whoever asked", () => {
  test("may leave in mid-answer: what came stays, and nothing more is read", async () => {
    const { node, at } = await bench({ lines: LONG, chunk: 100 });
    const over = new AbortController();
    const asked = at.ask(at.request(), {
      signal: over.signal, seen: (event) => { if (event.kind === "line") over.abort(); },
    });
    expect(await refusal(asked)).toContain("AbortError");
    expect(at.text()).not.toBe("");
    expect(at.kinds).not.toContain("complete");
    expect(node.runs).toHaveLength(1);
  });

  test("may leave while nothing comes", async () => {
    const { at } = await bench({ lines: LONG, silentAfter: 700 * 3 });
    const over = new AbortController();
    const asked = at.ask(at.request(), { signal: over.signal });
    setTimeout(() => over.abort(), 20);
    expect(await refusal(asked)).toContain("AbortError");
  });

  test("may have left before anything was sent", async () => {
    const { at } = await bench();
    expect(await refusal(at.ask(at.request(), { signal: AbortSignal.abort() }))).toContain("AbortError");
    expect(at.network.asked).toEqual([]);
  });
});

describe("stopping", () => {
  test("reaches the node that answers, with the same id", async () => {
    const [first, second] = [await FakeNode.make("a"), await FakeNode.make("b")];
    const at = new Bench(first, second);
    const request = at.request();
    await at.channel.stop(request, second.verified());
    expect([first, second].map(({ runs }) => runs.map(({ header }) => [header.op, header.rid])))
      .toEqual([[], [["stop", request.rid]]]);
  });

  test("a node that is gone is no failure", async () => {
    const { node, at } = await bench();
    at.network.down.add(node.digest);
    await at.channel.stop(at.request(), node.verified());
    expect(at.network.asked.length).toBeGreaterThan(0);
  });
});

test("a node names its models through the channel", async () => {
  const models = [{
    context: 2048, demonstration: true, display: "Demonstration", engine: "embedded", id: "demonstration",
    settings: "00".repeat(32), sha256: ["ab".repeat(32)],
  }];
  const said: Line = { t: "text", d: JSON.stringify({ models, v: 1 }) };
  const { node, at } = await bench({ lines: [said, { t: "done", reason: "stop" }] });
  expect(await at.channel.models(node.verified(), [], new AbortController().signal)).toEqual(models);
  expect(node.runs.map(({ header, body }) => [header.op, header.prof, body.length])).toEqual([["models", "p1", 0]]);
});

test("requests carry nothing that identifies, and follow nobody", async () => {
  const { at } = await bench();
  await at.ask(at.request());
  for (const { options } of at.network.asked) {
    expect(options).toMatchObject({
      method: "POST", credentials: "omit", redirect: "error", referrerPolicy: "no-referrer", cache: "no-store",
      headers: { "content-type": "application/vnd.privity.ec1" },
    });
    expect(Object.keys(options.headers ?? {})).toEqual(["content-type"]);
  }
});
