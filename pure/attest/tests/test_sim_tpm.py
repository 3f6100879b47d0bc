"""Measured boots: the recorded one, whole bundles of a fake TPM, and one change at a time with what follows."""

import binascii
import json
from dataclasses import dataclass, field, replace
from functools import cache
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from privity_attest.errors import STAGE_OF
from privity_attest.event_log import CLOSED, CONFIGURATION
from privity_attest.evidence_files import items_of
from privity_attest.item import appraise_item
from privity_attest.logged import PROVED, Logged, NotProved, without_log
from privity_attest.sim_tpm import quote
from privity_attest.testing import node
from privity_attest.testing.bundle import NOW, same
from privity_attest.testing.node import EVERYTHING_PROVED, NodeHooks, policy_of
from privity_attest.testing.tpm import QUOTED, BootEvent, TpmMachine, boot_events
from privity_protocol import cbor
from privity_protocol.errors import REASONS, Malformed
from privity_protocol.platform import Platform
from vendor_appraisal import record_of, slug
from vendor_cases import cases, content, flips

MACHINE = TpmMachine()
P384 = bytes.fromhex("3076301006072a8648ce3d020106052b81040022036200")
CASES = cases("sim-tpm")


@dataclass(frozen=True)
class Attack:
    """What is changed and every reason that follows, in order; none when it changes nothing that matters."""

    reasons: tuple[str, ...]
    machine: TpmMachine = MACHINE
    policy: dict[str, object] = field(default_factory=dict)
    hooks: NodeHooks = field(default_factory=NodeHooks)
    given: dict[str, Any] = field(default_factory=dict)


def attested(**changes: Any) -> TpmMachine:
    """A TPM that signs another statement."""
    return replace(MACHINE, attest=lambda attest: replace(attest, **changes))


def sent(place: int, value: cbor.Value) -> TpmMachine:
    """An item with another part."""
    return replace(MACHINE, sent=lambda parts: [*parts[:place], value, *parts[place + 1 :]])


def signed(change) -> TpmMachine:
    return replace(MACHINE, signature=change)


def register(index: int, value: bytes | None) -> TpmMachine:
    """A TPM that holds something else in one register, None for one that it does not quote."""

    def change(registers):
        new = {**registers, index: value}
        return {name: new[name] for name in sorted(new) if new[name] is not None}

    return replace(MACHINE, registers=change)


def booted(change) -> TpmMachine:
    """A machine that measured other events, and logs them."""
    return replace(MACHINE, events=change)


def item(label: str, data: bytes, media_type: str | None = None) -> NodeHooks:
    return NodeHooks(items=lambda items: {**items, label: (media_type or items[label][0], data)})


def without(label: str) -> NodeHooks:
    return NodeHooks(items=lambda items: {name: one for name, one in items.items() if name != label})


def logged(change) -> NodeHooks:
    """Another boot log beside the quote."""
    from privity_attest.testing.tpm import encode_log

    return item("boot-log", encode_log(change(boot_events())))


ACCEPTED = {
    "honest": Attack(()),
    "further registers that are zero": Attack((), register(12, bytes(32))),
    "signature without a leading zero": Attack((), signed(lambda data: data)),
    "release that names more registers": Attack(
        (),
        replace(MACHINE, values={"pcrs": {**MACHINE.values["pcrs"], "12": [bytes(32).hex()]}}),
    ),
}
FORM = {
    "byte after the quote": Attack(("trailing_data:cpu",), hooks=item("cpu", b"\x80\0")),
    "no list": Attack(("malformed:cpu",), hooks=item("cpu", b"\xa0")),
    "three parts": Attack(("malformed:cpu",), replace(MACHINE, sent=lambda parts: parts[:3])),
    "five parts": Attack(("malformed:cpu",), replace(MACHINE, sent=lambda parts: [*parts, None])),
    "not made by a TPM": Attack(("malformed:cpu",), attested(magic=b"\xff\x54\x43\x48")),
    "another statement": Attack(("malformed:cpu",), attested(type=b"\x80\x17")),
    "bank of SHA-1": Attack(("malformed:cpu",), attested(algorithm=b"\0\x04")),
    "bytes after the statement": Attack(("trailing_data:cpu",), attested(tail=b"\0")),
    "qualifying data of 65 bytes": Attack(("malformed:cpu",), attested(qualifying=bytes(65))),
    "signature by RSA": Attack(("malformed:cpu",), signed(lambda data: b"\0\x14" + data[2:])),
    "signature with SHA-384": Attack(("malformed:cpu",), signed(lambda data: data[:2] + b"\0\x0c" + data[4:])),
    "signature with a byte more": Attack(("trailing_data:cpu",), signed(lambda data: data + b"\0")),
    "signature cut short": Attack(("malformed:cpu",), signed(lambda data: data[:-1])),
    "key that is noise": Attack(("malformed:cpu",), sent(2, b"\x30\0")),
    "key on P-384": Attack(("malformed:cpu",), sent(2, P384 + b"\4" + bytes(96))),
    "key with a byte more": Attack(("malformed:cpu",), sent(2, MACHINE.spki + b"\0")),
    "register not quoted": Attack(("malformed:cpu",), register(7, None)),
    "register of 48 bytes": Attack(("malformed:cpu",), register(7, bytes(48))),
    "registers by name": Attack(("malformed:cpu",), sent(3, {str(index): bytes(32) for index in QUOTED})),
    "register sent that is not quoted": Attack(
        ("malformed:cpu",),
        replace(MACHINE, sent=lambda parts: [*parts[:3], {**parts[3], 12: bytes(32)}]),
    ),
    "no boot log": Attack(("label_missing:boot-log",), hooks=without("boot-log")),
    "boot log that is noise": Attack(("malformed:boot-log",), hooks=item("boot-log", b"\0" * 40)),
    "boot log of a trust domain": Attack(
        ("malformed:boot-log",),
        hooks=NodeHooks(items=lambda items: {**items, "boot-log": ("ccel", items["boot-log"][1])}),
    ),
    "no runtime log": Attack(("label_missing:runtime-log",), hooks=without("runtime-log")),
}
SIGNATURE = {
    "key that nobody gave": Attack(("root_not_pinned:cpu",), replace(MACHINE, seed=52)),
    "key of the policy beside another's signature": Attack(
        ("quote_signature:cpu",),
        replace(MACHINE, seed=52, sent=lambda parts: [*parts[:2], MACHINE.spki, parts[3]]),
        hooks=NodeHooks(node=lambda nd: replace(nd, plat=Platform("sim_tpm", sha256(MACHINE.pin).digest()))),
        policy={"fleet.platforms": [sha256(MACHINE.pin).hexdigest()]},
    ),
    "signature changed": Attack(("quote_signature:cpu",), signed(lambda data: data[:-1] + bytes([data[-1] ^ 1]))),
    "registers sent that are not those quoted": Attack(
        ("quote_signature:registers",),
        replace(MACHINE, sent=lambda parts: [*parts[:3], {**parts[3], 0: bytes(32)}]),
    ),
}
REGISTERS = {
    "another kernel": Attack(
        ("measurement_mismatch:11",),
        booted(lambda events: [replace(one, data=one.data) if one.data != b".linux" or one.measured == b".linux\0"
                               else replace(one, measured=b"other") for one in events]),
    ),
    "another command line in the log alone": Attack(
        ("measurement_mismatch:11", "event_log_replay:11"),
        hooks=logged(lambda events: [*events, BootEvent(11, 0x0D, b"more")]),
    ),
    "log that leaves the firmware out": Attack(
        tuple(f"event_log_replay:{index}" for index in (0, 1)),
        hooks=logged(lambda events: [one for one in events if one.register not in (0, 1)]),
    ),
    "register that no log explains": Attack(("register_not_zero:12",), register(12, b"x" * 32)),
    "register of the firmware changed": Attack(("event_log_replay:4",), register(4, b"x" * 32)),
    "register of the image changed": Attack(("event_log_replay:11",), register(11, b"x" * 32)),
    "payload that is not what was measured": Attack(
        ("event_log_payload:boot-log-0",),
        booted(lambda events: [replace(events[0], measured=bytes(4), data=b"\1\0\0\0"), *events[1:]]),
    ),
    "release for other hardware": Attack(
        ("measurement_mismatch:platform",),
        hooks=NodeHooks(release=lambda leaf: {**leaf, "platforms": {"nitro": {"pcrs": {}}}}),
    ),
    "release that does not name the image": Attack(
        ("measurement_mismatch:platform",), replace(MACHINE, values={"pcrs": {"7": [bytes(32).hex()]}})
    ),
    "release that names another register": Attack(
        ("measurement_mismatch:7",),
        replace(MACHINE, values={"pcrs": {**MACHINE.values["pcrs"], "7": ["11" * 32]}}),
    ),
    "runtime log changed after the quote": Attack(
        ("event_log_replay:11", f"event_log_missing:{CLOSED}"),
        hooks=NodeHooks(items=lambda items: {**items, "runtime-log": ("runtime-log", items["runtime-log"][1][:-22])}),
    ),
    "another configuration measured": Attack(
        (f"event_log_payload:{CONFIGURATION}",),
        hooks=NodeHooks(events=lambda events: [(CONFIGURATION, bytes(32)), *events[1:]]),
    ),
}  # fmt: skip
BOUND = {
    "quote over another document": Attack(("binding_mismatch",), attested(qualifying=bytes(32))),
    "quote over the report data itself": Attack(("binding_mismatch",), attested(qualifying=bytes(64))),
    "document of another machine": Attack(
        ("platform_mismatch:id",), hooks=NodeHooks(node=lambda nd: replace(nd, plat=Platform("sim_tpm", bytes(32))))
    ),
    "document of another kind": Attack(
        ("platform_mismatch:type",),
        hooks=NodeHooks(node=lambda nd: replace(nd, plat=Platform("simulated", nd.plat.id))),
    ),
    "simulation not allowed": Attack(("simulated",), policy={"allow_simulated": False, "trust_anchors.simulated": []}),
    "without a log": Attack(
        tuple(
            f"check_missing:{name}"
            for name in ("policy_signature", "release_logged", "endorsement", "directory", "anchor")
        ),
        given={"logged": without_log()},
    ),
    "unlogged release": Attack(
        ("release_not_logged",),
        given={"logged": Logged(None, PROVED, ("release_not_logged",), PROVED, PROVED, PROVED)},
    ),
    "anchor that nobody proved": Attack(
        ("check_missing:anchor",),
        given={"logged": Logged(None, PROVED, PROVED, PROVED, PROVED, NotProved("log"))},
    ),
    "machine that the fleet does not list": Attack(("platform_not_listed",), policy={"fleet.platforms": ["00" * 32]}),
}
ATTACKS = {**FORM, **SIGNATURE, **REGISTERS, **BOUND}


@cache
def judged(title: str):
    attack = {**ACCEPTED, **ATTACKS}[title]
    machine = attack.machine.machine()
    policy = policy_of("sim_tpm", MACHINE.pin, machine.platform_id, attack.policy)
    given = {"logged": EVERYTHING_PROVED, **attack.given}
    return record_of(node.build(machine, attack.hooks).data, policy=policy, **given)


@pytest.mark.parametrize("title", ACCEPTED, ids=slug)
def test_an_honest_machine_is_accepted_as_simulated(title) -> None:
    record = judged(title)
    assert record.reasons == ()
    assert record.outcome == "accepted_as_simulated"
    assert record.simulated
    assert not record.hardware_backed


@pytest.mark.parametrize("title", ATTACKS, ids=slug)
def test_an_attack_is_refused_for_its_reasons(title) -> None:
    record = judged(title)
    assert record.reasons == ATTACKS[title].reasons
    assert record.outcome == "refused"


def recorded(case):
    files = {role: content(case, role) for role in case["files"]}
    items = items_of("sim-tpm", files)
    return items, quote.decode(items["cpu"][1])


def found(items, pin: bytes):
    policy = policy_of("sim_tpm", pin, bytes(32))
    return appraise_item(items, now=NOW, policy=policy, release=None)


@pytest.mark.parametrize("case", CASES)
def test_the_recorded_boot_is_signed_and_its_log_replays(case) -> None:
    items, parsed = recorded(case)
    record = found(items, parsed.pin)
    assert record.genuine
    assert record.reasons == ()
    assert parsed.qualifying == binascii.unhexlify("00112233445566778899aabbccddeeff" * 2)
    listed = json.loads(content(case, "pcrs"))
    assert {str(index): value.hex() for index, value in parsed.registers.items()} == listed
    assert not found(items, bytes(32)).genuine


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_a_flipped_bit_of_the_recorded_quote_is_never_genuine(case) -> None:
    items, parsed = recorded(case)
    for data in flips(items["cpu"][1]):
        assert not found({**items, "cpu": (items["cpu"][0], data)}, parsed.pin).genuine


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(["cpu", "boot-log"]), st.binary(max_size=300))
def test_any_bytes_as_an_item_give_listed_reasons(label, data) -> None:
    items = {"cpu": node.build(MACHINE.machine()).items["cpu"]}
    items[label] = ("sim-tpm-quote+cbor" if label == "cpu" else "tcg-log", data)
    reasons = found(items, MACHINE.pin).reasons
    assert reasons
    assert all(reason.split(":")[0] in STAGE_OF for reason in reasons)


def attempt(data: bytes) -> object:
    try:
        return quote.decode(data)
    except Malformed as error:
        return error.reason


@settings(max_examples=300, deadline=None)
@given(st.lists(st.binary(max_size=180) | st.dictionaries(st.integers(0, 30), st.binary(max_size=32)), max_size=5))
def test_parts_of_any_content_are_read_or_malformed(parts) -> None:
    assert attempt(cbor.encode(parts)) in REASONS


def test_a_shorter_integer_of_a_signature_is_read_with_its_zeros() -> None:
    parts = cbor.decode(node.build(MACHINE.machine()).items["cpu"][1])
    short = bytes.fromhex("0018000b") + b"\0\x01\x07" + b"\0\x02\1\2"
    read = quote.decode(cbor.encode([parts[0], short, *parts[2:]]))
    assert read.signature == b"\7".rjust(32, b"\0") + b"\1\2".rjust(32, b"\0")
    assert same(read.key.curve.size) == 32
