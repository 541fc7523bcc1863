"""How long one submission may still take: a clock for its marks, one for the student's own cells.

The cells of the exercises and the calls share `submission_wall_s`. The cells may take half of it,
so that calls keep the rest. The student's own cells have `own_cells_wall_s` besides: slow
experiments never take time from the marks. This module knows no processes.
"""

from __future__ import annotations

import time

from autograder.limits import Limits

LEAST_S = 0.5
"""Seconds that a cell may take however little is left: most only define something."""
SPARE_S = 10.0
"""Seconds that own cells may take together, `LEAST_S` each, after their time is used up."""
GRACE_S = 1.0
"""Seconds that an interrupted cell has to end by itself, before its process is killed."""


class Clocks:
    """The clocks of one submission; they start when the object is made.

    Args:
        limits: what the submission may use.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._end = time.monotonic() + limits.submission_wall_s
        self._exercises_s = limits.submission_wall_s / 2
        self.own_s = limits.own_cells_wall_s
        """Seconds that are left for the student's own cells."""

    @property
    def over(self) -> bool:
        """Whether the time for the marks is used up."""
        return time.monotonic() >= self._end

    @property
    def left_s(self) -> float:
        """Seconds that are left for the marks."""
        return max(0.0, self._end - time.monotonic())

    def call_end(self) -> float:
        """The deadline of a call that is made now, on the monotonic clock."""
        return min(time.monotonic() + self._limits.call_wall_s, self._end)

    def cell_s(self, own: bool) -> float:
        """Seconds after which a cell that starts now is interrupted."""
        left_s = self.own_s if own else self._exercises_s
        return min(self._limits.cell_wall_s, max(left_s, LEAST_S))

    def cell_end(self, own: bool) -> float:
        """When the process of a cell that starts now is killed, on the monotonic clock."""
        end = time.monotonic() + self.cell_s(own) + GRACE_S
        return end if own else min(end, self._end)

    def charge(self, own: bool, spent_s: float) -> None:
        """Charge a cell's time to its clock; the time of own cells is given back to the marks."""
        if own:
            self.own_s -= spent_s
            self._end += spent_s
        else:
            self._exercises_s -= spent_s
