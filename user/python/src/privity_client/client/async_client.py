"""`AsyncClient`: verify a server, ask it, end everything that was begun. One event loop, one process."""

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import replace
from types import TracebackType
from typing import Self

from privity_protocol import jsontext

from privity_client.client.answer import Answer, Piece, piece_of, whole
from privity_client.client.failures import Closed, RequestRefused, TimedOut, of_api
from privity_client.client.link import Link, Opening, Server
from privity_client.client.policy import STRICT, Policy
from privity_client.client.progress import Tell, Told, silent
from privity_client.client.request import PLAIN, Assistant, Chat, Message, System, User
from privity_client.commands import Accepted, Complete, Event, Line, Restarted
from privity_client.errors import ClientError
from privity_client.nodes import VerifiedNode
from privity_client.openai_api.chat_answer import Choice
from privity_client.openai_api.chat_request import read_chat
from privity_client.openai_api.embeddings import Vectors, read_embeddings
from privity_client.openai_api.errors import ApiError
from privity_client.proxy.asking import Asked


class Stream:
    """The pieces of one answer, as they come. `answer` is the whole, once they have all come."""

    def __init__(
        self, events: AsyncGenerator[tuple[int, Event], None], choice: Choice, tell: Tell, seconds: float | None
    ) -> None:
        self._events = events
        self._told = Told(tell)
        self._choice = choice
        self._node: VerifiedNode | None = None
        self._answer: Answer | None = None
        self._seconds = seconds
        self._end = None if seconds is None else asyncio.get_running_loop().time() + seconds

    @property
    def complete(self) -> bool:
        """Say whether the end of the answer was authenticated."""
        return self._answer is not None

    @property
    def answer(self) -> Answer:
        """Return the complete answer. Raises ClientError `answer_cut` before its end was authenticated."""
        if self._answer is None:
            raise ClientError("answer_cut", "the stream was not read to its end")
        return self._answer

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Piece:
        """Return the next piece. Raises PrivityError: what came until then is partial."""
        try:
            async with asyncio.timeout_at(self._end):
                async for _, event in self._events:
                    self._told.take(event)
                    piece = self._piece(event)
                    if piece is not None:
                        return piece
        except TimeoutError:
            await self._events.aclose()
            raise TimedOut(self._seconds or 0) from None
        except ApiError as error:
            raise of_api(error) from None
        raise StopAsyncIteration

    def _piece(self, event: Event) -> Piece | None:
        match event:
            case Accepted(node):
                self._node = node
            case Line(value):
                self._choice.take(value)
                return piece_of(value)
            case Restarted():
                self._choice.begin_anew()
                return event
            case Complete() if self._node is not None:
                self._answer = whole(self._choice, self._node)
        return None


class AsyncClient:
    """A client of one server, opened by `async with`: nothing is sent before its nodes are verified.

    `policy` says which enclaves may be asked; the default accepts no test enclave. `profile` is the traffic shape,
    `relay` a relay's origin, `off`, or empty for the one that is remembered for the server, `timeout` the seconds for
    one answer (None: no limit). `progress` is told what happens, in the event loop's thread, and must return at once.
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
        """`opening` replaces how nodes are found and reached, for tests."""
        self._opening = opening or Server(url, policy, profile, relay, progress)
        self._timeout = timeout
        self._progress = progress
        self._held = AsyncExitStack()
        self._link: Link | None = None
        self._place: tuple[int, asyncio.AbstractEventLoop] | None = None

    async def __aenter__(self) -> Self:
        """Verify the nodes. Raises PrivityError."""
        self._place = (os.getpid(), asyncio.get_running_loop())
        self._link = await self._held.enter_async_context(self._opening())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._link = None
        await self._held.aclose()

    async def nodes(self, *, refresh: bool = False) -> list[VerifiedNode]:
        """Return the verified nodes; `refresh` asks the server anew. Raises PrivityError."""
        return await self._opened().nodes.nodes("", refresh=refresh)

    @asynccontextmanager
    async def stream(
        self, request: Chat, *, seconds: float | None = None, restart: bool = False
    ) -> AsyncIterator[Stream]:
        """Ask; the pieces come as they are. Leaving the block early ends the answer, and the node is told.

        `seconds` for the answer replaces the client's timeout; `restart` allows a lost answer to begin anew.
        Raises RequestRefused before anything is sent, PrivityError.
        """
        link = self._opened()
        body = request.body("" if request.model else (await self.nodes())[0].models[0].id)
        try:
            call = read_chat(jsontext.encode(body))
        except ApiError as error:
            raise of_api(error) from None
        except (TypeError, ValueError) as error:
            raise RequestRefused(f"a value is none of JSON ({type(error).__name__})", None) from None
        events = link.asking.ask(Asked("chat", call.model, call.bodies(), call.messages), restart=restart)
        async with aclosing(events):
            (choice,) = call.answers()
            yield Stream(events, choice, self._progress, self._timeout if seconds is None else seconds)

    async def chat(self, request: Chat, *, seconds: float | None = None) -> Answer:
        """Ask, and return the whole answer. Cancelling ends it, and the node is told. Raises PrivityError."""
        async with self.stream(request, seconds=seconds, restart=True) as stream:
            async for _ in stream:
                pass
            return stream.answer

    async def embed(self, texts: Sequence[str], model: str) -> list[list[float]]:
        """Return a vector for each text. Raises PrivityError."""
        link = self._opened()
        try:
            call = read_embeddings(jsontext.encode({"model": model, "input": list(texts)}))
            vectors = Vectors(call)
            async with (
                asyncio.timeout(self._timeout),
                aclosing(link.asking.ask(Asked("embed", call.model, [call.body]), restart=False)) as events,
            ):
                async for _, event in events:
                    if isinstance(event, Line):
                        vectors.take(event.value)
            return vectors.lists()
        except TimeoutError:
            raise TimedOut(self._timeout or 0) from None
        except ApiError as error:
            raise of_api(error) from None

    def conversation(self, system: str = "", settings: Chat = PLAIN) -> "AsyncConversation":
        """Return a conversation; `settings` are those of each of its requests, without their messages."""
        return AsyncConversation(self, system, settings)

    def _opened(self) -> Link:
        if self._link is None:
            raise Closed("use it inside `with`")
        if self._place != (os.getpid(), asyncio.get_running_loop()):
            raise Closed("it was opened in another process or event loop")
        return self._link


class AsyncConversation:
    """What was said so far, in memory only. Its requests go on in one chain of sessions. One request at a time."""

    def __init__(self, client: AsyncClient, system: str, settings: Chat) -> None:
        self._client = client
        self._settings = settings
        self.messages: list[Message] = [System(system)] if system else []

    @asynccontextmanager
    async def stream(self, text: str, *, seconds: float | None = None) -> AsyncIterator[Stream]:
        """Ask; question and answer are remembered once the answer is complete. Raises as the client's `stream`."""
        asked = [*self.messages, User(text)]
        async with self._client.stream(replace(self._settings, messages=asked), seconds=seconds) as stream:
            yield stream
            if stream.complete:
                answer = stream.answer
                self.messages = [*asked, Assistant(answer.text, answer.tool_calls)]

    async def ask(self, text: str, *, seconds: float | None = None) -> Answer:
        """Ask, and return the whole answer. Raises as the client's `chat`; then nothing is remembered."""
        async with self.stream(text, seconds=seconds) as stream:
            async for _ in stream:
                pass
            return stream.answer
