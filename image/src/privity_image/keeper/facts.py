"""What the release log says about nodes at one moment, as values: the ground on which a bundle is judged."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from privity_attest import policy as appraisal
from privity_attest.endorsement import FleetKey
from privity_attest.errors import PolicyMalformed
from privity_attest.policy import Policy
from privity_protocol.errors import Malformed
from privity_tlog.bulletin import Entry
from privity_tlog.leaves import fleet, revocations, trust
from privity_tlog.leaves.fleet import Fleet
from privity_tlog.leaves.revocations import Revocations
from privity_tlog.limits import MAX_APPRAISAL

from privity_image.errors import Failed
from privity_image.keeper.files import Files
from privity_image.keeper.ledger import Side

APPRAISALS = "appraisals"


@dataclass(frozen=True, slots=True)
class Facts:
    """The newest policy, fleet and revocations, and every logged release; `policy` holds the logged fleet.

    `appraisal` is the document that the policy leaf names.
    """

    appraisal: bytes
    policy: Policy
    fleet: Fleet
    keys: tuple[FleetKey, ...]
    revocations: Revocations
    releases: Mapping[bytes, Entry]


def appraisal_path(state: Path, document: bytes) -> Path:
    """Return where an appraisal policy document is kept."""
    return state / APPRAISALS / sha256(document).hexdigest()


def logged_appraisal(release: Side, state: Path, files: Files) -> bytes | None:
    """Return the appraisal policy document that the newest policy leaf names, None when it is not at hand."""
    entry = release.newest.get(trust.KIND)
    if entry is None:
        return None
    named = trust.decode(entry.leaf).appraisal_policy
    document = files.read(state / APPRAISALS / named.hex(), MAX_APPRAISAL)
    return document if document is not None and sha256(document).digest() == named else None


def facts_of(release: Side, state: Path, files: Files) -> Facts:
    """Return what the leaves of the release log say. Raises Failed `leaf` with what is missing or wrong."""
    try:
        logged = trust.decode(_newest(release, trust.KIND))
        machines = fleet.decode(_newest(release, fleet.KIND))
        revoked = revocations.decode(_newest(release, revocations.KIND))
    except Malformed as error:
        raise Failed("leaf", f"a logged leaf is malformed: {error}") from error
    document = logged_appraisal(release, state, files)
    if document is None:
        named = logged.appraisal_policy.hex()
        raise Failed("leaf", f"the appraisal policy that the log names is not at hand: {APPRAISALS}/{named}")
    try:
        policy = appraisal.decode(document)
    except PolicyMalformed as error:
        raise Failed("leaf", f"the logged appraisal policy: {error}") from error
    keys = tuple(FleetKey(one.ed25519, one.mldsa44) for one in machines.keys)
    valid = tuple(one for one in keys if one.id not in revoked.keys)
    platforms = tuple(one.id for one in machines.platforms if one.id not in revoked.platforms)
    listed = appraisal.Fleet(platforms=tuple(sorted(platforms)), keys=tuple(sorted(one.id for one in valid)))
    return Facts(document, replace(policy, fleet=listed), machines, valid, revoked, release.releases)


def _newest(release: Side, kind: str) -> bytes:
    entry = release.newest.get(kind)
    if entry is None:
        raise Failed("leaf", f"no {kind} leaf is logged")
    return entry.leaf
