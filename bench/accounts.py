"""Pages appended per second through the real service process, on SQLite and on PostgreSQL, and what one costs it.

Each page puts one object with a 4 KiB body; half of them replace an object that was there. Everything is signed
before the clock starts, so that the load generator, on the same cores, costs little. On a machine with other work
the rate says little; the processor time of an append, of the service and of all processes together, says the same.
"""

import asyncio
import contextlib
import json
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from secrets import token_bytes

import aiohttp
import psutil
from figure import Figure, at_least, at_most, plain, quantile

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "blind/service/tests"))

from account_process import ServiceProcess, member_at
from kill_loop import loss
from member import Member, body_of, spelled
from postgresql import postgresql
from privity_protocol.stored.page import Op

CORES = 2
"""Those of the goal: what all processes spend on an append must fit into them at the rate that is asked for."""
ACCOUNTS = 32
PAGES = 100
QUICK_PAGES = 25
KILLS = 20
QUICK_KILLS = 2
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


@dataclass(frozen=True)
class Measured:
    """Pages per second; processor seconds of one, of the service and of everything (generator, database); times."""

    rate: float
    service: float
    everything: float
    times: list[float]


def family(process: psutil.Process) -> list[psutil.Process]:
    """This process and all that it started: service, database and generator."""
    return [process, *process.children(recursive=True)]


def spent(processes: Iterable[psutil.Process]) -> float:
    """Processor seconds of these processes so far, with children that have ended."""
    total = 0.0
    for process in processes:
        with contextlib.suppress(psutil.Error):
            total += sum(process.cpu_times()[:4])
    return total


async def measured(folder: Path, database: str | None, pages: int) -> Measured:
    """Post every account's pages, all accounts at once."""
    service = ServiceProcess(folder, database)
    await service.start()
    assert service.process is not None
    members = [await member_at(service, number) for number in range(ACCOUNTS)]
    posts = [prepared(member, pages) for member in members]
    for member in members:
        await member.client.aclose()
    process, here, times = psutil.Process(service.process.pid), psutil.Process(), list[float]()
    async with aiohttp.ClientSession() as session:
        before, own, began = spent(family(here)), spent([process]), time.monotonic()
        await asyncio.gather(*(sent(session, service.origin, one, times) for one in posts))
        seconds, used, own = time.monotonic() - began, spent(family(here)) - before, spent([process]) - own
    await service.stop()
    return Measured(len(times) / seconds, own / len(times), used / len(times), times)


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
                one = asyncio.run(measured(Path(folder), url, QUICK_PAGES if quick else PAGES))
            with tempfile.TemporaryDirectory() as folder:
                kills = QUICK_KILLS if quick else KILLS
                done = asyncio.run(loss(ServiceProcess(Path(folder), url), kills))
            figures += [
                at_least(f"page appends, {name}", one.rate, goal, "/s", 0),
                at_most(f"service CPU per append, {name}", one.service * 1000, 3, "ms"),
                at_most(f"CPU of all processes per append, {name}", one.everything * 1000, CORES * 1000 / goal, "ms"),
                plain(f"append, 99 of 100 within, {name}", quantile(one.times, 0.99) * 1000, "ms", 1),
                at_most(f"of {done.acknowledged} pages lost in {kills} kills, {name}", done.lost, 0, "", 0),
            ]
    return figures


if __name__ == "__main__":
    from figure import table

    print(table(run(quick="--quick" in sys.argv)))
