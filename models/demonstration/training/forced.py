"""Score a checkpoint without generating: is every token of the right answer the most probable one after those before?

If it is, greedy decoding says that answer; so this agrees with `evaluate` but for rounding, and needs one pass.
"""

import argparse
from collections import defaultdict
from pathlib import Path

import torch
from tokenizers import Tokenizer

from training.evaluate import table
from training.examination import Question, examination
from training.network import Network
from training.shape import Shape
from training.tokenizer import END, load_tokenizer, prompt

TOGETHER = 128


def _ids(question: Question, tokenizer: Tokenizer) -> tuple[list[int], int]:
    """The whole dialogue, and where its last answer starts."""
    asked = tokenizer.encode(prompt(question.messages)).ids
    return [*asked, *tokenizer.encode(question.answer).ids, tokenizer.token_to_id(END)], len(asked)


@torch.inference_mode()
def _right(network: Network, rows: list[tuple[list[int], int]], device: str) -> list[bool]:
    longest = max(len(ids) for ids, _ in rows)
    tokens = torch.tensor([ids + [0] * (longest - len(ids)) for ids, _ in rows], device=device)
    positions = torch.arange(longest, device=device).expand_as(tokens)
    best = network.logits(network(tokens, positions, torch.zeros_like(tokens))).argmax(-1)
    same = (best[:, :-1] == tokens[:, 1:]).cpu()
    return [bool(line[start - 1 : len(ids) - 1].all()) for line, (ids, start) in zip(same, rows, strict=True)]


def forced_scores(network: Network, tokenizer: Tokenizer, device: str, count: int) -> dict[str, tuple[int, int]]:
    """Right and asked for every row of the examination of this size."""
    questions = examination(count)
    rows = [_ids(question, tokenizer) for question in questions]
    order = sorted(range(len(rows)), key=lambda i: len(rows[i][0]))
    right: dict[int, bool] = {}
    for start in range(0, len(order), TOGETHER):
        chosen = order[start : start + TOGETHER]
        right |= dict(zip(chosen, _right(network, [rows[i] for i in chosen], device), strict=True))
    counted: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for index, question in enumerate(questions):
        counted[question.row][0] += right[index]
        counted[question.row][1] += 1
    return {row: (said, asked) for row, (said, asked) in counted.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description="Score a checkpoint by the examination in one pass.")
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("tokenizer", type=Path)
    parser.add_argument("--count", type=int, default=120, help="questions of each row")
    parser.add_argument("--device", default="cpu")
    a = parser.parse_args()
    saved = torch.load(a.checkpoint)
    network = Network(Shape(**saved["shape"])).eval()
    network.load_state_dict(saved["weights"])
    print(table(forced_scores(network.to(a.device), load_tokenizer(a.tokenizer), a.device, a.count)))


if __name__ == "__main__":
    main()
