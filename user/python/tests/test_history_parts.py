"""The parts of an account on this device that need no service: files, answers, reasons, words, times, archives."""

import contextlib
import json
import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from privity_client.cli.account import beginning, linking, stage
from privity_client.errors import ClientError, words_for
from privity_client.history import (
    announcing,
    answers,
    calls,
    custody,
    edits,
    intake,
    keeping,
    reading,
    reasons,
    session,
    takeout,
    timing,
)
from privity_client.history.announcing import Change
from privity_client.history.answers import Delivery
from privity_client.history.calls import Call, Reply
from privity_client.history.replica import Replica
from privity_client.history.store import Store
from privity_protocol.errors import Malformed
from privity_protocol.stored import keyring as stored_keyring
from privity_protocol.stored.keyring import ListedOpener
from privity_vault import recovery
from privity_vault.contents.chat import State
from privity_vault.errors import GROUPS, VaultError
from rich.console import Console

ROOT = Path(__file__).resolve().parents[3]
Entropy = Callable[[int], bytes]
NOW = 1_790_000_000_000


def test_every_reason_of_the_service_has_words() -> None:
    text = (ROOT / "specs/service-api.md").read_text()
    table = text[text.index("## Reasons") : text.index("`page.malformed`, `log.*`")]
    listed = set(re.findall(r"`([a-z_]+\.[a-z_]+)`", table))
    assert len(listed) > 40
    assert listed == reasons.SERVICE.keys() | reasons.SHARED
    for reason in listed:
        assert words_for(reasons.ServiceRefused(reason)).do


def test_every_reason_of_the_vault_has_words() -> None:
    for group in GROUPS.values():
        for reason in group:
            assert words_for(VaultError(reason)).what != "The exchange with the node failed.", reason


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(409, b'{"reason":"log.moved","detail":"x","retry_after":null}'), "log.moved"),
        (Reply(409, b'{"reason":"made.up","detail":"x"}'), "member_value"),
        (Reply(500, b"<html>"), "not_json"),
        (Reply(302, b""), "member_value"),
        (Reply(409, b"[]"), "member_type"),
        (Reply(400, b"[" * 4000), "not_json"),
    ],
)
def test_an_answer_that_is_not_expected_gives_a_listed_reason(reply: Reply, reason: str) -> None:
    with pytest.raises((reasons.ServiceRefused, Malformed)) as caught:
        calls.expect(reply, 200)
    assert caught.value.reason == reason


READERS: list[Callable[[Reply], object]] = [
    answers.token,
    answers.keyrings,
    answers.delivery,
    answers.posted,
    answers.channel,
    lambda reply: answers.challenge(reply, creating=True),
    lambda reply: answers.challenge(reply, creating=False),
    lambda reply: answers.bodies(reply, 3),
    lambda reply: calls.expect(Reply(400 + len(reply.data) % 200, reply.data), 200),
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["n", "head", "pages", "x"]), inner),
)


@given(data=st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_answer_at_all_is_read_or_refused_with_a_reason(data: bytes) -> None:
    for read in READERS:
        with contextlib.suppress(Malformed, reasons.ServiceRefused):
            read(Reply(200, data))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\0\0\0\0\1", "member_value"),
        (b"\3\0\0\0\0", "member_value"),
        (b"\1\0\0\0\1x", "member_value"),
        (b"\0\0\0\0\1xy", "trailing_data"),
        (b"\0\0\0", "truncated"),
    ],
)
def test_framed_bodies_are_read_exactly(data: bytes, reason: str) -> None:
    assert answers.bodies(Reply(200, b"\0\0\0\0\1x\1\0\0\0\0\2\0\0\0\0"), 3) == [b"x", None, False]
    with pytest.raises(Malformed) as caught:
        answers.bodies(Reply(200, data), 1)
    assert caught.value.reason == reason


def test_a_device_secret_is_for_this_user_alone_and_never_written_over(tmp_path: Path, entropy: Entropy) -> None:
    path, keys = tmp_path / "a" / "device.key", custody.make(entropy(custody.SIZE))
    custody.write(path, keys)
    assert path.stat().st_mode & 0o777 == 0o600
    assert custody.read(path).opener == keys.opener
    with pytest.raises(ClientError, match="home_unusable"):
        custody.write(path, custody.make(entropy(custody.SIZE)))
    assert custody.read(path).opener == keys.opener
    path.chmod(0o640)
    with pytest.raises(ClientError, match="others can read it"):
        custody.read(path)
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ClientError, match="home_unusable"):
        custody.read(path)
    with pytest.raises(ClientError, match="no_account"):
        custody.read(tmp_path / "absent")


def test_uploads_wait_on_an_exponential_clock_of_a_minute_and_five_at_most(entropy: Entropy) -> None:
    waits = sorted(timing.wait(entropy(8)) for _ in range(4000))
    assert timing.wait(bytes(8)) == timing.MOST_S
    assert 0 <= timing.wait(b"\xff" * 8) < 1e-6
    assert waits[-1] <= timing.MOST_S
    assert abs(sum(waits) / len(waits) / timing.MEAN_S - 1) < 0.05
    assert abs(waits[2000] / (timing.MEAN_S * 0.6931) - 1) < 0.08


@pytest.mark.parametrize(
    ("typed", "origin"),
    [
        ("http://LOCALHOST:8080/", "http://localhost:8080"),
        ("http://127.0.0.1:8080", "http://localhost:8080"),
        ("https://Chat.Example", "https://chat.example"),
        ("https://chat.example:444/x", "https://chat.example:444"),
        ("http://chat.example", None),
        ("chat.example", None),
        ("https://[", None),
    ],
)
def test_an_account_is_never_kept_over_plain_http(typed: str, origin: str | None) -> None:
    if origin is not None:
        assert stage.origin_of(typed) == origin
    else:
        with pytest.raises(ClientError, match="misuse"):
            stage.origin_of(typed)


def test_the_code_is_typed_back_before_there_is_an_account(monkeypatch: pytest.MonkeyPatch, entropy: Entropy) -> None:
    letters = recovery.make(entropy(recovery.ENTROPY))
    groups = recovery.written(letters).split("-")
    told = iter([groups[2].lower(), "oops", groups[6]])
    monkeypatch.setattr(stage, "asked", lambda _question: next(told))
    console = Console(record=True, width=100)
    beginning.ceremony(console, letters)
    shown = console.export_text()
    assert all(group in shown for group in groups)
    assert "everything in it is lost for good" in " ".join(shown.split())
    monkeypatch.setattr(stage, "asked", lambda _question: groups[0])
    with pytest.raises(ClientError, match="not_typed"):
        beginning.ceremony(console, letters)


def test_a_new_device_shows_its_link_as_squares() -> None:
    cells = [[True, False, True], [True, True, False], [False, True, True]]
    assert linking.half_blocks(cells) == ["█▄▀", " ▀▀"]


def test_a_newcomer_never_takes_the_place_of_an_account(tmp_path: Path) -> None:
    import asyncio

    folder = session.Folder(tmp_path / "account")

    async def come(*, fail: bool) -> None:
        async with session.newcomer(folder, "http://localhost:1") as (ground, _service):
            assert folder.exists()
            assert ground.origin == "http://localhost:1"
            if fail:
                raise ClientError("not_typed")

    with pytest.raises(ClientError, match="not_typed"):
        asyncio.run(come(fail=True))
    assert not folder.exists()
    asyncio.run(come(fail=False))
    before = folder.device.read_bytes()
    with pytest.raises(ClientError, match="account_exists"):
        asyncio.run(come(fail=False))
    assert folder.device.read_bytes() == before
    session.forget(folder)
    assert list(folder.root.iterdir()) == []


def test_a_slower_command_of_the_same_machine_takes_nothing_back(replica: Replica) -> None:
    """Two commands judged the same pages; the second finds the position moved on, and leaves it."""
    from privity_client.history import sync

    first = sync.build(replica, sync.first_rows(replica.store.waiting()))
    from privity_protocol.stored import page as stored

    delivery = Delivery(1, stored.head(first.data), (first,))
    slow = intake.judge(replica, delivery)
    intake.take(replica, intake.judge(replica, delivery), {})
    edits.new_chat(replica, title="Next")
    second = sync.build(replica, sync.first_rows(replica.store.waiting()))
    intake.take(replica, intake.judge(replica, Delivery(2, stored.head(second.data), (second,))), {})
    assert replica.position.n == 2
    intake.take(replica, slow, {})
    assert replica.position.n == 2
    assert replica.store.waiting() == []


def test_a_question_is_on_the_disk_before_it_is_sent_and_once(replica: Replica, tmp_path: Path) -> None:
    from privity_client.answer import Answer

    keeper = keeping.Keeper(replica)
    keeper.asked("What is a tree?")
    again = Replica(Store(tmp_path / "history.db"), replica.opened, lambda: NOW, replica.entropy)
    assert keeper.chat is not None
    assert [reading.text_of(one) for one in reading.chat(again, keeper.chat).nodes.values()] == ["What is a tree?"]
    failed = Answer(raw="Someth", state="partial")
    keeper.answered(failed)
    keeper.asked("What is a tree?")
    keeper.grown(Answer(raw="Something"))
    assert len(again.store.drafts()) == 1
    keeper.answered(Answer(raw="Something that grows.", state="complete"))
    saved = reading.chat(again, keeper.chat)
    assert saved.title == "What is a tree?"
    assert [(reading.text_of(one), one.state) for one in map(saved.nodes.get, saved.shown) if one] == [
        ("What is a tree?", State.COMPLETE),
        ("Something that grows.", State.COMPLETE),
    ]
    assert len(saved.nodes) == 3
    resumed, turns = keeping.resume(replica, keeper.chat)
    assert [one.text for one in turns] == ["What is a tree?", "Something that grows."]
    resumed.asked("And then?")
    assert reading.chat(again, keeper.chat).nodes[resumed._question[0]].parent == saved.shown[-1]  # type: ignore[index]
    again.store.close()


def test_openers_that_enter_and_leave_are_told_with_their_day(replica: Replica) -> None:
    assert announcing.news(replica) == []
    _, claim = next(iter(replica.store.claims()))
    first = stored_keyring.decode(claim.public)
    passkey, words = (ListedOpener(bytes([kind] * 16), kind, bytes(32)) for kind in (1, 4))
    rings = [
        replace(first, revision=at, previous=bytes(32), openers=found, day=first.day + at)
        for at, found in (
            (2, tuple(sorted((*first.openers, passkey, words), key=lambda one: one.id))),
            (3, tuple(sorted((*first.openers, passkey), key=lambda one: one.id))),
            (4, tuple(sorted((*first.openers, replace(passkey, id=bytes([9] * 16))), key=lambda one: one.id))),
        )
    ]
    with replica.store.transaction():
        for ring in rings:
            replica.store.add_claim(ring.revision, replace(claim, public=stored_keyring.encode(ring)))
    # The fourth ring gave the passkey another id, as a use after a rotation does: nothing entered, nothing left.
    assert announcing.news(replica) == [
        Change("a passkey was added", first.day + 2),
        Change("a passphrase was added", first.day + 2),
        Change("a passphrase was taken away", first.day + 3),
    ]


def test_what_was_exported_comes_in_again_once(replica: Replica, tmp_path: Path) -> None:
    keeper = keeping.Keeper(replica)
    keeper.asked("Take me along")
    with (tmp_path / "out.zip").open("wb") as file:
        takeout.write(replica, file, time=NOW // 1000)
    found = takeout.preview(replica, tmp_path / "out.zip")
    assert (found.source, len(found.library.chats), found.messages) == ("privity", 1, 1)
    assert takeout.bring_in(replica, found) == 1
    assert takeout.bring_in(replica, takeout.preview(replica, tmp_path / "out.zip")) == 0
    rows = reading.listing(replica)
    assert sorted((one.title, one.messages, one.active) for one in rows) == [
        ("Take me along", 1, False),
        ("Take me along", 1, True),
    ]


def _zip(path: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in entries.items():
            made.writestr(name, data)
    return path


HOSTILE: dict[str, tuple[dict[str, bytes], str]] = {
    "a name that leaves the folder": ({"../conversations.json": b"[]"}, "export.path"),
    "an absolute name": ({"/conversations.json": b"[]"}, "export.path"),
    "a bomb": ({"conversations.json": bytes(50_000_000)}, "export.too_large"),
    "nothing that is known": ({"photo.png": b"x" * 100}, "export.malformed"),
    "no JSON": ({"conversations.json": b"{"}, "export.malformed"),
    "a manifest that is none": ({"manifest.json": b"{}"}, "export.malformed"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_archive_is_refused_with_a_reason_and_changes_nothing(
    replica: Replica, tmp_path: Path, name: str
) -> None:
    entries, reason = HOSTILE[name]
    before = replica.store.waits()
    with pytest.raises(VaultError) as caught:
        takeout.preview(replica, _zip(tmp_path / "in.zip", entries))
    assert caught.value.reason == reason
    assert replica.store.waits() == before


def test_a_cut_archive_is_refused_with_a_reason(replica: Replica, tmp_path: Path) -> None:
    whole = _zip(tmp_path / "in.zip", {"conversations.json": b"[]" + b" " * 50, "x.txt": b"x" * 90}).read_bytes()
    for at in range(0, len(whole), 7):
        (tmp_path / "cut.zip").write_bytes(whole[:at] + b"\xff" + whole[at + 1 :])
        with contextlib.suppress(VaultError):
            takeout.preview(replica, tmp_path / "cut.zip")


def test_the_debug_text_of_what_holds_secrets_shows_none(replica: Replica) -> None:
    assert repr(replica.opened) == "Opened(revision 1)"
    assert repr(replica) == "Replica(page 0)"
    assert repr(Call("PUT", "/v1/bodies/x", octets=b"secret", token="t")) == "Call(PUT /v1/bodies/x)"
    assert repr(Reply(200, b"secret")) == "Reply(200, 6 bytes)"
    assert "Secret" in repr(replica.opened.signing)


def test_a_database_that_cannot_be_written_is_said_in_words(replica: Replica, tmp_path: Path) -> None:
    other = Store(tmp_path / "history.db")
    other._db.execute("PRAGMA busy_timeout = 0")
    with replica.store.transaction(), pytest.raises(ClientError, match="home_unusable"), other.transaction():
        pass
    replica.store._db.execute("PRAGMA max_page_count = 1")
    with pytest.raises(ClientError, match="disk_full"), replica.store.transaction():
        replica.store.set("large", bytes(1_000_000))
    assert replica.store.get("large") is None
    other.close()
    (tmp_path / "other.db").write_bytes(b"not a database at all, whatever it is" * 9)
    with pytest.raises(ClientError, match="home_unusable"):
        Store(tmp_path / "other.db")


@pytest.mark.parametrize(
    "command",
    [
        *("account", "account create", "account recover", "account show", "account forget", "link"),
        *(
            "devices",
            "devices revoke",
            "chats",
            "chats list",
            "chats show",
            "chats search",
            "chats offers",
            "chats sync",
        ),
        *("chats rename", "chats archive", "chats delete", "chats export", "chats import", "verify-history"),
    ],
)
def test_help_of_each_command_names_its_exit_codes(command: str) -> None:
    from privity_client.cli import app
    from typer.testing import CliRunner

    result = CliRunner().invoke(app, [*command.split(), "--help"], env={"COLUMNS": "100", "NO_COLOR": "1"})
    assert result.exit_code == 0
    flat = " ".join(result.stdout.split())
    for meaning in ("0 done", "1 failed", "2 misuse", "3 refused", "4 the other side", "5 unreachable"):
        assert meaning in flat
