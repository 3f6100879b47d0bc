/** The OpenAI API as a `fetch`: the shared vectors, and a node that speaks the real channel. */

import { Channel } from "@privity/channel/channel";
import { encode } from "@privity/protocol/jsontext";
import { type Line, LineReader } from "@privity/protocol/lines";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { readVectorFile } from "../../../vectors.ts";
import { Bench } from "../../channel/test/bench.ts";
import { FakeNode, type Script, script } from "../../channel/test/node.ts";
import { ChatAnswer } from "../src/chat_answer.ts";
import { readChat } from "../src/chat_request.ts";
import { ApiError } from "../src/errors.ts";
import { answering, type Fetch } from "../src/fetch.ts";
import { type JsonObject } from "../src/reading.ts";

interface Case {
  readonly id: string;
  readonly input: JsonObject;
  readonly expect: JsonObject;
}

const HEAD = { id: "chatcmpl_1", created: 1000, model: "tiny" };
const ADDRESS = "https://api.example.test/v1";
const HELLO = { model: "demonstration", messages: [{ role: "user", content: "Hello" }] };

function cases(name: string): readonly Case[] {
  const text = readVectorFile("own", `proxy/${name}.json`);
  if (text === null) throw new Error("the vectors are not there");
  return (JSON.parse(text) as { readonly cases: readonly Case[] }).cases;
}

/** What came of a step, as the vectors write it. */
function outcome(step: () => JsonObject): JsonObject {
  try {
    return { ok: step() };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const { status, param, code } = error.told;
    return { error: { status, param, code } };
  }
}

describe("requests become the bodies that Python makes of them", () => {
  test.each(cases("requests"))("$id", ({ input, expect: wanted }) => {
    const said = outcome(() => {
      const { body, stream, includeUsage, notSent } = readChat(JSON.stringify(input));
      return { body, stream, usage: includeUsage, not_sent: notSent };
    });
    expect(said).toEqual(wanted);
  });
});

describe("lines become the objects that Python makes of them", () => {
  test.each(cases("answers"))("$id", ({ input, expect: wanted }) => {
    const lines = (input as unknown as readonly JsonObject[])
      .flatMap((line) => new LineReader().feed(new Uint8Array([...encode(line), 10])));
    const said = outcome(() => {
      const answer = new ChatAnswer(HEAD, true);
      const chunks = [answer.begin(), ...lines.flatMap((line) => answer.take(line)), ...answer.end()];
      return { chunks, whole: answer.whole() };
    });
    expect(said).toEqual(wanted);
  });
});

async function standing(changed: Partial<Script> = {}): Promise<{ readonly node: FakeNode; readonly fetch: Fetch }> {
  const node = await FakeNode.make("node", script(changed));
  const bench = new Bench(node);
  const source = Object.assign(bench.source, { seen: [] });
  return { node, fetch: answering({ source, channel: new Channel(bench.ground, source), ground: bench.ground }, "p1") };
}

function asking(more: object = {}): RequestInit {
  return { method: "POST", body: JSON.stringify({ ...HELLO, ...more }) };
}

/** The contents of a stream, and whether it said that it is whole. */
function read(text: string): { readonly said: string; readonly whole: boolean } {
  const events = text.split("\n\n").filter((event) => event !== "").map((event) => event.slice("data: ".length));
  const chunks = events.filter((event) => event !== "[DONE]")
    .map((event) => JSON.parse(event) as { readonly choices: readonly { readonly delta: { readonly content?: string } }[] });
  return { said: chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join(""), whole: events.at(-1) === "[DONE]" };
}

test("a whole answer says who gave it, whatever host the program names", async () => {
  const { node, fetch } = await standing();
  const response = await fetch(`${ADDRESS}/chat/completions`, asking({ user: "me" }));
  const told = await response.json() as { readonly choices: readonly { readonly message: { readonly content: string } }[] };
  expect(told.choices[0]?.message.content).toBe("Hello you.");
  expect(response.headers.get("x-privity-node")).toBe(node.digest);
  expect(response.headers.get("x-privity-simulated")).toBe("true");
  expect(response.headers.get("x-privity-not-sent")).toBe("user");
  expect(node.runs.map(({ header }) => header.op)).toEqual(["chat"]);
});

test("models are those of the verified nodes", async () => {
  const { fetch } = await standing();
  const told = await (await fetch(new URL(`${ADDRESS}/models`))).json() as { readonly data: readonly { readonly id: string }[] };
  expect(told.data.map(({ id }) => id)).toEqual(["demonstration"]);
});

test("a stream that is left ends the answer at the node", async () => {
  const { node, fetch } = await standing({ lines: long() });
  const response = await fetch(new Request(`${ADDRESS}/chat/completions`, asking({ stream: true })));
  const reader = response.body?.getReader();
  await reader?.read();
  await reader?.cancel();
  await expect.poll(() => node.runs.map(({ header }) => header.op)).toEqual(["chat", "stop"]);
});

test("an abort is raised, before and while an answer comes", async () => {
  const { node, fetch } = await standing({ lines: long() });
  await expect(fetch(`${ADDRESS}/chat/completions`, { ...asking(), signal: AbortSignal.abort() })).rejects.toThrow();
  expect(node.runs).toHaveLength(0);
  const over = new AbortController();
  const response = await fetch(`${ADDRESS}/chat/completions`, { ...asking({ stream: true }), signal: over.signal });
  over.abort();
  await expect(response.text()).rejects.toThrow();
});

test("a changed answer has no mark of its end", async () => {
  const { fetch } = await standing({ lines: long(), tamperRecord: 6 });
  const response = await fetch(`${ADDRESS}/chat/completions`, asking({ stream: true }));
  await expect(response.text()).rejects.toThrow();
  const whole = await (await standing({ lines: long(), tamperRecord: 6 })).fetch(`${ADDRESS}/chat/completions`, asking());
  expect(whole.status).toBeGreaterThanOrEqual(500);
});

test.each([
  ["POST", "/chat/completions", JSON.stringify({ ...HELLO, n: 2 }), 400, "n"],
  ["POST", "/chat/completions", "{", 400, null],
  ["POST", "/chat/completions", JSON.stringify({ ...HELLO, messages: [{ role: "user", content: "\ud800" }] }), 503, null],
  ["POST", "/audio/speech", "{}", 404, null],
])("%s %s %s is refused in the API's own shape and nothing is sent", async (method, route, body, status, param) => {
  const { node, fetch } = await standing();
  const response = await fetch(`${ADDRESS}${route}`, { method, body });
  const told = await response.json() as { readonly error: { readonly param: string | null } };
  expect([response.status, told.error.param]).toEqual([status, param]);
  expect(node.runs).toHaveLength(0);
});

test("the node's refusal names the member", async () => {
  const { fetch } = await standing({ inner: [[9, "invented is not allowed"]] });
  const told: unknown = await (await fetch(`${ADDRESS}/chat/completions`, asking({ invented: 1 }))).json();
  expect(told).toMatchObject({ error: { param: "invented", code: "unsupported_parameter" } });
});

test("whatever the pieces, the text is the same", async () => {
  const texts = fc.array(fc.string({ unit: "grapheme", minLength: 1 }), { minLength: 1, maxLength: 8 });
  await fc.assert(fc.asyncProperty(texts, fc.integer({ min: 1, max: 900 }), async (said, chunk) => {
    const lines = [...said.map((d): Line => ({ t: "text", d })), { t: "done", reason: "stop" } as const];
    const { fetch } = await standing({ lines, chunk });
    const response = await fetch(`${ADDRESS}/chat/completions`, asking({ stream: true }));
    expect(read(await response.text())).toEqual({ said: said.join(""), whole: true });
  }), { numRuns: 15 });
});

function long(): readonly Line[] {
  return [...Array.from({ length: 20 }, (): Line => ({ t: "text", d: "word ".repeat(40) })), { t: "done", reason: "stop" }];
}
