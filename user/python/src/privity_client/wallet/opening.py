"""Which purse pays at a server: that of the account that it keeps, else a guest's."""

import asyncio
import os
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

from privity_protocol import token
from privity_protocol.errors import PrivityError

from privity_client import fetch, wellknown
from privity_client.choice import Entropy
from privity_client.errors import ClientError
from privity_client.history.http import Service
from privity_client.history.session import Folder, here, millis
from privity_client.nodes import VerifiedNode
from privity_client.trust.server import Server
from privity_client.wallet.account import AccountPurse
from privity_client.wallet.guest import GuestPurse
from privity_client.wallet.purse import Free, Purse, gone

_PORTS: Final = {"http": 80, "https": 443}
ACCOUNT: Final = "account"
"""The folder of the account below PRIVITY_HOME."""


def host_of(origin: str) -> str:
    """The host of an origin as a challenge names it: lower case, its port unless it is the scheme's."""
    parts = urlsplit(origin)
    host, port = (parts.hostname or "").lower(), parts.port
    host = f"[{host}]" if ":" in host else host
    return host if port in (None, _PORTS.get(parts.scheme)) else f"{host}:{port}"


class ServerPurse:
    """The purse for one server, by `async with`. `home` is PRIVITY_HOME; `clock` returns Unix milliseconds.

    Tokens are asked of the service itself, whoever carries the channel. `hidden`: a relay carries it, so that a guest,
    who draws a token when asking, would show the address that is to be hidden; an account draws ahead.
    """

    def __init__(
        self,
        url: str,
        trust: Server,
        home: Path,
        *,
        hidden: bool = False,
        clock: Callable[[], int] = millis,
        entropy: Entropy = os.urandom,
    ) -> None:
        self._hidden = hidden
        self._url = url.rstrip("/")
        self._trust = trust
        self._folder = Folder(home / ACCOUNT)
        self._clock = clock
        self._entropy = entropy
        self._own: Purse | None = None
        self._metered = False
        self._watching: asyncio.Task[None] | None = None
        self._held = AsyncExitStack()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._watching is not None:
            self._watching.cancel()
            # Whatever ended it before is tried again by the next run; the answer that a person has is not lost to it.
            await asyncio.gather(self._watching, return_exceptions=True)
        await self._held.aclose()

    async def serve(self, nodes: Iterable[VerifiedNode]) -> None:
        """Look after the wallets of today and tomorrow if these nodes take tokens."""
        self._metered = any(price for node in nodes for price in node.prices.values())
        with suppress(PrivityError):
            if self._metered and isinstance(own := await self._found(), AccountPurse):
                self._watching = asyncio.ensure_future(own.watch())

    async def request_id(self) -> bytes:
        """The id for a new request."""
        return await (await self._found() if self._metered else Free(self._entropy)).request_id()

    async def pay(self, rid: bytes, count: int) -> tuple[bytes, ...]:
        """So many tokens for a request."""
        return await (await self._found()).pay(rid, count)

    async def refused(self, rid: bytes) -> None:
        """A node did not take them."""
        if self._own is not None:
            await self._own.refused(rid)

    async def ended(self, rid: bytes) -> None:
        """The answer came to its end."""
        if self._own is not None:
            await self._own.ended(rid)

    async def _found(self) -> Purse:
        if self._own is None:
            self._own = await self._choose()
        return self._own

    async def _choose(self) -> Purse:
        async with fetch.new_client(self._url) as client:
            address = f"{self._url}/.well-known/privity"
            told = wellknown.decode(await fetch.get(client, address, limit=wellknown.MAX_WELL_KNOWN))
        if told.account is None:
            raise gone(self._clock() // 1000, "This server keeps no accounts and gives guests none.")
        challenge = token.challenge(host_of(told.account), host_of(told.run))
        if self._folder.exists() and self._is_home(told.account):
            return AccountPurse(self._folder, self._trust, challenge, clock=self._clock, entropy=self._entropy)
        if self._hidden:
            raise ClientError("relay_bypassed", f"A guest draws tokens at {host_of(told.account)}.")
        client = await self._held.enter_async_context(fetch.new_client(told.account))
        service = Service(client, told.account)
        return GuestPurse(service, self._trust, challenge, clock=lambda: self._clock() // 1000, entropy=self._entropy)

    def _is_home(self, account: str) -> bool:
        with here(self._folder) as (_, way):
            return way.origin == account
