/**
 * What relay and node answer to a request that they do not admit, and what a client may do about it.
 *
 * Source: specs/admission.md. These answers are unauthenticated hints: a status, an empty body. They never relax anything.
 */

/** Sends of one request, the first included; with jitter, same rid and token. */
export const MAX_TRIES = 3;

/** What a client may do after an outer error: new session, another verified node, or nothing more. */
export type Reaction = "new_hello" | "other_node" | "give_up";

/** Outer errors by the HTTP status that carries them; the body is empty. */
export const OUTER_ERRORS = {
  400: "malformed",
  404: "unknown_session",
  410: "unknown_key",
  413: "too_large",
  429: "slow_down",
  503: "busy",
} as const;
export type OuterError = (typeof OUTER_ERRORS)[keyof typeof OUTER_ERRORS];

const AGAIN: readonly Reaction[] = ["new_hello", "other_node"];

export const REACTIONS: Readonly<Record<OuterError, readonly Reaction[]>> = {
  malformed: AGAIN,
  unknown_session: AGAIN,
  unknown_key: ["other_node"],
  too_large: ["give_up"],
  slow_down: AGAIN,
  busy: AGAIN,
};

/** The outer error of an HTTP status other than 200; an unlisted one counts as busy. */
export function fromStatus(status: number): OuterError {
  return status in OUTER_ERRORS ? OUTER_ERRORS[status as keyof typeof OUTER_ERRORS] : "busy";
}

/** What is allowed after an error when the request has been sent `sent` times. */
export function reactions(error: OuterError, sent: number): readonly Reaction[] {
  return sent < MAX_TRIES ? REACTIONS[error] : ["give_up"];
}
