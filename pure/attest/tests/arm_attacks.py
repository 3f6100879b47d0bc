"""Attacks on Arm tokens as data: one change to an honest device, and every reason that follows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from attack import flipped
from privity_attest.testing.arm import (
    CCA_KEY,
    FIRMWARE,
    INSTANCE,
    PSA_KEY,
    REALM_KEY,
    CcaDevice,
    PsaDevice,
    cca_document,
    component,
    cose_key,
    key_of,
    legacy,
    newer,
    point,
    psa_document,
)
from privity_attest.testing.node import NodeHooks
from privity_protocol import cbor

OTHER_KEY = key_of(91)
ANOTHER = bytes(32)


@dataclass(frozen=True)
class ArmAttack:
    """A changed device, changed members of the policy's section, and changes after everything was made."""

    reasons: tuple[str, ...]
    device: Any
    policy: Mapping[str, object] = field(default_factory=dict)
    hooks: NodeHooks = field(default_factory=NodeHooks)
    pinned: Any = None
    """The key that the policy pins instead of the honest one; `()` for none."""


def psa(**claims: Any) -> PsaDevice:
    """A PSA device with changed claims, by `c` and the number of the key."""
    return PsaDevice(claims=changed(claims))


def changed(claims: Mapping[str, Any]) -> Callable[[Any], Any]:
    return lambda honest: {**honest, **{int(name[1:]): value for name, value in claims.items()}}


def without(*keys: int) -> Callable[[Any], Any]:
    return lambda honest: {key: value for key, value in honest.items() if key not in keys}


def platform(**claims: Any) -> CcaDevice:
    """A CCA device whose platform has changed claims."""
    return CcaDevice(platform=changed(claims))


def realm(**claims: Any) -> CcaDevice:
    """A CCA device whose realm has changed claims."""
    return CcaDevice(realm=changed(claims))


def registers(place: int, value: bytes) -> Callable[[Any], Any]:
    return lambda honest: {**honest, 44239: [value if at == place else one for at, one in enumerate(honest[44239])]}


def mac0(data: bytes) -> bytes:
    value = cbor.decode(data)
    assert isinstance(value, cbor.Tag)
    return cbor.encode(cbor.Tag(17, value.value))


def symmetric(data: bytes) -> bytes:
    value = cbor.decode(data)
    assert isinstance(value, cbor.Tag)
    assert isinstance(value.value, list)
    return cbor.encode([cbor.encode({1: 5}), *value.value[1:]])


def hinted(**hints: Any) -> Callable[[bytes], bytes]:
    """Put these headers, by `c` and the label, where no signature covers them."""

    def change(data: bytes) -> bytes:
        value = cbor.decode(data)
        assert isinstance(value, cbor.Tag)
        assert isinstance(value.value, list)
        protected, _, payload, signature = value.value
        return cbor.encode(cbor.Tag(18, [protected, changed(hints)({}), payload, signature]))

    return change


def flipped_end(data: bytes) -> bytes:
    return data[:-1] + flipped(data[-1:])


FORM, NOTHING = ("malformed:cpu",), ("measurement_mismatch:components",)
BIG = [component(f"c{at}", FIRMWARE[0]) for at in range(65)]
PSA = {
    "psa token that is authenticated": ArmAttack(("cose_mac0_not_verifiable:cpu",), PsaDevice(token=mac0)),
    "psa token with a symmetric algorithm": ArmAttack(("cose_mac0_not_verifiable:cpu",), PsaDevice(token=symmetric)),
    "psa token with an unknown algorithm": ArmAttack(("unsupported_algorithm:cpu",), PsaDevice(header={1: -36})),
    "psa token with another header": ArmAttack(FORM, PsaDevice(header={1: -7, 2: [1]})),
    "psa token with an unsigned algorithm": ArmAttack(FORM, PsaDevice(token=hinted(c1=-7))),
    "psa token with another unsigned header beside a key id": ArmAttack(
        FORM, PsaDevice(token=hinted(c4=b"key", c5=b"more"))
    ),
    "psa token with a key id that is text": ArmAttack(FORM, PsaDevice(token=hinted(c4="key"))),
    "psa token of another tag": ArmAttack(FORM, PsaDevice(tag=98)),
    "psa token with a byte behind it": ArmAttack(("trailing_data:cpu",), PsaDevice(token=lambda data: data + b"\0")),
    "psa token that ends early": ArmAttack(FORM, PsaDevice(token=lambda data: data[:-1])),
    "psa claims that are no map": ArmAttack(FORM, PsaDevice(claims=lambda honest: [1])),
    "psa profile of the future": ArmAttack(("unsupported_version:cpu",), psa(c265="http://arm.com/psa/3.0.0")),
    "psa profile that is the other set's": ArmAttack(("unsupported_version:cpu",), psa(c265="PSA_IOT_PROFILE_1")),
    "psa first profile by another name": ArmAttack(
        ("unsupported_version:cpu",),
        PsaDevice(claims=lambda honest: {**legacy(honest), -75000: "http://arm.com/psa/2.0.0"}),
    ),
    "psa claims of two sets": ArmAttack(
        FORM, PsaDevice(claims=lambda honest: {**honest, -75001: 1})
    ),
    "psa first set with a claim of the second": ArmAttack(
        FORM, PsaDevice(claims=lambda honest: {**legacy(honest), 2395: 0x3000})
    ),
    "psa without a nonce": ArmAttack(FORM, PsaDevice(claims=without(10))),
    "psa nonce of 33 bytes": ArmAttack(FORM, psa(c10=bytes(33))),
    "psa instance id of another type": ArmAttack(FORM, psa(c256=b"\2" + INSTANCE[1:])),
    "psa instance id of 32 bytes": ArmAttack(FORM, psa(c256=INSTANCE[:-1])),
    "psa implementation id of 33 bytes": ArmAttack(FORM, psa(c2396=bytes(33))),
    "psa lifecycle above its range": ArmAttack(FORM, psa(c2395=0x10000)),
    "psa lifecycle that is text": ArmAttack(FORM, psa(c2395="secured")),
    "psa lifecycle that is true": ArmAttack(FORM, psa(c2395=True)),
    "psa client beyond 31 bits": ArmAttack(FORM, psa(c2394=2**31)),
    "psa boot seed of 33 bytes": ArmAttack(FORM, psa(c2397=bytes(33))),
    "psa without components": ArmAttack(FORM, PsaDevice(claims=without(2399))),
    "psa with no component": ArmAttack(FORM, psa(c2399=[])),
    "psa with 65 components": ArmAttack(FORM, psa(c2399=BIG)),
    "psa component without a signer": ArmAttack(FORM, psa(c2399=[{1: "SPE", 2: FIRMWARE[0]}])),
    "psa component without a value": ArmAttack(FORM, psa(c2399=[{1: "SPE", 5: FIRMWARE[0]}])),
    "psa component that is text": ArmAttack(FORM, psa(c2399=["SPE"])),
    "psa text of 257 characters": ArmAttack(FORM, psa(c2400="x" * 257)),
    "psa key that nobody pinned": ArmAttack(("trust_anchor_not_pinned:cpu",), PsaDevice(), pinned=()),
    "psa key that is another": ArmAttack(("token_signature:cpu",), PsaDevice(key=OTHER_KEY)),
    "psa key on another curve": ArmAttack(("token_signature:cpu",), PsaDevice(), pinned=CCA_KEY),
    "psa signature changed": ArmAttack(("token_signature:cpu",), PsaDevice(token=flipped_end)),
    "psa device that is being made": ArmAttack(("lifecycle:0x1000",), psa(c2395=0x1000)),
    "psa device that can be debugged": ArmAttack(
        ("policy_below_floor:psa.lifecycle", "lifecycle:0x4000"), psa(c2395=0x4000), {"lifecycle": [0x4000]}
    ),
    "psa secured state that the policy does not name": ArmAttack(("lifecycle:0x3001",), psa(c2395=0x3001)),
    "psa program of the normal world": ArmAttack(("client_partition:-1",), psa(c2394=-1)),
    "psa client 0": ArmAttack(("client_partition:0",), psa(c2394=0), {"partitions": {"unchecked": "any"}}),
    "psa partition that the policy does not name": ArmAttack(("client_partition:3003",), psa(c2394=3003)),
    "psa implementation that the policy does not name": ArmAttack(
        ("measurement_mismatch:implementation",), psa(c2396=ANOTHER)
    ),
    "psa firmware that the policy does not name": ArmAttack(
        ("measurement_mismatch:component-1",), psa(c2399=[component("SPE", FIRMWARE[0]), component("x", ANOTHER)])
    ),
    "psa firmware that nobody measured": ArmAttack(
        NOTHING, PsaDevice(claims=lambda honest: {**legacy(without(2399)(honest)), -75007: 1})
    ),
    "psa measured and not measured": ArmAttack(FORM, PsaDevice(claims=lambda honest: {**legacy(honest), -75007: 1})),
    "psa token of another node": ArmAttack(("binding_mismatch",), psa(c10=bytes(64))),
    "psa token with half the hash": ArmAttack(("binding_mismatch",), psa(c10=bytes(32))),
    "psa instance that is another": ArmAttack(
        ("platform_not_listed", "platform_mismatch:id"), psa(c256=b"\1" + bytes(32))
    ),
    "psa log that nobody can replay": ArmAttack(
        ("label_unknown:runtime-log",), PsaDevice(),
        hooks=NodeHooks(items=lambda items: {**items, "runtime-log": ("runtime-log", b"")}),
    ),
}  # fmt: skip
ZERO = bytes(32)
CCA = {
    "cca collection of another tag": ArmAttack(FORM, CcaDevice(collection=lambda tag: cbor.Tag(400, tag.value))),
    "cca collection without a tag": ArmAttack(FORM, CcaDevice(collection=lambda tag: tag.value)),
    "cca collection with a third token": ArmAttack(
        FORM, CcaDevice(collection=lambda tag: cbor.Tag(399, {**tag.value, 44242: b""}))
    ),
    "cca collection without the realm": ArmAttack(
        FORM, CcaDevice(collection=lambda tag: cbor.Tag(399, {44234: tag.value[44234]}))
    ),
    "cca collection with a byte behind it": ArmAttack(
        ("trailing_data:cpu",), CcaDevice(token=lambda data: data + b"\0")
    ),
    "cca platform token that is authenticated": ArmAttack(
        ("cose_mac0_not_verifiable:cpu",), CcaDevice(platform_token=mac0)
    ),
    "cca realm token that is authenticated": ArmAttack(
        ("cose_mac0_not_verifiable:cpu",), CcaDevice(realm_token=mac0)
    ),
    "cca platform of the future": ArmAttack(
        ("unsupported_version:cpu",), platform(c265="tag:arm.com,2026:cca_platform#2.0.0")
    ),
    "cca realm of the future": ArmAttack(("unsupported_version:cpu",), realm(c265="tag:arm.com,2026:realm#2.0.0")),
    "cca platform without a profile": ArmAttack(("unsupported_version:cpu",), CcaDevice(platform=without(265))),
    "cca platform without its hash": ArmAttack(FORM, CcaDevice(platform=without(2402))),
    "cca platform with an unknown hash": ArmAttack(FORM, platform(c2402="md5")),
    "cca configuration of 1025 bytes": ArmAttack(FORM, platform(c2401=bytes(1025))),
    "cca component without a signer": ArmAttack(FORM, platform(c2399=[{1: "BL", 2: FIRMWARE[0]}])),
    "cca realm with an unknown hash": ArmAttack(FORM, realm(c44236="md5")),
    "cca challenge of 32 bytes": ArmAttack(FORM, realm(c10=bytes(32))),
    "cca personalisation of 63 bytes": ArmAttack(FORM, realm(c44235=bytes(63))),
    "cca measurement of another size": ArmAttack(FORM, realm(c44238=bytes(48))),
    "cca with three registers": ArmAttack(FORM, realm(c44239=[ZERO] * 3)),
    "cca with a register of another size": ArmAttack(FORM, realm(c44239=[ZERO] * 3 + [bytes(48)])),
    "cca raw key of another size": ArmAttack(FORM, realm(c44237=point(REALM_KEY)[:-1])),
    "cca raw key that is compressed": ArmAttack(FORM, realm(c44237=b"\2" + point(REALM_KEY)[1:])),
    "cca key that is encoded as the other profile does": ArmAttack(FORM, realm(c44237=cose_key(REALM_KEY))),
    "cca newer realm with a raw key": ArmAttack(
        ("trailing_data:cpu",), CcaDevice(realm=lambda honest: {**newer(honest), 44237: honest[44237]})
    ),
    "cca newer realm with a key of another type": ArmAttack(
        FORM, CcaDevice(realm=lambda honest: {**newer(honest), 44237: cbor.encode({1: 4, -1: b"secret"})})
    ),
    "cca newer realm with a key on another curve": ArmAttack(
        FORM, CcaDevice(realm=lambda honest: {**newer(honest), 44237: cbor.encode({1: 2, -1: 3, -2: ZERO, -3: ZERO})})
    ),
    "cca newer realm with half a key": ArmAttack(
        FORM, CcaDevice(realm=lambda honest: {**newer(honest), 44237: cbor.encode({1: 2, -1: 2, -2: bytes(48)})})
    ),
    "cca key that nobody pinned": ArmAttack(("trust_anchor_not_pinned:cpu",), CcaDevice(), pinned=()),
    "cca key that is another": ArmAttack(("token_signature:cpu",), CcaDevice(), pinned=PSA_KEY),
    "cca platform signature changed": ArmAttack(("token_signature:cpu",), CcaDevice(platform_token=flipped_end)),
    "cca realm signature changed": ArmAttack(("token_signature:realm",), CcaDevice(realm_token=flipped_end)),
    "cca realm that another key signed": ArmAttack(
        ("token_signature:realm",), CcaDevice(realm_key=key_of(92, REALM_KEY.curve))
    ),
    "cca realm key that the platform does not know": ArmAttack(("key_binding:realm",), platform(c10=ZERO)),
    "cca realm of another platform": ArmAttack(
        ("token_signature:cpu", "token_signature:realm", "key_binding:realm"),
        CcaDevice(
            key=key_of(93, CCA_KEY.curve), realm_key=key_of(92, REALM_KEY.curve), platform=changed({"c10": ZERO})
        ),
    ),
    "cca realm key whose hash is another one": ArmAttack(("key_binding:realm",), realm(c44240="sha-512")),
    "cca realm key that is no point": ArmAttack(
        ("token_signature:realm",), realm(c44237=b"\4" + bytes(96))
    ),
    "cca platform that is being made": ArmAttack(("lifecycle:0x1000",), platform(c2395=0x1000)),
    "cca platform that can be debugged": ArmAttack(
        ("policy_below_floor:cca.lifecycle", "lifecycle:0x5000"), platform(c2395=0x5000), {"lifecycle": [0x5000]}
    ),
    "cca implementation that the policy does not name": ArmAttack(
        ("measurement_mismatch:implementation",), platform(c2396=ANOTHER)
    ),
    "cca firmware that the policy does not name": ArmAttack(
        ("measurement_mismatch:component-0", "measurement_mismatch:component-1"), CcaDevice(), {"components": []}
    ),
    "cca realm that the policy does not name": ArmAttack(("measurement_mismatch:rim",), realm(c44238=ANOTHER)),
    "cca register that the policy does not name": ArmAttack(
        ("measurement_mismatch:rem2",), CcaDevice(realm=registers(2, b"\1" * 32))
    ),
    "cca registers that nobody named": ArmAttack(
        tuple(f"measurement_mismatch:rem{index}" for index in (1, 2, 3)), CcaDevice(), {"rem": []}
    ),
    "cca log of another register": ArmAttack(("event_log_replay:rem0",), CcaDevice(realm=registers(0, ZERO))),
    "cca without a log": ArmAttack(
        ("label_missing:runtime-log",), CcaDevice(),
        hooks=NodeHooks(items=lambda items: {name: one for name, one in items.items() if name != "runtime-log"}),
    ),
    "cca token of another node": ArmAttack(("binding_mismatch",), realm(c10=bytes(64))),
    "cca instance that is another": ArmAttack(
        ("platform_not_listed", "platform_mismatch:id"), platform(c256=b"\1" + bytes(32))
    ),
}  # fmt: skip
ACCEPTED = {
    "psa honest": ArmAttack((), PsaDevice()),
    "psa without a tag": ArmAttack((), PsaDevice(tag=None)),
    "psa with an unsigned key id": ArmAttack((), PsaDevice(token=hinted(c4=b"key"))),
    "psa first profile": ArmAttack((), PsaDevice(claims=legacy)),
    "psa first profile without its name": ArmAttack(
        (), PsaDevice(claims=lambda honest: without(-75000)(legacy(honest)))
    ),
    "psa profile of the RFC": ArmAttack((), psa(c265="tag:psacertified.org,2023:psa#tfm")),
    "psa without what is optional": ArmAttack((), PsaDevice(claims=without(2397, 2398, 2400))),
    "psa with 8 bytes of boot seed": ArmAttack((), psa(c2397=bytes(8))),
    "psa with unknown claims": ArmAttack((), PsaDevice(claims=lambda honest: {**honest, 2500: "unknown", "text": 1})),
    "psa with 64 components": ArmAttack((), psa(c2399=BIG[:64])),
    "psa with a text of 256 characters": ArmAttack((), psa(c2400="x" * 256)),
    "psa with everything unchecked that may be": ArmAttack(
        (), PsaDevice(),
        {name: {"unchecked": "decided"} for name in ("implementation_ids", "components", "partitions", "rim", "rem")},
    ),
    "cca honest": ArmAttack((), CcaDevice()),
    "cca with unsigned key ids": ArmAttack(
        (), CcaDevice(platform_token=hinted(c4=b"platform"), realm_token=hinted(c4=b"realm"))
    ),
    "cca newer realm": ArmAttack((), CcaDevice(realm=newer)),
    "cca newer platform": ArmAttack((), platform(c265="tag:arm.com,2023:cca_platform#1.0.0", c2401=b"")),
    "cca without a service": ArmAttack((), CcaDevice(platform=without(2400))),
    "cca with 1024 bytes of configuration": ArmAttack((), platform(c2401=bytes(1024))),
    "cca with everything unchecked that may be": ArmAttack(
        (), CcaDevice(),
        {name: {"unchecked": "decided"} for name in ("implementation_ids", "components", "partitions", "rim", "rem")},
    ),
}  # fmt: skip


def document_for(attack: ArmAttack) -> bytes:
    """The policy document of an attack: its pinned key and its changed members."""
    is_psa = isinstance(attack.device, PsaDevice)
    honest = PSA_KEY if is_psa else CCA_KEY
    key = None if attack.pinned == () else attack.pinned or honest
    return (psa_document if is_psa else cca_document)(key, **attack.policy)
