"""The ledger as a process: a listener, the writer, and once an hour the rows that are over."""

import asyncio
import json
import os
import signal
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

import uvicorn
from sqlalchemy import Engine, select
from sqlalchemy.exc import DBAPIError

from privity_service.accounts.database import engine_of
from privity_service.accounts.schema import upgrade
from privity_service.events import Events
from privity_service.ledger.application import Ledger, application
from privity_service.ledger.issuers import Issuers
from privity_service.ledger.nodes import Nodes
from privity_service.ledger.settings import Settings
from privity_service.ledger.tables import Purged
from privity_service.ledger.writer import Writer
from privity_service.listening import CannotListen, Server, silence

NEWEST: Final = "ledger_0001"
MIGRATIONS: Final = Path(__file__).parent / "migrations"
FILE: Final = "ledger.db"
PURGE_S: Final = 3600
_SOCKET_MODE: Final = 0o660


class StateUnfit(Exception):
    """The database lacks what a ledger may not guess."""

    reason = "state"


def now() -> int:
    """Unix seconds."""
    return int(time.time())


def bind(listen: str) -> tuple[socket.socket, str]:
    """A listening socket and its address; a socket file that nobody serves is replaced. Raises CannotListen."""
    kind, _, rest = listen.partition(":")
    try:
        if kind == "tcp":
            host, _, port = rest.rpartition(":")
            made = socket.create_server((host, int(port)))
            return made, f"tcp:{host}:{made.getsockname()[1]}"
        made = socket.socket(socket.AF_UNIX)
        with suppress(FileNotFoundError):
            _left_behind(rest)
        made.bind(rest)
        os.chmod(rest, _SOCKET_MODE)
        made.listen(1024)
    except (OSError, OverflowError) as error:
        raise CannotListen(str(getattr(error, "strerror", None) or "not an address")) from error
    return made, listen


def _left_behind(path: str) -> None:
    """Remove the socket of a process that was killed. Raises OSError when somebody serves it."""
    if not os.path.exists(path):
        return
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            os.unlink(path)
            return
    raise OSError(98, "somebody listens there")


def opened(settings: Settings) -> Engine:
    """The database with the newest tables. Raises SchemaTooNew, StateUnfit, OSError, DBAPIError."""
    state = Path(settings.state)
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = engine_of(settings.database or f"sqlite:///{state / FILE}")
    upgrade(engine, NEWEST, MIGRATIONS)
    with engine.connect() as connection:
        if connection.execute(select(Purged.day)).first() is None:
            raise StateUnfit("the row of `purged` is lost: old tokens could be spent again")
    return engine


async def serve(settings: Settings, events: Events) -> None:
    """Serve until SIGTERM or SIGINT. Raises CannotListen, SchemaTooNew, StateUnfit, OSError, DBAPIError."""
    engine = opened(settings)
    bound, address = bind(settings.listen)
    writer = Writer(engine, now)
    published = Path(settings.published)
    ledger = Ledger(Nodes(published, settings.deploy), Issuers(published), writer, now)
    config = uvicorn.Config(
        application(ledger),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=5,
    )
    server = Server(config)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, setattr, server, "should_exit", True)
    serving = asyncio.create_task(server.serve([bound]))
    await server.listening.wait()
    print("READY " + json.dumps({"listen": address}), flush=True)
    purging = asyncio.create_task(_purge(writer, events))
    try:
        await serving
    finally:
        purging.cancel()
        await asyncio.gather(purging, return_exceptions=True)
        await asyncio.to_thread(writer.close)
        engine.dispose()


async def _purge(writer: Writer, events: Events) -> None:
    while True:
        try:
            await asyncio.to_thread(writer.purge)
        except DBAPIError as error:
            events.emit("internal_error", kind=type(error).__name__)
        await asyncio.sleep(PURGE_S)


def run(settings: Settings) -> None:
    """Run the process to its end. Raises as `serve` does."""
    import uvloop

    events = Events(lambda text: print(text, file=sys.stderr, flush=True))
    silence(events)
    uvloop.run(serve(settings, events))
