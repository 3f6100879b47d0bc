"""Share links and encrypted exports against the real service: what a reader sees, and what the service can see."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from history_stand import ORIGIN, Chance, House, Machine
from privity_client.errors import ClientError
from privity_client.history import sharing, takeout
from privity_client.history.calls import Call, Reply
from privity_client.history.reasons import ServiceRefused
from privity_protocol.canonical import base64url_encode
from privity_vault import passphrase
from privity_vault.contents.chat import Role
from privity_vault.errors import VaultError

QUESTION, ANSWER = "Is the canary well?", "The canary sings."
DAY = 86_400


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.close()


@pytest.fixture
def laptop(house: House, tmp_path: Path) -> Machine:
    (tmp_path / "laptop").mkdir()
    return house.create(tmp_path / "laptop")


def chat_of(machine: Machine) -> bytes:
    chat = machine.write(QUESTION)
    saved = machine.seen()[chat.hex()]
    machine.say(chat, ANSWER, parent=bytes.fromhex(saved["shown"][0]), role=Role.ASSISTANT)
    machine.sync()
    return chat


def shared(machine: Machine, chat: bytes, lifetime: int = DAY) -> sharing.Shared:
    return machine.house.run(sharing.create(machine.replica, machine.way, chat, origin=ORIGIN, lifetime=lifetime))


def read(house: House, link: str) -> list[str]:
    return [one.text for one in house.run(sharing.fetch(link, now=house.now)).messages]


def test_a_link_shows_the_branch_to_whoever_has_it_and_to_nobody_else(house: House, laptop: Machine) -> None:
    made = shared(laptop, chat_of(laptop))
    assert made.link.startswith(f"{ORIGIN}/s/")
    assert read(house, made.link) == [QUESTION, ANSWER]
    key = made.link.partition("#")[2]
    sent = "".join(f"{call.path}{call.json}" for call in house.calls)
    stored = house.file.read_bytes()
    assert key not in sent
    for secret in (QUESTION.encode(), made.content.key.reveal(), key.encode()):
        assert secret not in stored
    wrong = made.link.partition("#")[0] + "#" + base64url_encode(bytes(32))
    with pytest.raises(VaultError, match=r"share\.wrong_key"):
        read(house, wrong)


def test_a_link_ends_when_it_should_and_cannot_be_prolonged(house: House, laptop: Machine) -> None:
    made = shared(laptop, chat_of(laptop), 3600)

    def prolonged(call: Call, reply: Reply) -> Reply:
        later = str(made.content.expiry + DAY).encode()
        return Reply(reply.status, reply.data.replace(str(made.content.expiry).encode(), later))

    house.tricks.append(prolonged)
    with pytest.raises(VaultError, match=r"share\.wrong_key"):
        read(house, made.link)
    house.tricks.clear()
    house.now += 3600
    with pytest.raises((VaultError, ServiceRefused)):
        read(house, made.link)
    assert sharing.listed(laptop.replica, origin=ORIGIN) == []


def test_a_link_is_taken_back_from_another_device(house: House, laptop: Machine, tmp_path: Path) -> None:
    made = shared(laptop, chat_of(laptop))
    laptop.sync()
    (tmp_path / "phone").mkdir()
    phone = house.link(tmp_path / "phone", laptop)
    (seen,) = sharing.listed(phone.replica, origin=ORIGIN)
    assert seen.link == made.link
    found = sharing.named(phone.replica, made.link, origin=ORIGIN)
    house.run(sharing.revoke(phone.replica, phone.way, found))
    phone.sync()
    with pytest.raises(ServiceRefused, match=r"share\.unknown"):
        read(house, made.link)
    laptop.sync()
    assert sharing.listed(laptop.replica, origin=ORIGIN) == []


def test_what_the_service_refuses_is_no_link(house: House, laptop: Machine) -> None:
    def refused(call: Call, reply: Reply) -> Reply:
        problem = b'{"detail":"","reason":"share.too_many","retry_after":null}'
        return Reply(409, problem) if call.path == "/v1/shares" else reply

    chat = chat_of(laptop)
    house.tricks.append(refused)
    with pytest.raises(ServiceRefused, match=r"share\.too_many"):
        shared(laptop, chat)
    house.tricks.clear()
    assert sharing.listed(laptop.replica, origin=ORIGIN) == []


def test_an_empty_chat_and_an_unknown_link_are_named(house: House, laptop: Machine) -> None:
    from privity_client.history import edits

    empty = edits.new_chat(laptop.replica, title="Empty")
    with pytest.raises(ClientError, match="nothing_to_send"):
        sharing.snapshot(laptop.replica, empty)
    with pytest.raises(ClientError, match="chat_unknown"):
        sharing.named(laptop.replica, "ffff", origin=ORIGIN)
    for text in ("", "https://x/s/", "https://x/s/AA#AA", "#", "x" * 2000):
        with pytest.raises(VaultError, match=r"share\.malformed"):
            read(house, text)


def test_an_encrypted_export_opens_with_its_words_alone(house: House, laptop: Machine, tmp_path: Path) -> None:
    chat_of(laptop)
    words = passphrase.make(Chance("words")(passphrase.ENTROPY))
    file = tmp_path / "export.pvx"
    with file.open("wb") as target:
        takeout.write_out(laptop.replica, target, time=house.now, words=words, entropy=Chance("salt"))
    assert takeout.is_encrypted(file)
    assert QUESTION.encode() not in file.read_bytes()
    found = takeout.preview_of(laptop.replica, file, words=words)
    assert (len(found.library.chats), found.messages) == (1, 2)
    other = passphrase.make(Chance("other words")(passphrase.ENTROPY))
    with pytest.raises(VaultError, match=r"export\.wrong_key"):
        takeout.preview_of(laptop.replica, file, words=other)
    cut = tmp_path / "cut.pvx"
    cut.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(VaultError, match=r"export\.(damaged|truncated)"):
        takeout.preview_of(laptop.replica, cut, words=words)
