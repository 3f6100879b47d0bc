"""The Nitro Secure Module: the document alone is published, the register is ours and locked, no reply is believed."""

import ctypes
import errno
import fcntl
import hashlib
import struct
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from fake_nsm import KEY, MODULE, FakeNsm
from privity_enclave import runtime
from privity_enclave.hardware import HardwareFailed
from privity_enclave.hardware.nsm import MAX_REPLY, Nitro, NsmDevice
from privity_protocol import cbor

DATA = bytes(range(64))


def test_the_document_comes_without_the_reply_around_it() -> None:
    media_type, document = Nitro(FakeNsm()).evidence(DATA)["cpu"]
    parts = cbor.decode(document)
    assert isinstance(parts, list)
    protected, _, payload, signature = parts
    assert isinstance(signature, bytes)
    assert isinstance(payload, bytes)
    raw = encode_dss_signature(int.from_bytes(signature[:48]), int.from_bytes(signature[48:]))
    signed = cbor.encode(["Signature1", protected, b"", payload])
    KEY.public_key().verify(raw, signed, ec.ECDSA(hashes.SHA384()))
    assert (media_type, DATA in payload) == ("nitro-document", True)


def test_the_platform_is_the_instance_and_not_the_enclave() -> None:
    instance = hashlib.sha256(MODULE.partition("-enc")[0].encode()).digest()
    assert Nitro(FakeNsm()).platform.id == instance
    assert Nitro(FakeNsm(module=f"{MODULE.partition('-enc')[0]}-enc0000000000000000")).platform.id == instance
    assert Nitro(FakeNsm(module="i-01234567-enc01")).platform.id == hashlib.sha256(b"i-01234567").digest()


@pytest.mark.parametrize("module", ["", "i-", "i-xyz-enc1", "i-0827e799ec9232d44", "j-0827e799ec9232d44-enc0"])
def test_a_document_that_names_no_instance_stops_the_node(module: str) -> None:
    with pytest.raises(HardwareFailed, match="no instance"):
        Nitro(FakeNsm(module=module))


def test_the_runtime_register_ends_locked_and_in_the_document() -> None:
    nsm = FakeNsm()
    node = Nitro(nsm)
    node.evidence(DATA)
    log = runtime.measure(node, configuration=b"{}", models=b"{}")
    assert nsm.asked == ["Attestation", "Attestation", "ExtendPCR", "ExtendPCR", "ExtendPCR", "LockPCR"]
    assert 16 in nsm.locked
    assert nsm.registers[16] in node.evidence(DATA)["cpu"][1]
    register, position = bytes(48), 0
    while position < len(log):
        end = position
        for _ in range(2):
            end += 4 + int.from_bytes(log[end : end + 4])
        register = hashlib.sha384(register + hashlib.sha384(log[position:end]).digest()).digest()
        position = end
    assert register == nsm.registers[16]


def test_a_register_that_another_has_extended_stops_the_node() -> None:
    nsm = FakeNsm()
    node = Nitro(nsm)
    nsm.registers[16] = b"x" * 48
    with pytest.raises(HardwareFailed, match="did not put there"):
        node.extend(b"event")


def test_a_locked_register_is_not_extended() -> None:
    node = Nitro(FakeNsm(locked=set(range(17))))
    with pytest.raises(HardwareFailed, match="ExtendPCR was refused"):
        node.extend(b"event")


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"\xff",
        cbor.encode("LockPCR"),
        cbor.encode({"Error": "InternalError"}),
        cbor.encode({"Attestation": {"document": b"d" + DATA}, "More": 1}),
        cbor.encode({"Attestation": {"document": b"d" + DATA, "more": 1}}),
        cbor.encode({"Attestation": {"document": "text"}}),
        cbor.encode({"Attestation": {"document": b"over something else"}}),
        cbor.encode({"Attestation": None}),
        cbor.encode({"Attestation": {"document": b"d" + DATA}}) + b"\0",
    ],
)
def test_a_reply_that_is_not_exactly_a_document_is_refused(reply: bytes) -> None:
    nsm = FakeNsm()
    node = Nitro(nsm)
    nsm.replies = [reply]
    with pytest.raises(HardwareFailed):
        node.evidence(DATA)


@pytest.mark.parametrize(
    "request_",
    [
        b"",
        b"\xbf\xff",
        cbor.encode({"Attestation": {"user_data": b"", "nonce": None}}),
        cbor.encode({"Attestation": {"user_data": b"", "nonce": None, "public_key": None, "more": None}}),
        cbor.encode({"Attestation": {"user_data": bytes(513), "nonce": None, "public_key": None}}),
        cbor.encode({"Attestation": {"user_data": b"", "nonce": None, "public_key": b"key"}}),
        cbor.encode({"ExtendPCR": {"index": 16, "data": bytes(47)}}),
        cbor.encode({"ExtendPCR": {"index": 16, "data": bytes(48), "more": 1}}),
        cbor.encode({"ExtendPCR": {"index": 0, "data": bytes(48)}}),
        cbor.encode({"LockPCR": {"index": 32}}),
        cbor.encode({"LockPCR": {"index": 16}, "ExtendPCR": {"index": 16, "data": bytes(48)}}),
        cbor.encode("LockPCR"),
        cbor.encode({"GetRandom": {}}),
    ],
)
def test_the_fake_refuses_what_is_not_exactly_a_request(request_: bytes) -> None:
    answer = cbor.decode(FakeNsm().ask(request_))
    assert isinstance(answer, dict)
    assert list(answer) == ["Error"]


def test_the_fake_refuses_requests_beyond_the_kernels_buffer() -> None:
    with pytest.raises(OSError, match="EMSGSIZE"):
        FakeNsm().ask(bytes(0x1001))


# --- the real device: the system call it makes ---


def test_the_ioctl_carries_two_buffers_and_takes_back_what_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "nsm").touch()
    seen: list[Any] = []

    def ioctl(_descriptor: int, number: int, message: bytearray, mutate: bool) -> int:
        request, size, reply, room = struct.unpack("=4Q", message)
        seen.append((number, ctypes.string_at(request, size), room, mutate))
        ctypes.memmove(reply, b"answer", 6)
        message[24:] = (6).to_bytes(8, "little")
        return 0

    monkeypatch.setattr(fcntl, "ioctl", ioctl)
    assert NsmDevice(tmp_path / "nsm").ask(b"question") == b"answer"
    assert seen == [(0xC0200A00, b"question", MAX_REPLY, True)]


def test_an_ordinary_file_is_no_secure_module(tmp_path: Path) -> None:
    (tmp_path / "nsm").touch()
    with pytest.raises(OSError, match="ioctl") as caught:
        NsmDevice(tmp_path / "nsm").ask(b"question")
    assert caught.value.errno == errno.ENOTTY
    with pytest.raises(HardwareFailed, match="Attestation"):
        Nitro(NsmDevice(tmp_path / "nsm"))
