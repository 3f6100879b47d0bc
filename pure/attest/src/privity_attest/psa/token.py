"""PSA attestation token: its claims in the two key sets, which are never mixed.

Source: RFC 9783 (profile `tag:psacertified.org,2023:psa#tfm`), its drafts (`http://arm.com/psa/2.0.0`), and the PSA
Attestation API 1.0 (`PSA_IOT_PROFILE_1`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from privity_protocol.cbor import Key, Value
from privity_protocol.errors import Malformed

from privity_attest.arm import claims
from privity_attest.arm.claims import HASH_SIZES, IMPLEMENTATION_BYTES, Component, ProfileUnknown

CURRENT: Final = frozenset({"http://arm.com/psa/2.0.0", "tag:psacertified.org,2023:psa#tfm"})
LEGACY: Final = "PSA_IOT_PROFILE_1"
_NAMES = (
    "profile", "nonce", "instance", "client", "lifecycle", "implementation", "boot_seed", "certification",
    "components", "service", "no_measurements",
)  # fmt: skip
# The current set has no claim for "nothing was measured": 0 is no key of it.
_CURRENT: Final = MappingProxyType(
    dict(zip(_NAMES, (265, 10, 256, 2394, 2395, 2396, 2397, 2398, 2399, 2400, 0), strict=True))
)
_LEGACY: Final = MappingProxyType(
    dict(
        zip(
            _NAMES,
            (-75000, -75008, -75009, -75001, -75002, -75003, -75004, -75005, -75006, -75010, -75007),
            strict=True,
        )
    )
)
_SEED_SIZES = frozenset(range(8, 33))
_CLIENTS = -(2**31), 2**31 - 1


@dataclass(frozen=True, slots=True)
class PsaToken:
    """The claims: 32 to 64 bytes of nonce, 33 of instance id; a client above 0 runs in the secure world."""

    profile: str
    nonce: bytes
    instance: bytes
    client: int
    lifecycle: int
    implementation: bytes
    boot_seed: bytes
    certification: str
    components: tuple[Component, ...]
    service: str


def decode(payload: bytes) -> PsaToken:
    """Return the token in a COSE payload. Raises Malformed and ProfileUnknown."""
    found = claims.claims(payload)
    legacy = _CURRENT["profile"] not in found
    keys = _LEGACY if legacy else _CURRENT
    if (_CURRENT if legacy else _LEGACY).values() & found.keys():
        raise Malformed("member_value", "claims of two profiles")
    # The first profile had no need to name itself: a token of its keys without a name is of it.
    profile = claims.text(found, keys["profile"]) or LEGACY * legacy
    if profile not in ({LEGACY} if legacy else CURRENT):
        raise ProfileUnknown(profile)
    return PsaToken(
        profile=profile,
        nonce=claims.octets(found, keys["nonce"], HASH_SIZES),
        instance=claims.instance(found, keys["instance"]),
        client=claims.number(found, keys["client"], *_CLIENTS),
        lifecycle=claims.lifecycle(found, keys["lifecycle"]),
        implementation=claims.octets(found, keys["implementation"], frozenset({IMPLEMENTATION_BYTES})),
        boot_seed=claims.octets(found, keys["boot_seed"], _SEED_SIZES) if keys["boot_seed"] in found else b"",
        certification=claims.text(found, keys["certification"]),
        components=_components(found, keys, legacy),
        service=claims.text(found, keys["service"]),
    )


def _components(found: Mapping[Key, Value], keys: Mapping[str, int], legacy: bool) -> tuple[Component, ...]:
    nothing = legacy and keys["no_measurements"] in found
    if nothing and keys["components"] in found:
        raise Malformed("member_value", "components and none")
    return () if nothing else claims.components(found, keys["components"], signed=not legacy)
