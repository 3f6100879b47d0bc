"""Evidence of NVIDIA GPUs and NVLink switches: SPDM measurements signed by the device, and its certificates.

Source: NVML (nvml.h, "Confidential Computing") for GPUs; NSCQ (nscq_attestation.h, nscq_attestation_path.h of NVIDIA's
nvtrust) for switches. Both libraries come with the driver, hold the SPDM session and pass on what the device signed.
"""

import ctypes
from collections.abc import Callable, Sequence
from typing import Any, Final

from privity_protocol import cbor_writer

from privity_enclave.hardware import HardwareFailed, Items
from privity_enclave.hardware.pem import certificates

NVML, NSCQ = "libnvidia-ml.so.1", "libnvidia-nscq.so.2"
NONCE: Final = 32  # bytes
# Bytes: NVML_GPU_ATTESTATION_CERT_CHAIN_SIZE, NVML_CC_GPU_ATTESTATION_REPORT_SIZE.
MAX_CHAIN, MAX_REPORT = 0x1400, 0x2000

Load = Callable[[str], Any]
"""File name of a library to its functions. Raises OSError when it is not there."""


class GpuCertificate(ctypes.Structure):
    """nvmlConfComputeGpuCertificate_t."""

    _fields_ = (
        ("other_size", ctypes.c_uint),
        ("size", ctypes.c_uint),
        ("other", ctypes.c_ubyte * 0x1000),
        ("chain", ctypes.c_ubyte * MAX_CHAIN),
    )


class GpuReport(ctypes.Structure):
    """nvmlConfComputeGpuAttestationReport_t; the caller fills in `nonce`."""

    _fields_ = (
        ("has_cec", ctypes.c_uint),
        ("size", ctypes.c_uint),
        ("cec_size", ctypes.c_uint),
        ("nonce", ctypes.c_ubyte * NONCE),
        ("report", ctypes.c_ubyte * MAX_REPORT),
        ("cec", ctypes.c_ubyte * 0x1000),
    )


class SwitchCertificate(ctypes.Structure):
    """nscq_attestation_certificate_t."""

    _fields_ = (("chain", ctypes.c_ubyte * MAX_CHAIN), ("size", ctypes.c_uint32))


class SwitchReport(ctypes.Structure):
    """nscq_attestation_report_t."""

    _fields_ = (("size", ctypes.c_uint32), ("report", ctypes.c_ubyte * MAX_REPORT))


class Session(ctypes.Structure):
    """nscq_session_result_t."""

    _fields_ = (("code", ctypes.c_int8), ("session", ctypes.c_void_p))


Device = ctypes.POINTER(ctypes.c_ubyte * 16)  # nscq_uuid_t
Callback = ctypes.CFUNCTYPE(None, Device, ctypes.c_int8, SwitchReport, ctypes.c_void_p)
"""nscq_session_path_observe calls back once for each device: id, code, value, what the caller gave along."""
ChainCallback = ctypes.CFUNCTYPE(None, Device, ctypes.c_int8, SwitchCertificate, ctypes.c_void_p)


class Nvidia:
    """As many GPUs and switches as the configuration names; the library of what it does not name is not loaded.

    Raises HardwareFailed when a library is missing.
    """

    def __init__(self, *, gpus: int, switches: int, load: Load = ctypes.CDLL) -> None:
        self._configured = (gpus, switches)
        try:
            self._nvml = load(NVML) if gpus else None
            self._nscq = load(NSCQ) if switches else None
        except OSError as error:
            raise HardwareFailed("the library of a configured device is missing") from error
        if self._nvml:
            _run(self._nvml, "nvmlInit_v2")

    def evidence(self, nonce: bytes) -> Items:
        """Return `gpu-0`… and `switch-0`…. Raises HardwareFailed: one more or fewer, no answer, another nonce."""
        gpus = _gpus(self._nvml, nonce) if self._nvml else []
        switches = _switches(self._nscq, nonce) if self._nscq else []
        if (len(gpus), len(switches)) != self._configured:
            raise HardwareFailed(f"{len(gpus)} GPUs and {len(switches)} switches answer, not as configured")
        return {
            f"{name}-{index}": ("nvidia-spdm+cbor", _statement(nonce, *found))
            for name, devices in (("gpu", gpus), ("switch", switches))
            for index, found in enumerate(devices)
        }


def _statement(nonce: bytes, report: bytes, chain: bytes) -> bytes:
    # The report begins with the request that it answers.
    if report[4 : 4 + NONCE] != nonce:
        raise HardwareFailed("a device answered another nonce")
    return cbor_writer.encode([report, [*certificates(chain)]])


def _gpus(nvml: Any, nonce: bytes) -> list[tuple[bytes, bytes]]:
    count = ctypes.c_uint()
    _run(nvml, "nvmlDeviceGetCount_v2", ctypes.byref(count))
    found = []
    for index in range(count.value):
        device, certificate = ctypes.c_void_p(), GpuCertificate()
        report = GpuReport(nonce=(ctypes.c_ubyte * NONCE)(*nonce))
        _run(nvml, "nvmlDeviceGetHandleByIndex_v2", ctypes.c_uint(index), ctypes.byref(device))
        _run(nvml, "nvmlDeviceGetConfComputeGpuCertificate", device, ctypes.byref(certificate))
        _run(nvml, "nvmlDeviceGetConfComputeGpuAttestationReport", device, ctypes.byref(report))
        found.append((_part(report.report, report.size), _part(certificate.chain, certificate.size)))
    return found


def _switches(nscq: Any, nonce: bytes) -> list[tuple[bytes, bytes]]:
    """Return report and chain of each switch, in the order of their ids."""
    reports: dict[bytes, Any] = {}
    chains: dict[bytes, Any] = {}
    # What is raised inside a callback is lost: it only notes what came.
    observers = (
        (b"attestation_report", Callback(lambda id_, code, report, _: reports.update({bytes(id_[0]): (code, report)}))),
        (b"certificate", ChainCallback(lambda id_, code, chain, _: chains.update({bytes(id_[0]): (code, chain)}))),
    )
    opened = _function(nscq, "nscq_session_create", Session)(ctypes.c_uint32(1))  # with all devices of the driver
    if opened.code < 0:
        raise HardwareFailed(f"nscq_session_create: {opened.code}")
    session = ctypes.c_void_p(opened.session)
    try:
        given = (ctypes.c_ubyte * NONCE)(*nonce)
        _run(nscq, "nscq_session_set_input", session, ctypes.c_uint32(0), given, ctypes.c_uint32(NONCE))
        for name, observer in observers:
            path = ctypes.c_char_p(b"/{nvswitch}/config/" + name)
            _run(nscq, "nscq_session_path_observe", session, path, observer, None, ctypes.c_uint32(0))
    finally:
        nscq.nscq_session_destroy(session)
    if reports.keys() != chains.keys() or any(code < 0 for code, _ in (*reports.values(), *chains.values())):
        raise HardwareFailed("a switch gives no report or no certificates")
    return [
        (_part(reports[id_][1].report, reports[id_][1].size), _part(chains[id_][1].chain, chains[id_][1].size))
        for id_ in sorted(reports)
    ]


def _part(buffer: Sequence[int], size: int) -> bytes:
    if not 0 < size <= len(buffer):
        raise HardwareFailed(f"a device says that it wrote {size} bytes")
    return bytes(buffer[:size])


def _run(library: Any, name: str, *arguments: Any) -> None:
    """Call a function that returns 0, or for NSCQ a warning above 0. Raises HardwareFailed."""
    nvml = name.startswith("nvml")
    code = _function(library, name, ctypes.c_int if nvml else ctypes.c_int8)(*arguments)
    if code < 0 or (code > 0 and nvml):
        raise HardwareFailed(f"{name}: {code}")


def _function(library: Any, name: str, result: Any) -> Any:
    try:
        function = getattr(library, name)
    except AttributeError as error:
        raise HardwareFailed(f"the driver has no {name}") from error
    function.restype = result
    return function
