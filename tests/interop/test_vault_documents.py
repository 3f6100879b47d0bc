"""Archives and other services' exports, honest and damaged ones, come out the same in Python and TypeScript."""

import io
import json
import random
import sys
import zipfile
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from privity_protocol import canonical
from privity_protocol.errors import Malformed
from privity_vault import box
from privity_vault.errors import VaultError
from privity_vault.export import archive, file_name, manifest, plainly
from privity_vault.export.library import Ids, SavedChat, adopt
from privity_vault.importers import chatgpt, claude
from privity_vault.importers.conversation import Report
from privity_vault.secret import AccountKey

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "pure/vault/tests"))

from vault_form import bytes_of  # noqa: E402

KEY, ACCOUNT = AccountKey(bytes(range(32))), bytes(range(16))
COMMON = {"key": KEY.reveal(), "account": ACCOUNT}
ODD: list[Any] = [
    None, True, False, 0, 1, -1, 0.5, 1e300, -0.0, 1795600000, 1795600000.25, 2**53 - 1, "", "a", "c", "é 𝄞", "x" * 200,
    "text", "code", "user", "system", "2026-02-29T00:00:00Z", "2026-11-25T18:26:40.1234+01:30", [], {}, [1, "a"],
    {"content_type": "image", "text": "t"}, {"\U0001d518": 1, "\uffff": [1.5e-7, 1e21]}, {"role": "tool"},
]  # fmt: skip


def ids_of(source: str) -> Ids:
    return lambda id_: box.import_id(KEY, account=ACCOUNT, source=source, id_=id_)


def vectors(folder: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((ROOT / "vectors" / folder / "cases.json").read_text())
    return document


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value inside a document."""
    yield path
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, one in entries:
        yield from places(one, (*path, name))


def changed(document: Any, draw: random.Random) -> Any:
    """A document with one to three of its values replaced, doubled or left out."""
    made = json.loads(json.dumps(document))
    for _ in range(draw.choice((1, 1, 2, 3))):
        *way, last = draw.choice([path for path in places(made) if path] or [(0,)])
        holder = made
        for step in way:
            holder = holder[step]
        if not isinstance(holder, dict | list) or not holder:
            continue
        what = draw.randrange(4)
        if what == 0:
            del holder[last]
        elif what == 1 and isinstance(holder, list):
            holder.append(holder[last])
        elif what == 2 and isinstance(holder, dict):
            holder[draw.choice([*holder, "parent", "id", "uuid"])] = holder[last]
        else:
            holder[last] = draw.choice(ODD)
    return made


def imported(read: Callable[..., tuple[list[SavedChat], Report]], source: str, data: bytes) -> Any:
    try:
        chats, report = read([data], ids_of(source))
    except VaultError as error:
        return error.reason
    rows = [
        [
            one.id.hex(),
            plainly.write(one.chat),
            [[id_.hex(), plainly.write(node)] for id_, node in sorted(one.nodes.items())],
        ]
        for one in chats
    ]
    counted = [list(one) for one in [*report.unknown.items(), ("", 0), *report.left_out.items()]]
    return {"chats": rows, "counts": [report.chats, report.messages], "counted": counted}


def in_order(said: Any) -> Any:
    return said if isinstance(said, str) else {**said, "counted": sorted(map(tuple, said["counted"]))}


def compared(vault_peer: Any, source: str, read: Callable[..., tuple[list[SavedChat], Report]], seed: int) -> list[Any]:
    draw = random.Random(seed)
    cases = [one for one in vectors("importers")["cases"] if one["op"] == f"import_{source}" and "ok" in one["expect"]]
    honest = [json.loads(text) for one in cases for text in one["input"]["files"]]
    damaged = [changed(draw.choice(honest), draw) for _ in range(500)]
    documents = [json.dumps(one, ensure_ascii=draw.random() < 0.5).encode() for one in [*honest, *damaged]]
    asked = [one.hex() for one in documents]
    theirs = vault_peer.ask("imported", source=source, documents=asked, **COMMON)["said"]
    ours = [imported(read, source, one) for one in documents]
    differing = [
        (data, mine, other)
        for data, mine, other in zip(documents, ours, theirs, strict=True)
        if in_order(json.loads(json.dumps(mine))) != in_order(other)
    ]
    assert differing == []
    return ours


def test_conversations_of_chatgpt_are_read_alike(vault_peer: Any) -> None:
    ours = compared(vault_peer, "chatgpt", chatgpt.read, 1)
    assert sum(isinstance(one, dict) and one["counts"][1] > 0 for one in ours) > 100


def test_conversations_of_claude_are_read_alike(vault_peer: Any) -> None:
    ours = compared(vault_peer, "claude", claude.read, 2)
    assert sum(isinstance(one, dict) and one["counts"][1] > 0 for one in ours) > 100


def honest_archive() -> dict[str, bytes]:
    document = vectors("export")
    blobs = {name: bytes_of(text, {}) for name, text in document["blobs"].items()}
    case = next(one for one in document["cases"] if one["op"] == "read_archive" and "ok" in one["expect"])
    return {bytes_of(name, {}).decode(): bytes_of(data, blobs) for name, data in case["input"]["archived"]}


def listed(files: dict[str, bytes]) -> dict[str, bytes]:
    """The files with a manifest that fits them."""
    made = json.loads(files[manifest.NAME])
    others = {name: data for name, data in files.items() if name != manifest.NAME}
    made["files"] = [[name, len(data), sha256(data).hexdigest()] for name, data in sorted(others.items())]
    return {**others, manifest.NAME: canonical.encode(made)}


def damaged_archive(files: dict[str, bytes], draw: random.Random) -> dict[str, bytes]:
    """One document of an archive changed, in canonical form or not, and listed as it is."""
    names = sorted(name for name in files if name.endswith(".json") and name != manifest.NAME)
    name = draw.choice(names)
    document = changed([json.loads(files[name])], draw)[:1]
    whole = document[0] if document else None
    try:
        data = canonical.encode(whole)
    except Malformed:  # a number that canonical JSON cannot say
        data = json.dumps(whole).encode()
    made = {**files, name: data}
    if draw.random() < 0.1:
        del made[name]
    return listed(made) if draw.random() < 0.95 else made


def taken(files: dict[str, bytes]) -> Any:
    try:
        _, found = archive.read(files.keys(), files.__getitem__)
        return [[name, data.hex()] for name, data in archive.write(adopt(found, ids_of("privity")), lambda _: bytes(3))]
    except VaultError as error:
        return error.reason


def test_archives_are_read_adopted_and_written_alike(vault_peer: Any) -> None:
    draw = random.Random(3)
    honest = honest_archive()
    archives = [honest, *(damaged_archive(honest, draw) for _ in range(500))]
    ours = [taken(one) for one in archives]
    asked = [[[name, data.hex()] for name, data in one.items()] for one in archives]
    theirs = vault_peer.ask("archives", archives=asked, **COMMON)["said"]
    differing = [
        (files, mine, other) for files, mine, other in zip(archives, ours, theirs, strict=True) if mine != other
    ]
    assert differing == []
    assert isinstance(ours[0], list)
    assert sum(isinstance(one, list) for one in ours) > 20
    assert {one for one in ours if isinstance(one, str)} >= {"export.malformed", "export.differs"}


def test_files_are_named_alike(vault_peer: Any) -> None:
    draw = random.Random(4)
    pieces = [
        "a",
        "A",
        "ß",
        "ẞ",
        "ı",
        "K",
        "漢",
        "𝄞",
        "🎉",
        "/",
        "\\",
        ".",
        " ",
        "con",
        "NUL.",
        "lpt1",
        "\t",
        "\x7f",
        "x" * 79,
    ]
    for _ in range(60):
        titles = ["".join(draw.choice(pieces) for _ in range(draw.randrange(5))) for _ in range(8)]
        ours = list(file_name.distinct([(at.to_bytes(16), one) for at, one in enumerate(titles)]).values())
        assert vault_peer.ask("names", titles=titles)["names"] == ours


def test_zip_files_of_each_are_read_by_the_other(vault_peer: Any) -> None:
    files = honest_archive()
    made = bytes.fromhex(vault_peer.ask("zipped", files=[[name, data.hex()] for name, data in files.items()])["data"])
    with zipfile.ZipFile(io.BytesIO(made)) as found:
        assert found.testzip() is None
        assert {name: found.read(name) for name in found.namelist()} == files
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        for large in (False, True):
            written = io.BytesIO()
            with zipfile.ZipFile(written, "w", method) as archived:
                archived.mkdir("chats")
                archived.comment = b"a comment"
                for name, data in files.items():
                    with archived.open(name, "w", force_zip64=large) as entry:
                        entry.write(data)
            theirs = vault_peer.ask("unzipped", data=written.getvalue())["files"]
            assert {name: bytes.fromhex(data) for name, data in theirs} == files


def test_a_zip_bomb_is_refused(vault_peer: Any) -> None:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archived:
        archived.writestr("a", bytes(10_000_000))
    assert vault_peer.refusal("unzipped", data=written.getvalue()) == "export.too_large"
