"""The operator's commands, against a database that a service could be using."""

import hashlib
import json
import time
from pathlib import Path
from secrets import token_bytes

import pytest
from account_process import ServiceProcess
from account_stand import Stand, run, stand_on
from member import Member, body_of, octets, spelled
from privity_protocol.stored.page import Op
from privity_service.accounts.plans import DAY_S
from privity_service.accounts.tables import Invitation, TokenDraw
from privity_service.admin.__main__ import main
from privity_service.admin.issuer import logged_keys
from privity_service.issuer.keys import IssuerKeys, date_of
from sqlalchemy import insert


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration with registration by invitation."""
    service = ServiceProcess(tmp_path, registration="invitation")
    service.write()
    return service.config


@pytest.fixture
def stand(tmp_path: Path, config: Path) -> Stand:
    """The same database with an open registration, to have accounts in it."""
    (tmp_path / "state/accounts").mkdir(parents=True)
    return stand_on(f"sqlite:///{tmp_path}/state/accounts/accounts.db")


def made(stand: Stand) -> Member:
    async def scenario() -> Member:
        async with stand.client() as client:
            member = Member(client)
            assert (await member.create()).status_code == 201
            await member.box()
            return member

    return run(scenario())


def test_plans_and_quotas_are_given_and_shown(stand: Stand, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    member = made(stand)
    name = spelled(member.account)
    assert main(["--config", str(config), "plan", name, "plus"]) == 0
    assert "active chats    1 of any" in capsys.readouterr().out
    assert main(["--config", str(config), "quota", member.account.hex(), "--chats", "1", "--bytes", "9"]) == 0
    shown = capsys.readouterr().out
    assert "active chats    1 of 1" in shown
    assert " of 9" in shown
    assert main(["--config", str(config), "quota", name]) == 0
    assert "of any" in capsys.readouterr().out
    assert main(["--config", str(config), "plans"]) == 0
    assert "free        5 active chats, 500000000 bytes, 20 tokens a day, of new accounts" in capsys.readouterr().out


def test_a_plan_is_given_for_some_days(stand: Stand, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name, before = made(stand).account.hex(), int(time.time()) // DAY_S
    assert main(["--config", str(config), "plan", name, "plus", "--days", "3"]) == 0
    ends = {f"end of time     {date_of(day + 4)}" for day in (before, int(time.time()) // DAY_S)}
    assert ends & set(capsys.readouterr().out.splitlines())
    assert main(["--config", str(config), "plan", name, "paid"]) == 0
    assert capsys.readouterr().out.startswith("plan            plus\nend of time     none\n")


def test_the_keys_of_tokens_are_shown_with_whether_they_are_logged(
    stand: Stand, config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--config", str(config), "issuer"]) == 1
    assert capsys.readouterr().err.startswith("FAILED this service issues no tokens")
    document = json.loads(config.read_text())
    document["accounts"] |= {"issuance": {}, "plans": {"free": {}}}
    config.write_text(json.dumps(document | {"published": str(tmp_path)}))
    assert main(["--config", str(config), "issuer"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert [line.split()[1:3] for line in shown] == [["free", "key"]] * len(shown)
    assert {line.split()[5] for line in shown} == {"unknown"}
    assert {line.split()[-1] for line in shown} == {"0"}
    keys = IssuerKeys(tmp_path / "state/accounts/issuer", ("free",))
    keys.prepare(int(time.time()))
    logged = keys.listed(int(time.time()))[-1]
    entry = {"plan": "free", "day": logged.date, "nbf": 0, "exp": 1, "spki": logged.signing.public.spki.hex()}
    leaf = spelled(json.dumps({"v": 1, "t": "issuers", "keys": [entry]}).encode())
    bulletin = {"keys": {"entries": [{"leaf": spelled(b"[]")}, {"leaf": leaf, "index": 1, "path": []}]}}
    (tmp_path / "bulletin").write_text(json.dumps(bulletin))
    member = made(stand)
    with stand.house.database.writing() as connection:
        row = {"account": member.account, "plan": "free", "day": logged.day, "count": 7}
        connection.execute(insert(TokenDraw).values(**row))
    assert main(["--config", str(config), "issuer"]) == 0
    lines = {line.split()[0]: line.split() for line in capsys.readouterr().out.splitlines()}
    found = lines.pop(logged.date)
    assert (found[5], found[-1]) == ("yes", "7")
    assert {words[5] for words in lines.values()} == {"no"}
    for spoilt in ("[]", "{", '{"keys": {"entries": [{"leaf": "A"}]}}', "[" * 5000):
        (tmp_path / "bulletin").write_text(spoilt)
        assert logged_keys(tmp_path) is None


def test_a_name_that_begins_with_a_hyphen_is_no_option(
    stand: Stand, config: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = spelled(b"\xfb" * 16)
    assert missing.startswith("-")
    assert main(["--config", str(config), "show", missing]) == 1
    assert capsys.readouterr().err == "FAILED no such account\n"
    drawn = iter([b"\xfb" * 16, bytes(16)])
    monkeypatch.setattr("privity_service.admin.commands.token_bytes", lambda _: next(drawn))
    assert main(["--config", str(config), "invite"]) == 0
    assert capsys.readouterr().out.strip() == "A" * 22
    with stand.house.database.writing() as connection:
        hash_ = hashlib.sha256(missing.encode()).digest()
        connection.execute(insert(Invitation).values(hash=hash_, uses=1, last_day=10**6))
    assert main(["--config", str(config), "withdraw", missing]) == 0
    assert main(["--config", str(config), "withdraw", missing]) == 1


def test_an_account_is_erased(stand: Stand, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    member = made(stand)
    assert main(["--config", str(config), "erase", spelled(member.account)]) == 0
    assert capsys.readouterr().out.startswith("erased; receipt ")
    assert stand.rows("accounts") == stand.rows("bodies") == stand.rows("pages") == []
    assert main(["--config", str(config), "erase", spelled(member.account)]) == 1
    assert capsys.readouterr().err == "FAILED no such account\n"


def test_invitations_are_made_used_and_withdrawn(
    make_stand, stand: Stand, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--config", str(config), "invite", "--uses", "2"]) == 0
    code = capsys.readouterr().out.strip()
    assert len(octets(code)) == 16
    assert code not in repr(stand.rows("invitations"))
    stand.house.registration = "invitation"

    async def scenario() -> None:
        async with stand.client() as client:
            stand.clock.now = 10**9
            assert (await Member(client).create(invitation=code)).status_code == 201

    run(scenario())
    assert main(["--config", str(config), "withdraw", code]) == 0
    assert main(["--config", str(config), "withdraw", code]) == 1


def test_statistics_count_and_show_no_account(stand: Stand, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    member = made(stand)

    async def scenario() -> None:
        async with stand.client() as client:
            member.client = client
            await member.write(Op.PUT, bytes(16), body_of())

    run(scenario())
    assert main(["--config", str(config), "statistics"]) == 0
    shown = capsys.readouterr().out
    assert dict(line.split(maxsplit=1) for line in shown.splitlines() if "by_plan" not in line) == {
        "accounts": "1", "active_chats": "1", "archived_chats": "0", "pages": "2", "staged_bodies": "0",
        "passkeys": "1", "tokens": "1", "shares": "0", "invitations": "0",
        "drawn_today": "{}", "vouchers": "0", "invoices": "0", "returned": "0", "unfit": "0", "subscriptions": "0",
        "bytes": str(stand.rows("accounts")[0][11]),
    }  # fmt: skip
    assert spelled(member.account) not in shown


def test_counters_are_the_same_of_other_people_with_other_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What an operator counts holds neither account nor message: it changes with neither."""
    shown, accounts, today = [], [], int(time.time()) // DAY_S
    for name in ("these", "those"):
        folder = tmp_path / name
        (folder / "state/accounts").mkdir(parents=True)
        service = ServiceProcess(folder)
        service.write()
        stand = stand_on(f"sqlite:///{folder}/state/accounts/accounts.db")
        member = made(stand)
        accounts.append(member.account)

        async def write(stand: Stand = stand, member: Member = member) -> None:
            async with stand.client() as client:
                member.client = client
                await member.write(Op.PUT, token_bytes(16), body_of())

        run(write())
        with stand.house.database.writing() as connection:
            for day in (today, today + 1):  # midnight may come in between
                drawn = {"account": member.account, "plan": "free", "day": day, "count": 7}
                connection.execute(insert(TokenDraw).values(**drawn))
        for command in ("statistics", "plans"):
            assert main(["--config", str(service.config), command]) == 0
        shown.append(capsys.readouterr().out)
    assert accounts[0] != accounts[1]
    assert shown[0] == shown[1]
    assert "drawn_today     {'free': 7}" in shown[0]


@pytest.mark.parametrize(
    "command",
    [["plan", "A" * 22, "gold"], ["plan", "A" * 22, "plus"], ["show", "?"], ["show", "zz" * 16], ["show", "A" * 22]],
)
def test_what_cannot_be_done_is_said(config: Path, command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--config", str(config), *command]) == 1
    assert capsys.readouterr().err.startswith("FAILED ")


def test_a_service_without_accounts_has_nothing_to_administer(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads(config.read_text()) | {"accounts": None}
    config.write_text(json.dumps(document))
    assert main(["--config", str(config), "plans"]) == 1
    assert capsys.readouterr().err == "FAILED this service keeps no accounts\n"
