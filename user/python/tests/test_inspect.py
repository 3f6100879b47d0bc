"""`privity inspect`: any file is recognised or refused with a reason; what is unproven is never shown as proven."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from privity_attest.policy import local_policy
from privity_attest.testing.bundle import NOW, Enclave
from privity_client.cli import app
from privity_client.errors import ClientError
from privity_client.inspection.bits import GUEST_POLICY, words
from privity_client.inspection.hardware import Beside
from privity_client.inspection.recognise import recognise
from privity_protocol import evidence
from typer.testing import CliRunner

HONEST = Enclave().build()
ITEMS = evidence.decode(HONEST.data).items
SHARED = (
    Path(os.environ.get("PRIVITY_VECTORS", Path(__file__).resolve().parents[3].parent / "shared/vectors"))
    / "attestation"
)
NOTHING = Beside({}, NOW)
RUNNER = CliRunner()
shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared vectors are not here")


def run(*arguments: str) -> tuple[int, str, str]:
    result = RUNNER.invoke(app, list(arguments), env={"COLUMNS": "100", "TERMINAL_WIDTH": "100", "NO_COLOR": "1"})
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (HONEST.data, "evidence bundle of a node"),
        (ITEMS["node-document"].data, "node document"),
        (ITEMS["release"].data, "release"),
        (ITEMS["models"].data, "models document"),
        (HONEST.root.certificate, "certificate"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_documents_of_ours_are_recognised(data: bytes, what: str) -> None:
    found = recognise(data, NOTHING)
    assert found.what == what
    assert found.says
    assert found.record is None


def test_a_policy_is_recognised() -> None:
    from privity_attest.defaults import default_document
    from privity_protocol import canonical

    document = default_document(now=NOW, deployment="local", allow_simulated=False, roots=())
    found = recognise(canonical.encode(document), NOTHING)
    assert found.what == "appraisal policy"
    assert found.says["name"] == local_policy(now=NOW, deployment="local", allow_simulated=False, roots=()).name


@given(st.binary(max_size=200))
def test_any_bytes_are_recognised_or_refused_with_the_reason(data: bytes) -> None:
    reason = None
    try:
        recognise(data, NOTHING)
    except ClientError as error:
        reason = error.reason
    assert reason in (None, "evidence_unreadable")


def test_bits_are_named_and_an_unknown_one_by_its_place() -> None:
    assert words(1 << 19 | 1 << 40, GUEST_POLICY) == ["debugging allowed", "bit 40"]


@shared
@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("tdx/v5-90c06f-uptodate.quote.bin", "Intel TDX quote"),
        ("sgx/v3-00a067-config-sw-hardening.quote.bin", "Intel SGX quote"),
        ("sev-snp/turin-v5.report.bin", "AMD SEV-SNP report"),
        ("nitro/dstack-2025-12.cose.bin", "AWS Nitro attestation document"),
        ("psa-cca/psa-iot-1_sign1.cbor", "Arm PSA token"),
        ("psa-cca/cca-tf-rmm.cbor", "Arm CCA token"),
        ("nvidia/h100-590.12.evidence.bin", "NVIDIA device evidence"),
        ("tdx/v4-00806f-gcp-cos113.ccel.bin", "boot event log"),
        ("tpm-sim/eventlog.bin", "boot event log"),
        ("sev-snp/turin-v5.vcek.der", "certificate"),
        ("sev-snp/roots/ask_ark_turin.pem", "2 certificates"),
        ("tdx/v5-90c06f-uptodate.collateral.json", "Intel collateral"),
    ],
)
def test_evidence_of_vendors_is_recognised(name: str, what: str) -> None:
    assert recognise((SHARED / name).read_bytes(), NOTHING).what == what


@shared
def test_what_is_judged_says_what_is_proven(tmp_path: Path) -> None:
    folder = SHARED / "sev-snp"
    report = [str(folder / "genoa-v3.report.bin"), "--at", "2026-11-01", "--json"]
    _code, out, _err = run("inspect", *report)
    assert json.loads(out)["judged"] is False
    beside = ["--leaf", str(folder / "genoa-v3.vcek.der"), "--chain", str(folder / "roots/ask_ark_genoa.pem")]
    code, out, _err = run("inspect", *report, *beside)
    document = json.loads(out)
    assert (code, document["genuine"], document["reasons"]) == (0, True, [])
    changed = bytearray((folder / "genoa-v3.report.bin").read_bytes())
    changed[0x90] ^= 1
    (tmp_path / "changed.bin").write_bytes(bytes(changed))
    code, out, _err = run("inspect", str(tmp_path / "changed.bin"), "--at", "2026-11-01", *beside)
    assert code == 3
    assert "Not shown to be genuine" in out
    assert "What it says, unproven" in out
    assert "the processor did not sign it" in out


@shared
def test_genuine_and_still_refused_are_both_said() -> None:
    code, out, _err = run("inspect", str(SHARED / "nitro/evervault-2022-debug.cose.bin"), "--at", "1665582606")
    assert code == 3
    assert "Genuine" in out
    assert "The operator could read this enclave." in out


def test_a_file_that_is_no_evidence_is_malformed(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear Sir or Madam")
    code, _out, err = run("inspect", str(tmp_path / "letter.txt"))
    assert (code, "no evidence" in err) == (4, True)
    assert run("inspect", str(tmp_path / "none"))[0] == 2
