"""Whole bundles of PSA and CCA: accepted as they are, and refused for exactly the reasons of each change."""

from dataclasses import replace
from typing import Any

import pytest
from appraising import record_of
from arm_attacks import ACCEPTED, CCA, PSA, ArmAttack, document_for
from privity_attest.policy import decode
from privity_attest.result import Appraisal
from privity_attest.roots import pins
from privity_attest.schema import Unchecked
from privity_attest.testing.arm import (
    CCA_KEY,
    PSA_KEY,
    RIM,
    CcaDevice,
    PsaDevice,
    cca_policy,
    key_of,
    psa_policy,
    spki,
)
from privity_attest.testing.node import EVERYTHING_PROVED, NodeHooks

ATTACKS = {**PSA, **CCA}


def policy_for(attack: ArmAttack) -> Any:
    """The policy of an attack: its pinned key and its changed members."""
    return decode(document_for(attack))


def appraised(attack: ArmAttack):
    data = attack.device.build(attack.hooks).data
    return record_of(data, policy=policy_for(attack), logged=EVERYTHING_PROVED)


@pytest.mark.parametrize("title", ATTACKS, ids=lambda title: title.replace(" ", "-"))
def test_an_attack_is_refused_for_its_reasons(title) -> None:
    record = appraised(ATTACKS[title])
    assert record.reasons == ATTACKS[title].reasons
    assert record.outcome == "refused"


@pytest.mark.parametrize("title", ACCEPTED, ids=lambda title: title.replace(" ", "-"))
def test_tokens_that_the_profiles_allow_are_accepted(title) -> None:
    record = appraised(ACCEPTED[title])
    assert (record.outcome, record.reasons) == ("accepted", ())
    assert not record.hardware_backed, "no Arm key is built in"
    assert (
        (record.claims["client"].value == 3002) if title.startswith("psa") else record.claims["rim"].value == RIM.hex()
    )


def test_the_key_that_fits_is_found_among_several() -> None:
    policy = psa_policy()
    others = (spki(key_of(5)), spki(CCA_KEY), spki(PSA_KEY))
    policy = replace(policy, trust_anchors=replace(policy.trust_anchors, psa=others))
    assert record_of(PsaDevice().build().data, policy=policy, logged=EVERYTHING_PROVED).outcome == "accepted"


def test_a_key_whose_private_half_is_published_makes_it_a_simulation(monkeypatch) -> None:
    from hashlib import sha256

    assert appraised(ArmAttack((), PsaDevice())).simulated is False
    monkeypatch.setattr(pins, "PUBLISHED", frozenset({sha256(spki(PSA_KEY)).digest()}))
    record = appraised(ArmAttack((), PsaDevice()))
    assert (record.outcome, record.simulated) == ("accepted_as_simulated", True)


def test_an_accepted_token_is_an_appraisal() -> None:
    from privity_attest.appraise import appraise
    from privity_attest.memory import Memory
    from privity_attest.testing.bundle import NOW

    given = {"now": NOW, "nonce": None, "memory": Memory(), "logged": EVERYTHING_PROVED}
    assert type(appraise(CcaDevice().build().data, policy=cca_policy(), **given)) is Appraisal


@pytest.mark.parametrize(
    ("device", "field", "check"),
    [
        (PsaDevice(), "implementation_ids", "implementation"),
        (PsaDevice(), "components", "components"),
        (PsaDevice(), "partitions", "client_partition"),
        (CcaDevice(), "implementation_ids", "implementation"),
        (CcaDevice(), "components", "components"),
        (CcaDevice(), "rim", "initial_measurement"),
        (CcaDevice(), "rem", "extensible_measurements"),
    ],
)
def test_what_the_policy_leaves_unchecked_is_recorded(device, field, check) -> None:
    record = appraised(ArmAttack((), device, {field: {"unchecked": "decided"}}))
    assert record.outcome == "accepted"
    (found,) = (one for one in record.checks if one.check == check)
    assert found.reasons == ("unchecked_by_policy:decided",)


def test_nothing_is_accepted_until_it_is_named() -> None:
    for device, make in ((PsaDevice(), psa_policy), (CcaDevice(), cca_policy)):
        policy = make()
        kind = "psa" if isinstance(device, PsaDevice) else "cca"
        empty = replace(getattr(policy, kind), implementation_ids=(), lifecycle=(), components=(), partitions=())
        empty = replace(empty, rim=(), rem=())
        record = record_of(device.build().data, policy=replace(policy, **{kind: empty}), logged=EVERYTHING_PROVED)
        codes = {reason.split(":")[0] for reason in record.reasons}
        assert codes >= {"lifecycle", "measurement_mismatch"}
        assert not any(isinstance(one, Unchecked) for one in (empty.rim, empty.rem))


def test_a_token_is_not_believed_before_it_is_genuine() -> None:
    record = appraised(ATTACKS["cca key that is another"])
    lifecycle = next(one for one in record.checks if one.check == "lifecycle")
    assert lifecycle.reasons == ("blocked_by:token_signature",)
    assert "rim" not in record.claims


def test_events_in_another_order_do_not_replay() -> None:
    hooks = NodeHooks(items=lambda items: {**items, "runtime-log": ("runtime-log", items["runtime-log"][1][:40])})
    assert "malformed:runtime-log" in appraised(ArmAttack((), CcaDevice(), hooks=hooks)).reasons
