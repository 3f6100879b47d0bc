"""Locks carry hashes and no addresses; nothing tracked names a machine or a registry."""

import json
import re

import pytest
from tree import ROOT, tracked_files

LOCKS = sorted((ROOT / "requirements").glob("*.lock"))
ADDRESS = re.compile(r"https?://|--index|--find-links|file:")
REGISTRY = re.compile(r"(pypi|pythonhosted|npmjs)[.](org|com)|deb[.]debian[.]org")


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_requirement_has_hashes_and_no_address(lock) -> None:
    text = lock.read_text()
    blocks = re.split(r"\n(?=[A-Za-z0-9])", text.strip())
    assert [block.splitlines()[0] for block in blocks if "==" not in block or "--hash=sha256:" not in block] == []
    assert ADDRESS.search(text) is None


def test_every_role_has_a_lock_made_from_its_list() -> None:
    assert {path.stem for path in LOCKS} == {path.stem for path in (ROOT / "requirements").glob("*.in")}


def test_the_locks_agree_on_versions() -> None:
    choices: dict[str, set[frozenset[str]]] = {}
    for lock in LOCKS:
        versions: dict[str, set[str]] = {}
        for name, version in re.findall(r"^([a-z0-9_.-]+)==([^ ;\\]+)", lock.read_text(), re.M):
            versions.setdefault(name, set()).add(version)
        for name, found in versions.items():
            choices.setdefault(name, set()).add(frozenset(found))
    assert {name: found for name, found in choices.items() if len(found) > 1} == {}


def test_the_npm_lock_carries_integrity_and_no_address() -> None:
    packages = json.loads((ROOT / "user/web/package-lock.json").read_text())["packages"]
    foreign = {
        name: entry for name, entry in packages.items() if name.startswith("node_modules/") and not entry.get("link")
    }
    assert [name for name, entry in foreign.items() if "integrity" not in entry or "resolved" in entry] == []
    assert foreign


def test_no_tracked_file_names_a_registry_and_there_is_no_uv_lock() -> None:
    text = tracked_files(".py", ".ts", ".mjs", ".md", ".toml", ".json", ".lock", ".in", "Makefile", "run")
    mine = ROOT / "tests/walls/test_locks.py"
    assert [str(p.relative_to(ROOT)) for p in text if p != mine and REGISTRY.search(p.read_text())] == []
    assert tracked_files("uv.lock") == []
