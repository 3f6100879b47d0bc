"""The driver: carries an exchange's commands over HTTP. It decides nothing. Source: specs/ec1.md ("Transports")."""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Final

import httpx
from privity_protocol import xwing
from privity_protocol.envelope import MEDIA_TYPE
from privity_protocol.errors import PrivityError
from privity_protocol.hello import begin_hello
from privity_protocol.limits import HELLO_RESPONSE
from privity_protocol.session import Session

from privity_client import fetch
from privity_client.chain import Chain
from privity_client.choice import Entropy, choose
from privity_client.commands import (
    Accepted,
    Chunk,
    Command,
    Complete,
    Deliver,
    Delivered,
    Event,
    FindNodes,
    Nodes,
    Opened,
    Paid,
    Pause,
    Paused,
    Pay,
    Receive,
    Reply,
    Result,
    SendHello,
    SendRun,
)
from privity_client.discovery import NodeSource
from privity_client.errors import ClientError
from privity_client.exchange import NOT_PAID, Exchange, Flow
from privity_client.nodes import VerifiedNode
from privity_client.request import Request
from privity_client.wallet.purse import Free, Purse

STOP_SECONDS: Final = 3.0
"""Seconds that telling the node to stop may take; after that its own timer ends the answer."""
_HEADERS: Final = {"content-type": MEDIA_TYPE, "accept-encoding": "identity"}
Sleep = Callable[[float], Awaitable[None]]


def unix_time() -> int:
    """Return the clock in Unix seconds."""
    return int(time.time())


class Channel:
    """Sends requests to verified nodes. One per server; each conversation brings its own `Chain`."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        source: NodeSource,
        *,
        clock: Callable[[], int] = unix_time,
        entropy: Entropy = os.urandom,
        sleep: Sleep = asyncio.sleep,
        purse: Purse | None = None,
    ) -> None:
        """`purse` pays for requests at nodes that take tokens."""
        self._purse = Free(entropy) if purse is None else purse
        self._client = client
        self._source = source
        self._clock = clock
        self._entropy = entropy
        self._sleep = sleep

    async def ask(
        self, request: Request, chain: Chain, *, restart: bool = False, pinned: VerifiedNode | None = None
    ) -> AsyncGenerator[Event, None]:
        """Yield the events of one request until it is complete. `restart` allows a lost answer to begin anew.

        Closing the generator closes the stream. Raises PrivityError; what was yielded until then is partial.
        """
        flow = Exchange(request, chain, clock=self._clock, entropy=self._entropy, restart=restart, pinned=pinned).run()
        body = _Body(fetch.quiet_seconds(request.profile))
        taken: VerifiedNode | None = None
        paid = False
        try:
            command: Command | None = next(flow)
            while command is not None:
                paid = paid or isinstance(command, Pay)
                if isinstance(command, Deliver):
                    taken = command.event.node if isinstance(command.event, Accepted) else taken
                    if paid and isinstance(command.event, Complete):
                        await self._purse.ended(request.rid)
                    yield command.event
                command = _advance(flow, await self._outcome(command, body))
        except ClientError as error:
            if error.reason == "view_conflict" and taken is not None:
                await self._source.contradicted(taken)
            if error.reason in NOT_PAID:
                await self._purse.refused(request.rid)
            raise
        finally:
            flow.close()
            await body.close()

    async def request_id(self) -> bytes:
        """Return the id for a new request."""
        return await self._purse.request_id()

    async def greet(self, model: str) -> VerifiedNode:
        """Return a verified node that has answered a HELLO. Raises PrivityError."""
        node = choose(await self._source.nodes(model, refresh=True), entropy=self._entropy)
        await self._greeted(node)
        return node

    async def prepare(self, model: str) -> Chain:
        """Return a chain whose HELLO is done, for a request that comes within two minutes. Raises PrivityError."""
        node = choose(await self._source.nodes(model, refresh=False), entropy=self._entropy)
        chain = Chain()
        chain.start(node, await self._greeted(node), now=self._clock())
        return chain

    async def _greeted(self, node: VerifiedNode) -> Session:
        sent, body = begin_hello(
            node_key=node.key, node_document=node.document, encapsulate=xwing.encapsulate, ephemeral=xwing.generate()
        )
        reply = await self._hello(node, body)
        if reply.status != 200:
            raise ClientError("busy" if reply.status else "unreachable", f"HELLO was answered by {reply.status}")
        return sent.finish(reply.body)

    async def stop(self, request: Request, node: VerifiedNode) -> None:
        """Tell the node to end the answer to `request`; quietly gives up after a few seconds."""
        events = self.ask(request.stop(), Chain(), pinned=node)
        with contextlib.suppress(PrivityError, TimeoutError):
            async with asyncio.timeout(STOP_SECONDS), aclosing(events):
                async for event in events:
                    if isinstance(event, Accepted):
                        return

    async def _outcome(self, command: Command, body: "_Body") -> Result | PrivityError:
        try:
            return await self._answer(command, body)
        except PrivityError as error:
            return error

    async def _answer(self, command: Command, body: "_Body") -> Result:
        match command:
            case FindNodes(model, refresh):
                return Nodes(await self._source.nodes(model, refresh=refresh))
            case Pay(rid, count, refused):
                if refused:
                    await self._purse.refused(rid)
                return Paid(await self._purse.pay(rid, count))
            case SendHello(node, data):
                return await self._hello(node, data)
            case SendRun(node, data):
                return Opened(await body.open(self._client, node, data))
            case Receive():
                return Chunk(await body.read())
            case Pause(seconds):
                await self._sleep(seconds)
                return Paused()
            case Deliver():
                return Delivered()

    async def _hello(self, node: VerifiedNode, data: bytes) -> Reply:
        try:
            async with self._client.stream(
                "POST", f"{node.origin}/ec1/hello", content=data, headers=_HEADERS
            ) as response:
                if response.status_code != 200:
                    return Reply(response.status_code, b"")
                return Reply(200, await fetch.read_bounded(response, HELLO_RESPONSE))
        except httpx.HTTPError:
            return Reply(0, b"")


def _advance(flow: Flow, outcome: Result | PrivityError) -> Command | None:
    """Hand the outcome to the exchange; return its next command, None at its end."""
    try:
        return flow.throw(outcome) if isinstance(outcome, PrivityError) else flow.send(outcome)
    except StopIteration:
        return None


class _Body:
    """The one response that is open, if any."""

    def __init__(self, quiet: float) -> None:
        self._quiet = quiet
        self._response: httpx.Response | None = None
        self._chunks: AsyncIterator[bytes] | None = None

    async def open(self, client: httpx.AsyncClient, node: VerifiedNode, data: bytes) -> int:
        await self.close()
        timeout = httpx.Timeout(self._quiet, connect=fetch.CONNECT_SECONDS)
        request = client.build_request(
            "POST", f"{node.origin}/ec1/run", content=data, headers=_HEADERS, timeout=timeout
        )
        try:
            self._response = await client.send(request, stream=True)
        except httpx.HTTPError:
            return 0
        self._chunks = self._response.aiter_raw()
        return self._response.status_code

    async def read(self) -> bytes | None:
        if self._chunks is None:
            raise ClientError("answer_cut")
        try:
            return await anext(self._chunks, None)
        except httpx.HTTPError:
            return None

    async def close(self) -> None:
        response, self._response, self._chunks = self._response, None, None
        if response is not None:
            await response.aclose()
