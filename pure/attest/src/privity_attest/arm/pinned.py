"""Checks that PSA and CCA tokens share: the pinned key, the lifecycle, and what the firmware measured."""

from typing import Final

from privity_protocol import cbor
from privity_protocol.errors import Malformed

from privity_attest import cose, x509
from privity_attest.arm.claims import SECURED, Component
from privity_attest.case import Case, Finding, NotChecked, fails
from privity_attest.cose import CoseError, Sign1
from privity_attest.roots.pins import is_published
from privity_attest.schema import Unchecked
from privity_attest.signature import SignatureInvalid

SYMMETRIC: Final = frozenset({4, 5, 6, 7})
"""COSE algorithms HMAC 256/64, 256/256, 384/384 and 512/512."""


def sign1(data: bytes) -> Sign1:
    """Return the COSE_Sign1, tagged or not; a key id in its unprotected header is a hint that nobody needs.

    Raises CoseError; a message that is authenticated says so by its code.
    """
    try:
        return cose.decode(data, tagged=True)
    except CoseError as error:
        if _is_authenticated(data):
            raise CoseError("cose_mac0_not_verifiable") from error
        plain = _without_key_id(data)
        if plain is None:
            raise
        return cose.decode(plain)


def trust_anchor(case: Case) -> Finding:
    """The policy pins a key at all: Arm has no root that signs every device."""
    return fails(not case.policy.trust_anchors.of(case.kind or ""), "trust_anchor_not_pinned:cpu")


def token_signature(case: Case) -> Finding:
    """One of the pinned keys signed the token. A key whose private half is published makes it an imitation."""
    for spki in sorted(case.policy.trust_anchors.of(case.kind or "")):
        try:
            case.sign1.verify(x509.public_key(spki))
        except SignatureInvalid:
            continue
        case.foreign_root = is_published(spki)
        return ()
    return ("token_signature:cpu",)


def lifecycle_fault(state: int, allowed: tuple[int, ...]) -> Finding:
    """Return what is wrong with a lifecycle state: only a secured device, and only in a state that is named."""
    return fails(state not in SECURED or state not in allowed, f"lifecycle:{state:#06x}")


def implementation_fault(value: bytes, wanted: tuple[bytes, ...] | Unchecked) -> Finding:
    """Return whether the implementation is one of those that the policy names."""
    if isinstance(wanted, Unchecked):
        return NotChecked(f"unchecked_by_policy:{wanted.reason}")
    return fails(value not in wanted, "measurement_mismatch:implementation")


def component_faults(found: tuple[Component, ...], wanted: tuple[bytes, ...] | Unchecked) -> Finding:
    """Return which components are not among those that the policy names; one at least must be measured."""
    if isinstance(wanted, Unchecked):
        return NotChecked(f"unchecked_by_policy:{wanted.reason}")
    if not found:
        return ("measurement_mismatch:components",)
    return tuple(
        f"measurement_mismatch:component-{place}" for place, one in enumerate(found) if one.value not in wanted
    )


def _without_key_id(data: bytes) -> bytes | None:
    """Return the untagged message without its unprotected key id (RFC 9052 section 3.1), None if there is none."""
    try:
        value = cbor.decode(data, any_order=True)
    except Malformed:
        return None
    match value.value if isinstance(value, cbor.Tag) and value.number == cose.SIGN1_TAG else value:
        case [protected, {4: bytes(), **more}, payload, signature] if not more:
            return cbor.encode([protected, {}, payload, signature])
    return None


def _is_authenticated(data: bytes) -> bool:
    """Return whether this is a COSE_Mac0, by its tag or by a symmetric algorithm where a signature's is due."""
    try:
        value = cbor.decode(data, any_order=True)
        if isinstance(value, cbor.Tag):
            return value.number == cose.MAC0_TAG
        header = cbor.decode(value[0], any_order=True) if isinstance(value, list) and isinstance(value[0], bytes) else 0
    except (Malformed, IndexError):
        return False
    return isinstance(header, dict) and header.get(1) in SYMMETRIC
