"""A picture of a report as coordinates for the page's inline SVG: axes, ticks, lines and dots.

No plotting library: a page has a few curves, and starting one would cost more than grading.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autograder.feedback.axis import Axis, Tick
from autograder.report import Curve, Picture

WIDTH, HEIGHT = 420, 260
LEFT, RIGHT, TOP, BOTTOM = 58, 12, 12, 44
TICKS = 5
"""Parts into which an axis is divided, about."""


@dataclass(frozen=True)
class Shape:
    """One curve, ready to be drawn."""

    name: str
    kind: int
    """Which of the three looks it has."""
    path: str
    dots: tuple[tuple[float, float], ...]
    end: tuple[float, float] | None


@dataclass(frozen=True)
class Plot:
    """A picture with everything placed."""

    picture: Picture
    shapes: tuple[Shape, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


def plot(picture: Picture) -> Plot | None:
    """Place a picture's curves; None when there is nothing to show."""
    points = [point for curve in picture.curves for point in curve.points]
    if not points:
        return None
    across = _axis([x for x, _ in points], LEFT, WIDTH - RIGHT)
    up = _axis([y for _, y in points], HEIGHT - BOTTOM, TOP)
    shapes = tuple(
        _shape(curve, number % 3, across, up) for number, curve in enumerate(picture.curves)
    )
    return Plot(picture, shapes, across.ticks(TICKS), up.ticks(TICKS))


def _axis(values: Sequence[float], start: float, end: float) -> Axis:
    low, high = min(values), max(values)
    margin = (high - low) * 0.05 or max(abs(high) * 0.1, 0.5)
    return Axis(low - margin, high + margin, start, end)


def _shape(curve: Curve, kind: int, across: Axis, up: Axis) -> Shape:
    places = tuple((across.at(x), up.at(y)) for x, y in curve.points)
    path = "" if curve.style == "dots" else "M" + "L".join(f"{x} {y}" for x, y in places)
    dots = () if curve.style == "line" else places
    return Shape(curve.name, kind, path, dots, places[-1] if curve.style == "path" else None)
