"""The conformance runner: every shared case has its expected outcome, and a changed value is noticed."""

import json
import os
from pathlib import Path

import pytest
from privity_client.conformance import lattice
from privity_client.conformance.crypto import JUDGES, NOT_YET, run, uncovered

ROOT = Path(__file__).resolve().parents[3]
SHARED = Path(os.environ.get("PRIVITY_VECTORS", ROOT.parent / "shared" / "vectors")) / "crypto"
needs_vectors = pytest.mark.skipif(not SHARED.is_dir(), reason="shared vectors are absent: set PRIVITY_VECTORS")

# Members that say the same thing in another form, describe, or are used by no judge.
SILENT = {
    "publicKeyAsn",
    "publicKeyPem",
    "publicKeyJwk",
    "modulus",
    "ikmR",
    "pkEm",
    "key_schedule_context",
    "secret",
}


@needs_vectors
def test_every_shared_case_has_its_expected_outcome() -> None:
    results = run(SHARED)
    assert [result for result in results if not result.ok] == []
    assert {result.file for result in results} == set(JUDGES)
    assert len(results) >= 800


@needs_vectors
def test_the_folder_above_is_understood_and_what_is_not_checked_is_named() -> None:
    assert run(SHARED.parent) == run(SHARED)
    found = uncovered(SHARED)
    assert {one for one in NOT_YET if any(name == one or name.startswith(f"{one}/") for name in found)} == set(NOT_YET)


def first_hex(value, found):
    """Path to the first long hex value of each member name, outside the cases that are wrong anyway."""
    if isinstance(value, dict):
        if value.get("result") == "invalid":
            return found
        for name, child in value.items():
            hexadecimal = isinstance(child, str) and len(child) >= 16 and set(child) <= set("0123456789abcdef")
            if hexadecimal and name not in SILENT:
                found.setdefault(name, (value, name))
            else:
                first_hex(child, found)
    elif isinstance(value, list):
        for child in value:
            first_hex(child, found)
    return found


@needs_vectors
@pytest.mark.parametrize("name", sorted(JUDGES))
def test_a_changed_value_is_noticed(name: str, tmp_path: Path) -> None:
    text = (SHARED / name).read_text()
    target = tmp_path / name
    target.parent.mkdir(parents=True)
    unnoticed = []
    for member in first_hex(json.loads(text), {}):
        document = json.loads(text)
        holder, key = first_hex(document, {})[member]
        holder[key] = f"{int(holder[key][:2], 16) ^ 0x10:02x}" + holder[key][2:]
        target.write_text(json.dumps(document))
        if all(result.ok for result in run(tmp_path)):
            unnoticed.append(member)
    # Another form of a key that the judge reads elsewhere; the RFC's own way to make an ephemeral key from randomness.
    silent = {"publicKeyDer"} if "rsa" not in name else set()
    silent |= {"ikmE"} if "rfc9180" in name else set()
    assert set(unnoticed) - silent == set()


def test_unknown_unreadable_and_empty_files_fail(tmp_path: Path) -> None:
    assert run(tmp_path) == []
    (tmp_path / "wycheproof").mkdir()
    for name, text in (("x25519.json", "{"), ("ed25519.json", '{"testGroups":[]}'), ("other.json", "{}")):
        (tmp_path / "wycheproof" / name).write_text(text)
    found = {result.file.split("/")[1]: (result.got, result.ok) for result in run(tmp_path)}
    assert found == {
        "x25519.json": ("unreadable: JSONDecodeError", False),
        "ed25519.json": ("none", False),
        "other.json": ("unknown", False),
    }


def test_a_case_that_breaks_is_a_failed_case(tmp_path: Path) -> None:
    (tmp_path / "xwing").mkdir()
    (tmp_path / "xwing" / "draft-xwing-kem.json").write_text('[{"seed":"00"}]')
    (result,) = run(tmp_path)
    assert not result.ok
    assert result.got.startswith("KeyError") or result.got.startswith("Malformed")


def test_the_slow_kem_agrees_with_itself_in_all_sizes() -> None:
    for parameters in (lattice.MLKEM512, lattice.MLKEM768, lattice.MLKEM1024):
        ek, dk = lattice.generate(bytes(range(64)), parameters)
        ciphertext, secret = lattice.encapsulate(ek, bytes(32), parameters)
        assert lattice.decapsulate(dk, ciphertext, parameters) == secret
        changed = bytes([ciphertext[0] ^ 1]) + ciphertext[1:]
        assert lattice.decapsulate(dk, changed, parameters) != secret
