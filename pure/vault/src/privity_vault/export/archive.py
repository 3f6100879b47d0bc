"""Writes and reads what is inside an archive; zip around it is the client's. Source: specs/export.md, "Contents"."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any, Final, TypeVar

from privity_protocol import canonical

from privity_vault.contents.attachment import MAX_FILE_NAME, MAX_TYPE
from privity_vault.contents.chat import Chat, Node
from privity_vault.contents.home import Folder, Memory, Prompt, Settings
from privity_vault.contents.proof import Evidence, Receipt
from privity_vault.contents.schema import Content
from privity_vault.errors import VaultError, reading
from privity_vault.export import manifest, markdown, plainly
from privity_vault.export.file_name import distinct, safe
from privity_vault.export.library import Library, SavedChat, SavedFile
from privity_vault.export.manifest import File, Manifest

C = TypeVar("C", bound=Content)
MAX_JSON: Final = 256 * 2**20
MAX_ROWS: Final = 100_000
_CHAT: Final = re.compile(r"chats/([0-9a-f]{32})\.json")
_KNOWN: Final = re.compile(
    r"chats/[0-9a-f]{32}\.json|chats/[^/]+\.md|(?:folders|settings|memory|prompts)\.json"
    r"|attachments/[0-9a-f]{32}/[^/]+|(?:receipts|evidence)/[0-9a-f]{32}\.json"
)
_LISTS: Final[Mapping[str, type[Content]]] = {"folders.json": Folder, "memory.json": Memory, "prompts.json": Prompt}

Load = Callable[[str], bytes]
"""Returns the bytes of an entry by its name; the caller holds it to the announced size."""


def path_of(id_: bytes, name: str) -> str:
    """Where an attachment lies."""
    return f"attachments/{id_.hex()}/{safe(name)}"


def write(library: Library, data: Callable[[bytes], bytes]) -> Iterator[tuple[str, bytes]]:
    """Yield the files by name, the manifest last. `data` returns an attachment's bytes by its id.

    Raises VaultError `export.malformed`, `export.path`, `export.too_large`.
    """
    listed: dict[str, File] = {}
    for name, content in _files(library, data):
        listed[name] = File(len(content), sha256(content).digest())
        yield name, content
    yield manifest.NAME, manifest.encode(Manifest(library.time, _counts(library), listed))


def _counts(library: Library) -> dict[str, int]:
    return {
        "attachments": sum(len(one.files) for one in library.chats),
        "chats": len(library.chats),
        "folders": len(library.folders),
        "memories": len(library.memories),
        "messages": sum(len(one.nodes) for one in library.chats),
        "prompts": len(library.prompts),
    }


def _files(library: Library, data: Callable[[bytes], bytes]) -> Iterator[tuple[str, bytes]]:
    chats = sorted(library.chats, key=lambda one: one.id)
    titles = distinct([(one.id, one.chat.title.value) for one in chats])
    for saved in map(_placed, chats):
        yield f"chats/{saved.id.hex()}.json", _encode(_chat(saved))
        yield f"chats/{titles[saved.id]}.md", markdown.written(saved).encode()
        for id_, file in sorted(saved.files.items()):
            yield file.path, data(id_)
    yield "folders.json", _encode(_rows(library.folders))
    yield "settings.json", _encode(None if library.settings is None else plainly.write(library.settings))
    yield "memory.json", _encode(_rows(library.memories))
    yield "prompts.json", _encode(_rows(library.prompts))
    for folder, proofs in (("receipts", library.receipts), ("evidence", library.evidence)):
        for id_, one in sorted(proofs.items()):
            yield f"{folder}/{id_.hex()}.json", _encode(plainly.write(one))


def _placed(saved: SavedChat) -> SavedChat:
    files = {id_: replace(one, path=path_of(id_, one.name)) for id_, one in saved.files.items()}
    return replace(saved, files=files)


def _chat(saved: SavedChat) -> object:
    files = [
        {"id": id_.hex(), "name": one.name, "type": one.type, "extracted": one.extracted and one.extracted.hex()}
        for id_, one in sorted(saved.files.items())
    ]
    members = {"archived": saved.archived, "attachments": files, "chat": plainly.write(saved.chat)}
    return members | {"format": manifest.FORMAT, "id": saved.id.hex(), "nodes": _rows(saved.nodes)}


def _rows(contents: Mapping[bytes, Content]) -> list[object]:
    return [{"id": id_.hex()} | plainly.write(one) for id_, one in sorted(contents.items())]


def _encode(value: object) -> bytes:
    with reading("export.malformed"):
        return canonical.encode(value)


def read(names: Collection[str], load: Load) -> tuple[Manifest, Library]:
    """Return what an archive holds. `names` are its entries, folders left out; attachments are loaded by `attachment`.

    Raises VaultError `export.malformed`, `export.path`, `export.differs`.
    """
    if manifest.NAME not in names:
        raise VaultError("export.malformed", "no manifest")
    found = manifest.decode(load(manifest.NAME))
    manifest.check_complete(found, frozenset(names))
    strange = [name for name in found.files if not _KNOWN.fullmatch(name)]
    if strange:
        raise VaultError("export.malformed", "a file that no export has")

    def loaded(name: str) -> object:
        if name not in found.files:
            raise VaultError("export.malformed", f"no {name}")
        data = manifest.check_file(found, name, load(name))
        with reading("export.malformed"):
            return canonical.decode(data, max_bytes=MAX_JSON)

    matches = map(_CHAT.fullmatch, sorted(found.files))
    chats = tuple(_read_chat(match[1], loaded(match[0])) for match in matches if match)
    due = {name for name in found.files if name.startswith("attachments/")}
    if {file.path for one in chats for file in one.files.values()} != due:
        raise VaultError("export.malformed", "attachments that no chat lists, or the reverse")
    settings = loaded("settings.json")
    folders, memories, prompts = (_read_rows(of, loaded(name)) for name, of in _LISTS.items())
    library = Library(
        time=found.time,
        chats=chats,
        folders=folders,  # type: ignore[arg-type]
        settings=None if settings is None else plainly.read(Settings, settings),
        memories=memories,  # type: ignore[arg-type]
        prompts=prompts,  # type: ignore[arg-type]
        receipts=_proofs(Receipt, "receipts/", found, loaded),
        evidence=_proofs(Evidence, "evidence/", found, loaded),
    )
    if _counts(library) != found.counts:
        raise VaultError("export.malformed", "counts that are not those of the files")
    return found, library


def attachment(found: Manifest, file: SavedFile, load: Load) -> bytes:
    """Return the bytes of an attachment. Raises VaultError `export.differs`."""
    return manifest.check_file(found, file.path, load(file.path))


def _proofs(of: type[C], folder: str, found: Manifest, loaded: Callable[[str], object]) -> dict[bytes, C]:
    names = [name for name in found.files if name.startswith(folder)]
    return {bytes.fromhex(name[len(folder) : -5]): plainly.read(of, loaded(name)) for name in names}


def _read_chat(id_: str, value: object) -> SavedChat:
    with reading("export.malformed"):
        names = frozenset({"archived", "attachments", "chat", "format", "id", "nodes"})
        members = canonical.members(value, names, "chat")
        canonical.integer(members["format"], "format", least=manifest.FORMAT, most=manifest.FORMAT)
        if members["id"] != id_:
            raise VaultError("export.malformed", "a chat under another name")
        files = dict(_file(one) for one in canonical.entries(members["attachments"], "attachments", most=MAX_ROWS))
        archived = canonical.boolean(members["archived"], "archived")
    box = bytes.fromhex(id_)
    nodes = _read_rows(Node, members["nodes"], chat=box)
    return SavedChat(box, archived, plainly.read(Chat, members["chat"]), nodes, files)


def _file(value: object) -> tuple[bytes, SavedFile]:
    members = canonical.members(value, frozenset({"extracted", "id", "name", "type"}), "attachment")
    id_ = canonical.from_hex(members["id"], "id", size=16)
    name = canonical.text(members["name"], "name", longest=MAX_FILE_NAME, pattern=r"(?s:.+)")
    kind = canonical.text(members["type"], "type", longest=MAX_TYPE, pattern=r"(?s:.*)")
    extracted = members["extracted"]
    if len(name.encode()) > MAX_FILE_NAME or len(kind.encode()) > MAX_TYPE:
        raise VaultError("export.malformed", "an attachment's name or type")
    other = None if extracted is None else canonical.from_hex(extracted, "extracted", size=16)
    return id_, SavedFile(name, kind, other, path_of(id_, name))


def _read_rows(of: type[C], value: object, **given: Any) -> dict[bytes, C]:
    found: dict[bytes, C] = {}
    last: bytes | None = None
    with reading("export.malformed"):
        rows: Sequence[object] = canonical.entries(value, of.__name__, most=MAX_ROWS)
        for row in rows:
            if not isinstance(row, dict) or "id" not in row:
                raise VaultError("export.malformed", "a row without an id")
            id_ = canonical.from_hex(row["id"], "id", size=16)
            if last is not None and id_ <= last:
                raise VaultError("export.malformed", "rows: ids do not rise")
            last = id_
            found[id_] = plainly.read(of, {name: one for name, one in row.items() if name != "id"}, **given)
    return found
