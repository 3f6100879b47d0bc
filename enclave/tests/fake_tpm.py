"""A TPM 2.0 that reads commands byte by byte and refuses what is not exactly right.

It knows the five commands of `privity_enclave.hardware.tpm`, has room for three loaded keys, and signs structures laid
out as TCG TPM 2.0 Library part 2 has them. `fail` gives errnos to the next commands; `answer` puts other bytes in place
of a command's response; `race` extends a register after the next quote, as another program may.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

SUCCESS, HANDLE, VALUE, SIZE, AUTH, MEMORY, COMMAND_SIZE, BAD_TAG, COMMAND_CODE = (
    0x000, 0x08B, 0x084, 0x095, 0x98E, 0x902, 0x142, 0x01E, 0x143,
)  # fmt: skip
OWNER = 0x40000001
TEMPLATE = bytes.fromhex("0023000b00050072000000100018000b00030010")
FIRST_HANDLE = 0x80000000


class Refused(Exception):
    """A response code other than success."""

    def __init__(self, code: int) -> None:
        self.code = code


class Command:
    """The bytes of a command after its head, taken from the front."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def take(self, size: int) -> bytes:
        if size > len(self.data):
            raise Refused(SIZE)
        part, self.data = self.data[:size], self.data[size:]
        return part

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size))

    def counted(self) -> bytes:
        return self.take(self.number(2))

    def authorise(self) -> None:
        """The empty password, and nothing else."""
        if self.take(self.number(4)) != bytes.fromhex("400000090000000000"):
            raise Refused(AUTH)

    def selection(self) -> list[int]:
        """Indices of one SHA-256 selection."""
        if (self.number(4), self.take(2), self.number(1)) != (1, b"\0\x0b", 3):
            raise Refused(VALUE)
        bits = int.from_bytes(self.take(3), "little")
        return [index for index in range(24) if bits >> index & 1]

    def end(self) -> None:
        if self.data:
            raise Refused(SIZE)


@dataclass
class FakeTpm:
    """SHA-256 registers, loaded keys, and the codes of the commands that came."""

    seed: int = 7
    registers: dict[int, bytes] = field(default_factory=lambda: {index: bytes(32) for index in range(24)})
    loaded: dict[int, ec.EllipticCurvePrivateKey] = field(default_factory=dict)
    codes: list[int] = field(default_factory=list)
    fail: list[int] = field(default_factory=list)
    answer: dict[int, Callable[[bytes], bytes]] = field(default_factory=dict)
    race: bool = False
    digests: int = 8

    def transact(self, command: bytes) -> bytes:
        code = int.from_bytes(command[6:10])
        self.codes.append(code)
        if self.fail:
            raise OSError(self.fail.pop(0), "as told")
        try:
            response = self._run(command, code)
        except Refused as refused:
            response = b"\x80\x01" + (10).to_bytes(4) + refused.code.to_bytes(4)
        return self.answer.get(code, lambda data: data)(response)

    def _run(self, command: bytes, code: int) -> bytes:
        if len(command) < 10 or int.from_bytes(command[2:6]) != len(command):
            raise Refused(COMMAND_SIZE)
        known = {
            0x131: (0x8002, self._create),
            0x158: (0x8002, self._quote),
            0x165: (0x8001, self._flush),
            0x17E: (0x8001, self._read),
            0x182: (0x8002, self._extend),
        }
        if code not in known:
            raise Refused(COMMAND_CODE)
        tag, run = known[code]
        if int.from_bytes(command[:2]) != tag:
            raise Refused(BAD_TAG)
        rest = Command(command[10:])
        handle, parameters = run(rest)
        if tag == 0x8002:
            parameters = handle + len(parameters).to_bytes(4) + parameters + bytes.fromhex("0000000000")
        return command[:2] + (10 + len(parameters)).to_bytes(4) + bytes(4) + parameters

    def _create(self, command: Command) -> tuple[bytes, bytes]:
        if command.number(4) != OWNER:
            raise Refused(HANDLE)
        command.authorise()
        if (command.counted(), command.counted()) != (bytes(4), TEMPLATE + bytes(4)):
            raise Refused(VALUE)
        if (command.counted(), command.number(4)) != (b"", 0):
            raise Refused(VALUE)
        command.end()
        if len(self.loaded) == 3:
            raise Refused(MEMORY)
        handle = next(number for number in range(FIRST_HANDLE, FIRST_HANDLE + 3) if number not in self.loaded)
        self.loaded[handle] = ec.derive_private_key(self.seed, ec.SECP256R1())
        point = self.loaded[handle].public_key().public_numbers()
        public = TEMPLATE + counted(point.x.to_bytes(32)) + counted(point.y.to_bytes(32))
        creation = counted(b"creation data") + counted(bytes(32)) + bytes.fromhex("8021400000010000")
        return handle.to_bytes(4), counted(public) + creation + counted(self._name(public))

    def _quote(self, command: Command) -> tuple[bytes, bytes]:
        key = self.loaded.get(command.number(4))
        if key is None:
            raise Refused(HANDLE)
        command.authorise()
        data = command.counted()
        if len(data) > 32 or command.take(2) != b"\0\x10":
            raise Refused(VALUE)
        chosen = command.selection()
        command.end()
        digest = hashlib.sha256(b"".join(self.registers[index] for index in chosen)).digest()
        clock = bytes.fromhex("0000000000001000 00000001 00000000 01 0000000000000001")
        head = bytes.fromhex("ff5443478018") + counted(self._name(b"")) + counted(data) + clock
        attest = head + selection(chosen) + counted(digest)
        r, s = decode_dss_signature(key.sign(attest, ec.ECDSA(hashes.SHA256())))
        if self.race:
            self.registers[11] = bytes([1]) * 32
        signature = bytes.fromhex("0018000b") + counted(r.to_bytes(32)) + counted(s.to_bytes(32))
        return b"", counted(attest) + signature

    def _flush(self, command: Command) -> tuple[bytes, bytes]:
        handle = command.number(4)
        command.end()
        if handle not in self.loaded:
            raise Refused(HANDLE)
        del self.loaded[handle]
        return b"", b""

    def _read(self, command: Command) -> tuple[bytes, bytes]:
        chosen = command.selection()[: self.digests]
        command.end()
        digests = b"".join(counted(self.registers[index]) for index in chosen)
        return b"", (1).to_bytes(4) + selection(chosen) + len(chosen).to_bytes(4) + digests

    def _extend(self, command: Command) -> tuple[bytes, bytes]:
        index = command.number(4)
        if index not in self.registers:
            raise Refused(HANDLE)
        command.authorise()
        if (command.number(4), command.take(2)) != (1, b"\0\x0b"):
            raise Refused(VALUE)
        digest = command.take(32)
        command.end()
        self.registers[index] = hashlib.sha256(self.registers[index] + digest).digest()
        return b"", b""

    def _name(self, public: bytes) -> bytes:
        return b"\0\x0b" + hashlib.sha256(public).digest()


def counted(data: bytes) -> bytes:
    """A TPM2B."""
    return len(data).to_bytes(2) + data


def selection(indices: list[int]) -> bytes:
    """A TPML_PCR_SELECTION of one SHA-256 bank."""
    return bytes.fromhex("00000001000b03") + sum(1 << index for index in indices).to_bytes(3, "little")
