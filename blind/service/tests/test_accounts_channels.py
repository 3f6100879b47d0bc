"""The contract of pairings, shares, events, and the form of answers. On SQLite and on PostgreSQL."""

import asyncio
import json
from secrets import token_bytes

import pytest
from account_stand import Stand, reason, run
from member import Member, body_of, spelled
from privity_protocol.stored.page import Op
from privity_service.accounts import limits
from privity_service.accounts.application import application
from privity_service.accounts.sweep import sweep


async def made(client) -> Member:
    """Somebody with an account."""
    member = Member(client)
    answer = await member.create()
    assert answer.status_code == 201, answer.text
    return member


async def opened(member: Member) -> str:
    """The path of a new channel with the card `card`."""
    answer = await member.send("POST", "/v1/pairings", token="", json={"card": spelled(b"card")})
    assert answer.status_code == 201
    return f"/v1/pairings/{answer.json()['channel']}"


def test_a_pairing_goes_through_its_steps(stand: Stand) -> None:
    async def scenario() -> None:
        async with stand.client() as client:
            member = await made(client)
            path = await opened(member)
            assert (await member.send("GET", f"{path}/card", token="")).content == b"card"
            assert reason(await member.send("GET", f"{path}/answer", token="")) == (404, "pairing.pending")
            early = await member.send("PUT", f"{path}/reveal", token="", content=b"r")
            assert reason(early) == (409, "pairing.order")
            assert (await member.send("PUT", f"{path}/answer", content=b"answer")).status_code == 204
            assert reason(await member.send("PUT", f"{path}/grant", content=b"g")) == (409, "pairing.order")
            assert (await member.send("PUT", f"{path}/reveal", token="", content=b"reveal")).status_code == 204
            assert (await member.send("PUT", f"{path}/grant", content=b"grant")).status_code == 204
            for step in ("card", "answer", "reveal", "grant"):
                assert (await member.send("GET", f"{path}/{step}", token="")).content == step.encode()
            assert reason(await member.send("GET", f"{path}/other", token="")) == (404, "request.unknown")

    run(scenario())


def test_each_step_is_written_once(stand: Stand) -> None:
    async def scenario() -> None:
        async with stand.client() as client:
            member, other = await made(client), await made(client)
            path = await opened(member)
            assert (await member.send("PUT", f"{path}/answer", content=b"a")).status_code == 204
            assert (await member.send("PUT", f"{path}/answer", content=b"a")).status_code == 204
            assert reason(await member.send("PUT", f"{path}/answer", content=b"b")) == (409, "pairing.taken")
            assert reason(await other.send("PUT", f"{path}/answer", content=b"a")) == (409, "pairing.taken")
            await member.send("PUT", f"{path}/reveal", token="", content=b"r")
            answer = await member.send("PUT", f"{path}/reveal", token="", content=b"s")
            assert reason(answer) == (409, "pairing.taken")
            assert reason(await other.send("PUT", f"{path}/grant", content=b"g")) == (404, "pairing.unknown")
            assert reason(await other.send("DELETE", path)) == (404, "pairing.unknown")

    run(scenario())


def test_a_burnt_channel_and_one_that_is_over_serve_nobody(stand: Stand) -> None:
    async def scenario() -> None:
        async with stand.client() as client:
            member = await made(client)
            path = await opened(member)
            await member.send("PUT", f"{path}/answer", content=b"a")
            assert (await member.send("DELETE", path)).status_code == 204
            assert reason(await member.send("GET", f"{path}/card", token="")) == (410, "pairing.burnt")
            late = await member.send("PUT", f"{path}/reveal", token="", content=b"r")
            assert reason(late) == (410, "pairing.burnt")
            path = await opened(member)
            stand.clock.now += 600
            assert reason(await member.send("GET", f"{path}/card", token="")) == (404, "pairing.unknown")
            sweep(stand.house)
            assert stand.rows("pairings") == []

    run(scenario())


def test_steps_and_answers_have_limits(stand: Stand) -> None:
    async def scenario() -> None:
        async with stand.client() as client:
            member = await made(client)
            path = await opened(member)
            large = await member.send("PUT", f"{path}/answer", content=bytes(4097))
            assert reason(large) == (413, "request.too_large")
            assert reason(await member.send("PUT", f"{path}/answer", content=b"")) == (400, "request.malformed")
            for _ in range(5):
                path = await opened(member)
                assert (await member.send("PUT", f"{path}/answer", content=b"a")).status_code == 204
            path = await opened(member)
            assert reason(await member.send("PUT", f"{path}/answer", content=b"a")) == (429, "request.too_many")

    run(scenario())


def share_of(stand: Stand, **change) -> tuple[dict, dict]:
    """A share to post, with its idempotency key."""
    sent = {"id": spelled(token_bytes(16)), "expiry": stand.clock.now + 3600, "body": spelled(body_of())}
    return sent | change, {"idempotency-key": spelled(token_bytes(16))}


def test_a_share_is_read_until_it_is_revoked_or_over(stand: Stand) -> None:
    async def scenario() -> None:
        async with stand.client() as client:
            member, other = await made(client), await made(client)
            sent, key = share_of(stand)
            path = f"/v1/shares/{sent['id']}"
            answer = await member.send("POST", "/v1/shares", json=sent, headers=key)
            assert (answer.status_code, answer.json()) == (201, {"id": sent["id"], "expiry": sent["expiry"]})
            again = await member.send("POST", "/v1/shares", json=sent, headers=key)
            assert (again.status_code, len(stand.rows("shares"))) == (201, 1)
            reused = await member.send("POST", "/v1/shares", json=share_of(stand)[0], headers=key)
            assert reason(reused) == (422, "request.key_reused")
            read = (await member.send("GET", path, token="")).json()
            assert read == {"expiry": sent["expiry"], "body": sent["body"]}
            assert (await member.send("GET", "/v1/shares")).json()["shares"] == [answer.json()]
            unknown = await other.send("DELETE", path)
            assert (await member.send("DELETE", path)).status_code == 204
            second, key = share_of(stand)
            await member.send("POST", "/v1/shares", json=second, headers=key)
            stand.clock.now += 3600
            gone = [await member.send("GET", one, token="") for one in (path, f"/v1/shares/{second['id']}")]
            gone.append(await member.send("GET", f"/v1/shares/{spelled(bytes(16))}", token=""))
            assert {one.content for one in (unknown, *gone)} == {unknown.content}
            assert reason(unknown) == (404, "share.unknown")

    run(scenario())


def test_shares_have_limits(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("privity_service.accounts.shares.MAX_SHARES", 2)

    async def scenario() -> None:
        async with stand.client() as client:
            member, other = await made(client), await made(client)
            for expiry in (stand.clock.now, stand.clock.now + 30 * 86_400 + 61):
                sent, key = share_of(stand, expiry=expiry)
                answer = await member.send("POST", "/v1/shares", json=sent, headers=key)
                assert reason(answer) == (422, "share.expiry")
            sent, key = share_of(stand, body=spelled(bytes(4096)))
            spoiled = await member.send("POST", "/v1/shares", json=sent, headers=key)
            assert reason(spoiled) == (422, "body.malformed")
            for _ in range(2):
                sent, key = share_of(stand)
                assert (await member.send("POST", "/v1/shares", json=sent, headers=key)).status_code == 201
            taken, key = share_of(stand, id=sent["id"])
            assert reason(await other.send("POST", "/v1/shares", json=taken, headers=key)) == (409, "share.taken")
            sent, key = share_of(stand)
            assert reason(await member.send("POST", "/v1/shares", json=sent, headers=key)) == (409, "share.too_many")
            used = (await member.send("GET", "/v1/usage")).json()
            assert (used["shares"], used["limits"]["shares"]) == (2, 100)

    run(scenario())


class Listener:
    """Reads an event stream straight from the application; the client library waits for a body's end."""

    def __init__(self, stand: Stand, token: str) -> None:
        self.lines: asyncio.Queue[bytes] = asyncio.Queue()
        self.status = 0
        header = (b"authorization", f"Bearer {token}".encode())
        scope = {"type": "http", "method": "GET", "path": "/v1/events", "query_string": b"", "headers": [header]}
        self.gone = asyncio.Event()
        self.task = asyncio.create_task(application(stand.house)(scope, self._receive, self._send))

    async def _receive(self):
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif message.get("body"):
            self.lines.put_nowait(message["body"])


def test_a_stream_tells_when_the_log_grows_and_ends_with_the_token(stand: Stand) -> None:
    async def scenario() -> None:
        async with stand.client() as client:
            member = await made(client)
            listener = Listener(stand, member.device.token)
            assert json.loads(await listener.lines.get()) == {"n": 0}
            await member.write(Op.DELETE, token_bytes(16))
            assert json.loads(await listener.lines.get()) == {"n": 1}
            assert listener.status == 200
            await member.send("DELETE", "/v1/access")
            stand.house.news.tell(member.account)
            await listener.task
            assert listener.lines.empty()

    run(scenario())


def test_streams_are_counted_and_end_with_the_process(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("privity_service.accounts.news.MAX_STREAMS", 1)

    async def scenario() -> None:
        async with stand.client() as client:
            member = await made(client)
            listener = Listener(stand, member.device.token)
            await listener.lines.get()
            assert reason(await member.send("GET", "/v1/events")) == (429, "request.too_many")
            stand.house.news.close()
            await listener.task

    run(scenario())


MALFORMED = [
    b"", b"{", b"[]", b"null", b'{"kind":"device","more":1}', b'{"kind":"elsewhere"}', b"\xff", b"[" * 100_000,
]  # fmt: skip


def test_a_request_is_read_strictly(stand: Stand) -> None:
    async def scenario() -> None:
        async with stand.client() as client:
            member = Member(client)
            for content in MALFORMED:
                answer = await member.send("POST", "/v1/access/begin", token="", content=content)
                assert reason(answer) == (400, "request.malformed")
                assert answer.headers["content-type"] == "application/problem+json"
                assert set(answer.json()) == {"reason", "detail", "retry_after"}
            large = await member.send("POST", "/v1/access/begin", token="", content=bytes(limits.MAX_JSON + 1))
            assert reason(large) == (413, "request.too_large")
            assert reason(await member.send("GET", "/v1/elsewhere", token="")) == (404, "request.unknown")
            wrong = await member.send("PUT", "/v1/access/begin", token="")
            assert reason(wrong) == (405, "request.method")
            preflight = await member.send("OPTIONS", "/v1/pages", token="")
            assert preflight.headers["access-control-allow-methods"] == "GET, POST"

    run(scenario())


def test_bytes_have_one_spelling(stand: Stand) -> None:
    async def scenario() -> None:
        async with stand.client() as client:
            member = await made(client)
            for id_ in ("AAAAAAAAAAAAAAAAAAAAAB", "AAAAAAAAAAAAAAAAAAAAAA==", "AAAA", "A" * 21 + "\n"):
                sent, key = share_of(stand, id=id_)
                answer = await member.send("POST", "/v1/shares", json=sent, headers=key)
                assert reason(answer) == (400, "request.malformed")
            for query in ("after=-1", "after=x", "limit=0", "limit=501", "after=1&after=2", "other=1", "after=%D9%A1"):
                assert reason(await member.send("GET", f"/v1/pages?{query}")) == (400, "request.malformed"), query

    run(scenario())


def test_a_failure_of_ours_says_nothing_else(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        async with stand.client() as client:
            member = await made(client)
            monkeypatch.setattr("privity_service.accounts.shares.live", None)
            answer = await member.send("GET", "/v1/usage")
            assert reason(answer) == (500, "service.failed")
            assert answer.json()["detail"] == ""

    run(scenario())
