"""Attacks on devices as data: one change to an honest pair of GPU and switch, and every reason that follows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from attack import flipped
from cryptography import x509
from privity_attest.testing.bundle import NOW
from privity_attest.testing.der import tlv
from privity_attest.testing.nvidia import (
    RIMS,
    SWITCH_VBIOS,
    FakeDevice,
    answers,
    block,
    dice,
    family,
    golden,
    issuers,
    leaf_of,
    opaque,
    responder,
    revoked,
    root,
    switch,
    value,
)
from privity_attest.testing.root import key_usage, make_root
from privity_protocol import cbor

GPU, SWITCH = FakeDevice(), switch(number=5)
HONEST: Mapping[str, FakeDevice] = {"gpu-0": GPU, "switch-0": SWITCH}
OTHER_ROOT = make_root(71, now=NOW, name="NVIDIA Device Identity CA")
"""Another key under the same name."""
HELD, REVOKED, UNKNOWN = revoked(6), revoked(1), tlv(0x82, b"")


@dataclass(frozen=True)
class DeviceAttack:
    """`devices` by label, `responses` instead of the honest ones, changed release section, items and policy section."""

    reasons: tuple[str, ...]
    devices: Mapping[str, FakeDevice] = field(default_factory=lambda: HONEST)
    responses: tuple[bytes, ...] | None = None
    gpu: Callable[[dict[str, Any]], dict[str, Any]] = lambda section: section
    items: Callable[[Any], Any] = lambda items: items
    policy: Mapping[str, Any] = field(default_factory=dict)
    now: int = NOW


def gpu(**changes: Any) -> dict[str, FakeDevice]:
    """The honest pair with a changed GPU."""
    return {**HONEST, "gpu-0": replace(GPU, **changes)}


def told(*, about: FakeDevice = GPU, place: int = 1, **changes: Any) -> tuple[bytes, ...]:
    """The honest responses, one about the GPU changed; the switch shares the family's."""
    return tuple(dict.fromkeys([*answers(about, place=place, **changes), *answers(SWITCH)[: 3 if place < 3 else 2]]))


def released(**changes: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Change the release's section."""
    return lambda section: {**section, **changes}


def item(label: str, data: bytes) -> Callable[[Any], Any]:
    """Replace one item."""
    return lambda items: {**items, label: (items[label][0], data)}


def without(label: str) -> Callable[[Any], Any]:
    """Leave one item out."""
    return lambda items: {name: one for name, one in items.items() if name != label}


def patched(at: int, content: bytes) -> Callable[[bytes], bytes]:
    """Change bytes of the messages before they are signed."""
    return lambda data: data[:at] + content + data[at + len(content) :]


def record_of(*blocks: bytes, count: int | None = None) -> Callable[[bytes], bytes]:
    """Put these measurement blocks in the place of the honest ones."""
    record = b"".join(blocks)

    def change(data: bytes) -> bytes:
        end = 45 + int.from_bytes(data[42:45], "little")
        header = bytes([len(blocks) if count is None else count]) + len(record).to_bytes(3, "little")
        return data[:41] + header + record + data[end:]

    return change


def fields_of(fields: bytes) -> Callable[[bytes], bytes]:
    """Put these opaque fields in the place of the honest ones."""

    def change(data: bytes) -> bytes:
        at = 45 + int.from_bytes(data[42:45], "little") + 32
        return data[:at] + len(fields).to_bytes(2, "little") + fields

    return change


def unusable(builder: x509.CertificateBuilder) -> x509.CertificateBuilder:
    return builder.add_extension(key_usage(sign_certificates=True), critical=True)


def critical(builder: x509.CertificateBuilder) -> x509.CertificateBuilder:
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"")
    return leaf_of(dice(GPU.identity or bytes(48)))(builder).add_extension(unknown, critical=True)


def longer(chain: list[bytes]) -> list[bytes]:
    return [*chain, chain[-1]]


def exchanged(chain: list[bytes]) -> list[bytes]:
    return [chain[0], chain[2], chain[1], *chain[3:]]


FIRST = tuple(block(index, value(index)) for index in (1, 2, 36))
BIG = 1024 - len(opaque(3, b"550.90.07\0")) - len(opaque(6, bytes(8))) - len(opaque(20, bytes(48))) - 4
PARSE = {
    "gpu of another protocol version": DeviceAttack(
        ("unsupported_version:gpu-0",), gpu(message=patched(0, b"\x12"))
    ),
    "gpu that answers in another version": DeviceAttack(
        ("unsupported_version:gpu-0",), gpu(message=patched(37, b"\x12"))
    ),
    "gpu that was asked something else": DeviceAttack(("malformed:gpu-0",), gpu(message=patched(1, b"\x81"))),
    "gpu that was asked without signature": DeviceAttack(("malformed:gpu-0",), gpu(message=patched(2, b"\0"))),
    "gpu that was asked for one measurement": DeviceAttack(("malformed:gpu-0",), gpu(message=patched(3, b"\1"))),
    "gpu that was asked through slot 8": DeviceAttack(("malformed:gpu-0",), gpu(message=patched(36, b"\x08"))),
    "gpu that answers something else": DeviceAttack(("malformed:gpu-0",), gpu(message=patched(38, b"\x61"))),
    "gpu that counts a block too many": DeviceAttack(
        ("malformed:gpu-0",), gpu(message=record_of(*FIRST, count=4))
    ),
    "gpu that counts a block too few": DeviceAttack(
        ("malformed:gpu-0",), gpu(message=record_of(*FIRST, count=2))
    ),
    "gpu with one index twice": DeviceAttack(("malformed:gpu-0",), gpu(message=record_of(*FIRST, FIRST[0], count=3))),
    "gpu with index 0": DeviceAttack(("malformed:gpu-0",), gpu(message=record_of(block(0, value(1))))),
    "gpu with measurements of another specification": DeviceAttack(
        ("malformed:gpu-0",), gpu(message=record_of(block(1, value(1), specification=2)))
    ),
    "gpu with a block that ends early": DeviceAttack(("malformed:gpu-0",), gpu(message=record_of(FIRST[0][:-1]))),
    "gpu with a block too short for its header": DeviceAttack(
        ("malformed:gpu-0",), gpu(message=record_of(bytes.fromhex("010102000130")))
    ),
    "gpu with two sizes of one value": DeviceAttack(
        ("malformed:gpu-0",), gpu(message=record_of(FIRST[0][:5] + b"\x2f\0" + FIRST[0][7:]))
    ),
    "gpu with one opaque field twice": DeviceAttack(
        ("malformed:gpu-0",), gpu(message=fields_of(opaque(3, b"1") * 2))
    ),
    "gpu with an opaque field that ends early": DeviceAttack(
        ("malformed:gpu-0",), gpu(message=fields_of(opaque(3, b"123")[:-1]))
    ),
    "gpu with 1025 bytes of opaque fields": DeviceAttack(
        ("malformed:gpu-0",), gpu(opaque={99: bytes(BIG + 1)})
    ),
    "gpu with a byte behind the signature": DeviceAttack(
        ("trailing_data:gpu-0",), gpu(signed=lambda data: data + b"\1")
    ),
    "gpu with two zero bytes behind the signature": DeviceAttack(
        ("trailing_data:gpu-0",), gpu(signed=lambda data: data + b"\0\0")
    ),
    "gpu with a short signature": DeviceAttack(("malformed:gpu-0",), gpu(signed=lambda data: data[:-1])),
    "item with something behind it": DeviceAttack(
        ("trailing_data:gpu-0",), items=lambda items: item("gpu-0", items["gpu-0"][1] + b"\0")(items)
    ),
    "item of another shape": DeviceAttack(("malformed:gpu-0",), items=item("gpu-0", cbor.encode([b"", [], 1]))),
    "item without certificates": DeviceAttack(("malformed:gpu-0",), gpu(chain=lambda chain: [])),
    "item with nine certificates": DeviceAttack(("malformed:gpu-0",), gpu(chain=lambda chain: chain + chain[:4])),
    "item with a certificate that is text": DeviceAttack(
        ("malformed:gpu-0",), gpu(chain=lambda chain: [*chain[:4], "root"])
    ),
    "responses that are none": DeviceAttack(("malformed:nvidia-ocsp",), items=item("nvidia-ocsp", cbor.encode([b"x"]))),
    "responses that are no bytes": DeviceAttack(
        ("malformed:nvidia-ocsp",), items=item("nvidia-ocsp", cbor.encode([1]))
    ),
    "responses with something behind them": DeviceAttack(
        ("trailing_data:nvidia-ocsp",), items=item("nvidia-ocsp", cbor.encode([]) + b"\0")
    ),
    "65 responses": DeviceAttack(
        ("malformed:nvidia-ocsp",), items=item("nvidia-ocsp", cbor.encode([answers(GPU)[0]] * 65))
    ),
}  # fmt: skip
_CHAIN = ("certificate_chain:gpu-0",)
CHAIN = {
    "certificate that is none": DeviceAttack(
        ("certificate_malformed:gpu-0",), gpu(chain=lambda chain: [*chain[:4], b"root"])
    ),
    "four certificates": DeviceAttack(
        (*_CHAIN, "ocsp_mismatch:gpu-0:2"), gpu(chain=lambda chain: [*chain[:3], chain[4]])
    ),
    "six certificates": DeviceAttack(
        (*_CHAIN, "ocsp_missing:gpu-0:4"), gpu(chain=longer), responses=told(place=0)
    ),
    "certificates in another order": DeviceAttack(
        (*_CHAIN, "ocsp_mismatch:gpu-0:1", "ocsp_mismatch:gpu-0:2"), gpu(chain=exchanged)
    ),
    "leaf of another device": DeviceAttack(
        (*_CHAIN, "evidence_signature:gpu-0"),
        gpu(chain=lambda chain: [FakeDevice(number=1).path[0].certificate, *chain[1:]]),
    ),
    "leaf that may not sign data": DeviceAttack(
        ("certificate_profile:gpu-0",), gpu(leaf=unusable)
    ),
    "leaf with a critical extension": DeviceAttack(("certificate_profile:gpu-0",), gpu(leaf=critical)),
    "issuer that has ended": DeviceAttack(
        ("certificate_expired:gpu-0",), gpu(until=NOW - 1), responses=told(about=replace(GPU, until=NOW - 1))
    ),
    "leaf of the future": DeviceAttack(("certificate_not_yet_valid:gpu-0",), gpu(since=NOW + 1)),
    "root that nobody named": DeviceAttack(
        ("root_not_pinned:gpu-0",), gpu(top=OTHER_ROOT), responses=told(about=replace(GPU, top=OTHER_ROOT)),
    ),
}  # fmt: skip
PROVISIONER = issuers(0, "GH100")[1]
OCSP = {
    "no responses at all": DeviceAttack(
        tuple(f"ocsp_missing:{label}:{place}" for label in HONEST for place in (1, 2, 3)), items=without("nvidia-ocsp")
    ),
    "no response about the nearest issuer": DeviceAttack(
        ("ocsp_missing:gpu-0:1",), responses=(*answers(GPU)[1:], *answers(SWITCH)[:2])
    ),
    "response about the same number of another issuer": DeviceAttack(
        ("ocsp_mismatch:gpu-0:1",), responses=told(issuer=family(), signer=family())
    ),
    "response with hashes by another algorithm": DeviceAttack(
        ("ocsp_mismatch:gpu-0:1",), responses=told(algorithm=bytes.fromhex("2b0e03021a"))
    ),
    "response that was changed": DeviceAttack(
        ("ocsp_signature:gpu-0:1",), responses=told(signed=lambda data: data[:-2] + flipped(data[-2:]))
    ),
    "response that a stranger signed": DeviceAttack(
        ("ocsp_signature:gpu-0:1",), responses=told(signer=root(), certificates=(root().certificate,))
    ),
    "responder without the usage": DeviceAttack(
        ("ocsp_signature:gpu-0:1",),
        responses=told(
            signer=responder(PROVISIONER, usage=False),
            certificates=(responder(PROVISIONER, usage=False).certificate,),
        ),
    ),
    "responder that has ended": DeviceAttack(
        ("ocsp_signature:gpu-0:1",),
        responses=told(
            signer=responder(PROVISIONER, until=NOW - 1),
            certificates=(responder(PROVISIONER, until=NOW - 1).certificate,),
        ),
    ),
    "responder of another issuer": DeviceAttack(
        ("ocsp_signature:gpu-0:1",),
        responses=told(signer=responder(family()), certificates=(responder(family()).certificate,)),
    ),
    "responder that is not there": DeviceAttack(
        ("ocsp_signature:gpu-0:1",), responses=told(signer=responder(PROVISIONER))
    ),
    "response that has ended": DeviceAttack(("ocsp_expired:gpu-0:1",), responses=told(next_update=NOW - 1)),
    "response without an end": DeviceAttack(("ocsp_expired:gpu-0:1",), responses=told(next_update=None)),
    "response of the future": DeviceAttack(("ocsp_expired:gpu-0:1",), responses=told(this_update=NOW + 301)),
    "response older than the policy takes": DeviceAttack(
        ("ocsp_expired:gpu-0:1",), responses=told(this_update=NOW - 7 * 86_400 - 1)
    ),
    "certificate that is revoked": DeviceAttack(("certificate_revoked:gpu-0:1",), responses=told(status=REVOKED)),
    "certificate that is revoked without a reason": DeviceAttack(
        ("certificate_revoked:gpu-0:1",), responses=told(status=revoked())
    ),
    "family that is revoked": DeviceAttack(
        ("certificate_revoked:gpu-0:3", "certificate_revoked:switch-0:3"), responses=told(place=3, status=REVOKED)
    ),
    "certificate on hold": DeviceAttack(("certificate_on_hold:gpu-0:1",), responses=told(status=HELD)),
    "certificate that nobody knows": DeviceAttack(("ocsp_unknown:gpu-0:1",), responses=told(status=UNKNOWN)),
    "revocation beside an older good answer": DeviceAttack(
        ("certificate_revoked:gpu-0:1",), responses=(*told(), *told(status=REVOKED)[:1])
    ),
    "revoked although OCSP is not required": DeviceAttack(
        ("certificate_revoked:gpu-0:1",), responses=told(status=REVOKED)[:1], policy={"require_ocsp": False}
    ),
}  # fmt: skip
SIGNATURE = {
    "measurement changed after signing": DeviceAttack(
        ("evidence_signature:gpu-0",), gpu(signed=lambda data: data[:60] + flipped(data[60:]))
    ),
    "nonce changed after signing": DeviceAttack(
        ("evidence_signature:gpu-0",), gpu(signed=lambda data: data[:4] + flipped(data[4:]))
    ),
    "signature changed": DeviceAttack(
        ("evidence_signature:gpu-0",), gpu(signed=lambda data: data[:-1] + flipped(data[-1:]))
    ),
    "signature of another device": DeviceAttack(
        ("evidence_signature:gpu-0",),
        gpu(signed=lambda data: data[:-96] + FakeDevice(number=1).path[0].sign_raw(data[:-96])),
    ),
    "signature of a broken chain": DeviceAttack(
        (*_CHAIN, "ocsp_mismatch:gpu-0:2", "evidence_signature:gpu-0"),
        gpu(chain=lambda chain: [*chain[:3], chain[4]], signed=lambda data: data[:-1] + flipped(data[-1:])),
    ),
}  # fmt: skip
DIFFERENT = bytes.fromhex("009f009602000000")
DEVICES = {
    "nonce of another window": DeviceAttack(("device_nonce:gpu-0", "device_nonce:switch-0")),
    "switch in the place of a GPU": DeviceAttack(
        ("device_kind:gpu-0:role",), {"gpu-0": switch(number=6), "switch-0": SWITCH},
        responses=(*told(about=switch(number=6), place=0),),
    ),
    "chip that the release does not list": DeviceAttack(("device_kind:gpu-0",), gpu=released(device_kinds=["LS10"])),
    "chip that the policy does not list": DeviceAttack(
        ("device_kind:switch-0",), policy={"device_kinds": ["GH100"]}
    ),
    "firmware that the leaf was not made for": DeviceAttack(
        ("firmware_identity:gpu-0", "firmware_identity:gpu-0:not_listed"), gpu(identity=bytes(48))
    ),
    "gpu without a firmware identity": DeviceAttack(
        ("firmware_identity:gpu-0", "firmware_identity:gpu-0:not_listed"),
        gpu(message=fields_of(opaque(3, b"550.90.07\0") + opaque(6, GPU.vbios))),
    ),
    "leaf without a firmware identity": DeviceAttack(("firmware_identity:gpu-0",), gpu(leaf=leaf_of(None))),
    "leaf with a shorter firmware identity": DeviceAttack(
        ("firmware_identity:gpu-0",), gpu(leaf=leaf_of(dice(bytes(32))))
    ),
    "leaf with an extension that is no DER": DeviceAttack(("firmware_identity:gpu-0",), gpu(leaf=leaf_of(b"\x30"))),
    "firmware that the release does not list": DeviceAttack(
        ("firmware_identity:gpu-0:not_listed",), gpu=released(firmware_ids=["00" * 48])
    ),
    "driver that the release does not list": DeviceAttack(
        ("driver_not_allowed:gpu-0", "rim_missing:gpu-0:driver"), gpu(driver="550.90.08")
    ),
    "driver that the policy does not list": DeviceAttack(
        ("driver_not_allowed:gpu-0",), policy={"drivers": ["570.1"]}
    ),
    "vbios that the release does not list": DeviceAttack(
        ("vbios_not_allowed:gpu-0", "rim_missing:gpu-0:vbios"), gpu(vbios=DIFFERENT)
    ),
    "vbios of another size": DeviceAttack(
        ("vbios_not_allowed:gpu-0", "rim_missing:gpu-0:vbios"), gpu(vbios=GPU.vbios[:5])
    ),
    "vbios of a switch that is no text": DeviceAttack(
        ("vbios_not_allowed:switch-0", "rim_missing:switch-0:vbios"),
        {**HONEST, "switch-0": switch(number=5, vbios=bytes(8))},
    ),
    "release without manifests": DeviceAttack(
        ("rim_missing:gpu-0:driver", "rim_missing:gpu-0:vbios", "rim_missing:switch-0:vbios"), gpu=released(golden=[])
    ),
    "release without the manifest of the driver": DeviceAttack(
        ("rim_missing:gpu-0:driver",), gpu=lambda section: {**section, "golden": section["golden"][1:]}
    ),
    "manifest without active measurements": DeviceAttack(
        ("rim_missing:switch-0:vbios",),
        gpu=lambda section: {
            **section, "golden": [*section["golden"][:2], golden("LS10", SWITCH_VBIOS, RIMS["switch"], {})]
        },
    ),
    "manifest that the policy does not name": DeviceAttack(
        ("rim_missing:gpu-0:vbios",), policy={"golden": [RIMS["driver"].hex(), RIMS["switch"].hex()]}
    ),
    "two manifests that name one index": DeviceAttack(
        ("rim_conflict:switch-0:1",),
        gpu=lambda section: {
            **section, "golden": [*section["golden"], golden("LS10", SWITCH_VBIOS, b"\4" * 32, {1: [value(1)]})]
        },
    ),
    "manifest whose signers have ended": DeviceAttack(
        ("rim_expired:switch-0:96.10.55.00.01",),
        gpu=lambda section: {
            **section, "golden": [*section["golden"][:2], {**section["golden"][2], "expires": NOW - 1}]
        },
    ),
    "measurement that is another": DeviceAttack(
        ("rim_mismatch:gpu-0:2", "rim_mismatch:gpu-0:36"), gpu(measurements={1: bytes(48), 2: value(1), 36: value(2)})
    ),
    "measurement that is missing": DeviceAttack(
        ("rim_mismatch:gpu-0:36",), gpu(measurements={1: value(1), 2: value(2)})
    ),
    "measurement of a decoder that is on": DeviceAttack(
        ("rim_mismatch:gpu-0:36",), gpu(measurements={1: value(1), 2: value(2), 36: bytes(48)}, opaque={11: b"\xaa"})
    ),
    "two devices with one key": DeviceAttack(("device_duplicate:gpu-1",), {**HONEST, "gpu-1": GPU}),
    "fewer devices than the release counts": DeviceAttack(
        ("device_missing:gpu",), gpu=lambda section: {**section, "count": 2}
    ),
    "more devices than the policy counts": DeviceAttack(("device_count:gpu",), policy={"count": 0}),
    "more switches than the policy counts": DeviceAttack(("device_count:switch",), policy={"switches": 0}),
}  # fmt: skip
ATTACKS = {**PARSE, **CHAIN, **OCSP, **SIGNATURE, **DEVICES}
ACCEPTED = {
    "honest": DeviceAttack(()),
    "one zero byte behind the signature": DeviceAttack((), gpu(signed=lambda data: data + b"\0")),
    "hold that is allowed": DeviceAttack((), responses=told(status=HELD), policy={"allow_hold": True}),
    "response within the skew of clocks": DeviceAttack((), responses=told(this_update=NOW + 300)),
    "response in its last second": DeviceAttack((), responses=told(next_update=NOW)),
    "opaque fields that nobody knows": DeviceAttack((), gpu(opaque={99: bytes(1)})),
    "decoder that is off and not measured": DeviceAttack(
        (), gpu(measurements={1: value(1), 2: value(2), 36: bytes(48)}, opaque={11: b"\x55"})
    ),
    "second hash of several": DeviceAttack((), gpu(measurements={1: bytes(48), 2: value(2), 36: value(36)})),
    "responder that the issuer certified": DeviceAttack(
        (), responses=told(signer=responder(PROVISIONER), certificates=(responder(PROVISIONER).certificate,))
    ),
    "responder named by its key": DeviceAttack(
        (),
        responses=told(
            signer=responder(PROVISIONER), certificates=(responder(PROVISIONER).certificate,), by_name=False
        ),
    ),
    "issuer named by its key": DeviceAttack((), responses=told(by_name=False)),
    "manifests that ended as long ago as the policy takes": DeviceAttack(
        (),
        gpu=lambda section: {
            **section, "golden": [{**one, "expires": NOW - 2 * 86_400} for one in section["golden"]]
        },
        policy={"rim_expired_days": 2},
    ),
    "OCSP that is neither required nor there": DeviceAttack((), responses=(), policy={"require_ocsp": False}),
    "everything unchecked that may be": DeviceAttack(
        (),
        policy={
            name: {"unchecked": "decided"}
            for name in ("device_kinds", "drivers", "vbios", "firmware_ids", "require_ocsp")
        },
    ),
}  # fmt: skip
