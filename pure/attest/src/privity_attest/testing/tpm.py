"""A fake TPM and the firmware before it: quotes, boot logs, and whole bundles of a measured boot."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from privity_protocol import binding, cbor

from privity_attest.event_log import Event
from privity_attest.testing.bundle import Items, same
from privity_attest.testing.node import Machine

QUOTED: Final = (0, 1, 2, 3, 4, 5, 7, 9, 11)
SEPARATOR: Final = 0x04
IPL: Final = 0x0D
SECTIONS: Final = {".linux": b"kernel", ".osrel": b"release", ".cmdline": b"root=verity", ".initrd": b"initrd"}
Registers = dict[int, bytes]


@dataclass(frozen=True, slots=True)
class BootEvent:
    """One event of a boot log: its register, type and data, and what was measured where that is not the data."""

    register: int
    type: int
    data: bytes
    measured: bytes | None = None

    @property
    def digest(self) -> bytes:
        """Return the SHA-256 of what was measured."""
        return sha256(self.data if self.measured is None else self.measured).digest()


def boot_events() -> list[BootEvent]:
    """Return what a firmware and a stub measure: a separator per register, then the image's sections."""
    events = [BootEvent(index, SEPARATOR, bytes(4)) for index in QUOTED if index not in (9, 11)]
    events.append(BootEvent(9, IPL, b"initrd", b"initrd of the loader"))
    for name, section in SECTIONS.items():
        events += [BootEvent(11, IPL, name.encode(), name.encode() + b"\0"), BootEvent(11, IPL, name.encode(), section)]
    return events


def encode_log(events: list[BootEvent]) -> bytes:
    """Return the crypto-agile log of `events`, with a bank of SHA-256 alone."""
    body = b"Spec ID Event03\0" + bytes(4) + bytes([0, 2, 0, 2]) + _le(1, 4) + _le(0x0B, 2) + _le(32, 2) + b"\0"
    log = _le(0, 4) + _le(3, 4) + bytes(20) + _le(len(body), 4) + body
    for event in events:
        digests = _le(1, 4) + _le(0x0B, 2) + event.digest
        log += _le(event.register, 4) + _le(event.type, 4) + digests + _le(len(event.data), 4) + event.data
    return log


def replayed(events: list[BootEvent]) -> Registers:
    """Return the registers that a quote is over, after `events`."""
    registers = dict.fromkeys(QUOTED, bytes(32))
    for event in events:
        registers[event.register] = sha256(registers[event.register] + event.digest).digest()
    return registers


def image_value() -> bytes:
    """Return register 11 as the stub leaves it: what a release names."""
    return replayed(boot_events())[11]


@dataclass(frozen=True, slots=True)
class Attest:
    """The fields of a TPMS_ATTEST that a test changes."""

    magic: bytes = bytes.fromhex("ff544347")
    type: bytes = bytes.fromhex("8018")
    qualifying: bytes = b""
    algorithm: bytes = bytes.fromhex("000b")
    registers: Registers = field(default_factory=dict)
    tail: bytes = b""

    def encode(self) -> bytes:
        """Return the structure."""
        bits = sum(1 << index for index in self.registers).to_bytes(3, "little")
        digest = sha256(b"".join(self.registers[index] for index in sorted(self.registers))).digest()
        selection = (1).to_bytes(4) + self.algorithm + b"\3" + bits
        clock = bytes(25)
        name = b"\0\x0b" + bytes(32)
        return (
            b"".join(
                (self.magic, self.type, _counted(name), _counted(self.qualifying), clock, selection, _counted(digest))
            )
            + self.tail
        )


@dataclass(frozen=True, slots=True)
class TpmMachine:
    """A measured machine. `registers` changes what is in the TPM, `attest` what it signs, `sent` the item itself."""

    seed: int = 51
    events: Callable[[list[BootEvent]], list[BootEvent]] = same
    registers: Callable[[Registers], Registers] = same
    attest: Callable[[Attest], Attest] = same
    signature: Callable[[bytes], bytes] = same
    sent: Callable[[list[cbor.Value]], cbor.Value] = same
    values: Mapping[str, object] = field(default_factory=lambda: {"pcrs": {"11": [image_value().hex()]}})

    @property
    def spki(self) -> bytes:
        """Return the key's SubjectPublicKeyInfo."""
        return self._key().public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    @property
    def pin(self) -> bytes:
        """Return what a policy names."""
        return sha256(self.spki).digest()

    def machine(self) -> Machine:
        """Return what `node.build` needs."""
        platform_id = sha256(self.pin).digest()
        return Machine("sim_tpm", platform_id, dict(self.values), self._evidence, runtime_log=True, register=_digests)

    def _evidence(self, node_document: bytes, measured: bytes) -> Items:
        events = self.events(boot_events())
        registers = replayed(events)
        for at in range(0, len(measured), 32):
            registers[11] = sha256(registers[11] + measured[at : at + 32]).digest()
        registers = self.registers(registers)
        qualifying = sha256(binding.report_data(node_document)).digest()
        attest = self.attest(replace(Attest(registers=registers), qualifying=qualifying)).encode()
        r, s = decode_dss_signature(self._key().sign(attest, ec.ECDSA(SHA256(), deterministic_signing=True)))
        signature = bytes.fromhex("0018000b") + _counted(r.to_bytes(32)) + _counted(s.to_bytes(32))
        values: dict[cbor.Key, cbor.Value] = dict(registers.items())
        item = cbor.encode(self.sent([attest, self.signature(signature), self.spki, values]))
        return {"cpu": ("sim-tpm-quote+cbor", item), "boot-log": ("tcg-log", encode_log(events))}

    def _key(self) -> ec.EllipticCurvePrivateKey:
        return ec.derive_private_key(self.seed, ec.SECP256R1())


def _digests(log: tuple[Event, ...]) -> bytes:
    """Return what is extended for each event, one after the other."""
    return b"".join(sha256(event.encoded).digest() for event in log)


def _le(number: int, size: int) -> bytes:
    return number.to_bytes(size, "little")


def _counted(data: bytes) -> bytes:
    return len(data).to_bytes(2) + data
