/** Vectors of the translation, held to Python's. */

import { encode } from "@privity/protocol/jsontext";
import { type Line, LineReader } from "@privity/protocol/lines";
import { describe, expect, test } from "vitest";

import { readVectorFile } from "../../../vectors.ts";
import { Choice, Chunks, completion, usageChunk } from "../src/chat_answer.ts";
import { bodiesOf, choicesOf, readChat } from "../src/chat_request.ts";
import { readEmbeddings, Vectors } from "../src/embeddings.ts";
import { ApiError } from "../src/errors.ts";
import { type JsonObject } from "../src/reading.ts";
import { ResponsesAnswer } from "../src/responses_answer.ts";
import { readResponse } from "../src/responses_request.ts";
import { check, schemaOf } from "../src/strict_tools.ts";

interface Case {
  readonly id: string;
  readonly input: JsonObject;
  readonly expect: JsonObject;
}

const HEAD = { id: "chatcmpl_1", created: 1000, model: "tiny" };
const KEPT: Readonly<Record<string, readonly JsonObject[]>> = {
  resp_1: [{ role: "user", content: "One" }, { role: "assistant", content: "Two" }],
};
const ASKED = JSON.stringify({ model: "tiny", input: "Hello" });

function cases(name: string): readonly Case[] {
  const text = readVectorFile("own", `proxy/${name}.json`);
  if (text === null) throw new Error("the vectors are not there");
  return (JSON.parse(text) as { readonly cases: readonly Case[] }).cases;
}

/** What came of a step, as the vectors write it. */
function outcome(step: () => object): object {
  try {
    return { ok: step() };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const { status, param, code } = error.told;
    return { error: { status, param, code } };
  }
}

function linesOf(input: unknown): readonly Line[] {
  return (input as readonly JsonObject[]).flatMap((line) => new LineReader().feed(new Uint8Array([...encode(line), 10])));
}

function earlier(id: string): readonly JsonObject[] | null {
  return KEPT[id] ?? null;
}

describe("requests become the bodies that Python makes of them", () => {
  test.each(cases("requests"))("$id", ({ input, expect: wanted }) => {
    const said = outcome(() => {
      const call = readChat(JSON.stringify(input));
      const { body, stream, includeUsage, notSent, choices, strict } = call;
      const alternatives = choicesOf(call)[0]?.alternatives;
      return {
        body, stream, usage: includeUsage, not_sent: notSent, choices, alternatives, strict: Object.fromEntries(strict),
      };
    });
    expect(said).toEqual(wanted);
  });

  test("every choice has a seed of its own", () => {
    const asked = { model: "tiny", messages: [], n: 3, seed: Number.MAX_SAFE_INTEGER - 1 };
    const seeds = bodiesOf(readChat(JSON.stringify(asked))).map(({ seed }) => seed);
    expect(seeds).toEqual([Number.MAX_SAFE_INTEGER - 1, Number.MAX_SAFE_INTEGER, 0]);
  });
});

describe("lines become the objects that Python makes of them", () => {
  test.each(cases("answers"))("$id", ({ input, expect: wanted }) => {
    const said = outcome(() => {
      const choice = new Choice();
      const chunks = new Chunks(HEAD, choice, true);
      const told = [chunks.begin(), ...linesOf(input).flatMap((line) => chunks.take(line))];
      return { chunks: [...told, chunks.end(), usageChunk(HEAD, [choice])], whole: completion(HEAD, [choice]) };
    });
    expect(said).toEqual(wanted);
  });
});

describe("requests of the Responses API become the bodies that Python makes of them", () => {
  test.each(cases("responses"))("$id", ({ input, expect: wanted }) => {
    const said = outcome(() => {
      const { chat, history, echo, stream, store } = readResponse(JSON.stringify(input), earlier);
      return { body: chat.body, history, echo, not_sent: chat.notSent, strict: Object.fromEntries(chat.strict), stream, store };
    });
    expect(said).toEqual(wanted);
  });
});

describe("lines become the events that Python makes of them", () => {
  test.each(cases("events"))("$id", ({ input, expect: wanted }) => {
    const said = outcome(() => {
      let count = 0;
      const { echo } = readResponse(ASKED, earlier);
      const title = { id: "resp_2", created: 1000, model: "tiny", echo, store: true };
      const answer = new ResponsesAnswer(title, (prefix) => `${prefix}_${String(count++)}`, new Choice());
      const events = [...answer.begin(), ...linesOf(input).flatMap((line) => answer.take(line)), ...answer.finish()];
      return { events, whole: answer.told(answer.status), messages: answer.messages() };
    });
    expect(said).toEqual(wanted);
  });
});

describe("vectors are asked for and told as in Python", () => {
  test.each(cases("embeddings"))("$id", ({ input, expect: wanted }) => {
    const said = outcome(() => {
      const { body, texts, form, notSent } = readEmbeddings(JSON.stringify(input));
      return { body, texts, form, not_sent: notSent };
    });
    expect(said).toEqual(wanted);
  });

  test.each(cases("vectors"))("$id", ({ input, expect: wanted }) => {
    const [texts, form, lines] = input as unknown as readonly [number, "base64" | "float", unknown];
    const said = outcome(() => {
      const vectors = new Vectors({ model: "tiny", body: {}, texts, form, notSent: [] });
      for (const line of linesOf(lines)) vectors.take(line);
      return vectors.told();
    });
    expect(said).toEqual(wanted);
  });
});

describe("calls of strict tools are judged as in Python", () => {
  test.each(cases("strict"))("$id", ({ input, expect: wanted }) => {
    const [schema, given] = input as unknown as readonly [JsonObject, string];
    const said = outcome(() => {
      check(new Map([["look", schemaOf(schema, "parameters")]]), "look", given);
      return {};
    });
    expect(said).toEqual(wanted);
  });

  test("a schema that branches for ever is given up", () => {
    const either = (at: number): JsonObject => ({ anyOf: [1, 2].map(() => ({ $ref: `#/$defs/s${String(at + 1)}` })) });
    const steps = Array.from({ length: 40 }, (_, at) => [`s${String(at)}`, either(at)] as const);
    const schema = { $defs: { ...Object.fromEntries(steps), s40: { type: "null" } }, $ref: "#/$defs/s0" };
    expect(() => check(new Map([["look", schemaOf(schema, "parameters")]]), "look", "1")).toThrow(ApiError);
  });
});
