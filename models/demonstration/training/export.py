"""From a checkpoint to one GGUF file, and the facts about it in model.json."""

import argparse
import json
from pathlib import Path

import gguf
import numpy as np
import torch
from gguf.quants import quantize
from tokenizers import Tokenizer

from training.shape import DISPLAY, LICENCE, Shape, facts_about
from training.tokenizer import END, END_OF_TEXT, SPECIAL, TEMPLATE, load_tokenizer

QUANTISATION = gguf.GGMLQuantizationType.Q8_0
BLOCK_NAMES = {
    "attention_norm": "attn_norm",
    "query": "attn_q",
    "key": "attn_k",
    "value": "attn_v",
    "output": "attn_output",
    "feed_norm": "ffn_norm",
    "gate": "ffn_gate",
    "up": "ffn_up",
    "down": "ffn_down",
}


def interleaved(weight: np.ndarray, heads: int) -> np.ndarray:
    """Reorder rows: we rotate the two halves of a head against each other, llama.cpp rotates neighbours."""
    rows, columns = weight.shape
    return weight.reshape(heads, 2, rows // heads // 2, columns).swapaxes(1, 2).reshape(rows, columns)


def tensor_name(name: str) -> str:
    """The name llama.cpp knows a weight by."""
    if name.startswith("embedding"):
        return "token_embd.weight"
    if name.startswith("norm"):
        return "output_norm.weight"
    _, number, part, _ = name.split(".")
    return f"blk.{number}.{BLOCK_NAMES[part]}.weight"


def add_shape(writer: gguf.GGUFWriter, shape: Shape) -> None:
    writer.add_name(DISPLAY)
    writer.add_license(LICENCE)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.hidden)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.feed_forward)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.heads)
    writer.add_layer_norm_rms_eps(shape.norm_epsilon)
    writer.add_rope_dimension_count(shape.head_size)
    writer.add_rope_freq_base(shape.rope_base)
    writer.add_vocab_size(shape.vocabulary)


def add_tokenizer(writer: gguf.GGUFWriter, tokenizer: Tokenizer) -> None:
    """Tokens, merges and template. The pre-tokenizer "smollm" splits like ours: digits alone, then the GPT-2 rule."""
    described = json.loads(tokenizer.to_str())["model"]
    tokens = sorted(described["vocab"], key=described["vocab"].__getitem__)
    kinds = [gguf.TokenType.CONTROL if token in SPECIAL else gguf.TokenType.NORMAL for token in tokens]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges([" ".join(merge) for merge in described["merges"]])
    writer.add_eos_token_id(described["vocab"][END])
    writer.add_eot_token_id(described["vocab"][END])
    writer.add_pad_token_id(described["vocab"][END_OF_TEXT])
    writer.add_add_bos_token(False)
    writer.add_chat_template(TEMPLATE)


def export(checkpoint: Path, tokenizer: Tokenizer, target: Path) -> Shape:
    """Write the GGUF: matrices in q8_0, norms in 32 bits. The same checkpoint gives the same bytes."""
    saved = torch.load(checkpoint)
    shape = Shape(**saved["shape"])
    writer = gguf.GGUFWriter(target, "llama")
    add_shape(writer, shape)
    add_tokenizer(writer, tokenizer)
    for name, tensor in saved["weights"].items():
        weight = tensor.float().numpy()
        if name.endswith(("query.weight", "key.weight")):
            weight = interleaved(weight, shape.heads)
        if weight.ndim == 1:
            writer.add_tensor(tensor_name(name), weight)
        else:
            writer.add_tensor(tensor_name(name), quantize(weight, QUANTISATION), raw_dtype=QUANTISATION)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return shape


def main() -> None:
    parser = argparse.ArgumentParser(description="Export a checkpoint as GGUF and describe it in model.json.")
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("tokenizer", type=Path)
    parser.add_argument("target", type=Path)
    a = parser.parse_args()
    shape = export(a.checkpoint, load_tokenizer(a.tokenizer), a.target)
    facts = facts_about(a.target, shape)
    a.target.with_name("model.json").write_text(json.dumps(facts, separators=(",", ":"), sort_keys=True))
    print(json.dumps(facts, indent=1))


if __name__ == "__main__":
    main()
