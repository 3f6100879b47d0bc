"""Fleet leaf: the operator's machines and the keys that vouch for nodes. Source: specs/leaves.md."""

from dataclasses import dataclass
from typing import Final

from privity_protocol import canonical

from privity_tlog.keys import COSIGNATURE_MLDSA44, KEY_BYTES
from privity_tlog.leaves import reading

KIND: Final = "fleet"
MAX_PLATFORMS: Final = 400
MAX_KEYS: Final = 8
_MEMBERS: Final = frozenset({"deploy", "time", "platforms", "keys"})
_PLATFORM: Final = frozenset({"id", "type", "reason", "date", "source"})
_KEY: Final = frozenset({"ed25519", "mldsa44"})


@dataclass(frozen=True, slots=True)
class Machine:
    """One machine: SHA-256 of its platform identifier, its kind, why it is listed, since when, and who says so."""

    id: bytes
    type: str
    reason: str
    date: int
    source: str


@dataclass(frozen=True, slots=True)
class FleetKey:
    """A key that endorses nodes: Ed25519 (32 bytes), and ML-DSA-44 (1,312 bytes) where the operator has one."""

    ed25519: bytes
    mldsa44: bytes | None


@dataclass(frozen=True, slots=True)
class Fleet:
    """The fleet of deployment `deploy` at `time` (Unix seconds): the newest leaf of a deployment counts."""

    deploy: str
    time: int
    platforms: tuple[Machine, ...]
    keys: tuple[FleetKey, ...]


def decode(data: bytes) -> Fleet:
    """Return the fleet in `data`. Raises Malformed."""
    value = reading.leaf(data, KIND, _MEMBERS)
    platforms = reading.listed(value["platforms"], "platforms", _machine, most=MAX_PLATFORMS)
    keys = reading.listed(value["keys"], "keys", _key, most=MAX_KEYS)
    return Fleet(
        deploy=canonical.text(value["deploy"], "deploy", longest=64),
        time=canonical.integer(value["time"], "time"),
        platforms=reading.ascending(platforms, "platforms", lambda one: one.id),
        keys=reading.ascending(keys, "keys", lambda one: one.ed25519),
    )


def encode(fleet: Fleet) -> bytes:
    """Return the leaf of `fleet`. Raises Malformed."""
    platforms = [
        {"id": one.id.hex(), "type": one.type, "reason": one.reason, "date": one.date, "source": one.source}
        for one in sorted(fleet.platforms, key=lambda one: one.id)
    ]
    keys = [
        {"ed25519": one.ed25519.hex(), "mldsa44": None if one.mldsa44 is None else one.mldsa44.hex()}
        for one in sorted(fleet.keys, key=lambda one: one.ed25519)
    ]
    data = reading.encode(KIND, {"deploy": fleet.deploy, "time": fleet.time, "platforms": platforms, "keys": keys})
    decode(data)
    return data


def _machine(value: object) -> Machine:
    one = canonical.members(value, _PLATFORM, "platform")
    return Machine(
        id=canonical.from_hex(one["id"], "id", size=reading.DIGEST),
        type=canonical.text(one["type"], "type", longest=16, pattern="[a-z_]+"),
        reason=canonical.text(one["reason"], "reason", longest=200),
        date=canonical.integer(one["date"], "date"),
        source=canonical.text(one["source"], "source", longest=200),
    )


def _key(value: object) -> FleetKey:
    one = canonical.members(value, _KEY, "key")
    second = one["mldsa44"]
    return FleetKey(
        ed25519=canonical.from_hex(one["ed25519"], "ed25519", size=32),
        mldsa44=None if second is None else canonical.from_hex(second, "mldsa44", size=KEY_BYTES[COSIGNATURE_MLDSA44]),
    )
