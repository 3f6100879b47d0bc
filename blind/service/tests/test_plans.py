"""Plans: which one an account has at a moment, what its end does, what is shown, and what guests draw."""

from secrets import token_bytes
from typing import Any

import msgspec
import pytest
from account_stand import Clock, Stand, reason, run
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from member import Json, Member, body_of, octets, spelled
from privity_protocol import token, token_request
from privity_protocol.stored.page import Op
from privity_protocol.token import PublicKey
from privity_service.accounts import schema
from privity_service.accounts.plans import DAY_S, Plan, default_plans, find, standing
from privity_service.accounts.settings import AccountSettings
from privity_service.accounts.usage import next_draw
from privity_service.admin.statistics import statistics
from privity_service.issuer.keys import MARGIN_S, IssuerKeys
from privity_service.issuer.settings import Issuance
from privity_service.vouchers.letters import spell
from privity_service.vouchers.voucher import Voucher
from sqlalchemy import text

DAY = Clock().now // DAY_S
CHALLENGE = token.challenge("accounts.example", "run.example")


@pytest.fixture
def issuing(make_stand: Any, keys: IssuerKeys) -> Stand:
    """A service that issues, with the plans of no configuration."""
    stand: Stand = make_stand(settings=AccountSettings(issuance=Issuance()))
    stand.house.issuer = keys
    return stand


def give(stand: Stand, plan: str, paid_until: int | None) -> None:
    """A plan for every account, paid until a day."""
    with stand.house.database.writing() as connection:
        change = text("UPDATE accounts SET plan = :plan, paid_until = :day")
        connection.execute(change, {"plan": plan, "day": paid_until})


def requests(keys: IssuerKeys, count: int, *, plan: str = "free", ahead: int = 0, now: int = Clock().now) -> Json:
    """A day and so many requests for it."""
    found = next(one for one in keys.listed(now) if (one.plan, one.day) == (plan, now // DAY_S + ahead))
    key = PublicKey.decode(found.signing.public.spki)
    begun = [token_request.begin(key, CHALLENGE, token_bytes) for _ in range(count)]
    return {"day": found.date, "requests": [spelled(request) for _, request in begun]}


async def draw(member: Member, plan: str, body: Json) -> Any:
    headers = {"idempotency-key": spelled(token_bytes(16))}
    return await member.send("POST", "/v1/tokens", json={"plan": plan, **body}, headers=headers)


AT = DAY * DAY_S
STANDINGS: dict[str, tuple[str, int | None, int, str]] = {
    "no end": ("plus", None, AT, "plus"),
    "paid": ("plus", DAY + 1, AT, "plus"),
    "the last second of grace": ("plus", DAY, (DAY + 7) * DAY_S - 1, "plus"),
    "grace is over": ("plus", DAY, (DAY + 7) * DAY_S, "free"),
    "long over": ("plus", 1, AT, "free"),
    "the old name": ("paid", None, AT, "plus"),
    "a plan that is gone": ("gold", None, AT, "free"),
    "free never ends": ("free", 1, AT, "free"),
}


@pytest.mark.parametrize("case", STANDINGS, ids=lambda case: case.replace(" ", "_"))
def test_an_account_has_its_plan_until_the_grace_is_over(case: str) -> None:
    name, paid_until, now, expected = STANDINGS[case]
    found = standing(default_plans(), name, paid_until=paid_until, grace_days=7, now=now)
    assert found.name == expected
    assert found.plan == default_plans()[expected]
    if expected == "free" or paid_until is None:
        assert (found.until, found.grace_until) == (None, None)
    else:
        assert (found.until, found.grace_until) == (paid_until * DAY_S, (paid_until + 7) * DAY_S)


def test_an_operators_plan_of_the_old_name_is_still_found() -> None:
    plans = {"free": Plan(), "paid": Plan(7)}
    assert standing(plans, "plus", paid_until=None, grace_days=7, now=AT).name == "paid"
    assert (find(plans, "paid"), find(plans, "plus"), find({"plus": Plan()}, "paid")) == ("paid", "paid", "plus")


NO_PLANS: list[Json] = [
    {"plus": {}},
    {},
    {"Free": {}, "free": {}},
    {"free": {"daily": 0}},
    {"free": {"price": {"amount": 1}}},
    {"free": {"price": {"amount": 0, "currency": "usd"}}},
    {"free": 1},
    {"free": {}} | {f"p{number}": {} for number in range(16)},
]


@pytest.mark.parametrize("plans", NO_PLANS)
def test_a_configuration_of_plans_that_is_none_is_refused(plans: Json) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"plans": plans}, AccountSettings)


def test_the_old_plan_is_renamed_and_nothing_else_changes(make_stand: Any) -> None:
    stand: Stand = make_stand()

    async def scenario() -> None:
        async with stand.client() as client:
            for _ in range(2):
                assert (await Member(client).create()).status_code == 201

    run(scenario())
    with stand.house.database.writing() as connection:
        first = connection.execute(text("SELECT id FROM accounts LIMIT 1")).scalar_one()
        connection.execute(text("UPDATE accounts SET plan = 'paid' WHERE id = :of"), {"of": first})
        # As the release before left it.
        connection.execute(text("ALTER TABLE accounts DROP COLUMN paid_until"))
        for table in NEWER:
            connection.execute(text(f"DROP TABLE {table}"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0002'"))
    engine = stand.house.database.engine
    engine.dispose()
    schema.upgrade(engine)
    assert schema.revision_of(engine) == schema.NEWEST
    with engine.connect() as connection:
        found = connection.execute(text("SELECT id = :of, plan, paid_until FROM accounts"), {"of": first}).all()
    assert sorted((bool(own), plan, paid) for own, plan, paid in found) == [(False, "free", None), (True, "plus", None)]


NEWER = ("payments", "subscriptions", "payment_events")
"""Tables of later migrations."""


def test_what_is_on_offer_is_told_to_everybody(issuing: Stand) -> None:
    async def scenario() -> None:
        async with issuing.client() as client:
            answer = (await client.get("/v1/plans")).json()
            assert answer["plans"] == [
                {"name": "free", "title": "Free", "active_chats": 5, "bytes": 500_000_000, "daily": 20, "price": None,
                 "buy": False},
                {"name": "plus", "title": "Plus", "active_chats": None, "bytes": 20_000_000_000, "daily": 3000,
                 "price": {"amount": 3500, "currency": "usd", "period": "month"}, "buy": False},
            ]  # fmt: skip
            assert (answer["guest_daily"], answer["vouchers"]) == (5, False)

    run(scenario())


def test_a_service_without_plans_and_tokens_says_so(make_stand: Any) -> None:
    stand: Stand = make_stand(settings=AccountSettings(plans=None))

    async def scenario() -> None:
        async with stand.client() as client:
            assert (await client.get("/v1/plans")).json() == {"plans": [], "guest_daily": None, "vouchers": False}
            member = Member(client)
            await member.create()
            used = (await member.send("GET", "/v1/usage")).json()
            assert used["limits"] == {"active_chats": None, "bytes": None, "daily": None, "shares": 100}
            assert (await client.post("/v1/tokens/guest", json={"day": "2026-11-25", "requests": ["A" * 346]})).json()[
                "reason"
            ] == "tokens.off"

    run(scenario())


def test_usage_tells_what_is_drawn_and_when_there_is_more(issuing: Stand, keys: IssuerKeys) -> None:
    async def scenario() -> None:
        async with issuing.client() as client:
            member = Member(client)
            await member.create()
            await member.box()
            body = requests(keys, 3)
            assert (await draw(member, "free", body)).status_code == 200
            used = (await member.send("GET", "/v1/usage")).json()
            stored = used.pop("bytes")
            assert stored > 580
            assert used == {
                "plan": "free", "until": None, "grace_until": None, "active_chats": 1, "archived_chats": 0, "shares": 0,
                "limits": {"active_chats": 5, "bytes": 500_000_000, "daily": 20, "shares": 100},
                "drawn": [{"day": body["day"], "count": 3}], "reset": next_draw(issuing.clock.now), "day": DAY,
            }  # fmt: skip
            give(issuing, "plus", DAY - 3)
            used = (await member.send("GET", "/v1/usage")).json()
            assert (used["plan"], used["until"], used["grace_until"]) == ("plus", (DAY - 3) * DAY_S, (DAY + 4) * DAY_S)
            assert (used["limits"]["active_chats"], used["drawn"]) == (None, [])

    run(scenario())


@pytest.mark.parametrize(("after", "expected"), [(0, 0), (64_799, 0), (64_800, 1), (86_399, 1)])
def test_more_can_be_drawn_six_hours_before_midnight(after: int, expected: int) -> None:
    assert next_draw(AT + after) == (DAY + expected + 1) * DAY_S - MARGIN_S


def test_tokens_are_drawn_of_the_plan_that_the_account_has_on_their_day(issuing: Stand, keys: IssuerKeys) -> None:
    async def scenario() -> None:
        async with issuing.client() as client:
            member = Member(client)
            await member.create()
            give(issuing, "plus", DAY - 6)
            assert (await draw(member, "plus", requests(keys, 1, plan="plus"))).status_code == 200
            assert reason(await draw(member, "free", requests(keys, 1))) == (402, "plan.tokens")
            # Tomorrow the grace is over: tomorrow's tokens are the free plan's.
            start, issuing.clock.now = issuing.clock.now, (DAY + 1) * DAY_S - MARGIN_S
            member.device.token = (await member.sign_in("device", member.device)).json()["token"]
            ahead = requests(keys, 1, plan="plus", ahead=1, now=start)
            assert reason(await draw(member, "plus", ahead)) == (402, "plan.tokens")
            assert (await draw(member, "free", requests(keys, 1, ahead=1, now=start))).status_code == 200
            give(issuing, "plus", DAY - 7)
            assert reason(await draw(member, "plus", requests(keys, 1, plan="plus"))) == (402, "plan.tokens")

    run(scenario())


def test_who_has_which_plan_is_counted_as_it_is_now(make_stand: Any) -> None:
    stand: Stand = make_stand()

    async def scenario() -> None:
        async with stand.client() as client:
            for _ in range(3):
                await Member(client).create()

    run(scenario())
    give(stand, "plus", DAY - 6)
    with stand.house.database.writing() as connection:
        late = "UPDATE accounts SET paid_until = :day WHERE id = (SELECT id FROM accounts LIMIT 1)"
        connection.execute(text(late), {"day": DAY - 7})
    with stand.house.database.reading() as connection:
        assert statistics(connection, DAY, 7).by_plan == {"free": 1, "plus": 2}
        assert statistics(connection, DAY, 8).by_plan == {"plus": 3}


def test_the_21st_message_waits_for_a_voucher(make_stand: Any, keys: IssuerKeys) -> None:
    key = Ed25519PrivateKey.generate()
    public = spelled(key.public_key().public_bytes_raw())
    stand: Stand = make_stand(settings=AccountSettings(issuance=Issuance(), voucher_keys=[public]))
    stand.house.issuer = keys

    async def scenario() -> None:
        async with stand.client() as client:
            member = Member(client)
            await member.create()
            assert (await draw(member, "free", requests(keys, 20))).status_code == 200
            assert reason(await draw(member, "free", requests(keys, 1))) == (429, "tokens.daily")
            code = spell(Voucher("plus", 30, DAY, token_bytes(8)).signed(key))
            headers = {"idempotency-key": spelled(token_bytes(16))}
            assert (await member.send("POST", "/v1/vouchers", json={"code": code}, headers=headers)).status_code == 200
            assert (await draw(member, "plus", requests(keys, 1, plan="plus"))).status_code == 200
            used = (await member.send("GET", "/v1/usage")).json()
            assert (used["limits"]["daily"], [one["count"] for one in used["drawn"]]) == (3000, [1])

    run(scenario())


def test_a_downgrade_deletes_nothing_and_refuses_puts_until_the_count_fits(make_stand: Any) -> None:
    stand: Stand = make_stand()

    async def scenario() -> None:
        async with stand.client() as client:
            member = Member(client)
            await member.create()
            give(stand, "plus", DAY)
            boxes = [await member.box() for _ in range(7)]
            note = token_bytes(16)
            stand.clock.now = (DAY + 7) * DAY_S - 1
            member.device.token = (await member.sign_in("device", member.device)).json()["token"]
            assert (await member.write(Op.PUT, note, body_of())).status_code == 200
            stand.clock.now += 1
            before = len(stand.rows("bodies"))
            assert reason(await member.write(Op.PUT, note, body_of())) == (402, "plan.active_chats")
            assert reason(await member.write(Op.BOX_ACTIVE, token_bytes(16), body_of(580))) == (
                402,
                "plan.active_chats",
            )
            assert (len(stand.rows("bodies")), stand.rows("accounts")[0][1]) == (before, "plus")
            for box in boxes[:2]:
                assert (await member.write(Op.BOX_ARCHIVED, box, body_of(580))).status_code == 200
            assert (await member.write(Op.PUT, note, body_of())).status_code == 200
            used = (await member.send("GET", "/v1/usage")).json()
            assert (used["plan"], used["active_chats"], used["archived_chats"]) == ("free", 5, 2)
            # Paid again, everything is as it was.
            give(stand, "plus", DAY + 40)
            assert (await member.write(Op.BOX_ACTIVE, boxes[0], body_of(580))).status_code == 200

    run(scenario())


def test_guests_of_a_network_draw_a_few_tokens_a_day(issuing: Stand, keys: IssuerKeys) -> None:
    async def scenario() -> None:
        async with issuing.client() as client, issuing.client(b"\x04\x0b\0\0\0") as other:
            body = requests(keys, 3)
            answer = await client.post("/v1/tokens/guest", json=body)
            assert (answer.status_code, len(answer.json()["signatures"])) == (200, 3)
            refused = await client.post("/v1/tokens/guest", json=requests(keys, 3))
            assert reason(refused) == (429, "tokens.daily")
            assert int(refused.headers["retry-after"]) == (DAY + 1) * DAY_S - MARGIN_S - issuing.clock.now
            assert (await client.post("/v1/tokens/guest", json=requests(keys, 2))).status_code == 200
            assert reason(await client.post("/v1/tokens/guest", json=requests(keys, 1))) == (429, "tokens.daily")
            assert (await other.post("/v1/tokens/guest", json=requests(keys, 5))).status_code == 200
            # Nothing of it is in a database, and what is malformed counts nothing.
            assert issuing.rows("token_draws") == issuing.rows("replies") == []
            start, issuing.clock.now = issuing.clock.now, (DAY + 1) * DAY_S - MARGIN_S
            spoilt = requests(keys, 1, ahead=1, now=start) | {"requests": [spelled(b"\0\2\0" + b"\xff" * 256)]}
            for _ in range(6):
                assert (await client.post("/v1/tokens/guest", json=spoilt)).json()["reason"] == "tokens.malformed"
            # Today's are used up; the next day's are others.
            assert (
                await client.post("/v1/tokens/guest", json=requests(keys, 5, ahead=1, now=start))
            ).status_code == 200
            issuing.clock.now += 20_000
            again = await client.post("/v1/tokens/guest", json=requests(keys, 1, ahead=1, now=start))
            assert reason(again) == (429, "tokens.daily")

    run(scenario())


def test_guests_draw_tokens_of_the_free_plan_alone(issuing: Stand, keys: IssuerKeys) -> None:
    async def scenario() -> None:
        async with issuing.client() as client:
            cases: list[tuple[Json, tuple[int, str]]] = [
                (requests(keys, 6), (400, "request.malformed")),
                (requests(keys, 1) | {"plan": "plus"}, (400, "request.malformed")),
                (requests(keys, 1) | {"day": "2020-01-01"}, (422, "tokens.day")),
            ]
            foreign = requests(keys, 1, plan="plus")
            if octets(foreign["requests"][0])[2] != octets(requests(keys, 1)["requests"][0])[2]:
                cases.append((foreign, (422, "tokens.malformed")))
            for body, expected in cases:
                assert reason(await client.post("/v1/tokens/guest", json=body)) == expected

    run(scenario())


def test_a_service_may_give_guests_nothing(make_stand: Any, keys: IssuerKeys) -> None:
    stand: Stand = make_stand(settings=AccountSettings(issuance=Issuance(guest_daily=None)))
    stand.house.issuer = keys

    async def scenario() -> None:
        async with stand.client() as client:
            answer = await client.post("/v1/tokens/guest", json=requests(keys, 1))
            assert reason(answer) == (404, "tokens.off")

    run(scenario())
