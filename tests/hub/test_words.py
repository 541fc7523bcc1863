"""What pages say of attempts, due dates and what happens next: true in every state."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from autograder.feedback.words import Mark
from autograder.report import CheckResult, Report, Status, Verdict
from autograder.service.store.attempt import Allowance, Attempt, Fate, State
from autograder.service.web.progress import what_changed
from autograder.service.words import Prospects, due_words, gap, next_step, result, standing

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
FREE, LAST = Allowance(0, 1, None), Allowance(2, 2, None)
ALL = Mark("✓", "all points", "good")


def attempt(state: State = State.DONE, fate: Fate = Fate.EARNED) -> Attempt:
    """An attempt in a state, with one notebook."""
    fates = (("heap", fate),) if state in (State.DONE, State.NEEDS_PERSON) else ()
    none: dict[str, Any] = {"started": None, "finished": None, "score": 3.0, "max_score": 5.0}
    known: dict[str, Any] = {"key": "", "timestamp": "", "folder": "f", "tries": 1, "reason": ""}
    return Attempt(
        id=1,
        student="ada",
        assignment="lab",
        arrived=NOW,
        state=state,
        counts=True,
        fates=fates,
        **none,
        **known,
    )


def ahead(due_in_h: float | None = 48, left: Allowance = FREE, **more: Any) -> Prospects:
    """What is ahead of a student."""
    due = None if due_in_h is None else NOW + timedelta(hours=due_in_h)
    return Prospects(left, due, NOW, more.pop("after_due", "feedback"), **more)


@pytest.mark.parametrize(
    ("latest", "shows", "mark", "prospects", "said"),
    [
        pytest.param(None, "nothing", None, ahead(), "Submit in JupyterLab", id="nothing"),
        pytest.param(None, "nothing", None, ahead(-1), "you submit now is late", id="over"),
        pytest.param(
            attempt(State.WAITING), "feedback", None, ahead(), "the mark shows here", id="waiting"
        ),
        pytest.param(
            attempt(State.RUNNING), "nothing", None, ahead(), "when its turn comes", id="running"
        ),
        pytest.param(attempt(), "feedback", None, ahead(), "Read the feedback", id="graded"),
        pytest.param(attempt(), "feedback", None, ahead(-1), "is late", id="graded-over"),
        pytest.param(attempt(), "marks", None, ahead(), "You may submit again.", id="marks"),
        pytest.param(attempt(), "feedback", ALL, ahead(-1), "nothing left to do", id="all"),
        pytest.param(
            attempt(), "feedback", None, ahead(left=LAST), "No attempt is left", id="last"
        ),
        pytest.param(
            attempt(), "feedback", ALL, ahead(asked=True), "Submit in JupyterLab", id="asked"
        ),
        pytest.param(attempt(), "nothing", None, ahead(), "show here after", id="later"),
        pytest.param(
            attempt(),
            "nothing",
            None,
            ahead(after_due="marks"),
            "Your mark shows here after",
            id="later-marks",
        ),
        pytest.param(attempt(), "nothing", None, ahead(None), "are not shown here", id="no-date"),
        pytest.param(attempt(), "nothing", None, ahead(-1), "are not shown here", id="never"),
        pytest.param(
            attempt(),
            "nothing",
            None,
            ahead(after_due="nothing"),
            "are not shown here",
            id="never-at-all",
        ),
    ],
)
def test_what_happens_next(latest, shows, mark, prospects, said):
    """In each state the words that are true then."""
    step = next_step(latest, shows, mark, prospects)
    assert said in step.words
    assert (step.when is not None) == step.words.endswith("after")


@pytest.mark.parametrize(
    "one",
    [
        pytest.param(attempt(State.REFUSED), id="refused"),
        pytest.param(attempt(State.NEEDS_PERSON, Fate.WITHHELD), id="our-fault"),
        pytest.param(attempt(State.DONE, Fate.UNGRADED), id="damaged"),
    ],
)
def test_where_the_reason_says_what_to_do_nothing_else_does(one):
    """Two answers could contradict each other."""
    assert next_step(one, "feedback", None, ahead()) is None


@pytest.mark.parametrize(
    ("left", "words", "tone"),
    [
        (timedelta(days=30), "due", "calm"),
        (timedelta(days=5, hours=3), "due in 5 days", "calm"),
        (timedelta(days=2, hours=23), "due in 2 days", "soon"),
        (timedelta(hours=23, minutes=59), "due in 23 hours", "near"),
        (timedelta(hours=1, minutes=59), "due in 1 hour", "near"),
        (timedelta(minutes=25), "due in 25 minutes", "near"),
        (timedelta(seconds=20), "due in less than a minute", "near"),
        (timedelta(seconds=-1), "was due", "over"),
    ],
)
def test_due_dates_stand_out_as_they_come_near(left, words, tone):
    """Never said later than they are; where nothing is left to do they do not stand out."""
    due = due_words(NOW + left, NOW)
    assert (due.words, due.tone) == (words, tone)
    assert due_words(NOW + left, NOW, settled=True).tone == "calm"


def test_no_due_date_is_none():
    """And gaps between attempts are said in whole units where they are whole."""
    assert due_words(None, NOW) is None
    assert [gap(one) for one in (90, 45, 600, 7200)] == [
        "90 seconds",
        "45 seconds",
        "10 minutes",
        "2 hours",
    ]


def test_state_and_result_are_two_things():
    """Nothing of 15 has no tick; a tick stands for all points and nothing else."""
    assert standing(attempt(), None, "feedback").symbol != "✓"
    assert standing(attempt(), None, "feedback").tone != "good"
    assert result(0.0, 15.0).tone == "calm"
    assert result(15.0, 15.0) == ALL
    assert result(7.0, 15.0) is result(None, 15.0) is result(0.0, 0.0) is None


def report(points: dict[str, float | None], digest: str) -> Report:
    """A report with a check of four points for each exercise; None is withheld."""
    checks = tuple(
        CheckResult(
            cell,
            cell,
            "Holds.",
            Verdict.BROKEN if found is None else Verdict.PASSED,
            found or 0.0,
            4.0,
        )
        for cell, found in points.items()
    )
    return Report("lab", "heap", Status.GRADED, "full", 12.0, 1, checks, digest=digest)


@pytest.mark.parametrize(
    ("after", "digest", "shows", "said"),
    [
        ({"test_a": 4, "test_b": 1}, "y", "feedback", "+2 points: a 1 → 4, b 2 → 1"),
        ({"test_a": 4, "test_b": 1}, "y", "marks", "+2 points"),
        ({"test_a": 4, "test_b": 1}, "y", "nothing", ""),
        ({"test_a": 0, "test_b": 2}, "y", "feedback", "−1 point: a 1 → 0"),
        ({"test_a": 1, "test_b": 2}, "y", "feedback", "other work, the same points"),
        ({"test_a": 1, "test_b": 2}, "x", "feedback", "the same work as before"),
        ({"test_a": None, "test_b": 2}, "y", "feedback", ""),
        ({"test_a": 4}, "y", "feedback", ""),
    ],
)
def test_what_an_attempt_changed(after, digest, shows, said):
    """Points by exercise, as far as the reader may see; a withheld mark is no change."""
    before = report({"test_a": 1, "test_b": 2}, "x")
    assert what_changed([before], [report(after, digest)], shows) == said


def test_no_word_depends_on_what_is_not_known():
    """An attempt of an earlier version has no facts about its notebooks."""
    old = dataclasses.replace(attempt(), fates=())
    assert next_step(old, "feedback", None, ahead()) is not None
