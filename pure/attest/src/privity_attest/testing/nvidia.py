"""A fake NVIDIA: device chains under a root, signed measurements, OCSP answers, and bundles that hold such devices.

Everything is deterministic. A `FakeDevice` is changed one field at a time; what is signed is computed from the change.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from hashlib import sha384
from typing import Any, Final

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from privity_protocol import binding, canonical, cbor
from privity_protocol.evidence import Item

from privity_attest import policy
from privity_attest.defaults import default_document
from privity_attest.policy import Policy
from privity_attest.simulated.document import platform_id
from privity_attest.testing.aws import authority
from privity_attest.testing.bundle import NOW, Enclave, Hooks, Items, same
from privity_attest.testing.der import explicit, sequence, tlv
from privity_attest.testing.root import Builder, Signer, issue, leaf_extensions, make_root

END: Final = 253_402_300_799  # 9999-12-31T23:59:59Z
EXPIRES: Final = NOW + 86_400 * 365
DRIVER, VBIOS, SWITCH_VBIOS = "550.90.07", "96.00.9F.00.01", "96.10.55.00.01"
RIMS: Final = {"driver": b"\1" * 32, "vbios": b"\2" * 32, "switch": b"\3" * 32}
MEDIA_TYPE: Final = "nvidia-spdm+cbor"
OCSP_TYPE: Final = "nvidia-ocsp+cbor"
_FWID = x509.ObjectIdentifier("2.23.133.5.4.1")
NODE: Final = bytes(range(16))


def firmware_of(number: int) -> bytes:
    """Return the firmware identity of device `number`."""
    return sha384(b"firmware %d" % number).digest()


def value(index: int) -> bytes:
    """Return what measurement `index` holds."""
    return sha384(b"measurement %d" % index).digest()


def dice(identity: bytes, algorithm: bytes = bytes.fromhex("608648016503040202")) -> bytes:
    """Return the content of a DICE extension that ends in `identity`."""
    hashed = sequence(tlv(0x06, algorithm), tlv(0x04, identity))
    return sequence(tlv(0x02, b"\1"), sequence(tlv(0x04, b"key")), hashed)


def leaf_of(extension: bytes | None) -> Callable[[Builder], Builder]:
    """Return a function that adds what a device's leaf carries."""

    def extend(builder: Builder) -> Builder:
        builder = leaf_extensions(builder)
        named = x509.UnrecognizedExtension(_FWID, extension or b"")
        return builder if extension is None else builder.add_extension(named, critical=False)

    return extend


@cache
def root() -> Signer:
    """Return the root of all fake devices."""
    return make_root(61, now=NOW, name="NVIDIA Device Identity CA")


@cache
def family(top: Signer | None = None) -> Signer:
    """Return the issuer of a product family."""
    return _issuer(top or root(), 62, "NVIDIA GH100 Identity", END)


def _issuer(issuer: Signer, seed: int, name: str, until: int) -> Signer:
    return issue(issuer, seed, not_before=NOW - 86_400, not_after=until, name=name, extend=authority(None))


@cache
def issuers(number: int, kind: str, top: Signer | None = None, until: int = END) -> tuple[Signer, ...]:
    """Return issuers of device `number`, the nearest first, the root last."""
    above = family(top)
    provisioner = _issuer(above, 63 if kind == "GH100" else 64, f"NVIDIA {kind} Provisioner ICA 1", until)
    own = _issuer(provisioner, 100 + number, f"{kind} A01 BROM", END)
    return own, provisioner, above, top or root()


@dataclass(frozen=True, slots=True)
class FakeDevice:
    """A GPU, or a switch if `driver` is None. `request`, `record` and so on change one part before it is signed."""

    number: int = 0
    kind: str = "GH100"
    driver: str | None = DRIVER
    vbios: bytes = bytes.fromhex("009f009601000000")
    identity: bytes | None = None
    measurements: Mapping[int, bytes] = field(default_factory=lambda: {index: value(index) for index in (1, 2, 36)})
    opaque: Mapping[int, bytes] = field(default_factory=dict)
    leaf: Callable[[Builder], Builder] | None = None
    leaf_name: str | None = None
    top: Signer | None = None
    since: int = NOW - 86_400
    until: int = END
    message: Callable[[bytes], bytes] = same
    signed: Callable[[bytes], bytes] = same
    chain: Callable[[list[bytes]], list[bytes]] = same

    @property
    def path(self) -> tuple[Signer, ...]:
        """Return the leaf and its issuers."""
        above = issuers(self.number, self.kind, self.top, self.until)
        extend = self.leaf or leaf_of(dice(firmware_of(self.number)))
        name = self.leaf_name or f"{self.kind} A01 FMC LF"
        leaf = issue(above[0], 200 + self.number, not_before=self.since, not_after=END, name=name, extend=extend)
        return leaf, *above

    def item(self, nonce: bytes) -> bytes:
        """Return the item of this device for a request with `nonce`."""
        leaf, *above = self.path
        messages = self.message(self._messages(nonce))
        evidence = self.signed(messages + leaf.sign_raw(messages))
        return cbor.encode([evidence, list(self.chain([one.certificate for one in (leaf, *above)]))])

    def _messages(self, nonce: bytes) -> bytes:
        blocks = b"".join(block(index, one) for index, one in self.measurements.items())
        own: dict[int, bytes] = {6: self.vbios}
        if self.driver is not None:
            own |= {3: self.driver.encode() + b"\0", 20: self.identity or firmware_of(self.number)}
        fields = b"".join(opaque(kind, one) for kind, one in {**own, **self.opaque}.items())
        request = bytes.fromhex("11e001ff") + nonce + b"\0"
        header = bytes.fromhex("11600000") + bytes([len(self.measurements)]) + len(blocks).to_bytes(3, "little")
        return request + header + blocks + bytes(32) + len(fields).to_bytes(2, "little") + fields


def switch(**changes: Any) -> FakeDevice:
    """Return a switch with these changes."""
    plain = FakeDevice(kind="LS_10", driver=None, vbios=SWITCH_VBIOS.encode(), leaf=leaf_of(None))
    return replace(plain, **changes)


def block(index: int, content: bytes, *, specification: int = 1) -> bytes:
    """Return one measurement block."""
    inner = b"\1" + len(content).to_bytes(2, "little") + content
    return bytes([index, specification]) + len(inner).to_bytes(2, "little") + inner


def opaque(kind: int, content: bytes) -> bytes:
    """Return one opaque field."""
    return kind.to_bytes(2, "little") + len(content).to_bytes(2, "little") + content


def golden(device: str, version: str, rim: bytes, values: Mapping[int, Sequence[bytes]]) -> dict[str, object]:
    """Return the golden values of one manifest as a release writes them."""
    listed = {str(index): sorted(one.hex() for one in hashes) for index, hashes in values.items()}
    return {"device": device, "version": version, "expires": EXPIRES, "rim": rim.hex(), "values": listed}


def section(gpus: int, switches: int) -> dict[str, Any]:
    """Return the release's section for so many of the fake devices."""
    return {
        "count": gpus,
        "switches": switches,
        "device_kinds": ["GH100", "LS10"],
        "drivers": [DRIVER],
        "vbios": [VBIOS, SWITCH_VBIOS],
        "firmware_ids": sorted(firmware_of(number).hex() for number in range(max(gpus, 1))),
        "golden": [
            golden("GH100", DRIVER, RIMS["driver"], {1: [value(1), bytes(48)]}),
            golden("GH100", VBIOS, RIMS["vbios"], {2: [value(2)], 36: [value(36)]}),
            golden("LS10", SWITCH_VBIOS, RIMS["switch"], {1: [value(1)], 2: [value(2)]}),
        ],
    }


@dataclass(frozen=True, slots=True)
class Answer:
    """One OCSP answer about `serial` of `issuer`; `status` is the DER of what it says."""

    issuer: Signer
    serial: int
    status: bytes = tlv(0x80, b"")
    this_update: int = NOW - 3600
    next_update: int | None = NOW + 86_400
    algorithm: bytes = bytes.fromhex("608648016503040202")
    signer: Signer | None = None
    certificates: tuple[bytes, ...] = ()
    by_name: bool = True
    extensions: bytes = b""
    signed: Callable[[bytes], bytes] = same

    def encode(self) -> bytes:
        """Return the response with this one answer."""
        signer = self.signer or self.issuer
        named = explicit(1, signer_name(signer)) if self.by_name else explicit(2, tlv(0x04, bytes(20)))
        data = sequence(named, time(NOW - 3600), sequence(self._single()), self.extensions)
        r, s = (int.from_bytes(half) for half in halves(signer.sign_raw(data)))
        algorithm = sequence(tlv(0x06, bytes.fromhex("2a8648ce3d040303")))
        signature = tlv(0x03, b"\0" + sequence(integer(r), integer(s)))
        certificates = explicit(0, sequence(*self.certificates)) if self.certificates else b""
        basic = sequence(self.signed(data), algorithm, signature, certificates)
        kind = tlv(0x06, bytes.fromhex("2b0601050507300101"))
        return sequence(tlv(0x0A, b"\0"), explicit(0, sequence(kind, tlv(0x04, basic))))

    def _single(self) -> bytes:
        point = self.issuer.key.public_key().public_numbers()
        key = b"\4" + point.x.to_bytes(48) + point.y.to_bytes(48)
        hashed = [tlv(0x04, sha384(one).digest()) for one in (signer_name(self.issuer), key)]
        about = sequence(sequence(tlv(0x06, self.algorithm)), *hashed, integer(self.serial))
        end = b"" if self.next_update is None else explicit(0, time(self.next_update))
        return sequence(about, self.status, time(self.this_update), end)


def revoked(reason: int | None = None) -> bytes:
    """Return the status of a certificate that was revoked for `reason`."""
    given = b"" if reason is None else explicit(0, tlv(0x0A, bytes([reason])))
    return tlv(0xA1, time(NOW - 7200) + given)


def answers(device: FakeDevice, *, place: int = 0, **changes: Any) -> list[bytes]:
    """Return the responses about a device's chain; `changes` are made to the answer about the one at `place`."""
    path = device.path
    pairs = [(at, path[at], path[at + 1]) for at in range(1, len(path) - 1)]
    return [
        replace(Answer(issuer, serial_of(one)), **(changes if at == place else {})).encode()
        for at, one, issuer in pairs
    ]


def responder(issuer: Signer, *, usage: bool = True, until: int = NOW + 86_400) -> Signer:
    """Return a responder that `issuer` certified, for OCSP if `usage` says so."""

    def extend(builder: Builder) -> Builder:
        wanted = ExtendedKeyUsageOID.OCSP_SIGNING if usage else ExtendedKeyUsageOID.CODE_SIGNING
        return leaf_extensions(builder).add_extension(x509.ExtendedKeyUsage([wanted]), critical=False)

    return issue(issuer, 90, not_before=NOW - 86_400, not_after=until, name="OCSP responder", extend=extend)


def signer_name(signer: Signer) -> bytes:
    """Return the DER of the subject's name."""
    return x509.load_der_x509_certificate(signer.certificate).subject.public_bytes()


def serial_of(signer: Signer) -> int:
    """Return the serial number of the certificate."""
    return x509.load_der_x509_certificate(signer.certificate).serial_number


def time(seconds: int) -> bytes:
    """Return a GeneralizedTime."""
    return tlv(0x18, datetime.fromtimestamp(seconds, UTC).strftime("%Y%m%d%H%M%SZ").encode())


def integer(number: int) -> bytes:
    """Return an INTEGER."""
    return tlv(0x02, number.to_bytes(number.bit_length() // 8 + 1))


def halves(raw: bytes) -> tuple[bytes, bytes]:
    """Return r and s."""
    return raw[: len(raw) // 2], raw[len(raw) // 2 :]


def device_nonce(enclave: Enclave) -> bytes:
    """Return the nonce that this enclave asks its devices with."""
    return binding.device_nonce(pk=enclave.pk, node=NODE, nonce=enclave.nonce)


def with_devices(
    devices: Mapping[str, FakeDevice],
    *,
    responses: list[bytes] | None = None,
    gpu: Callable[[dict[str, Any]], dict[str, Any]] = same,
    items: Callable[[Items], Items] = same,
    nonce: bytes | None = None,
    enclave: Enclave | None = None,
) -> Hooks:
    """Return hooks that put `devices` into the bundle of `enclave`, with all that they need to be accepted."""
    asked = device_nonce(enclave or Enclave()) if nonce is None else nonce
    made: Items = {label: (MEDIA_TYPE, one.item(asked)) for label, one in sorted(devices.items())}
    told = [one for device in devices.values() for one in answers(device)] if responses is None else responses
    made = items({**made, "nvidia-ocsp": (OCSP_TYPE, cbor.encode(list(told)))})
    ordered = [Item(label, *one) for label, one in made.items() if label != "nvidia-ocsp"]
    gpus = sum(label.startswith("gpu-") for label in devices)
    values = gpu(section(gpus, len(devices) - gpus))
    return Hooks(
        node=lambda node: replace(node, dev=binding.device_digest(ordered)),
        release=lambda leaf: {**leaf, "platforms": {**leaf["platforms"], "gpu": values}},  # type: ignore[dict-item]
        items=lambda whole: {**whole, **made},
    )


def device_document(**changes: Any) -> bytes:
    """Return the default policy for a simulated enclave with fake devices; `changes` are made to its section `gpu`."""
    document: dict[str, Any] = default_document(
        now=NOW, deployment="local", allow_simulated=True, roots=(Enclave().root.pin,)
    )
    document["trust_anchors"]["nvidia"] = [root().pin.hex()]
    counted = {"count": "from_release", "switches": "from_release"}
    document["fleet"] = {"platforms": [platform_id(Enclave().root.pin).hex()], "keys": []}
    return canonical.encode({**document, "gpu": {**document["gpu"], **counted, **changes}})


def device_policy(**changes: Any) -> Policy:
    """Return `device_document`, decoded."""
    return policy.decode(device_document(**changes))
