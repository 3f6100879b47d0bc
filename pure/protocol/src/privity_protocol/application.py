"""What travels inside a RUN: request header, then body, as the node reads them. A client writes them by `request`.

Lines of the answer: `lines`. Source: specs/application.md.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from privity_protocol import canonical
from privity_protocol.errors import Malformed
from privity_protocol.limits import MAX_HEADER, MAX_SEEN, MAX_TOKEN, MAX_TOKENS_IN_HEADER


class InnerError(IntEnum):
    """Codes of the ERROR record."""

    TOKEN_INVALID = 1
    TOKEN_SPENT = 2
    TOKEN_EXPIRED = 3
    POLICY = 4
    OVERLOADED = 5
    INTERNAL = 6
    MODEL_UNAVAILABLE = 7
    VIEW_CONFLICT = 8
    BAD_REQUEST = 9
    RESUME_GONE = 10


INNER_ERRORS: Final = {error.value: error.name.lower() for error in InnerError}
OPERATIONS: Final = frozenset({"chat", "embed", "models", "report", "resume", "stop"})
PROFILE_NAMES: Final = frozenset({"p0", "p1", "p2"})
RID: Final = 16

_REQUIRED: Final = frozenset({"v", "rid", "op", "tok", "prof", "seen"})
_OPTIONAL: Final = frozenset({"resume", "from", "receipt"})
LENGTH: Final = 4


@dataclass(frozen=True, slots=True)
class Seen:
    """A checkpoint that the client verified: `origin` of the log, tree size, root hash (32 bytes)."""

    origin: str
    size: int
    root: bytes


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RequestHeader:
    """Header of a request.

    `rid`: 16 random bytes, the same when a client retries; knowing it is the right to resume. `from_`: application
    bytes of the answer that the client has (only with op "resume"). `tok`: metering tokens.
    """

    rid: bytes
    op: str
    prof: str
    tok: tuple[bytes, ...] = ()
    seen: tuple[Seen, ...] = ()
    resume: bool = False
    from_: int | None = None
    receipt: bool = False

    def __repr__(self) -> str:
        return f"RequestHeader(op={self.op}, prof={self.prof})"


def decode_request(payload: bytes) -> tuple[RequestHeader, bytes]:
    """Return header and body of a request's application bytes.

    Raises Malformed `header_length`, `too_large`, `too_deep`, `not_canonical`, `missing_member`, `unknown_member`,
    `member_type`, `member_value`.
    """
    length = int.from_bytes(payload[:LENGTH], "big")
    if length > MAX_HEADER:
        raise Malformed("too_large", f"header of {length} bytes, at most {MAX_HEADER}")
    end = LENGTH + length
    if len(payload) < end or len(payload) < LENGTH:
        raise Malformed("header_length", f"{length} in a request of {len(payload)} bytes")
    return _header(canonical.decode(payload[LENGTH:end], max_bytes=MAX_HEADER)), payload[end:]


def _header(value: object) -> RequestHeader:
    present = frozenset(value) & _OPTIONAL if isinstance(value, dict) else frozenset()
    found = canonical.members(value, _REQUIRED | present, "header")
    canonical.integer(found["v"], "v", least=1, most=1)
    op = canonical.text(found["op"], "op", longest=16, pattern="|".join(OPERATIONS))
    if ("from" in found) != (op == "resume"):
        raise Malformed("member_value", "from belongs to op resume, and to no other")
    return RequestHeader(
        rid=canonical.from_base64url(found["rid"], "rid", size=RID),
        op=op,
        prof=canonical.text(found["prof"], "prof", longest=16, pattern="|".join(PROFILE_NAMES)),
        tok=tuple(_token(token) for token in canonical.entries(found["tok"], "tok", most=MAX_TOKENS_IN_HEADER)),
        seen=tuple(_seen(entry) for entry in canonical.entries(found["seen"], "seen", most=MAX_SEEN)),
        resume=_flag(found, "resume"),
        from_=canonical.integer(found["from"], "from") if "from" in found else None,
        receipt=_flag(found, "receipt"),
    )


def _flag(found: dict[str, object], name: str) -> bool:
    # One spelling: a flag that is not set is absent.
    if name not in found:
        return False
    if not canonical.boolean(found[name], name):
        raise Malformed("member_value", f"{name} is true or absent")
    return True


def _token(value: object) -> bytes:
    encoded = canonical.text(value, "tok", longest=MAX_TOKEN)
    token = canonical.base64url_decode(encoded)
    if token is None:
        raise Malformed("member_value", "tok")
    return token


def _seen(value: object) -> Seen:
    found = canonical.members(value, frozenset({"origin", "size", "root"}), "seen")
    return Seen(
        origin=canonical.text(found["origin"], "seen.origin", longest=256),
        size=canonical.integer(found["size"], "seen.size"),
        root=canonical.from_hex(found["root"], "seen.root", size=32),
    )
