"""Keeps the roles alive until told to stop, and says what it does."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from privity_client.errors import ClientError
from privity_client.serve.backoff import Backoff
from privity_client.serve.child import Child, trim
from privity_client.serve.plan import Role

Say = Callable[[str], None]


class Supervisor:
    """Owns the children. `start` brings all up, `watch` restarts what dies, `stop` ends all in order."""

    def __init__(self, roles: list[Role], logs: Path, say: Say) -> None:
        self._roles = roles
        self._logs = logs
        self._say = say
        self._children: dict[str, Child] = {}
        self.ready_lines: dict[str, str] = {}

    async def start(self) -> None:
        """Start all roles at once and wait until each is ready. Raises ClientError `role_failed`."""
        results = await asyncio.gather(*(self._start(role) for role in self._roles), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result

    async def watch(self) -> None:
        """Restart roles that end; runs until cancelled."""
        async with asyncio.TaskGroup() as group:
            for role in self._roles:
                group.create_task(self._keep(role))

    async def stop(self) -> None:
        """Stop in the order of the roles: the enclave first, so that running answers can still travel."""
        for role in self._roles:
            child = self._children.pop(role.name, None)
            if child is not None:
                await child.stop()

    async def _start(self, role: Role) -> None:
        child = await Child.start(role, self._log(role))
        self._children[role.name] = child
        self.ready_lines[role.name] = await child.ready()

    async def _keep(self, role: Role) -> None:
        backoff = Backoff()
        backoff.started(time.monotonic())
        while True:
            status = await self._children[role.name].ended()
            await self._children[role.name].stop()
            pause = backoff.died(time.monotonic())
            self._say(f"the {role.title} ended unexpectedly (exit {status}); starting it again in {pause:.0f} s")
            await asyncio.sleep(pause)
            trim(self._log(role))
            backoff.started(time.monotonic())
            try:
                await self._start(role)
            except ClientError as error:
                self._say(f"the {role.title} did not start: {error.detail}")
            else:
                self._say(f"the {role.title} is running again")

    def _log(self, role: Role) -> Path:
        return self._logs / f"{role.name}.log"
