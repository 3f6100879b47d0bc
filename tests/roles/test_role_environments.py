"""One role's wheels and nothing else: built, installed with hashes, every module imported, the role's own tests run.

A lock is the whole closure, so pip resolves nothing: an older pip looks for newer versions of what an extra names,
finds no hash for them and stops. The pip of the tests installs from outside: no role's environment holds one.
"""

import fcntl
import os
import subprocess
import sys
import venv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PIP = (sys.executable, "-m", "pip")
INSTALL = ("install", "-q", "--no-deps")
LOCKED = ("--require-hashes", "--only-binary", ":all:")


@dataclass(frozen=True)
class Role:
    """A role: its lock, the folders whose wheels it installs, and what must be absent."""

    name: str
    lock: str
    folders: tuple[str, ...]
    package: str
    tests: str
    absent: tuple[str, ...]


ROLES = [
    Role("protocol", "protocol", ("pure/protocol",), "privity_protocol", "pure/protocol/tests", ("starlette", "httpx")),
    Role(
        "attest",
        "attest",
        ("pure/protocol", "pure/attest"),
        "privity_attest",
        "pure/attest/tests",
        ("starlette", "httpx"),
    ),
    Role("tlog", "protocol", ("pure/protocol", "pure/tlog"), "privity_tlog", "pure/tlog/tests", ("starlette", "httpx")),
    Role(
        "vault",
        "protocol",
        ("pure/protocol", "pure/vault"),
        "privity_vault",
        "pure/vault/tests",
        ("starlette", "httpx"),
    ),
    Role(
        "enclave",
        "enclave",
        ("pure/protocol", "enclave"),
        "privity_enclave",
        "enclave/tests",
        ("privity_attest", "privity_service", "privity_client", "httpx", "typer", "rich"),
    ),
    Role(
        "service",
        "service",
        ("pure/protocol", "blind/service"),
        "privity_service",
        "blind/service/tests",
        ("privity_attest", "privity_enclave", "privity_client", "xllamacpp", "rich"),
    ),
    Role(
        "relay",
        "relay",
        ("pure/protocol", "blind/service"),
        "privity_service.relay",
        "blind/service/relay/tests",
        ("sqlalchemy", "alembic", "psycopg", "webauthn", "gmpy2", "starlette", "privity_attest", "privity_client"),
    ),
    Role(
        "log",
        "log",
        ("pure/protocol", "pure/tlog", "blind/log"),
        "privity_log",
        "blind/log/tests",
        ("privity_attest", "privity_enclave", "privity_service", "privity_client", "xllamacpp"),
    ),
    Role(
        "client",
        "client",
        ("pure/protocol", "pure/attest", "pure/tlog", "pure/vault", "user/python"),
        "privity_client",
        "user/python/tests",
        ("privity_enclave", "privity_service", "xllamacpp"),
    ),
    Role(
        "image",
        "image",
        ("pure/protocol", "pure/attest", "pure/tlog", "image"),
        "privity_image",
        "image/tests",
        ("privity_enclave", "privity_service", "privity_client", "xllamacpp", "starlette", "uvicorn"),
    ),
]

IMPORT_ALL = """
import importlib, importlib.util, pkgutil, sys
package = importlib.import_module(sys.argv[1])
names = [m.name for m in pkgutil.walk_packages(package.__path__, package.__name__ + ".")]
for name in names:
    if not name.endswith("__main__") and ".testing" not in name:
        importlib.import_module(name)
present = [name for name in sys.argv[2:] if importlib.util.find_spec(name)]
assert not present, f"behind the wall and yet installed: {present}"
print(len(names))
"""


def run(*command: object, **extra: str) -> str:
    """Run a command that must succeed; its output is the failure's text."""
    clean = {key: value for key, value in os.environ.items() if key not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    done = subprocess.run([str(part) for part in command], cwd=ROOT, env=clean | extra, capture_output=True, text=True)
    assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]
    return done.stdout


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A folder that the first worker of this run makes; the others wait for it."""
    base = factory.getbasetemp()
    place = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    with place.with_suffix(".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "made").exists():
            make(place)
            (place / "made").touch()
    return place


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheels of our own distributions, built without an index."""
    folders = sorted({ROOT / folder for role in ROLES for folder in role.folders})
    build = (*PIP, "wheel", "-q", "--no-deps", "--no-build-isolation")
    return once(tmp_path_factory, "wheels", lambda target: run(*build, "-w", target, *folders))


@pytest.fixture(scope="session")
def testtools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """pytest and its like in a folder of their own, so that no role's environment holds them."""
    wanted = (*LOCKED, "-r", ROOT / "requirements/testtools.lock")
    return once(tmp_path_factory, "testtools", lambda target: run(*PIP, *INSTALL, *wanted, "--target", target))


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_a_role_stands_alone(role: Role, wheels: Path, testtools: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "role", with_pip=False)
    python = tmp_path / "role/bin/python"
    install = (*PIP, "--python", python, *INSTALL, "--no-compile")
    run(*install, *LOCKED, "-r", ROOT / f"requirements/{role.lock}.lock")
    own = [next(wheels.glob(f"privity_{wheel_name(folder)}-*.whl")) for folder in role.folders]
    run(*install, "--no-index", *own)
    assert int(run(python, "-c", IMPORT_ALL, role.package, *role.absent)) > 0
    vectors = os.environ.get("PRIVITY_VECTORS", str(ROOT.parent / "shared/vectors"))
    options = (
        "-q",
        "-p",
        "no:cacheprovider",
        "-m",
        "not system and not browser and not slow",
        "-o",
        "addopts=--import-mode=importlib",
    )
    closing = run(
        python,
        "-m",
        "pytest",
        *options,
        role.tests,
        PYTHONPATH=str(testtools),
        PRIVITY_VECTORS=vectors,
        PYTHONDONTWRITEBYTECODE="1",
    )
    assert " passed" in closing.splitlines()[-1]


def wheel_name(folder: str) -> str:
    """The distribution's name that a source folder makes, without its prefix."""
    return {
        "pure/protocol": "protocol",
        "pure/attest": "attest",
        "pure/tlog": "tlog",
        "pure/vault": "vault",
        "blind/service": "service",
        "blind/log": "log",
        "user/python": "client",
    }.get(folder, folder)
