"""Figures: what an answer's figure lacks of what the reference's shows.

What the reference draws must be there; more may be. Where the reference writes a title or a label,
there must be one, in whatever words: a check that asks for certain words compares the facts itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograder.sandbox.inside.figures import Axes, Figure

Inner = Callable[[Any, Any], str]


def figures_differ(answer: Figure, expected: Figure, inner: Inner) -> str:
    """What differs between two figures; see `kinds.Kind`."""
    found, wanted = len(answer.axes), len(expected.axes)
    if found != wanted:
        return f"The figure has {'more' if found > wanted else 'fewer'} axes than are asked for."
    if expected.title and not answer.title:
        return "The figure has no title."
    pairs = zip(answer.axes, expected.axes, strict=True)
    return next(filter(None, (_axes_differ(*pair, inner) for pair in pairs)), "")


def _axes_differ(answer: Axes, expected: Axes, inner: Inner) -> str:
    for name, sentence in _TEXTS.items():
        if getattr(expected, name) and not getattr(answer, name):
            return sentence
    for axis in ("xscale", "yscale"):
        if getattr(answer, axis) != getattr(expected, axis):
            return f"The {axis[0]} axis has another scale than is asked for."
    for name, (numbers, what) in _DRAWN.items():
        found = [numbers(one) for one in getattr(answer, name)]
        for one in map(numbers, getattr(expected, name)):
            if not _is_among(one, found, inner):
                return _missing(what, found)
    return ""


def _is_among(wanted: Sequence[Any], found: list[Sequence[Any]], inner: Inner) -> bool:
    """Whether one of those that are drawn has the wanted numbers; it is then taken away."""
    for place, one in enumerate(found):
        if not any(inner(*pair) for pair in zip(one, wanted, strict=True)):
            del found[place]
            return True
    return False


def _missing(what: str, found: Sequence[Any]) -> str:
    if not found:
        return f"There is no {what} where one is asked for."
    return f"One {what} is not there, or has other numbers than it should."


_TEXTS = {
    "title": "The axes have no title.",
    "xlabel": "The x axis has no label.",
    "ylabel": "The y axis has no label.",
    "legend": "There is no legend.",
}
_DRAWN: dict[str, tuple[Callable[[Any], Sequence[Any]], str]] = {
    "lines": (lambda one: (one.x, one.y), "line"),
    "bars": (lambda one: (one.places, one.heights), "set of bars"),
    "points": (lambda one: (_sorted(one),), "set of points"),
    "images": (lambda one: (one,), "image"),
}
"""By field of the axes: the numbers that count, and what it is called."""


def _sorted(points: Any) -> Any:
    """Points in the order of their coordinates: which was drawn first does not show."""
    order = np.lexsort((points.y, points.x))
    return np.column_stack((points.x, points.y))[order]
