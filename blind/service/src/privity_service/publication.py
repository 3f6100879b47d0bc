"""What the service publishes: the discovery document, the directory and the bundles, always served from memory.

Source: specs/discovery.md. Sans-I/O: the time is an argument, and the shelf writes what `files` returns.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import msgspec
from privity_protocol import canonical, directory
from privity_protocol.errors import PrivityError
from privity_protocol.platform import Platform

from privity_service.configuration import Configuration
from privity_service.published import Posted
from privity_service.registry import Window
from privity_service.shelf import BULLETIN, BUNDLES, DIRECTORY, DISCOVERY

BUNDLE_TYPE: Final = "application/cmw+json"
SIMULATED: Final = frozenset({"simulated", "sim_tpm"})
DIRECTORY_LIFE: Final = 7200  # seconds; renewed at half of it, so that a client never holds an expired one for long


@dataclass(frozen=True, slots=True)
class Document:
    """Bytes to serve, with their media type and entity tag."""

    data: bytes
    media_type: str
    etag: str

    @classmethod
    def of(cls, data: bytes, media_type: str) -> "Document":
        """Return `data` as a document; the tag is a hash of the bytes."""
        return cls(data, media_type, f'"{sha256(data).hexdigest()[:32]}"')


def discovery(configuration: Configuration, account: str | None = None) -> bytes:
    """Return the discovery document: a hint, trusted for nothing. `account` is the origin of the accounts."""
    return canonical.encode(
        {
            "v": 1,
            "account": account,
            "deploy": configuration.deploy,
            "logs": [{"origin": log.origin, "url": log.url} for log in configuration.logs],
            "plans": account is not None and bool(configuration.accounts and configuration.accounts.plans),
            "relays": [msgspec.to_builtins(offer) for offer in configuration.relays],
            "run": configuration.public_run_origin,
        }
    )


class Publication:
    """The published documents.

    With a keeper, `post` takes over what it posted. Without one, `refresh` lists the announced windows and `add` their
    bundles; nothing of that is in a log, and clients refuse it.
    """

    def __init__(self, configuration: Configuration, earlier: bytes | None = None) -> None:
        self.discovery = Document.of(discovery(configuration), "application/json")
        self.bundles: dict[str, Document] = {}
        self.directory: Document | None = None
        self.bulletin: Document | None = None
        self.simulated = False
        self._current: directory.Directory | None = None
        self._previous = _hash_of(earlier)

    def announce_accounts(self, configuration: Configuration, origin: str) -> None:
        """Say where the accounts are, once the listener's address is known."""
        self.discovery = Document.of(discovery(configuration, origin), "application/json")

    def post(self, posted: Posted) -> None:
        """Publish what the keeper posted instead of what was published before."""
        self.bulletin = Document.of(posted.bulletin, "application/json")
        self.directory = Document.of(posted.directory_leaf, "application/json")
        self.bundles = {nd: Document.of(data, BUNDLE_TYPE) for nd, data in posted.bundles.items()}
        self.simulated = any(node.plat.type in SIMULATED for node in posted.directory.nodes)

    def add(self, nd: str, bundle: bytes) -> None:
        """Publish the bundle of the node document with hash `nd` (hexadecimal)."""
        self.bundles[nd] = Document.of(bundle, BUNDLE_TYPE)

    def refresh(self, windows: list[Window], now: int) -> bool:
        """List the windows whose bundle is published; forget the other bundles. Returns whether anything changed."""
        ready = [window for window in windows if window.nd in self.bundles]
        self.bundles = {window.nd: self.bundles[window.nd] for window in ready}
        self.simulated = any(window.plat.type in SIMULATED for window in ready)
        nodes = tuple(_node(window) for window in ready)
        current = self._current
        if current is not None and current.nodes == nodes and current.nbf <= now < current.exp - DIRECTORY_LIFE // 2:
            return False
        if current is None and not nodes:
            return False
        self._current = directory.Directory(nbf=now, exp=now + DIRECTORY_LIFE, prev=self._previous, nodes=nodes)
        data = directory.encode(self._current)
        self._previous = sha256(data).digest()
        self.directory = Document.of(data, "application/json")
        return True

    def files(self) -> dict[str, bytes]:
        """Return every published document by its path."""
        files = {f"{BUNDLES}/{nd}": bundle.data for nd, bundle in self.bundles.items()}
        files[DISCOVERY] = self.discovery.data
        if self.directory is not None:
            files[DIRECTORY] = self.directory.data
        if self.bulletin is not None:
            files[BULLETIN] = self.bulletin.data
        return files


def _node(window: Window) -> directory.Node:
    platform = Platform(type=window.plat.type, id=bytes.fromhex(window.plat.id))
    return directory.Node(
        nd=bytes.fromhex(window.nd),
        plat=platform,
        rel=bytes.fromhex(window.rel),
        cap=tuple(sorted(set(window.cap))),
        w=window.w,
    )


def _hash_of(earlier: bytes | None) -> bytes | None:
    """Return what the next directory names as `prev`: nothing when the file of an earlier run is not a directory."""
    if earlier is None:
        return None
    try:
        directory.decode(earlier)
    except PrivityError:
        return None
    return sha256(earlier).digest()
