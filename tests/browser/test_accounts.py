"""Accounts in real Chromium against the real service: profiles of one person, virtual authenticators, a terminal.

One browser and one service for all: each test makes accounts of its own.
"""

import base64
import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from account_page import WEB, Chrome, Profile, Service, account_service, chromium_on
from ports import free_row
from test_web_packages import CHROMIUM_NAMES, node_binary
from typed_terminal import Typed, run

pytestmark = [pytest.mark.browser, pytest.mark.system, pytest.mark.slow]
FIRST, SECOND = "The first message, from the laptop", "And one from the phone"


def chromium() -> str | None:
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)


@pytest.fixture(scope="module")
def service_and_chrome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, Chrome]]:
    binary, node = chromium(), node_binary()
    if binary is None:
        pytest.skip("no Chromium: set CHROMIUM, or apt-get install chromium")
    if node is None or not (WEB / "node_modules/playwright").exists():
        pytest.skip("the TypeScript packages are not installed: npm ci in user/web")
    folder, port = tmp_path_factory.mktemp("accounts"), free_row()
    with account_service(folder, port) as service, chromium_on(binary, node, service, port) as chrome:
        yield service, chrome


@pytest.fixture
def service(service_and_chrome: tuple[Service, Chrome]) -> Service:
    return service_and_chrome[0]


@pytest.fixture
def chrome(service_and_chrome: tuple[Service, Chrome]) -> Chrome:
    return service_and_chrome[1]


def made(chrome: Chrome, name: str) -> tuple[Profile, str]:
    """A profile with an account, its ceremony done; and the code."""
    profile = chrome.open(name)
    assert profile.create() == "Done."
    return profile, profile.ceremony()


def offered(chrome: Chrome, name: str) -> tuple[Profile, str]:
    """A profile without a passkey that shows a link."""
    profile = chrome.open(name, passkeys=False)
    profile.press("offer", until="link")
    return profile, profile.text("link")


def linked(old: Profile, new: Profile, link: str) -> None:
    old.fill(scan=link)
    assert old.press("linking-button") == "Done."
    old.fill(type=new.text("digits"), new_label="Phone")
    assert old.press("comparing-button") == "Done."
    new.shown("open")


def linked_terminal(old: Profile, home: Path, origin: str) -> None:
    """`privity link` on a machine without passkeys shows a link and digits; the browser takes both."""
    new = Typed(home, "link", "--url", origin, "--label", "terminal")
    new.until("privity link '")
    old.fill(scan=new.until("'\n").removesuffix("'\n"))
    assert old.press("linking-button") == "Done."
    digits = re.search(r"\d{3} \d{3}", new.until("Type this on the other device") + new.until("╰"))
    assert digits is not None
    old.fill(type=digits[0], new_label="Terminal")
    assert old.press("comparing-button") == "Done."
    assert new.end() == 0, new.shown


def in_every_spelling(secret: bytes) -> set[bytes]:
    plain, safe = base64.b64encode(secret), base64.urlsafe_b64encode(secret)
    return {secret, secret.hex().encode(), plain, safe, plain.rstrip(b"="), safe.rstrip(b"=")}


def texts(profile: Profile) -> list[str]:
    return [one["text"] for one in profile.get("messages")]


def test_two_browsers_write_one_chat_and_no_secret_is_anywhere(service: Service, chrome: Chrome) -> None:
    laptop, code = made(chrome, "laptop")
    laptop.write(FIRST)
    phone, link = offered(chrome, "phone")
    linked(laptop, phone, link)
    assert texts(phone) == [FIRST]
    phone.write(SECOND)
    assert laptop.press("sync") == "Done."
    assert laptop.get("messages") == phone.get("messages")
    assert texts(laptop) == [FIRST, SECOND]
    assert laptop.text("fingerprint") == phone.text("fingerprint")
    assert sorted(laptop.get("devices")) == ["Phone", "This browser (this one)"]

    noted = {*laptop.get("noted"), *phone.get("noted")}
    laptop.press("lock", until="unlock")
    assert FIRST not in laptop.get("html")
    assert laptop.press("unlock") == "Done."
    assert texts(laptop) == [FIRST, SECOND]
    phone.get("reload")
    phone.press("unlock", until="open")
    assert texts(phone) == [FIRST, SECOND]

    letters = code.replace("-", "")[:32].encode()
    secrets = [*map(bytes.fromhex, noted), letters, code.encode(), FIRST.encode(), SECOND.encode()]
    assert len(secrets) > 12, "keys were noted"
    assert letters in secrets[: len(noted)], "among them the recovery code: what is noted is what is kept"
    assert_nowhere(secrets, service, [laptop, phone], chrome.requests())


def assert_nowhere(secrets: list[bytes], service: Service, profiles: list[Profile], requests: list[Any]) -> None:
    """No secret in any spelling, in requests, on the service's disk, in its log, or in IndexedDB."""
    sent = [" ".join([one["method"], one["url"], *map(str, one["headers"].items())]).encode() for one in requests]
    sent += [bytes.fromhex(one["body"]) for one in requests]
    stored = [one.get("storage") for one in profiles]
    kept = [repr(one).encode() for one in stored]
    assert all(b"'extractable': False" in one and b"'extractable': True" not in one for one in kept)
    places = {**service.written(), **{f"request {at}": one for at, one in enumerate(sent)}}
    places |= {f"IndexedDB {at}": one for at, one in enumerate(kept)}
    own = next(name for name in stored[0] if name.endswith("/state"))
    account = bytes.fromhex(own.removeprefix("privity-").removesuffix("/state"))
    seen = " ".join(places_of(account, places))
    assert all(one in seen for one in (str(service.database), "request", "IndexedDB")), "what is public is found"
    assert [(at, place) for at, secret in enumerate(secrets) for place in places_of(secret, places)] == []


def places_of(secret: bytes, places: dict[str, bytes]) -> list[str]:
    return [place for place, data in places.items() if any(one in data for one in in_every_spelling(secret))]


def test_a_terminal_is_linked_by_a_browser_and_shows_the_same_chat(
    tmp_path: Path, service: Service, chrome: Chrome
) -> None:
    laptop, _ = made(chrome, "laptop of the terminal")
    laptop.write(FIRST)
    linked_terminal(laptop, tmp_path, service.origin)
    laptop.write(SECOND)
    listed = told(tmp_path, "chats", "list")["chats"]
    assert [(one["title"], one["messages"]) for one in listed] == [(FIRST, 2)]
    chat = told(tmp_path, "chats", "show", listed[0]["id"])["chat"]
    assert [one["text"] for one in chat["messages"]] == texts(laptop)
    same_history(laptop, tmp_path)
    checked = told(tmp_path, "verify-history")
    assert (checked["troubled"], checked["problem"]) == ({}, None)
    assert laptop.press("devices button") == "Done."
    assert "terminal (revoked)" in laptop.get("devices")
    refused = json.loads(run(tmp_path, "chats", "list", "--json")[1])
    assert refused["problem"] == "access.refused"
    laptop.write("After the rotation")
    assert texts(laptop) == [FIRST, SECOND, "After the rotation"]


def same_history(profile: Profile, home: Path) -> None:
    """Let both hear of what the other noted by itself meanwhile; then they show the same."""
    for _ in range(5):
        assert profile.press("sync") == "Done."
        told(home, "chats", "sync")
        shown = told(home, "account", "show")["fingerprint"].replace(" ", "")
        if shown == profile.text("fingerprint"):
            return
    raise AssertionError(f"{shown} in the terminal, {profile.text('fingerprint')} in the browser")


def told(home: Path, *arguments: str) -> dict[str, Any]:
    code, out, err = run(home, *arguments, "--json")
    assert code == 0, out + err
    answer: dict[str, Any] = json.loads(out)
    return answer


def test_wrong_digits_burn_the_channel_and_a_swapped_card_is_refused(service: Service, chrome: Chrome) -> None:
    laptop, _ = made(chrome, "careful laptop")
    before = {table: rows for table, rows in service.rows().items() if table != "pairings"}
    phone, link = offered(chrome, "stranger")
    _, other = offered(chrome, "thief")
    parts, others = link.split("."), other.split(".")
    laptop.fill(scan=".".join([parts[0], others[1], *parts[2:]]))
    assert laptop.press("linking-button") == "pairing.card_changed"

    laptop.fill(scan=link)
    assert laptop.press("linking-button") == "Done."
    digits = phone.text("digits")
    laptop.fill(type=f"{(int(digits) + 1) % 10**6:06}")
    said = [laptop.press("comparing-button") for _ in range(3)]
    assert said == ["Wrong digits, 2 left.", "Wrong digits, 1 left.", "pairing.burnt"]
    assert {table: rows for table, rows in service.rows().items() if table != "pairings"} == before
    laptop.fill(type=digits)
    assert laptop.press("comparing-button") == "pairing.burnt"


def test_a_wrong_opener_changes_nothing_at_the_service(service: Service, chrome: Chrome) -> None:
    person, code = made(chrome, "person")
    person.write(FIRST)
    assert person.press("forget") == "Done."
    before = service.rows()
    person.mode("other")
    assert person.press("enter") == "opener.wrong_key"
    assert service.rows() == before
    assert person.get("storage").get("privity-devices/devices") == []
    person.mode("full")
    assert person.press("enter") == "Done."
    assert texts(person) == [FIRST]
    assert person.press("forget") == "Done."
    person.fill(code=code.lower())
    assert person.press("recover") == "Done."
    assert texts(person) == [FIRST]


@pytest.mark.parametrize(("mode", "gets"), [("full", 1), ("late", 2)])
def test_two_answers_are_compared_before_a_passkey_opens(chrome: Chrome, mode: str, gets: int) -> None:
    profile = chrome.open(f"passkey {mode}")
    profile.mode(mode)
    assert profile.create() == "Done."
    profile.shown("ceremony")
    assert profile.get("gestures") == {"creates": 1, "gets": gets}


def test_a_passkey_without_prf_signs_in_and_words_open(service: Service, chrome: Chrome) -> None:
    profile = chrome.open("no prf", {"hasPrf": False})
    profile.uncheck("keep")
    profile.press("create", until="again")
    profile.press("again", until="words-kept")
    words = profile.text("shown-words")
    profile.press("words-kept", until="ceremony")
    profile.ceremony()
    profile.press("lock", until="unlock")
    assert profile.press("unlock") == "device.absent"
    profile.fill(unlock_words=words)
    assert profile.press("unlock") == "Done."
    assert len(words.split()) == 7
    spoken = [" ".join(words.split()).encode(), "-".join(words.split()).encode()]
    secrets = [*map(bytes.fromhex, set(profile.get("noted"))), *spoken]
    assert len(secrets) > 4, "keys were noted"
    assert_nowhere(secrets, service, [profile], chrome.requests())


def test_an_unstable_or_cancelled_passkey_makes_no_account(service: Service, chrome: Chrome) -> None:
    before = service.rows()
    profile = chrome.open("unstable")
    profile.mode("unstable")
    assert profile.create() == "opener.unstable"
    profile.mode("cancelled")
    assert profile.press("create") == "passkey.cancelled"
    assert service.rows() == before
    assert profile.get("storage").get("privity-devices/devices", []) == []
