"""A node that has been verified: the only thing the channel accepts."""

from collections.abc import Mapping
from dataclasses import dataclass, field


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
