"""The contract of the log: pages, bodies, plans. On SQLite and PostgreSQL."""

from secrets import token_bytes

import pytest
from account_stand import Stand, run
from member import Member, body_of, spelled
from privity_protocol.stored.page import Op


def test_a_page_is_appended_and_read_back(stand: Stand) -> None:
    async def scenario() -> None:
        async with stand.client() as client:
            member = Member(client)
            assert (await member.create()).status_code == 201
            body = body_of()
            answer = await member.write(Op.PUT, token_bytes(16), body)
            assert answer.status_code == 200, answer.text
            assert answer.json() == {"n": 1, "head": spelled(member.head), "erasure": None}
            read = (await member.send("GET", "/v1/pages")).json()
            assert (read["n"], read["head"], len(read["pages"])) == (1, spelled(member.head), 1)

    run(scenario())
