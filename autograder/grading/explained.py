"""Explanations that were found before: equal wrong answers of a class are explained once.

Answers are equal if the calls, their arguments and what came of them are, to the last bit. Answers
that hold anything but numbers and text, such as objects of a submission, are explained each time.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograder.checks.catalogue import Catalogue, Mistake
from autograder.grading.diagnosis import Explanation, explanation, prepare
from autograder.remote.calls import CALLED, Case
from autograder.remote.time_limit import Allowance, TooMuchWork

MOST_KEPT = 2000
"""Explanations that are kept; the one that was not asked for longest makes room."""


class Explained:
    """Explains answers, and remembers what it found for the same answers.

    Args:
        catalogue: of the assignment.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._found: OrderedDict[bytes, Explanation | None] = OrderedDict()

    def explain(
        self, cases: Sequence[Case], mistakes: Sequence[Mistake], allowance: Allowance
    ) -> Explanation | None:
        """What gives exactly these answers, if something does; see `diagnosis.explain`.

        Where the allowance is used up, nothing is found and nothing is kept.
        """
        key = _key(cases, mistakes)
        if key and key in self._found:
            self._found.move_to_end(key)
            return self._found[key]
        prepare(cases, mistakes, self._catalogue)
        try:
            found = explanation(cases, mistakes, allowance, self._catalogue)
        except TooMuchWork:
            return None
        if key:
            self._found[key] = found
            if len(self._found) > MOST_KEPT:
                self._found.popitem(last=False)
        return found


def _key(cases: Sequence[Case], mistakes: Sequence[Mistake]) -> bytes:
    """A digest of answers; empty where they hold something that has none."""
    digest = hashlib.sha256()
    try:
        for mistake in mistakes:
            _add(digest, (mistake.grade_cell, mistake.misconception.name, mistake.note))
        for case in cases:
            if case.deed != CALLED:
                return b""
            outcome = case.answer.outcome
            _add(digest, (case.function, case.names, case.args))
            _add(digest, (case.answer.changed, case.answer.value))
            if outcome is not None:
                _add(digest, (str(outcome.verdict), outcome.raised, outcome.gist))
    except TypeError:
        return b""
    return digest.digest()


def _add(digest: Any, value: Any) -> None:
    """Add a value and its type to a digest.

    Raises:
        TypeError: it is neither a number nor a text, nor an array, a tuple or a list of them.
    """
    digest.update(f"{type(value).__name__}:".encode())
    if type(value) is np.ndarray and value.dtype != object:
        digest.update(f"{value.dtype.str}{value.shape}".encode() + value.tobytes())
    elif value is None or isinstance(value, bool | int | float | str | np.generic):
        digest.update(repr(value).encode())
    elif type(value) in (tuple, list):
        digest.update(f"{len(value)}".encode())
        for one in value:
            _add(digest, one)
    else:
        raise TypeError(f"{type(value).__name__} has no digest")
