"""What is taken in from the exchange, from whom, and what is left where it is."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

import pytest
from engine import toy
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange.default import ExchangeCollect
from sqlalchemy import delete, update

from autograder.service.settings import inbound_folder, read_settings
from autograder.service.store import tables
from autograder.service.store.attempts import Attempts, State
from autograder.service.workers.folder_names import NotTaken, read_name, shown
from autograder.service.workers.inbox import Inbox, Notices
from autograder.service.workers.intake import keep_copy, read_arrival
from autograder.service.workers.live_course import LiveCourse

from .exchange import AS_ROOT, configure

NOTEBOOK = f"{toy.NOTEBOOK}.ipynb"
needs_root = pytest.mark.skipif(not AS_ROOT, reason="files of several accounts need root")


@pytest.fixture
def store(exchange):
    """The course's store."""
    found = Attempts(exchange.course.database)
    yield found
    found.close()


@pytest.fixture
def inbox(exchange, store) -> Inbox:
    """What takes in; nothing grades."""
    settings = read_settings(exchange.course)
    current = LiveCourse(exchange.course)
    return Inbox(current, settings, store, inbound_folder(exchange.course))


STUDENTS = [
    *("ada", "ada+b", "a+b@example.org", "ps1", "a+ps1", "ada+ps1+b", "o'neil", "100%41", "a b"),
    *(
        "m\u00fcller",
        "mu\u0308ller",
        "\u5f20\u4f1f",
        "a_b-c.d",
        "A&B",
        "a=b",
        "{a}",
        "DOM\\ada",
        "a:b",
        "x" * 64,
    ),
]
TIMES = [
    *("2026-11-26 02:10:31.123456 UTC", "2026-11-26 02:10:31.123456 +03", "2026-11-26 05:10 +0530"),
    *("2026-11-26 02:10:31 -0300", "2026-11-26 02:10:31+03:00", "2026-11-26T02:10:31+0300"),
    *("2026-11-26 02:10:31 UTC+03", "2026-11-26 02:10:31.5", "20261126T021031Z"),
    *("26 Nov 2026 02:10:31 CET", "2026-11-26 02:10:31 +1245", "2026-11-26 02:10:31 "),
]


@pytest.mark.parametrize("time_", TIMES)
@pytest.mark.parametrize("end", ["", "+a-_bC0dEfGhI", "+12345678abcd", "+x", "+"])
def test_names_as_nbgrader_gives_them(time_, end):
    """With and without random letters, also for accounts and times with a plus."""
    for student in STUDENTS:
        name = f"{student}+ps1+{time_}{end}"
        named = read_name(name, ("ps2", "ps1", "03"))
        assert (named.student, named.assignment, named.timestamp) == (student, "ps1", time_)
        assert "a-_bC0dEfGhI" not in shown(name)


@pytest.mark.parametrize("student", STUDENTS)
def test_nbgrader_reads_the_same_from_a_name(student):
    """Who nbgrader takes to be the student is the student here, for all names that it reads."""
    reads = ExchangeCollect(coursedir=CourseDirectory())._path_to_record
    for time_ in (one for one in TIMES if "+" not in one):
        name = f"{student}+ps1+{time_}+a-_bC0dEfGhI"
        assert read_name(name, ("ps1",)).student == reads(f"/inbound/{name}")["username"]


ODD = {
    "": "user+assignment+time",
    "ada": "user+assignment+time",
    "a+ps1": "user+assignment+time",
    "a+b+c": "no assignment 'b'",
    "a++2026-11-26 02:10:31+x": "no assignment ''",
    "++++": "no assignment",
    "a+ps3+2026-11-26 02:10:31 UTC+x": "no assignment",
    "a+PS1+2026-11-26 02:10:31 UTC+x": "no assignment",
    "a+ps1++x": "no date and time",
    "a+ps1+": "no date and time",
    "a+ps1+x": "no date and time",
    "a+ps1+03+x": "no date and time",
    "a+ps1+99999999-99-99 99:99+x": "no date and time",
    "a+ps1+0001-01-01 00:00 +1400": "no date and time",
    "a+ps1+" + "9" * 200: "no date and time",
    "a\nb+ps1+2026-11-26 02:10:31 UTC+x": "not UTF-8, or a control character",
    "a\udcff+ps1+2026-11-26 02:10:31 UTC+x": "not UTF-8, or a control character",
    **{
        f"{student}+ps1+2026-11-26 02:10:31 UTC+x": "cannot be the name of a student"
        for student in (
            *("", " ", " a", "a ", ".a", "..", "../x", "-rf", "a/b", "a*", "a?", "[a]"),
            *("<b>", '"', "x" * 65),
        )
    },
}


@pytest.mark.parametrize("name", ODD)
def test_other_names_are_told(name):
    """One line says what is wrong with the name, and the name's last part is not in it."""
    with pytest.raises(NotTaken, match=ODD[name].replace("+", r"\+")) as told:
        read_name(name, ("ps1", "ps2"))
    assert str(told.value).isprintable()
    assert shown(name).isascii()
    assert shown(name).isprintable()
    assert shown("mine-a-_bC0dEfGhI") == shown("+a-_bC0dEfGhI")


def may_lie(name: str | bytes) -> bytes:
    """The name as bytes that a folder can have."""
    return os.fsencode(name)[:255]


def test_odd_names_in_the_exchange_stop_nobody(exchange, store, caplog):
    """Each is one line of the log, once; who has an odd name is taken in, and so are the others."""
    caplog.set_level("INFO", "autograder.service")
    course = configure(exchange.course, "c.GradingService.check_owner = False")
    inbox = Inbox(LiveCourse(course), read_settings(course), store, exchange.inbound)
    inbox.scan()
    caplog.clear()
    odd = {may_lie(name.replace("ps1", toy.ASSIGNMENT)) for name in ODD if name and "/" not in name}
    odd.add(b"m\xfcller+toys+2026-11-26 02:10:31 UTC+x")
    for name in odd:
        os.mkdir(os.path.join(os.fsencode(exchange.inbound), name))
    expected = set()
    for number, student in enumerate(STUDENTS):
        time_ = TIMES[number % len(TIMES)]
        name = f"{student}+{toy.ASSIGNMENT}+{time_}+{number:012x}"
        exchange.hand_in(student, owner="games", name=name)
        expected.add(student)
    assert inbox.scan() == len(STUDENTS)
    assert {one.student for one in store.of()} == expected
    assert all((course.root / one.folder / NOTEBOOK).is_file() for one in store.of())
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == len(odd)
    assert all(line.startswith("not taken: ") and line.isprintable() for line in lines)
    assert inbox.scan() == 0
    assert len(caplog.records) == len(odd)


def test_a_submission_is_taken_once(exchange, inbox, store):
    """Looked at again, also by a service that was started anew, it is the same attempt."""
    began = datetime.now(UTC) - timedelta(seconds=1)
    folder = exchange.hand_in("games")
    assert inbox.scan() == 1
    assert inbox.scan() == 0
    current, settings = LiveCourse(exchange.course), read_settings(exchange.course)
    again = Inbox(current, settings, store, inbox.inbound)
    assert again.scan() == 0
    (attempt,) = store.of()
    assert (attempt.student, attempt.assignment, attempt.state) == (
        "games",
        toy.ASSIGNMENT,
        State.WAITING,
    )
    assert began < attempt.arrived < datetime.now(UTC)
    kept = exchange.course.root / attempt.folder
    assert (kept / NOTEBOOK).read_bytes() == (folder / NOTEBOOK).read_bytes()
    assert (exchange.course.root / "attempts").stat().st_mode & 0o077 == 0


def test_killed_between_copy_and_store(exchange, inbox, store):
    """What was copied and not noted is noted by the next look, without a second copy."""
    name = exchange.hand_in("games").name
    keep_copy(exchange.course, read_arrival(exchange.course, exchange.inbound, name, AS_ROOT))
    assert store.of() == []
    assert inbox.scan() == 1
    assert len(list(exchange.course.root.glob(f"attempts/games/{toy.ASSIGNMENT}/*"))) == 1


@pytest.mark.parametrize("missing", ["timestamp.txt", "submission_secret.txt", "mode"])
def test_an_incomplete_submission_waits(exchange, inbox, store, missing):
    """It is taken as soon as it is complete, and holds up nobody meanwhile."""
    folder = exchange.begin("games")
    exchange.write(folder, "games", {NOTEBOOK: exchange.work({})})
    exchange.complete(folder, "games")
    if missing == "mode":
        folder.chmod(0o755)
    else:
        (folder / missing).unlink()
    exchange.hand_in("mail")
    assert inbox.scan() == 1
    assert [one.student for one in store.of()] == ["mail"]
    assert list(inbox.incomplete) == [folder.name]
    exchange.complete(folder, "games")
    assert inbox.scan() == 1
    assert inbox.incomplete == {}


@needs_root
def test_nobody_hands_in_for_another(exchange, inbox, store):
    """It is told to who did it, and the other one's attempts stay as they are."""
    exchange.hand_in("mail", owner="games")
    assert inbox.scan() == 0
    (attempt,) = store.of()
    assert (attempt.student, attempt.state, attempt.folder) == ("games", State.REFUSED, "")
    assert "belongs to games" in attempt.reason


@needs_root
def test_without_the_check_any_owner_may(exchange, store):
    """Where all have one account number, the name is believed; that is the course's decision."""
    course = configure(exchange.course, "c.GradingService.check_owner = False")
    exchange.hand_in("nobodys-account", owner="games")
    inbox = Inbox(LiveCourse(course), read_settings(course), store, exchange.inbound)
    assert inbox.scan() == 1
    assert store.of()[0].student == "nobodys-account"


@needs_root
def test_a_file_of_another_is_not_read(exchange, inbox, store):
    """One's own folder with somebody else's file in it is refused."""
    folder = exchange.begin("games")
    exchange.write(folder, "mail", {NOTEBOOK: exchange.work({})})
    exchange.complete(folder, "games")
    assert inbox.scan() == 0
    assert "another account" in store.of()[0].reason


@pytest.mark.parametrize("kind", ["link", "hard link", "fifo", "folder", "large"])
def test_what_is_no_plain_file_is_refused(exchange, inbox, store, kind):
    """The reason is told, nothing is copied, and nothing waits."""
    secret = exchange.course.root / "source" / toy.ASSIGNMENT / NOTEBOOK
    folder = exchange.begin("games")
    path = folder / NOTEBOOK
    if kind == "link":
        path.symlink_to(secret)
    elif kind == "hard link":
        os.link(secret, path)
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        with path.open("wb") as file:
            file.truncate(21 << 20)
    if kind not in ("link", "hard link"):
        exchange._give(path, "games")
    exchange.complete(folder, "games")
    assert inbox.scan() == 0
    (attempt,) = store.of()
    assert (attempt.state, attempt.student) == (State.REFUSED, "games")
    assert attempt.reason.startswith(NOTEBOOK)
    assert not (exchange.course.root / "attempts").exists()


def test_a_linked_folder_is_not_followed(exchange, inbox, store, tmp_path):
    """A link in place of a submission's folder is no submission."""
    folder = exchange.hand_in("games")
    elsewhere = tmp_path / "elsewhere"
    folder.rename(elsewhere)
    folder.symlink_to(elsewhere)
    assert inbox.scan() == 0
    assert store.of() == []


def test_a_name_that_no_database_holds_stops_nobody(exchange, inbox, store):
    """Bytes that are no text, and control characters, are passed over."""
    named = b"games+toys+2026-11-26 02:10:31 UTC+"
    for end in (b"\xff\xfe", b"a\nb", b"\x7f"):
        os.mkdir(os.path.join(os.fsencode(exchange.inbound), named + end))
    exchange.hand_in("games")
    assert inbox.scan() == 1
    assert len(store.of()) == 1


def test_an_older_copy_of_the_database_is_put_back(exchange, inbox, store):
    """What the store has forgotten is taken in again, once."""
    exchange.hand_in("games")
    before = store.version()
    assert inbox.scan() == 1
    with store._engine.begin() as db:
        db.execute(delete(tables.attempts))
        db.execute(update(tables.version).values(number=before - 1))
    assert inbox.scan() == 1
    assert inbox.scan() == 0
    assert len(store.of()) == 1


def test_what_is_no_submission_is_left_alone(exchange, inbox, store):
    """Other names, files and assignments are passed over, and do not hold up anybody."""
    (exchange.inbound / "notes.txt").write_text("hello")
    exchange.begin("games", name="games+unknown+2026-11-26 02:10:31 UTC+x")
    exchange.begin("games", name="whatever")
    exchange.hand_in("games")
    assert inbox.scan() == 1
    assert len(store.of()) == 1


def test_a_missing_or_renamed_notebook_is_taken(exchange, inbox, store):
    """It is graded as missing, and what may have been renamed is kept to be told of."""
    folder = exchange.begin("games")
    exchange.write(folder, "games", {"my shapes.ipynb": exchange.work({}), "big.csv": b"1"})
    exchange.complete(folder, "games")
    assert inbox.scan() == 1
    kept = exchange.course.root / store.of()[0].folder
    assert {path.name for path in kept.iterdir()} == {
        "my shapes.ipynb",
        "timestamp.txt",
        "submission_secret.txt",
    }


def test_changed_after_the_folder_was_complete(exchange, inbox, store):
    """Work that is changed later arrived later, whatever the folder's own time says."""
    folder = exchange.hand_in("games")
    complete = folder.stat().st_ctime
    time.sleep(0.05)
    exchange.write(folder, "games", {NOTEBOOK: exchange.work({"area": "def area(s): ..."})})
    assert folder.stat().st_ctime == complete
    inbox.scan()
    assert store.of()[0].arrived.timestamp() > complete


@contextmanager
def few_descriptors(left: int) -> Iterator[None]:
    """Only so many more files can be opened by this process."""
    held = []
    try:
        with suppress(OSError):
            while True:
                held.append(os.open("/dev/null", os.O_RDONLY))
        for _ in range(left):
            os.close(held.pop())
        yield
    finally:
        for descriptor in held:
            os.close(descriptor)


def test_a_fault_of_the_machine_refuses_nobody(exchange, inbox, store):
    """What cannot be read while no file can be opened is neither refused nor forgotten."""
    assert inbox.scan() == 0
    exchange.hand_in("games")
    store.version()  # Its connection is open from now on.
    # Enough to list the exchange, too few to read a submission.
    with few_descriptors(1), pytest.raises(OSError, match="Too many open files"):
        inbox.scan()
    assert store.of() == []
    assert inbox.scan() == 1


def test_notices_tell_of_a_complete_submission(exchange):
    """The last step of handing in is noticed, also in a folder that was made anew."""
    changed = threading.Event()
    notices = Notices(exchange.inbound, changed)
    try:
        for _ in range(2):
            notices.follow()
            folder = exchange.begin("games")
            time.sleep(0.2)
            changed.clear()
            folder.chmod(0o777)
            assert changed.wait(10)
            exchange.inbound.rename(exchange.inbound.with_name("old" + folder.name[-6:]))
            exchange.inbound.mkdir()
    finally:
        notices.close()
