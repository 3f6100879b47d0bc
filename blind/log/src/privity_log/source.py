"""Where a log's public files are read from: a folder or an HTTP prefix. What comes is believed by nobody yet."""

from pathlib import Path
from typing import Final, Protocol

import httpx

from privity_log.errors import LogError

SECONDS: Final = 20.0


class Source(Protocol):
    """The files of one log, by their path below its prefix."""

    def read(self, path: str, most: int) -> bytes | None:
        """Return a file of at most `most` bytes, None when there is none. Raises LogError `source_unreachable`."""
        ...


class FolderSource:
    """A folder that holds `checkpoint` and `tile/`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, path: str, most: int) -> bytes | None:
        """Return a file. Raises LogError `source_unreachable`."""
        try:
            with (self._folder / path).open("rb") as file:
                return _bounded(file.read(most + 1), path, most)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise LogError("source_unreachable", f"{path}: {type(error).__name__}") from error


class HttpSource:
    """An HTTP prefix; the client is the caller's."""

    def __init__(self, prefix: str, client: httpx.Client) -> None:
        self._prefix = prefix.rstrip("/")
        self._client = client

    def read(self, path: str, most: int) -> bytes | None:
        """Return a file. Raises LogError `source_unreachable`."""
        try:
            with self._client.stream("GET", f"{self._prefix}/{path}", timeout=SECONDS) as answer:
                if answer.status_code == httpx.codes.NOT_FOUND:
                    return None
                if answer.status_code != httpx.codes.OK:
                    raise LogError("source_unreachable", f"{path}: status {answer.status_code}")
                data = bytearray()
                for part in answer.iter_bytes():
                    data += part
                    if len(data) > most:
                        break
                return _bounded(bytes(data), path, most)
        except httpx.HTTPError as error:
            raise LogError("source_unreachable", f"{path}: {type(error).__name__}") from error


def _bounded(data: bytes, path: str, most: int) -> bytes:
    if len(data) > most:
        raise LogError("source_unreachable", f"{path} is longer than {most} bytes")
    return data


def source_of(place: str, client: httpx.Client) -> Source:
    """Return the source for an address or a folder's path."""
    return HttpSource(place, client) if place.startswith(("http://", "https://")) else FolderSource(Path(place))
