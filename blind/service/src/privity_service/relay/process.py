"""The relay as a process: one listener, the minute's counts, a drain at the end."""

import asyncio
import json
import signal
import sys
import time
from collections.abc import Callable
from typing import Final

from privity_service.asgi import App
from privity_service.events import Events
from privity_service.listening import Server, allow_many_files, bind, origin_of, server, silence
from privity_service.relay.application import State, application
from privity_service.relay.settings import Settings

COUNT_SECONDS: Final = 60.0


class Process:
    """Everything that runs between READY and the end."""

    def __init__(self, settings: Settings, events: Events, made: Callable[[State], App] = application) -> None:
        """`made` makes the application of a fresh state."""
        self._settings = settings
        self._made = made
        self._events = events
        self._server: Server | None = None
        self._state: State | None = None

    async def run(self) -> None:
        """Listen, say READY, serve until a signal, drain. Raises CannotListen."""
        bound = bind(self._settings.listen)
        listening = origin_of(bound)
        state = State.of(self._settings, self._settings.public or listening, time.monotonic)
        running = server(self._made(state), self._settings.limits.connections)
        self._state, self._server = state, running
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        serving = asyncio.create_task(running.serve([bound]))
        await running.listening.wait()
        print("READY " + json.dumps({"relay": listening}), flush=True)
        self._events.emit("started")
        counting = asyncio.create_task(self._count(state))
        await serving
        counting.cancel()
        await asyncio.gather(counting, return_exceptions=True)
        await state.close()
        self._report(state)
        self._events.emit("stopped")

    def _stop(self) -> None:
        if self._server is None or self._state is None:
            return
        first = not self._server.should_exit
        if first:
            self._events.emit("stopping", streams=self._state.streams.open)
        self._server.force_exit = not first
        self._server.should_exit = True

    async def _count(self, state: State) -> None:
        while True:
            await asyncio.sleep(COUNT_SECONDS)
            self._report(state)

    def _report(self, state: State) -> None:
        counts = {name: number for name, number in state.counts.items() if number}
        state.counts.clear()
        if counts:
            self._events.emit("counts", **counts)


def main_loop(settings: Settings) -> None:
    """Run the process to its end. Raises CannotListen."""
    import uvloop

    events = Events(lambda text: print(text, file=sys.stderr, flush=True))
    silence(events)
    allow_many_files()
    uvloop.run(Process(settings, events).run())
