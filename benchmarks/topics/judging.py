"""Judging predictions, entropy and growth: a reference, and answers as students wrote them.

This topic was written after the grader's changes were widened with the other topics, and measured
once before anything was changed for it. Each answer says which words of a name would be right.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.topics.answers import Answers

REFERENCE = '''
"""Judging predictions, entropy and growth."""
import numpy as np


def precision_recall(predicted, actual):
    """Precision and recall of predictions of 0 and 1, each (n,)."""
    hits = np.sum((predicted == 1) & (actual == 1))
    return hits / np.sum(predicted == 1), hits / np.sum(actual == 1)


def f_score(precision, recall):
    """The harmonic mean of precision and recall."""
    return 2 * precision * recall / (precision + recall)


def entropy(p):
    """The entropy in bits of probabilities (k,)."""
    return -np.sum(p * np.log2(p))


def divergence(p, q):
    """The divergence of Kullback and Leibler, in nats: p and q (k,)."""
    return np.sum(p * np.log(p / q))


def moving_average(x, width):
    """The means (n - width + 1,) of each `width` neighbours in x (n,)."""
    return np.array([np.mean(x[i : i + width]) for i in range(len(x) - width + 1)])


def growth(start, rate, capacity, steps):
    """The size of a population after each of the steps of logistic growth, (steps,)."""
    sizes, size = [], start
    for _ in range(steps):
        size = size + rate * size * (1 - size / capacity)
        sizes.append(size)
    return np.array(sizes)


def annuity(amount, rate, years):
    """The yearly payment that pays off a loan."""
    return amount * rate / (1 - (1 + rate) ** -years)


def distance(a, b):
    """The distance (n, m) of each of points (n, d) from each of points (m, d)."""
    return np.sqrt(((a[:, None] - b[None]) ** 2).sum(axis=2))


def brier(chances, outcomes):
    """The mean squared error of forecasts (n,) of outcomes (n,)."""
    return np.mean((chances - outcomes) ** 2)


def skill(score, base):
    """How much better a score is than that of a base forecast: 1 - score / base."""
    return 1 - score / base
'''


def calls() -> dict[str, Sequence[tuple[object, ...]]]:
    """What each function is called with."""
    rng = np.random.default_rng(61)
    bits = [
        (np.array(p), np.array(a))
        for p, a in (
            ([1, 0, 1, 1, 0, 1, 0], [1, 1, 1, 0, 0, 0, 0]),
            ([0, 1, 1, 0, 1, 1, 1, 1], [0, 1, 1, 1, 1, 1, 0, 0]),
            ([1, 0, 0, 0, 1], [1, 1, 0, 1, 1]),
        )
    ]
    shares = [(rng.dirichlet(np.ones(k)), rng.dirichlet(np.ones(k))) for k in (3, 4, 6)]
    return {
        "precision_recall": bits,
        "f_score": [(0.7, 0.4), (0.35, 0.9), (0.55, 0.62)],
        "entropy": [(p,) for p, _ in shares],
        "divergence": shares,
        "moving_average": [(rng.normal(size=n), w) for n, w in ((7, 3), (9, 2), (8, 4))],
        "growth": [(20.0, 0.4, 100.0, 4), (5.0, 0.7, 60.0, 3), (80.0, 0.2, 50.0, 5)],
        "annuity": [(1000.0, 0.05, 10), (2500.0, 0.03, 7), (800.0, 0.08, 4)],
        "distance": [
            (rng.normal(size=(n, d)), rng.normal(size=(m, d))) for n, m, d in ((4, 3, 2), (5, 2, 3))
        ],
        "brier": [(rng.random(n), rng.integers(0, 2, n)) for n in (5, 7, 9)],
        "skill": [(0.2, 0.25), (0.31, 0.22), (0.1, 0.4)],
    }


wrong, right = Answers(), Answers()


@wrong.of("parts", "order", "swap", "exchang")
def precision_recall(predicted, actual):
    """Recall first."""
    tp = np.sum(predicted * actual)
    return tp / actual.sum(), tp / predicted.sum()


@wrong.of("len", "all", "entries", "number", "mean")
def precision_recall(predicted, actual):
    """Divides by the number of records."""
    tp = np.sum(predicted * actual)
    return tp / len(actual), tp / len(actual)


@wrong.of("actual", "predicted", "==", "equal", "left out")
def precision_recall(predicted, actual):
    """Counts every agreement as a hit."""
    tp = np.sum(predicted == actual)
    return tp / predicted.sum(), tp / actual.sum()


@wrong.of("divi")
def precision_recall(predicted, actual):
    """Hits, not shares."""
    tp = np.sum(predicted * actual)
    return tp, tp


@wrong.of("2", "number", "half", "twice")
def f_score(precision, recall):
    """Forgets the two."""
    return precision * recall / (precision + recall)


@wrong.of("bracket")
def f_score(precision, recall):
    """Forgets the brackets."""
    return 2 * precision * recall / precision + recall


@wrong.of("precision", "recall", "plus", "add", "product", "sum", "times", "multipl")
def f_score(precision, recall):
    """The arithmetic mean."""
    return (precision + recall) / 2


@wrong.of("times", "multipl", "plus", "sum", "divi")
def f_score(precision, recall):
    """The sum times two over the product."""
    return 2 * (precision + recall) / (precision * recall)


@wrong.of("sign", "minus")
def f_score(precision, recall):
    """A minus below."""
    return 2 * precision * recall / (precision - recall)


@wrong.of("sign", "minus")
def entropy(p):
    """Forgets the minus."""
    return np.sum(p * np.log2(p))


@wrong.of("log")
def entropy(p):
    """In nats."""
    return -np.sum(p * np.log(p))


@wrong.of("p", "factor")
def entropy(p):
    """Forgets the weights."""
    return -np.sum(np.log2(p))


@wrong.of("mean")
def entropy(p):
    """The mean of the terms."""
    return -np.mean(p * np.log2(p))


@wrong.of("log")
def entropy(p):
    """The logarithm is forgotten."""
    return -np.sum(p * p)


@wrong.of("sum", "each")
def entropy(p):
    """One number for each."""
    return -p * np.log2(p)


@wrong.of("upside", "turned", "revers", "sign", "swap", "exchang")
def divergence(p, q):
    """The quotient turned over."""
    return np.sum(p * np.log(q / p))


@wrong.of("q", "weight", "mixed")
def divergence(p, q):
    """Weighted by q."""
    return np.sum(q * np.log(p / q))


@wrong.of("exchang", "swap")
def divergence(p, q):
    """The other way round."""
    return np.sum(q * np.log(q / p))


@wrong.of("log")
def divergence(p, q):
    """In bits."""
    return np.sum(p * np.log2(p / q))


@wrong.of("minus", "subtract", "divi", "quotient")
def divergence(p, q):
    """The logarithm of the difference's size, got wrong."""
    return np.sum(p * np.log(p)) - np.sum(np.log(q))


@wrong.of("1", "one", "last", "round")
def moving_average(x, width):
    """One window too few."""
    return np.array([np.mean(x[i : i + width]) for i in range(len(x) - width)])


@wrong.of("sum")
def moving_average(x, width):
    """Sums."""
    return np.convolve(x, np.ones(width), mode="valid")


@wrong.of("median")
def moving_average(x, width):
    """Medians."""
    return np.array([np.median(x[i : i + width]) for i in range(len(x) - width + 1)])


@wrong.of("index", "width", "bound", "1")
def moving_average(x, width):
    """Windows one too wide."""
    return np.array([np.mean(x[i : i + width + 1]) for i in range(len(x) - width + 1)])


@wrong.of("1 -", "left out", "capacity", "factor")
def growth(start, rate, capacity, steps):
    """Without a limit."""
    return start * (1 + rate) ** np.arange(1, steps + 1)


@wrong.of("rate")
def growth(start, rate, capacity, steps):
    """Forgets the rate."""
    out = []
    for _ in range(steps):
        start = start + start * (1 - start / capacity)
        out.append(start)
    return np.array(out)


@wrong.of("size", "left out", "start", "term")
def growth(start, rate, capacity, steps):
    """Only the increase."""
    out, n = [], start
    for _ in range(steps):
        n = rate * n * (1 - n / capacity)
        out.append(n)
    return np.array(out)


@wrong.of("sign", "plus", "add")
def growth(start, rate, capacity, steps):
    """A plus in the brackets."""
    out, n = [], start
    for _ in range(steps):
        n = n + rate * n * (1 + n / capacity)
        out.append(n)
    return np.array(out)


@wrong.of("start", "renewed", "stays", "before", "first")
def growth(start, rate, capacity, steps):
    """Always from the start."""
    out = []
    for _ in range(steps):
        out.append(start + rate * start * (1 - start / capacity))
    return np.array(out)


@wrong.of("last")
def growth(start, rate, capacity, steps):
    """Only the last size."""
    n = start
    for _ in range(steps):
        n += rate * n * (1 - n / capacity)
    return n


@wrong.of("upside", "turned", "divi", "times", "capacity")
def growth(start, rate, capacity, steps):
    """The quotient turned over."""
    out, n = [], start
    for _ in range(steps):
        n = n + rate * n * (1 - capacity / n)
        out.append(n)
    return np.array(out)


@wrong.of("sign", "minus")
def annuity(amount, rate, years):
    """A sign in the power."""
    return amount * rate / (1 - (1 + rate) ** years)


@wrong.of("rate")
def annuity(amount, rate, years):
    """Forgets the rate above."""
    return amount / (1 - (1 + rate) ** -years)


@wrong.of("1 -", "left out", "term", "number")
def annuity(amount, rate, years):
    """Forgets the one in the divisor."""
    return amount * rate / -((1 + rate) ** -years)


@wrong.of("power", "years")
def annuity(amount, rate, years):
    """Forgets the years."""
    return amount * rate / (1 - (1 + rate))


@wrong.of("root", "sqrt")
def distance(a, b):
    """No root."""
    return ((a[:, None] - b) ** 2).sum(axis=2)


@wrong.of("absolute")
def distance(a, b):
    """City blocks."""
    return np.array([[np.abs(x - y).sum() for y in b] for x in a])


@wrong.of("mean")
def distance(a, b):
    """The root of the mean."""
    return np.sqrt(((a[:, None] - b) ** 2).mean(axis=2))


@wrong.of("transpos", "swap", "exchang", "argument")
def distance(a, b):
    """From b to a."""
    return np.array([[np.linalg.norm(x - y) for x in a] for y in b])


@wrong.of("max")
def distance(a, b):
    """The largest difference."""
    return np.abs(a[:, None] - b).max(axis=2)


@wrong.of("root", "sqrt")
def brier(chances, outcomes):
    """The root of it."""
    return np.sqrt(np.mean((chances - outcomes) ** 2))


@wrong.of("absolute")
def brier(chances, outcomes):
    """Absolute errors."""
    return np.mean(np.abs(chances - outcomes))


@wrong.of("order", "before", "power", "square")
def brier(chances, outcomes):
    """The square of the mean."""
    return np.mean(chances - outcomes) ** 2


@wrong.of("sum")
def brier(chances, outcomes):
    """Sums."""
    return sum((c - o) ** 2 for c, o in zip(chances, outcomes, strict=True))


@wrong.of("left out", "1", "minus", "one minus")
def skill(score, base):
    """Forgets the one."""
    return score / base


@wrong.of("upside", "turned", "exchang", "swap")
def skill(score, base):
    """The quotient turned over."""
    return 1 - base / score


@wrong.of("bracket")
def skill(score, base):
    """Forgets the order of operations."""
    return (1 - score) / base


@wrong.of("divi", "base")
def skill(score, base):
    """Does not divide."""
    return 1 - score


@wrong.of("sign & log", "minus & log")
def entropy(p):
    """Two slips: in nats, no minus."""
    return np.sum(p * np.log(p))


@wrong.of("rate & sign", "rate & plus", "rate & add")
def growth(start, rate, capacity, steps):
    """Two slips: no rate, and a plus in the brackets."""
    out, n = [], start
    for _ in range(steps):
        n = n + n * (1 + n / capacity)
        out.append(n)
    return np.array(out)


@wrong.of("2 & sign", "2 & minus", "number & sign", "number & minus", "half & minus")
def f_score(precision, recall):
    """Two slips: no two, and a minus below."""
    return precision * recall / (precision - recall)


@wrong.of("sum & 1", "sum & one", "sum & round", "sum & last")
def moving_average(x, width):
    """Two slips: sums, and one window too few."""
    return np.array([sum(x[i : i + width]) for i in range(len(x) - width)])


@wrong.of("mean & root", "mean & sqrt")
def distance(a, b):
    """Two slips: the mean, and no root."""
    return np.mean((a[:, None] - b) ** 2, axis=2)


@wrong.of("log & upside", "log & turned", "log & sign", "log & revers")
def divergence(p, q):
    """Two slips: in bits, and turned over."""
    return np.sum(p * np.log2(q / p))


@right.of()
def precision_recall(predicted, actual):
    """Record by record."""
    tp = sum(p == a == 1 for p, a in zip(predicted, actual, strict=True))
    return tp / sum(predicted), tp / sum(actual)


@right.of()
def entropy(p):
    """With natural logarithms."""
    return -(p @ np.log(p)) / np.log(2)


@right.of()
def moving_average(x, width):
    """With cumulated sums."""
    total = np.concatenate([[0.0], np.cumsum(x)])
    return (total[width:] - total[:-width]) / width


@right.of()
def distance(a, b):
    """By loops."""
    return np.array([[np.linalg.norm(x - y) for y in b] for x in a])


@wrong.of()
def entropy(p):
    """A constant."""
    return 1.0


@wrong.of()
def growth(start, rate, capacity, steps):
    """Noise."""
    return np.sin(100 * np.arange(steps) + start)


@wrong.of()
def annuity(amount, rate, years):
    """Another formula."""
    return amount / years + np.sqrt(rate) * 3.3


@wrong.of()
def distance(a, b):
    """Zeros."""
    return np.zeros((len(a), len(b)))


@wrong.of()
def skill(score, base):
    """Noise."""
    return np.cos(1e3 * score) + base


@wrong.of()
def moving_average(x, width):
    """Untouched."""
    return x
