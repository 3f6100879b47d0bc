"""A second opinion on Intel evidence: the independent verifier dcap-qvl, asked about the same quote and collateral.

Our own verdict decides; the other one is shown beside it, and a node that it refuses is not called accepted. The other
verifier is loaded only when it is asked for, and is given no network: the collateral is that of the bundle.
"""

import importlib
from base64 import encodebytes
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from privity_attest.dcap import collateral
from privity_protocol import evidence
from privity_protocol.errors import Malformed

NAME: Final = "dcap-qvl"
_KINDS: Final = frozenset({"tdx-quote", "sgx-quote"})


@dataclass(frozen=True)
class Opinion:
    """What the other verifier said: `status` is Intel's rating, None when it refused, and `words` why."""

    status: str | None
    advisories: tuple[str, ...]
    words: str


@dataclass(frozen=True)
class NoOpinion:
    """It could not be asked, and why."""

    words: str


def second_opinion(bundle: bytes, *, now: int) -> Opinion | NoOpinion:
    """Return what dcap-qvl says of the quote in `bundle` at `now` (Unix seconds)."""
    try:
        items = evidence.decode(bundle).items
    except Malformed as error:
        return NoOpinion(f"the bundle cannot be read ({error.reason})")
    cpu, material = items.get("cpu"), items.get("dcap-collateral")
    if cpu is None or material is None or cpu.media_type not in _KINDS:
        return NoOpinion("only Intel quotes with their collateral can be asked about")
    try:
        other: Any = importlib.import_module("dcap_qvl")
    except ImportError:
        return NoOpinion(f"{NAME} is not installed")
    try:
        report = other.verify(cpu.data, other.QuoteCollateralV3(**_members(material.data)), now)
    except (Malformed, ValueError, RuntimeError) as error:
        return Opinion(None, (), str(error).split("\n")[0][:200])
    return Opinion(report.status, tuple(report.advisory_ids), f"status {report.status}")


def _members(data: bytes) -> dict[str, Any]:
    """Return the collateral as the other verifier takes it: PEM chains, bytes, and the signed texts."""
    read = collateral.decode(data)
    return {
        "pck_crl_issuer_chain": _pem(read.pck_crl_issuer_chain),
        "root_ca_crl": read.root_ca_crl,
        "pck_crl": read.pck_crl,
        "tcb_info_issuer_chain": _pem(read.tcb_info_issuer_chain),
        "tcb_info": read.tcb_info.decode(),
        "tcb_info_signature": read.tcb_info_signature,
        "qe_identity_issuer_chain": _pem(read.qe_identity_issuer_chain),
        "qe_identity": read.qe_identity.decode(),
        "qe_identity_signature": read.qe_identity_signature,
    }


def _pem(chain: Sequence[bytes]) -> str:
    begin, end = "-----BEGIN CERTIFICATE-----\n", "-----END CERTIFICATE-----\n"
    return "".join(begin + encodebytes(one).decode("ascii") + end for one in chain)
