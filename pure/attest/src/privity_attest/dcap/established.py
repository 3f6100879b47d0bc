"""What the checks of tdx and sgx have established so far; an attribute that no check has set cannot be read."""

from dataclasses import dataclass, field

from privity_attest.crl import Crl
from privity_attest.dcap.chains import Certificates
from privity_attest.dcap.collateral import Collateral
from privity_attest.dcap.pck import Pck
from privity_attest.dcap.quote import Quote
from privity_attest.dcap.rating import Rating
from privity_attest.dcap.tcb import QeIdentity, TcbInfo
from privity_attest.x509 import Certificate


@dataclass(slots=True)
class Established:
    """`chain` are the bytes of `case.path`, `issuers` the paths in the collateral by name, `crls` its lists by name."""

    certificates: Certificates = field(default_factory=Certificates)
    quote: Quote = field(init=False)
    collateral: Collateral = field(init=False)
    crls: dict[str, Crl] = field(init=False)
    chain: tuple[bytes, ...] = field(init=False)
    pck: Pck = field(init=False)
    issuers: dict[str, tuple[Certificate, ...]] = field(init=False)
    tcb_info: TcbInfo = field(init=False)
    qe_identity: QeIdentity = field(init=False)
    rating: Rating = field(init=False)
