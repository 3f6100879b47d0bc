"""The operations of the trust vectors: what Python makes of a case. Inputs are bytes, numbers and texts."""

import tempfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

from privity_attest import release
from privity_attest.logged import Logged, NotProved, Proof
from privity_client.trust import pins, remembered, saved_evidence, standing
from privity_client.trust.differences import differences
from privity_client.trust.remembered import Remembered
from privity_client.trust.standing import Standing
from privity_protocol.directory import Node
from privity_protocol.platform import Platform

Given = dict[str, Any]


def judge(given: Given) -> Given:
    """A bulletin is established, remembered, and holds a node."""
    now = given["now"]
    found = _established(given)
    known = Remembered() if given["remembered"] is None else remembered.decode(given["remembered"])
    advance = {origin: _path(path) for origin, path in given["advance"]}
    after = standing.remember(known, found, advance, now=now)
    judged = standing.judge(found, given["bundle"], _node(given["listed"]), now=now, paths=_paths(given))
    policy = standing.base_policy(found, frozenset(bytes.fromhex(one) for one in given["roots"]))
    release_hash, head = standing.release_of(found, given["bundle"])
    return {
        "logged": _shown(judged),
        "sizes": sorted(standing.sizes(given["bundle"])),
        "release": release_hash.hex(),
        "witnesses": [] if head is None else sorted(name for name, _ in head.witnesses),
        "platforms": [one.hex() for one in policy.fleet.platforms],
        "keys": [one.hex() for one in policy.fleet.keys],
        "allow_simulated": policy.allow_simulated,
        "remembered": {**_sizes(after), "document": sha256(remembered.encode(after)).hexdigest()},
    }


def challenged(given: Given) -> Given:
    """A bulletin is established and holds the answer to a challenge."""
    found, accepted = _established(given), bytes.fromhex(given["release"])
    judged = standing.challenged(found, given["bundle"], traffic_key=b"key", release=accepted, paths=_paths(given))
    return {"logged": _shown(judged)}


def decode_pin(given: Given) -> Given:
    """A pin; writing it gives the same bytes."""
    pin = pins.decode(given["data"])
    assert pins.encode(pin) == given["data"]
    names = ("deploy", "release", "keys", "no_quorum", "hold_back")
    members = {name: getattr(pin, name) for name in names}
    return {**members, "auditors": list(pin.auditors), "asks_for_witnesses": pin.asks_for_witnesses}


def decode_remembered(given: Given) -> Given:
    """What is remembered; writing it gives the same bytes."""
    known = remembered.decode(given["data"])
    assert remembered.encode(known) == given["data"]
    return _sizes(known)


def evidence(given: Given) -> Given:
    """The document of two notes that contradict each other."""
    with tempfile.TemporaryDirectory() as folder:
        about = {name: given[name] for name in ("reason", "origin", "time")}
        path = remembered.keep_evidence(Path(folder), notes=[given["first"], given["second"]], **about)
        assert path is not None
        return {"document": sha256(path.read_bytes()).hexdigest()}


def compare_releases(given: Given) -> Given:
    """What changed between two releases."""
    return {"sentences": list(differences(release.decode(given["old"]), release.decode(given["new"])))}


def decode_saved(given: Given) -> Given:
    """Saved evidence; writing it gives the same bytes."""
    saved = saved_evidence.decode(given["data"])
    assert saved_evidence.encode(saved) == given["data"]
    document = saved_evidence.document_digest(saved.bundle)
    return {
        "server": saved.server,
        "time": saved.time,
        "bundle": sha256(saved.bundle).hexdigest(),
        "bulletin": sha256(saved.bulletin).hexdigest(),
        "paths": [[size, [one.hex() for one in hashes]] for size, hashes in saved.paths.items()],
        "document": None if document is None else document.hex(),
    }


OPERATIONS: dict[str, Callable[[Given], Given]] = {
    "judge": judge,
    "challenged": challenged,
    "decode_pin": decode_pin,
    "decode_remembered": decode_remembered,
    "decode_saved": decode_saved,
    "evidence": evidence,
    "differences": compare_releases,
}


def _established(given: Given) -> Standing:
    return standing.establish(given["bulletin"], pins.decode(given["pin"]), now=given["now"])


def _path(hashes: list[str]) -> tuple[bytes, ...]:
    return tuple(bytes.fromhex(one) for one in hashes)


def _paths(given: Given) -> dict[int, tuple[bytes, ...]]:
    return {size: _path(path) for size, path in given["paths"]}


def _node(listed: list[Any]) -> Node:
    digest, kind, platform, rel, cap, weight = listed
    named = Platform(kind, bytes.fromhex(platform))
    return Node(bytes.fromhex(digest), named, bytes.fromhex(rel), tuple(cap), weight)


def _shown(judged: Logged) -> dict[str, Any]:
    names = ("policy", "release", "endorsement", "directory", "anchor")
    return {name: _proof(getattr(judged, name)) for name in names}


def _proof(one: Proof) -> Any:
    return {"not_proved": one.text} if isinstance(one, NotProved) else list(one)


def _sizes(known: Remembered) -> dict[str, Any]:
    views = {origin: view.head.size for origin, view in known.views.items()}
    return {"views": views, "places": dict(known.places), "releases": dict(known.releases)}
