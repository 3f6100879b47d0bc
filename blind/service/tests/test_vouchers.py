"""Vouchers: what a code says, and how one is redeemed once."""

import asyncio
import json
import random
import re
import string
from pathlib import Path
from secrets import token_bytes
from typing import Any

import make_voucher_vectors as maker
import pytest
from account_process import ServiceProcess
from account_stand import Stand, reason, run
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st
from member import Json, Member, spelled
from privity_service.accounts.plans import DAY_S, Plan, default_plans
from privity_service.accounts.settings import AccountSettings
from privity_service.accounts.sweep import sweep
from privity_service.admin.__main__ import main
from privity_service.vouchers import key_file
from privity_service.vouchers.letters import Mistyped, read, spell
from privity_service.vouchers.voucher import NotSigned, NoVoucher, Voucher, verify

FILE = Path(__file__).resolve().parents[3] / "vectors/voucher/cases.json"
KEY = Ed25519PrivateKey.generate()
PLANS = default_plans() | {"team": Plan(), "other": Plan()}


def test_the_vectors_are_what_their_script_writes() -> None:
    assert FILE.read_text() == maker.document()


@pytest.mark.parametrize("case", json.loads(FILE.read_text())["cases"], ids=lambda case: case["id"])
def test_a_code_is_read_as_the_vectors_say(case: Json) -> None:
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(case["input"]["key"]))
    expected = case["expect"]
    if "ok" in expected:
        found = verify(read(case["input"]["code"]), [key])
        shown = {"plan": found.plan, "days": found.days, "last_day": found.last_day, "id": found.id.hex()}
        assert shown == expected["ok"]
        return
    kinds = Mistyped if expected["row"] is not None else NoVoucher
    with pytest.raises(kinds if expected["error"] == "voucher.malformed" else NotSigned) as refused:
        verify(read(case["input"]["code"]), [key])
    if isinstance(refused.value, Mistyped):
        assert refused.value.row == expected["row"]


@given(st.binary(min_size=1, max_size=200))
def test_whatever_is_spelt_is_read_again(data: bytes) -> None:
    code = spell(data)
    assert read(code) == data
    assert not code.startswith("-")
    assert re.fullmatch(r"[0-9A-Z]{1,4}(-[0-9A-Z]{1,4})*", code)


def test_every_letter_that_is_wrong_is_seen_in_its_row() -> None:
    code = spell(Voucher("plus", 30, 20_800, token_bytes(8)).signed(KEY)).replace("-", "")
    for at, letter in enumerate(code):
        for other in set(string.digits + string.ascii_uppercase) - set("ILOU") - {letter}:
            with pytest.raises(Mistyped) as refused:
                read(code[:at] + other + code[at + 1 :])
            assert refused.value.row == at // 24 + 1


@given(st.text(max_size=400) | st.text(alphabet=maker.LETTERS + "- ", max_size=400), st.randoms())
def test_any_text_is_a_voucher_or_one_of_the_refusals(typed: str, rng: random.Random) -> None:
    spoilt = list(maker.CODE)
    spoilt[rng.randrange(len(spoilt))] = typed[:1]
    for one in (typed, "".join(spoilt)):
        try:
            verify(read(one), [KEY.public_key()])
        except (Mistyped, NoVoucher, NotSigned):
            continue
        pytest.fail("nobody signed this")


@pytest.fixture
def selling(make_stand: Any) -> Stand:
    """A service that takes vouchers of KEY."""
    public = spelled(KEY.public_key().public_bytes_raw())
    stand: Stand = make_stand(settings=AccountSettings(voucher_keys=[public], plans=PLANS))
    return stand


def made(stand: Stand, plan: str = "plus", days: int = 30, last: int = 10, key: Ed25519PrivateKey = KEY) -> str:
    return spell(Voucher(plan, days, stand.house.day + last, token_bytes(8)).signed(key))


async def redeem(member: Member, code: str, key: str | None = None) -> Any:
    headers = {"idempotency-key": key or spelled(token_bytes(16))}
    return await member.send("POST", "/v1/vouchers", json={"code": code}, headers=headers)


def test_a_voucher_gives_its_days_once(selling: Stand) -> None:
    async def scenario() -> None:
        async with selling.client() as client:
            first, second = Member(client), Member(client)
            for one in (first, second):
                await one.create()
            assert (await client.get("/v1/plans")).json()["vouchers"] is True
            code, key, day = made(selling), spelled(token_bytes(16)), selling.house.day
            answer = await redeem(first, code.lower().replace("-", " "), key)
            assert (answer.status_code, answer.json()) == (200, {"plan": "plus", "until": (day + 31) * DAY_S})
            assert (await redeem(first, code.lower().replace("-", " "), key)).json() == answer.json()
            assert reason(await redeem(first, code, key)) == (422, "request.key_reused")
            for one in (first, second):
                assert reason(await redeem(one, code)) == (409, "voucher.used")
            used = (await first.send("GET", "/v1/usage")).json()
            assert (used["plan"], used["until"]) == ("plus", (day + 31) * DAY_S)
            assert (await second.send("GET", "/v1/usage")).json()["plan"] == "free"
            # Another one adds to the end, and after the end it begins anew.
            assert (await redeem(first, made(selling, days=1))).json()["until"] == (day + 32) * DAY_S
            selling.clock.now += 60 * DAY_S
            first.device.token = (await first.sign_in("device", first.device)).json()["token"]
            assert (await first.send("GET", "/v1/usage")).json()["plan"] == "free"
            assert (await redeem(first, made(selling))).json()["until"] == (day + 91) * DAY_S

    run(scenario())


def test_what_is_refused_changes_nothing(selling: Stand) -> None:
    async def scenario() -> None:
        async with selling.client() as client:
            member = Member(client)
            await member.create()
            before = selling.rows("accounts")
            code = made(selling)
            cases = [
                (code[:-1] + ("7" if code[-1] != "7" else "8"), (422, "voucher.malformed")),
                (made(selling, key=Ed25519PrivateKey.generate()), (404, "voucher.unknown")),
                (made(selling, last=-1), (404, "voucher.unknown")),
                (made(selling, "gone"), (404, "voucher.unknown")),
                (made(selling, "free"), (404, "voucher.unknown")),
                ("", (400, "request.malformed")),
                ("0" * 1025, (400, "request.malformed")),
            ]
            for typed, expected in cases:
                assert reason(await redeem(member, typed)) == expected, typed
            answer = await member.send("POST", "/v1/vouchers", json={"code": made(selling)})
            assert reason(answer) == (400, "request.malformed")
            assert (selling.rows("accounts"), selling.rows("payments")) == (before, [])
            assert "row 6" in (await redeem(member, cases[0][0])).json()["detail"]
            # The last day itself counts.
            assert (await redeem(member, made(selling, last=0))).status_code == 200

    run(scenario())


def test_days_of_one_plan_do_not_become_days_of_another(selling: Stand) -> None:
    async def scenario() -> None:
        async with selling.client() as client:
            member = Member(client)
            await member.create()
            assert (await redeem(member, made(selling, "team", 365))).status_code == 200
            dear = made(selling, "other", 1)
            assert reason(await redeem(member, dear)) == (409, "plan.running")
            selling.clock.now += 366 * DAY_S
            member.device.token = (await member.sign_in("device", member.device)).json()["token"]
            late = made(selling, "other", 1)
            assert (await redeem(member, late)).json() == {"plan": "other", "until": (selling.house.day + 2) * DAY_S}

    run(scenario())


def test_many_at_once_redeem_it_once(selling: Stand) -> None:
    async def scenario() -> None:
        async with selling.client() as client:
            members = [Member(client) for _ in range(4)]
            for one in members:
                await one.create()
            code = made(selling)
            answers = await asyncio.gather(*(redeem(one, code) for one in members))
            assert sorted(one.status_code for one in answers) == [200, 409, 409, 409]
            assert len(selling.rows("payments")) == 1

    run(scenario())


def test_a_redeemed_voucher_stays_redeemed_when_its_account_is_erased(selling: Stand) -> None:
    async def scenario() -> None:
        async with selling.client() as client:
            member, other = Member(client), Member(client)
            for one in (member, other):
                await one.create()
            code = made(selling)
            voucher = verify(read(code), [KEY.public_key()])
            assert (await redeem(member, code)).status_code == 200
            (row,) = selling.rows("payments")
            assert voucher.id not in b"".join(bytes(cell) for cell in row if isinstance(cell, bytes | memoryview))
            assert (await member.send("DELETE", "/v1/account")).status_code == 200
            assert selling.rows("payments")[0][1] is None
            assert reason(await redeem(other, code)) == (409, "voucher.used")
            selling.clock.now += 10 * DAY_S
            sweep(selling.house)
            assert len(selling.rows("payments")) == 1
            selling.clock.now += DAY_S
            sweep(selling.house)
            assert selling.rows("payments") == []

    run(scenario())


def test_an_account_tries_ten_an_hour(selling: Stand) -> None:
    async def scenario() -> None:
        async with selling.client() as client:
            member = Member(client)
            await member.create()
            for _ in range(10):
                assert (await redeem(member, "0000")).status_code == 422
            assert reason(await redeem(member, made(selling))) == (429, "request.too_many")

    run(scenario())


def test_a_batch_is_made_and_taken(selling: Stand, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def command(*words: str) -> tuple[int, str, str]:
        code = main(["--config", str(service.config), *words])
        said = capsys.readouterr()
        return code, said.out, said.err

    service, key = ServiceProcess(tmp_path), tmp_path / "voucher.key"
    service.write()
    done, out, _ = command("voucher-key", str(key))
    public = out.strip()
    assert (done, len(public), key.stat().st_mode & 0o777) == (0, 43, 0o600)
    assert command("voucher-key", str(key))[1] == out
    done, out, err = command("vouchers", "--key", str(key))
    assert (done, out, public in err) == (1, "", True)
    service.configuration = {"voucher_keys": [public]}
    service.write()
    assert command("vouchers", "--key", str(key), "--plan", "free")[0] == 1
    assert command("vouchers", "--key", str(key), "--plan", "gold")[2].startswith("FAILED a voucher is for one of")
    assert command("vouchers", "--key", str(key), "--days", "3661")[0] == 1
    done, out, _ = command("vouchers", "--key", str(key), "--count", "3", "--days", "7", "--expires", "36500")
    codes = out.split()
    assert (done, len(set(codes))) == (0, 3)
    selling.house.settings = AccountSettings(voucher_keys=[public])

    async def scenario() -> None:
        async with selling.client() as client:
            member = Member(client)
            await member.create()
            answer = await redeem(member, codes[0])
            assert answer.json() == {"plan": "plus", "until": (selling.house.day + 8) * DAY_S}

    run(scenario())
    key.chmod(0o640)
    assert command("vouchers", "--key", str(key))[2] == "FAILED voucher.key: others can read it\n"
    key.chmod(0o600)
    key.write_bytes(bytes(31))
    with pytest.raises(key_file.KeyFileUnfit):
        key_file.read(key)
