"""What pays for a request, for whoever sends one: an account's wallets, or what a guest may draw."""

from datetime import UTC, datetime
from typing import Final, Protocol

from privity_protocol.token import PublicKey

from privity_client.choice import Entropy
from privity_client.errors import ClientError

RID: Final = 16
DAY_S: Final = 86_400


class IssuerLog(Protocol):
    """What the server's public log says of token keys (`trust.server.Server`)."""

    async def issuer_key(self, plan: str, day: str, *, now: int) -> PublicKey:
        """The logged key of a plan and day. Raises ClientError `issuer_refused`."""
        ...


class Purse(Protocol):
    """Where tokens come from. A request is known by its id, which stays the same however often it is sent."""

    async def request_id(self) -> bytes:
        """The id for a new request: a fresh one, or that of one that came to no end and whose tokens go with it."""
        ...

    async def pay(self, rid: bytes, count: int) -> tuple[bytes, ...]:
        """So many tokens for a request, the same ones each time. They count as spent from now on.

        Raises ClientError `tokens_gone`, `issuer_refused`, and what reaching the service raises: nothing was sent.
        """
        ...

    async def refused(self, rid: bytes) -> None:
        """A node did not take the request's tokens: the next ones are others."""
        ...

    async def ended(self, rid: bytes) -> None:
        """The request's answer came to its end."""
        ...


class Free:
    """A purse for servers that take nothing, and for requests that cost nothing."""

    def __init__(self, entropy: Entropy) -> None:
        self._entropy = entropy

    async def request_id(self) -> bytes:
        """A fresh one."""
        return self._entropy(RID)

    async def pay(self, rid: bytes, count: int) -> tuple[bytes, ...]:
        """Nothing: a node that wants tokens then says so."""
        return ()

    async def refused(self, rid: bytes) -> None:
        """Nothing was given."""

    async def ended(self, rid: bytes) -> None:
        """Nothing was given."""


def gone(now: int, why: str = "") -> ClientError:
    """The refusal when no token of the day is left. `now` in Unix seconds."""
    reset = datetime.fromtimestamp((now // DAY_S + 1) * DAY_S, UTC)
    return ClientError("tokens_gone", f"The next ones are there from {reset:%Y-%m-%d %H:%M} UTC.{why and f' {why}'}")
