"""The manifest of an export: which files there are, and the SHA-256 of each. Source: specs/export.md."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from privity_protocol import canonical

from privity_vault.errors import VaultError, reading
from privity_vault.export.listing import MAX_ENTRIES, MAX_UNPACKED, check_name

NAME: Final = "manifest.json"
FORMAT: Final = 1
MAX_MANIFEST: Final = 64 * 2**20
COUNTED: Final = ("attachments", "chats", "folders", "memories", "messages", "prompts")
_MEMBERS: Final = frozenset({"counts", "files", "format", "time"})


@dataclass(frozen=True, slots=True)
class File:
    """Size in bytes and SHA-256 of one file."""

    size: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Manifest:
    """`time` in Unix seconds; `counts` of everything in COUNTED; files by name, the manifest left out."""

    time: int
    counts: Mapping[str, int]
    files: Mapping[str, File]


def encode(manifest: Manifest) -> bytes:
    """Return the canonical JSON. Raises VaultError `export.malformed`, `export.path`."""
    files = [[name, one.size, one.hash.hex()] for name, one in sorted(manifest.files.items())]
    with reading("export.malformed"):
        data = canonical.encode(
            {"format": FORMAT, "time": manifest.time, "counts": dict(manifest.counts), "files": files}
        )
    decode(data)
    return data


def decode(data: bytes) -> Manifest:
    """Read a manifest. Raises VaultError `export.malformed`, `export.path`."""
    with reading("export.malformed"):
        value = canonical.members(canonical.decode(data, max_bytes=MAX_MANIFEST), _MEMBERS, "manifest")
        canonical.integer(value["format"], "format", least=FORMAT, most=FORMAT)
        counts = canonical.members(value["counts"], frozenset(COUNTED), "counts")
        rows = canonical.entries(value["files"], "files", most=MAX_ENTRIES)
        files = dict(_file(row) for row in rows)
        if len(files) != len(rows) or list(files) != sorted(files):
            raise VaultError("export.malformed", "files: not in rising order")
        return Manifest(
            canonical.integer(value["time"], "time"),
            {name: canonical.integer(counts[name], name) for name in COUNTED},
            files,
        )


def _file(row: object) -> tuple[str, File]:
    values = canonical.entries(row, "file", least=3, most=3)
    name = canonical.text(values[0], "name", longest=512, pattern=r"[^\x00]+")
    check_name(name)
    size = canonical.integer(values[1], "size", most=MAX_UNPACKED)
    return name, File(size, canonical.from_hex(values[2], "hash", size=32))


def check_file(manifest: Manifest, name: str, data: bytes) -> bytes:
    """Return the bytes of a file that the manifest lists. Raises VaultError `export.differs`."""
    due = manifest.files.get(name)
    if due is None or len(data) != due.size or not hmac.compare_digest(sha256(data).digest(), due.hash):
        raise VaultError("export.differs", "not a file that the manifest lists")
    return data


def check_complete(manifest: Manifest, names: frozenset[str]) -> None:
    """Raises VaultError `export.differs` unless the archive holds the manifest's files and no other."""
    if names - {NAME} != manifest.files.keys():
        raise VaultError("export.differs", "files are missing, or more than the manifest lists")
