"""What an operator posts for everybody: the newest leaves of both logs, each with its proof. Source: specs/bulletin.md.

One document instead of many requests: a client believes a head of each log once, and everything else hangs from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from types import MappingProxyType
from typing import Final

from privity_protocol import canonical
from privity_protocol.errors import Malformed

from privity_tlog import head, merkle
from privity_tlog.errors import TlogError
from privity_tlog.head import Head
from privity_tlog.leaves import fleet, issuers, reading, revocations, trust
from privity_tlog.leaves.fleet import Fleet
from privity_tlog.leaves.issuers import Issuers
from privity_tlog.leaves.revocations import Revocations
from privity_tlog.leaves.trust import Trust
from privity_tlog.limits import MAX_APPRAISAL, MAX_BULLETIN, MAX_ENTRY, MAX_HASHES, MAX_NOTE, MAX_POSTED
from privity_tlog.spelling import HASH
from privity_tlog.witness_policy import WitnessPolicy

KIND: Final = "bulletin"
RELEASE: Final = "release"
DIRECTORY: Final = "directory"
_MEMBERS: Final = frozenset({"v", "t", "appraisal", "release", "keys"})
_SECTION: Final = frozenset({"checkpoint", "entries"})
_ENTRY: Final = frozenset({"leaf", "index", "path"})
ONCE: Final = frozenset({trust.KIND, fleet.KIND, revocations.KIND, DIRECTORY, issuers.KIND})
"""Kinds of which only the newest leaf counts."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A leaf, its place in the log, and the path from its hash to the root."""

    leaf: bytes
    index: int
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """What is posted of one log: the note of its head, and entries by ascending index."""

    checkpoint: bytes
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Bulletin:
    """A parsed bulletin of which nothing is believed yet; `appraisal` is the appraisal policy document."""

    appraisal: bytes
    release: Section
    keys: Section


@dataclass(frozen=True, slots=True)
class Posted:
    """What a bulletin established. `releases` and `indices` are by leaf hash and by kind; leaves are exact bytes."""

    release_head: Head
    keys_head: Head
    appraisal: bytes
    trust: Trust
    fleet: Fleet
    revocations: Revocations
    directory: bytes
    issuers: Issuers | None
    releases: Mapping[bytes, Entry]
    indices: Mapping[str, int]


def decode(data: bytes) -> Bulletin:
    """Return the bulletin in `data`. Raises Malformed."""
    value = canonical.members(canonical.decode(data, max_bytes=MAX_BULLETIN), _MEMBERS, KIND)
    canonical.integer(value["v"], "v", least=1, most=1)
    if value["t"] != KIND:
        raise Malformed("member_value", "t")
    return Bulletin(
        appraisal=_octets(value["appraisal"], "appraisal", most=MAX_APPRAISAL),
        release=_section(value["release"]),
        keys=_section(value["keys"]),
    )


def encode(bulletin: Bulletin) -> bytes:
    """Return the document of `bulletin`. Raises Malformed when `decode` would refuse it."""
    data = canonical.encode(
        {
            "v": 1,
            "t": KIND,
            "appraisal": canonical.base64url_encode(bulletin.appraisal),
            "release": _members(bulletin.release),
            "keys": _members(bulletin.keys),
        }
    )
    decode(data)
    return data


def verify(bulletin: Bulletin, policy: WitnessPolicy, *, release: str, keys: str) -> Posted:
    """Return what `bulletin` establishes under the pinned `policy` for the logs with the origins `release` and `keys`.

    No age is judged here. Raises TlogError: what `head.verify` raises, `inclusion`, `leaf_missing`, `leaf_repeated`,
    `appraisal_policy`; Malformed for a leaf that is none.
    """
    release_head, releases, leaves = _proved(bulletin.release, policy, release)
    keys_head, _, hourly = _proved(bulletin.keys, policy, keys)
    logged = trust.decode(_only(leaves, trust.KIND).leaf)
    if sha256(bulletin.appraisal).digest() != logged.appraisal_policy:
        raise TlogError("appraisal_policy", "the logged policy names another one")
    issued = hourly.get(issuers.KIND)
    return Posted(
        release_head=release_head,
        keys_head=keys_head,
        appraisal=bulletin.appraisal,
        trust=logged,
        fleet=fleet.decode(_only(leaves, fleet.KIND).leaf),
        revocations=revocations.decode(_only(leaves, revocations.KIND).leaf),
        directory=_only(hourly, DIRECTORY).leaf,
        issuers=None if issued is None else issuers.decode(issued.leaf),
        releases=MappingProxyType(releases),
        indices=MappingProxyType({kind: one.index for kind, one in (leaves | hourly).items()}),
    )


def advance(known: Mapping[str, int], posted: Posted) -> Mapping[str, int]:
    """Return the places to remember: of each kind the newest leaf seen, which a later bulletin may not go behind.

    Without this a withheld revocation or policy would show only by its age. Raises TlogError `leaf_rolled_back`.
    """
    for kind, index in known.items():
        if posted.indices.get(kind, index) < index:
            raise TlogError("leaf_rolled_back", f"{kind} {posted.indices[kind]} after {index}")
    return MappingProxyType({**known, **posted.indices})


def _proved(section: Section, policy: WitnessPolicy, origin: str) -> tuple[Head, dict[bytes, Entry], dict[str, Entry]]:
    """Return the head, the releases by leaf hash, and the leaves of which only one may stand here, by kind."""
    found = head.verify(section.checkpoint, policy, origin=origin)
    releases: dict[bytes, Entry] = {}
    single: dict[str, Entry] = {}
    for entry in section.entries:
        digest = merkle.leaf_hash(entry.leaf)
        merkle.verify_inclusion(digest, entry.index, found.checkpoint.size, entry.path, found.checkpoint.root)
        kind = reading.kind_of(entry.leaf)
        if kind == RELEASE:
            releases[digest] = entry
        elif kind in single:
            raise TlogError("leaf_repeated", kind)
        elif kind in ONCE:
            single[kind] = entry
    return found, releases, single


def _only(leaves: Mapping[str, Entry], kind: str) -> Entry:
    found = leaves.get(kind)
    if found is None:
        raise TlogError("leaf_missing", kind)
    return found


def _section(value: object) -> Section:
    section = canonical.members(value, _SECTION, "section")
    entries = reading.listed(section["entries"], "entries", _entry, most=MAX_POSTED)
    return Section(
        checkpoint=_octets(section["checkpoint"], "checkpoint", most=MAX_NOTE),
        entries=reading.ascending(entries, "entries", lambda one: one.index),
    )


def _entry(value: object) -> Entry:
    entry = canonical.members(value, _ENTRY, "entry")
    path = canonical.entries(entry["path"], "path", most=MAX_HASHES)
    return Entry(
        leaf=_octets(entry["leaf"], "leaf", most=MAX_ENTRY),
        index=canonical.integer(entry["index"], "index"),
        path=tuple(canonical.from_base64url(one, "path", size=HASH) for one in path),
    )


def _members(section: Section) -> dict[str, object]:
    return {
        "checkpoint": canonical.base64url_encode(section.checkpoint),
        "entries": [
            {
                "leaf": canonical.base64url_encode(one.leaf),
                "index": one.index,
                "path": [canonical.base64url_encode(step) for step in one.path],
            }
            for one in sorted(section.entries, key=lambda one: one.index)
        ],
    }


def _octets(value: object, what: str, *, most: int) -> bytes:
    """Return 1 to `most` bytes from unpadded base64url. Raises Malformed."""
    text = canonical.text(value, what, longest=4 * (most // 3 + 1))
    data = canonical.base64url_decode(text)
    if data is None or len(data) > most:
        raise Malformed("member_value", what)
    return data
