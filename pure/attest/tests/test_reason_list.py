"""The closed list of reasons: one specification, one enumeration, and every check within it."""

import re
from pathlib import Path

import pytest
from privity_attest import appraise, checks
from privity_attest.appraise import COMMON
from privity_attest.case import Case
from privity_attest.errors import REASONS, STAGE_OF, STAGES
from privity_attest.kinds import KINDS
from privity_attest.nvidia import table as devices

SPEC = Path(__file__).resolve().parents[3] / "specs" / "attestation-reasons.md"


def specified() -> dict[str, tuple[str, ...]]:
    """The table of the specification: stage name to codes."""
    rows = re.findall(r"^\| (\d+) ([a-z_]+) \| (.+) \|$", SPEC.read_text(), re.MULTILINE)
    assert [int(number) for number, _, _ in rows] == list(range(14))
    return {stage: tuple(re.findall(r"`([a-z0-9_]+)`", codes)) for _, stage, codes in rows}


def test_code_and_specification_list_the_same_reasons_in_the_same_order() -> None:
    assert specified() == dict(REASONS)


def test_a_reason_belongs_to_one_stage() -> None:
    assert len(STAGE_OF) == sum(len(codes) for codes in REASONS.values())
    assert tuple(REASONS) == STAGES


DEVICES = devices.checks_of(("gpu-0", "switch-0"))
TABLES = {name: checks.table_of(kind.checks) for name, kind in KINDS.items()}
TABLES["simulated, devices"] = checks.table_of(KINDS["simulated"].checks, DEVICES)


@pytest.mark.parametrize(
    ("kind", "check"),
    [(kind, check) for kind, table in TABLES.items() for check in table],
    ids=lambda value: getattr(value, "name", value),
)
def test_a_check_gives_reasons_of_one_stage_and_depends_on_earlier_checks(kind, check) -> None:
    assert {STAGE_OF[code] for code in check.reasons} == {check.stage}
    rows = [(one.name, one.item) for one in TABLES[kind]]
    assert rows.count((check.name, check.item)) == 1
    names = [one.name for one in TABLES[kind]]
    assert all(names.index(need) < rows.index((check.name, check.item)) for need in check.needs)


def test_every_check_of_a_device_is_run_and_shares_its_name_with_no_other() -> None:
    names = {check.name for check in DEVICES}
    assert names == set(devices.RUN)
    assert not names & {check.name for name, kind in KINDS.items() for check in checks.table_of(kind.checks)}


@pytest.mark.parametrize("kind", KINDS)
def test_every_check_is_run_excused_by_name_or_the_verdict(kind) -> None:
    excused = {*checks.NEVER_APPLICABLE, "complete"} if kind == "simulated" else {"complete"}
    run = {*COMMON, *KINDS[kind].run}
    # These have no runtime register, and so no log that could be replayed into one.
    without = {"runtime_log_form", "runtime_events"} if kind in ("sev_snp", "sgx", "psa") else set()
    assert {check.name for check in TABLES[kind]} == (run | excused) - without
    assert not run & excused


def test_a_reason_outside_its_check_cannot_leave(monkeypatch) -> None:
    from appraising import record_of
    from privity_attest.testing.bundle import Enclave

    monkeypatch.setattr(appraise, "COMMON", {**COMMON, "clock": lambda case: ("debug_enabled",)})
    with pytest.raises(AssertionError, match="clock gave debug_enabled"):
        record_of(Enclave().build().data)


def test_reading_what_no_check_established_is_an_error_not_a_pass() -> None:
    case = Case(b"", 0, None, None, None, None)  # type: ignore[arg-type]
    with pytest.raises(AttributeError):
        _ = case.release
    with pytest.raises(AssertionError):
        case.item("cpu")


def test_a_check_that_nobody_makes_refuses(monkeypatch) -> None:
    from appraising import record_of
    from privity_attest.testing.bundle import Enclave

    monkeypatch.delitem(COMMON, "clock")
    assert record_of(Enclave().build().data).reasons == ("check_missing:clock",)
