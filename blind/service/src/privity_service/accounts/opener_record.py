"""What the service reads of an opener's record: id, kind, and how a recovery code is found. Source: specs/opener.md.

It cannot judge the rest: whether a record opens anything is known to whoever holds the material.
"""

import hashlib
from dataclasses import dataclass
from typing import Final

from privity_protocol.cbor import Value
from privity_protocol.errors import Malformed
from privity_protocol.stored import members as m

from privity_service.accounts.limits import MAX_RECORD

RECOVERY: Final = 2
_MEMBERS: Final = 9
_KINDS: Final = 4
_MAX_CREDENTIAL: Final = 1023
_SEALED: Final = 1168
_MAX_COST: Final = 2**20


@dataclass(frozen=True, slots=True)
class OpenerRecord:
    """The clear part; `finder` and `key` (Ed25519) belong to a recovery code and to nothing else."""

    id: bytes
    kind: int
    hash: bytes
    finder: bytes | None
    key: bytes | None
    data: bytes


def decode(data: bytes) -> OpenerRecord:
    """Read a record. Raises Malformed."""
    version, id_, kind, parameters, credential, commit, epoch, sealed, tag = m.decode(data, _MEMBERS, MAX_RECORD)
    m.version(version)
    number = m.number(kind, "kind", 1, _KINDS)
    if (credential is None) != (number != 1):
        raise Malformed("member_value", "a credential belongs to a passkey and to nothing else")
    if credential is not None:
        m.bounded(credential, "credential", 1, _MAX_CREDENTIAL)
    m.octets(commit, "commit", 32)
    m.number(epoch, "epoch", 1)
    m.octets(sealed, "sealed", _SEALED)
    m.octets(tag, "tag", 32)
    finder, key = _parameters(number, parameters)
    return OpenerRecord(m.octets(id_, "id", 16), number, hashlib.sha256(data).digest(), finder, key, data)


def _parameters(kind: int, value: Value) -> tuple[bytes | None, bytes | None]:
    if kind == RECOVERY:
        finder, key = m.row(value, "parameters", 2)
        return m.octets(finder, "finder", 16), m.octets(key, "key", 32)
    if kind == _KINDS:
        memory, passes, lanes, salt = m.row(value, "parameters", 4)
        for one in (memory, passes, lanes):
            m.number(one, "cost", 1, _MAX_COST)
        m.octets(salt, "salt", 16)
    elif value is not None:
        raise Malformed("member_value", "parameters")
    return None, None
