"""Issuers leaf: the public keys of tokens, by plan and day. Source: specs/leaves.md.

A key that is not here is refused by clients, so nobody can be given one of their own and be followed by it.
"""

from dataclasses import dataclass
from typing import Final

from privity_protocol import canonical
from privity_protocol.errors import Malformed

from privity_tlog.leaves import reading

KIND: Final = "issuers"
MAX_KEYS: Final = 64
MAX_SPKI: Final = 512  # bytes; RSA-2048 with RSASSA-PSS parameters takes about 350
_MEMBERS: Final = frozenset({"deploy", "time", "keys"})
_KEY: Final = frozenset({"plan", "day", "nbf", "exp", "spki"})


@dataclass(frozen=True, slots=True)
class IssuerKey:
    """One key: its plan, its UTC day (`2026-11-25`), when it is valid (Unix seconds), its SubjectPublicKeyInfo."""

    plan: str
    day: str
    nbf: int
    exp: int
    spki: bytes


@dataclass(frozen=True, slots=True)
class Issuers:
    """The keys of deployment `deploy` that are known at `time` (Unix seconds)."""

    deploy: str
    time: int
    keys: tuple[IssuerKey, ...]


def decode(data: bytes) -> Issuers:
    """Return the issuers in `data`. Raises Malformed."""
    value = reading.leaf(data, KIND, _MEMBERS)
    keys = reading.listed(value["keys"], "keys", _key, most=MAX_KEYS)
    return Issuers(
        deploy=canonical.text(value["deploy"], "deploy", longest=64),
        time=canonical.integer(value["time"], "time"),
        keys=reading.ascending(keys, "keys", lambda one: (one.day, one.plan)),
    )


def encode(issuers: Issuers) -> bytes:
    """Return the leaf of `issuers`. Raises Malformed."""
    keys = [
        {"plan": one.plan, "day": one.day, "nbf": one.nbf, "exp": one.exp, "spki": one.spki.hex()}
        for one in sorted(issuers.keys, key=lambda one: (one.day, one.plan))
    ]
    data = reading.encode(KIND, {"deploy": issuers.deploy, "time": issuers.time, "keys": keys})
    decode(data)
    return data


def find(issuers: Issuers, *, deploy: str, plan: str, day: str, now: int) -> IssuerKey:
    """Return the key under which tokens of a plan and day are drawn at `now` (Unix seconds).

    Raises Malformed `unknown_key`: no such key is logged for this deployment, or it is not valid now.
    """
    for one in issuers.keys:
        if issuers.deploy == deploy and (one.plan, one.day) == (plan, day) and one.nbf <= now < one.exp:
            return one
    raise Malformed("unknown_key", f"no key of {plan} for {day} is logged and valid")


def check_follows(before: Issuers, after: Issuers) -> None:
    """Raise Malformed `member_value` when a plan and day has another key than it had, or none although it is not over.

    A client that remembers `before` takes neither: somebody was given a key of their own, before or now.
    """
    listed = {(one.day, one.plan): one.spki for one in after.keys}
    for one in before.keys:
        found = listed.get((one.day, one.plan))
        if found is None and after.time < one.exp:
            raise Malformed("member_value", f"{one.plan} {one.day} is listed no more, and is not over")
        if found is not None and found != one.spki:
            raise Malformed("member_value", f"{one.plan} {one.day} has another key than it had")


def _key(value: object) -> IssuerKey:
    one = canonical.members(value, _KEY, "key")
    nbf = canonical.integer(one["nbf"], "nbf")
    spki = canonical.text(one["spki"], "spki", longest=2 * MAX_SPKI, pattern="([0-9a-f]{2})+")
    return IssuerKey(
        plan=canonical.text(one["plan"], "plan", longest=32, pattern="[a-z][a-z0-9-]*"),
        day=canonical.text(one["day"], "day", longest=10, pattern="[0-9]{4}-[0-9]{2}-[0-9]{2}"),
        nbf=nbf,
        exp=canonical.integer(one["exp"], "exp", least=nbf + 1),
        spki=bytes.fromhex(spki),
    )
