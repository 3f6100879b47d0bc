"""One request as a handler sees it, and what a handler gives back."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import msgspec
from privity_protocol.canonical import base64url_decode

from privity_service.accounts.problem import Problem
from privity_service.accounts.tokens import Caller

S = TypeVar("S", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class Call:
    """A request: who asks (established by its token), from which blinded prefix, and what was sent."""

    who: Caller | None
    prefix: bytes
    body: msgspec.Struct | None
    raw: bytes
    path: Mapping[str, str]
    query: Mapping[str, int]
    headers: Mapping[str, str]

    @property
    def caller(self) -> Caller:
        """Who asks, where the route needs a token."""
        if self.who is None:
            raise Problem("access.required")
        return self.who

    @property
    def device(self) -> bytes:
        """The caller's device, where the route needs a full token."""
        if self.caller.device is None:
            raise Problem("access.scope")
        return self.caller.device

    def sent(self, kind: type[S]) -> S:
        """The JSON body, which was decoded as the route's schema says."""
        assert isinstance(self.body, kind)
        return self.body

    def id(self, name: str, size: int = 16) -> bytes:
        """Bytes of the path. Raises Problem `request.malformed`."""
        data = base64url_decode(self.path[name])
        if data is None or len(data) != size:
            raise Problem("request.malformed", f"{name} is {size} bytes in base64url")
        return data

    def idempotency_key(self) -> bytes:
        """The header Idempotency-Key. Raises Problem `request.malformed`."""
        data = base64url_decode(self.headers.get("idempotency-key", ""))
        if data is None or len(data) != 16:
            raise Problem("request.malformed", "Idempotency-Key is 16 bytes in base64url")
        return data

    @property
    def raw_hash(self) -> bytes:
        """The hash of the body as it was sent."""
        return hashlib.sha256(self.raw).digest()


@dataclass(frozen=True, slots=True)
class Answer:
    """A status with a JSON value, octets, or nothing."""

    status: int
    value: msgspec.Struct | bytes | None = None
