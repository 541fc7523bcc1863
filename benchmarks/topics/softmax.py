"""Softmax regression: a reference, and answers as students wrote them.

The wrong answers were written from the exercise's text, before anybody looked at what the grader
can change in a reference. Each says which words of a name would be right.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.topics.answers import Answers

REFERENCE = '''
"""Softmax regression by gradient descent."""
import numpy as np


def softmax(Z):
    """Probabilities (n, k) of scores (n, k)."""
    powers = np.exp(Z - np.max(Z, axis=1, keepdims=True))
    return powers / np.sum(powers, axis=1, keepdims=True)


def cross_entropy(P, y):
    """The mean of -log of the right class's probability: P (n, k), y (n,) whole numbers."""
    return float(-np.mean(np.log(P[np.arange(len(y)), y])))


def one_hot(y, k):
    """Rows (n, k) with a one at each class and zeros elsewhere."""
    rows = np.zeros((len(y), k))
    rows[np.arange(len(y)), y] = 1.0
    return rows


def slopes(X, W, y):
    """The slope of the cross-entropy by the weights (d, k): X (n, d), y (n,)."""
    errors = softmax(X @ W) - one_hot(y, W.shape[1])
    return X.T @ errors / len(X)


def penalised(loss, W, strength):
    """The loss and half the squared weights times a strength."""
    return loss + 0.5 * strength * np.sum(W**2)


def accuracy(P, y):
    """The share of records whose likeliest class is right."""
    return float(np.mean(np.argmax(P, axis=1) == y))


def fit(X, y, W, rate, epochs):
    """The weights (d, k) after so many epochs of gradient descent from W."""
    for _ in range(epochs):
        W = W - rate * slopes(X, W, y)
    return W
'''


def calls() -> dict[str, Sequence[tuple[object, ...]]]:
    """What each function is called with."""
    rng = np.random.default_rng(23)
    shapes = ((7, 3, 4), (9, 4, 3), (8, 2, 3))
    rows = []
    for n, d, k in shapes:
        X, W, y = rng.normal(size=(n, d)), rng.normal(size=(d, k)), rng.integers(0, k, n)
        scores = X @ W
        P = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        rows.append((X, W, y, P, scores, k))
    return {
        "softmax": [(scores,) for _, _, _, _, scores, _ in rows],
        "cross_entropy": [(P, y) for _, _, y, P, _, _ in rows],
        "one_hot": [(y, k) for _, _, y, _, _, k in rows],
        "slopes": [(X, W, y) for X, W, y, *_ in rows],
        "penalised": [
            (loss, W, strength)
            for (_, W, *_), loss, strength in zip(
                rows, (0.7, 1.3, 0.4), (0.3, 0.1, 1.7), strict=True
            )
        ],
        "accuracy": [(P, y) for _, _, y, P, _, _ in rows],
        "fit": [
            (X, y, W, rate, epochs)
            for (X, W, y, *_), rate, epochs in zip(rows, (0.5, 0.3, 0.8), (1, 2, 3), strict=True)
        ],
    }


wrong, right = Answers(), Answers()


def _softmax(Z: Any) -> Any:
    """As the exercise wants it."""
    E = np.exp(Z)
    return E / E.sum(axis=1, keepdims=True)


def _hot(y: Any, k: Any) -> Any:
    return np.eye(k)[y]


@wrong.of("axis", "all", "whole")
def softmax(Z):
    """One sum for all records."""
    return np.exp(Z) / np.sum(np.exp(Z))


@wrong.of("axis")
def softmax(Z):
    """Column by column."""
    E = np.exp(Z)
    return E / E.sum(axis=0)


@wrong.of("divi", "sum")
def softmax(Z):
    """Does not normalise; the largest is subtracted."""
    return np.exp(Z - Z.max(axis=1, keepdims=True))


@wrong.of("exp")
def softmax(Z):
    """Without exp."""
    return Z / Z.sum(axis=1, keepdims=True)


@wrong.of("sign", "minus")
def softmax(Z):
    """A sign too many."""
    E = np.exp(-Z)
    return E / E.sum(axis=1, keepdims=True)


@wrong.of("max", "sum")
def softmax(Z):
    """Divides by the largest."""
    E = np.exp(Z)
    return E / E.max(axis=1, keepdims=True)


@wrong.of("mean")
def softmax(Z):
    """Divides by the mean."""
    E = np.exp(Z)
    return E / E.mean(axis=1, keepdims=True)


@wrong.of("keepdims", "shape", "dimension", "column")
def softmax(Z):
    """Forgets keepdims."""
    E = np.exp(Z - np.max(Z, axis=1, keepdims=True))
    return E / np.sum(E, axis=1)


@wrong.of("sign", "minus")
def cross_entropy(P, y):
    """Forgets the minus."""
    return np.mean(np.log(P[np.arange(len(y)), y]))


@wrong.of("sum")
def cross_entropy(P, y):
    """Sums."""
    return -np.sum(np.log(P[range(len(y)), y]))


@wrong.of("log")
def cross_entropy(P, y):
    """Forgets the logarithm."""
    return -np.mean(P[range(len(y)), y])


@wrong.of("log")
def cross_entropy(P, y):
    """The logarithm of the mean."""
    return -np.log(np.mean(P[range(len(y)), y]))


@wrong.of("log")
def cross_entropy(P, y):
    """The logarithm by two."""
    return -np.mean(np.log2(P[range(len(y)), y]))


@wrong.of("log")
def cross_entropy(P, y):
    """The logarithm by ten."""
    return -np.mean(np.log10(P[range(len(y)), y]))


@wrong.of("all", "y", "[", "every")
def cross_entropy(P, y):
    """All classes count."""
    return -np.mean(np.log(P))


@wrong.of("mean", "each")
def cross_entropy(P, y):
    """One number for each record."""
    return -np.log(P[np.arange(len(y)), y])


@wrong.of("number", "1", "mean")
def cross_entropy(P, y):
    """Divides by the number of classes."""
    return -np.sum(np.log(P[np.arange(len(y)), y])) / P.shape[1]


@wrong.of("transpos", "swap", "row")
def one_hot(y, k):
    """Classes by records."""
    return np.eye(k)[y].T


@wrong.of("1", "index", "number", "one")
def one_hot(y, k):
    """Counts classes from one."""
    rows = np.zeros((len(y), k))
    rows[np.arange(len(y)), y - 1] = 1
    return rows


@wrong.of("ones", "1", "zeros", "0", "one minus")
def one_hot(y, k):
    """Zeros and ones exchanged."""
    rows = np.ones((len(y), k))
    rows[np.arange(len(y)), y] = 0
    return rows


@wrong.of("1", "k", "dimension")
def one_hot(y, k):
    """One class too many."""
    rows = np.zeros((len(y), k + 1))
    rows[np.arange(len(y)), y] = 1
    return rows


@wrong.of("sign", "wrong way", "revers", "minus")
def slopes(X, W, y):
    """The error the other way round."""
    return X.T @ (_hot(y, W.shape[1]) - _softmax(X @ W)) / len(X)


@wrong.of("len", "divi", "number")
def slopes(X, W, y):
    """Does not divide."""
    return X.T @ (_softmax(X @ W) - _hot(y, W.shape[1]))


@wrong.of("softmax")
def slopes(X, W, y):
    """Forgets softmax."""
    return X.T @ (X @ W - _hot(y, W.shape[1])) / len(X)


@wrong.of("transpos", "swap")
def slopes(X, W, y):
    """Transposed."""
    errors = _softmax(X @ W) - _hot(y, W.shape[1])
    return errors.T @ X / len(X)


@wrong.of("number", "len", "divi")
def slopes(X, W, y):
    """Divides by the number of features."""
    return X.T @ (_softmax(X @ W) - _hot(y, W.shape[1])) / X.shape[1]


@wrong.of("one_hot", "left out")
def slopes(X, W, y):
    """Forgets the targets."""
    return X.T @ _softmax(X @ W) / len(X)


@wrong.of("add", "plus", "sign")
def slopes(X, W, y):
    """Adds the targets."""
    return X.T @ (_softmax(X @ W) + _hot(y, W.shape[1])) / len(X)


@wrong.of("half", "0.5", "2", "number")
def penalised(loss, W, strength):
    """Forgets the half."""
    return loss + strength * np.sum(W**2)


@wrong.of("strength")
def penalised(loss, W, strength):
    """Forgets the strength."""
    return loss + np.sum(W**2) / 2


@wrong.of("sign", "minus", "subtract")
def penalised(loss, W, strength):
    """Subtracts."""
    return loss - 0.5 * strength * np.sum(W**2)


@wrong.of("absolute", "square", "power", "abs")
def penalised(loss, W, strength):
    """Absolute values."""
    return loss + 0.5 * strength * np.sum(np.abs(W))


@wrong.of("square", "order", "before", "after", "power")
def penalised(loss, W, strength):
    """Squares after the sum."""
    return loss + 0.5 * strength * np.sum(W) ** 2


@wrong.of("root", "sqrt")
def penalised(loss, W, strength):
    """The norm, not its square."""
    return loss + 0.5 * strength * np.linalg.norm(W)


@wrong.of("loss")
def penalised(loss, W, strength):
    """The penalty alone."""
    return 0.5 * strength * np.sum(W**2)


@wrong.of("mean")
def penalised(loss, W, strength):
    """The mean of the squares."""
    return loss + 0.5 * strength * np.mean(W**2)


@wrong.of("sum")
def accuracy(P, y):
    """Counts."""
    return np.sum(np.argmax(P, axis=1) == y)


@wrong.of("!=", "not equal", "wrong way", "unequal", "differ", "opposite")
def accuracy(P, y):
    """The share of wrong ones."""
    return np.mean(P.argmax(axis=1) != y)


@wrong.of("argmin", "smallest", "min")
def accuracy(P, y):
    """The unlikeliest."""
    return np.mean(P.argmin(axis=1) == y)


@wrong.of("100", "percent", "factor", "times")
def accuracy(P, y):
    """In percent."""
    return 100 * np.mean(P.argmax(axis=1) == y)


@wrong.of("sign", "add", "wrong way")
def fit(X, y, W, rate, epochs):
    """Goes uphill."""
    for _ in range(epochs):
        W = W + rate * X.T @ (_softmax(X @ W) - _hot(y, W.shape[1])) / len(X)
    return W


@wrong.of("rate")
def fit(X, y, W, rate, epochs):
    """Forgets the rate."""
    for _ in range(epochs):
        W = W - X.T @ (_softmax(X @ W) - _hot(y, W.shape[1])) / len(X)
    return W


@wrong.of("start", "renewed", "first", "stale")
def fit(X, y, W, rate, epochs):
    """The slope of the start in each epoch."""
    step = X.T @ (_softmax(X @ W) - _hot(y, W.shape[1])) / len(X)
    for _ in range(epochs):
        W = W - rate * step
    return W


@wrong.of("W", "left out", "replace")
def fit(X, y, W, rate, epochs):
    """The step replaces the weights."""
    for _ in range(epochs):
        W = -rate * X.T @ (_softmax(X @ W) - _hot(y, W.shape[1])) / len(X)
    return W


@wrong.of("round", "epochs")
def fit(X, y, W, rate, epochs):
    """An epoch too many."""
    for _ in range(epochs + 1):
        W = W - rate * X.T @ (_softmax(X @ W) - _hot(y, W.shape[1])) / len(X)
    return W


@wrong.of("start", "zeros", "ignored", "W")
def fit(X, y, W, rate, epochs):
    """Starts from zero."""
    W = np.zeros_like(W)
    for _ in range(epochs):
        W = W - rate * X.T @ (_softmax(X @ W) - _hot(y, W.shape[1])) / len(X)
    return W


@wrong.of("log & sign", "log & minus")
def cross_entropy(P, y):
    """Two slips: no logarithm, no minus."""
    return np.mean(P[np.arange(len(y)), y])


@wrong.of("sum & sign", "sum & minus")
def cross_entropy(P, y):
    """Two slips: the sum, no minus."""
    return np.sum(np.log(P[np.arange(len(y)), y]))


@wrong.of("half & strength", "0.5 & strength", "strength & number")
def penalised(loss, W, strength):
    """Two slips: no half, no strength."""
    return loss + np.sum(W**2)


@wrong.of("divi & sign", "divi & wrong way", "len & sign", "len & wrong way")
def slopes(X, W, y):
    """Two slips: not divided, and the wrong way round."""
    return X.T @ (_hot(y, W.shape[1]) - _softmax(X @ W))


@wrong.of("sign & rate", "rate & wrong way", "rate & add")
def fit(X, y, W, rate, epochs):
    """Two slips: uphill, without the rate."""
    for _ in range(epochs):
        W = W + X.T @ (_softmax(X @ W) - _hot(y, W.shape[1])) / len(X)
    return W


@wrong.of("axis & sign", "axis & minus")
def softmax(Z):
    """Two slips: by columns, and a sign."""
    E = np.exp(-Z)
    return E / E.sum(axis=0)


@right.of()
def softmax(Z):
    """Record by record."""
    return np.array([np.exp(z) / np.exp(z).sum() for z in Z])


@right.of()
def cross_entropy(P, y):
    """With one-hot rows."""
    return -np.sum(np.eye(P.shape[1])[y] * np.log(P)) / len(P)


@right.of()
def slopes(X, W, y):
    """As a sum of outer products."""
    errors = _softmax(X @ W) - _hot(y, W.shape[1])
    return sum(np.outer(x, e) for x, e in zip(X, errors, strict=True)) / len(X)


@wrong.of()
def softmax(Z):
    """Equal shares."""
    return np.full(Z.shape, 1 / Z.shape[1])


@wrong.of()
def slopes(X, W, y):
    """Zeros."""
    return np.zeros_like(W)


@wrong.of()
def cross_entropy(P, y):
    """Noise."""
    return float(np.sin(100 * P.sum() + 31 * P[0, 0]))


@wrong.of()
def fit(X, y, W, rate, epochs):
    """Noise."""
    return np.sin(1e3 * W + rate)


@wrong.of()
def accuracy(P, y):
    """Always right."""
    return 1.0


@wrong.of()
def penalised(loss, W, strength):
    """A product of unrelated things."""
    return loss * np.prod(W) + np.exp(strength)
