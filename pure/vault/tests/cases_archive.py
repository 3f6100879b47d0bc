"""Cases of vectors/export about what is inside an archive, and of vectors/search."""

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from typing import Any

import cases_contents
import vault_material as m
from history_operations import content_of
from privity_protocol import canonical
from privity_vault import search
from privity_vault.clock import NEVER
from privity_vault.contents.chat import Attached, Node, Reasoning, Role, State, Text, ToolCall, ToolResult
from privity_vault.contents.schema import Field
from privity_vault.export import archive
from privity_vault.export.library import Library, SavedChat, SavedFile, stamped
from vault_form import Case, case

NOW = 1_795_600_000
BOX, OTHER_BOX = cases_contents.CHAT, m.draw("other chat", 16)
FILE, TEXT = m.draw("file", 16), m.draw("text of the file", 16)
Contents = list[list[bytes]]
Change = Callable[[dict[str, Any]], object]


def known(kind: int) -> Any:
    """The good content of a kind, as an archive has it."""
    return stamped(content_of(kind, cases_contents.BLOBS[f"kind{kind}"]), NEVER)


def node(name: str, parent: str | None, role: Role, *parts: Any, after: int = 0) -> tuple[bytes, Node]:
    above = None if parent is None else m.draw(parent, 16)
    return m.draw(name, 16), Node(BOX, above, role, parts, None, None, State.COMPLETE, NOW * 1000 + after)


NODES = dict(
    [
        node("question", None, Role.USER, Text("What is a box?"), Attached(FILE)),
        node("answer", "question", Role.ASSISTANT, Reasoning("Think.\nThink."), Text("A chat's keys."), after=1),
        node("call", "answer", Role.ASSISTANT, ToolCall("c1", "search", '{"q":"```"}'), after=2),
        node("result", "call", Role.TOOL, ToolResult("c1", "nothing"), Attached(m.draw("lost", 16)), after=2**47),
        node("other", "question", Role.ASSISTANT, Text("Another answer."), after=3),
    ]
)  # fmt: skip
CHAT = known(1)
CHATS = (
    SavedChat(
        BOX, False, CHAT, NODES,
        {
            FILE: SavedFile("notes \u00e9/1.txt", "text/plain", TEXT, ""),
            TEXT: SavedFile("con.txt", "text/plain", None, ""),
        },
    ),
    SavedChat(OTHER_BOX, True, type(CHAT)(*([Field("ON BOXES", NEVER)] + [getattr(CHAT, n) for n in
              ("folder", "pinned", "leaf", "model", "effort", "instructions")])), {}, {}),
)  # fmt: skip
LIBRARY = Library(
    NOW,
    CHATS,
    {m.draw("folder", 16): known(3)},
    known(6),
    {m.draw("memory", 16): known(7)},
    {m.draw("prompt", 16): known(12)},
    {m.draw("receipt", 16): known(9)},
    {m.draw("evidence", 16): known(10)},
)
EMPTY = Library(NOW, (), {}, None, {}, {}, {}, {})


def files_of(library: Library) -> Contents:
    written = archive.write(library, lambda id_: b"attached " + id_.hex().encode())
    return [[name.encode(), data] for name, data in written]


WHOLE = files_of(LIBRARY)
BLOBS = {f"file{number}": data for number, (_, data) in enumerate(WHOLE) if len(data) >= 48}
MANIFEST: Any = canonical.decode(WHOLE[-1][1], max_bytes=65_536)
REST = {name.decode(): data for name, data in WHOLE[:-1]}
BAD = "export.malformed"
CHAT_FILE, FOLDERS = f"chats/{BOX.hex()}.json", "folders.json"
RECEIPT, EVIDENCE = f"receipts/{m.draw('receipt', 16).hex()}.json", f"evidence/{m.draw('evidence', 16).hex()}.json"


def sealed(files: dict[str, bytes]) -> Contents:
    """The files with a manifest that fits them, whatever they hold."""
    rows = [[name, len(data), sha256(data).hexdigest()] for name, data in sorted(files.items())]
    listing = canonical.encode({**MANIFEST, "files": rows})
    return [*([name.encode(), data] for name, data in files.items()), [b"manifest.json", listing]]


def changed(name: str, change: Change) -> Contents:
    """The archive with one JSON file changed, and a manifest that fits."""
    value: Any = canonical.decode(REST[name], max_bytes=65_536)
    change(value)
    return sealed({**REST, name: canonical.encode(value)})


def without(part: str) -> Contents:
    return sealed({name: data for name, data in REST.items() if part not in name})


def archive_cases() -> list[Case]:
    return [*_good(), *_whole(), *_chats(), *_lists(), *_names(), *_joined()]


def _case(id_: str, what: str, expect: Any, files: Contents, op: str = "read_archive") -> Case:
    return case(f"archive-{id_}" if id_ else "archive", what, op, expect, archived=files)


def _good() -> list[Case]:
    return [
        _case("", "an archive of everything", ..., WHOLE),
        _case("empty", "an archive of nothing", ..., files_of(EMPTY)),
        _case("adopted", "imported into another account", ..., WHOLE, "adopt_archive"),
    ]


def _whole() -> list[Case]:
    differs = "export.differs"
    moved = {f"chats/{'0' * 32}.json" if name == CHAT_FILE else name: data for name, data in REST.items()}
    one = [[name, b"null" if name == b"settings.json" else data] for name, data in WHOLE]
    return [
        _case("no-manifest", "no manifest", BAD, WHOLE[:-1]),
        _case("changed", "a file changed", differs, one),
        _case("more", "a file more", differs, [*WHOLE, [b"x", b""]]),
        _case("less", "a file less", differs, WHOLE[1:]),
        _case("strange", "a file that no export has", BAD, sealed({**REST, "keys.json": b"{}"})),
        _case("no-folders", "no list of folders", BAD, without(FOLDERS)),
        _case("counts", "counts of a chat that is not there", BAD, without(OTHER_BOX.hex())),
        _case("json", "no canonical JSON", BAD, sealed({**REST, FOLDERS: b"[ ]"})),
        _case("chat-name", "a chat under another name", BAD, sealed(moved)),
    ]


def _chats() -> list[Case]:
    def of(part: str, id_: str, what: str, *names: str, **members: Any) -> Case:
        """The chat's file, or what is first in a part of it, with these members, and without the named ones."""

        def change(value: Any) -> None:
            inner = value[part] if part else value
            one = inner[0] if isinstance(inner, list) else inner
            one.update(members)
            for name in names:
                del one[name]

        return _case(id_, what, BAD, changed(CHAT_FILE, change))

    def parts(id_: str, what: str, found: Any) -> Case:
        return of("nodes", id_, what, parts=found)

    def named(name: str) -> Contents:
        """The attachment under another name, and where it lies then."""
        saved = CHATS[0]
        files = {**saved.files, FILE: replace(saved.files[FILE], name=name)}
        return files_of(replace(LIBRARY, chats=(replace(saved, files=files), CHATS[1])))

    unlisted = changed(CHAT_FILE, lambda one: one["attachments"].pop())
    return [
        of("", "chat-format", "format 2", format=2),
        of("", "chat-member", "a member more", more=1),
        of("", "chat-archived", "1 for true", archived=1),
        of("chat", "chat-title", "a title that is a number", title=1),
        of("chat", "chat-list", "a title that is a list", title=[]),
        of("chat", "chat-leaf", "a leaf of 15 bytes", leaf="00" * 15),
        of("chat", "chat-hex", "hexadecimal in capitals", leaf="AA" * 16),
        of("nodes", "node-role", "a role that is none", role="root"),
        of("nodes", "node-state", "a state that is a number", state=0),
        of("nodes", "node-id", "a message without an id", "id"),
        of("nodes", "node-time", "a time of 2^48", time=2**48),
        of("nodes", "node-usage", "a usage of words", usage=["a"] * 3),
        _case("node-order", "messages in another order", BAD, changed(CHAT_FILE, lambda one: one["nodes"].reverse())),
        parts("parts", "parts that are no list", {}),
        parts("part-type", "an unknown part", [{"type": "x"}]),
        parts("part-member", "a text without its text", [{"type": "text"}]),
        parts("part-text", "a text that is a number", [{"type": "text", "text": 1}]),
        parts("part-id", "an attachment of 15 bytes", [{"type": "attachment", "attachment": "00" * 15}]),
        _case("file-listed", "an attachment that no chat lists", BAD, unlisted),
        of("attachments", "file-id", "an attachment's id of 15 bytes", id="00" * 15),
        of("attachments", "file-name", "an attachment without a name", name=""),
        _case("file-name-most", "an attachment's name of 512 bytes", ..., named("\u00e9" * 256)),
        _case("file-name-long", "an attachment's name of 513 bytes", BAD, named("\u00e9" * 256 + "x")),
        of("attachments", "file-renamed", "an attachment under another name", name="x"),
    ]


def _lists() -> list[Case]:
    def first(name: str, id_: str, what: str, **members: Any) -> Case:
        return _case(id_, what, BAD, changed(name, lambda value: value[0].update(members)))

    def only(name: str, id_: str, what: str, **members: Any) -> Case:
        return _case(id_, what, BAD, changed(name, lambda value: value.update(members)))

    return [
        first(FOLDERS, "folder-order", "an order that is none", order=""),
        _case("folder-twice", "a folder twice", BAD, changed(FOLDERS, lambda value: value.append(value[0]))),
        _case("folder-object", "an object for a list", BAD, sealed({**REST, FOLDERS: b"{}"})),
        _case("folder-row", "a folder that is a number", BAD, sealed({**REST, FOLDERS: b"[1]"})),
        only("settings.json", "settings-theme", "a theme that is none", theme="dim"),
        only("settings.json", "settings-consents", "consents that are words", consents=["terms"]),
        first("memory.json", "memory-bytes", "an embedding that is a number", embedding=0),
        first("prompts.json", "prompt-null", "a text that is null", text=None),
        only(RECEIPT, "receipt", "a receipt with a member more", more=0),
        only(EVIDENCE, "evidence", "evidence that is empty", bundle=""),
    ]


def _names() -> list[Case]:
    rows = [
        ("plain", "titles as they are", ["On boxes", "Why?", "a/b\\c:d", "100 %"]),
        ("empty", "nothing left of a title", ["", " .. ", "???", "\u0000"]),
        ("devices", "names that Windows keeps", ["con", "NUL.txt", "Com1", "console", "aux .x"]),
        ("alike", "titles that differ in case", ["On boxes", "ON BOXES", "on boxes?"]),
        ("letters", "letters outside ASCII", ["\u00c9t\u00e9", "\u00e9t\u00e9", "\u0418\u0432\u0430\u043d"]),
        ("scripts", "scripts without capitals", ["\u6c49\u5b57", "\u6f22\u5b57", "\u0627\u0644", "\U0001f600"]),
        ("long", "more than 80 characters", ["x" * 81, "y" * 79 + " z", "\U0001d518" * 90]),
    ]
    return [case(f"names-{id_}", what, "file_names", ..., titles=titles) for id_, what, titles in rows]


def _joined() -> list[Case]:
    rows: list[tuple[str, str, int, str, Any]] = [
        ("none", "an empty file", 0, "", ...),
        ("one", "a full chunk", 256_000, "", ...),
        ("two", "a byte more", 256_001, "", ...),
        ("swap", "two chunks change places", 512_000, "swap", "object.damaged"),
        ("gone", "a chunk is missing", 512_000, "gone", "object.missing"),
        ("elsewhere", "a chunk of another file", 512_000, "elsewhere", "object.damaged"),
        ("bytes", "a byte changed", 512_000, "bytes", "object.damaged"),
    ]
    return [
        case(f"join-{id_}", what, "join_chunks", expect, size=size, changed=changed_)
        for id_, what, size, changed_, expect in rows
    ]


SEGMENT = search.seal(search.key_of(m.AK1, m.ACCOUNT), "2026-11", b"box chat keys", m.draw("nonce", 12))


def search_cases() -> list[Case]:
    fixed = {"key": m.AK1.reveal(), "account": m.ACCOUNT}

    def opens(id_: str, what: str, expect: Any, data: bytes = SEGMENT, name: str = "2026-11", **given: Any) -> Case:
        return case(id_, what, "open_segment", expect, name=name, data=data, **(fixed | given))

    damaged, bad = "object.damaged", "object.malformed"
    return [
        opens("segment", "a segment", ...),
        case("seal", "a segment with a nonce of zeros", "seal_segment", ..., name="2026-11", plain=b"box", **fixed),
        case("seal-long", "a name of 65 bytes", "seal_segment", bad, name="\u00e9" * 32 + "x", plain=b"", **fixed),
        opens("name", "another segment", damaged, name="2026-10"),
        opens("key", "another account key", damaged, key=m.AK2.reveal()),
        opens("account", "another account", damaged, account=m.STRANGER),
        opens("nonce", "a bit of the nonce", damaged, bytes([SEGMENT[0] ^ 1]) + SEGMENT[1:]),
        opens("bit", "a bit of the end", damaged, SEGMENT[:-1] + bytes([SEGMENT[-1] ^ 1])),
        opens("short", "27 bytes", bad, SEGMENT[:27]),
        opens("nameless", "no name", bad, name=""),
    ]
