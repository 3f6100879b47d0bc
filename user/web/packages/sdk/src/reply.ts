/** One answer to a program: JSON, or a stream of events that opens with the first one. Errors have the API's shape. */

import { isDocumented } from "@privity/channel/errors";
import { type VerifiedNode } from "@privity/channel/nodes";
import { ServiceError } from "@privity/history/service";

import { ApiError, ofFailure } from "./errors.ts";
import { WalletError } from "./purse.ts";
import { type JsonObject } from "./reading.ts";

/** What the headers of an answer say: who gave it, and what of the request stays here. */
export class Reply {
  readonly nodes: VerifiedNode[] = [];
  /** Under which name a receipt of the answer is kept, "" for none. */
  receipt = "";
  readonly #fixed: Readonly<Record<string, string>>;

  /** `id` names the answer to the program, and to nobody else. */
  constructor(id: string, notSent: readonly string[] = []) {
    const told = notSent.length === 0 ? {} : { "x-privity-not-sent": notSent.join(", ") };
    this.#fixed = { "cache-control": "no-store", "x-privity-request-id": id, ...told };
  }

  /** A whole answer. */
  json(value: JsonObject): Response {
    return Response.json(value, { headers: this.#headers() });
  }

  /**
   * A stream of texts that are not empty. It opens with the first one, so that what fails before it is an error with a
   * status of its own. `over` ends what makes them; `failed` is the last event of a stream that fails.
   */
  async stream(
    texts: AsyncGenerator<string, void, void>, over: AbortController, failed: (error: ApiError) => string,
  ): Promise<Response> {
    const first = await texts.next();
    if (first.done === true) throw new Error("a complete answer says so");
    const encoder = new TextEncoder();
    const body = new ReadableStream<Uint8Array>({
      start: (to) => to.enqueue(encoder.encode(first.value)),
      async pull(to) {
        try {
          const next = await texts.next();
          if (next.done === true) to.close();
          else to.enqueue(encoder.encode(next.value));
        } catch (error) {
          // Without its mark no reader can take what came for the whole.
          if (!over.signal.aborted) to.enqueue(encoder.encode(failed(apiError(error))));
          to.error(error);
        }
      },
      async cancel(reason) {
        over.abort(reason);
        await texts.return();
      },
    });
    return new Response(body, { headers: { ...this.#headers(), "content-type": "text/event-stream" } });
  }

  #headers(): Record<string, string> {
    const fixed = { ...this.#fixed, ...(this.receipt === "" ? {} : { "x-privity-receipt": this.receipt }) };
    if (this.nodes.length === 0) return fixed;
    // eslint-disable-next-line no-restricted-globals -- written out, not asked what time it is
    const times = this.nodes.map(({ appraisedAt }) => new Date(appraisedAt * 1000).toISOString());
    return {
      ...fixed,
      "x-privity-node": joined(this.nodes.map(({ digest }) => digest)),
      "x-privity-release": joined(this.nodes.map(({ release }) => release)),
      "x-privity-verified-at": joined(times),
      ...(this.nodes.some(({ simulated }) => simulated) ? { "x-privity-simulated": "true" } : {}),
    };
  }
}

/** The error that a failure is. Only the kind of a fault of ours is told: its words could quote what was asked. */
export function apiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (isDocumented(error) || error instanceof WalletError || error instanceof ServiceError) return ofFailure(error);
  const message = `The client failed (${error instanceof Error ? error.name : typeof error}).`;
  return new ApiError({ status: 500, message, type: "server_error", code: "client_failed", param: null });
}

/** An error as a whole answer. */
export function refusal(error: ApiError): Response {
  const again = [429, 503].includes(error.told.status) ? { "retry-after": "1" } : {};
  return Response.json(error.body(), { status: error.told.status, headers: { "cache-control": "no-store", ...again } });
}

/** One event with JSON data. JSON text holds no line feed, so it is one line. */
export function event(value: JsonObject, name = ""): string {
  return `${name === "" ? "" : `event: ${name}\n`}data: ${JSON.stringify(value)}\n\n`;
}

function joined(values: readonly string[]): string {
  return [...new Set(values)].join(", ");
}
