"""The devices of one case: their items, and their certificates, each read and verified once however many share it."""

from dataclasses import dataclass, field
from typing import Final

from privity_protocol import cbor
from privity_protocol.errors import Malformed

from privity_attest import der, x509
from privity_attest.der import DerError
from privity_attest.nvidia import ocsp, spdm
from privity_attest.nvidia.ocsp import Response
from privity_attest.nvidia.spdm import Report, SpdmError
from privity_attest.signature import SignatureInvalid
from privity_attest.x509 import Certificate

MAX_CERTIFICATES: Final = 8
_COMMON_NAME = bytes.fromhex("550403")
_FWID = bytes.fromhex("678105050401")  # 2.23.133.5.4.1, TCG DICE
_FWID_BYTES = 48


@dataclass(slots=True)
class Device:
    """One device: what it reported, its chain (leaf first) as DER, and parsed once that check has passed."""

    report: Report
    chain: tuple[bytes, ...]
    path: tuple[Certificate, ...] = ()

    @property
    def kind(self) -> str:
        """Return the chip that the leaf certificate is for, as NVIDIA's manifests write it: `GH100`, `LS10`."""
        return common_name(self.path[0]).split(" ")[0].replace("_", "")


@dataclass(slots=True)
class Devices:
    """All devices of a case by label."""

    found: dict[str, Device] = field(default_factory=dict)
    _certificates: dict[bytes, Certificate] = field(default_factory=dict)
    _issued: dict[tuple[bytes, bytes], bool] = field(default_factory=dict)
    _answered: dict[tuple[bytes, bytes], bool] = field(default_factory=dict)

    def certificate(self, data: bytes) -> Certificate:
        """Return the certificate in `data`. Raises DerError."""
        known = self._certificates.get(data)
        if known is None:
            known = self._certificates[data] = x509.decode(data)
        return known

    def issued(self, data: bytes, issuer: bytes) -> bool:
        """Return whether the certificate in `data` is signed by the one in `issuer`; both have been read."""
        pair = data, issuer
        if pair not in self._issued:
            try:
                x509.verify_issued(self.certificate(data), self.certificate(issuer))
                self._issued[pair] = True
            except SignatureInvalid:
                self._issued[pair] = False
        return self._issued[pair]

    def answered(self, response: Response, issuer: Certificate, now: int) -> bool:
        """Return whether `issuer`, or whom it authorised, signed `response`."""
        pair = response.raw, issuer.pin
        if pair not in self._answered:
            try:
                ocsp.verify_response(response, issuer, now)
                self._answered[pair] = True
            except SignatureInvalid:
                self._answered[pair] = False
        return self._answered[pair]


def is_device(label: str) -> bool:
    """Return whether items of this label are device evidence."""
    return label.startswith(("gpu-", "switch-"))


def is_switch(label: str) -> bool:
    """Return whether a device under this label must be a switch."""
    return label.startswith("switch-")


def decode(data: bytes) -> Device:
    """Return the device of an item: CBOR `[evidence, [leaf … root DER]]`. Raises SpdmError."""
    try:
        value = cbor.decode(data)
    except Malformed as error:
        raise SpdmError("trailing_data" if error.reason == "trailing_data" else "malformed") from error
    match value:
        case [bytes() as evidence, list() as chain] if 1 <= len(chain) <= MAX_CERTIFICATES:
            certificates = tuple(one for one in chain if isinstance(one, bytes))
        case _:
            raise SpdmError("malformed")
    if len(certificates) != len(chain):
        raise SpdmError("malformed")
    return Device(spdm.decode(evidence), certificates)


def common_name(certificate: Certificate) -> str:
    """Return the common name of the subject, empty without one."""
    for names in der.decode(certificate.subject).children:
        for attribute in names.children:
            kind, value = (*attribute.children, names, names)[:2]
            if kind.content == _COMMON_NAME:
                return value.content.decode("utf-8", "replace")
    return ""


def firmware_identity(leaf: Certificate) -> bytes | None:
    """Return the firmware identity (48 bytes) that the DICE extension of `leaf` ends with, None without one."""
    value = leaf.extensions.get(_FWID)
    if value is None:
        return None
    try:
        element = der.decode(value)
    except DerError:
        return None
    while children := element.children:
        element = children[-1]
    content = element.content
    return content if element.tag == der.OCTET_STRING and len(content) == _FWID_BYTES else None
