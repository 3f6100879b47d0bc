"""Recognises a file: the first reader that reads all of it. Readers are strict, so at most one does.

PEM text and NSM replies are the only wrappings looked through.
"""

from privity_attest.arm.claims import ProfileUnknown
from privity_attest.cose import CoseError
from privity_attest.dcap.quote import QuoteError
from privity_attest.der import DerError
from privity_attest.measured_boot import BootLogError
from privity_attest.nvidia.spdm import SpdmError
from privity_attest.sev_snp.report import ReportError
from privity_protocol.errors import Malformed

from privity_client.errors import ClientError
from privity_client.inspection import documents, hardware
from privity_client.inspection.found import Found
from privity_client.inspection.hardware import Beside

_ERRORS = (
    BootLogError,
    CoseError,
    DerError,
    Malformed,
    ProfileUnknown,
    QuoteError,
    ReportError,
    SpdmError,
)


def recognise(data: bytes, beside: Beside) -> Found:
    """Return what `data` is and says. Raises ClientError `evidence_unreadable`."""
    for read in documents.READERS:
        try:
            return read(data)
        except _ERRORS:
            continue
    for judge in hardware.READERS:
        try:
            return judge(data, beside)
        except _ERRORS:
            continue
    raise ClientError("evidence_unreadable", f"{len(data)} bytes")
