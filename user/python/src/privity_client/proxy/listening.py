"""Where the proxy listens: this machine's own two addresses, both, so that nobody else can stand at one of them.

A program asks for `localhost` and takes whichever address answers. Were only one of the two ours, another user of the
machine could wait at the other for prompts and for the key.
"""

import errno
import resource
import socket
from contextlib import ExitStack
from typing import Final

import uvicorn

from privity_client.errors import ClientError
from privity_client.proxy.gate import App

BUFFER: Final = 65_536
"""Bytes that the kernel holds for a program that does not read."""
CONNECTIONS: Final = 512
HEAD: Final = 65_536
"""Bytes of a request's head."""
_FILES: Final = 4 * CONNECTIONS
"""Open files: a connection holds two, its own and one to the server; a desktop's usual limit is below that."""
_ADDRESSES: Final = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))
_ABSENT: Final = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})
_TRIES: Final = 16


def bound(port: int) -> list[socket.socket]:
    """Return sockets that listen on one port of every address of this machine alone; port 0: any that is free.

    Raises ClientError `port_in_use` when somebody else has the port on any of them.
    """
    for _ in range(_TRIES):
        try:
            return _bound(port)
        except OSError as error:
            if port or error.errno != errno.EADDRINUSE:
                raise ClientError("port_in_use", f"port {port}; --port names another") from error
    raise ClientError("port_in_use", "no port is free on both addresses")


def allow_many_files() -> None:
    """Raise the soft limit of open files, as far as the hard one lets it, to what so many connections need."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _bound(port: int) -> list[socket.socket]:
    with ExitStack() as held:
        made: list[socket.socket] = []
        for family, address in _ADDRESSES:
            try:
                one = held.enter_context(socket.create_server((address, port), family=family, backlog=128))
            except OSError as error:
                if error.errno in _ABSENT:
                    continue
                raise
            one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
            port = one.getsockname()[1]
            made.append(one)
        held.pop_all()
    return made


def configuration(application: App) -> uvicorn.Config:
    """Return how the server runs: HTTP/1.1 with bounds, without logs and headers of its own, believing no forwarder."""
    return uvicorn.Config(
        application,
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        limit_concurrency=CONNECTIONS,
        h11_max_incomplete_event_size=HEAD,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
    )
