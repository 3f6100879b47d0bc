"""Starts the engine process, watches it, starts it again after a crash, and does not do so for ever.

Source: specs/models.md, section "The engine process".
"""

import asyncio
import contextlib
import json
import os
import secrets
import sys
import tempfile
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Literal

from privity_enclave import events
from privity_enclave.engine import child
from privity_enclave.engine.adapter import Adapter, Deadlines
from privity_enclave.engine.interface import EngineError
from privity_enclave.failure import StartFailed

Network = Literal["isolated", "not_isolated"]
WarmUp = Callable[[Adapter], Awaitable[None]]
LOAD_SECONDS: Final = 600  # weights near the size of the memory take minutes
CRASHES: Final = 5  # within CRASH_WINDOW; one more and the engine stays down
CRASH_WINDOW: Final = 600.0  # seconds
LONGEST_PAUSE: Final = 30.0  # seconds between two starts
SETTLE_SECONDS: Final = 1.0  # from the last byte of a dying process to its death
SOCKET_PATH: Final = 100  # bytes; the kernel's limit is 108 with the end mark


@dataclass(frozen=True, slots=True)
class Orders:
    """What varies between engine processes; `model` is the descriptor of the sealed weights."""

    model: int
    slots: int
    context: int
    template: str | None
    network_isolation: Literal["required", "best_effort"]


class Crashes:
    """When the engine died, and so how long to wait before the next start: 0, 0.5, 1, 2 ... seconds, then never."""

    def __init__(self) -> None:
        self._times: deque[float] = deque()

    def pause(self, now: float) -> float | None:
        """Record a crash; return the seconds to wait, or None when there have been too many."""
        self._times.append(now)
        while now - self._times[0] > CRASH_WINDOW:
            self._times.popleft()
        count = len(self._times)
        if count > CRASHES:
            return None
        return 0.0 if count == 1 else min(0.5 * 2.0 ** (count - 2), LONGEST_PAUSE)


def threads() -> int:
    """Compute threads: all cores, but one left for the node where there are four or more."""
    cores = len(os.sched_getaffinity(0))
    return cores if cores < 4 else cores - 1


class EngineProcess:
    """One supervised engine. `adapter` belongs to the present process and changes with it."""

    def __init__(self, orders: Orders, *, run_dir: Path, deadlines: Deadlines, warm_up: WarmUp) -> None:
        self._orders = orders
        self._run_dir = run_dir
        self._deadlines = deadlines
        self._warm_up = warm_up
        self._crashes = Crashes()
        self._process: asyncio.subprocess.Process | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._adapter: Adapter | None = None
        self._usable = asyncio.Event()
        self._watch: asyncio.Task[None] | None = None
        self.network: Network | None = None
        self.stopped: str | None = None
        self.starts = 0

    async def start(self) -> None:
        """Return when the engine has answered. Raises StartFailed `engine`: the first start is not tried again."""
        try:
            await self._spawn()
        except BaseException:
            await self._end()
            raise
        self._watch = asyncio.create_task(self._keep())

    async def close(self) -> None:
        """Kill the process and remove its socket; the weights' descriptor stays the caller's."""
        self._stop("closed")
        if self._watch is not None:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
        await self._end()

    async def usable(self, seconds: float) -> Adapter:
        """Return the adapter to the engine, waiting up to `seconds` for one that is starting.

        Raises EngineError `unavailable`.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._usable.wait()
        if self.stopped is not None or self._adapter is None or not self._usable.is_set():
            raise EngineError("unavailable")
        return self._adapter

    async def settle(self, adapter: Adapter) -> None:
        """Return when the death of the process behind a broken `adapter` has been noticed, or after SETTLE_SECONDS.

        Whoever is told of a broken answer may ask again at once, and must find the next process, not the dead one.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_SECONDS):
                while self._adapter is adapter and self._process is not None:
                    await self._process.wait()
                    await asyncio.sleep(0)

    async def _keep(self) -> None:
        clock = asyncio.get_running_loop().time
        while self._process is not None:
            await self._process.wait()
            self._usable.clear()
            await self._end()
            pause = self._crashes.pause(clock())
            if pause is None:
                events.write(events.EngineDown("too_many_crashes"))
                return self._stop("too many crashes")
            await asyncio.sleep(pause)
            try:
                await self._spawn()
            except StartFailed as error:
                # Dying while it reads its first words is what a build unfit for this processor does: it would again.
                await self._end()
                events.write(events.EngineDown("not_usable"))
                return self._stop(error.detail)
            events.write(events.EngineRestarted(self.starts))
        return None

    def _stop(self, why: str) -> None:
        self.stopped = why
        self._usable.set()

    async def _spawn(self) -> None:
        self.starts += 1
        self._folder = tempfile.TemporaryDirectory(prefix="engine-", dir=self._run_dir)
        # Ends in .sock: otherwise the engine takes the path for a host name.
        socket = f"{self._folder.name}/e.sock"
        if len(os.fsencode(socket)) > SOCKET_PATH:
            raise StartFailed("engine", f"the path of the run folder is longer than a socket allows: {self._run_dir}")
        key = secrets.token_hex(32)
        self._process = await self._execute()
        await self._order(self._process, socket, key)
        self._adapter = Adapter(f"unix:{socket}", key=key, context=self._orders.context, deadlines=self._deadlines)
        self._adapter.open()
        try:
            await self._warm_up(self._adapter)
        except EngineError as error:
            raise StartFailed("engine", await self._why(f"warm-up failed: {error.code}")) from error
        self._usable.set()

    async def _execute(self) -> asyncio.subprocess.Process:
        pipe, nowhere = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        arguments = (sys.executable, "-I", child.__file__)
        weights = (self._orders.model,)
        try:
            # A session of its own: Ctrl-C in a terminal reaches the whole group, and the node drains first.
            return await asyncio.create_subprocess_exec(
                *arguments, stdin=pipe, stdout=pipe, stderr=nowhere, env={}, pass_fds=weights, start_new_session=True
            )
        except OSError as error:
            raise StartFailed("engine", f"the process cannot be started: {error.strerror}") from error

    async def _order(self, process: asyncio.subprocess.Process, socket: str, key: str) -> None:
        line = {**asdict(self._orders), "socket": socket, "key": key, "threads": threads()}
        if process.stdin is None:
            raise AssertionError("asked for a pipe")
        process.stdin.write(json.dumps(line).encode() + b"\n")
        network = await self._word(process)
        if network == "not_isolable":
            raise StartFailed("engine", "the kernel does not let the engine be cut off from the network")
        if network not in ("isolated", "not_isolated"):
            raise StartFailed("engine", await self._why("did not start"))
        self.network = "isolated" if network == "isolated" else "not_isolated"
        if await self._word(process) != "loaded":
            raise StartFailed("engine", await self._why("the weights cannot be loaded"))

    async def _word(self, process: asyncio.subprocess.Process) -> str | None:
        if process.stdout is None:
            raise AssertionError("asked for a pipe")
        try:
            async with asyncio.timeout(LOAD_SECONDS):
                line = await process.stdout.readline()
        except (TimeoutError, ValueError):
            return None
        word = line.decode("ascii", "replace").strip()
        return word if word in child.WORDS else None

    async def _why(self, otherwise: str) -> str:
        if self._process is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1):
                    status = await self._process.wait()
                    if status < 0:
                        return f"not usable: killed by signal {-status} before its first answer"
        return otherwise

    async def _end(self) -> None:
        if self._adapter is not None:
            await self._adapter.close()
            self._adapter = None
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
            if self._process.stdin is not None:
                self._process.stdin.close()
            self._process = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None
