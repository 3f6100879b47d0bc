"""Opens the account service beside the rest of the process, so that neither a start nor the relay waits for it.

Its libraries and its database are loaded after READY; a database that does not answer is asked again, and until then
account routes answer 503 while everything else is served.
"""

import asyncio
import json
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from privity_service.asgi import ANY_ORIGIN, NO_SNIFF, NO_STORE, App, Receive, Scope, Send, answer
from privity_service.configuration import Configuration
from privity_service.events import Events

if TYPE_CHECKING:
    from privity_service.accounts.house import House

RETRY_S: Final = 5.0
WAIT_S: Final = 20.0
"""For which a request waits until the accounts are open, or could not be opened."""
FIRST: Final = frozenset(
    {"access", "account", "service", "passkeys", "keyring", "pages", "events", "bodies", "objects", "pairings"}
    | {"shares", "usage", "openapi.json", "tokens", "issuers", "plans", "vouchers", "checkout", "payments"}
)
WELL_KNOWN: Final = frozenset({"/.well-known/webauthn", "/.well-known/passkey-endpoints"})
_BUSY: Final = json.dumps(
    {"reason": "service.busy", "detail": "the accounts are not open yet", "retry_after": int(RETRY_S)}
).encode()


def concerns_accounts(path: str) -> bool:
    """Whether a path belongs to the account service."""
    parts = path.split("/", 3)
    return path in WELL_KNOWN or (len(parts) > 2 and parts[:2] == ["", "v1"] and parts[2] in FIRST)


class AccountGate:
    """An ASGI application: the accounts once they are open."""

    def __init__(self, configuration: Configuration, origin: str, events: Events) -> None:
        self._configuration = configuration
        self._origin = origin
        self._events = events
        self._settled = asyncio.Event()
        self._application: App | None = None
        self._house: House | None = None

    async def run(self) -> None:
        """Open the accounts, again and again if need be; then erase what is over, for as long as the process runs."""
        refused = False
        while self._application is None:
            try:
                house, self._application = await asyncio.to_thread(self._open)
            except Exception as error:  # any fault here must leave the relay alone; only its kind is written down
                if not refused:
                    self._events.emit("accounts_unavailable", reason=getattr(error, "reason", type(error).__name__))
                refused = True
                self._settled.set()
                await asyncio.sleep(RETRY_S)
            else:
                self._house = house
                self._settled.set()
                self._events.emit("accounts_ready")
        await self._sweep()

    def _open(self) -> "tuple[House, App]":
        from privity_service.accounts.application import application
        from privity_service.accounts.opening import open_house

        chosen = self._configuration
        assert chosen.accounts is not None
        house = open_house(Path(chosen.state), chosen.database, chosen.accounts, chosen.registration, self._origin)
        return house, application(house)

    async def _sweep(self) -> None:
        from privity_service.accounts.limits import SWEEP_S
        from privity_service.accounts.problem import Problem
        from privity_service.accounts.sweep import sweep
        from privity_service.issuer.keys import KeyFileUnfit

        house = self._house
        assert house is not None
        while True:
            try:
                await house.database.run(lambda: sweep(house), writes=True)
            except Problem as problem:
                self._events.emit("accounts_unavailable", reason=problem.reason)
            if house.issuer is not None:
                # One at a time: making a key holds a core for a tenth of a second.
                try:
                    await asyncio.to_thread(house.issuer.prepare, house.clock(), most=1)
                except (OSError, KeyFileUnfit) as error:
                    self._events.emit("accounts_unavailable", reason=getattr(error, "reason", "issuer_key"))
            await asyncio.sleep(SWEEP_S)

    def end_streams(self) -> None:
        """Let those who listen go: the process stops."""
        if self._house is not None:
            self._house.news.close()

    async def close(self) -> None:
        """Wait for running transactions."""
        if self._house is not None:
            await asyncio.to_thread(self._house.database.close)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request to the accounts."""
        with suppress(TimeoutError):
            async with asyncio.timeout(WAIT_S):
                await self._settled.wait()
        if self._application is None:
            kind = (b"content-type", b"application/problem+json")
            wait = (b"retry-after", str(int(RETRY_S)).encode())
            await answer(send, 503, (NO_STORE, NO_SNIFF, *ANY_ORIGIN, kind, wait), _BUSY)
            return
        await self._application(scope, receive, send)


def beside(gate: AccountGate, others: App) -> App:
    """The service origin: account routes to the gate, the rest to the public documents."""

    async def either(scope: Scope, receive: Receive, send: Send) -> None:
        chosen: App = gate if scope["type"] == "http" and concerns_accounts(scope["path"]) else others
        await chosen(scope, receive, send)

    return either
