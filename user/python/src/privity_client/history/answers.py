"""The answers of the account service, read strictly. Nothing here is believed yet. Source: specs/service-api.md."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from privity_protocol import canonical
from privity_protocol.errors import Malformed
from privity_protocol.stored.erasure import MAX_RECEIPT
from privity_protocol.stored.header import MAX_BODY
from privity_protocol.stored.keyring import MAX_KEYRING, MAX_OPENERS
from privity_protocol.stored.members import COUNT
from privity_protocol.stored.page import MAX_PAGE
from privity_vault.keyring import Claim
from privity_vault.opener import MAX_RECORD
from privity_vault.page import SignedPage

from privity_client.history import calls
from privity_client.history.calls import Reply, members, octets

MAX_KEYRINGS: Final = 4096
MAX_PAGES: Final = 500
MAX_TOKEN: Final = 64


@dataclass(frozen=True, slots=True, repr=False)
class Token:
    """What lets a device in, for an hour."""

    account: bytes
    text: str
    scope: str
    device: bytes | None

    def __repr__(self) -> str:
        return f"Token({self.scope})"


@dataclass(frozen=True, slots=True)
class Challenge:
    """What is to be signed, and for which session."""

    session: bytes
    challenge: bytes
    account: bytes | None = None


@dataclass(frozen=True, slots=True)
class Keyrings:
    """Some revisions in rising order, the newest private half if it is among them, and the records of the newest."""

    newest: int
    claims: tuple[Claim, ...]
    private: bytes | None
    records: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Delivery:
    """The head of the whole log, and pages behind the cursor."""

    n: int
    head: bytes
    pages: tuple[SignedPage, ...]


def token(reply: Reply) -> Token:
    """Read a token answer. Raises Malformed."""
    names = ("account", "token", "scope", "device", "expires_in", "fresh_for")
    account, text, scope, device, _expires, _fresh = members(calls.read(reply), *names)
    return Token(
        octets(account, "account", 16, 16),
        canonical.text(text, "token", longest=MAX_TOKEN),
        canonical.text(scope, "scope", longest=8, pattern="open|full"),
        None if device is None else octets(device, "device", 16, 16),
    )


def challenge(reply: Reply, *, creating: bool) -> Challenge:
    """Read the answer of a begin route. Raises Malformed."""
    names = ("session", "challenge", "expires_in", "rp_id", "options", *(("account",) if creating else ()))
    found = members(calls.read(reply), *names)
    session, asked = octets(found[0], "session", 16, 16), octets(found[1], "challenge", 32, 32)
    return Challenge(session, asked, octets(found[5], "account", 16, 16) if creating else None)


def keyrings(reply: Reply) -> Keyrings:
    """Read keyrings with their records. Raises Malformed."""
    newest, listed, openers = members(calls.read(reply), "newest", "keyrings", "openers")
    claims, private = [], None
    for row in canonical.entries(listed, "keyrings", most=MAX_KEYRINGS):
        _revision, public, half, mac, before, signature = members(
            row, "revision", "public", "private", "mac", "mac_before", "signature"
        )
        claims.append(
            Claim(
                octets(public, "public", MAX_KEYRING),
                octets(mac, "mac", 32, 32),
                None if before is None else octets(before, "mac_before", 32, 32),
                octets(signature, "signature", 64, 64),
            )
        )
        private = None if half is None else octets(half, "private", MAX_KEYRING)
    records = canonical.entries(openers, "openers", most=MAX_OPENERS)
    number = canonical.integer(newest, "newest", least=1, most=COUNT)
    return Keyrings(number, tuple(claims), private, tuple(octets(one, "opener", MAX_RECORD) for one in records))


def delivery(reply: Reply) -> Delivery:
    """Read pages and the head. Raises Malformed."""
    n, head, listed = members(calls.read(reply), "n", "head", "pages")
    pages = []
    for row in canonical.entries(listed, "pages", most=MAX_PAGES):
        data, signature = members(row, "page", "signature")
        pages.append(SignedPage(octets(data, "page", MAX_PAGE), octets(signature, "signature", 64, 64)))
    return Delivery(canonical.integer(n, "n", most=COUNT), octets(head, "head", 32, 32), tuple(pages))


def bodies(reply: Reply, count: int) -> list[bytes | bool | None]:
    """Read so many framed bodies: the bytes, None for one that is not there, False for one to ask for again.

    Raises Malformed `truncated`, `trailing_data`, `member_value`.
    """
    found: list[bytes | bool | None] = []
    data, at = reply.data, 0
    for _ in range(count):
        if len(data) - at < 5:
            raise Malformed("truncated", "bodies")
        mark, size = data[at], int.from_bytes(data[at + 1 : at + 5])
        at += 5
        if mark > 2 or size > MAX_BODY or (mark and size) or size > len(data) - at:
            raise Malformed("member_value", "bodies")
        found.append((data[at : at + size], None, False)[mark])
        at += size
    if at != len(data):
        raise Malformed("trailing_data", "bodies")
    return found


def posted(reply: Reply) -> tuple[int, bytes, tuple[bytes, bytes] | None]:
    """Read where a page went: n, head, and receipt and signature where it deleted. Raises Malformed."""
    n, head, erasure = members(calls.read(reply), "n", "head", "erasure")
    signed = None if erasure is None else erased(erasure)
    return canonical.integer(n, "n", least=1, most=COUNT), octets(head, "head", 32, 32), signed


def erased(value: object) -> tuple[bytes, bytes]:
    """Read a receipt of erasure and its signature, neither of them judged. Raises Malformed."""
    receipt, signature = members(value, "receipt", "signature")
    return octets(receipt, "receipt", MAX_RECEIPT), octets(signature, "signature", 64, 64)


def channel(reply: Reply) -> bytes:
    """Read the channel of a pairing. Raises Malformed."""
    found, _expires = members(calls.read(reply), "channel", "expires_in")
    return octets(found, "channel", 16, 16)


def claim_json(claim: Claim, private: bytes) -> dict[str, object]:
    """A keyring as it is sent."""
    return {
        "public": calls.text_of(claim.public),
        "private": calls.text_of(private),
        "mac": calls.text_of(claim.mac),
        "mac_before": None if claim.mac_before is None else calls.text_of(claim.mac_before),
        "signature": calls.text_of(claim.signature),
    }


def records_json(records: Sequence[bytes]) -> list[str]:
    """Records as they are sent."""
    return [calls.text_of(one) for one in records]
