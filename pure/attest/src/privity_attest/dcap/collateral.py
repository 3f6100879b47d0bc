"""The item `dcap-collateral`: what Intel publishes about a platform, as one closed CBOR map.

Source: specs/dcap.md. Chains are DER, issuer first and root last; the two JSON texts are the exact bytes
that Intel signed.
"""

from dataclasses import dataclass, fields
from typing import Any, Final

from privity_protocol import cbor
from privity_protocol.errors import Malformed

CHAIN: Final = 2  # the signer and the root
MAX_CERTIFICATE: Final = 4096
SIGNATURE: Final = 64

Chain = tuple[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Collateral:
    """Unverified; an empty revocation list is an absent one."""

    pck_crl_issuer_chain: Chain
    root_ca_crl: bytes
    pck_crl: bytes
    tcb_info_issuer_chain: Chain
    tcb_info: bytes
    tcb_info_signature: bytes
    qe_identity_issuer_chain: Chain
    qe_identity: bytes
    qe_identity_signature: bytes


CHAINS: Final = ("pck_crl_issuer_chain", "tcb_info_issuer_chain", "qe_identity_issuer_chain")
TEXTS: Final = ("tcb_info", "qe_identity")
LISTS: Final = ("root_ca_crl", "pck_crl")
_NAMES: Final = frozenset(one.name for one in fields(Collateral))


def decode(data: bytes) -> Collateral:
    """Return the collateral in `data`. Raises Malformed."""
    value = cbor.decode(data)
    if not isinstance(value, dict) or value.keys() != _NAMES:
        raise Malformed("member_type", "dcap-collateral")
    read: dict[str, Any] = {str(name): _read(str(name), one) for name, one in value.items()}
    return Collateral(**read)


def encode(collateral: Collateral) -> bytes:
    """Return the one encoding of `collateral`."""
    members: dict[cbor.Key, cbor.Value] = {}
    for name in sorted(_NAMES):
        value = getattr(collateral, name)
        text = value.decode("utf-8") if name in TEXTS else value
        members[name] = list(value) if name in CHAINS else text
    return cbor.encode(members)


def _read(name: str, value: cbor.Value) -> "bytes | Chain":
    if name in CHAINS:
        match value:
            case [bytes() as signer, bytes() as root] if max(len(signer), len(root)) <= MAX_CERTIFICATE:
                return signer, root
        raise Malformed("member_type", name)
    if name in TEXTS:
        if not isinstance(value, str):
            raise Malformed("member_type", name)
        return value.encode("utf-8")
    if not isinstance(value, bytes) or (name.endswith("_signature") and len(value) != SIGNATURE):
        raise Malformed("member_type", name)
    return value
