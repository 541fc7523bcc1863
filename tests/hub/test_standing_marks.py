"""What cannot be graded never replaces a mark that was earned: the service and a gradebook."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime, timedelta

import pytest
from engine import toy

from autograder.class_report import tally
from autograder.gradebook.gradebook import open_gradebook
from autograder.grading.standing import replaces
from autograder.report import CheckResult, Report, Status, Verdict
from autograder.service.store.attempt import (
    Attempt,
    Fate,
    Ruling,
    State,
    Why,
    fates_of,
)
from autograder.service.store.attempts import Attempts
from autograder.service.store.contest import contest, gives_mark
from autograder.service.web.attempt_view import look_at
from autograder.service.web.class_view import need_person

from .exchange import (
    LESS,
    MOST,
    WRONG,
    book_scores,
    feedback_html,
    serving,
    settled,
    spoil_the_reference,
    until,
)

NAME = f"{toy.NOTEBOOK}.ipynb"


def whole(exchange) -> bytes:
    """A right notebook."""
    return exchange.work({})


DAMAGED = {
    "empty": {NAME: b""},
    "blanks": {NAME: b" \n\n"},
    "hello": {NAME: b"hello"},
    "list": {NAME: b"[]"},
    "object": {NAME: b"{}"},
    "null": {NAME: b"null"},
    "number": {NAME: b"17"},
    "html": {NAME: b"<!doctype html><title>Sign in</title>"},
    "zip": {NAME: b"PK\x03\x04" + b"\0" * 60},
    "null-bytes": {NAME: b"\0" * 4096},
    "not-utf-8": {NAME: b'{"cells": "\xff\xfe"}'},
    "format-2": {NAME: json.dumps({"worksheets": [], "nbformat": 2}).encode()},
    "no-cells": {NAME: json.dumps({"cells": [], "nbformat": 4, "nbformat_minor": 5}).encode()},
    "another-notebook": {NAME: json.dumps(toy.notebook([toy.code("print(1)", "")])).encode()},
    "deep": {NAME: b"[" * 100_000},
    "conflict": {NAME: b"<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> theirs\n"},
    "nothing": {},
    "other-files": {"notes.txt": b"see my other file", "data.csv": b"1,2"},
}
"""What somebody submits after a right attempt, by kind; each with the file's name."""


def submit(exchange, student: str, files: dict[str, bytes]) -> None:
    """Submit these files as they are."""
    folder = exchange.begin(student)
    exchange.write(folder, student, files)
    exchange.complete(folder, student)


@pytest.mark.wide(rows=4, always=("empty", "hello", "list"))
@pytest.mark.parametrize("kind", DAMAGED)
def test_a_damaged_resubmission_leaves_the_mark(exchange, kind):
    """After full points: the mark stays everywhere, and the attempt says why and what to do."""
    with serving(exchange.course) as service:
        exchange.hand_in("games")
        settled(service, 1)
        submit(exchange, "games", DAMAGED[kind])
        first, second = settled(service, 2)
        assert (first.counts, second.counts) == (True, False)
        assert book_scores(exchange.course) == {"games": MOST}
        seen = look_at(service, second, {}, teaches=False)
        assert seen.score is None
        assert "does not count" in seen.why
        assert "earlier mark stands" in seen.reason
        assert "submit again" in seen.reason
        assert "need not do anything" not in seen.reason
        assert seen.standing.words in ("could not be graded", "needs review")
        assert look_at(service, first, {}, teaches=False).score == MOST
        page = feedback_html(service, second.id)
        assert "your earlier mark stands" in page
        assert f"0 of {MOST}" not in page
        assert need_person(service.attempts.of()) == [second]


@pytest.mark.wide(rows=1)
@pytest.mark.parametrize("name", ["shapes (1).ipynb", "shapes-Copy1.ipynb", "week 1.ipynb"])
def test_a_renamed_notebook_earns_its_mark(exchange, name):
    """It is known by its exercises; its page says which file was taken."""
    with serving(exchange.course) as service:
        submit(exchange, "games", {name: whole(exchange)})
        [attempt] = settled(service, 1)
        assert attempt.counts
        assert book_scores(exchange.course) == {"games": MOST}
        assert name in feedback_html(service, attempt.id)


def test_cut_files_and_large_ones_and_links(exchange):
    """The same for a notebook that was cut short, is too large, or a link."""
    with serving(exchange.course) as service:
        exchange.hand_in("games")
        settled(service, 1)
        submit(exchange, "games", {NAME: whole(exchange)[:2000]})
        _, cut = settled(service, 2)
        large = exchange.course.limits.notebook_mib * 1024 * 1024 + 1
        submit(exchange, "games", {NAME: b" " * int(large)})
        until(lambda: len(service.attempts.of()) == 3, "it is refused")
        folder = exchange.begin("games")
        (folder / NAME).symlink_to("/etc/passwd")
        exchange.complete(folder, "games")
        until(lambda: len(service.attempts.of()) == 4, "it is refused")
        states = [one.state for one in service.attempts.of(newest_first=False)]
        assert states == [State.DONE, State.NEEDS_PERSON, State.REFUSED, State.REFUSED]
        assert not cut.counts
    assert book_scores(exchange.course) == {"games": MOST}


def test_an_untouched_notebook_is_a_mark_and_counts(exchange):
    """Somebody starts again: that can be graded, so it replaces what was there."""
    release = exchange.course.labs[0].release
    with serving(exchange.course) as service:
        exchange.hand_in("games")
        settled(service, 1)
        submit(exchange, "games", {NAME: release.read_bytes()})
        _, second = settled(service, 2)
        assert (second.counts, second.score) == (True, 0.0)
    assert book_scores(exchange.course) == {"games": 0.0}


def test_after_a_damaged_attempt_a_good_one_counts(exchange):
    """And then nobody has to look at the damaged one any more."""
    with serving(exchange.course) as service:
        for files in ({NAME: b"[]"}, {NAME: b"hello"}):
            submit(exchange, "games", files)
        first, second = settled(service, 2)
        assert (first.counts, second.counts) == (False, True)
        assert need_person(service.attempts.of()) == [second]
        words = look_at(service, second, {}, teaches=False)
        assert "submit again" in words.reason
        assert "earlier mark" not in words.reason
        exchange.hand_in("games", WRONG)
        settled(service, 3)
        assert need_person(service.attempts.of()) == []
    assert book_scores(exchange.course) == {"games": LESS}


def test_an_instructor_decides(exchange):
    """Let count, taken back, set aside: the gradebook follows, and who decided is recorded."""
    with serving(exchange.course) as service:
        exchange.hand_in("games")
        settled(service, 1)
        submit(exchange, "games", {NAME: b"[]"})
        first, second = settled(service, 2)
        store = service.attempts
        steps = [(Ruling.COUNTS, 0.0), (Ruling.NONE, MOST), (Ruling.ASIDE, MOST)]
        for ruling, mark in steps:
            assert store.rule(second.id, ruling, "ines") == ""
            service.wake()
            settled(service, 2)
            assert book_scores(exchange.course) == {"games": mark}, ruling
            asks = ruling is Ruling.NONE
            assert bool(need_person(store.of())) == asks, ruling
        assert [(one.ruling, one.by) for one in store.rulings(second.id)] == [
            (ruling, "ines") for ruling, _ in steps
        ]
        assert "only attempt" in store.rule(first.id, Ruling.ASIDE, "ines")
        assert store.rulings(first.id) == []
        assert store.rule(99, Ruling.COUNTS, "ines")


def test_a_later_attempt_replaces_one_that_was_let_count(exchange):
    """The decision is about this attempt, not about all that follow."""
    with serving(exchange.course) as service:
        exchange.hand_in("games")
        submit(exchange, "games", {NAME: b"[]"})
        _, second = settled(service, 2)
        assert service.attempts.rule(second.id, Ruling.COUNTS, "ines") == ""
        exchange.hand_in("games", WRONG)
        *_, third = settled(service, 3)
        assert third.counts
    assert book_scores(exchange.course) == {"games": LESS}


def test_checks_at_fault_replace_no_mark(exchange):
    """Neither by a new attempt nor by regrading; mended, the new attempt counts."""
    path = exchange.course.hidden / toy.ASSIGNMENT / "reference.py"
    right = path.read_text()
    with serving(exchange.course) as service:
        exchange.hand_in("games")
        settled(service, 1)
        path.write_text(right.replace("def area(sides):", "def area(sides):\n    raise OSError", 1))
        exchange.hand_in("games", WRONG)
        first, second = settled(service, 2)
        assert (first.counts, second.counts, second.score) == (True, False, None)
        assert book_scores(exchange.course) == {"games": MOST}
        seen = look_at(service, second, {}, teaches=False)
        assert "earlier mark stands" in seen.reason
        assert "need not do anything" in seen.reason
        kept = service.preview_regrade(toy.ASSIGNMENT)
        assert [(one.before, one.after) for one in kept] == [(MOST, MOST)]
        assert "the mark stands" in kept[0].why
        assert service.regrade(toy.ASSIGNMENT) == kept
        settled(service, 2)
        assert book_scores(exchange.course) == {"games": MOST}
        path.write_text(right)
        service.regrade(toy.ASSIGNMENT)
        settled(service, 2)
        assert [one.counts for one in service.attempts.of()] == [True, False]
    assert book_scores(exchange.course) == {"games": LESS}


def test_regrading_by_other_checks_changes_marks_all_the_same(exchange):
    """A mark that can be graded again is replaced, up and down."""
    with serving(exchange.course) as service:
        exchange.hand_in("games")
        settled(service, 1)
        spoil_the_reference(exchange)
        (change,) = service.regrade(toy.ASSIGNMENT)
        assert change.after < change.before == MOST
        settled(service, 1)
    assert book_scores(exchange.course)["games"] == change.after


def test_with_the_best_attempt_a_damaged_one_takes_nothing(open_store):
    """Under `best` as under `latest`."""
    for keep in ("best", "latest"):
        store = open_store(keep)
        found = play(store, [[5.0], [None]])
        assert [one.counts for one in found] == [True, False]
        assert found[1].why == Why.UNGRADED


@pytest.mark.parametrize(
    ("attempts", "counts"),
    [
        pytest.param([[3, 4], [None, 5]], 0, id="one-notebook-damaged"),
        pytest.param([[3, None], [4, 5]], 1, id="the-missing-one-comes"),
        pytest.param([[3, None], [None, 5]], 0, id="the-other-one-damaged"),
        pytest.param([[3, None], [2, None]], 1, id="the-same-one-damaged"),
        pytest.param([[None, None], [None, 5]], 1, id="something-after-nothing"),
        pytest.param([[None, None], [None, None]], 1, id="nothing-after-nothing"),
        pytest.param([["ours", 5], [4, 5]], 1, id="after-a-fault-of-ours"),
        pytest.param([["ours", 5], [None, 5]], 0, id="damaged-after-a-fault-of-ours"),
        pytest.param([[None, 5], ["ours", 5]], 1, id="a-fault-of-ours-is-no-zero"),
        pytest.param([[3, 4], ["ours", 5]], 0, id="a-fault-of-ours"),
        pytest.param([[3, 4], [0, 0]], 1, id="zeros-are-marks"),
        pytest.param([[3, 4], [None, 5], [None, None], [0, 1]], 3, id="goes-on"),
    ],
)
def test_an_attempt_decides_as_a_whole(open_store, attempts, counts):
    """With several notebooks: one that cannot be graded any more holds the whole attempt back."""
    found = play(open_store("latest"), attempts)
    assert [one.counts for one in found] == [number == counts for number in range(len(found))]


def test_the_rule_is_that_of_the_command_line():
    """For one notebook, wherever what was earned meets what was not."""
    kinds = [report(5.0), report(0.0), report(None), report("ours")]
    for before, after in itertools.product(kinds, kinds):
        first, second = (as_attempt(n, [one]) for n, one in enumerate((before, after)))
        takes_over = gives_mark(contest([first, second], "latest")[1])
        if replaces(after, before) and not replaces(before, after):
            assert takes_over
        if not replaces(after, before):
            assert not takes_over


def test_a_store_of_an_earlier_version(tmp_path):
    """It gets the new columns, and what it did not keep is read from its reports."""
    address = f"sqlite:///{tmp_path / 'course.db'}"
    store = Attempts(address)
    found = play(store, [[5.0], [4.0]])
    with store._engine.begin() as db:
        for name in ("why", "fates", "told", "ruling", "ruled"):
            db.exec_driver_sql(f"ALTER TABLE autograder_attempt DROP COLUMN {name}")
        db.exec_driver_sql("DROP TABLE autograder_ruling")
    store.close()
    again = Attempts(address)
    assert [one.score for one in again.of(newest_first=False)] == [5.0, 4.0]
    assert again.rule(found[0].id, Ruling.COUNTS, "ines") == ""
    after = again.of(newest_first=False)
    assert [one.counts for one in after] == [True, False]
    assert after[1].fates == (("n0", Fate.EARNED),)
    again.close()


@pytest.fixture
def open_store(tmp_path):
    """Opens stores with a rule."""
    from autograder.service.store.attempts import Rules

    opened = []

    def make(keep: str) -> Attempts:
        opened.append(Attempts(f"sqlite:///{tmp_path / f'{keep}.db'}", Rules(keep)))
        return opened[-1]

    yield make
    for store in opened:
        store.close()


def report(points, name: str = "n0") -> Report:
    """A report; None is a file that cannot be read, "ours" a check at fault."""
    if points is None:
        return Report("a", name, Status.UNREADABLE, "full", 5.0, 7, reason="it is not JSON")
    verdict = Verdict.BROKEN if points == "ours" else Verdict.PASSED
    earned = 0.0 if points == "ours" else points
    check = CheckResult("merges", "test_merge", "Merges.", verdict, earned, 5.0)
    return Report("a", name, Status.GRADED, "full", 5.0, 7, (check,), {"test_merge": "merge"})


def as_attempt(number: int, reports) -> Attempt:
    """A finished attempt with these reports."""
    when = datetime(2026, 11, 2, tzinfo=UTC) + timedelta(minutes=number)
    names = {"student": "ada", "assignment": "a", "key": "", "timestamp": "", "folder": ""}
    times = {"arrived": when, "started": when, "finished": when}
    rest = {"score": None, "max_score": None, "reason": "", "counts": False, "tries": 1}
    fates = fates_of(reports)
    return Attempt(id=number, state=State.DONE, fates=fates, **names, **times, **rest)


def play(store: Attempts, attempts) -> list[Attempt]:
    """Enter and finish attempts, each given by the points of its notebooks."""
    for number, points in enumerate(attempts):
        when = datetime(2026, 11, 2, tzinfo=UTC) + timedelta(minutes=number)
        store.arrive(f"ada+a+{number}", "ada", "a", arrived=when, folder="x")
        leased = store.lease("g", 60)
        reports = [report(one, f"n{place}") for place, one in enumerate(points)]
        assert store.finish(leased.id, "g", State.DONE, reports)
    return store.of(newest_first=False)


def test_what_a_person_must_do_is_said_to_the_instructor(exchange):
    """The queue's reason names the file and the fault."""
    with serving(exchange.course) as service:
        exchange.hand_in("games")
        submit(exchange, "games", {NAME: b"[]"})
        _, second = settled(service, 2)
        assert toy.NOTEBOOK in look_at(service, second, {}, teaches=True).reason
        (damaged,) = service.attempts.reports(second.id)
        assert tally.why_a_person(damaged) in look_at(service, second, {}, teaches=True).reason
    with open_gradebook(exchange.course) as book:
        assert book.due_dates() == {}
