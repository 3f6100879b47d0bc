"""A node that has been verified: the only thing the channel accepts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from privity_protocol import canonical
from privity_protocol.limits import MAX_TOKENS_IN_HEADER

MAX_MODELS_DOCUMENT: Final = 16_384
_DOCUMENT: Final = frozenset({"v", "models"})
_PRICED: Final = frozenset({"chat", "embed"})
_MODEL: Final = frozenset({"id", "display", "sha256", "engine", "settings", "context", "demonstration"})


@dataclass(frozen=True)
class OfferedModel:
    """A model as the node's measured document names it; `context` in tokens."""

    id: str
    display: str
    context: int
    demonstration: bool


@dataclass(frozen=True)
class VerifiedNode:
    """What appraisal established about one key of one node. Times in Unix seconds; `digest` is H(ND) in hexadecimal."""

    digest: str
    document: bytes
    key: bytes
    profiles: tuple[str, ...]
    models: tuple[OfferedModel, ...]
    release: str
    kind: str
    simulated: bool
    valid_until: int
    appraised_at: int
    expires: int
    weight: int
    origin: str
    record: dict[str, object]
    prices: Mapping[str, int] = field(default_factory=dict)
    """Tokens that a request costs, by operation; what is not named is free."""

    def offers(self, model: str) -> bool:
        """Whether the node serves `model`; the empty name means whichever comes first."""
        return not model or any(offered.id == model for offered in self.models)


@dataclass(frozen=True)
class Offer:
    """What a node serves, and what a request costs by operation; no prices where it takes no tokens."""

    models: tuple[OfferedModel, ...]
    prices: Mapping[str, int]


def decode_models(data: bytes) -> Offer:
    """Return what a `models` item offers, whose hash the node document carries. Raises Malformed."""
    value = canonical.decode(data, max_bytes=MAX_MODELS_DOCUMENT)
    metered = isinstance(value, dict) and "prices" in value
    top = canonical.members(value, _DOCUMENT | ({"prices"} if metered else frozenset()), "models")
    canonical.integer(top["v"], "models.v", least=1, most=1)
    models = tuple(_model(item) for item in canonical.entries(top["models"], "models.models", least=1, most=64))
    return Offer(models, _prices(top["prices"]) if metered else {})


def _prices(value: object) -> dict[str, int]:
    found = canonical.members(value, _PRICED, "models.prices")
    return {name: canonical.integer(found[name], f"prices.{name}", most=MAX_TOKENS_IN_HEADER) for name in _PRICED}


def _model(value: object) -> OfferedModel:
    item = canonical.members(value, _MODEL, "model")
    return OfferedModel(
        id=canonical.text(item["id"], "model.id", longest=128),
        display=canonical.text(item["display"], "model.display", longest=80),
        context=canonical.integer(item["context"], "model.context", least=1, most=2**24),
        demonstration=canonical.boolean(item["demonstration"], "model.demonstration"),
    )
