"""The proof of the suites: right solutions pass, wrong ones are rejected and named.

Each row grades one sample in the sandbox, as a student's submission would be: the master's
solution, the untouched student version, every variant, every mistake. A check that never rejected
a mistake is dead weight, and reported. Random inputs differ from seed to seed, so the proof is
repeated; a row that does not hold under every seed does not hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from autograder.authoring import samples
from autograder.authoring.mutation import scored, scores
from autograder.authoring.proof import Proof, Row
from autograder.authoring.spread import builds_on_others, spreads
from autograder.authoring.suite_source import unknown_names
from autograder.checks.catalogue import Example, Mistake, Variant
from autograder.course.lab import Lab
from autograder.course.model import Course
from autograder.grading.context import Contexts, GradingContext, prepared
from autograder.grading.diagnosis import can_be_named
from autograder.grading.grader import grade
from autograder.grading.job import Request
from autograder.grading.plan import plan
from autograder.grading.submission import parse
from autograder.remote.session import Session
from autograder.report import Report, Verdict
from autograder.sandbox.inside.policy import Tier


def prove(
    course: Course,
    assignments: Sequence[str] = (),
    *,
    tier: Tier,
    seeds: Sequence[int] = (1, 2, 3),
    on_row: Callable[[int, Row | None], None] = lambda count, row: None,
) -> Proof:
    """Run the whole proof.

    Args:
        course: the course, built.
        assignments: which; all by default.
        tier: the tier of isolation to use.
        seeds: of the random inputs; every row must hold under each.
        on_row: called once with the number of rows, then with each row.
    """
    chosen = list(assignments) or list(course.assignments)
    labs = [lab for assignment in chosen for lab in course.labs_of(assignment)]
    tried = [row for lab in labs for row in _tests_rows(lab)]
    labs = [lab for lab in labs if lab.needs_suite or lab.tests_cells is None]
    with prepared(course, labs, tier) as contexts:
        on_row(len(tried) + sum(map(_count, contexts.values())), None)
        proven = dict.fromkeys(lab.assignment for lab in labs)
        rows = tried + [row for name in proven for row in _strays(course, name, contexts)]
        for row in tried:
            on_row(0, row)
        for context in contexts.values():
            for row in _rows(context, seeds):
                on_row(0, row)
                rows.append(row)
    return Proof(tuple(rows))


def _tests_rows(lab: Lab) -> Iterator[Row]:
    """The tests cells of a notebook, which were tried when it was built."""
    ways = lab.tests_cells.ways if lab.tests_cells is not None else {}
    for name, chosen in ways.items():
        said = f"the tests cell, {chosen.way}"
        about = (lab.assignment, lab.name, "tests", name, said)
        yield Row(*about, not chosen.lost, problem=chosen.lost)


def _count(context: GradingContext) -> int:
    """How many rows a lab's proof has where all of them hold."""
    scored_ones = [e for e in context.lab.exercises if scored(context, e)]
    checked = {check.grade_cell for check in context.checks}
    building = [e for e in scored_ones if e.grade_cell in checked and builds_on_others(context, e)]
    count = len(_mistakes(context)) + len(_variants(context)) + len(scored_ones)
    return 4 + count + len(building)


def _rows(context: GradingContext, seeds: Sequence[int]) -> Iterator[Row]:
    yield _full_marks(
        context, seeds, "solution", "", "the master's solution", samples.solutions(context.lab)
    )
    yield _runs(context)
    yield _untouched(context)
    yield _stubs(context)
    for variant in _variants(context):
        yield _passes(context, seeds, variant)
    rejecting: set[str] = set()
    drawn: set[str] = set()
    for mistake in _mistakes(context):
        row = _rejected(context, seeds, mistake, drawn)
        rejecting |= set(row.rejected_by)
        yield row
    for drawing in context.catalogue.pictures:
        if drawing.grade_cell in context.lab.solutions and drawing.grade_cell not in drawn:
            problem = "it cannot be drawn for any of the mistakes"
            name = drawing.function.__name__
            yield _row(context, "picture", drawing.grade_cell, name, problem=problem)
    for score in scores(context):
        yield _row(context, "slips", score.exercise, score.words)
    for spread in spreads(context):
        yield _row(context, "known", spread.exercise, spread.words)
    for check in context.checks:
        if check.name not in rejecting:
            problem = "dead weight: it rejects none of the mistakes"
            if not context.catalogue.mistakes:
                folder = f"tests/hidden/{context.lab.assignment}"
                problem = f"it rejects nothing, since there is no {folder}/mistakes.py"
            yield _row(context, "check", check.grade_cell, check.name, problem=problem)


def _strays(course: Course, assignment: str, contexts: Contexts) -> Iterator[Row]:
    """Examples of which no notebook of the assignment has the exercise: a name is misspelt."""
    labs = [lab for lab in course.labs_of(assignment) if (assignment, lab.name) in contexts]
    cells = {cell for lab in labs for cell in lab.solutions}
    catalogue = contexts[assignment, labs[0].name].catalogue
    named: list[tuple[str, Example, str]]
    named = [("mistake", m, m.misconception.name) for m in catalogue.mistakes]
    named += [("variant", v, v.note) for v in catalogue.variants]
    for kind, example, note in named:
        if example.grade_cell not in cells:
            problem = f"no notebook of {assignment} has a tests cell of this name"
            name = f"{example.name}: {note}"
            yield Row(assignment, "", kind, example.grade_cell, name, False, problem=problem)


def _mistakes(context: GradingContext) -> list[Mistake]:
    cells = context.lab.solutions
    return [mistake for mistake in context.catalogue.mistakes if mistake.grade_cell in cells]


def _variants(context: GradingContext) -> list[Variant]:
    cells = context.lab.solutions
    return [variant for variant in context.catalogue.variants if variant.grade_cell in cells]


def _grade(
    context: GradingContext, sources: dict[str, str], seed: int, only: frozenset[str] | None = None
) -> Report:
    submission = parse(samples.notebook(context.lab, sources))
    return grade(context, submission, Request(seed, only))


def _runs(context: GradingContext) -> Row:
    """The master's locked cells, demonstrations and visible tests must run on its solutions."""
    lab = context.lab
    planned = plan(
        lab, parse(samples.notebook(lab, samples.solutions(lab))), shown=True, tools=True
    )
    names = {cell.grade_id for cell in lab.cells if cell.grade_id}
    cells = [replace(cell, own=False, ours=False) for cell in planned.cells]
    with Session(context.jail, cells, context.files, upto=0) as session:
        session.run_to(len(cells))
        raised = [f for f in session.log.faults if f.verdict is Verdict.RAISED and f.label in names]
    problem = raised[0].message if raised else ""
    return _row(context, "cells", "", "the master's own cells", problem=problem)


def _passes(context: GradingContext, seeds: Sequence[int], variant: Variant) -> Row:
    """A variant must get full marks."""
    name = f"{variant.name}: {variant.note}"
    if problem := _unknown(context, variant):
        return _row(context, "variant", variant.grade_cell, name, problem=problem)
    sources = samples.with_examples(context.lab, [variant])
    return _full_marks(context, seeds, "variant", variant.grade_cell, name, sources)


def _unknown(context: GradingContext, example: Example) -> str:
    """Why an example would fail in any notebook, whatever its idea is."""
    names = unknown_names(context.lab, example.source)
    return f"it uses {', '.join(names)}, which the notebook does not have" if names else ""


def _full_marks(
    context: GradingContext,
    seeds: Sequence[int],
    kind: str,
    cell: str,
    name: str,
    sources: dict[str, str],
) -> Row:
    for seed in seeds:
        report = _grade(context, sources, seed)
        if report.score != report.max_score:
            return _row(context, kind, cell, name, problem=f"{_shortfall(report)} (seed {seed})")
    return _row(context, kind, cell, name)


def _shortfall(report: Report) -> str:
    """Why a right solution has not got all points."""
    if report.withheld:
        return report.reason
    failed = next((c for c in report.checks if not c.passed), None)
    why = f"; {failed.name}: {failed.verdict}: {failed.message}" if failed else ""
    return f"{report.score:g} of {report.max_score:g} points{why}"


def _untouched(context: GradingContext) -> Row:
    report = _grade(context, {}, 1)
    done = [check.name for check in report.checks if check.verdict is not Verdict.NOT_DONE]
    problem = f"these checks do not say NOT_DONE: {', '.join(done)}" if done else ""
    problem = report.reason if report.withheld else problem
    return _row(context, "untouched", "", "the student version", problem=problem)


def _stubs(context: GradingContext) -> Row:
    """No check may pass on what students get: whoever touched the cell would earn its points."""
    touched = {name: f"{source}\npass\n" for name, source in context.lab.stubs.items()}
    report = _grade(context, touched, 1)
    passed = [c.name for c in report.checks if c.passed and c.max_points]
    problem = f"passes without a solution: {', '.join(passed)}" if passed else ""
    return _row(context, "stub", "", "the student version, touched", problem=problem)


def _rejected(
    context: GradingContext, seeds: Sequence[int], mistake: Mistake, drawn: set[str]
) -> Row:
    """A mistake must be rejected and named under every seed; checks count if they always reject.

    The grade cells for which a picture was drawn are added to `drawn`.
    """
    wanted = mistake.misconception.name
    if problem := _unknown(context, mistake):
        name = f"{mistake.name}: {wanted}"
        return _row(context, "mistake", mistake.grade_cell, name, problem=problem)
    sources = samples.with_examples(context.lab, [mistake])
    always: set[str] | None = None
    problem, named = "", None
    for seed in seeds:
        report = _grade(context, sources, seed, frozenset({mistake.grade_cell}))
        own = [check for check in report.checks if check.grade_cell == mistake.grade_cell]
        wrong = [check for check in own if not check.passed]
        drawn |= {picture.grade_cell for picture in report.pictures}
        names = {check.misconception for check in wrong}
        always = {c.name for c in wrong} if always is None else always & {c.name for c in wrong}
        named = wanted if wanted in names else next((n for n in names if n), None)
        if report.withheld:
            problem = f"{report.reason} (seed {seed})"
        elif not wrong:
            problem = f"not rejected (seed {seed})"
        elif named != wanted and (named or can_be_named(mistake, context.catalogue.reference)):
            instead = f"named {named} instead" if named else "not named"
            problem = f"{instead} (seed {seed}): {wrong[0].message}"
        if problem:
            break
    name = f"{mistake.name}: {wanted}"
    rejected = tuple(sorted(always or ()))
    return _row(context, "mistake", mistake.grade_cell, name, rejected, named, problem)


def _row(
    context: GradingContext,
    kind: str,
    cell: str,
    name: str,
    rejected_by: tuple[str, ...] = (),
    named: str | None = None,
    problem: str = "",
) -> Row:
    lab = context.lab
    return Row(lab.assignment, lab.name, kind, cell, name, not problem, rejected_by, named, problem)
