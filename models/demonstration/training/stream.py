"""Batches from generator processes, for a trainer that one of them could not feed. Nothing is trained on twice.

Every process has seeds of its own and the trainer asks them in turn, so that the same plan gives the same batches in
the same order, however fast the machine is.
"""

from collections.abc import Iterator
from itertools import count
from multiprocessing import get_context
from multiprocessing.queues import Queue

import numpy as np
import torch

from training.corpus import Rows, pack
from training.shape import Shape
from training.stepping import Batch, Plan, spread_positions
from training.tokenizer import load_tokenizer

CHUNK, WAITING = 20_000, 3
Arrays = tuple[np.ndarray, ...]


def _arrays(rows: Rows, chosen: np.ndarray, random: np.random.Generator) -> Arrays:
    tokens = rows.tokens[chosen]
    positions = spread_positions(tokens, random, Shape().context).astype(np.int16)
    return tokens, rows.learnt[chosen], rows.documents[chosen], positions


def _generate(number: int, plan: Plan, queue: "Queue[dict[int, Arrays]]") -> None:
    """Chunk after chunk, its rows shuffled. Ends with the trainer, whose child it is."""
    torch.set_num_threads(1)
    tokenizer = load_tokenizer(plan.folder / "tokenizer.json")
    for chunk in count():
        seed = f"{plan.seed} process {number} chunk {chunk}"
        random = np.random.default_rng((plan.seed, number, chunk))
        found = pack(seed, CHUNK, tokenizer)
        queue.put({length: _arrays(rows, random.permutation(len(rows.tokens)), random) for length, rows in found})


def chunks(plan: Plan) -> Iterator[dict[int, Arrays]]:
    """Chunks of rows, by the length of the rows, from each generator in turn."""
    context = get_context("spawn")
    queues: list[Queue[dict[int, Arrays]]] = [context.Queue(WAITING) for _ in range(plan.processes)]
    for number, queue in enumerate(queues):
        context.Process(target=_generate, args=(number, plan, queue), daemon=True).start()
    for turn in count():
        yield queues[turn % len(queues)].get()


def streamed(plan: Plan) -> Iterator[Batch]:
    """Batches of `tokens_per_step`, of one length each; longer rows come as often as the chunks hold them."""
    rest: dict[int, Arrays] = {}
    for chunk in chunks(plan):
        for length, arrays in chunk.items():
            size = plan.tokens_per_step // length
            before = rest.get(length)
            joined = tuple(np.concatenate(pair) for pair in zip(before, arrays, strict=True)) if before else arrays
            whole = len(joined[0]) // size * size
            for start in range(0, whole, size):
                yield _batch(tuple(array[start : start + size] for array in joined), plan.device)
            rest[length] = tuple(array[whole:] for array in joined)


def _batch(arrays: Arrays, device: str) -> Batch:
    tokens, learnt, documents, positions = (torch.from_numpy(array).to(device) for array in arrays)
    return Batch(tokens.long(), learnt, documents.long(), positions.long())
