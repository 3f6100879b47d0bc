"""The web client's files: read once into memory, looked up by their exact path, sent with headers that bind the page.

Source: specs/web-delivery.md. Trusted? No: the page's hash is in the log, and everybody can compare. If altered: the
browser refuses what does not have the hash that the page names; a page that was altered itself is seen by those who
compare. If lost: memory is served, and the next start fails. If rolled back: an older page, which the log knows.
"""

import gzip
import os
import re
import stat
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

INDEX: Final = "index.html"
MAX_FILES: Final = 500
"""As many as a `web` leaf lists."""
MAX_FILE: Final = 16 * 2**20  # bytes
MAX_TOGETHER: Final = 64 * 2**20  # bytes of all files: they are served from memory
WORTH_COMPRESSING: Final = 1024  # bytes
FOR_EVER: Final = "public, max-age=31536000, immutable, no-transform"
NEVER: Final = "no-store, no-transform"
TYPES: Final[Mapping[str, str]] = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
}
_PATH: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*){0,4}")
_HASHED: Final = re.compile(r"assets/[A-Za-z0-9._-]+-[0-9a-f]{16}\.[a-z0-9]+")
_SHARED: Final = re.compile(r"/s/[A-Za-z0-9_-]{22}")
_PAGES: Final = frozenset({"/", "/devices", "/link"})
"""Addresses beside `/s/ID` that open the page: what stands behind their # never reaches a server."""
_IMPORT_MAP: Final = re.compile(rb'<script type="importmap">([^<]*)</script>')


class Unusable(Exception):
    """The folder holds no web client; the text says why."""


@dataclass(frozen=True, slots=True)
class File:
    """One file as it is sent. `compressed` is its gzip form, None where that saves nothing."""

    data: bytes
    compressed: bytes | None
    media_type: str
    etag: str
    caching: str


@dataclass(frozen=True, slots=True)
class WebClient:
    """A build of the web client: its files by path, and the Content-Security-Policy for a run origin."""

    files: Mapping[str, File]
    import_map: str

    @classmethod
    def read(cls, folder: Path) -> "WebClient":
        """Return the build in `folder`. Raises Unusable."""
        files = {path: _file(path, data) for path, data in _contents(folder).items()}
        if INDEX not in files:
            raise Unusable(f"{folder} holds no {INDEX}")
        maps = _IMPORT_MAP.findall(files[INDEX].data)
        if len(maps) != 1:
            raise Unusable(f"{INDEX} does not hold one import map with the hashes of its modules")
        return cls(files, f"'sha256-{b64encode(sha256(maps[0]).digest()).decode()}'")

    def at(self, path: str) -> File | None:
        """Return the file at a request's path, None when there is none."""
        if path in _PAGES or _SHARED.fullmatch(path):
            return self.files[INDEX]
        name = path.removeprefix("/")
        return self.files.get(name) if name != INDEX else None

    def headers(self, reached: Sequence[str]) -> dict[str, str]:
        """Return the headers of every path; the page may reach the origins `reached`: of channel, logs, relays."""
        connect = " ".join(["'self'", *reached])
        policy = (
            f"default-src 'none'; script-src 'self' {self.import_map}; style-src 'self'; img-src blob: data:; "
            f"font-src 'self'; connect-src {connect}; worker-src blob: 'self'; frame-src blob:; "
            "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
            "require-trusted-types-for 'script'; trusted-types privity-code"
        )
        return {**HEADERS, "content-security-policy": policy}


HEADERS: Final[Mapping[str, str]] = {
    "integrity-policy": "blocked-destinations=(script)",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "permissions-policy": (
        "publickey-credentials-get=(self), publickey-credentials-create=(self), camera=(self), microphone=(), "
        "geolocation=()"
    ),
}


def _contents(folder: Path) -> dict[str, bytes]:
    """Return every file below `folder` by its path. Raises Unusable for what is no regular file, or too much."""
    found: dict[str, bytes] = {}
    together = 0
    try:
        for path in sorted(folder.rglob("*")):
            if path.is_dir() and not path.is_symlink():
                continue
            name = path.relative_to(folder).as_posix()
            if not _PATH.fullmatch(name):
                raise Unusable(f"{ascii(name)[:200]} is no name of a web client's file")
            found[name] = _regular(path)
            together += len(found[name])
            if len(found) > MAX_FILES or together > MAX_TOGETHER:
                raise Unusable(f"more than {MAX_FILES} files or {MAX_TOGETHER} bytes")
    except OSError as error:
        raise Unusable(f"{folder}: {error.strerror}") from error
    return found


def _regular(path: Path) -> bytes:
    # Neither a link out of the folder nor a pipe that never ends.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise Unusable(f"{path} is no regular file")
        data = file.read(MAX_FILE + 1)
    if len(data) > MAX_FILE:
        raise Unusable(f"{path} is larger than {MAX_FILE} bytes")
    return data


def _file(name: str, data: bytes) -> File:
    media_type = TYPES.get(Path(name).suffix)
    if media_type is None:
        raise Unusable(f"{name} is of no type that a web client has")
    shrinks = len(data) >= WORTH_COMPRESSING and media_type.startswith(("text/", "application/", "image/svg"))
    packed = gzip.compress(data, 6, mtime=0) if shrinks else None
    return File(
        data=data,
        compressed=packed if packed is not None and len(packed) < len(data) else None,
        media_type=media_type,
        etag=f'"{sha256(data).hexdigest()[:32]}"',
        caching=FOR_EVER if _HASHED.fullmatch(name) else NEVER,
    )
