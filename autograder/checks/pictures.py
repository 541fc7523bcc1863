"""Pictures in the feedback: where looking beats reading, drawn from visible inputs only.

`tests/hidden/<assignment>/pictures.py` registers functions that draw what a student's function does
beside what it should do:

    pictures = Pictures()

    @pictures.of("test_area")
    def area_as_a_side_grows(student):
        return Picture(title=…, alt=…, x_label=…, y_label=…, curves=(
            curve("yours", SIDES, [student.area((3, 4, c)) for c in SIDES]),
            curve("right", SIDES, [reference.area((3, 4, c)) for c in SIDES]),
        ))

They run after all checks, for exercises with a failed check only, and their calls have no part in
marks or diagnosis. A picture that cannot be drawn is left out.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from autograder.checks.api import Disagreement
from autograder.checks.compare import NotNumbers, as_numbers
from autograder.remote.calls import Outcome, size_of
from autograder.remote.student import Student, forget_calls
from autograder.remote.time_limit import at_most
from autograder.report import Curve, Picture

Function = TypeVar("Function", bound=Callable[..., Picture])

DRAW_S = 3.0
"""Seconds for one picture, the calls of the student's functions included."""
MOST_PICTURES = 4
"""Most pictures on one page."""
MOST_POINTS = 200
"""Most points of one curve; of a longer one, evenly spread points are kept."""
MOST_ELEMENTS = 10_000
"""Most numbers in one answer; a drawing may hold many answers at once."""
MOST = 1e6
"""The largest number in a curve; a larger one would flatten everything else."""


@dataclass(frozen=True)
class Drawing:
    """A function that draws a picture for an exercise."""

    grade_cell: str
    function: Callable[[Any], Picture]
    """Takes the student, an object with the student's functions as attributes, as in a check."""


class Pictures:
    """A registry of drawings, filled by its decorator in `pictures.py`."""

    def __init__(self) -> None:
        self._drawings: list[Drawing] = []

    def of(self, grade_cell: str) -> Callable[[Function], Function]:
        """Register the decorated function as the picture of an exercise."""

        def register(function: Function) -> Function:
            self._drawings.append(Drawing(grade_cell, function))
            return function

        return register

    def __iter__(self) -> Iterator[Drawing]:
        return iter(self._drawings)


def curve(name: str, x: Any, y: Any, style: str = "line") -> Curve:
    """A curve through n points; `y` may be a student's answer.

    Args:
        name: the curve's name in the legend.
        x: n finite numbers.
        y: n finite numbers, as a student's function may return them.
        style: `line`, `dots` or `path` (a line with marked points, the last one large).

    Raises:
        NotNumbers: `x` and `y` are not finite numbers of one length that a picture can show.
            The picture is then left out.
    """
    across, up = as_numbers(x), as_numbers(y)
    if across.ndim != 1 or across.shape != up.shape or across.size == 0:
        raise NotNumbers("not one number for each place")
    if not (np.isfinite(across).all() and np.isfinite(up).all()):
        raise NotNumbers("not finite")
    if max(np.abs(across).max(), np.abs(up).max()) > MOST:
        raise NotNumbers("too large to be drawn")
    chosen = np.unique(np.linspace(0, across.size - 1, min(across.size, MOST_POINTS)).astype(int))
    points = tuple((float(across[i]), float(up[i])) for i in chosen)
    return Curve(name, style, points)


class _Model:
    """The student as a drawing sees it: large answers are refused, and no call is kept."""

    def __init__(self, student: Student) -> None:
        self._student = student

    def __getattr__(self, name: str) -> Callable[..., Any]:
        remote = getattr(self._student, name)

        def call(*args: Any, **named: Any) -> Any:
            try:
                value = remote(*args, **named)
            finally:
                forget_calls(self._student)
            if size_of(value) > MOST_ELEMENTS:
                raise NotNumbers("too large to be drawn")
            return value

        return call


def draw(drawing: Drawing, student: Student) -> Picture | None:
    """The picture for one student; None when it cannot be drawn."""
    try:
        with at_most(DRAW_S):
            return replace(drawing.function(_Model(student)), grade_cell=drawing.grade_cell)
    except (Outcome, Disagreement, NotNumbers):
        return None  # the answers cannot be drawn
    except Exception:
        # An odd answer, or a fault of the drawing itself, which the proof would have reported.
        logging.getLogger(__name__).debug("the picture of %s", drawing.grade_cell, exc_info=True)
        return None


__all__ = ["Curve", "Drawing", "Picture", "Pictures", "curve", "draw"]
