"""Erasing the whole account at its service: every row goes at once, and what comes back is a signed promise.

Source: specs/erasure.md, specs/service-api.md. A promise, not a proof: a service that kept every byte opens them with a
passkey or recovery code that it later gets.
"""

from dataclasses import dataclass

from privity_protocol.errors import Malformed
from privity_protocol.stored import erasure
from privity_protocol.stored.erasure import MAX_RECEIPT, Receipt

from privity_client.history import calls
from privity_client.history.access import Access
from privity_client.history.calls import Call, Flow
from privity_client.history.replica import Replica

KEY = 32
SIGNATURE = 64


@dataclass(frozen=True, slots=True)
class Erased:
    """The service's receipt as it was signed, its key, and what it says."""

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
            "page": self.said.n,
            "day": self.said.day,
            "backup_days": self.said.backup_days,
        }


def key_of() -> Flow[bytes]:
    """Return the key by which the service signs its receipts. Raises ServiceRefused, Malformed."""
    found = calls.read(calls.expect((yield Call("GET", "/v1/service")), 200))
    return calls.octets(found.get("erasure_key"), "erasure_key", KEY, KEY)


def account(replica: Replica, access: Access) -> Flow[Erased]:
    """Erase the account; a fresh proof comes first. The key is asked for before: nobody can make one up afterwards.

    Raises ServiceRefused `access.scope`, NotAuthentic for a receipt that is not signed by that key, Malformed.
    """
    key = yield from key_of()
    reply = yield from access.send_fresh(Call("DELETE", "/v1/account"), 200)
    receipt, signature = calls.members(calls.read(reply), "receipt", "signature")
    data = calls.octets(receipt, "receipt", MAX_RECEIPT)
    signed = calls.octets(signature, "signature", SIGNATURE, SIGNATURE)
    erasure.verify(data, signed, key)
    said = erasure.decode(data)
    if said.ids != erasure.ids_hash(replica.opened.account, ()):
        raise Malformed("member_value", "a receipt for something else")
    return Erased(data, signed, key, said)
