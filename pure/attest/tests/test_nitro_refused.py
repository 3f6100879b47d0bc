"""Whole Nitro bundles under a fake AWS: accepted, and one change at a time with every reason that follows."""

from dataclasses import replace
from functools import cache

import cbor2
import pytest
from aws_attack import (
    CHAIN,
    MACHINE,
    PIN,
    Attack,
    chain,
    cose,
    flipped,
    item,
    lacking,
    payload,
    registers,
    without,
)
from cryptography import x509
from privity_attest.event_log import CLOSED, CONFIGURATION, MODELS
from privity_attest.logged import PROVED, Logged, NotProved
from privity_attest.testing import aws, node
from privity_attest.testing.aws import HOUR, IMAGE, NitroMachine
from privity_attest.testing.bundle import NOW
from privity_attest.testing.node import EVERYTHING_PROVED, NodeHooks, policy_of
from privity_attest.testing.root import issue, make_root
from privity_protocol import cbor
from privity_protocol.platform import Platform
from vendor_appraisal import record_of, slug

ROOT = CHAIN.root
OTHER = make_root(41, now=NOW, name="aws.nitro-enclaves")
PCRS = {"0": "from_release", "1": "from_release", "2": "from_release", "16": "by_replay"}
UNCHECKED = {"unchecked": "differs by instance"}
ES256 = bytes.fromhex("a10126")


def shuffled(payload: bytes) -> bytes:
    """The document as the hypervisor writes it: members in no order."""
    return cbor2.dumps(dict(reversed(cbor2.loads(payload).items())))


def uncounted(array):
    """The document without a count of its members, as the hypervisor writes it."""
    assert array[2][0] == 0xA9
    return [array[0], array[1], b"\xbf" + array[2][1:] + b"\xff", array[3]]


def resigned(change) -> NitroMachine:
    """An enclave that signs the changed payload bytes."""

    class Changed(NitroMachine):
        def signed(self, payload: bytes) -> bytes:
            return NitroMachine.signed(self, change(payload))

    return Changed(CHAIN)


def agreeing(builder):
    usage = x509.KeyUsage(False, False, False, False, True, False, False, False, False)
    return builder.add_extension(usage, critical=True)


def critical(builder):
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\5\0")
    return aws.authority(None, ca=False, certify=False)(builder).add_extension(unknown, critical=True)


ACCEPTED = {
    "honest": Attack(()),
    "tagged": Attack((), cose(lambda array: cbor.Tag(18, array))),
    "members in no order": Attack((), lambda: resigned(shuffled)),
    "members not counted": Attack((), lambda: resigned(lambda data: b"\xbf" + data[1:] + b"\xff")),
    "optional members left out": Attack((), without("public_key", "nonce")),
    "registers that are not locked left out": Attack((), registers(r5=None, r15=None)),
    "module of another form": Attack(
        (),
        payload(module_id="i-0123456789abcdef0"),
    ),
    "all other registers unchecked": Attack(
        (), registers(r9=b"9" * 48), {"nitro.pcrs": {**PCRS, **{str(index): UNCHECKED for index in range(3, 16)}}}
    ),
    "register that the policy names": Attack(
        (),
        registers(r9=b"9" * 48),
        {"nitro.pcrs": {**PCRS, "3": UNCHECKED, "4": UNCHECKED, "8": UNCHECKED, "9": [(b"9" * 48).hex()]}},
    ),
    "first second of the leaf": Attack((), chain(leaf_dates=(NOW, NOW + 3 * HOUR))),
    "last second of the leaf": Attack((), chain(leaf_dates=(NOW - HOUR, NOW))),
}
PARSE = {
    "byte after the document": Attack(("trailing_data:cpu",), hooks=item("cpu", MACHINE.signed(b"\xa0") + b"\0")),
    "empty": Attack(("malformed:cpu",), hooks=item("cpu", b"")),
    "reply of the module around it": Attack(
        ("malformed:cpu",), cose(lambda array: {"Attestation": {"document": cbor.encode(array)}})
    ),
    "tagged as a MAC": Attack(("cose_mac0_not_verifiable:cpu",), cose(lambda array: cbor.Tag(17, array))),
    "tagged twice": Attack(("malformed:cpu",), cose(lambda array: cbor.Tag(18, cbor.Tag(18, array)))),
    "tagged otherwise": Attack(("malformed:cpu",), cose(lambda array: cbor.Tag(98, array))),
    "ES256": Attack(("unsupported_algorithm:cpu",), lambda: replace(MACHINE, protected=ES256)),
    "EdDSA": Attack(("unsupported_algorithm:cpu",), lambda: replace(MACHINE, protected=cbor.encode({1: -8}))),
    "more headers": Attack(("malformed:cpu",), lambda: replace(MACHINE, protected=cbor.encode({1: -35, 4: b"k"}))),
    "unprotected header": Attack(("malformed:cpu",), cose(lambda array: [array[0], {4: b"k"}, *array[2:]])),
    "payload with a byte more": Attack(("trailing_data:cpu",), lambda: resigned(lambda data: data + b"\0")),
    "payload that is no map": Attack(("malformed:cpu",), lambda: resigned(lambda data: b"\x80")),
    "member twice": Attack(
        ("malformed:cpu",), lambda: resigned(lambda data: bytes([data[0] + 1]) + data[1:] + b"\x65nonce\xf6")
    ),
    "member more": Attack(("malformed:cpu",), payload(debug=True)),
    "member less": Attack(("malformed:cpu",), without("timestamp")),
    "module without a name": Attack(("malformed:cpu",), payload(module_id="")),
    "module that is bytes": Attack(("malformed:cpu",), payload(module_id=b"i-0")),
    "another digest": Attack(("malformed:cpu",), payload(digest="SHA256")),
    "time zero": Attack(("malformed:cpu",), payload(timestamp=0)),
    "time true": Attack(("malformed:cpu",), payload(timestamp=True)),
    "no registers": Attack(("malformed:cpu",), payload(pcrs={})),
    "registers in a list": Attack(("malformed:cpu",), payload(pcrs=[bytes(48)])),
    "register 32": Attack(("malformed:cpu",), registers(r32=bytes(48))),
    "register by name": Attack(("malformed:cpu",), payload(pcrs={"0": bytes(48)})),
    "register of 32 bytes": Attack(("malformed:cpu",), registers(r0=bytes(32))),
    "register of 64 bytes": Attack(("malformed:cpu",), registers(r0=bytes(64))),
    "no issuers": Attack(("malformed:cpu",), payload(cabundle=[])),
    "nine issuers": Attack(("malformed:cpu",), payload(cabundle=[ROOT.certificate] * 9)),
    "certificate of 1,025 bytes": Attack(("malformed:cpu",), payload(certificate=bytes(1025))),
    "certificate empty": Attack(("malformed:cpu",), payload(certificate=b"")),
    "user data of 513 bytes": Attack(("malformed:cpu",), payload(user_data=bytes(513))),
    "nonce of 513 bytes": Attack(("malformed:cpu",), payload(nonce=bytes(513))),
    "public key of 1,025 bytes": Attack(("malformed:cpu",), payload(public_key=bytes(1025))),
    "public key empty": Attack(("malformed:cpu",), payload(public_key=b"")),
    "user data that is text": Attack(("malformed:cpu",), payload(user_data="text")),
    "no log": Attack(("label_missing:runtime-log",), hooks=lacking("runtime-log")),
    "log cut short": Attack(("malformed:runtime-log",), hooks=item("runtime-log", b"\0\0\0\1")),
    "collateral of another vendor": Attack(
        ("label_unknown:snp-crl",), hooks=NodeHooks(items=lambda items: {**items, "snp-crl": ("crl", b"")})
    ),
}
CERTIFICATES = {
    "leaf that is noise": Attack(("certificate_malformed:leaf",), payload(certificate=b"\x30\0")),
    "issuer that is noise": Attack(
        ("certificate_malformed:cabundle",), payload(cabundle=[ROOT.certificate, b"\x30\0"])
    ),
    "eight issuers": Attack(("certificate_chain:cpu",), payload(cabundle=[ROOT.certificate] * 8)),
    "foreign root": Attack(("root_not_pinned:cpu",), chain(root=OTHER)),
    "foreign root of the same name beside the chain": Attack(
        ("certificate_chain:cpu", "root_not_pinned:cpu"),
        payload(cabundle=[OTHER.certificate, *CHAIN.bundled()[1:]]),
    ),
    "issuers not in order": Attack(
        ("certificate_chain:cpu", "certificate_profile:cpu", "root_not_pinned:cpu"),
        payload(cabundle=[*CHAIN.bundled()[::-1]]),
    ),
    "issuer left out": Attack(("certificate_chain:cpu",), payload(cabundle=[*CHAIN.bundled()[:-1]])),
    "leaf of the root": Attack(("certificate_chain:cpu",), chain(leaf_issuer=ROOT)),
    "leaf that is no signer": Attack(("certificate_profile:cpu",), chain(leaf=agreeing)),
    "leaf that is an authority": Attack(("certificate_profile:cpu",), chain(leaf=aws.authority(0))),
    "leaf with a critical extension": Attack(("certificate_profile:cpu",), chain(leaf=critical)),
    "issuer that is no authority": Attack(("certificate_profile:cpu",), chain(middle=aws.authority(None, ca=False))),
    "issuer that may not sign certificates": Attack(
        ("certificate_profile:cpu",), chain(middle=aws.authority(1, certify=False))
    ),
    "path longer than allowed": Attack(("certificate_profile:cpu",), chain(middle=aws.authority(0))),
    "leaf ended a second ago": Attack(("certificate_expired:cpu",), chain(leaf_dates=(NOW - HOUR, NOW - 1))),
    "leaf of the next second": Attack(("certificate_not_yet_valid:cpu",), chain(leaf_dates=(NOW + 1, NOW + HOUR))),
    "issuer ended a second ago": Attack(("certificate_expired:cpu",), chain(middle_dates=(NOW - HOUR, NOW - 1))),
    "list demanded": Attack(("crl_missing:cpu",), policy={"require_crl.nitro": True}),
}
SIGNATURE = {
    "signature changed": Attack(("document_signature:cpu",), cose(lambda array: [*array[:3], flipped(array[3])])),
    "signature zero": Attack(("document_signature:cpu",), cose(lambda array: [*array[:3], bytes(96)])),
    "signature of 97 bytes": Attack(("document_signature:cpu",), cose(lambda array: [*array[:3], array[3] + b"\0"])),
    "payload changed after it was signed": Attack(("document_signature:cpu",), cose(uncounted)),
    "certificate of another key": Attack(
        ("document_signature:cpu",),
        payload(certificate=issue(CHAIN.issuers[-1], 36, not_before=NOW - 60, not_after=NOW + HOUR).certificate),
    ),
    "signature changed and debug": Attack(
        ("document_signature:cpu",),
        lambda: replace(
            MACHINE,
            payload=lambda members: {**members, "pcrs": {16: members["pcrs"][16]}},
            cose=lambda array: [*array[:3], flipped(array[3])],
        ),
    ),
    "issuer noise and signature changed": Attack(
        ("certificate_malformed:cabundle", "document_signature:cpu"),
        lambda: replace(
            MACHINE,
            payload=lambda members: {**members, "cabundle": [b"\x30\0"]},
            cose=lambda array: [*array[:3], flipped(array[3])],
        ),
    ),
}
REGISTERS = {
    "debug enclave": Attack(
        ("debug_enabled", "measurement_mismatch:0", "measurement_mismatch:1", "measurement_mismatch:2"),
        registers(r0=bytes(48), r1=bytes(48), r2=bytes(48)),
    ),
    "image registers left out": Attack(
        ("debug_enabled", "measurement_mismatch:0", "measurement_mismatch:1", "measurement_mismatch:2"),
        registers(r0=None, r1=None, r2=None),
    ),
    "one image register zero": Attack(("measurement_mismatch:1",), registers(r1=bytes(48))),
    "images exchanged": Attack(
        ("measurement_mismatch:0", "measurement_mismatch:1"), registers(r0=IMAGE[1], r1=IMAGE[0])
    ),
    "register that nobody names": Attack(("register_not_zero:5",), registers(r5=b"5" * 48)),
    "registers that nobody names": Attack(
        ("register_not_zero:9", "register_not_zero:31"), registers(r9=b"9" * 48, r31=b"1" * 48)
    ),
    "register of the instance where the policy names none": Attack(
        ("register_not_zero:3", "register_not_zero:4"),
        policy={"nitro.pcrs": {name: one for name, one in PCRS.items() if name != "16"} | {"16": UNCHECKED}},
    ),
    "register that the policy names otherwise": Attack(
        ("measurement_mismatch:8",),
        policy={"nitro.pcrs": {**PCRS, "3": UNCHECKED, "4": UNCHECKED, "8": ["11" * 48]}},
    ),
    "register from a release that has none": Attack(
        ("measurement_mismatch:8",),
        policy={"nitro.pcrs": {**PCRS, "3": UNCHECKED, "4": UNCHECKED, "8": "from_release"}},
    ),
    "release for other hardware": Attack(
        ("measurement_mismatch:platform",),
        hooks=NodeHooks(release=lambda leaf: {**leaf, "platforms": {"sgx": {"mrenclave": ["00" * 32]}}}),
    ),
    "runtime register changed": Attack(("event_log_replay:16",), registers(r16=b"x" * 48)),
    "runtime register not locked": Attack(("event_log_replay:16",), registers(r16=None)),
    "log changed after the document": Attack(
        ("event_log_replay:16", f"event_log_missing:{CONFIGURATION}", f"event_log_missing:{MODELS}",
         f"event_log_missing:{CLOSED}"),
        hooks=item("runtime-log", b""),
    ),
    "log never closed": Attack(
        (f"event_log_missing:{CLOSED}",), hooks=NodeHooks(events=lambda events: events[:2])
    ),
    "another configuration measured": Attack(
        (f"event_log_payload:{CONFIGURATION}",),
        hooks=NodeHooks(events=lambda events: [(CONFIGURATION, bytes(32)), *events[1:]]),
    ),
}  # fmt: skip
BOUND = {
    "document over another node": Attack(("binding_mismatch",), payload(user_data=bytes(64))),
    "document over nothing": Attack(("binding_mismatch",), payload(user_data=None)),
    "binding with a byte more": Attack(
        ("binding_mismatch",),
        lambda: replace(MACHINE, payload=lambda members: {**members, "user_data": members["user_data"] + b"\0"}),
    ),
    "public key beside the binding": Attack(("binding_mismatch:public_key",), payload(public_key=b"k")),
    "nonce beside the binding": Attack(("binding_mismatch:nonce",), payload(nonce=b"")),
    "binding in the nonce": Attack(
        ("binding_mismatch", "binding_mismatch:nonce"),
        lambda: replace(MACHINE, payload=lambda members: {**members, "nonce": members["user_data"], "user_data": None}),
    ),
    "document of another instance": Attack(
        ("platform_not_listed", "platform_mismatch:id"), payload(module_id="i-0fedcba9876543210-enc0123456789abcdef")
    ),
    "node of another kind": Attack(
        ("platform_mismatch:type",),
        hooks=NodeHooks(node=lambda nd: replace(nd, plat=Platform("sev_snp", nd.plat.id))),
    ),
    "machine that the fleet does not list": Attack(("platform_not_listed",), policy={"fleet.platforms": ["00" * 32]}),
    "unlogged release": Attack(
        ("release_not_logged",),
        given={"logged": Logged(None, PROVED, ("release_not_logged",), PROVED, PROVED, PROVED)},
    ),
    "directory that nobody proved": Attack(
        ("check_missing:directory",),
        given={"logged": Logged(None, PROVED, PROVED, PROVED, NotProved("log"), PROVED)},
    ),
    "kind that the policy does not want": Attack(("tee_not_allowed:nitro",), policy={"kinds": ["sev_snp"]}),
}
ATTACKS = {**PARSE, **CERTIFICATES, **SIGNATURE, **REGISTERS, **BOUND}


@cache
def judged(title: str):
    attack = {**ACCEPTED, **ATTACKS}[title]
    machine = attack.machine().machine()
    policy = policy_of("nitro", PIN, machine.platform_id, attack.policy)
    given = {"logged": EVERYTHING_PROVED, **attack.given}
    return record_of(node.build(machine, attack.hooks).data, policy=policy, **given)


@pytest.mark.parametrize("title", ACCEPTED, ids=slug)
def test_an_honest_enclave_is_accepted_as_what_a_fake_vendor_is(title) -> None:
    record = judged(title)
    assert record.reasons == ()
    assert record.outcome == "accepted_as_simulated"
    assert not record.hardware_backed


@pytest.mark.parametrize("title", ATTACKS, ids=slug)
def test_an_attack_is_refused_for_its_reasons(title) -> None:
    record = judged(title)
    assert record.reasons == ATTACKS[title].reasons
    assert record.outcome == "refused"


def test_what_the_policy_leaves_unchecked_is_said() -> None:
    def text(title: str, name: str) -> tuple[str, ...]:
        return next(one.reasons for one in judged(title).checks if one.check == name)

    assert text("honest", "registers_unchecked") == ("unchecked_by_policy:3,4,8 differs by instance",)
    assert text("honest", "revocation") == ("unchecked_by_policy:three-hour leaf",)
    assert text("honest", "tcb") == ("not_applicable:no firmware version is published",)
    nothing = text("register of the instance where the policy names none", "runtime_register")
    assert nothing == ("unchecked_by_policy:no register is replayed",)


def test_acceptance_lasts_no_longer_than_the_leaf() -> None:
    assert judged("honest").valid_until == NOW + 6600
    assert judged("last second of the leaf").valid_until == NOW
