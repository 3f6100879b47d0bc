"""The course of `privity serve`: prepare, start, prove, say so, watch, stop. Each step is one line here."""

import asyncio
import contextlib
import json
import os
import signal
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from privity_client.errors import ClientError
from privity_client.models import catalogue, selection, shelf
from privity_client.models.shelf import ShelfModel
from privity_client.serve import preparation
from privity_client.serve.home import Home, home_path, locked, open_home, port_from
from privity_client.serve.keeper_plan import keeper_role
from privity_client.serve.log_plan import log_role, witness_role
from privity_client.serve.plan import Ports, Role, node_role, service_role
from privity_client.serve.plans_plan import Plans, ledger_role, port_of
from privity_client.serve.readiness import prove
from privity_client.serve.supervisor import Supervisor
from privity_client.web import bundle
from privity_client.web.bundle import Bundle

READY_SECONDS: Final = 60.0
"""Seconds that the started roles may take until the relay answers for the node."""
STILL_SECONDS: Final = 10.0
"""Seconds after which a long step says that it is still running."""
Say = Callable[[str], None]


@dataclass(frozen=True)
class Started:
    """What a person is told about, once it runs. `web` None: there is no page."""

    ports: Ports
    models: Sequence[ShelfModel]
    web: Bundle | None
    metered: bool = False


def serve(
    asked: Sequence[str],
    *,
    witnessed: bool,
    say: Say,
    announce: Callable[[Started], None],
    plans: Plans | None = None,
) -> int:
    """Run a local installation until SIGINT or SIGTERM; return the exit code. Raises ClientError before it is ready.

    With `plans` requests cost tokens; without them nothing is counted.
    """
    environment = dict(os.environ)
    home = open_home(home_path(environment))
    ports = Ports(port_from(environment))
    with locked(home):
        more = None if plans is None else port_of(home, ports)
        preparation.check_ports(ports, *([] if more is None else [more]))
        say(f"state in {_short(home.root)}")
        models = choose_models(home, asked)
        say(f"model {', '.join(model.id for model in models)}")
        # The enclave of this command is always a simulated one.
        web = bundle.find("test")
        say("web client: none in this installation" if web is None else f"web client {web.version} ({web.source[:12]})")
        prepare(home, ports, models, web, plans, witnessed=witnessed)
        started = Started(ports, models, web, metered=plans is not None)
        kept = roles(home, ports, models, witnessed=witnessed, metered=started.metered)
        return asyncio.run(_live(Supervisor(kept, home.logs, say), home, started, announce, say))


def choose_models(home: Home, asked: Sequence[str]) -> list[ShelfModel]:
    """Return what will be served. Raises ClientError `model_unknown`."""
    return selection.select(
        asked=asked,
        configured=selection.configured_models(home.settings),
        shelf=shelf.read_shelf(home.models),
        built_in=shelf.demonstration(),
        catalogue=catalogue.load(),
        memory_mib=selection.memory_mib(),
    )


def prepare(
    home: Home,
    ports: Ports,
    models: Sequence[ShelfModel],
    web: Bundle | None,
    plans: Plans | None = None,
    *,
    witnessed: bool,
) -> None:
    """Bring the folder to the state that the roles start from."""
    preparation.write_configurations(home, ports, models, web, plans)
    with ThreadPoolExecutor() as pool:  # each waits for tools of its own
        steps = [
            pool.submit(preparation.write_log_policy, home, ports, witnessed=witnessed),
            pool.submit(preparation.make_root, home),
            pool.submit(preparation.write_release, home, models, now=int(time.time())),
        ]
    for step in steps:
        step.result()


def roles(
    home: Home, ports: Ports, models: Sequence[ShelfModel], *, witnessed: bool, metered: bool = False
) -> list[Role]:
    """Return the processes in the order in which they stop: whoever is needed by another one later."""
    witnesses = [witness_role(home, ports)] if witnessed else []
    ledgers = [ledger_role(home)] if metered else []
    log = log_role(home, ports, witnessed=witnessed)
    return [node_role(home, ports, models), *ledgers, service_role(home), keeper_role(home), log, *witnesses]


async def _live(
    supervisor: Supervisor, home: Home, found: Started, announce: Callable[[Started], None], say: Say
) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    try:
        started = asyncio.ensure_future(_bring_up(supervisor, home, found, say))
        if not await _unless(stop, started):
            return 0
        announce(found)
        await _unless(stop, asyncio.ensure_future(supervisor.watch()))
        say("stopping")
        return 0
    finally:
        await supervisor.stop()
        say("stopped")


async def _bring_up(supervisor: Supervisor, home: Home, found: Started, say: Say) -> None:
    ledger = ", the ledger of spent tokens" if found.metered else ""
    say(f"starting the test enclave, the blind service{ledger}, the logs, their witness and the keeper")
    still = asyncio.ensure_future(_still(say))
    try:
        await supervisor.start()
        _say_isolation(supervisor.ready_lines.get("node", ""), say)
        say("verifying the node by the logs and through the relay")
        async with asyncio.timeout(READY_SECONDS):
            await prove(found.ports.origin, home, issues=found.metered)
    except TimeoutError:
        raise ClientError("not_ready", f"logs in {home.logs}") from None
    finally:
        still.cancel()


async def _still(say: Say) -> None:
    began = time.monotonic()
    while True:
        await asyncio.sleep(STILL_SECONDS)
        say(f"still starting ({time.monotonic() - began:.0f} s); large models take minutes")


async def _unless(stop: asyncio.Event, work: "asyncio.Future[None]") -> bool:
    """Wait for `work` or `stop`; return whether the work came to its end. Raises what the work raised."""
    stopping = asyncio.ensure_future(_set(stop))
    try:
        await asyncio.wait([stopping, work], return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            work.result()
            return True
        return False
    finally:
        for future in (stopping, work):
            future.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await future


async def _set(event: asyncio.Event) -> None:
    await event.wait()


def _say_isolation(ready: str, say: Say) -> None:
    with contextlib.suppress(ValueError, AttributeError):
        isolation = json.loads(ready).get("network_isolation")
        if isolation is False or isolation in ("none", "unavailable", "refused"):
            say("the kernel does not let the model engine be cut off from the network; it runs without that wall")


def _short(path: Path) -> str:
    with contextlib.suppress(ValueError, RuntimeError):
        return f"~/{path.relative_to(Path.home())}"
    return str(path)
