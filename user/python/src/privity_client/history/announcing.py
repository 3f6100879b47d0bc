"""What happened to an account's devices and openers since this machine last told it: every device tells its person.

Source: specs/keyring.md. Read from the keyrings themselves, so that nothing between two commands is left out.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from privity_protocol.stored import keyring as stored
from privity_protocol.stored.keyring import Keyring
from privity_vault.opener import Kind

from privity_client.history.replica import Replica

ANNOUNCED: Final = "announced revision"
_OPENERS: Final = {Kind.PASSKEY: "a passkey", Kind.RECOVERY: "a recovery code", Kind.PASSPHRASE: "a passphrase"}
"""A device's own opener comes and goes with it."""
Named = Callable[[bytes], str]


@dataclass(frozen=True, slots=True)
class Change:
    """`what` happened, on which `day` (since 1970-01-01) by the clock of the device that signed it.

    `device` is one that was linked, and can be revoked if that was not the person.
    """

    what: str
    day: int
    device: bytes | None = None


def news(replica: Replica) -> list[Change]:
    """What changed since this was last asked, oldest first; nothing when it is asked for the first time."""
    known, found = replica.store.number(ANNOUNCED), replica.opened
    newest = found.trusted.keyring.revision
    with replica.store.transaction():
        replica.store.set_number(ANNOUNCED, newest)
    if known is None:
        return []
    rings = [stored.decode(claim.public) for revision, claim in replica.store.claims() if revision >= known]
    told = [one for before, after in pairwise(rings) for one in _between(before, after, _named(replica))]
    return [one for one in told if one.device != found.device]


def _named(replica: Replica) -> Named:
    half = replica.opened.half

    def name(id_: bytes) -> str:
        opener = half.openers.get(id_)
        return half.devices.get(id_) or (opener.label if opener is not None else "")

    return name


def _between(before: Keyring, after: Keyring, name: Named) -> Iterator[Change]:
    for one in after.devices:
        was = before.device(one.id)
        if was is None:
            yield Change(f"“{name(one.id) or '?'}” was linked", after.day, one.id)
        elif was.last_seq is None and one.last_seq is not None:
            yield Change(f"“{name(one.id) or '?'}” was revoked", after.day)
    yield from _openers(before, after, name)


def _openers(before: Keyring, after: Keyring, name: Named) -> Iterator[Change]:
    """Openers that entered and left. One that only got another id after a rotation did neither: no epoch rises then."""
    for kind, words in _OPENERS.items():
        had = {one.id for one in before.openers if one.kind == kind}
        has = {one.id for one in after.openers if one.kind == kind}
        if after.epoch == before.epoch and len(had) == len(has):
            continue
        if kind is Kind.RECOVERY and had - has and has - had:
            yield Change("the recovery code was replaced", after.day)
            continue
        for id_ in sorted(has - had):
            label = f" “{name(id_)}”" if kind is Kind.PASSKEY and name(id_) else ""
            yield Change(f"{words}{label} was added", after.day)
        for _ in had - has:
            yield Change(f"{words} was taken away", after.day)
