"""What Intel says of a platform in its PCK certificate, and the PEM text in which a quote carries the chain.

Source: Intel "SGX PCK Certificate and CRL Profile Specification" section 1.3.5 (extension 1.2.840.113741.1.13.1).
"""

import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from privity_attest import der
from privity_attest.der import DerError, Element
from privity_attest.x509 import sequence

CERTIFICATES: Final = 3  # leaf, its issuer, the root
EXTENSION: Final = bytes.fromhex("2a864886f84d010d01")
COMPONENTS: Final = 16
_PPID, _TCB, _PCEID, _FMSPC, _TYPE, _INSTANCE, _CONFIGURATION = range(1, 8)
_REQUIRED: Final = frozenset({_PPID, _TCB, _PCEID, _FMSPC, _TYPE})
_KNOWN: Final = _REQUIRED | {_INSTANCE, _CONFIGURATION}
_PEM: Final = re.compile(
    rb"-----BEGIN CERTIFICATE-----\r?\n([A-Za-z0-9+/=\r\n]+)\r?\n-----END CERTIFICATE-----(?:\r?\n|(?=\0?\Z))"
)


@dataclass(frozen=True, slots=True)
class Pck:
    """A platform: identifiers as bytes, SVNs of its 16 components and of the provisioning enclave.

    `type` is 0 standard, 1 scalable, 2 scalable with integrity. The configuration is None where the certificate has
    none: that of a single-package platform.
    """

    ppid: bytes
    components: bytes
    pcesvn: int
    cpu_svn: bytes
    pceid: bytes
    fmspc: bytes
    type: int
    dynamic_platform: bool | None
    cached_keys: bool | None
    smt: bool | None


def chain_of(pem: bytes) -> tuple[bytes, ...]:
    """Return the DER of the certificates in `pem`, nothing around them but one closing NUL. Raises DerError."""
    found: list[bytes] = []
    position = 0
    while match := _PEM.match(pem, position):
        if len(found) == CERTIFICATES:
            raise DerError("too many certificates")
        found.append(_base64(match[1]))
        position = match.end()
    if pem[position:] not in (b"", b"\0"):
        raise DerError("text that is no certificate")
    return tuple(found)


def _base64(text: bytes) -> bytes:
    joined = text.replace(b"\r", b"").replace(b"\n", b"")
    try:
        data = binascii.a2b_base64(joined, strict_mode=True)
    except binascii.Error as error:
        raise DerError("base64") from error
    # Spare bits and padding have one spelling, or a flipped bit would go unseen.
    if binascii.b2a_base64(data, newline=False) != joined:
        raise DerError("base64")
    return data


def decode(extension: bytes) -> Pck:
    """Return what the extension's value says. Raises DerError."""
    members = _members(der.decode(extension), EXTENSION)
    if not _REQUIRED <= members.keys() <= _KNOWN:
        raise DerError("members of the PCK extension")
    tcb = _members(members[_TCB], EXTENSION + bytes([_TCB]))
    if tcb.keys() != set(range(1, COMPONENTS + 3)):
        raise DerError("security versions of the PCK extension")
    configuration: Mapping[int, Element] = {}
    if _CONFIGURATION in members:
        configuration = _members(members[_CONFIGURATION], EXTENSION + bytes([_CONFIGURATION]))
        if not configuration.keys() <= {1, 2, 3}:
            raise DerError("configuration of the PCK extension")
    if _INSTANCE in members:
        _octets(members[_INSTANCE], 16)
    flags = [der.boolean(configuration[place]) if place in configuration else None for place in (1, 2, 3)]
    return Pck(
        ppid=_octets(members[_PPID], 16),
        components=bytes(_bounded(tcb[place], 0xFF) for place in range(1, COMPONENTS + 1)),
        pcesvn=_bounded(tcb[COMPONENTS + 1], 0xFFFF),
        cpu_svn=_octets(tcb[COMPONENTS + 2], 16),
        pceid=_octets(members[_PCEID], 2),
        fmspc=_octets(members[_FMSPC], 6),
        type=_type(members[_TYPE]),
        dynamic_platform=flags[0],
        cached_keys=flags[1],
        smt=flags[2],
    )


def _members(element: Element, prefix: bytes) -> dict[int, Element]:
    """Return the values of a SEQUENCE of pairs by the last number of their object identifier below `prefix`."""
    found: dict[int, Element] = {}
    for pair in element.expect(der.SEQUENCE).children:
        name, value = sequence(pair, 2)
        oid = name.expect(der.OID).content
        if len(oid) != len(prefix) + 1 or not oid.startswith(prefix) or oid[-1] in found:
            raise DerError("object identifier of the PCK extension")
        found[oid[-1]] = value
    return found


def _octets(element: Element, size: int) -> bytes:
    content = element.expect(der.OCTET_STRING).content
    if len(content) != size:
        raise DerError("length in the PCK extension")
    return content


def _bounded(element: Element, most: int) -> int:
    value = der.integer(element)
    if value > most:
        raise DerError("security version of the PCK extension")
    return value


def _type(element: Element) -> int:
    value = der.integer(element, der.ENUMERATED)
    if value > 2:
        raise DerError("type in the PCK extension")
    return value
