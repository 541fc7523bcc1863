"""One folder of the exchange → our own copy of a submission, or why it is not taken.

Students write the exchange, so nothing in it is believed: whose a submission is, its folder's owner
says; when it arrived, the file system's clock; and only notebooks are taken, read without following
links, from files that belong to the same account.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from autograder.course import Course
from autograder.submission import Unreachable, Unreadable, inspect_folder, read_bytes

ATTEMPTS = "attempts"
"""The folder beneath the course's root that keeps what was handed in."""
SECRET, TIMESTAMP = "submission_secret.txt", "timestamp.txt"
MOST_NAMES = 1_000
"""Names of one submission's folder that are looked at."""
MOST_OTHERS, OTHER_MIB = 10, 1.0
"""Notebooks that the assignment does not have: kept, few and small, to tell of a renamed one."""
_STUDENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,63}")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[ T][\d:.]+.{0,12}")
_SECRET = re.compile(rb"[\x21-\x7e]{16,1024}")
_PLAIN = re.compile(r"[ -~]{1,64}")


class NotYet(Exception):
    """The submission is not complete yet."""


class NotTaken(Exception):
    """It is no submission to this course; the text is for the log."""


class Refused(Exception):
    """It is not taken in, and `student`, who handed it in, is told why by the text."""

    def __init__(self, student: str, reason: str) -> None:
        super().__init__(reason)
        self.student = student


@dataclass(frozen=True)
class Named:
    """What the name of a folder in the exchange says."""

    student: str
    assignment: str
    timestamp: str


@dataclass(frozen=True)
class Arrival:
    """A complete submission, read."""

    named: Named
    arrived: datetime
    files: Mapping[str, bytes]
    """Contents by name: notebooks, and nbgrader's two files."""
    key: str
    """SHA-256 over names and contents of the notebooks."""

    @property
    def folder(self) -> str:
        """Where our copy goes, beneath the course's root."""
        name = f"{self.arrived:%Y%m%dT%H%M%S%f}-{self.key[:12]}"
        return f"{ATTEMPTS}/{self.named.student}/{self.named.assignment}/{name}"

    @property
    def timestamp(self) -> str:
        """What nbgrader wrote as the time, if it is fit to be shown."""
        text = self.files[TIMESTAMP].decode("ascii", "replace").strip()
        return text if _PLAIN.fullmatch(text) else ""


def read_name(name: str) -> Named:
    """What a folder's name says: `student+assignment+time`, and random letters or none.

    Raises:
        NotTaken: it is no such name.
    """
    if not name.isprintable():
        raise NotTaken("its name holds what no name of nbgrader's does")
    parts = name.rsplit("+", 3)
    if len(parts) > 2 and _TIME.fullmatch(parts[-1]):
        parts = [*name.rsplit("+", 2), ""]
    if len(parts) != 4 or not _TIME.fullmatch(parts[2]) or not _STUDENT.fullmatch(parts[0]):
        raise NotTaken("its name is not one that nbgrader gives")
    return Named(parts[0], parts[1], parts[2])


def read_arrival(course: Course, inbound: Path, name: str, check_owner: bool) -> Arrival:
    """Read one submission in the exchange, whole.

    Args:
        course: to which it is handed in.
        inbound: the exchange's folder.
        name: of the submission's folder in it.
        check_owner: whether it must belong to the account of its student.

    Raises:
        NotYet: it is not complete.
        NotTaken: it is no submission to this course.
        Refused: it is one, and is not fit to be taken in.
        Unreachable: the exchange cannot be read now.
    """
    named = read_name(name)
    if named.assignment not in course.assignments:
        raise NotTaken(f"the course has no assignment {ascii(named.assignment)[:60]}")
    try:
        status, names = inspect_folder(inbound, name, MOST_NAMES)
    except Unreachable:
        raise
    except Unreadable as problem:
        raise NotTaken(str(problem)) from None
    owner = None
    if check_owner:
        _require_owner(named, status.st_uid)
        owner = status.st_uid
    # The last thing that nbgrader does, after everything is written.
    if status.st_mode & 0o777 != 0o777 or not {SECRET, TIMESTAMP} <= set(names):
        raise NotYet
    try:
        files = _read_files(course, named, inbound, name, names, owner)
    except Unreachable:
        raise
    except Unreadable as problem:
        raise Refused(named.student, str(problem)) from None
    return Arrival(named, _arrived(inbound / name, status, files), files, _key(files))


def _require_owner(named: Named, uid: int) -> None:
    try:
        own = pwd.getpwnam(named.student).pw_uid
    except KeyError:
        own = None
    if own == uid:
        return
    try:
        account = pwd.getpwuid(uid).pw_name
    except KeyError:
        account = ""
    said = f"it is named as {named.student}'s, and belongs to {account or 'an unknown account'}"
    if uid in (0, os.getuid()) or not _STUDENT.fullmatch(account):
        raise NotTaken(said)
    raise Refused(account, said)


def _read_files(
    course: Course, named: Named, inbound: Path, name: str, names: list[str], owner: int | None
) -> dict[str, bytes]:
    """Contents of what is taken; see `read_arrival`."""

    def read(file: str, most_mib: float) -> bytes:
        try:
            return read_bytes(inbound, f"{name}/{file}", most_mib, owner)
        except Unreachable:
            raise
        except Unreadable as problem:
            raise Unreadable(f"{file}: {problem}") from None

    files = {SECRET: read(SECRET, 0.01), TIMESTAMP: read(TIMESTAMP, 0.01)}
    if not files[TIMESTAMP].strip() or not files[SECRET].strip():
        raise NotYet
    if not _SECRET.fullmatch(files[SECRET]):
        raise Unreadable(f"{SECRET} is not what nbgrader writes; hand in again")
    expected = [f"{lab.name}.ipynb" for lab in course.labs_of(named.assignment)]
    for file in set(expected) & set(names):
        files[file] = read(file, course.limits.notebook_mib)
    others = [file for file in names if file.endswith(".ipynb") and file not in expected]
    for file in others[:MOST_OTHERS]:
        try:
            files[file] = read(file, OTHER_MIB)
        except Unreachable:
            raise
        except Unreadable:
            continue
    return files


def _arrived(folder: Path, status: os.stat_result, files: Mapping[str, bytes]) -> datetime:
    """The latest change to anything that was taken, which no student can date back."""
    times = [status.st_ctime]
    for file in files:
        try:
            times.append((folder / file).lstat().st_ctime)
        except FileNotFoundError:
            raise NotYet from None
    return datetime.fromtimestamp(max(times), UTC)


def _key(files: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name in sorted(files):
        if name.endswith(".ipynb"):
            digest.update(hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest())
            digest.update(hashlib.sha256(files[name]).digest())
    return digest.hexdigest()


def keep_copy(course: Course, arrival: Arrival) -> None:
    """Write our copy, whole or not at all; nothing happens where it is there already.

    Raises:
        OSError: the disk is full, or cannot be written.
    """
    folder = course.root / arrival.folder
    if folder.is_dir():
        return
    (course.root / ATTEMPTS).mkdir(mode=0o700, exist_ok=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    staged = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(staged, ignore_errors=True)
    try:
        staged.mkdir()
        for name, content in arrival.files.items():
            (staged / name).write_bytes(content)
        staged.rename(folder)
    except OSError:
        shutil.rmtree(staged, ignore_errors=True)
        raise


def drop_copy(course: Course, arrival: Arrival) -> None:
    """Remove our copy of what is not taken in after all."""
    shutil.rmtree(course.root / arrival.folder, ignore_errors=True)
