"""A listener: uvicorn bounded by `connection`, silent in every log, and stopped by its owner alone."""

import asyncio
import logging
import os
import resource
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Protocol

import uvicorn

from privity_service.asgi import App
from privity_service.connection import WRITE_BUFFER, bounded
from privity_service.events import Events

DRAIN_SECONDS: Final = 20  # for answers in flight when asked to stop; the rest is cut
BACKLOG: Final = 1024


class Place(Protocol):
    """Where to listen; port 0 takes a free one."""

    @property
    def host(self) -> str: ...

    @property
    def port(self) -> int: ...


class CannotListen(Exception):
    """An address is taken or not ours."""

    reason = "listen"


class Server(uvicorn.Server):
    """A uvicorn server that leaves signals to the process."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and let those who wait know."""
        await super().startup(sockets=sockets)
        self.listening.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture nothing: two servers share one process."""
        yield


class Silence(logging.Handler):
    """Turns whatever a library logs into an event without text: tracebacks can hold what requests held."""

    def __init__(self, events: Events) -> None:
        super().__init__(logging.WARNING)
        self._events = events

    def emit(self, record: logging.LogRecord) -> None:
        """Report the kind of an unexpected exception and nothing else."""
        kind = record.exc_info[0] if record.exc_info else None
        if kind is not None and kind is not asyncio.CancelledError:
            self._events.emit("internal_error", kind=kind.__name__)


def bind(listener: Place) -> socket.socket:
    """Return a listening socket. Raises CannotListen."""
    family = socket.AF_INET6 if ":" in listener.host else socket.AF_INET
    try:
        bound = socket.create_server((listener.host, listener.port), family=family, backlog=BACKLOG)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else "unknown host"
        raise CannotListen(f"port {listener.port}: {reason}") from error
    # Inherited by connections; otherwise the kernel takes megabytes for each reader that stopped.
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, WRITE_BUFFER)
    return bound


def silence(events: Events) -> None:
    """Route every library's log through `Silence`; nothing else may reach standard error."""
    root = logging.getLogger()
    root.handlers[:] = [Silence(events)]
    root.setLevel(logging.WARNING)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "asyncio", "aiohttp"):
        logger = logging.getLogger(name)
        logger.handlers[:] = []
        logger.propagate = True


def allow_many_files() -> None:
    """Raise the soft limit of open files: each stream holds two."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def server(application: App, connections: int, *, tells_prefix: bool = False) -> Server:
    """Return a server that names no software, writes no access log and believes no forwarded header."""
    config = uvicorn.Config(
        application,
        http=bounded(connections, tells_prefix=tells_prefix),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        backlog=BACKLOG,
    )
    return Server(config)


def origin_of(bound: socket.socket) -> str:
    """Return the address of a listening socket, as a person types it."""
    host, port = bound.getsockname()[:2]
    shown = "localhost" if host in {"127.0.0.1", "::1"} else (f"[{host}]" if ":" in host else host)
    return f"http://{shown}:{port}"
