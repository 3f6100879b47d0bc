"""What the service can see, and what it leaves behind: equal shapes, no secrets, no addresses, no fine times."""

import json
import subprocess
import sys
from base64 import b64encode, urlsafe_b64encode
from pathlib import Path
from secrets import token_bytes
from typing import Any

import pytest
from account_process import ServiceProcess, member_at
from account_stand import NOW, Stand, run
from member import Member, body_of, spelled
from privity_protocol.stored.page import Op
from privity_service.accounts.tables import Base

IMPORT_ALL = """
import importlib, pkgutil, sys
import privity_service
for module in pkgutil.walk_packages(privity_service.__path__, "privity_service."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
print([name for name in sys.modules if name.startswith(("privity_vault", "privity_protocol.hpke"))])
"""


def test_the_service_never_loads_what_opens() -> None:
    done = subprocess.run([sys.executable, "-c", IMPORT_ALL], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


async def life(stand: Stand) -> None:
    """One account that does a little of everything, always with the same shapes."""
    async with stand.client() as client:
        member = Member(client)
        assert (await member.create()).status_code == 201
        box, note = token_bytes(16), token_bytes(16)
        await member.write(Op.BOX_ACTIVE, box, body_of(580))
        await member.write(Op.PUT, note, body_of(5188))
        await member.write(Op.PUT, note, body_of(4164))
        await member.write(Op.DELETE, token_bytes(16))
        sent = {"id": spelled(token_bytes(16)), "expiry": stand.clock.now + 3600, "body": spelled(body_of())}
        key = {"idempotency-key": spelled(token_bytes(16))}
        assert (await member.send("POST", "/v1/shares", json=sent, headers=key)).status_code == 201
        card = await member.send("POST", "/v1/pairings", token="", json={"card": spelled(token_bytes(80))})
        assert card.status_code == 201
        await member.send("POST", "/v1/access/begin", token="", json={"kind": "device"})


def shape(value: Any) -> Any:
    """The length of bytes; numbers, texts and nulls as they are."""
    return len(value) if isinstance(value, bytes | memoryview) else value


def test_equal_shapes_with_other_content_give_rows_of_equal_lengths(make_stand) -> None:
    shapes = []
    for _ in range(2):
        stand = make_stand()
        run(life(stand))
        shapes.append(
            {one.name: sorted(repr([shape(cell) for cell in row]) for row in stand.rows(one.name)) for one in TABLES}
        )
    assert shapes[0] == shapes[1]
    assert all(shapes[0][one.name] for one in TABLES if one.name not in ELSEWHERE)


TABLES = Base.metadata.sorted_tables
ELSEWHERE = {"invitations", "token_draws", "payments", "subscriptions", "payment_events"}
"""Tables that this life leaves empty."""


def test_no_table_holds_an_address_or_a_fine_time(make_stand) -> None:
    """Whatever is near now in seconds must be a column that is called an expiry."""
    stand = make_stand()
    run(life(stand))
    expiries = {"expiry", "fresh_until", "staged_until"}
    for table in TABLES:
        names = [column.name for column in table.columns]
        for row in stand.rows(table.name):
            for name, value in zip(names, row, strict=True):
                fine = isinstance(value, int) and abs(value - NOW) < 90 * 86_400
                assert not fine or name in expiries, f"{table.name}.{name}"
                assert not (isinstance(value, str) and any(one in value for one in ("10.0.0", ":")))


def spellings(secret: bytes) -> list[bytes]:
    """A secret as it could be written down."""
    plain = [secret, secret.hex().encode(), b64encode(secret), urlsafe_b64encode(secret)]
    return [one.rstrip(b"=") for one in plain]


@pytest.mark.system
def test_no_secret_and_no_address_is_written_down(tmp_path: Path) -> None:
    """A real process: its output, its database with the write-ahead log, and every file of its folder."""
    service = ServiceProcess(tmp_path)

    async def scenario() -> Member:
        await service.start()
        member = await member_at(service, prefix=513)
        await member.box()
        body = body_of()
        await member.write(Op.PUT, token_bytes(16), body)
        await member.sign_in("recovery")
        await member.send("GET", "/v1/usage?after=canary-query", headers={"user-agent": "canary-agent"})
        await member.send("POST", "/v1/pages", content=b'{"page": "canary-malformed"')
        await member.send("POST", "/v1/access/finish", token="canary-token" + "x" * 31, json={"canary": 1})
        await member.client.aclose()
        await service.stop()
        return member

    member = run(scenario())
    secrets = [
        member.device.token.encode(),
        *spellings(member.code.private_bytes_raw()),
        *spellings(member.device.key.private_bytes_raw()),
    ]
    secrets += [b"canary-query", b"canary-agent", b"canary-malformed", b"canary-token", b"10.2.1.7", b"10.2.1."]
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.name == "accounts.db" for path in files)
    for path in files:
        data = path.read_bytes()
        assert [one for one in secrets if one in data] == [], path.name
    for line in (tmp_path / "stderr").read_text().splitlines():
        assert json.loads(line)["event"] in {"started", "accounts_ready", "stopping", "stopped", "node_refused"}


@pytest.mark.system
def test_deleted_ciphertext_is_not_left_in_the_file(tmp_path: Path) -> None:
    service = ServiceProcess(tmp_path)
    body, id_ = body_of(), token_bytes(16)

    async def scenario() -> None:
        await service.start()
        member = await member_at(service)
        await member.write(Op.PUT, id_, body)
        assert (await member.write(Op.DELETE, id_)).status_code == 200
        await member.client.aclose()
        await service.stop()

    run(scenario())
    folder = tmp_path / "state/accounts"
    assert body[200:400] not in b"".join(path.read_bytes() for path in folder.iterdir())


@pytest.mark.system
def test_the_state_is_found_again_after_a_kill(tmp_path: Path) -> None:
    service = ServiceProcess(tmp_path)

    async def scenario() -> None:
        await service.start()
        member = await member_at(service)
        await member.box()
        key = (await member.send("GET", "/v1/service", token="")).json()["erasure_key"]
        service.kill()
        await service.stop()
        await service.start()
        await member.client.aclose()
        async with service.client(7) as client:
            member.client = client
            assert (await member.send("GET", "/v1/pages")).json()["n"] == 1
            assert (await member.send("GET", "/v1/service", token="")).json()["erasure_key"] == key
            assert (await member.sign_in("passkey")).status_code == 200
        await service.stop()

    run(scenario())
    assert (tmp_path / "state/accounts/erasure.key").stat().st_mode & 0o777 == 0o600
