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
from sqlalchemy import delete, update

from autograder.service import tables
from autograder.service.arrivals import Arrivals, Notices
from autograder.service.attempts import Attempts, State
from autograder.service.current import CurrentCourse
from autograder.service.intake import NotTaken, keep_copy, read_arrival, read_name
from autograder.service.settings import inbound_folder, read_settings

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
def arrivals(exchange, store) -> Arrivals:
    """What takes in; nothing grades."""
    settings = read_settings(exchange.course)
    current = CurrentCourse(exchange.course)
    return Arrivals(current, settings, store, inbound_folder(exchange.course))


def test_names_as_nbgrader_gives_them():
    """With and without random letters, also for accounts with a plus."""
    time_ = "2026-11-26 02:10:31.123456 UTC"
    for name, student in [
        (f"ada+ps1+{time_}+a-_b", "ada"),
        (f"ada+ps1+{time_}", "ada"),
        (f"ada+b+ps1+{time_}+x", "ada+b"),
        (f"ada+b+ps1+{time_}", "ada+b"),
    ]:
        named = read_name(name)
        assert (named.student, named.assignment, named.timestamp) == (student, "ps1", time_)
    for name in ["", "ada", f"../x+ps1+{time_}", f".ada+ps1+{time_}", f"a\nb+ps1+{time_}", "a+b+c"]:
        with pytest.raises(NotTaken):
            read_name(name)


def test_a_submission_is_taken_once(exchange, arrivals, store):
    """Looked at again, also by a service that was started anew, it is the same attempt."""
    began = datetime.now(UTC) - timedelta(seconds=1)
    folder = exchange.hand_in("games")
    assert arrivals.scan() == 1
    assert arrivals.scan() == 0
    current, settings = CurrentCourse(exchange.course), read_settings(exchange.course)
    again = Arrivals(current, settings, store, arrivals.inbound)
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


def test_killed_between_copy_and_store(exchange, arrivals, store):
    """What was copied and not noted is noted by the next look, without a second copy."""
    name = exchange.hand_in("games").name
    keep_copy(exchange.course, read_arrival(exchange.course, exchange.inbound, name, AS_ROOT))
    assert store.of() == []
    assert arrivals.scan() == 1
    assert len(list(exchange.course.root.glob(f"attempts/games/{toy.ASSIGNMENT}/*"))) == 1


@pytest.mark.parametrize("missing", ["timestamp.txt", "submission_secret.txt", "mode"])
def test_an_incomplete_submission_waits(exchange, arrivals, store, missing):
    """It is taken as soon as it is complete, and holds up nobody meanwhile."""
    folder = exchange.begin("games")
    exchange.write(folder, "games", {NOTEBOOK: exchange.work({})})
    exchange.complete(folder, "games")
    if missing == "mode":
        folder.chmod(0o755)
    else:
        (folder / missing).unlink()
    exchange.hand_in("mail")
    assert arrivals.scan() == 1
    assert [one.student for one in store.of()] == ["mail"]
    assert list(arrivals.incomplete) == [folder.name]
    exchange.complete(folder, "games")
    assert arrivals.scan() == 1
    assert arrivals.incomplete == {}


@needs_root
def test_nobody_hands_in_for_another(exchange, arrivals, store):
    """It is told to who did it, and the other one's attempts stay as they are."""
    exchange.hand_in("mail", owner="games")
    assert arrivals.scan() == 0
    (attempt,) = store.of()
    assert (attempt.student, attempt.state, attempt.folder) == ("games", State.REFUSED, "")
    assert "belongs to games" in attempt.reason


@needs_root
def test_without_the_check_any_owner_may(exchange, store):
    """Where all have one account number, the name is believed; that is the course's decision."""
    course = configure(exchange.course, "c.GradingService.check_owner = False")
    exchange.hand_in("nobodys-account", owner="games")
    arrivals = Arrivals(CurrentCourse(course), read_settings(course), store, exchange.inbound)
    assert arrivals.scan() == 1
    assert store.of()[0].student == "nobodys-account"


@needs_root
def test_a_file_of_another_is_not_read(exchange, arrivals, store):
    """One's own folder with somebody else's file in it is refused."""
    folder = exchange.begin("games")
    exchange.write(folder, "mail", {NOTEBOOK: exchange.work({})})
    exchange.complete(folder, "games")
    assert arrivals.scan() == 0
    assert "another account" in store.of()[0].reason


@pytest.mark.parametrize("kind", ["link", "hard link", "fifo", "folder", "large"])
def test_what_is_no_plain_file_is_refused(exchange, arrivals, store, kind):
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
    assert arrivals.scan() == 0
    (attempt,) = store.of()
    assert (attempt.state, attempt.student) == (State.REFUSED, "games")
    assert attempt.reason.startswith(NOTEBOOK)
    assert not (exchange.course.root / "attempts").exists()


def test_a_linked_folder_is_not_followed(exchange, arrivals, store, tmp_path):
    """A link in place of a submission's folder is no submission."""
    folder = exchange.hand_in("games")
    elsewhere = tmp_path / "elsewhere"
    folder.rename(elsewhere)
    folder.symlink_to(elsewhere)
    assert arrivals.scan() == 0
    assert store.of() == []


def test_a_name_that_no_database_holds_stops_nobody(exchange, arrivals, store):
    """Bytes that are no text, and control characters, are passed over."""
    named = b"games+toys+2026-11-26 02:10:31 UTC+"
    for end in (b"\xff\xfe", b"a\nb", b"\x7f"):
        os.mkdir(os.path.join(os.fsencode(exchange.inbound), named + end))
    exchange.hand_in("games")
    assert arrivals.scan() == 1
    assert len(store.of()) == 1


def test_an_older_copy_of_the_database_is_put_back(exchange, arrivals, store):
    """What the store has forgotten is taken in again, once."""
    exchange.hand_in("games")
    before = store.version()
    assert arrivals.scan() == 1
    with store._engine.begin() as db:
        db.execute(delete(tables.attempts))
        db.execute(update(tables.version).values(number=before - 1))
    assert arrivals.scan() == 1
    assert arrivals.scan() == 0
    assert len(store.of()) == 1


def test_what_is_no_submission_is_left_alone(exchange, arrivals, store):
    """Other names, files and assignments are passed over, and do not hold up anybody."""
    (exchange.inbound / "notes.txt").write_text("hello")
    exchange.begin("games", name="games+unknown+2026-11-26 02:10:31 UTC+x")
    exchange.begin("games", name="whatever")
    exchange.hand_in("games")
    assert arrivals.scan() == 1
    assert len(store.of()) == 1


def test_a_missing_or_renamed_notebook_is_taken(exchange, arrivals, store):
    """It is graded as missing, and what may have been renamed is kept to be told of."""
    folder = exchange.begin("games")
    exchange.write(folder, "games", {"my shapes.ipynb": exchange.work({}), "big.csv": b"1"})
    exchange.complete(folder, "games")
    assert arrivals.scan() == 1
    kept = exchange.course.root / store.of()[0].folder
    assert {path.name for path in kept.iterdir()} == {
        "my shapes.ipynb",
        "timestamp.txt",
        "submission_secret.txt",
    }


def test_changed_after_the_folder_was_complete(exchange, arrivals, store):
    """Work that is changed later arrived later, whatever the folder's own time says."""
    folder = exchange.hand_in("games")
    complete = folder.stat().st_ctime
    time.sleep(0.05)
    exchange.write(folder, "games", {NOTEBOOK: exchange.work({"area": "def area(s): ..."})})
    assert folder.stat().st_ctime == complete
    arrivals.scan()
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


def test_a_fault_of_the_machine_refuses_nobody(exchange, arrivals, store):
    """What cannot be read while no file can be opened is neither refused nor forgotten."""
    assert arrivals.scan() == 0
    exchange.hand_in("games")
    store.version()  # Its connection is open from now on.
    # Enough to list the exchange, too few to read a submission.
    with few_descriptors(1), pytest.raises(OSError, match="Too many open files"):
        arrivals.scan()
    assert store.of() == []
    assert arrivals.scan() == 1


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
