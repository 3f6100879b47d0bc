"""Web leaf: the files of one build of the web client. Source: specs/leaves.md."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from privity_protocol import canonical
from privity_protocol.errors import Malformed

from privity_tlog.leaves import reading

KIND: Final = "web"
MAX_FILES: Final = 500
INDEX: Final = "index.html"
_MEMBERS: Final = frozenset({"version", "source", "files"})
_PATH: Final = "[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*"


@dataclass(frozen=True, slots=True)
class Web:
    """A build: version, commit it was built from, and the SHA-256 of each file by path, `index.html` among them."""

    version: str
    source: str
    files: Mapping[str, bytes]


def decode(data: bytes) -> Web:
    """Return the web leaf in `data`. Raises Malformed."""
    value = reading.leaf(data, KIND, _MEMBERS)
    files = value["files"]
    if not isinstance(files, dict) or len(files) > MAX_FILES or INDEX not in files:
        raise Malformed("member_value", "files")
    read = {
        canonical.text(path, "path", longest=200, pattern=_PATH): canonical.from_hex(one, "files", size=reading.DIGEST)
        for path, one in files.items()
    }
    return Web(
        version=canonical.text(value["version"], "version", longest=64),
        source=canonical.text(value["source"], "source", longest=64, pattern="local|[0-9a-f]{40}|[0-9a-f]{64}"),
        files=MappingProxyType(read),
    )


def encode(web: Web) -> bytes:
    """Return the leaf of `web`. Raises Malformed."""
    files = {path: digest.hex() for path, digest in web.files.items()}
    data = reading.encode(KIND, {"version": web.version, "source": web.source, "files": files})
    decode(data)
    return data
