"""kill -9 in a loop: what was acknowledged is there, whole, and the log goes on from it. And writes that fail."""

import hashlib
from pathlib import Path
from secrets import token_bytes
from typing import Any

import pytest
from account_process import ServiceProcess
from account_stand import Stand, run
from kill_loop import loss
from member import Member, body_of, spelled
from privity_protocol.stored import page
from privity_protocol.stored.page import Op
from sqlalchemy import Connection, event

ROUNDS = 3


@pytest.mark.slow
@pytest.mark.system
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_nothing_that_was_acknowledged_is_lost_to_a_kill(
    tmp_path: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    url = None if kind == "sqlite" else request.getfixturevalue("postgresql_url")
    done = run(loss(ServiceProcess(tmp_path, url), ROUNDS))
    assert done.lost == 0
    assert done.acknowledged >= ROUNDS * 5


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
