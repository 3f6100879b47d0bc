"""The service's configuration: one JSON file with a closed schema; an unknown member stops start-up.

Sources: specs/relay.md, section "Configuration"; docs/operating/accounts.md for what is about accounts.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from privity_service.accounts.settings import AccountSettings, DatabasePlace, Registration

MAX_CONFIGURATION = 65536  # bytes; far above 64 node addresses
_PREFIX = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~-]+)*")
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:]+\](:[0-9]{1,5})?")

Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]
Host = Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Za-z.:-]{1,253}$")]
Count = Annotated[int, msgspec.Meta(ge=1, le=100_000)]


class ConfigurationRefused(Exception):
    """The configuration cannot be used; the text says what is wrong and holds no value of it."""

    reason = "configuration"


class Listener(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where one of the two origins listens; port 0 takes a free one."""

    host: Host
    port: Port


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bounds on memory. Beyond `streams`: 503. Beyond `connections`: the connection is closed at once."""

    streams: Count = 2000
    connections: Count = 8000


class Log(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A log of this deployment: its origin, and the address below which its tiles are read."""

    origin: Annotated[str, msgspec.Meta(pattern=r"^[!-~]{1,255}\Z")]
    url: Annotated[str, msgspec.Meta(max_length=1024)]


class WebPlace(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a build of the web client lies: the folder that holds its index.html."""

    folder: Annotated[str, msgspec.Meta(min_length=1)]


class RelayOffer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A relay of others that is offered; `keys` is the SHA-256 of this deployment's gateway keys, for `ohttp` alone."""

    kind: Literal["forward", "ohttp"]
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
    url: Annotated[str, msgspec.Meta(pattern=r"^https?://[A-Za-z0-9._~:/\[\]-]{1,1000}\Z")]
    keys: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")] | None = None


class Configuration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole configuration."""

    v: Literal[1]
    deploy: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    service: Listener
    relay: Listener
    nodes: Annotated[list[str], msgspec.Meta(min_length=1, max_length=64)]
    state: Annotated[str, msgspec.Meta(min_length=1)]
    public_run_origin: str
    published: Annotated[str, msgspec.Meta(min_length=1)] | None
    logs: Annotated[list[Log], msgspec.Meta(max_length=8)]
    limits: Limits = Limits()
    web: WebPlace | None = None
    """Null serves no web client, but a page in words at `/`."""
    registration: Registration = "open"
    database: DatabasePlace = DatabasePlace()
    accounts: AccountSettings | None = AccountSettings()
    """Null keeps no accounts."""
    relays: Annotated[list[RelayOffer], msgspec.Meta(max_length=8)] = []


@dataclass(frozen=True, slots=True)
class NodeAddress:
    """Where a node listens: a socket path, or a host and a port."""

    path: str | None
    host: str
    port: int

    @property
    def base(self) -> str:
        """Return the origin to put before a route; behind a socket path the host is a placeholder."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}" if self.path is None else "http://node"


def parse_address(text: str) -> NodeAddress:
    """Return the address that `tcp:HOST:PORT`, `tcp:[HOST]:PORT` or `unix:/PATH` names. Raises ConfigurationRefused."""
    kind, _, rest = text.partition(":")
    if kind == "unix" and rest.startswith("/"):
        return NodeAddress(path=rest, host="", port=0)
    host, _, port = rest.rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if kind != "tcp" or not re.fullmatch(r"[0-9A-Za-z.:-]{1,253}", bare) or (":" in bare and bare == host):
        raise ConfigurationRefused("a node is tcp:HOST:PORT or unix:/PATH")
    if not re.fullmatch(r"[0-9]{1,5}", port) or not 0 < int(port) < 65536:
        raise ConfigurationRefused("a node's port is a number from 1 to 65535")
    return NodeAddress(path=None, host=bare, port=int(port))


def parse(data: bytes) -> Configuration:
    """Return the configuration in `data`. Raises ConfigurationRefused."""
    if len(data) > MAX_CONFIGURATION:
        raise ConfigurationRefused(f"more than {MAX_CONFIGURATION} bytes")
    try:
        configuration = msgspec.json.decode(data, type=Configuration)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigurationRefused(str(error) or "not JSON") from error
    if not _ORIGIN.fullmatch(configuration.public_run_origin):
        raise ConfigurationRefused("public_run_origin is an origin such as http://localhost:8081")
    if len(set(configuration.nodes)) != len(configuration.nodes):
        raise ConfigurationRefused("a node is named twice")
    for node in configuration.nodes:
        parse_address(node)
    if not Path(configuration.state).is_absolute():
        raise ConfigurationRefused("state is an absolute path")
    if configuration.published is not None and not Path(configuration.published).is_absolute():
        raise ConfigurationRefused("published is an absolute path or null")
    if any((offer.kind == "ohttp") != (offer.keys is not None) for offer in configuration.relays):
        raise ConfigurationRefused("a relay for ohttp, and no other, names the gateway's keys")
    if any(offer.kind == "forward" and not _ORIGIN.fullmatch(offer.url) for offer in configuration.relays):
        raise ConfigurationRefused("the url of a relay that forwards is an origin such as https://relay.example")
    if configuration.web is not None and not Path(configuration.web.folder).is_absolute():
        raise ConfigurationRefused("the folder of web is an absolute path")
    if not all(_PREFIX.fullmatch(log.url) for log in configuration.logs):
        raise ConfigurationRefused("a log's url is an address such as https://log.example/release")
    return configuration


def read(path: Path) -> Configuration:
    """Return the configuration in the file at `path`. Raises ConfigurationRefused."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigurationRefused(f"cannot be read: {error.strerror}") from error
    return parse(data)
