"""Stripe as its documentation shows it: events as they are sent, cut to what a reader could be misled by; and its API.

Signatures are made here by hand, from Stripe's description, not by its library.
"""

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from secrets import token_hex
from threading import Event, Semaphore, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

Json = dict[str, Any]
API_VERSION = "2026-10-28.endive"
SECRET = "whsec_of_a_test_and_of_nothing_else"
KEY = "sk_test_of_nothing"
PERIOD = 1_790_000_000
MONTH_S = 30 * 86_400


def event(kind: str, content: Json, *, id_: str | None = None) -> Json:
    """An event around an object."""
    return {
        "id": id_ or f"evt_{token_hex(12)}",
        "object": "event",
        "api_version": API_VERSION,
        "created": PERIOD + 5,
        "data": {"object": content},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": kind,
    }


def completed(reference: str, subscription: str = "sub_1") -> Json:
    """Somebody finished the page of Checkout."""
    session = {
        "id": "cs_test_1", "object": "checkout.session", "amount_subtotal": 3500, "amount_total": 3500,
        "client_reference_id": reference, "currency": "usd", "customer": "cus_1",
        "customer_details": {"email": "a@b.example"},
        "invoice": "in_1", "metadata": {}, "mode": "subscription", "payment_status": "paid", "status": "complete",
        "subscription": subscription, "url": None,
    }  # fmt: skip
    return event("checkout.session.completed", session)


def paid(reference: str, invoice: str = "in_1", *, days: int = 30, **changes: Any) -> Json:
    """An invoice of a subscription was paid; `changes` replace members of it."""
    line = {
        "id": "il_1", "object": "line_item", "amount": 3500, "currency": "usd",
        "description": "1 × Plus (at $35.00 / month)",
        "period": {"start": PERIOD, "end": PERIOD + days * 86_400}, "quantity": 1,
    }  # fmt: skip
    details = {"metadata": {"reference": reference}, "subscription": "sub_1"}
    content = {
        "id": invoice, "object": "invoice", "amount_due": 3500, "amount_paid": 3500, "amount_remaining": 0,
        "billing_reason": "subscription_cycle", "currency": "usd", "customer": "cus_1", "customer_email": "a@b.example",
        "lines": {"object": "list", "data": [line], "has_more": False, "url": f"/v1/invoices/{invoice}/lines"},
        "metadata": {},
        "parent": {"quote_details": None, "subscription_details": details, "type": "subscription_details"},
        # Of the invoice itself these are the time before, which nobody paid for with it.
        "period_end": PERIOD, "period_start": PERIOD, "status": "paid", "total": 3500,
    }  # fmt: skip
    return event("invoice.paid", content | changes)


def paid_before_2025(reference: str, invoice: str = "in_1") -> Json:
    """The same of an older version of the API."""
    details = {"metadata": {"reference": reference}}
    return paid(reference, invoice, parent=None, subscription="sub_1", subscription_details=details, charge="ch_1")


def refunded(payment: str = "pi_in_1", *, whole: bool = True) -> Json:
    """A charge was paid back, in whole or in part."""
    charge = {
        "id": "ch_1", "object": "charge", "amount": 3500, "amount_refunded": 3500 if whole else 100, "currency": "usd",
        "customer": "cus_1", "payment_intent": payment, "refunded": whole, "status": "succeeded",
    }  # fmt: skip
    return event("charge.refunded", charge)


def subscription(kind: str, reference: str, **changes: Any) -> Json:
    """`deleted` or `updated`."""
    item = {"id": "si_1", "current_period_start": PERIOD, "current_period_end": PERIOD + 12 * MONTH_S, "quantity": 1}
    content = {
        "id": "sub_1", "object": "subscription", "cancel_at_period_end": False, "customer": "cus_1",
        "items": {"object": "list", "data": [item]}, "metadata": {"reference": reference},
        "status": "canceled" if kind == "deleted" else "active",
    }  # fmt: skip
    return event(f"customer.subscription.{kind}", content | changes)


def signature(body: bytes, *, secret: str = SECRET, at: int | None = None, scheme: str = "v1") -> str:
    """The header Stripe-Signature."""
    moment = int(time.time()) if at is None else at
    mac = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={moment},{scheme}={mac}"


@dataclass
class FarEnd:
    """What Stripe's API was asked, and whether it answers. A payment `pi_X` is that of the invoice `X`."""

    base: str = ""
    answers: Event = field(default_factory=Event)
    arrived: Semaphore = field(default_factory=lambda: Semaphore(0))
    works: bool = True
    asked: list[tuple[str, str, dict[str, str], dict[str, str]]] = field(default_factory=list)

    def answer(self, method: str, path: str, form: dict[str, str]) -> tuple[int, Json]:
        """Status and body."""
        if not self.works:
            return 503, {"error": {"type": "api_error", "message": "down"}}
        if (method, path) == ("POST", "/v1/checkout/sessions"):
            made = {"id": "cs_test_1", "object": "checkout.session"}
            return 200, made | {"url": f"https://pay.example/{form['client_reference_id']}"}
        if (method, path) == ("GET", "/v1/invoice_payments"):
            payment = form["payment[payment_intent]"]
            one = {
                "id": "inpay_1",
                "object": "invoice_payment",
                "invoice": payment.removeprefix("pi_"),
                "status": "paid",
            }
            data = [one] if payment.startswith("pi_") else []
            return 200, {"object": "list", "data": data, "has_more": False, "url": path}
        if method == "DELETE" and path == "/v1/subscriptions/sub_1":
            return 200, {"id": "sub_1", "object": "subscription", "status": "canceled"}
        missing = {"type": "invalid_request_error", "code": "resource_missing", "message": "No such subscription"}
        return 404, {"error": missing}


@contextmanager
def stripe_api() -> Iterator[FarEnd]:
    """Stripe's API on a port of this machine."""
    far = FarEnd()
    far.answers.set()

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            place, size = urlsplit(self.path), int(self.headers.get("content-length", 0))
            text = place.query or self.rfile.read(size).decode()
            form = {name: values[0] for name, values in parse_qs(text).items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            far.asked.append((self.command, place.path, form, headers))
            far.arrived.release()
            far.answers.wait(60)
            status, value = far.answer(self.command, place.path, form)
            body = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            # Else the library would wait and try again.
            self.send_header("stripe-should-retry", "false")
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_DELETE = _serve

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        far.base = f"http://127.0.0.1:{server.server_port}"
        try:
            yield far
        finally:
            server.shutdown()
            thread.join()
