"""The remaining readers: runtime log, COSE, simulated document, release; and how much memory an appraisal may take."""

import hashlib
import tracemalloc
from collections.abc import Callable

import pytest
from appraising import reasons_of
from hypothesis import given, settings
from hypothesis import strategies as st
from privity_attest import cose, event_log, memory, release
from privity_attest.cose import CoseError
from privity_attest.event_log import EventLogError
from privity_attest.simulated import document
from privity_attest.testing.bundle import Enclave, encode_event
from privity_protocol import cbor, evidence
from privity_protocol.errors import Malformed

EVENT = encode_event("privity/closed", b"").encoded
TAGS = st.text(st.characters(max_codepoint=127), max_size=8)
READERS: dict[str, tuple[Callable[[bytes], object], type[Exception]]] = {
    "runtime log": (event_log.decode, EventLogError),
    "COSE": (cose.decode, CoseError),
    "simulated document": (document.decode, Malformed),
    "release": (release.decode, Malformed),
    "models document": (release.decode_models, Malformed),
    "memory": (memory.decode, Malformed),
}


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=150)
@given(data=st.binary(max_size=120))
def test_any_bytes_are_read_or_refused(name, data) -> None:
    read, error = READERS[name]
    try:
        read(data)
    except error:
        return


@given(st.lists(st.tuples(TAGS, st.binary(max_size=40)), max_size=6))
def test_a_log_is_read_as_it_was_written(pairs) -> None:
    events = [encode_event(tag, payload) for tag, payload in pairs]
    data = b"".join(event.encoded for event in events)
    assert event_log.decode(data) == tuple(events)
    register = bytes(48)
    for event in events:
        register = hashlib.sha384(register + hashlib.sha384(event.encoded).digest()).digest()
    assert event_log.replay(tuple(events)) == register


@given(st.integers(1, len(EVENT) - 1))
def test_a_log_cut_short_is_refused(size) -> None:
    with pytest.raises(EventLogError):
        event_log.decode(EVENT + EVENT[:size])


def test_a_log_stops_at_its_limits() -> None:
    assert len(event_log.decode(EVENT * event_log.MAX_EVENTS)) == event_log.MAX_EVENTS
    with pytest.raises(EventLogError):
        event_log.decode(EVENT * (event_log.MAX_EVENTS + 1))
    with pytest.raises(EventLogError):
        event_log.decode(b"\0\0\0\1\xff\0\0\0\0")
    with pytest.raises(EventLogError):
        event_log.decode(b"\xff\xff\xff\xffx")


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ([], "malformed"),
        ([b"", {}, b""], "malformed"),
        ([b"", {}, b"", b"", b""], "malformed"),
        ([cbor.encode({1: "ES384"}), {}, b"", b""], "unsupported_algorithm"),
        ([cbor.encode({1: True}), {}, b"", b""], "unsupported_algorithm"),
        ([cbor.encode({2: -35}), {}, b"", b""], "malformed"),
        ([cbor.encode([]), {}, b"", b""], "malformed"),
        ([cbor.encode({1: -35}) + b"\0", {}, b"", b""], "trailing_data"),
        ([b"", {}, b"", b""], "malformed"),
        (cbor.Tag(17, []), "cose_mac0_not_verifiable"),
    ],
)
def test_what_is_no_signature_structure_is_refused(value, code) -> None:
    with pytest.raises(CoseError) as caught:
        cose.decode(cbor.encode(value))
    assert caught.value.code == code


def test_an_appraisal_takes_less_than_eight_times_its_input() -> None:
    honest = Enclave().build().items
    full = {f"gpu-{index}": ("nvidia-spdm+cbor", bytes(16_384)) for index in range(16)}
    full |= {f"switch-{index}": ("nvidia-spdm+cbor", bytes(16_384)) for index in range(7)}
    data = evidence.encode({**honest, **full})
    assert len(data) > 500_000
    reasons_of(data)
    tracemalloc.start()
    try:
        assert reasons_of(data)[:1] == ("trailing_data:gpu-0",)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * len(data)
