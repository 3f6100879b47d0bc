"""Hardening of the process, before anything else is imported or read.

Source: specs/node-http.md, section "Start-up". Memory of this process must reach no disk and no other process.
"""

import ctypes
import os
import resource
import sys
from typing import Final

ENVIRONMENT: Final = {"LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"}
"""All that this process and its children find in their environment."""
_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38


def clear_environment(arguments: list[str]) -> None:
    """Replace this process by itself with the allow-listed environment and an isolated interpreter.

    A new program image, because the dynamic linker, OpenSSL and the interpreter read the environment when they start:
    clearing it later would be too late. Returns when it is already clean.
    """
    if sys.flags.isolated and dict(os.environ) == ENVIRONMENT:
        return
    os.execve(sys.executable, [sys.executable, "-I", "-m", "privity_enclave", *arguments], ENVIRONMENT)  # noqa: S606


def harden() -> None:
    """Forbid core dumps, reading by other processes, new privileges, files that others can read; allow all connections.

    Raises OSError when the kernel refuses.
    """
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    libc = ctypes.CDLL(None, use_errno=True)
    for option, value in ((_PR_SET_DUMPABLE, 0), (_PR_SET_NO_NEW_PRIVS, 1)):
        if libc.prctl(option, value, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl")
