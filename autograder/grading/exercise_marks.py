"""Marks the exercises of one submission, each at the place of its tests cell.

    with Session(…) as session:
        report = Marking(context, planned, session, request).fill(report, names=False)

This module decides where an exercise is tried, which attempt counts, and for which checks the
reference stands in for earlier exercises.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from autograder.checks.suite import Check, CheckRun
from autograder.course.lab import Exercise
from autograder.grading.call_to_try import call_to_try
from autograder.grading.context import GradingContext
from autograder.grading.diagnosis import Explanation
from autograder.grading.job import Request
from autograder.grading.plan import Plan
from autograder.grading.source_look import look
from autograder.grading.source_names import outer_names
from autograder.grading.telling import DIAGNOSED, GIVEN_EARLIER
from autograder.remote.calls import CALLED, Case
from autograder.remote.session import MISSING, UNCALLABLE, Session
from autograder.remote.student import Student
from autograder.remote.time_limit import TooMuchWork
from autograder.report import CheckResult, Report, Verdict

TRIAL_S = 1.0
"""Seconds that finding a call to try may take."""
NOT_DONE = "You have added nothing to its cell."


@dataclass(frozen=True)
class _Attempt:
    """The results of an exercise's checks at one place of the notebook."""

    runs: list[CheckRun]
    bound: tuple[int, ...] = ()
    """For each of its functions, the answer of `Session.bound`."""

    @property
    def passed(self) -> bool:
        """Whether all its checks hold."""
        return all(run.result.passed for run in self.runs)

    def beats(self, other: _Attempt | None) -> bool:
        """Whether it earns more points than another one, or has more checks with work to judge."""
        return other is None or self._worth() > other._worth()

    def _worth(self) -> tuple[float, int]:
        done = [run for run in self.runs if run.result.verdict is not Verdict.NOT_DONE]
        return sum(run.result.points for run in self.runs), len(done)


class Marking:
    """Marks one submission, exercise by exercise, each at the place of its tests cell."""

    def __init__(
        self,
        context: GradingContext,
        planned: Plan,
        session: Session,
        request: Request,
    ) -> None:
        self._context = context
        self._plan = planned
        self._session = session
        self._student = Student(session)
        self._seed = request.seed
        exercises = context.lab.exercises
        only, before = request.only, request.before
        self._wanted = [e for e in exercises if only is None or e.grade_cell in only]
        stored = before.grade_cells() if before else {}
        self._attempts: dict[str, _Attempt] = {
            e.grade_cell: _Attempt([CheckRun(r, ()) for r in stored.get(e.grade_cell, [])])
            for e in exercises
            if e not in self._wanted
        }
        checks = context.checks
        self._checks = {
            e.grade_cell: [c for c in checks if c.grade_cell == e.grade_cell] for e in self._wanted
        }
        self._private: list[str] = []

    def fill(self, report: Report, *, names: bool) -> Report:
        """The report with check results and notes; with `names`, also with misconceptions."""
        self._visit_all()
        results: list[CheckResult] = []
        for exercise in self._context.lab.exercises:
            results += self._results(exercise, names)
        report = report.with_(checks=tuple(results), notes=self._session.log.notes)
        if self._private:
            return report.with_(reason="a hidden check is broken: " + self._private[0])
        return report

    def _visit_all(self) -> None:
        """Try each exercise at its tests cell, and at the end those that may differ there."""
        for place, exercise in self._plan.stops(self._wanted):
            if self._is_open(exercise):
                self._session.run_to(place)
                self._try(exercise)
        left = [e for e in self._wanted if self._is_open(e) and self._may_differ(e)]
        if left:
            self._session.run_to(len(self._plan.cells))
        for exercise in left:
            self._try(exercise, at_the_end=True)

    def _is_open(self, exercise: Exercise) -> bool:
        attempt = self._attempts.get(exercise.grade_cell)
        return attempt is None or not attempt.passed

    def _may_differ(self, exercise: Exercise) -> bool:
        """Whether a later cell may bind its functions, or a name that the notebook did not find."""
        if exercise.grade_cell not in self._attempts:
            return True
        names = {*exercise.names, *self._session.log.unknown_names}
        return self._plan.may_bind_behind(exercise, names)

    def _try(self, exercise: Exercise, *, at_the_end: bool = False) -> None:
        """Check an exercise here, unless none of its functions is bound here.

        At the end, an exercise whose functions are bound as at the last try is not checked again.
        Where its tests cell stands a second time it is: the functions and values that it uses may
        differ by then.
        """
        cell = exercise.grade_cell
        undone = _Attempt([_not_done(check) for check in self._checks[cell]])
        if cell in self._plan.untouched:
            self._attempts[cell] = undone
            return
        bound = self._session.bound(exercise.names)
        nothing = all(number in (MISSING, UNCALLABLE) for number in bound)
        known = self._attempts.get(cell)
        if nothing and not at_the_end:
            return
        if at_the_end and known is not None and known.bound == bound:
            return
        if nothing and cell in self._plan.stubs:
            self._attempts.setdefault(cell, undone)
            return
        self._session.forget_answers(exercise.functions)
        misses = self._session.log.misses
        runs = self._check(exercise)
        # A function that missed a name may find it further down, although it is bound as before.
        settled = self._session.log.misses == misses
        attempt = _Attempt(runs, bound if settled else ())
        if attempt.beats(known):
            self._attempts[cell] = attempt

    def _check(self, exercise: Exercise) -> list[CheckRun]:
        """Run the exercise's checks here; run failed ones again with earlier exercises given."""
        checks = self._checks[exercise.grade_cell]
        runs = self._run(checks, self._student)
        if any(not run.result.passed for run in runs):
            slips = [e for e in self._earlier(exercise) if self._is_open(e) or self._is_lost(e)]
            runs = self._again_given(slips, checks, runs) if slips else runs
        undone = all(run.result.verdict is Verdict.NOT_DONE for run in runs)
        if undone and exercise.grade_cell in self._plan.stubs:
            return [_not_done(check) for check in checks]
        return runs

    def _earlier(self, exercise: Exercise) -> Sequence[Exercise]:
        """The exercises before this one, which it may build on."""
        exercises = self._context.lab.exercises
        return exercises[: exercises.index(exercise)]

    def _is_lost(self, exercise: Exercise) -> bool:
        """Whether the notebook has rebound the exercise's names since they were checked."""
        attempt = self._attempts[exercise.grade_cell]
        return bool(attempt.bound) and self._session.bound(exercise.names) != attempt.bound

    def _results(self, exercise: Exercise, names: bool) -> list[CheckResult]:
        attempt = self._attempts[exercise.grade_cell]
        if exercise not in self._wanted:
            return [run.result for run in attempt.runs]
        runs = attempt.runs
        results = self._diagnose(exercise, runs) if names else [run.result for run in runs]
        if any(self._is_open(earlier) for earlier in self._earlier(exercise)):
            return results
        return [replace(r, message="") if r.message == GIVEN_EARLIER else r for r in results]

    def _run(self, checks: list[Check], student: Student) -> list[CheckRun]:
        reference = self._context.catalogue.reference
        runs = self._context.suites.run(checks, self._session, student, reference, self._seed)
        self._private += [run.private for run in runs if run.private]
        return runs

    def _again_given(
        self, slips: list[Exercise], checks: list[Check], runs: list[CheckRun]
    ) -> list[CheckRun]:
        """Run the failed checks again with earlier, wrong functions replaced by the reference.

        An early slip costs its own points only: a later exercise that is right once the earlier
        functions are right earns its points, and its message says so.
        """
        functions = self._context.functions(slips)
        merged = list(runs)
        for i, check in enumerate(checks):
            if runs[i].result.passed:
                continue
            given = self._context.stand_ins.allowed(check, functions)
            if not given:
                continue
            [run] = self._run([check], self._student.given(**given))
            if run.result.passed:
                run = replace(run, result=replace(run.result, message=GIVEN_EARLIER, given=True))
            merged[i] = run
        return merged

    def _diagnose(self, exercise: Exercise, runs: list[CheckRun]) -> list[CheckResult]:
        """Add the misconception's name to the failed checks that it explains."""
        results = [run.result for run in runs]
        wrong = [i for i, run in enumerate(runs) if run.result.verdict in DIAGNOSED]
        if not wrong:
            return results
        cases = [case for run in runs for case in run.cases]
        mistakes = [
            m for m in self._context.catalogue.mistakes if m.grade_cell == exercise.grade_cell
        ]
        found = self._context.explained.explain(cases, mistakes, self._session.allowance)
        if found is not None:
            shown = [i for i in wrong if any(c.function == found.function for c in runs[i].cases)]
            for i in shown:
                results[i] = replace(results[i], misconception=found.name)
            trial = self._call_to_try(found, cases)
            for i in shown[:1] if trial else ():
                results[i] = replace(results[i], message=f"{results[i].message} {trial}".strip())
        else:
            for i in wrong:
                results[i] = self._looked_at(exercise, runs[i])
        return results

    def _call_to_try(self, found: Explanation, cases: Sequence[Case]) -> str:
        """A call with numbers of its own that shows what was found; empty if there is none."""
        right = getattr(self._context.catalogue.reference, found.function, None)
        calls = [c.args for c in cases if c.function == found.function and c.deed == CALLED]
        if right is None or any(case.names for case in cases):
            return ""
        try:
            with self._session.allowance.spend(TRIAL_S):
                return call_to_try(found.function, right, found.version, calls)
        except TooMuchWork:
            return ""

    def _looked_at(self, exercise: Exercise, run: CheckRun) -> CheckResult:
        """A failed check, with what stands out in the source of a function that it calls."""
        message = run.result.message
        called = [n for n in exercise.functions if any(c.function == n for c in run.cases)]
        sources = [cell.source for cell in self._plan.cells]
        remarks = (look(name, sources, self._known_names) for name in called)
        remark = next(filter(None, remarks), "")
        if not remark or "NameError" in message:  # which tells the name itself
            return run.result
        return replace(run.result, message=f"{message} {remark}".strip())

    @cached_property
    def _known_names(self) -> set[str]:
        """Names that the exercises' functions and the given cells bind."""
        names = {name for one in self._context.lab.exercises for name in one.names}
        return names.union(*(outer_names(cell.source) for cell in self._context.lab.cells))


def _not_done(check: Check) -> CheckRun:
    result = CheckResult(
        check.name, check.grade_cell, check.title, Verdict.NOT_DONE, 0.0, check.points, NOT_DONE
    )
    return CheckRun(result, ())
