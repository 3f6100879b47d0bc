"""The commands of accounts and chats against the real service over HTTP, in terminals of their own."""

import json
import re
import socket
import sqlite3
import threading
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from privity_service.accounts import schema
from privity_service.accounts.application import application
from privity_service.accounts.database import Database, engine_of
from privity_service.accounts.house import House
from privity_service.accounts.settings import AccountSettings
from typed_terminal import Typed, run

pytestmark = [pytest.mark.system, pytest.mark.slow]


@pytest.fixture
def origin(tmp_path: Path) -> Iterator[str]:
    """The account service at a port of its own."""
    with socket.create_server(("127.0.0.1", 0)) as listening, serving(tmp_path / "service.db", listening) as address:
        yield address


@contextmanager
def serving(file: Path, listening: socket.socket) -> Iterator[str]:
    """The account service on a socket, with its database in a file; its address."""
    origin = f"http://localhost:{listening.getsockname()[1]}"
    engine = engine_of(f"sqlite:///{file}")
    schema.upgrade(engine)
    house = House(
        database=Database(engine),
        settings=AccountSettings(),
        registration="open",
        rp_id="localhost",
        origins=(origin,),
        erasure=Ed25519PrivateKey.generate(),
    )
    inner = application(house)

    async def app(scope, receive, send) -> None:
        await inner(scope | {"state": {"prefix": b"\x04\x7f\x00\x00\x00"}}, receive, send)

    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield origin
    finally:
        server.should_exit = True
        thread.join()
        house.database.close()


def create(home: Path, origin: str) -> str:
    """The ceremony as a person goes through it; returns the code."""
    typed = Typed(home, "account", "create", "--url", origin, "--label", "laptop")
    shown = typed.until("Type group 3 of the code: ")
    assert "everything in it is lost for good" in " ".join(shown.split())
    groups = re.findall(r"\b[0-9A-HJKMNP-TV-Z]{4}\b(?= -)|(?<= - )[0-9A-HJKMNP-TV-Z]{2,4}\b", shown)
    assert len(groups) == 9
    typed.type(groups[2].lower())
    typed.until("Type group 7 of the code: ")
    typed.type("wrong")
    typed.until("That is not group 7.")
    typed.until("Type group 7 of the code: ")
    typed.type(groups[6])
    assert typed.end() == 0, typed.shown
    assert "Your account is made" in typed.shown
    return "-".join(groups)


def link(home: Path, other: Path, origin: str, code: str) -> None:
    """A new device shows a link and digits; the one with the account takes both, and the code."""
    new = Typed(home, "link", "--url", origin, "--label", "phone")
    text = new.until("privity link '") and new.until("'\n")
    old = Typed(other, "link", text.rstrip("'\n"), "--label", "phone")
    digits = re.search(r"\d{3} \d{3}", new.until("Type this on the other device") + new.until("╰"))
    assert digits is not None
    old.until("The six digits that it shows: ")
    old.type("000 000")
    old.until("2 more tries")
    old.type(digits[0])
    old.until("Recovery code: ")
    old.type(code)
    assert old.end() == 0, old.shown
    assert new.end() == 0, new.shown
    assert code not in old.shown


def shown(home: Path, *arguments: str) -> dict:
    code, out, err = run(home, *arguments, "--json")
    assert code == 0, out + err
    return json.loads(out)


CONVERSATION = [
    {
        "title": "Trees",
        "id": "one",
        "conversation_id": "one",
        "current_node": "b",
        "create_time": 1.0,
        "mapping": {
            "root": {"id": "root", "message": None, "parent": None, "children": ["a"]},
            "a": {
                "id": "a",
                "parent": "root",
                "children": ["b"],
                "message": {
                    "id": "a",
                    "author": {"role": "user"},
                    "create_time": 1.0,
                    "content": {"content_type": "text", "parts": ["What is a tree?"]},
                },
            },
            "b": {
                "id": "b",
                "parent": "a",
                "children": [],
                "message": {
                    "id": "b",
                    "author": {"role": "assistant"},
                    "create_time": 2.0,
                    "content": {"content_type": "text", "parts": ["Something that **grows**."]},
                },
            },
        },
    }
]


def test_an_account_from_the_first_code_to_an_export(tmp_path: Path, origin: str) -> None:
    laptop, desktop, phone = tmp_path / "laptop", tmp_path / "desktop", tmp_path / "phone"
    code = create(laptop, origin)
    asked = Typed(desktop, "account", "recover", "--url", origin, "--label", "desktop")
    asked.until("Recovery code: ")
    asked.type(code.lower().replace("-", " "))
    assert asked.end() == 0, asked.shown
    link(phone, laptop, origin, code)
    (tmp_path / "conversations.json").write_text(json.dumps(CONVERSATION))
    code_, out, err = run(phone, "chats", "import", str(tmp_path / "conversations.json"), "--yes")
    assert code_ == 0, out + err
    assert "ChatGPT: 1 chat with 2 messages." in out
    assert "0 new chats" in run(phone, "chats", "import", str(tmp_path / "conversations.json"), "--yes")[1]
    listed = shown(desktop, "chats", "list", "--archived")["chats"]
    assert [(one["title"], one["messages"], one["active"]) for one in listed] == [("Trees", 2, False)]
    chat = listed[0]["id"][:8]
    assert run(laptop, "chats", "rename", chat, "Oaks", "--now")[0] == 0
    assert [one["text"] for one in shown(desktop, "chats", "show", chat)["chat"]["messages"]]
    screen = run(desktop, "chats", "show", chat)[1]
    assert "Oaks" in screen
    assert "Something that grows." in screen
    assert [one["title"] for one in shown(laptop, "chats", "search", "grows something")["found"]] == ["Oaks"]
    devices = shown(laptop, "devices")["devices"]
    assert {one["label"] for one in devices if one["active"]} == {"laptop", "desktop", "phone"}
    assert shown(laptop, "account", "show")["fingerprint"] == shown(phone, "account", "show")["fingerprint"]
    checked = shown(phone, "verify-history")
    assert (checked["troubled"], checked["problem"]) == ({}, None)
    assert run(laptop, "chats", "export", str(tmp_path / "out.zip"))[0] == 0
    names = zipfile.ZipFile(tmp_path / "out.zip").namelist()
    assert "manifest.json" in names
    assert any(name.endswith("Oaks.md") for name in names)
    revoked = Typed(laptop, "devices", "revoke", "phone")
    revoked.until("[y/N] ")
    revoked.type("y")
    revoked.until("Recovery code: ")
    revoked.type(code)
    assert revoked.end() == 0, revoked.shown
    refused = json.loads(run(phone, "chats", "list", "--json")[1])
    assert refused["problem"] == "access.refused"
    assert run(laptop, "chats", "delete", chat, "--yes", "--now")[0] == 0
    assert shown(desktop, "chats", "list", "--archived")["chats"] == []
    assert shown(desktop, "verify-history")["problem"] is None


def test_both_sides_are_shown_before_a_person_chooses_one(tmp_path: Path, origin: str) -> None:
    """The service's database is set back, as by a restored backup: nothing is done before the person says what."""
    home, before = tmp_path / "laptop", sqlite3.connect(":memory:")
    create(home, origin)
    with closing(sqlite3.connect(tmp_path / "service.db")) as service:
        service.backup(before)
    at = shown(home, "devices")
    (tmp_path / "conversations.json").write_text(json.dumps(CONVERSATION))
    assert run(home, "chats", "import", str(tmp_path / "conversations.json"), "--yes")[0] == 0
    now = shown(home, "devices")
    assert now["page"] > at["page"]
    with closing(sqlite3.connect(tmp_path / "service.db")) as service, closing(before):
        before.backup(service)
    code, out, _err = run(home, "verify-history", "--json")
    said = json.loads(out)
    assert (code, said["problem"], said["stopped"]) == (3, "log.rolled_back", "log.rolled_back")
    pages = now["page"] - at["page"]
    assert said["fork"] == {
        "common": at["page"],
        "here": {"page": now["page"], "fingerprint": now["fingerprint"], "pages": pages},
        "service": {"page": at["page"], "fingerprint": at["fingerprint"], "pages": 0},
        "copied": [],
        "choices": ["ours", "theirs"],
    }
    screen = " ".join(run(home, "verify-history")[1].split())
    assert f"Both agree to page {at['page']}. Then: {pages} page" in screen
    assert "--repair ours: post again what the service lost" in screen
    assert run(home, "verify-history", "--repair", "ours")[0] == 0
    assert (shown(home, "verify-history")["fork"], shown(home, "devices")["fingerprint"]) == (None, now["fingerprint"])


def test_what_is_missing_is_said_in_words(tmp_path: Path) -> None:
    code, _out, err = run(tmp_path, "chats", "list")
    assert code == 2
    assert "There is no account on this machine." in err
    code, _out, err = run(tmp_path, "account", "create")
    assert code == 2
    assert "there is no terminal" in err
    code, _out, err = run(tmp_path, "account", "recover", "--url", "http://example.org")
    assert code == 2
    assert json.loads(run(tmp_path, "devices", "--json")[1])["reason"] == "no_account"
    assert not (tmp_path / "account").exists()
