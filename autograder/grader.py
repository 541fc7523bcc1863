"""One submission of one notebook → one report: the story of the whole house in a function.

    grade(bench, submission) -> Report

`Bench` is everything that is prepared once and used for many submissions: the lab, its suite, its
catalogue and the jail. Nothing here knows where submissions come from or where marks go.
"""

from __future__ import annotations

import re
import secrets
import time
import traceback
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from autograder.catalogue import Catalogue
from autograder.course import Exercise, Kind, Lab
from autograder.diagnosis import explain
from autograder.errors import SuiteError
from autograder.limits import Limits
from autograder.pictures import MOST_PICTURES, draw
from autograder.sandbox.supervisor import Jail
from autograder.student import Cell, Session, Student, function_names
from autograder.submission import Submission, Unreadable, read_submission
from autograder.suite import Check, CheckRun, Suites
from autograder.verdict import CheckResult, Named, Picture, Report, Status, Verdict

NOT_DONE = "Not done yet: the cell is as you got it."
_DIAGNOSED = {Verdict.FAILED, Verdict.RAISED}
_ENDED = {Verdict.TIMED_OUT, Verdict.OUT_OF_MEMORY, Verdict.FORBIDDEN}
"""Exercises that end so are not called once more for a picture."""


@dataclass(frozen=True)
class Bench:
    """What grading a lab needs, prepared once."""

    lab: Lab
    catalogue: Catalogue
    suites: Suites
    jail: Jail
    files: dict[str, bytes]

    @property
    def checks(self) -> list[Check]:
        """The lab's hidden checks, in the order of its grade cells."""
        order = [exercise.grade_cell for exercise in self.lab.exercises]
        checks = self.suites.checks(self.lab.suite)
        unknown = {check.grade_cell for check in checks} - set(order)
        if unknown:
            raise SuiteError(f"{self.lab.suite}: no tests cell named {', '.join(sorted(unknown))}")
        return sorted(checks, key=lambda check: order.index(check.grade_cell))

    def functions(self, exercises: Sequence[Exercise]) -> dict[str, Callable[..., Any]]:
        """Reference functions of some exercises, by name."""
        names = [name for exercise in exercises for name in exercise.functions]
        found = ((name, getattr(self.catalogue.reference, name, None)) for name in names)
        return {name: function for name, function in found if function is not None}


def grade_file(
    bench: Bench,
    folder: Path,
    name: str,
    seed: int | None = None,
    only: Collection[str] | None = None,
    before: Report | None = None,
) -> Report:
    """Read and grade the notebook `name` beneath `folder`; an unreadable one is a report too."""
    limits: Limits = bench.jail.limits
    try:
        submission = read_submission(folder, name, limits.notebook_mib)
    except Unreadable as problem:
        return unreadable(bench.lab, str(problem), bench.jail.tier)
    return grade(bench, submission, seed, only, before)


def grade(
    bench: Bench,
    submission: Submission,
    seed: int | None = None,
    only: Collection[str] | None = None,
    before: Report | None = None,
) -> Report:
    """Grade one submission: run its cells in the jail, run the suite outside, name what is wrong.

    Args:
        bench: the prepared lab.
        submission: its code cells, already read and sanitised.
        seed: of the random inputs; a new one by default, recorded in the report.
        only: grade cells to check; all by default.
        before: an earlier report on the same submission, from which the results of the other grade
            cells are taken.

    Returns:
        The report. A fault of the suite or the engine gives `BROKEN` and withholds the mark.
    """
    seed = secrets.randbits(32) if seed is None else seed
    began = time.perf_counter()
    report = Report(
        bench.lab.assignment,
        bench.lab.name,
        Status.GRADED,
        bench.jail.tier,
        bench.lab.max_score,
        seed,
        cells=bench.lab.solutions,
        sections=bench.lab.sections,
    )
    try:
        with Session(bench.jail, plan(bench.lab, submission), bench.files) as session:
            marking = _Marking(bench, submission, session, seed)
            report = marking.fill(report, only, before)
    except Exception as fault:
        # Whatever it is, it is ours: no mark for this one, a person is told, the class goes on.
        place = traceback.extract_tb(fault.__traceback__)[-1]
        where = f"{Path(place.filename).name}:{place.lineno}"
        reason = f"{type(fault).__name__} in {where}: {fault}"
        report = report.with_(status=Status.BROKEN, reason=reason)
    return report.with_(wall_s=round(time.perf_counter() - began, 4))


def unreadable(lab: Lab, reason: str, tier: str, status: Status = Status.UNREADABLE) -> Report:
    """The report on a file that cannot be graded: no points, and the reason in one line."""
    return Report(
        lab.assignment, lab.name, status, tier, lab.max_score, 0, cells=lab.solutions, reason=reason
    )


def plan(lab: Lab, submission: Submission) -> list[Cell]:
    """The cells to run, in order: the student's solutions and own cells, our given cells.

    Locked cells are run as the master has them, wherever the student put them; those that the
    student lost come first. Tests and demonstrations are not run. The first use of a grade_id
    counts.
    """
    by_id = {cell.grade_id: cell for cell in lab.cells if cell.grade_id}
    submitted = {cell.grade_id for cell in submission.cells}
    lost = [
        cell for cell in lab.cells if cell.kind is Kind.GIVEN and cell.grade_id not in submitted
    ]
    cells = [Cell(cell.grade_id, cell.source) for cell in lost]
    seen: set[str] = set()
    for number, cell in enumerate(submission.cells, start=1):
        known = by_id.get(cell.grade_id)
        if cell.grade_id and cell.grade_id in seen:
            continue
        seen.add(cell.grade_id)
        if known is None and cell.is_code:
            cells.append(Cell(f"cell {number}", cell.source))
        elif known is None:
            continue
        elif known.kind is Kind.GIVEN:
            cells.append(Cell(known.grade_id, known.source))
        elif known.kind is Kind.SOLUTION:
            label = f"The cell `{known.grade_id}`"
            cells.append(Cell(label, cell.source, exercise=known.grade_id))
    return cells


class _Marking:
    """Marks one submission, exercise by exercise."""

    def __init__(self, bench: Bench, submission: Submission, session: Session, seed: int) -> None:
        self._bench = bench
        self._submission = submission
        self._session = session
        self._student = Student(session)
        self._seed = seed
        self._slips: list[Exercise] = []
        """Exercises so far that are not right: a later one may be built on them."""
        self._private: list[str] = []

    def fill(self, report: Report, only: Collection[str] | None, before: Report | None) -> Report:
        """The report with the checks run, misconceptions named and notes taken."""
        checks = self._bench.checks
        stored = before.grade_cells() if before else {}
        results: list[CheckResult] = []
        for exercise in self._bench.lab.exercises:
            if only is not None and exercise.grade_cell not in only:
                results += self._keep(exercise, stored.get(exercise.grade_cell, []))
                continue
            own = [check for check in checks if check.grade_cell == exercise.grade_cell]
            results += self._mark(exercise, own)
        notes = tuple(fault.message for fault in self._session.faults if not fault.exercise)
        report = report.with_(
            checks=tuple(results),
            notes=notes,
            misconceptions=self._named(results),
            pictures=self._draw(results),
        )
        if self._private:
            return report.with_(reason="a hidden check is broken: " + self._private[0])
        return report

    def _mark(self, exercise: Exercise, checks: list[Check]) -> list[CheckResult]:
        if self._is_untouched(exercise):
            self._slips.append(exercise)
            return [_result(check, Verdict.NOT_DONE, NOT_DONE) for check in checks]
        runs = self._run(checks, self._student)
        if self._slips and any(run.result.verdict is not Verdict.PASSED for run in runs):
            runs = self._again_given(checks, runs)
        results = self._diagnose(exercise, runs)
        if any(result.verdict is not Verdict.PASSED for result in results):
            self._slips.append(exercise)
        return results

    def _keep(self, exercise: Exercise, stored: list[CheckResult]) -> list[CheckResult]:
        """An exercise's results as they were; a later one may still be built on its slip."""
        if any(result.verdict is not Verdict.PASSED for result in stored):
            self._slips.append(exercise)
        return stored

    def _is_untouched(self, exercise: Exercise) -> bool:
        source = self._submission.source(exercise.solution)
        stub = self._bench.lab.stubs.get(exercise.solution)
        if source is None or stub is None or not _same_code(source, stub):
            return False
        # Whoever left the cell alone may have written the function in a cell of their own.
        ours = {cell.grade_id for cell in self._bench.lab.cells if cell.grade_id}
        own = [c.source for c in self._submission.cells if c.is_code and c.grade_id not in ours]
        elsewhere = {name for text in own for name in function_names(text)}
        return not elsewhere & set(exercise.functions)

    def _run(self, checks: list[Check], student: Student) -> list[CheckRun]:
        reference = self._bench.catalogue.reference
        runs = self._bench.suites.run(checks, self._session, student, reference, self._seed)
        self._private += [run.private for run in runs if run.private]
        return runs

    def _again_given(self, checks: list[Check], runs: list[CheckRun]) -> list[CheckRun]:
        """Run the failed checks again with earlier, wrong functions replaced by the reference.

        An early slip costs its own points once: a later exercise that is right, given a right
        earlier answer, earns its points, and the student is told so.
        """
        functions = self._bench.functions(self._slips)
        given = self._student.given(**functions)
        failed = [i for i, run in enumerate(runs) if run.result.verdict is not Verdict.PASSED]
        again = self._run([checks[i] for i in failed], given)
        merged = list(runs)
        for i, run in zip(failed, again, strict=True):
            if run.result.verdict is Verdict.PASSED:
                words = "Right, once the earlier exercise that it builds on is right."
                run = replace(run, result=replace(run.result, message=words))
            merged[i] = run
        return merged

    def _diagnose(self, exercise: Exercise, runs: list[CheckRun]) -> list[CheckResult]:
        """Put the name of the misconception on the failed checks that it explains."""
        results = [run.result for run in runs]
        wrong = [i for i, run in enumerate(runs) if run.result.verdict in _DIAGNOSED]
        if not wrong:
            return results
        cases = [case for run in runs for case in run.cases]
        mistakes = [
            m for m in self._bench.catalogue.mistakes if m.grade_cell == exercise.grade_cell
        ]
        mistake = explain(cases, mistakes)
        if mistake is not None:
            for i in wrong:
                if any(case.function == mistake.name for case in runs[i].cases):
                    results[i] = replace(results[i], misconception=mistake.misconception.name)
        return results

    def _named(self, results: list[CheckResult]) -> tuple[Named, ...]:
        """Each misconception once, with its words, its hints and all the places it shows."""
        named = []
        for name in dict.fromkeys(r.misconception for r in results if r.misconception):
            found = self._bench.catalogue.misconception(name)
            places = dict.fromkeys(r.grade_cell for r in results if r.misconception == name)
            if found is not None:
                named.append(Named(name, found.words, tuple(found.hints), tuple(places)))
        return tuple(named)

    def _draw(self, results: list[CheckResult]) -> tuple[Picture, ...]:
        """Pictures of the exercises that answer, but wrongly; these calls are no one's cases."""
        wrong = {r.grade_cell for r in results if r.verdict is Verdict.FAILED}
        wrong -= {r.grade_cell for r in results if r.verdict in _ENDED}
        drawings = [d for d in self._bench.catalogue.pictures if d.grade_cell in wrong]
        drawn = (draw(drawing, self._student) for drawing in drawings[:MOST_PICTURES])
        return tuple(picture for picture in drawn if picture is not None)


def _result(check: Check, verdict: Verdict, message: str) -> CheckResult:
    return CheckResult(
        check.name, check.grade_cell, check.title, verdict, 0.0, check.points, message
    )


def _same_code(source: str, stub: str) -> bool:
    """Whether two sources are the same program, comments, blank lines and layout aside."""
    return source.strip() == stub.strip() or _tokens(source) == _tokens(stub)


def _tokens(source: str) -> list[str]:
    """The words and signs of a source, comments left out; found without parsing it."""
    return re.findall(r"\w+|[^\w\s]", re.sub(r"#.*", "", source))
