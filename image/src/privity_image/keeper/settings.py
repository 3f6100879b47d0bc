"""What the keeper is told: one closed document of canonical JSON. Source: specs/keeper.md, section "Configuration"."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from privity_protocol import canonical
from privity_protocol.binding import NAME
from privity_protocol.errors import Malformed

from privity_image.errors import Failed

MAX_SETTINGS: Final = 64 * 1024  # bytes
MAX_NODES: Final = 125
"""Each node has at most two keys at a time, and a directory lists 250."""
LOGS: Final = ("release", "keys")
_MEMBERS: Final = frozenset(
    {
        "v", "deploy", "state", "published", "anchor", "policy", "token", "logs", "nodes", "fleet_keys", "bootstrap",
        "release", "simulated_root",
    }
)  # fmt: skip
_OPTIONAL: Final = frozenset({"web", "issuer"})
_LOG: Final = frozenset({"origin", "read", "append"})
_PATH: Final = "/[ -~]*"
_ADDRESS: Final = "(https?://[!-~]+|unix:/[ -~]*)"
_NODE: Final = r"(tcp:[!-~]+:[0-9]{1,5}|unix:/[ -~]*)"


@dataclass(frozen=True, slots=True)
class LogPlace:
    """One log: its origin, the address below which it is read, and the address that takes entries."""

    origin: str
    read: str
    append: str


@dataclass(frozen=True, slots=True)
class Settings:
    """The configuration; paths are absolute, `logs` is by `release` and `keys`."""

    deploy: str
    state: Path
    published: Path
    anchor: Path | None
    policy: Path
    token: Path
    logs: Mapping[str, LogPlace]
    nodes: tuple[str, ...]
    fleet_keys: tuple[Path, ...]
    bootstrap: bool
    release: Path | None
    simulated_root: Path | None
    web: Path | None = None
    issuer: str | None = None


def load(path: Path) -> Settings:
    """Return the settings in a file. Raises Failed `configuration`."""
    try:
        with path.open("rb") as file:
            return decode(file.read(MAX_SETTINGS + 1))
    except OSError as error:
        raise Failed("configuration", f"{path}: {error.strerror}") from error


def decode(data: bytes) -> Settings:
    """Return the settings in `data`. Raises Failed `configuration`."""
    try:
        value = canonical.decode(data, max_bytes=MAX_SETTINGS)
        given = _OPTIONAL & value.keys() if isinstance(value, dict) else frozenset[str]()
        return _settings(canonical.members(value, _MEMBERS | given, "keeper"))
    except Malformed as error:
        raise Failed("configuration", str(error)) from error


def _settings(value: Mapping[str, object]) -> Settings:
    canonical.integer(value["v"], "v", least=1, most=1)
    logs = canonical.members(value["logs"], frozenset(LOGS), "logs")
    nodes = tuple(_text(one, "nodes", _NODE) for one in canonical.entries(value["nodes"], "nodes", most=MAX_NODES))
    keys = canonical.entries(value["fleet_keys"], "fleet_keys", least=1, most=8)
    bootstrap = canonical.boolean(value["bootstrap"], "bootstrap")
    release, root = _optional(value["release"], "release"), _optional(value["simulated_root"], "simulated_root")
    web = _optional(value.get("web"), "web")
    issuer = value.get("issuer")
    if len(set(nodes)) != len(nodes):
        raise Malformed("member_value", "nodes: one is named twice")
    if bootstrap is (release is None) or bootstrap is (root is None):
        raise Malformed("member_value", "release and simulated_root belong to bootstrap")
    if web is not None and not bootstrap:
        raise Malformed("member_value", "web belongs to bootstrap; privity-release web logs it otherwise")
    return Settings(
        deploy=canonical.text(value["deploy"], "deploy", longest=64, pattern=NAME),
        state=_path(value["state"], "state"),
        published=_path(value["published"], "published"),
        anchor=_optional(value["anchor"], "anchor"),
        policy=_path(value["policy"], "policy"),
        token=_path(value["token"], "token"),
        logs={name: _log(logs[name]) for name in LOGS},
        nodes=nodes,
        fleet_keys=tuple(_path(one, "fleet_keys") for one in keys),
        bootstrap=bootstrap,
        release=release,
        simulated_root=root,
        web=web,
        issuer=None if issuer is None else _text(issuer, "issuer", _ADDRESS).rstrip("/"),
    )


def _log(value: object) -> LogPlace:
    log = canonical.members(value, _LOG, "log")
    return LogPlace(
        origin=canonical.text(log["origin"], "origin", longest=255),
        read=_text(log["read"], "read", "https?://[!-~]+").rstrip("/"),
        append=_text(log["append"], "append", _ADDRESS).rstrip("/"),
    )


def _text(value: object, what: str, pattern: str) -> str:
    return canonical.text(value, what, longest=1024, pattern=pattern)


def _path(value: object, what: str) -> Path:
    return Path(_text(value, what, _PATH))


def _optional(value: object, what: str) -> Path | None:
    return None if value is None else _path(value, what)
