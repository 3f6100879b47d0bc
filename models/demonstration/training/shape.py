"""The shape and the name of the model, in one place for trainer, exporter and model.json."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

MODEL_ID, DISPLAY, LICENCE = "privity-demo", "Privity demonstration model", "Apache-2.0"


@dataclass(frozen=True)
class Shape:
    """A Llama: rotary attention, RMS norm, gated feed-forward, embedding shared with the output."""

    vocabulary: int = 2048
    hidden: int = 320
    layers: int = 7
    heads: int = 5
    feed_forward: int = 896
    context: int = 2048
    rope_base: float = 10_000.0
    norm_epsilon: float = 1e-5

    @property
    def head_size(self) -> int:
        return self.hidden // self.heads

    @property
    def parameters(self) -> int:
        block = 4 * self.hidden**2 + 3 * self.hidden * self.feed_forward + 2 * self.hidden
        return self.vocabulary * self.hidden + self.layers * block + self.hidden


def facts_about(path: Path, shape: Shape) -> dict[str, str | int | bool]:
    """What model.json says about the file at `path`."""
    data = path.read_bytes()
    return {
        "context": shape.context,
        "demonstration": True,
        "display": DISPLAY,
        "file": path.name,
        "id": MODEL_ID,
        "licence": LICENCE,
        "parameters": shape.parameters,
        "sha256": hashlib.sha256(data).hexdigest(),
        "size": len(data),
        "v": 1,
    }
