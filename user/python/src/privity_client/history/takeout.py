"""Export and import as zip files: everything a person takes away, and what they bring.

Source: specs/export.md, specs/importers.md.
What goes in is judged before a byte is unpacked, and no more is unpacked than was announced.
"""

import json
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Final

from privity_protocol.stored.page import Op
from privity_vault import box as boxes
from privity_vault.box import Box
from privity_vault.clock import tick
from privity_vault.contents.attachment import CHUNK_BYTES, Attachment, Chunk
from privity_vault.contents.home import Folder, Memory, Prompt, Settings
from privity_vault.contents.proof import Evidence, Receipt
from privity_vault.contents.schema import Content
from privity_vault.errors import VaultError
from privity_vault.export import archive, encrypted, listing
from privity_vault.export.library import Library, SavedChat, SavedFile, adopt, of_box, stamped, to_box
from privity_vault.export.listing import Listed
from privity_vault.export.manifest import NAME, Manifest
from privity_vault.importers import chatgpt, claude
from privity_vault.passphrase import LEAST_MEMORY, LEAST_PASSES, SALT, Cost, Words
from privity_vault.secret import ChatKey

from privity_client.history import edits
from privity_client.history.opened import Entropy
from privity_client.history.replica import Replica

OWN: Final = "privity"
CONVERSATIONS: Final = "conversations"
MAX_FILE: Final = 512 * 2**20
_BROKEN: Final = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    NotImplementedError,
    RuntimeError,
    EOFError,
    OSError,
)
"""What the standard library raises for an archive that is damaged, encrypted or packed in another way."""


@dataclass(slots=True)
class Preview:
    """What an import would bring, before anything is written. `unknown` and `left_out` are counted by kind."""

    source: str
    library: Library
    files: Mapping[bytes, bytes] = field(default_factory=dict)
    unknown: Mapping[str, int] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)

    @property
    def messages(self) -> int:
        """How many messages it has."""
        return sum(len(one.nodes) for one in self.library.chats)


def gather(replica: Replica, *, time: int) -> tuple[Library, dict[bytes, bytes]]:
    """Return everything that can be read, and the bytes of attachments by id. `time` in Unix seconds."""
    home = replica.contents(replica.home)
    chats, files, receipts = [], dict[bytes, bytes](), dict[bytes, Receipt]()
    for box in replica.chats():
        contents = replica.contents(box)
        whole = _attachments(contents)
        saved = of_box(box, replica.is_active(box) is False, contents)
        chats.append(SavedChat(saved.id, saved.archived, saved.chat, saved.nodes, _kept(saved.files, whole)))
        files |= whole
        receipts |= {id_: one for id_, one in contents.items() if isinstance(one, Receipt)}
    settings = next((one for one in home.values() if isinstance(one, Settings)), None)
    library = Library(
        time=time,
        chats=tuple(chats),
        folders={id_: one for id_, one in home.items() if isinstance(one, Folder)},
        settings=settings,
        memories={id_: one for id_, one in home.items() if isinstance(one, Memory)},
        prompts={id_: one for id_, one in home.items() if isinstance(one, Prompt)},
        receipts=receipts,
        evidence={id_: one for id_, one in home.items() if isinstance(one, Evidence)},
    )
    return library, files


def write(replica: Replica, target: BinaryIO, *, time: int) -> Library:
    """Write the archive. Returns what is in it. Raises VaultError `export.*`."""
    library, files = gather(replica, time=time)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in archive.write(library, lambda id_: files[id_]):
            made.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return library


def write_out(replica: Replica, target: BinaryIO, *, time: int, words: Words | None, entropy: Entropy) -> Library:
    """Write the archive, encrypted under `words` if they are given. Raises VaultError `export.*`."""
    if words is None:
        return write(replica, target, time=time)
    with tempfile.TemporaryFile() as plain:
        library = write(replica, plain, time=time)
        plain.seek(0)
        sealing = encrypted.Writer(words, Cost(LEAST_MEMORY, LEAST_PASSES, entropy(SALT)))
        target.write(sealing.header())
        while piece := plain.read(encrypted.FRAME):
            target.write(sealing.feed(piece))
        target.write(sealing.finish())
    return library


def is_encrypted(path: Path) -> bool:
    """Whether a file begins as an encrypted export does."""
    with path.open("rb") as file:
        return file.read(len(encrypted.OPENING)) == encrypted.OPENING


def preview_of(replica: Replica, path: Path, *, words: Words | None) -> Preview:
    """Read an archive as `preview` does; an encrypted one is opened with `words` first, whole or not at all.

    Raises VaultError `export.*`.
    """
    if words is None:
        return preview(replica, path)
    with tempfile.NamedTemporaryFile(suffix=".zip") as plain, path.open("rb") as file:
        opening = encrypted.Reader(words)
        while piece := file.read(encrypted.FRAME):
            plain.write(opening.feed(piece))
        plain.write(opening.finish())
        plain.flush()
        return preview(replica, Path(plain.name))


def preview(replica: Replica, path: Path) -> Preview:
    """Read an archive of Privity, ChatGPT or Claude, or bare JSON. Nothing is written. Raises VaultError `export.*`."""
    if not zipfile.is_zipfile(path):
        return _bare(replica, path.read_bytes())
    try:
        with zipfile.ZipFile(path) as opened:
            return _read(replica, opened)
    except _BROKEN as error:
        raise VaultError("export.malformed", type(error).__name__) from None


def bring_in(replica: Replica, found: Preview) -> int:
    """Write an import into the outbox, chats archived; what is here already stays. Returns how many chats are new."""
    store, library, new = replica.store, found.library, 0
    with store.transaction():
        clock, stamp = tick(replica.clock(), replica.now())
        replica.set_clock(clock)
        for saved in library.chats:
            if store.item(saved.id) is not None or store.waiting(saved.id):
                continue
            new += 1
            made: Box = boxes.new(saved.id, ChatKey(replica.entropy(ChatKey.SIZE)))
            edits.put_box(replica, made, Op.BOX_ARCHIVED)
            for id_, content in to_box(saved, replica.entropy(edits.ID), stamp).items():
                edits.put(replica, content, box=saved.id, id_=id_)
            for id_, file in saved.files.items():
                _bring_file(replica, saved.id, id_, file, found.files.get(id_, b""))
            for id_, receipt in library.receipts.items():
                if receipt.node in saved.nodes:
                    edits.put(replica, receipt, box=saved.id, id_=id_)
        at_home: dict[bytes, Content] = {**library.folders, **library.memories, **library.prompts}
        for id_, content in at_home.items():
            if store.item(id_) is None and not store.waiting(id_):
                edits.put(replica, stamped(content, stamp), box=replica.home, id_=id_)
        for id_, evidence in library.evidence.items():
            if store.item(id_) is None and not store.waiting(id_):
                edits.put(replica, evidence, box=replica.home, id_=id_)
    return new


def _bring_file(replica: Replica, box: bytes, id_: bytes, file: SavedFile, data: bytes) -> None:
    pieces = [data[at : at + CHUNK_BYTES] for at in range(0, len(data), CHUNK_BYTES)]
    chunks = [replica.entropy(edits.ID) for _ in pieces]
    whole = Attachment(file.name, file.type, len(data), sha256(data).digest(), tuple(chunks), file.extracted)
    for index, (chunk, piece) in enumerate(zip(chunks, pieces, strict=True)):
        edits.put(replica, Chunk(id_, index, piece), box=box, id_=chunk)
    edits.put(replica, whole, box=box, id_=id_)


def _attachments(contents: Mapping[bytes, Content]) -> dict[bytes, bytes]:
    """The bytes of attachments whose chunks are all here and hash as they should; others are left out."""
    found = {}
    for id_, one in contents.items():
        if isinstance(one, Attachment):
            chunks = [contents.get(chunk) for chunk in one.chunks]
            data = b"".join(chunk.data for chunk in chunks if isinstance(chunk, Chunk))
            if len(data) == one.size and sha256(data).digest() == one.hash:
                found[id_] = data
    return found


def _kept(files: Mapping[bytes, SavedFile], whole: Mapping[bytes, bytes]) -> dict[bytes, SavedFile]:
    return {id_: one for id_, one in files.items() if id_ in whole}


def _read(replica: Replica, opened: zipfile.ZipFile) -> Preview:
    entries = [one for one in opened.infolist() if not one.is_dir()]
    listing.check([Listed(one.filename, one.file_size, one.compress_size) for one in opened.infolist()])
    sizes = {one.filename: one.file_size for one in entries}

    def load(name: str) -> bytes:
        if name not in sizes:
            raise VaultError("export.malformed", "a file that is named and not there")
        with opened.open(name) as file:
            data = file.read(sizes[name] + 1)
        if len(data) != sizes[name]:
            raise VaultError("export.differs", "another size than was announced")
        return data

    if NAME in sizes:
        return _own(replica, sizes, load)
    json_files = (name for name in sizes if name.endswith(".json"))
    names = sorted(name for name in json_files if name.rpartition("/")[2].startswith(CONVERSATIONS))
    if not names:
        raise VaultError("export.malformed", "neither a manifest nor conversations")
    return _foreign(replica, [load(name) for name in names])


def _own(replica: Replica, sizes: Mapping[str, int], load: archive.Load) -> Preview:
    found, library = archive.read(tuple(sizes), load)
    taken = adopt(library, lambda id_: _import_id(replica, OWN, id_))
    return Preview(OWN, taken, _file_data(found, library, taken, load))


def _file_data(found: Manifest, before: Library, after: Library, load: archive.Load) -> dict[bytes, bytes]:
    data = {}
    for old, new in zip(before.chats, after.chats, strict=True):
        for file, id_ in zip(old.files.values(), new.files, strict=True):
            data[id_] = archive.attachment(found, file, load)
    return data


def _bare(replica: Replica, data: bytes) -> Preview:
    if len(data) > MAX_FILE:
        raise VaultError("export.too_large", f"{len(data)} bytes")
    return _foreign(replica, [data])


def _foreign(replica: Replica, files: list[bytes]) -> Preview:
    """ChatGPT's conversations have a mapping, Claude's have chat_messages."""
    try:
        first = json.loads(files[0])
    except (ValueError, RecursionError):
        raise VaultError("export.malformed", "not JSON") from None
    sample = first[0] if isinstance(first, list) and first else first
    source = claude if isinstance(sample, dict) and "chat_messages" in sample else chatgpt
    chats, report = source.read(files, lambda id_: _import_id(replica, source.SOURCE, id_))
    library = Library(0, tuple(chats), {}, None, {}, {}, {}, {})
    return Preview(source.SOURCE, library, {}, report.unknown, report.left_out)


def _import_id(replica: Replica, source: str, id_: str) -> bytes:
    """The id here of something there; after a rotation another one, so that importing again brings a second copy."""
    return boxes.import_id(replica.opened.key, account=replica.opened.account, source=source, id_=id_)
