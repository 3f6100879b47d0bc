"""The statements of an append, built once: building them anew cost more than running them (bench/accounts.py)."""

from typing import Any, Final, cast

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Table,
    bindparam,
    delete,
    insert,
    literal_column,
    null,
    select,
    type_coerce,
    union_all,
    update,
)

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

LAST, KNOWN, HELD = 0, 1, 2
"""What a row of PLACES tells."""
_last = (
    select(PAGE.c.head, PAGE.c.device_seq)
    .where(_own(PAGE), PAGE.c.device == bindparam("by"))
    .order_by(PAGE.c.device_seq.desc())
    .limit(1)
    .subquery()
)
_named = _own(OBJECT), OBJECT.c.id.in_(bindparam("ids", expanding=True))
_nothing = type_coerce(null(), PAGE.c.head.type)
_what: Final[ColumnElement[int]] = literal_column(str(HELD))
_held: Final[tuple[ColumnElement[Any], ...]] = (_what, BODY.c.hash, _nothing, BODY.c.size, BODY.c.uses)
PLACES: Final = union_all(
    select(
        literal_column(str(LAST)).label("what"),
        _last.c.head.label("name"),
        _nothing.label("body"),
        _last.c.device_seq.label("number"),
        literal_column("0").label("more"),
    ),
    select(literal_column(str(KNOWN)), OBJECT.c.id, OBJECT.c.body, OBJECT.c.version, OBJECT.c.kind).where(*_named),
    select(*_held).where(_own(BODY), BODY.c.hash.in_(bindparam("hashes", expanding=True))),
    select(*_held).where(_own(BODY), *_named, BODY.c.hash == OBJECT.c.body),
)
"""All that an append looks up, in one question, since each is a journey: the newest page of its device (head,
sequence), the objects that it names (id, body, version, kind), and bodies that it or these objects name (hash, size,
uses)."""
PAGE_OF_DEVICE: Final = select(PAGE.c.n, PAGE.c.head, PAGE.c.page).where(
    _own(PAGE), PAGE.c.device == bindparam("by"), PAGE.c.device_seq == bindparam("at")
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
