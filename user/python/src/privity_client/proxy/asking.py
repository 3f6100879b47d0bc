"""From a judged request to the events of its answers: chains, retries, several choices at once, and the end of it all.

Whoever stops listening ends the answer: the connection is closed and the node is told, so that its model stops. Nothing
waits in between: a reader that does not read makes the node wait.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from privity_protocol.application import Seen

from privity_client.chain import Chain
from privity_client.channel import Channel
from privity_client.commands import Accepted, Complete, Event, Heard, Restarted
from privity_client.nodes import VerifiedNode
from privity_client.openai_api.errors import RATE, ApiError
from privity_client.proxy.conversations import Conversations
from privity_client.proxy.receipts import Heard as ReceivedBytes
from privity_client.proxy.receipts import Receipts
from privity_client.proxy.spare_chains import SpareChains
from privity_client.request import Request

MOST: Final = 64
"""Answers at once; each choice is one. Below what the HTTP client's pool carries."""
WAITING: Final = 4
"""Events that may wait between the answers of several choices and their one reader."""


@dataclass(frozen=True)
class Asked:
    """What is asked of a node: one body for each choice."""

    op: str
    model: str
    bodies: Sequence[bytes]
    messages: Sequence[object] = ()
    receipt: str = ""
    """The name under which receipts are kept; an empty one asks for none."""


class Asking:
    """Sends requests for all programs that use the proxy."""

    def __init__(
        self,
        channel: Channel,
        profile: str,
        seen: Callable[[], tuple[Seen, ...]],
        *,
        receipts: Receipts | None = None,
        ahead: bool = True,
    ) -> None:
        """`profile` is the traffic shape; `seen` returns the heads of the logs that this client holds.

        Without `receipts` none can be asked for. `ahead`: a session for the next conversation is made before it begins.
        """
        self._ahead = ahead
        self._spare = SpareChains(channel)
        self._receipts = receipts
        self._channel = channel
        self._profile = profile
        self._seen = seen
        self._conversations = Conversations()
        self._running = 0
        self._stopping: set[asyncio.Task[None]] = set()

    @property
    def running(self) -> int:
        """Answers that are being given."""
        return self._running

    async def ask(self, asked: Asked, *, restart: bool) -> AsyncGenerator[tuple[int, Event], None]:
        """Yield the events of every choice, with its index. `restart` allows a lost answer to begin anew.

        Raises PrivityError, and ApiError 429 when too much is asked at once. Closing the generator ends the answers.
        """
        count = len(asked.bodies)
        if asked.receipt and self._receipts is None:
            raise ApiError(400, "No receipts are kept here.", code="receipt_refused")
        if self._running + count > MOST:
            words = f"More than {MOST} answers at once; try again in a moment."
            raise ApiError(429, words, type=RATE, code="too_many_at_once")
        self._running += count
        try:
            choices = [self._choice(asked, index, restart=restart) for index in range(count)]
            async with aclosing(choices[0] if count == 1 else _merged(choices)) as events:
                async for event in events:
                    yield event
        finally:
            self._running -= count

    async def close(self) -> None:
        """Wait until every node that has to stop has been told."""
        await self._spare.close()
        await asyncio.gather(*self._stopping, return_exceptions=True)

    async def _choice(self, asked: Asked, index: int, *, restart: bool) -> AsyncGenerator[tuple[int, Event], None]:
        """The events of one choice. The first one goes on with the conversation's chain; the others have their own."""
        chain = self._chain(asked, index)
        request = self._request(asked, index, await self._channel.request_id())
        answering: VerifiedNode | None = None
        heard = ReceivedBytes()
        try:
            async with aclosing(self._channel.ask(request, chain, restart=restart)) as events:
                async for event in events:
                    match event:
                        case Accepted(node):
                            answering = node
                        case Heard(data):
                            heard.take(data)
                            continue
                        case Restarted():
                            heard = ReceivedBytes()
                        case Complete():
                            if self._receipts is not None and answering is not None and request.receipt:
                                await self._receipts.keep(_name(asked, index), request, heard, answering)
                            answering = None
                    yield index, event
        except (asyncio.CancelledError, GeneratorExit):
            if answering is not None:
                self._stop(request, answering)
            raise
        if index == 0 and asked.messages:
            self._conversations.keep(asked.model, asked.messages, chain)
        if self._ahead:
            self._spare.make(asked.model)

    def _chain(self, asked: Asked, index: int) -> Chain:
        known = self._conversations.take(asked.model, asked.messages) if index == 0 else Chain()
        return known if known.node is not None else self._spare.take(asked.model)

    def _request(self, asked: Asked, index: int, rid: bytes) -> Request:
        signed, resume = bool(asked.receipt), asked.op == "chat"
        return Request(
            rid, asked.op, asked.bodies[index], asked.model, self._profile, resume, self._seen(), receipt=signed
        )

    def _stop(self, request: Request, node: VerifiedNode) -> None:
        task = asyncio.get_running_loop().create_task(self._channel.stop(request, node))
        self._stopping.add(task)
        task.add_done_callback(self._stopping.discard)


def _name(asked: Asked, index: int) -> str:
    return asked.receipt if len(asked.bodies) == 1 else f"{asked.receipt}-{index}"


async def _merged(
    choices: Sequence[AsyncGenerator[tuple[int, Event], None]],
) -> AsyncGenerator[tuple[int, Event], None]:
    """Yield the events of all choices as they come. One that fails ends the others."""
    waiting: asyncio.Queue[tuple[int, Event] | BaseException | None] = asyncio.Queue(WAITING)

    async def follow(choice: AsyncGenerator[tuple[int, Event], None]) -> None:
        try:
            async with aclosing(choice) as events:
                async for event in events:
                    await waiting.put(event)
        except Exception as error:
            await waiting.put(error)
        else:
            await waiting.put(None)

    tasks = [asyncio.ensure_future(follow(choice)) for choice in choices]
    left = len(tasks)
    try:
        while left:
            found = await waiting.get()
            if isinstance(found, BaseException):
                raise found
            if found is None:
                left -= 1
            else:
                yield found
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
