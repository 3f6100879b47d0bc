"""AWS's own evidence: every shared case at its time, its claims, its edges in time, and every flipped bit."""

from datetime import datetime

import pytest
from privity_attest.item import ItemRecord, appraise_item
from privity_protocol import cbor
from vendor_cases import cases, flips, items, strict_policy

CASES = cases("nitro")
GENUINE = [one for one in CASES if one.values[0] is None or one.values[0]["expect"]["crypto"] == "pass"]
POLICY = strict_policy(**{"trust_anchors.nitro": "built_in"})
TWIN_OF_THE_FLIPPED = 1_665_651_482
"""The flipped document has no time of its own."""


def record(case, *, now: int | None = None, policy=POLICY, data: bytes | None = None) -> ItemRecord:
    given = items(case) if data is None else {"cpu": ("nitro-document", data)}
    at = now or case.get("verify_as_of_unix", TWIN_OF_THE_FLIPPED)
    return appraise_item(given, now=at, policy=policy, release=None)


@pytest.mark.parametrize("case", CASES)
def test_a_case_is_judged_as_the_index_says(case) -> None:
    found, expect = record(case), case["expect"]
    assert found.genuine == (expect["crypto"] == "pass")
    assert (not found.reasons) == (expect["default_policy"] == "accept")
    if expect["reason"] is not None:
        assert expect["reason"] in {reason.split(":")[0] for reason in found.reasons}


@pytest.mark.parametrize("case", GENUINE)
def test_the_claims_are_those_of_the_index(case) -> None:
    claims, expected = {name: one.value for name, one in record(case).claims.items()}, case["claims"]
    for name in ("module_id", "public_key", "user_data", "nonce"):
        assert claims[name] == expected[name]
    assert claims["timestamp"] == round(datetime.fromisoformat(expected["timestamp"]).timestamp() * 1000)
    assert {index: one for index, one in claims["registers"].items() if one.strip("0")} == expected["pcrs"]


@pytest.mark.parametrize("case", GENUINE)
def test_dates_are_judged_to_the_second(case) -> None:
    first, last = (int(datetime.fromisoformat(one).timestamp()) for one in case["valid_window"])
    assert record(case, now=first).genuine
    assert record(case, now=last).genuine
    assert "certificate_not_yet_valid:cpu" in record(case, now=first - 1).reasons
    assert "certificate_expired:cpu" in record(case, now=last + 1).reasons


@pytest.mark.parametrize("case", GENUINE)
def test_no_root_is_accepted_that_the_policy_does_not_name(case) -> None:
    foreign = strict_policy(**{"trust_anchors.nitro": ["00" * 32]})
    assert "root_not_pinned:cpu" in record(case, policy=foreign).reasons


@pytest.mark.parametrize("case", GENUINE)
def test_the_tag_may_be_there_or_not_and_every_byte_is_consumed(case) -> None:
    data = items(case)["cpu"][1]
    assert record(case, data=b"\xd2" + data).genuine
    assert record(case, data=data + b"\0").reasons == ("trailing_data:cpu",)
    assert record(case, data=data[:-1]).reasons == ("malformed:cpu",)
    wrapped = cbor.encode({"Attestation": {"document": data}})
    assert record(case, data=wrapped).reasons == ("malformed:cpu",), "the producer unwraps the module's reply"


@pytest.mark.slow
@pytest.mark.parametrize("case", [one for one in GENUINE if one.id in ("dstack-2025-12", "absent")])
def test_a_flipped_bit_is_never_genuine(case) -> None:
    for data in flips(items(case)["cpu"][1]):
        assert not record(case, data=data).genuine
