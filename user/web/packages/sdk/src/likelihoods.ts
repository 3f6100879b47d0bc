/** How likely the tokens of an answer were, as the API tells it. Source: specs/application.md, `logprobs`. */

import { base64urlDecode } from "@privity/protocol/canonical";
import { type Logprobs } from "@privity/protocol/lines";

import { type Json, type JsonObject } from "./reading.ts";

/** Alternatives of one token, at most. */
export const MAX_TOP = 20;
const MILLIONTHS = 1_000_000;

/** The tokens of a line, each with at most so many alternatives: a node gives one where none was wanted. */
export function ofLine(line: Logprobs, most: number): readonly JsonObject[] {
  const found: JsonObject[] = [];
  let at = 0;
  for (const alternatives of line.top) {
    const others = Array.from({ length: Math.min(alternatives, most) }, (_, place) => entry(line, at + 1 + place));
    found.push({ ...entry(line, at), top_logprobs: others });
    at += 1 + alternatives;
  }
  return found;
}

/** The member of a choice, null where nothing was asked for. */
export function told(tokens: readonly JsonObject[]): Json {
  return tokens.length === 0 ? null : { content: [...tokens], refusal: null };
}

function entry(line: Logprobs, place: number): JsonObject {
  // A token may be a part of a character: its bytes are exact, its text then is not.
  const data = base64urlDecode(line.bytes[place] ?? "") ?? new Uint8Array(0);
  const token = new TextDecoder("utf-8", { ignoreBOM: true }).decode(data);
  return { token, logprob: (0 - (line.surprisal[place] ?? 0)) / MILLIONTHS, bytes: [...data] };
}
