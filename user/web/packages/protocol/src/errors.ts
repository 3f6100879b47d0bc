/**
 * One family of errors with a closed list of reason codes, the same in Python, TypeScript, vectors and documentation.
 *
 * Source: specs/errors.md. Who broke which promise is the class; what exactly is the reason; the detail carries no secret.
 */

const CANONICAL = ["too_large", "too_deep", "not_canonical"] as const;
const MEMBER = ["missing_member", "unknown_member", "member_type", "member_value"] as const;
const CBOR = [
  "truncated", "trailing_data", "not_minimal", "unsupported_item", "integer_range", "key_order", "too_many",
] as const;
const BUNDLE = [
  "bundle_too_large", "bundle_not_canonical", "bundle_type", "label_unknown", "media_type", "indicator",
  "item_encoding", "item_too_large",
] as const;
const WINDOW = ["key_not_yet_valid", "key_expired", "key_lifetime"] as const;
const HEADER = ["size", "header", "suite", "reserved_nonzero", "unknown_key", "key", "record_size"] as const;
const RECORD = [
  "record_type", "record_length", "padding_nonzero", "error_text", "order", "after_close",
] as const;
const LOCAL = ["consumed", "chain_exhausted", "record_limit", "record_capacity", "backlog_full"] as const;
const APPLICATION = [
  "header_length", "not_json", "not_utf8", "duplicate_member", "line_kind", "bad_request",
] as const;

export const REASONS = [
  ...CANONICAL, ...MEMBER, ...CBOR, ...BUNDLE, ...WINDOW, ...HEADER, ...RECORD, ...LOCAL, ...APPLICATION,
  "not_authentic",
] as const;

export type Reason = (typeof REASONS)[number];

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
