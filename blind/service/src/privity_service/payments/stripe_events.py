"""Stripe's events as we read them: a few members of each, whatever else is there. Source: specs/payments.md.

The events must have been verified before. Amounts are in the currency's smallest unit, times in Unix seconds.
"""

from typing import Annotated, Any, Final, TypeVar

import msgspec

from privity_service.payments.provider import Begun, Ended, EventMalformed, Paid

T = TypeVar("T", bound=msgspec.Struct)
REFERENCE: Final = "reference"
_DAY_S: Final = 86_400
_MAX_DAYS: Final = 31
"""Of a month, which is what is sold."""

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
Seconds = Annotated[int, msgspec.Meta(ge=0, le=2**40)]
Amount = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]
Currency = Annotated[str, msgspec.Meta(pattern=r"^[a-z]{3}$", max_length=3)]


class _Content(msgspec.Struct, frozen=True):
    object: msgspec.Raw


class Envelope(msgspec.Struct, frozen=True):
    """What every event has."""

    id: Name
    type: Name
    data: _Content


class _Of(msgspec.Struct, frozen=True):
    subscription: Name | None = None
    metadata: dict[str, Any] | None = None


class _Parent(msgspec.Struct, frozen=True):
    subscription_details: _Of | None = None


class _Period(msgspec.Struct, frozen=True):
    start: Seconds
    end: Seconds


class _Line(msgspec.Struct, frozen=True):
    period: _Period


class _Lines(msgspec.Struct, frozen=True):
    data: Annotated[list[_Line], msgspec.Meta(max_length=1000)]


class _Invoice(msgspec.Struct, frozen=True):
    id: Name
    currency: Currency
    amount_paid: Amount
    lines: _Lines
    parent: _Parent | None = None
    subscription: Name | None = None
    """Before 2025-03-31, as `subscription_details`; later both are in `parent`."""
    subscription_details: _Of | None = None


class _Session(msgspec.Struct, frozen=True):
    client_reference_id: Name | None = None
    subscription: Name | None = None


class _Subscription(msgspec.Struct, frozen=True):
    metadata: dict[str, Any] | None = None


class _Charge(msgspec.Struct, frozen=True):
    refunded: bool
    payment_intent: Name | None = None


def envelope(body: bytes) -> Envelope:
    """Read an event. Raises EventMalformed."""
    return _decoded(body, Envelope)


def begun(event: Envelope) -> Begun | None:
    """`checkout.session.completed`. Raises EventMalformed."""
    found = _decoded(event.data.object, _Session)
    if found.client_reference_id is None or found.subscription is None:
        return None
    return Begun(found.client_reference_id, found.subscription)


def paid(event: Envelope) -> Paid | None:
    """`invoice.paid`; None for what nobody ordered here. Raises EventMalformed."""
    found = _decoded(event.data.object, _Invoice)
    newer = None if found.parent is None else found.parent.subscription_details
    of = newer or found.subscription_details or _Of()
    subscription, reference = of.subscription or found.subscription, _reference(of.metadata)
    longest = max((one.period.end - one.period.start for one in found.lines.data), default=0)
    days = min(round(longest / _DAY_S), _MAX_DAYS)
    if subscription is None or reference is None or days < 1:
        return None
    return Paid(reference, subscription, found.id, found.amount_paid, found.currency, days)


def ended(event: Envelope) -> Ended | None:
    """`customer.subscription.deleted`. Raises EventMalformed."""
    reference = _reference(_decoded(event.data.object, _Subscription).metadata)
    return None if reference is None else Ended(reference)


def returned_by(event: Envelope) -> str | None:
    """The payment whose whole amount `charge.refunded` gave back. Raises EventMalformed."""
    found = _decoded(event.data.object, _Charge)
    return found.payment_intent if found.refunded else None


def _reference(metadata: dict[str, Any] | None) -> str | None:
    found = (metadata or {}).get(REFERENCE)
    return found if isinstance(found, str) else None


def _decoded(data: bytes | msgspec.Raw, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        # The text names members and types, never what was sent.
        raise EventMalformed(str(error)[:200]) from error
