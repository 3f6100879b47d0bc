"""Bounded requests to vendors: a limit on bytes, one deadline for the whole exchange, no redirects, few retries.

Answers are hostile until their signatures are checked, so nothing here interprets them.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Final, Self

import httpx

from privity_image.errors import Failed

ATTEMPTS: Final = 3
MAX_WAIT: Final = 60.0
"""Seconds that a vendor may ask us to wait; whoever asks for more is asked again by the next scheduled run."""
DEADLINE: Final = 30.0
"""Seconds for one exchange from connecting to the last byte: a drip of single bytes ends here."""
_AGAIN: Final = frozenset({429, 503})

Pause = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer with status 200: header names are lower-case."""

    body: bytes
    headers: Mapping[str, str]


class Download:
    """An HTTP client for collateral; use as an asynchronous context manager. `pause` waits between attempts."""

    def __init__(self, *, deadline: float = DEADLINE, pause: Pause = asyncio.sleep, proxy: str | None = None) -> None:
        self._deadline = deadline
        self._pause = pause
        self._client = httpx.AsyncClient(
            follow_redirects=False, trust_env=False, proxy=proxy, timeout=httpx.Timeout(None)
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._client.aclose()

    async def get(self, url: str, *, limit: int, accept: str = "*/*") -> Answer:
        """Return the answer to GET `url`, at most `limit` bytes. Raises Failed."""
        return await self._answer("GET", url, {"accept": accept}, None, limit)

    async def post(self, url: str, body: bytes, *, content_type: str, limit: int) -> Answer:
        """Return the answer to POST `url` with `body`, at most `limit` bytes. Raises Failed."""
        return await self._answer("POST", url, {"content-type": content_type}, body, limit)

    async def _answer(self, method: str, url: str, headers: dict[str, str], body: bytes | None, limit: int) -> Answer:
        for attempt in range(1, ATTEMPTS + 1):
            status, answer = await self._once(method, url, headers, body, limit)
            if status not in _AGAIN:
                return _accepted(url, status, answer)
            wait = _seconds(answer.headers.get("retry-after", ""), attempt, time.time())
            if wait > MAX_WAIT:
                raise Failed("throttled", f"{url} asks for a pause of {wait:.0f} s")
            if attempt < ATTEMPTS:
                await self._pause(wait)
        raise Failed("throttled", f"{url} answered {status} to {ATTEMPTS} attempts")

    async def _once(
        self, method: str, url: str, headers: dict[str, str], body: bytes | None, limit: int
    ) -> tuple[int, Answer]:
        try:
            # A timeout of each read would let a server go on for ever byte by byte.
            async with asyncio.timeout(self._deadline):
                return await self._exchange(method, url, headers, body, limit)
        except TimeoutError as error:
            raise Failed("timeout", f"{url} took longer than {self._deadline:g} s") from error
        except httpx.RemoteProtocolError as error:
            raise Failed("malformed", f"{url}: {error}") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Failed("unreachable", f"{url}: {error}") from error

    async def _exchange(
        self, method: str, url: str, headers: dict[str, str], body: bytes | None, limit: int
    ) -> tuple[int, Answer]:
        # Nothing compressed: the limit is one of bytes on the wire and in memory alike.
        sent = headers | {"accept-encoding": "identity"}
        async with self._client.stream(method, url, headers=sent, content=body) as response:
            if response.headers.get("content-encoding", "identity") != "identity":
                raise Failed("malformed", f"{url} answered with a content encoding that was not asked for")
            received = bytearray()
            async for part in response.aiter_raw():
                received += part
                if len(received) > limit:
                    raise Failed("too_large", f"{url} sent more than {limit} bytes")
            return response.status_code, Answer(bytes(received), dict(response.headers))


def _accepted(url: str, status: int, answer: Answer) -> Answer:
    if status == 200:
        return answer
    if 300 <= status < 400:
        raise Failed("redirect", f"{url} points elsewhere ({status}); configure the address that is meant")
    if status in (404, 410):
        raise Failed("not_found", f"{url} answered {status}")
    raise Failed("status", f"{url} answered {status}")


def _seconds(text: str, attempt: int, now: float) -> float:
    if text.isascii() and text.isdecimal():
        return float(text[:9])
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return 2.0**attempt
    return max(0.0, until.astimezone(UTC).timestamp() - now)
