"""The directory: the list of nodes that everybody sees and from which the client itself chooses.

Source: specs/directory.md. Canonical JSON; nodes strictly ascending by hash, so one list has one spelling.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from privity_protocol import canonical, platform, platform_reader
from privity_protocol.errors import Malformed
from privity_protocol.platform import Platform

MAX_DIRECTORY: Final = 65_535  # bytes, the longest leaf of a log
MAX_NODES: Final = 250
MAX_CAPABILITIES: Final = 64  # model ids of one node
MODEL_ID: Final = r"[A-Za-z0-9][A-Za-z0-9._:/-]*"
_MEMBERS = frozenset({"v", "t", "nbf", "exp", "prev", "nodes"})
_NODE = frozenset({"nd", "plat", "rel", "cap", "w"})


@dataclass(frozen=True, slots=True)
class Node:
    """One listed node: SHA-256 of its node document, platform, release leaf hash, model ids, weight from 1 to 8."""

    nd: bytes
    plat: Platform
    rel: bytes
    cap: tuple[str, ...]
    w: int


@dataclass(frozen=True, slots=True)
class Directory:
    """Nodes listed from `nbf` to `exp` (Unix seconds); `prev` is the SHA-256 of the one before, None for the first."""

    nbf: int
    exp: int
    prev: bytes | None
    nodes: tuple[Node, ...]


def encode(directory: Directory) -> bytes:
    """Return the bytes of `directory`. Raises Malformed when `decode` would refuse them."""
    data = canonical.encode(
        {
            "v": 1,
            "t": "directory",
            "nbf": directory.nbf,
            "exp": directory.exp,
            "prev": None if directory.prev is None else directory.prev.hex(),
            "nodes": [
                {
                    "nd": node.nd.hex(),
                    "plat": platform.members(node.plat),
                    "rel": node.rel.hex(),
                    "cap": list(node.cap),
                    "w": node.w,
                }
                for node in directory.nodes
            ],
        }
    )
    decode(data)
    return data


def decode(data: bytes) -> Directory:
    """Return the directory in `data` (at most 65,535 bytes); its window is not judged here.

    Raises Malformed: the reasons of canonical JSON and its members.
    """
    value = canonical.members(canonical.decode(data, max_bytes=MAX_DIRECTORY), _MEMBERS, "directory")
    canonical.integer(value["v"], "v", least=1, most=1)
    canonical.text(value["t"], "t", longest=9, pattern="directory")
    nodes = tuple(_node(entry) for entry in canonical.entries(value["nodes"], "nodes", most=MAX_NODES))
    _ascending([node.nd.hex() for node in nodes], "nodes")
    nbf = canonical.integer(value["nbf"], "nbf")
    prev = value["prev"]
    return Directory(
        nbf=nbf,
        exp=canonical.integer(value["exp"], "exp", least=nbf + 1),
        prev=None if prev is None else canonical.from_hex(prev, "prev", size=32),
        nodes=nodes,
    )


def _node(value: object) -> Node:
    node = canonical.members(value, _NODE, "node")
    names = canonical.entries(node["cap"], "cap", least=1, most=MAX_CAPABILITIES)
    cap = tuple(canonical.text(name, "cap", longest=128, pattern=MODEL_ID) for name in names)
    _ascending(cap, "cap")
    return Node(
        nd=canonical.from_hex(node["nd"], "nd", size=32),
        plat=platform_reader.decode(node["plat"]),
        rel=canonical.from_hex(node["rel"], "rel", size=32),
        cap=cap,
        w=canonical.integer(node["w"], "w", least=1, most=8),
    )


def _ascending(names: list[str] | tuple[str, ...], what: str) -> None:
    if any(second <= first for first, second in pairwise(names)):
        raise Malformed("member_value", f"{what} not strictly ascending")
