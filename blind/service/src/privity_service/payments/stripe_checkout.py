"""Stripe Checkout by Stripe's own library. Loaded only where payments are configured. Source: specs/payments.md."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import Final

import stripe
from stripe import InvalidRequestError, SignatureVerificationError, StripeClient, StripeError, WebhookSignature

from privity_service.payments import stripe_events
from privity_service.payments.provider import Event, Happening, NotGenuine, Order, Returned, Unavailable
from privity_service.payments.stripe_events import REFERENCE, Envelope

TOLERANCE_S: Final = 300
"""An event that was signed longer ago is not believed."""
_TIMEOUT_S: Final = 10
_MAX_CALLS: Final = 2
"""At once; a provider that is slow must not hold the threads that everybody's reading needs."""
_MAX_SIGNATURE: Final = 2048
# Else every request would tell how long the last ones took.
stripe.enable_telemetry = False


class StripeCheckout:
    """Payments by Stripe. `home` is where people come back to."""

    def __init__(self, *, key: str, webhook_secret: str, base: str, home: str) -> None:
        self._webhook_secret = webhook_secret
        self._home = home
        self._client = StripeClient(
            key,
            base_addresses={"api": base},
            http_client=stripe.RequestsClient(timeout=_TIMEOUT_S),
            max_network_retries=0,
        )
        self._calls = BoundedSemaphore(_MAX_CALLS)

    def __repr__(self) -> str:
        return "StripeCheckout(secret)"

    def checkout(self, order: Order) -> str:
        """The address where somebody pays; for the same order the same, for a day. Raises Unavailable."""
        metadata = {REFERENCE: order.reference}
        with self._asking():
            made = self._client.v1.checkout.sessions.create(
                params={
                    "mode": "subscription",
                    "client_reference_id": order.reference,
                    "success_url": self._home,
                    "cancel_url": self._home,
                    "subscription_data": {"metadata": metadata},
                    "line_items": [
                        {
                            "quantity": 1,
                            "price_data": {
                                "currency": order.currency,
                                "unit_amount": order.amount,
                                "recurring": {"interval": "month"},
                                "product_data": {"name": order.title},
                            },
                        }
                    ],
                },
                options={"idempotency_key": hashlib.sha256(order.reference.encode()).hexdigest()},
            )
        if not made.url:
            raise Unavailable
        return made.url

    def heard(self, body: bytes, signature: str) -> Event:
        """An event that was sent to us. Raises NotGenuine, EventMalformed, Unavailable."""
        if not signature.isascii() or len(signature) > _MAX_SIGNATURE:
            raise NotGenuine
        try:
            WebhookSignature.verify_header(body, signature, self._webhook_secret, TOLERANCE_S)
        except (SignatureVerificationError, UnicodeDecodeError) as error:
            raise NotGenuine from error
        event = stripe_events.envelope(body)
        return Event(event.id, self._meaning(event))

    def _meaning(self, event: Envelope) -> Happening | None:
        match event.type:
            case "checkout.session.completed":
                return stripe_events.begun(event)
            case "invoice.paid":
                return stripe_events.paid(event)
            case "customer.subscription.deleted":
                return stripe_events.ended(event)
            case "charge.refunded":
                return self._returned(stripe_events.returned_by(event))
            case _:
                return None

    def _returned(self, payment: str | None) -> Returned | None:
        """A charge does not name its invoice, so Stripe is asked for it."""
        if payment is None:
            return None
        with self._asking():
            found = self._client.v1.invoice_payments.list(
                params={"payment": {"type": "payment_intent", "payment_intent": payment}, "limit": 1}
            )
        invoices = [one.invoice for one in found.data if isinstance(one.invoice, str)]
        return Returned(invoices[0]) if invoices else None

    def cancel(self, subscription: str) -> None:
        """Let it not be paid for again; one that has ended is left as it is. Raises Unavailable."""
        with self._asking():
            try:
                self._client.v1.subscriptions.cancel(subscription)
            except InvalidRequestError as error:
                if error.code != "resource_missing":
                    raise

    @contextmanager
    def _asking(self) -> Iterator[None]:
        if not self._calls.acquire(blocking=False):
            raise Unavailable
        try:
            yield
        except StripeError as error:
            raise Unavailable from error
        finally:
            self._calls.release()
