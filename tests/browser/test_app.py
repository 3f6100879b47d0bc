"""The whole web client in real Chromium against a running installation: each test of `app/e2e` is a test here.

One `privity serve` with a small model per worker; one run of Vitest per file, whose results its tests then report. A
file with a failure is run once more, by people who begin anew: on two cores a browser beside a model, two servers and
other tests may wait longer than a person would. What fails twice has failed; what passes then is named in the summary.
"""

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from privity_client.models import shelf
from served import Served
from test_web_packages import CHROMIUM_NAMES, WEB, node_binary

ROOT = WEB.parents[1]
sys.path.append(str(ROOT / "bench"))
E2E = WEB / "app/e2e"
NAMED = re.compile(r'^test\("((?:[^"\\]|\\.)+)"', re.MULTILINE)
"""Tests of these files stand at the beginning of a line and have a literal name, so that they can be listed unread."""
SECONDS = 600  # of one run of a file
TRIES = int(os.environ.get("PRIVITY_TRIES", "2"))
pytestmark = [pytest.mark.browser, pytest.mark.system, pytest.mark.slow, pytest.mark.timeout(TRIES * SECONDS + 120)]


def named(file: Path) -> list[str]:
    return [json.loads(f'"{name}"') for name in NAMED.findall(file.read_text())]


CASES = [(file.relative_to(E2E).as_posix(), name) for file in sorted(E2E.glob("**/*.test.ts")) for name in named(file)]
PLANS = {"free": {"active_chats": 5, "daily": 3, "title": "Free"}, "plus": {"daily": 3000, "title": "Plus"}}
"""Of the installation that counts messages, for the files below `plans/`."""


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold `path` against the other workers of this run."""
    with path.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


class App:
    """An installation, started when a file must be run, and the results of the files that some worker has run."""

    def __init__(self, node: str, folder: Path, shared: Path) -> None:
        self._node, self._folder, self._shared = node, folder, shared
        self._served: dict[bool, Served] = {}

    def results(self, file: str) -> dict[str, dict[str, Any]]:
        """Result of each test of a file by its name; run once, by whichever worker needs it first."""
        kept = self._shared / f"app-{file.replace('/', '-')}.json"
        with alone(kept.with_suffix(".lock")):
            while not kept.exists():
                self._run(file, kept)
        (suite,) = json.loads(kept.read_text())["testResults"]
        return {one["fullName"].strip(): one for one in suite["assertionResults"]} or {"": suite}

    def failures(self, file: str) -> list[str]:
        """What each failed run of a file said, the oldest first."""
        return [said.read_text() for said in sorted(self._shared.glob(f"app-{file.replace('/', '-')}.failed-*"))]

    def stop(self) -> None:
        for served in self._served.values():
            served.stop()

    def _started(self, counted: bool) -> Served:
        if counted not in self._served:
            from random_model import SHAPES, build

            with alone(self._shared / "client.lock"):
                client = [sys.executable, str(ROOT / "tools/environment.py"), "client"]
                subprocess.run(client, check=True, capture_output=True)
            folder = self._folder / ("plans" if counted else "free")
            folder.mkdir()
            model, plans = folder / "random.gguf", folder / "plans.json"
            build(model, SHAPES["tiny"])
            plans.write_text(json.dumps(PLANS))
            served = Served(folder, model)
            shelf.add(served.home.models, model, model_id="tiny", context=4096)
            if counted:
                # Beside the first, so that one question can have two answers, and each its own price.
                other = folder / "other.gguf"
                build(other, SHAPES["tiny"], seed=2)
                shelf.add(served.home.models, other, model_id="other", context=4096)
            served.start(*(["--plans-file", str(plans), "--model", "other"] if counted else []))
            self._served[counted] = served
        return self._served[counted]

    def _voucher(self, served: Served) -> str:
        """One of the installation's, for 31 days."""
        service = served.home.service
        wanted = ["--key", str(service / "voucher.key"), "--count", "1", "--days", "31", "--plan", "plus"]
        command = ["-m", "privity_service.admin", "--config", str(service / "configuration.json"), "vouchers", *wanted]
        return subprocess.run([sys.executable, *command], capture_output=True, text=True, check=True).stdout.strip()

    def _run(self, file: str, kept: Path) -> None:
        counted = file.startswith("plans/")
        served = self._started(counted)
        environment = os.environ | {
            "NO_COLOR": "1",
            "CI": "1",
            "PRIVITY_URL": served.url,
            "PRIVITY_HOME": str(served.home.root),
            "PRIVITY_PYTHON": sys.executable,
            "PRIVITY_VOUCHER": self._voucher(served) if counted else "",
        }
        unfinished = kept.with_suffix(".part")
        words = ["run", "--project", "app", "--reporter=json", f"--outputFile.json={unfinished}", "--reporter=default"]
        argv = [self._node, "node_modules/vitest/vitest.mjs", *words, f"app/e2e/{file}"]
        done = subprocess.run(
            argv, cwd=WEB, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
        )
        said = done.stdout[-3000:] + done.stderr[-6000:]
        assert unfinished.exists(), said
        failed = len(self.failures(file))
        if done.returncode != 0:
            (self._shared / f"app-{file.replace('/', '-')}.failed-{failed}").write_text(said)
        if done.returncode == 0 or failed + 1 >= TRIES:
            unfinished.rename(kept)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    node = node_binary()
    if not (os.environ.get("CHROMIUM") or any(map(shutil.which, CHROMIUM_NAMES))):
        pytest.skip("no Chromium: set CHROMIUM, or apt-get install chromium")
    if node is None or not (WEB / "node_modules/playwright").exists():
        pytest.skip("the TypeScript packages are not installed: npm ci in user/web")
    own = tmp_path_factory.mktemp("app")
    made = App(node, own, tmp_path_factory.getbasetemp().parent if "PYTEST_XDIST_WORKER" in os.environ else own)
    try:
        yield made
    finally:
        made.stop()


@pytest.mark.parametrize(
    ("file", "name"), CASES, ids=[f"{file.removesuffix('.test.ts')}: {name}" for file, name in CASES]
)
def test_in_the_browser(app: App, file: str, name: str, record_property: Callable[[str, object], None]) -> None:
    results = app.results(file)
    assert name in results, f"Vitest reports {sorted(results)}: {results.get('', {}).get('message', '')}"
    one, failures = results[name], app.failures(file)
    assert one["status"] == "passed", "\n".join([*one["failureMessages"], *failures])[:12000]
    if failures:
        record_property("tried again", f"{file}: {failures[0]}")


@pytest.mark.parametrize("file", sorted({file for file, _ in CASES}))
def test_every_test_of_a_file_is_reported(app: App, file: str) -> None:
    assert sorted(app.results(file)) == sorted(name for at, name in CASES if at == file)
