"""What a person and a program read: safe text, attachments, states of an answer, words for every failure."""

import io
import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from privity_client.answer import Answer
from privity_client.cli import failure
from privity_client.cli.blocks import Blocks
from privity_client.cli.views import JsonView, PlainView
from privity_client.conversation import MAX_FILE, Attachment, Conversation, as_text, compose, read_attachments
from privity_client.errors import CLIENT_REASONS, ClientError, EvidenceRefused, words_for
from privity_client.printable import clean
from privity_client.testing.fake_node import FakeNode
from privity_protocol.errors import Malformed, NotAuthentic
from privity_protocol.lines import Done, Notice, Reasoning, Text, Usage

README = Path(__file__).resolve().parents[1] / "README.md"


def test_every_reason_is_in_the_readme_with_its_words() -> None:
    rows = re.findall(r"^\| `([a-z_]+)` \| (\d) \| (.+) \|$", README.read_text(), re.MULTILINE)
    assert rows == [(name, str(int(words.exit)), words.what) for name, words in CLIENT_REASONS.items()]


def test_the_reasons_of_the_channel_are_those_of_the_specification() -> None:
    spec = (Path(__file__).resolve().parents[3] / "specs/admission.md").read_text()
    (line,) = [line for line in spec.splitlines() if line.startswith("**Reasons of the channel:**")]
    listed = re.findall(r"`([a-z_]+)`", line.partition(". ")[0])
    assert len(listed) == 20
    assert set(listed) <= CLIENT_REASONS.keys()


def test_the_reasons_of_the_wallet_are_those_of_the_specification() -> None:
    spec = (Path(__file__).resolve().parents[3] / "specs/wallet.md").read_text()
    (line,) = [line for line in spec.splitlines() if line.startswith("**Reasons of the wallet:**")]
    listed = re.findall(r"`([a-z_]+)`", line.partition(". ")[0])
    assert listed == ["tokens_gone", "issuer_refused"]
    assert set(listed) <= CLIENT_REASONS.keys()


def test_every_reason_says_what_happened_and_what_to_do() -> None:
    for words in CLIENT_REASONS.values():
        assert words.what.endswith(".")
        assert words.do


def test_an_undocumented_reason_cannot_be_raised() -> None:
    with pytest.raises(AssertionError):
        ClientError("invented")


def test_faults_of_the_wire_have_words() -> None:
    assert words_for(Malformed("truncated")).exit == 4
    assert words_for(NotAuthentic()).exit == 1


@pytest.mark.parametrize("hidden", ["\x1b[2J", "\x1b]0;title\x07", "\r", "\x9b31m", "\x00", "\u202e", "\x7f", "\u2066"])
def test_control_characters_do_not_reach_the_terminal(hidden: str) -> None:
    shown = clean(f"a{hidden}b\n\tc")
    assert not any(ord(character) < 32 and character not in "\n\t" for character in shown)
    assert "\x9b" not in shown
    assert "\u202e" not in shown
    assert "\x7f" not in shown
    assert shown.endswith("b\n\tc")


@given(st.text())
def test_clean_keeps_what_is_printable_and_is_stable(text: str) -> None:
    assert clean(clean(text)) == clean(text)
    assert "\x1b" not in clean(text)


def test_an_answer_is_partial_until_it_is_said_to_be_complete() -> None:
    answer = Answer()
    assert answer.take(Text("a\x1b[1m")) == "a\ufffd[1m"
    assert answer.take(Reasoning("thinking")) == ""
    assert answer.take(Notice("model.slow")) == ""
    assert answer.take(Usage(1, 0, 2)) == ""
    assert answer.take(Done("length")) == ""
    assert answer.state == "partial"
    assert answer.raw == "a\x1b[1m"
    assert answer.reasoning == "thinking"
    answer.complete()
    assert answer.state == "complete"
    answer.restart()
    assert answer.text == answer.raw == answer.reasoning == ""


def test_a_conversation_sends_what_was_said_and_forgets_on_demand() -> None:
    conversation = Conversation("be brief")
    conversation.add("one", "two", "stopped")
    conversation.add("three", "", "stopped")
    roles = [(message["role"], message["content"]) for message in conversation.messages("four")]
    assert roles == [
        ("system", "be brief"),
        ("user", "one"),
        ("assistant", "two"),
        ("user", "three"),
        ("user", "four"),
    ]
    conversation.clear()
    assert len(conversation.messages("x")) == 2


def test_attachments_are_bounded_text(tmp_path: Path) -> None:
    good = tmp_path / "good.txt"
    good.write_bytes(b"\xef\xbb\xbfhello\n")
    assert read_attachments([good]) == [Attachment("good.txt", "hello\n")]
    assert compose("what?", [Attachment("good.txt", "hello\n")]) == (
        "[File: good.txt]\nhello\n[End of file: good.txt]\n\nwhat?"
    )
    large = tmp_path / "large.txt"
    large.write_bytes(b"x" * (MAX_FILE + 1))
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe")
    zero = tmp_path / "zero"
    zero.write_bytes(b"a\0b")
    for path, reason in (
        (large, "file_too_large"),
        (binary, "file_not_text"),
        (zero, "file_not_text"),
        (tmp_path / "none", "file_unreadable"),
        (tmp_path, "file_unreadable"),
        (Path("/dev/zero"), "file_unreadable"),
    ):
        with pytest.raises(ClientError) as caught:
            read_attachments([path])
        assert caught.value.reason == reason
    full = tmp_path / "full.txt"
    full.write_bytes(b"x" * MAX_FILE)
    with pytest.raises(ClientError, match="together"):
        read_attachments([full] * 5)


def test_a_fault_in_text_names_the_byte() -> None:
    with pytest.raises(ClientError, match="byte 2 is not UTF-8"):
        as_text(b"ab\xff", "x")


@given(st.lists(st.sampled_from(["a", "\n", "\n\n", "```\n", "~~~\n", "# h\n", "- x\n", " "]), max_size=30))
def test_blocks_lose_nothing_and_never_split_a_fence(pieces: list[str]) -> None:
    blocks = Blocks()
    finished = [blocks.feed(piece) for piece in pieces]
    rest = blocks.finish()
    assert "".join(finished) + rest == "".join(pieces)
    for block in finished:
        assert sum(line.strip() in ("```",) for line in block.splitlines()) % 2 == 0 or "~~~" in block


def test_a_paragraph_is_final_after_a_blank_line() -> None:
    blocks = Blocks()
    assert blocks.feed("one\n") == ""
    assert blocks.feed("\ntwo") == "one\n\n"
    assert blocks.tail == "two"
    assert blocks.feed("\n```\ncode\n\nmore\n") == ""
    assert blocks.feed("```\n\n") == "two\n```\ncode\n\nmore\n```\n\n"


def finished_answer() -> Answer:
    answer = Answer()
    answer.take(Text("Hello"))
    answer.take(Usage(3, 1, 2))
    answer.take(Done("stop"))
    answer.complete()
    return answer


def test_the_plain_view_keeps_the_answer_apart_from_everything_else() -> None:
    out, err = io.StringIO(), io.StringIO()
    view = PlainView(out, err)
    node = FakeNode().verified()
    view.begin(node)
    view.accepted(node)
    view.text("Hello")
    view.note("retrying", "trying again")
    view.finished(finished_answer(), 1.0)
    assert out.getvalue() == "Hello\n"
    assert failure.BANNER in err.getvalue()


def test_the_plain_view_marks_what_is_not_complete(capsys: pytest.CaptureFixture[str]) -> None:
    out, err = io.StringIO(), io.StringIO()
    view = PlainView(out, err)
    partial = Answer()
    view.text(partial.take(Text("Hel")))
    assert view.failed(ClientError("answer_cut"), partial) == 1
    assert "not complete" in err.getvalue()
    stopped = finished_answer()
    stopped.stop()
    view.finished(stopped, 1.0)
    assert "stopped" in err.getvalue()
    assert "Your message was kept" in capsys.readouterr().err


def test_every_json_object_says_whether_the_enclave_is_simulated() -> None:
    out = io.StringIO()
    view = JsonView(out)
    node = FakeNode().verified()
    view.begin(node)
    view.accepted(node)
    view.text("Hello")
    view.note("resuming", "asking for the rest")
    view.restarted()
    view.finished(finished_answer(), 1.2345)
    events = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [event["simulated"] for event in events] == [True] * 6
    assert [event["event"] for event in events] == ["verified", "accepted", "text", "resuming", "restarted", "done"]
    assert events[0]["notice"] == failure.BANNER
    assert events[-1]["usage"] == {"prompt": 3, "cached": 1, "completion": 2}


def test_failures_are_one_json_object_with_reason_and_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert failure.show(ClientError("simulated_not_allowed"), as_json=True) == 3
    assert failure.show(EvidenceRefused("x", {"outcome": "refused"}), as_json=True, simulated=None) == 3
    first, second = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert first["simulated"] is True
    assert first["what"].startswith("Test enclave.")
    assert second["record"] == {"outcome": "refused"}
    assert failure.show(ClientError("busy", "\x1b[31mred"), as_json=False) == 1
    assert "\x1b" not in capsys.readouterr().err
