"""A quote by a TPM 2.0 over the registers of a measured boot. A TPM isolates no memory: the kind is a simulated one.

Source: specs/simulated.md, "Measured boot"; TCG TPM 2.0 Library, parts 2 (structures) and 3 (commands). Numbers are
big-endian. The key is a primary key of the owner hierarchy: the same at every boot of one TPM, stored nowhere.
"""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from privity_protocol import cbor_writer
from privity_protocol.platform import Platform

from privity_enclave.hardware import HardwareFailed, Items

QUOTED: Final = (0, 1, 2, 3, 4, 5, 7, 9, 11)
REGISTER: Final = 11  # of the image; what it runs with is added to what it is
MAX_REPLY: Final = 4096  # bytes
_CREATE_PRIMARY, _QUOTE, _FLUSH, _READ, _EXTEND = 0x131, 0x158, 0x165, 0x17E, 0x182
_OWNER: Final = bytes.fromhex("40000001")
_BARE, _SESSIONS = bytes.fromhex("8001"), bytes.fromhex("8002")
_SHA256, _NULL = bytes.fromhex("000b"), bytes.fromhex("0010")
_NO_PASSWORD: Final = bytes.fromhex("00000009 40000009 0000 00 0000")
_TEMPLATE: Final = bytes.fromhex(
    "0023 000b 00050072 0000"  # ECC, name by SHA-256; made here, cannot leave, signs only what the TPM made; no policy
    "0010 0018 000b 0003 0010"  # no symmetric cipher, ECDSA with SHA-256, P-256, no key derivation
)
_SPKI_P256: Final = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")
"""SubjectPublicKeyInfo of a P-256 key (RFC 5480) up to its coordinates."""


class TpmDevice:
    """A TPM, at a path such as /dev/tpmrm0: the kernel flushes what a closed descriptor leaves behind."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)

    def transact(self, command: bytes) -> bytes:
        """Return the response to one command. Raises OSError."""
        if os.write(self._descriptor, command) != len(command):
            raise OSError(5, "short write")
        return os.read(self._descriptor, MAX_REPLY)


class Tpm:
    """A machine with a TPM. Making one makes its key once, for the identifier. Raises HardwareFailed."""

    has_register = True

    def __init__(self, channel: TpmDevice, *, boot_log: bytes) -> None:
        self._channel = channel
        self._boot_log = boot_log
        handle, self._key = self._make_key()
        self._run(_FLUSH, b"", handle)
        self.platform = Platform("sim_tpm", hashlib.sha256(hashlib.sha256(self._key).digest()).digest())

    def extend(self, event: bytes) -> None:
        """Extend PCR 11 by SHA-256 of `event`. Raises HardwareFailed."""
        self._run(_EXTEND, REGISTER.to_bytes(4), (1).to_bytes(4) + _SHA256 + hashlib.sha256(event).digest())

    def close(self) -> None:
        """A PCR cannot be locked; the event of this name says that no other follows."""

    def evidence(self, report_data: bytes) -> Items:
        """Return `cpu` and `boot-log`. Raises HardwareFailed, also when a register changes meanwhile."""
        handle, key = self._make_key()
        try:
            nonce = hashlib.sha256(report_data).digest()
            answer = self._run(_QUOTE, handle, _counted(nonce) + _NULL + _selection(QUOTED))
        finally:
            self._run(_FLUSH, b"", handle)
        size = answer.number(4)
        attest = answer.counted()
        signature = answer.take(size - 2 - len(attest))
        registers = self._registers()
        if key != self._key or not attest.endswith(hashlib.sha256(b"".join(registers.values())).digest()):
            raise HardwareFailed("the quote is by another key, or over other registers than were read")
        values: dict[cbor_writer.Key, cbor_writer.Value] = dict(registers.items())
        statement = cbor_writer.encode([attest, signature, key, values])
        return {"cpu": ("sim-tpm-quote+cbor", statement), "boot-log": ("tcg-log", self._boot_log)}

    def _make_key(self) -> tuple[bytes, bytes]:
        """Return the handle, 4 bytes, and the SubjectPublicKeyInfo of the key; the caller flushes the handle."""
        empty = _counted(b"")
        wanted = _counted(empty + empty) + _counted(_TEMPLATE + empty + empty) + empty + bytes(4)
        answer = self._run(_CREATE_PRIMARY, _OWNER, wanted)
        handle = answer.take(4)
        answer.number(4)
        public = _Fields(answer.counted())
        if public.take(len(_TEMPLATE)) != _TEMPLATE:
            raise HardwareFailed("the TPM made another key than was asked for")
        return handle, _SPKI_P256 + public.counted().rjust(32, b"\0") + public.counted().rjust(32, b"\0")

    def _registers(self) -> dict[int, bytes]:
        found: dict[int, bytes] = {}
        # A response has room for eight digests.
        while left := [index for index in QUOTED if index not in found]:
            answer = self._run(_READ, b"", _selection(left))
            answer.take(4 + 4 + 2)  # counter of updates; one selection; its algorithm
            bits = int.from_bytes(answer.counted(1), "little")
            read = [index for index in left if bits >> index & 1]
            if not read or answer.number(4) != len(read):
                raise HardwareFailed("the TPM has no SHA-256 registers")
            found |= {index: answer.counted() for index in read}
        return found

    def _run(self, code: int, handle: bytes, parameters: bytes) -> "_Fields":
        """Run a command, authorised by no password when it names a handle; return what follows the response's code."""
        body = code.to_bytes(4) + handle + (_NO_PASSWORD if handle else b"") + parameters
        try:
            response = self._channel.transact((_SESSIONS if handle else _BARE) + (len(body) + 6).to_bytes(4) + body)
        except OSError as error:
            raise HardwareFailed(f"TPM command {code:#x}: {error.strerror}") from error
        answer = _Fields(response)
        if (answer.take(2), answer.number(4), answer.number(4)) != (response[:2], len(response), 0):
            raise HardwareFailed(f"TPM command {code:#x} failed with {response[6:10].hex()}")
        return answer


class _Fields:
    """A response, read from its front."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def take(self, size: int) -> bytes:
        if not 0 <= size <= len(self._data):
            raise HardwareFailed("the TPM's response is shorter than it says")
        part, self._data = self._data[:size], self._data[size:]
        return part

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size))

    def counted(self, size: int = 2) -> bytes:
        return self.take(self.number(size))


def _counted(data: bytes) -> bytes:
    return len(data).to_bytes(2) + data


def _selection(indices: Iterable[int]) -> bytes:
    return (1).to_bytes(4) + _SHA256 + b"\x03" + sum(1 << index for index in indices).to_bytes(3, "little")
