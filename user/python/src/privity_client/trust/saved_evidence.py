"""Evidence of a node as it was judged, in one file: with the bulletin and the paths, so that it can be judged again.

Trusted: no. Whoever has the file judges it under a pin of their own. Source: specs/trust.md, "Saved evidence".
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from privity_protocol import canonical, evidence
from privity_protocol.directory import Node
from privity_protocol.errors import Malformed
from privity_protocol.limits import MAX_BUNDLE
from privity_tlog.limits import MAX_BULLETIN

from privity_client.errors import ClientError
from privity_client.trust import standing
from privity_client.trust.pins import Pin
from privity_client.trust.standing import Paths, Standing

MAX_SAVED: Final = 2 * (MAX_BUNDLE + MAX_BULLETIN)
"""Bytes of a file: both parts grow by a third in base64url."""
MAX_PATHS: Final = 8
MAX_HASHES: Final = 64
MAX_ORIGIN: Final = 512
KIND: Final = "privity saved evidence"
_MEMBERS: Final = frozenset({"v", "kind", "server", "time", "bundle", "bulletin", "paths"})
_PATH: Final = frozenset({"size", "hashes"})


@dataclass(frozen=True, slots=True)
class SavedEvidence:
    """What was fetched of `server` and judged at `time` (Unix seconds); none of it is believed."""

    server: str
    time: int
    bundle: bytes
    bulletin: bytes
    paths: Paths


def encode(saved: SavedEvidence) -> bytes:
    """Return the file."""
    rows = [{"size": size, "hashes": [one.hex() for one in hashes]} for size, hashes in sorted(saved.paths.items())]
    return canonical.encode(
        {
            "v": 1,
            "kind": KIND,
            "server": saved.server,
            "time": saved.time,
            "bundle": canonical.base64url_encode(saved.bundle),
            "bulletin": canonical.base64url_encode(saved.bulletin),
            "paths": rows,
        }
    )


def is_one(data: bytes) -> bool:
    """Return whether a file claims to be saved evidence, and not a bare bundle: by its first member."""
    return data.startswith(b'{"bulletin":')


def decode(data: bytes) -> SavedEvidence:
    """Return what a file holds. Raises Malformed."""
    value = canonical.members(canonical.decode(data, max_bytes=MAX_SAVED), _MEMBERS, "saved evidence")
    canonical.integer(value["v"], "v", least=1, most=1)
    if value["kind"] != KIND:
        raise Malformed("member_value", "kind")
    return SavedEvidence(
        server=canonical.text(value["server"], "server", longest=MAX_ORIGIN),
        time=canonical.integer(value["time"], "time"),
        bundle=_octets(value["bundle"], "bundle", MAX_BUNDLE),
        bulletin=_octets(value["bulletin"], "bulletin", MAX_BULLETIN),
        paths=_paths(value["paths"]),
    )


def _octets(value: object, what: str, most: int) -> bytes:
    text = canonical.text(value, what, longest=4 * most // 3 + 4, pattern="[A-Za-z0-9_-]+")
    data = canonical.base64url_decode(text)
    if data is None or len(data) > most:
        raise Malformed("member_value", what)
    return data


def _paths(value: object) -> Paths:
    rows = [canonical.members(one, _PATH, "path") for one in canonical.entries(value, "paths", least=0, most=MAX_PATHS)]
    sizes = [canonical.integer(row["size"], "size", least=1) for row in rows]
    if sizes != sorted(set(sizes)):
        raise Malformed("member_value", "paths: sizes do not rise")
    return {size: _hashes(row["hashes"]) for size, row in zip(sizes, rows, strict=True)}


def _hashes(value: object) -> tuple[bytes, ...]:
    rows = canonical.entries(value, "hashes", least=0, most=MAX_HASHES)
    return tuple(canonical.from_hex(one, "hash", size=32) for one in rows)


def establish(saved: SavedEvidence, pin: Pin, *, now: int) -> Standing:
    """Return what the file's bulletin establishes under `pin`. Raises what `standing.establish` raises."""
    return standing.establish(saved.bulletin, pin, now=now)


def listed(saved: SavedEvidence, found: Standing) -> Node:
    """Return the bundle's line of the directory. Raises ClientError `refused` when the directory does not list it."""
    digest = document_digest(saved.bundle)
    for node in found.directory.nodes:
        if node.nd == digest:
            return node
    raise ClientError("refused", "the directory beside this evidence does not list its node")


def document_digest(bundle: bytes) -> bytes | None:
    """Return SHA-256 of the node document in a bundle, None where there is none."""
    try:
        items = evidence.decode(bundle).items
    except Malformed:
        return None
    return sha256(items["node-document"].data).digest() if "node-document" in items else None
