"""The statements of an append, built once: building them anew cost more than running them (bench/accounts.py)."""

from typing import Final, cast

from sqlalchemy import ColumnElement, FromClause, Table, bindparam, delete, insert, select, update

from privity_service.accounts.tables import AccessToken, Account, BodyRow, Erasure, KeyringRow, ObjectRow, PageRow


def _table(clause: FromClause) -> Table:
    return cast(Table, clause)


ACCOUNT: Final = _table(Account.__table__)
PAGE: Final = _table(PageRow.__table__)
OBJECT: Final = _table(ObjectRow.__table__)
BODY: Final = _table(BodyRow.__table__)
TOKEN: Final = _table(AccessToken.__table__)
KEYRING: Final = _table(KeyringRow.__table__)
ERASURE: Final = _table(Erasure.__table__)


def _own(table: Table) -> ColumnElement[bool]:
    return table.c.account == bindparam("of")


TOKEN_BY_HASH: Final = select(TOKEN).where(TOKEN.c.hash == bindparam("named"))
ACCOUNT_BY_ID: Final = select(ACCOUNT).where(ACCOUNT.c.id == bindparam("of"))
ACCOUNT_LOCKED: Final = ACCOUNT_BY_ID.with_for_update()
KEYRING_PUBLIC: Final = select(KEYRING.c.public).where(_own(KEYRING), KEYRING.c.revision == bindparam("at"))

LAST_OF_DEVICE: Final = (
    select(PAGE.c.device_seq, PAGE.c.head)
    .where(_own(PAGE), PAGE.c.device == bindparam("by"))
    .order_by(PAGE.c.device_seq.desc())
    .limit(1)
)
PAGE_OF_DEVICE: Final = select(PAGE.c.n, PAGE.c.head, PAGE.c.page).where(
    _own(PAGE), PAGE.c.device == bindparam("by"), PAGE.c.device_seq == bindparam("at")
)
OBJECTS: Final = select(OBJECT.c.id, OBJECT.c.version, OBJECT.c.kind, OBJECT.c.body).where(
    _own(OBJECT), OBJECT.c.id.in_(bindparam("ids", expanding=True))
)
BODIES: Final = select(BODY.c.hash, BODY.c.size, BODY.c.uses).where(
    _own(BODY), BODY.c.hash.in_(bindparam("hashes", expanding=True))
)
ADD_PAGE: Final = insert(PAGE)
ADD_OBJECTS: Final = insert(OBJECT)
ADD_BODIES: Final = insert(BODY)
ADD_ERASURE: Final = insert(ERASURE)
CHANGE_OBJECTS: Final = (
    update(OBJECT)
    .where(_own(OBJECT), OBJECT.c.id == bindparam("named"))
    .values(version=bindparam("to_version"), kind=bindparam("to_kind"), body=bindparam("to_body"))
)
USE_BODIES: Final = (
    update(BODY)
    .where(_own(BODY), BODY.c.hash == bindparam("named"))
    .values(uses=BODY.c.uses + bindparam("more"), staged_until=None)
)
DROP_BODIES: Final = delete(BODY).where(_own(BODY), BODY.c.hash.in_(bindparam("hashes", expanding=True)))
ADVANCE: Final = (
    update(ACCOUNT)
    .where(ACCOUNT.c.id == bindparam("of"))
    .values(
        n=bindparam("to_n"),
        head=bindparam("to_head"),
        active=bindparam("to_active"),
        archived=bindparam("to_archived"),
        stored=bindparam("to_stored"),
    )
)
