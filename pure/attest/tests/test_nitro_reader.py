"""The reader of Nitro documents: any bytes give a documented reason, and each limit holds at its last value."""

from dataclasses import replace

import cbor2
import pytest
from aws_attack import CHAIN, MACHINE, PIN
from hypothesis import given, settings
from hypothesis import strategies as st
from privity_attest import x509
from privity_attest.case import Case
from privity_attest.errors import STAGE_OF
from privity_attest.item import appraise_item
from privity_attest.logged import NOTHING_LOGGED
from privity_attest.memory import Memory
from privity_attest.nitro import document, genuine
from privity_attest.signature import P256, EcKey
from privity_attest.testing import aws, node
from privity_attest.testing.bundle import NOW
from privity_attest.testing.node import policy_of
from privity_protocol import cbor
from privity_protocol.errors import REASONS, Malformed

HONEST = aws.document(CHAIN, bytes(64), bytes(48))
POLICY = policy_of("nitro", PIN, bytes(32))
CPU = node.build(MACHINE.machine()).items["cpu"][1]


def read(**changes) -> document.NitroDocument:
    return document.decode(cbor.encode({**HONEST, **changes}))


def reasons(data: bytes) -> tuple[str, ...]:
    return appraise_item({"cpu": ("nitro-document", data)}, now=NOW, policy=POLICY, release=None).reasons


def attempt(changes) -> document.NitroDocument | str:
    """What is read, or the reason why nothing is."""
    try:
        return read(**changes)
    except Malformed as error:
        return error.reason


LAST = {
    "certificate": (bytes(1024), bytes(1025)),
    "certificate of a byte": (b"c", b""),
    "cabundle": ([bytes(1)] * 8, [bytes(1)] * 9),
    "cabundle of one": ([bytes(1024)], []),
    "cabundle entry": ([bytes(1024)], [bytes(1025)]),
    "public_key": (bytes(1024), bytes(1025)),
    "public_key of a byte": (b"k", b""),
    "user_data": (bytes(512), bytes(513)),
    "user_data empty": (b"", 0),
    "nonce": (bytes(512), bytes(513)),
    "timestamp": (1, 0),
    "module_id": ("i", ""),
    "pcrs": ({31: bytes(48)}, {32: bytes(48)}),
    "pcrs all": ({index: bytes(48) for index in range(32)}, {}),
}


@pytest.mark.parametrize("what", LAST)
def test_a_limit_is_kept_at_its_last_value_and_not_beyond(what) -> None:
    name = what.split(" ")[0]
    within, beyond = LAST[what]
    found = getattr(read(**{name: within}), name)
    assert (dict(found) if name == "pcrs" else list(found) if name == "cabundle" else found) == within
    with pytest.raises(Malformed):
        read(**{name: beyond})


@pytest.mark.parametrize("name", ["public_key", "user_data", "nonce"])
def test_an_optional_member_is_none_when_null_or_left_out(name) -> None:
    assert getattr(read(**{name: None}), name) is None
    members = {key: value for key, value in HONEST.items() if key != name}
    assert getattr(document.decode(cbor.encode(members)), name) is None


@pytest.mark.parametrize("name", ["module_id", "digest", "timestamp", "pcrs", "certificate", "cabundle"])
def test_a_member_that_is_due_is_neither_null_nor_left_out(name) -> None:
    with pytest.raises(Malformed):
        read(**{name: None})
    with pytest.raises(Malformed):
        document.decode(cbor.encode({key: value for key, value in HONEST.items() if key != name}))


def test_the_writers_of_the_module_are_read_as_an_independent_reader_reads_them() -> None:
    data = cbor.encode(HONEST)
    for written in (data, b"\xbf" + data[1:] + b"\xff", cbor2.dumps(dict(reversed(HONEST.items())))):
        found = document.decode(written)
        assert cbor2.loads(written)["pcrs"] == dict(found.pcrs)
        assert found.instance == aws.INSTANCE


@pytest.mark.parametrize(
    ("module", "instance"),
    [("i-0-enc1", "i-0"), ("i-0", "i-0"), ("i-0-enc1-enc2", "i-0"), ("-enc1", ""), ("i-0-ENC1", "i-0-ENC1")],
)
def test_the_instance_is_what_precedes_the_enclave(module, instance) -> None:
    assert read(module_id=module).instance == instance


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_as_a_document_give_listed_reasons(data) -> None:
    found = reasons(data)
    assert found
    assert all(reason.split(":")[0] in STAGE_OF for reason in found)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_signed_payload_gives_listed_reasons(payload) -> None:
    found = reasons(MACHINE.signed(payload))
    assert found
    assert all(reason.split(":")[0] in STAGE_OF for reason in found)


VALUES = st.recursive(
    st.integers(-5, 2**40) | st.binary(max_size=60) | st.text(max_size=5) | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.integers(0, 40) | st.text(max_size=3), inner),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from([*HONEST, "other"]), VALUES, max_size=3))
def test_members_of_any_type_are_read_or_malformed(changes) -> None:
    found = attempt(changes)
    assert isinstance(found, document.NitroDocument) or found in REASONS


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 100_000), st.binary(min_size=1, max_size=4))
def test_a_document_with_other_bytes_is_refused_for_listed_reasons(at, data) -> None:
    at %= len(CPU)
    changed = CPU[:at] + data + CPU[at + len(data) :]
    found = reasons(changed)
    assert all(reason.split(":")[0] in STAGE_OF for reason in found)
    assert bool(found) == (changed != CPU)


@pytest.mark.parametrize("place", [0, 1, 2, 3, 4])
def test_every_key_is_on_P_384(place) -> None:
    case = Case(b"", NOW, POLICY, NOTHING_LOGGED, None, Memory())
    path = tuple(x509.decode(der) for der in (CHAIN.leaf.certificate, *reversed(CHAIN.bundled())))
    case.path = path
    assert genuine.certificate_profile(case) == ()
    other = EcKey(P256, b"\4" + bytes(64))
    case.path = tuple(replace(one, key=other) if at == place else one for at, one in enumerate(path))
    assert genuine.certificate_profile(case) == ("certificate_profile:cpu",)
