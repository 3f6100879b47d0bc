"""Drawing tokens over HTTP: what is counted, what is refused, what a repeat costs, what is kept."""

import asyncio
import hashlib
from pathlib import Path
from secrets import token_bytes
from typing import Any

import pytest
from account_stand import Stand, reason, run
from member import Json, Member, octets, spelled
from privity_protocol import token, token_request
from privity_protocol.token import PublicKey
from privity_service.accounts.opening import open_house
from privity_service.accounts.plans import Plan
from privity_service.accounts.settings import AccountSettings, DatabasePlace
from privity_service.issuer.keys import DAY_S, MARGIN_S, IssuerKeys
from privity_service.issuer.settings import Issuance
from sqlalchemy import text

CHALLENGE = token.challenge("accounts.example", "run.example")
DAILY = 6
PLANS = {"free": Plan(daily=DAILY), "plus": Plan(daily=32)}


@pytest.fixture
def issuing(make_stand: Any, keys: IssuerKeys) -> Stand:
    """A service that issues."""
    stand: Stand = make_stand(settings=AccountSettings(plans=PLANS, issuance=Issuance()))
    stand.house.issuer = keys
    return stand


class Drawing:
    """A batch: what the device keeps, and what it sends."""

    def __init__(self, keys: IssuerKeys, now: int, count: int, *, plan: str = "free", ahead: int = 0) -> None:
        listed = [one for one in keys.listed(now) if one.plan == plan and one.day == now // DAY_S + ahead]
        self.key = PublicKey.decode(listed[0].signing.public.spki)
        self.begun = [token_request.begin(self.key, CHALLENGE, token_bytes) for _ in range(count)]
        requests = [spelled(request) for _, request in self.begun]
        self.body: Json = {"plan": plan, "day": listed[0].date, "requests": requests}
        self.idempotency = spelled(token_bytes(16))

    async def send(self, member: Member, **changes: Any) -> Any:
        headers = {"idempotency-key": self.idempotency}
        return await member.send("POST", "/v1/tokens", json=self.body | changes, headers=headers)

    def finish(self, answer: Json) -> list[token.Token]:
        pairs = zip(self.begun, answer["signatures"], strict=True)
        return [pending.finish(octets(one)) for (pending, _), one in pairs]


def counts(stand: Stand) -> list[tuple[str, int, int]]:
    return sorted(row[1:] for row in stand.rows("token_draws"))


def test_tokens_are_drawn_counted_and_good(issuing: Stand, keys: IssuerKeys) -> None:
    async def scenario() -> None:
        async with issuing.client() as client:
            member = Member(client)
            await member.create()
            drawing = Drawing(keys, issuing.clock.now, 4)
            answer = await drawing.send(member)
            assert answer.status_code == 200
            made = drawing.finish(answer.json())
            digest = hashlib.sha256(CHALLENGE).digest()
            for one in made:
                token.verify(one.encode(), {drawing.key.key_id: drawing.key}, challenge_digest=digest)
            today = issuing.clock.now // DAY_S
            assert counts(issuing) == [("free", today, 4)]
            # The same again is the same again; the count does not move.
            assert (await drawing.send(member)).json() == answer.json()
            assert counts(issuing) == [("free", today, 4)]
            assert reason(await drawing.send(member, requests=drawing.body["requests"][:1])) == (
                422,
                "request.key_reused",
            )
            more = await Drawing(keys, issuing.clock.now, 3).send(member)
            assert reason(more) == (429, "tokens.daily")
            until = (today + 1) * DAY_S - MARGIN_S - issuing.clock.now
            assert int(more.headers["retry-after"]) == max(until, 1)
            assert (await Drawing(keys, issuing.clock.now, 2).send(member)).status_code == 200
            assert reason(await Drawing(keys, issuing.clock.now, 1).send(member)) == (429, "tokens.daily")
            assert counts(issuing) == [("free", today, DAILY)]

    run(scenario())


def test_nothing_of_a_draw_is_kept_but_how_many(issuing: Stand, keys: IssuerKeys) -> None:
    """Neither what was sent, nor what was answered, nor what the token is made of, in any table."""

    async def scenario() -> None:
        async with issuing.client() as client:
            member = Member(client)
            await member.create()
            drawing = Drawing(keys, issuing.clock.now, 2)
            answer = (await drawing.send(member)).json()
            made = drawing.finish(answer)
            with issuing.house.database.reading() as connection:
                tables = [one for (one,) in connection.execute(text(LIST[connection.dialect.name]))]
            assert "token_draws" in tables
            kept = b"".join(_bytes(cell) for one in tables for row in issuing.rows(one) for cell in row)
            for request, blinded, each in zip(drawing.body["requests"], answer["signatures"], made, strict=True):
                parts = octets(request)[3:], octets(blinded), each.nonce, each.authenticator, token.nullifier(each)
                assert [part.hex() for part in parts if part[:16] in kept or part[-16:] in kept] == []

    run(scenario())


LIST = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table'",
    "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
}


def _bytes(cell: object) -> bytes:
    return bytes(cell) if isinstance(cell, bytes | memoryview) else str(cell).encode()


def test_what_is_refused_counts_nothing(issuing: Stand, keys: IssuerKeys) -> None:
    async def scenario() -> None:
        async with issuing.client() as client:
            member = Member(client)
            await member.create()
            now = issuing.clock.now
            good = Drawing(keys, now, 1)
            head = octets(good.body["requests"][0])
            plus = Drawing(keys, now, 1, plan="plus")
            cases: list[tuple[Json, tuple[int, str]]] = [
                (plus.body, (402, "plan.tokens")),
                (good.body | {"day": "2020-01-01"}, (422, "tokens.day")),
                (Drawing(keys, now, 1, ahead=1).body, (422, "tokens.day")),
                (good.body | {"plan": "gold"}, (422, "tokens.day")),
                (good.body | {"requests": [spelled(b"\0\1" + head[2:])]}, (422, "tokens.malformed")),
                (good.body | {"requests": [spelled(head[:3] + b"\xff" * 256)]}, (422, "tokens.malformed")),
                (good.body | {"requests": [spelled(head[:-1])]}, (400, "request.malformed")),
                (good.body | {"requests": []}, (400, "request.malformed")),
                (good.body | {"requests": good.body["requests"] * 33}, (400, "request.malformed")),
                (good.body | {"note": ""}, (400, "request.malformed")),
            ]
            for body, expected in cases:
                headers = {"idempotency-key": spelled(token_bytes(16))}
                assert reason(await member.send("POST", "/v1/tokens", json=body, headers=headers)) == expected, body
            assert reason(await member.send("POST", "/v1/tokens", json=good.body)) == (400, "request.malformed")
            assert reason(await member.send("POST", "/v1/tokens", json=good.body, token="")) == (401, "access.required")
            assert counts(issuing) == []

    run(scenario())


def test_the_next_days_tokens_are_drawn_from_six_hours_before_midnight(issuing: Stand, keys: IssuerKeys) -> None:
    async def scenario() -> None:
        async with issuing.client() as client:
            member = Member(client)
            await member.create()
            start = issuing.clock.now
            drawing = Drawing(keys, start, 2, ahead=1)
            issuing.clock.now = (start // DAY_S + 1) * DAY_S - MARGIN_S
            # An access token lives for an hour.
            answer = await member.sign_in("device", member.device)
            member.device.token = answer.json()["token"]
            assert (await drawing.send(member)).status_code == 200
            assert [row[1:] for row in counts(issuing)] == [(start // DAY_S + 1, 2)]

    run(scenario())


def test_keys_are_listed_for_the_log(issuing: Stand, keys: IssuerKeys) -> None:
    async def scenario() -> None:
        async with issuing.client() as client:
            listed = (await client.get("/v1/issuers")).json()["keys"]
            assert [octets(one["spki"]) for one in listed] == [
                one.signing.public.spki for one in keys.listed(issuing.clock.now)
            ]
            assert [(one["day"], one["plan"]) for one in listed] == sorted((one["day"], one["plan"]) for one in listed)

    run(scenario())


def test_a_service_that_issues_nothing_says_so(make_stand: Any) -> None:
    stand: Stand = make_stand()

    async def scenario() -> None:
        async with stand.client() as client:
            member = Member(client)
            await member.create()
            assert reason(await client.get("/v1/issuers")) == (404, "tokens.off")
            body = {"plan": "free", "day": "2026-11-25", "requests": ["A" * 346]}
            headers = {"idempotency-key": spelled(token_bytes(16))}
            assert reason(await member.send("POST", "/v1/tokens", json=body, headers=headers)) == (404, "tokens.off")

    run(scenario())


def test_many_at_once_draw_no_more_than_the_day_gives(issuing: Stand, keys: IssuerKeys) -> None:
    async def scenario() -> None:
        async with issuing.client() as client:
            member = Member(client)
            await member.create()
            drawings = [Drawing(keys, issuing.clock.now, 1) for _ in range(DAILY + 6)]
            answers = await asyncio.gather(*(one.send(member) for one in drawings))
            assert sorted(one.status_code for one in answers) == [200] * DAILY + [429] * 6
            assert [row[2] for row in counts(issuing)] == [DAILY]

    run(scenario())


def test_opening_makes_the_keys(tmp_path: Path) -> None:
    settings = AccountSettings(plans={"free": Plan()}, issuance=Issuance())
    house = open_house(tmp_path, DatabasePlace(), settings, "open", "http://localhost:1")
    try:
        assert house.issuer is not None
        assert len(house.issuer.listed(house.clock())) >= 4
    finally:
        house.database.close()
    assert len(list((tmp_path / "accounts/issuer").iterdir())) >= 4
