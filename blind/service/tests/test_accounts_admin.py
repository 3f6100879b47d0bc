"""The operator's commands, against a database that a service could be using."""

import hashlib
import json
from pathlib import Path

import pytest
from account_process import ServiceProcess
from account_stand import Stand, run, stand_on
from member import Member, body_of, octets, spelled
from privity_protocol.stored.page import Op
from privity_service.accounts.tables import Invitation
from privity_service.admin.__main__ import main
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
