"""`GET /v1/events`: a line whenever the account's log has grown, until the token ends. Source: specs/service-api.md."""

import asyncio
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from privity_service.accounts import tokens
from privity_service.accounts.exchange import HEADERS, refusal
from privity_service.accounts.house import House, row_of
from privity_service.accounts.limits import NEWS_S
from privity_service.accounts.problem import Problem
from privity_service.accounts.tokens import Caller, Scope


class EventStream:
    """The endpoint."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def __call__(self, request: Request) -> Response:
        """Begin a stream, or refuse."""
        header = request.headers.get("authorization")
        try:
            who, n = await self._look(header)
            heard = self._house.news.listen(who.account)
        except Problem as problem:
            return refusal(problem)
        return StreamingResponse(self._lines(who, n, heard, header), headers=HEADERS, media_type="application/x-ndjson")

    async def _lines(self, who: Caller, n: int, heard: asyncio.Event, header: str | None) -> AsyncIterator[bytes]:
        try:
            yield b'{"n":%d}\n' % n
            while not self._house.news.closed:
                told = await self._hears(heard)
                try:
                    _, now = await self._look(header)
                except Problem:
                    return
                yield b'{"n":%d}\n' % now if now != n else (b"" if told else b"\n")
                n = now
        finally:
            self._house.news.forget(who.account, heard)

    async def _hears(self, heard: asyncio.Event) -> bool:
        try:
            async with asyncio.timeout(NEWS_S):
                await heard.wait()
        except TimeoutError:
            return False
        heard.clear()
        return True

    async def _look(self, header: str | None) -> tuple[Caller, int]:
        """The token is asked again each time: a device that was revoked hears nothing more."""

        def look_up() -> tuple[Caller, int]:
            with self._house.database.reading() as connection:
                who = tokens.caller(connection, self._house, header)
                tokens.demand(who, Scope.FULL)
                return who, row_of(connection, who.account)["n"]

        return await self._house.database.run(look_up, writes=False)
