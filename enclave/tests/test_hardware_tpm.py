"""The TPM: quotes verify, commands are exact, keys do not stay, responses are not believed."""

import hashlib
import os
import shutil
import socket
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import load_der_public_key
from fake_tpm import FakeTpm
from privity_enclave.hardware import HardwareFailed
from privity_enclave.hardware.tpm import QUOTED, Tpm, TpmDevice
from privity_protocol import cbor
from swtpm import running

DATA = bytes(range(64))


def opened(evidence: bytes) -> tuple[bytes, dict[Any, Any], bytes]:
    """Attested structure, registers and key of a statement whose signature holds."""
    parts = cbor.decode(evidence)
    assert isinstance(parts, list)
    attest, signature, spki, registers = parts
    assert isinstance(attest, bytes)
    assert isinstance(signature, bytes)
    assert isinstance(spki, bytes)
    assert isinstance(registers, dict)
    assert signature[:4] == bytes.fromhex("0018000b")
    size = int.from_bytes(signature[4:6])
    r, s = signature[6 : 6 + size], signature[8 + size :]
    key = load_der_public_key(spki)
    assert isinstance(key, ec.EllipticCurvePublicKey)
    key.verify(encode_dss_signature(int.from_bytes(r), int.from_bytes(s)), attest, ec.ECDSA(hashes.SHA256()))
    return attest, registers, spki


def judge(tpm: Tpm, extended: bytes) -> None:
    attest, registers, spki = opened(tpm.evidence(DATA)["cpu"][1])
    assert attest[:6] == bytes.fromhex("ff5443478018")
    assert hashlib.sha256(DATA).digest() in attest
    assert bytes.fromhex("00000001000b03bf0a00") in attest
    assert list(registers) == list(QUOTED)
    assert attest.endswith(hashlib.sha256(b"".join(registers.values())).digest())
    assert registers[11] == extended
    assert tpm.platform.id == hashlib.sha256(hashlib.sha256(spki).digest()).digest()


def test_a_quote_verifies_and_is_over_the_registers_that_come_with_it() -> None:
    channel = FakeTpm()
    tpm = Tpm(channel, boot_log=b"log")
    judge(tpm, bytes(32))
    tpm.extend(b"event")
    judge(tpm, hashlib.sha256(bytes(32) + hashlib.sha256(b"event").digest()).digest())
    assert channel.loaded == {}


def test_a_tpm_of_others_makes_takes_and_signs_the_same(tmp_path: Path) -> None:
    program = shutil.which("swtpm")
    if program is None:
        pytest.skip("swtpm is not installed")
    with running(program, tmp_path) as channel:
        tpm = Tpm(channel, boot_log=b"log")
        for _ in range(4):  # more than a TPM has room for
            judge(tpm, bytes(32))
        tpm.extend(b"event")
        judge(tpm, hashlib.sha256(bytes(32) + hashlib.sha256(b"event").digest()).digest())


def test_a_tpm_that_reads_few_registers_at_once_is_asked_again() -> None:
    for digests in (1, 3, 8):
        judge(Tpm(FakeTpm(digests=digests), boot_log=b""), bytes(32))
    with pytest.raises(HardwareFailed, match="no SHA-256 registers"):
        Tpm(FakeTpm(digests=0), boot_log=b"").evidence(DATA)


def test_a_register_that_changes_meanwhile_is_refused() -> None:
    with pytest.raises(HardwareFailed, match="other registers"):
        Tpm(FakeTpm(race=True), boot_log=b"").evidence(DATA)


def test_a_key_that_changes_is_refused() -> None:
    channel = FakeTpm()
    tpm = Tpm(channel, boot_log=b"")
    channel.seed = 8
    with pytest.raises(HardwareFailed, match="another key"):
        tpm.evidence(DATA)


def test_a_key_of_another_kind_is_refused() -> None:
    def exportable(response: bytes) -> bytes:
        return response.replace(bytes.fromhex("00050072"), bytes.fromhex("00050070"))

    with pytest.raises(HardwareFailed, match="another key than was asked for"):
        Tpm(FakeTpm(answer={0x131: exportable}), boot_log=b"")


def test_a_key_does_not_stay_when_its_quote_fails() -> None:
    channel = FakeTpm(answer={0x158: lambda _: bytes.fromhex("80010000000a00000101")})
    tpm = Tpm(channel, boot_log=b"")
    with pytest.raises(HardwareFailed, match="0x158 failed with 00000101"):
        tpm.evidence(DATA)
    assert channel.loaded == {}


def everything(channel: FakeTpm) -> None:
    tpm = Tpm(channel, boot_log=b"")
    tpm.extend(b"event")
    tpm.evidence(DATA)


@pytest.mark.parametrize("code", [0x131, 0x158, 0x165, 0x17E, 0x182])
@pytest.mark.parametrize("change", ["shorter", "longer", "another size", "nothing"])
def test_a_response_of_another_length_than_it_says_is_refused(code: int, change: str) -> None:
    changes = {
        "shorter": lambda data: data[:-1],
        "longer": lambda data: data + b"\0",
        "another size": lambda data: data[:2] + (len(data) - 1).to_bytes(4) + data[6:],
        "nothing": lambda _: b"",
    }
    with pytest.raises(HardwareFailed):
        everything(FakeTpm(answer={code: changes[change]}))


@pytest.mark.parametrize("code", [0x131, 0x158, 0x17E])
def test_a_part_that_says_it_is_longer_than_the_response_is_refused(code: int) -> None:
    def cut(data: bytes) -> bytes:
        return data[:2] + (50).to_bytes(4) + data[6:50]

    with pytest.raises(HardwareFailed, match="shorter"):
        Tpm(FakeTpm(answer={code: cut}), boot_log=b"").evidence(DATA)


CREATE = bytes.fromhex(
    "8002 00000041 00000131 40000001 00000009 40000009 0000 00 0000"  # head, owner, empty password
    "0004 0000 0000 0018 0023 000b 00050072 0000 0010 0018 000b 0003 0010 0000 0000 0000 00000000"
)


def created(command: bytes) -> int:
    """The fake's response code."""
    return int.from_bytes(FakeTpm().transact(command)[6:10])


def test_the_fake_takes_the_exact_command_and_no_other() -> None:
    assert created(CREATE) == 0
    for at in range(len(CREATE)):
        assert created(CREATE[:at] + bytes([CREATE[at] ^ 1]) + CREATE[at + 1 :]) != 0
    for longer in (CREATE + b"\0", CREATE[:2] + (len(CREATE) + 1).to_bytes(4) + CREATE[6:] + b"\0"):
        assert created(longer) != 0


def test_the_fake_has_room_for_three_keys() -> None:
    channel = FakeTpm()
    assert [channel.transact(CREATE)[6:10].hex() for _ in range(4)] == ["00000000"] * 3 + ["00000902"]


# --- the real device: which system calls it makes ---


def test_a_command_is_one_write_and_its_response_one_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, other:
        monkeypatch.setattr(os, "open", lambda *_arguments: os.dup(ours.fileno()))
        device = TpmDevice(tmp_path)
        other.send(b"response")
        assert device.transact(b"command") == b"response"
        assert other.recv(100) == b"command"
        monkeypatch.setattr(os, "write", lambda _descriptor, data: len(data) - 1)
        with pytest.raises(OSError, match="short write"):
            device.transact(b"command")
        os.close(device._descriptor)
