"""Can somebody who sees sizes and times of records tell two kinds of answers of equal length apart?

Two corpora with the same distribution of length and speed, one of long words that come steadily, one of short pieces
that come in bursts, as speculative decoding makes them. Each answer is observed in three shapes: one message per token,
p0 and p1, the latter two made by the emission that the node uses, in virtual time. A logistic classifier on sizes, gaps
and their distributions is trained on four fifths and judged on the rest, in turn. 0.5 is chance, 1 is certainty.
"""

import math
import os
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise

from figure import Figure, at_most, plain, quantile
from privity_protocol import xwing
from privity_protocol.hello import begin_hello
from privity_protocol.hello_answer import answer_hello
from privity_protocol.lines import Done, Text, Usage, encode_line
from privity_protocol.pacing import PROFILES, Emission
from privity_protocol.request_reader import RequestReader
from privity_protocol.response_writer import ResponseWriter
from privity_protocol.run import begin_run

CHANCE = 0.55
PACE = 0.012  # seconds a token, on the average, in both corpora
STEADY = ["consider", "therefore", "ing ", "mountain", "question", " because", "ation", " remember", " evening", "ly "]
HASTY = ["x", "=", " 1", "0", "\n", "  ", "if", "(", ")", " a", "7", ",", "};", " i"]
Trace = list[tuple[float, int]]
"""What is seen on the path: the time in seconds from acceptance and the bytes of each message."""


@dataclass(frozen=True)
class Spoken:
    """A token and when the model says it."""

    at: float
    text: str


def answer(rng: random.Random, kind: int) -> list[Spoken]:
    """One answer of the corpus `kind`; length and total time do not depend on it."""
    count = min(900, max(8, int(rng.lognormvariate(4.6, 0.7))))
    words = (STEADY, HASTY)[kind]
    burst = (1, 6)[kind]
    total = count * PACE * rng.uniform(0.9, 1.1)
    steps = [rng.gammavariate(4, 1) if place % burst == 0 else 0.02 for place in range(count)]
    scale, now, said = total / sum(steps), 0.15 + rng.random() * 0.1, []
    for step in steps:
        now += step * scale
        said.append(Spoken(now, rng.choice(words)))
    return said


def writers() -> Callable[[str], ResponseWriter]:
    """A maker of response writers for a chosen profile, each under fresh keys."""
    key = xwing.generate()
    document = b"benchmark document"

    def make(profile: str) -> ResponseWriter:
        sent, hello = begin_hello(
            node_key=key.public_key, node_document=document, encapsulate=xwing.encapsulate, ephemeral=xwing.generate()
        )
        reply, chain = answer_hello(
            hello, key=key, node_document=document, sid=os.urandom(16), ttl=120, encapsulate=xwing.encapsulate
        )
        _, run = begin_run(sent.finish(reply), b"x" * 64, entropy=os.urandom)
        reader = RequestReader(chain, run[:32])
        reader.feed(run[32:])
        return reader.finish().response(record_size=PROFILES[profile].record_size, entropy=os.urandom)[0]

    return make


def per_token(said: list[Spoken], _writer: ResponseWriter | None) -> Trace:
    """One encrypted message per token: the length of each token shows."""
    return [(one.at, len(encode_line(Text(one.text))) + 22) for one in said]


def ending(said: list[Spoken]) -> bytes:
    """The lines that close an answer."""
    return encode_line(Usage(20, 0, len(said))) + encode_line(Done("stop"))


def at_once(said: list[Spoken], writer: ResponseWriter | None) -> Trace:
    """p0: records leave when there is something to say."""
    assert writer is not None
    emission, seen = Emission(PROFILES["p0"], writer), []
    for place, one in enumerate(said):
        emission.queue(encode_line(Text(one.text)))
        if place == len(said) - 1:
            emission.finish(ending(said))
        if records := emission.drain():
            seen.append((one.at, len(records)))
    return seen


def on_the_clock(said: list[Spoken], writer: ResponseWriter | None) -> Trace:
    """p1: one record a tick, from acceptance to the rung."""
    assert writer is not None
    emission, seen, spoken, tick = Emission(PROFILES["p1"], writer), [], 0, 0
    while not emission.closed:
        tick += 1
        text = ""
        while spoken < len(said) and said[spoken].at <= tick / 10:
            text += said[spoken].text
            spoken += 1
        if text:
            emission.queue(encode_line(Text(text)))
        if spoken == len(said) and text:
            emission.finish(ending(said))
        record = emission.tick()
        assert record is not None
        seen.append((tick / 10, len(record)))
    return seen


def features(trace: Trace) -> list[float]:
    """What a listener can count."""
    times, sizes = [at for at, _ in trace], [float(size) for _, size in trace]
    gaps = [later - earlier for earlier, later in pairwise(times)] or [0.0]
    values = [float(len(trace)), times[0], times[-1], sum(sizes)]
    for series in (sizes, gaps):
        mean = sum(series) / len(series)
        spread = math.sqrt(sum((value - mean) ** 2 for value in series) / len(series))
        values += [mean, spread, *(quantile(series, share) for share in (0.05, 0.25, 0.5, 0.75, 0.95))]
        values.append(sum(a * b for a, b in pairwise(series)) / len(series) - mean**2)
    return values + [math.log1p(abs(value)) for value in values]


def standardised(rows: list[list[float]], like: list[list[float]]) -> list[list[float]]:
    """Rows with the mean and spread of `like` taken out of each column."""
    columns = list(zip(*like, strict=True))
    means = [sum(column) / len(column) for column in columns]
    spreads = [
        math.sqrt(sum((value - mean) ** 2 for value in column) / len(column))
        for column, mean in zip(columns, means, strict=True)
    ]
    return [
        [
            (value - mean) / spread if spread > 1e-9 else 0.0
            for value, mean, spread in zip(row, means, spreads, strict=True)
        ]
        for row in rows
    ]


def fit(rows: list[list[float]], labels: list[int], steps: int = 150, pace: float = 0.5) -> list[float]:
    """Weights of a logistic regression by plain gradient descent, lightly regularised; the last one is the offset."""
    weights = [0.0] * (len(rows[0]) + 1)
    for _ in range(steps):
        gradient = [0.0] * len(weights)
        for row, label in zip(rows, labels, strict=True):
            error = 1 / (1 + math.exp(-max(-30.0, min(30.0, score(row, weights))))) - label
            for place, value in enumerate(row):
                gradient[place] += error * value
            gradient[-1] += error
        weights = [
            weight - pace * (slope / len(rows) + 1e-3 * weight) for weight, slope in zip(weights, gradient, strict=True)
        ]
    return weights


def score(row: list[float], weights: list[float]) -> float:
    """The classifier's opinion of one row."""
    return weights[-1] + sum(value * weight for value, weight in zip(row, weights, strict=False))


def area(scores: list[float], labels: list[int]) -> float:
    """The area under the ROC curve: how often a trace of one kind scores above one of the other; ties count half."""
    ranked = sorted(zip(scores, labels, strict=True))
    below, wins, place = 0.0, 0.0, 0
    while place < len(ranked):
        end = place
        while end < len(ranked) and ranked[end][0] == ranked[place][0]:
            end += 1
        ones = sum(label for _, label in ranked[place:end])
        zeros = end - place - ones
        wins += ones * (below + zeros / 2)
        below += zeros
        place = end
    return wins / (sum(labels) * (len(labels) - sum(labels)))


def separability(traces: list[Trace], labels: list[int], folds: int = 5) -> float:
    """The area reached on traces that were not trained on, over all folds; below one half counts as guessing wrong."""
    rows = [features(trace) for trace in traces]
    scores: list[float] = [0.0] * len(rows)
    for fold in range(folds):
        train = [place for place in range(len(rows)) if place % folds != fold]
        test = [place for place in range(len(rows)) if place % folds == fold]
        base = [rows[place] for place in train]
        weights = fit(standardised(base, base), [labels[place] for place in train])
        for place, row in zip(test, standardised([rows[place] for place in test], base), strict=True):
            scores[place] = score(row, weights)
    return area(scores, labels)


def run(*, quick: bool) -> list[Figure]:
    """The figures of this benchmark."""
    count = 600 if quick else 3000
    rng = random.Random(int.from_bytes(sha256(b"traffic shape").digest()[:8], "big"))
    labels = [rng.randrange(2) for _ in range(count)]
    answers = [answer(rng, label) for label in labels]
    make = writers()
    shapes = {
        "p1": [on_the_clock(said, make("p1")) for said in answers],
        "p0": [at_once(said, make("p0")) for said in answers],
        "one message per token": [per_token(said, None) for said in answers],
    }
    areas = {name: separability(traces, labels) for name, traces in shapes.items()}
    return [
        at_most(f"traffic shape, p1: AUC over {count} answers", areas.pop("p1"), CHANCE, "", 3),
        *(plain(f"traffic shape, {name}: AUC", value, "", 3) for name, value in areas.items()),
    ]


if __name__ == "__main__":
    from figure import table

    print(table(run(quick="--quick" in sys.argv)))
