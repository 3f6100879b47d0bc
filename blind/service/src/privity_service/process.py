"""The process: two listeners, the poller, the minute's counts, and a drain at the end."""

import asyncio
import json
import signal
import sys
import time
from pathlib import Path
from typing import Final

from privity_service.account_gate import AccountGate, beside
from privity_service.applications import State, relay_application, service_application
from privity_service.configuration import Configuration
from privity_service.events import Events
from privity_service.listening import Server, allow_many_files, bind, origin_of, server, silence
from privity_service.poller import Poller
from privity_service.published import Published
from privity_service.shelf import DIRECTORY, Shelf
from privity_service.web_routes import open_web

COUNT_SECONDS: Final = 60.0
MAX_DIRECTORY: Final = 65_535


class Process:
    """Everything that runs between READY and the end. Raises ConfigurationRefused where there is no web client."""

    def __init__(self, configuration: Configuration, events: Events) -> None:
        self._events = events
        self._configuration = configuration
        shelf = Shelf(Path(configuration.state))
        self._state = State.of(configuration, shelf.read(DIRECTORY, MAX_DIRECTORY))
        self._published = None if configuration.published is None else Published(Path(configuration.published))
        self._poller = Poller(
            self._state.registry,
            self._state.publication,
            shelf,
            self._state.upstreams,
            events,
            lambda: int(time.time()),
            self._published,
        )
        self._web = None if configuration.web is None else open_web(configuration, configuration.web)
        self._servers: list[Server] = []
        self._gate: AccountGate | None = None

    def _listening(self, service: str) -> list[Server]:
        """The servers of both origins; `service` is the address of the first."""
        most, chosen = self._configuration.limits.connections, self._configuration
        application = service_application(self._state, service, self._web)
        if chosen.accounts is not None:
            self._gate = AccountGate(chosen, service, self._events)
            self._state.publication.announce_accounts(chosen, chosen.accounts.origin or service)
            application = beside(self._gate, application)
        return [
            server(application, most, tells_prefix=self._gate is not None),
            server(relay_application(self._state), most),
        ]

    async def run(self) -> None:
        """Listen, say READY, serve until a signal, drain. Raises CannotListen."""
        sockets = [bind(self._configuration.service), bind(self._configuration.relay)]
        service, relay = (origin_of(each) for each in sockets)
        self._servers = self._listening(service)
        background: list[asyncio.Task[None]] = []
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        serving = [asyncio.create_task(each.serve([bound])) for each, bound in zip(self._servers, sockets, strict=True)]
        for each in self._servers:
            await each.listening.wait()
        if self._published is not None:
            await self._poller.look(self._published)
        await self._poller.store()
        print("READY " + json.dumps({"relay": relay, "service": service}, sort_keys=True), flush=True)
        self._events.emit("started", nodes=len(self._configuration.nodes))
        background = [asyncio.create_task(self._poller.run()), asyncio.create_task(self._count())]
        if self._gate is not None:
            background.append(asyncio.create_task(self._gate.run()))
        await asyncio.gather(*serving)
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
        await self._state.upstreams.close()
        if self._gate is not None:
            await self._gate.close()
        self._report_counts()
        self._events.emit("stopped")

    def _stop(self) -> None:
        first = not any(each.should_exit for each in self._servers)
        if first:
            self._events.emit("stopping", streams=self._state.streams.open)
        if self._gate is not None:
            self._gate.end_streams()
        for each in self._servers:
            each.force_exit = not first
            each.should_exit = True

    async def _count(self) -> None:
        while True:
            await asyncio.sleep(COUNT_SECONDS)
            self._report_counts()

    def _report_counts(self) -> None:
        counts = {name: number for name, number in self._state.counts.items() if number}
        self._state.counts.clear()
        if counts:
            self._events.emit("counts", **counts)


def main_loop(configuration: Configuration) -> None:
    """Run the process to its end. Raises CannotListen, ConfigurationRefused."""
    import uvloop

    events = Events(lambda text: print(text, file=sys.stderr, flush=True))
    silence(events)
    allow_many_files()
    uvloop.run(Process(configuration, events).run())
