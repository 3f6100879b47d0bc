"""Migrations make exactly the tables of the code, keep what is there, and refuse a database of a newer release."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from privity_service.accounts import schema
from privity_service.accounts.database import engine_of
from privity_service.accounts.opening import KeyUnfit, erasure_key
from privity_service.accounts.tables import Base
from sqlalchemy import text


def test_the_migrations_make_the_tables_of_the_code(make_stand) -> None:
    engine = make_stand().house.database.engine
    assert schema.revision_of(engine) == schema.NEWEST
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_the_newest_migration_is_the_one_that_the_code_expects() -> None:
    configuration = Config()
    configuration.set_main_option("script_location", str(schema.MIGRATIONS))
    assert ScriptDirectory.from_config(configuration).get_current_head() == schema.NEWEST


def test_a_newer_database_is_left_alone(make_stand) -> None:
    engine = make_stand().house.database.engine
    for revision, due in (("9999", schema.SchemaTooNew), (schema.NEWEST, None)):
        with engine.connect().execution_options(writes=True) as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :to"), {"to": revision})
            connection.commit()
        if due is not None:
            with pytest.raises(due):
                schema.upgrade(engine)
        else:
            schema.upgrade(engine)


def test_an_upgrade_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = engine_of(f"sqlite:///{tmp_path}/new.db")
    monkeypatch.setattr("alembic.op.create_index", None)
    with pytest.raises(TypeError):
        schema.upgrade(engine)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM sqlite_master")).scalar() == 0
    monkeypatch.undo()
    schema.upgrade(engine)
    assert schema.revision_of(engine) == schema.NEWEST
    engine.dispose()


def test_the_key_of_receipts_is_made_once_and_for_nobody_else(tmp_path: Path) -> None:
    path = tmp_path / "erasure.key"
    made = erasure_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert erasure_key(path).private_bytes_raw() == made.private_bytes_raw()
    path.chmod(0o644)
    with pytest.raises(KeyUnfit):
        erasure_key(path)
    path.chmod(0o600)
    path.write_bytes(b"short")
    with pytest.raises(KeyUnfit):
        erasure_key(path)
