"""The tree of a chat's messages, and the branch that is shown. Source: specs/tree.md.

The tree only grows: editing a message or asking again adds a sibling. In which order messages arrive changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from privity_vault.clock import MAX_MILLIS
from privity_vault.contents.chat import Node


@dataclass(frozen=True, slots=True)
class Tree:
    """Messages by id; the children of each, oldest first, those of None being the beginnings.

    `detached` do not hang on a beginning: a message above them is missing. They are shown as such.
    """

    nodes: Mapping[bytes, Node]
    children: Mapping[bytes | None, tuple[bytes, ...]]
    detached: frozenset[bytes]


def build(nodes: Mapping[bytes, Node]) -> Tree:
    """Return the tree of the messages that could be read."""
    grouped: dict[bytes | None, list[bytes]] = {}
    for id_, node in nodes.items():
        grouped.setdefault(node.parent, []).append(id_)
    children = {parent: tuple(sorted(ids, key=lambda one: _age(nodes, one))) for parent, ids in grouped.items()}
    held = set(_below(children, children.get(None, ())))
    return Tree(MappingProxyType(dict(nodes)), MappingProxyType(children), frozenset(nodes.keys() - held))


def shown(tree: Tree, leaf: bytes | None) -> tuple[bytes, ...]:
    """Return the branch to show, its beginning first.

    It goes through `leaf`, or through the newest message when the tree does not hold that; and from there on through
    the newest child each time.
    """
    held = tree.nodes.keys() - tree.detached
    if not held:
        return ()
    at = leaf if leaf is not None and leaf in held else max(held, key=lambda one: _age(tree.nodes, one))
    branch = [at]
    while (parent := tree.nodes[branch[-1]].parent) is not None:
        branch.append(parent)
    branch.reverse()
    while below := tree.children.get(branch[-1]):
        branch.append(below[-1])
    return tuple(branch)


def siblings(tree: Tree, id_: bytes) -> tuple[bytes, ...]:
    """Return the versions of one message, oldest first, itself among them."""
    return tree.children[tree.nodes[id_].parent]


def subtree(tree: Tree, id_: bytes) -> tuple[bytes, ...]:
    """Return a message and all below it."""
    return tuple(_below(tree.children, (id_,)))


def needs_leaf(tree: Tree, leaf: bytes | None, id_: bytes) -> bool:
    """Whether the chat's `leaf` must be written for this new message to be on the branch that is shown."""
    return id_ not in shown(tree, leaf)


def reply_time(parent: Node | None, now: int) -> int:
    """The time of a new message: never before the one that it follows, whatever the clock says."""
    least = 0 if parent is None else parent.time + 1
    return min(max(now, least), MAX_MILLIS)


def _age(nodes: Mapping[bytes, Node], id_: bytes) -> tuple[int, bytes]:
    return nodes[id_].time, id_


def _below(children: Mapping[bytes | None, tuple[bytes, ...]], first: tuple[bytes, ...]) -> list[bytes]:
    """These and all below them, each once: messages of a broken device may be their own ancestors."""
    found, seen = list(first), set(first)
    for id_ in found:
        more = [one for one in children.get(id_, ()) if one not in seen]
        seen.update(more)
        found += more
    return found
