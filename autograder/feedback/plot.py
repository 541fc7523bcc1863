"""A picture of a report as coordinates for the page's inline SVG: axes, ticks, lines and dots.

No plotting library: a page has a few curves, and starting one would cost more than grading.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from autograder.report import Curve, Picture

WIDTH, HEIGHT = 420, 260
LEFT, RIGHT, TOP, BOTTOM = 58, 12, 12, 44
TICKS = 5


@dataclass(frozen=True)
class Tick:
    """A place on an axis with its number."""

    at: float
    label: str


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


@dataclass(frozen=True)
class _Axis:
    """Numbers from `low` to `high`, laid from one place to another."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 1)

    def ticks(self) -> tuple[Tick, ...]:
        """Round numbers, about five of them."""
        raw = (self.high - self.low) / TICKS
        size = 10.0 ** math.floor(math.log10(raw))
        step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= raw)
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        return tuple(
            Tick(self.at(n * step), f"{n * step:.6g}".replace("-", "−"))
            for n in range(first, last + 1)
        )


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
    return Plot(picture, shapes, across.ticks(), up.ticks())


def _axis(values: Sequence[float], start: float, end: float) -> _Axis:
    low, high = min(values), max(values)
    margin = (high - low) * 0.05 or max(abs(high) * 0.1, 0.5)
    return _Axis(low - margin, high + margin, start, end)


def _shape(curve: Curve, kind: int, across: _Axis, up: _Axis) -> Shape:
    places = tuple((across.at(x), up.at(y)) for x, y in curve.points)
    path = "" if curve.style == "dots" else "M" + "L".join(f"{x} {y}" for x, y in places)
    dots = () if curve.style == "line" else places
    return Shape(curve.name, kind, path, dots, places[-1] if curve.style == "path" else None)
