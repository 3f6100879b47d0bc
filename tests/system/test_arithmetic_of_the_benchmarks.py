"""The benchmarks' own arithmetic: a figure is only worth what computes it."""

import random

from figure import at_least, at_most, median, quantile, table
from traffic_shape import answer, area, separability


def test_the_area_is_the_share_of_pairs_in_the_right_order_with_ties_half() -> None:
    rng = random.Random(1)
    scores = [float(rng.randrange(6)) for _ in range(60)]
    labels = [rng.randrange(2) for _ in range(60)]
    ones = [score for score, label in zip(scores, labels, strict=True) if label]
    zeros = [score for score, label in zip(scores, labels, strict=True) if not label]
    pairs = [1.0 if one > zero else 0.5 if one == zero else 0.0 for one in ones for zero in zeros]
    assert abs(area(scores, labels) - sum(pairs) / len(pairs)) < 1e-12


def test_the_classifier_tells_apart_what_differs_and_not_what_does_not() -> None:
    rng = random.Random(2)
    labels = [place % 2 for place in range(200)]
    same = [[(rng.random() + 0.1 * tick, 512) for tick in range(1, 9)] for _ in labels]
    other = [[(at, size + 40 * label) for at, size in trace] for trace, label in zip(same, labels, strict=True)]
    assert separability(other, labels) > 0.99
    assert separability(same, labels) < 0.65


def test_the_two_corpora_are_of_equal_length_and_duration() -> None:
    rng = random.Random(3)
    spoken = [[answer(rng, kind) for _ in range(2000)] for kind in (0, 1)]
    for measure in (len, lambda said: said[-1].at):
        first, second = (sum(map(measure, corpus)) / len(corpus) for corpus in spoken)
        assert abs(first / second - 1) < 0.06


def test_middle_share_and_verdict() -> None:
    assert median([3.0, 1.0, 2.0]) == 2.0
    assert quantile([float(value) for value in range(100)], 0.99) == 99.0
    assert (at_most("x", 1.0, 1.0, "ms").met, at_most("x", 1.01, 1.0, "ms").met) == (True, False)
    assert (at_least("x", 0.95, 0.95, "").met, at_least("x", 0.94, 0.95, "").met) == (True, False)
    assert table([at_most("x", 2.0, 1.0, "ms")]) == "x  2.00 ms  <= 1 ms  MISSED"
