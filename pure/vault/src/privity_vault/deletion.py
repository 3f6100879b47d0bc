"""What to delete, and what is left hanging when devices delete and write at the same time. Source: specs/tree.md.

Deletes name every id that the deleting device knew. What it did not know stays without a parent or box: an orphan. The
next client removes orphans, after it offered what the person wrote in them.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from privity_vault.contents.attachment import Attachment, Chunk
from privity_vault.contents.chat import Attached, Node, Role, Text
from privity_vault.contents.proof import Receipt
from privity_vault.contents.schema import Content
from privity_vault.title import is_blank
from privity_vault.tree import Tree, build, subtree

GRACE_DAYS: Final = 30
"""What nobody here can read any more is left so long to a device that can."""

Contents = Mapping[bytes, Content]
"""The contents of one box by object id, as far as they could be read."""


@dataclass(frozen=True, slots=True)
class Offer:
    """Messages that lost their place, from `top` down, with something in them that the person wrote."""

    top: bytes
    nodes: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Swept:
    """Ids to delete now, and what to offer first."""

    deletes: tuple[bytes, ...]
    offers: tuple[Offer, ...]


def of_message(contents: Contents, id_: bytes) -> tuple[bytes, ...]:
    """Return the ids that go with a message: all below it, their receipts, and attachments that nothing else names."""
    nodes = _nodes(contents)
    going = set(subtree(build(nodes), id_))
    staying = _attached(node for one, node in nodes.items() if one not in going)
    files = _files(contents, _attached(nodes[one] for one in going) - staying)
    return tuple(sorted(going | files | _receipts(contents, going)))


def of_chat(box: bytes, contents: Contents) -> tuple[bytes, ...]:
    """Return the ids that go with a chat: the box first, for without it nothing opens."""
    return box, *sorted(contents)


def sweep(contents: Contents, gone: Collection[bytes], *, box_gone: bool, answered: Collection[bytes]) -> Swept:
    """Return what hangs on a deleted message or box. `gone` are deleted ids; `answered` are messages of offers that the
    person took or declined.

    A message whose parent is missing without being deleted is not touched: the service may withhold it.
    """
    nodes = _nodes(contents)
    orphans = set(nodes) if box_gone else _orphans(nodes, gone)
    offers, kept = [], set[bytes]()
    tree = build({one: nodes[one] for one in orphans})
    for top, hanging in _groups(tree):
        if any(is_own(nodes[one]) and one not in answered for one in hanging):
            offers.append(Offer(top, hanging))
            kept.update(hanging)
    if box_gone:
        return Swept(() if kept else tuple(sorted(contents)), tuple(offers))
    going = orphans - kept
    staying = _attached(node for one, node in nodes.items() if one not in going)
    files = _files(contents, _attached(nodes[one] for one in going) - staying)
    lost = _receipts(contents, going) | _without_parent(contents, gone)
    return Swept(tuple(sorted(going | files | lost)), tuple(offers))


def is_abandoned(lost_day: int, day: int) -> bool:
    """Whether an object that cannot be read, in a box deleted on `lost_day`, may be removed on `day`."""
    return day >= lost_day + GRACE_DAYS


def is_own(node: Node) -> bool:
    """Whether the person wrote something in this message."""
    return node.role is Role.USER and any(isinstance(part, Text) and not is_blank(part.text) for part in node.parts)


def as_chat(offer: Offer, nodes: Mapping[bytes, Node], ids: Mapping[bytes, bytes], chat: bytes) -> dict[bytes, Node]:
    """Return the offered messages as the beginning of another chat, under new ids (`ids` by old id).

    Attachments stay behind: they belong to the chat that was deleted.
    """
    found = {}
    for one in offer.nodes:
        parent = None if one == offer.top else ids[nodes[one].parent or b""]
        parts = tuple(part for part in nodes[one].parts if not isinstance(part, Attached))
        found[ids[one]] = replace(nodes[one], chat=chat, parent=parent, parts=parts)
    return found


def _nodes(contents: Contents) -> dict[bytes, Node]:
    return {id_: one for id_, one in contents.items() if isinstance(one, Node)}


def _orphans(nodes: Mapping[bytes, Node], gone: Collection[bytes]) -> set[bytes]:
    tree = build(nodes)
    tops = [one for one, node in nodes.items() if node.parent is not None and node.parent in gone]
    return {below for top in tops for below in subtree(tree, top)}


def _groups(tree: Tree) -> list[tuple[bytes, tuple[bytes, ...]]]:
    """What hangs together, each from its top. Who is its own ancestor has none: the smallest id is taken for it."""
    tops = [one for one, node in tree.nodes.items() if node.parent not in tree.nodes]
    found, covered = [], set[bytes]()
    for top in [*sorted(tops), *sorted(tree.nodes)]:
        if top not in covered:
            found.append((top, subtree(tree, top)))
            covered.update(found[-1][1])
    return found


def _attached(nodes: Iterable[Node]) -> set[bytes]:
    return {part.attachment for node in nodes for part in node.parts if isinstance(part, Attached)}


def _files(contents: Contents, ids: set[bytes]) -> set[bytes]:
    """The attachments of these ids, their texts, and the chunks of both."""
    found = {id_ for id_ in ids if id_ in contents}
    for id_ in ids:
        one = contents.get(id_)
        if isinstance(one, Attachment) and one.extracted in contents and one.extracted is not None:
            found.add(one.extracted)
    chunks = {id_ for id_, one in contents.items() if isinstance(one, Chunk) and one.attachment in found}
    return found | chunks


def _receipts(contents: Contents, nodes: set[bytes]) -> set[bytes]:
    return {id_ for id_, one in contents.items() if isinstance(one, Receipt) and one.node in nodes}


def _without_parent(contents: Contents, gone: Collection[bytes]) -> set[bytes]:
    """Chunks and receipts of what was deleted."""
    return {
        id_
        for id_, one in contents.items()
        if (isinstance(one, Chunk) and one.attachment in gone) or (isinstance(one, Receipt) and one.node in gone)
    }
