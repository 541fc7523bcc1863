"""The cells that no check gives points for: manually graded answers and tasks, for an instructor.

nbgrader's rules apply: an answer that is as released gets no points and needs nobody; every other
answer waits in formgrader. A task may have been done anywhere, so an instructor looks at each.
"""

from __future__ import annotations

from autograder.course.lab import Lab
from autograder.grading.submission import Submission


def asks_for_person(lab: Lab, submission: Submission | None) -> dict[str, bool]:
    """The cells without checks, and whether an instructor must give their points.

    Args:
        lab: the notebook, built.
        submission: what was submitted; None if nothing was.
    """
    asks = dict.fromkeys(lab.idle, False)
    for cell in lab.by_hand:
        blank = lab.blanks.get(cell.grade_id, "")
        pieces = submission.pieces(cell.grade_id) if submission else [blank]
        if lab.tests_cells is not None:
            # As nbgrader: to the letter, and of several pieces the last.
            answered = not pieces or pieces[-1] != blank
        else:
            answered = not pieces or any(piece.strip() != blank.strip() for piece in pieces)
        asks[cell.grade_id] = answered or (cell.is_task and submission is not None)
    return asks


def asks_for_all(lab: Lab) -> dict[str, bool]:
    """The same for a submission that cannot be read: an instructor must look at every such cell."""
    return {cell.grade_id: True for cell in lab.by_hand}
