"""A service that is killed again and again while several people append, and what is found afterwards."""

import asyncio
import random
from dataclasses import dataclass
from secrets import token_bytes

import httpx
from account_process import ServiceProcess, member_at
from member import Member, body_of, octets, spelled
from privity_protocol.stored import page
from privity_protocol.stored.page import Op

WRITERS = 4
SEED = 5


@dataclass(frozen=True)
class Loss:
    """Pages that were acknowledged, and how many of them were not there, whole and in order, after a kill."""

    acknowledged: int
    lost: int


async def loss(service: ServiceProcess, rounds: int) -> Loss:
    """Kill a service (not started yet) so many times. Raises AssertionError for a log that does not hold together."""
    chance, lost = random.Random(SEED), 0
    await service.start()
    members = [await member_at(service, number) for number in range(WRITERS)]
    acknowledged: list[list[bytes]] = [[] for _ in members]
    for _ in range(rounds):
        heard = asyncio.Semaphore(0)
        writing = [
            asyncio.create_task(write_until_cut(member, known, heard))
            for member, known in zip(members, acknowledged, strict=True)
        ]
        for _ in range(chance.randint(5, 40)):
            await heard.acquire()
        service.kill()
        await asyncio.gather(*writing)
        await service.ended()
        await service.start()
        for member, known in zip(members, acknowledged, strict=True):
            await member.client.aclose()
            member.client = service.client()
            pages = await found(member)
            lost += sum(mine != theirs for mine, theirs in zip(known, pages, strict=False))
            lost += max(0, len(known) - len(pages))
            # One more at most: written, and the process died before it could say so.
            assert len(pages) <= len(known) + 1
            known[:] = pages
    for member in members:
        await member.client.aclose()
    await service.stop()
    return Loss(sum(map(len, acknowledged)), lost)


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
