"""Whole TDX and SGX bundles under a fake Intel: accepted, and one change at a time with every reason that follows."""

import pytest
from intel_attack import PKI, SGX, TDX, WIDE, Attack, policy_for
from intel_forgeries import CHAINS, FORMS, HONEST, REVOCATION, SIGNATURES
from intel_shortcomings import COLLATERAL, LOGS, MEASURED, PLATFORM, RATING
from privity_attest.memory import Memory
from privity_attest.testing.bundle import NOW
from privity_attest.testing.intel_pki import DAY, ISSUER, ROOT
from privity_attest.testing.node import EVERYTHING_PROVED, build
from vendor_appraisal import record_of

GROUPS = (HONEST, FORMS, CHAINS, REVOCATION, SIGNATURES, PLATFORM, COLLATERAL, RATING, MEASURED, LOGS)
ATTACKS = {title: attack for group in GROUPS for title, attack in group.items()}


def test_no_title_is_used_twice() -> None:
    assert len(ATTACKS) == sum(map(len, GROUPS))


@pytest.mark.parametrize("title", ATTACKS, ids=lambda title: title.replace(" ", "-"))
def test_one_change_gives_exactly_its_reasons(title) -> None:
    assert ATTACKS[title].found() == ATTACKS[title].reasons


@pytest.mark.parametrize("intel", [TDX, WIDE, SGX], ids=["tdx", "td15", "sgx"])
def test_an_honest_machine_under_a_fake_root_is_accepted_as_simulated(intel) -> None:
    record = Attack((), intel).record()
    assert record.outcome == "accepted_as_simulated"
    assert record.simulated
    assert not record.hardware_backed
    assert record.claims["tcb_status"].value == "UpToDate"
    assert record.claims["advisories"].value == []


def test_what_was_met_is_remembered_after_acceptance_only() -> None:
    root, issuer = PKI.make(ROOT).pin.hex(), PKI.make(ISSUER).pin.hex()
    after = Attack(()).record().memory_after
    assert after.crl_numbers == {f"dcap/{root}": 5, f"dcap/{issuer}": 5}
    names = {f"dcap/{root}/TDX/00806f050000", f"dcap/{root}/TD_QE"}
    assert after.tcb_evaluation == dict.fromkeys(names, 18)
    assert after.issue_dates == dict.fromkeys(names, NOW - DAY)
    refused = RATING["QE out of date"].record()
    assert refused.memory_after == Memory()


def test_it_is_valid_until_the_first_of_all_dates() -> None:
    """The node document ends first, unless a certificate, a list or a document does."""
    bundle = build(TDX.machine())
    assert Attack(()).record().valid_until == bundle.node.exp
    assert HONEST["in the last second of everything"].record().valid_until == NOW


@pytest.mark.parametrize(
    ("title", "status", "advisories"),
    [
        ("module out of date", "OutOfDate", ["INTEL-SA-00002"]),
        ("microcode out of date", "OutOfDate", ["INTEL-SA-00001"]),
        ("QE out of date", "OutOfDate", ["INTEL-SA-00003"]),
        ("module of the launch and platform out of date", "OutOfDate", ["INTEL-SA-00001", "INTEL-SA-00002"]),
        ("configuration needed and module out of date", "OutOfDateConfigurationNeeded", []),
        ("module revoked", "Revoked", []),
    ],
)
def test_status_and_advisories_are_told_even_where_they_refuse(title, status, advisories) -> None:
    claims = RATING[title].record().claims
    assert claims["tcb_status"].value == status
    assert claims["advisories"].value == advisories


@pytest.mark.parametrize("title", ["QE of another signer", "module that nobody describes", "PCE below every level"])
def test_no_status_is_told_where_there_is_none(title) -> None:
    assert "tcb_status" not in RATING[title].record().claims


def test_nothing_of_a_forged_quote_is_told() -> None:
    for title in ("body changed", "QE report changed", "authentication data changed"):
        claims = SIGNATURES[title].record().claims
        assert not {"mr_td", "report_data", "fmspc", "tcb_status"} & claims.keys()


def test_a_root_that_is_built_in_is_needed_for_hardware() -> None:
    """Under a policy without simulation the same bundle ends at the root."""
    policy = policy_for(TDX, {"trust_anchors.tdx": "built_in"})
    record = record_of(build(TDX.machine()).data, policy=policy, logged=EVERYTHING_PROVED)
    assert record.reasons[0] == "root_not_pinned:cpu"
    assert not record.hardware_backed


def test_documents_are_read_only_when_intel_signed_them() -> None:
    for title, blocker in (
        ("signer of documents by another key", "issuer_chain"),
        ("documents signed by a platform's key", "issuer_profile"),
        ("another root of the same name", "issuer_root"),
        ("TCB info changed", "collateral_signature"),
    ):
        outcomes = {one.check: one.reasons for one in ATTACKS[title].record().checks if one.outcome == "not_checked"}
        assert outcomes["collateral_content"] == (f"blocked_by:{blocker}",)
