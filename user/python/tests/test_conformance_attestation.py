"""`privity conformance attestation`: every case judged at its time, and nothing wrong with a folder goes unnoticed."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from privity_client.cli import app
from privity_client.conformance import rim_values
from privity_client.conformance.attestation import run
from privity_protocol.errors import Malformed
from typer.testing import CliRunner

ROOT = Path(__file__).resolve().parents[3]
SHARED = Path(os.environ.get("PRIVITY_VECTORS", ROOT.parent / "shared/vectors")) / "attestation"
shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared vectors are not here")
CASE = "turin-v5"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one case and its files."""
    index = json.loads((SHARED / "index.json").read_text())
    index["cases"] = [case for case in index["cases"] if case["id"] == CASE]
    for name in index["cases"][0]["files"].values():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(SHARED / name, tmp_path / name)
        (tmp_path / name).chmod(0o644)
    (tmp_path / "index.json").write_text(json.dumps(index))
    return tmp_path


def change(folder: Path, edit: Callable[[dict[str, Any]], None]) -> None:
    """Change the index of a folder."""
    index = json.loads((folder / "index.json").read_text())
    edit(index)
    (folder / "index.json").write_text(json.dumps(index))


@shared
def test_every_shared_case_has_its_expected_outcome() -> None:
    report = run(SHARED)
    assert [one for one in report.results if not one.ok] == []
    assert len(report.results) >= 35
    assert set(report.not_checked) == {
        case["id"] for case in json.loads((SHARED / "index.json").read_text())["cases"] if case["tee"] == "nvidia-rim"
    }


@shared
def test_a_folder_of_one_case_passes(folder: Path) -> None:
    assert [one.ok for one in run(folder).results] == [True]
    result = CliRunner().invoke(app, ["conformance", "attestation", str(folder), "--json"])
    assert result.exit_code == 0
    assert json.loads(result.stdout)["ok"] is True


@shared
@pytest.mark.parametrize(
    "edit",
    {
        "crypto expected to fail": lambda index: index["cases"][0]["expect"].update(crypto="fail"),
        "refusal expected": lambda index: index["cases"][0]["expect"].update(
            default_policy="reject", reason="debug_enabled"
        ),
        "another reason expected": lambda index: index["cases"][0].update(
            expect={"crypto": "pass", "default_policy": "reject", "reason": "generation:milan"}
        ),
        "judged before its certificates": lambda index: index["cases"][0].update(verify_as_of_unix=1),
        "a kind nobody knows": lambda index: index["cases"][0].update(tee="enclave-of-tomorrow"),
        "a file that is not there": lambda index: index["cases"][0]["files"].update(leaf="sev-snp/none.der"),
        "a file outside the folder": lambda index: index["cases"][0]["files"].update(leaf="../../../etc/hostname"),
        "a case without its chain": lambda index: index["cases"][0]["files"].pop("chain"),
    }.values(),
    ids=lambda edit: "",
)
def test_what_is_not_as_expected_fails(folder: Path, edit: Callable[[dict[str, Any]], None]) -> None:
    change(folder, edit)
    assert [one.ok for one in run(folder).results] == [False]
    assert CliRunner().invoke(app, ["conformance", "attestation", str(folder)]).exit_code == 1


@shared
def test_a_file_that_is_not_the_indexed_one_fails(folder: Path) -> None:
    report = folder / "sev-snp/turin-v5.report.bin"
    change(folder, lambda index: index["cases"][0]["expect"].update(crypto="fail", default_policy="reject"))
    data = bytearray(report.read_bytes())
    data[-1] ^= 1
    report.write_bytes(bytes(data))
    (result,) = run(folder).results
    assert not result.ok
    assert "not the file that the index names" in result.got


@shared
def test_what_lies_outside_the_folder_is_not_read(folder: Path) -> None:
    inside = folder / "cases"
    inside.mkdir()
    shutil.move(folder / "index.json", inside / "index.json")
    shutil.move(folder / "sev-snp/roots", inside / "roots")
    change(
        inside,
        lambda index: index["cases"][0].update(
            files={
                "report": "../sev-snp/turin-v5.report.bin",
                "leaf": "../sev-snp/turin-v5.vcek.der",
                "chain": "roots/ask_ark_turin.pem",
            }
        ),
    )
    (result,) = run(inside).results
    assert not result.ok
    assert "outside the folder" in result.got


@pytest.mark.parametrize("index", ["", "[]", "{}", '{"format":"other/1","cases":[],"files":{}}'])
def test_a_folder_without_an_index_of_this_format_says_nothing(tmp_path: Path, index: str) -> None:
    (tmp_path / "index.json").write_text(index)
    assert CliRunner().invoke(app, ["conformance", "attestation", str(tmp_path)]).exit_code == 2


def test_a_folder_without_cases_proves_nothing(tmp_path: Path) -> None:
    (tmp_path / "index.json").write_text('{"format":"attestation-vectors/1","cases":[],"files":{}}')
    assert CliRunner().invoke(app, ["conformance", "attestation", str(tmp_path)]).exit_code == 1


@pytest.mark.parametrize(
    "xml",
    [
        b"",
        b"<a/>",
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b"<a" + bytes(100),
        b"x" * (rim_values.MAX_RIM + 1),
    ],
    ids=["empty", "no manifest", "declarations", "no XML", "too large"],
)
def test_a_manifest_that_is_none_is_refused(xml: bytes) -> None:
    with pytest.raises(Malformed):
        rim_values.release_of(xml)


@shared
def test_a_genuine_manifest_with_a_declaration_is_refused() -> None:
    xml = next((SHARED / "nvidia/rim").glob("switch-*.xml")).read_bytes()
    assert rim_values.release_of(xml).platforms.gpu is not None
    with pytest.raises(Malformed):
        rim_values.release_of(b"<!DOCTYPE SoftwareIdentity>" + xml)
