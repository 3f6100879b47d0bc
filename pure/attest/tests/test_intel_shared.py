"""Intel's own evidence: every shared case at its time, its claims, its edges in time, its logs, and flipped bits."""

import random
from datetime import datetime

import pytest
from intel_vectors import items, judged, strict_policy
from privity_attest.errors import STAGE_OF
from vendor_cases import ABSENT, cases

CASES = [*cases("tdx"), *cases("sgx")]
PRESENT = [one for one in CASES if one.values[0] is not None]
EDGES = [
    pytest.param(one.values[0], edge, id=f"{one.id}-{edge}") for one in PRESENT for edge in one.values[0]["edge_checks"]
]
EDGES = EDGES or [pytest.param(None, None, marks=ABSENT[0].marks, id="absent")]
FLIPPED = [one for one in PRESENT if one.id in ("v5-90c06f-uptodate", "v3-00a067-config-sw-hardening")] or ABSENT
DAY, HOUR = 86_400, 3_600
SEED = 20_261_125
STRIDES = {"cpu": 7, "dcap-collateral": 29}
"""Every so many bytes with a seeded bit: a quote and its collateral are 18 KB, each flip a whole appraisal."""
COLLATERAL = {"collateral_signature", "collateral_mismatch", "collateral_expired", "collateral_not_yet_valid"}


def codes(reasons) -> set[str]:
    return {reason.split(":")[0] for reason in reasons}


def times(case) -> tuple[int, int]:
    first, last = (datetime.fromisoformat(one.replace("Z", "+00:00")) for one in case["valid_window"])
    return int(first.timestamp()), int(last.timestamp())


@pytest.mark.parametrize("case", CASES)
def test_a_case_is_judged_as_the_index_says(case) -> None:
    found, expect = judged(case), case["expect"]
    genuine = found.genuine and not COLLATERAL & codes(found.reasons)
    assert genuine == (expect["crypto"] == "pass")
    assert (not found.reasons) == (expect["default_policy"] == "accept")
    if expect["reason"] is not None:
        assert expect["reason"].split(" ")[0] in found.reasons
    if "tcb_status" in expect:
        assert found.claims["tcb_status"].value == expect["tcb_status"]
        assert found.claims["advisories"].value == expect["advisory_ids"]


@pytest.mark.parametrize("case", CASES)
def test_every_claim_of_the_index_is_ours(case) -> None:
    claims = {name: one.value for name, one in judged(case).claims.items()}
    assert {name: claims.get(name) for name in case["claims"]} == case["claims"]


@pytest.mark.parametrize(("case", "edge"), EDGES)
def test_an_edge_in_time_is_judged_as_the_index_says(case, edge) -> None:
    first, last = times(case)
    now = {
        "1h_after_window_start": first + HOUR,
        "1d_before_window_start": first - DAY,
        "1d_after_window_end": last + DAY,
    }
    found = judged(case, now=now[edge])
    verdict, detail = case["edge_checks"][edge]
    dated = {reason for reason in found.reasons if reason.split(":")[0].endswith(("_expired", "_not_yet_valid"))}
    assert bool(dated) == (verdict == "reject")
    if verdict == "ok":
        assert found.claims["tcb_status"].value == detail
    for words, reason in (("TCBInfo expired", "expired:tcb_info"), ("QE Identity expired", "expired:qe_identity")):
        assert f"collateral_{reason}" in found.reasons or words != detail
    assert "collateral_not_yet_valid:tcb_info" in found.reasons or "in the future" not in detail


@pytest.mark.parametrize("case", CASES)
def test_dates_are_judged_to_the_second(case) -> None:
    first, last = times(case)
    for now in (first, last):
        assert not {
            code for code in codes(judged(case, now=now).reasons) if code.endswith(("_expired", "_not_yet_valid"))
        }
    assert {code for code in codes(judged(case, now=first - 1).reasons) if code.endswith("_not_yet_valid")}
    assert {code for code in codes(judged(case, now=last + 1).reasons) if code.endswith("_expired")}


@pytest.mark.parametrize("case", CASES)
def test_no_root_is_accepted_that_the_policy_does_not_name(case) -> None:
    foreign = strict_policy(case["tee"], **{f"trust_anchors.{case['tee']}": ["00" * 32]})
    assert "root_not_pinned:cpu" in judged(case, policy=foreign).reasons


@pytest.mark.parametrize("case", [one for one in PRESENT if "boot-log" in items(one.values[0])] or ABSENT)
def test_a_log_replays_into_the_quoted_registers(case) -> None:
    given = items(case)
    records = {(one.check, one.outcome) for one in judged(case, given=given).checks}
    assert {("boot_registers", "passed"), ("boot_payloads", "passed")} <= records
    media_type, log = given["boot-log"]
    shorter = log.replace(b"Exit Boot Services Invocation", b"Exit Boot Services invocation")
    if shorter != log:
        faults = judged(case, given={**given, "boot-log": (media_type, shorter)}).reasons
        assert codes(faults) == {"event_log_payload"}


@pytest.mark.parametrize("case", CASES)
def test_every_floor_of_the_default_policy_is_looked_at(case) -> None:
    """Without the README's exceptions: the evaluation number 17 of the older samples is below the floor."""
    if case["tee"] == "sgx":
        return
    floors = strict_policy("tdx", **{"tdx.min_tcb_evaluation": 18, "tdx.pck_types": [1, 2]})
    below = {reason for reason in judged(case, policy=floors).reasons if reason.startswith("tcb_below_floor")}
    evaluation = judged(case).claims.get("tcb_evaluation")
    assert evaluation is None or bool(below) == (evaluation.value < 18)


@pytest.mark.slow
@pytest.mark.parametrize("label", STRIDES)
@pytest.mark.parametrize("case", FLIPPED)
def test_a_flipped_bit_is_never_what_it_was(case, label) -> None:
    """No byte is unsigned: zeros alone may follow a quote, and PEM, DER and CBOR have one spelling."""
    given, drawn = items(case), random.Random(SEED)
    honest = judged(case, given=given)
    media_type, data = given[label]
    for at in range(drawn.randrange(STRIDES[label]), len(data), STRIDES[label]):
        changed = data[:at] + bytes([data[at] ^ 1 << drawn.randrange(8)]) + data[at + 1 :]
        found = judged(case, given={**given, label: (media_type, changed)})
        assert found.reasons != honest.reasons, at
        assert codes(found.reasons) <= STAGE_OF.keys()
        assert not found.genuine or COLLATERAL & codes(found.reasons), at


@pytest.mark.parametrize("case", FLIPPED)
def test_zeros_may_follow_a_quote_and_nothing_else(case) -> None:
    given, honest = items(case), judged(case).reasons
    media_type, quote = given["cpu"]
    assert judged(case, given={**given, "cpu": (media_type, quote + bytes(70))}).reasons == honest
    for tail in (b"\1", b"\0\0\1", b"\0" * 3064 + b"\x80"):
        assert judged(case, given={**given, "cpu": (media_type, quote + tail)}).reasons == ("trailing_data:cpu",)
