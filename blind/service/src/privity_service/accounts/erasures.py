"""Receipts of what was erased. Source: specs/erasure.md."""

from collections.abc import Iterable

from privity_protocol.stored import erasure
from sqlalchemy import Connection, select

from privity_service.accounts.house import House
from privity_service.accounts.page_statements import ADD_ERASURE
from privity_service.accounts.tables import Erasure
from privity_service.accounts.wire import ErasureReceipt, spelled


def write(
    connection: Connection, house: House, account: bytes, ids: Iterable[bytes], n: int, *, kept_with: bytes | None
) -> ErasureReceipt:
    """Sign a receipt and keep a copy, with the account or, of a deleted one, without."""
    hash_ = erasure.ids_hash(account, ids)
    data = erasure.encode(erasure.Receipt(hash_, n, house.day, house.settings.backup_days))
    signature = house.erasure.sign(erasure.signed_bytes(data))
    row = {"ids": hash_, "account": kept_with, "n": n, "receipt": data, "signature": signature}
    connection.execute(ADD_ERASURE, row)
    return ErasureReceipt(spelled(data), spelled(signature))


def of_page(connection: Connection, account: bytes, n: int) -> ErasureReceipt | None:
    """The receipt of a page that deleted."""
    query = select(Erasure.receipt, Erasure.signature).where(Erasure.account == account, Erasure.n == n)
    found = connection.execute(query).first()
    return None if found is None else ErasureReceipt(spelled(found.receipt), spelled(found.signature))
