"""One role as a child process: its first line, its end, and nothing of what it carries.

A child prints `READY <json>` or `FAILED <reason>: <detail>` on standard output, after at most a few lines about itself;
its structured events go to a bounded log file. It is told to stop when this process dies, however that happens.
"""

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from pathlib import Path
from typing import Final

from privity_client.errors import ClientError
from privity_client.serve.plan import Role

LOG_LIMIT: Final = 4 * 2**20
"""Bytes of one role's event log; beyond it the file starts anew."""
LINE_LIMIT: Final = 65_536
"""Bytes of the first line; a longer one counts as a failure to start."""
PREAMBLE: Final = 16
"""Lines before the one that counts: a log says its public keys."""
LAST_BREATH: Final = 1.0
"""Seconds for a child that will not serve to end by itself."""
_PR_SET_PDEATHSIG: Final = 1
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def _die_with_parent() -> None:
    # Without this a killed `serve` would leave an enclave behind that nobody watches and that holds the ports.
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


class Child:
    """A started process. `ready` waits for its first line, `ended` for its end, `stop` ends it."""

    def __init__(self, role: Role, process: asyncio.subprocess.Process, log: Path) -> None:
        self.role = role
        self._process = process
        self._log = log
        self._drain: asyncio.Task[None] | None = None

    @classmethod
    async def start(cls, role: Role, log: Path) -> "Child":
        """Start `role`; its standard error is appended to `log`."""
        trim(log)
        handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            process = await asyncio.create_subprocess_exec(
                *role.argv,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=handle,
                start_new_session=True,
                preexec_fn=_die_with_parent,
                limit=LINE_LIMIT,
            )
        finally:
            os.close(handle)
        return cls(role, process, log)

    async def ready(self) -> str:
        """Return the JSON after READY. Raises ClientError `role_failed` with the child's own words."""
        word, rest = await self._first_word()
        if word != "READY":
            await self._let_go()
            raise ClientError("role_failed", f"{self.role.title}: {self._last_words(word, rest)}")
        self._drain = asyncio.create_task(self._discard())
        return rest

    async def _first_word(self) -> tuple[str, str]:
        assert self._process.stdout is not None
        for _line in range(PREAMBLE):
            try:
                line = (await self._process.stdout.readline()).decode("utf-8", "replace")
            except ValueError:
                return "FAILED", "line_too_long"
            word, _, rest = line.strip().partition(" ")
            if not line or word in {"READY", "FAILED"}:
                return word, rest
        return "FAILED", "it never said that it is ready"

    async def _let_go(self) -> None:
        # Waited for before it is killed: killing a child that just ended would take its exit status from the loop.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), LAST_BREATH)
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    async def ended(self) -> int:
        """Return the exit status, once there is one."""
        return await self._process.wait()

    async def stop(self) -> None:
        """Ask to stop, wait for `role.grace` seconds, then kill; whatever the child started ends with it."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), self.role.grace)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()
        if self._drain is not None:
            self._drain.cancel()

    def _last_words(self, word: str, rest: str) -> str:
        if word == "FAILED":
            return rest
        tail = read_tail(self._log)
        return f"it ended without a word (exit {self._process.returncode}); {tail or 'its log is empty'}"

    async def _discard(self) -> None:
        assert self._process.stdout is not None
        while await self._process.stdout.read(LINE_LIMIT):
            pass


def trim(log: Path) -> None:
    """Start `log` anew once it is too long. Appending writers go on at its new end."""
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        os.truncate(log, 0)


def read_tail(log: Path) -> str:
    """Return the last line of `log`, at most 300 characters."""
    try:
        lines = log.read_text("utf-8", "replace").strip().splitlines()
    except OSError:
        return ""
    return lines[-1][:300] if lines else ""
