"""The relay's configuration: one JSON file with a closed schema. Source: specs/relay-forwarder.md, "Configuration"."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal, TypeVar

import msgspec

MAX_CONFIGURATION: Final = 65_536  # bytes
MAX_LOGS: Final = 8
_HOST: Final = r"(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:]{2,45}\])(?::[0-9]{1,5})?"
_ORIGIN: Final = re.compile(rf"https?://{_HOST}")
_PREFIX: Final = re.compile(rf"(https?://{_HOST})((?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]{{0,63}}){{0,8}})")

Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]
Count = Annotated[int, msgspec.Meta(ge=1, le=100_000)]


class SettingsRefused(Exception):
    """The configuration cannot be used; the text says what is wrong and holds no value of it."""

    reason = "configuration"


class Listener(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the relay listens; port 0 takes a free one."""

    host: Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Za-z.:-]{1,253}$")]
    port: Port


class Log(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A log of the deployment: its origin, and the address below which its public files are read."""

    origin: Annotated[str, msgspec.Meta(pattern=r"^[!-~]{1,255}\Z")]
    url: Annotated[str, msgspec.Meta(max_length=800)]


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bounds on memory. Beyond `streams`: 503. Beyond `connections`: the connection is closed at once."""

    streams: Count = 2000
    connections: Count = 8000


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What relay and gateway are told. `public` is their own origin as clients reach it; null: that of the listener."""

    v: Literal[1]
    listen: Listener
    public: str | None
    service: str
    run: str
    logs: Annotated[list[Log], msgspec.Meta(max_length=MAX_LOGS)]
    limits: Limits = Limits()


class RelaySettings(Settings, frozen=True, forbid_unknown_fields=True):
    """The whole configuration of a relay. `gateway` is where Oblivious HTTP goes; null: nowhere."""

    gateway: str | None = None


Chosen = TypeVar("Chosen", bound=Settings)


@dataclass(frozen=True, slots=True)
class Place:
    """An origin that the operator of the relay named: the only kind of place that it ever asks."""

    base: str
    path: None = None


def split(url: str) -> tuple[Place, str]:
    """Return the origin of a log's address and what follows it. Raises SettingsRefused."""
    found = _PREFIX.fullmatch(url)
    if found is None:
        raise SettingsRefused("a log's url is an address such as https://log.example/release")
    return Place(found[1]), found[2]


def decode_as(data: bytes, kind: type[Chosen]) -> Chosen:
    """Return the configuration in `data`. Raises SettingsRefused."""
    if len(data) > MAX_CONFIGURATION:
        raise SettingsRefused(f"more than {MAX_CONFIGURATION} bytes")
    try:
        settings = msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SettingsRefused(str(error) or "not JSON") from error
    named = {"service": settings.service, "run": settings.run, "public": settings.public}
    named["gateway"] = getattr(settings, "gateway", None)
    for name, origin in named.items():
        if origin is not None and not _ORIGIN.fullmatch(origin):
            raise SettingsRefused(f"{name} is an origin such as https://chat.example")
    for log in settings.logs:
        split(log.url)
    if len({log.origin for log in settings.logs}) != len(settings.logs):
        raise SettingsRefused("a log is named twice")
    return settings


def read_as(path: Path, kind: type[Chosen]) -> Chosen:
    """Return the configuration in the file at `path`. Raises SettingsRefused."""
    try:
        with path.open("rb") as file:
            return decode_as(file.read(MAX_CONFIGURATION + 1), kind)
    except OSError as error:
        raise SettingsRefused(f"cannot be read: {error.strerror}") from error


def decode(data: bytes) -> RelaySettings:
    """Return a relay's configuration. Raises SettingsRefused."""
    return decode_as(data, RelaySettings)


def read(path: Path) -> RelaySettings:
    """Return a relay's configuration in a file. Raises SettingsRefused."""
    return read_as(path, RelaySettings)
