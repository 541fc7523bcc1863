"""Lloyd's algorithm and silhouettes: a reference, and answers as students wrote them.

The wrong answers were written from the exercise's text, before anybody looked at what the grader
can change in a reference. Each says which words of a name would be right.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.topics.answers import Answers

REFERENCE = '''
"""Clusters by Lloyd's algorithm."""
import numpy as np


def distances(X, centres):
    """Squared distances (n, k) of points (n, d) from centres (k, d)."""
    differences = np.asarray(X)[:, None, :] - np.asarray(centres)[None, :, :]
    return np.sum(differences**2, axis=2)


def nearest(X, centres):
    """The number of each point's nearest centre, (n,)."""
    return np.argmin(distances(X, centres), axis=1)


def new_centres(X, labels, k):
    """The mean of each cluster's points, (k, d)."""
    return np.array([X[labels == j].mean(axis=0) for j in range(k)])


def inertia(X, labels, centres):
    """The sum of the squared distances of the points (n, d) from their centres."""
    return float(np.sum((X - centres[labels]) ** 2))


def lloyd(X, centres, steps):
    """The centres (k, d) after so many steps."""
    for _ in range(steps):
        labels = nearest(X, centres)
        centres = new_centres(X, labels, len(centres))
    return centres


def silhouette(own, other):
    """Silhouettes (n,) from mean distances to the own and to the next cluster, each (n,)."""
    return (other - own) / np.maximum(own, other)


def spread(X):
    """The root of the mean squared distance of points (n, d) from their mean."""
    return float(np.sqrt(np.mean(np.sum((X - X.mean(axis=0)) ** 2, axis=1))))
'''


def calls() -> dict[str, Sequence[tuple[object, ...]]]:
    """What each function is called with."""
    rng = np.random.default_rng(11)
    shapes = ((9, 2, 3), (12, 3, 2), (10, 4, 3))
    data = [(rng.normal(1.0, 2.0, (n, d)), rng.normal(1.0, 2.0, (k, d))) for n, d, k in shapes]
    labels = [np.arange(n) * 5 % 7 % k for n, _, k in shapes]
    spots = [
        np.concatenate([rng.normal(4.0 * j, 1.5, (6, d)) for j in range(k)]) for _, d, k in shapes
    ]
    return {
        "distances": data,
        "nearest": data,
        "new_centres": [
            (X, y, k) for (X, _), y, (_, _, k) in zip(data, labels, shapes, strict=True)
        ],
        "inertia": [(X, y, C) for (X, C), y in zip(data, labels, strict=True)],
        "lloyd": [
            (X, X[[0, 6, 12][:k]] + 0.7, steps)
            for X, (_, _, k), steps in zip(spots, shapes, (1, 2, 3), strict=True)
        ],
        "silhouette": [tuple(rng.uniform(0.5, 4.0, (2, n))) for n in (4, 6)],
        "spread": [(X,) for X, _ in data],
    }


wrong, right = Answers(), Answers()


@wrong.of("root", "sqrt")
def distances(X, centres):
    """Takes the root."""
    return np.sqrt(((X[:, None] - centres) ** 2).sum(axis=2))


@wrong.of("absolute", "abs", "square", "power")
def distances(X, centres):
    """City blocks in place of squares."""
    return np.abs(X[:, None] - centres).sum(axis=2)


@wrong.of("mean")
def distances(X, centres):
    """The mean of the squares."""
    return np.mean((X[:, None, :] - centres[None, :, :]) ** 2, axis=2)


@wrong.of("transpos", "swap", "rows", "axis")
def distances(X, centres):
    """Centres by points."""
    D = np.zeros((len(centres), len(X)))
    for j, c in enumerate(centres):
        for i, x in enumerate(X):
            D[j, i] = np.sum((x - c) ** 2)
    return D


@wrong.of("square", "power")
def distances(X, centres):
    """Forgets the square."""
    return np.array([[np.sum(x - c) for c in centres] for x in X])


@wrong.of("square", "power", "order", "before", "after")
def distances(X, centres):
    """Squares after the sum."""
    return np.array([[np.sum(x - c) ** 2 for c in centres] for x in X])


@wrong.of("add", "plus", "sign", "minus")
def distances(X, centres):
    """Adds the centres."""
    return np.sum((X[:, None, :] + centres[None, :, :]) ** 2, axis=2)


@wrong.of("argmax", "largest", "max")
def nearest(X, centres):
    """The farthest."""
    return np.argmax(((X[:, None] - centres) ** 2).sum(axis=2), axis=1)


@wrong.of("axis")
def nearest(X, centres):
    """The nearest point of each centre."""
    return np.argmin(((X[:, None] - centres) ** 2).sum(axis=2), axis=0)


@wrong.of("argmin", "min", "position", "index")
def nearest(X, centres):
    """The distance, not the number."""
    return np.min(((X[:, None] - centres) ** 2).sum(axis=2), axis=1)


@wrong.of("1", "one", "number")
def nearest(X, centres):
    """Counts clusters from one."""
    return np.argmin(((X[:, None] - centres) ** 2).sum(axis=2), axis=1) + 1


@wrong.of("sum")
def new_centres(X, labels, k):
    """Sums in place of means."""
    centres = np.zeros((k, X.shape[1]))
    for i, j in enumerate(labels):
        centres[j] += X[i]
    return centres


@wrong.of("axis", "single number", "all at once", "whole")
def new_centres(X, labels, k):
    """One number for each cluster."""
    return np.array([np.mean(X[labels == j]) for j in range(k)])


@wrong.of("k", "round", "one")
def new_centres(X, labels, k):
    """One cluster too few."""
    return np.array([X[labels == j].mean(axis=0) for j in range(k - 1)])


@wrong.of("median")
def new_centres(X, labels, k):
    """The median."""
    return np.array([np.median(X[labels == j], axis=0) for j in range(k)])


@wrong.of("labels", "divid", "number")
def new_centres(X, labels, k):
    """Divides by the number of all points."""
    return np.array([X[labels == j].sum(axis=0) / len(X) for j in range(k)])


@wrong.of("labels", "all")
def new_centres(X, labels, k):
    """The mean of all points for each cluster."""
    return np.array([X.mean(axis=0) for j in range(k)])


@wrong.of("mean")
def inertia(X, labels, centres):
    """The mean."""
    return np.mean((X - centres[labels]) ** 2)


@wrong.of("number", "divid", "mean", "len")
def inertia(X, labels, centres):
    """Divided by the number of points."""
    return np.sum((X - centres[labels]) ** 2) / len(X)


@wrong.of("root", "sqrt")
def inertia(X, labels, centres):
    """Sums distances, not their squares."""
    total = 0.0
    for x, j in zip(X, labels, strict=True):
        total += np.sqrt(np.sum((x - centres[j]) ** 2))
    return total


@wrong.of("axis", "each", "long")
def inertia(X, labels, centres):
    """One number for each point."""
    return np.sum((X - centres[labels]) ** 2, axis=1)


@wrong.of("square", "power", "absolute")
def inertia(X, labels, centres):
    """No squares."""
    return np.sum(np.abs(X - centres[labels]))


@wrong.of("round", "first", "return")
def lloyd(X, centres, steps):
    """Returns in the loop."""
    for _ in range(steps):
        labels = np.argmin(((X[:, None] - centres) ** 2).sum(axis=2), axis=1)
        centres = np.array([X[labels == j].mean(axis=0) for j in range(len(centres))])
        return centres
    return centres


@wrong.of("round", "once", "start", "renewed", "stays")
def lloyd(X, centres, steps):
    """Assigns once, before the loop."""
    labels = np.argmin(((X[:, None] - centres) ** 2).sum(axis=2), axis=1)
    for _ in range(steps):
        centres = np.array([X[labels == j].mean(axis=0) for j in range(len(centres))])
    return centres


@wrong.of("round", "steps")
def lloyd(X, centres, steps):
    """One step too few."""
    for _ in range(1, steps):
        labels = np.argmin(((X[:, None] - centres) ** 2).sum(axis=2), axis=1)
        centres = np.array([X[labels == j].mean(axis=0) for j in range(len(centres))])
    return centres


@wrong.of("labels", "nearest")
def lloyd(X, centres, steps):
    """Gives the labels."""
    for _ in range(steps):
        labels = np.argmin(((X[:, None] - centres) ** 2).sum(axis=2), axis=1)
        centres = np.array([X[labels == j].mean(axis=0) for j in range(len(centres))])
    return labels


@wrong.of("sign", "wrong way", "revers", "exchang", "swap")
def silhouette(own, other):
    """The other way round."""
    return (own - other) / np.maximum(own, other)


@wrong.of("maximum", "minimum", "max", "min", "smaller")
def silhouette(own, other):
    """The smaller of the two."""
    return (other - own) / np.minimum(own, other)


@wrong.of("own", "maximum")
def silhouette(own, other):
    """Divides by the own one."""
    return (other - own) / own


@wrong.of("sum", "maximum", "add", "plus")
def silhouette(own, other):
    """Divides by the sum."""
    return (other - own) / (own + other)


@wrong.of("divi")
def silhouette(own, other):
    """Does not divide."""
    return other - own


@wrong.of("max", "largest of all")
def silhouette(own, other):
    """One largest number for all points."""
    return (other - own) / max(own.max(), other.max())


@wrong.of("bracket", "order", "own", "other")
def silhouette(own, other):
    """Forgets the brackets."""
    return other - own / np.maximum(own, other)


@wrong.of("root", "sqrt")
def spread(X):
    """No root."""
    return np.mean(np.sum((X - X.mean(axis=0)) ** 2, axis=1))


@wrong.of("sum", "mean")
def spread(X):
    """The mean over everything."""
    return np.sqrt(np.mean((X - X.mean(axis=0)) ** 2))


@wrong.of("root", "sqrt", "order", "before", "after")
def spread(X):
    """The mean of the roots."""
    return np.mean(np.linalg.norm(X - X.mean(axis=0), axis=1))


@wrong.of("axis")
def spread(X):
    """From one mean of all numbers."""
    return np.sqrt(np.mean(np.sum((X - X.mean()) ** 2, axis=1)))


@wrong.of("mean", "left out")
def spread(X):
    """From the origin."""
    return np.sqrt(np.mean(np.sum(X**2, axis=1)))


@wrong.of("1", "number", "mean")
def spread(X):
    """Divides by n - 1."""
    return np.sqrt(np.sum((X - X.mean(axis=0)) ** 2) / (len(X) - 1))


@wrong.of("sum & round", "sum & k")
def new_centres(X, labels, k):
    """Two slips: sums, and one cluster too few."""
    return np.array([X[labels == j].sum(axis=0) for j in range(k - 1)])


@wrong.of("mean & root", "mean & sqrt")
def distances(X, centres):
    """Two slips: a root, and the mean."""
    return np.sqrt(np.mean((X[:, None] - centres) ** 2, axis=2))


@wrong.of("sign & min", "wrong way & min", "revers & min", "exchang & min", "sign & smaller")
def silhouette(own, other):
    """Two slips: the other way round, and the smaller."""
    return (own - other) / np.minimum(own, other)


@wrong.of("root & mean", "sqrt & mean", "root & left out")
def spread(X):
    """Two slips: no root, and from the origin."""
    return np.mean(np.sum(X**2, axis=1))


@wrong.of("max & axis", "largest & axis", "argmax & axis")
def nearest(X, centres):
    """Two slips: the farthest, by the other axis."""
    return np.argmax(((X[:, None] - centres) ** 2).sum(axis=2), axis=0)


@wrong.of("mean & square", "mean & power", "mean & absolute")
def inertia(X, labels, centres):
    """Two slips: no squares, and the mean."""
    return np.mean(np.abs(X - centres[labels]))


@right.of()
def distances(X, centres):
    """By the binomial formula."""
    return (X**2).sum(1)[:, None] - 2 * X @ centres.T + (centres**2).sum(1)


@right.of()
def new_centres(X, labels, k):
    """With a loop."""
    centres = []
    for j in range(k):
        mine = [x for x, label in zip(X, labels, strict=True) if label == j]
        centres.append(sum(mine) / len(mine))
    return np.array(centres)


@right.of()
def spread(X):
    """By standard deviations."""
    return np.sqrt(np.sum(np.std(X, axis=0) ** 2))


@right.of()
def silhouette(own, other):
    """By cases."""
    return np.where(own < other, 1 - own / other, other / own - 1)


@wrong.of()
def silhouette(own, other):
    """Noise."""
    return np.sin(37.0 * own + other)


@wrong.of()
def nearest(X, centres):
    """All in the first cluster."""
    return np.zeros(len(X), dtype=int)


@wrong.of()
def spread(X):
    """A constant."""
    return 2.0


@wrong.of()
def lloyd(X, centres, steps):
    """Untouched."""
    return centres


@wrong.of()
def new_centres(X, labels, k):
    """Noise."""
    return np.cos(91.0 * X[:k])


@wrong.of()
def inertia(X, labels, centres):
    """Another quantity."""
    return float(np.linalg.det(centres.T @ centres + X.T @ X))
