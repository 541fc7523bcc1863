"""One submission of one notebook becomes one report: the whole of grading in a short function.

    grade(context, submission) -> Report

A submission is marked first; then processes that saw no hidden input find its words, names and
pictures. Nothing here knows where submissions come from or where marks go.
"""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.checks.pictures import MOST_PICTURES, Drawing, draw
from autograder.grading.by_hand import asks_for_person
from autograder.grading.context import GradingContext
from autograder.grading.exercise_marks import Marking
from autograder.grading.job import Request, unreadable
from autograder.grading.plan import Plan, plan, shown_names
from autograder.grading.submission import Content, Submission
from autograder.grading.telling import REHEARSAL_SEED, named, to_rehearse, told
from autograder.grading.whole_notebook import mark_notebook
from autograder.remote.cells import Asked
from autograder.remote.notebook_run import Jails
from autograder.remote.session import MISSING, UNCALLABLE, Session
from autograder.remote.student import Student
from autograder.report import CheckResult, Picture, Report, Status, Verdict
from autograder.sandbox.beneath import Unreadable

_ENDED = {Verdict.TIMED_OUT, Verdict.OUT_OF_MEMORY, Verdict.FORBIDDEN}
"""An exercise with one of these verdicts is not called again for a picture."""


def grade_content(
    context: GradingContext, content: Content, request: Request | None = None
) -> Report:
    """Grade what reading a file gave; one that cannot be graded also gets a report."""
    if isinstance(content, Unreadable):
        return unreadable(context.lab, str(content), context.jail.tier.name)
    return grade(context, content, request)


def grade(
    context: GradingContext, submission: Submission, request: Request | None = None
) -> Report:
    """Grade one submission: run its cells in the sandbox and the suite outside, and diagnose.

    Args:
        context: the prepared lab.
        submission: its code cells, already read and sanitised.
        request: which exercises, with which random inputs; all of them by default.

    Returns:
        The report. A fault of the suite or the engine gives `BROKEN` and withholds the mark.
    """
    began = time.perf_counter()
    request = request or Request()
    report = _blank(context, request.seed)
    try:
        report = report.with_(by_hand=asks_for_person(context.lab, submission))
        if context.lab.needs_suite:
            report = _tell(context, _mark(context, submission, report, request), request)
        report = _with_tests_cells(context, submission, report)
    except Exception as fault:
        # Any exception here is our fault: withhold the mark for review, and let the class go on.
        place = traceback.extract_tb(fault.__traceback__)[-1]
        where = f"{Path(place.filename).name}:{place.lineno}"
        reason = f"{type(fault).__name__} in {where}: {fault}"
        report = report.with_(status=Status.BROKEN, reason=reason)
    return report.with_(wall_s=round(time.perf_counter() - began, 4))


def _with_tests_cells(context: GradingContext, submission: Submission, report: Report) -> Report:
    """The report with the marks of those tests cells for which the suite has no check."""
    if context.tester is None or context.lab.tests_cells is None:
        return report
    checked = {check.grade_cell for check in context.checks}
    if checked >= {cell.grade_id for cell in context.lab.tests_cells.tests}:
        return report
    jails = Jails(context.jail, context.tester)
    return mark_notebook(context.lab, submission, jails, context.files, report, checked)


def _blank(context: GradingContext, seed: int) -> Report:
    """The report before any check has run."""
    lab = context.lab
    names = (lab.assignment, lab.name, Status.GRADED, context.jail.tier.name, lab.max_score, seed)
    return Report(*names, cells=lab.solutions, sections=lab.sections)


@dataclass(frozen=True)
class _Marked:
    """The result of marking a submission by one plan of its cells."""

    report: Report
    planned: Plan
    session: Session
    """Closed, but it still knows which cells and functions hung."""


def _mark(
    context: GradingContext, submission: Submission, report: Report, request: Request
) -> _Marked:
    """Run the checks in the student's cells.

    Our demonstrations and visible tests are left out, which saves most of a notebook's time. If the
    student's code may need them, the submission is marked again with all of them, as in the
    student's own kernel.
    """
    marked = _mark_by(context, plan(context.lab, submission), report, request)
    if not _may_need_all(marked, shown_names(context.lab, submission)):
        return marked
    whole = plan(context.lab, submission, shown=True)
    return _best_of(marked, _mark_by(context, whole, report, request))


def _best_of(marked: _Marked, again: _Marked) -> _Marked:
    """The better of two markings, with the other's results where those earn more points."""
    better, other = again, marked
    if (again.report.score or 0.0) < (marked.report.score or 0.0):
        better, other = marked, again
    if other.report.withheld:
        return better
    cells, others = better.report.grade_cells(), other.report.grade_cells()
    checks: list[CheckResult] = []
    for cell, results in cells.items():
        rivals = others.get(cell, results)
        checks += rivals if _points(rivals) > _points(results) else results
    return replace(better, report=better.report.with_(checks=tuple(checks)))


def _points(results: Sequence[CheckResult]) -> float:
    return sum(result.points for result in results)


def _may_need_all(marked: _Marked, shown: Collection[str]) -> bool:
    """Whether leaving out our demonstrations and visible tests may have cost points.

    So it may when a name was not found that only `shown` cells bind. So it may when points are
    lost, and an own cell raised, perhaps because it needs what visible tests leave behind; or a
    locked cell that the student changed ran as the master has it; or the student's code binds a
    name of a shown cell, or asks which names, figures or files there are.
    """
    if not marked.session.log.unknown_names.isdisjoint(shown):
        return True
    raised = any(f.own and f.verdict is Verdict.RAISED for f in marked.session.log.faults)
    lost = (marked.report.score or 0.0) < marked.report.max_score
    return lost and (raised or marked.planned.changed or marked.planned.may_see(shown))


def _mark_by(
    context: GradingContext,
    planned: Plan,
    report: Report,
    request: Request,
    after: Session | None = None,
) -> _Marked:
    """Mark by a plan of the cells; a rehearsal comes `after` the session that gave the marks."""
    with _opened(context, planned, after) as session:
        marking = Marking(context, planned, session, request)
        return _Marked(marking.fill(report, names=after is not None), planned, session)


def _opened(context: GradingContext, planned: Plan, after: Session | None = None) -> Session:
    """A session that has run no cell yet."""
    exercises = context.lab.exercises
    asked = Asked(
        tuple(name for exercise in exercises for name in exercise.functions),
        frozenset(name for exercise in exercises for name in exercise.classes),
        tuple(name for exercise in exercises for name in exercise.variables),
    )
    return Session(context.jail, planned.cells, context.files, asked, 0, after)


def _tell(context: GradingContext, marked: _Marked, request: Request) -> Report:
    """The report with the words, names and pictures that the student reads."""
    report = marked.report
    wanted = list(report.cells) if request.only is None else request.only
    untouched = marked.planned.untouched
    again = to_rehearse(report.checks, wanted, untouched)
    rehearsed = _rehearse(context, marked, again) if again else []
    checks = told(report.checks, rehearsed, wanted, untouched)
    ideas = named(context.catalogue, checks)
    return _look_on(context, marked, report.with_(checks=checks, misconceptions=ideas))


def _rehearse(
    context: GradingContext, marked: _Marked, again: Collection[str]
) -> Sequence[CheckResult]:
    """Run the checks of some exercises again, in a fresh process, with inputs that are public."""
    request = Request(REHEARSAL_SEED, frozenset(again), marked.report)
    blank = marked.report.with_(seed=REHEARSAL_SEED, checks=())
    try:
        rehearsal = _mark_by(context, marked.planned, blank, request, marked.session)
    except Exception:
        # The marks stand; only the words are missing.
        logging.getLogger(__name__).warning("a rehearsal of %s failed", context.lab, exc_info=True)
        return []
    return [check for check in rehearsal.report.checks if check.grade_cell in again]


def _look_on(context: GradingContext, marked: _Marked, report: Report) -> Report:
    """The report with pictures and notes from a process that has seen no check."""
    drawings = _to_draw(context, report.checks)
    if not drawings and not marked.session.may_have_told:
        return report
    try:
        with _opened(context, marked.planned, marked.session) as session:
            pictures = tuple(_drawn(context, marked.planned, session, drawings))
            session.run_to(marked.session.wanted)
            return report.with_(pictures=pictures, notes=session.log.notes)
    except Exception:
        # The marks stand; only pictures and notes are missing.
        logging.getLogger(__name__).warning("pictures of %s failed", context.lab, exc_info=True)
        return report.with_(notes=())


def _to_draw(context: GradingContext, checks: Sequence[CheckResult]) -> Sequence[Drawing]:
    """The drawings of exercises that give an answer, but a wrong one."""
    wrong = {c.grade_cell for c in checks if c.verdict is Verdict.FAILED}
    wrong -= {c.grade_cell for c in checks if c.verdict in _ENDED}
    return [d for d in context.catalogue.pictures if d.grade_cell in wrong][:MOST_PICTURES]


def _drawn(
    context: GradingContext, planned: Plan, session: Session, drawings: Sequence[Drawing]
) -> Iterator[Picture]:
    """The pictures that can be drawn, each at the place of its exercise's tests cell."""
    exercises = [
        e for e in context.lab.exercises if any(d.grade_cell == e.grade_cell for d in drawings)
    ]
    first = {e.grade_cell: (place, e) for place, e in reversed(planned.stops(exercises))}
    for place, exercise in sorted(first.values(), key=lambda stop: stop[0]):
        session.run_to(place)
        if all(number in (MISSING, UNCALLABLE) for number in session.bound(exercise.names)):
            session.run_to(len(planned.cells))
        own = [d for d in drawings if d.grade_cell == exercise.grade_cell]
        drawn = (draw(drawing, Student(session)) for drawing in own)
        yield from (picture for picture in drawn if picture is not None)
