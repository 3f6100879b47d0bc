"""The DCAP quote, read strictly: header, body, and the signature data with the quoting enclave's report in it.

Sources: Intel "TDX DCAP Quoting Library API" appendix 3 (quote versions 4 and 5), Intel "SGX DCAP Quoting Library API"
appendix A (version 3). Integers are little-endian. What follows the signature data may be zeros only.
"""

from dataclasses import dataclass
from typing import Final, Literal

from privity_attest.dcap.body import SGX_SIZE, TD10_SIZE, TD15_SIZE, SgxReport, TdBody, sgx_report, td_body

HEADER: Final = 48
VENDOR: Final = bytes.fromhex("939a7233f79c4ca9940a0db3957f0607")  # Intel's quoting enclaves
ECDSA_P256: Final = 2
SGX, TDX = 0x00, 0x81
PCK_CHAIN: Final = 5
QE_REPORT: Final = 6
MAX_QUOTE: Final = 32 * 1024
_BODIES: Final = {2: TD10_SIZE, 3: TD15_SIZE}  # body types of version 5 and their sizes

Code = Literal["malformed", "trailing_data", "unsupported_version", "unsupported_algorithm"]


class QuoteError(Exception):
    """The bytes are no quote that this reader knows; `code` is the appraisal's reason; the only error here."""

    def __init__(self, code: Code) -> None:
        self.code = code
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class Quote:
    """A parsed, unverified quote.

    `signed` are header and body, `signature` (r and s) and `key` (x and y) the attestation key's, `qe_report` the
    384 bytes that the platform's key signed with `qe_signature`, `chain` the PEM text of its certificates.
    """

    version: int
    signed: bytes
    body: TdBody | SgxReport
    signature: bytes
    key: bytes
    qe_report: bytes
    qe: SgxReport
    qe_signature: bytes
    qe_authentication: bytes
    chain: bytes
    trailing: int


class _Reader:
    def __init__(self, data: bytes, position: int = 0) -> None:
        self.data = data
        self.position = position

    def take(self, size: int) -> bytes:
        end = self.position + size
        if end > len(self.data):
            raise QuoteError("malformed")
        part = self.data[self.position : end]
        self.position = end
        return part

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "little")

    def finish(self) -> None:
        if self.position != len(self.data):
            raise QuoteError("malformed")


def decode(data: bytes) -> Quote:
    """Return the quote in `data`. Raises QuoteError."""
    reader = _Reader(data)
    version = reader.number(2)
    if version not in (3, 4, 5):
        raise QuoteError("unsupported_version")
    body = _body(reader, version)
    signed = data[: reader.position]
    inner = _Reader(reader.take(reader.number(4)))
    signature, key = inner.take(64), inner.take(64)
    if version == 3:
        certified = inner
    else:
        if inner.number(2) != QE_REPORT:
            raise QuoteError("unsupported_version")
        certified = _Reader(inner.take(inner.number(4)))
        inner.finish()
    qe_report, qe_signature = certified.take(SGX_SIZE), certified.take(64)
    authentication = certified.take(certified.number(2))
    if certified.number(2) != PCK_CHAIN:
        raise QuoteError("unsupported_version")
    chain = certified.take(certified.number(4))
    certified.finish()
    trailing = data[reader.position :]
    if any(trailing):
        raise QuoteError("trailing_data")
    return Quote(
        version=version,
        signed=signed,
        body=body,
        signature=signature,
        key=key,
        qe_report=qe_report,
        qe=sgx_report(qe_report),
        qe_signature=qe_signature,
        qe_authentication=authentication,
        chain=chain,
        trailing=len(trailing),
    )


def _body(reader: _Reader, version: int) -> TdBody | SgxReport:
    """Read the rest of the header and the body; the reader then stands behind what the attestation key signed."""
    key_type, tee = reader.number(2), reader.number(4)
    if key_type != ECDSA_P256:
        raise QuoteError("unsupported_algorithm")
    reader.take(4)  # SVNs of quoting and provisioning enclave in version 3, reserved since
    if reader.take(16) != VENDOR or tee not in (SGX, TDX):
        raise QuoteError("malformed")
    reader.take(20)
    if (version == 3) != (tee == SGX):
        raise QuoteError("unsupported_version")
    if tee == SGX:
        return sgx_report(reader.take(SGX_SIZE))
    size = TD10_SIZE
    if version == 5:
        kind, size = reader.number(2), reader.number(4)
        if kind not in _BODIES:
            raise QuoteError("unsupported_version")
        if size != _BODIES[kind]:
            raise QuoteError("malformed")
    return td_body(reader.take(size))
