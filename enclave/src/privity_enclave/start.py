"""Start-up and shut-down of a node as a list of steps. Each step establishes one thing or raises StartFailed.

Source: specs/node-http.md, "Start-up". Nothing serves before everything is measured, and nothing changes after that.
"""

import asyncio
import json
import os
import secrets
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from privity_protocol import canonical
from privity_protocol.errors import Malformed

from privity_enclave import configuration, events, runtime
from privity_enclave.answers import Answers
from privity_enclave.configuration import MAX_CONFIGURATION, Configuration
from privity_enclave.engine.adapter import Adapter
from privity_enclave.engine.serving import EngineSet, open_engines
from privity_enclave.failure import StartFailed
from privity_enclave.hardware import Hardware, HardwareFailed
from privity_enclave.hardware.find import SIMULATED, find
from privity_enclave.hardware.nvidia import Nvidia
from privity_enclave.hardware.simulated import NOTICE
from privity_enclave.keys import Clock, KeyRing, Statement
from privity_enclave.listener import Server, bind, make_server
from privity_enclave.metering import Meter
from privity_enclave.node import Node
from privity_enclave.operations import Operations

MAX_RELEASE: Final = 65_535  # bytes; the longest leaf of a log
CLOCK: Final = Clock(wall=lambda: int(time.time()), steady=lambda: time.clock_gettime(time.CLOCK_BOOTTIME))


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says: where things are, never how the node behaves."""

    config: Path
    release: Path
    listen: str
    simulated_root: Path | None
    collateral: Path | None
    anchor: Path | None
    models: Mapping[str, Path]


@dataclass(frozen=True, slots=True)
class Documents:
    """The two documents that come from outside: measured, and published with the evidence."""

    configuration: bytes
    release: bytes


async def run(options: Options) -> None:
    """Start, serve until SIGTERM or SIGINT, drain. A second signal ends the process at once. Raises StartFailed."""
    stopping = _signals()
    async with AsyncExitStack() as stack:
        documents = read_documents(options)
        settings = configuration.decode(documents.configuration)
        hardware = find(settings.hardware, simulated_root=options.simulated_root)
        devices = find_devices(settings)
        engines = open_engines(settings, options.models, run_dir=_run_folder(stack))
        stack.push_async_callback(engines.close)
        runtime_log = _measure(hardware, documents, engines)
        await engines.start()
        node = make_node(settings, documents, (hardware, devices), engines, runtime_log, options)
        listener = bind(options.listen)
        await _first_key(node, options.anchor, stopping)
        server = make_server(node)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        keeping = asyncio.create_task(node.keep())
        await _listening(server, serving)
        _ready(options, listener, hardware, engines, node)
        await asyncio.wait([serving, asyncio.create_task(stopping.wait())], return_when=asyncio.FIRST_COMPLETED)
        await node.drain()
        keeping.cancel()
        server.should_exit = True
        await serving


def read_documents(options: Options) -> Documents:
    """Read both documents. Raises StartFailed `configuration`, `release`."""
    release = _read(options.release, "release", MAX_RELEASE)
    try:
        canonical.decode(release, max_bytes=MAX_RELEASE)
    except Malformed as error:
        raise StartFailed("release", str(error)) from error
    return Documents(_read(options.config, "configuration", MAX_CONFIGURATION), release)


def find_devices(settings: Configuration) -> Nvidia:
    """Return the processors that the configuration names. Raises StartFailed `hardware_failed`."""
    try:
        return Nvidia(gpus=settings.devices.gpus, switches=settings.devices.switches)
    except HardwareFailed as error:
        raise StartFailed("hardware_failed", str(error)) from error


def make_node(
    settings: Configuration,
    documents: Documents,
    hardware: tuple[Hardware, Nvidia],
    engines: EngineSet,
    runtime_log: bytes,
    options: Options,
) -> Node:
    """Put a node together; it has no key yet."""
    statement = Statement(
        node=secrets.token_bytes(16),
        deploy=settings.deploy,
        profiles=tuple(settings.profiles),
        egress=settings.egress,
        models=tuple(model.id for model in settings.models),
        configuration_item=documents.configuration,
        models_item=engines.models_document(),
        release_item=documents.release,
        runtime_log=runtime_log,
        collateral=options.collateral,
        anchor=options.anchor,
    )
    answers = Answers(kept=settings.limits.resume_answers)
    boot = secrets.token_bytes(32)
    ring, item = KeyRing(*hardware, statement, CLOCK), statement.models_item
    paid = settings.metering
    meter = Meter(paid, settings.deploy, ring, CLOCK, Adapter(paid.ledger)) if paid else None
    operations = Operations(settings, engines.engines, answers, ring, models_item=item, boot=boot, meter=meter)
    return Node(settings, ring, operations, answers, CLOCK)


def _read(path: Path, what: str, most: int) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        raise StartFailed(what, f"{path.name} cannot be read: {error.strerror}") from error
    if len(data) > most:
        raise StartFailed(what, f"{path.name} has more than {most} bytes")
    return data


def _run_folder(stack: AsyncExitStack) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="privity-"))  # mode 0700; holds sockets only
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _measure(hardware: Hardware, documents: Documents, engines: EngineSet) -> bytes:
    try:
        return runtime.measure(hardware, configuration=documents.configuration, models=engines.models_document())
    except HardwareFailed as error:
        raise StartFailed("hardware_failed", str(error)) from error


async def _first_key(node: Node, anchor: Path | None, stopping: asyncio.Event) -> None:
    while anchor and not (anchor.exists() or stopping.is_set()):  # noqa: ASYNC110, ASYNC240
        await asyncio.sleep(0.05)
    try:
        node.keys.admit(await asyncio.to_thread(node.keys.begin))
    except HardwareFailed as error:
        raise StartFailed("hardware_failed", str(error)) from error
    except Malformed as error:
        raise StartFailed("anchor", str(error)) from error


async def _listening(server: Server, serving: "asyncio.Task[None]") -> None:
    while not server.started and not serving.done():  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    if serving.done():
        raise StartFailed("listen", "the listener did not start")


def _ready(options: Options, listener: socket.socket, hardware: Hardware, engines: EngineSet, node: Node) -> None:
    models = [model.id for model in node.configuration.models]
    simulated = hardware.platform.type in SIMULATED
    listen = options.listen
    if listen.startswith("tcp:"):
        listen = f"{listen.rpartition(':')[0]}:{listener.getsockname()[1]}"
    line = {
        "listen": listen,
        "hardware": hardware.platform.type,
        "simulated": simulated,
        "notice": NOTICE if simulated else None,
        "models": models,
        "engine_network": engines.network,
        "node": json.loads(node.keys.publish()),
    }
    sys.stdout.write(f"READY {json.dumps(line)}\n")
    sys.stdout.flush()
    events.write(events.Started(len(models)))


def _signals() -> asyncio.Event:
    stopping = asyncio.Event()

    def stop() -> None:
        if stopping.is_set():
            os._exit(1)
        stopping.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    return stopping
