"""Brings a database to the newest schema. Alembic is loaded only when there is something to do."""

from pathlib import Path
from typing import Final

from sqlalchemy import Engine, inspect, select, text
from sqlalchemy.sql import column, table

NEWEST: Final = "0004"
MIGRATIONS: Final = Path(__file__).parent / "migrations"
_LOCK: Final = 7_262_001
"""Of PostgreSQL: two processes that start at once migrate one after the other."""


class SchemaTooNew(Exception):
    """A newer release wrote this database; an older one would lose what it does not know."""

    reason = "schema"


def revision_of(engine: Engine) -> str | None:
    """The revision that the database is at, None when it is empty."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found = connection.execute(select(column("version_num")).select_from(table("alembic_version"))).scalar()
        return None if found is None else str(found)


def upgrade(engine: Engine, newest: str = NEWEST, migrations: Path = MIGRATIONS) -> None:
    """Make or migrate the tables, those of the accounts unless others are named. Raises SchemaTooNew."""
    before = revision_of(engine)
    if before == newest:
        return
    # A revision of another length is one of another kind of database.
    if before is not None and (before > newest or len(before) != len(newest)):
        raise SchemaTooNew(f"the database is at {before}, this release knows {newest}")
    from alembic import command
    from alembic.config import Config

    configuration = Config()
    configuration.set_main_option("script_location", str(migrations).replace("%", "%%"))
    with engine.connect().execution_options(writes=True) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "head")
        connection.commit()
