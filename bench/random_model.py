"""A Llama of random weights as a GGUF file: for benchmarks and tests, where speed and shape matter and sense does not.

Standard library only, so that every environment can build it. One byte of text is one token; generated text is letters,
because only their rows of the embedding are not zero. Run: `python bench/random_model.py OUT.gguf [tiny|bench|large]`.
"""

import random
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

F32, Q8_0 = 0, 8
ALIGNMENT = 32
BLOCK = 32  # weights under one scale in Q8_0
UINT32, FLOAT32, BOOL, STRING, ARRAY, INT32 = 4, 6, 7, 8, 9, 5
NORMAL, CONTROL = 1, 3
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


@dataclass(frozen=True)
class Shape:
    """Sizes of the network; every one a multiple of 32."""

    vocabulary: int
    hidden: int
    layers: int
    heads: int
    feed_forward: int
    context: int
    pooling: int | None = None
    """How vectors are taken from it, as llama.cpp numbers it: 1 the mean, 3 the last token. None: it embeds nothing."""

    @property
    def parameters(self) -> int:
        block = 4 * self.hidden**2 + 3 * self.hidden * self.feed_forward + 2 * self.hidden
        return self.vocabulary * self.hidden + self.layers * block + self.hidden


SHAPES = {
    "tiny": Shape(vocabulary=512, hidden=128, layers=4, heads=4, feed_forward=352, context=4096),
    "bench": Shape(vocabulary=4096, hidden=512, layers=8, heads=8, feed_forward=1408, context=4096),
    "large": Shape(vocabulary=8192, hidden=768, layers=12, heads=12, feed_forward=2048, context=4096),
    "real": Shape(vocabulary=8192, hidden=960, layers=32, heads=15, feed_forward=2560, context=4096),
}
"""The last one is as large as the smallest models that people chat with."""


def build(path: Path, shape: Shape, seed: int = 1) -> None:
    """Write the model of this shape and seed; the same arguments give the same bytes."""
    rng = random.Random(seed)
    tensors = list(_tensors(shape))
    metadata = list(_metadata(shape))
    header = [b"GGUF", struct.pack("<IQQ", 3, len(tensors), len(metadata)), *metadata]
    offset = 0
    for name, dimensions, kind in tensors:
        sizes = b"".join(struct.pack("<Q", size) for size in dimensions)
        header.append(_text(name) + struct.pack("<I", len(dimensions)) + sizes + struct.pack("<IQ", kind, offset))
        offset += _padded(_bytes_of(dimensions, kind))
    with path.open("wb") as out:
        head = b"".join(header)
        out.write(head.ljust(_padded(len(head)), b"\0"))
        for name, dimensions, kind in tensors:
            data = struct.pack("<f", 1.0) * dimensions[0] if kind == F32 else _weights(name, dimensions, rng)
            out.write(data.ljust(_padded(len(data)), b"\0"))


def _tensors(shape: Shape) -> Iterator[tuple[str, tuple[int, ...], int]]:
    hidden, feed_forward = shape.hidden, shape.feed_forward
    yield "token_embd.weight", (hidden, shape.vocabulary), Q8_0
    for layer in range(shape.layers):
        yield f"blk.{layer}.attn_norm.weight", (hidden,), F32
        for part in ("q", "k", "v", "output"):
            yield f"blk.{layer}.attn_{part}.weight", (hidden, hidden), Q8_0
        yield f"blk.{layer}.ffn_norm.weight", (hidden,), F32
        yield f"blk.{layer}.ffn_gate.weight", (hidden, feed_forward), Q8_0
        yield f"blk.{layer}.ffn_up.weight", (hidden, feed_forward), Q8_0
        yield f"blk.{layer}.ffn_down.weight", (feed_forward, hidden), Q8_0
    yield "output_norm.weight", (hidden,), F32


def _weights(name: str, dimensions: tuple[int, ...], rng: random.Random) -> bytes:
    width = dimensions[0]
    if name != "token_embd.weight":
        return _row(1.7 / width**0.5, width * dimensions[1], rng)
    tokens = _tokens(dimensions[1])
    silent = struct.pack("<e32x", 0.0) * (width // BLOCK)
    return b"".join(_row(3 / width**0.5, width, rng) if _spoken(token) else silent for token in tokens)


def _row(deviation: float, count: int, rng: random.Random) -> bytes:
    scale = struct.pack("<e", deviation / 74)  # 74: the standard deviation of a uniform signed byte
    return b"".join(scale + rng.randbytes(BLOCK) for _ in range(count // BLOCK))


def _spoken(token: str) -> bool:
    return token.isascii() and token.isalpha()


def _bytes_of(dimensions: tuple[int, ...], kind: int) -> int:
    count = 1
    for size in dimensions:
        count *= size
    return count * 4 if kind == F32 else count // BLOCK * (2 + BLOCK)


def _padded(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT


def _text(text: str) -> bytes:
    return struct.pack("<Q", len(text.encode())) + text.encode()


def _byte_names() -> list[str]:
    """The visible character that stands for each byte in a byte-level vocabulary."""
    visible = [*range(33, 127), *range(161, 173), *range(174, 256)]
    names = {byte: chr(byte) for byte in visible}
    rest = (byte for byte in range(256) if byte not in names)
    names |= {byte: chr(256 + place) for place, byte in enumerate(rest)}
    return [names[byte] for byte in range(256)]


def _tokens(vocabulary: int) -> list[str]:
    rng = random.Random(0)
    tokens = [*SPECIAL, *_byte_names()]
    known = set(tokens)
    while len(tokens) < vocabulary:
        token = "".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=4))
        if token not in known:
            known.add(token)
            tokens.append(token)
    return tokens


def _metadata(shape: Shape) -> Iterator[bytes]:
    def entry(key: str, kind: int, data: bytes) -> bytes:
        return _text(key) + struct.pack("<I", kind) + data

    def number(key: str, value: int) -> bytes:
        return entry(key, UINT32, struct.pack("<I", value))

    def array(key: str, kind: int, items: list[bytes]) -> bytes:
        return entry(key, ARRAY, struct.pack("<IQ", kind, len(items)) + b"".join(items))

    tokens = _tokens(shape.vocabulary)
    yield entry("general.architecture", STRING, _text("llama"))
    yield entry("general.name", STRING, _text("random weights"))
    yield number("llama.block_count", shape.layers)
    yield number("llama.context_length", shape.context)
    yield number("llama.embedding_length", shape.hidden)
    yield number("llama.feed_forward_length", shape.feed_forward)
    yield number("llama.attention.head_count", shape.heads)
    yield number("llama.attention.head_count_kv", shape.heads)
    yield number("llama.rope.dimension_count", shape.hidden // shape.heads)
    if shape.pooling is not None:
        yield number("llama.pooling_type", shape.pooling)
    yield number("llama.vocab_size", shape.vocabulary)
    yield entry("llama.rope.freq_base", FLOAT32, struct.pack("<f", 10_000.0))
    yield entry("llama.attention.layer_norm_rms_epsilon", FLOAT32, struct.pack("<f", 1e-5))
    yield entry("tokenizer.ggml.model", STRING, _text("gpt2"))
    yield entry("tokenizer.ggml.pre", STRING, _text("smollm"))
    yield array("tokenizer.ggml.tokens", STRING, [_text(token) for token in tokens])
    kinds = [CONTROL if token in SPECIAL else NORMAL for token in tokens]
    yield array("tokenizer.ggml.token_type", INT32, [struct.pack("<i", kind) for kind in kinds])
    yield array("tokenizer.ggml.merges", STRING, [])
    yield number("tokenizer.ggml.bos_token_id", 0)
    yield number("tokenizer.ggml.eos_token_id", 2)
    yield entry("tokenizer.ggml.add_bos_token", BOOL, b"\0")
    yield entry("tokenizer.chat_template", STRING, _text(TEMPLATE))


if __name__ == "__main__":
    chosen = SHAPES[sys.argv[2] if len(sys.argv) > 2 else "bench"]
    build(Path(sys.argv[1]), chosen)
    sys.stdout.write(f"{chosen.parameters / 1e6:.1f} M parameters, {Path(sys.argv[1]).stat().st_size} bytes\n")
