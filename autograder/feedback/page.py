"""The student's page: one HTML file that needs nothing else, on a screen, on paper, read aloud.

It loads nothing and runs nothing: no script, no font, no picture from elsewhere. What to say comes
from `view`; how it looks is in `templates/`.
"""

from __future__ import annotations

from typing import Any

from autograder.feedback import view
from autograder.feedback.next_steps import next_steps
from autograder.feedback.notices import notices
from autograder.feedback.templating import fill
from autograder.feedback.view import Manual
from autograder.feedback.words import MARKS, percent, points_of
from autograder.grading.standing import is_earned
from autograder.report import Report


def feedback_page(
    report: Report,
    *,
    student: str = "",
    course: str = "",
    manual: Manual | None = None,
    aside: str = "",
    lab: str = "",
) -> str:
    """One self-contained HTML page about one notebook.

    Args:
        report: what the grader found.
        student: whom the page is for; left out when empty.
        course: the course's name; left out when empty.
        manual: a person's comments and the penalty for lateness.
        aside: why the report does not give the student's mark; empty where it does.
        lab: address at which JupyterLab opens the notebook, with `?exercise=` and a cell's grade_id
            at that cell; left out when empty.

    Returns:
        A whole HTML document, to be stored as UTF-8.
    """
    values = feedback_values(report, student=student, manual=manual, aside=aside, lab=lab)
    return fill("autograder.feedback", "feedback.html.j2", {**values, "course": course})


def feedback_values(
    report: Report,
    *,
    student: str = "",
    manual: Manual | None = None,
    aside: str = "",
    lab: str = "",
) -> dict[str, Any]:
    """What the templates of a page about one notebook need; arguments as for `feedback_page`."""
    manual = manual or Manual()
    return {
        "report": report,
        "student": student,
        "marks": MARKS,
        "code": {},  # the service's page has the submitted code beside each exercise
        "code_of": "",
        "code_since": "",
        "lab": lab,
        **_mark_values(report, manual, aside),
        **_exercise_values(report, manual),
        "steps": next_steps(report),
    }


def notice_page(reason: str, *, student: str, course: str, notebook: str) -> str:
    """One self-contained HTML page in place of feedback: a submission was not taken, and why.

    Args:
        reason: why, in words for the student.
        student: whom the page is for.
        course: the course's name.
        notebook: which notebook was submitted.

    Returns:
        A whole HTML document, to be stored as UTF-8.
    """
    values = {"reason": reason, "student": student, "course": course, "notebook": notebook}
    return fill("autograder.feedback", "notice.html.j2", values)


def _mark_values(report: Report, manual: Manual, aside: str) -> dict[str, Any]:
    """What the page says of the mark as a whole."""
    # Of an attempt that does not count, what could not be graded has no points, not even none.
    score = None if aside and not is_earned(report) else view.final_score(report, manual)
    most = view.max_score(report, manual)
    return {
        "score": None if score is None else points_of(score, most),
        "percent": percent(score or 0.0, most),
        "notices": notices(report, aside, manual),
        "penalty": view.penalty_words(report, manual),
    }


def _exercise_values(report: Report, manual: Manual) -> dict[str, Any]:
    """What the page says of single exercises, and of the ideas behind wrong answers."""
    ideas, exercises = view.ideas(report), view.exercises(report, manual)
    return {
        "ideas": ideas,
        "idea_of": {idea.name: idea for idea in ideas},
        "exercises": exercises,
        "anchor_of": {exercise.grade_cell: exercise.anchor for exercise in exercises},
        "comments": view.other_comments(report, manual),
    }
