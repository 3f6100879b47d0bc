"""The attestation document of the Nitro Security Module.

Source: aws-nitro-enclaves-nsm-api, docs/attestation_process.md, sections 2.2 and 3.2.2. An optional field may be left
out or null: the hypervisor writes null although that document forbids it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from privity_protocol import cbor
from privity_protocol.errors import Malformed

REGISTERS: Final = 32
REGISTER: Final = 48  # bytes of a SHA-384 register
MAX_CERTIFICATE: Final = 1024  # bytes
MAX_ISSUERS: Final = 8
MAX_PUBLIC_KEY: Final = 1024  # bytes
MAX_DATA: Final = 512  # bytes of user data and of a nonce
DIGEST: Final = "SHA384"
_REQUIRED: Final = frozenset({"module_id", "digest", "timestamp", "pcrs", "certificate", "cabundle"})
_OPTIONAL: Final = {"public_key": (1, MAX_PUBLIC_KEY), "user_data": (0, MAX_DATA), "nonce": (0, MAX_DATA)}


@dataclass(frozen=True, slots=True)
class NitroDocument:
    """A parsed, unverified document: `timestamp` in Unix milliseconds, all locked registers, the root first of issuers.

    `public_key`, `user_data` and `nonce` are None where the enclave gave none.
    """

    module_id: str
    timestamp: int
    pcrs: Mapping[int, bytes]
    certificate: bytes
    cabundle: tuple[bytes, ...]
    public_key: bytes | None
    user_data: bytes | None
    nonce: bytes | None

    @property
    def instance(self) -> str:
        """Return the instance part of the module's name: `i-0123-enc4567` is enclave 4567 of instance `i-0123`."""
        return self.module_id.partition("-enc")[0]


def decode(payload: bytes) -> NitroDocument:
    """Return the document whose CBOR is exactly `payload`. Raises Malformed."""
    value = cbor.decode(payload, any_order=True, indefinite=True)
    if not isinstance(value, dict) or not _REQUIRED <= value.keys() <= _REQUIRED | _OPTIONAL.keys():
        raise Malformed("member_type", "Nitro document")
    module_id, timestamp = value["module_id"], value["timestamp"]
    if not isinstance(module_id, str) or not module_id or value["digest"] != DIGEST:
        raise Malformed("member_value", "module_id or digest")
    if isinstance(timestamp, bool) or not isinstance(timestamp, int) or timestamp <= 0:
        raise Malformed("member_value", "timestamp")
    issuers = value["cabundle"]
    if not isinstance(issuers, list) or not 1 <= len(issuers) <= MAX_ISSUERS:
        raise Malformed("member_value", "cabundle")
    optional = {
        name: None if value.get(name) is None else _bytes(value[name], *sizes) for name, sizes in _OPTIONAL.items()
    }
    return NitroDocument(
        module_id=module_id,
        timestamp=timestamp,
        pcrs=MappingProxyType(_registers(value["pcrs"])),
        certificate=_bytes(value["certificate"], 1, MAX_CERTIFICATE),
        cabundle=tuple(_bytes(issuer, 1, MAX_CERTIFICATE) for issuer in issuers),
        **optional,
    )


def _registers(value: cbor.Value) -> dict[int, bytes]:
    if not isinstance(value, dict) or not value:
        raise Malformed("member_type", "pcrs")
    registers = {}
    for index, register in value.items():
        if not isinstance(index, int) or not 0 <= index < REGISTERS:
            raise Malformed("member_value", "register index")
        registers[index] = _bytes(register, REGISTER, REGISTER)
    return registers


def _bytes(value: cbor.Value, least: int, most: int) -> bytes:
    if not isinstance(value, bytes) or not least <= len(value) <= most:
        raise Malformed("member_type", "Nitro document")
    return value
