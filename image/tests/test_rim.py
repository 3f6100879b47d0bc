"""Reference integrity manifests: NVIDIA's own, and self-made ones with one thing wrong."""

from hashlib import sha256

import pytest
from image_pki import DAY, NOW, Authority, root
from image_rim import ONE, RECORDS, TWO, ZERO, manifest, record, signers
from privity_image.errors import Failed
from privity_image.reference_values import platforms
from privity_image.reference_values.rim import MAX_BYTES, RimRefused, verify
from privity_image.trust import PINNED

CASES = ["driver-GH100-550.144.03", "vbios-1010_0200_882-96.00.5E.00.01"]
NEGATIVES = ["neg-driver-bad-signature", "neg-driver-wrong-chain"]


def reasons(xml: bytes, pins: frozenset[bytes] | None = None) -> list[str]:
    """The codes of the refusal, or nothing."""
    try:
        verify(xml, pins=pins or signers()[-1].pins)
    except RimRefused as refused:
        return [one.split(":")[0] for one in refused.reasons]
    return []


@pytest.mark.parametrize("case", CASES)
def test_nvidias_own_manifests_are_genuine(vectors, case) -> None:
    xml = vectors.read(vectors.case(case)["files"]["rim"])
    rim = verify(xml, pins=PINNED.nvidia_rim)
    assert (rim.product, rim.digest) == ("GH100", sha256(xml).digest())
    assert 0 < len(rim.values) < 64


def test_expiry_is_a_field_of_its_own(vectors) -> None:
    rim = verify(vectors.read(vectors.case(CASES[1])["files"]["rim"]), pins=PINNED.nvidia_rim)
    assert rim.expiry(1_740_000_000) is None
    assert rim.expiry(rim.valid_until) == rim.expiry(rim.valid_from - 1) == "rim_expired"
    assert rim.expiry(rim.valid_until - 1) is None


@pytest.mark.parametrize("case", NEGATIVES)
def test_refused_manifests_give_their_reason(vectors, case) -> None:
    found = vectors.case(case)
    assert reasons(vectors.read(found["files"]["rim"]), PINNED.nvidia_rim) == [found["expect"]["reason"]]


def test_every_manifest_of_the_index_is_judged_here(vectors) -> None:
    ids = {case["id"] for case in vectors.json("index.json")["cases"] if case["tee"] == "nvidia-rim"}
    assert ids == {*CASES, *NEGATIVES}


def test_the_switchs_golden_values_match_its_evidence(vectors) -> None:
    case = vectors.case("nvswitch-ls10")["files"]
    rim = verify(vectors.read(case["rim"]), pins=PINNED.nvidia_rim)
    blocks = measurement_blocks(vectors.read(case["evidence"]))
    assert len(rim.values) == 31
    assert all(blocks[index] in hashes for index, hashes in rim.values.items())


def measurement_blocks(evidence: bytes) -> dict[int, bytes]:
    """SPDM measurement index to value, straight from the record (design section 5.5)."""
    start = 37 + 8
    end = start + int.from_bytes(evidence[37 + 5 : 37 + 8], "little")
    blocks: dict[int, bytes] = {}
    while start < end:
        size = int.from_bytes(evidence[start + 2 : start + 4], "little")
        blocks[evidence[start]] = evidence[start + 7 : start + 4 + size]
        start += 4 + size
    return blocks


def test_a_manifest_of_our_own_is_read_whole() -> None:
    rim = verify(manifest(), pins=signers()[-1].pins)
    assert rim.values == {1: (bytes.fromhex(ONE),), 3: (bytes.fromhex(TWO), bytes.fromhex(ONE))}
    assert (rim.expiry(NOW), rim.expiry(NOW + 100 * DAY)) == (None, "rim_expired")
    assert (rim.product, rim.edition, rim.version, rim.valid_until) == ("GH100", "GPU", "1.2.3", NOW + 100 * DAY)


@pytest.mark.parametrize("change", [(b"Hash0", b"Hash9"), (ONE.encode(), TWO.encode()), (b"1.2.3", b"1.2.4")])
def test_nothing_signed_can_be_changed(change) -> None:
    xml = manifest()
    assert reasons(xml.replace(*change, 1)) == ["rim_signature"]


def test_what_is_not_signed_is_not_read() -> None:
    """A second payload outside of the signed element, or around it, changes nothing that is believed."""
    xml = manifest()
    inner = xml[xml.index(b"<Payload") : xml.index(b"</Payload>") + 10]
    assert reasons(xml.replace(inner, inner + inner.replace(ONE.encode(), TWO.encode()))) == ["rim_signature"]
    wrapped = b'<SoftwareIdentity xmlns="http://standards.iso.org/iso/19770/-2/2015/schema.xsd">' + xml
    assert reasons(wrapped + b"</SoftwareIdentity>") == ["malformed"]


def test_the_chain_must_reach_the_pinned_root() -> None:
    assert reasons(manifest(), PINNED.nvidia_rim) == ["rim_chain"]
    assert reasons(manifest(path=signers()[:2])) == ["rim_chain"]


def leaf_that_is_an_authority() -> tuple[Authority, ...]:
    _, middle, top = signers()
    return middle.below("Test CA as signer"), middle, top


def authority_beyond_its_path_length() -> tuple[Authority, ...]:
    _, middle, top = signers()
    extra = middle.below("Test CA below length 0")
    return extra.below("Test signer", authority=False), extra, middle, top


def foreign_intermediate() -> tuple[Authority, ...]:
    leaf, _, top = signers()
    return leaf, root("Other").below("Test RIM CA"), top


@pytest.mark.parametrize(
    "path",
    [leaf_that_is_an_authority, authority_beyond_its_path_length, foreign_intermediate],
    ids=lambda f: f.__name__[:24],
)
def test_a_chain_with_a_fault_is_refused(path) -> None:
    assert reasons(manifest(path=path())) == ["rim_chain"]


def test_both_failures_are_told() -> None:
    assert reasons(manifest().replace(b"1.2.3", b"1.2.4"), PINNED.nvidia_rim) == ["rim_signature", "rim_chain"]


@pytest.mark.parametrize(
    "records",
    [
        (record(0, ONE), record(0, TWO)),
        (record(1000, ONE),),
        (record(0, ONE, alternatives="2"),),
        (record(0, ONE, TWO, alternatives="1"),),
        (record(0),),
        (record(0, ONE[2:]),),
        (record(0, "zz" * 48),),
        (record(0, ONE, active="true"),),
        (record(0, ONE, size="32"),),
        (record(0, ONE).replace('index="0"', 'index="٣"'),),
        ("<Other/>",),
    ],
)
def test_a_record_that_is_not_understood_is_refused(records) -> None:
    assert reasons(manifest(*records)) == ["malformed"]


@pytest.mark.parametrize(
    "xml",
    [
        b"",
        b"not xml",
        b"<SoftwareIdentity/>",
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b" " * (MAX_BYTES + 1),
    ],
)
def test_anything_else_is_malformed(xml) -> None:
    assert reasons(xml) == ["malformed"]


def test_an_entity_in_a_real_manifest_is_refused_before_it_is_parsed() -> None:
    assert reasons(b'<!DOCTYPE SoftwareIdentity [<!ENTITY e "x">]>' + manifest()) == ["malformed"]


def test_another_encoding_cannot_hide_a_document_type() -> None:
    text = '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE SoftwareIdentity>' + manifest().decode()
    assert reasons(text.encode("utf-16")) == ["malformed"]


def test_a_second_signature_is_refused() -> None:
    xml = manifest()
    signature = xml[xml.index(b"<ds:Signature ") : xml.index(b"</ds:Signature>") + 15]
    assert reasons(xml.replace(signature, signature * 2)) == ["malformed"]


def test_golden_values_name_their_manifest_and_ascend() -> None:
    xml = manifest(record(9, TWO, ONE, ONE))
    rim = verify(xml, pins=signers()[-1].pins)
    named = {"device": "GH100", "version": "1.2.3", "expires": rim.valid_until, "rim": sha256(xml).hexdigest()}
    assert platforms.golden(rim) == {**named, "values": {"10": [ONE, TWO]}}


@pytest.mark.parametrize(
    "extra", [record(64, ONE, name="MinimumSvn"), record(1, ONE, type="Minimum", name="MinimumSvn")]
)
def test_a_demand_that_a_release_cannot_say_keeps_a_manifest_out_of_it(extra) -> None:
    """The manifest is genuine all the same."""
    rim = verify(manifest(record(0, ONE), extra), pins=signers()[-1].pins)
    assert (rim.values, rim.unread) == ({1: (bytes.fromhex(ONE),)}, ("MinimumSvn",))
    with pytest.raises(Failed, match="MinimumSvn"):
        platforms.golden(rim)


def test_the_part_about_devices() -> None:
    driver = verify(manifest(version="550.1"), pins=signers()[-1].pins)
    vbios = verify(manifest(record(5, ZERO), version="96.00"), pins=signers()[-1].pins)
    part = platforms.gpu(count=8, switches=4, drivers=[driver], firmware=[vbios], firmware_ids=[b"\2" * 48, b"\1" * 48])
    assert platforms.decode(platforms.encode([part])) == part
    devices = part["gpu"]
    assert isinstance(devices, dict)
    assert (devices["count"], devices["switches"], devices["device_kinds"]) == (8, 4, ["GH100"])
    assert (devices["drivers"], devices["vbios"]) == (["550.1"], ["96.00"])
    assert devices["firmware_ids"] == ["01" * 48, "02" * 48]
    assert [one["rim"] for one in devices["golden"]] == sorted([driver.digest.hex(), vbios.digest.hex()])


def test_driver_and_vbios_may_not_claim_one_measurement() -> None:
    driver = verify(manifest(version="550.1"), pins=signers()[-1].pins)
    vbios = verify(manifest(*RECORDS, version="96.00"), pins=signers()[-1].pins)
    with pytest.raises(Failed, match="rim_conflict"):
        platforms.gpu(count=1, switches=0, drivers=[driver], firmware=[vbios], firmware_ids=[])
