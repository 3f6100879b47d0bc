"""Resolves every requirements/*.in into a lock with hashes and no addresses; versions are shared."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "requirements"
UV = Path(sys.executable).parent / "uv"
WHOLE = "test"
PARTS = (
    "protocol",
    "attest",
    "enclave",
    "service",
    "relay",
    "log",
    "client",
    "image",
    "build",
    "testtools",
    "web",
    "serve",
    "programs",
)
NOT_CALLED = {
    "programs": (
        *("boto3", "botocore", "s3transfer", "jmespath", "python-dateutil", "six"),
        *("huggingface-hub", "hf-xet", "tokenizers", "fsspec", "filelock", "tqdm"),
        *("jsonschema", "jsonschema-specifications", "referencing", "rpds-py"),
        *("websockets", "zstandard", "colorama", "pywin32", "httpx2-jsfetch"),
    )
}
"""What a list's packages ask for and do not load in what is done with them here: other clouds, hubs of weights."""


def compile_lock(name: str, *constraints: str) -> None:
    """Write requirements/NAME.lock from requirements/NAME.in."""
    command = [str(UV), "pip", "compile", "--universal", "--python-version", "3.11", "--generate-hashes", "--no-header"]
    command += ["--no-emit-index-url", "--quiet", f"{name}.in", "-o", f"{name}.lock", *sys.argv[1:]]
    for constraint in constraints:
        command += ["-c", constraint]
    for package in NOT_CALLED.get(name, ()):
        command += ["--no-emit-package", package]
    subprocess.run(command, cwd=FOLDER, check=True)


def main() -> None:
    """The superset first; the parts then follow its choices."""
    compile_lock(WHOLE)
    for name in PARTS:
        compile_lock(name, f"{WHOLE}.lock")


if __name__ == "__main__":
    main()
