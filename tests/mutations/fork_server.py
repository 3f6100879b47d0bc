"""Runs pytest many times in forks of one process that has imported the libraries already: the start is the dear part.

Reads a list of pytest arguments as one line of JSON, answers with one line: the exit code and the path of the output.
Nothing of the project is imported before a fork, so each run sees the sources as they are at that moment.
"""

import contextlib
import gc
import importlib
import json
import os
import sys
import tempfile
import traceback
from importlib.metadata import entry_points
from typing import Final

import pytest
from _pytest.config import default_plugins

LIBRARIES: Final = (
    "cryptography.x509",
    "cryptography.hazmat.backends.openssl.backend",
    "cryptography.hazmat.primitives.asymmetric.ec",
    "cryptography.hazmat.primitives.asymmetric.mldsa",
    "cryptography.hazmat.primitives.asymmetric.rsa",
    "cryptography.hazmat.primitives.ciphers.aead",
    "cryptography.hazmat.primitives.hpke",
    "cryptography.hazmat.primitives.kdf.argon2",
    "hypothesis.strategies",
    "cbor2",
    "httpx",
    "aiohttp",
    "msgspec",
    "sqlalchemy.orm",
    "sqlalchemy.dialects.sqlite",
    "webauthn",
    "starlette.applications",
    "uvicorn.protocols.http.httptools_impl",
    "rich.console",
    "typer.testing",
    "lxml.etree",
    "signxml",
    "concurrent.futures.thread",
    "ctypes",
    "http.server",
    "pdb",
    "smtplib",
    "sqlite3",
    "xml.etree.ElementTree",
)
RED: Final = 1


def run(arguments: list[str]) -> tuple[int, str]:
    """The exit code of pytest with `arguments`, and where its output lies."""
    output, path = tempfile.mkstemp(prefix="mutation-")
    child = os.fork()
    if child == 0:
        os.dup2(output, 1)
        os.dup2(output, 2)
        code = RED
        try:
            code = int(pytest.main(arguments))
        except BaseException:
            # As from a process of its own: what a failed test left open can make pytest itself end with an exception.
            traceback.print_exc()
        sys.stdout.flush()
        os._exit(code)
    os.close(output)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), path


def load() -> None:
    """Import what each run would import again: libraries, pytest's own parts, the plugins that it finds by itself."""
    for name in (*LIBRARIES, *(f"_pytest.{part}" for part in default_plugins)):
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    for plugin in entry_points(group="pytest11"):
        plugin.load()
    # A run collects garbage often; what it inherits holds none, and looking through it would copy every page.
    gc.collect()
    gc.freeze()


def main() -> None:
    """Serve until the input ends."""
    load()
    for line in sys.stdin:
        code, path = run(json.loads(line))
        print(json.dumps([code, path]), flush=True)


if __name__ == "__main__":
    main()
