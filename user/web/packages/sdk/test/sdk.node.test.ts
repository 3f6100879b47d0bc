/** The OpenAI API as a `fetch`, before a node that speaks the real channel. */

import { Channel } from "@privity/channel/channel";
import { ChannelError, type ChannelReason } from "@privity/channel/errors";
import { type VerifiedNode } from "@privity/channel/nodes";
import { type Line } from "@privity/protocol/lines";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { Bench } from "../../channel/test/bench.ts";
import { FakeNode, type Script, script } from "../../channel/test/node.ts";
import { answering, type Fetch } from "../src/fetch.ts";

/** What answers say, of whichever route. */
interface Told {
  readonly id: string;
  readonly choices: readonly { readonly index: number; readonly message: { readonly content: string } }[];
  readonly usage: object;
  readonly output: readonly { readonly content: readonly { readonly text: string }[] }[];
  readonly data: readonly { readonly embedding: readonly number[] }[];
  readonly error?: { readonly param: string | null; readonly code: string | null };
}

const ADDRESS = "https://api.example.test/v1";
const ASKED = { model: "demonstration", input: "Hello" };
const HELLO = { model: "demonstration", messages: [{ role: "user", content: "Hello" }] };

/** Seconds; the session of an answer lasts longer. */
const VALID_UNTIL = 1100;

interface Stand {
  readonly node: FakeNode;
  readonly bench: Bench;
  readonly fetch: Fetch;
  /** Fails every search from now on. */
  readonly refuse: (reason: ChannelReason) => void;
}

async function standing(changed: Partial<Script> = {}): Promise<Stand> {
  const node = await FakeNode.make("node", script(changed));
  const bench = new Bench(node);
  let refused: ChannelReason | null = null;
  const verified = { ...node.verified(), validUntil: VALID_UNTIL };
  const nodes = (): Promise<readonly VerifiedNode[]> => (
    refused === null ? Promise.resolve([verified]) : Promise.reject(new ChannelError(refused)));
  const source = { nodes, contradicted: (one: VerifiedNode) => bench.source.contradicted(one), seen: [] };
  const fetch = answering(
    { source, channel: new Channel(bench.ground, source), ground: bench.ground, purse: null }, { ahead: false },
  );
  return { node, bench, fetch, refuse: (reason) => { refused = reason; } };
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
  await expect.poll(() => node.runs.map(({ header }) => header.op)).toEqual(["chat", "stop"]);
});

test("an abort waits for no search of nodes", async () => {
  const { node, bench } = await standing();
  let searched = false;
  const nodes = (): Promise<readonly VerifiedNode[]> => {
    searched = true;
    return new Promise(() => undefined);
  };
  const source = { nodes, contradicted: () => Promise.resolve(), seen: [] };
  const fetch = answering(
    { source, channel: new Channel(bench.ground, source), ground: bench.ground, purse: null }, { ahead: false },
  );
  const over = new AbortController();
  const asked = fetch(`${ADDRESS}/chat/completions`, { ...asking(), signal: over.signal });
  await expect.poll(() => searched).toBe(true);
  over.abort();
  await expect(asked).rejects.toThrow();
  expect(node.hellos).toHaveLength(0);
});

test("a changed answer has no mark of its end", async () => {
  const { fetch } = await standing({ lines: long(), tamperRecord: 6 });
  const response = await fetch(`${ADDRESS}/chat/completions`, asking({ stream: true }));
  await expect(response.text()).rejects.toThrow();
  const whole = await (await standing({ lines: long(), tamperRecord: 6 })).fetch(`${ADDRESS}/chat/completions`, asking());
  expect(whole.status).toBeGreaterThanOrEqual(500);
});

test.each([
  ["POST", "/chat/completions", JSON.stringify({ ...HELLO, n: 17 }), 400, "n"],
  ["POST", "/chat/completions", "{", 400, null],
  ["POST", "/chat/completions", JSON.stringify({ ...HELLO, messages: [{ role: "user", content: "\ud800" }] }), 400, null],
  ["POST", "/audio/speech", "{}", 404, null],
  ["GET", "/chat/completions", null, 405, null],
  ["GET", "/models/none", null, 404, "model"],
  ["GET", "/responses/resp_9", null, 404, null],
  ["POST", "/responses", JSON.stringify({ ...ASKED, previous_response_id: "resp_9" }), 400, "previous_response_id"],
  ["POST", "/embeddings", JSON.stringify({ ...ASKED, encoding_format: "int8" }), 400, "encoding_format"],
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

/** A whole answer of a route. */
async function posted(fetch: Fetch, route: string, body: object): Promise<{ readonly status: number; readonly told: Told }> {
  const response = await fetch(`${ADDRESS}/${route}`, { method: "POST", body: JSON.stringify(body) });
  return { status: response.status, told: await response.json() as Told };
}

describe("a conversation", () => {
  const then = (...said: readonly string[]): object => ({
    ...HELLO, messages: said.map((content, at) => ({ role: at % 2 === 0 ? "user" : "assistant", content })),
  });

  test("goes on with its session, and another one begins its own", async () => {
    const { node, fetch } = await standing();
    await posted(fetch, "chat/completions", then("Hello"));
    await posted(fetch, "chat/completions", then("Hello", "Hello you.", "And then?"));
    expect([node.hellos.length, node.runs.length]).toEqual([1, 2]);
    await posted(fetch, "chat/completions", then("Good day"));
    expect([node.hellos.length, node.runs.length]).toEqual([2, 3]);
  });

  test("that is asked twice at once never shares a session", async () => {
    const { node, fetch } = await standing();
    await posted(fetch, "chat/completions", then("Hello"));
    const twice = [1, 2].map(() => posted(fetch, "chat/completions", then("Hello", "Hello you.", "And then?")));
    expect((await Promise.all(twice)).map(({ status }) => status)).toEqual([200, 200]);
    expect([node.hellos.length, node.runs.length]).toEqual([2, 3]);
  });
});

test("several choices are several requests in one answer", async () => {
  const { node, fetch } = await standing();
  const { told } = await posted(fetch, "chat/completions", { ...HELLO, n: 3, seed: 7 });
  expect(told.choices.map(({ index, message }) => [index, message.content])).toEqual([0, 1, 2].map((at) => [at, "Hello you."]));
  expect(told.usage).toMatchObject({ prompt_tokens: 5, completion_tokens: 6 });
  const bodies = node.runs.map(({ body }) => JSON.parse(new TextDecoder().decode(body)) as { readonly seed: number });
  expect(bodies.map(({ seed }) => seed).sort()).toEqual([7, 8, 9]);
  const streamed = await (await fetch(`${ADDRESS}/chat/completions`, asking({ n: 2, stream: true }))).text();
  expect([streamed.match(/"finish_reason":"stop"/g)?.length, streamed.endsWith("data: [DONE]\n\n")]).toEqual([2, true]);
});

test.each([false, true])("one choice that fails is the failure of all (streamed: %s)", async (stream) => {
  const { fetch } = await standing({ lines: [{ t: "done", reason: "stop" }], inner: [null, [4, "no"]] });
  const response = await fetch(`${ADDRESS}/chat/completions`, asking({ n: 2, stream }));
  if (response.status === 200) await expect(response.text()).rejects.toThrow();
  else expect(response.status).toBe(403);
});

test("a lost answer that is told whole goes on under its id", async () => {
  const { node, fetch } = await standing({ lines: long(), cuts: [3] });
  expect((await posted(fetch, "chat/completions", HELLO)).told.choices[0]?.message.content).toBe("word ".repeat(800));
  const [first, second] = node.runs.map(({ header }) => header);
  expect([first?.op, second?.op]).toEqual(["chat", "resume"]);
  expect(second?.rid).toEqual(first?.rid);
});

test("responses build upon each other from this program, and are forgotten on demand", async () => {
  const { node, fetch } = await standing();
  const first = await posted(fetch, "responses", { ...ASKED, instructions: "Brief" });
  expect(first.told.output[0]?.content[0]?.text).toBe("Hello you.");
  const next = { ...ASKED, input: "And then?", previous_response_id: first.told.id, stream: true };
  const streamed = await (await fetch(`${ADDRESS}/responses`, { method: "POST", body: JSON.stringify(next) })).text();
  const kinds = [...streamed.matchAll(/^event: (.*)$/gm)].map(([, kind]) => kind);
  expect([kinds[0], kinds.at(-1)]).toEqual(["response.created", "response.completed"]);
  const body = JSON.parse(new TextDecoder().decode(node.runs[1]?.body)) as { readonly messages: readonly object[] };
  expect(body.messages).toEqual([
    { role: "user", content: "Hello" }, { role: "assistant", content: "Hello you." }, { role: "user", content: "And then?" },
  ]);
  expect(JSON.stringify(node.runs)).not.toContain(first.told.id);
  expect((await fetch(`${ADDRESS}/responses/${first.told.id}`)).status).toBe(200);
  expect((await fetch(`${ADDRESS}/responses/${first.told.id}`, { method: "DELETE" })).status).toBe(200);
  expect((await posted(fetch, "responses", next)).status).toBe(400);
});

test("a response that is not to be kept, or fails, is none to build upon", async () => {
  const { fetch } = await standing();
  const { told } = await posted(fetch, "responses", { ...ASKED, store: false });
  expect((await fetch(`${ADDRESS}/responses/${told.id}`)).status).toBe(404);
  const broken = await standing({ lines: long(), tamperRecord: 6 });
  const body = JSON.stringify({ ...ASKED, stream: true });
  const response = await broken.fetch(`${ADDRESS}/responses`, { method: "POST", body });
  await expect(response.text()).rejects.toThrow();
});

test("a member that the node refuses has the name that the Responses API gives it", async () => {
  const { fetch } = await standing({ inner: [[9, "The engine does not accept the member reasoning_effort."]] });
  const { status, told } = await posted(fetch, "responses", { ...ASKED, reasoning: { effort: "low" } });
  expect([status, told.error?.param]).toEqual([400, "reasoning.effort"]);
});

test("vectors come from a node that embeds, whole or not at all", async () => {
  const one: Line = { t: "embedding", index: 0, d: "AACAPwAAAMA" };
  const { node, fetch } = await standing({ lines: [one, { t: "done", reason: "stop" }] });
  const { told } = await posted(fetch, "embeddings", ASKED);
  expect(told.data[0]?.embedding).toEqual([1, -2]);
  expect(node.runs.map(({ header }) => [header.op, header.resume])).toEqual([["embed", false]]);
  const cut = await standing({ lines: [one] });
  expect((await posted(cut.fetch, "embeddings", ASKED)).status).toBe(502);
});

test.each([false, true])("a call that breaks the schema of a strict tool is no answer (streamed: %s)", async (stream) => {
  const call: Line = { t: "tool", index: 0, id: "c1", name: "look", arguments: '{"at":1}' };
  const { fetch } = await standing({ lines: [call, { t: "done", reason: "tool_calls" }] });
  const parameters = { type: "object", properties: { at: { type: "string" } } };
  const tools = [{ type: "function", function: { name: "look", strict: true, parameters } }];
  const response = await fetch(`${ADDRESS}/chat/completions`, asking({ tools, stream }));
  if (stream) await expect(response.text()).rejects.toThrow();
  else expect([response.status, (await response.json() as Told).error?.code]).toEqual([502, "tool_arguments"]);
});

test.each([
  ["required", "stop", 502],
  ["required", "length", 200],
  [{ type: "function", function: { name: "look" } }, "tool_calls", 200],
  [{ type: "function", function: { name: "other" } }, "tool_calls", 502],
] as const)("a tool that tool_choice %j demands is called, or the answer is none (%s)", async (choice, reason, status) => {
  const call: Line = { t: "tool", index: 0, id: "c1", name: "look", arguments: "{}" };
  const { fetch } = await standing({ lines: [reason === "tool_calls" ? call : { t: "text", d: "Hi" }, { t: "done", reason }] });
  const tools = ["look", "other"].map((name) => ({ type: "function", function: { name } }));
  const response = await fetch(`${ADDRESS}/chat/completions`, asking({ tools, tool_choice: choice }));
  expect(response.status).toBe(status);
  if (status === 502) expect((await response.json() as Told).error?.code).toBe("tool_not_called");
});

test.each(["refused", "unreachable", "no_node"] as const)("when verification ends in %s nothing is sent", async (reason) => {
  // Also in a conversation that has a session: what was verified has run out.
  const { bench, fetch, refuse } = await standing();
  expect((await posted(fetch, "chat/completions", HELLO)).status).toBe(200);
  bench.now = VALID_UNTIL + 1;
  refuse(reason);
  const sent = bench.network.asked.length;
  for (const [route, body] of [["chat/completions", HELLO], ["responses", ASKED], ["embeddings", ASKED]] as const) {
    const { status, told } = await posted(fetch, route, body);
    expect([status, told.error?.code]).toEqual([503, reason]);
  }
  expect((await fetch(`${ADDRESS}/chat/completions`, asking({ stream: true }))).status).toBe(503);
  expect((await fetch(`${ADDRESS}/models`)).status).toBe(503);
  expect(bench.network.asked).toHaveLength(sent);
});

test("a receipt is not promised where none is kept", async () => {
  const { node, fetch } = await standing();
  const headers = { "x-privity-receipt": "true" };
  expect((await fetch(`${ADDRESS}/chat/completions`, { ...asking(), headers })).status).toBe(400);
  expect(node.runs).toHaveLength(0);
});

function long(): readonly Line[] {
  return [...Array.from({ length: 20 }, (): Line => ({ t: "text", d: "word ".repeat(40) })), { t: "done", reason: "stop" }];
}
