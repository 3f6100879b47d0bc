"""NVIDIA's own evidence: every shared case, its claims, and every flipped bit."""

import xml.etree.ElementTree as xml
from dataclasses import replace
from hashlib import sha256

import pytest
from privity_attest.item import ItemRecord, appraise_item
from privity_attest.policy import Policy
from privity_attest.reference_values import Golden, GpuValues, Platforms
from privity_attest.release import Release
from privity_attest.schema import Unchecked
from privity_attest.testing.bundle import NOW
from privity_attest.testing.nvidia import MEDIA_TYPE
from privity_protocol import cbor
from vendor_cases import cases, certificates, content, flips, strict_policy

GPUS, SWITCHES = cases("nvidia-gpu"), cases("nvidia-switch")
GENUINE = [one for one in (*GPUS, *SWITCHES) if one.values[0] is None or one.values[0]["expect"]["crypto"] == "pass"]
UNCHECKED = Unchecked("vectors")
RIM_NAMES = {"hash": "{http://www.w3.org/2001/04/xmlenc#sha384}Hash"}


def lenient() -> Policy:
    """The policy of the vectors' README: under the built-in root, by golden values, without OCSP."""
    policy = strict_policy()
    named = dict.fromkeys(("device_kinds", "drivers", "vbios", "firmware_ids"), UNCHECKED)
    return replace(policy, gpu=replace(policy.gpu, require_ocsp=UNCHECKED, **named))


def label_of(case) -> str:
    return "gpu-0" if case["tee"] == "nvidia-gpu" else "switch-0"


def item(case, evidence: bytes | None = None) -> dict[str, tuple[str, bytes]]:
    """The case as the item of a bundle."""
    chain = certificates(content(case, "chain"))
    return {label_of(case): (MEDIA_TYPE, cbor.encode([evidence or content(case, "evidence"), list(chain)]))}


def record(case, *, release: Release | None = None, evidence: bytes | None = None, policy=None) -> ItemRecord:
    return appraise_item(item(case, evidence), now=NOW, policy=policy or lenient(), release=release)


def release_of(case) -> Release | None:
    """A release with what NVIDIA's manifest beside the case says; its signature is judged where releases are made."""
    if "rim" not in case["files"]:
        return None
    data = content(case, "rim")
    tree = xml.fromstring(data)
    meta = next(one for one in tree.iter() if one.tag.endswith("Meta"))
    active = [one for one in tree.iter() if one.tag.endswith("Resource") and one.get("active") == "True"]
    values = {
        str(int(one.attrib["index"]) + 1): tuple(
            bytes.fromhex(text) for name, text in one.attrib.items() if name.startswith(RIM_NAMES["hash"])
        )
        for one in active
    }
    golden = Golden(meta.attrib["product"], meta.attrib["colloquialVersion"], NOW, sha256(data).digest(), values)
    gpu = GpuValues(0, 1, (), (), (), (), (golden,))
    return Release("vectors", "1", "local", Platforms(gpu=gpu), (), (), 0, (), bytes(32))


@pytest.mark.parametrize("case", [*GPUS, *SWITCHES])
def test_a_case_is_judged_as_the_index_says(case) -> None:
    found, expect = record(case, release=release_of(case)), case["expect"]
    assert found.genuine == (expect["crypto"] == "pass")
    assert (not found.reasons) == (expect["default_policy"] == "accept")
    if expect["reason"] is not None:
        assert expect["reason"] in {reason.split(":")[0] for reason in found.reasons}


@pytest.mark.parametrize("case", [one for one in SWITCHES if one.id in ("nvswitch-ls10", "absent")])
def test_the_switch_is_accepted_because_all_31_measurements_match(case) -> None:
    release = release_of(case)
    assert release is not None
    (golden,) = release.platforms.gpu.golden
    assert len(golden.values) == 31
    other = replace(golden, values={**golden.values, "31": (bytes(48),)})
    changed = replace(release, platforms=Platforms(gpu=replace(release.platforms.gpu, golden=(other,))))
    assert record(case, release=changed).reasons == ("rim_mismatch:switch-0:31",)
    one_too_low = {str(int(index) - 1): hashes for index, hashes in golden.values.items() if index != "1"}
    shifted = replace(golden, values=one_too_low)
    changed = replace(release, platforms=Platforms(gpu=replace(release.platforms.gpu, golden=(shifted,))))
    assert len(record(case, release=changed).reasons) > 20, "the manifest counts from 0, the device from 1"


@pytest.mark.parametrize("case", GENUINE)
def test_the_claims_are_those_of_the_index(case) -> None:
    claims, expected = record(case).claims[label_of(case)].value, case["claims"]
    pairs = {"driver": "driver", "project": "project", "project_sku": "project_sku", "chip_sku": "chip_sku"}
    assert {name: claims.get(name) for name in pairs} == {name: expected[key] for name, key in pairs.items()}
    assert claims.get("firmware", "") == expected["fwid"]
    assert claims.get("feature") == expected["feature_flag"]
    assert claims["measurements"] == str(expected["measurement_count"])
    raw = bytes.fromhex(expected["vbios_raw"])
    five = [raw[at] for at in (3, 2, 1, 0, 4)]
    written = ".".join(f"{one:02X}" for one in five) if case["tee"] == "nvidia-gpu" else raw.decode()
    assert claims["vbios"] == written
    assert expected["leaf_cn"].startswith(f"CN={'LS_10' if claims['kind'] == 'LS10' else claims['kind']} ")


@pytest.mark.parametrize("case", GENUINE)
def test_no_root_is_accepted_that_the_policy_does_not_name(case) -> None:
    policy = lenient()
    foreign = replace(policy, trust_anchors=replace(policy.trust_anchors, nvidia=(bytes(32),)))
    assert f"root_not_pinned:{label_of(case)}" in record(case, policy=foreign).reasons


@pytest.mark.parametrize("case", GENUINE)
def test_one_zero_byte_may_follow_and_nothing_else(case) -> None:
    evidence = content(case, "evidence")
    assert record(case, evidence=evidence + b"\0").genuine
    for tail in (b"\1", b"\0\0"):
        assert record(case, evidence=evidence + tail).reasons[0] == f"trailing_data:{label_of(case)}"
    assert record(case, evidence=evidence[:-1]).reasons[0] == f"malformed:{label_of(case)}"


@pytest.mark.slow
@pytest.mark.parametrize("case", [one for one in GENUINE if one.id in ("nvswitch-ls10", "absent")])
def test_a_flipped_bit_is_never_genuine(case) -> None:
    for evidence in flips(content(case, "evidence")):
        assert not record(case, evidence=evidence).genuine


@pytest.mark.slow
@pytest.mark.parametrize("case", [one for one in GENUINE if one.id in ("h100-550.90.07", "absent")])
def test_a_flipped_bit_of_the_chain_is_never_genuine(case) -> None:
    """Every seventh byte: five certificates are five thousand."""
    given = item(case)[label_of(case)][1]
    start = len(content(case, "evidence")) + 4
    for data in flips(given)[start::7]:
        changed = {label_of(case): (MEDIA_TYPE, data)}
        assert not appraise_item(changed, now=NOW, policy=lenient(), release=None).genuine
