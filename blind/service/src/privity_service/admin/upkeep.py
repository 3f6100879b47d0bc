"""Backup and migration of the accounts: commands that must not open the accounts as the service does.

Opening migrates, and a backup is taken before that. Both work while the service runs.
"""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from privity_service.accounts import schema
from privity_service.accounts.database import engine_of
from privity_service.accounts.opening import FILE, FOLDER, KEY_FILE
from privity_service.admin.commands import AdminRefused
from privity_service.configuration import Configuration

SQLITE: Final = "sqlite:///"


def database_url(configuration: Configuration) -> str:
    """Where the accounts are: the configured address, or the SQLite file in the state folder."""
    return configuration.database.url or f"{SQLITE}{Path(configuration.state) / FOLDER / FILE}"


def backup(configuration: Configuration, folder: Path) -> list[str]:
    """Write the database, whole and as of one moment, and the key of receipts into a new folder of mode 0700.

    The copy holds no free pages, so nothing that was erased before is in it. SQLite only: PostgreSQL has tools of its
    own. Raises AdminRefused, OSError.
    """
    url = database_url(configuration)
    if not url.startswith(SQLITE):
        raise AdminRefused("the database is PostgreSQL: take pg_dump, and copy STATE/accounts/erasure.key beside it")
    source = Path(url.removeprefix(SQLITE))
    if not source.is_file():
        raise AdminRefused("there is no database yet")
    folder.mkdir(mode=0o700)
    try:
        found = _copied(source, folder / FILE)
    except BaseException:
        shutil.rmtree(folder)  # half a backup must not look like one
        raise
    key = Path(configuration.state) / FOLDER / KEY_FILE
    if key.is_file():
        shutil.copyfile(key, folder / KEY_FILE)
        (folder / KEY_FILE).chmod(0o600)
    for path in (*folder.iterdir(), folder):
        _make_durable(path)
    return [f"{folder / FILE}: {(folder / FILE).stat().st_size} bytes, {found} accounts"]


def migrate(configuration: Configuration) -> list[str]:
    """Bring the database to the newest schema, as a start of the service does. Raises SchemaTooNew, SQLAlchemyError."""
    url = database_url(configuration)
    if url.startswith(SQLITE):
        Path(url.removeprefix(SQLITE)).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    engine = engine_of(url)
    try:
        before = schema.revision_of(engine)
        schema.upgrade(engine)
    finally:
        engine.dispose()
    if before == schema.NEWEST:
        return [f"nothing to do: the database is at {schema.NEWEST}"]
    return [f"migrated from {before or 'nothing'} to {schema.NEWEST}"]


def _copied(source: Path, copy: Path) -> int:
    """Copy a database into a new file that SQLite finds sound; the number of accounts in it. Raises AdminRefused."""
    # Made first, for nobody else: SQLite would make it as the umask allows, and takes over an empty file.
    os.close(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        with closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True, timeout=10)) as connection:
            connection.execute("VACUUM INTO ?", (str(copy),))
        with closing(sqlite3.connect(f"file:{copy}?mode=ro", uri=True)) as connection:
            if connection.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
                raise AdminRefused("the copy is damaged, and so is the database: see what its disk says")
            return int(connection.execute("SELECT count(*) FROM accounts").fetchone()[0])
    except sqlite3.Error as error:
        raise AdminRefused(f"no backup was made: {type(error).__name__}") from None


def _make_durable(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
