"""Whole SEV-SNP bundles under a fake AMD: accepted, and one change at a time with every reason that follows."""

from dataclasses import replace
from functools import cache
from hashlib import sha256, sha384

import pytest
from amd_attack import (
    CONFIGURATION,
    DAY,
    FLOOR,
    LEAF,
    LIST,
    MACHINE,
    PIN,
    TURIN,
    VENDOR,
    Attack,
    bare,
    cut,
    extended,
    issuers,
    item,
    leaf,
    listed,
    reports,
    signing,
    turin,
    usage,
    vlek,
    without,
)
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from privity_attest.logged import PROVED, Logged, NotProved
from privity_attest.memory import Memory
from privity_attest.testing import amd, node
from privity_attest.testing.amd import CHIP, LEVELS, MEASUREMENT, NOW
from privity_attest.testing.node import EVERYTHING_PROVED, NodeHooks, policy_of
from privity_attest.testing.root import key_of
from privity_attest.testing.rsa import FIRST, SECOND
from privity_protocol import cbor
from privity_protocol.platform import Platform
from vendor_appraisal import record_of, slug

ACCEPTED = {
    "honest": Attack(()),
    "honest Turin": Attack((), lambda: turin()),
    "Milan where the policy wants it": Attack(
        (),
        lambda: replace(
            MACHINE,
            leaf=amd.endorsement(VENDOR.ask, product="Milan-B0"),
            fields=lambda report: replace(report, cpuid=(0x19, 1, 1)),
        ),
        {"snp.generations": ["milan"]},
    ),
    "Siena is certified as Genoa": Attack((), reports(cpuid=(0x19, 0xA0, 2))),
    "Siena by its own name": Attack((), leaf(product="Siena-B0")),
    "version 3": Attack((), reports(version=3)),
    "version 4": Attack((), reports(version=4)),
    "version 2 where the policy takes it": Attack((), reports(version=2), {"snp.min_report_version": 2}),
    "version 2 says nothing of the processor": Attack(
        (), reports(version=2, cpuid=(0x1A, 2, 1)), {"snp.min_report_version": 2}
    ),
    "every platform bit": Attack((), reports(platform_info=2**64 - 1)),
    "every policy bit that is known and harmless": Attack((), reports(policy=0x3F3FFFF & ~(3 << 18))),
    "privilege level 1 where the policy names it": Attack((), reports(vmpl=1), {"snp.vmpl": [0, 1]}),
    "loaded key where the policy takes it": Attack(
        (), vlek, {"snp.allow_vlek": True, "snp.allow_masked_chip": True}
    ),
    "masked chip where the policy takes it": Attack(
        (), lambda: replace(MACHINE, chip_id=bytes(64)), {"snp.allow_masked_chip": True}
    ),
    "all floors met": Attack((), policy={"snp.min_tcb": {"genoa": FLOOR}, "snp.min_abi": {"genoa": [1, 55]}}),
    "keys of the launch listed": Attack(
        (),
        reports(id_key=b"i" * 48, author_key=b"a" * 48, flags=1),
        {"snp.id_keys": [(b"i" * 48).hex()], "snp.author_keys": [(b"a" * 48).hex()]},
    ),
    "host data from the release": Attack((), policy={"snp.host_data": "from_release"}),
    "extension that nobody knows and nobody must": Attack((), leaf(extend=extended(False))),
    "leaf with the usage of a signer": Attack((), leaf(extend=usage(digital_signature=True))),
    "list of strangers": Attack((), listed(revoked={0x20001: None, 1: None})),
    "list of the same number": Attack((), given={"memory": replace(Memory(), crl_numbers={LIST: 4})}),
    "last second of the list": Attack((), listed(dates=(NOW - DAY, NOW))),
    "first second of the leaf": Attack((), leaf(dates=(NOW, NOW + DAY))),
    "levels of 255": Attack(
        (),
        lambda: replace(
            MACHINE,
            leaf=amd.endorsement(VENDOR.ask, levels={**LEVELS, "microcode": 255}),
            fields=lambda report: replace(report, reported=report.reported[:7] + b"\xff"),
        ),
    ),
    "reserved levels not certified and zero": Attack(
        (), leaf(levels={name: level for name, level in LEVELS.items() if not name.startswith("spl")})
    ),
}  # fmt: skip
LOOSE = {
    "measurement that the policy names": Attack(
        ("policy_below_floor:snp.measurement",), policy={"snp.measurement": [MEASUREMENT.hex()]}
    ),
    "list that is not demanded": Attack(
        ("policy_below_floor:require_crl.sev_snp",), lambda: replace(MACHINE, crl=None), {"require_crl.sev_snp": False}
    ),
    "list that nobody checks": Attack(
        ("policy_below_floor:require_crl.sev_snp",),
        hooks=without("snp-crl"),
        policy={"require_crl.sev_snp": {"unchecked": "x"}},
    ),
}
"""Nothing else is wrong: what the client's floor does not let a policy decide, the checks still judge by the policy."""
PARSE = {
    "report of a byte less": Attack(("malformed:cpu",), hooks=item("cpu", bytes(1183))),
    "report of a byte more": Attack(("trailing_data:cpu",), hooks=item("cpu", bytes(1185))),
    "version 1": Attack(("unsupported_version:cpu",), reports(version=1)),
    "version 6": Attack(("unsupported_version:cpu",), reports(version=6)),
    "another algorithm": Attack(("unsupported_algorithm:cpu",), reports(algorithm=2)),
    "byte above r": Attack(("malformed:cpu",), hooks=cut("cpu", 0x2A0 + 48, b"\1")),
    "byte above s": Attack(("malformed:cpu",), hooks=cut("cpu", 0x2E8 + 71, b"\1")),
    "byte after the signature": Attack(("malformed:cpu",), hooks=cut("cpu", 1183, b"\1")),
    "no certificate": Attack(("label_missing:snp-leaf", "collateral_missing:snp-leaf"), hooks=without("snp-leaf")),
    "no issuers": Attack(("label_missing:snp-issuers", "collateral_missing:snp-issuers"), hooks=without("snp-issuers")),
    "no list": Attack(("label_missing:snp-crl", "crl_missing:snp-crl"), hooks=without("snp-crl")),
    "list that is noise": Attack(("malformed:snp-crl",), hooks=item("snp-crl", b"\x30\0")),
    "log that nobody reads": Attack(
        ("label_unknown:runtime-log",),
        hooks=NodeHooks(items=lambda items: {**items, "runtime-log": ("runtime-log", b"")}),
    ),
}
CHAIN = {
    "certificate that is noise": Attack(("certificate_malformed:snp-leaf",), hooks=item("snp-leaf", b"\x30\0")),
    "certificate with a byte more": Attack(("certificate_malformed:snp-leaf",), hooks=item("snp-leaf", LEAF + b"\0")),
    "one issuer": Attack(
        ("certificate_malformed:snp-issuers",), hooks=item("snp-issuers", cbor.encode([VENDOR.ark.certificate]))
    ),
    "three issuers": Attack(
        ("certificate_malformed:snp-issuers",),
        hooks=item("snp-issuers", cbor.encode([VENDOR.ask.certificate, VENDOR.ark.certificate, LEAF])),
    ),
    "issuers that are noise": Attack(("certificate_malformed:snp-issuers",), hooks=item("snp-issuers", b"\xff")),
    "issuers that are no bytes": Attack(
        ("certificate_malformed:snp-issuers",), hooks=item("snp-issuers", cbor.encode([1, 2]))
    ),
    "issuers that are numbers among bytes": Attack(
        ("certificate_malformed:snp-issuers",), hooks=item("snp-issuers", cbor.encode([VENDOR.ask.certificate, 2]))
    ),
    "leaf and issuers noise": Attack(
        ("certificate_malformed:snp-leaf", "certificate_malformed:snp-issuers"),
        hooks=NodeHooks(
            items=lambda items: {
                **items, "snp-leaf": ("certificate", b""), "snp-issuers": ("certificates+cbor", b"")
            }
        ),
    ),
    "issuers exchanged": Attack(
        ("certificate_chain:snp-leaf", "certificate_profile:snp-issuers", "root_not_pinned:snp-issuers",
         "crl_signature:snp-crl"),
        hooks=item("snp-issuers", cbor.encode([VENDOR.ark.certificate, VENDOR.ask.certificate])),
    ),
    "foreign root of the same names": Attack(
        ("root_not_pinned:snp-issuers",), issuers(ark=SECOND, ask=FIRST)
    ),
    "foreign issuers beside the certificate": Attack(
        ("certificate_chain:snp-leaf", "root_not_pinned:snp-issuers", "crl_signature:snp-crl"),
        lambda: replace(MACHINE, vendor=amd.vendor(ark=SECOND, ask=FIRST)),
    ),
    "leaf signed by another key": Attack(("certificate_chain:snp-leaf",), leaf(signed_by=FIRST)),
    "leaf of the root": Attack(
        ("certificate_chain:snp-leaf",), lambda: replace(MACHINE, leaf=amd.endorsement(VENDOR.ark))
    ),
    "issuer signed by itself": Attack(("certificate_chain:snp-leaf",), issuers(ask_signed_by=SECOND)),
    "salt shorter than it says": Attack(("certificate_chain:snp-leaf",), leaf(salt=32)),
    "salt that the scheme does not have": Attack(
        ("certificate_malformed:snp-leaf",), leaf(salt=32, written_salt=32)
    ),
    "issuer's salt shorter than it says": Attack(("certificate_chain:snp-leaf",), issuers(salt=32)),
    "leaf ended a second ago": Attack(("certificate_expired:snp-leaf",), leaf(dates=(NOW - DAY, NOW - 1))),
    "leaf of the next second": Attack(("certificate_not_yet_valid:snp-leaf",), leaf(dates=(NOW + 1, NOW + DAY))),
    "issuer ended a second ago": Attack(("certificate_expired:snp-leaf",), issuers(ask_dates=(NOW - DAY, NOW - 1))),
    "leaf that may issue": Attack(
        ("certificate_profile:snp-leaf",), leaf(extend=lambda builder: signing(usage(digital_signature=True)(builder)))
    ),
    "leaf that may only agree on keys": Attack(
        ("certificate_profile:snp-leaf",), leaf(extend=usage(key_agreement=True))
    ),
    "leaf with a critical extension": Attack(("certificate_profile:snp-issuers",), leaf(extend=extended(True))),
    "leaf on another curve": Attack(
        ("certificate_profile:snp-leaf", "report_signature:cpu"),
        leaf(key=ec.derive_private_key(9, ec.SECP256R1())),
    ),
    "leaf of an unknown product": Attack(("certificate_profile:snp-leaf",), leaf(product="Venice-A0")),
    "leaf without a microcode level": Attack(
        ("certificate_profile:snp-leaf",),
        leaf(levels={name: level for name, level in LEVELS.items() if name != "microcode"}),
    ),
    "leaf with a level of 256": Attack(("certificate_profile:snp-leaf",), leaf(levels={**LEVELS, "tee": 256})),
    "leaf of a chip and a cloud": Attack(("certificate_profile:snp-leaf",), leaf(cloud="CN=cloud.example")),
    "leaf of no chip and no cloud": Attack(("certificate_profile:snp-leaf",), leaf(hwid=None)),
    "leaf with a chip of 63 bytes": Attack(("certificate_profile:snp-leaf",), leaf(hwid=CHIP[:63])),
    "issuer that is no authority": Attack(("certificate_profile:snp-issuers",), issuers(ask_extend=bare)),
    "issuer that may not sign certificates": Attack(
        ("certificate_profile:snp-issuers",),
        issuers(ask_extend=lambda builder: signing(usage(digital_signature=True)(builder))),
    ),
    "root with a path of none": Attack(
        ("certificate_profile:snp-issuers",), issuers(ark_extend=amd.ca_extensions(0, crl_sign=True))
    ),
}  # fmt: skip
REVOCATION = {
    "issuer revoked": Attack(("certificate_revoked:snp-issuers",), listed(revoked={0x10001: None})),
    "root revoked": Attack(
        ("certificate_revoked:snp-issuers",), listed(revoked={0x10000: x509.ReasonFlags.key_compromise})
    ),
    "issuer on hold": Attack(
        ("certificate_on_hold:snp-issuers",), listed(revoked={0x10001: x509.ReasonFlags.certificate_hold})
    ),
    "list ended a second ago": Attack(("crl_expired:snp-crl",), listed(dates=(NOW - DAY, NOW - 1))),
    "list of the next second": Attack(("crl_not_yet_valid:snp-crl",), listed(dates=(NOW + 1, NOW + DAY))),
    "list signed by another key": Attack(("crl_signature:snp-crl",), listed(signed_by=SECOND)),
    "list of the issuer": Attack(
        ("crl_signature:snp-crl",), lambda: replace(MACHINE, crl=amd.revocation_list(VENDOR.ask))
    ),
    "root that may not sign lists": Attack(
        ("crl_signature:snp-crl",), issuers(ark_extend=amd.ca_extensions(None, crl_sign=False))
    ),
    "no list and none demanded by silence": Attack(
        ("label_missing:snp-crl", "crl_missing:snp-crl"), lambda: replace(MACHINE, crl=None)
    ),
    "list older than one seen": Attack(
        ("collateral_rollback:snp-crl",), given={"memory": replace(Memory(), crl_numbers={LIST: 5})}
    ),
}
SIGNATURE = {
    "report of another key": Attack(("report_signature:cpu",), lambda: replace(MACHINE, key=key_of(22))),
    "report changed after it was signed": Attack(("report_signature:cpu",), hooks=cut("cpu", 0x90, b"\0")),
    "signature zero": Attack(("report_signature:cpu",), hooks=cut("cpu", 0x2A0, bytes(144))),
    "reserved byte changed": Attack(("report_signature:cpu",), hooks=cut("cpu", 0x29F, b"\1")),
    "leaf signed by another key and debug": Attack(
        ("certificate_chain:snp-leaf",),
        lambda: replace(
            MACHINE,
            leaf=amd.endorsement(VENDOR.ask, signed_by=FIRST),
            fields=lambda report: replace(report, policy=0x3001F | 1 << 19),
        ),
    ),
    "certificate and report of another key": Attack(
        ("certificate_chain:snp-leaf", "report_signature:cpu"),
        lambda: replace(MACHINE, key=key_of(22), leaf=amd.endorsement(VENDOR.ask, signed_by=FIRST)),
    ),
}
PLATFORM = {
    "debug guest": Attack(("debug_enabled",), reports(policy=0x3001F | 1 << 19)),
    "debug guest of a policy that forgot it": Attack(
        ("policy_below_floor:snp.policy_must_not", "debug_enabled"),
        reports(policy=0x3001F | 1 << 19),
        {"snp.policy_must_not": []},
    ),
    "Milan": Attack(
        ("generation:milan",),
        lambda: replace(
            MACHINE,
            leaf=amd.endorsement(VENDOR.ask, product="Milan-B0"),
            fields=lambda report: replace(report, cpuid=(0x19, 1, 1)),
        ),
    ),
    "Milan certificate for a Genoa processor": Attack(
        ("generation:milan", "generation:cpuid"), leaf(product="Milan-B0")
    ),
    "Turin processor under a Genoa certificate": Attack(("generation:cpuid",), reports(cpuid=(0x1A, 2, 1))),
    "processor that nobody knows": Attack(("generation:cpuid",), reports(cpuid=(0x1A, 0x50, 0))),
    "version 2": Attack(("report_version:2",), reports(version=2)),
    "policy bit 17 clear": Attack(
        ("policy_below_floor:snp.policy_must", "guest_policy:17"), reports(policy=0x1001F), {"snp.policy_must": []}
    ),
    "policy bit that must be set": Attack(("guest_policy:24",), policy={"snp.policy_must": [17, 24]}),
    "migration allowed": Attack(("guest_policy:18",), reports(policy=0x3001F | 1 << 18)),
    "policy bit that nobody knows": Attack(("guest_policy:26",), reports(policy=0x3001F | 1 << 26)),
    "last policy bit": Attack(("guest_policy:63",), reports(policy=0x3001F | 1 << 63)),
    "SMT where it must not be allowed": Attack(("guest_policy:16",), policy={"snp.policy_must_not": [16, 18, 19]}),
    "no alias check": Attack(("platform_info:5",), reports(platform_info=0x05)),
    "SMT enabled where it must not be": Attack(("platform_info:0",), policy={"snp.platform_info_must_not": [0, 1]}),
    "privilege level 1": Attack(("vmpl:1",), reports(vmpl=1)),
    "asked by the host": Attack(("vmpl:4294967295",), reports(vmpl=0xFFFFFFFF)),
    "loaded key": Attack(("signing_key:vlek", "chip_id_mismatch:masked"), vlek),
    "chip's key that is said to be loaded": Attack(
        ("signing_key:certificate",), reports(flags=1 << 2), {"snp.allow_vlek": True}
    ),
    "unsigned by its own word": Attack(("signing_key:certificate",), reports(flags=7 << 2)),
    "key of the launch not listed": Attack(("signing_key:id_key",), policy={"snp.id_keys": [(b"i" * 48).hex()]}),
    "author listed but not used": Attack(
        ("signing_key:author_key",), reports(author_key=b"a" * 48), {"snp.author_keys": [(b"a" * 48).hex()]}
    ),
    "author not listed": Attack(
        ("signing_key:author_key",), reports(author_key=b"b" * 48, flags=1), {"snp.author_keys": [(b"a" * 48).hex()]}
    ),
    "another chip": Attack(("chip_id_mismatch",), lambda: replace(MACHINE, chip_id=CHIP[::-1])),
    "masked chip": Attack(("chip_id_mismatch:masked",), lambda: replace(MACHINE, chip_id=bytes(64))),
    "Turin chip with more than 8 bytes": Attack(
        ("chip_id_mismatch",), lambda: replace(turin(), chip_id=CHIP[:9] + bytes(55))
    ),
    "machine that the fleet does not list": Attack(("platform_not_listed",), policy={"fleet.platforms": ["00" * 32]}),
}
TCB = {
    f"certified for another {name}": Attack((f"tcb_mismatch:{name}",), leaf(levels={**LEVELS, name: LEVELS[name] + 1}))
    for name in LEVELS
} | {
    "Turin certified for another fmc": Attack(("tcb_mismatch:fmc",), lambda: turin(reported=b"\0" + TURIN[1:])),
    "Turin read as Genoa": Attack(
        ("generation:cpuid", "tcb_mismatch:bootloader", "tcb_mismatch:tee", "tcb_mismatch:spl4", "tcb_mismatch:spl5",
         "tcb_mismatch:snp"),
        reports(reported=TURIN, cpuid=(0x1A, 2, 1)),
    ),
    "reported below the floor": Attack(
        ("tcb_below_floor:reported.snp", "tcb_below_floor:committed.snp", "tcb_below_floor:launch.snp"),
        policy={"snp.min_tcb": {"genoa": {**FLOOR, "snp": 28}}},
    ),
    "committed below the floor": Attack(
        ("tcb_below_floor:committed.microcode",),
        reports(committed=bytes([10, 0, 0, 0, 0, 0, 27, 212])),
        {"snp.min_tcb": {"genoa": FLOOR}},
    ),
    "launched below the floor": Attack(
        ("tcb_below_floor:launch.bootloader",),
        reports(launch=bytes([9, 0, 0, 0, 0, 0, 27, 213])),
        {"snp.min_tcb": {"genoa": FLOOR}},
    ),
    "floor of a part that the product lacks": Attack(
        tuple(f"tcb_below_floor:{name}.fmc" for name in ("reported", "committed", "launch")),
        policy={"snp.min_tcb": {"genoa": {"fmc": 0}}},
    ),
    "no floor for this product": Attack(("tcb_below_floor:genoa",), policy={"snp.min_tcb": {"turin": FLOOR}}),
    "current firmware below the floor": Attack(
        ("tcb_below_floor:current.abi",), reports(current_firmware=(1, 54, 255)), {"snp.min_abi": {"genoa": [1, 55]}}
    ),
    "committed firmware below the floor": Attack(
        ("tcb_below_floor:committed.abi",), reports(committed_firmware=(0, 99, 9)), {"snp.min_abi": {"genoa": [1, 55]}}
    ),
    "no firmware floor for this product": Attack(
        ("tcb_below_floor:genoa",), policy={"snp.min_abi": {"milan": [1, 55]}}
    ),
}  # fmt: skip
MEASURED = {
    "another launch": Attack(("measurement_mismatch:measurement",), reports(measurement=sha384(b"x").digest())),
    "launch that the policy does not name": Attack(
        ("policy_below_floor:snp.measurement", "measurement_mismatch:measurement"),
        policy={"snp.measurement": ["00" * 48]},
    ),
    "release for other hardware": Attack(
        ("measurement_mismatch:platform",),
        hooks=NodeHooks(release=lambda leaf: {**leaf, "platforms": {"nitro": {"pcrs": {}}}}),
    ),
    "release for other hardware, host data wanted": Attack(
        ("measurement_mismatch:platform", "measurement_mismatch:platform"),
        hooks=NodeHooks(release=lambda leaf: {**leaf, "platforms": {"nitro": {"pcrs": {}}}}),
        policy={"snp.host_data": "from_release"},
    ),
    "other host data": Attack(
        ("measurement_mismatch:host_data",), reports(host_data=b"h" * 32), {"snp.host_data": "from_release"}
    ),
    "host data that the policy does not name": Attack(
        ("measurement_mismatch:host_data",), policy={"snp.host_data": ["11" * 32]}
    ),
}
BOUND = {
    "report over another document": Attack(("binding_mismatch",), reports(report_data=bytes(64))),
    "key of a paravisor": Attack(("binding_mismatch",), reports(report_data=sha256(b"key").digest() + bytes(32))),
    "document of another machine": Attack(
        ("platform_mismatch:id",),
        hooks=NodeHooks(node=lambda nd: replace(nd, plat=Platform("sev_snp", bytes(32)))),
    ),
    "document of another kind": Attack(
        ("platform_mismatch:type",),
        hooks=NodeHooks(node=lambda nd: replace(nd, plat=Platform("tdx", nd.plat.id))),
    ),
    "unlogged release": Attack(
        ("release_not_logged",),
        given={"logged": Logged(None, PROVED, ("release_not_logged",), PROVED, PROVED, PROVED)},
    ),
    "endorsement that nobody proved": Attack(
        ("check_missing:endorsement",),
        given={"logged": Logged(None, PROVED, PROVED, NotProved("log"), PROVED, PROVED)},
    ),
    "kind that the policy does not want": Attack(("tee_not_allowed:sev_snp",), policy={"kinds": ["nitro"]}),
    "debug and Milan and old, all reported": Attack(
        ("debug_enabled", "generation:milan", "generation:cpuid", "report_version:3", "platform_info:5", "vmpl:2",
         "tcb_mismatch:snp"),
        lambda: replace(
            MACHINE,
            leaf=amd.endorsement(VENDOR.ask, product="Milan-B0"),
            fields=lambda report: replace(
                report, version=3, policy=0x3001F | 1 << 19, platform_info=1, vmpl=2,
                reported=bytes([10, 0, 0, 0, 0, 0, 26, 213]),
            ),
        ),
        {"snp.min_report_version": 5},
    ),
}  # fmt: skip
ATTACKS = {**LOOSE, **PARSE, **CHAIN, **REVOCATION, **SIGNATURE, **PLATFORM, **TCB, **MEASURED, **BOUND}


@cache
def built(title: str) -> tuple[bytes, bytes]:
    """The bundle of an attack and the identifier of its machine."""
    attack = {**ACCEPTED, **ATTACKS}[title]
    machine = attack.machine().machine()
    return node.build(machine, attack.hooks).data, machine.platform_id


def judged(title: str):
    attack = {**ACCEPTED, **ATTACKS}[title]
    data, platform_id = built(title)
    given = {"logged": EVERYTHING_PROVED, **attack.given}
    return record_of(data, policy=policy_of("sev_snp", PIN, platform_id, attack.policy), **given)


@pytest.mark.parametrize("title", ACCEPTED, ids=slug)
def test_an_honest_machine_is_accepted_as_what_a_fake_vendor_is(title) -> None:
    record = judged(title)
    assert record.reasons == ()
    assert record.outcome == "accepted_as_simulated"
    assert not record.hardware_backed


@pytest.mark.parametrize("title", ATTACKS, ids=slug)
def test_an_attack_is_refused_for_its_reasons(title) -> None:
    record = judged(title)
    assert record.reasons == ATTACKS[title].reasons
    assert record.outcome == "refused"


def text(record, name: str) -> str:
    (one,) = (one for one in record.checks if one.check == name)
    assert one.outcome == "not_checked"
    return one.reasons[0]


def test_the_record_says_where_the_configuration_is_bound() -> None:
    machine = replace(MACHINE, fields=lambda report: replace(report, host_data=CONFIGURATION)).machine()
    data = node.build(machine).data
    policy = policy_of("sev_snp", PIN, machine.platform_id)
    record = record_of(data, policy=policy, logged=EVERYTHING_PROVED)
    where = "not_applicable:no runtime register; configuration in "
    assert text(record, "runtime_register") == f"{where}host data and node document"
    assert text(judged("honest"), "runtime_register") == f"{where}node document only"


def test_what_the_policy_leaves_unchecked_is_said() -> None:
    record = judged("list that nobody checks")
    assert text(record, "revocation") == "unchecked_by_policy:x"
    assert text(record, "crl_form") == "not_applicable:no_list"
    assert text(record, "crl_rollback") == "not_applicable:no_list"
    assert text(judged("list that is not demanded"), "revocation") == "unchecked_by_policy:not demanded"
    assert text(judged("loaded key where the policy takes it"), "id_key") == "unchecked_by_policy:measurement decides"
    unmasked = replace(vlek(), chip_id=CHIP).machine()
    policy = policy_of("sev_snp", PIN, unmasked.platform_id, {"snp.allow_vlek": True})
    record = record_of(node.build(unmasked).data, policy=policy, logged=EVERYTHING_PROVED)
    assert record.reasons == ()
    assert text(record, "chip_id") == "not_applicable:loaded key is not a chip's"


def test_acceptance_lasts_no_longer_than_list_and_certificates_and_remembers_the_list() -> None:
    assert judged("honest").valid_until == NOW + 6600
    assert judged("last second of the list").valid_until == NOW
    assert judged("honest").memory_after.crl_numbers == {LIST: 4}
    short = replace(MACHINE, leaf=amd.endorsement(VENDOR.ask, dates=(NOW - DAY, NOW + 5))).machine()
    record = record_of(
        node.build(short).data, policy=policy_of("sev_snp", PIN, short.platform_id), logged=EVERYTHING_PROVED
    )
    assert record.valid_until == NOW + 5
    assert judged("issuer revoked").memory_after == Memory()


def test_lists_of_chips_and_of_clouds_are_remembered_apart() -> None:
    other = amd.vendor(ask=FIRST)
    machine = replace(
        MACHINE, vendor=other, leaf=amd.endorsement(other.ask), crl=amd.revocation_list(other.ark, number=1)
    ).machine()
    record = record_of(
        node.build(machine).data,
        policy=policy_of("sev_snp", PIN, machine.platform_id),
        logged=EVERYTHING_PROVED,
        memory=replace(Memory(), crl_numbers={LIST: 9}),
    )
    assert record.reasons == ()
