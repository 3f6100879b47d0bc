"""Payments: what Stripe is told, what its events do in any order, and what a forged one does: nothing."""

import asyncio
import itertools
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from secrets import token_bytes
from threading import Semaphore
from typing import Any

import pytest
import stripe_shapes as shapes
from account_stand import NOW, Stand, named, reason, run
from member import Json, Member, spelled
from privity_service.accounts.limits import MAX_EVENT
from privity_service.accounts.plans import DAY_S, Plan, Price, default_plans
from privity_service.accounts.settings import AccountSettings
from privity_service.accounts.sweep import sweep
from privity_service.admin.statistics import statistics
from privity_service.payments import secret_file
from privity_service.payments.stripe_checkout import StripeCheckout
from stripe_shapes import FarEnd

DAY = NOW // DAY_S
HOME = "https://chat.example/usage"
PLANS = default_plans() | {"team": Plan(price=Price(9900, "eur"))}
ROUTE = "/v1/payments/stripe"


@pytest.fixture(scope="module")
def far() -> Iterator[FarEnd]:
    """Stripe, once."""
    with pytest.MonkeyPatch.context() as patch, shapes.stripe_api() as made:
        patch.setenv("NO_PROXY", "127.0.0.1")
        yield made


@pytest.fixture
def selling(make_stand: Any, far: FarEnd) -> Stand:
    """A service that takes payments."""
    far.asked.clear()
    far.works = True
    stand: Stand = make_stand(settings=AccountSettings(plans=PLANS))
    stand.house.payments = StripeCheckout(key=shapes.KEY, webhook_secret=shapes.SECRET, base=far.base, home=HOME)
    return stand


async def checkout(member: Member, plan: str = "plus", key: str | None = None) -> Any:
    headers = {"idempotency-key": key or spelled(token_bytes(16))}
    return await member.send("POST", "/v1/checkout", json={"plan": plan}, headers=headers)


async def buyer(client: Any, plan: str = "plus", key: str | None = None) -> tuple[Member, str]:
    """Somebody who has gone to pay, and the reference that Stripe was told."""
    member = Member(client)
    assert (await member.create()).status_code == 201
    answer = await checkout(member, plan, key)
    assert answer.status_code == 200, answer.text
    return member, answer.json()["url"].rpartition("/")[2]


async def tell(client: Any, event: Json | bytes, **signing: Any) -> Any:
    """Send an event as Stripe does."""
    body = event if isinstance(event, bytes) else json.dumps(event, indent=2).encode()
    headers = {"stripe-signature": shapes.signature(body, **signing), "content-type": "application/json"}
    return await client.post(ROUTE, content=body, headers=headers)


async def until(member: Member) -> int | None:
    """The day at which the paid time is over, None without any."""
    found = (await member.send("GET", "/v1/usage")).json()["until"]
    return None if found is None else int(found) // DAY_S


def test_stripe_is_told_a_plan_and_nothing_of_the_account(selling: Stand, far: FarEnd) -> None:
    async def scenario() -> None:
        async with selling.client() as client:
            assert [one["buy"] for one in (await client.get("/v1/plans")).json()["plans"]] == [False, True, True]
            member = Member(client)
            await member.create()
            key = spelled(token_bytes(16))
            first = await checkout(member, key=key)
            assert (await checkout(member, key=key)).json() == first.json()
            (_, path, form, headers), again = far.asked
            assert (path, headers["authorization"]) == ("/v1/checkout/sessions", f"Bearer {shapes.KEY}")
            reference = form.pop("client_reference_id")
            assert form == {
                "mode": "subscription", "success_url": HOME, "cancel_url": HOME,
                "subscription_data[metadata][reference]": reference, "line_items[0][quantity]": "1",
                "line_items[0][price_data][currency]": "usd", "line_items[0][price_data][unit_amount]": "3500",
                "line_items[0][price_data][recurring][interval]": "month",
                "line_items[0][price_data][product_data][name]": "Plus",
            }  # fmt: skip
            assert again[3]["idempotency-key"] == headers["idempotency-key"]
            said = json.dumps(far.asked)
            assert not any(one in said for one in (spelled(member.account), member.account.hex(), key))
            assert reason(await checkout(member, "team", key)) == (422, "request.key_reused")
            # To begin is not to pay.
            assert await until(member) is None

    run(scenario())


def test_what_cannot_be_bought_is_said(selling: Stand, far: FarEnd) -> None:
    async def scenario() -> None:
        async with selling.client() as client:
            member = Member(client)
            await member.create()
            for plan in ("free", "gold"):
                assert reason(await checkout(member, plan)) == (404, "payments.off")
            far.works = False
            assert reason(await checkout(member)) == (503, "service.busy")
            selling.house.payments = None
            assert reason(await checkout(member)) == (404, "payments.off")
            assert reason(await tell(client, shapes.completed("00" * 16))) == (404, "payments.off")

    run(scenario())


def test_a_paid_invoice_gives_its_days_once(selling: Stand) -> None:
    async def scenario() -> None:
        async with selling.client() as client:
            key = spelled(token_bytes(16))
            member, reference = await buyer(client, key=key)
            event = shapes.paid(reference)
            for told in (shapes.completed(reference), event, event, event, shapes.paid(reference)):
                assert (await tell(client, told)).status_code == 200
                assert await until(member) in (None, DAY + 31)
            assert await until(member) == DAY + 31
            for one in (key, None):
                assert reason(await checkout(member, key=one)) == (409, "plan.running")
            assert (await tell(client, shapes.paid(reference, "in_2", days=31))).status_code == 200
            assert await until(member) == DAY + 62
            assert (await tell(client, shapes.subscription("deleted", reference))).status_code == 200
            assert await until(member) == DAY + 62
            # Whoever comes back orders anew, even under the key of then.
            again = await checkout(member, key=key)
            assert again.status_code == 200
            assert not again.json()["url"].endswith(reference)
            assert (await checkout(member, key=key)).json() == again.json()

    run(scenario())


def test_events_at_the_same_time_count_once(selling: Stand) -> None:
    async def scenario() -> None:
        async with selling.client() as client:
            member, reference = await buyer(client)
            event, invoice = shapes.paid(reference), shapes.paid(reference)
            both = [event] * 4 + [invoice] * 4
            statuses = {(await one).status_code for one in asyncio.as_completed([tell(client, one) for one in both])}
            assert statuses <= {200, 503}
            # What was answered 503 is sent again.
            for one in both:
                assert (await tell(client, one)).status_code == 200
            assert await until(member) == DAY + 31
            assert len(selling.rows("payments")) == 1

    run(scenario())


def test_events_of_an_older_version_are_read(selling: Stand) -> None:
    async def scenario() -> None:
        async with selling.client() as client:
            member, reference = await buyer(client)
            assert (await tell(client, shapes.paid_before_2025(reference))).status_code == 200
            assert await until(member) == DAY + 31

    run(scenario())


def test_the_order_of_events_does_not_matter(selling: Stand) -> None:
    async def scenario() -> None:
        async with selling.client() as client:
            for number, order in enumerate(itertools.permutations(range(4))):
                selling.house.counters.take = lambda *_, **__: None  # type: ignore[method-assign]
                member, reference = await buyer(client)
                first, second = f"in_a{number}", f"in_b{number}"
                events = [
                    shapes.paid(reference, first),
                    shapes.paid(reference, second, days=31),
                    shapes.refunded(f"pi_{first}"),
                    shapes.subscription("deleted", reference),
                ]
                for at in order:
                    assert (await tell(client, events[at])).status_code == 200
                assert await until(member) == DAY + 32, order
                for event in events:
                    assert (await tell(client, event)).status_code == 200
                    assert (await tell(client, event | {"id": f"{event['id']}x"})).status_code == 200
                assert await until(member) == DAY + 32, order

    run(scenario())


def test_a_refund_takes_what_its_invoice_gave_and_no_more(selling: Stand, far: FarEnd) -> None:
    async def scenario() -> None:
        async with selling.client() as client:
            member, reference = await buyer(client)
            await tell(client, shapes.paid(reference))
            assert (await tell(client, shapes.refunded(whole=False))).status_code == 200
            assert (await tell(client, shapes.refunded("ch_of_something_else"))).status_code == 200
            assert await until(member) == DAY + 31
            far.works = False
            # Stripe sends it again.
            event = shapes.refunded()
            assert reason(await tell(client, event)) == (503, "service.busy")
            assert await until(member) == DAY + 31
            far.works = True
            assert (await tell(client, event)).status_code == 200
            assert await until(member) == DAY + 1
            # Time that is over stays over.
            selling.clock.now += 20 * DAY_S
            member.device.token = (await member.sign_in("device", member.device)).json()["token"]
            await tell(client, shapes.paid(reference, "in_2"))
            selling.clock.now += 20 * DAY_S
            await tell(client, shapes.refunded("pi_in_2"))
            member.device.token = (await member.sign_in("device", member.device)).json()["token"]
            assert await until(member) == DAY + 40

    run(scenario())


UNFIT: dict[str, Any] = {
    "a cent too little": lambda reference: shapes.paid(reference, amount_paid=3499),
    "nothing at all": lambda reference: shapes.paid(reference, amount_paid=0),
    "another currency": lambda reference: shapes.paid(reference, currency="jpy"),
    "somebody who ordered nothing here": lambda reference: shapes.paid("00" * 16),
}
WITHOUT_MEANING: dict[str, Any] = {
    "no period": lambda reference: shapes.paid(reference, days=0),
    "a period that is announced": lambda reference: shapes.subscription("updated", reference),
    "a reference of another kind": lambda reference: shapes.paid(f"{reference}\n"),
    "a reference that is a number": lambda reference: shapes.paid(7),  # type: ignore[arg-type]
    "something else that was paid": lambda reference: shapes.paid(reference, parent=None),
    "an event that we do not know": lambda reference: shapes.event(
        "payout.paid", {"id": "po_1", "reference": reference}
    ),
    "a page without a reference": lambda reference: shapes.completed(None),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("case", [*UNFIT, *WITHOUT_MEANING], ids=named)
def test_what_was_not_ordered_or_not_paid_for_gives_nothing(selling: Stand, case: str) -> None:
    async def scenario() -> None:
        async with selling.client() as client:
            member, reference = await buyer(client)
            assert (await tell(client, (UNFIT | WITHOUT_MEANING)[case](reference))).status_code == 200
            assert (await member.send("GET", "/v1/usage")).json()["plan"] == "free"
            with selling.house.database.reading() as connection:
                assert statistics(connection, DAY, 7).unfit == (case in UNFIT)

    run(scenario())


def test_a_longer_period_than_a_month_gives_a_month(selling: Stand) -> None:
    async def scenario() -> None:
        async with selling.client() as client:
            member, reference = await buyer(client)
            await tell(client, shapes.paid(reference, days=3650))
            assert await until(member) == DAY + 32

    run(scenario())


def test_a_later_price_is_for_later_subscriptions(selling: Stand) -> None:
    async def scenario() -> None:
        async with selling.client() as client:
            member, reference = await buyer(client)
            dearer = PLANS | {"plus": Plan(price=Price(4900, "usd"))}
            selling.house.settings = AccountSettings(plans=dearer)
            await tell(client, shapes.paid(reference))
            assert await until(member) == DAY + 31

    run(scenario())


def forged(body: bytes) -> dict[str, dict[str, str]]:
    """Headers that prove nothing."""
    now = int(time.time())
    good = shapes.signature(body)
    return {
        "no signature": {},
        "an empty one": {"stripe-signature": ""},
        "another secret": {"stripe-signature": shapes.signature(body, secret="whsec_guessed")},
        "an empty secret": {"stripe-signature": shapes.signature(body, secret="")},
        "six minutes old": {"stripe-signature": shapes.signature(body, at=now - 360)},
        "an old time, renewed": {"stripe-signature": good.replace(f"t={now}", f"t={now + 1}").replace("t=", "t=1")},
        "another scheme": {"stripe-signature": shapes.signature(body, scheme="v0")},
        "another body": {"stripe-signature": shapes.signature(body + b" ")},
        "no time": {"stripe-signature": good.partition(",")[2]},
        "a time that is no number": {"stripe-signature": "t=now," + good.partition(",")[2]},
        "a time of 5000 digits": {"stripe-signature": f"t={'9' * 5000}," + good.partition(",")[2]},
        "letters beyond ASCII": {"stripe-signature": good[:-1] + "é"},
        "many": {"stripe-signature": f"t={now}," + ",".join(f"v1={one:064x}" for one in range(20))},
    }


FORGED = sorted(forged(b""))


@pytest.mark.parametrize("case", FORGED, ids=named)
def test_a_forged_event_is_refused_like_every_other(selling: Stand, case: str) -> None:
    async def scenario() -> None:
        async with selling.client() as client:
            member, reference = await buyer(client)
            body = json.dumps(shapes.paid(reference)).encode()
            sent = [(name, value.encode("latin-1")) for name, value in forged(body)[case].items()]
            answer = await client.post(ROUTE, content=body, headers=sent)
            assert reason(answer) == (401, "access.refused")
            assert answer.json()["detail"] == ""
            assert await until(member) is None
            assert selling.rows("payment_events") == selling.rows("payments") == []

    run(scenario())


def test_a_signed_body_that_is_no_event_is_refused(selling: Stand) -> None:
    async def scenario() -> None:
        async with selling.client() as client:
            _, reference = await buyer(client)
            invoice = shapes.paid(reference)
            bodies = [
                b"", b"{}", b"[]", b"null", b"\xef\xbb\xbf{}", b"[" * 5000,
                b'{"id":"evt_1","type":"invoice.paid","data":{}}',
                json.dumps(invoice | {"id": "e" * 256}).encode(), json.dumps(invoice | {"id": 7}).encode(),
                json.dumps(shapes.paid(reference, amount_paid="3500")).encode(),
                json.dumps(shapes.paid(reference, amount_paid=-1)).encode(),
                json.dumps(shapes.paid(reference, amount_paid=2**60)).encode(),
                json.dumps(shapes.paid(reference, currency="US")).encode(),
                json.dumps(shapes.paid(reference, lines={"data": [{"period": {"start": -1, "end": 1}}]})).encode(),
            ]  # fmt: skip
            for body in bodies:
                assert reason(await tell(client, body)) == (400, "request.malformed"), body[:60]
            not_text = b"\xff\xfe"
            headers = {"stripe-signature": shapes.signature(not_text)}
            assert reason(await client.post(ROUTE, content=not_text, headers=headers)) == (401, "access.refused")
            huge = json.dumps(shapes.paid(reference)).encode() + b" " * MAX_EVENT
            assert reason(await tell(client, huge)) == (413, "request.too_large")
            assert (await tell(client, json.dumps(invoice).encode().ljust(MAX_EVENT))).status_code == 200

    run(scenario())


def test_time_of_one_plan_is_not_turned_into_time_of_another(selling: Stand) -> None:
    """Two pages of Checkout that were both opened before either was paid."""

    async def scenario() -> None:
        async with selling.client() as client:
            member, cheap = await buyer(client)
            dear = (await checkout(member, "team")).json()["url"].rpartition("/")[2]
            for number in range(3):
                await tell(client, shapes.paid(cheap, f"in_{number}"))
            assert await until(member) == DAY + 91
            await tell(client, shapes.paid(dear, "in_9", amount_paid=9900, currency="eur"))
            used = (await member.send("GET", "/v1/usage")).json()
            assert (used["plan"], used["until"]) == ("team", (DAY + 31) * DAY_S)

    run(scenario())


def test_an_erased_account_is_not_paid_for_again(selling: Stand, far: FarEnd) -> None:
    async def scenario() -> None:
        async with selling.client() as client:
            member, reference = await buyer(client)
            await tell(client, shapes.paid(reference))
            far.works = False
            assert reason(await member.send("DELETE", "/v1/account")) == (503, "service.busy")
            assert len(selling.rows("accounts")) == 1
            far.works = True
            assert (await member.send("DELETE", "/v1/account")).status_code == 200
            assert far.asked[-1][:2] == ("DELETE", "/v1/subscriptions/sub_1")
            assert selling.rows("accounts") == selling.rows("subscriptions") == []
            assert [row[1] for row in selling.rows("payments")] == [None]
            for event in (shapes.paid(reference, "in_2"), shapes.refunded(), shapes.subscription("deleted", reference)):
                assert (await tell(client, event)).status_code == 200
            with selling.house.database.reading() as connection:
                counted = statistics(connection, DAY, 7)
            assert (counted.invoices, counted.returned, counted.unfit) == (1, 1, 1)

    run(scenario())


def test_a_subscription_that_stripe_no_longer_knows_is_ended_already(selling: Stand) -> None:
    assert selling.house.payments is not None
    selling.house.payments.cancel("sub_gone")


def test_a_slow_provider_holds_two_threads_and_no_more(selling: Stand, far: FarEnd) -> None:
    """Both ask and are not answered until the third was refused."""

    async def scenario() -> None:
        async with selling.client() as client:
            members = [Member(client) for _ in range(3)]
            for one in members:
                await one.create()
            far.answers.clear()
            far.arrived = Semaphore(0)
            try:
                waiting = [asyncio.create_task(checkout(one)) for one in members[:2]]
                for _ in waiting:
                    assert await asyncio.to_thread(far.arrived.acquire, timeout=60)
                assert reason(await checkout(members[2])) == (503, "service.busy")
            finally:
                far.answers.set()
            assert [(await one).status_code for one in waiting] == [200, 200]
            assert (await checkout(members[2])).status_code == 200

    run(scenario())


def test_rows_are_forgotten_in_time_and_hold_no_fine_moment(selling: Stand) -> None:
    async def scenario() -> None:
        async with selling.client() as client:
            _, reference = await buyer(client)
            await buyer(client)
            await tell(client, shapes.paid(reference))
            for table in ("payments", "subscriptions", "payment_events"):
                cells = [cell for row in selling.rows(table) for cell in row]
                assert not any(isinstance(cell, int) and abs(cell - NOW) < 90 * DAY_S for cell in cells)
            assert [len(selling.rows(one)) for one in TABLES] == [1, 2, 1]
            for days, left in ((7, [1, 2, 1]), (1, [1, 1, 1]), (23, [1, 1, 0]), (370, [0, 1, 0])):
                selling.clock.now += days * DAY_S
                sweep(selling.house)
                assert [len(selling.rows(one)) for one in TABLES] == left

    run(scenario())


TABLES = ("payments", "subscriptions", "payment_events")
OPEN = """
import sys
from pathlib import Path
import msgspec
from privity_service.accounts.application import application
from privity_service.accounts.opening import open_house
from privity_service.accounts.settings import AccountSettings, DatabasePlace
settings = msgspec.json.decode(sys.argv[2], type=AccountSettings)
house = open_house(Path(sys.argv[1]), DatabasePlace(), settings, "open", "http://localhost:1")
application(house)
house.database.close()
print("stripe" in sys.modules, repr(house.payments))
"""


def opened(folder: Path, settings: Json) -> str:
    words = [sys.executable, "-c", OPEN, str(folder), json.dumps(settings)]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()


def test_a_service_without_payments_does_not_load_the_library(tmp_path: Path) -> None:
    assert opened(tmp_path / "off", {}) == "False None"
    files = {}
    for name in ("key_file", "webhook_secret_file"):
        path = tmp_path / name
        path.write_text("secret\n")
        path.chmod(0o600)
        files[name] = str(path)
    assert opened(tmp_path / "on", {"payments": {"stripe": files}}) == "True StripeCheckout(secret)"


@pytest.mark.parametrize("content", [b"", b"\n", b"x" * 513, b"\xff\xfe", b"two\nlines"])
def test_a_file_that_holds_no_secret_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "secret"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(secret_file.SecretUnfit):
        secret_file.read(path)
    path.write_bytes(b"sk_1\n")
    assert secret_file.read(path) == "sk_1"
    path.chmod(0o604)
    with pytest.raises(secret_file.SecretUnfit):
        secret_file.read(path)
