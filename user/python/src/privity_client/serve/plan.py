"""What a local installation consists of, as data: the documents to write and the processes to start.

Sources: specs/configuration.md (the node), specs/release.md, the blind service's own configuration. No process and no
file is touched here.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from privity_protocol import canonical

from privity_client.models.shelf import DEMONSTRATION, ShelfModel
from privity_client.serve.home import Home

DEPLOY: Final = "local"
LOGS: Final = ("release", "keys")
"""Last parts of the origins of both logs."""
RELEASE_NAME: Final = "privity-enclave"
SLOTS_DEMONSTRATION: Final = 4
SLOTS: Final = 2
MAX_LOCAL_CONTEXT: Final = 16_384
"""Tokens; the memory of a chat's cache grows with it, and a local machine has little."""
LIMITS: Final[dict[str, int]] = {
    "sessions": 20_000,
    "concurrent_runs": 64,
    "request_bytes": 2**28,
    "request_seconds": 60,
    "answer_seconds": 600,
    "resume_answers": 256,
    "challenges_per_minute": 60,
    "drain_seconds": 3,
}


@dataclass(frozen=True)
class Ports:
    """Six ports in a row: the page, the relay, the node, the public files of the logs, the witness, new log entries."""

    service: int

    @property
    def relay(self) -> int:
        """The origin that carries the channel."""
        return self.service + 1

    @property
    def node(self) -> int:
        """Where the relay reaches the node; nobody else needs it."""
        return self.service + 2

    @property
    def log(self) -> int:
        """Where anybody reads both logs."""
        return self.service + 3

    @property
    def witness(self) -> int:
        """Where the logs reach their witness."""
        return self.service + 4

    @property
    def append(self) -> int:
        """Where entries are taken from those who know the log's token."""
        return self.service + 5

    def log_address(self, name: str) -> str:
        """Return the address below which the log with this last part of its origin is read."""
        return f"http://localhost:{self.log}/{name}"

    @property
    def origin(self) -> str:
        """What a person opens and what `--url` takes."""
        return f"http://localhost:{self.service}"

    def all(self) -> tuple[int, ...]:
        """Return every port that must be free."""
        return (self.service, self.relay, self.node, self.log, self.witness, self.append)


@dataclass(frozen=True)
class Role:
    """One process: `title` is for a person, `argv` the whole command, `grace` the seconds it may take to stop."""

    name: str
    title: str
    argv: tuple[str, ...]
    grace: float


def node_configuration(models: Sequence[ShelfModel], metering: Mapping[str, object] | None = None) -> bytes:
    """Return the measured configuration of the local node; `metering` says which tokens requests must carry."""
    return canonical.encode(
        {
            "v": 1,
            "deploy": DEPLOY,
            "models": [_model(model) for model in models],
            "engine": {"kind": "embedded", "url": None, "profile": "xllamacpp", "network_isolation": "best_effort"},
            "profiles": ["p0", "p1", "p2"],
            "egress": "none",
            "limits": dict(LIMITS),
            "hardware": ["simulated"],
            "devices": {"gpus": 0, "switches": 0},
            "metering": metering,
        }
    )


def _model(model: ShelfModel) -> dict[str, object]:
    demonstration = model.origin == DEMONSTRATION
    return {
        "id": model.id,
        "display": model.display[:64],
        "demonstration": demonstration,
        "engine": "embedded",
        "file": model.path.name,
        "sha256": model.sha256,
        "size": model.size,
        "context": min(model.context, MAX_LOCAL_CONTEXT),
        "slots": SLOTS_DEMONSTRATION if demonstration else SLOTS,
        "template": None,
    }


def service_configuration(
    home: Home, ports: Ports, web: Path | None, accounts: Mapping[str, object] | None = None
) -> bytes:
    """Return the blind service's configuration for one local node; `web` is the folder of the web client, if any.

    `accounts` are settings of accounts that are not the default ones.
    """
    return canonical.encode(
        {
            **({} if accounts is None else {"accounts": accounts}),
            "v": 1,
            "deploy": DEPLOY,
            "service": {"host": "127.0.0.1", "port": ports.service},
            "relay": {"host": "127.0.0.1", "port": ports.relay},
            "nodes": [f"tcp:127.0.0.1:{ports.node}"],
            "state": str(home.service),
            "public_run_origin": f"http://localhost:{ports.relay}",
            "published": str(home.published),
            "logs": [{"origin": f"{DEPLOY}/{name}", "url": ports.log_address(name)} for name in LOGS],
            "web": None if web is None else {"folder": str(web)},
        }
    )


def release_leaf(
    *, version: str, registers: Mapping[str, str], configuration: str, models: Sequence[ShelfModel], not_before: int
) -> bytes:
    """Return the local release: what this very installation measures as. It is in no public log and says "local"."""
    return canonical.encode(
        {
            "v": 1,
            "t": "release",
            "name": RELEASE_NAME,
            "version": version,
            "source": "local",
            "platforms": {"simulated": {"0": registers["0"], "1": registers["1"]}},
            "configuration": [configuration],
            "models": sorted({model.sha256 for model in models}),
            "not_before": not_before,
            "flags": [],
        }
    )


def service_role(home: Home) -> Role:
    """Return the process of the blind service with its relay."""
    argv = (sys.executable, "-m", "privity_service", "run", "--config", str(home.service_configuration))
    return Role("service", "blind service and relay", argv, 5.0)


def node_role(home: Home, ports: Ports, models: Sequence[ShelfModel]) -> Role:
    """Return the process of the enclave."""
    argv = [sys.executable, "-m", "privity_enclave", "run", "--config", str(home.node_configuration)]
    argv += ["--release", str(home.release), "--listen", f"tcp:127.0.0.1:{ports.node}"]
    argv += ["--simulated-root", str(home.development_root), "--anchor", str(home.anchor)]
    for model in models:
        argv += ["--model", f"{model.id}={model.path}"]
    return Role("node", "test enclave", tuple(argv), LIMITS["drain_seconds"] + 5.0)
