"""Nodes that take tokens, and the ledger that they ask: the real ones, in one process and in virtual time.

def body(stand):
    node = stand.node()
    reply = await node.chat(await node.hello(), tok=(stand.token(),))
run(body(Stand(folder)))
"""

import json
import os
import sys
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from secrets import token_bytes
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "enclave/tests"))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "blind/service/tests"))


from enclave_fakes import DOCUMENT, Exchange, Reply, Rig, answer_of, chat_body, run, settle
from ledger_stand import NOON, LedgerClock, engine_on, issuers_leaf, post, post_bulletin
from ledger_stand import configuration as ledger_file
from privity_enclave.engine.interface import EngineError
from privity_protocol import token, token_request
from privity_protocol.application import INNER_ERRORS
from privity_protocol.canonical import base64url_decode
from privity_protocol.lines import Done, Text
from privity_service.issuer.signing import SigningKey
from privity_service.ledger.application import Ledger, application
from privity_service.ledger.issuers import Issuers
from privity_service.ledger.nodes import Nodes
from privity_service.ledger.states import Call, State
from privity_service.ledger.tables import TokenRow
from privity_service.ledger.writer import Writer
from sqlalchemy import select

__all__ = ["Rig", "answer_of", "chat_body", "ledger_file", "settle"]
DEPLOY: str = DOCUMENT["deploy"]
ISSUER, ORIGIN = "localhost:8080", "localhost:8081"
CHALLENGE = token.challenge(ISSUER, ORIGIN)
DAY_S = 86_400


def metering(**changes: Any) -> dict[str, Any]:
    """The member of the configuration."""
    said = {"ledger": "unix:/ledger", "issuer": ISSUER, "origin": ORIGIN, "prices": {"chat": 1, "embed": 1}}
    return {"metering": said | changes}


@cache
def issuer(name: str) -> SigningKey:
    """A key, made once for all tests of this process."""
    return SigningKey.decode(SigningKey.generate())


def day_of(days: int) -> str:
    """A day as leaves write it, counted from today."""
    return datetime.fromtimestamp(NOON + days * DAY_S, UTC).date().isoformat()


def listed(name: str, *, plan: str = "free", days: int = 0) -> dict[str, Any]:
    """An entry of the issuers leaf."""
    begins = (NOON + days * DAY_S) // DAY_S * DAY_S
    spki = issuer(name).public.spki.hex()
    return {"plan": plan, "day": day_of(days), "nbf": begins - 21_600, "exp": begins + 108_000, "spki": spki}


def drawn(name: str = "today", *, challenge: bytes = CHALLENGE, nonce: bytes | None = None) -> bytes:
    """A token; with `nonce`, one of several that are one."""
    key = issuer(name)
    pending, request = token_request.begin(
        key.public, challenge, lambda size: nonce if nonce and size == token.NONCE else token_bytes(size)
    )
    return pending.finish(key.sign(request[3:])).encode()


class AtOnce(Writer):
    """The ledger's writer without its thread: a call is written before it is answered, as always."""

    def submit(self, call: Call) -> Any:
        answer = super().submit(call)
        self._answer([self._queue.get()])  # type: ignore[list-item]
        return answer

    def _run(self) -> None:
        """Nothing: `submit` does it."""


@dataclass
class Said:
    """One call as the ledger heard it: what, about which token, by which node document."""

    op: str
    nullifier: str
    holder: str
    node: bytes


class Ear:
    """Between a node and the ledger. `fault` is told each call: what it returns is answered instead of the ledger."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self.said: list[Said] = []
        self.looks = 0
        self.fault: Callable[[str], Any] = lambda _what: None
        self.after: Callable[[str], None] = lambda _what: None

    def open(self) -> None:
        """Nothing to open."""

    async def close(self) -> None:
        """Nothing to close."""

    async def ask(self, path: str, body: bytes | None = None) -> tuple[int, object]:
        """As `Adapter.ask`."""
        what = "issuers"
        if body is None:
            self.looks += 1
        else:
            parts = {name: base64url_decode(part) or b"" for name, part in json.loads(body).items()}
            call = json.loads(parts["call"])
            what = call["op"]
            self.said.append(Said(what, call["nullifier"], call["holder"], parts["node"]))
        instead = self.fault(what)
        if instead is not None:
            return instead  # type: ignore[no-any-return]
        exchange = Exchange(self._app, "GET" if body is None else "POST", path)
        exchange.send(*([] if body is None else [body]))
        await exchange.done()
        self.after(what)
        try:
            return exchange.status, json.loads(exchange.body)
        except ValueError:
            return exchange.status, None

    @property
    def ops(self) -> list[str]:
        """What was said, in order."""
        return [one.op for one in self.said]


@dataclass
class Listed:
    """A node as `post` takes it."""

    document: bytes


def away(_what: str) -> Any:
    """A ledger that does not answer."""
    raise EngineError("unavailable")


class Stand:
    """A ledger at noon, with keys of three days and of another plan in its bulletin."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = LedgerClock()
        self.engine = engine_on(f"sqlite:///{folder}/ledger.db")
        self.writer = AtOnce(self.engine, self.clock)
        self.app = application(Ledger(Nodes(folder, DEPLOY), Issuers(folder), self.writer, self.clock))
        self.nodes: list[Rig] = []
        days = [listed("yesterday", days=-1), listed("today"), listed("tomorrow", days=1)]
        self.post_issuers(*days, listed("plus", plan="plus"))

    def post_issuers(self, *keys: dict[str, Any], deploy: str = DEPLOY) -> None:
        """Log another list."""
        post_bulletin(self.folder, issuers_leaf(*keys, deploy=deploy))

    def node(self, **changes: Any) -> Rig:
        """A listed node that takes tokens. Make it inside `run`."""
        made = Rig(metering(**changes), ledger=Ear(self.app), wall=NOON)
        self.nodes.append(made)
        self.post_nodes()
        return made

    def post_nodes(self) -> None:
        """List the newest key of every node."""
        nodes: list[Any] = [Listed(one.document) for one in self.nodes]
        post(self.folder, *nodes, nbf=self.clock.now - 600, exp=self.clock.now + 6600)

    def pass_time(self, seconds: int) -> None:
        """On the wall clocks of all."""
        self.clock.now += seconds
        for one in self.nodes:
            one.wall += seconds

    def rows(self) -> dict[str, tuple[str, int]]:
        """State and tries by nullifier."""
        with self.engine.connect() as connection:
            found = connection.execute(select(TokenRow.nullifier, TokenRow.state, TokenRow.tries))
            return {bytes(name).hex(): (State(state).name.lower(), tries) for name, state, tries in found}

    def state(self, data: bytes) -> tuple[str, int] | None:
        """Where a token is, and its tries."""
        return self.rows().get(token.nullifier(token.decode(data)).hex())


def ear(node: Rig) -> Ear:
    """What a node says to the ledger."""
    meter = node.node._operations._meter
    assert meter is not None
    assert isinstance(meter._ledger, Ear)
    return meter._ledger


def words(count: int) -> Iterable[object]:
    """What a model says, in so many pieces."""
    return [*(Text(f"{n} ") for n in range(count)), Done("stop")]


Body = Callable[[Stand, Rig], Awaitable[None]]


def with_node(stand: Stand, body: Body, **changes: Any) -> None:
    """Run a test's coroutine with one node whose model says two words."""

    async def scenario() -> None:
        node = stand.node(**changes)
        node.engine.script = words(2)
        await body(stand, node)

    run(scenario())


async def ask(node: Rig, *tokens: bytes, rid: bytes | None = None, **header: Any) -> Reply:
    """A chat, answered to its end."""
    reply = await node.chat(await node.hello(), tok=tokens, rid=rid or os.urandom(16), prof="p0", **header)
    return await reply.read()


def refusal(reply: Reply) -> str | None:
    """The inner error's name."""
    return None if reply.error is None else INNER_ERRORS[reply.error.code]
