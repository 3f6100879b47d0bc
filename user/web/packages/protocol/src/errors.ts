/**
 * One family of errors with a closed list of reason codes, the same in Python, TypeScript, vectors and documentation.
 *
 * Source: specs/errors.md. Who broke which promise is the class; what exactly is the reason; the detail carries no secret.
 */

import type { Reason } from "./reasons.ts";

export type { Reason } from "./reasons.ts";

/** Base of every documented failure: its message is "reason: detail". */
export class PrivityError extends Error {
  readonly reason: Reason;
  readonly detail: string;

  constructor(reason: Reason, detail = "") {
    super(detail === "" ? reason : `${reason}: ${detail}`);
    this.name = new.target.name;
    this.reason = reason;
    this.detail = detail;
  }
}

/** The other side's bytes do not follow the specification. */
export class Malformed extends PrivityError {}

/** Opening or confirming failed. One sentence for every cause, so that it helps no guesser. */
export class NotAuthentic extends PrivityError {
  constructor() {
    super("not_authentic", "the bytes do not come from the expected key holder, or were changed");
  }
}

/** Local misuse: a step on a consumed state. */
export class StateError extends PrivityError {}

/** A window or lifetime has passed or has not begun. */
export class Expired extends PrivityError {}

/** A documented limit was exceeded. */
export class LimitExceeded extends PrivityError {}
