"""The witness against C2SP tlog-witness: every answer of the specification, its race, and the recorded conversation."""

import json
import os
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from privity_log import add_checkpoint, sequencer
from privity_log.asking import Answer, ask
from privity_log.asking import Witness as Known
from privity_log.errors import LogError, StoreError
from privity_log.sequencer import Committed, Sequencer
from privity_log.signer import signature_of
from privity_log.witness import Witness
from privity_log.witness_state import WitnessState
from privity_tlog import checkpoint, cosignature, merkle, note
from privity_tlog.checkpoint import Checkpoint
from privity_tlog.errors import TlogError
from privity_tlog.keys import NOTE_ED25519, Key
from privity_tlog.view import View
from stand import ED, LOG, NOW, ORIGIN, W1, W2, W3, entries, signer
from strict_store import Disk, StrictStore

KEYS = {ORIGIN: tuple(one.key for one in LOG)}
SHARED = Path(os.environ.get("PRIVITY_VECTORS", Path(__file__).resolve().parents[3].parent / "shared/vectors"))
RECORDED = SHARED / "crypto/tlog/witness-add-checkpoint.json"
FOREIGN = signer(ORIGIN, NOTE_ED25519, 77)


@pytest.fixture
def state(tmp_path):
    made = WitnessState(tmp_path / "w/witness.sqlite")
    yield made
    made.close()


@pytest.fixture
def witness(state) -> Witness:
    return Witness(KEYS, W1, state, lambda: NOW)


def grown(*sizes: int, start: int = 0) -> tuple[Sequencer, list[Committed]]:
    """A log and its heads at these sizes."""
    store = StrictStore(Disk())
    sequencer.create(store, ORIGIN, LOG, now=NOW)
    log = sequencer.open_log(store, ORIGIN, LOG, now=NOW)
    heads = []
    for size in sizes:
        log.append(entries(start + log.committed.head.size, start + size), now=NOW)
        heads.append(log.committed)
    return log, heads


def request(log: Sequencer, old: int, of: Committed) -> bytes:
    return add_checkpoint.encode(old, log.consistency(old, of), of.note)


def signed(head: Checkpoint, *signers) -> bytes:
    return note.encode(note.Note(checkpoint.encode(head), tuple(signature_of(one, head, NOW) for one in signers)))


def test_a_head_that_continues_is_cosigned_with_every_key_and_remembered(witness, state) -> None:
    log, (five, nine) = grown(5, 9)
    for old, of in ((0, five), (5, nine), (9, nine)):
        reply = witness.add_checkpoint(request(log, old, of))
        assert reply.status == 200
        made = note.decode(checkpoint.encode(of.head).encode() + b"\n" + reply.body)
        for one in W1:
            assert cosignature.verify(made, of.head, one.key).time == NOW
        assert state.view(ORIGIN).head == of.head
    assert state.view(ORIGIN).note == nine.note


def test_the_size_that_is_known_is_told_as_the_specification_says(witness) -> None:
    log, (five, nine) = grown(5, 9)
    witness.add_checkpoint(request(log, 0, five))
    for old in (0, 3, 9):
        reply = witness.add_checkpoint(request(log, old, nine))
        assert (reply.status, reply.media_type, reply.body) == (409, "text/x.tlog.size", b"5\n")


def test_an_unknown_log_a_false_signature_and_an_old_size_beyond_the_head(witness) -> None:
    log, (five,) = grown(5)
    other = five.head.__class__("other.example/release", 5, five.head.root)
    unknown = add_checkpoint.encode(0, (), signed(other, signer("other.example/release", NOTE_ED25519, 1)))
    assert witness.add_checkpoint(unknown).status == 404
    false = add_checkpoint.encode(0, (), signed(five.head, FOREIGN))
    assert witness.add_checkpoint(false).status == 403
    assert witness.add_checkpoint(add_checkpoint.encode(6, (), five.note)).status == 400
    assert witness.add_checkpoint(request(log, 0, five)).status == 200


def test_a_known_key_whose_signature_is_false_is_refused_beside_a_good_one(witness) -> None:
    _, (five,) = grown(5)
    text = checkpoint.encode(five.head)
    good = signature_of(LOG[0], five.head, NOW)
    bad = note.Signature(ORIGIN, LOG[1].key.id, bytes(8) + bytes(2420))
    data = note.encode(note.Note(text, (good, bad)))
    assert witness.add_checkpoint(add_checkpoint.encode(0, (), data)).status == 403


def test_a_path_that_does_not_lead_there_is_422_and_changes_nothing(witness, state) -> None:
    log, (five, nine) = grown(5, 9)
    witness.add_checkpoint(request(log, 0, five))
    path = log.consistency(5, nine)
    for wrong in ((), path[:-1], (*path, bytes(32)), path[::-1]):
        assert witness.add_checkpoint(add_checkpoint.encode(5, wrong, nine.note)).status == 422
    assert state.view(ORIGIN).head == five.head


def test_a_path_from_nothing_must_be_empty(witness) -> None:
    _, (five,) = grown(5)
    assert witness.add_checkpoint(add_checkpoint.encode(0, (bytes(32),), five.note)).status == 422


def test_a_fork_is_refused_and_both_notes_are_kept_as_evidence(witness, state) -> None:
    log, (five,) = grown(5)
    _, (fork,) = grown(5, start=50)
    witness.add_checkpoint(request(log, 0, five))
    for _ in range(3):
        reply = witness.add_checkpoint(add_checkpoint.encode(5, (), fork.note))
        assert (reply.status, reply.body) == (409, b"5\n")
    assert state.evidence(ORIGIN) == [(five.note, fork.note)]
    assert state.view(ORIGIN).head == five.head


def test_a_grown_fork_is_refused(witness, state) -> None:
    log, (five,) = grown(5)
    other, (_, fork) = grown(5, 9, start=50)
    witness.add_checkpoint(request(log, 0, five))
    assert witness.add_checkpoint(request(other, 5, fork)).status == 422
    assert state.view(ORIGIN).head == five.head


GOOD = add_checkpoint.encode(0, (), grown(5)[1][0].note)
MALFORMED = [
    b"",
    b"old 0\n",
    b"old 0\n\n",
    GOOD.replace(b"old 0", b"old 00"),
    GOOD.replace(b"old 0", b"old -1"),
    GOOD.replace(b"old 0", b"OLD 0"),
    GOOD.replace(b"old 0\n", b"old 0\nAAAA\n"),
    GOOD.replace(b"old 0\n", b"old 0\n" + b"A" * 43 + b"=\n" * 64),
    GOOD.replace(b"\n5\n", b"\n05\n"),
    GOOD[:-1],
    GOOD.replace(b"old 0", b"old \xff"),
    b"x" * (add_checkpoint.MAX_REQUEST + 1),
]


@pytest.mark.parametrize("body", MALFORMED, ids=range(len(MALFORMED)))
def test_what_is_not_a_request_is_400(witness, state, body) -> None:
    assert witness.add_checkpoint(body).status == 400
    assert state.view(ORIGIN) is None


def test_a_witness_that_cannot_remember_does_not_cosign(witness, state) -> None:
    log, (five,) = grown(5)
    state.close()
    with pytest.raises((StoreError, LogError)):
        witness.add_checkpoint(request(log, 0, five))


def test_two_requests_at_once_cannot_both_advance_from_one_size(tmp_path) -> None:
    """The race of the specification, between two processes' connections: the smaller head must not come back."""
    log, heads = grown(5, 9, 14)
    states = [WitnessState(tmp_path / "w.sqlite") for _ in range(2)]
    witnesses = [Witness(KEYS, W2, one, lambda: NOW) for one in states]
    witnesses[0].add_checkpoint(request(log, 0, heads[0]))
    bodies = [request(log, 5, of) for of in heads[1:]]
    replies: dict[int, int] = {}
    gate = threading.Barrier(2)

    def post(number: int) -> None:
        gate.wait()
        replies[number] = witnesses[number].add_checkpoint(bodies[number]).status

    threads = [threading.Thread(target=post, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(replies.values()) == [200, 409]
    won = next(number for number, status in replies.items() if status == 200)
    assert {one.view(ORIGIN).head.size for one in states} == {heads[1 + won].head.size}
    for one in states:
        one.close()


def test_nobody_else_can_advance_while_a_request_is_judged(tmp_path) -> None:
    _, (five, nine) = grown(5, 9)
    one, two = (WitnessState(tmp_path / "w.sqlite", wait=0) for _ in range(2))

    def judged(known: View | None) -> View:
        with pytest.raises(StoreError):
            two.advance(ORIGIN, lambda _known: View(nine.head, nine.note))
        assert known is None
        return View(five.head, five.note)

    assert one.advance(ORIGIN, judged).head.size == 5
    assert two.view(ORIGIN).head.size == 5
    one.close()
    two.close()


def test_what_is_refused_while_it_is_judged_leaves_no_trace(state) -> None:
    _, (five,) = grown(5)

    def judged(_known: View | None) -> View:
        state._connection.execute("INSERT INTO evidence VALUES ('a', 'b', 'c')")
        raise LookupError

    with pytest.raises(LookupError):
        state.advance(ORIGIN, judged)
    assert state.evidence("a") == []
    assert state.advance(ORIGIN, lambda known: View(five.head, five.note) if known is None else known).head.size == 5


def test_a_restarted_witness_remembers(tmp_path) -> None:
    log, (five, nine) = grown(5, 9)
    first = WitnessState(tmp_path / "w.sqlite")
    Witness(KEYS, W2, first, lambda: NOW).add_checkpoint(request(log, 0, five))
    first.close()
    second = WitnessState(tmp_path / "w.sqlite")
    again = Witness(KEYS, W2, second, lambda: NOW)
    assert again.add_checkpoint(request(log, 0, nine)).body == b"5\n"
    assert again.add_checkpoint(request(log, 5, nine)).status == 200
    second.close()


@pytest.mark.skipif(not RECORDED.is_file(), reason="the shared vectors are not here")
def test_the_recorded_conversation(state) -> None:
    """An unknown log was 403 when it was recorded; the specification now tells 404."""
    recorded = json.loads(RECORDED.read_text())
    key = Key(recorded["log_origin"], NOTE_ED25519, bytes.fromhex(recorded["log_ed25519_public_key_hex"]))
    ours = signer(recorded["witness_name"], 0x04, 5)
    witness = Witness({key.name: (key,)}, [ours], state, lambda: NOW)
    for number, one in enumerate(recorded["ordered_requests"]):
        reply = witness.add_checkpoint(one["body"].encode())
        unknown = "unknown log" in one["asserts"]
        assert reply.status == (404 if unknown else one["status"]), number
        expected = json.loads(one["asserts"].partition(" ")[2].removeprefix("contains").removeprefix("==").strip())
        text = reply.body.decode()
        assert text == expected if "==" in one["asserts"] else expected in text, number
    assert len(recorded["ordered_requests"]) == 9


# The other side: the log asks.

THEIRS = Known("one.example/w", "http://one", tuple(one.key for one in W1))


def asked(log: Sequencer, of: Committed, old: int, answer) -> tuple[list[int], object]:
    """Drive the flow with a function from request to answer; return the old sizes that were sent, and the result."""
    flow = ask(THEIRS, of, old, lambda at: log.consistency(at, of))
    sizes = []
    try:
        body = next(flow)
        while True:
            sizes.append(add_checkpoint.decode(body).old)
            body = flow.send(answer(body))
    except StopIteration as end:
        return sizes, end.value
    except LogError as error:
        return sizes, error.reason


def over(witness: Witness):
    def answer(body: bytes) -> Answer:
        reply = witness.add_checkpoint(body)
        return Answer(reply.status, reply.media_type, reply.body)

    return answer


def test_a_conflict_is_followed_from_the_size_that_the_witness_names(witness) -> None:
    log, (five, nine) = grown(5, 9)
    sizes, lines = asked(log, five, 0, over(witness))
    assert (sizes, len(lines)) == ([0], 2)
    sizes, lines = asked(log, nine, 0, over(witness))
    assert (sizes, len(lines)) == ([0, 5], 2)


def test_the_race_another_request_advances_the_witness_between_conflict_and_retry(witness) -> None:
    log, heads = grown(5, 9, 14, 20)
    witness.add_checkpoint(request(log, 0, heads[0]))
    meanwhile = iter([request(log, 5, heads[1]), request(log, 9, heads[2])])

    def answer(body: bytes) -> Answer:
        reply = over(witness)(body)
        following = next(meanwhile, None)
        if following is not None:
            witness.add_checkpoint(following)
        return reply

    assert asked(log, heads[3], 0, answer) == ([0, 5, 9], "witness_refused")
    sizes, lines = asked(log, heads[3], 9, over(witness))
    assert (sizes, len(lines)) == ([9, 14], 2)


def test_a_witness_that_saw_more_than_there_is_means_an_old_copy_of_the_store(witness) -> None:
    log, (five, nine) = grown(5, 9)
    witness.add_checkpoint(request(log, 0, nine))
    assert asked(log, five, 0, over(witness)) == ([0], "witness_ahead")


def test_a_witness_that_saw_another_head_of_this_size_is_not_asked_for_ever(witness) -> None:
    log, (five,) = grown(5)
    other, (fork,) = grown(5, start=50)
    witness.add_checkpoint(request(other, 0, fork))
    assert asked(log, five, 0, over(witness)) == ([0, 5], "witness_refused")


FIVE = grown(5)[1][0]


def line(one, head: Checkpoint) -> bytes:
    made = note.Note(checkpoint.encode(head), (signature_of(one, head, NOW),))
    return note.encode(made).partition(b"\n\n")[2]


ANSWERS = {
    "another status": Answer(500, "text/plain", b""),
    "no cosignature": Answer(200, "text/plain", b""),
    "a foreign witness": Answer(200, "text/plain", line(W3[0], FIVE.head)),
    "a cosignature of another head": Answer(200, "text/plain", line(W1[0], Checkpoint(ORIGIN, 6, bytes(32)))),
    "not lines of a note": Answer(200, "text/plain", b"hello\n"),
    "a conflict without a size": Answer(409, "text/plain", b"3\n"),
    "a conflict with another text": Answer(409, "text/x.tlog.size", b"three\n"),
    "a conflict without an end": Answer(409, "text/x.tlog.size", b"3"),
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_a_witness_that_answers_something_else_is_refused(answer) -> None:
    log, (five,) = grown(5)
    assert asked(log, five, 0, lambda _body: answer) == ([0], "witness_refused")


def test_lines_of_unknown_keys_are_ignored() -> None:
    log, (five,) = grown(5)
    both = Answer(200, "text/plain", line(W3[0], five.head) + line(W1[1], five.head))
    _, lines = asked(log, five, 0, lambda _body: both)
    assert [one.key_id for one in lines] == [W1[1].key.id]


def test_the_empty_tree_is_cosigned_too(witness) -> None:
    head = Checkpoint(ORIGIN, 0, merkle.EMPTY_ROOT)
    assert witness.add_checkpoint(add_checkpoint.encode(0, (), signed(head, *ED))).status == 200


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.binary(max_size=300) | st.tuples(st.integers(0, len(GOOD) - 1), st.integers(1, 255)))
def test_any_bytes_get_an_answer_of_the_specification(witness, state, change) -> None:
    body = (
        change
        if isinstance(change, bytes)
        else bytes(byte ^ change[1] if at == change[0] else byte for at, byte in enumerate(GOOD))
    )
    # One of the log's two signatures is enough: what is cosigned is its own head, whatever became of the other.
    assert witness.add_checkpoint(body).status in {200, 400, 403, 404, 409, 422}
    known = state.view(ORIGIN)
    assert known is None or known.head == FIVE.head


@pytest.mark.parametrize("body", [GOOD, b"old 3\n" + b"A" * 43 + b"=\n\nrest\n"])
def test_a_request_reads_back_what_it_wrote(body) -> None:
    read = add_checkpoint.decode(body)
    assert add_checkpoint.encode(read.old, read.path, read.note) == body
    with pytest.raises(TlogError):
        add_checkpoint.decode(b"\n" + body)
