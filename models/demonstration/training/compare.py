"""Check an export: PyTorch and llama.cpp must continue the same prompts with the same tokens."""

import argparse
from pathlib import Path

import torch

from training.evaluate import answers
from training.examination import examination
from training.network import Network
from training.shape import Shape
from training.tokenizer import END, load_tokenizer, prompt


@torch.inference_mode()
def greedy(network: Network, ids: list[int], end: int, longest: int = 160) -> list[int]:
    """The most probable continuation, computed anew for every token: slow and plain."""
    said: list[int] = []
    while len(said) < longest:
        tokens = torch.tensor([ids + said])
        positions = torch.arange(tokens.shape[1]).unsqueeze(0)
        states = network(tokens, positions, torch.zeros_like(tokens))
        token = int(network.logits(states[:, -1]).argmax())
        if token == end:
            break
        said.append(token)
    return said


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare a checkpoint with the GGUF made from it.")
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("tokenizer", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("--count", type=int, default=5, help="prompts of each kind")
    a = parser.parse_args()
    saved = torch.load(a.checkpoint)
    network = Network(Shape(**saved["shape"])).eval()
    network.load_state_dict(saved["weights"])
    tokenizer = load_tokenizer(a.tokenizer)
    questions = examination(a.count)
    same = 0
    for question, reply in zip(questions, answers(a.model.resolve(), questions), strict=True):
        ids = tokenizer.encode(prompt(question.messages)).ids
        expected = tokenizer.decode(greedy(network, ids, tokenizer.token_to_id(END)))
        same += expected == reply
        if expected != reply:
            print(f"{question.messages[-1]['content']!r}\n  torch     {expected!r}\n  llama.cpp {reply!r}")
    print(f"{same} of {len(questions)} answers are the same in PyTorch (32 bits) and in llama.cpp (q8_0)")


if __name__ == "__main__":
    main()
