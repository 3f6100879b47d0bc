"""A node that has been verified: the only thing the channel accepts."""

from dataclasses import dataclass
from typing import Final

from privity_protocol import canonical

MAX_MODELS_DOCUMENT: Final = 16_384
_DOCUMENT: Final = frozenset({"v", "models"})
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

    def offers(self, model: str) -> bool:
        """Whether the node serves `model`; the empty name means whichever comes first."""
        return not model or any(offered.id == model for offered in self.models)


def decode_models(data: bytes) -> tuple[OfferedModel, ...]:
    """Return the models of a `models` item, whose hash the node document carries. Raises Malformed."""
    top = canonical.members(canonical.decode(data, max_bytes=MAX_MODELS_DOCUMENT), _DOCUMENT, "models")
    canonical.integer(top["v"], "models.v", least=1, most=1)
    return tuple(_model(item) for item in canonical.entries(top["models"], "models.models", least=1, most=64))


def _model(value: object) -> OfferedModel:
    item = canonical.members(value, _MODEL, "model")
    return OfferedModel(
        id=canonical.text(item["id"], "model.id", longest=128),
        display=canonical.text(item["display"], "model.display", longest=80),
        context=canonical.integer(item["context"], "model.context", least=1, most=2**24),
        demonstration=canonical.boolean(item["demonstration"], "model.demonstration"),
    )
