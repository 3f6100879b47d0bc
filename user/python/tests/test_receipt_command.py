"""`privity receipt verify`: what a node signed, by whose key, and that nothing of it can be exchanged."""

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_der_x509_certificate
from privity_attest.testing.bundle import Hooks
from privity_client.cli import app
from privity_client.testing.fake_log import NOW, Deployment, pin
from privity_client.trust import pins, saved_evidence
from privity_client.trust.saved_evidence import SavedEvidence
from privity_protocol import canonical, evidence, receipt
from privity_protocol.lines import Text, Usage, encode_line
from privity_protocol.receipt import ReceiptFile, Shown
from privity_protocol.receipt_writer import ReceiptWriter
from typer.testing import CliRunner

SERVER = "https://chat.example"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
HOOKS = Hooks(node=lambda node: replace(node, sig=KEY.public_key().public_bytes_raw()))
MADE = Deployment(hooks=HOOKS).build()
ITEMS = evidence.decode(MADE.bundle).items
MODEL = json.loads(ITEMS["models"].data)["models"][0]
RID = bytes(16)
BODY = canonical.encode({"messages": [{"content": "Is it\u001b[2J far?", "role": "user"}], "model": MODEL["id"]})
LINES = encode_line(Text("Not at ")) + encode_line(Text("all."))


def signed(key: Ed25519PrivateKey = KEY) -> ReceiptFile:
    known: dict[str, object] = {
        "node": sha256(ITEMS["node-document"].data).hexdigest(),
        "op": "chat",
        "model": {"id": MODEL["id"], "sha256": MODEL["sha256"]},
        "egress": "none",
    }
    writer = ReceiptWriter(known, rid=RID, body=BODY, sign=key.sign)
    writer.cover(LINES)
    return ReceiptFile(writer.finish(Usage(9, 0, 4), "stop"), MADE.bundle, Shown(receipt.salt_of(RID), BODY, LINES))


class Desk:
    """Somebody who was given a receipt."""

    def __init__(self, home: Path) -> None:
        self.home = home
        pem = load_der_x509_certificate(MADE.root.certificate).public_bytes(Encoding.PEM)
        (home / "root.pem").write_bytes(pem)
        self.consent = ["--allow-simulated", "--development-root", str(home / "root.pem")]

    def verify(self, file: ReceiptFile | bytes, *options: str) -> tuple[int, str]:
        path = self.home / "one.receipt.json"
        path.write_bytes(file if isinstance(file, bytes) else receipt.encode_file(file))
        environment = {"PRIVITY_HOME": str(self.home), "NO_COLOR": "1", "COLUMNS": "120", "TERMINAL_WIDTH": "120"}
        done = CliRunner().invoke(app, ["receipt", "verify", str(path), *self.consent, *options], env=environment)
        return done.exit_code, done.stdout + done.stderr


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_receipt_says_who_answered_what_and_how_it_ended(desk: Desk) -> None:
    code, said = desk.verify(signed())
    assert code == 0, said
    for part in (
        MODEL["id"],
        MODEL["sha256"][0][:20],
        "Not at all.",
        "far?",
        "9 read, 4 written",
        "stop",
        "Test enclave",
    ):
        assert part in said
    assert "\u001b[2J" not in said


def test_for_programs_it_is_one_document(desk: Desk) -> None:
    code, said = desk.verify(signed(), "--json")
    document = json.loads(said)
    assert (code, document["simulated"], document["receipt"]["model"]["id"]) == (0, True, MODEL["id"])
    assert document["shown"] == {"question": "Is it\u001b[2J far?", "answer": "Not at all."}
    assert document["record"]["outcome"] == "accepted_as_simulated"


def test_without_question_and_answer_it_proves_that_there_was_one(desk: Desk) -> None:
    code, said = desk.verify(replace(signed(), shown=None))
    assert (code, "not which" in said) == (0, True), said


@pytest.mark.parametrize("part", ["request", "response", "salt"])
def test_what_is_shown_cannot_be_exchanged(desk: Desk, part: str) -> None:
    file = signed()
    assert file.shown is not None
    other = {"request": BODY.replace(b"far", b"hot"), "response": LINES.replace(b"Not", b"Yes"), "salt": bytes(32)}
    code, said = desk.verify(replace(file, shown=replace(file.shown, **{part: other[part]})))
    assert (code, "is not the hash" in said) == (4, True), said


def test_another_key_is_not_the_nodes(desk: Desk) -> None:
    code, said = desk.verify(signed(Ed25519PrivateKey.from_private_bytes(bytes(32))))
    assert (code, "did not sign" in said) == (3, True), said


def test_a_test_enclave_needs_consent(desk: Desk) -> None:
    desk.consent = []
    code, said = desk.verify(signed())
    assert (code, "--allow-simulated" in said) == (3, True), said


def test_with_the_logs_beside_it_the_release_is_held_to_them(desk: Desk) -> None:
    pins.write(pins.folder(desk.home, SERVER), pin())
    saved = SavedEvidence(SERVER, NOW, MADE.bundle, MADE.bulletin(), {})
    path = desk.home / "evidence.json"
    path.write_bytes(saved_evidence.encode(saved))
    code, said = desk.verify(signed(), "--json", "--evidence", str(path))
    outcomes = {one["check"]: one["outcome"] for one in json.loads(said)["record"]["checks"]}
    assert (code, outcomes["release_logged"]) == (0, "passed")
    path.write_bytes(saved_evidence.encode(replace(saved, bundle=Deployment().build().bundle)))
    code, said = desk.verify(signed(), "--evidence", str(path))
    assert (code, "another node" in said) == (2, True), said


@pytest.mark.parametrize("data", [b"", b"{}", b"[" * 100_000, canonical.encode({"v": 1, "typ": "privity-receipt"})])
def test_what_is_no_receipt_has_a_reason(desk: Desk, data: bytes) -> None:
    code, said = desk.verify(data)
    assert code == 4, said
    assert "Traceback" not in said
