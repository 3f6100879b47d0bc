"""Tokens of an account against the real service: drawn once, shared by its devices, spent once, whatever breaks."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from history_stand import NOW, Chance, Cut
from privity_client.errors import ClientError
from privity_client.history import drawing, edits, sync, usage, wallets
from privity_client.history.calls import Call, Flow, Reply, expect
from privity_client.history.reasons import ServiceRefused
from privity_client.wallet.guest import GuestPurse
from privity_protocol import token
from privity_protocol.errors import Malformed
from privity_protocol.token import PublicKey
from privity_service.accounts.plans import Plan
from privity_vault.contents.schema import Kind
from privity_vault.contents.wallet import Wallet
from wallet_stand import CHALLENGE, DAY_S, Log, Purse, Stand, metered

TODAY = NOW // DAY_S


def rid(number: int) -> bytes:
    return number.to_bytes(16)


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[Stand]:
    with metered(tmp_path) as made:
        yield made


@pytest.fixture
def laptop(stand: Stand, tmp_path: Path) -> Purse:
    return stand.purse(stand.house.create(tmp_path / "laptop"))


def refused(purse: Purse, number: int = 0) -> ClientError:
    with pytest.raises(ClientError) as caught:
        purse.pay(rid(number))
    return caught.value


def test_a_fresh_account_has_twenty_at_once_and_the_next_is_refused_until_midnight(stand: Stand, laptop: Purse) -> None:
    found = laptop.spend(20)
    assert len(set(found)) == 20
    assert stand.log.leaf is not None
    keys = {one.key_id: one for one in (PublicKey.decode(one.spki) for one in stand.log.leaf.keys)}
    for one in found:
        token.verify(one, keys, challenge_digest=sha256(CHALLENGE).digest())
    error = refused(laptop)
    assert (error.reason, error.detail) == ("tokens_gone", "The next ones are there from 2026-09-22 00:00 UTC.")
    assert stand.calls("/v1/tokens") == 1


def test_the_same_request_is_paid_with_the_same_tokens_and_after_a_refusal_with_others(laptop: Purse) -> None:
    first = laptop.pay(rid(1), 2)
    assert laptop.pay(rid(1), 2) == first
    assert laptop.pay(rid(1), 1) == first[:1]
    assert laptop.pay(rid(1), 3)[:2] == first
    laptop.refused(rid(1))
    assert set(laptop.pay(rid(1), 2)).isdisjoint(first)


def test_what_waits_of_chats_does_not_leave_with_a_claim(stand: Stand, laptop: Purse) -> None:
    laptop.machine.write("A question that waits for its moment")
    waiting = laptop.machine.replica.store.waits()
    laptop.pay(rid(1))
    assert laptop.machine.replica.store.waits() == waiting > 0


def test_two_devices_share_a_day_and_spend_nothing_twice(stand: Stand, laptop: Purse, tmp_path: Path) -> None:
    phone = stand.purse(stand.house.recover(tmp_path / "phone", laptop.machine.code))
    found = []
    for _ in range(10):
        found += laptop.spend(1) + phone.spend(1)
    assert len(set(found)) == 20
    assert {refused(laptop).reason, refused(phone).reason} == {"tokens_gone"}
    assert stand.calls("/v1/tokens") == 1


class Overtaken:
    """The service, where another device's flow comes in between a page and its arrival."""

    def __init__(self, service: Any, other: Flow[Any]) -> None:
        self._service, self._other = service, [other]

    async def run(self, flow: Flow[Any]) -> Any:
        return await self._service.run(self._through(flow))

    def _through(self, flow: Flow[Any]) -> Flow[Any]:
        try:
            call = next(flow)
            while True:
                if call.method == "POST" and call.path == "/v1/pages" and self._other:
                    yield from self._other.pop()
                call = flow.send((yield call))
        except StopIteration as ended:
            return ended.value


def test_a_device_that_wrote_first_keeps_its_block(stand: Stand, laptop: Purse, tmp_path: Path) -> None:
    phone = stand.purse(stand.house.recover(tmp_path / "phone", laptop.machine.code))
    laptop.spend(5)

    def claimed() -> Flow[None]:
        yield from sync.pull(phone.machine.replica, phone.machine.way)
        assert (yield from drawing.claim(phone.machine.replica, phone.machine.way, TODAY))

    laptop.service = Overtaken(stand.house._service, claimed())
    found = laptop.spend(5)
    assert wallets.left(phone.machine.replica, TODAY) == 5
    assert len(set(found + phone.spend(5))) == 10


def test_a_lost_answer_of_the_issuer_costs_nothing(stand: Stand, laptop: Purse) -> None:
    def cut(call: Call, reply: Reply) -> Reply:
        if call.path == "/v1/tokens":
            raise Cut
        return reply

    stand.house.tricks.append(cut)
    for _ in range(2):
        with pytest.raises(Cut):
            laptop.pay(rid(1))
    stand.house.tricks.clear()
    laptop.machine = laptop.machine.reopen()
    assert len(set(laptop.spend(20))) == 20
    keys = {one.headers["idempotency-key"] for one in stand.house.calls if one.path == "/v1/tokens"}
    assert len(keys) == 1


def test_a_drawing_that_never_arrived_is_made_all_the_same(stand: Stand, laptop: Purse) -> None:
    def cut(call: Call) -> None:
        if call.path == "/v1/tokens":
            raise Cut

    stand.house.before.append(cut)
    with pytest.raises(Cut):
        laptop.pay(rid(1))
    stand.house.before.clear()
    assert len(set(laptop.spend(20))) == 20


def test_a_wallet_that_was_not_published_is_published_later(stand: Stand, laptop: Purse) -> None:
    def cut(call: Call) -> None:
        if call.path == "/v1/pages" and call.method == "POST":
            raise Cut

    stand.house.before.append(cut)
    with pytest.raises(Cut):
        laptop.pay(rid(1))
    stand.house.before.clear()
    assert len(set(laptop.spend(20))) == 20
    assert stand.calls("/v1/tokens") == 1


KILLED = """
import os, signal, sys
from pathlib import Path
from privity_client.history import wallets
from privity_client.history.session import Folder, here
with here(Folder(Path(sys.argv[1])), clock=lambda: int(sys.argv[2]) * 1000) as (replica, _):
    print(wallets.take(replica, bytes.fromhex(sys.argv[3]), 1)[0].hex(), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_killed_between_mark_and_sending_nothing_is_spent_twice(stand: Stand, laptop: Purse) -> None:
    laptop.spend(1)
    arguments = [str(laptop.machine.folder), str(stand.house.now), rid(7).hex()]
    done = subprocess.run([sys.executable, "-c", KILLED, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL
    taken = bytes.fromhex(done.stdout.strip())
    assert laptop.pay(rid(7)) == (taken,)
    others = laptop.spend(18)
    assert taken not in others
    assert refused(laptop).reason == "tokens_gone"
    stand.house.now += wallets.ABANDONED_S + 1
    assert laptop.request_id() == rid(7)
    assert laptop.request_id() != rid(7)
    assert laptop.pay(rid(7)) == (taken,)
    laptop.ended(rid(7))
    assert laptop.request_id() != rid(7)


def other_key(folder: Path) -> Log:
    """A log that lists another key for the same plan and day: one made for a single person."""
    folder.mkdir()
    with metered(folder, seed="other") as other:
        return other.log


def test_a_key_that_is_not_logged_is_refused(stand: Stand, laptop: Purse) -> None:
    stand.log.leaf = None
    assert refused(laptop).reason == "issuer_refused"
    assert stand.calls("/v1/tokens") == 0


def test_a_key_that_changed_for_its_plan_and_day_is_refused(stand: Stand, laptop: Purse, tmp_path: Path) -> None:
    foreign, honest = other_key(tmp_path / "other").leaf, stand.log.leaf
    laptop.spend(20)
    stand.house.now += DAY_S
    stand.log.leaf = foreign
    assert refused(laptop).reason == "issuer_refused"
    assert stand.calls("/v1/tokens") == 1
    stand.log.leaf = honest
    assert laptop.spend(1)


def test_what_another_key_signed_is_thrown_away(stand: Stand, laptop: Purse) -> None:
    def forged(call: Call, reply: Reply) -> Reply:
        if call.path != "/v1/tokens":
            return reply
        *good, last = json.loads(reply.data)["signatures"]
        other = ("A" if last[9] != "A" else "B").join((last[:9], last[10:]))
        return Reply(200, json.dumps({"signatures": [*good, other]}).encode())

    stand.house.tricks.append(forged)
    assert refused(laptop).reason == "issuer_refused"
    assert laptop.machine.replica.store.tokens.drawings() == []
    assert not wallets.held(laptop.machine.replica)


def test_a_block_is_claimed_ahead_of_need_after_a_wait(stand: Stand, laptop: Purse) -> None:
    laptop.spend(3)
    before = stand.calls("/v1/pages")
    laptop.tend()
    laptop.tend()
    assert stand.calls("/v1/pages") == before
    stand.house.now += 601
    laptop.tend()
    assert wallets.left(laptop.machine.replica, TODAY) == 7
    asked = len(stand.house.calls)
    laptop.spend(7)
    assert len(stand.house.calls) == asked


def test_tomorrow_is_drawn_this_evening_and_spent_tomorrow(stand: Stand, laptop: Purse) -> None:
    laptop.spend(20)
    stand.house.now = (TODAY + 1) * DAY_S - 6 * 3600
    laptop.tend()
    assert stand.calls("/v1/tokens") == 1
    stand.house.now = (TODAY + 1) * DAY_S - 1
    laptop.tend()
    assert stand.calls("/v1/tokens") == 2
    assert refused(laptop).reason == "tokens_gone"
    stand.house.now = (TODAY + 1) * DAY_S
    asked = len(stand.house.calls)
    assert laptop.spend(5)
    assert len(stand.house.calls) == asked


def test_a_clock_that_went_back_spends_nothing_twice_and_waits_no_longer(stand: Stand, laptop: Purse) -> None:
    spent = laptop.spend(4)
    laptop.tend()
    stand.house.now -= 5 * 3600
    laptop.tend()
    assert wallets.left(laptop.machine.replica, TODAY) == 6
    assert set(laptop.spend(6)).isdisjoint(spent)
    stand.house.now -= DAY_S
    with pytest.raises((ServiceRefused, ClientError)):
        laptop.pay(rid(1))


def test_wallets_are_deleted_when_their_day_is_long_over(stand: Stand, laptop: Purse) -> None:
    laptop.spend(2)
    stand.house.now += 2 * DAY_S
    laptop.tend()
    laptop.machine.sync()
    store = laptop.machine.replica.store
    assert store.items(box=laptop.machine.replica.home, kind=int(Kind.WALLET)) == []
    assert store.tokens.marks() == frozenset()


def test_a_larger_plan_is_drawn_in_batches_of_the_devices_own(tmp_path: Path) -> None:
    with metered(tmp_path, {"free": Plan(None, None, 300, "Large")}) as stand:
        laptop = stand.purse(stand.house.create(tmp_path / "laptop"))
        phone = stand.purse(stand.house.recover(tmp_path / "phone", laptop.machine.code))
        found = laptop.spend(24) + phone.spend(1)
        assert stand.calls("/v1/tokens") == 2
        laptop.spend(1)
        for _ in range(2):
            laptop.tend()
            stand.house.now += 601
        laptop.tend()
        assert stand.calls("/v1/tokens") == 3
        assert wallets.left(laptop.machine.replica, TODAY) == 7 + 32
        assert len(set(found)) == 25


def test_another_devices_claims_and_changed_tokens_are_not_believed(stand: Stand, laptop: Purse) -> None:
    laptop.spend(1)
    replica = laptop.machine.replica
    ((id_, held),) = wallets.held(replica).items()
    stranger = bytes(16)
    taken = replace(held, claims=tuple((block, stranger) for block, _ in held.claims))
    edits.put(replica, taken, box=replica.home, id_=id_)
    laptop.machine.sync()
    assert wallets.held(replica)[id_].claims == held.claims
    assert laptop.spend(4)
    edits.put(replica, Wallet(held.issuer, held.day, (b"another",), ()), box=replica.home, id_=id_)
    laptop.machine.sync()
    assert wallets.held(replica) == {}


def test_guests_of_a_network_share_a_few_and_read_what_an_account_has(stand: Stand) -> None:
    house = stand.house
    house.house.blinded = lambda _prefix: bytes(16)  # type: ignore[method-assign]
    guests = [
        GuestPurse(house._service, stand.log, CHALLENGE, clock=lambda: house.now, entropy=Chance(name))
        for name in ("one", "two")
    ]
    pay = [lambda *given, guest=one: house._runner.run(guest.pay(*given)) for one in guests]
    first = pay[0](rid(1), 2)
    assert pay[0](rid(1), 2) == first
    house._runner.run(guests[0].refused(rid(1)))
    found = {*first, *pay[0](rid(1), 2), *pay[1](rid(1), 1)}
    assert len(found) == 5
    with pytest.raises(ClientError, match=r"tokens_gone.*privity account create"):
        pay[1](rid(2), 1)
    stand.log.leaf = None
    with pytest.raises(ClientError, match="issuer_refused"):
        pay[1](rid(2), 1)


USED = {"plan": "free", "until": None, "grace_until": None, "active_chats": 1, "archived_chats": 0, "bytes": 2}
LIMITS = {"active_chats": 5, "bytes": None, "daily": 20}


def told(**changes: object) -> Reply:
    return Reply(200, json.dumps({**USED, "limits": LIMITS, "drawn": [], **changes}).encode())


def test_what_an_account_uses_is_read_strictly() -> None:
    found = usage.usage(told(drawn=[{"day": "2026-09-22", "count": 3}], later="unknown"))
    assert (found.drawn, found.limits.daily, found.limits.bytes) == ({"2026-09-22": 3}, 20, None)
    for wrong in ({"plan": 1}, {"limits": []}, {"drawn": [3]}, {"drawn": None}, {"bytes": -1}, {"until": "x"}):
        with pytest.raises(Malformed):
            usage.usage(told(**wrong))


def test_what_the_service_offers_is_what_is_shown(stand: Stand) -> None:
    plans, guests = stand.house.run(_offer())
    assert ([(one.name, one.limits.daily) for one in plans], guests) == ([("free", 20)], 5)


def _offer() -> Flow[Any]:
    return usage.plans(expect((yield Call("GET", "/v1/plans")), 200))
