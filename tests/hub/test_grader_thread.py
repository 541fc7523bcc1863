"""From handing in to the mark, the gradebook and the fetched feedback, through the real service."""

from __future__ import annotations

import html
import os
import re
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from engine import toy

from autograder.batch.run import grade_class
from autograder.errors import CourseError
from autograder.gradebook.gradebook import open_gradebook
from autograder.sandbox.doctor import strongest
from autograder.service.grading import GradingService
from autograder.service.settings import read_settings
from autograder.service.store.attempts import State
from autograder.service.web.attempt_view import look_at

from .exchange import (
    LESS,
    MOST,
    WRONG,
    book_scores,
    configure,
    feedback_html,
    serving,
    settled,
    spoil_the_reference,
    until,
)


def nbgrader(folder: Path, home: Path, *arguments: str) -> str:
    """Run nbgrader's own command in a student's folder; returns what it said."""
    environment = {**os.environ, "JUPYTER_DATA_DIR": str(home), "HOME": str(home)}
    command = [sys.executable, "-m", "nbgrader", *arguments]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_every_attempt_is_graded_and_the_latest_counts(exchange):
    """The mark is in the gradebook, the folders are as after collecting and grading by hand."""
    with serving(exchange.course) as service:
        exchange.hand_in("games")
        exchange.hand_in("mail", WRONG)
        settled(service, 2)
        latest = exchange.hand_in("games", WRONG)
        first, other, second = settled(service, 3)
        marks = [(one.student, one.score) for one in (first, other)]
        assert marks == [("games", MOST), ("mail", LESS)]
        assert (second.student, second.score, second.max_score) == ("games", LESS, MOST)
        assert [one.counts for one in (first, other, second)] == [False, True, True]
        assert book_scores(exchange.course) == {"games": LESS, "mail": LESS}
        assert service.status()["ok"], service.status()
    root, place = exchange.course.root, f"games/{toy.ASSIGNMENT}"
    name = f"{toy.NOTEBOOK}.ipynb"
    assert (root / "submitted" / place / name).read_bytes() == (latest / name).read_bytes()
    for path in (f"autograded/{place}/{name}", f"feedback/{place}/{toy.NOTEBOOK}.html"):
        assert (root / path).is_file()
    again = grade_class(exchange.course, [], strongest())
    assert (len(again.graded), len(again.skipped)) == (0, 2)


def test_the_best_counts_where_the_course_says_so(exchange):
    """A worse attempt changes nothing, a better one everything."""
    course = configure(exchange.course, "c.GradingService.keep = 'best'")
    with serving(course) as service:
        for count, sources in enumerate([WRONG, {}, WRONG], start=1):
            exchange.hand_in("games", sources)
            settled(service, count)
        assert [one.counts for one in service.attempts.of(newest_first=False)] == [
            False,
            True,
            False,
        ]
        assert book_scores(course) == {"games": MOST}


def test_feedback_is_fetched_by_nbgrader(exchange, tmp_path):
    """A student without a hub submits and fetches feedback by nbgrader's own commands."""
    home, folder = tmp_path / "home", tmp_path / "work"
    (folder / toy.ASSIGNMENT).mkdir(parents=True)
    (folder / toy.ASSIGNMENT / f"{toy.NOTEBOOK}.ipynb").write_bytes(exchange.work(WRONG))
    released = exchange.root / exchange.course.course_id / "outbound" / toy.ASSIGNMENT
    released.mkdir(parents=True)
    where = [
        f"--Exchange.root={exchange.root}",
        f"--course={exchange.course.course_id}",
        f"--assignment={toy.ASSIGNMENT}",
    ]
    with serving(exchange.course) as service:
        nbgrader(folder, home, "submit", *where)
        settled(service, 1)
        until(lambda: not service.attempts.to_release(), "released")
    nbgrader(folder, home, "fetch_feedback", *where)
    (page,) = (folder / toy.ASSIGNMENT / "feedback").glob(f"*/{toy.NOTEBOOK}.html")
    text = page.read_text()
    assert exchange.course.title in text
    assert re.search(rf"{LESS}\b[^0-9]{{1,40}}{MOST}\b", text)


@pytest.mark.wide(rows=3)
@pytest.mark.parametrize("damage", [None, b"", b"[]", b"oversized", b"\xff\xfe"])
def test_a_copied_secret_replaces_nobodys_feedback(exchange, damage):
    """A copied secret leaves its owner's feedback alone, and the copier reads why."""
    feedback = exchange.root / exchange.course.course_id / "feedback"
    with serving(exchange.course) as service:
        first = exchange.hand_in("games")
        secret = (first / "submission_secret.txt").read_bytes()
        settled(service, 1)
        until(lambda: not service.attempts.to_release(), "released")
        before = {path.name: path.read_bytes() for path in feedback.glob("*.html")}
        folder = exchange.begin("news")
        work = exchange.work({}) if damage is None else damage
        if damage == b"oversized":
            work = b" " * (int(exchange.course.limits.notebook_mib * 2**20) + 1)
        files = {f"{toy.NOTEBOOK}.ipynb": work, "submission_secret.txt": secret}
        exchange.write(folder, "news", files)
        exchange.complete(folder, "news")
        until(lambda: len(service.attempts.of("news")) == 1, "it is refused")
        time.sleep(0.5)  # A page that must not come would be there.
    [refused] = service.attempts.of("news")
    assert refused.state is State.REFUSED
    assert "another" in refused.reason
    assert before
    assert {path.name: path.read_bytes() for path in feedback.glob("*.html")} == before


@pytest.mark.wide(rows=1)
@pytest.mark.parametrize("damaged", [False, True])
def test_a_refusal_is_fetched_in_place_of_feedback(exchange, tmp_path, damaged):
    """Too soon, or larger than anything that is read: nbgrader's own command brings the reason."""
    home, folder = tmp_path / "home", tmp_path / "work"
    (folder / toy.ASSIGNMENT).mkdir(parents=True)
    notebook = folder / toy.ASSIGNMENT / f"{toy.NOTEBOOK}.ipynb"
    (exchange.root / exchange.course.course_id / "outbound" / toy.ASSIGNMENT).mkdir(parents=True)
    where = [
        f"--Exchange.root={exchange.root}",
        f"--course={exchange.course.course_id}",
        f"--assignment={toy.ASSIGNMENT}",
    ]
    course = configure(exchange.course, "c.GradingService.interval_s = 3600")
    with serving(course) as service:
        for number in (1, 2):
            notebook.write_bytes(exchange.work(WRONG))
            if damaged and number == 2:
                notebook.write_bytes(b" " * (int(course.limits.notebook_mib * 2**20) + 1))
            nbgrader(folder, home, "submit", *where)
            until(lambda n=number: len(service.attempts.of()) == n, "it is noticed")
            if number == 1:
                settled(service, 1)
        until(lambda: not service.attempts.to_release(), "released")
    refused = service.attempts.of()[0]
    assert refused.state is State.REFUSED
    notebook.write_bytes(exchange.work(WRONG))
    nbgrader(folder, home, "fetch_feedback", *where)
    pages = sorted((folder / toy.ASSIGNMENT / "feedback").glob(f"*/{toy.NOTEBOOK}.html"))
    first, second = (page.read_text() for page in pages)
    assert "Refused" not in first
    assert "Refused" in second
    assert refused.reason in html.unescape(second)


@pytest.mark.wide(rows=2)
@pytest.mark.parametrize(
    ("before", "after", "due_in_h", "shown"),
    [
        ("nothing", "feedback", 1, "nothing"),
        ("marks", "feedback", 1, "marks"),
        ("nothing", "feedback", -1, "feedback"),
        ("feedback", "marks", -1, "marks"),
    ],
)
def test_what_students_see_depends_on_the_due_date(exchange, before, after, due_in_h, shown):
    """Nothing is released to the exchange but where feedback may be seen."""
    course = configure(
        exchange.course,
        f"c.GradingService.before_due = {before!r}\nc.GradingService.after_due = {after!r}",
    )
    due = datetime.now(UTC) + timedelta(hours=due_in_h)
    with open_gradebook(course) as book:
        book._book.find_assignment(toy.ASSIGNMENT).duedate = due.replace(tzinfo=None)
        book._book.db.commit()
    service = GradingService(course)
    exchange.hand_in("games")
    with serving(course) as service:
        (attempt,) = settled(service, 1)
        assert service.due(toy.ASSIGNMENT) == due
        assert service.visible(attempt, datetime.now(UTC)) == shown
        if shown == "feedback":
            until(lambda: not service.attempts.to_release(), "released")
    pages = list((exchange.root / course.course_id).glob("feedback/*.html"))
    assert bool(pages) == (shown == "feedback")


def test_lateness_is_by_the_servers_clock(exchange):
    """A forged timestamp does not make a late submission punctual."""
    course = configure(
        exchange.course,
        "from nbgrader.plugins import LateSubmissionPlugin\n"
        "class Half(LateSubmissionPlugin):\n"
        "    def late_submission_penalty(self, student_id, score, total_seconds_late):\n"
        "        return score / 2\n"
        "c.AssignLatePenalties.plugin_class = Half",
    )
    with open_gradebook(course) as book:
        yesterday = datetime.now(UTC) - timedelta(days=1)
        book._book.find_assignment(toy.ASSIGNMENT).duedate = yesterday.replace(tzinfo=None)
        book._book.db.commit()
    folder = exchange.begin("games", name=f"games+{toy.ASSIGNMENT}+2020-01-01 00:00:00 UTC")
    exchange.write(folder, "games", {f"{toy.NOTEBOOK}.ipynb": exchange.work({})})
    exchange.complete(folder, "games")
    with serving(course) as service:
        (attempt,) = settled(service, 1)
        assert attempt.timestamp.startswith("2020")
        assert attempt.arrived.year > 2020
        assert look_at(service, attempt, {}, teaches=False).late
        until(lambda: not service.attempts.to_place(), "in the gradebook")
        assert "The late penalty of" in feedback_html(service, attempt.id)
    with open_gradebook(course) as book:
        submission = book._book.find_submission(toy.ASSIGNMENT, "games")
        assert submission.total_seconds_late > 80_000
        assert [one.late_submission_penalty for one in submission.notebooks] == [MOST / 2]


def test_the_same_work_gets_the_same_mark(exchange):
    """The same work gets the same inputs again, so trying again gives no better mark."""
    with serving(exchange.course) as service:
        exchange.hand_in("games", WRONG)
        settled(service, 1)
        exchange.hand_in("games", WRONG)
        first, second = settled(service, 2)
        assert first.key == second.key
        seeds = [service.attempts.reports(one.id)[0].seed for one in (first, second)]
        assert seeds[0] == seeds[1]


def test_regrading_is_previewed_then_applied(exchange):
    """A changed check changes nothing before it is applied; then marks and gradebook follow."""
    with serving(exchange.course) as service:
        exchange.hand_in("games", WRONG)
        exchange.hand_in("mail")
        settled(service, 2)
        assert service.preview_regrade(toy.ASSIGNMENT) == []
        spoil_the_reference(exchange)
        changes = service.preview_regrade(toy.ASSIGNMENT)
        assert {one.student for one in changes} == {"games", "mail"}
        assert all(one.before != one.after for one in changes)
        assert book_scores(exchange.course) == {"games": LESS, "mail": MOST}
        assert service.regrade(toy.ASSIGNMENT) == changes
        settled(service, 2)
        after = {one.student: one.after for one in changes}
        until(lambda: book_scores(exchange.course) == after, "the gradebook follows")
        assert service.preview_regrade(toy.ASSIGNMENT) == []


def test_a_changed_course_is_graded_by_without_a_restart(exchange):
    """Suites are taken up as they are when the attempt is graded."""
    with serving(exchange.course) as service:
        exchange.hand_in("games")
        settled(service, 1)
        spoil_the_reference(exchange)
        exchange.hand_in("mail")
        first, second = settled(service, 2)
        assert first.score == MOST
        assert second.score < MOST


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("c.GradingService.keeps = 'best'", "did you mean keep?"),
        ("c.GradingService.keep = 'worst'", "c.GradingService"),
        ("c.GradingServise.keep = 'best'", "did you mean c.GradingService?"),
        ("c.GradingService.attempt_limit = -1", "c.GradingService"),
    ],
)
def test_settings_that_cannot_be_are_errors(exchange, line, said):
    """The service refuses to start with a misspelt rule, and names it."""
    course = configure(exchange.course, line)
    with pytest.raises(CourseError, match=said.replace("?", r"\?")):
        read_settings(course)


def test_limits_of_attempts_hold_in_the_service(exchange):
    """The third attempt is refused, keeps no copy, and the mark stays."""
    course = configure(exchange.course, "c.GradingService.attempt_limit = 2")
    with serving(course) as service:
        for count in (1, 2):
            exchange.hand_in("games", WRONG)
            settled(service, count)
        exchange.hand_in("games")
        until(lambda: len(service.attempts.of()) == 3, "the third attempt is recorded")
        assert service.attempts.of()[0].state is State.REFUSED
        assert book_scores(course) == {"games": LESS}
    assert len(list(course.root.glob(f"attempts/games/{toy.ASSIGNMENT}/*"))) == 2
