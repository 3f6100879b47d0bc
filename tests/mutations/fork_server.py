"""Runs pytest many times in forks of one process that has imported the libraries already: the start is the dear part.

Reads a list of pytest arguments as one line of JSON, answers with one line: the exit code and the path of the output.
Nothing of the project is imported before a fork, so each run sees the sources as they are at that moment.
"""

import contextlib
import importlib
import json
import os
import sys
import tempfile
import traceback
from typing import Final

import pytest

LIBRARIES: Final = (
    "cryptography.x509",
    "cryptography.hazmat.primitives.asymmetric.ec",
    "cryptography.hazmat.primitives.asymmetric.mldsa",
    "cryptography.hazmat.primitives.asymmetric.rsa",
    "hypothesis.strategies",
    "cbor2",
    "httpx",
    "aiohttp",
    "msgspec",
    "starlette.applications",
    "uvicorn",
    "rich.console",
    "typer.testing",
    "lxml.etree",
    "signxml",
)
RED: Final = 1
PLUGINS: Final = ("pytest_timeout", "_hypothesis_pytestplugin", "pytest_cov.plugin")


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


def main() -> None:
    """Serve until the input ends."""
    for name in (*LIBRARIES, *PLUGINS):
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    for line in sys.stdin:
        code, path = run(json.loads(line))
        print(json.dumps([code, path]), flush=True)


if __name__ == "__main__":
    main()
