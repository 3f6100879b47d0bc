"""The node document: what a quote commits to, read and judged. What a node needs of it is `node_document`.

Source: specs/binding.md. The document is hashed and compared as bytes; decoding serves the checks of its content.
"""

from typing import Final

from privity_protocol import canonical, node_document, platform_reader
from privity_protocol.errors import Expired, Malformed
from privity_protocol.limits import KEY_WINDOW, MAX_NODE_DOCUMENT
from privity_protocol.node_document import Anchor, NodeDocument, device_digest, device_nonce, kid, report_data

__all__ = [
    "Anchor",
    "NodeDocument",
    "check_window",
    "decode",
    "device_digest",
    "device_nonce",
    "encode",
    "kid",
    "report_data",
    "window_faults",
]

CLOCK_SKEW: Final = 300  # seconds a document may lie in the future
KEM_KEY: Final = 1216  # bytes of an X-Wing public key
PROFILES: Final = ("p0", "p1", "p2")
NAME: Final = r"[a-z0-9][a-z0-9._-]*"
_MEMBERS = frozenset(
    "v typ suite pk sig node plat rel cfg models dev deploy nbf exp anchor prof egress nonce".split()  # noqa: SIM905
)


def encode(document: NodeDocument) -> bytes:
    """Return the bytes of `document`. Raises Malformed when `decode` would refuse them."""
    data = node_document.encode(document)
    decode(data)
    return data


def decode(data: bytes) -> NodeDocument:
    """Return the node document in `data` (at most 4,096 bytes of canonical JSON); its window is not judged here.

    Raises Malformed: the reasons of canonical JSON and its members.
    """
    nd = canonical.members(canonical.decode(data, max_bytes=MAX_NODE_DOCUMENT), _MEMBERS, "node document")
    canonical.integer(nd["v"], "v", least=1, most=1)
    canonical.text(nd["typ"], "typ", longest=8, pattern="ec1-node")
    canonical.integer(nd["suite"], "suite", least=1, most=1)
    dev, nonce = nd["dev"], nd["nonce"]
    return NodeDocument(
        pk=canonical.from_base64url(nd["pk"], "pk", size=KEM_KEY),
        sig=canonical.from_base64url(nd["sig"], "sig", size=32),
        node=canonical.from_base64url(nd["node"], "node", size=16),
        plat=platform_reader.decode(nd["plat"]),
        rel=canonical.from_hex(nd["rel"], "rel", size=32),
        cfg=canonical.from_hex(nd["cfg"], "cfg", size=32),
        models=canonical.from_hex(nd["models"], "models", size=32),
        dev=None if dev is None else canonical.from_hex(dev, "dev", size=32),
        deploy=canonical.text(nd["deploy"], "deploy", longest=64),
        nbf=canonical.integer(nd["nbf"], "nbf"),
        exp=canonical.integer(nd["exp"], "exp"),
        anchor=node_document.decode_anchor(nd["anchor"]),
        prof=_profiles(nd["prof"]),
        egress=canonical.text(nd["egress"], "egress", longest=64, pattern=NAME),
        nonce=None if nonce is None else canonical.from_base64url(nonce, "nonce", size=32),
    )


def _profiles(value: object) -> tuple[str, ...]:
    names = canonical.entries(value, "prof", least=1, most=len(PROFILES))
    # Comparing with the ordered subset refuses unknown names, repetitions and other orders in one step.
    chosen = tuple(name for name in PROFILES if name in names)
    if list(chosen) != names:
        raise Malformed("member_value", "prof")
    return chosen


def window_faults(
    document: NodeDocument, now: int, *, skew: int = CLOCK_SKEW, lifetime: int = KEY_WINDOW
) -> tuple[str, ...]:
    """Return every reason why the window of `document` does not admit use at `now` (Unix seconds)."""
    faults = []
    if now < document.nbf - skew:
        faults.append("key_not_yet_valid")
    if now >= document.exp:
        faults.append("key_expired")
    if not 0 < document.exp - document.nbf <= lifetime:
        faults.append("key_lifetime")
    return tuple(faults)


def check_window(document: NodeDocument, now: int) -> None:
    """Raise Expired (`key_not_yet_valid`, `key_expired`, `key_lifetime`) unless nbf - 300 <= now < exp."""
    for fault in window_faults(document, now):
        raise Expired(fault, f"{document.nbf} to {document.exp}, now {now}")
