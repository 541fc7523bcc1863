"""How long one submission may still take: a clock for its marks, one for the student's own cells.

The cells of the exercises and the calls share `submission_wall_s`. The cells may take half of it,
so that calls keep the rest. The student's own cells have `own_cells_wall_s` besides: slow
experiments never take time from the marks. Nothing here knows processes.
"""

from __future__ import annotations

import time

from autograder.limits import Limits

LEAST_S = 0.5
"""What a cell may take however little is left: most only define something."""
SPARE_S = 10.0
"""What own cells may take so, together, when their time is used up."""
GRACE_S = 1.0
"""How long a cell may take to end by itself when it is interrupted, before its process is ended."""


class Clocks:
    """The clocks of one submission; they run from now on.

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
        """When a call that is made now must be answered; a reading of the monotonic clock."""
        return min(time.monotonic() + self._limits.call_wall_s, self._end)

    def cell_s(self, own: bool) -> float:
        """Seconds after which a cell that starts now is interrupted."""
        left_s = self.own_s if own else self._exercises_s
        return min(self._limits.cell_wall_s, max(left_s, LEAST_S))

    def cell_end(self, own: bool) -> float:
        """When the process of a cell that starts now is ended."""
        end = time.monotonic() + self.cell_s(own) + GRACE_S
        return end if own else min(end, self._end)

    def charge(self, own: bool, spent_s: float) -> None:
        """Book what a cell took; time of own cells is no time of the marks."""
        if own:
            self.own_s -= spent_s
            self._end += spent_s
        else:
            self._exercises_s -= spent_s


__all__ = ["Clocks"]
