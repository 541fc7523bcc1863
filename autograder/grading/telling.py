"""What a student reads about a check beyond its verdict: a function of verdicts and names.

The random inputs that decide marks are hidden, but a submission sees them while it runs. If words
came from that run, a function could choose them, and so pass on what it saw. So words and names
come from a rehearsal: the same checks once more, in a fresh process, with random inputs that are
the same for everybody and decide no mark. `told` puts verdicts and words together. Where the
rehearsal ended differently from the marked run, the words give the verdict and no more. This module
runs nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from autograder.checks.catalogue import Catalogue
from autograder.remote.calls import TIME_IS_UP
from autograder.report import CheckResult, Named, Verdict

REHEARSAL_SEED = 0
"""Seed of the random inputs of every rehearsal."""
GIVEN_EARLIER = "Right, once the earlier exercise that it builds on is right."
DIAGNOSED = frozenset({Verdict.FAILED, Verdict.RAISED})

_FIXED = frozenset({Verdict.BROKEN})
"""Verdicts whose words are the same for every submission."""
_ALONE: Mapping[Verdict, str] = MappingProxyType(
    {
        Verdict.PASSED: "",
        Verdict.FAILED: "The answer is not right for every input.",
        Verdict.RAISED: "It stops with an error for some inputs.",
        Verdict.TIMED_OUT: "It takes too long: is there an endless loop?",
        Verdict.OUT_OF_MEMORY: "It needs more memory than a submission may use.",
        Verdict.FORBIDDEN: "It does something that is not allowed while grading.",
        Verdict.NOT_DONE: "It raises NotImplementedError, or calls something that does.",
    }
)
"""The words for a verdict when the rehearsal has none to add."""


def to_rehearse(
    checks: Sequence[CheckResult], wanted: Collection[str], untouched: Collection[str]
) -> list[str]:
    """The grade cells to rehearse for words: the first with a failed check, and all after it.

    An exercise after a failed one is included even if it passed: whether it passed by itself or
    only with a correct earlier function is part of the words. One that ran out of time is not run
    again.

    Args:
        checks: as marked.
        wanted: grade cells that were checked just now.
        untouched: grade cells of exercises that are as released.
    """
    cells = list(dict.fromkeys(check.grade_cell for check in checks))
    lost = [c.grade_cell for c in checks if not c.passed]
    slow = {c.grade_cell for c in checks if c.verdict is Verdict.TIMED_OUT}
    behind = cells[cells.index(lost[0]) :] if lost else []
    return [cell for cell in behind if cell in wanted and cell not in slow | set(untouched)]


def told(
    checks: Sequence[CheckResult],
    rehearsed: Sequence[CheckResult],
    wanted: Collection[str],
    untouched: Collection[str],
) -> tuple[CheckResult, ...]:
    """The checks as marked, with the words and names that the rehearsal found.

    Args:
        checks: as marked.
        rehearsed: the checks of the grade cells that were rehearsed.
        wanted: grade cells that were checked just now; others keep their words.
        untouched: grade cells of exercises that are as released.
    """
    words = {(check.grade_cell, check.name): check for check in rehearsed}
    keep = {check.grade_cell for check in checks} - set(wanted) | set(untouched)
    return tuple(
        check
        if check.grade_cell in keep or check.verdict in _FIXED
        else _told(check, words.get((check.grade_cell, check.name)))
        for check in checks
    )


def _told(check: CheckResult, rehearsed: CheckResult | None) -> CheckResult:
    """One check with its words, which never come from the marked run, except that time was up."""
    if check.verdict is Verdict.TIMED_OUT and check.message == TIME_IS_UP:
        return check
    alone = replace(check, message=_ALONE[check.verdict], misconception=None)
    if rehearsed is None:
        return alone
    name = rehearsed.misconception if check.verdict in DIAGNOSED else None
    same = rehearsed.verdict is check.verdict
    return replace(alone, message=rehearsed.message if same else alone.message, misconception=name)


def named(catalogue: Catalogue, checks: Sequence[CheckResult]) -> tuple[Named, ...]:
    """Each misconception once, with its words, its hints and the grade cells where it shows."""
    found = []
    for name in dict.fromkeys(check.misconception for check in checks if check.misconception):
        known = catalogue.misconception(name)
        places = dict.fromkeys(c.grade_cell for c in checks if c.misconception == name)
        if known is not None:
            found.append(Named(name, known.words, tuple(known.hints), tuple(places)))
    return tuple(found)
