"""Evidence that was kept is judged offline, at a time of one's choice and by a policy that may only be stricter."""

import json
from pathlib import Path

import pytest
from privity_attest.errors import STAGE_OF
from privity_attest.testing.bundle import NOW, Enclave
from privity_client.cli import app
from privity_client.cli.reasons import SENTENCES, sentence
from privity_client.cli.verify import Judged, save
from privity_client.cli.verify_bundle import moment
from privity_client.errors import ClientError
from privity_client.testing.fake_log import Deployment
from privity_client.user_policy import template
from typer.testing import CliRunner

HONEST = Enclave().build()
RUNNER = CliRunner()
AT = str(NOW)


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A bundle and its development root in files, and the arguments that consent to it."""
    (tmp_path / "bundle.json").write_bytes(HONEST.data)
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509 import load_der_x509_certificate

    pem = load_der_x509_certificate(HONEST.root.certificate).public_bytes(Encoding.PEM)
    (tmp_path / "root.pem").write_bytes(pem)
    return tmp_path


def run(*arguments: str) -> tuple[int, str, str]:
    result = RUNNER.invoke(app, list(arguments), env={"COLUMNS": "100", "TERMINAL_WIDTH": "100", "NO_COLOR": "1"})
    return result.exit_code, result.stdout, result.stderr


def consent(folder: Path) -> list[str]:
    return ["--allow-simulated", "--development-root", str(folder / "root.pem")]


def test_kept_evidence_is_accepted_at_its_time_with_consent(kept: Path) -> None:
    code, out, _err = run("verify-bundle", str(kept / "bundle.json"), "--at", AT, "--json", *consent(kept))
    document = json.loads(out)
    assert (code, document["record"]["outcome"], document["simulated"]) == (0, "accepted_as_simulated", True)
    assert "Test enclave" in document["notice"]


def test_evidence_of_a_server_that_is_held_to_its_logs_is_judged_without_them(kept: Path) -> None:
    made = Deployment(root=HONEST.root).build()
    (kept / "logged.json").write_bytes(made.bundle)
    code, out, _err = run("verify-bundle", str(kept / "logged.json"), "--at", AT, "--json", *consent(kept))
    record = json.loads(out)["record"]
    assert (code, record["outcome"]) == (0, "accepted_as_simulated")
    (logged,) = [one for one in record["checks"] if one["check"] == "release_logged"]
    assert (logged["outcome"], logged["reasons"]) == ("not_checked", ["not_applicable:simulated"])


@pytest.mark.parametrize(
    ("at", "reason"),
    [(NOW + 7200, "key_expired"), (NOW - 86_400 * 40, "certificate_not_yet_valid:cpu")],
    ids=["too late", "too early"],
)
def test_at_another_time_it_is_refused_for_the_reasons_of_that_time(kept: Path, at: int, reason: str) -> None:
    code, out, _err = run("verify-bundle", str(kept / "bundle.json"), "--at", str(at), "--json", *consent(kept))
    record = json.loads(out)["record"]
    assert code == 3
    assert reason in record["reasons"]
    assert not [one for one in record["reasons"] if one.startswith("clock_behind_build")]


def test_without_consent_it_is_refused_and_says_so(kept: Path) -> None:
    code, _out, err = run("verify-bundle", str(kept / "bundle.json"), "--at", AT)
    assert code == 3
    assert "Test enclave" in err


@pytest.mark.parametrize("data", [b"", b"{}", b"x" * 600_000], ids=["empty", "no evidence", "too large"])
def test_bytes_that_are_no_evidence_are_malformed_and_not_refused(kept: Path, data: bytes) -> None:
    (kept / "bundle.json").write_bytes(data)
    code, out, _err = run("verify-bundle", str(kept / "bundle.json"), "--at", AT)
    assert code == 4
    assert "Refused" in out


def test_a_missing_file_and_a_bad_time_are_misuse(kept: Path) -> None:
    assert run("verify-bundle", str(kept / "none"), "--at", AT)[0] == 2
    assert run("verify-bundle", str(kept / "bundle.json"), "--at", "yesterday")[0] == 2
    assert run("verify-bundle", str(kept / "bundle.json"))[0] == 2


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1795392000", 1_795_392_000),
        ("2026-11-23T00:00:00Z", 1_795_392_000),
        ("2026-11-23", 1_795_392_000),
        ("2026-11-23T02:00:00+02:00", 1_795_392_000),
    ],
)
def test_a_time_is_unix_seconds_or_iso_8601(text: str, seconds: int) -> None:
    assert moment(text) == seconds
    with pytest.raises(ClientError):
        moment("1e9")


def policy_file(folder: Path, **changes: object) -> list[str]:
    document = json.loads(template(now=NOW, deployment="local"))
    document["allow_simulated"] = True
    document["trust_anchors"]["simulated"] = [HONEST.root.pin.hex()]
    (folder / "mine.json").write_text(json.dumps({**document, **changes}, indent=4))
    return ["--policy", str(folder / "mine.json")]


def test_the_printed_policy_is_a_policy_that_may_be_used(kept: Path) -> None:
    arguments = ["verify-bundle", str(kept / "bundle.json"), "--at", AT, "--json", *consent(kept)]
    code, out, _err = run(*arguments, *policy_file(kept))
    assert (code, json.loads(out)["record"]["policy"]["name"]) == (0, "mine")
    code, printed, _err = run("policy", "--deployment", "clinic")
    assert (code, json.loads(printed)["deployment"]) == (0, "clinic")


def test_a_stricter_policy_refuses_what_the_default_takes(kept: Path) -> None:
    arguments = ["verify-bundle", str(kept / "bundle.json"), "--at", AT, "--json", *consent(kept)]
    code, out, _err = run(*arguments, *policy_file(kept, challenge="always"))
    assert (code, json.loads(out)["record"]["reasons"]) == (3, ["challenge_required"])


def test_a_looser_policy_is_not_used_and_the_field_is_named(kept: Path) -> None:
    arguments = ["verify-bundle", str(kept / "bundle.json"), "--at", AT, *consent(kept)]
    code, _out, err = run(*arguments, *policy_file(kept, clock_skew=301))
    assert code == 2
    assert "clock_skew" in err


@pytest.mark.parametrize("text", ["", "[]", '{"a":1,"a":2}', '{"a":1.5}', "{" * 100_000], ids=range(5))
def test_a_policy_file_that_is_none_is_misuse(kept: Path, text: str) -> None:
    (kept / "mine.json").write_text(text)
    arguments = ["verify-bundle", str(kept / "bundle.json"), "--at", AT, "--policy", str(kept / "mine.json")]
    assert run(*arguments)[0] == 2


def test_a_policy_that_says_something_twice_is_not_used(kept: Path) -> None:
    arguments = policy_file(kept)
    text = (kept / "mine.json").read_text()
    (kept / "mine.json").write_text(text.replace('"name": "mine"', '"name": "other", "name": "mine"'))
    code, _out, err = run("verify-bundle", str(kept / "bundle.json"), "--at", AT, *consent(kept), *arguments)
    assert (code, "not a policy" in err) == (2, True)


def test_several_nodes_are_kept_beside_each_other(tmp_path: Path) -> None:
    judged = [Judged("aa" * 32, None, None, b"", b"first"), Judged("bb" * 32, None, None, b"", b"second")]
    paths = save(tmp_path / "kept.json", judged)
    assert [path.name for path in paths] == ["kept.json", "kept-bbbbbbbb.json"]
    assert [path.read_bytes() for path in paths] == [b"first", b"second"]
    with pytest.raises(ClientError, match="output_failed"):
        save(tmp_path / "none" / "kept.json", judged)


def test_every_reason_has_its_sentence_and_no_other() -> None:
    assert set(SENTENCES) == set(STAGE_OF)
    assert all(words.endswith(".") and len(words) < 100 for words in SENTENCES.values())
    assert sentence("label_missing:cpu") == "The evidence lacks an item. (cpu)"
