"""A class of attackers with honest students between them, graded by the command itself.

    course = make_course(folder)                 a copy with small limits and planted secrets
    run = grade_group(course, folder, attacks)   `autograder grade` in a process of its own

A `Run` holds the command's output and what a watcher saw meanwhile: connections to a listener,
the memory of the grader's own processes, and leftovers. It judges nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.authoring import build, samples
from autograder.authoring.demo import copy_course
from autograder.course.config import CONFIG
from autograder.course.lab import Lab
from autograder.course.model import Course
from autograder.sandbox.inside import policy
from tests.security.corpus import PROCESS, Attack, code_cell, make

ROOT = Path(__file__).resolve().parents[2]
LIMITS = {
    "call_wall_s": 2.0,
    "cell_wall_s": 3.0,
    "submission_wall_s": 10.0,
    "own_cells_wall_s": 5.0,
    "memory_mib": 512,
    "cpu_s": 12,
    "processes": 40,
    "notebook_mib": 8,
}
REACHED = "REACHED" + "-IT"
"""Attacks say this when they reached something; only reports and pages are searched for it."""
GRADERS = ("autograded", "feedback", "reports", "gradebook.db", "gradebook.db-journal")
"""Entries of the course's folder that grading itself writes."""

WITNESS = f"""
import builtins, os, sys, threading
import numpy as np
assert float(np.exp(0.0)) == 1.0 and not np.allclose([1.0], [2.0]) and np.isnan(np.nan)
assert not hasattr(builtins, "hostile") and not hasattr(np, "hostile")
assert "hostile" not in sys.modules and "HOSTILE" not in os.environ
assert sys.gettrace() is None and threading.active_count() == 1
assert set(os.listdir(".")) <= {{"admissions.csv"}}, os.listdir(".")
# Where Python itself lies below /tmp, the way to it is there.
own = {{place.split("/")[2] for place in (sys.prefix, np.__file__) if place.startswith("/tmp/")}}
for folder in ("/tmp", "/dev/shm"):
    assert not os.path.isdir(folder) or set(os.listdir(folder)) <= own, folder
assert not os.path.exists("/var/tmp/{PROCESS}")
"""
"""First cell of an honest student: it fails if a neighbour has left something."""


@dataclass(frozen=True)
class Prepared:
    """A course ready for grading, with secrets planted in it."""

    root: Path
    secrets: dict[str, str]
    """Texts that must not come out, by the place where each was planted."""


@dataclass
class Run:
    """The results of grading one class."""

    course: Path
    secrets: dict[str, str]
    order: dict[str, list[tuple[str, Attack | None]]]
    """By lab: the students in the order of their names, and which of them attack."""
    rows: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    """Reports by student and notebook."""
    exit_code: int | None = None
    """None when it had to be stopped."""
    errors: str = ""
    wall_s: float = 0.0
    connections: int = 0
    grader_mib: int = 0
    """The most memory that one of the grader's own processes had."""
    left: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)

    def student(self, attack: Attack) -> str:
        """The name under which an attack was submitted."""
        return next(name for name, other in self.order[attack.lab] if other is attack)

    def neighbours(self, attack: Attack) -> list[str]:
        """The honest students before and after an attack."""
        names = self.order[attack.lab]
        place = next(i for i, (_, other) in enumerate(names) if other is attack)
        before = [name for name, other in names[:place] if other is None][-1:]
        after = [name for name, other in names[place:] if other is None][:1]
        return before + after


def make_course(folder: Path) -> Prepared:
    """A copy of this course, built, with small limits and a secret in every place."""
    copied = copy_course(Course.load(ROOT), folder)
    planted = {
        place: f"CANARY-{place}-{secrets.token_hex(8)}"
        for place in ("file", "notebook", "suite", "configuration", "environment", "gradebook")
    }
    planted["neighbour"] = f"CANARY-neighbour-{secrets.token_hex(8)}"
    with (folder / CONFIG).open("a") as file:
        file.write(f"\nc.Grading.limits = {LIMITS!r}\n# {planted['configuration']}\n")
    build.build(Course.load(folder), (), lambda line: None)
    for suite in (folder / "tests" / "hidden").rglob("*.py"):
        with suite.open("a") as file:
            file.write(f"\n# {planted['suite']}\n")
    private = folder / "private"
    private.mkdir()
    (private / "canary.txt").write_text(planted["file"])
    secret = json.loads(samples.notebook(copied.labs[0], {}))
    secret["cells"].insert(0, code_cell(f"# {planted['notebook']}"))
    (private / "canary-notebook.ipynb").write_text(json.dumps(secret))
    _plant_in_gradebook(folder, planted["gradebook"])
    return Prepared(folder, planted)


def _plant_in_gradebook(root: Path, secret: str) -> None:
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{root / 'gradebook.db'}") as book:
        book.update_or_create_student("000-of-another-year", last_name=secret, email=secret)


def grade_group(
    prepared: Prepared, folder: Path, attacks: Sequence[Attack], within_s: float
) -> Run:
    """Grade a class made of these attacks and honest students, in a copy of the course.

    Args:
        prepared: the course to copy.
        folder: an empty folder for the copy and for the grader's temporary files.
        attacks: who attacks.
        within_s: the command is stopped after that many seconds.
    """
    root = folder / "course"
    shutil.copytree(prepared.root, root, symlinks=True)
    (folder / "tmp").mkdir()
    with listener(folder) as heard:
        words = {
            "@COURSE@": str(root),
            "@PORT@": str(heard.port),
            "@UNIX@": str(heard.path),
            "@REACHED@": "REACHED'+'-IT",
            "@PROCESS@": PROCESS,
        }
        # JSON holds Python strings with either quote, so the word is filled in as plain text.
        words["@REACHED@"] = REACHED
        run = Run(root, prepared.secrets, hand_in(root, attacks, words, prepared.secrets))
        before = snapshot(root), outside(), numbers()
        _command(run, folder, within_s)
        run.connections = heard.count
    run.changed = differences(before[0], snapshot(root))
    run.left = remains(before[1], before[2], folder / "tmp")
    return run


def hand_in(
    root: Path, attacks: Sequence[Attack], words: dict[str, str], planted: dict[str, str]
) -> dict[str, list[tuple[str, Attack | None]]]:
    """Write submissions: before each attack an honest one, and one after the last."""
    labs = {lab.name: lab for lab in Course.load(root).labs}
    order: dict[str, list[tuple[str, Attack | None]]] = {}
    for number, attack in enumerate(attacks):
        lab = labs[attack.lab]
        students = order.setdefault(attack.lab, [])
        honest, name = f"{number:03d}-a-honest", attack.student or f"{number:03d}-b-{attack.name}"
        _hand_in_honest(root, lab, honest, planted["neighbour"])
        make(attack, lab, root / "submitted" / name / lab.assignment, words)
        students += [(honest, None), (name, attack)]
    for lab_name, students in order.items():
        _hand_in_honest(root, labs[lab_name], "zz-honest", planted["neighbour"])
        students.append(("zz-honest", None))
        students.sort()
    return order


def _hand_in_honest(root: Path, lab: Lab, name: str, secret: str) -> None:
    folder = root / "submitted" / name / lab.assignment
    folder.mkdir(parents=True, exist_ok=True)
    content = json.loads(samples.notebook(lab, samples.solutions(lab)))
    content["cells"].insert(0, code_cell(WITNESS + f"# {secret}"))
    (folder / f"{lab.name}.ipynb").write_text(json.dumps(content))


def _command(run: Run, folder: Path, within_s: float) -> None:
    """Run `autograder grade`, and watch its memory."""
    environment = {
        **os.environ,
        "TMPDIR": str(folder / "tmp"),
        "CANARY": run.secrets["environment"],
        "JUPYTERHUB_API_TOKEN": run.secrets["environment"],
    }
    assignments = [lab.assignment for lab in Course.load(run.course).labs if lab.name in run.order]
    command = [sys.executable, "-m", "autograder", "grade", "--course", str(run.course)]
    command += ["--json", "--workers", "2", *dict.fromkeys(assignments)]
    began = time.monotonic()
    with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
        process = subprocess.Popen(
            command, stdout=out, stderr=err, env=environment, start_new_session=True, cwd=folder
        )
        while process.poll() is None and time.monotonic() - began < within_s:
            run.grader_mib = max([run.grader_mib, *memory_of(process.pid)])
            time.sleep(0.2)
        run.exit_code = process.poll()
        if run.exit_code is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    run.wall_s = time.monotonic() - began
    run.errors = (folder / "err").read_text(errors="replace")[-3000:]
    with contextlib.suppress(ValueError):
        for row in json.loads((folder / "out").read_bytes())["reports"]:
            run.rows[row["student"], row["notebook"]] = row


def memory_of(pid: int) -> list[int]:
    """Peak memory in MiB of a process and its children, except those inside the sandbox."""
    found = []
    for child in [pid, *children(pid)]:
        with contextlib.suppress(OSError, IndexError, ValueError):
            if b"sandbox.zygote" in Path(f"/proc/{child}/cmdline").read_bytes():
                continue
            status = Path(f"/proc/{child}/status").read_text()
            found.append(int(status.split("VmHWM:")[1].split()[0]) >> 10)
    return found


def children(pid: int) -> list[int]:
    """All descendants of a process."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += [int(child), *children(int(child))]
    return found


# What must not change, and what must not stay -----------------------------------------------------


def snapshot(root: Path) -> dict[str, str]:
    """Every file of the course that grading must not change, with its checksum and mode."""
    found = {}
    for folder, folders, files in os.walk(root):
        if Path(folder) == root:
            folders[:] = [name for name in folders if name not in GRADERS]
        folders[:] = [name for name in folders if name != "__pycache__"]
        for name in [*folders, *files]:
            path = Path(folder, name)
            if path.parent == root and name in GRADERS:
                continue
            found[str(path.relative_to(root))] = _fingerprint(path)
    return found


def _fingerprint(path: Path) -> str:
    status = path.lstat()
    content = ""
    if stat.S_ISREG(status.st_mode) and status.st_size < 50 << 20:
        content = hashlib.sha256(path.read_bytes()).hexdigest()
    return f"{status.st_mode:o} {status.st_uid} {status.st_size} {content}"


def differences(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Paths that came, went or changed."""
    return sorted(
        path for path in before.keys() | after.keys() if before.get(path) != after.get(path)
    )


PLACES = ("/tmp", "/var/tmp", "/dev/shm", "/", "/root", "/home", "/run", "/usr/local/bin")
_NAMES = ("kept", "big0", "f0", "sitecustomize.py", "00.py")


def outside() -> set[str]:
    """Entries of shared folders, and of Python's own, that an attack could have made."""
    own = [sys.prefix, str(Path(os.__file__).parent), *(p for p in sys.path if "site-pack" in p)]
    found = set()
    for place in (*PLACES, *own):
        with contextlib.suppress(OSError):
            for entry in os.scandir(place):
                uid = entry.stat(follow_symlinks=False).st_uid
                known = PROCESS in entry.name or entry.name in _NAMES
                if known or uid in policy.SPARE_UIDS:
                    found.add(entry.path)
    return found


def numbers() -> frozenset[int]:
    """The numbers of all running processes."""
    return frozenset(int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())


def remains(before: set[str], known: frozenset[int], temporary: Path) -> list[str]:
    """Files and processes that outlived the grading."""
    found = sorted(outside() - before)
    found += [str(path) for path in temporary.iterdir()]
    deadline = time.monotonic() + 5
    while (alive := surviving(known)) and time.monotonic() < deadline:
        time.sleep(0.2)
    return found + alive


def surviving(known: frozenset[int] = frozenset()) -> list[str]:
    """Processes that carry the attacks' mark, or are new orphans of a spare account."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with contextlib.suppress(OSError, IndexError):
            status = (entry / "status").read_text()
            said = (entry / "cmdline").read_bytes() + (entry / "comm").read_bytes()
            spare = int(status.split("\nUid:\t")[1].split("\t")[0]) in policy.SPARE_UIDS
            orphan = "\nPPid:\t1\n" in status and spare
            marked = PROCESS.encode() in said + _environment(entry)
            if marked or (orphan and int(entry.name) not in known):
                found.append(f"process {entry.name}: {said!r}")
    return found


def _environment(entry: Path) -> bytes:
    with contextlib.suppress(OSError):
        return (entry / "environ").read_bytes()
    return b""


# The network --------------------------------------------------------------------------------------


@dataclass
class Heard:
    """A listener and what it heard."""

    port: int
    path: Path
    count: int = 0


@contextlib.contextmanager
def listener(folder: Path) -> Iterator[Heard]:
    """A port on 127.0.0.1 for streams and datagrams, and a local socket anybody may write to."""
    stream, datagram = socket.socket(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    local = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    stream.bind(("127.0.0.1", 0))
    stream.listen()
    heard = Heard(stream.getsockname()[1], folder / "listener")
    datagram.bind(("127.0.0.1", heard.port))
    local.bind(str(heard.path))
    heard.path.chmod(0o777)
    done = threading.Event()
    sockets = (stream, datagram, local)
    thread = threading.Thread(target=_listen, args=(sockets, heard, done), daemon=True)
    thread.start()
    try:
        yield heard
    finally:
        done.set()
        thread.join(5)
        for one in sockets:
            one.close()


def _listen(sockets: Sequence[socket.socket], heard: Heard, done: threading.Event) -> None:
    import select

    while not done.is_set():
        ready, _, _ = select.select(sockets, [], [], 0.1)
        for one in ready:
            heard.count += 1
            if one.type == socket.SOCK_STREAM:
                one.accept()[0].close()
            else:
                one.recv(64)
