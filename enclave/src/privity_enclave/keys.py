"""Node keys: born in memory, proved by evidence, replaced every hour, gone on time.

Source: specs/node-http.md, "Keys". Two clocks watch each key. The wall clock is the host's and may jump: forward
it ends keys early; backward the steady clock still ends them. Whichever says "over" first is right.
"""

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from privity_protocol import canonical, node_document, platform, xwing
from privity_protocol.bundle import Item
from privity_protocol.bundle import encode as encode_bundle
from privity_protocol.errors import Malformed
from privity_protocol.limits import KEY_GRACE, KEY_WINDOW
from privity_protocol.node_document import Anchor, NodeDocument, decode_anchor

from privity_enclave.hardware import Hardware, collateral
from privity_enclave.hardware.nvidia import Nvidia
from privity_enclave.hardware.tree import read_at_most

MAX_ANCHOR: Final = 512  # bytes
ROTATE: Final = 3600  # seconds; half the window, so that a client always finds an hour left


class UnknownKey(Exception):
    """No key of this id is alive."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Both clocks: `wall` gives Unix seconds, `steady` seconds that never go back."""

    wall: Callable[[], int]
    steady: Callable[[], float]


@dataclass(frozen=True, slots=True)
class Statement:
    """What stays the same for all keys of one boot: the document but for key, times and nonce, and the bundle items."""

    node: bytes
    deploy: str
    profiles: tuple[str, ...]
    egress: str
    models: tuple[str, ...]
    configuration_item: bytes
    models_item: bytes
    release_item: bytes
    runtime_log: bytes
    collateral: Path | None
    anchor: Path | None

    @property
    def rel(self) -> bytes:
        """Leaf hash of the release (RFC 6962 section 2.1)."""
        return hashlib.sha256(b"\0" + self.release_item).digest()

    def anchor_at(self, now: int) -> Anchor:
        """Return the release log's newest head as the operator's file tells it: clients judge it. Raises Malformed."""
        if self.anchor is None:
            return Anchor("local", bytes(32), 0, now)
        return decode_anchor(canonical.decode(read_at_most(self.anchor, MAX_ANCHOR + 1), max_bytes=MAX_ANCHOR))


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Window:
    """One key and its evidence. `born` and `ends` are on the steady clock; `ends` includes the grace."""

    key: xwing.PrivateKey
    signer: Ed25519PrivateKey
    document: NodeDocument
    node_document: bytes
    bundle: bytes
    born: float
    ends: float

    @property
    def kid(self) -> bytes:
        """The id by which messages name the key."""
        return node_document.kid(self.node_document)

    def alive(self, clock: Clock) -> bool:
        """Whether both clocks admit the key, grace included."""
        wall = clock.wall()
        return clock.steady() < self.ends and self.document.nbf - KEY_GRACE <= wall < self.document.exp + KEY_GRACE

    def __repr__(self) -> str:
        return f"Window(exp={self.document.exp})"


class KeyRing:
    """The keys of this boot. `begin` blocks on the hardware; everything else is quick."""

    def __init__(self, hardware: Hardware, devices: Nvidia, statement: Statement, clock: Clock) -> None:
        self._hardware = hardware
        self._devices = devices
        self._statement = statement
        self._clock = clock
        self._windows: dict[bytes, Window] = {}
        self._proving = threading.Lock()

    def begin(self) -> Window:
        """Make a key with its evidence. It is not in use until `admit`. Raises HardwareFailed, Malformed."""
        key, signer = xwing.generate(), Ed25519PrivateKey.generate()
        born, now = self._clock.steady(), self._clock.wall()
        said = self._statement
        document = NodeDocument(
            pk=key.public_key,
            sig=signer.public_key().public_bytes_raw(),
            node=said.node,
            plat=self._hardware.platform,
            rel=said.rel,
            cfg=hashlib.sha256(said.configuration_item).digest(),
            models=hashlib.sha256(said.models_item).digest(),
            dev=None,
            deploy=said.deploy,
            nbf=now,
            exp=now + KEY_WINDOW,
            anchor=said.anchor_at(now),
            prof=said.profiles,
            egress=said.egress,
            nonce=None,
        )
        document, encoded, bundle = self._prove(document)
        return Window(key, signer, document, encoded, bundle, born, born + KEY_WINDOW + KEY_GRACE)

    def admit(self, window: Window) -> None:
        """Use `window` from now on."""
        self._windows[window.kid] = window

    def due(self) -> bool:
        """Whether the newest key is old enough, by either clock, for the next one."""
        newest = max(self._windows.values(), key=lambda window: window.born, default=None)
        if newest is None:
            return True
        wall, steady = self._clock.wall() - newest.document.nbf, self._clock.steady() - newest.born
        return max(wall, steady) >= ROTATE

    def find(self, kid: bytes) -> Window:
        """Return the living key of this id. Raises UnknownKey; a key past its time is refused before it is swept."""
        window = self._windows.get(kid)
        if window is None or not window.alive(self._clock):
            raise UnknownKey
        return window

    def anchors(self) -> list[Anchor]:
        """Return the heads of the public log that the living keys are anchored in."""
        return [window.document.anchor for window in self._windows.values()]

    def sweep(self) -> list[Window]:
        """Drop the keys whose time is over and return them. OpenSSL cleanses a key that nobody holds any more."""
        over = [window for window in self._windows.values() if not window.alive(self._clock)]
        for window in over:
            del self._windows[window.kid]
        return over

    def challenge(self, kid: bytes, nonce: bytes) -> bytes:
        """Return a fresh bundle for the key `kid` over the caller's 32 bytes. Raises UnknownKey, HardwareFailed."""
        if len(nonce) != 32:
            raise Malformed("size", "nonce")
        return self._prove(replace(self.find(kid).document, nonce=nonce))[2]

    def bundle(self, digest: bytes) -> bytes:
        """Return the bundle of the node document whose SHA-256 is `digest`. Raises UnknownKey."""
        window = self.find(digest[:8])
        if hashlib.sha256(window.node_document).digest() != digest:
            raise UnknownKey
        return window.bundle

    def usable(self) -> list[Window]:
        """Return the keys which clients may use now (not those in their grace), the oldest first."""
        now = self._clock.wall()
        return [window for window in self._windows.values() if window.alive(self._clock) and now < window.document.exp]

    def publish(self) -> bytes:
        """Return canonical JSON that lists the usable keys."""
        return canonical.encode({"windows": [self._listed(window) for window in self.usable()]})

    def _listed(self, window: Window) -> dict[str, object]:
        return {
            "nd": hashlib.sha256(window.node_document).hexdigest(),
            "plat": platform.members(window.document.plat),
            "rel": window.document.rel.hex(),
            "cap": list(self._statement.models),
            "w": 1,
            "nbf": window.document.nbf,
            "exp": window.document.exp,
        }

    def _prove(self, document: NodeDocument) -> tuple[NodeDocument, bytes, bytes]:
        """Return the document with its devices, its bytes, and the bundle that proves them."""
        # One at a time: a challenge and the next key come in threads of their own, and devices take turns badly.
        with self._proving:
            return self._asked(document)

    def _asked(self, document: NodeDocument) -> tuple[NodeDocument, bytes, bytes]:
        said = self._statement
        # The devices first: the document commits to their answers, and the CPU to the document.
        devices = self._devices.evidence(
            node_document.device_nonce(pk=document.pk, node=document.node, nonce=document.nonce)
        )
        digest = node_document.device_digest(Item(label, *devices[label]) for label in sorted(devices))
        document = replace(document, dev=digest)
        encoded = node_document.encode(document)
        items = {
            "node-document": ("node-document+json", encoded),
            "configuration": ("configuration+json", said.configuration_item),
            "models": ("models+json", said.models_item),
            "release": ("release+json", said.release_item),
            **devices,
            **self._hardware.evidence(node_document.report_data(encoded)),
            **collateral.read(said.collateral),
        }
        if self._hardware.has_register:
            items["runtime-log"] = ("runtime-log", said.runtime_log)
        return document, encoded, encode_bundle(items)
