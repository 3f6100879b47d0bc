"""Fetching one pinned file: by commit, hashed while it streams, resumed by range, kept only when the digest is right.

The decisions are in `Download`, which touches no network; `pull` drives it over httpx.
"""

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

import httpx

from privity_client.errors import ClientError
from privity_client.models.catalogue import Entry, Pin
from privity_client.models.shelf import ShelfModel, write_record

DEFAULT_SOURCE: Final = "https://huggingface.co"
_CHUNK: Final = 1 << 20
_TIMEOUT: Final = httpx.Timeout(30.0)


class Download:
    """A file of known size and digest that arrives in pieces, possibly over several connections."""

    def __init__(self, pin: Pin) -> None:
        self._pin = pin
        self._digest = hashlib.sha256()
        self.received = 0

    def headers(self) -> dict[str, str]:
        """Return the request headers: a range when a part is already here."""
        return {"accept-encoding": "identity"} | ({"range": f"bytes={self.received}-"} if self.received else {})

    def begin(self, status: int, content_range: str) -> bool:
        """Judge the response's head. Returns whether the part on disk is kept. Raises ClientError `download_failed`."""
        if status == 206 and content_range == f"bytes {self.received}-{self._pin.size - 1}/{self._pin.size}":
            return True
        if status == 200:
            self._digest = hashlib.sha256()
            self.received = 0
            return False
        raise ClientError("download_failed", f"the source answered {status}")

    def feed(self, data: bytes) -> None:
        """Take the next bytes. Raises ClientError `model_digest` as soon as there are more than the pinned size."""
        self.received += len(data)
        if self.received > self._pin.size:
            raise ClientError("model_digest", f"the source sent more than the {self._pin.size} bytes of the catalogue")
        self._digest.update(data)

    def finish(self) -> None:
        """Return when the whole file has the pinned digest. Raises ClientError `download_failed`, `model_digest`."""
        if self.received < self._pin.size:
            raise ClientError("download_failed", f"{self.received} of {self._pin.size} bytes arrived")
        if self._digest.digest() != self._pin.sha256:
            raise ClientError("model_digest", f"expected {self._pin.sha256.hex()}, got {self._digest.hexdigest()}")


def source_url(base: str, entry: Entry, pin: Pin) -> str:
    """Return the address of the file at its commit; a branch name is never asked for."""
    return f"{base.rstrip('/')}/{entry.repository}/resolve/{pin.commit}/{entry.file}"


def pull(
    entry: Entry, folder: Path, *, base: str, client: httpx.Client, progress: Callable[[int, int], None]
) -> ShelfModel:
    """Fetch `entry` onto the shelf; `progress` is told received and total bytes.

    Raises ClientError `model_unpinned`, `model_digest`, `download_failed`, `disk_full`.
    """
    if entry.pin is None:
        raise ClientError("model_unpinned", entry.id)
    partial = folder / f"{entry.id}.part"
    download = _resumed(entry.pin, partial)
    if shutil.disk_usage(folder).free < entry.pin.size - download.received:
        raise ClientError("disk_full", f"{entry.pin.size} bytes are needed in {folder}")
    if download.received < entry.pin.size:
        _receive(download, partial, source_url(base, entry, entry.pin), client, entry.pin.size, progress)
    try:
        download.finish()
    except ClientError as error:
        if error.reason == "model_digest":
            partial.unlink(missing_ok=True)
        raise
    target = folder / f"{entry.id}.gguf"
    partial.replace(target)
    model = ShelfModel(
        entry.id, entry.display, target, entry.pin.size, entry.pin.sha256.hex(), entry.context, "catalogue"
    )
    write_record(folder, model)
    return model


def _resumed(pin: Pin, partial: Path) -> Download:
    """Return a download that has already taken the bytes on disk; they are hashed again, the disk is not trusted."""
    download = Download(pin)
    if partial.exists():
        if partial.stat().st_size > pin.size:
            partial.unlink()
            return download
        with partial.open("rb") as file:
            while chunk := file.read(_CHUNK):
                download.feed(chunk)
    return download


def _receive(
    download: Download, partial: Path, url: str, client: httpx.Client, total: int, progress: Callable[[int, int], None]
) -> None:
    try:
        with client.stream("GET", url, headers=download.headers(), timeout=_TIMEOUT, follow_redirects=True) as response:
            kept = download.begin(response.status_code, response.headers.get("content-range", ""))
            with partial.open("ab" if kept else "wb") as file:
                for chunk in response.iter_raw(_CHUNK):
                    try:
                        download.feed(chunk)
                    except ClientError:
                        partial.unlink(missing_ok=True)
                        raise
                    file.write(chunk)
                    progress(download.received, total)
    except httpx.HTTPError as error:
        raise ClientError("download_failed", type(error).__name__) from error
    except OSError as error:
        raise ClientError("disk_full", str(partial)) from error
