"""The relay's application: three forwarded routes, a closed list of public files, health. Plain ASGI, no framework.

Source: specs/relay-forwarder.md.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from privity_protocol.ohttp.forms import CHUNKED, OPENING

from privity_service.asgi import EXPOSED, App, Receive, Scope, Send, answer, method_not_allowed, preflight
from privity_service.forwarding import CHALLENGE_ROUTE, HELLO, RUN, Deadlines, Forwarder
from privity_service.forwarding import Route as ForwardedRoute
from privity_service.relay.public import (
    ANSWER_SECONDS,
    DISCOVERY,
    GATEWAY,
    File,
    Files,
    Unavailable,
    asked,
    rewritten,
    whole,
)
from privity_service.relay.settings import Place, Settings
from privity_service.relay.shelf import Shelf
from privity_service.request_body import Refused
from privity_service.streams import Streams
from privity_service.upstream import Upstreams

PIECE: Final = 16_384  # bytes handed to a reader at once: what is behind waits for it to read
PLAIN: Final = (b"content-type", b"text/plain; charset=utf-8")
WORDS: Final = (
    b"A relay of Privity. It carries sealed bytes between people and one service, opens nothing, and writes down no\n"
    b"address. That service does not learn from where anybody asks.\n"
)
OHTTP: Final = ForwardedRoute(
    name="ohttp",
    header=OPENING,
    least=OPENING + 1 + 16,
    most=36 * 1_048_576,
    kid=lambda header: header,
    media_type=CHUNKED.response_type,
    path=GATEWAY,
    sent_type=CHUNKED.request_type,
)
"""Oblivious HTTP in chunks, to an operator's gateway: which route is asked inside, the relay cannot tell."""


@dataclass
class State:
    """What the routes share."""

    settings: Settings
    public: str
    upstreams: Upstreams
    streams: Streams
    shelf: Shelf
    counts: Counter[str] = field(default_factory=Counter)
    deadlines: Deadlines = field(default_factory=Deadlines)
    answer_seconds: float = ANSWER_SECONDS

    @classmethod
    def of(cls, settings: Settings, public: str, clock: Callable[[], float]) -> "State":
        """Return the state of a fresh process, whose own origin is `public`."""
        return cls(settings, public, Upstreams(), Streams(settings.limits.streams), Shelf(clock))

    async def close(self) -> None:
        """End what is being fetched, and every connection."""
        await self.shelf.close()
        await self.upstreams.close()


class Everything:
    """Every request goes to one run origin: whose key it is for is that origin's business."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def address(self, _kid: bytes) -> Place:
        """Return the run origin."""
        return self._place


def application(state: State) -> App:
    """Return the application of the relay's one listener."""
    everything = Everything(Place(state.settings.run))
    forwarded = {
        f"/ec1/{route.name}": Forwarder(
            route, everything, state.upstreams, state.counts, state.streams, state.deadlines
        )
        for route in (HELLO, RUN, CHALLENGE_ROUTE)
    }
    gateway = getattr(state.settings, "gateway", None)
    if gateway is not None:
        behind = Everything(Place(gateway))
        forwarded[OHTTP.path] = Forwarder(OHTTP, behind, state.upstreams, state.counts, state.streams, state.deadlines)
    files = PublicFiles(state)

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        chosen = forwarded.get(scope["path"])
        if chosen is not None and (scope["path"], scope["method"]) != (GATEWAY, "GET"):
            return await chosen(scope, receive, send)
        if scope["method"] == "OPTIONS":
            return await preflight(send, b"GET")
        if scope["method"] != "GET":
            return await method_not_allowed(send, b"GET, OPTIONS")
        if scope["path"] == "/healthz":
            return await answer(send, 200, (*EXPOSED, (b"content-type", b"application/json")), b'{"status":"ready"}')
        if scope["path"] == "/":
            return await answer(send, 200, (*EXPOSED, PLAIN), WORDS)
        return await files.serve(scope["path"], send)

    return serve


class PublicFiles:
    """Hands out the operator's public files."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._files = Files(state.settings)

    async def serve(self, path: str, send: Send) -> None:
        """Answer a GET. A file that breaks off ends the connection, so that nobody takes it for whole."""
        file = self._files.at(path)
        if file is None:
            return await answer(send, 404, EXPOSED)
        self._state.counts["public"] += 1
        try:
            with self._state.streams.one():
                await (self._pass(file, send) if file.seconds == 0 else self._kept(path, file, send))
        except Unavailable as missing:
            self._state.counts["unreachable"] += missing.status == 503
            await answer(send, missing.status, EXPOSED)
        except Refused as refused:
            self._state.counts["refused"] += 1
            await answer(send, refused.error.value, EXPOSED)
        except TimeoutError:
            self._state.counts["cut"] += 1  # a reader that stopped; without an end the server closes the connection
        return None

    async def _kept(self, path: str, file: File, send: Send) -> None:
        async def fetch() -> bytes:
            try:
                async with asyncio.timeout(self._state.answer_seconds):
                    data = await whole(self._state.upstreams, file)
            except TimeoutError as error:
                raise Unavailable(503) from error
            return rewritten(data, self._state.settings, self._state.public) if path == DISCOVERY else data

        data = await self._state.shelf.get(path, file.seconds, fetch)
        handing = Handing(send, self._state, file)
        await handing.begin(len(data))
        async with asyncio.timeout(self._state.deadlines.stream) as deadline:
            for at in range(0, len(data), PIECE):
                await handing.part(data[at : at + PIECE], deadline)
        await handing.end()

    async def _pass(self, file: File, send: Send) -> None:
        handing = Handing(send, self._state, file)
        try:
            async with asyncio.timeout(self._state.deadlines.answer) as deadline:
                async with asked(self._state.upstreams, file) as response:
                    if response.content_length is None or response.content_length > file.most:
                        raise Unavailable(503)
                    await handing.begin(response.content_length)
                    async for part in response.content.iter_any():
                        await handing.part(part, deadline)
            await handing.end()
        except (Unavailable, TimeoutError) as error:
            if handing.begun:
                raise TimeoutError from error
            raise Unavailable(error.status if isinstance(error, Unavailable) else 503) from error


class Handing:
    """One file on its way to a reader, who may be slow: each part that it takes gives it time for the next."""

    def __init__(self, send: Send, state: State, file: File) -> None:
        self.begun = False
        self._send = send
        self._file = file
        self._patience = state.deadlines.stream

    async def begin(self, length: int) -> None:
        """Send the head."""
        self.begun = True
        headers = [*EXPOSED, (b"content-type", self._file.media_type), (b"content-length", str(length).encode())]
        await self._send({"type": "http.response.start", "status": 200, "headers": headers})

    async def part(self, data: bytes, deadline: asyncio.Timeout) -> None:
        """Send a part, and begin to wait anew."""
        await self._send({"type": "http.response.body", "body": data, "more_body": True})
        deadline.reschedule(asyncio.get_running_loop().time() + self._patience)

    async def end(self) -> None:
        """Send the end."""
        await self._send({"type": "http.response.body", "body": b""})
