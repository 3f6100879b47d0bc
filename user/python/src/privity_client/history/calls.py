"""What is asked of the account service and what it answers, without sending anything. Source: specs/service-api.md.

A flow is a generator: it yields a `Call`, is sent the `Reply`, and returns what was established. `http.py` drives it.
"""

import json
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

from privity_protocol import canonical
from privity_protocol.canonical import base64url_decode, base64url_encode
from privity_protocol.errors import Malformed

from privity_client.history.reasons import SERVICE, SHARED, ServiceRefused

T = TypeVar("T")
MAX_ANSWER: Final = 24 * 2**20
"""Bytes of one answer: 4 MiB of pages or keyrings, or 8 MiB of bodies, with what JSON adds."""
MAX_PROBLEM: Final = 4096


@dataclass(frozen=True, slots=True, repr=False)
class Call:
    """One request. `json` or `octets`, or neither."""

    method: str
    path: str
    json: Mapping[str, object] | None = None
    octets: bytes | None = None
    token: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Call({self.method} {self.path.partition('?')[0]})"


@dataclass(frozen=True, slots=True, repr=False)
class Reply:
    """One answer."""

    status: int
    data: bytes

    def __repr__(self) -> str:
        return f"Reply({self.status}, {len(self.data)} bytes)"


Flow = Generator[Call, Reply, T]


def expect(reply: Reply, *statuses: int) -> Reply:
    """Return the reply if it has one of these statuses.

    Raises ServiceRefused with the service's reason, Malformed for an answer without one.
    """
    if reply.status in statuses:
        return reply
    if reply.status < 400:
        raise Malformed("member_value", f"status {reply.status}")
    problem = read(Reply(reply.status, reply.data[:MAX_PROBLEM]))
    reason, detail, after = problem.get("reason"), problem.get("detail"), problem.get("retry_after")
    if not isinstance(reason, str) or reason not in SERVICE.keys() | SHARED:
        raise Malformed("member_value", f"status {reply.status} without a reason of the list")
    seconds = after if isinstance(after, int) and not isinstance(after, bool) else None
    raise ServiceRefused(reason, detail[:200] if isinstance(detail, str) else "", retry_after=seconds)


def read(reply: Reply) -> dict[str, object]:
    """Return a JSON object. Raises Malformed `not_json`, `member_type`."""
    try:
        value = json.loads(reply.data)
    except (ValueError, RecursionError):
        raise Malformed("not_json", "an answer of the service") from None
    if not isinstance(value, dict):
        raise Malformed("member_type", "answer is not an object")
    return value


def members(value: object, *names: str) -> list[object]:
    """Return these members of an object that has them and no others. Raises Malformed."""
    found = canonical.members(value, frozenset(names), "answer")
    return [found[name] for name in names]


def octets(value: object, what: str, most: int, least: int = 1) -> bytes:
    """Bytes of a bounded number. Raises Malformed."""
    if not isinstance(value, str):
        raise Malformed("member_type", f"{what} is not text")
    data = base64url_decode(value) if len(value) <= -(-most * 4 // 3) else None
    if data is None or not least <= len(data) <= most:
        raise Malformed("member_value", what)
    return data


def text_of(data: bytes) -> str:
    """Bytes as they stand in JSON, paths and queries."""
    return base64url_encode(data)
