"""What nobody but the person may hold stands in no request, no log line and no database, in whatever spelling."""

import json
import logging
from base64 import b64encode, urlsafe_b64encode
from pathlib import Path

import pytest
from history_stand import House
from privity_client.history import devices, edits, reading
from privity_vault import recovery
from privity_vault.contents.chat import Role

SAID = "The canary sings of Bathysphere-7319 at dawn"
ANSWERED = "Only the Quixotic-Zephyr-4402 heard it"
TITLE = "Harmonium-5581 and other birds"


def spellings(secret: bytes) -> dict[str, bytes]:
    """The bytes themselves, hexadecimal, and both alphabets of base64 at each of the three alignments."""
    found = {"raw": secret, "hex": secret.hex().encode(), "HEX": secret.hex().upper().encode()}
    for shift in range(3):
        padded = bytes(shift) + secret
        # The first and last letters depend on the neighbours; what is between does not.
        for name, encode in (("base64", b64encode), ("base64url", urlsafe_b64encode)):
            found[f"{name} {shift}"] = encode(padded).rstrip(b"=")[4 if shift else 0 : -4]
    return found


def found_in(data: bytes, secrets: dict[str, bytes]) -> list[str]:
    return [
        f"{name} as {spelling}"
        for name, secret in secrets.items()
        for spelling, text in spellings(secret).items()
        if text in data
    ]


def test_the_search_finds_what_it_looks_for() -> None:
    secret = bytes(range(40, 72))
    assert "s as base64 1" in found_in(b"x" + b64encode(b"a" + secret) + b"y", {"s": secret})
    assert "s as base64url 2" in found_in(urlsafe_b64encode(b"ab" + secret), {"s": secret})
    assert found_in(b"<" + secret.hex().encode() + b">", {"s": secret}) == ["s as hex"]
    assert found_in(bytes(100), {"s": secret}) == []


def test_no_key_code_or_word_leaves_the_device_readable(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    house = House(tmp_path)
    laptop = house.create(tmp_path / "laptop")
    phone = house.link(tmp_path / "phone", laptop, wrong=1)
    desktop = house.recover(tmp_path / "desktop", laptop.code)
    chat = laptop.write(SAID)
    laptop.say(chat, ANSWERED, role=Role.ASSISTANT)
    saved = reading.chat(laptop.replica, chat)
    assert saved.object is not None
    assert saved.content is not None
    edits.change(laptop.replica, saved.object, chat, saved.content, title=TITLE)
    edits.offer(laptop.replica, "message", SAID)
    before = laptop.replica.opened.key
    for one in (laptop, phone, desktop):
        one.sync()
    laptop.prove()
    house.run(devices.revoke(laptop.replica, laptop.way, phone.replica.opened.device))
    waiting = laptop.write(SAID + " again")
    found = laptop.replica.opened
    letters = laptop.code.reveal()
    secrets = {
        "the account key": found.key.reveal(),
        "the account key before": before.reveal(),
        "the lane key": found.half.lane.reveal(),
        "the key of a chat": laptop.replica.box(chat).keys[1].reveal(),
        "the key of an unsent chat": laptop.replica.box(waiting).keys[1].reveal(),
        "the secret of a device": found.signing.opener.reveal(),
        "the signing seed of a device": found.signing.seed.reveal(),
        "a lock": next(iter(found.half.openers.values())).absent.lock.reveal(),
        "the recovery code": letters,
        "the code as written": recovery.written(laptop.code).encode(),
        "half of the code": letters[:16],
        "the signing seed of the code": recovery.access(laptop.code).signing_seed.reveal(),
        "what was said": SAID.encode(),
        "what was answered": ANSWERED.encode(),
        "the title": TITLE.encode(),
        "a word": b"Bathysphere-7319",
    }
    assert "a word as raw" in found_in(SAID.encode(), secrets)
    sent = b"\n".join(
        call.path.encode()
        + json.dumps(dict(call.json or {})).encode()
        + (call.octets or b"")
        + json.dumps(dict(call.headers)).encode()
        + (call.token or "").encode()
        for call in house.calls
    )
    assert len(house.calls) > 40
    assert found_in(sent, secrets) == []
    assert found_in(house.file.read_bytes(), secrets) == []
    for machine in (laptop, desktop, phone):
        for file in machine.folder.iterdir():
            if file.name != "device.key":
                assert found_in(file.read_bytes(), secrets) == [], file
    assert found_in("\n".join(record.getMessage() for record in caplog.records).encode(), secrets) == []
    shown = "".join(map(repr, (laptop.replica, laptop.way, found, found.signing, house.calls, saved)))
    assert found_in(shown.encode(), secrets) == []
    house.close()


def test_only_this_user_can_read_what_lies_here(tmp_path: Path) -> None:
    house = House(tmp_path)
    laptop = house.create(tmp_path / "laptop")
    laptop.write("x")
    assert {file.name: file.stat().st_mode & 0o777 for file in laptop.folder.iterdir()} == {
        "device.key": 0o600,
        "history.db": 0o600,
    }
    assert laptop.folder.stat().st_mode & 0o777 == 0o700
    house.close()
