"""Log keys inside a PKCS#11 token: SoftHSM2 where it is installed, called as a hardware module would be."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from shutil import which

import pytest
from privity_log import signer
from privity_log.errors import LogError
from privity_log.pkcs11_token import open_token
from privity_tlog import checkpoint, keys, note
from privity_tlog.checkpoint import Checkpoint
from privity_tlog.keys import NOTE_ED25519
from stand import NOW

pkcs11 = pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed")
MODULES = [Path("/usr/lib/softhsm/libsofthsm2.so"), Path("/usr/lib64/softhsm/libsofthsm.so")]
MODULE = next((path for path in MODULES if path.exists()), None)
pytestmark = pytest.mark.skipif(
    MODULE is None or which("softhsm2-util") is None, reason="SoftHSM2 is not installed (Debian: softhsm2)"
)
EDWARDS25519 = b"\x13\x0cedwards25519"  # the curve's name as a PrintableString
HOST, PIN = "log.example", "1234"
ORIGIN = f"{HOST}/release"
HEAD = Checkpoint(ORIGIN, 7, bytes(32))


def make_key(session, label: str) -> None:
    parameters = {pkcs11.Attribute.EC_PARAMS: EDWARDS25519}
    domain = session.create_domain_parameters(pkcs11.KeyType.EC_EDWARDS, parameters, local=True)
    domain.generate_keypair(mechanism=pkcs11.Mechanism.EC_EDWARDS_KEY_PAIR_GEN, store=True, label=label)


@pytest.fixture(scope="module")
def pin(tmp_path_factory) -> Path:
    """A token with one key for each log and two of one name; the library reads where tokens lie when it is loaded."""
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    (folder / "conf").write_text(f"directories.tokendir = {folder / 'tokens'}\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = str(folder / "conf")
    made = ["softhsm2-util", "--init-token", "--free", "--label", "privity", "--pin", PIN, "--so-pin", "5678"]
    subprocess.run(made, check=True, capture_output=True)
    with pkcs11.lib(str(MODULE)).get_token(token_label="privity").open(user_pin=PIN, rw=True) as session:
        for label in (ORIGIN, f"{HOST}/keys", "twice", "twice"):
            make_key(session, label)
    file = folder / "pin"
    file.touch(0o600)
    file.write_text(f"{PIN}\n")
    return file


@pytest.fixture
def token(pin):
    opened = open_token(MODULE, "privity", pin)
    yield opened
    opened.close()


def test_a_token_gives_its_public_key_and_signs_as_a_log(token) -> None:
    (key,) = token.keys(ORIGIN)
    assert (key.name, key.type, len(key.public)) == (ORIGIN, NOTE_ED25519, 32)
    line = signer.signature_of(signer.TokenSigner(key, token, ORIGIN), HEAD, NOW)
    note.verify(note.Note(checkpoint.encode(HEAD), (line,)), key)


def test_a_key_file_names_what_the_token_holds_and_nothing_private(token, tmp_path) -> None:
    path = tmp_path / "release.key"
    signer.make_token_file(path, token.keys(ORIGIN))
    assert path.read_text() == f"TOKEN+KEY+{keys.encode(token.keys(ORIGIN)[0])}\n"
    (found,) = signer.read_key_file(path, token)
    assert signer.signature_of(found, HEAD, NOW).name == ORIGIN
    with pytest.raises(LogError, match="name the token"):
        signer.read_key_file(path)
    with pytest.raises(LogError, match="key_file"):
        signer.make_token_file(path, ())


def test_a_token_with_another_key_than_the_files_is_noticed(token, tmp_path) -> None:
    (other,) = token.keys(f"{HOST}/keys")
    signer.make_token_file(tmp_path / "k", [keys.Key(ORIGIN, NOTE_ED25519, other.public)])
    (found,) = signer.read_key_file(tmp_path / "k", token)
    with pytest.raises(LogError, match="signer"):
        signer.signature_of(found, HEAD, NOW)


def test_what_a_token_cannot_do_has_a_reason_and_no_secret(token, pin, tmp_path) -> None:
    wrong = tmp_path / "pin"
    wrong.touch(0o600)
    wrong.write_text("999999\n")
    attempts = {
        "token": [
            lambda: open_token(MODULE, "elsewhere", pin),
            lambda: open_token(MODULE, "privity", wrong),
            lambda: open_token(tmp_path / "none.so", "privity", pin),
            lambda: token.keys("nobody"),
            lambda: token.keys("twice"),
            lambda: token.sign("nobody", 0x1057, b""),
            lambda: token.sign(ORIGIN, 0x1D, b""),
        ],
        "key_file": [lambda: open_token(MODULE, "privity", tmp_path / "absent")],
    }
    for reason, tried in attempts.items():
        for attempt in tried:
            with pytest.raises(LogError) as failure:
                attempt()
            assert failure.value.reason == reason
            assert "999999" not in str(failure.value)


def test_a_pin_that_others_can_read_is_refused(pin, tmp_path) -> None:
    copy = tmp_path / "pin"
    copy.write_text(pin.read_text())
    copy.chmod(0o644)
    with pytest.raises(LogError, match="readable by its owner only"):
        open_token(MODULE, "privity", copy)


@pytest.mark.system
@pytest.mark.slow
def test_both_logs_of_a_host_run_from_a_token(pin, tmp_path) -> None:
    home, base = tmp_path / "log", [sys.executable, "-m", "privity_log"]
    held = ["--pkcs11", str(MODULE), "--pkcs11-token", "privity", "--pkcs11-pin", str(pin)]
    log = ["--home", str(home), "--host", HOST]
    made = subprocess.run([*base, "keys", *log, *held], capture_output=True, text=True, check=True)
    assert made.stdout.count("log ") == 2
    serve = [*base, "serve", *log, *held, "--no-witnesses", "--listen", "127.0.0.1:0"]
    with subprocess.Popen(serve, stdout=subprocess.PIPE, text=True) as process:
        lines = []
        while not (line := process.stdout.readline()).startswith("READY "):
            assert line
            lines.append(line)
        assert "".join(lines) == made.stdout
        json.loads(line.removeprefix("READY "))
        entry = tmp_path / "entry"
        entry.write_bytes(b"an entry")
        subprocess.run([*base, "append", str(entry), "--home", str(home)], check=True, capture_output=True)
        process.send_signal(signal.SIGTERM)
    vkey = made.stdout.split()[1]
    audit = [*base, "audit", str(home / "release"), "--origin", ORIGIN, "--log", vkey]
    assert "1 leaves" in subprocess.run(audit, capture_output=True, text=True, check=True).stdout
    without = subprocess.run([*base, "serve", *log, "--no-witnesses"], capture_output=True, text=True, check=False)
    assert (without.returncode, "name the token" in without.stderr) == (1, True)
    half = subprocess.run([*base, "keys", *log, *held[:4]], capture_output=True, text=True, check=False)
    assert half.returncode == 2
