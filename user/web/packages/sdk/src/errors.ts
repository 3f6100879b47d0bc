/** What goes wrong, in the shape of the OpenAI API. Source: specs/proxy.md, "Errors". */

import { Malformed } from "@privity/protocol/errors";

import { type JsonObject } from "./reading.ts";

export type ErrorType = "invalid_request_error" | "permission_error" | "rate_limit_error" | "server_error";

/** What the API says of a failure; `param` names the member of the request that is at fault. */
export interface Told {
  readonly status: number;
  readonly message: string;
  readonly type: ErrorType;
  readonly code: string | null;
  readonly param: string | null;
}

/** An answer of the API that is an error. */
export class ApiError extends Error {
  readonly told: Told;

  constructor(told: Told) {
    super(told.message);
    this.name = "ApiError";
    this.told = told;
  }

  /** The object that the API sends. */
  body(): JsonObject {
    const { message, type, param, code } = this.told;
    return { error: { message, type, param, code } };
  }
}

const OF_REQUEST: Readonly<Record<string, readonly [status: number, type: ErrorType]>> = {
  too_large: [413, "invalid_request_error"], policy: [403, "permission_error"], token_invalid: [403, "permission_error"],
  token_spent: [403, "permission_error"], token_expired: [403, "permission_error"],
  tokens_gone: [429, "rate_limit_error"], slow_down: [429, "rate_limit_error"],
  busy: [503, "server_error"], model_unavailable: [503, "server_error"],
};
/** The node had the request, or may have had it. */
const OF_ANSWER: ReadonlySet<string> = new Set(["answer_cut", "answer_gone", "internal", "session_refused"]);
const STEP = "[A-Za-z0-9_]+(?:\\[\\d+\\])?";
const NAMED = new RegExp(`^(${STEP}(?:\\.${STEP})*) (?:is|has|and) `);
const OF_ENGINE = /does not accept the member ([A-Za-z0-9_.]+?)\.?$/;

/** A failure that a specification describes, by a reason of a closed list. */
export interface Reasoned {
  readonly reason: string;
  readonly detail?: string;
}

/** The error for a member of a request that cannot be honoured; it is never dropped in silence. */
export function refused(param: string, why: string, code = "unsupported_parameter"): ApiError {
  return new ApiError({ status: 400, message: `${param} ${why}`, type: "invalid_request_error", code, param });
}

/** The error for what verification, the channel, the wallet or the node said. Everything unknown is a 503. */
export function ofFailure(failure: Reasoned): ApiError {
  const { reason, detail = "" } = failure;
  if (reason === "bad_request") return named(detail);
  if (reason === "no_node" && detail !== "") {
    const message = `No verified node offers the ${detail}.`;
    return new ApiError({ status: 404, message, type: "invalid_request_error", code: "model_not_found", param: "model" });
  }
  const ofAnswer = OF_ANSWER.has(reason) || failure instanceof Malformed;
  const [status, type] = OF_REQUEST[reason] ?? [ofAnswer ? 502 : 503, "server_error"];
  return new ApiError({ status, message: detail === "" ? reason : `${reason}: ${detail}`, type, code: reason, param: null });
}

/** The error for words of the node that name a member by its path. */
function named(detail: string): ApiError {
  const message = detail === "" ? "The node could not use the request." : detail;
  const found = (NAMED.exec(message) ?? OF_ENGINE.exec(message))?.[1] ?? null;
  const unsupported = message.endsWith(" is not allowed") || OF_ENGINE.test(message);
  const code = unsupported ? "unsupported_parameter" : "invalid_value";
  return new ApiError({ status: 400, message, type: "invalid_request_error", code, param: found === "body" ? null : found });
}
