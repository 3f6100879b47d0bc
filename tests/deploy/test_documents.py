"""docs/operating: every command is one that its program takes, every table is there, every file named exists."""

import json
import re
import sqlite3
from pathlib import Path

import pytest
from privity_client.history import store
from privity_service.accounts.tables import Base
from programs import NoSuchCommand, check, documented

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs/operating"
PAGES = sorted(FOLDER.glob("*.md"))
COLUMNS = ["Trusted?", "Altered", "Lost", "Rolled back"]
EACH = pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)


def section(name: str) -> str:
    """One section of tables.md."""
    found = re.search(rf"^## {name}\n(.*?)(?=^## |\Z)", (FOLDER / "tables.md").read_text(), re.M | re.S)
    assert found is not None, name
    return found[1]


def rows(text: str) -> dict[str, list[str]]:
    """First cell, without the marks of code, to the cells behind it."""
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return {line[0].strip("`"): line[1:] for line in lines if line[0] not in {"Table", "File", "Table or file"}}


def test_the_index_names_every_page() -> None:
    index = (FOLDER / "README.md").read_text()
    assert [page.name for page in PAGES if page.name != "README.md" and f"({page.name})" not in index] == []


@pytest.mark.parametrize(
    "line",
    [
        "privity-log serve --home /h --host x --polcy /p",
        "privity-log server --home /h",
        "privity-log serve --home /h",
        "privity-release fleet steal X --config /c",
        "privity-image collateral fetch",
        "privity-admin --config /c bakcup /f",
        "privity chats burn",
        "python -m privity_service run",
        "python -m privity_enclave run --config /c --release /r",
        "sudo -u privity-log /opt/privity/log/bin/privity-log keys --home /h",
    ],
)
def test_a_command_that_no_program_takes_is_noticed(line: str) -> None:
    with pytest.raises(NoSuchCommand):
        check(line.split())


@EACH
def test_every_command_is_one_that_its_program_takes(page: Path) -> None:
    for words in documented(page.read_text()):
        assert check(words)


def test_the_commands_of_the_pages_are_found() -> None:
    counts = {page.stem: len(documented(page.read_text())) for page in PAGES}
    assert counts["install"] >= 8
    assert counts["backup-and-restore"] >= 4
    assert counts["upgrade"] >= 1
    assert counts["log"] >= 10


@EACH
def test_every_file_of_the_deployment_that_is_named_exists(page: Path) -> None:
    named = set(re.findall(r"\b((?:deploy|tests/deploy|models)/[\w./*-]*\w)", page.read_text()))
    made = {"deploy/compose/etc"}  # by the reader, as the page says
    assert [name for name in named - made if not list(ROOT.glob(name))] == []


def test_every_table_of_the_accounts_is_explained() -> None:
    explained = rows(section("Accounts"))
    assert set(explained) == {*Base.metadata.tables, "alembic_version"}


def test_every_table_of_a_device_is_explained() -> None:
    database = sqlite3.connect(":memory:")
    database.executescript(store._TABLES)
    made = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    database.close()
    assert made <= set(rows(section("A user's device")))


@pytest.mark.parametrize("name", re.findall(r"^## (.*)", (FOLDER / "tables.md").read_text(), re.M))
def test_every_row_says_what_happens_when_it_is_altered_lost_or_rolled_back(name: str) -> None:
    text = section(name)
    assert all(column in text for column in COLUMNS)
    for subject, cells in rows(text).items():
        assert [len(cell) > 1 for cell in cells] == [True] * len(COLUMNS), subject


def test_the_accounts_page_says_the_same_of_trust() -> None:
    page = (FOLDER / "accounts.md").read_text()
    described = {name for line in page.splitlines() if line.startswith("| `") for name in re.findall(r"`(\w+)`", line)}
    assert set(Base.metadata.tables) <= described


def test_what_is_watched_is_what_the_roles_say() -> None:
    """Events and reasons that the page names are of the closed lists."""
    from privity_log.errors import REASONS
    from privity_service.events import EVENTS

    page = (FOLDER / "monitoring.md").read_text()
    keeper = set(re.findall(r"^\| `(\w+)`", (ROOT / "specs/keeper.md").read_text().split("## Events")[1], re.M))
    keeper |= {"node_refused", "log_usable"}
    for line in page.splitlines():
        if "events `" in line or "event `" in line:
            named = set(re.findall(r"`([a-z]+_[a-z_]+)`", line))
            assert named <= keeper | set(EVENTS) | set(REASONS), line


def test_the_ages_that_are_watched_are_below_those_that_clients_refuse() -> None:
    from privity_image.release.status import KEYS_AGE, RELEASE_AGE

    page = (FOLDER / "monitoring.md").read_text()
    assert f"clients refuse at {KEYS_AGE // 3600} hours" in page
    assert f"({RELEASE_AGE // 86400} days)" in page


def test_receipts_promise_what_the_page_says() -> None:
    days = json.loads((ROOT / "deploy/examples/service.json").read_text())["accounts"]["backup_days"]
    assert f"keeps 28, for {days} days" in (FOLDER / "backup-and-restore.md").read_text()
