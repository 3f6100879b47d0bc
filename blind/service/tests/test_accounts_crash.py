"""kill -9 in a loop: what was acknowledged is there, whole, and the log goes on from it. And writes that fail."""

import asyncio
import hashlib
import random
from pathlib import Path
from secrets import token_bytes
from typing import Any

import httpx
import pytest
from account_process import ServiceProcess, member_at
from account_stand import Stand, run
from member import Member, body_of, octets, spelled
from privity_protocol.stored import page
from privity_protocol.stored.page import Op
from sqlalchemy import Connection, event

ROUNDS = 3
WRITERS = 4


async def write_until_cut(member: Member, acknowledged: list[bytes], heard: asyncio.Semaphore) -> None:
    """Append pages with bodies until the service dies; note each that was acknowledged."""
    while True:
        body = body_of()
        data, sent = member.page_of(member.entry(Op.PUT, token_bytes(16), body))
        sent["bodies"] = [spelled(body)]
        try:
            answer = await member.send("POST", "/v1/pages", json=sent)
        except httpx.TransportError:
            return
        if answer.status_code == 200:
            acknowledged.append(data)
            heard.release()
            member.accepted(data, member.device)


async def found(member: Member) -> list[bytes]:
    """Every page of the account, each with its body behind it; goes on from them."""
    answer = (await member.send("GET", "/v1/pages")).json()
    pages = [octets(one["page"]) for one in answer["pages"]]
    head = page.genesis(member.account)
    for number, data in enumerate(pages, 1):
        decoded = page.decode(data)
        assert (decoded.n, decoded.parent, decoded.device_seq) == (number, head, number)
        head = page.head(data)
    assert (answer["n"], answer["head"]) == (len(pages), spelled(head))
    named = [one.body.hash for data in pages[-100:] for one in page.decode(data).entries if one.body is not None]
    for start in range(0, len(named), 100):
        hashes = [spelled(one) for one in named[start : start + 100]]
        fetched = await member.send("POST", "/v1/bodies/fetch", json={"hashes": hashes})
        assert fetched.content.count(b"PV\x01\x01") >= len(hashes)
    member.n, member.head = len(pages), head
    member.device.seq, member.device.last = len(pages), head if pages else None
    return pages


@pytest.mark.slow
@pytest.mark.system
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_nothing_that_was_acknowledged_is_lost_to_a_kill(
    tmp_path: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    url = None if kind == "sqlite" else request.getfixturevalue("postgresql_url")
    service, chance = ServiceProcess(tmp_path, url), random.Random(5)

    async def scenario() -> int:
        await service.start()
        members = [await member_at(service, number) for number in range(WRITERS)]
        acknowledged: list[list[bytes]] = [[] for _ in members]
        for _ in range(ROUNDS):
            heard = asyncio.Semaphore(0)
            writing = [
                asyncio.create_task(write_until_cut(member, known, heard))
                for member, known in zip(members, acknowledged, strict=True)
            ]
            for _ in range(chance.randint(5, 40)):
                await heard.acquire()
            service.kill()
            await asyncio.gather(*writing)
            await service.stop()
            await service.start()
            for member, known in zip(members, acknowledged, strict=True):
                await member.client.aclose()
                member.client = service.client()
                pages = await found(member)
                assert pages[: len(known)] == known
                # One more at most: written, and the process died before it could say so.
                assert len(pages) <= len(known) + 1
                known[:] = pages
        for member in members:
            await member.client.aclose()
        await service.stop()
        return sum(map(len, acknowledged))

    assert run(scenario()) >= ROUNDS * 5


class Fault:
    """Makes the nth statement of the next write fail."""

    def __init__(self, stand: Stand) -> None:
        self.left = -1
        self.seen = 0
        event.listen(stand.house.database.engine, "before_cursor_execute", self._before)

    def _before(self, connection: Connection, _cursor: Any, statement: str, *_more: Any) -> None:
        if not connection.get_execution_options().get("writes"):
            return
        self.seen += 1
        if self.left == 0:
            self.left = -1
            raise OSError("no space left on device")
        self.left -= self.left > 0


def test_a_write_that_fails_at_any_statement_leaves_nothing(stand: Stand) -> None:
    """Each statement of an append in turn; then the same page is taken."""

    async def scenario() -> int:
        async with stand.client() as client:
            member = Member(client)
            await member.create()
            note, body = token_bytes(16), body_of()
            await member.write(Op.PUT, note, body_of())
            tables = ("accounts", "pages", "objects", "bodies", "erasures")
            fault, failures, before = Fault(stand), 0, {one: stand.rows(one) for one in tables}
            _, sent = member.page_of(member.entry(Op.PUT, note, body), member.entry(Op.DELETE, token_bytes(16)))
            sent["bodies"] = [spelled(body)]
            while True:
                fault.left = failures
                answer = await member.send("POST", "/v1/pages", json=sent)
                if answer.status_code == 200:
                    break
                assert answer.json() == {"reason": "service.failed", "detail": "", "retry_after": None}
                assert {one: stand.rows(one) for one in tables} == before
                failures += 1
            assert [row[1] for row in stand.rows("bodies")] == [hashlib.sha256(body).digest()]
            return failures

    assert run(scenario()) > 8


def test_a_page_that_was_written_but_reported_failed_is_answered_again(stand: Stand) -> None:
    async def scenario() -> None:
        async with stand.client() as client:
            member = Member(client)
            await member.create()
            data, sent = member.page_of(member.entry(Op.DELETE, token_bytes(16)))
            engine = stand.house.database.engine

            def after(_connection: Connection) -> None:
                event.remove(engine, "commit", after)
                _connection.connection.dbapi_connection.commit()  # type: ignore[union-attr]
                raise OSError("the answer is lost")

            event.listen(engine, "commit", after)
            assert (await member.send("POST", "/v1/pages", json=sent)).status_code == 500
            again = await member.send("POST", "/v1/pages", json=sent)
            assert (again.status_code, again.json()["head"]) == (200, spelled(page.head(data)))
            assert len(stand.rows("pages")) == 1

    run(scenario())
