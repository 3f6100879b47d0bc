"""Event logs of measured boot: read strictly, replayed, their payloads checked where the type says so."""

import json
from hashlib import sha256, sha384

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from privity_attest import measured_boot
from privity_attest.measured_boot import MAX_EVENTS, SHA256, SHA384, BootLogError, decode, payload_faults, replay
from privity_attest.testing.intel import BOOT, boot_event, ccel, rtmrs
from vendor_cases import FOLDER, WHERE

LOG = ccel(BOOT)
HEAD = len(ccel(())) - 16
ONE = boot_event(1, 0x0D, bytes(48), b"")


def number(value: int, size: int = 4) -> bytes:
    return value.to_bytes(size, "little")


def specification(
    pairs: list[tuple[int, int]], count: int | None = None, vendor: bytes = b"", more: bytes = b""
) -> bytes:
    """The first record of a log with these hashes and sizes."""
    named = b"Spec ID Event03\0" + bytes(8) + number(len(pairs) if count is None else count)
    named += b"".join(number(one, 2) + number(size, 2) for one, size in pairs) + bytes([len(vendor)]) + vendor + more
    return number(0) + number(3) + bytes(20) + number(len(named)) + named


def test_a_log_is_read_and_replayed_as_it_was_written() -> None:
    events = decode(LOG, SHA384)
    assert [(one.register, one.type, one.data) for one in events] == list(BOOT)
    assert [replay(events, SHA384).get(index, bytes(48)) for index in range(1, 5)] == list(rtmrs(BOOT))
    assert payload_faults(events, SHA384) == ()
    assert decode(LOG[:-16], SHA384) == events
    assert decode(ccel(()), SHA384) == ()


def test_several_hashes_are_read_and_the_wanted_one_replayed() -> None:
    log = specification([(4, 20), (0x0B, 32), (0x0C, 48)], vendor=b"vendor")
    digests = {4: bytes(20), 0x0B: sha256(b"x").digest(), 0x0C: sha384(b"x").digest()}
    for order in ((4, 0x0B, 0x0C), (0x0C, 4, 0x0B)):
        log += number(7) + number(4) + number(3) + b"".join(number(one, 2) + digests[one] for one in order)
        log += number(1) + b"x"
    for bank in (SHA256, SHA384):
        events = decode(log, bank)
        once = bank.digest(bytes(bank.size) + bank.digest(b"x"))
        assert replay(events, bank) == {7: bank.digest(once + bank.digest(b"x"))}
        assert payload_faults(events, bank) == ()


def test_a_locality_begins_the_first_register_and_is_not_extended() -> None:
    startup = boot_event(0, 3, bytes(48), b"StartupLocality\0\3")
    events = decode(LOG[:HEAD] + startup + boot_event(0, 0x0D, b"\1" * 48, b""), SHA384)
    assert replay(events, SHA384) == {0: sha384(bytes(47) + b"\3" + b"\1" * 48).digest()}
    late = decode(LOG[:HEAD] + boot_event(0, 0x0D, b"\1" * 48, b"") + startup, SHA384)
    assert replay(late, SHA384) == {0: sha384(bytes(48) + b"\1" * 48).digest()}


@pytest.mark.parametrize("kind", [0x04, 0x05, 0x08, 0x80000001, 0x80000006, 0x80000007, 0x800000E0])
def test_a_digest_must_be_the_hash_of_its_payload_where_the_type_says_so(kind) -> None:
    honest = boot_event(1, kind, sha384(b"shown").digest(), b"shown")
    lie = boot_event(1, kind, sha384(b"shown").digest(), b"SHOWN")
    assert payload_faults(decode(LOG[:HEAD] + honest + lie + lie, SHA384), SHA384) == (1, 2)


@pytest.mark.parametrize("kind", [0x06, 0x0D, 0x80000002, 0x80000003, 0x8000000B])
def test_other_payloads_are_no_facts(kind) -> None:
    assert payload_faults(decode(LOG[:HEAD] + boot_event(1, kind, bytes(48), b"x"), SHA384), SHA384) == ()


FORMS = {
    "nothing": b"",
    "cut in the head": LOG[:30],
    "first record of another type": LOG[:4] + number(4) + LOG[8:],
    "first record with a digest": LOG[:8] + b"\1" + LOG[9:],
    "another signature": LOG.replace(b"Event03", b"Event02"),
    "no hash": specification([], 0),
    "too many hashes": specification([*((index, 4) for index in range(5)), (0x0C, 48)]),
    "more hashes announced than there are": specification([(0x0C, 48)], 2),
    "a hash twice": specification([(0x0C, 48), (0x0C, 48)]),
    "another size of the hash": specification([(0x0C, 32)]),
    "without the wanted hash": specification([(0x0B, 32)]),
    "bytes after the hashes": specification([(0x0C, 48)], more=b"\1"),
    "a digest too few": LOG[:HEAD] + number(1) + number(4) + number(0),
    "a digest too many": LOG[:HEAD] + number(1) + number(4) + number(2) + b"\x0c\0" + bytes(48) + number(0),
    "a hash that the log does not name": LOG[:HEAD]
    + number(1)
    + number(4)
    + number(1)
    + b"\x0b\0"
    + bytes(48)
    + number(0),
    "an event longer than the log": LOG[:HEAD] + ONE[:-4] + number(1),
    "a cut event": LOG[:HEAD] + ONE[:-1],
    "something after the end": LOG + b"\0",
    "an end that is none": LOG[:HEAD] + b"\xff" * 5 + b"\0",
}


@pytest.mark.parametrize("title", FORMS, ids=lambda title: title.replace(" ", "-"))
def test_what_is_no_log_is_refused(title) -> None:
    with pytest.raises(BootLogError):
        decode(FORMS[title], SHA384)


def test_a_log_stops_at_its_limit() -> None:
    assert len(decode(LOG[:HEAD] + ONE * MAX_EVENTS, SHA384)) == MAX_EVENTS
    with pytest.raises(BootLogError, match="too many"):
        decode(LOG[:HEAD] + ONE * (MAX_EVENTS + 1), SHA384)
    five = specification([(index, 4) for index in range(4)] + [(0x0C, 48)])
    assert decode(five, SHA384) == ()
    assert measured_boot.MAX_ALGORITHMS == 5


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(LOG)), st.binary(max_size=40))
def test_any_bytes_are_read_or_refused(size, data) -> None:
    for log in (data, LOG[:size] + data):
        try:
            decode(log, SHA384)
        except BootLogError:
            continue


@pytest.mark.skipif(not FOLDER.exists(), reason=WHERE)
def test_a_recorded_boot_replays_to_the_quoted_registers() -> None:
    events = decode((FOLDER / "tpm-sim/eventlog.bin").read_bytes(), SHA256)
    registers = json.loads((FOLDER / "tpm-sim/pcrs.json").read_text())
    found = {str(index): value.hex() for index, value in replay(events, SHA256).items()}
    shared = found.keys() & registers.keys()
    assert len(shared) >= 9
    assert {index: found[index] for index in shared} == {index: registers[index] for index in shared}
    assert payload_faults(events, SHA256) == ()
