"""AMD's own evidence: every shared case at its time, its claims, its edges in time, and every flipped bit."""

import pytest
from privity_attest.item import ItemRecord, appraise_item
from privity_attest.sev_snp import report
from privity_attest.sev_snp.report import ReportError
from vendor_cases import cases, flips, items, strict_policy

CASES = cases("sev-snp")
GENUINE = [one for one in CASES if one.values[0] is None or one.values[0]["expect"]["crypto"] == "pass"]
SHORT = {"bl": "bootloader", "ucode": "microcode"}
POLICY = strict_policy()
DAY = 86_400


def record(case, *, now: int | None = None, policy=POLICY, **replaced: bytes) -> ItemRecord:
    given = items(case)
    for label, data in replaced.items():
        given[label.replace("_", "-")] = (given[label.replace("_", "-")][0], data)
    return appraise_item(given, now=now or case["verify_as_of_unix"], policy=policy, release=None)


@pytest.mark.parametrize("case", CASES)
def test_a_case_is_judged_as_the_index_says(case) -> None:
    found, expect = record(case), case["expect"]
    # "crypto" includes what AMD binds into the certificate: its TCB and its chip.
    bound = not {"tcb_mismatch", "chip_id_mismatch"} & {reason.split(":")[0] for reason in found.reasons}
    assert (found.genuine and bound) == (expect["crypto"] == "pass")
    assert (not found.reasons) == (expect["default_policy"] == "accept")
    if expect["reason"] is not None:
        codes = {*found.reasons, *(reason.split(":")[0] for reason in found.reasons)}
        assert expect["reason"].split(" ")[0] in codes


@pytest.mark.parametrize("case", GENUINE)
def test_the_claims_are_those_of_the_index(case) -> None:
    claims, expected = {name: one.value for name, one in record(case).claims.items()}, case["claims"]
    for name in ("report_version", "vmpl", "report_data", "measurement", "host_data", "id_key_digest", "chip_id"):
        assert claims[name] == expected[name]
    assert claims["guest_policy"] == expected["policy"]
    assert claims["reported_tcb"] == {
        SHORT.get(name, name): str(level) for name, level in expected["reported_tcb"].items()
    }
    details = claims["platform_details"]
    assert details["platform_info"] == expected["platform_info"]
    assert details["signing_key"] == expected["signing_key"].lower()
    named = expected["cpuid_fms"] if expected["report_version"] >= 3 else None
    assert details.get("cpuid") == (None if named is None else ".".join(map(str, named)))
    assert details["product"] == case["files"]["chain"].removesuffix(".pem").rsplit("_", 1)[1]


@pytest.mark.parametrize("case", CASES)
def test_the_reader_finds_the_fields_of_the_index_genuine_or_not(case) -> None:
    found, expected = report.decode(items(case)["cpu"][1]), case["claims"]
    assert hex(found.policy) == expected["policy"]
    assert bool(found.policy >> 19 & 1) == expected["debug"]
    assert [found.policy >> 8 & 0xFF, found.policy & 0xFF] == expected["abi"]
    for name in ("reported", "committed", "launch"):
        assert getattr(found, f"{name}_tcb").hex() == expected[f"{name}_tcb_raw"]
    assert found.author_key_enabled == bool(expected["author_key_en"])


@pytest.mark.parametrize("case", GENUINE)
def test_dates_are_judged_to_the_second(case) -> None:
    from datetime import datetime

    first, last = (int(datetime.fromisoformat(one.replace("Z", "+00:00")).timestamp()) for one in case["valid_window"])
    assert record(case, now=first).genuine
    assert record(case, now=last).genuine
    assert "certificate_not_yet_valid:snp-leaf" in record(case, now=first - 1).reasons
    assert "certificate_expired:snp-leaf" in record(case, now=last + 1).reasons


@pytest.mark.parametrize("case", GENUINE)
def test_no_root_is_accepted_that_the_policy_does_not_name(case) -> None:
    foreign = strict_policy(**{"trust_anchors.sev_snp": ["00" * 32]})
    assert "root_not_pinned:snp-issuers" in record(case, policy=foreign).reasons


@pytest.mark.parametrize("case", GENUINE)
def test_a_list_that_the_policy_demands_must_be_there(case) -> None:
    demanding = strict_policy(**{"require_crl.sev_snp": True})
    assert "crl_missing:snp-crl" in record(case, policy=demanding).reasons


@pytest.mark.slow
@pytest.mark.parametrize("label", ["cpu", "snp-leaf", "snp-issuers"])
@pytest.mark.parametrize("case", [one for one in GENUINE if one.id in ("genoa-v3", "turin-v5", "absent")])
def test_a_flipped_bit_is_never_genuine(case, label) -> None:
    """No byte is unsigned: the report's tail must be zero, and DER has one spelling."""
    for data in flips(items(case)[label][1]):
        assert not record(case, **{label: data}).genuine


@pytest.mark.parametrize("case", GENUINE)
def test_a_report_of_another_length_is_refused(case) -> None:
    data = items(case)["cpu"][1]
    assert record(case, cpu=data[:-1]).reasons == ("malformed:cpu",)
    assert record(case, cpu=data + b"\0").reasons == ("trailing_data:cpu",)
    with pytest.raises(ReportError, match="malformed"):
        report.decode(b"")
