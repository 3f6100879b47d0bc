"""What may be left out where evidence is judged without a log, by name, for the simulated kind alone.

Held to a log (`Logged.knows_a_log`) the six checks below run for it as for any other, and the items `release-proof` and
`endorsement` are required. Without one, kept evidence of a test enclave can still be read, and says so.
Issue G (metering) ends the empty list of tokens in request headers; the last test names it.
"""

from dataclasses import replace

import pytest
from appraising import record_of
from privity_attest import appraise, case, checks, kinds
from privity_attest.simulated.table import SIMULATED
from privity_attest.stages import before
from privity_attest.testing.bundle import Enclave, Hooks, default_policy
from privity_protocol import evidence

UNTIL_THE_LOG = {
    "policy_signature": "the policy comes as a signed note from the release log",
    "platform_listed": "the platform is in the logged fleet entry",
    "release_logged": "the release has an inclusion proof and is not revoked",
    "endorsement": "a logged fleet key endorses the node document",
    "directory": "the node document is in the cosigned directory",
    "anchor": "the anchor is a checkpoint connected to the client's own",
}
BUNDLE = Enclave().build()


def test_the_allowances_are_exactly_these() -> None:
    assert set(checks.ALLOWANCES) == set(UNTIL_THE_LOG)


@pytest.mark.parametrize("name", UNTIL_THE_LOG)
def test_an_allowance_is_recorded_as_not_checked_for_the_simulated_kind(name) -> None:
    (one,) = [one for one in record_of(BUNDLE.data).checks if one.check == name]
    assert (one.outcome, one.reasons) == ("not_checked", ("not_applicable:simulated",))


@pytest.mark.parametrize("name", UNTIL_THE_LOG)
def test_without_its_allowance_a_client_without_a_log_refuses(name, monkeypatch) -> None:
    monkeypatch.setattr(appraise, "EXCUSES", {one: text for one, text in appraise.EXCUSES.items() if one != name})
    record = record_of(BUNDLE.data)
    assert record.outcome == "refused"
    assert record.reasons == (("platform_not_listed",) if name == "platform_listed" else (f"check_missing:{name}",))


@pytest.mark.parametrize("label", ["release-proof", "endorsement"])
def test_items_that_only_the_log_can_judge_are_not_ignored(label) -> None:
    (media_type,) = evidence.LABELS[label].media_types
    data = Enclave().build(Hooks(items=lambda items: {**items, label: (media_type, b"")})).data
    assert record_of(data).reasons == (f"label_unknown:{label}",)
    assert label not in SIMULATED.required(default_policy()) | SIMULATED.optional(default_policy())


def test_what_stays_inapplicable_is_not_an_allowance() -> None:
    assert set(checks.NEVER_APPLICABLE) == {"revocation", "tcb"}
    assert not set(checks.NEVER_APPLICABLE) & set(checks.ALLOWANCES)


@pytest.mark.parametrize("media_type", sorted(evidence.LABELS["cpu"].media_types - {"sim-document"}))
def test_a_kind_that_is_not_built_is_refused_without_any_allowance(media_type, monkeypatch) -> None:
    for module in (appraise, before, kinds):
        monkeypatch.setattr(module, "KINDS", {"simulated": SIMULATED})
    data = Enclave().build(Hooks(items=lambda items: {**items, "cpu": (media_type, items["cpu"][1])})).data
    record = record_of(data)
    assert len(record.reasons) == 1
    assert record.reasons[0].startswith("tee_not_allowed:")
    assert not any("not_applicable" in reason for one in record.checks for reason in one.reasons)


def test_a_kind_that_is_built_has_no_allowance_either(monkeypatch) -> None:
    monkeypatch.setitem(case.KINDS, "sim-document", "nitro")
    for module in (appraise, before, kinds):
        monkeypatch.setattr(module, "KINDS", {"nitro": replace(SIMULATED, name="nitro")})
    record = record_of(BUNDLE.data)
    assert record.reasons == ("check_missing:revocation", "check_missing:tcb") or record.outcome == "refused"
    excused = {*UNTIL_THE_LOG, *checks.NEVER_APPLICABLE}
    assert not any(
        reason.startswith("not_applicable") for one in record.checks if one.check in excused for reason in one.reasons
    )


def test_a_kind_that_the_policy_does_not_want_is_refused(monkeypatch) -> None:
    monkeypatch.setitem(case.KINDS, "sim-document", "nitro")
    for module in (appraise, before, kinds):
        monkeypatch.setattr(module, "KINDS", {"nitro": replace(SIMULATED, name="nitro")})
    record = record_of(BUNDLE.data, policy=replace(default_policy(), kinds=("tdx",)))
    assert "tee_not_allowed:nitro" in record.reasons


def test_tokens_stay_an_empty_list_until_metering() -> None:
    """Issue G: `tok` in privity_protocol.application then carries a token, and a node without one refuses."""
    application = pytest.importorskip("privity_protocol.application")
    assert "tok" in application.RequestHeader.__dataclass_fields__
