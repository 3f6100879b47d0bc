"""A last look with the clients' own readers: what they cannot read is not worth storing."""

from privity_attest import crl, x509
from privity_attest.der import DerError
from privity_attest.nvidia import ocsp
from privity_protocol import cbor
from privity_protocol.errors import Malformed
from privity_protocol.evidence import LABELS

from privity_image.collateral.item import Item
from privity_image.errors import Failed


def check(item: Item) -> None:
    """Read `item` as a client will. Raises Failed `malformed`, `too_large`."""
    if item.label not in LABELS:
        return
    if len(item.data) > LABELS[item.label].limit:
        raise Failed("too_large", f"{item.label}: {len(item.data)} bytes, at most {LABELS[item.label].limit}")
    try:
        _read(item.label, item.data)
    except (DerError, Malformed) as error:
        raise Failed("malformed", f"{item.label}: clients could not read it: {error}") from error


def _read(label: str, data: bytes) -> None:
    match label:
        case "snp-leaf":
            x509.decode(data)
        case "snp-crl":
            crl.decode(data)
        case "snp-issuers":
            for one in _listed(cbor.decode(data)):
                x509.decode(one)
        case "nvidia-ocsp":
            for one in _listed(cbor.decode(data)):
                ocsp.decode(one)
        case "dcap-collateral":
            _read_dcap(cbor.decode(data))


def _read_dcap(value: cbor.Value) -> None:
    members = value if isinstance(value, dict) else {}
    for name in ("pck_crl_issuer_chain", "tcb_info_issuer_chain", "qe_identity_issuer_chain"):
        for one in _listed(members.get(name)):
            x509.decode(one)
    for name in ("root_ca_crl", "pck_crl"):
        crl.decode(*_listed([members.get(name)]))


def _listed(value: cbor.Value) -> list[bytes]:
    found = [one for one in value if isinstance(one, bytes)] if isinstance(value, list) else []
    if not isinstance(value, list) or len(found) != len(value):
        raise Malformed("member_type", "a list of bytes")
    return found
