"""The files that this program writes: their places and modes, each written whole or not at all.

In a course with `c.CourseDirectory.groupshared = True` several instructors of one Unix group work
on the same folders. What is written there gets the modes that nbgrader gives it: the group may
write files (+660) and folders, and new entries belong to the folder's group (+2770).
"""

from __future__ import annotations

import os
import stat
import zlib
from contextlib import suppress
from pathlib import Path

from autograder.course.model import Course, Lab

_FILE, _FOLDER = 0o660, 0o2770
"""Bits that are added to the modes of files and folders in a course that a group shares."""


def report_path(course: Course, student: str, lab: Lab) -> Path:
    """The path of a report; reports hold the seed, so they are never released."""
    return course.root / "reports" / student / lab.assignment / f"{lab.name}.json"


def feedback_path(course: Course, student: str, assignment: str, notebook: str) -> Path:
    """The path of a student's page, from which nbgrader releases it."""
    return course.root / "feedback" / student / assignment / f"{notebook}.html"


def autograded_path(course: Course, student: str, lab: Lab) -> Path:
    """The path of a graded notebook."""
    return course.root / "autograded" / student / lab.assignment / f"{lab.name}.ipynb"


def write_whole(path: Path, data: bytes, shared: bool = False) -> None:
    """Write a file whole or not at all, and make the folders above it.

    Args:
        path: the file.
        data: its content.
        shared: whether the course's group may change it.

    Raises:
        OSError: it cannot be written; the error names the path.
    """
    # A short name even for a long one, and a different name for each process and file.
    staged = path.with_name(f".{zlib.crc32(os.fsencode(path.name)):08x}.{os.getpid()}.new")
    try:
        try:
            staged.write_bytes(data)
        except FileNotFoundError:
            make_folder(path.parent, shared)
            staged.write_bytes(data)
        if shared:
            share(staged)
        staged.replace(path)
    except OSError as error:
        with suppress(OSError):
            staged.unlink()
        raise OSError(error.errno, error.strerror, str(path)) from None


def make_folder(path: Path, shared: bool = False) -> None:
    """Make a folder and those above it; existing folders stay as they are."""
    missing = [path]
    while not missing[-1].parent.is_dir() and missing[-1].parent != missing[-1]:
        missing.append(missing[-1].parent)
    for folder in reversed(missing):
        folder.mkdir(exist_ok=True)
        if shared:
            share(folder)


def share(path: Path) -> None:
    """Let the group of the folder above change a file or a folder, if this account owns it."""
    status, above = path.lstat(), path.parent.stat()
    if status.st_uid != os.geteuid() or stat.S_ISLNK(status.st_mode):
        return
    if status.st_gid != above.st_gid and above.st_gid in {os.getegid(), *os.getgroups()}:
        os.chown(path, -1, above.st_gid)
    wanted = _FOLDER if stat.S_ISDIR(status.st_mode) else _FILE
    if status.st_mode & wanted != wanted:
        path.chmod(stat.S_IMODE(status.st_mode) | wanted)


def share_tree(folder: Path) -> None:
    """Share a folder and everything in it; links are left alone."""
    share(folder)
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            share(Path(place) / name)
