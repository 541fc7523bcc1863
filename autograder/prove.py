"""The proof of the suites: right solutions pass, wrong ones are rejected and named.

Each row grades one specimen in the jail, as a student's submission would be: the master's solution,
the untouched student version, every variant, every mistake. A check that no mistake was ever
rejected by is dead weight, and reported. Random inputs differ from seed to seed, so the proof is
repeated; a row that does not hold under every seed does not hold.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from autograder import specimen
from autograder.catalogue import Mistake, Variant
from autograder.classroom import run_benches
from autograder.course import Course
from autograder.grader import Bench, grade
from autograder.submission import parse
from autograder.verdict import Report, Verdict


@dataclass(frozen=True)
class Row:
    """One specimen and what grading it gave."""

    assignment: str
    notebook: str
    kind: str
    """solution, untouched, variant, mistake, picture or check."""
    grade_cell: str
    name: str
    """Function and style of a variant, misconception of a mistake, name of a check."""
    holds: bool
    rejected_by: tuple[str, ...] = ()
    named: str | None = None
    problem: str = ""


@dataclass(frozen=True)
class Proof:
    """All rows, and the counts that matter."""

    rows: tuple[Row, ...]

    @property
    def holds(self) -> bool:
        """True when every row does."""
        return all(row.holds for row in self.rows)

    def as_dict(self) -> dict[str, Any]:
        """The documented JSON form."""
        mistakes = [row for row in self.rows if row.kind == "mistake"]
        variants = [row for row in self.rows if row.kind == "variant"]
        return {
            "mistakes": len(mistakes),
            "rejected": sum(bool(row.rejected_by) for row in mistakes),
            "named": sum(row.named == row.name.split(": ")[1] for row in mistakes),
            "variants": len(variants),
            "passed": sum(row.holds for row in variants),
            "holds": self.holds,
            "rows": [asdict(row) for row in self.rows],
        }


def prove(
    course: Course,
    assignments: Sequence[str] = (),
    *,
    tier: str,
    seeds: Sequence[int] = (1, 2, 3),
    on_row: Callable[[int, Row | None], None] = lambda count, row: None,
) -> Proof:
    """Run the whole proof.

    Args:
        course: the course, built.
        assignments: which; all by default.
        tier: the tier of isolation to use.
        seeds: of the random inputs; every row must hold under each.
        on_row: is told the number of rows once, and then each row.
    """
    chosen = list(assignments) or list(course.assignments)
    labs = [lab for assignment in chosen for lab in course.labs_of(assignment)]

    def all_rows(benches: dict[tuple[str, str], Bench]) -> list[Row]:
        prepared = [benches[lab.assignment, lab.name] for lab in labs]
        on_row(sum(2 + len(_mistakes(b)) + len(_variants(b)) for b in prepared), None)
        found = []
        for bench in prepared:
            for row in _rows(bench, seeds):
                on_row(0, row)
                found.append(row)
        return found

    rows = run_benches(course, labs, tier, all_rows)
    return Proof(tuple(rows))


def _rows(bench: Bench, seeds: Sequence[int]) -> Iterator[Row]:
    yield _full_marks(
        bench, seeds, "solution", "", "the master's solution", specimen.solutions(bench.lab)
    )
    yield _untouched(bench)
    for variant in _variants(bench):
        sources = specimen.with_examples(bench.lab, [variant])
        name = f"{variant.name}: {variant.note}"
        yield _full_marks(bench, seeds, "variant", variant.grade_cell, name, sources)
    rejecting: set[str] = set()
    drawn: set[str] = set()
    for mistake in _mistakes(bench):
        row = _rejected(bench, seeds, mistake, drawn)
        rejecting |= set(row.rejected_by)
        yield row
    for drawing in bench.catalogue.pictures:
        if drawing.grade_cell in bench.lab.solutions and drawing.grade_cell not in drawn:
            problem = "it cannot be drawn for any of the mistakes"
            name = drawing.function.__name__
            yield _row(bench, "picture", drawing.grade_cell, name, problem=problem)
    for check in bench.checks:
        if check.name not in rejecting:
            problem = "dead weight: it rejects none of the mistakes"
            yield _row(bench, "check", check.grade_cell, check.name, problem=problem)


def _mistakes(bench: Bench) -> list[Mistake]:
    cells = bench.lab.solutions
    return [mistake for mistake in bench.catalogue.mistakes if mistake.grade_cell in cells]


def _variants(bench: Bench) -> list[Variant]:
    cells = bench.lab.solutions
    return [variant for variant in bench.catalogue.variants if variant.grade_cell in cells]


def _grade(
    bench: Bench, sources: dict[str, str], seed: int, only: Collection[str] | None = None
) -> Report:
    return grade(bench, parse(specimen.notebook(bench.lab, sources)), seed, only)


def _full_marks(
    bench: Bench, seeds: Sequence[int], kind: str, cell: str, name: str, sources: dict[str, str]
) -> Row:
    for seed in seeds:
        report = _grade(bench, sources, seed)
        if report.score != report.max_score:
            failed = next((c for c in report.checks if c.verdict is not Verdict.PASSED), None)
            problem = f"{failed.name}: {failed.verdict}: {failed.message}" if failed else ""
            problem = (
                f"{report.score} of {report.max_score:g} (seed {seed}); {problem}{report.reason}"
            )
            return _row(bench, kind, cell, name, problem=problem)
    return _row(bench, kind, cell, name)


def _untouched(bench: Bench) -> Row:
    report = _grade(bench, {}, 1)
    done = [check.name for check in report.checks if check.verdict is not Verdict.NOT_DONE]
    problem = (
        "" if report.score == 0 and not done else f"score {report.score}; not NOT_DONE: {done}"
    )
    return _row(bench, "untouched", "", "the student version", problem=problem)


def _rejected(bench: Bench, seeds: Sequence[int], mistake: Mistake, drawn: set[str]) -> Row:
    """A mistake must be rejected and named under every seed; checks count if they always reject.

    The grade cells for which a picture was drawn are added to `drawn`.
    """
    sources = specimen.with_examples(bench.lab, [mistake])
    wanted = mistake.misconception.name
    always: set[str] | None = None
    problem, named = "", None
    for seed in seeds:
        report = _grade(bench, sources, seed, {mistake.grade_cell})
        own = [check for check in report.checks if check.grade_cell == mistake.grade_cell]
        wrong = [check for check in own if check.verdict is not Verdict.PASSED]
        drawn |= {picture.grade_cell for picture in report.pictures}
        names = {check.misconception for check in wrong}
        always = {c.name for c in wrong} if always is None else always & {c.name for c in wrong}
        named = wanted if wanted in names else next((n for n in names if n), None)
        if report.withheld:
            problem = f"BROKEN (seed {seed}): {report.reason}"
        elif not wrong:
            problem = f"not rejected (seed {seed})"
        elif named != wanted:
            problem = f"taken for {named or 'nothing known'} (seed {seed}): {wrong[0].message}"
        if problem:
            break
    name = f"{mistake.name}: {wanted}"
    rejected = tuple(sorted(always or ()))
    return _row(bench, "mistake", mistake.grade_cell, name, rejected, named, problem)


def _row(
    bench: Bench,
    kind: str,
    cell: str,
    name: str,
    rejected_by: tuple[str, ...] = (),
    named: str | None = None,
    problem: str = "",
) -> Row:
    lab = bench.lab
    return Row(lab.assignment, lab.name, kind, cell, name, not problem, rejected_by, named, problem)
