"""One family of errors with a closed list of reason codes, the same in Python, TypeScript, vectors and documentation.

Source: specs/errors.md. Who broke which promise is the type; what exactly is the reason; details carry no secrets.
"""

from typing import Final

REASONS: Final = frozenset(
    # canonical JSON, and the members of documents
    "too_large too_deep not_canonical missing_member unknown_member member_type member_value "  # noqa: SIM905
    # CBOR
    "truncated trailing_data not_minimal unsupported_item integer_range key_order too_many "
    # evidence bundles
    "bundle_too_large bundle_not_canonical bundle_type label_unknown media_type indicator item_encoding item_too_large "
    # windows of keys, and outer headers
    "key_not_yet_valid key_expired key_lifetime size header suite reserved_nonzero unknown_key key record_size "
    # records, what their keys say, and our own misuse of them
    "record_type record_length padding_nonzero error_text order after_close not_authentic "
    "consumed chain_exhausted record_limit record_capacity backlog_full "
    # requests and answers
    "header_length not_json not_utf8 duplicate_member line_kind bad_request".split()
)


class PrivityError(Exception):
    """Base of every documented failure: `str(e)` is "reason: detail"."""

    def __init__(self, reason: str, detail: str = "") -> None:
        if reason not in REASONS:
            raise AssertionError(f"undocumented reason {reason}")
        self.reason = reason
        self.detail = detail
        super().__init__(f"{reason}: {detail}" if detail else reason)


class Malformed(PrivityError):
    """The other side's bytes do not follow the specification."""


class NotAuthentic(PrivityError):
    """Opening or confirming failed. One sentence for every cause, so that it helps no guesser."""

    def __init__(self) -> None:
        super().__init__("not_authentic", "the bytes do not come from the expected key holder, or were changed")


class StateError(PrivityError):
    """Local misuse: a step on a consumed state."""


class Expired(PrivityError):
    """A window or lifetime has passed or has not begun."""


class LimitExceeded(PrivityError):
    """A documented limit was exceeded."""
