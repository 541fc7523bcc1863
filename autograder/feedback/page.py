"""The student's page: one HTML file that needs nothing else, on a screen, on paper, read aloud.

It loads nothing and runs nothing: no script, no font, no picture from elsewhere. What to say comes
from `view`; how it looks is in `templates/`.
"""

from __future__ import annotations

from autograder.feedback import view
from autograder.feedback.templating import fill
from autograder.feedback.view import Manual
from autograder.feedback.words import MARKS, percent, points_of
from autograder.verdict import Report


def feedback_page(
    report: Report,
    *,
    student: str = "",
    course: str = "",
    manual: Manual | None = None,
    back: str = "",
) -> str:
    """One self-contained HTML page about one notebook.

    Args:
        report: what the grader found.
        student: whom the page is for; left out when empty.
        course: the course's name; left out when empty.
        manual: a person's comments and the penalty for lateness.
        back: address of the page that it was opened from; left out when empty.

    Returns:
        A whole HTML document, to be stored as UTF-8.
    """
    manual = manual or Manual()
    score = view.final_score(report, manual)
    ideas, exercises = view.ideas(report), view.exercises(report, manual)
    values = {
        "report": report,
        "student": student,
        "course": course,
        "back": back,
        "score": None if score is None else points_of(score, report.max_score),
        "percent": percent(score or 0.0, report.max_score),
        "notices": view.notices(report),
        "penalty": view.penalty_words(report, manual),
        "steps": view.next_steps(report),
        "ideas": ideas,
        "idea_of": {idea.name: idea for idea in ideas},
        "exercises": exercises,
        "anchor_of": {exercise.grade_cell: exercise.anchor for exercise in exercises},
        "comments": view.other_comments(report, manual),
        "marks": MARKS,
    }
    return fill("autograder.feedback", "feedback.html.j2", values)
