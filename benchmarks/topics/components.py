"""Principal components: a reference, and answers as students wrote them.

The wrong answers were written from the exercise's text, before anybody looked at what the grader
can change in a reference. Each says which words of a name would be right.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.topics.answers import Answers

REFERENCE = '''
"""Principal components by the singular values of centred data."""
import numpy as np


def centre(X):
    """The data (n, d) with the mean of each column taken away."""
    X = np.asarray(X, dtype=float)
    return X - np.mean(X, axis=0)


def covariance(X):
    """The covariance matrix (d, d) of data (n, d), divided by n - 1."""
    centred = centre(X)
    return np.dot(centred.T, centred) / (len(X) - 1)


def explained(variances):
    """The share of the variance that each component explains, as (d,)."""
    variances = np.asarray(variances, dtype=float)
    return variances / np.sum(variances)


def scores(X, components):
    """The centred data (n, d) on components (d, k): an array (n, k)."""
    return centre(X) @ np.asarray(components, dtype=float)


def rebuild(scores, components, means):
    """Data (n, d) from scores (n, k), components (d, k) and column means (d,)."""
    return np.asarray(scores) @ np.asarray(components).T + np.asarray(means)


def power_step(C, v):
    """One step of the power method: C v, of length 1."""
    w = np.dot(np.asarray(C, dtype=float), np.asarray(v, dtype=float))
    return w / np.sqrt(np.sum(w**2))
'''


def calls() -> dict[str, Sequence[tuple[object, ...]]]:
    """What each function is called with."""
    rng = np.random.default_rng(7)
    data = [rng.normal(1.0, 2.0, (n, d)) for n, d in ((6, 3), (9, 4), (7, 2))]
    return {
        "centre": [(X,) for X in data],
        "covariance": [(X,) for X in data],
        "explained": [(rng.uniform(0.2, 4.0, d),) for d in (3, 5)],
        "scores": [(X, rng.normal(size=(X.shape[1], 2))) for X in data],
        "rebuild": [
            (rng.normal(size=(n, 2)), rng.normal(size=(d, 2)), rng.normal(size=d))
            for n, d in ((6, 3), (9, 4), (7, 5))
        ],
        "power_step": [(rng.normal(size=(d, d)), rng.normal(size=d)) for d in (3, 4)],
    }


wrong, right = Answers(), Answers()


@wrong.of("axis")
def centre(X):
    """One mean for all columns."""
    return X - X.mean()


@wrong.of("axis")
def centre(X):
    """The mean of each row."""
    return X - X.mean(axis=1, keepdims=True)


@wrong.of("sum")
def centre(X):
    """The sum for the mean."""
    return X - X.sum(axis=0)


@wrong.of("sign", "wrong way", "reversed", "minus")
def centre(X):
    """The other way round."""
    return X.mean(axis=0) - X


@wrong.of("X", "left out", "taken away")
def centre(X):
    """Gives the means."""
    return np.mean(X, axis=0)


@wrong.of("add", "plus")
def centre(X):
    """Adds the means."""
    return X + np.mean(X, axis=0)


@wrong.of("number", "left out", "1")
def covariance(X):
    """Divides by n."""
    Z = X - X.mean(axis=0)
    return Z.T @ Z / len(X)


@wrong.of("divide")
def covariance(X):
    """Does not divide."""
    Z = X - X.mean(axis=0)
    return Z.T @ Z


@wrong.of("centre")
def covariance(X):
    """Does not centre."""
    return X.T @ X / (len(X) - 1)


@wrong.of("swap", "transpos")
def covariance(X):
    """Records by records."""
    Z = X - X.mean(axis=0)
    return Z @ Z.T / (len(X) - 1)


@wrong.of("number", "1")
def covariance(X):
    """Divides by n - 2."""
    Z = X - X.mean(axis=0)
    return Z.T @ Z / (X.shape[0] - 2)


@wrong.of("axis", "centre")
def covariance(X):
    """Centres by one mean."""
    Z = X - np.mean(X)
    return Z.T @ Z / (len(X) - 1)


@wrong.of("divide")
def explained(variances):
    """Does not divide."""
    return variances


@wrong.of("mean")
def explained(variances):
    """Divides by the mean."""
    return variances / np.mean(variances)


@wrong.of("power", "root", "square", "twice")
def explained(variances):
    """Takes them for standard deviations."""
    return variances**2 / np.sum(variances**2)


@wrong.of("largest", "max")
def explained(variances):
    """Relative to the largest."""
    return variances / np.max(variances)


@wrong.of("centre")
def scores(X, components):
    """Does not centre."""
    return X @ components


@wrong.of("transpos", "swap")
def scores(X, components):
    """Transposed."""
    return ((X - X.mean(axis=0)) @ components).T


@wrong.of("axis", "centre")
def scores(X, components):
    """Centres by one mean."""
    return (X - X.mean()) @ components


@wrong.of("means")
def rebuild(scores, components, means):
    """Forgets the means."""
    return scores @ components.T


@wrong.of("minus", "subtract", "sign", "means")
def rebuild(scores, components, means):
    """Takes the means away once more."""
    return scores @ components.T - means


@wrong.of("transpos")
def rebuild(scores, components, means):
    """Does not transpose."""
    return scores @ components + means


@wrong.of("sum", "one long", "total")
def rebuild(scores, components, means):
    """Adds everything up."""
    return np.sum(scores @ components.T + means)


@wrong.of("divide")
def power_step(C, v):
    """Does not normalise."""
    return C @ v


@wrong.of("sqrt", "root")
def power_step(C, v):
    """Forgets the root."""
    w = C @ v
    return w / np.sum(w**2)


@wrong.of("power", "absolute", "square")
def power_step(C, v):
    """Forgets the square."""
    w = C @ v
    return w / np.sqrt(np.abs(np.sum(w)))


@wrong.of("v for", "`v`")
def power_step(C, v):
    """Divides by the length of the old vector."""
    return C @ v / np.sqrt(np.sum(v**2))


@wrong.of("mean")
def power_step(C, v):
    """The mean of the squares."""
    w = C @ v
    return w / np.sqrt(np.mean(w**2))


@wrong.of("transpos", "swap")
def power_step(C, v):
    """From the left."""
    w = v @ C
    return w / np.sqrt(np.sum(w**2))


@wrong.of("element")
def power_step(C, v):
    """Element by element."""
    w = C * v
    return w / np.sqrt(np.sum(w**2))


@wrong.of("absolute")
def power_step(C, v):
    """Divides by the sum of the absolute values."""
    w = C @ v
    return w / np.sum(np.abs(w))


@wrong.of("centre", "divide")
def covariance(X):
    """Two slips: does not centre, and does not divide."""
    return X.T @ X


@wrong.of("means", "transpos")
def rebuild(scores, components, means):
    """Two slips: the means are left out, and the answer is transposed."""
    return components @ scores.T


@wrong.of("root", "sqrt", "mean")
def power_step(C, v):
    """Two slips: the mean for the sum, and no root."""
    w = C @ v
    return w / np.mean(w**2)


@right.of()
def covariance(X):
    """By NumPy."""
    return np.cov(X, rowvar=False)


@right.of()
def power_step(C, v):
    """With the norm."""
    return C @ v / np.linalg.norm(C @ v)


@right.of()
def centre(X):
    """Column by column."""
    return np.column_stack([column - column.mean() for column in X.T])


@wrong.of()
def explained(variances):
    """All alike."""
    return np.ones(len(variances)) / len(variances)


@wrong.of()
def centre(X):
    """Noise."""
    return np.sin(1e4 * X)


@wrong.of()
def covariance(X):
    """The unit matrix."""
    return np.eye(X.shape[1])


@wrong.of()
def scores(X, components):
    """Zeros."""
    return np.zeros((len(X), components.shape[1]))
