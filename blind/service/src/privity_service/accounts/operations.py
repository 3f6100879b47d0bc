"""The table of routes: who may, what is sent, what is answered. The router and the OpenAPI document both read it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec
from privity_protocol.stored.header import MAX_BODY

from privity_service.accounts import (
    access,
    bodies,
    checkout,
    creation,
    guests,
    issuance,
    keyrings,
    owner,
    pages,
    pairings,
    payment_events,
    shares,
    usage,
    vouchers,
    wire,
)
from privity_service.accounts.call import Answer, Call
from privity_service.accounts.house import House
from privity_service.accounts.limits import MAX_EVENT, MAX_JSON, MAX_PAGES, MAX_STEP
from privity_service.accounts.tokens import Scope

Handler = Callable[[House, Call], Answer]
MAX_NUMBER: Final = 2**53 - 1


@dataclass(frozen=True, slots=True)
class Octets:
    """A body of octets, at most so many."""

    most: int


@dataclass(frozen=True, slots=True)
class Number:
    """A query parameter."""

    default: int
    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Operation:
    """One route and method. `gives`: what each success status carries. `writes`: it runs where writers run."""

    method: str
    path: str
    title: str
    handler: Handler
    gives: Mapping[int, type[msgspec.Struct] | Octets | None]
    reasons: tuple[str, ...] = ()
    scope: Scope | None = None
    takes: type[msgspec.Struct] | Octets | None = None
    query: Mapping[str, Number] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    writes: bool = True
    tells: bool = False
    """Whether a success is news for the account's streams."""


KEYED: Final = {"Idempotency-Key": "^[A-Za-z0-9_-]{21}[AQgw]$"}
_KEYRING: Final = ("keyring.invalid",)
_STEP: Final = ("pairing.unknown", "pairing.burnt")
_STEP_WRITTEN: Final = (*_STEP, "pairing.taken", "pairing.order")
_REFUSED: Final = ("access.expired", "access.refused")
_BODY: Final = ("body.absent", "body.hash", "body.malformed")
_LOG: Final = ("log.device", "log.bad_signature", "log.keyring", "log.moved", "log.sequence", "log.version")
_APPEND: Final = ("page.malformed", *_LOG, "log.resurrected", *_BODY, "plan.active_chats", "plan.bytes")

ACCESS: Final = (
    Operation(
        "POST", "/v1/access/begin", "Ask for a challenge", access.begin, {200: wire.Ceremony}, takes=wire.AccessBegin
    ),
    Operation(
        "POST", "/v1/access/finish", "Sign in", access.finish, {200: wire.TokenAnswer}, ("access.refused",),
        takes=wire.AccessFinish,
    ),
    Operation("DELETE", "/v1/access", "End this token", access.end, {204: None}, scope=Scope.OPEN),
)  # fmt: skip
ACCOUNTS: Final = (
    Operation("GET", "/v1/service", "What is on offer", owner.describe, {200: wire.ServiceDescription}, writes=False),
    Operation(
        "POST", "/v1/account/begin", "Begin an account", creation.begin, {200: wire.NewAccount}, ("account.closed",),
        takes=wire.AccountBegin,
    ),
    Operation(
        "POST", "/v1/account/finish", "Make an account", creation.finish, {201: wire.TokenAnswer},
        (*_REFUSED, *_KEYRING, "account.closed", "account.too_many", "request.key_reused"),
        takes=wire.AccountFinish, headers=KEYED,
    ),
    Operation(
        "POST", "/v1/passkeys/begin", "Begin another passkey", owner.begin_passkey, {200: wire.Ceremony},
        scope=Scope.FRESH, takes=wire.Nothing,
    ),
    Operation(
        "POST", "/v1/passkeys/finish", "Add a passkey", owner.finish_passkey, {201: wire.PasskeyId},
        (*_REFUSED, "passkeys.known", "passkeys.too_many"), scope=Scope.FRESH, takes=wire.PasskeyFinish,
    ),
    Operation(
        "GET", "/v1/passkeys", "List passkeys", owner.list_passkeys, {200: wire.PasskeyList}, scope=Scope.OPEN,
        writes=False,
    ),
    Operation(
        "DELETE", "/v1/passkeys/{id}", "Remove a passkey", owner.remove_passkey, {204: None}, ("passkeys.last",),
        scope=Scope.FRESH,
    ),
    Operation(
        "DELETE", "/v1/account", "Erase the account", owner.delete_account, {200: wire.ErasureReceipt},
        scope=Scope.FRESH, writes=False, tells=True,
    ),
)  # fmt: skip
HISTORY: Final = (
    Operation(
        "GET", "/v1/keyring", "Read keyrings", keyrings.get, {200: wire.KeyringList}, scope=Scope.OPEN,
        query={"from": Number(1, 1, MAX_NUMBER)}, writes=False,
    ),
    Operation(
        "PUT", "/v1/keyring", "Write the next keyring", keyrings.put, {200: wire.Revision},
        (*_KEYRING, "keyring.moved"), scope=Scope.OPEN, takes=wire.KeyringPut,
        headers={"If-Match": '^"[0-9]{1,10}"$'}, tells=True,
    ),
    Operation(
        "GET", "/v1/pages", "Read pages", pages.get, {200: wire.PageList}, scope=Scope.OPEN,
        query={"after": Number(0, 0, MAX_NUMBER), "limit": Number(MAX_PAGES, 1, MAX_PAGES)}, writes=False,
    ),
    Operation(
        "POST", "/v1/pages", "Append a page", pages.post, {200: wire.Appended}, (*_APPEND, "request.too_large"),
        scope=Scope.FULL, takes=wire.PagePost, tells=True,
    ),
    Operation(
        "PUT", "/v1/bodies/{hash}", "Upload a body", bodies.put, {200: wire.Nothing, 201: wire.Nothing},
        ("body.hash", "body.malformed", "body.staged", "plan.bytes"), scope=Scope.FULL, takes=Octets(MAX_BODY),
    ),
    Operation(
        "PUT", "/v1/objects/{id}/body", "Give back a lost body", bodies.give_back,
        {200: wire.Nothing, 201: wire.Nothing}, ("body.hash",), scope=Scope.FULL, takes=Octets(MAX_BODY),
    ),
    Operation(
        "POST", "/v1/bodies/fetch", "Fetch bodies", bodies.fetch, {200: Octets(2**24)}, scope=Scope.OPEN,
        takes=wire.Fetch, writes=False,
    ),
)  # fmt: skip
PAIRINGS: Final = (
    Operation(
        "POST", "/v1/pairings", "Open a channel", pairings.post, {201: wire.Channel}, takes=wire.PairingPost
    ),
    Operation(
        "GET", "/v1/pairings/{channel}/{step}", "Read a step", pairings.get, {200: Octets(MAX_STEP)},
        (*_STEP, "pairing.pending"), writes=False,
    ),
    Operation(
        "PUT", "/v1/pairings/{channel}/answer", "Answer a card", pairings.put_answer, {204: None}, _STEP_WRITTEN,
        scope=Scope.FULL, takes=Octets(MAX_STEP),
    ),
    Operation(
        "PUT", "/v1/pairings/{channel}/reveal", "Reveal the nonce", pairings.put_reveal, {204: None}, _STEP_WRITTEN,
        takes=Octets(MAX_STEP),
    ),
    Operation(
        "PUT", "/v1/pairings/{channel}/grant", "Grant the account", pairings.put_grant, {204: None}, _STEP_WRITTEN,
        scope=Scope.FRESH, takes=Octets(MAX_STEP),
    ),
    Operation(
        "DELETE", "/v1/pairings/{channel}", "Burn a channel", pairings.burn, {204: None}, _STEP, scope=Scope.FULL
    ),
)  # fmt: skip
SHARES: Final = (
    Operation(
        "POST", "/v1/shares", "Share a snapshot", shares.post, {201: wire.ShareEntry},
        ("body.malformed", "share.expiry", "share.taken", "share.too_many", "request.key_reused"),
        scope=Scope.FULL, takes=wire.SharePost, headers=KEYED,
    ),
    Operation("GET", "/v1/shares", "List shares", shares.listed, {200: wire.ShareList}, scope=Scope.FULL, writes=False),
    Operation(
        "GET", "/v1/shares/{id}", "Read a share", shares.get, {200: wire.SharedBody}, ("share.unknown",), writes=False
    ),
    Operation("DELETE", "/v1/shares/{id}", "Revoke a share", shares.revoke, {204: None}, ("share.unknown",),
              scope=Scope.FULL),
)  # fmt: skip
TOKENS: Final = (
    Operation(
        "GET", "/v1/issuers", "Read the issuer's public keys", issuance.listed, {200: issuance.IssuerList},
        ("tokens.off",), writes=False,
    ),
    # Signing takes as long as a hundred pages: it runs where readers run, and only the count where writers wait.
    Operation(
        "POST", "/v1/tokens", "Draw tokens", issuance.draw, {200: issuance.TokenSignatures},
        ("tokens.off", "tokens.day", "tokens.malformed", "tokens.daily", "plan.tokens", "request.key_reused"),
        scope=Scope.FULL, takes=issuance.TokenDrawn, headers=KEYED, writes=False,
    ),
    Operation(
        "POST", "/v1/tokens/guest", "Draw tokens without an account", guests.draw, {200: issuance.TokenSignatures},
        ("tokens.off", "tokens.day", "tokens.malformed", "tokens.daily"), takes=guests.GuestTokensDrawn, writes=False,
    ),
)  # fmt: skip
# Where a payment provider is asked, writers must not wait for it.
PLANS: Final = (
    Operation("GET", "/v1/plans", "What can be had", usage.offered, {200: wire.PlanList}, writes=False),
    Operation("GET", "/v1/usage", "What is used", usage.usage, {200: wire.Usage}, scope=Scope.OPEN, writes=False),
    Operation(
        "POST", "/v1/vouchers", "Redeem a voucher", vouchers.redeem, {200: vouchers.PaidTime},
        ("voucher.unknown", "voucher.used", "voucher.malformed", "plan.running", "request.key_reused"),
        scope=Scope.FULL, takes=vouchers.VoucherTyped, headers=KEYED,
    ),
    Operation(
        "POST", "/v1/checkout", "Begin to pay for a plan", checkout.checkout, {200: checkout.CheckoutStarted},
        ("payments.off", "plan.running", "request.key_reused"), scope=Scope.FULL, takes=checkout.PlanChosen,
        headers=KEYED, writes=False,
    ),
    Operation(
        "POST", "/v1/payments/stripe", "Hear what Stripe tells", payment_events.hear, {200: wire.Nothing},
        ("payments.off", "access.refused"), takes=Octets(MAX_EVENT), headers={"Stripe-Signature": "^.+$"}, writes=False,
    ),
)  # fmt: skip
OPERATIONS: Final = (*ACCESS, *ACCOUNTS, *HISTORY, *PAIRINGS, *SHARES, *TOKENS, *PLANS)


def most_sent(operation: Operation) -> int:
    """The most bytes that a request's body may have."""
    match operation.takes:
        case None:
            return 0
        case Octets(most):
            return most
        case _:
            return MAX_JSON
