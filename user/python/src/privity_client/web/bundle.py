"""The builds of the web client in this package. They are made before it is packed; installing needs no Node.js."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from privity_client.errors import ClientError

Build = Literal["release", "test"]
"""`release` knows no imitation of an enclave; `test` does, and says on every screen that it is for trying out."""
PLACE: Final = Path(__file__).resolve().parent.parent / "_web"
INDEX: Final = "index.html"


@dataclass(frozen=True, slots=True)
class Bundle:
    """One build: the folder with exactly what is served, its version and commit (`local` when nobody knows it)."""

    folder: Path
    version: str
    source: str


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
