"""What every way of training shares: the plan, positions with gaps, the loss, the rates and the optimizers."""

import os
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from training.network import Network

START_TOKEN = 1


@dataclass(frozen=True)
class Plan:
    """What one training run needs to know."""

    folder: Path
    budget: float
    flat: float
    warm_up: int
    rate: float
    matrix_rate: float
    tokens_per_step: int
    long_every: int
    seed: int
    processes: int
    resume: Path | None
    steps: int | None
    device: str = "cpu"
    dropout: float = 0.0
    compiled: bool = True


@dataclass(frozen=True)
class Batch:
    """Equal rows for one step of one process."""

    tokens: Tensor
    learnt: Tensor
    documents: Tensor
    positions: Tensor


def spread_positions(tokens: np.ndarray, random: np.random.Generator, context: int) -> np.ndarray:
    """Positions with random gaps before some messages, so that short rows teach long distances too."""
    rows, length = tokens.shape
    chosen = (tokens == START_TOKEN) & (random.random(tokens.shape) < 0.08) & (random.random((rows, 1)) < 0.35)
    gaps = np.where(chosen, random.integers(0, 500, tokens.shape), 0).cumsum(1)
    return np.arange(length) + np.minimum(gaps, context - length)


def loss_of(network: Network, states: Tensor, batch: Batch) -> Tensor:
    """Cross entropy on the learnt tokens only; each is predicted from the state before it."""
    wanted = batch.learnt[:, 1:]
    logits = network.logits(states[:, :-1][wanted])
    return functional.cross_entropy(logits, batch.tokens[:, 1:][wanted])


def factor(share: float, step: int, plan: Plan) -> float:
    """Flat for a share of the budget, then linear to zero at its end; a short warm-up."""
    return min(1.0, (step + 1) / plan.warm_up) * max(0.0, min(1.0, (1.0 - share) / (1.0 - plan.flat)))


def matrices_of(network: Network) -> list[Tensor]:
    return [p for p in network.blocks.parameters() if p.dim() == 2]


def optimizers(network: Network, plan: Plan, rank: int, processes: int) -> list[torch.optim.Optimizer]:
    """Muon for the matrices of the blocks, a share of them in each process; AdamW for embedding and norms."""
    matrices = matrices_of(network)
    others = [p for p in network.parameters() if not any(p is m for m in matrices)]
    adam = torch.optim.AdamW(others, lr=plan.rate, betas=(0.9, 0.95), weight_decay=0.01, foreach=True)
    mine = matrices[rank::processes]
    return [adam, torch.optim.Muon(mine, lr=plan.matrix_rate, weight_decay=0.05, adjust_lr_fn="match_rms_adamw")]


def save(network: Network, plan: Plan, name: str, record: dict[str, float]) -> None:
    path = plan.folder / name
    weights = {name: tensor.cpu() for name, tensor in network.state_dict().items()}
    torch.save({"weights": weights, "shape": asdict(network.shape), "record": record}, path.with_suffix(".new"))
    os.replace(path.with_suffix(".new"), path)
