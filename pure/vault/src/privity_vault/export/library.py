"""What an archive holds, read or about to be written. Source: specs/export.md, section "Contents"."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Final, TypeVar

from privity_vault.clock import NEVER, Stamp
from privity_vault.contents.attachment import Attachment
from privity_vault.contents.chat import Attached, Chat, Node
from privity_vault.contents.home import Folder, Memory, Prompt, Settings
from privity_vault.contents.proof import Evidence, Receipt
from privity_vault.contents.schema import Content, Field

C = TypeVar("C", bound=Content)
Ids = Callable[[str], bytes]
"""The id here of something there: `box.import_id` with a key and a source."""


BLANK: Final = Chat(
    title=Field("", NEVER),
    folder=Field(None, NEVER),
    pinned=Field(False, NEVER),
    leaf=Field(None, NEVER),
    model=Field(None, NEVER),
    effort=Field(None, NEVER),
    instructions=Field("", NEVER),
)
"""A chat of which nothing is known."""


@dataclass(frozen=True, slots=True)
class SavedFile:
    """An attachment; its bytes stay in the archive until they are asked for by `path`. `extracted` is another one."""

    name: str
    type: str
    extracted: bytes | None
    path: str


@dataclass(frozen=True, slots=True)
class SavedChat:
    """A chat: its box's id, what the chat object holds, its messages and attachments."""

    id: bytes
    archived: bool
    chat: Chat
    nodes: Mapping[bytes, Node]
    files: Mapping[bytes, SavedFile]


@dataclass(frozen=True, slots=True)
class Library:
    """All that a person takes away. `time` in Unix seconds. Tokens, links, views and keys stay behind."""

    time: int
    chats: tuple[SavedChat, ...]
    folders: Mapping[bytes, Folder]
    settings: Settings | None
    memories: Mapping[bytes, Memory]
    prompts: Mapping[bytes, Prompt]
    receipts: Mapping[bytes, Receipt]
    evidence: Mapping[bytes, Evidence]


def adopt(library: Library, ids: Ids) -> Library:
    """Return the library under ids of this account: importing it twice changes nothing, and no id tells where it was.

    Chats arrive archived. What names something that the archive does not hold names nothing.
    """

    def named(what: str, id_: bytes) -> bytes:
        return ids(f"{what}/{id_.hex()}")

    folders = {id_: named("folder", id_) for id_ in library.folders}
    boxes = {one.id: named("box", one.id) for one in library.chats}
    nodes = {id_: named("node", id_) for one in library.chats for id_ in one.nodes}
    proofs = {id_: named("evidence", id_) for id_ in library.evidence}
    memories = {
        named("memory", id_): replace(one, source=_pointed(one.source, boxes)) for id_, one in library.memories.items()
    }
    receipts = {
        named("receipt", id_): replace(one, node=nodes[one.node], evidence=proofs.get(one.evidence or b""))
        for id_, one in library.receipts.items()
        if one.node in nodes
    }
    return replace(
        library,
        chats=tuple(_adopted(one, boxes, nodes, folders, ids) for one in library.chats),
        folders={folders[id_]: one for id_, one in library.folders.items()},
        memories=memories,
        prompts={named("prompt", id_): one for id_, one in library.prompts.items()},
        receipts=receipts,
        evidence={proofs[id_]: one for id_, one in library.evidence.items()},
    )


def _adopted(
    saved: SavedChat,
    boxes: Mapping[bytes, bytes],
    nodes: Mapping[bytes, bytes],
    folders: Mapping[bytes, bytes],
    ids: Ids,
) -> SavedChat:
    files = {id_: ids(f"attachment/{id_.hex()}") for id_ in saved.files}
    box = boxes[saved.id]
    chat = replace(saved.chat, folder=_pointed(saved.chat.folder, folders), leaf=_pointed(saved.chat.leaf, nodes))
    moved = {}
    for id_, one in saved.nodes.items():
        parts = tuple(
            Attached(files[part.attachment]) if isinstance(part, Attached) else part
            for part in one.parts
            if not isinstance(part, Attached) or part.attachment in files
        )
        parent = None if one.parent is None else nodes.get(one.parent)
        moved[nodes[id_]] = replace(one, chat=box, parent=parent, parts=parts)
    kept = {files[id_]: replace(one, extracted=files.get(one.extracted or b"")) for id_, one in saved.files.items()}
    return SavedChat(box, True, chat, moved, kept)


def _pointed(field: Field[bytes | None], known: Mapping[bytes, bytes]) -> Field[bytes | None]:
    return replace(field, value=None if field.value is None else known.get(field.value))


def stamped(content: C, stamp: Stamp) -> C:
    """Return a content of an archive with all its fields written now."""
    values = {one.name: getattr(content, one.name) for one in fields(content)}
    return replace(
        content, **{name: replace(one, stamp=stamp) for name, one in values.items() if isinstance(one, Field)}
    )


def of_box(box: bytes, archived: bool, contents: Mapping[bytes, Content]) -> SavedChat:
    """Return a chat as an archive has it, from the contents of its box. A chat object that is lost is a blank one."""
    chats = [one for one in contents.values() if isinstance(one, Chat)]
    files = {
        id_: SavedFile(one.name, one.type, one.extracted, "")
        for id_, one in contents.items()
        if isinstance(one, Attachment)
    }
    nodes = {id_: one for id_, one in contents.items() if isinstance(one, Node)}
    return SavedChat(box, archived, chats[0] if chats else BLANK, nodes, files)


def to_box(saved: SavedChat, id_: bytes, stamp: Stamp) -> dict[bytes, Content]:
    """Return the chat object, under `id_`, and the messages; attachments are split by `attachment.split`."""
    return {id_: stamped(saved.chat, stamp), **saved.nodes}
