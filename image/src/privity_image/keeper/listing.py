"""When a new directory is logged. Pure: a decision over values. Source: specs/keeper.md, "Directory"."""

from collections.abc import Iterable
from typing import Final

from privity_protocol.directory import MAX_DIRECTORY, MAX_NODES, Directory, Node, encode

LIFE: Final = 7200
"""Seconds from `nbf` to `exp`: so long a log may be away."""
HOURLY: Final = 3600
FAR: Final = 10**10
"""Seconds: no time is longer to write for three centuries."""
APART: Final = 60
"""Seconds between two directories, so that a node that comes and goes does not fill the log."""


def due(known: Directory | None, wanted: Iterable[Node], *, settled: bool, now: int) -> tuple[Node, ...] | None:
    """Return the nodes to list in a new directory at `now` (Unix seconds), None while the known one will do.

    `wanted` are the endorsed nodes of valid keys, those first that go in when not all fit; `settled` says that every
    node was heard or is known to be away.
    """
    nodes = fitting(wanted)
    if known is None:
        return nodes if nodes or settled else None
    if now < known.nbf or now - known.nbf >= HOURLY:
        return nodes if settled else None
    if nodes == known.nodes:
        return None
    gone = settled and not {one.nd for one in known.nodes} <= {one.nd for one in nodes}
    return nodes if gone or (settled and now - known.nbf >= APART) else None


def fitting(wanted: Iterable[Node]) -> tuple[Node, ...]:
    """Return as many nodes, the first ones, as a leaf of the log can hold, by ascending hash."""
    empty = len(encode(directory((), prev=bytes(32), now=FAR)))
    found: list[Node] = []
    room = MAX_DIRECTORY - empty
    for node in wanted:
        room -= len(encode(directory((node,), prev=bytes(32), now=FAR))) - empty + 1
        if room < 0 or len(found) == MAX_NODES:
            break
        found.append(node)
    return tuple(sorted(found, key=lambda one: one.nd))


def directory(nodes: tuple[Node, ...], *, prev: bytes | None, now: int) -> Directory:
    """Return the directory of `nodes` from `now` on; `prev` is the SHA-256 of the one before."""
    return Directory(nbf=now, exp=now + LIFE, prev=prev, nodes=nodes)
