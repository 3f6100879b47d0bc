"""Requests that cost tokens: set aside in the ledger before the model works, spent once the answer's end has left.

Source: specs/node-http.md, "Tokens"; specs/token.md; specs/ledger.md. The ledger learns nullifiers, nothing of a person
or of a request. It is believed about tokens alone: one that lies harms its operator.
"""

import asyncio
import hashlib
import os
from collections.abc import Coroutine
from typing import Final

from privity_protocol import canonical, token
from privity_protocol.application import InnerError, RequestHeader
from privity_protocol.errors import Malformed, PrivityError

from privity_enclave import events
from privity_enclave.answer import Answer, Failed
from privity_enclave.configuration import Metering
from privity_enclave.engine.adapter import Adapter
from privity_enclave.engine.interface import EngineError
from privity_enclave.keys import Clock, KeyRing

LABEL: Final = b"EC1 ledger v1\0"
CALLS: Final = "/v1/ledger"
ISSUERS: Final = "/v1/issuers"
RENEW: Final = 60  # seconds between two signs of life; a lease lasts 180
MAX_KEYS: Final = 64  # that a list of issuers has
REFRESH: Final = 10  # seconds between two looks for a key that is not known: strangers can name any
AGAIN: Final = (1, 5, 25, 0)  # seconds after each try to say how a request ended
PATIENCE: Final = 5  # seconds for the last words about other attempts, before the next one and when the node ends
LEAST_STOPPED: Final = 64  # pieces of an answer from which on one that the user stopped is paid
_STATES: Final = {"reserve": "reserved", "renew": "reserved", "commit": "spent", "release": "released"}
_AWAY: Final = Failed(InnerError.OVERLOADED, "Tokens cannot be checked at the moment. You can send the message again.")
_INVALID: Final = Failed(InnerError.TOKEN_INVALID, "This node does not take these tokens.")
_REFUSALS: Final = {
    "ledger.spent": Failed(InnerError.TOKEN_SPENT, "A token was spent before."),
    "ledger.day": Failed(InnerError.TOKEN_EXPIRED, "The day of the tokens is over, or has not begun."),
    "ledger.held": Failed(InnerError.OVERLOADED, "This message is being answered. You can send it again in 3 minutes."),
    "ledger.lost": Failed(InnerError.TOKEN_SPENT, "Another attempt has taken the tokens."),
}


class Meter:
    """What requests cost, which tokens are good, and the ledger's ear. Make it inside a running event loop."""

    def __init__(self, settings: Metering, deploy: str, keys: KeyRing, clock: Clock, ledger: Adapter) -> None:
        self._settings = settings
        self._deploy = deploy
        self._keys = keys
        self._clock = clock
        self._ledger = ledger
        ledger.open()
        self._challenge = hashlib.sha256(token.challenge(settings.issuer, settings.origin)).digest()
        self._issuers: dict[bytes, tuple[token.PublicKey, str]] = {}
        self._next_look = 0.0
        self._looking = asyncio.Lock()
        self._bills: dict[bytes, asyncio.Task[None]] = {}

    def price(self, op: str) -> int:
        """Tokens that a request must carry."""
        return getattr(self._settings.prices, op, 0)

    def bill(self, header: RequestHeader) -> "Bill":
        """Begin to set the tokens of a request aside, after what an older attempt of it has to say."""
        bill, older = Bill(self), self._bills.get(header.rid)
        task = self._bills[header.rid] = asyncio.create_task(bill.live(header, older))
        task.add_done_callback(lambda done: self._bills.get(header.rid) is done and self._bills.pop(header.rid))
        return bill

    async def close(self) -> None:
        """Wait a little for what the ledger has still to be told, then drop every connection."""
        if self._bills:
            await asyncio.wait(self._bills.values(), timeout=PATIENCE)
        await self._ledger.close()

    async def calls(self, header: RequestHeader) -> list[dict[str, object]]:
        """Return what the ledger's calls about the tokens of a request say, once all are good.

        Raises Malformed, NotAuthentic for tokens that are not; EngineError when the keys are not to be had.
        """
        holder = os.urandom(16).hex()
        found: dict[bytes, dict[str, object]] = {}
        for data in header.tok:
            one = token.decode(data)
            key, day = await self._issuer(one.key_id)
            token.verify(data, {key.key_id: key}, challenge_digest=self._challenge)
            name = token.nullifier(one)
            mark = token.request_mark(name, header.rid).hex()
            found[name] = {"nullifier": name.hex(), "request": mark, "holder": holder, "day": day}
        # Of equal tokens the ledger would take the second for a repeated call about the first.
        if len(found) != len(header.tok) or len({data[66:98] for data in header.tok}) != 1:
            raise Malformed("member_value", "tokens that are equal, or of several keys")
        return list(found.values())

    async def tell(self, op: str, members: dict[str, object]) -> Failed | None:
        """Make one call; return why it came to nothing."""
        said = {"v": 1, "typ": "ec1-ledger", "deploy": self._deploy, "op": op, "time": self._clock.wall()}
        call = canonical.encode(said | members)
        status, told = 0, None
        for window in self._keys.usable():
            parts = {"node": window.node_document, "call": call, "signature": window.signer.sign(LABEL + call)}
            body = canonical.encode({name: canonical.base64url_encode(part) for name, part in parts.items()})
            try:
                status, told = await self._ledger.ask(CALLS, body)
            except EngineError:
                break
            if status != 401:  # what is not listed yet, or no longer: another key may be
                break
        match status, told:
            case 200, {"state": state} if state == _STATES[op]:
                return None
            case 409 | 422 | 423, {"reason": str(reason)} if reason in _REFUSALS:
                return _REFUSALS[reason]
        events.write(events.LedgerFailed("refused" if status else "unavailable"))
        return _AWAY

    async def _issuer(self, key_id: bytes) -> tuple[token.PublicKey, str]:
        """Return an issuer's key and its day. Raises Malformed `unknown_key`, EngineError when none are to be had."""
        async with self._looking:
            if key_id not in self._issuers:
                if self._clock.steady() < self._next_look:
                    raise EngineError("unavailable")
                self._next_look = self._clock.steady() + REFRESH
                self._issuers = await self._listed()
        if key_id not in self._issuers:
            raise Malformed("unknown_key", "no issuer key of this token is listed")
        return self._issuers[key_id]

    async def _listed(self) -> dict[bytes, tuple[token.PublicKey, str]]:
        status, leaf = await self._ledger.ask(ISSUERS)
        try:
            match status, leaf:
                case 200, {"t": "issuers", "deploy": self._deploy, "keys": list(keys)} if len(keys) <= MAX_KEYS:
                    found = [(token.PublicKey.decode(bytes.fromhex(one["spki"])), str(one["day"])) for one in keys]
                    return {key.key_id: (key, day) for key, day in found}
        except (KeyError, TypeError, ValueError, Malformed):
            pass
        events.write(events.LedgerFailed("refused"))
        raise EngineError("unavailable")


class Bill:
    """The tokens of one attempt to answer one request, from before the model works until the first `settle`."""

    def __init__(self, meter: Meter) -> None:
        loop = asyncio.get_running_loop()
        self._meter = meter
        self._calls: list[dict[str, object]] = []
        self._reserved: asyncio.Future[Failed | None] = loop.create_future()
        self._verdict: asyncio.Future[str] = loop.create_future()

    def settle(self, paid: bool) -> None:
        """Say whether the request was answered. The first word counts."""
        if not self._verdict.done():
            self._verdict.set_result("commit" if paid else "release")

    async def carry(self, answer: Answer, work: Coroutine[None, None, None]) -> None:
        """Do the work that fills `answer` once the tokens are set aside, else say in it why not."""
        try:
            failed = await asyncio.shield(self._reserved)
            if failed is None:
                await work
            else:
                answer.end(failed)
        finally:
            work.close()

    async def live(self, header: RequestHeader, older: "asyncio.Task[None] | None") -> None:
        """All that the ledger hears of this attempt, one thing after the other."""
        if older is not None:
            await asyncio.wait([older], timeout=PATIENCE)
        self._reserved.set_result(await self._reserve(header))
        while not self._verdict.done():
            await asyncio.wait([self._verdict], timeout=RENEW)
            if not self._verdict.done():
                await self._tell("renew")
        for pause in AGAIN:
            if _AWAY not in await self._tell(self._verdict.result()):
                break
            await asyncio.sleep(pause)

    async def _reserve(self, header: RequestHeader) -> Failed | None:
        try:
            self._calls = await self._meter.calls(header)
            return next((why for why in await self._tell("reserve") if why is not None), None)
        except PrivityError:
            return _INVALID
        except EngineError:
            return _AWAY
        except Exception as error:
            events.write(events.Fault(events.place(error)))
            return _AWAY

    async def _tell(self, op: str) -> list[Failed | None]:
        return await asyncio.gather(*(self._meter.tell(op, members) for members in self._calls))
