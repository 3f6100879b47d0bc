"""A last look with the clients' own readers: what they cannot read is not worth storing."""

from privity_attest import crl, x509
from privity_attest.dcap import collateral, tcb
from privity_attest.dcap.intel_json import IntelJsonError
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
    except (DerError, IntelJsonError, Malformed) as error:
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
            _read_dcap(data)


def _read_dcap(data: bytes) -> None:
    item = collateral.decode(data)
    for chain in (item.pck_crl_issuer_chain, item.tcb_info_issuer_chain, item.qe_identity_issuer_chain):
        for one in chain:
            x509.decode(one)
    crl.decode(item.root_ca_crl)
    crl.decode(item.pck_crl)
    tcb.tcb_info(item.tcb_info)
    tcb.qe_identity(item.qe_identity)


def _listed(value: cbor.Value) -> list[bytes]:
    found = [one for one in value if isinstance(one, bytes)] if isinstance(value, list) else []
    if not isinstance(value, list) or len(found) != len(value):
        raise Malformed("member_type", "a list of bytes")
    return found
