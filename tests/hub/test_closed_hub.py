"""A real hub against those who have an account on it: what they can read, change and enter.

Beside it, what instructors do in formgrader, which needs the course's owner in its group; and what
happens when a service or the hub is killed or ended.
"""

from __future__ import annotations

import re
import signal
import stat
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
import requests
from hub_trial import COURSE, Person, Trial

from .exchange import until
from .real_hub import (
    ASSIGNMENT,
    NOTEBOOK,
    course_folder,
    gradebook_scores,
    home,
    people,
    run_as,
    trial,  # noqa: F401
)

FORM_TOKEN = re.compile(r'name="_xsrf" value="([^"]+)"')

SUBMIT = """
import pathlib, secrets, shutil, sys, time
exchange, student, assignment = sys.argv[1:]
now = f"{time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime())}.{time.time_ns() % 10**6:06} UTC"
name = f"{student}+{assignment}+{now}+{secrets.token_urlsafe(9)}"
folder = pathlib.Path(exchange, "inbound", name)
shutil.copytree(pathlib.Path(exchange, "outbound", assignment), folder)
(folder / "timestamp.txt").write_text(now)
(folder / "submission_secret.txt").write_text(secrets.token_hex(64))
folder.chmod(0o777)
print(name)
"""
"""The steps of nbgrader's *Submit*."""

READS = """
import os, sys
for path in sys.argv[1:]:
    try:
        os.listdir(path) if os.path.isdir(path) else open(path).close()
        print("read", path)
    except OSError:
        pass
    if os.access(path, os.W_OK):
        print("write", path)
"""

PROCESSES = """
import pathlib
for folder in pathlib.Path("/proc").glob("[0-9]*"):
    for name in ("environ", "fd", "cwd", "mem"):
        try:
            if folder.stat().st_uid == __import__("os").getuid():
                continue
            path = folder / name
            print(list(path.iterdir()) if name == "fd" else
                  path.readlink() if name == "cwd" else path.read_bytes()[:10], path)
        except OSError:
            pass
for folder in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
    try:
        print("argument", repr(folder.read_bytes()))
    except OSError:
        pass
"""


def exchange_of(trial: Trial) -> Path:
    """The course's part of the exchange."""
    return trial.settings.places.exchange / COURSE


def submit(trial: Trial, person: Person) -> str:
    """Submit as a student does; the name of the folder."""
    return run_as(
        trial, person.name, SUBMIT, str(exchange_of(trial)), person.name, ASSIGNMENT
    ).strip()


def sign_in(
    trial: Trial, name: str, password: str, url: str
) -> tuple[requests.Session, requests.Response]:
    """Open an address behind the hub's login form, and fill in the form."""
    session = requests.Session()
    form = session.get(url, timeout=60)
    token = FORM_TOKEN.search(form.text)
    assert token, f"{form.url}: {form.status_code}"
    filled = {"username": name, "password": password, "_xsrf": token[1]}
    return session, session.post(form.url, filled, timeout=60)


@pytest.fixture
def formgrader(trial: Trial) -> Callable[..., requests.Response]:
    """Asks formgrader's API as an instructor's browser does."""
    [imre] = people(trial, "instructor")
    url = trial.service(COURSE, "formgrader")
    session, answer = sign_in(trial, imre.name, imre.password, url)
    assert answer.status_code == 200, answer.url

    def ask(path: str, method: str = "POST") -> requests.Response:
        [token] = {
            one.value for one in session.cookies if one.name == "_xsrf" and COURSE in one.path
        }
        headers = {"X-XSRFToken": token or "", "Referer": url}
        return session.request(method, f"{url}/api/{path}", headers=headers, timeout=120)

    return ask


def status_of(formgrader: Callable[..., requests.Response]) -> str:
    """What formgrader says of the assignment."""
    found = formgrader("assignments", "GET").json()
    [status] = [one["status"] for one in found if one["name"] == ASSIGNMENT]
    return str(status)


def test_the_class_page_lists_who_has_submitted_nothing(trial):
    """The service may ask the hub who is in the course: the page shows everybody at once."""
    [imre] = people(trial, "instructor")
    url = trial.service("grading", "class")
    _, page = sign_in(trial, imre.name, imre.password, url)
    assert page.status_code == 200, page.url
    assert all(student.name in page.text for student in people(trial, "student"))


def test_formgrader_collects_and_takes_back(trial, formgrader):
    """What is released is shown so, so that *Collect* and *unrelease* are there; both work."""
    assert status_of(formgrader) == "released"
    ada, _ = people(trial, "student")
    submit(trial, ada)
    until(lambda: ada.name in gradebook_scores(trial), "it is graded")
    collected = formgrader(f"assignment/{ASSIGNMENT}/collect").json()
    assert collected["success"], collected
    assert ada.name in collected["log"]
    assert formgrader(f"assignment/{ASSIGNMENT}/unrelease").json()["success"]
    assert status_of(formgrader) == "draft"
    assert formgrader(f"assignment/{ASSIGNMENT}/release").json()["success"]
    assert status_of(formgrader) == "released"


def test_nobody_logs_in_as_the_owner(trial):
    """Not even with the right password of the account, which has none by itself."""
    owner = trial.settings.course.owner
    shadow = subprocess.run(["getent", "shadow", owner], capture_output=True, text=True, check=True)
    assert shadow.stdout.split(":")[1].startswith(("!", "*"))
    subprocess.run(["chpasswd"], input=f"{owner}:right-horse\n", text=True, check=True)
    try:
        for name in (owner, owner.upper()):
            session, answer = sign_in(trial, name, "right-horse", f"{trial.url}/hub/home")
            assert answer.status_code == 403
            assert session.get(f"{trial.url}/hub/home", timeout=60).url.startswith(
                f"{trial.url}/hub/login"
            )
    finally:
        subprocess.run(["passwd", "--lock", owner], capture_output=True, check=True)


def test_what_a_student_reads_and_writes_on_the_machine(trial):
    """Nothing of the hub, the service, the course or others, and nobody's process."""
    ada, bela = people(trial, "student")
    name = submit(trial, ada)
    state, course, exchange = trial.settings.places.state, course_folder(trial), exchange_of(trial)
    owner_home = home(trial.settings.course.owner)
    closed = [
        *(state, *state.iterdir(), trial.log, home(ada.name), owner_home, course),
        *(course / part for part in ("gradebook.db", "attempts", "source", "tests/hidden")),
        *(course / part for part in ("submitted", "autograded", "feedback", "reports", "release")),
        *(owner_home / "formgrader.log", owner_home / "formgrader.log.1"),
        *(exchange / "inbound", trial.folder / "homes", trial.folder),
    ]
    # Folders in which things are made may be written, not read; everything else is neither.
    made_in = f"write {exchange / 'inbound'}"
    found = run_as(trial, bela.name, READS, *map(str, closed)).splitlines()
    assert [line for line in found if line != made_in] == []
    only_read = [exchange, exchange / "outbound", trial.settings.folder / "hub.toml"]
    for line in run_as(trial, bela.name, READS, *map(str, only_read)).splitlines():
        assert line.startswith("read "), line
    said = run_as(trial, bela.name, PROCESSES)
    others = [line for line in said.splitlines() if not line.startswith("argument ")]
    assert others == []
    letters = name.rsplit("+", 1)[1]
    tokens = re.findall(r"\b[0-9a-f]{32,}\b", said)
    assert letters not in said
    assert tokens == []


SPOIL = """
import os, pathlib, sys
folder = pathlib.Path(sys.argv[1])
other = folder.with_name(folder.name.rsplit("+", 1)[0] + "+another")
for act in (lambda: folder.rename(other), folder.rmdir, lambda: os.listdir(folder.parent)):
    try:
        act()
        print("done")
    except PermissionError:
        pass
"""
RENAME = """
import pathlib, sys
folder = pathlib.Path(sys.argv[1])
folder.rename(folder.with_name(folder.name.rsplit("+", 1)[0] + "+another"))
"""


def attempts_of(trial: Trial, person: Person) -> list[dict[str, object]]:
    """A student's attempts, as the service's API gives them to the student."""
    session, _ = sign_in(trial, person.name, person.password, trial.service("grading"))
    answer = session.get(trial.service("grading", "api/attempts"), timeout=60)
    found: list[dict[str, object]] = answer.json()["attempts"]
    return found


def test_a_submission_is_its_students_and_one_attempt(trial):
    """Another one who knows its name cannot move it; its own student can, for nothing."""
    ada, bela = people(trial, "student")
    folder = exchange_of(trial) / "inbound" / submit(trial, ada)
    assert stat.S_IMODE(folder.parent.stat().st_mode) == 0o3733
    assert run_as(trial, bela.name, SPOIL, str(folder)) == ""
    count = len(attempts_of(trial, ada))
    until(lambda: attempts_of(trial, ada)[0]["state"] == "done", "it is graded")
    run_as(trial, ada.name, RENAME, str(folder))
    submit(trial, bela)  # What came before it has been looked at when this one is there.
    until(lambda: attempts_of(trial, bela), "the next one is taken in")
    assert len(attempts_of(trial, ada)) == count


def test_logs_are_private_and_name_no_secret(trial):
    """Neither the letters of a folder's name, nor a secret, a feedback's file or a token."""
    ada, _ = people(trial, "student")
    folder = exchange_of(trial) / "inbound" / submit(trial, ada)
    secret = (folder / "submission_secret.txt").read_text()
    until(lambda: attempts_of(trial, ada)[0]["state"] == "done", "it is graded")
    released = exchange_of(trial) / "feedback"
    until(lambda: len(list(released.glob("*.html"))) >= 1, "feedback is released")
    time.sleep(1)
    assert stat.S_IMODE(trial.log.stat().st_mode) == 0o600
    assert stat.S_IMODE(trial.log.parent.stat().st_mode) == 0o700
    text = trial.log.read_text(errors="replace")
    for hidden in (
        folder.name.rsplit("+", 1)[1],
        secret,
        *(one.stem for one in released.iterdir()),
    ):
        assert hidden not in text
    for person in trial.people:
        assert not person.password or person.password not in text
    assert re.findall(r"\b[0-9a-f]{32,}\b", text) == []
    own = home(trial.settings.course.owner) / "formgrader.log"
    assert stat.S_IMODE(own.stat().st_mode) == 0o600


def process_of(trial: Trial, word: str) -> psutil.Process:
    """The service whose command line holds a word."""
    assert trial._hub is not None
    for child in psutil.Process(trial.pid).children():
        with suppress(psutil.Error):  # One that is dead, and unburied.
            if word in " ".join(child.cmdline()):
                return child
    raise AssertionError(f"no {word}")


def test_a_killed_service_is_back(trial):
    """By itself; what it was grading is graded, once."""
    ada, _ = people(trial, "student")
    before = len(attempts_of(trial, ada))
    for _ in range(3):
        submit(trial, ada)
    killed = process_of(trial, "autograder serve")
    killed.send_signal(signal.SIGKILL)
    killed.wait(30)
    page = trial.service("grading", "healthz")
    # It may say that it has not begun to grade; it is the service itself that says so.
    until(lambda: "workers" in requests.get(page, timeout=120).text, "it answers")
    until(
        lambda: [one["state"] for one in attempts_of(trial, ada)].count("done") == before + 3,
        "all graded",
    )
    assert len(attempts_of(trial, ada)) == before + 3
    until(lambda: requests.get(page, timeout=60).status_code == 200, "well again")


def test_a_killed_formgrader_is_back(trial, formgrader):
    """Instructors need not sign in again."""
    killed = process_of(trial, "jupyterhub-singleuser")
    killed.send_signal(signal.SIGKILL)
    killed.wait(30)
    until(lambda: formgrader("assignments", "GET").status_code == 200, "it answers")


def test_the_hub_is_started_again(trial, formgrader):
    """Its services end with it, though one may ignore SIGINT; the owner keeps its groups."""
    services = [process_of(trial, word) for word in ("autograder serve", "jupyterhub-singleuser")]
    trial.stop()
    assert not any(one.is_running() for one in services)
    assert "never died" not in trial.log.read_text(errors="replace")
    trial.start()
    until(lambda: requests.get(trial.service(COURSE, "api"), timeout=60).ok, "formgrader is there")
    assert status_of(formgrader) == "released"
    assert NOTEBOOK in formgrader(f"notebooks/{ASSIGNMENT}", "GET").text


def test_groups_are_edited_on_the_admin_page(trial, formgrader):
    """A student more in one group, an instructor more in the other: formgrader shows the same."""
    [astrid] = people(trial, "admin")
    session, _ = sign_in(trial, astrid.name, astrid.password, f"{trial.url}/hub/admin")
    token = next(
        one.value for one in session.cookies if one.name == "_xsrf" and one.path == "/hub/"
    )
    for group in (trial.settings.course.student_group, trial.settings.course.instructor_group):
        answer = session.post(
            f"{trial.url}/hub/api/groups/{group}/users",
            json={"users": [astrid.name]},
            params={"_xsrf": token},
            headers={"Referer": f"{trial.url}/hub/admin"},
            timeout=60,
        )
        assert answer.status_code == 200, answer.text
    assert status_of(formgrader) == "released"
