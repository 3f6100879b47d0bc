"""From a GGUF file of this project back to a checkpoint, so that training can go on where an earlier run ended."""

import argparse
from pathlib import Path

import gguf
import numpy as np
import torch
from gguf.quants import dequantize
from tokenizers import Tokenizer

from training.export import interleaved, tensor_name
from training.network import Network
from training.shape import Shape
from training.tokenizer import SPECIAL, byte_level


def halves(weight: np.ndarray, heads: int) -> np.ndarray:
    """Undo `export.interleaved`: rows of a head back from neighbouring pairs to two halves."""
    rows, columns = weight.shape
    return weight.reshape(heads, rows // heads // 2, 2, columns).swapaxes(1, 2).reshape(rows, columns)


def weights_of(reader: gguf.GGUFReader, shape: Shape) -> dict[str, torch.Tensor]:
    """Every weight in 32 bits. What q8_0 rounded away stays away: a few hundred steps make up for it."""
    stored = {tensor.name: tensor for tensor in reader.tensors}
    weights: dict[str, torch.Tensor] = {}
    for name, expected in Network(shape).state_dict().items():
        tensor = stored.pop(tensor_name(name))
        weight = dequantize(tensor.data, tensor.tensor_type).reshape(tuple(expected.shape)).astype(np.float32)
        if name.endswith(("query.weight", "key.weight")):
            plain = halves(weight, shape.heads)
            if not np.array_equal(interleaved(plain, shape.heads), weight):
                raise ValueError(f"{name}: its rows do not come back in the order they had")
            weight = plain
        weights[name] = torch.from_numpy(weight.copy())
    if stored:
        raise ValueError(f"weights that this network lacks: {sorted(stored)}")
    return weights


def tokenizer_of(reader: gguf.GGUFReader) -> Tokenizer:
    """The tokenizer that the file carries: a checkpoint is worth nothing with another one."""
    tokens = reader.fields["tokenizer.ggml.tokens"].contents()
    merges = [tuple(merge.split(" ")) for merge in reader.fields["tokenizer.ggml.merges"].contents()]
    tokenizer = byte_level({token: number for number, token in enumerate(tokens)}, merges)
    tokenizer.add_special_tokens(list(SPECIAL))
    return tokenizer


def main() -> None:
    parser = argparse.ArgumentParser(description="Make checkpoint.pt and tokenizer.json from a GGUF file.")
    parser.add_argument("model", type=Path)
    parser.add_argument("folder", type=Path)
    a = parser.parse_args()
    a.folder.mkdir(parents=True, exist_ok=True)
    reader, shape = gguf.GGUFReader(a.model), Shape()
    tokenizer_of(reader).save(str(a.folder / "tokenizer.json"))
    record = {"tokens": 0.0, "seconds": 0.0}
    saved = {"weights": weights_of(reader, shape), "shape": vars(shape), "record": record}
    torch.save(saved, a.folder / "restart.pt")
    print(f"{sum(weight.numel() for weight in saved['weights'].values())} parameters in {a.folder / 'restart.pt'}")


if __name__ == "__main__":
    main()
