"""One request of the application layer: its id never changes, so that no retry counts or answers twice.

Source: specs/application.md.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from privity_protocol.application import INNER_ERRORS, RequestHeader, Seen
from privity_protocol.request import encode_request

from privity_client.choice import Entropy

RID: Final = 16
_REASONS: Final = {"overloaded": "busy", "resume_gone": "answer_gone"}


@dataclass(frozen=True)
class Request:
    """`body` is the JSON of the operation; `resume` asks the node to keep the answer if the connection ends."""

    rid: bytes
    op: str
    body: bytes = field(repr=False)
    model: str = ""
    profile: str = "p1"
    resume: bool = True
    seen: tuple[Seen, ...] = ()
    receipt: bool = False
    """Whether the node is asked to sign the answer (specs/receipt.md)."""
    tok: tuple[bytes, ...] = field(default=(), repr=False)
    """What pays for it; the exchange puts it in, once it knows the node and its price."""

    def payload(self) -> bytes:
        """Return the application bytes; the same for every try."""
        return encode_request(self._header(self.op, resume=self.resume), self.body)

    def resume_payload(self, received: int) -> bytes:
        """Return the application bytes that ask for the rest of the answer after `received` bytes."""
        return encode_request(self._header("resume", resume=True, from_=received), b"")

    def stop(self) -> "Request":
        """Return the request that ends this one's answer at the node."""
        return replace(self, op="stop", body=b"", resume=False, receipt=False, tok=())

    def _header(self, op: str, *, resume: bool, from_: int | None = None) -> RequestHeader:
        own = op == self.op
        return RequestHeader(
            rid=self.rid,
            op=op,
            tok=self.tok if own else (),
            prof=self.profile,
            seen=self.seen,
            resume=resume,
            from_=from_,
            receipt=self.receipt and own,
        )


def chat_request(
    messages: Sequence[dict[str, str]],
    *,
    model: str,
    profile: str,
    entropy: Entropy,
    resume: bool = True,
    seen: tuple[Seen, ...] = (),
    rid: bytes | None = None,
) -> Request:
    """Return a chat request; `seen` are the heads of the logs that this client holds, `rid` is its id."""
    value = {"messages": list(messages), "model": model, "stream": True}
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return Request(rid or entropy(RID), "chat", body, model, profile, resume, seen)


def inner_reason(code: int) -> str:
    """Return the client's reason for an inner error code; an unknown code counts as an internal error of the node."""
    name = INNER_ERRORS.get(code, "internal")
    return _REASONS.get(name, name)
