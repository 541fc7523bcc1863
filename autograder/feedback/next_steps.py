"""What a student can do next, step by step."""

from __future__ import annotations

from autograder.feedback.view import Exercise, Idea, Manual, exercises, ideas
from autograder.feedback.words import (
    exercise_name,
    joined,
)
from autograder.report import Report, Status, Verdict


def next_steps(report: Report) -> list[str]:
    """What to do next: one sentence a step, the most helpful step first."""
    if report.status is not Status.GRADED:
        return [_STATUS_STEPS[report.status]]
    found = exercises(report, Manual())
    if all(exercise.complete for exercise in found):
        passed = "Every check passed." if found else "Nothing here is checked by a program."
        return [f"{passed} Go on with the stretch tasks or the next notebook."]
    steps = [_idea_step(position, idea) for position, idea in enumerate(ideas(report))]
    explained = {cell for named in report.misconceptions for cell in named.grade_cells}
    steps += [
        step
        for exercise in found
        if exercise.grade_cell not in explained
        for step in _exercise_steps(exercise)
    ]
    waiting = [exercise.name for exercise in found if Verdict.NOT_DONE in exercise.verdicts]
    if waiting:
        steps.append(f"Still to do: {joined(waiting)}. Points are waiting there.")
    if any(exercise.verdicts - {Verdict.PASSED, Verdict.BROKEN} for exercise in found):
        steps.append(_AGAIN)
    return steps


_AGAIN = (
    "Then restart the kernel, run all cells, save, and submit again while submissions are open."
)


_STATUS_STEPS = {
    Status.UNREADABLE: (
        "Open the file in JupyterLab. If it opens, save it and submit it again; if not, copy your "
        "answers into a fresh copy of the notebook and submit that. Keep the file's name."
    ),
    Status.UNCLEAR: (
        "Submit one notebook under the name that it was released with, and nothing else that could "
        "be taken for it."
    ),
    Status.MISSING: (
        "If you have worked on it, submit it under its original name while submissions are open."
    ),
    Status.BROKEN: "You need not do anything. Your instructor can see it.",
}


_VERDICT_STEPS = {
    Verdict.RAISED: (
        "run its cell, call it with inputs of other sizes, and read the last line of the error."
    ),
    Verdict.FORBIDDEN: "leave out what is not allowed; its message says what it was.",
    Verdict.TIMED_OUT: "look for a loop that never ends, or that does far more work than it must.",
    Verdict.OUT_OF_MEMORY: "look for an array that is much larger than the input calls for.",
    Verdict.FAILED: "read what differs, and compare your answer with what this sentence asks:",
    Verdict.BROKEN: "you need not do anything; your instructor can see it.",
}
"""What to do about an exercise, by the first of these verdicts that it shows."""


def _idea_step(position: int, idea: Idea) -> str:
    places = joined([exercise_name(cell) for cell in idea.places])
    where = f" It shows in {places}." if places else ""
    unfold = " Think it over before you read the hints." if idea.hints else ""
    begin = "Start with" if position == 0 else "Go on to"
    return f"{begin} “{idea.title}”.{where}{unfold}"


def _exercise_steps(exercise: Exercise) -> list[str]:
    """One step for an exercise that is begun but not complete; none for any other."""
    for verdict, advice in _VERDICT_STEPS.items():
        for check in exercise.checks:
            if check.verdict is verdict:
                sentence = f" {check.title}" if verdict is Verdict.FAILED else ""
                return [f"In {exercise.name}: {advice}{sentence}"]
    return []
