"""The axis of a drawn picture: where a number stands on it, and round numbers to label it with."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Tick:
    """A place on an axis with its number."""

    at: float
    label: str


@dataclass(frozen=True)
class Axis:
    """Numbers from `low` to `high`, laid from one place of a picture to another."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Where a number stands, in the picture's units."""
        share = (value - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 1)

    def ticks(self, parts: int, least: float = 0.0) -> tuple[Tick, ...]:
        """Round numbers that divide the axis.

        Args:
            parts: into about how many parts.
            least: the smallest distance of two of them; 1 for what is counted.
        """
        raw = max((self.high - self.low) / parts, least)
        size = 10.0 ** math.floor(math.log10(raw))
        step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= raw)
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        return tuple(
            Tick(self.at(n * step), f"{n * step:.6g}".replace("-", "−"))
            for n in range(first, last + 1)
        )
