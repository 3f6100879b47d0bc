"""When a new directory is logged. Pure: a decision over values. Source: specs/keeper.md, "Directory"."""

from collections.abc import Iterable
from typing import Final

from privity_protocol.directory import MAX_NODES, Directory, Node

LIFE: Final = 7200
"""Seconds from `nbf` to `exp`: so long a log may be away."""
HOURLY: Final = 3600
APART: Final = 60
"""Seconds between two directories, so that a node that comes and goes does not fill the log."""


def due(known: Directory | None, wanted: Iterable[Node], *, settled: bool, now: int) -> tuple[Node, ...] | None:
    """Return the nodes to list in a new directory at `now` (Unix seconds), None while the known one will do.

    `wanted` are the endorsed nodes of valid keys; `settled` says that every node was heard or is known to be away.
    """
    nodes = tuple(sorted(wanted, key=lambda one: one.nd))[:MAX_NODES]
    if known is None:
        return nodes if nodes or settled else None
    if now < known.nbf or now - known.nbf >= HOURLY:
        return nodes if settled else None
    if nodes == known.nodes:
        return None
    gone = settled and not {one.nd for one in known.nodes} <= {one.nd for one in nodes}
    return nodes if gone or (settled and now - known.nbf >= APART) else None


def directory(nodes: tuple[Node, ...], *, prev: bytes | None, now: int) -> Directory:
    """Return the directory of `nodes` from `now` on; `prev` is the SHA-256 of the one before."""
    return Directory(nbf=now, exp=now + LIFE, prev=prev, nodes=nodes)
