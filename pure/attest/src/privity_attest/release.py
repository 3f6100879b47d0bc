"""Reference values and their subjects: the release leaf and the models document. Source: specs/release.md."""

from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from typing import Final

from privity_protocol import canonical
from privity_protocol.binding import NAME
from privity_protocol.errors import Malformed

from privity_attest import reference_values
from privity_attest.reference_values import Platforms

MAX_RELEASE: Final = 65_535  # bytes, the longest leaf of a log
MAX_MODELS: Final = 16 * 1024  # bytes
MAX_PRICE: Final = 64  # tokens, as many as a request may carry
_RELEASE = frozenset(
    {"v", "t", "name", "version", "source", "platforms", "configuration", "models", "not_before", "flags"}
)
_MODEL = frozenset({"id", "display", "sha256", "engine", "settings", "context", "demonstration"})
_MODEL_ID = r"[A-Za-z0-9][A-Za-z0-9._:/-]*"

EMERGENCY: Final = "emergency"
"""Flag of a release that may run less than a day after it was logged; clients show it."""


@dataclass(frozen=True, slots=True)
class Release:
    """A release: its values by platform kind, digests it allows, Unix seconds when it may begin."""

    name: str
    version: str
    source: str
    platforms: Platforms
    configuration: tuple[bytes, ...]
    models: tuple[bytes, ...]
    not_before: int
    flags: tuple[str, ...]
    leaf_hash: bytes


@dataclass(frozen=True, slots=True)
class Model:
    """One served model with the SHA-256 of each of its weight files."""

    id: str
    display: str
    sha256: tuple[bytes, ...]
    engine: str
    settings: bytes
    context: int
    demonstration: bool


@dataclass(frozen=True, slots=True)
class Prices:
    """Tokens that one request costs, by operation; what is not named here costs nothing."""

    chat: int
    embed: int


def decode(leaf: bytes) -> Release:
    """Return the release whose log leaf is exactly `leaf`. Raises Malformed."""
    value = canonical.members(canonical.decode(leaf, max_bytes=MAX_RELEASE), _RELEASE, "release")
    canonical.integer(value["v"], "v", least=1, most=1)
    canonical.text(value["t"], "t", longest=7, pattern="release")
    flags = canonical.entries(value["flags"], "flags", most=16)
    return Release(
        name=canonical.text(value["name"], "name", longest=64),
        version=canonical.text(value["version"], "version", longest=64),
        source=canonical.text(value["source"], "source", longest=64, pattern="local|[0-9a-f]{40}|[0-9a-f]{64}"),
        platforms=reference_values.decode(value["platforms"]),
        configuration=_digests(value["configuration"], "configuration"),
        models=_digests(value["models"], "models"),
        not_before=canonical.integer(value["not_before"], "not_before"),
        flags=tuple(canonical.text(flag, "flags", longest=32, pattern=NAME) for flag in flags),
        leaf_hash=sha256(b"\0" + leaf).digest(),
    )


def decode_models(data: bytes) -> tuple[Model, ...]:
    """Return the models of a models document, the default one first. Raises Malformed."""
    entries = canonical.entries(_models(data)[0], "models", least=1, most=64)
    models = tuple(_model(entry) for entry in entries)
    if len({model.id for model in models}) != len(models):
        raise Malformed("member_value", "models: id repeated")
    return models


def decode_prices(data: bytes) -> Prices | None:
    """Return what requests cost by a models document, None where they cost nothing. Raises Malformed."""
    return _models(data)[1]


def _models(data: bytes) -> tuple[object, Prices | None]:
    decoded = canonical.decode(data, max_bytes=MAX_MODELS)
    priced = {"prices"} if isinstance(decoded, dict) and "prices" in decoded else set()
    value = canonical.members(decoded, frozenset({"v", "models"} | priced), "models document")
    canonical.integer(value["v"], "v", least=1, most=1)
    if not priced:
        return value["models"], None
    found = canonical.members(value["prices"], frozenset({"chat", "embed"}), "prices")
    prices = (canonical.integer(found[op], f"prices.{op}", most=MAX_PRICE) for op in ("chat", "embed"))
    return value["models"], Prices(*prices)


def _digests(value: object, what: str) -> tuple[bytes, ...]:
    entries = canonical.entries(value, what, least=1, most=256)
    digests = tuple(canonical.from_hex(digest, what, size=32) for digest in entries)
    if any(second <= first for first, second in pairwise(digests)):
        raise Malformed("member_value", f"{what} not strictly ascending")
    return digests


def _model(value: object) -> Model:
    model = canonical.members(value, _MODEL, "model")
    files = canonical.entries(model["sha256"], "sha256", least=1, most=64)
    return Model(
        id=canonical.text(model["id"], "id", longest=128, pattern=_MODEL_ID),
        display=canonical.text(model["display"], "display", longest=128),
        sha256=tuple(canonical.from_hex(digest, "sha256", size=32) for digest in files),
        engine=canonical.text(model["engine"], "engine", longest=64),
        settings=canonical.from_hex(model["settings"], "settings", size=32),
        context=canonical.integer(model["context"], "context", least=1),
        demonstration=canonical.boolean(model["demonstration"], "demonstration"),
    )
