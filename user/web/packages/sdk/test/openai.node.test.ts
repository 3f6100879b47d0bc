/** The `openai` package over `privityFetch`, before a node that speaks the real channel. */

import { Channel } from "@privity/channel/channel";
import { type Line } from "@privity/protocol/lines";
import OpenAI, { APIUserAbortError, BadRequestError } from "openai";
import { expect, test } from "vitest";

import { Bench } from "../../channel/test/bench.ts";
import { FakeNode, type Script, script } from "../../channel/test/node.ts";
import { answering } from "../src/fetch.ts";

const MODEL = "demonstration";
const SAID = [{ role: "user" as const, content: "Hello" }];
const WORDS: readonly Line[] = [
  ...Array.from({ length: 40 }, (): Line => ({ t: "text", d: "word ".repeat(20) })), { t: "done", reason: "stop" },
];

async function program(changed: Partial<Script> = {}): Promise<{ readonly node: FakeNode; readonly openai: OpenAI }> {
  const node = await FakeNode.make("node", script(changed));
  const bench = new Bench(node);
  const source = Object.assign(bench.source, { seen: [] });
  const fetch = answering(
    { source, channel: new Channel(bench.ground, source), ground: bench.ground, purse: null }, { ahead: false },
  );
  return { node, openai: new OpenAI({ apiKey: "none", fetch, maxRetries: 0 }) };
}

test("chat completions, whole, streamed and several", async () => {
  const { openai } = await program();
  const whole = await openai.chat.completions.create({ model: MODEL, messages: SAID, n: 2 });
  expect(whole.choices.map(({ message }) => message.content)).toEqual(["Hello you.", "Hello you."]);
  const stream = await openai.chat.completions.create({
    model: MODEL, messages: SAID, stream: true, stream_options: { include_usage: true },
  });
  const said: string[] = [];
  let tokens = 0;
  for await (const { choices, usage } of stream) {
    said.push(choices[0]?.delta.content ?? "");
    tokens = usage?.completion_tokens ?? tokens;
  }
  expect([said.join(""), tokens]).toEqual(["Hello you.", 2]);
});

test("a tool is called, and its result goes on with the session", async () => {
  const call: Line = { t: "tool", index: 0, id: "c1", name: "look", arguments: '{"at":"door"}' };
  const { node, openai } = await program({ lines: [call, { t: "done", reason: "tool_calls" }] });
  const parameters = { type: "object", properties: { at: { type: "string" } }, required: ["at"], additionalProperties: false };
  const tools = [{ type: "function" as const, function: { name: "look", strict: true, parameters } }];
  const { choices } = await openai.chat.completions.create({ model: MODEL, messages: SAID, tools });
  const message = choices[0]?.message;
  expect(message?.tool_calls).toEqual([{ id: "c1", type: "function", function: { name: "look", arguments: '{"at":"door"}' } }]);
  if (message === undefined) return;
  const result = { role: "tool" as const, tool_call_id: "c1", content: "A door." };
  await openai.chat.completions.create({ model: MODEL, messages: [...SAID, message, result], tools });
  expect([node.hellos.length, node.runs.length]).toEqual([1, 2]);
});

test("responses, their events and what they build upon", async () => {
  const { openai } = await program();
  const first = await openai.responses.create({ model: MODEL, input: "Hello" });
  expect(first.output_text).toBe("Hello you.");
  const stream = openai.responses.stream({ model: MODEL, input: "And then?", previous_response_id: first.id });
  const final = await stream.finalResponse();
  expect([final.output_text, final.usage?.output_tokens]).toEqual(["Hello you.", 2]);
  expect((await openai.responses.retrieve(final.id)).status).toBe("completed");
});

test("vectors, which the package asks for as base64, and models", async () => {
  const lines: readonly Line[] = [{ t: "embedding", index: 0, d: "AACAPwAAAMA" }, { t: "done", reason: "stop" }];
  const { openai } = await program({ lines });
  const { data } = await openai.embeddings.create({ model: MODEL, input: "Hello" });
  expect(data[0]?.embedding).toEqual([1, -2]);
  const models: string[] = [];
  for await (const { id } of openai.models.list()) models.push(id);
  expect(models).toEqual([MODEL]);
});

test("an error names the member", async () => {
  const { node, openai } = await program();
  const asked = openai.chat.completions.create({ model: MODEL, messages: SAID, n: 17 });
  await expect(asked).rejects.toThrow(BadRequestError);
  await expect(asked).rejects.toMatchObject({ param: "n" });
  expect(node.runs).toHaveLength(0);
});

test("a stream that is aborted stops the model", async () => {
  const { node, openai } = await program({ lines: WORDS });
  const stream = await openai.chat.completions.create({ model: MODEL, messages: SAID, stream: true });
  for await (const { choices } of stream) {
    if (choices[0]?.delta.content !== "") break;
  }
  await expect.poll(() => node.runs.map(({ header }) => header.op)).toEqual(["chat", "stop"]);
  const over = new AbortController();
  over.abort();
  const asked = openai.chat.completions.create({ model: MODEL, messages: SAID }, { signal: over.signal });
  await expect(asked).rejects.toThrow(APIUserAbortError);
});
