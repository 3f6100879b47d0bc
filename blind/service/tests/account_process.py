"""The service as a real process with a database of its own, for crashes and for figures."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from member import ORIGIN, Member


@dataclass
class ServiceProcess:
    """`python -m privity_service run` in a folder; `database` is a URL, None the service's own SQLite file."""

    folder: Path
    database: str | None = None
    registration: str = "open"
    process: Process | None = None
    origin: str = ""
    configuration: dict[str, Any] = field(default_factory=dict)

    @property
    def config(self) -> Path:
        return self.folder / "service.json"

    def write(self) -> None:
        """Write the configuration: any free ports, a node that is not there, prefixes from a header."""
        accounts = {"origin": ORIGIN, "believe_forwarded_for": True, "new_per_prefix_day": 1000}
        document = {
            "v": 1,
            "deploy": "tried",
            "service": {"host": "127.0.0.1", "port": 0},
            "relay": {"host": "127.0.0.1", "port": 0},
            "nodes": [f"unix:{self.folder}/nowhere"],
            "state": str(self.folder / "state"),
            "public_run_origin": "http://localhost:1",
            "published": None,
            "logs": [],
            "registration": self.registration,
            "database": {"url": self.database},
            "accounts": accounts | self.configuration,
        }
        self.config.write_text(json.dumps(document))

    async def start(self) -> None:
        """Start it and wait until it listens."""
        self.write()
        command = [sys.executable, "-m", "privity_service", "run", "--config", str(self.config)]
        with (self.folder / "stderr").open("ab") as errors:
            self.process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=errors)
        assert self.process.stdout is not None
        ready = await self.process.stdout.readline()
        assert ready.startswith(b"READY "), ready
        self.origin = json.loads(ready[6:])["service"].replace("localhost", "127.0.0.1")

    def kill(self) -> None:
        """SIGKILL, now."""
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGKILL)

    async def stop(self) -> None:
        """Ask it to end, and wait."""
        assert self.process is not None
        if self.process.returncode is None:
            self.process.terminate()
        await self.ended()

    async def ended(self) -> None:
        """Wait for the end of a process that was killed."""
        assert self.process is not None
        await self.process.communicate()

    def client(self, prefix: int = 0) -> httpx.AsyncClient:
        """A client from some network."""
        address = f"10.{prefix >> 8 & 255}.{prefix & 255}.7"
        return httpx.AsyncClient(base_url=self.origin, timeout=60, headers={"x-forwarded-for": address})


async def member_at(service: ServiceProcess, prefix: int = 0) -> Member:
    """Somebody with an account at a running service; the client stays open."""
    member = Member(service.client(prefix))
    answer = await member.create()
    assert answer.status_code == 201, answer.text
    return member
