"""Whatever is read prints as it was, whatever is printed is read, and any bytes at all give a documented reason."""

import contextlib
from collections.abc import Callable
from typing import Any

import log_material as m
import pytest
from cases_leaves import HONEST
from hypothesis import given, settings
from hypothesis import strategies as st
from privity_protocol.errors import Malformed
from privity_tlog import checkpoint, head, keys, note, proof, tiles, view, witness_policy
from privity_tlog.checkpoint import Checkpoint
from privity_tlog.errors import TlogError
from privity_tlog.leaves import fleet, issuers, revocations, trust, web
from privity_tlog.limits import MAX_SIGNATURE, MAX_SIZE
from privity_tlog.note import Note, Signature

POLICY = witness_policy.decode(m.ROTATING)
NOTE = m.signed(7, m.LOG, m.ALPHA, m.BETA)
PROOF = m.proved(3, 7, NOTE)
DIGESTS = st.binary(min_size=32, max_size=32)
NAMES = st.text(max_size=20).filter(keys.is_name)
LINES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)
READERS: dict[str, tuple[bytes, Callable[[bytes], Any], Callable[[Any], bytes] | None]] = {
    "note": (NOTE, note.decode, note.encode),
    "key": (m.BETA.vkey.encode(), lambda data: keys.decode(data.decode()), lambda key: keys.encode(key).encode()),
    "checkpoint": (
        checkpoint.encode(m.head(7)).encode(),
        lambda data: checkpoint.decode(data.decode()),
        lambda read: checkpoint.encode(read).encode(),
    ),
    "proof": (PROOF, proof.decode, lambda read: proof.encode(read.index, read.path, read.checkpoint, read.extra)),
    "policy": (m.POLICY, witness_policy.decode, None),
    "bundle": (tiles.bundle(m.ENTRIES), lambda data: tiles.entries(data, 11), lambda read: tiles.bundle(list(read))),
    "tile": (b"".join(m.LEAVES), lambda data: tiles.hashes(data, 11), b"".join),
    "fleet": (HONEST["fleet"], fleet.decode, fleet.encode),
    "issuers": (HONEST["issuers"], issuers.decode, issuers.encode),
    "policy leaf": (HONEST["policy"], trust.decode, trust.encode),
    "revocations": (HONEST["revocations"], revocations.decode, revocations.encode),
    "web": (HONEST["web"], web.decode, web.encode),
}


@st.composite
def near(draw: st.DrawFn, good: bytes) -> bytes:
    """`good` with a byte changed, put in or taken away, or with its end cut off."""
    at = draw(st.integers(0, len(good) - 1))
    how = draw(st.integers(0, 3))
    byte = draw(st.sampled_from([b"\n", b" ", b"0", b"A", b"=", b"+", b"\xff", b"\0", b"/"]))
    middles = (byte + good[at + 1 :], byte + good[at:], good[at + 1 :], b"")
    return good[:at] + middles[how]


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_reader_accepts_only_what_it_would_print(name, data) -> None:
    good, read, written = READERS[name]
    tried = data.draw(st.one_of(near(good), st.binary(max_size=200)))
    # Keys and checkpoints are read as text, which only notes and policies make of bytes.
    allowed = (TlogError, Malformed) + ((UnicodeDecodeError,) if name in ("key", "checkpoint") else ())
    with contextlib.suppress(*allowed):
        found = read(tried)
        assert written is None or written(found) == tried


@settings(max_examples=80, deadline=None)
@given(data=st.one_of(near(PROOF), st.binary(max_size=200)), index=st.integers(0, 10))
def test_a_changed_proof_gives_a_reason_or_what_it_gave_before(data, index) -> None:
    honest = proof.verify(PROOF, m.ENTRIES[3], POLICY, origin=m.ORIGIN)
    with contextlib.suppress(TlogError):
        found = proof.verify(data, m.ENTRIES[index], POLICY, origin=m.ORIGIN)
        # A line of somebody unknown may change, and nothing else.
        assert index == 3
        assert found.checkpoint == honest.checkpoint


@settings(max_examples=80, deadline=None)
@given(
    text=st.lists(LINES, min_size=1, max_size=4),
    lines=st.lists(
        st.tuples(NAMES, st.binary(min_size=4, max_size=4), st.binary(min_size=1, max_size=100)),
        min_size=1,
        max_size=5,
    ),
)
def test_what_a_note_can_say_comes_back(text, lines) -> None:
    made = Note("".join(f"{one}\n" for one in text), tuple(Signature(*one) for one in lines))
    assert note.decode(note.encode(made)) == made


@settings(max_examples=80, deadline=None)
@given(origin=LINES, size=st.integers(0, MAX_SIZE), root=DIGESTS, extensions=st.lists(LINES, max_size=3))
def test_what_a_checkpoint_can_say_comes_back(origin, size, root, extensions) -> None:
    made = Checkpoint(origin, size, root, tuple(extensions))
    assert checkpoint.decode(checkpoint.encode(made)) == made


@settings(max_examples=80, deadline=None)
@given(index=st.integers(0, MAX_SIZE), path=st.lists(DIGESTS, max_size=63), extra=st.none() | st.binary(max_size=50))
def test_what_a_proof_can_say_comes_back(index, path, extra) -> None:
    read = proof.decode(proof.encode(index, path, NOTE, extra))
    assert (read.index, list(read.path), read.checkpoint, read.extra) == (index, path, NOTE, extra)


@pytest.mark.parametrize(
    "bad",
    [
        Note("text", (Signature("a", bytes(4), b"x"),)),
        Note("text\n", ()),
        Note("text\n", (Signature("a b", bytes(4), b"x"),)),
        Note("text\n", (Signature("a", bytes(4), b""),)),
        Note("text\n", (Signature("a", bytes(3), b"xyz"),)),
        Note("text\n", (Signature("a", bytes(4), bytes(MAX_SIGNATURE)),)),
        Note("te\txt\n", (Signature("a", bytes(4), b"x"),)),
    ],
)
def test_nothing_is_printed_that_would_not_be_read(bad) -> None:
    with pytest.raises(TlogError, match="note_malformed"):
        note.encode(bad)


def test_an_entry_that_no_bundle_can_hold_is_not_written() -> None:
    with pytest.raises(TlogError, match="log_too_large"):
        tiles.bundle([bytes(65_536)])


def test_a_leaf_of_another_kind_or_size_is_refused() -> None:
    with pytest.raises(Malformed, match="t"):
        revocations.decode(b'{"keys":[],"platforms":[],"releases":[],"t":"fleet","time":1,"v":1}')
    digests = [number.to_bytes(32) for number in range(1, 301)]
    with pytest.raises(Malformed, match="too_large"):
        trust.encode(trust.Trust(1, "".join(f"#{'x' * 2000}\n" for _ in range(40)) + "quorum none\n", bytes(32), None))
    whole = revocations.Revocations(1, tuple(digests), tuple(digests), tuple(digests))
    assert revocations.decode(revocations.encode(whole)) == whole


def test_a_fleet_has_at_most_four_hundred_machines() -> None:
    def of(count: int) -> bytes:
        machines = [fleet.Machine(at.to_bytes(32), "tdx", "-", 1, "-") for at in range(count)]
        return fleet.encode(fleet.Fleet("local", 1, tuple(machines), ()))

    assert len(fleet.decode(of(fleet.MAX_PLATFORMS)).platforms) == 400
    with pytest.raises(Malformed, match="platforms"):
        of(fleet.MAX_PLATFORMS + 1)


def test_a_policy_leaf_gives_the_policy_that_its_lines_are() -> None:
    assert trust.decode(HONEST["policy"]).witnesses() == witness_policy.decode(m.POLICY)


def test_cosignatures_are_added_to_a_note_once() -> None:
    signed, fresh = note.decode(NOTE), m.GAMMA.line(m.head(7))
    more = signed.with_signatures([fresh, signed.signatures[0], fresh])
    assert more.signatures == (*signed.signatures, fresh)
    assert set(dict(head.verify(note.encode(more), POLICY, origin=m.ORIGIN).witnesses)) == {"a", "b", "c"}


def test_no_path_is_made_beyond_the_tree() -> None:
    tree = tiles.Tree(11, lambda _: b"".join(m.LEAVES))
    for index in (-1, 11):
        with pytest.raises(TlogError, match="inclusion"):
            tree.inclusion(index)
    for old in (-1, 12):
        with pytest.raises(TlogError, match="consistency"):
            tree.consistency(old)


@settings(max_examples=60, deadline=None)
@given(
    witnessed=st.lists(st.integers(0, 5), min_size=1, max_size=8),
    path=st.none() | st.lists(st.binary(max_size=33), max_size=3),
)
def test_a_view_never_shrinks(witnessed, path) -> None:
    known = None
    for size in witnessed:
        new = view.View(m.head(size), b"")
        with contextlib.suppress(TlogError):
            known = view.advance(known, new, path)
        assert known is None or known.head.size >= max(0, size - 5)
    seen = 0 if known is None else known.head.size
    assert known is None or view.advance(known, view.View(m.head(seen), b""), None).head == known.head


@settings(max_examples=60, deadline=None)
@given(times=st.tuples(*[st.none() | st.integers(m.NOW - 50, m.NOW)] * 3))
def test_the_time_of_a_quorum_is_that_of_its_second_newest_witness(times) -> None:
    signers = zip((m.ALPHA, m.GAMMA, Third), times, strict=True)
    lines = [one.line(m.head(7), time) for one, time in signers if time is not None]
    data = m.written(m.head(7), [m.LOG.line(m.head(7)), *lines])
    known = sorted((time for time in times if time is not None), reverse=True)
    if len(known) < 2:
        with pytest.raises(TlogError, match="witness_quorum"):
            head.verify(data, THREE, origin=m.ORIGIN)
    else:
        assert head.verify(data, THREE, origin=m.ORIGIN).time == known[1]


Third = m.Signer("third.example/w", m.COSIGNATURE_ED25519)
THREE = witness_policy.decode(
    f"log {m.LOG.vkey}\nwitness a {m.ALPHA.vkey}\nwitness c {m.GAMMA.vkey}\nwitness d {Third.vkey}\n"
    "group g 2 a c d\nquorum g\n".encode()
)
