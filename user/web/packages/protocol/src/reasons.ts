/** The closed list of reason codes. Apart from the errors: no program needs the list, and each would carry it. */

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
