"""CCA attestation token: the platform's and the realm's claims, and the key that ties them.

Source: Arm, Realm Management Monitor specification, section A7.2; draft-ffm-rats-cca-token (profiles of 2023); TF-RMM
for the profile before those, in which a realm names no profile and its key is a raw point.
"""

from dataclasses import dataclass
from typing import Final

from privity_protocol import cbor
from privity_protocol.errors import Malformed

from privity_attest.arm import claims
from privity_attest.arm.claims import HASH_SIZES, HASHES, IMPLEMENTATION_BYTES, Component, ProfileUnknown
from privity_attest.signature import P256, P384, EcKey

TAG: Final = 399
PLATFORM: Final = 44234
REALM: Final = 44241
PLATFORM_PROFILES: Final = frozenset({"http://arm.com/CCA-SSD/1.0.0", "tag:arm.com,2023:cca_platform#1.0.0"})
REALM_PROFILE: Final = "tag:arm.com,2023:realm#1.0.0"
CHALLENGE_BYTES: Final = 64
REGISTERS: Final = 4
MAX_CONFIGURATION: Final = 1024
_PROFILE, _CHALLENGE, _INSTANCE = 265, 10, 256
_LIFECYCLE, _IMPLEMENTATION, _COMPONENTS, _SERVICE, _CONFIGURATION, _HASH = 2395, 2396, 2399, 2400, 2401, 2402
_PERSONALISATION, _REALM_HASH, _KEY, _RIM, _REM, _KEY_HASH = 44235, 44236, 44237, 44238, 44239, 44240
_CURVES = {1: P256, 2: P384}
_EC2 = 2
_KEY_TYPE, _CURVE, _X, _Y = 1, -1, -2, -3


@dataclass(frozen=True, slots=True)
class Platform:
    """What the platform says: `challenge` is the hash of the realm's key, 33 bytes of instance id."""

    profile: str
    challenge: bytes
    instance: bytes
    implementation: bytes
    lifecycle: int
    configuration: bytes
    components: tuple[Component, ...]
    service: str


@dataclass(frozen=True, slots=True)
class Realm:
    """What the realm says: 64 bytes of challenge, initial measurement `rim`, four extensible ones, its key."""

    challenge: bytes
    personalisation: bytes
    hash: str
    rim: bytes
    rem: tuple[bytes, ...]
    key: EcKey
    encoded_key: bytes
    key_hash: str

    @property
    def key_digest(self) -> bytes:
        """Return the hash of the key as the token encodes it."""
        return HASHES[self.key_hash](self.encoded_key).digest()


def parts(data: bytes) -> tuple[bytes, bytes]:
    """Return the platform's and the realm's signed tokens. Raises Malformed."""
    match cbor.decode(data, any_order=True):
        case cbor.Tag(number=399, value={44234: bytes() as platform, 44241: bytes() as realm, **more}) if not more:
            return platform, realm
    raise Malformed("member_type", "CCA token")


def platform(payload: bytes) -> Platform:
    """Return the platform's claims. Raises Malformed and ProfileUnknown."""
    found = claims.claims(payload)
    profile = claims.text(found, _PROFILE)
    if profile not in PLATFORM_PROFILES:
        raise ProfileUnknown(profile)
    _hash(claims.text(found, _HASH))
    return Platform(
        profile=profile,
        challenge=claims.octets(found, _CHALLENGE, HASH_SIZES),
        instance=claims.instance(found, _INSTANCE),
        implementation=claims.octets(found, _IMPLEMENTATION, frozenset({IMPLEMENTATION_BYTES})),
        lifecycle=claims.lifecycle(found, _LIFECYCLE),
        configuration=claims.octets(found, _CONFIGURATION, frozenset(range(MAX_CONFIGURATION + 1))),
        components=claims.components(found, _COMPONENTS, signed=True),
        service=claims.text(found, _SERVICE),
    )


def realm(payload: bytes) -> Realm:
    """Return the realm's claims. Raises Malformed and ProfileUnknown."""
    found = claims.claims(payload)
    profile = claims.text(found, _PROFILE)
    if profile not in ("", REALM_PROFILE):
        raise ProfileUnknown(profile)
    size = frozenset({HASHES[_hash(claims.text(found, _REALM_HASH))]().digest_size})
    registers = found.get(_REM)
    if not isinstance(registers, list) or len(registers) != REGISTERS:
        raise Malformed("member_value", "extensible measurements")
    encoded = claims.octets(found, _KEY, frozenset(range(1, 257)))
    return Realm(
        challenge=claims.octets(found, _CHALLENGE, frozenset({CHALLENGE_BYTES})),
        personalisation=claims.octets(found, _PERSONALISATION, frozenset({CHALLENGE_BYTES})),
        hash=claims.text(found, _REALM_HASH),
        rim=claims.octets(found, _RIM, size),
        rem=tuple(claims.octets({_REM: one}, _REM, size) for one in registers),
        key=_cose_key(encoded) if profile else _raw_key(encoded),
        encoded_key=encoded,
        key_hash=_hash(claims.text(found, _KEY_HASH)),
    )


def _hash(name: str) -> str:
    if name not in HASHES:
        raise Malformed("member_value", "hash algorithm")
    return name


def _raw_key(encoded: bytes) -> EcKey:
    for curve in _CURVES.values():
        if len(encoded) == 1 + 2 * curve.size and encoded[0] == 4:
            return EcKey(curve, encoded)
    raise Malformed("member_value", "realm key")


def _cose_key(encoded: bytes) -> EcKey:
    key = claims.claims(encoded)
    number = key.get(_CURVE)
    curve = _CURVES.get(number) if isinstance(number, int) else None
    if key.get(_KEY_TYPE) != _EC2 or curve is None:
        raise Malformed("member_value", "realm key")
    size = frozenset({curve.size})
    return EcKey(curve, b"\4" + claims.octets(key, _X, size) + claims.octets(key, _Y, size))
