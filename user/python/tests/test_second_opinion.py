"""The second opinion is asked about the same bytes, shown beside our verdict, and never replaces it."""

import json
import os
import sys
from pathlib import Path

import pytest
from privity_attest import evidence_files
from privity_attest.testing.bundle import NOW, Enclave
from privity_client.cli.opinion import is_contradicted, opinion_members
from privity_client.second_opinion import NoOpinion, Opinion, second_opinion
from privity_protocol import evidence

SHARED = (
    Path(os.environ.get("PRIVITY_VECTORS", Path(__file__).resolve().parents[3].parent / "shared/vectors"))
    / "attestation"
)
shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared vectors are not here")


def bundle(case: str) -> tuple[bytes, int]:
    """A bundle of the quote and collateral of a shared case, and its time."""
    cases = json.loads((SHARED / "index.json").read_text())["cases"]
    (found,) = [one for one in cases if one["id"] == case]
    files = {role: (SHARED / name).read_bytes() for role, name in found["files"].items()}
    return evidence.encode(evidence_files.items_of(found["tee"], files)), found["verify_as_of_unix"]


@shared
@pytest.mark.parametrize(
    ("case", "status", "advisories"),
    [
        ("v5-90c06f-uptodate", "UpToDate", 0),
        ("v4-00a06d-outofdate", "OutOfDate", None),
        ("v3-00a067-config-sw-hardening", "ConfigurationAndSWHardeningNeeded", 2),
    ],
)
def test_the_other_verifier_rates_intels_own_evidence(case: str, status: str, advisories: int | None) -> None:
    pytest.importorskip("dcap_qvl")
    data, now = bundle(case)
    opinion = second_opinion(data, now=now)
    assert isinstance(opinion, Opinion)
    assert opinion.status == status
    assert advisories in (None, len(opinion.advisories))
    assert not is_contradicted(opinion)


@shared
def test_evidence_at_another_time_is_contradicted() -> None:
    pytest.importorskip("dcap_qvl")
    data, now = bundle("v5-90c06f-uptodate")
    opinion = second_opinion(data, now=now + 400 * 86_400)
    assert is_contradicted(opinion)
    members = opinion_members(opinion)
    assert members is not None
    assert members["status"] is None
    assert members["words"]


@shared
def test_without_the_other_verifier_there_is_no_opinion(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dcap_qvl", None)
    data, now = bundle("v5-90c06f-uptodate")
    assert second_opinion(data, now=now) == NoOpinion("dcap-qvl is not installed")


@pytest.mark.parametrize("data", [Enclave().build().data, b"", b"{}"], ids=["simulated", "empty", "no bundle"])
def test_other_evidence_has_none(data: bytes) -> None:
    opinion = second_opinion(data, now=NOW)
    assert isinstance(opinion, NoOpinion)
    assert not is_contradicted(opinion)
    assert opinion_members(opinion) == {"by": "dcap-qvl", "given": False, "words": opinion.words}
    assert opinion_members(None) is None
