"""The same feedback as plain text: for a terminal, and for the cells of an autograded notebook.

No colour, no markup, no control character whatever a student wrote. It knows nothing of the
terminal's real width; lines stay within 100 columns.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from autograder.feedback import view
from autograder.feedback.next_steps import next_steps
from autograder.feedback.notices import notices
from autograder.feedback.view import Exercise, Idea, Manual
from autograder.feedback.words import (
    MARKS,
    earned,
    exercise_name,
    joined,
    one_line,
    said_once,
    score_words,
)
from autograder.report import CheckResult, Report

WIDTH = 100


def feedback_text(report: Report) -> str:
    """A short text about one notebook: score, checks, ideas, notes, what to do next."""
    blocks = [
        _wrap(f"{report.notebook} ({report.assignment}): {score_words(report)}"),
        *_status(report),
        *(_exercise(exercise) for exercise in view.exercises(report, Manual())),
        *_section("Ideas to look at again", [_idea(idea) for idea in view.ideas(report)]),
        *_section("Notes", [_wrap(note, "  - ") for note in report.notes]),
        *_section("Next", [_wrap(step, "  - ") for step in next_steps(report)]),
    ]
    return "\n\n".join(blocks) + "\n"


def cell_lines(checks: Iterable[CheckResult]) -> str:
    """One line a check: mark, the check's sentence, points, and what differs."""
    return "\n".join(_cell_line(check) for check in said_once(checks))


def _cell_line(check: CheckResult) -> str:
    parts = [str(MARKS[check.verdict]), check.title, earned(check), check.message]
    return " | ".join(one_line(part) for part in parts if part)


def _status(report: Report) -> list[str]:
    """The notices, and why the report is not an ordinary one."""
    lines = [_wrap(f"{notice.title}. {notice.text}", "  ") for notice in notices(report)]
    if report.reason:
        lines.append(_wrap(f"Reason: {report.reason}", "  "))
    return lines


def _exercise(exercise: Exercise) -> str:
    lines = [_wrap(f"{exercise.name}: {exercise.score_words}")]
    for check in exercise.checks:
        lines.append(_wrap(f"{MARKS[check.verdict]}: {check.title}", "  "))
        if check.message:
            lines.append(_wrap(check.message, "      "))
    return "\n".join(lines)


def _idea(idea: Idea) -> str:
    """Its words and the first hint; the nearer hints are left to the page."""
    places = joined([exercise_name(cell) for cell in idea.places])
    where = f" ({places})" if places else ""
    lines = [_wrap(f"{idea.title}{where}: {idea.words}", "  - ")]
    lines += [_wrap(f"{hint.label}. {hint.text}", "      ") for hint in idea.hints[:1]]
    return "\n".join(lines)


def _section(title: str, entries: list[str]) -> list[str]:
    """A titled list, or nothing when there are no entries."""
    return ["\n".join([title, *entries])] if entries else []


def _wrap(text: str, indent: str = "") -> str:
    """The text on lines of at most `WIDTH` columns; later lines hang under the first."""
    return textwrap.fill(
        one_line(text),
        WIDTH,
        initial_indent=indent,
        subsequent_indent=" " * (len(indent) or 2),
    )
