"""The engines of one node: opened from the measured configuration, started, spoken to, closed.

Source: specs/models.md, section "Engines".
"""

import asyncio
import contextlib
import hashlib
import os
from collections.abc import AsyncGenerator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Final

from privity_protocol import canonical
from privity_protocol.chat import EmbedRequest

from privity_enclave import models
from privity_enclave.configuration import Configuration, Metering, Model
from privity_enclave.engine import child, inspection, isolation, request
from privity_enclave.engine.adapter import Adapter, Deadlines
from privity_enclave.engine.interface import EngineError, EngineEvent, EngineRequest
from privity_enclave.engine.profiles import PROFILES, Profile
from privity_enclave.engine.slots import Lease, LineFull, Slots
from privity_enclave.engine.supervisor import EngineProcess, Network, Orders
from privity_enclave.failure import StartFailed

FIRST_SECONDS: Final = 120.0  # until the first token of an answer: the prompt is read before it
IDLE_SECONDS: Final = 60.0  # between two pieces of an answer
LINE_SECONDS: Final = 60.0  # in line for a slot
RESTART_SECONDS: Final = 20.0  # that a request waits for an engine that is starting again


class Engine:
    """One model, ready to chat between `start` and `close`: what embedded and external ones share, which is slots, the
    line for them, the body, the stream.
    """

    def __init__(self, model: Model, profile: Profile, *, served: models.ServedModel) -> None:
        self.model = served
        self._context = model.context
        self._count = model.slots
        self._profile = profile
        self._isolation = isolation.Isolation(profile)
        self._slots: Slots[asyncio.Future[Lease]] = Slots(model.slots)

    async def chat(self, asked: EngineRequest) -> AsyncGenerator[EngineEvent, None]:
        """Answer one request; closing the generator stops it. Raises EngineError before or between events."""
        if isinstance(asked.body, EmbedRequest) and not self._isolation.embeds:
            raise EngineError("bad_request", field="model")
        self._bodies(asked, Lease(0, reuse=False))  # a bad request must not wait in line to learn that it is one
        lease = await self._lease(asked.owner)
        adapter = None
        try:
            adapter = await self._adapter()
            bodies = self._bodies(asked, lease)
            answer = adapter.embed(bodies) if isinstance(asked.body, EmbedRequest) else adapter.chat(*bodies)
            async with contextlib.aclosing(answer):
                async for event in answer:
                    yield event
        except EngineError as error:
            if error.code in ("crashed", "unavailable") and adapter is not None:
                await self._settle(adapter)
            if error.code == "bad_request":
                error.field = error.field or request.suspect(asked.body)
            raise
        finally:
            self._release(lease)

    async def _adapter(self) -> Adapter:
        raise NotImplementedError

    async def _settle(self, adapter: Adapter) -> None:
        """Wait until what broke `adapter` is known."""

    def _bodies(self, asked: EngineRequest, lease: Lease) -> list[bytes]:
        if isinstance(asked.body, EmbedRequest):
            return request.texts(asked.body, model=self.model.id)
        ours = self._isolation.fields(asked.owner, lease)
        return [request.body(asked.body, self._profile, model=self.model.id, context=self._context, isolation=ours)]

    async def _lease(self, owner: bytes) -> Lease:
        ticket: asyncio.Future[Lease] = asyncio.get_running_loop().create_future()
        try:
            lease = self._slots.ask(owner, ticket)
            if lease is not None:
                return lease
            async with asyncio.timeout(LINE_SECONDS):
                return await ticket
        except BaseException as error:
            self._slots.leave(ticket)
            # The turn may come in the moment in which the waiting ends.
            if ticket.done() and not ticket.cancelled():
                self._release(ticket.result())
            if isinstance(error, LineFull | TimeoutError):
                raise EngineError("overloaded") from None
            raise

    def _release(self, lease: Lease) -> None:
        following = self._slots.release(lease)
        if following is None:
            return
        ticket, next_lease = following
        if ticket.done():
            self._release(next_lease)
        else:
            ticket.set_result(next_lease)


class EmbeddedEngine(Engine):
    """A model in a child process of the node."""

    def __init__(self, model: Model, weights: int, *, orders: Orders, run_dir: Path, deadlines: Deadlines) -> None:
        profile = PROFILES["xllamacpp"]
        super().__init__(model, profile, served=_served(model, profile, f"xllamacpp {metadata.version('xllamacpp')}"))
        self._weights: int | None = weights
        self.process = EngineProcess(orders, run_dir=run_dir, deadlines=deadlines, warm_up=self._warm_up)

    async def start(self) -> None:
        """Start the child and warm it up. Raises StartFailed `engine`."""
        await self.process.start()

    async def close(self) -> None:
        """Kill the child and let go of the weights."""
        await self.process.close()
        if self._weights is not None:
            os.close(self._weights)
            self._weights = None

    async def _adapter(self) -> Adapter:
        return await self.process.usable(RESTART_SECONDS)

    async def _settle(self, adapter: Adapter) -> None:
        await self.process.settle(adapter)

    async def _warm_up(self, adapter: Adapter) -> None:
        await isolation.check(adapter, self._profile, self._bodies)
        await isolation.check_vectors(adapter, self._isolation, self._bodies)


class ExternalEngine(Engine):
    """A model in a server beside the node, inside the same trust boundary."""

    def __init__(self, model: Model, url: str, profile: Profile, *, deadlines: Deadlines) -> None:
        super().__init__(model, profile, served=_served(model, profile, profile.label))
        if profile.isolation == "none" and model.slots != 1:
            raise StartFailed("engine", f"{profile.name} keeps no chats apart: it needs slots 1, for a single user")
        self._external = Adapter(url, key=None, context=model.context, deadlines=deadlines)

    async def start(self) -> None:
        """Ask the server what it is, and refuse what is not safe. Raises StartFailed `engine`."""
        self._external.open()
        try:
            await inspection.inspect(self._external, self._profile, model=self.model.id, slots=self._count)
            await isolation.check(self._external, self._profile, self._bodies)
        except EngineError as error:
            await self.close()
            raise StartFailed("engine", f"{self._profile.name} does not answer: {error.code}") from error
        except StartFailed:
            await self.close()
            raise

    async def close(self) -> None:
        """Drop every connection to the server."""
        await self._external.close()

    async def _adapter(self) -> Adapter:
        return self._external


class EngineSet:
    """Every engine of the node, by model id, in the order of the configuration."""

    def __init__(self, engines: Mapping[str, EmbeddedEngine | ExternalEngine], metering: Metering | None) -> None:
        self.engines = engines
        self._prices = metering.prices if metering else None

    def models_document(self) -> bytes:
        """Return the `models` item of the evidence bundle. Raises StartFailed `models` when it is too long."""
        return models.document([engine.model for engine in self.engines.values()], self._prices)

    @property
    def network(self) -> Network | None:
        """Whether the engine processes are cut off from the network; None where there is none, or none has started."""
        found = {engine.process.network for engine in self.engines.values() if isinstance(engine, EmbeddedEngine)}
        return next((state for state in ("not_isolated", "isolated") if state in found), None)

    async def start(self) -> None:
        """Start every engine. Raises StartFailed `engine`; those that had started are closed."""
        try:
            for engine in self.engines.values():
                await engine.start()
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Close every engine."""
        for engine in self.engines.values():
            await engine.close()


def open_engines(configuration: Configuration, model_files: Mapping[str, Path], *, run_dir: Path) -> EngineSet:
    """Return engines whose weights are the configured ones, not started. `run_dir` is a folder for sockets.

    Raises ModelRefused when a file is missing, not the configured one, or for no configured model; StartFailed `engine`
    for an engine that may not be used as configured.
    """
    total = float(configuration.limits.answer_seconds)
    deadlines = Deadlines(first=min(FIRST_SECONDS, total), idle=min(IDLE_SECONDS, total), total=total)
    foreign = sorted(set(model_files) - {model.id for model in configuration.models if model.file is not None})
    if foreign:
        raise models.ModelRefused(foreign[0], "the configuration names no weight file for it")
    engines: dict[str, EmbeddedEngine | ExternalEngine] = {}
    with contextlib.ExitStack() as opened:
        for model in configuration.models:
            if configuration.engine.url is not None:
                profile = PROFILES[configuration.engine.profile]
                engines[model.id] = ExternalEngine(model, configuration.engine.url, profile, deadlines=deadlines)
                continue
            if model.id not in model_files:
                raise models.ModelRefused(model.id, "no file was given for it")
            weights = models.seal(model.id, model_files[model.id], sha256=model.sha256, size=model.size)
            opened.callback(os.close, weights)
            orders = Orders(weights, model.slots, model.context, model.template, configuration.engine.network_isolation)
            engines[model.id] = EmbeddedEngine(model, weights, orders=orders, run_dir=run_dir, deadlines=deadlines)
        opened.pop_all()
    return EngineSet(engines, configuration.metering)


def _served(model: Model, profile: Profile, engine: str) -> models.ServedModel:
    settings = {
        "v": 1,
        "profile": profile.name,
        "fields": sorted(profile.fields),
        "slots": model.slots,
        "context": model.context,
        "template": None if model.template is None else hashlib.sha256(model.template.encode()).hexdigest(),
        "child": child.SETTINGS if profile.name == "xllamacpp" else None,
    }
    return models.ServedModel(
        id=model.id,
        display=model.display,
        demonstration=model.demonstration,
        sha256=[model.sha256],
        engine=engine,
        settings=hashlib.sha256(canonical.encode(settings)).hexdigest(),
        context=model.context,
    )
