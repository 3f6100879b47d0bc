"""Pins a catalogue entry: commit, size and SHA-256 from the source's Git LFS pointer. Maintainers read the diff.

    .venv/bin/python tools/pin_catalogue.py MODEL-ID COMMIT [SOURCE]

The pointer is a text of three lines that stands in the repository for the weight file, so nothing large is fetched. The
commit is given by the maintainer as forty hex digits: a branch name would pin whatever it points to today.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

import httpx
from privity_client.models import catalogue
from privity_client.models.pull import DEFAULT_SOURCE
from privity_protocol import canonical

CATALOGUE = Path(catalogue.__file__).parent / "catalogue.json"
MAX_POINTER = 1024
"""Bytes; a pointer has about 130. Beyond it the source sent something else, perhaps the file itself."""
POINTER = re.compile(rb"version [!-~]+\noid sha256:([0-9a-f]{64})\nsize ([1-9][0-9]*)\n")
COMMIT = re.compile(r"[0-9a-f]{40}")


class PinRefused(Exception):
    """The entry stays as it is; the text says why."""


def fetch(url: str) -> bytes:
    """Return at most MAX_POINTER bytes of a plain answer. Raises PinRefused."""
    with httpx.stream("GET", url, timeout=30.0, follow_redirects=True) as answer:
        if answer.status_code != 200:
            raise PinRefused(f"{url} answered {answer.status_code}")
        data = b""
        for chunk in answer.iter_bytes():
            data += chunk
            if len(data) > MAX_POINTER:
                raise PinRefused(f"{url} is no Git LFS pointer: more than {MAX_POINTER} bytes")
    return data


def pin(document: dict[str, Any], model_id: str, commit: str, source: str) -> bytes:
    """Return the catalogue's new bytes, one version higher. Raises PinRefused, Malformed."""
    if not COMMIT.fullmatch(commit):
        raise PinRefused("the commit is given as forty lower-case hex digits, never as a branch")
    entry = next((model for model in document["models"] if model["id"] == model_id), None)
    if entry is None:
        raise PinRefused(f"no entry {model_id}")
    url = f"{source}/{entry['repository']}/raw/{commit}/{entry['file']}"
    found = POINTER.fullmatch(fetch(url))
    if found is None:
        raise PinRefused(f"{url} is no Git LFS pointer")
    entry |= {"commit": commit, "sha256": found[1].decode(), "size": int(found[2])}
    document["version"] += 1
    data = canonical.encode(document)
    catalogue.decode(data)
    return data


def main(arguments: list[str], path: Path = CATALOGUE) -> int:
    """Pin one entry of the packaged catalogue; return the exit code."""
    if len(arguments) not in (2, 3):
        print(__doc__)
        return 2
    source = arguments[2] if len(arguments) == 3 else DEFAULT_SOURCE
    try:
        data = pin(json.loads(path.read_bytes()), arguments[0], arguments[1], source)
    except (PinRefused, httpx.HTTPError) as error:
        print(f"✗ {error}")
        return 1
    path.write_bytes(data + b"\n")
    print(f"pinned {arguments[0]} at {arguments[1]}; read the diff before you commit it")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
