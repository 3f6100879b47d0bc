"""Training on one accelerator: one process steps, others generate, the rate follows the clock as it does on a CPU."""

import json
import time

import torch

from training.forced import forced_scores
from training.network import Network
from training.shape import Shape
from training.stepping import Plan, factor, loss_of, optimizers, save
from training.stream import streamed
from training.tokenizer import load_tokenizer

REPORT_EVERY, SAVE_SECONDS, EXAMINED = 100, 60, 120


def _network(plan: Plan) -> tuple[Network, dict[str, float]]:
    torch.manual_seed(plan.seed)
    network = Network(Shape(), plan.dropout)
    record = {"tokens": 0.0, "seconds": 0.0}
    if plan.resume:
        saved = torch.load(plan.resume)
        network.load_state_dict(saved["weights"])
        record = saved["record"]
    return network.to(plan.device), record


def accelerate(plan: Plan) -> None:
    """The loop. The clock starts with the first batch, so that starting and compiling count, too."""
    torch.set_float32_matmul_precision("high")
    network, before = _network(plan)
    body = torch.compile(network, dynamic=False) if plan.compiled else network
    steppers = optimizers(network, plan, 0, 1)
    rates = [group["lr"] for stepper in steppers for group in stepper.param_groups]
    started = saved_at = time.monotonic()
    step, seen, record = 0, 0, before
    for batch in streamed(plan):
        share = (time.monotonic() - started) / plan.budget
        if share >= 1.0 or step == plan.steps:
            break
        scale = factor(share, step, plan)
        for rate, group in zip(rates, (g for s in steppers for g in s.param_groups), strict=True):
            group["lr"] = rate * scale
        with torch.autocast(plan.device, torch.bfloat16):
            loss = loss_of(network, body(batch.tokens, batch.positions, batch.documents), batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        for stepper in steppers:
            stepper.step()
        network.zero_grad(set_to_none=True)
        step, seen = step + 1, seen + batch.tokens.numel()
        if step % REPORT_EVERY == 0 or step < 3:
            seconds = time.monotonic() - started
            record = {
                "tokens": before["tokens"] + seen,
                "seconds": before["seconds"] + seconds,
                "loss": float(loss.detach()),
            }
            print(json.dumps({"step": step, "rate": scale, "speed": round(seen / seconds), **record}), flush=True)
        if time.monotonic() - saved_at > SAVE_SECONDS:
            save(network, plan, "checkpoint.pt", record)
            _report(network, plan)
            saved_at = time.monotonic()
    record = {**record, "tokens": before["tokens"] + seen, "seconds": before["seconds"] + time.monotonic() - started}
    save(network, plan, "final.pt", record)
    _report(network, plan)
    print("finished", step, json.dumps(record), flush=True)


def _report(network: Network, plan: Plan) -> None:
    network.eval()
    scores = forced_scores(network, load_tokenizer(plan.folder / "tokenizer.json"), plan.device, EXAMINED)
    network.train()
    print(json.dumps({row: right / asked for row, (right, asked) in scores.items()}), flush=True)
