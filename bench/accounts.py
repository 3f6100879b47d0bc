"""Pages appended per second through the real service process, on SQLite and on PostgreSQL, and what one costs it.

Each page puts one object with a 4 KiB body; half of them replace an object that was there. Everything is signed
before the clock starts, so that the load generator, on the same cores, costs little.
"""

import asyncio
import contextlib
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from secrets import token_bytes

import aiohttp
import psutil
from figure import Figure, at_least, at_most, plain, quantile

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "blind/service/tests"))

from account_process import ServiceProcess, member_at
from member import Member, body_of, spelled
from postgresql import postgresql
from privity_protocol.stored.page import Op

ACCOUNTS = 32
PAGES = 100
QUICK_PAGES = 25
Post = tuple[dict[str, str], bytes]


def prepared(member: Member, pages: int) -> list[Post]:
    """The requests of one account, one after the other."""
    objects = [token_bytes(16) for _ in range(max(1, pages // 2))]
    headers = {"authorization": f"Bearer {member.device.token}", "content-type": "application/json"}
    made: list[Post] = []
    for number in range(pages):
        body = body_of()
        data, sent = member.page_of(member.entry(Op.PUT, objects[number % len(objects)], body))
        sent["bodies"] = [spelled(body)]
        made.append((headers, json.dumps(sent).encode()))
        member.accepted(data, member.device)
    return made


async def sent(session: aiohttp.ClientSession, origin: str, posts: list[Post], times: list[float]) -> None:
    """Post one account's pages in order."""
    for headers, body in posts:
        began = time.monotonic()
        async with session.post(f"{origin}/v1/pages", data=body, headers=headers) as answer:
            if answer.status != 200:
                raise AssertionError(await answer.text())
            await answer.read()
        times.append(time.monotonic() - began)


async def measured(folder: Path, database: str | None, pages: int) -> tuple[float, float, list[float]]:
    """Pages per second, the process's CPU seconds per page, and each page's seconds."""
    service = ServiceProcess(folder, database)
    await service.start()
    assert service.process is not None
    members = [await member_at(service, number) for number in range(ACCOUNTS)]
    posts = [prepared(member, pages) for member in members]
    for member in members:
        await member.client.aclose()
    process = psutil.Process(service.process.pid)
    before, began, times = process.cpu_times(), time.monotonic(), list[float]()
    async with aiohttp.ClientSession() as session:
        await asyncio.gather(*(sent(session, service.origin, one, times) for one in posts))
    seconds, after = time.monotonic() - began, process.cpu_times()
    await service.stop()
    spent = after.user + after.system - before.user - before.system
    return len(times) / seconds, spent / len(times), times


@contextlib.contextmanager
def databases() -> Iterator[list[tuple[str, str | None, int]]]:
    """Name, URL and goal; without PostgreSQL's programs, SQLite alone."""
    with contextlib.ExitStack() as stack:
        found: list[tuple[str, str | None, int]] = [("SQLite", None, 250)]
        try:
            found.append(("PostgreSQL", stack.enter_context(postgresql()), 400))
        except LookupError as missing:
            print(missing, file=sys.stderr)
        yield found


def run(*, quick: bool) -> list[Figure]:
    """The figures of both databases."""
    figures: list[Figure] = []
    with databases() as listed:
        for name, url, goal in listed:
            with tempfile.TemporaryDirectory() as folder:
                rate, cost, times = asyncio.run(measured(Path(folder), url, QUICK_PAGES if quick else PAGES))
            figures += [
                at_least(f"page appends, {name}", rate, goal, "/s", 0),
                at_most(f"service CPU per append, {name}", cost * 1000, 3, "ms"),
                plain(f"append, 99 of 100 within, {name}", quantile(times, 0.99) * 1000, "ms", 1),
            ]
    return figures


if __name__ == "__main__":
    from figure import table

    print(table(run(quick="--quick" in sys.argv)))
