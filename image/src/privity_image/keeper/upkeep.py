"""Leaves that the keeper logs by itself: the weekly revocations, and with `bootstrap` whatever is missing.

Source: specs/keeper.md. Pure but for the files that are read: each call returns the next leaves to log.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from hashlib import sha256
from typing import Final

from privity_attest import policy as appraisal
from privity_attest import release
from privity_attest.errors import PolicyMalformed
from privity_attest.simulated.document import platform_id
from privity_protocol.errors import Malformed
from privity_tlog import merkle
from privity_tlog.leaves import fleet, revocations, trust
from privity_tlog.leaves.fleet import Fleet, FleetKey, Machine
from privity_tlog.leaves.revocations import Revocations
from privity_tlog.leaves.trust import Trust

from privity_image.errors import Failed
from privity_image.keeper import appraisal_policy
from privity_image.keeper.fleet_key import FleetSigner
from privity_image.keeper.ledger import Side

WEEKLY: Final = 6 * 86_400
"""Seconds after which a revocations leaf is followed by the next: clients refuse one older than eight days."""
SKEW: Final = 300
SIMULATED: Final = frozenset({"simulated", "sim_tpm"})
MACHINE: Final = "this machine"
SOURCE: Final = "local"


@dataclass(frozen=True, slots=True)
class Local:
    """What a local installation is: deployment, witness policy, development root's pin, release leaf, fleet keys.

    `web` is the leaf of the web client that is served beside it, None where there is none.
    """

    deploy: str
    witness_policy: bytes
    root: bytes
    release: bytes
    signers: tuple[FleetSigner, ...]
    web: bytes | None = None


def next_time(before: int | None, now: int) -> int:
    """Return the time of a leaf that follows one of `before`: no smaller. Raises Failed `leaf` when that lies ahead."""
    if before is not None and before > now + SKEW:
        raise Failed("leaf", f"the last leaf of its kind is dated {before - now} s ahead of this clock")
    return max(now, before or 0)


def weekly(side: Side, now: int) -> bytes | None:
    """Return the revocations leaf that is due, None while the newest is young. Raises Failed `leaf`, Malformed."""
    entry = side.newest.get(revocations.KIND)
    if entry is None:
        return None
    known = revocations.decode(entry.leaf)
    if now - known.time < WEEKLY:
        return None
    return revocations.encode(Revocations(next_time(known.time, now), known.releases, known.keys, known.platforms))


def due(side: Side, local: Local, appraisals: Mapping[bytes, bytes], now: int) -> tuple[list[bytes], bytes | None]:
    """Return the leaves to log next, and the appraisal policy document to keep before that, if one is new.

    `appraisals` are documents at hand by SHA-256. The release comes alone, after all others are logged.
    Raises Failed `leaf`, Malformed.
    """
    found: list[bytes] = []
    document = _policy(side, local, appraisals, now)
    if document is not None:
        found.append(_trust_leaf(side, local, document, now))
    made = (_fleet(side, local, now), _revocations(side, now), _web(side, local))
    found += [leaf for leaf in made if leaf is not None]
    if not found and merkle.leaf_hash(local.release) not in side.releases:
        found.append(simulated_release(local.release))
    return found, document


def simulated_release(leaf: bytes) -> bytes:
    """Return a release leaf all of whose platforms are simulated. Raises Failed `leaf`."""
    try:
        read = release.decode(leaf)
    except Malformed as error:
        raise Failed("leaf", f"the release: {error}") from error
    if not is_simulated(read):
        raise Failed("leaf", "a release with a platform that is not simulated is logged by a person")
    return leaf


def is_simulated(read: release.Release) -> bool:
    """Return whether a release names simulated platforms and no other."""
    named = {one.name for one in fields(read.platforms) if getattr(read.platforms, one.name) is not None}
    return bool(named) and named <= SIMULATED


def _policy(side: Side, local: Local, appraisals: Mapping[bytes, bytes], now: int) -> bytes | None:
    """Return the appraisal policy document that must be logged, None when the logged one will do."""
    entry = side.newest.get(trust.KIND)
    if entry is None:
        return appraisal_policy.document(deploy=local.deploy, roots=(local.root,), version=1, now=now)
    logged = trust.decode(entry.leaf)
    known = appraisals.get(logged.appraisal_policy)
    try:
        read = None if known is None else appraisal.decode(known)
    except PolicyMalformed:
        read = None
    # A version is never used twice: an unknown document's cannot be told, time always grows.
    version = read.version + 1 if read is not None else now
    made = appraisal_policy.document(deploy=local.deploy, roots=(local.root,), version=version, now=now)
    fresh = read is not None and known is not None and not appraisal_policy.is_half_over(read, now)
    if fresh and known is not None and appraisal_policy.same_but_dates(known, made):
        return None if logged.witness_policy.encode() == _lines(local.witness_policy) else known
    return made


def _trust_leaf(side: Side, local: Local, document: bytes, now: int) -> bytes:
    entry = side.newest.get(trust.KIND)
    before = None if entry is None else trust.decode(entry.leaf)
    made = Trust(
        time=next_time(None if before is None else before.time, now),
        witness_policy=_lines(local.witness_policy).decode(),
        appraisal_policy=sha256(document).digest(),
        moderation=None if before is None else before.moderation,
    )
    return trust.encode(made)


def _fleet(side: Side, local: Local, now: int) -> bytes | None:
    entry = side.newest.get(fleet.KIND)
    before = None if entry is None else fleet.decode(entry.leaf)
    wanted = platform_id(local.root)
    keys = {(one.public.ed25519, one.public.mldsa44) for one in local.signers}
    if (
        before is not None
        and before.deploy == local.deploy
        and {one.id for one in before.platforms} == {wanted}
        and {(one.ed25519, one.mldsa44) for one in before.keys} == keys
    ):
        return None
    machine = Machine(wanted, "simulated", MACHINE, now, SOURCE)
    time = next_time(None if before is None else before.time, now)
    return fleet.encode(Fleet(local.deploy, time, (machine,), tuple(FleetKey(*one) for one in sorted(keys, key=repr))))


def _revocations(side: Side, now: int) -> bytes | None:
    if revocations.KIND in side.newest:
        return None
    return revocations.encode(Revocations(now, (), (), ()))


def _web(side: Side, local: Local) -> bytes | None:
    return None if local.web is None or merkle.leaf_hash(local.web) in side.leaves else local.web


def _lines(text: bytes) -> bytes:
    """Return a witness policy as the leaf gives it back: lines that are not empty, each ended."""
    return b"".join(line + b"\n" for line in text.split(b"\n") if line.strip())
