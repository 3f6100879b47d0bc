"""One answer to a program: JSON, or a stream of events that opens with the first one. Errors have the API's shape.

A stream that fails after it opened ends with an event that is an error, and its connection is cut: no reader can take
what came for the whole.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from typing import Any, Final

from privity_protocol import jsontext

from privity_client.nodes import VerifiedNode
from privity_client.openai_api.errors import ApiError
from privity_client.openai_api.server_sent import MEDIA_TYPE, event

READER_SECONDS: Final = 60.0
"""Seconds that a reader may take for what is in front of it; then its answer ends."""
FIXED: Final = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
}
Send = Callable[[Any], Awaitable[None]]


class SlowReader(Exception):
    """The program takes nothing of its answer."""


class Reply:
    """The answer to one request. `id` names it to the program, and to nobody else."""

    def __init__(self, send: Send, id: str, *, signed: bool = False) -> None:
        """`signed`: a receipt of the answer is asked for."""
        self._send = send
        self._headers = {**FIXED, "x-privity-request-id": id}
        self._nodes: list[VerifiedNode] = []
        self._signed = signed
        self.begun = False

    def verified(self, node: VerifiedNode) -> None:
        """Note a node that answers."""
        self._nodes.append(node)

    def unsent(self, names: Iterable[str]) -> None:
        """Say in a header which members of the request stay on this machine."""
        if text := ", ".join(names):
            self._headers["x-privity-not-sent"] = text

    def receipt(self, id: str) -> str:
        """Return the name under which a receipt of the answer `id` is kept, and say it; empty when none is wanted."""
        if self._signed:
            self._headers["x-privity-receipt"] = id
        return id if self._signed else ""

    async def json(self, status: int, value: object, **headers: str) -> None:
        """Send a whole answer."""
        await self.whole(status, jsontext.encode(value), **{"content-type": "application/json", **headers})

    async def whole(self, status: int, body: bytes, **headers: str) -> None:
        """Send a whole answer of any type."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        await self._start(status, {**named, "content-length": str(len(body))})
        await self._push(body, more=False)

    async def refused(self, status: int, page: bytes, **headers: str) -> None:
        """Send a person away; without the key, a browser is to ask for it. One challenge: it reads no list of them."""
        challenge = {"www-authenticate": 'Basic realm="privity proxy"'} if status == 401 else {}
        await self.whole(status, page, **challenge, **headers)

    async def event(self, value: object, name: str = "") -> None:
        """Send an event of a stream; the first one opens it."""
        await self.raw(event(value, name))

    async def raw(self, data: bytes) -> None:
        """Send encoded events."""
        if not self.begun:
            await self._start(200, {"content-type": MEDIA_TYPE})
        await self._push(data, more=True)

    async def end(self) -> None:
        """End a stream whose answer is complete."""
        await self._push(b"", more=False)

    async def error(self, error: ApiError) -> None:
        """Send an error; in a stream it is an event, and the stream is left without an end."""
        if self.begun:
            await self._push(event(error.body()), more=True)
            return
        challenge = {"www-authenticate": "Bearer"} if error.status == 401 else {}
        again = {"retry-after": "1"} if error.status in (429, 503) else {}
        await self.json(error.status, error.body(), **challenge, **again)

    async def _start(self, status: int, headers: dict[str, str]) -> None:
        self.begun = True
        sent = {**self._headers, **self._of_nodes(), **headers}
        pairs = [(name.encode("ascii"), value.encode("latin-1", "replace")) for name, value in sent.items()]
        await self._send({"type": "http.response.start", "status": status, "headers": pairs})

    def _of_nodes(self) -> dict[str, str]:
        if not self._nodes:
            return {}
        times = [datetime.fromtimestamp(node.appraised_at, UTC).isoformat() for node in self._nodes]
        found = {
            "x-privity-node": _joined(node.digest for node in self._nodes),
            "x-privity-release": _joined(node.release for node in self._nodes),
            "x-privity-verified-at": _joined(times),
        }
        simulated = any(node.simulated for node in self._nodes)
        return found | ({"x-privity-simulated": "true"} if simulated else {})

    async def _push(self, data: bytes, *, more: bool) -> None:
        try:
            async with asyncio.timeout(READER_SECONDS):
                await self._send({"type": "http.response.body", "body": data, "more_body": more})
        except TimeoutError:
            raise SlowReader from None


def _joined(values: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(values))
