"""docs/operating/backup-and-restore.md and upgrade.md, as commands: nothing that was acknowledged before is lost."""

import shutil
import sqlite3
import subprocess
from contextlib import closing as closed
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from account_host import Host, Person, closing, newcomer, with_code
from alembic import command
from alembic.config import Config
from postgresql import client_program, postgresql
from privity_client.history import checking
from privity_service.accounts import schema
from privity_service.accounts.database import engine_of
from privity_vault.errors import VaultError

pytestmark = pytest.mark.system


@pytest.fixture
def host(tmp_path: Path) -> Host:
    made = Host(tmp_path / "machine")
    made.write()
    return made


def people_at(host: Host, tmp_path: Path, *texts: str, count: int = 2) -> list[Person]:
    people = [newcomer(host, tmp_path / f"device{number}") for number in range(count)]
    for number, person in enumerate(people):
        for text in texts:
            person.write(f"{text} of {number}")
            person.sync()
    return people


def restore(backup: Path, onto: Host) -> None:
    """The documented steps: a new machine, the same configuration, the folder of the backup in place."""
    onto.write()
    (onto.folder / "state").mkdir(mode=0o700)
    shutil.copytree(backup, onto.folder / "state/accounts")


def verify(person: Person) -> None:
    """The device verifies its whole copy, and that the service goes on from it."""
    person.sync()
    report = checking.local(person.replica)
    assert report.pages == person.replica.position.n > 0
    assert report.troubled == {}
    fork = person.run(checking.compare(person.replica, person.way))
    assert (fork.common, fork.ours.pages, fork.theirs.pages) == (person.replica.position, (), ())


def test_every_head_verifies_after_a_restore_onto_an_empty_machine(host: Host, tmp_path: Path) -> None:
    with host.running():
        people = people_at(host, tmp_path, "One", "Two")
        heads = [person.replica.position for person in people]
        assert host.admin_process("backup", tmp_path / "backup").endswith("2 accounts\n")
    shutil.rmtree(host.folder)
    other = Host(tmp_path / "other machine", host.port)
    restore(tmp_path / "backup", other)
    with closing(*people), other.running():
        for number, person in enumerate(people):
            verify(person)
            assert person.replica.position == heads[number]
            fresh = with_code(other, tmp_path / f"fresh{number}", person.code)
            assert fresh.texts() == person.texts() == [f"One of {number}", f"Two of {number}"]
            person.write("After")
            verify(person)
            fresh.sync()
            assert "After" in fresh.texts()
            fresh.replica.store.close()


def test_a_backup_that_is_too_old_is_seen_by_every_device(host: Host, tmp_path: Path) -> None:
    with host.running():
        (person, other) = people_at(host, tmp_path, "One")
        assert host.admin("backup", tmp_path / "backup")[0] == 0
        person.write("After the backup")
        person.sync()
    shutil.rmtree(host.folder)
    restore(tmp_path / "backup", host)
    with closing(person, other), host.running():
        with pytest.raises(VaultError, match=r"log\.rolled_back"):
            person.sync()
        verify(other)
        fork = person.run(checking.compare(person.replica, person.way))
        person.run(checking.mend(person.replica, person.way, fork, keep_ours=True))
        verify(person)
        assert with_code(host, tmp_path / "fresh", person.code).texts() == ["After the backup", "One of 0"]


def test_a_backup_is_for_nobody_else_and_overwrites_nothing(host: Host, tmp_path: Path) -> None:
    assert host.admin("backup", tmp_path / "early") == (1, "FAILED there is no database yet\n")
    assert host.admin("migrate") == (0, f"migrated from nothing to {schema.NEWEST}\n")
    assert host.admin("invite")[0] == 0
    assert host.admin("backup", tmp_path / "backup")[0] == 0
    modes = {path.name: path.stat().st_mode & 0o777 for path in [tmp_path / "backup", *(tmp_path / "backup").iterdir()]}
    assert modes == {"backup": 0o700, "accounts.db": 0o600, "erasure.key": 0o600}
    code, said = host.admin("backup", tmp_path / "backup")
    assert (code, "File exists" in said) == (1, True)


def test_nothing_that_was_erased_is_in_a_backup(host: Host, tmp_path: Path) -> None:
    assert host.admin("migrate")[0] == 0
    with closed(sqlite3.connect(host.database)) as connection:
        connection.execute("PRAGMA secure_delete = OFF")
        connection.execute("INSERT INTO invitations VALUES (?, 1, 1)", (b"to be erased" * 400,))
        connection.commit()
        connection.execute("DELETE FROM invitations")
        connection.commit()
    assert b"to be erased" in host.database.read_bytes()
    assert host.admin("backup", tmp_path / "backup")[0] == 0
    assert b"to be erased" not in (tmp_path / "backup/accounts.db").read_bytes()


def test_a_damaged_database_gives_no_backup_that_looks_like_one(host: Host, tmp_path: Path) -> None:
    assert host.admin("migrate")[0] == 0
    content = bytearray(host.database.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    host.database.write_bytes(content)
    code, said = host.admin("backup", tmp_path / "backup")
    assert (code, said) == (1, "FAILED no backup was made: DatabaseError\n")
    assert not (tmp_path / "backup").exists()


def test_damage_that_copying_does_not_meet_is_found_in_the_copy(host: Host, tmp_path: Path) -> None:
    assert host.admin("migrate")[0] == 0
    with closed(sqlite3.connect(host.database)) as connection:
        connection.execute("INSERT INTO invitations VALUES (?, 1, 1)", (b"somebody is invited",))
        connection.commit()
        root = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'sqlite_autoindex_invitations_1'")
        page = root.fetchone()[0]
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(host.database.read_bytes())
    # An empty leaf of an index (SQLite file format, section 1.6): the row is no longer in it.
    content[(page - 1) * 4096 : page * 4096] = bytes([10, 0, 0, 0, 0, 16, 0, 0]) + bytes(4088)
    host.database.write_bytes(content)
    code, said = host.admin("backup", tmp_path / "backup")
    assert (code, "the copy is damaged" in said) == (1, True)
    assert not (tmp_path / "backup").exists()


def test_a_backup_of_postgresql_says_what_to_use(host: Host, tmp_path: Path) -> None:
    replace(host, url="postgresql://nobody@localhost/x").write()
    code, said = host.admin("backup", tmp_path / "backup")
    assert (code, "pg_dump" in said) == (1, True)
    assert not (tmp_path / "backup").exists()


def test_every_head_verifies_after_a_dump_of_postgresql_was_restored(tmp_path: Path) -> None:
    dump, restored = client_program("pg_dump"), client_program("pg_restore")
    if dump is None or restored is None:
        pytest.skip("no pg_dump beside the PostgreSQL that the tests start")
    with postgresql() as url:
        host = Host(tmp_path / "machine", url=url)
        host.write()
        with host.running():
            people = people_at(host, tmp_path, "One")
            written = ["--format=custom", f"--file={tmp_path / 'accounts.dump'}", url]
            subprocess.run([dump, *written], check=True, capture_output=True)
        key = (host.folder / "state/accounts/erasure.key").read_bytes()
        shutil.rmtree(host.folder)
        other = Host(tmp_path / "other machine", host.port, url.replace("/postgres?", "/empty?"))
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE DATABASE empty")
        subprocess.run([restored, f"--dbname={other.url}", tmp_path / "accounts.dump"], check=True, capture_output=True)
        other.write()
        (other.folder / "state/accounts").mkdir(mode=0o700, parents=True)
        (other.folder / "state/accounts/erasure.key").write_bytes(key)
        (other.folder / "state/accounts/erasure.key").chmod(0o600)
        with closing(*people), other.running():
            for number, person in enumerate(people):
                verify(person)
                fresh = with_code(other, tmp_path / f"fresh{number}", person.code)
                assert fresh.texts() == person.texts() == [f"One of {number}"]
                fresh.replica.store.close()


def test_a_database_of_the_first_schema_is_migrated_and_still_answers(host: Host, tmp_path: Path) -> None:
    with host.running():
        people = people_at(host, tmp_path, "Kept", count=1)
    first = tmp_path / "first.db"
    as_of_the_first_schema(host.database, first)
    host.database.unlink()
    first.rename(host.database)
    code, said = host.admin("migrate")
    assert (code, schema.NEWEST in said) == (0, True)
    assert host.admin("migrate") == (0, f"nothing to do: the database is at {schema.NEWEST}\n")
    with closing(*people), host.running():
        for number, person in enumerate(people):
            verify(person)
            fresh = with_code(host, tmp_path / f"fresh{number}", person.code)
            assert fresh.texts() == [f"Kept of {number}"]
            fresh.replica.store.close()


def as_of_the_first_schema(newest: Path, made: Path) -> None:
    """The rows of a database in the tables that the first release made: columns that came later are left out."""
    engine = engine_of(f"sqlite:///{made}")
    configuration = Config()
    configuration.set_main_option("script_location", str(schema.MIGRATIONS))
    with engine.connect().execution_options(writes=True) as connection:
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "0001")
        connection.commit()
    engine.dispose()
    with closed(sqlite3.connect(made)) as connection:
        connection.execute("ATTACH ? AS newest", (str(newest),))
        tables = connection.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            if table != "alembic_version":
                columns = ", ".join(f'"{row[1]}"' for row in connection.execute(f"PRAGMA main.table_info({table})"))
                connection.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM newest.{table}")
        connection.commit()
