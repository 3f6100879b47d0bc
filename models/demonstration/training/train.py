"""Training. On a CPU two single-thread processes, one flat all-reduce a step; on an accelerator `accelerated`."""

import argparse
import json
import math
import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist
import torch.multiprocessing as multiprocessing
from torch import Tensor

from training.accelerated import accelerate
from training.corpus import LONG, SHORT
from training.network import Network
from training.shape import Shape
from training.stepping import Batch, Plan, factor, loss_of, matrices_of, optimizers, save, spread_positions


def batches(path: Path, length: int, plan: Plan, rank: int) -> Iterator[Batch]:
    """Endless batches of this process's share of the rows, reshuffled in each round.

    The file is read anew for every round: what is put there meanwhile is trained on without a restart.
    """
    count = plan.tokens_per_step // plan.processes // length
    random = np.random.default_rng((plan.seed, rank, length))
    while True:
        with np.load(path) as data:
            tokens, learnt, documents = data["tokens"], data["learnt"], data["documents"]
        mine = random.permutation(np.arange(rank, len(tokens), plan.processes))
        for start in range(0, len(mine) - count + 1, count):
            rows = mine[start : start + count]
            ids = tokens[rows].astype(np.int64)
            positions = spread_positions(ids, random, Shape().context)
            yield Batch(
                *(torch.from_numpy(a) for a in (ids, learnt[rows], documents[rows].astype(np.int64), positions))
            )


@torch.no_grad()
def exchange(matrices: list[Tensor], processes: int) -> None:
    """Every process sends the matrices it has stepped to the others."""
    for rank in range(processes):
        stepped = matrices[rank::processes]
        flat = torch.cat([m.reshape(-1) for m in stepped])
        dist.broadcast(flat, rank)
        for m, part in zip(stepped, flat.split([m.numel() for m in stepped]), strict=True):
            m.copy_(part.view_as(m))


def average(parameters: list[Tensor], processes: int) -> None:
    """Replace every gradient by the mean over the processes, in one message."""
    flat = torch.cat([p.grad.reshape(-1) for p in parameters if p.grad is not None])
    dist.all_reduce(flat)
    flat /= processes
    flat *= min(1.0, 1.0 / (float(flat.norm()) + 1e-6))
    for p, part in zip(parameters, flat.split([p.numel() for p in parameters]), strict=True):
        p.grad.copy_(part.view_as(p))


def agreed_share(started: float, done: float, budget: float) -> float:
    """The spent share of the budget by the first process's clock, the same in all."""
    share = torch.tensor([done + (time.monotonic() - started) / budget], dtype=torch.float64)
    dist.broadcast(share, 0)
    return float(share)


def work(rank: int, plan: Plan) -> None:
    """One process: its rows, its gradient, the shared step."""
    torch.set_num_threads(1)
    torch.manual_seed(plan.seed)
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29517"}
    dist.init_process_group("gloo", rank=rank, world_size=plan.processes)
    network = Network(Shape(), plan.dropout)
    before = {"tokens": 0.0, "seconds": 0.0}
    if plan.resume:
        saved = torch.load(plan.resume)
        network.load_state_dict(saved["weights"])
        before = saved["record"]
    train(network, plan, rank, before)
    dist.destroy_process_group()


def train(network: Network, plan: Plan, rank: int, before: dict[str, float]) -> None:
    """The loop. The checkpoint of the last minutes is always on disk; the last one has a learning rate of zero."""
    body = torch.compile(network, dynamic=False) if plan.compiled else network
    parameters = list(network.parameters())
    steppers = optimizers(network, plan, rank, plan.processes)
    rates = [group["lr"] for stepper in steppers for group in stepper.param_groups]
    sources = {length: batches(plan.folder / f"rows-{length}.npz", length, plan, rank) for length in (SHORT, LONG)}
    started, step, seen, smooth, saved_at = time.monotonic(), 0, 0, math.nan, time.monotonic()
    while (share := agreed_share(started, 0.0, plan.budget)) < 1.0 and step != plan.steps:
        scale = factor(share, step, plan)
        for rate, group in zip(rates, (g for s in steppers for g in s.param_groups), strict=True):
            group["lr"] = rate * scale
        batch = next(sources[LONG if plan.long_every and step % plan.long_every == plan.long_every - 1 else SHORT])
        with torch.autocast("cpu", torch.bfloat16):
            loss = loss_of(network, body(batch.tokens, batch.positions, batch.documents), batch)
        loss.backward()
        measured = float(loss.detach())
        average(parameters, plan.processes)
        for stepper in steppers:
            stepper.step()
        network.zero_grad(set_to_none=False)
        exchange(matrices_of(network), plan.processes)
        seen += batch.tokens.numel() * plan.processes
        step += 1
        smooth = measured if math.isnan(smooth) else 0.98 * smooth + 0.02 * measured
        seconds = time.monotonic() - started
        record = {"tokens": before["tokens"] + seen, "seconds": before["seconds"] + seconds, "loss": smooth}
        if rank == 0 and (step % 20 == 0 or step < 5):
            print(
                json.dumps(
                    {"step": step, "share": round(share, 3), "rate": scale, "speed": round(seen / seconds), **record}
                ),
                flush=True,
            )
        if rank == 0 and time.monotonic() - saved_at > 120:
            save(network, plan, "checkpoint.pt", record)
            saved_at = time.monotonic()
    if rank == 0:
        save(network, plan, "final.pt", record)
        print("finished", json.dumps(record), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the demonstration model within a budget of wall-clock time.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--flat", type=float, default=0.6, help="share of the budget before the rate falls")
    parser.add_argument("--warm-up", type=int, default=40, help="steps until the full rate")
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--matrix-rate", type=float, default=2e-3)
    parser.add_argument("--tokens-per-step", type=int, default=8192)
    parser.add_argument("--long-every", type=int, default=8, help="every so many steps long rows; 0 for never")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--resume", type=Path)
    parser.add_argument("--steps", type=int, help="stop early, for measurements")
    parser.add_argument("--device", default="cpu", help="cuda: one process trains, `--processes` others generate")
    parser.add_argument("--dropout", type=float, default=0.0)
    parser.add_argument("--eager", action="store_true", help="do not compile the network")
    a = parser.parse_args()
    plan = Plan(
        folder=a.folder,
        budget=a.minutes * 60,
        flat=a.flat,
        warm_up=a.warm_up,
        rate=a.rate,
        matrix_rate=a.matrix_rate,
        tokens_per_step=a.tokens_per_step,
        long_every=a.long_every,
        seed=a.seed,
        processes=a.processes,
        resume=a.resume,
        steps=a.steps,
        device=a.device,
        dropout=a.dropout,
        compiled=not a.eager,
    )
    if plan.device != "cpu":
        accelerate(plan)
        return
    multiprocessing.spawn(work, (plan,), plan.processes)


if __name__ == "__main__":
    main()
