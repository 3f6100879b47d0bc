"""Makes the environment of one role from its lock: `python3 deploy/install.py ROLE FOLDER`. Standard library only.

Wheels come with hashes and nothing is compiled; what builds our own wheels is in an environment that is thrown away.
A role's environment holds no other role's code. An existing FOLDER is refused: a new release gets a new folder.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROLES = {
    "service": ("pure/protocol", "blind/service"),
    "relay": ("pure/protocol", "blind/service"),
    "enclave": ("pure/protocol", "enclave"),
    "log": ("pure/protocol", "pure/tlog", "blind/log"),
    "image": ("pure/protocol", "pure/attest", "pure/tlog", "image"),
}
"""Role, which is also the name of its lock, to the folders whose wheels it installs."""


def pip(environment: Path, *arguments: object) -> None:
    """Run pip of an environment. Raises CalledProcessError."""
    command = [environment / "bin/python", "-m", "pip", "--disable-pip-version-check", *arguments]
    subprocess.run([str(part) for part in command], check=True)  # noqa: S603


def install_lock(environment: Path, name: str) -> None:
    """Install a lock, every wheel checked against its hash."""
    lock = ROOT / "requirements" / f"{name}.lock"
    pip(environment, "install", "--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:", "-r", lock)


def build_own(folders: tuple[str, ...], into: Path) -> list[Path]:
    """Build the wheels of our own folders."""
    with tempfile.TemporaryDirectory(prefix="privity-build-") as scratch:
        builder = Path(scratch) / "environment"
        venv.create(builder, with_pip=True)
        install_lock(builder, "build")
        options = ("--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", into)
        pip(builder, "wheel", *options, *(ROOT / folder for folder in folders))
    return sorted(into.glob("*.whl"))


def main(arguments: list[str]) -> int:
    """Entry point: a role and a folder that does not exist."""
    if len(arguments) != 2 or arguments[0] not in ROLES:
        print(f"usage: install.py {'|'.join(ROLES)} FOLDER", file=sys.stderr)
        return 2
    role, folder = arguments[0], Path(arguments[1]).absolute()
    if folder.exists():
        print(f"{folder} exists: a new release gets a new folder", file=sys.stderr)
        return 1
    venv.create(folder, with_pip=True)
    install_lock(folder, role)
    with tempfile.TemporaryDirectory(prefix="privity-wheels-") as wheels:
        pip(folder, "install", "--quiet", "--no-deps", "--no-index", *build_own(ROLES[role], Path(wheels)))
    print(f"{role}: {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
