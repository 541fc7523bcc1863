"""The files that this program writes: their places and modes, each written whole or not at all.

In a course with `c.CourseDirectory.groupshared = True` several instructors of one Unix group work
on the same folders. What is written there gets the modes that nbgrader gives it: the group may
write files (+660) and folders, and new entries belong to the folder's group (+2770).
"""

from __future__ import annotations

import ctypes
import errno
import itertools
import os
import re
import secrets
import shutil
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from autograder.course.lab import Lab
from autograder.course.model import Course

_FILE, _FOLDER = 0o660, 0o2770
"""Bits that are added to the modes of files and folders in a course that a group shares."""


def report_path(course: Course, student: str, lab: Lab) -> Path:
    """The path of a report; reports hold the seed, so they are never released."""
    return course.root / "reports" / student / lab.assignment / f"{lab.name}.json"


def feedback_path(course: Course, student: str, assignment: str, notebook: str) -> Path:
    """The path of a student's page, from which nbgrader releases it."""
    return course.folder("feedback") / student / assignment / f"{notebook}.html"


def autograded_path(course: Course, student: str, lab: Lab) -> Path:
    """The path of a graded notebook."""
    return course.folder("autograded") / student / lab.assignment / f"{lab.name}.ipynb"


def write_whole(
    path: Path,
    data: bytes,
    shared: bool = False,
    *,
    mode: int | None = None,
    durable: bool = False,
) -> None:
    """Write a file whole or not at all, and make the folders above it.

    The data are on the disk before the file has its name, so that a power cut leaves the old file
    or the new one.

    Args:
        path: the file.
        data: its content.
        shared: whether the course's group may change it.
        mode: of the file; by default that of any new file of this account.
        durable: whether a power cut may not even leave the old file.

    Raises:
        OSError: it cannot be written; the error names the path.
    """
    staged = _staged(path)
    try:
        try:
            _write_synced(staged, data, mode)
        except FileNotFoundError:
            make_folder(path.parent, shared)
            _write_synced(staged, data, mode)
        if shared:
            share(staged)
        staged.replace(path)
        if durable:
            _sync(path.parent)
    except OSError as error:
        with suppress(OSError):
            staged.unlink()
        raise OSError(error.errno, error.strerror, str(path)) from None


def _write_synced(path: Path, data: bytes, mode: int | None) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o666 if mode is None else 0o600), "wb") as file:
        file.write(data)
        file.flush()
        if mode is not None:
            os.fchmod(file.fileno(), mode)
        os.fsync(file.fileno())


@contextmanager
def whole_folder(path: Path, shared: bool = False) -> Iterator[Path]:
    """A new folder to be filled, which the end of the block puts in the place of the old one.

    Whenever the program or the machine dies, the old folder is there or the new one, whole. Where
    the file system cannot exchange two folders at once, the old one may be left under another name,
    which ends with `.old`; the next call for the same path puts it back. Where several programs
    write the same folder at once, the last one's is there in the end, whole.

    Args:
        path: the folder.
        shared: whether the course's group may change it.

    Raises:
        OSError: it cannot be written; the old folder is there, or the new one.
    """
    make_folder(path.parent, shared)
    _tidy_up(path)
    staged = _staged(path)
    old = staged.with_suffix(".old")
    staged.mkdir()
    try:
        yield staged
        if shared:
            share_tree(staged)
        for place, _, files in os.walk(staged, topdown=False):
            for name in (*files, "."):
                _sync(Path(place) / name)
        _put_in_place(staged, path, old)
    except BaseException:
        with suppress(OSError):
            _remove(staged)
        raise
    _sync(path.parent)
    for replaced in (staged, old):
        _remove(replaced)


_program, _number = secrets.token_hex(4), itertools.count()


def _short(path: Path) -> str:
    """Stands for a path's name in the names beside it, which may be no longer than any name."""
    return f"{zlib.adler32(os.fsencode(path.name)):08x}{zlib.crc32(os.fsencode(path.name)):08x}"


def _staged(path: Path) -> Path:
    """A path beside that one which no other writer uses."""
    return path.with_name(f".{_short(path)}.{os.getpid()}-{_program}-{next(_number)}.new")


def _tidy_up(path: Path) -> None:
    """Put back or remove what programs left that ended while they wrote that folder."""
    name = re.compile(rf"\.{_short(path)}\.([0-9]{{1,9}})-([0-9a-f]+)-[0-9]+\.(new|old)")
    for found in sorted(path.parent.iterdir()):
        staged = name.fullmatch(found.name)
        if staged is None or _goes_on(int(staged[1]), staged[2]):
            continue
        if staged[3] == "old" and not os.path.lexists(path):
            with suppress(FileNotFoundError):  # Another writer puts it back.
                found.rename(path)
        _remove(found)


def _goes_on(process: int, program: str) -> bool:
    if process == os.getpid():
        return program == _program  # In a container the next program may get the same number.
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # Another account's.
    return True


def _put_in_place(staged: Path, path: Path, old: Path) -> None:
    for _ in range(_TRIES):
        try:
            if os.path.lexists(path):
                _take_the_place(staged, path, old)
            else:
                staged.rename(path)
            return
        except OSError as error:
            if error.errno not in _ANOTHER_WROTE:
                raise
            refused = error
    raise refused


def _take_the_place(staged: Path, path: Path, old: Path) -> None:
    try:
        _exchange(staged, path)
    except OSError as error:
        if error.errno not in _NO_EXCHANGE:
            raise
        step_aside(staged, path, old)


def _exchange(one: Path, other: Path) -> None:
    """Give two folders each other's name, at once.

    Raises:
        OSError: they cannot be renamed; `_NO_EXCHANGE` where the system cannot do this at all.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    rename = getattr(libc, "renameat2", None)
    if rename is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    if rename(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _RENAME_EXCHANGE) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(other))


_HERE, _RENAME_EXCHANGE = -100, 2
"""AT_FDCWD, and the flag of renameat2(2)."""
_NO_EXCHANGE = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EXDEV)
"""What network file systems and old kernels answer."""
_ANOTHER_WROTE, _TRIES = (errno.ENOENT, errno.ENOTEMPTY, errno.EEXIST), 10
"""What is answered where another writer put its folder there, or took it away, a moment before."""


def step_aside(staged: Path, path: Path, old: Path) -> None:
    """Put a folder in the place of another one by two renames; the other one gets a third name."""
    path.rename(old)
    try:
        staged.rename(path)
    except OSError:
        if os.path.lexists(path):
            _remove(old)  # Another writer's is there.
        else:
            old.rename(path)
        raise


def _remove(path: Path) -> None:
    """Remove a folder with what is in it, or whatever else has its name."""
    while os.path.lexists(path):
        with suppress(FileNotFoundError):  # Another writer removes it too.
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()


def _sync(path: Path) -> None:
    """Wait until a file's data, or the names in a folder, are on the disk; links have none."""
    if path.is_symlink():
        return
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


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
