"""Takes one folder of the exchange into a copy of our own, or says why not.

Students write to the exchange, so nothing in it is trusted. The folder's owner identifies the
student; the file system's clock gives the arrival time; and only notebooks are taken, read without
following links, from files that belong to the same account.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from autograder.batch.file_names import expected_name, notebook_names
from autograder.course.files import whole_folder
from autograder.course.model import Course
from autograder.sandbox.beneath import Unreachable, Unreadable
from autograder.sandbox.reading import inspect_folder, list_files, read_bytes
from autograder.service.workers.folder_names import Named, NotTaken, may_be_student, read_name

ATTEMPTS = "attempts"
"""The folder beneath the course's root that keeps submitted files."""
SECRET, TIMESTAMP = OWN = ("submission_secret.txt", "timestamp.txt")
"""The files that nbgrader writes beside the notebooks."""
MOST_NAMES = 1_000
"""Most names that are read in one submission's folder."""
MOST_OTHERS = 10
"""Most notebooks under unexpected names that are kept: one may be a renamed notebook."""
_SECRET = re.compile(rb"[\x21-\x7e]{16,1024}")
_PLAIN = re.compile(r"[ -~]{1,64}")


class NotYet(Exception):
    """The submission is not complete yet."""


class Refused(Exception):
    """It is not taken in; the text tells `student`, who submitted it, why.

    `own` holds what nbgrader wrote beside the notebooks, if that could be read.
    """

    def __init__(
        self, student: str, assignment: str, reason: str, own: Mapping[str, bytes] | None = None
    ) -> None:
        super().__init__(reason)
        self.student, self.assignment, self.own = student, assignment, own or {}


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
    def secret(self) -> str:
        """The identity of this submission, whatever its folder is called; see `secret_digest`."""
        return secret_digest(self.files[SECRET])

    @property
    def folder(self) -> str:
        """The folder of our copy, beneath the course's root."""
        name = f"{self.arrived:%Y%m%dT%H%M%S%f}-{self.key[:12]}"
        return f"{ATTEMPTS}/{self.named.student}/{self.named.assignment}/{name}"

    @property
    def timestamp(self) -> str:
        """The time that nbgrader wrote, if it is fit to be shown; else empty."""
        text = self.files[TIMESTAMP].decode("ascii", "replace").strip()
        return text if _PLAIN.fullmatch(text) else ""


def secret_digest(secret: bytes) -> str:
    """SHA-256 of the random text that nbgrader wrote into this submission and no other."""
    return hashlib.sha256(secret.strip()).hexdigest()


def read_arrival(course: Course, inbound: Path, name: str, check_owner: bool) -> Arrival:
    """Read one whole submission in the exchange.

    Args:
        course: the course that it should belong to.
        inbound: the exchange's folder.
        name: the submission's folder in it.
        check_owner: whether it must belong to the account of its student.

    Raises:
        NotYet: it is not complete.
        NotTaken: it is not a submission to this course.
        Refused: it is one, but cannot be taken in.
        Unreachable: the exchange cannot be read now.
    """
    named = read_name(name, course.assignments)
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
    # nbgrader sets this mode last, after everything is written.
    if status.st_mode & 0o777 != 0o777 or not {SECRET, TIMESTAMP} <= set(names):
        raise NotYet
    files: dict[str, bytes] = {}
    try:
        for file, content in _read_files(course, named, inbound, name, names, owner):
            files[file] = content
    except Unreachable:
        raise
    except Unreadable as problem:
        own = files if files.keys() >= {*OWN} else {}
        raise Refused(named.student, named.assignment, str(problem), own) from None
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
    if uid in (0, os.getuid()) or not may_be_student(account):
        raise NotTaken(said)
    raise Refused(account, named.assignment, said)


def _read_files(
    course: Course, named: Named, inbound: Path, name: str, names: list[str], owner: int | None
) -> Iterator[tuple[str, bytes]]:
    """Names and contents of the files to take, nbgrader's own two first; see `read_arrival`."""

    def read(file: str, most_mib: float) -> bytes:
        try:
            return read_bytes(inbound, f"{name}/{file}", most_mib, owner)
        except Unreachable:
            raise
        except Unreadable as problem:
            raise Unreadable(f"{file}: {problem}") from None

    secret, timestamp = read(SECRET, 0.01), read(TIMESTAMP, 0.01)
    if not timestamp.strip() or not secret.strip():
        raise NotYet
    if not _SECRET.fullmatch(secret):
        raise Unreadable(f"{SECRET} is not what nbgrader writes; submit again")
    yield from ((SECRET, secret), (TIMESTAMP, timestamp))
    expected = [expected_name(lab) for lab in course.labs_of(named.assignment)]
    for file in set(expected) & set(names):
        yield file, read(file, course.limits.notebook_mib)
    listed = notebook_names(course, named.assignment, list_files(inbound, name))
    for file in [file for file in listed if file not in expected][:MOST_OTHERS]:
        try:
            yield file, read(file, course.limits.notebook_mib)
        except Unreachable:
            raise
        except Unreadable:
            continue


def _arrived(folder: Path, status: os.stat_result, files: Mapping[str, bytes]) -> datetime:
    """The latest change to any file that was taken, which no student can backdate."""
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
        if name not in (SECRET, TIMESTAMP):
            digest.update(hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest())
            digest.update(hashlib.sha256(files[name]).digest())
    return digest.hexdigest()


def keep_copy(course: Course, arrival: Arrival) -> None:
    """Write our copy, whole or not at all; do nothing if it is there already.

    Raises:
        OSError: the disk is full or not writable.
    """
    folder = course.root / arrival.folder
    if folder.is_dir():
        return
    (course.root / ATTEMPTS).mkdir(mode=0o700, exist_ok=True)
    with whole_folder(folder) as staged:
        for name, content in arrival.files.items():
            (staged / name).parent.mkdir(parents=True, exist_ok=True)
            (staged / name).write_bytes(content)


def drop_copy(course: Course, arrival: Arrival) -> None:
    """Remove our copy of a submission that is not taken in after all."""
    shutil.rmtree(course.root / arrival.folder, ignore_errors=True)
