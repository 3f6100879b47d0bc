"""What the service promises to have erased, held against its first key and kept. Source: specs/erasure.md.

A promise, not a proof: a service that kept every byte opens them with a passkey or recovery code that it later gets.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from privity_protocol.errors import Malformed, NotAuthentic
from privity_protocol.stored import erasure
from privity_protocol.stored import page as stored
from privity_protocol.stored.erasure import Receipt
from privity_protocol.stored.page import DELETIONS
from privity_vault.page import SignedPage

from privity_client.history import answers, calls
from privity_client.history.access import Access
from privity_client.history.calls import Call, Flow
from privity_client.history.reasons import ServiceRefused
from privity_client.history.replica import Replica

KEY = 32
Signed = tuple[bytes, bytes]
"""A receipt and its signature."""


@dataclass(frozen=True, slots=True)
class Erased:
    """The service's receipt as it was signed, its key, what it says, and of which ids of which account."""

    account: bytes
    ids: tuple[bytes, ...]
    receipt: bytes
    signature: bytes
    key: bytes
    said: Receipt

    def document(self) -> dict[str, object]:
        """What a person keeps: enough to hold the service to its word."""
        return {
            "receipt": calls.text_of(self.receipt),
            "signature": calls.text_of(self.signature),
            "key": calls.text_of(self.key),
            "account": calls.text_of(self.account),
            "ids": [calls.text_of(one) for one in self.ids],
            "page": self.said.n,
            "day": self.said.day,
            "backup_days": self.said.backup_days,
        }


@dataclass(frozen=True, slots=True)
class Deletion:
    """What a page of this device deleted; `promise` is None where the service gave none that holds."""

    n: int
    ids: tuple[bytes, ...]
    promise: Erased | None


def key_of(replica: Replica) -> Flow[bytes]:
    """Return the key by which receipts are judged: the first one that the service named.

    It is asked for before anything is deleted: nobody can make one up afterwards. Raises ServiceRefused, Malformed.
    """
    known = replica.store.get("erasure_key")
    if known is not None:
        return known
    found = calls.read(calls.expect((yield Call("GET", "/v1/service")), 200))
    key = calls.octets(found.get("erasure_key"), "erasure_key", KEY, KEY)
    with replica.store.transaction():
        replica.store.set("erasure_key", key)
    return key


def judged(account: bytes, ids: Sequence[bytes], signed: Signed, key: bytes) -> Erased:
    """Return the promise. Raises NotAuthentic for a receipt that this key did not sign, Malformed for another one."""
    receipt, signature = signed
    erasure.verify(receipt, signature, key)
    said = erasure.decode(receipt)
    if said.ids != erasure.ids_hash(account, ids):
        raise Malformed("member_value", "a receipt for something else")
    return Erased(account, tuple(ids), receipt, signature, key, said)


def deleted_by(page: SignedPage) -> tuple[bytes, ...]:
    """The ids that a page deletes."""
    return tuple(one.object for one in stored.decode(page.data).entries if one.op in DELETIONS)


def keep(replica: Replica, page: SignedPage, signed: Signed | None, key: bytes | None) -> None:
    """Keep what a page of this device deleted, with the promise if it holds for exactly that."""
    ids, n = deleted_by(page), stored.decode(page.data).n
    if not ids:
        return
    promise = None
    if signed is not None and key is not None:
        try:
            promise = judged(replica.opened.account, ids, signed, key)
        except (NotAuthentic, Malformed):
            promise = None
    kept = None if promise is None or promise.said.n != n else (promise.receipt, promise.signature, promise.key)
    with replica.store.transaction():
        replica.store.add_erasure(n, b"".join(ids), kept)


def kept(replica: Replica) -> list[Deletion]:
    """Return what was deleted from here, oldest first."""
    found = []
    for n, joined, held in replica.store.erasures():
        ids = tuple(joined[at : at + 16] for at in range(0, len(joined), 16))
        promise = None if held is None else judged(replica.opened.account, ids, held[:2], held[2])
        found.append(Deletion(n, ids, promise))
    return found


def key_if_any(replica: Replica) -> Flow[bytes | None]:
    """The same key, None from a service that names none."""
    try:
        return (yield from key_of(replica))
    except (ServiceRefused, Malformed):
        return None


def ask_again(replica: Replica, access: Access, pages: Sequence[SignedPage]) -> Flow[None]:
    """Pages of this device whose answer was lost: posted again they are answered as before, receipt and all."""
    own = replica.opened.device
    known = {n for n, _, _ in replica.store.erasures()}
    for page in pages:
        read = stored.decode(page.data)
        if read.device != own or read.n in known or not deleted_by(page):
            continue
        key = yield from key_if_any(replica)
        sent = {"page": calls.text_of(page.data), "signature": calls.text_of(page.signature), "bodies": []}
        signed = None
        try:
            _, _, signed = answers.posted((yield from access.send(Call("POST", "/v1/pages", json=sent), 200)))
        except (ServiceRefused, Malformed):
            signed = None
        keep(replica, page, signed, key)


def account(replica: Replica, access: Access) -> Flow[Erased]:
    """Erase the account; a fresh proof comes first.

    Raises ServiceRefused `access.scope`, NotAuthentic for a receipt that is not signed by the service's key, Malformed.
    """
    key = yield from key_of(replica)
    reply = yield from access.send_fresh(Call("DELETE", "/v1/account"), 200)
    return judged(replica.opened.account, (), answers.erased(calls.read(reply)), key)
