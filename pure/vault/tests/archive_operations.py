"""The operations that vectors of archives, importers and the search index name."""

from collections.abc import Callable
from hashlib import sha256
from typing import Any

import vault_material as m
from privity_vault import box, search
from privity_vault.contents import attachment
from privity_vault.contents.attachment import Attachment, Chunk
from privity_vault.export import archive, file_name, plainly
from privity_vault.export.library import Ids, Library, SavedChat, adopt
from privity_vault.importers import chatgpt, claude
from privity_vault.importers.conversation import Report
from privity_vault.secret import AccountKey

Input = dict[str, Any]


def ids_of(source: str) -> Ids:
    """Import ids of the account of the vectors."""
    return lambda id_: box.import_id(m.AK1, account=m.ACCOUNT, source=source, id_=id_)


def opened(archived: Any) -> tuple[Library, dict[str, bytes]]:
    """The library of files [name, data], and the files."""
    files = {name.decode(): data for name, data in archived}
    found, library = archive.read(files.keys(), files.__getitem__)
    for saved in library.chats:
        for one in saved.files.values():
            archive.attachment(found, one, files.__getitem__)
    return library, files


def written(library: Library, files: dict[str, bytes]) -> dict[str, bytes]:
    paths = {id_: one.path for saved in library.chats for id_, one in saved.files.items()}
    return dict(archive.write(library, lambda id_: files[paths[id_]]))


def read_archive(given: Input) -> Any:
    """What is read is written as the same files."""
    library, files = opened(given["archived"])
    assert written(library, files) == files
    return {
        "chats": [[one.id.hex(), one.archived, len(one.nodes), len(one.files)] for one in library.chats],
        "folders": sorted(one.hex() for one in library.folders),
        "settings": library.settings is not None,
        "proofs": [len(library.receipts), len(library.evidence)],
    }


def adopt_archive(given: Input) -> Any:
    """Import into the account of the vectors: the ids, and the hash of each file but attachments written again."""
    library, files = opened(given["archived"])
    from_there = adopted(library)
    again = {name: sha256(data).hexdigest() for name, data in written(from_there, files).items()}
    return {name: hash_ for name, hash_ in sorted(again.items()) if name != "manifest.json"}


def adopted(library: Library) -> Library:
    return adopt(library, ids_of("privity"))


def file_names(given: Input) -> Any:
    return list(file_name.distinct([(number.to_bytes(16), one) for number, one in enumerate(given["titles"])]).values())


def _imported(chats: list[SavedChat], report: Report) -> Any:
    rows = [
        {
            "box": one.id.hex(),
            "chat": plainly.write(one.chat),
            "nodes": [{"id": id_.hex(), **plainly.write(node)} for id_, node in sorted(one.nodes.items())],
        }
        for one in chats
    ]
    counts = {"chats": report.chats, "messages": report.messages}
    return {"chats": rows, "report": counts | {"unknown": dict(report.unknown), "left_out": dict(report.left_out)}}


def import_chatgpt(given: Input) -> Any:
    return _imported(*chatgpt.read([one.encode() for one in given["files"]], ids_of(chatgpt.SOURCE)))


def import_claude(given: Input) -> Any:
    return _imported(*claude.read([one.encode() for one in given["files"]], ids_of(claude.SOURCE)))


def import_long(given: Input) -> Any:
    """One ChatGPT message of one character repeated: how it is cut."""
    letters = given["letter"] * given["times"]
    message = f'{{"author":{{"role":"user"}},"content":{{"content_type":"text","parts":["{letters}"]}}}}'
    data = f'[{{"id":"c","mapping":{{"m":{{"message":{message}}}}}}}]'
    chats, _ = chatgpt.read([data.encode()], ids_of(chatgpt.SOURCE))
    nodes = sorted(chats[0].nodes.values(), key=lambda one: one.time)
    assert "".join(part.text for node in nodes for part in node.parts) == letters  # type: ignore[attr-defined]
    return [[len(part.text) for part in node.parts] for node in nodes]  # type: ignore[attr-defined]


def open_segment(given: Input) -> Any:
    key = search.key_of(AccountKey(given["key"]), given["account"])
    return search.open_segment(key, given["name"], given["data"]).hex()


def seal_segment(given: Input) -> Any:
    key = search.key_of(AccountKey(given["key"]), given["account"])
    return search.seal(key, given["name"], given["plain"], bytes(12)).hex()


def join_chunks(given: Input) -> Any:
    """A file of `size` zero bytes, split, `changed`, and put together."""
    ids = [number.to_bytes(16) for number in range(1, 9)]
    split = attachment.split(bytes(given["size"]), ids, id_=bytes(16), name="a", type_="", extracted=None)
    whole = split.pop(bytes(16))
    chunks = {id_: one for id_, one in split.items() if isinstance(one, Chunk)}
    assert isinstance(whole, Attachment)
    match given["changed"]:
        case "swap":
            chunks[ids[0]], chunks[ids[1]] = chunks[ids[1]], chunks[ids[0]]
        case "gone":
            del chunks[ids[1]]
        case "elsewhere":
            chunks[ids[0]] = Chunk(ids[7], 0, chunks[ids[0]].data)
        case "bytes":
            chunks[ids[0]] = Chunk(bytes(16), 0, b"\1" + chunks[ids[0]].data[1:])
    return {"chunks": len(whole.chunks), "size": len(attachment.join(whole, bytes(16), chunks.get))}


OPERATIONS: dict[str, Callable[[Input], Any]] = {
    one.__name__: one
    for one in (
        *(read_archive, adopt_archive, file_names, import_chatgpt, import_claude, import_long),
        *(open_segment, seal_segment, join_chunks),
    )
}
