"""Requests of the keeper: one bound on bytes and one deadline for the whole exchange, whatever the other side does."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import httpx

from privity_image.errors import Failed

SECONDS: Final = 5.0
APPEND_SECONDS: Final = 35.0
_UNIX: Final = "unix:"
_TCP: Final = "tcp:"


@dataclass(frozen=True, slots=True)
class Question:
    """GET, or POST with a `body`, of `path` at `base` (`http…`, `tcp:HOST:PORT`, `unix:PATH`); at most `most` bytes."""

    base: str
    path: str
    most: int
    body: bytes | None = None
    headers: Mapping[str, str] | None = None


Answer = tuple[int, bytes]


class Wire:
    """Asks; `all` asks many at once, each with its own deadline."""

    def ask(self, question: Question, seconds: float = SECONDS) -> Answer:
        """Return status and body. Raises Failed `unreachable`, `timeout`, `too_large`."""
        (answer,) = self.all([question], seconds)
        if isinstance(answer, Failed):
            raise answer
        return answer

    def all(self, questions: Iterable[Question], seconds: float = SECONDS) -> list[Answer | Failed]:
        """Return the answer to each question, or why there is none."""
        return asyncio.run(_all(list(questions), seconds))


async def _all(questions: list[Question], seconds: float) -> list[Answer | Failed]:
    return list(await asyncio.gather(*(_one(question, seconds) for question in questions)))


async def _one(question: Question, seconds: float) -> Answer | Failed:
    where = f"{question.base}{question.path}"
    try:
        # A timeout of each read would let the other side go on for ever byte by byte.
        async with asyncio.timeout(seconds):
            return await _exchange(question)
    except TimeoutError:
        return Failed("timeout", f"{where} took longer than {seconds:g} s")
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        return Failed("unreachable", f"{where}: {type(error).__name__}")
    except Failed as error:
        return error


async def _exchange(question: Question) -> Answer:
    socket = question.base.removeprefix(_UNIX) if question.base.startswith(_UNIX) else None
    base = "http://local" if socket else question.base.replace(_TCP, "http://", 1)
    secure = base.startswith("https://")
    transport = httpx.AsyncHTTPTransport(uds=socket, verify=secure)
    headers = {"accept-encoding": "identity", **(question.headers or {})}
    method = "GET" if question.body is None else "POST"
    async with (
        httpx.AsyncClient(transport=transport, trust_env=False, timeout=httpx.Timeout(None)) as client,
        client.stream(method, base + question.path, headers=headers, content=question.body) as response,
    ):
        received = bytearray()
        async for part in response.aiter_raw():
            received += part
            if len(received) > question.most:
                raise Failed("too_large", f"{question.base}{question.path}: more than {question.most} bytes")
        return response.status_code, bytes(received)
