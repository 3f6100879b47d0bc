"""Fake Arm devices: PSA and CCA tokens under keys of small numbers, and whole bundles around them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256, sha384
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from privity_protocol import binding, cbor

from privity_attest import policy
from privity_attest.event_log import Event
from privity_attest.policy import Policy
from privity_attest.testing.bundle import Items, same
from privity_attest.testing.node import Built, Machine, NodeHooks, build, policy_document

Claims = dict[cbor.Key, cbor.Value]
Key = ec.EllipticCurvePrivateKey
INSTANCE: Final = b"\1" + sha256(b"instance").digest()
IMPLEMENTATION: Final = sha256(b"implementation").digest()
FIRMWARE: Final = (sha256(b"SPE").digest(), sha256(b"NSPE").digest())
RIM: Final = sha256(b"realm image").digest()
CLIENT: Final = 3002
SECURED: Final = 0x3000
PLAIN: Final = NodeHooks()
PLATFORM_ID: Final = sha256(INSTANCE).digest()


def key_of(number: int, curve: ec.EllipticCurve | None = None) -> Key:
    """Return the key of a small number, on P-256 unless `curve` is given: for tests only."""
    return ec.derive_private_key(number, curve or ec.SECP256R1())


PSA_KEY: Final = key_of(81)
CCA_KEY: Final = key_of(82, ec.SECP384R1())
REALM_KEY: Final = key_of(83, ec.SECP384R1())


def spki(key: Key) -> bytes:
    """Return the SubjectPublicKeyInfo, as a policy pins it."""
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def point(key: Key) -> bytes:
    """Return the uncompressed point."""
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def cose_key(key: Key) -> bytes:
    """Return the COSE_Key of a key on P-256 or P-384."""
    encoded = point(key)[1:]
    size = len(encoded) // 2
    return cbor.encode({1: 2, -1: 1 if size == 32 else 2, -2: encoded[:size], -3: encoded[size:]})


def signed(
    key: Key, payload: bytes, *, header: Mapping[cbor.Key, cbor.Value] | None = None, tag: int | None = 18
) -> bytes:
    """Return a COSE_Sign1 over `payload`, tagged unless `tag` is None."""
    small = key.curve.key_size == 256
    protected = cbor.encode(dict(header or {1: -7 if small else -35}))
    message = cbor.encode(["Signature1", protected, b"", payload])
    algorithm = ec.ECDSA(SHA256() if small else SHA384(), deterministic_signing=True)
    size = key.curve.key_size // 8
    signature = b"".join(part.to_bytes(size) for part in decode_dss_signature(key.sign(message, algorithm)))
    array: cbor.Value = [protected, {}, payload, signature]
    return cbor.encode(array if tag is None else cbor.Tag(tag, array))


def component(name: str, value: bytes) -> Claims:
    """Return one measured component."""
    return {1: name, 2: value, 4: "1.6.0", 5: sha256(b"signer").digest(), 6: "SHA256"}


def psa_claims(nonce: bytes) -> Claims:
    """Return the claims of a token of the current profile."""
    return {
        265: "http://arm.com/psa/2.0.0",
        10: nonce,
        256: INSTANCE,
        2394: CLIENT,
        2395: SECURED,
        2396: IMPLEMENTATION,
        2397: bytes(32),
        2398: "0604565272829-10010",
        2399: [component("SPE", FIRMWARE[0]), component("NSPE", FIRMWARE[1])],
        2400: "www.trustedfirmware.org",
    }


_LEGACY_KEYS: Final = {
    265: -75000, 10: -75008, 256: -75009, 2394: -75001, 2395: -75002, 2396: -75003, 2397: -75004, 2398: -75005,
    2399: -75006, 2400: -75010,
}  # fmt: skip


def legacy(claims: Claims) -> Claims:
    """Return the same claims in the first profile."""
    renamed: Claims = {_LEGACY_KEYS[key]: one for key, one in claims.items() if isinstance(key, int)}
    return {**renamed, -75000: "PSA_IOT_PROFILE_1"}


@dataclass(frozen=True, slots=True)
class PsaDevice:
    """A fake TrustZone device. `claims` changes what is signed, `token` the signed token."""

    key: Key = PSA_KEY
    claims: Callable[[Claims], Claims] = same
    token: Callable[[bytes], bytes] = same
    tag: int | None = 18
    header: Mapping[cbor.Key, cbor.Value] | None = None

    def build(self, hooks: NodeHooks = PLAIN) -> Built:
        """Return a whole bundle."""
        return build(Machine("psa", PLATFORM_ID, {}, self._evidence), _released(hooks))

    def _evidence(self, node_document: bytes, register: bytes) -> Items:
        payload = cbor.encode(self.claims(psa_claims(binding.report_data(node_document))))
        return {"cpu": ("psa-token", self.token(signed(self.key, payload, header=self.header, tag=self.tag)))}


def realm_claims(challenge: bytes, register: bytes, key: Key = REALM_KEY) -> Claims:
    """Return the claims of a realm of the profile that names none: its key is a raw point."""
    return {
        10: challenge,
        44235: bytes(64),
        44236: "sha-256",
        44237: point(key),
        44238: RIM,
        44239: [register, bytes(32), bytes(32), bytes(32)],
        44240: "sha-256",
    }


def newer(claims: Claims) -> Claims:
    """Return the same claims in the profile of 2023, whose key is a COSE_Key."""
    return {**claims, 265: "tag:arm.com,2023:realm#1.0.0", 44237: cose_key(REALM_KEY)}


def platform_claims(challenge: bytes) -> Claims:
    """Return the claims of a platform that vouches for a realm key whose hash is `challenge`."""
    return {
        265: "http://arm.com/CCA-SSD/1.0.0",
        10: challenge,
        256: INSTANCE,
        2395: SECURED + 3,
        2396: IMPLEMENTATION,
        2399: [component("BL", FIRMWARE[0]), component("RMM", FIRMWARE[1])],
        2400: "https://verifier.example",
        2401: b"\xcf" * 4,
        2402: "sha-256",
    }


def replayed(events: tuple[Event, ...]) -> bytes:
    """Return what a realm that hashes by SHA-256 has after it measured `events`."""
    register = bytes(32)
    for event in events:
        register = sha256(register + sha384(event.encoded).digest()).digest()
    return register


@dataclass(frozen=True, slots=True)
class CcaDevice:
    """A fake CCA platform with a realm. Each field changes one part; what is signed follows from the change."""

    key: Key = CCA_KEY
    realm_key: Key = REALM_KEY
    platform: Callable[[Claims], Claims] = same
    realm: Callable[[Claims], Claims] = same
    platform_token: Callable[[bytes], bytes] = same
    realm_token: Callable[[bytes], bytes] = same
    collection: Callable[[cbor.Value], cbor.Value] = same
    token: Callable[[bytes], bytes] = same

    def build(self, hooks: NodeHooks = PLAIN) -> Built:
        """Return a whole bundle."""
        machine = Machine("cca", PLATFORM_ID, {}, self._evidence, runtime_log=True, register=replayed)
        return build(machine, _released(hooks))

    def _evidence(self, node_document: bytes, register: bytes) -> Items:
        realm = self.realm(realm_claims(binding.report_data(node_document), register))
        encoded = realm[44237]
        challenge = sha256(encoded if isinstance(encoded, bytes) else b"").digest()
        platform = self.platform(platform_claims(challenge))
        parts: Claims = {
            44234: self.platform_token(signed(self.key, cbor.encode(platform))),
            44241: self.realm_token(signed(self.realm_key, cbor.encode(realm))),
        }
        return {"cpu": ("cca-token", self.token(cbor.encode(self.collection(cbor.Tag(399, parts)))))}


def _released(hooks: NodeHooks) -> NodeHooks:
    """Arm's values are in the policy: the release names another platform."""
    registers = {str(index): sha384(b"register").hexdigest() for index in range(2)}
    platforms = {"simulated": registers}
    return replace(hooks, release=lambda leaf: hooks.release({**leaf, "platforms": platforms}))


def psa_document(key: Key | None = PSA_KEY, **changes: object) -> bytes:
    """Return the default policy with all that a fake PSA device needs; `changes` are made to its section.

    `key` None pins none.
    """
    named = {
        "implementation_ids": [IMPLEMENTATION.hex()],
        "lifecycle": [SECURED],
        "components": [one.hex() for one in FIRMWARE],
        "partitions": [CLIENT],
        **changes,
    }
    return _document("psa", key, named)


def cca_document(key: Key | None = CCA_KEY, **changes: object) -> bytes:
    """Return the default policy with all that a fake CCA device needs; `changes` are made to its section.

    `key` None pins none.
    """
    named = {
        "implementation_ids": [IMPLEMENTATION.hex()],
        "lifecycle": [SECURED + 3],
        "components": [one.hex() for one in FIRMWARE],
        "rim": [RIM.hex()],
        "rem": ["00" * 32],
        **changes,
    }
    return _document("cca", key, named)


def psa_policy(key: Key | None = PSA_KEY, **changes: object) -> Policy:
    """Return `psa_document`, decoded."""
    return policy.decode(psa_document(key, **changes))


def cca_policy(key: Key | None = CCA_KEY, **changes: object) -> Policy:
    """Return `cca_document`, decoded."""
    return policy.decode(cca_document(key, **changes))


def _document(kind: str, key: Key | None, named: Mapping[str, object]) -> bytes:
    members: dict[str, object] = {f"{kind}.{name}": one for name, one in named.items()}
    anchors: dict[str, object] = {f"trust_anchors.{kind}": [] if key is None else [spki(key).hex()]}
    return policy_document(kind, b"", PLATFORM_ID, {"kinds": ["psa", "cca"], **anchors, **members})
