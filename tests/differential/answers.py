"""What a function returns, and what else it does: every form that a visible check accepts.

The visible checks read an answer by `numpy.asarray(value, dtype=float)`, and unpack pairs.
"""

from __future__ import annotations

import re

from .edits import rewrite
from .notebooks import Edit, Subject

ONE = {
    "list": "np.asarray(value).tolist()",
    "float": "float(value) if np.ndim(value) == 0 else value",
    "fraction": "from_each(fractions.Fraction, value)",
    "decimal": "from_each(decimal.Decimal, value)",
    "text": "from_each(repr, value)",
    "object-array": "np.asarray(value, dtype=object)",
    "long-double": "np.asarray(value, dtype=np.longdouble)",
    "complex": "np.asarray(value, dtype=float)",
    "masked": "np.ma.masked_array(value)",
    "subclass": "np.asarray(value).view(Named)",
    "read-only": "frozen(value)",
    "fortran": "np.asfortranarray(value) if np.ndim(value) else value",
    "strided": "np.repeat(np.atleast_1d(value), 2, axis=0)[::2].reshape(np.shape(value))",
    "big-endian": "np.asarray(value, dtype='>f8')",
    "deque": "collections.deque(value) if np.ndim(value) else value",
    "user-list": "collections.UserList(value) if np.ndim(value) else value",
    "array-method": "Wrapped(value)",
    "float-method": "Number(value) if np.ndim(value) == 0 else value",
    "tuple": "tuple(value) if np.ndim(value) else value",
    "series": "pandas.Series(value) if np.ndim(value) == 1 else value",
    "memory-view": "memoryview(np.ascontiguousarray(value)) if np.ndim(value) else value",
    "zero-dimensional": "np.array(value)",
}
"""Answers of functions with one value, made from the correct `value`."""

PAIR = {
    "list": "list(value)",
    "named-tuple": "Pair(*value)",
    "generator": "(part for part in value)",
    "map": "map(np.asarray, value)",
    "iterator": "iter(value)",
    "dictionary-values": "dict(zip('ab', value)).values()",
    "deque": "collections.deque(value)",
    "own-iterable": "Parts(value)",
    "lists": "[np.asarray(part).tolist() for part in value]",
}
"""Answers of functions with two values."""

WHILE = {
    "prints": "print('at work', a)",
    "prints-much": "print('x' * 20_000)",
    "displays": "from IPython.display import display; display(a)",
    "plots": "plt.figure(); plt.plot([1, 2]); plt.show(); plt.close('all')",
    "warns": "import warnings; warnings.warn('slow')",
    "warns-of-deprecation": "import warnings; warnings.warn('old', DeprecationWarning)",
    "logs": "import logging; logging.getLogger('mine').warning('called')",
    "counts": "counts.append(1)",
    "writes-a-file": "open('log.txt', 'a').write('called')",
    "sleeps": "import time; time.sleep(0.01)",
    "imports": "import json, random, statistics, scipy.special",
    "checks-types": "assert all(isinstance(b, (np.ndarray, float, int, tuple, np.random.Generator))"
    " or callable(b) for b in a), a",
    "sets-errors": "np.seterr(all='ignore')",
    "uses-threads": "import threading; t = threading.Thread(target=int); t.start(); t.join()",
    "uses-randomness": "np.random.seed(1); np.random.rand()",
    "writes-to-stderr": "import sys; print('called', file=sys.stderr)",
    "asserts-writeable": "assert all(b.flags.writeable for b in a if isinstance(b, np.ndarray))",
    "runs-a-process": "import subprocess; subprocess.run(['true'])",
    "reads-input-if-any": "import sys; sys.stdin",
    "recursion": "(lambda f: f(f, 300))(lambda f, n: n and f(f, n - 1))",
}
"""What else a function does before it answers; `a` holds its arguments."""

TOOLS = """import collections, decimal, fractions, pandas
Pair = collections.namedtuple("Pair", "first second")
counts = []


class Named(np.ndarray):
    pass


class Wrapped:
    def __init__(self, value):
        self.value = np.asarray(value)

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.value, dtype=dtype)


class Number:
    def __init__(self, value):
        self.value = value

    def __float__(self):
        return float(self.value)


class Parts:
    def __init__(self, parts):
        self.parts = parts

    def __len__(self):
        return len(self.parts)

    def __getitem__(self, place):
        return self.parts[place]


def from_each(make, value):
    if np.ndim(value) == 0:
        return make(float(value))
    return [from_each(make, part) for part in value]


def frozen(value):
    value = np.array(value)
    value.flags.writeable = False
    return value
"""


def answering(subject: Subject, how: str) -> Edit:
    """Let the function give its value in another form."""
    return _wrapped(subject, "", f"{how}")


def doing(subject: Subject, what: str) -> Edit:
    """Let the function do something besides."""
    return _wrapped(subject, f"    {what}\n", "value")


def _wrapped(subject: Subject, first: str, answer: str) -> Edit:
    name = subject.name
    wrapper = f"def {name}(*a):\n{first}    value = my_{name}(*a)\n    return {answer}\n"

    def change(source: str) -> str:
        mine = re.sub(rf"^def {name}\(", f"def my_{name}(", source, flags=re.MULTILINE)
        return f"{TOOLS}\n\n{mine}\n\n\n{wrapper}"

    return rewrite(subject.solution, change)
