"""The two bodies of a quote: the report of a trust domain and the report of an SGX enclave.

Sources: Intel "TDX DCAP Quoting Library API" appendix 3 (TD 1.0 and TD 1.5), Intel SDM volume 3D (REPORTBODY).
"""

from dataclasses import dataclass
from typing import Final

SGX_SIZE: Final = 384
TD10_SIZE: Final = 584
TD15_SIZE: Final = 648
TD_DEBUG: Final = 0
SGX_DEBUG: Final = 1
RTMRS: Final = 4


@dataclass(frozen=True, slots=True)
class TdBody:
    """A trust domain: security versions, module, attributes and measurements, each as its bytes.

    `tee_tcb_svn2` and `mrservicetd` exist in TD 1.5 alone.
    """

    tee_tcb_svn: bytes
    mrseam: bytes
    mrsignerseam: bytes
    seamattributes: bytes
    tdattributes: bytes
    xfam: bytes
    mrtd: bytes
    mrconfigid: bytes
    mrowner: bytes
    mrownerconfig: bytes
    rtmr: tuple[bytes, ...]
    report_data: bytes
    tee_tcb_svn2: bytes | None
    mrservicetd: bytes | None

    @property
    def debug(self) -> bool:
        """Return whether the host may read this domain."""
        return bool(self.tdattributes[0] >> TD_DEBUG & 1)


@dataclass(frozen=True, slots=True)
class SgxReport:
    """An SGX enclave; `miscselect` and `attributes` as their bytes."""

    cpu_svn: bytes
    miscselect: bytes
    attributes: bytes
    mrenclave: bytes
    mrsigner: bytes
    prodid: int
    isvsvn: int
    report_data: bytes

    @property
    def debug(self) -> bool:
        """Return whether the host may read this enclave."""
        return bool(self.attributes[0] >> SGX_DEBUG & 1)


def td_body(data: bytes) -> TdBody:
    """Return the trust domain in `data`, which has the size of TD 1.0 or TD 1.5."""
    wide = len(data) == TD15_SIZE
    return TdBody(
        tee_tcb_svn=data[:16],
        mrseam=data[16:64],
        mrsignerseam=data[64:112],
        seamattributes=data[112:120],
        tdattributes=data[120:128],
        xfam=data[128:136],
        mrtd=data[136:184],
        mrconfigid=data[184:232],
        mrowner=data[232:280],
        mrownerconfig=data[280:328],
        rtmr=tuple(data[at : at + 48] for at in range(328, 520, 48)),
        report_data=data[520:584],
        tee_tcb_svn2=data[584:600] if wide else None,
        mrservicetd=data[600:648] if wide else None,
    )


def sgx_report(data: bytes) -> SgxReport:
    """Return the enclave report in `data`, which has its size."""
    return SgxReport(
        cpu_svn=data[:16],
        miscselect=data[16:20],
        attributes=data[48:64],
        mrenclave=data[64:96],
        mrsigner=data[128:160],
        prodid=int.from_bytes(data[256:258], "little"),
        isvsvn=int.from_bytes(data[258:260], "little"),
        report_data=data[320:384],
    )
