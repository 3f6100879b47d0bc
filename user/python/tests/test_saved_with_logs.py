"""Saved evidence is judged again with its bulletin, offline, under a pin of one's own; nothing in it is believed."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_der_x509_certificate
from privity_client.cli import app
from privity_client.testing.fake_log import NOW, Deployment, pin
from privity_client.trust import pins, saved_evidence
from privity_client.trust.saved_evidence import SavedEvidence
from privity_protocol import canonical
from typer.testing import CliRunner

SERVER = "https://chat.example"
MADE = Deployment().build()
SAVED = SavedEvidence(SERVER, NOW, MADE.bundle, MADE.bulletin(), {})


class Desk:
    """Somebody who was given a file and knows the operator's pin, or does not."""

    def __init__(self, home: Path) -> None:
        self.home = home
        pem = load_der_x509_certificate(MADE.root.certificate).public_bytes(Encoding.PEM)
        (home / "root.pem").write_bytes(pem)

    def judge(self, saved: SavedEvidence, *options: str) -> tuple[int, dict[str, object], str]:
        file = self.home / "evidence.json"
        file.write_bytes(saved_evidence.encode(saved))
        consent = ["--allow-simulated", "--development-root", str(self.home / "root.pem")]
        arguments = ["verify-bundle", str(file), "--json", *consent, *options]
        done = CliRunner().invoke(app, arguments, env={"PRIVITY_HOME": str(self.home), "NO_COLOR": "1"})
        return done.exit_code, json.loads(done.stdout) if done.stdout.startswith("{") else {}, done.stdout + done.stderr


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path)
    pins.write(pins.folder(tmp_path, SERVER), pin())
    return made


def outcomes(document: dict[str, object]) -> dict[str, str]:
    record = document["record"]
    assert isinstance(record, dict)
    return {one["check"]: one["outcome"] for one in record["checks"]}


def test_with_the_logs_beside_it_every_check_of_the_logs_is_made(desk: Desk) -> None:
    code, document, said = desk.judge(SAVED)
    assert code == 0, said
    found = outcomes(document)
    names = ("release_logged", "policy_signature", "endorsement", "directory", "anchor", "platform_listed")
    assert {name: found[name] for name in names} == dict.fromkeys(names, "passed")


def test_without_a_pin_of_ones_own_nothing_is_believed(tmp_path: Path) -> None:
    code, _document, said = Desk(tmp_path).judge(SAVED)
    assert (code, "not_pinned" in said) == (3, True), said


def test_a_bulletin_that_was_changed_is_refused(desk: Desk) -> None:
    document = json.loads(SAVED.bulletin)
    document["appraisal"] = document["appraisal"].replace("A", "B", 1)
    code, _document, said = desk.judge(replace(SAVED, bulletin=canonical.encode(document)))
    assert code in (3, 4), said


def test_a_node_that_the_directory_beside_it_does_not_list_is_refused(desk: Desk) -> None:
    other = Deployment(issued=NOW - 1800).build()
    code, _document, said = desk.judge(replace(SAVED, bundle=other.bundle))
    assert (code, "does not list" in said) == (3, True), said


def test_a_release_that_is_not_in_the_log_is_refused_by_name(desk: Desk) -> None:
    unlogged = Deployment(logs_the_release=False).build()
    code, _document, said = desk.judge(replace(SAVED, bundle=unlogged.bundle, bulletin=unlogged.bulletin()))
    assert (code, "release_not_logged" in said) == (3, True), said


def test_at_a_time_of_ones_own_ages_are_those_of_that_time(desk: Desk) -> None:
    code, _document, said = desk.judge(SAVED, "--at", str(NOW + 3 * 3600))
    assert (code, "checkpoint_stale" in said) == (3, True), said


def test_a_file_that_only_begins_like_one_is_malformed(desk: Desk) -> None:
    file = desk.home / "evidence.json"
    file.write_bytes(saved_evidence.encode(SAVED)[:-1])
    done = CliRunner().invoke(app, ["verify-bundle", str(file)], env={"PRIVITY_HOME": str(desk.home)})
    assert done.exit_code == 4
