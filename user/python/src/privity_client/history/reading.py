"""What a person reads: the list of chats, one chat, what a search finds. Opened when asked for, and not kept."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from privity_vault import tree
from privity_vault.contents.chat import Chat, Node, Reasoning, Role, Text
from privity_vault.contents.schema import Kind
from privity_vault.tree import Tree

from privity_client.errors import ClientError
from privity_client.history.replica import Replica

UNTITLED = "Untitled"


@dataclass(frozen=True, slots=True, repr=False)
class Listed:
    """A chat in the list. `messages` are those that this device knows of."""

    id: bytes
    title: str
    active: bool
    pinned: bool
    messages: int
    last_day: int


@dataclass(frozen=True, slots=True, repr=False)
class ShownChat:
    """One chat: all its messages, and the branch that is shown."""

    id: bytes
    object: bytes | None
    title: str
    active: bool
    content: Chat | None
    nodes: Mapping[bytes, Node]
    tree: Tree
    shown: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Found:
    """Where a search found its words."""

    chat: bytes
    title: str
    node: bytes
    role: Role
    excerpt: str


def listing(replica: Replica) -> list[Listed]:
    """Return all chats, pinned ones first, then those written last. Messages are counted, not opened."""
    counts, last = _counts(replica)
    found = []
    for chat in replica.chats():
        _, content = _chat_object(replica, chat)
        title = content.title.value if content is not None else ""
        pinned = content is not None and content.pinned.value
        active = replica.is_active(chat) is True
        found.append(Listed(chat, title or UNTITLED, active, pinned, counts.get(chat, 0), last.get(chat, 0)))
    return sorted(found, key=lambda one: (not one.pinned, -one.last_day, one.title, one.id))


def chat(replica: Replica, id_: bytes) -> ShownChat:
    """Return one chat. Raises ClientError `chat_unknown`."""
    active = replica.is_active(id_)
    if active is None or id_ == replica.home:
        raise ClientError("chat_unknown", id_.hex())
    object_, content = _chat_object(replica, id_)
    nodes = {one: node for one, node in replica.contents(id_, Kind.NODE).items() if isinstance(node, Node)}
    grown = tree.build(nodes)
    title = content.title.value if content is not None else ""
    shown = tree.shown(grown, None if content is None else content.leaf.value)
    return ShownChat(id_, object_, title or UNTITLED, active, content, nodes, grown, shown)


def named(replica: Replica, text: str) -> bytes:
    """Return the chat whose id begins with `text`. Raises ClientError `chat_unknown` when there is none, or several."""
    wanted = text.strip().lower()
    found = [one for one in replica.chats() if wanted and one.hex().startswith(wanted)]
    if len(found) != 1:
        raise ClientError("chat_unknown", text if not found else f"{text}: {len(found)} chats begin so")
    return found[0]


def search(replica: Replica, words: str) -> Iterator[Found]:
    """Yield the messages that hold all of these words, chat by chat. Everything is opened for it, on this device."""
    wanted = words.casefold().split()
    for one in listing(replica):
        saved = chat(replica, one.id)
        for id_ in saved.nodes:
            said = text_of(saved.nodes[id_])
            folded = said.casefold()
            if wanted and all(word in folded for word in wanted):
                yield Found(one.id, one.title, id_, saved.nodes[id_].role, _excerpt(said, wanted[0]))


def text_of(node: Node) -> str:
    """What a message says, without its reasoning."""
    return "\n\n".join(part.text for part in node.parts if isinstance(part, Text))


def reasoning_of(node: Node) -> str:
    """What a model wrote before its answer."""
    return "\n\n".join(part.text for part in node.parts if isinstance(part, Reasoning))


def _excerpt(text: str, word: str) -> str:
    at = max(text.casefold().find(word), 0)
    start, end = max(at - 40, 0), at + 80
    return ("…" if start else "") + " ".join(text[start:end].split()) + ("…" if end < len(text) else "")


def _chat_object(replica: Replica, chat: bytes) -> tuple[bytes | None, Chat | None]:
    found = replica.contents(chat, Kind.CHAT)
    for id_, content in sorted(found.items()):
        if isinstance(content, Chat):
            return id_, content
    return None, None


def _counts(replica: Replica) -> tuple[dict[bytes, int], dict[bytes, int]]:
    counts, last = replica.store.messages(int(Kind.NODE))
    for box, more, place in replica.store.waiting_counts(int(Kind.NODE)):
        counts[box] = counts.get(box, 0) + more
        last[box] = replica.position.n + place
    return counts, last
