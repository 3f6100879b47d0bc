"""Documents stay true: links lead somewhere, settings are described, and commands named in prose exist."""

import re

import pytest
from tree import ROOT, tracked_files

DOCUMENTS = [path for path in tracked_files(".md") if "node_modules" not in str(path)]
LINK = re.compile(r"\[[^\]]+\]\(([^)#]+)(?:#[^)]*)?\)")
SETTING = re.compile(r"\b(PRIVITY_[A-Z_]+)\b")
TARGET = re.compile(r"`make ([a-z]+)`")
DESCRIBED_IN = ROOT / "docs/operating/README.md"
UNSETTLED = re.compile(r"\b(TODO|FIXME|TBD|XXX)\b")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_inside_the_repository_lead_somewhere(document) -> None:
    targets = [target for target in LINK.findall(document.read_text()) if "://" not in target]
    assert [target for target in targets if not (document.parent / target).exists()] == []


def test_every_setting_that_the_code_reads_is_described() -> None:
    code = [
        path for path in tracked_files(".py", "Makefile") if "/tests/" not in str(path) and "tests" not in path.parts
    ]
    used = {name for path in code for name in SETTING.findall(path.read_text())}
    described = set(SETTING.findall(DESCRIBED_IN.read_text()))
    assert used - described == set()


def test_every_make_command_in_prose_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    named = {name for path in DOCUMENTS for name in TARGET.findall(path.read_text())}
    assert named - targets == set()


def test_no_document_is_unfinished() -> None:
    assert [str(p.relative_to(ROOT)) for p in DOCUMENTS if UNSETTLED.search(p.read_text())] == []


def test_specs_are_listed_in_their_index() -> None:
    index = (ROOT / "specs/README.md").read_text()
    assert [
        path.name for path in (ROOT / "specs").glob("*.md") if path.name != "README.md" and path.name not in index
    ] == []


def test_every_spec_that_the_code_cites_exists() -> None:
    cited = re.compile(r"\bspecs/([a-z-]+\.md)")
    code = tracked_files(".py", ".ts", ".mjs", ".md")
    missing = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in code
        for name in cited.findall(path.read_text())
        if not (ROOT / "specs" / name).exists()
    }
    assert missing == set()
