"""An honest simulated enclave is accepted as simulated, and the record says exactly that."""

import hashlib
import json
from dataclasses import replace

import pytest
from appraising import appraised, record_of
from privity_attest import checks
from privity_attest.errors import Refused
from privity_attest.logged import PROVED, Logged, without_log
from privity_attest.memory import Memory
from privity_attest.policy import Fleet
from privity_attest.result import Appraisal, SimulatedAppraisal
from privity_attest.simulated.table import SIMULATED
from privity_attest.testing.bundle import NOW, Enclave, Hooks, default_policy, release_leaf
from privity_attest.testing.root import issue, make_root

BUNDLE = Enclave().build()


def test_it_is_accepted_as_simulated_and_as_nothing_else() -> None:
    result = appraised(BUNDLE.data)
    assert type(result) is SimulatedAppraisal
    assert not isinstance(result, Appraisal)
    assert result.node_document == BUNDLE.items["node-document"][1]
    assert result.document == BUNDLE.node
    assert [model.id for model in result.models] == ["privity/demonstration"]
    assert result.release.name == "privity-local"
    assert result.record.outcome == "accepted_as_simulated"
    assert result.record.simulated
    assert not result.record.hardware_backed


def test_the_record_has_one_entry_per_check_in_stage_order() -> None:
    record = record_of(BUNDLE.data)
    assert [one.check for one in record.checks] == [check.name for check in checks.table_of(SIMULATED.checks)]
    stages = [one.stage for one in record.checks]
    assert stages == sorted(stages)
    assert {*range(14)} == set(stages)


def test_nothing_unchecked_reads_as_passed() -> None:
    for one in record_of(BUNDLE.data).checks:
        if one.outcome == "passed":
            assert one.reasons == ()
        else:
            assert one.outcome == "not_checked"
            assert one.reasons[0].startswith(("not_applicable:", "unchecked_by_policy:"))


def test_the_record_as_json() -> None:
    record = record_of(BUNDLE.data)
    value = json.loads(json.dumps(record.to_json()))
    assert sorted(value) == [
        "appraised_at", "checks", "claims", "hardware_backed", "memory_after", "outcome", "policy", "reasons",
        "simulated", "valid_until", "verifier",
    ]  # fmt: skip
    assert sorted(value["checks"][0]) == ["check", "item", "outcome", "reasons", "stage"]
    assert value["policy"] == {"name": "local", "version": 1, "digest": default_policy().digest.hex()}
    assert value["appraised_at"] == NOW
    assert value["claims"]["release"] == {"value": "privity-local 0.1.0", "item": "release"}
    assert value["claims"]["key"]["value"] == hashlib.sha256(BUNDLE.node.pk).hexdigest()
    assert value["claims"]["models"] == {"value": ["privity/demonstration"], "item": "models"}
    assert set(value["claims"]["registers"]["value"]) == {"0", "1", "3"}
    assert value["claims"]["offered_root"]["value"] == BUNDLE.root.pin.hex()


def test_it_is_valid_until_the_first_of_key_certificates_and_policy() -> None:
    assert record_of(BUNDLE.data).valid_until == BUNDLE.node.exp
    root = make_root(7, now=NOW)
    leaf = issue(root, 11, not_before=NOW - 600, not_after=NOW + 60)
    assert record_of(Enclave(root=root, leaf=leaf).build().data).valid_until == NOW + 60
    brief = make_root(7, now=NOW - 3649 * 86_400 - 86_340)
    leaf = issue(brief, 11, not_before=NOW - 600, not_after=NOW + 7200)
    assert record_of(Enclave(root=brief, leaf=leaf).build().data).valid_until == NOW + 60
    late = NOW + 86_400 - 30
    enclave = Enclave(nbf=late, exp=late + 7200)
    assert record_of(enclave.build().data, now=late).valid_until == NOW + 86_400


def test_a_challenge_is_accepted_with_its_nonce_and_key_and_remembered() -> None:
    nonce = bytes(range(32))
    record = record_of(Enclave(nonce=nonce).build().data, nonce=nonce, logged=without_log(Enclave().pk))
    assert record.outcome == "accepted_as_simulated"
    assert record.memory_after.challenged == {hashlib.sha256(Enclave().pk).hexdigest(): NOW}


@pytest.mark.parametrize(
    ("demand", "ago"), [("first_contact", 9000), ("first_contact", 0), ("always", 300), ("always", 0)]
)
def test_a_key_that_has_answered_satisfies_the_demand_for_a_challenge(demand, ago) -> None:
    remembered = Memory().with_challenge(hashlib.sha256(BUNDLE.node.pk).hexdigest(), NOW - ago)
    policy = replace(default_policy(), challenge=demand)
    assert record_of(BUNDLE.data, policy=policy, memory=remembered).outcome == "accepted_as_simulated"


def test_memory_grows_only_by_acceptance() -> None:
    assert record_of(BUNDLE.data).memory_after == Memory().with_policy("local", 1)
    remembered = Memory().with_policy("local", 7)
    refused = record_of(BUNDLE.data, memory=remembered)
    assert refused.reasons == ("policy_rollback",)
    assert refused.memory_after is remembered
    assert refused.valid_until is None


def test_a_refusal_shows_its_headline_and_holds_the_record() -> None:
    with pytest.raises(Refused, match=r"^simulated$") as caught:
        appraised(BUNDLE.data, policy=default_policy(allow_simulated=False))
    assert caught.value.reasons == ("simulated",)
    claims = caught.value.record.claims
    # Only what a person needs to compare the root with the one they were given.
    assert {name: claim.value for name, claim in claims.items()} == {
        "kind": "simulated",
        "offered_root": BUNDLE.root.pin.hex(),
    }


def test_a_kind_that_is_not_simulated_gives_the_other_type(monkeypatch) -> None:
    """Imitates a built hardware kind: type and outcome follow it, the production root is still missing."""
    from privity_attest import appraise, case, kinds
    from privity_attest.stages import before

    passes = dict.fromkeys(checks.NEVER_APPLICABLE, lambda given: ())
    imitation = replace(SIMULATED, name="nitro", run={**SIMULATED.run, **passes})
    monkeypatch.setitem(case.KINDS, "sim-document", "nitro")
    for module in (appraise, before, kinds):
        monkeypatch.setattr(module, "KINDS", {"nitro": imitation})
    node = Hooks(node=lambda document: replace(document, plat=replace(document.plat, type="nitro")))
    platform = Enclave().build().node.plat.id
    policy = replace(default_policy(), kinds=("nitro",), fleet=Fleet((platform,), ()))
    logged = Logged(None, PROVED, PROVED, PROVED, PROVED, PROVED)
    result = appraised(Enclave().build(node).data, policy=policy, logged=logged)
    assert type(result) is Appraisal
    assert result.record.outcome == "accepted"
    assert not result.record.simulated
    assert not result.record.hardware_backed


def test_the_release_of_the_builder_names_this_enclave_alone() -> None:
    leaf = release_leaf(b"c", {0: bytes(48)})
    assert leaf["configuration"] == [hashlib.sha256(b"c").hexdigest()]
