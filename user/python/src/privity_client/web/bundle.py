"""The builds of the web client in this package. They are made before it is packed; installing needs no Node.js."""

import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final, Literal

from privity_protocol.errors import Malformed
from privity_tlog.leaves import web
from privity_tlog.leaves.web import Web

from privity_client.errors import ClientError

Build = Literal["release", "test"]
"""`release` knows no imitation of an enclave; `test` does, and says on every screen that it is for trying out."""
BUILDS: Final[tuple[Build, ...]] = ("release", "test")
PLACE: Final = Path(__file__).resolve().parent.parent / "_web"
INDEX: Final = "index.html"


@dataclass(frozen=True, slots=True)
class Bundle:
    """One build: the folder with exactly what is served, its version and commit (`local` when nobody knows it)."""

    folder: Path
    version: str
    source: str

    def files(self) -> dict[str, bytes]:
        """Return every file of the build by its path. Raises ClientError `web_unusable`."""
        try:
            paths = sorted(path for path in self.folder.rglob("*") if path.is_file())
            return {path.relative_to(self.folder).as_posix(): path.read_bytes() for path in paths}
        except OSError as error:
            raise ClientError("web_unusable", f"{self.folder}: {error.strerror}") from error

    def digest(self) -> bytes:
        """Return the SHA-256 of the page, by which a log knows the build. Raises ClientError `web_unusable`."""
        return sha256(self.files()[INDEX]).digest()

    def leaf(self) -> bytes:
        """Return the leaf that says in a log what this build consists of. Raises ClientError `web_unusable`."""
        digests = {path: sha256(data).digest() for path, data in self.files().items()}
        try:
            return web.encode(Web(self.version, self.source, digests))
        except Malformed as error:
            raise ClientError("web_unusable", f"{self.folder}: {error}") from error


def find(build: Build, place: Path = PLACE) -> Bundle | None:
    """Return a build of this package, None when it holds none. Raises ClientError `web_unusable`."""
    folder = place / build
    if not (folder / INDEX).is_file():
        return None
    try:
        value = json.loads((place / f"{build}.json").read_bytes())
        return Bundle(folder, str(value["version"]), str(value["source"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ClientError("web_unusable", f"{place / build}.json does not describe the build") from error
