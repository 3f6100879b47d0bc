"""The readers of SEV-SNP: any bytes give a documented reason, levels and products are where AMD puts them."""

from dataclasses import replace

import pytest
from amd_attack import LEAF, MACHINE, PIN, VENDOR
from hypothesis import given, settings
from hypothesis import strategies as st
from privity_attest import x509
from privity_attest.case import Case
from privity_attest.errors import STAGE_OF
from privity_attest.item import appraise_item
from privity_attest.logged import NOTHING_LOGGED
from privity_attest.memory import Memory
from privity_attest.roots.pins import BUILT_IN
from privity_attest.sev_snp import genuine
from privity_attest.sev_snp.endorsement import endorsement, parts, product_of
from privity_attest.sev_snp.report import SIZE, ReportError, decode
from privity_attest.testing import amd, node
from privity_attest.testing.amd import CHIP, LEVELS, ReportFields
from privity_attest.testing.bundle import NOW
from privity_attest.testing.node import policy_of
from privity_attest.testing.root import key_of

REPORT = ReportFields().encode(key_of(21))
POLICY = policy_of("sev_snp", PIN, bytes(32))
ITEMS = {
    name: one
    for name, one in node.build(MACHINE.machine()).items.items()
    if name in ("cpu", "snp-leaf", "snp-issuers", "snp-crl")
}
TYPES = {"cpu": "snp-report", "snp-leaf": "certificate", "snp-issuers": "certificates+cbor", "snp-crl": "crl"}


def reasons(**replaced: bytes) -> tuple[str, ...]:
    given = {
        **ITEMS,
        **{name.replace("_", "-"): (TYPES[name.replace("_", "-")], data) for name, data in replaced.items()},
    }
    return appraise_item(given, now=NOW, policy=POLICY, release=None).reasons


def documented(found: tuple[str, ...]) -> bool:
    return all(reason.split(":")[0] in STAGE_OF for reason in found)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(["cpu", "snp_leaf", "snp_issuers", "snp_crl"]), st.binary(max_size=200))
def test_any_bytes_as_an_item_give_listed_reasons(label, data) -> None:
    found = reasons(**{label: data})
    assert found
    assert documented(found)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, SIZE - 1), st.binary(min_size=1, max_size=16))
def test_a_report_of_any_content_gives_listed_reasons(at, data) -> None:
    changed = (REPORT[:at] + data + REPORT[at + len(data) :])[:SIZE]
    assert documented(reasons(cpu=changed))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(["snp_leaf", "snp_issuers", "snp_crl"]), st.integers(0, 5000), st.binary(min_size=1, max_size=4))
def test_collateral_with_other_bytes_gives_listed_reasons(label, at, data) -> None:
    old = ITEMS[label.replace("_", "-")][1]
    at %= len(old)
    found = reasons(**{label: old[:at] + data + old[at + len(data) :]})
    assert documented(found)


@pytest.mark.parametrize("version", [0, 1, 2, 3, 4, 5, 6, 2**32 - 1])
def test_versions_two_to_five_are_read(version) -> None:
    data = version.to_bytes(4, "little") + REPORT[4:]
    if not 2 <= version <= 5:
        with pytest.raises(ReportError, match="unsupported_version"):
            decode(data)
    else:
        assert decode(data).version == version


def test_what_a_version_does_not_have_is_none_not_zero() -> None:
    fields = ReportFields()
    found = {version: decode(replace(fields, version=version).encode(key_of(21))) for version in (2, 3, 4, 5)}
    assert [found[version].cpuid for version in found] == [None, fields.cpuid, fields.cpuid, fields.cpuid]
    assert [found[version].mitigations for version in found] == [None, None, None, (0, 0)]


@pytest.mark.parametrize("size", [0, SIZE - 1, SIZE + 1, 2 * SIZE])
def test_a_report_has_exactly_its_size(size) -> None:
    with pytest.raises(ReportError, match="malformed" if size < SIZE else "trailing_data"):
        decode((REPORT * 2)[:size])


PRODUCTS = {
    (0x19, 0x00): "milan", (0x19, 0x0F): "milan", (0x19, 0x10): "genoa", (0x19, 0x1F): "genoa", (0x19, 0x20): None,
    (0x19, 0x9F): None, (0x19, 0xA0): "genoa", (0x19, 0xAF): "genoa", (0x19, 0xB0): None, (0x1A, 0x00): "turin",
    (0x1A, 0x11): "turin", (0x1A, 0x12): None, (0x17, 0x31): None, (0, 0): None,
}  # fmt: skip


@pytest.mark.parametrize(("cpuid", "product"), PRODUCTS.items())
def test_a_processor_is_of_the_product_that_certifies_it(cpuid, product) -> None:
    assert product_of(*cpuid) == product


def test_a_level_sits_in_the_byte_of_its_product() -> None:
    data = bytes(range(1, 9))
    before = {"bootloader": 1, "tee": 2, "snp": 7, "microcode": 8}
    assert parts("milan", data) == parts("genoa", data) == before
    assert parts("turin", data) == {"fmc": 1, "bootloader": 2, "tee": 3, "snp": 4, "microcode": 8}


def test_a_certificate_says_levels_as_integers_and_its_chip_raw() -> None:
    found = endorsement(x509.decode(LEAF))
    assert (found.product, found.tcb, found.hwid, found.cloud) == ("genoa", bytes(LEVELS.values()), CHIP, None)
    assert b"\x02\x02\x00\xd5" in LEAF, "213 needs a leading zero"
    assert x509.decode(LEAF).serial == 0
    cloud = endorsement(x509.decode(amd.endorsement(VENDOR.ask, product="Milan", hwid=None, cloud="CN=cloud")))
    assert (cloud.product, cloud.hwid, cloud.cloud) == ("milan", None, "CN=cloud")


def test_an_item_by_itself_needs_its_collateral() -> None:
    alone = appraise_item({"cpu": ITEMS["cpu"]}, now=NOW, policy=POLICY, release=None)
    assert alone.reasons == (
        "collateral_missing:snp-leaf",
        "collateral_missing:snp-issuers",
    )
    assert not alone.genuine
    assert reasons() == ()


def path_case(path: tuple[x509.Certificate, ...]) -> Case:
    """A case whose certificates are these."""
    case = Case(b"", NOW, POLICY, NOTHING_LOGGED, None, Memory())
    case.path = path
    return case


PATH = tuple(x509.decode(der) for der in (LEAF, VENDOR.ask.certificate, VENDOR.ark.certificate))


def test_the_root_signs_itself() -> None:
    assert genuine.certificate_chain(path_case(PATH)) == ()
    unsigned = replace(PATH[2], signature=PATH[1].signature)
    assert genuine.certificate_chain(path_case((*PATH[:2], unsigned))) == ("certificate_chain:snp-leaf",)


@pytest.mark.parametrize("place", [1, 2])
def test_issuers_have_rsa_keys(place) -> None:
    path = tuple(replace(one, key=PATH[0].key) if at == place else one for at, one in enumerate(PATH))
    assert genuine.certificate_profile(path_case(path)) == ("certificate_profile:snp-issuers",)


def test_a_product_is_certified_by_its_own_root() -> None:
    for pin in BUILT_IN["sev_snp"]:
        found = genuine.certificate_profile(path_case((*PATH[:2], replace(PATH[2], pin=pin.spki))))
        assert found == (() if pin.name == "genoa" else ("certificate_profile:product",))


def test_the_fields_of_a_report_are_where_the_builder_puts_them() -> None:
    fields = ReportFields(
        vmpl=3, platform_info=2**40, flags=0b00101, report_data=b"r" * 64, host_data=b"h" * 32,
        current_firmware=(1, 2, 3), committed_firmware=(4, 5, 6), id_key=b"i" * 48, author_key=b"a" * 48,
    )  # fmt: skip
    found = decode(fields.encode(key_of(21)))
    assert (found.vmpl, found.platform_info, found.author_key_enabled, found.signing_key) == (3, 2**40, True, 1)
    assert (found.report_data, found.host_data) == (b"r" * 64, b"h" * 32)
    assert (found.current_firmware, found.committed_firmware) == ((1, 2, 3), (4, 5, 6))
    assert (found.id_key_digest, found.author_key_digest, found.mitigations) == (b"i" * 48, b"a" * 48, (0, 0))
    assert found.cpuid == (0x19, 0x11, 1)
