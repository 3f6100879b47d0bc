"""What the tables of cases do not reach: misuse, waits, and offers that become chats."""

import pytest
import vault_material as m
from history_operations import id_of
from privity_vault import box, deletion, merge, wallet
from privity_vault.clock import NEVER, Clock
from privity_vault.contents import attachment
from privity_vault.contents.chat import Attached, Node, Reasoning, Role, State, Text, ToolCall, ToolResult
from privity_vault.contents.home import Prompt
from privity_vault.contents.schema import Field
from privity_vault.deletion import Offer
from privity_vault.errors import VaultError
from privity_vault.importers import chatgpt
from privity_vault.importers.conversation import Conversation, Report, Said, as_chats

PROMPT = Prompt(Field("title", NEVER), Field("text", NEVER), Field("", NEVER))


def node(parent: str | None, role: Role, *parts) -> Node:
    return Node(id_of("old"), None if parent is None else id_of(parent), role, parts, None, None, State.COMPLETE, 1)


def test_an_offer_becomes_a_chat_of_its_own() -> None:
    nodes = {
        id_of("b"): node("gone", Role.ASSISTANT, Text("answer")),
        id_of("c"): node("b", Role.USER, Text("and then?"), Attached(id_of("file"))),
    }
    ids = {id_of("b"): id_of("x"), id_of("c"): id_of("y")}
    made = deletion.as_chat(Offer(id_of("b"), tuple(nodes)), nodes, ids, id_of("new"))
    assert [(id_, one.chat, one.parent) for id_, one in made.items()] == [
        (id_of("x"), id_of("new"), None),
        (id_of("y"), id_of("new"), id_of("x")),
    ]
    assert made[id_of("y")].parts == (Text("and then?"),)


def test_what_nobody_can_read_waits_for_a_device_that_can() -> None:
    assert not deletion.is_abandoned(m.DAY, m.DAY + deletion.GRACE_DAYS - 1)
    assert deletion.is_abandoned(m.DAY, m.DAY + deletion.GRACE_DAYS)


def test_what_is_no_field_is_not_edited() -> None:
    with pytest.raises(VaultError, match="nothing is no field"):
        merge.edit(PROMPT, Clock(id_of("a")), 1, nothing="x")


def test_what_lost_does_not_show_itself() -> None:
    assert repr(merge.Lost("title", "secret")) == "Lost(title)"
    assert repr(merge.Merged(PROMPT, ())) == "Merged(write, 0 lost)"


@pytest.mark.parametrize(("entropy", "seconds"), [(bytes(8), 0), (b"\xff" * 8, (2**64 - 1) % 601)])
def test_a_claim_waits_up_to_ten_minutes(entropy, seconds) -> None:
    assert wallet.claim_delay(entropy) == seconds <= wallet.MAX_DELAY_S


def test_a_file_that_is_too_large_is_not_split(monkeypatch) -> None:
    monkeypatch.setattr(attachment, "MAX_SIZE", 9)
    with pytest.raises(VaultError, match=r"object\.too_large"):
        attachment.split(bytes(10), (), id_=bytes(16), name="a", type_="", extracted=None)


def ids(text: str) -> bytes:
    return box.import_id(m.AK1, account=m.ACCOUNT, source="test", id_=text)


@pytest.mark.parametrize(
    ("part", "kinds"),
    [
        (Reasoning("x" * 900_000), [Reasoning] * 5),
        (ToolResult("c", "x" * 900_000), [ToolResult] * 5),
        (ToolCall("c", "n", "x" * 900_000), [ToolCall, *[Text] * 4]),
        (Attached(bytes(16)), [Attached]),
    ],
    ids=["reasoning", "result", "call", "attachment"],
)
def test_a_long_part_is_cut_into_its_like(part, kinds) -> None:
    said = {"m": Said(None, Role.ASSISTANT, (part,), State.COMPLETE, 1)}
    (found,) = as_chats([Conversation("c", "t", "m", 1, said)], ids, Report())
    ordered = sorted(found.nodes.values(), key=lambda one: one.time)
    assert [type(one) for node_ in ordered for one in node_.parts] == kinds
    assert found.chat.leaf.value in found.nodes


def test_more_parts_than_a_message_holds_go_on_in_the_next() -> None:
    said = {
        "m": Said(None, Role.USER, (Text("x"),) * 300, State.COMPLETE, 1),
        "n": Said("m", Role.ASSISTANT, (Text("y"),), State.COMPLETE, 1),
    }
    (found,) = as_chats([Conversation("c", "t", None, 1, said)], ids, Report())
    assert sorted(len(one.parts) for one in found.nodes.values()) == [1, 44, 256]
    answer = next(one for one in found.nodes.values() if one.role is Role.ASSISTANT)
    assert len(found.nodes[answer.parent or b""].parts) == 44


def test_empty_code_is_no_message() -> None:
    message = '{"author":{"role":"assistant"},"content":{"content_type":"code","text":""}}'
    found, report = chatgpt.read([f'[{{"id":"c","mapping":{{"m":{{"message":{message}}}}}}}]'.encode()], ids)
    assert found == []
    assert report.left_out["empty message"] == 1
