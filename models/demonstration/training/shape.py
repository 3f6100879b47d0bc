"""The shape of the network, in one place for trainer, exporter and model.json."""

from dataclasses import dataclass


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
