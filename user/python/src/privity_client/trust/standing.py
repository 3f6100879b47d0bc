"""What a bulletin establishes for this client, and what that says about one node. Sans-I/O. Source: specs/trust.md.

Time, what is remembered and consistency paths are arguments; the outcome is what the appraisal takes as `Logged`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from privity_attest import endorsement, policy
from privity_attest.endorsement import EndorsementInvalid
from privity_attest.errors import PolicyMalformed
from privity_attest.logged import BUILT_AT, PROVED, Logged, NotProved, Proof
from privity_attest.policy import Fleet, Policy
from privity_attest.release import EMERGENCY
from privity_attest.release import decode as decode_release
from privity_protocol import binding, directory, evidence
from privity_protocol.binding import NodeDocument
from privity_protocol.directory import Node
from privity_protocol.errors import Malformed, PrivityError
from privity_protocol.evidence import Bundle
from privity_tlog import bulletin, checkpoint, head, merkle, note, proof, view
from privity_tlog.bulletin import Posted
from privity_tlog.checkpoint import Checkpoint
from privity_tlog.errors import TlogError
from privity_tlog.head import Head
from privity_tlog.leaves.revocations import WEEK
from privity_tlog.view import View

from privity_client.errors import ClientError
from privity_client.trust.pins import Pin
from privity_client.trust.remembered import Remembered

RELEASE_AGE: Final = 7 * 86_400
"""Seconds since the quorum saw a head of the release log."""
KEYS_AGE: Final = 2 * 3600
"""The same for the log of keys, whose directories are hourly."""
SKEW: Final = 300
"""Seconds by which clocks may differ."""
REVOCATIONS_AGE: Final = WEEK + 86_400
"""Seconds: revocations come weekly, and withholding them must show."""
Path = tuple[bytes, ...]
Paths = Mapping[int, Path]
"""Consistency paths of the release log by the size of the older head, up to the head of the bulletin."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is established: the bulletin's leaves, the directory, and the views that a client now holds."""

    pin: Pin
    posted: Posted
    directory: directory.Directory
    policy: Policy
    release_view: View
    keys_view: View


def establish(data: bytes, pin: Pin, *, now: int) -> Standing:
    """Return what the bulletin in `data` establishes at `now` (Unix seconds), views not yet held against older ones.

    Raises TlogError: those of `bulletin.verify`, `checkpoint_stale`, `checkpoint_from_the_future`; Malformed;
    ClientError `log_outdated` (revocations are withheld, the directory or the appraisal policy has expired).
    """
    read = bulletin.decode(data)
    posted = bulletin.verify(read, pin.witnesses, release=pin.release, keys=pin.keys)
    head.check_age(posted.release_head, now=now, most=RELEASE_AGE, skew=SKEW)
    head.check_age(posted.keys_head, now=now, most=KEYS_AGE, skew=SKEW)
    if now - posted.revocations.time > REVOCATIONS_AGE:
        raise ClientError("log_outdated", "the newest list of what was withdrawn is older than eight days")
    if posted.revocations.time > now + SKEW:
        # One from the future would never grow old, and withholding the next would not show.
        raise ClientError("log_outdated", "the newest list of what was withdrawn bears a time that is still to come")
    listed = directory.decode(posted.directory)
    if not listed.nbf - SKEW <= now < listed.exp + SKEW:
        raise ClientError("log_outdated", "the directory has expired, or this machine's clock is wrong")
    if posted.fleet.deploy != pin.deploy:
        raise ClientError("pin_unusable", f"the log is of the deployment {posted.fleet.deploy}")
    try:
        judged_by = policy.decode(posted.appraisal)
    except PolicyMalformed as error:
        raise ClientError("log_outdated", f"the operator's appraisal policy: {error.detail}") from error
    release_view = View(posted.release_head.checkpoint, read.release.checkpoint)
    return Standing(
        pin, posted, listed, judged_by, release_view, View(posted.keys_head.checkpoint, read.keys.checkpoint)
    )


def remember(known: Remembered, standing: Standing, paths: Mapping[str, Path | None], *, now: int) -> Remembered:
    """Return what to remember after `standing`; `paths` by origin show that its heads continue the known ones.

    Raises TlogError: those of `view.advance`, `leaf_rolled_back`.
    """
    pinned = {standing.pin.release, standing.pin.keys}
    views = {origin: one for origin, one in known.views.items() if origin in pinned}
    # Where other logs were pinned before, places in them say nothing about these.
    places = known.places if len(views) == len(known.views) else {}
    for fresh in (standing.release_view, standing.keys_view):
        origin = fresh.head.origin
        views[origin] = view.advance(views.get(origin), fresh, paths.get(origin))
    first = 0 if not known.views else now
    seen = {name.hex(): first for name in standing.posted.releases} | dict(known.releases)
    return Remembered(views, dict(bulletin.advance(places, standing.posted)), seen)


def sizes(bundle: bytes) -> frozenset[int]:
    """Return the sizes of older heads of the release log that a bundle names: their paths are needed to judge it."""
    read = _read(bundle)
    if read is None:
        return frozenset()
    parsed, document = read
    proved = _proof_head(parsed)
    return frozenset({document.anchor.size} | ({proved[0].size} if proved else set()))


def base_policy(standing: Standing, roots: frozenset[bytes]) -> Policy:
    """Return the operator's logged policy for the logged fleet; `roots` are development roots that a person accepts.

    A test enclave needs both: the operator's policy that names its root, and the person's consent.
    """
    revoked = set(standing.posted.revocations.platforms)
    platforms = tuple(one.id for one in standing.posted.fleet.platforms if one.id not in revoked)
    accepted = tuple(one for one in standing.policy.trust_anchors.simulated if one in roots)
    return replace(
        standing.policy,
        allow_simulated=standing.policy.allow_simulated and bool(accepted),
        trust_anchors=replace(standing.policy.trust_anchors, simulated=accepted),
        fleet=Fleet(platforms, tuple(key.id for key in fleet_keys(standing))),
    )


def fleet_keys(standing: Standing) -> tuple[endorsement.FleetKey, ...]:
    """Return the keys that vouch for nodes: those of the logged fleet that nobody revoked."""
    revoked = set(standing.posted.revocations.keys)
    keys = (endorsement.FleetKey(one.ed25519, one.mldsa44) for one in standing.posted.fleet.keys)
    return tuple(key for key in keys if key.id not in revoked and sha256(key.ed25519).digest() not in revoked)


def judge(standing: Standing, bundle: bytes, listed: Node, *, now: int, paths: Paths) -> Logged:
    """Return what the logs say about the bundle of the node `listed`. Never raises: failures are reasons of checks."""
    read = _read(bundle)
    if read is None:
        spoiled = NotProved("container")
        return Logged(None, PROVED, spoiled, spoiled, spoiled, spoiled)
    parsed, document = read
    return Logged(
        traffic_key=None,
        policy=PROVED,
        release=_release(standing, parsed, now=now, paths=paths),
        endorsement=_endorsement(standing, parsed, document),
        directory=_directory(standing, parsed, document, listed),
        anchor=_anchor(standing, document, paths),
        earliest=BUILT_AT,
    )


def challenged(standing: Standing, bundle: bytes, *, traffic_key: bytes, release: bytes, paths: Paths) -> Logged:
    """Return what the logs say about the answer to a challenge by a node that was accepted just before.

    Its document is its own and in no directory; `traffic_key` (the accepted key) and `release` (its leaf hash) tie it
    to the one that is.
    """
    read = _read(bundle)
    if read is None:
        spoiled = NotProved("container")
        return Logged(traffic_key, PROVED, spoiled, spoiled, spoiled, spoiled)
    _, document = read
    same = PROVED if document.rel == release else ("release_not_logged:another_release",)
    return Logged(traffic_key, PROVED, same, PROVED, PROVED, _anchor(standing, document, paths))


def release_of(standing: Standing, bundle: bytes) -> tuple[bytes, Head | None]:
    """Return the leaf hash of a bundle's release and the head under which its own proof shows it, if it does."""
    read = _read(bundle)
    if read is None:
        return bytes(32), None
    parsed, document = read
    item = parsed.items.get("release-proof")
    release = parsed.items.get("release")
    if item is None or release is None:
        return document.rel, None
    try:
        return document.rel, proof.verify(item.data, release.data, standing.pin.witnesses, origin=standing.pin.release)
    except (TlogError, Malformed):
        return document.rel, None


def is_emergency(bundle: bytes) -> bool:
    """Return whether a bundle's release says that it was one: it may mend what others exploit already."""
    read = _read(bundle)
    item = None if read is None else read[0].items.get("release")
    try:
        return item is not None and EMERGENCY in decode_release(item.data).flags
    except Malformed:
        return False


def _read(bundle: bytes) -> tuple[Bundle, NodeDocument] | None:
    try:
        parsed = evidence.decode(bundle)
        item = parsed.items.get("node-document")
        return None if item is None else (parsed, binding.decode(item.data))
    except Malformed:
        return None


def _proof_head(parsed: Bundle) -> tuple[Checkpoint, bytes] | None:
    item = parsed.items.get("release-proof")
    if item is None:
        return None
    try:
        data = proof.decode(item.data).checkpoint
        return checkpoint.decode(note.decode(data).text), data
    except PrivityError:
        return None


def _release(standing: Standing, parsed: Bundle, *, now: int, paths: Paths) -> Proof:
    item, release = parsed.items.get("release-proof"), parsed.items.get("release")
    if item is None or release is None:
        return ("release_not_logged:no_proof",)
    try:
        found = proof.verify(item.data, release.data, standing.pin.witnesses, origin=standing.pin.release)
        _same_history(standing, found.checkpoint, paths)
    except PrivityError as error:
        return (f"release_not_logged:{error.reason}",)
    if merkle.leaf_hash(release.data) in standing.posted.revocations.releases:
        return ("release_revoked",)
    try:
        head.check_age(found, now=now, most=min(RELEASE_AGE, standing.policy.max_release_proof_age), skew=SKEW)
    except TlogError as error:
        return (f"release_proof_stale:{error.reason}",)
    return PROVED


def _same_history(standing: Standing, older: Checkpoint, paths: Paths) -> None:
    """Check that an older head of the release log belongs to the client's view. Raises TlogError."""
    newest = standing.release_view
    if older.size == newest.head.size:
        path: Path = ()
    elif older.size in paths:
        path = paths[older.size]
    else:
        raise TlogError("consistency", f"nothing connects {older.size} to {newest.head.size}")
    view.same_history(View(older, b""), newest, path)


def _endorsement(standing: Standing, parsed: Bundle, document: NodeDocument) -> Proof:
    item = parsed.items.get("endorsement")
    try:
        endorsement.verify(
            None if item is None else item.data,
            fleet_keys(standing),
            node_document=parsed.items["node-document"].data,
            platform=document.plat.id,
            exp=document.exp,
        )
    except EndorsementInvalid as error:
        return (error.reason,)
    return PROVED


def _directory(standing: Standing, parsed: Bundle, document: NodeDocument, listed: Node) -> Proof:
    digest = sha256(parsed.items["node-document"].data).digest()
    entry = next((one for one in standing.directory.nodes if one.nd == digest), None)
    if entry is None or entry != listed:
        return ("directory_not_listed",)
    if entry.plat != document.plat:
        return ("directory_not_listed:platform",)
    if entry.rel != document.rel:
        return ("directory_not_listed:release",)
    if sha256(document.pk).digest() in standing.posted.revocations.keys:
        return ("directory_not_listed:key_revoked",)
    return PROVED


def _anchor(standing: Standing, document: NodeDocument, paths: Paths) -> Proof:
    anchor = document.anchor
    if anchor.origin != standing.pin.release:
        return ("anchor_unknown:origin",)
    if anchor.size > standing.release_view.head.size:
        return ("anchor_unknown:ahead",)
    try:
        _same_history(standing, Checkpoint(anchor.origin, anchor.size, anchor.root), paths)
    except TlogError as error:
        return (f"anchor_conflict:{error.reason}",)
    return PROVED
