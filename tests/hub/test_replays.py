"""A submission is one attempt, whatever its folder is called and however often it is there."""

from __future__ import annotations

import logging
import os
import pwd
import secrets
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from engine import toy
from sqlalchemy import delete

from autograder.service.logs import HIDDEN, Discreet, discreet
from autograder.service.settings import inbound_folder, read_settings
from autograder.service.store import tables
from autograder.service.store.attempts import Attempts, State
from autograder.service.workers.inbox import Inbox
from autograder.service.workers.live_course import LiveCourse

from .exchange import AS_ROOT, WRONG, Exchange, configure, store  # noqa: F401

NOTEBOOK = f"{toy.NOTEBOOK}.ipynb"
SECRET = "submission_secret.txt"
needs_root = pytest.mark.skipif(not AS_ROOT, reason="files of several accounts need root")


def taking(exchange: Exchange, store: Attempts) -> Inbox:
    """What takes in, as a service that was just started has it; nothing grades."""
    settings = read_settings(exchange.course)
    current = LiveCourse(exchange.course)
    return Inbox(current, settings, store, inbound_folder(exchange.course))


def other_name(folder: Path, student: str = "games", assignment: str = toy.ASSIGNMENT) -> Path:
    """Another name that nbgrader might give to a submission."""
    when = "2027-01-01 00:00:00.000000 UTC"
    return folder.with_name(f"{student}+{assignment}+{when}+{secrets.token_hex(6)}")


def copied(folder: Path, how: str) -> None:
    """Put what was handed in there again, under another name."""
    other = other_name(folder)
    if how == "renamed":
        folder.rename(other)
    elif how == "cp -r":
        shutil.copytree(folder, other)
        give_as(folder, other)
    elif how == "cp -a, dated back":
        shutil.copytree(folder, other)
        give_as(folder, other)
        for path in (other, *other.iterdir()):
            os.utime(path, (0, 0))
    elif how == "hard links":
        other.mkdir()
        for path in folder.iterdir():
            os.link(path, other / path.name)
        give_as(folder, other)
    elif how == "other work, old secret":
        shutil.copytree(folder, other)
        (other / NOTEBOOK).write_bytes(b"{}")
        give_as(folder, other)
    elif how == "old secret with a line feed":
        shutil.copytree(folder, other)
        (other / SECRET).write_bytes((folder / SECRET).read_bytes() + b"\n")
        give_as(folder, other)
    else:
        assert how == "one more time stamp"
        folder.rename(other)
        (other / "timestamp.txt").write_text("2027-01-01 00:00:00.000000 UTC")


def give_as(folder: Path, other: Path) -> None:
    """Let a copy belong to the same account, with the same modes."""
    for path in (other, *other.iterdir()):
        if AS_ROOT:
            os.chown(path, folder.stat().st_uid, folder.stat().st_gid)
        path.chmod(0o777 if path is other else 0o644)


REPLAYS = (
    "renamed",
    "cp -r",
    "cp -a, dated back",
    "hard links",
    "other work, old secret",
    "old secret with a line feed",
    "one more time stamp",
)


@pytest.mark.parametrize("how", REPLAYS)
@pytest.mark.parametrize("restarted", [False, True], ids=["running", "restarted"])
def test_what_was_taken_in_is_no_new_attempt(exchange, store, how, restarted):
    """Renamed, copied, linked, with other times or other work: one attempt, and its own copy."""
    inbox = taking(exchange, store)
    old = exchange.hand_in("games", WRONG)
    assert inbox.scan() == 1
    new = exchange.hand_in("games")
    assert inbox.scan() == 1
    before = store.of()
    copied(old, how)
    if restarted:
        inbox = taking(exchange, store)
    assert inbox.scan() == 0
    assert [one for one in store.of() if one.state is not State.REFUSED] == before
    kept = [path for path in exchange.course.root.glob("attempts/*/*/*") if path.is_dir()]
    assert len(kept) == 2
    assert new.exists()


def test_two_copies_at_once_are_one_attempt(exchange, store):
    """Copied before anybody looked."""
    copied(exchange.hand_in("games"), "cp -r")
    assert taking(exchange, store).scan() == 1
    assert len(store.of()) == 1


def test_renamed_to_another_assignment(exchange, store):
    """The name says another one; the submission is the same."""
    inbox = taking(exchange, store)
    folder = exchange.hand_in("games")
    assert inbox.scan() == 1
    folder.rename(other_name(folder, assignment="unknown"))
    assert inbox.scan() == 0
    assert len(store.of()) == 1


@needs_root
def test_a_copy_of_anothers_secret_is_refused(exchange, store):
    """Feedback is found by the secret, so two students never share one; who copied is told."""
    inbox = taking(exchange, store)
    folder = exchange.hand_in("games")
    assert inbox.scan() == 1
    other = other_name(folder, "mail")
    shutil.copytree(folder, other)
    for path in (other, *other.iterdir()):
        exchange._give(path, "mail")
    other.chmod(0o777)
    assert inbox.scan() == 0
    [refused] = store.of("mail")
    assert refused.state is State.REFUSED
    assert "Submit again" in refused.reason
    assert "games" not in refused.reason
    assert [one.state for one in store.of("games")] == [State.WAITING]


@needs_root
def test_anothers_renamed_folder_changes_nothing(exchange, store):
    """In another's name it is refused; what its student handed in stays the only attempt."""
    inbox = taking(exchange, store)
    folder = exchange.hand_in("games")
    assert inbox.scan() == 1
    folder.rename(other_name(folder, "mail"))
    assert inbox.scan() == 0
    assert [one.state for one in store.of("mail")] == []
    taken = [one for one in store.of("games") if one.state is not State.REFUSED]
    assert len(taken) == 1


def test_handing_in_the_same_work_again_is_a_new_attempt(exchange, store):
    """Each submission has a secret of its own, whatever is in it."""
    inbox = taking(exchange, store)
    for _ in range(2):
        exchange.hand_in("games")
        assert inbox.scan() == 1
    assert len(store.of()) == 2


def test_attempts_from_before_secrets_were_noted(exchange, store):
    """Their secrets are read from our copies, so that they cannot be handed in again either."""
    folder = exchange.hand_in("games")
    assert taking(exchange, store).scan() == 1
    with store._engine.begin() as db:
        db.execute(delete(tables.secrets))
    copied(folder, "renamed")
    assert taking(exchange, store).scan() == 0
    assert len(store.of()) == 1


def test_over_the_limit_and_renamed(exchange, store):
    """What was refused by a rule is not taken in by another name either."""
    course = configure(exchange.course, "c.GradingService.attempt_limit = 1")
    rules = read_settings(course).rules
    limited = Attempts(course.database, rules)
    inbox = Inbox(LiveCourse(course), read_settings(course), limited, exchange.inbound)
    exchange.hand_in("games")
    second = exchange.hand_in("games")
    inbox.scan()
    inbox.scan()
    copied(second, "renamed")
    inbox.scan()
    limited.close()
    assert sorted(one.state for one in store.of()) == [State.REFUSED, State.WAITING]


def test_the_folder_is_closed_to_others(exchange, store):
    """Nobody but its owner lists it or renames what is another's, also after nbgrader made it."""
    inbox = taking(exchange, store)
    for mode in (0o2733, 0o2777, 0o3777, 0o3733, 0o2773):
        exchange.inbound.chmod(mode)
        inbox.scan()
        now = stat.S_IMODE(exchange.inbound.stat().st_mode)
        assert now & stat.S_ISVTX
        assert not now & 0o004
        assert now & 0o2733 == 0o2733


@pytest.mark.skipif(not AS_ROOT, reason="acts as another account")
@pytest.mark.parametrize("act", ["rename", "delete", "list", "submit"])
def test_what_another_account_can_do_there(exchange, store, act, tmp_path):
    """Handing in, and nothing else, even by whoever knows the name of another's folder."""
    folder = exchange.hand_in("games")
    taking(exchange, store).scan()
    acts = {
        "rename": lambda: folder.rename(other_name(folder)),
        "delete": lambda: shutil.rmtree(folder),
        "list": lambda: os.listdir(exchange.inbound),
        "submit": lambda: other_name(folder, "mail").mkdir(),
    }
    for parent in exchange.inbound.parents:
        if parent.is_relative_to("/tmp") and parent != Path("/tmp"):
            parent.chmod(parent.stat().st_mode | 0o011)
    assert as_account("mail", acts[act]) == (act == "submit")
    assert folder.exists()


def as_account(name: str, act: Callable[[], object]) -> bool:
    """Whether something can be done as an account, in a process of its own."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.setgroups([])
            os.setgid(pwd.getpwnam(name).pw_gid)
            os.setuid(pwd.getpwnam(name).pw_uid)
            act()
            code = 0
        except PermissionError:
            code = 3
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, 3)
    return code == 0


RANDOM = "Zq_3-kPw9aXb"
KEPT_OUT = {
    "a folder": (f"/x/inbound/ada+ps1+2026-11-26 02:10:31.123456 UTC+{RANDOM}/a.ipynb", RANDOM),
    "with a zone": (f"ada+ps1+2026-11-26 02:10:31.1 +03+{RANDOM}", RANDOM),
    "quoted": (f"[Errno 5] EIO: 'bo+b+ps 1+2026-11-26 02:10:31 UTC+{RANDOM}'", RANDOM),
    "a secret": ("secret " + "0123456789abcdef" * 8, "89abcdef0123"),
    "a feedback file": ("released to: /x/feedback/" + "ab" * 32 + ".html", "abababab"),
    "a hub token": ("Authorization: token 0a1b2c3d4e5f60718293a4b5c6d7e8f9", "0a1b2c3d"),
    "a bearer": ("Bearer abc.def-ghi_jkl", "def-ghi"),
    "a database": ("postgresql+psycopg://grader:hunter2@db/course", "hunter2"),
}


@pytest.mark.parametrize("kind", KEPT_OUT)
def test_what_a_log_line_never_holds(kind):
    """Names, secrets and passwords, in a message as in the traceback below it."""
    line, secret = KEPT_OUT[kind]
    assert secret not in discreet(line)
    assert HIDDEN in discreet(line)
    try:
        raise OSError(line)
    except OSError as error:
        record = logging.LogRecord("x", logging.ERROR, "", 1, line, (), (OSError, error, None))
    assert secret not in Discreet("%(message)s").format(record)


@pytest.mark.parametrize(
    "line",
    [
        "200 GET /services/grading/attempts/17/feedback/shapes (ada) 12 ms",
        "attempt 12 was given to another grader meanwhile",
        "ada+ps1+2026-11-26 02:10:31.123456 UTC",
        "serving /services/grading/ on 127.0.0.1:18090",
        "sqlite:////home/owner/course/gradebook.db",
    ],
)
def test_what_a_log_line_keeps(line):
    """Who, what and when stay readable."""
    assert discreet(line) == line


@pytest.mark.parametrize("how", ["taken", "refused", "incomplete", "strange", "again"])
def test_the_log_of_what_arrives(exchange, store, how, caplog, monkeypatch):
    """Says whose and which; never the letters by which others could open the folder."""
    monkeypatch.setattr("autograder.service.workers.inbox.SLOW_S", 1e-9)
    caplog.set_level(logging.DEBUG)
    inbox = taking(exchange, store)
    folder = exchange.hand_in("games")
    if how == "refused":
        (folder / NOTEBOOK).unlink()
        (folder / NOTEBOOK).symlink_to("/etc/passwd")
    elif how == "incomplete":
        (folder / SECRET).unlink()
    elif how == "strange":
        folder = folder.rename(folder.with_name(f"mine-{folder.name.rsplit('+', 1)[1]}"))
    inbox.scan()
    if how == "again":
        folder = folder.rename(other_name(folder))
    inbox.scan()
    letters = folder.name.replace("mine-", "").rsplit("+", 1)[-1]
    assert letters not in caplog.text
    told = {"refused", "incomplete", "strange", "again"}
    assert any(record.name == "autograder.service" for record in caplog.records) or how not in told
