/** A request of the embeddings API, the body of op "embed" that it becomes, and its answer. Vectors: proxy/embeddings. */

import { base64urlDecode } from "@privity/protocol/canonical";
import { type Line } from "@privity/protocol/lines";

import { ApiError, refused } from "./errors.ts";
import { isList, type Json, type JsonObject, readObject, taken, takeUnsent } from "./reading.ts";

/** A request that was judged: `texts` are counted, `form` is how the vectors are written. */
export interface EmbedCall {
  readonly model: string;
  readonly body: JsonObject;
  readonly texts: number;
  readonly form: "base64" | "float";
  readonly notSent: readonly string[];
}

const SINGLE = 4;

/** The request in `text`; the node judges what it says. Raises ApiError, which names the member that is at fault. */
export function readEmbeddings(text: string): EmbedCall {
  const members = readObject(text);
  const notSent = takeUnsent(members);
  const form = taken(members, "encoding_format") ?? "float";
  if (form !== "float" && form !== "base64") throw refused("encoding_format", "is none of float, base64", "invalid_value");
  const model = members.get("model");
  if (typeof model !== "string") throw refused("model", "is missing", "missing_required_parameter");
  const input = members.get("input");
  if (input === undefined) throw refused("input", "is missing", "missing_required_parameter");
  return { model, body: Object.fromEntries(members), texts: isList(input) ? input.length : 1, form, notSent };
}

/** The answer to one request: `take` its lines in order. */
export class Vectors {
  readonly #call: EmbedCall;
  readonly #vectors: Json[] = [];
  #prompt = 0;
  #done = false;

  constructor(call: EmbedCall) {
    this.#call = call;
  }

  /** Fold a line in. Raises ApiError 502 for one that has no place in this answer. */
  take(line: Line): void {
    if (line.t === "usage") this.#prompt = line.prompt;
    else if (line.t === "done") this.#done = true;
    else if (line.t === "embedding" && line.index === this.#vectors.length && line.index < this.#call.texts) {
      this.#vectors.push(written(line.d, this.#call.form));
    } else throw broken();
  }

  /** The whole answer. Raises ApiError 502 when it is not whole. */
  told(): JsonObject {
    if (!this.#done || this.#vectors.length !== this.#call.texts) throw broken();
    const data = this.#vectors.map((embedding, index) => ({ object: "embedding", index, embedding }));
    const usage = { prompt_tokens: this.#prompt, total_tokens: this.#prompt };
    return { object: "list", data, model: this.#call.model, usage };
  }
}

function written(encoded: string, form: EmbedCall["form"]): Json {
  const data = base64urlDecode(encoded) ?? new Uint8Array(0);
  if (form === "base64") return btoa(String.fromCharCode(...data));
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return Array.from({ length: data.length / SINGLE }, (_, at) => view.getFloat32(at * SINGLE, true));
}

function broken(): ApiError {
  const message = "The node's answer holds other vectors than were asked for.";
  return new ApiError({ status: 502, message, type: "server_error", code: "bad_answer", param: null });
}
