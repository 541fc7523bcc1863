"""Statistics and page ranks: a reference, and answers as students wrote them.

The wrong answers were written from the exercise's text, before anybody looked at what the grader
can change in a reference. Each says which words of a name would be right.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.topics.answers import Answers

REFERENCE = '''
"""Statistics of samples, and ranks of pages."""
import numpy as np


def standard_error(x):
    """The standard error of the mean of a sample (n,)."""
    return np.std(x, ddof=1) / np.sqrt(len(x))


def t_value(x, expected):
    """The t value of a sample (n,) against an expected mean."""
    return (np.mean(x) - expected) / standard_error(x)


def correlation(x, y):
    """Pearson's correlation of two samples (n,)."""
    dx, dy = x - np.mean(x), y - np.mean(y)
    return np.sum(dx * dy) / np.sqrt(np.sum(dx**2) * np.sum(dy**2))


def line(x, y):
    """Intercept and slope (2,) of the line of least squares."""
    dx = x - np.mean(x)
    slope = np.sum(dx * (y - np.mean(y))) / np.sum(dx**2)
    return np.array([np.mean(y) - slope * np.mean(x), slope])


def standardised(X):
    """Columns (n, d) of mean 0 and standard deviation 1."""
    return (X - np.mean(X, axis=0)) / np.std(X, axis=0)


def bootstrap_means(x, indices):
    """The mean of each resample (b,): x (n,), indices (b, n)."""
    return np.mean(x[indices], axis=1)


def transitions(links):
    """The chances (n, n) to go from a page (column) to a page (row)."""
    return links / np.sum(links, axis=0)


def rank_step(P, ranks, damping):
    """One step of PageRank: P (n, n), ranks (n,)."""
    return damping * (P @ ranks) + (1 - damping) / len(ranks)


def page_rank(P, damping, steps):
    """Ranks (n,) after so many steps from equal ranks."""
    ranks = np.ones(len(P)) / len(P)
    for _ in range(steps):
        ranks = rank_step(P, ranks, damping)
    return ranks


def smoothed(x, alpha):
    """Exponential smoothing (n,), beginning with the first value."""
    values = [x[0]]
    for value in x[1:]:
        values.append(alpha * value + (1 - alpha) * values[-1])
    return np.array(values)
'''


def calls() -> dict[str, Sequence[tuple[object, ...]]]:
    """What each function is called with."""
    rng = np.random.default_rng(43)
    samples = [rng.normal(2.0, 1.5, n) for n in (5, 8, 12)]
    pairs = [(x, 0.7 * x + rng.normal(1.0, 1.0, len(x))) for x in samples]
    links = [rng.integers(0, 2, (n, n)) + np.eye(n, k=1) + np.eye(n) for n in (3, 4, 5)]
    chances = [m / m.sum(axis=0) for m in links]
    return {
        "standard_error": [(x,) for x in samples],
        "t_value": [(x, e) for x, e in zip(samples, (1.7, 2.4, 0.5), strict=True)],
        "correlation": pairs,
        "line": pairs,
        "standardised": [(rng.normal(3.0, 2.0, shape),) for shape in ((6, 3), (8, 2), (5, 4))],
        "bootstrap_means": [(x, rng.integers(0, len(x), (4, len(x)))) for x in samples],
        "transitions": [(m,) for m in links],
        "rank_step": [
            (P, rng.dirichlet(np.ones(len(P))), d)
            for P, d in zip(chances, (0.85, 0.6, 0.9), strict=True)
        ],
        "page_rank": [
            (P, d, steps) for P, d, steps in zip(chances, (0.85, 0.6, 0.9), (1, 2, 4), strict=True)
        ],
        "smoothed": [(x, a) for x, a in zip(samples, (0.3, 0.6, 0.85), strict=True)],
    }


wrong, right = Answers(), Answers()


@wrong.of("ddof", "1", "number")
def standard_error(x):
    """Divides by n."""
    return np.std(x) / np.sqrt(len(x))


@wrong.of("sqrt", "root")
def standard_error(x):
    """Divides by n without a root."""
    return x.std(ddof=1) / len(x)


@wrong.of("divi", "sqrt", "len")
def standard_error(x):
    """The standard deviation."""
    return np.std(x, ddof=1)


@wrong.of("var", "root", "square")
def standard_error(x):
    """The variance for the deviation."""
    return np.var(x, ddof=1) / np.sqrt(len(x))


@wrong.of("sqrt", "1", "number", "ddof")
def standard_error(x):
    """The root of n - 1 as well."""
    return np.std(x, ddof=1) / np.sqrt(len(x) - 1)


@wrong.of("times", "multipl", "divi")
def standard_error(x):
    """Multiplies."""
    return np.std(x, ddof=1) * np.sqrt(len(x))


@wrong.of("sign", "wrong way", "revers", "minus")
def t_value(x, expected):
    """The other way round."""
    return (expected - x.mean()) / (x.std(ddof=1) / np.sqrt(len(x)))


@wrong.of("standard_error", "sqrt", "len")
def t_value(x, expected):
    """Divides by the standard deviation."""
    return (x.mean() - expected) / x.std(ddof=1)


@wrong.of("abs", "sign")
def t_value(x, expected):
    """The absolute value."""
    return abs(x.mean() - expected) / (x.std(ddof=1) / np.sqrt(len(x)))


@wrong.of("median")
def t_value(x, expected):
    """The median."""
    return (np.median(x) - expected) / (x.std(ddof=1) / np.sqrt(len(x)))


@wrong.of("expected")
def t_value(x, expected):
    """Forgets what is expected."""
    return x.mean() / (x.std(ddof=1) / np.sqrt(len(x)))


@wrong.of("sum")
def t_value(x, expected):
    """The sum for the mean."""
    return (np.sum(x) - expected) / (x.std(ddof=1) / np.sqrt(len(x)))


@wrong.of("root", "sqrt")
def correlation(x, y):
    """Forgets the root."""
    dx, dy = x - x.mean(), y - y.mean()
    return np.sum(dx * dy) / (np.sum(dx**2) * np.sum(dy**2))


@wrong.of("mean", "left out")
def correlation(x, y):
    """Does not centre: the cosine."""
    return x @ y / np.sqrt((x @ x) * (y @ y))


@wrong.of("divi")
def correlation(x, y):
    """Does not divide."""
    return np.sum((x - x.mean()) * (y - y.mean()))


@wrong.of("add", "plus", "times")
def correlation(x, y):
    """The sum of the squares under the root."""
    dx, dy = x - x.mean(), y - y.mean()
    return np.sum(dx * dy) / np.sqrt(np.sum(dx**2) + np.sum(dy**2))


@wrong.of("y", "left out", "dy", "x for y")
def correlation(x, y):
    """Forgets the second spread: the slope."""
    dx, dy = x - x.mean(), y - y.mean()
    return np.sum(dx * dy) / np.sum(dx**2)


@wrong.of("mean", "y", "centre", "left out")
def correlation(x, y):
    """The second one is not centred."""
    dx, dy = x - x.mean(), y
    return np.sum(dx * dy) / np.sqrt(np.sum(dx**2) * np.sum(dy**2))


@wrong.of("square", "power")
def correlation(x, y):
    """The coefficient of determination."""
    return np.corrcoef(x, y)[0, 1] ** 2


@wrong.of("mean")
def correlation(x, y):
    """The mean above, sums below."""
    dx, dy = x - x.mean(), y - y.mean()
    return np.mean(dx * dy) / np.sqrt(np.sum(dx**2) * np.sum(dy**2))


@wrong.of("order", "swap", "exchang", "revers")
def line(x, y):
    """Slope first."""
    return np.polyfit(x, y, 1)


@wrong.of("y", "dx", "x for y", "swap")
def line(x, y):
    """Divides by the spread of y."""
    dx, dy = x - x.mean(), y - y.mean()
    slope = dx @ dy / (dy @ dy)
    return np.array([y.mean() - slope * x.mean(), slope])


@wrong.of("sign", "plus", "add")
def line(x, y):
    """The intercept with a plus."""
    dx, dy = x - x.mean(), y - y.mean()
    slope = dx @ dy / (dx @ dx)
    return np.array([y.mean() + slope * x.mean(), slope])


@wrong.of("x[0]", "mean", "first", "slope", "mean(x)")
def line(x, y):
    """The intercept is the mean of y."""
    dx, dy = x - x.mean(), y - y.mean()
    return np.array([y.mean(), dx @ dy / (dx @ dx)])


@wrong.of("divi", "left out")
def line(x, y):
    """The slope is not divided."""
    dx, dy = x - x.mean(), y - y.mean()
    slope = dx @ dy
    return np.array([y.mean() - slope * x.mean(), slope])


@wrong.of("std", "divi")
def standardised(X):
    """Only centred."""
    return X - X.mean(axis=0)


@wrong.of("mean", "left out", "subtract")
def standardised(X):
    """Not centred."""
    return X / X.std(axis=0)


@wrong.of("var", "std", "square")
def standardised(X):
    """Divides by the variance."""
    return (X - X.mean(axis=0)) / X.var(axis=0)


@wrong.of("axis")
def standardised(X):
    """One mean and one spread for all columns."""
    return (X - X.mean()) / X.std()


@wrong.of("axis")
def standardised(X):
    """By rows."""
    return (X - X.mean(axis=1, keepdims=True)) / X.std(axis=1, keepdims=True)


@wrong.of("ddof", "1", "number")
def standardised(X):
    """With n - 1, as pandas does."""
    return (X - X.mean(axis=0)) / X.std(axis=0, ddof=1)


@wrong.of("bracket", "order")
def standardised(X):
    """Forgets the brackets."""
    return X - X.mean(axis=0) / X.std(axis=0)


@wrong.of("axis")
def bootstrap_means(x, indices):
    """By the other axis."""
    return x[indices].mean(axis=0)


@wrong.of("axis", "whole", "all", "single")
def bootstrap_means(x, indices):
    """One mean of all."""
    return x[indices].mean()


@wrong.of("indices", "x[")
def bootstrap_means(x, indices):
    """The means of the indices."""
    return np.mean(indices, axis=1)


@wrong.of("sum")
def bootstrap_means(x, indices):
    """Sums."""
    return np.array([sum(x[row]) for row in indices])


@wrong.of("median")
def bootstrap_means(x, indices):
    """Medians."""
    return np.median(x[indices], axis=1)


@wrong.of("axis")
def transitions(links):
    """By rows."""
    return links / links.sum(axis=1, keepdims=True)


@wrong.of("axis", "all", "whole")
def transitions(links):
    """By the sum of everything."""
    return links / links.sum()


@wrong.of("max")
def transitions(links):
    """By the largest."""
    return links / links.max(axis=0)


@wrong.of("transpos", "swap")
def transitions(links):
    """Rows and columns exchanged."""
    return (links / links.sum(axis=0)).T


@wrong.of("len", "divi", "number")
def rank_step(P, ranks, damping):
    """The jump is not shared out."""
    return damping * P @ ranks + (1 - damping)


@wrong.of("damping")
def rank_step(P, ranks, damping):
    """The damping is forgotten at the links."""
    return P @ ranks + (1 - damping) / len(ranks)


@wrong.of("transpos", "swap")
def rank_step(P, ranks, damping):
    """Transposed."""
    return damping * P.T @ ranks + (1 - damping) / len(ranks)


@wrong.of("1 -", "damping", "exchang", "swap")
def rank_step(P, ranks, damping):
    """Damping and its rest exchanged."""
    return (1 - damping) * P @ ranks + damping / len(ranks)


@wrong.of("jump", "left out", "1 -", "damping")
def rank_step(P, ranks, damping):
    """No jump."""
    return damping * P @ ranks


@wrong.of("element", "dot", "*")
def rank_step(P, ranks, damping):
    """Element by element."""
    return damping * P * ranks + (1 - damping) / len(ranks)


@wrong.of("1", "damping", "sign")
def rank_step(P, ranks, damping):
    """The jump takes the damping, not its rest."""
    return damping * P @ ranks + damping / len(ranks)


@wrong.of("start", "renewed", "first", "stale", "ranks")
def page_rank(P, damping, steps):
    """Each step from the start."""
    n = len(P)
    start = np.ones(n) / n
    for _ in range(steps):
        r = damping * P @ start + (1 - damping) / n
    return r


@wrong.of("round", "steps")
def page_rank(P, damping, steps):
    """A step too many."""
    n = len(P)
    r = np.ones(n) / n
    for _ in range(steps + 1):
        r = damping * P @ r + (1 - damping) / n
    return r


@wrong.of("len", "divi", "ones")
def page_rank(P, damping, steps):
    """Starts with ones."""
    n = len(P)
    r = np.ones(n)
    for _ in range(steps):
        r = damping * P @ r + (1 - damping) / n
    return r


@wrong.of("first", "round", "return")
def page_rank(P, damping, steps):
    """Returns in the loop."""
    n = len(P)
    r = np.ones(n) / n
    for _ in range(steps):
        r = damping * P @ r + (1 - damping) / n
        return r
    return None


@wrong.of("1 -", "exchang", "swap", "alpha")
def smoothed(x, alpha):
    """The weights exchanged."""
    s = [x[0]]
    for value in x[1:]:
        s.append((1 - alpha) * value + alpha * s[-1])
    return np.array(s)


@wrong.of("last", "stale", "x", "before", "values")
def smoothed(x, alpha):
    """Mixes with the value before, not with the smoothed one."""
    s = [x[0]]
    for i in range(1, len(x)):
        s.append(alpha * x[i] + (1 - alpha) * x[i - 1])
    return np.array(s)


@wrong.of("0", "start", "first", "zero")
def smoothed(x, alpha):
    """Begins with zero."""
    s, out = 0.0, []
    for value in x:
        s = alpha * value + (1 - alpha) * s
        out.append(s)
    return np.array(out)


@wrong.of("last")
def smoothed(x, alpha):
    """Only the last value."""
    s = x[0]
    for value in x[1:]:
        s = alpha * value + (1 - alpha) * s
    return s


@wrong.of("1 -", "alpha", "left out")
def smoothed(x, alpha):
    """The rest is not weighted."""
    s = [x[0]]
    for value in x[1:]:
        s.append(alpha * value + s[-1])
    return np.array(s)


@wrong.of("ddof & root", "ddof & sqrt", "1 & root", "1 & sqrt")
def standard_error(x):
    """Two slips: by n, and no root."""
    return np.std(x) / len(x)


@wrong.of("std & axis", "divi & axis")
def standardised(X):
    """Two slips: only centred, by one mean."""
    return X - np.mean(X)


@wrong.of("sum & axis")
def bootstrap_means(x, indices):
    """Two slips: sums, by the other axis."""
    return x[indices].sum(axis=0)


@wrong.of("root & mean", "sqrt & mean")
def correlation(x, y):
    """Two slips: the mean above, and no root."""
    dx, dy = x - x.mean(), y - y.mean()
    return np.mean(dx * dy) / (np.sum(dx**2) * np.sum(dy**2))


@wrong.of("transpos & len", "transpos & divi", "swap & divi")
def rank_step(P, ranks, damping):
    """Two slips: transposed, and the jump is not shared out."""
    return damping * P.T @ ranks + (1 - damping)


@wrong.of("sign & standard_error", "wrong way & standard_error", "sign & divi", "wrong way & divi")
def t_value(x, expected):
    """Two slips: the other way round, and not divided."""
    return expected - np.mean(x)


@right.of()
def correlation(x, y):
    """By NumPy."""
    return np.corrcoef(x, y)[0, 1]


@right.of()
def line(x, y):
    """By NumPy."""
    return np.polyfit(x, y, 1)[::-1]


@right.of()
def smoothed(x, alpha):
    """By corrections."""
    s = np.array(x, dtype=float)
    for i in range(1, len(s)):
        s[i] = s[i - 1] + alpha * (x[i] - s[i - 1])
    return s


@right.of()
def standard_error(x):
    """By hand."""
    return np.sqrt(np.sum((x - np.mean(x)) ** 2) / (len(x) - 1) / len(x))


@wrong.of()
def correlation(x, y):
    """Noise."""
    return np.sin(50 * x[0] + y[-1])


@wrong.of()
def line(x, y):
    """Zeros."""
    return np.zeros(2)


@wrong.of()
def page_rank(P, damping, steps):
    """Equal ranks."""
    return np.ones(len(P)) / len(P)


@wrong.of()
def smoothed(x, alpha):
    """Untouched."""
    return np.array(x)


@wrong.of()
def transitions(links):
    """A wild guess."""
    return np.sqrt(links) * np.arange(len(links))


@wrong.of()
def standardised(X):
    """Noise."""
    return np.cos(1e3 * X)
