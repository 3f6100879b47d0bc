"""The node document as a node writes it, and the values derived from its bytes. Its reader is `binding`; only the
anchor is read here, since a node takes it from a file.

Source: specs/binding.md.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from hashlib import sha256, sha512

from privity_protocol import canonical, platform
from privity_protocol.bundle import Item
from privity_protocol.canonical import base64url_encode
from privity_protocol.platform import Platform


@dataclass(frozen=True, slots=True)
class Anchor:
    """The newest witnessed release checkpoint that the node knew: root is 32 bytes, time is Unix seconds."""

    origin: str
    root: bytes
    size: int
    time: int


@dataclass(frozen=True, slots=True)
class NodeDocument:
    """All members of a node document; hashes are 32 raw bytes here and lower-case hexadecimal on the wire."""

    pk: bytes
    sig: bytes
    node: bytes
    plat: Platform
    rel: bytes
    cfg: bytes
    models: bytes
    dev: bytes | None
    deploy: str
    nbf: int
    exp: int
    anchor: Anchor
    prof: tuple[str, ...]
    egress: str
    nonce: bytes | None


def encode(document: NodeDocument) -> bytes:
    """Return the bytes of `document`, whose members a node takes from what it has checked before."""
    return canonical.encode(
        {
            "v": 1,
            "typ": "ec1-node",
            "suite": 1,
            "pk": base64url_encode(document.pk),
            "sig": base64url_encode(document.sig),
            "node": base64url_encode(document.node),
            "plat": platform.members(document.plat),
            "rel": document.rel.hex(),
            "cfg": document.cfg.hex(),
            "models": document.models.hex(),
            "dev": None if document.dev is None else document.dev.hex(),
            "deploy": document.deploy,
            "nbf": document.nbf,
            "exp": document.exp,
            "anchor": asdict(document.anchor) | {"root": document.anchor.root.hex()},
            "prof": list(document.prof),
            "egress": document.egress,
            "nonce": None if document.nonce is None else base64url_encode(document.nonce),
        }
    )


def decode_anchor(value: object) -> Anchor:
    """Return the anchor in parsed canonical JSON. Raises Malformed."""
    anchor = canonical.members(value, frozenset({"origin", "root", "size", "time"}), "anchor")
    return Anchor(
        origin=canonical.text(anchor["origin"], "anchor.origin", longest=255, pattern="[!-~]+"),
        root=canonical.from_hex(anchor["root"], "anchor.root", size=32),
        size=canonical.integer(anchor["size"], "anchor.size"),
        time=canonical.integer(anchor["time"], "anchor.time"),
    )


def report_data(node_document: bytes) -> bytes:
    """Return the 64 bytes that the quote carries for the bytes of a node document."""
    return sha512(b"EC1 node document v1\0" + node_document).digest()


def kid(node_document: bytes) -> bytes:
    """Return the 8-byte key id by which messages name the bytes of a node document."""
    return sha256(node_document).digest()[:8]


def device_nonce(*, pk: bytes, node: bytes, nonce: bytes | None) -> bytes:
    """Return the 32-byte nonce that devices answer: `pk` 1,216 bytes, `node` 16, `nonce` 32 or None."""
    return sha256(b"EC1 device v1\0" + sha256(pk).digest() + node + (nonce or b"")).digest()


def device_digest(devices: Iterable[Item]) -> bytes | None:
    """Return the 32 bytes of member `dev` for device items in bundle order, None without devices."""
    parts = [part for item in devices for part in (item.label.encode("ascii"), item.data)]
    if not parts:
        return None
    return sha256(b"".join(len(part).to_bytes(4) + part for part in parts)).digest()
