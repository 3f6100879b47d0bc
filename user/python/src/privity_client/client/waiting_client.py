"""`Client`: the same as `AsyncClient` for programs that wait. Any thread of one process may use it at the same time."""

import weakref
from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from types import TracebackType
from typing import Self

from privity_client.client.answer import Answer, Piece
from privity_client.client.async_client import AsyncClient, AsyncConversation, Stream
from privity_client.client.failures import Closed
from privity_client.client.link import Opening
from privity_client.client.loop_thread import LoopThread
from privity_client.client.policy import STRICT, Policy
from privity_client.client.progress import Tell, silent
from privity_client.client.request import PLAIN, Chat, Message
from privity_client.nodes import VerifiedNode


class WaitingStream:
    """The pieces of one answer; iterate. `answer` is the whole, once they have all come."""

    def __init__(self, loop: LoopThread, stream: Stream) -> None:
        self._loop = loop
        self._stream = stream

    @property
    def complete(self) -> bool:
        """Say whether the end of the answer was authenticated."""
        return self._stream.complete

    @property
    def answer(self) -> Answer:
        """Return the complete answer. Raises ClientError `answer_cut` before its end was authenticated."""
        return self._stream.answer

    def __iter__(self) -> Iterator[Piece]:
        """Yield the pieces. Raises PrivityError: what came until then is partial."""
        while (piece := self._loop.run(_following(self._stream))) is not None:
            yield piece


class Client:
    """A client of one server, opened by `with`: nothing is sent before its nodes are verified.

    The arguments are those of AsyncClient; `progress` is told from a thread of the client's own and may not ask.
    """

    def __init__(
        self,
        url: str,
        policy: Policy = STRICT,
        *,
        profile: str = "p1",
        relay: str = "",
        timeout: float | None = 600,
        progress: Tell = silent,
        opening: Opening | None = None,
    ) -> None:
        self._inner = AsyncClient(
            url, policy, profile=profile, relay=relay, timeout=timeout, progress=progress, opening=opening
        )
        self._loop = LoopThread()
        # Also of a client that a program forgot, and at the end of the process.
        self._end = weakref.finalize(self, _close, self._loop, self._inner)

    def __enter__(self) -> Self:
        """Verify the nodes. Raises PrivityError; then there is no thread."""
        try:
            self._loop.run(self._inner.__aenter__())
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End what is being answered, and the thread."""
        self._end()

    def nodes(self, *, refresh: bool = False) -> list[VerifiedNode]:
        """Return the verified nodes; `refresh` asks the server anew. Raises PrivityError."""
        return self._loop.run(self._inner.nodes(refresh=refresh))

    def chat(self, request: Chat, *, seconds: float | None = None) -> Answer:
        """Ask, and return the whole answer. Raises PrivityError."""
        return self._loop.run(self._inner.chat(request, seconds=seconds))

    @contextmanager
    def stream(self, request: Chat, *, seconds: float | None = None, restart: bool = False) -> Iterator[WaitingStream]:
        """Ask; iterate over the pieces. Leaving the block early ends the answer, and the node is told."""
        with _held(self._loop, self._inner.stream(request, seconds=seconds, restart=restart)) as stream:
            yield stream

    def embed(self, texts: Sequence[str], model: str) -> list[list[float]]:
        """Return a vector for each text. Raises PrivityError."""
        return self._loop.run(self._inner.embed(texts, model))

    def conversation(self, system: str = "", settings: Chat = PLAIN) -> "Conversation":
        """Return a conversation; `settings` are those of each of its requests, without their messages."""
        return Conversation(self._loop, self._inner.conversation(system, settings))


class Conversation:
    """What was said so far, in memory only. One request at a time."""

    def __init__(self, loop: LoopThread, inner: AsyncConversation) -> None:
        self._loop = loop
        self._inner = inner

    @property
    def messages(self) -> list[Message]:
        """Return what was said."""
        return list(self._inner.messages)

    def ask(self, text: str, *, seconds: float | None = None) -> Answer:
        """Ask, and return the whole answer. Raises PrivityError; then nothing is remembered."""
        return self._loop.run(self._inner.ask(text, seconds=seconds))

    @contextmanager
    def stream(self, text: str, *, seconds: float | None = None) -> Iterator[WaitingStream]:
        """Ask; question and answer are remembered once the answer is complete."""
        with _held(self._loop, self._inner.stream(text, seconds=seconds)) as stream:
            yield stream


@contextmanager
def _held(loop: LoopThread, context: AbstractAsyncContextManager[Stream]) -> Iterator[WaitingStream]:
    stream = loop.run(_enter(context))
    try:
        yield WaitingStream(loop, stream)
    finally:
        loop.run(_leave(context))


async def _enter(context: AbstractAsyncContextManager[Stream]) -> Stream:
    return await context.__aenter__()


async def _leave(context: AbstractAsyncContextManager[Stream]) -> None:
    await context.__aexit__(None, None, None)


async def _following(stream: Stream) -> Piece | None:
    return await anext(stream, None)


async def _end(inner: AsyncClient) -> None:
    await inner.__aexit__(None, None, None)


def _close(loop: LoopThread, inner: AsyncClient) -> None:
    try:
        if loop.started:
            loop.run(_end(inner))
    except Closed:
        return
    finally:
        loop.close()
