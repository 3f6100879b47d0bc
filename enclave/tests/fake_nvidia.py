"""libnvidia-ml and libnvidia-nscq, stricter than the real ones: every argument's C type and the order of calls count.

`FakeNvidia` is what `ctypes.CDLL` is to `Nvidia`: called with a file name, it returns the functions. Switches answer
through the driver's own ctypes callbacks, so that structures are passed by value as C passes them. `broken` names
functions to their return codes.
"""

import base64
import ctypes
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from privity_enclave.hardware import nvidia

Answer = Callable[[bytes], tuple[bytes, bytes]]
"""Nonce to report and PEM chain."""


def pem(*certificates: bytes) -> bytes:
    """Certificates as a driver hands them over."""
    lines = (b"-----BEGIN CERTIFICATE-----\n", b"-----END CERTIFICATE-----\n")
    return b"".join(lines[0] + base64.encodebytes(one) + lines[1] for one in certificates)


PEM = pem(b"leaf", b"root")


def device(number: int) -> Answer:
    """A device that answers as SPDM 1.1 does: the request, then its own number."""
    return lambda nonce: (bytes.fromhex("11e001ff") + nonce + bytes([0]) + b"measurements of " + bytes([number]), PEM)


class Function:
    """One function of a library; `restype` as ctypes has it."""

    def __init__(self, name: str, run: Callable[..., int], broken: dict[str, int]) -> None:
        self._name, self._run, self._broken = name, run, broken
        self.restype: Any = ctypes.c_int

    def __call__(self, *arguments: Any) -> Any:
        expected = nvidia.Session if self._name == "nscq_session_create" else ctypes.c_int8
        if self._name.startswith("nscq") and self._name != "nscq_session_destroy" and self.restype is not expected:
            raise AssertionError(f"{self._name} returns {expected}")
        code = self._broken.get(self._name, 0) or self._run(*arguments)
        return nvidia.Session(code, 77) if self._name == "nscq_session_create" else code


class Library:
    """Functions by name; a name that is not there raises AttributeError."""

    def __init__(self, functions: dict[str, Callable[..., Any]], broken: dict[str, int]) -> None:
        for name, run in functions.items():
            setattr(self, name, Function(name, run, broken))


@dataclass
class FakeNvidia:
    """A machine with GPUs and switches."""

    gpus: list[Answer] = field(default_factory=list)
    switches: list[Answer] = field(default_factory=list)
    broken: dict[str, int] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)
    loaded: list[str] = field(default_factory=list)
    callback_code: int = 0
    without: str = ""
    ready: bool = False
    nonce: bytes = b""
    sessions: int = 0

    def __call__(self, name: str) -> Library:
        if name in self.missing:
            raise OSError(f"{name}: cannot open shared object file")
        self.loaded.append(name)
        functions = self._nvml() if name == nvidia.NVML else self._nscq()
        return Library({key: run for key, run in functions.items() if key not in self.missing}, self.broken)

    def _nvml(self) -> dict[str, Callable[..., int]]:
        return {
            "nvmlInit_v2": self._init,
            "nvmlDeviceGetCount_v2": self._count,
            "nvmlDeviceGetHandleByIndex_v2": self._handle,
            "nvmlDeviceGetConfComputeGpuCertificate": self._certificate,
            "nvmlDeviceGetConfComputeGpuAttestationReport": self._report,
        }

    def _init(self) -> int:
        self.ready = True
        return 0

    def _count(self, count: Any) -> int:
        assert type(count._obj) is ctypes.c_uint
        count._obj.value = len(self.gpus)
        return 0 if self.ready else 1

    def _handle(self, index: ctypes.c_uint, handle: Any) -> int:
        assert (type(index), type(handle._obj)) == (ctypes.c_uint, ctypes.c_void_p)
        handle._obj.value = 0x7F00_0000_0000 + index.value
        return 0 if index.value < len(self.gpus) else 2

    def _gpu(self, handle: ctypes.c_void_p, nonce: bytes) -> tuple[bytes, bytes]:
        assert type(handle) is ctypes.c_void_p
        return self.gpus[(handle.value or 0) - 0x7F00_0000_0000](nonce)

    def _certificate(self, handle: ctypes.c_void_p, certificate: Any) -> int:
        assert type(certificate._obj) is nvidia.GpuCertificate
        fill(certificate._obj.chain, self._gpu(handle, bytes(32))[1])
        certificate._obj.size = len(self._gpu(handle, bytes(32))[1])
        return 0

    def _report(self, handle: ctypes.c_void_p, report: Any) -> int:
        assert type(report._obj) is nvidia.GpuReport
        answer = self._gpu(handle, bytes(report._obj.nonce))[0]
        fill(report._obj.report, answer)
        report._obj.size = len(answer)
        return 0

    def _nscq(self) -> dict[str, Callable[..., Any]]:
        return {
            "nscq_session_create": self._create,
            "nscq_session_set_input": self._input,
            "nscq_session_path_observe": self._observe,
            "nscq_session_destroy": self._destroy,
        }

    def _create(self, flags: ctypes.c_uint32) -> int:
        assert (type(flags), flags.value) == (ctypes.c_uint32, 1)
        self.sessions += 1
        return 0

    def _destroy(self, session: ctypes.c_void_p) -> None:
        assert session.value == 77
        self.sessions -= 1

    def _input(self, session: ctypes.c_void_p, flags: ctypes.c_uint32, data: Any, size: ctypes.c_uint32) -> int:
        assert (session.value, flags.value, ctypes.sizeof(data), size.value) == (77, 0, 32, 32)
        self.nonce = bytes(data)
        return 0

    def _observe(self, session: ctypes.c_void_p, path: ctypes.c_char_p, observer: Any, given: None, flags: Any) -> int:
        assert (session.value, given, flags.value, len(self.nonce)) == (77, None, 0, 32)
        name = (path.value or b"").removeprefix(b"/{nvswitch}/config/").decode()
        value = {"attestation_report": nvidia.SwitchReport, "certificate": nvidia.SwitchCertificate}[name]()
        for index, answer in reversed([*enumerate(self.switches)]):
            report, chain = answer(self.nonce)
            data = report if name == "attestation_report" else chain
            fill(value.report if name == "attestation_report" else value.chain, data)
            value.size = len(data)
            identity = (ctypes.c_ubyte * 16)(*bytes([index] * 16))
            if name != self.without:
                observer(ctypes.pointer(identity), self.callback_code, value, None)
            ctypes.memset(ctypes.byref(value), 0xEE, ctypes.sizeof(value))  # the library uses its memory again
        return 0


def fill(buffer: Any, data: bytes) -> None:
    """Write into a C array, or as much of it as fits."""
    ctypes.memmove(buffer, data, min(len(data), len(buffer)))
