"""A service that lies about keys: records, keyrings, cards, links, grants; and what it cannot do."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from dishonest_service import Scene, octets, on, promised, scenes
from history_stand import House, Machine
from privity_client.history import accounts, edits, linking
from privity_client.history.calls import Call, Reply, text_of
from privity_client.history.reasons import ServiceRefused
from privity_protocol import xwing
from privity_vault import opener, pairing
from privity_vault.errors import VaultError
from privity_vault.secret import AccountKey


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    yield from scenes(tmp_path)


def test_an_account_key_of_the_services_own_is_refused(tmp_path: Path) -> None:
    """It knows the public key of the code's opener and seals another key to it: only the tag tells."""
    house = House(tmp_path)
    laptop = house.create(tmp_path / "laptop")
    half = laptop.replica.opened.half
    ring = laptop.replica.opened.trusted.keyring
    code = next(one for one in ring.openers if one.kind == opener.Kind.RECOVERY)

    def change(value: dict[str, Any]) -> None:
        records = [opener.decode(octets(one)) for one in value["openers"]]
        absent = half.openers[code.id].absent
        foreign = opener.Absent(absent.public_key, type(absent.lock)(bytes(32)))
        for at, one in enumerate(records):
            if one.id == code.id:
                made = opener.seal_again(
                    one, foreign, AccountKey(bytes(32)), account=ring.account, epoch=1, encapsulate=xwing.encapsulate
                )
                value["openers"][at] = text_of(opener.encode(made))

    house.tricks.append(on("/v1/keyring", change))
    with pytest.raises(VaultError) as caught:
        house.recover(tmp_path / "desktop", laptop.code)
    assert caught.value.reason == "opener.foreign"
    assert promised("This opens nothing on a fresh device") == {"an account key of the service's own": "opener.foreign"}
    house.close()


def test_a_record_of_the_same_account_that_is_not_listed_is_refused(tmp_path: Path) -> None:
    """A record from before, rightly tagged, is not the one that the keyring names."""
    house = House(tmp_path)
    laptop = house.create(tmp_path / "laptop")
    found = laptop.replica.opened
    code = next(one for one in found.trusted.keyring.openers if one.kind == opener.Kind.RECOVERY)

    def change(value: dict[str, Any]) -> None:
        for at, text in enumerate(value["openers"]):
            one = opener.decode(octets(text))
            if one.id == code.id:
                absent = found.half.openers[code.id].absent
                made = opener.seal_again(
                    one, absent, found.key, account=found.account, epoch=1, encapsulate=xwing.encapsulate
                )
                value["openers"][at] = text_of(opener.encode(made))

    house.tricks.append(on("/v1/keyring", change))
    with pytest.raises(VaultError) as caught:
        house.recover(tmp_path / "desktop", laptop.code)
    assert caught.value.reason == "opener.unlisted"
    house.close()


def test_a_swapped_card_is_refused(tmp_path: Path) -> None:
    """The service puts a card of its own where the new device's was."""
    house = House(tmp_path)
    laptop = house.create(tmp_path / "laptop")
    mine, other = house.ground(tmp_path / "phone"), house.ground(tmp_path / "stranger")
    shown_card = house.run(linking.offer(mine, now=house.now))
    foreign = house.run(linking.offer(other, now=house.now))
    link = pairing.read_link(shown_card.link)

    def trick(call: Call, reply: Reply) -> Reply:
        return Reply(200, foreign.offered.card) if call.path.endswith("/card") else reply

    house.tricks.append(trick)
    with pytest.raises(VaultError, match=r"pairing\.card_changed"):
        house.run(linking.answer(laptop.replica, laptop.way, link, now=house.now))
    house.close()


def test_a_granted_head_that_the_log_lacks_is_a_rollback(tmp_path: Path) -> None:
    house = House(tmp_path)
    laptop = house.create(tmp_path / "laptop")
    position = laptop.replica.position
    accounts.at_least(laptop.replica, position.n, position.head)
    with pytest.raises(VaultError, match=r"log\.rolled_back"):
        accounts.at_least(laptop.replica, position.n + 1, position.head)
    with pytest.raises(VaultError, match=r"log\.forked"):
        accounts.at_least(laptop.replica, position.n, bytes(32))
    house.close()


def test_a_keyring_that_is_promised_and_not_delivered_is_seen(scene: Scene) -> None:
    scene.house.tricks.append(on("/v1/keyring", lambda value: value.update(newest=value["newest"] + 1)))
    with pytest.raises(VaultError, match=r"keyring\.rolled_back"):
        scene.reader.sync()
    with pytest.raises(VaultError, match=r"keyring\.rolled_back"):
        scene.house.recover(scene.writer.folder.parent / "desktop", scene.writer.code)


def test_another_record_for_this_device_is_seen(scene: Scene) -> None:
    """A record from before a rotation, say: rightly tagged, and not the one that the keyring names."""
    found = scene.reader.replica.opened
    own = scene.reader.replica.store.get("opener")
    assert own is not None

    def change(value: dict[str, Any]) -> None:
        for at, text in enumerate(value["openers"]):
            one = opener.decode(octets(text))
            if one.id == own:
                absent = found.half.openers[own].absent
                again = opener.seal_again(
                    one, absent, found.key, account=found.account, epoch=1, encapsulate=xwing.encapsulate
                )
                value["openers"][at] = text_of(opener.encode(again))

    scene.house.tricks.append(on("/v1/keyring", change))
    with pytest.raises(VaultError, match=r"opener\.unlisted"):
        scene.reader.sync()


def test_a_code_whose_stored_record_does_not_open_makes_no_account(tmp_path: Path) -> None:
    """The client opens what the service keeps with the code, before it says that the account is made."""
    house = House(tmp_path)

    def change(value: dict[str, Any]) -> None:
        for at, text in enumerate(value["openers"]):
            one = opener.decode(octets(text))
            if one.kind is opener.Kind.RECOVERY:
                value["openers"][at] = text_of(opener.encode(replace(one, commit=bytes(32))))

    house.tricks.append(on("/v1/keyring", change))
    with pytest.raises(VaultError, match=r"opener\.wrong_key"):
        house.create(tmp_path / "laptop")
    house.close()


def test_a_token_for_another_account_than_was_begun_is_refused(tmp_path: Path) -> None:
    house = House(tmp_path)

    def trick(call: Call, reply: Reply) -> Reply:
        if call.path != "/v1/account/finish":
            return reply
        return Reply(reply.status, json.dumps(json.loads(reply.data) | {"account": text_of(bytes(16))}).encode())

    house.tricks.append(trick)
    with pytest.raises(VaultError, match=r"keyring\.foreign"):
        house.create(tmp_path / "laptop")
    house.close()


def test_a_new_device_that_is_shown_an_older_keyring_than_was_granted_does_not_enter(tmp_path: Path) -> None:
    house = House(tmp_path)
    laptop = house.create(tmp_path / "laptop")

    def change(value: dict[str, Any]) -> None:
        value["newest"] = 1
        del value["keyrings"][1:]
        value["keyrings"][0]["private"] = text_of(laptop.replica.store.get("private") or b"")

    ground = house.ground(tmp_path / "phone")
    shown_link, answered = _confirmed(house, laptop, ground)
    house.tricks.append(on("/v1/keyring", change))
    sealed = house.run(linking.poll(shown_link.channel, "grant"))
    assert sealed is not None
    with pytest.raises(VaultError, match="the keyring that the other device named"):
        house.run(linking.enter(ground, answered, sealed, label="phone"))
    house.close()


def _confirmed(house: House, laptop: Machine, ground: accounts.Ground) -> tuple[linking.Shown, pairing.Answered]:
    """A link up to its grant."""
    shown_link = house.run(linking.offer(ground, now=house.now))
    link = pairing.read_link(shown_link.link)
    replied = house.run(linking.answer(laptop.replica, laptop.way, link, now=house.now))
    answered = house.run(linking.reveal(shown_link, house.run(linking.poll(shown_link.channel, "answer")) or b""))
    state = replied.revealed(house.run(linking.poll(shown_link.channel, "reveal")) or b"", now=house.now)
    confirmed = house.run(linking.typed(laptop.way, link.channel, state, answered.code, now=house.now))
    assert isinstance(confirmed, pairing.Confirmed)
    laptop.prove()
    house.run(linking.grant(laptop.replica, laptop.way, link.channel, confirmed, label="phone", now=house.now))
    return shown_link, answered


def test_a_link_to_another_service_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    house = House(tmp_path)
    laptop = house.create(tmp_path / "laptop")
    shown_link = house.run(linking.offer(house.ground(tmp_path / "phone"), now=house.now))
    link = pairing.read_link(shown_link.link.replace("http://localhost:8080", "https://elsewhere.example"))
    before = len(house.calls)
    with pytest.raises(VaultError, match=r"pairing\.foreign"):
        house.run(linking.answer(laptop.replica, laptop.way, link, now=house.now))
    assert len(house.calls) == before
    house.close()


def test_three_wrong_codes_burn_the_channel_at_the_service_too(tmp_path: Path) -> None:
    house = House(tmp_path)
    laptop = house.create(tmp_path / "laptop")
    with pytest.raises(VaultError, match=r"pairing\.burnt"):
        house.link(tmp_path / "phone", laptop, wrong=3)
    last = house.calls[-1]
    assert last.method == "DELETE"
    channel = octets(last.path.rpartition("/")[2])
    with pytest.raises(ServiceRefused, match=r"pairing\.burnt"):
        house.run(linking.poll(channel, "grant"))
    house.close()


def test_a_message_in_a_chat_whose_deletion_waits_goes_with_it_and_is_offered(scene: Scene) -> None:
    scene.reader.sync()
    chat = scene.reader.replica.chats()[0]
    edits.delete_chat(scene.reader.replica, chat)
    scene.writer.say(chat, "Written meanwhile")
    scene.writer.sync()
    scene.reader.sync()
    scene.writer.sync()
    assert scene.writer.seen() == scene.reader.seen() == {}
    assert [one.text.value for _, one in edits.offers(scene.reader.replica)] == ["Written meanwhile"]
    assert scene.reader.replica.store.items(box=chat)[0].deleted
