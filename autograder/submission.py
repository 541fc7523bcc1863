"""A file that somebody handed in → its cells by grade_id, or one clear line that says why not.

Nothing in the file is trusted: only sources and grade_ids are taken; points, tags, order of tests
and everything else that grading depends on come from the master notebook. Reading never follows a
link, never waits for a pipe, and never raises for what a file contains.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import stat
import struct
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

MAX_CELLS = 5_000
MAX_SOURCE = 256 * 1024
"""Characters of one cell; what people write by hand is far below."""
_OPENAT2 = 437
_RESOLVE_NO_XDEV, _RESOLVE_NO_SYMLINKS, _RESOLVE_BENEATH = 0x01, 0x04, 0x08

_libc = ctypes.CDLL(None, use_errno=True)


class Unreadable(Exception):
    """The file cannot be graded; the text is one clear line for student and instructor."""


class Unreachable(Unreadable):
    """It cannot be read now, for a fault of the machine or its network; it may be later."""


_FAULTS = {
    errno.EIO,
    errno.ESTALE,
    errno.ENOTCONN,
    errno.ETIMEDOUT,
    errno.EHOSTDOWN,
    errno.ENFILE,
    errno.EMFILE,
    errno.ENOMEM,
}
"""Error numbers for which nobody who hands something in can be blamed."""


@dataclass(frozen=True)
class SubmittedCell:
    """One cell as submitted: its source, its grade_id if it has one, and whether it is code."""

    source: str
    grade_id: str = ""
    is_code: bool = True


@dataclass(frozen=True)
class Submission:
    """The cells of one submitted notebook, in their order."""

    cells: tuple[SubmittedCell, ...]

    def source(self, grade_id: str) -> str | None:
        """Source of the first cell with that grade_id; a second use does not count."""
        return next((cell.source for cell in self.cells if cell.grade_id == grade_id), None)


def read_bytes(folder: Path, name: str, most_mib: float, owner: int | None = None) -> bytes:
    """The content of a regular file beneath `folder`.

    Args:
        folder: is trusted; everything beneath it is not.
        name: path below the folder.
        most_mib: the largest size that is read.
        owner: account number that the file must belong to, where it comes straight from an
            exchange; it is asked of the opened file, so nobody can swap it in between.

    Raises:
        Unreadable: it is a link, a folder, a pipe, too large, another's, or cannot be opened.
    """
    fd = _open_beneath(folder, name)
    try:
        _require_plain(os.fstat(fd), most_mib)
        if owner is not None and os.fstat(fd).st_uid != owner:
            raise Unreadable("the file belongs to another account than the student's")
        with os.fdopen(os.dup(fd), "rb") as file:
            data = file.read(int(most_mib * 2**20) + 1)
    except OSError as error:
        kind = Unreachable if error.errno in _FAULTS else Unreadable
        raise kind(f"the file cannot be read: {error.strerror}") from None
    finally:
        os.close(fd)
    if len(data) > most_mib * 2**20:
        raise Unreadable(f"the file is larger than {most_mib:g} MiB")
    return data


def list_names(folder: Path, name: str) -> list[str]:
    """Names in the folder `name` beneath `folder`; none where it is a link or not a folder."""
    try:
        fd = _open_beneath(folder, name)
    except Unreadable:
        return []
    try:
        return sorted(os.listdir(fd))
    except OSError:
        return []
    finally:
        os.close(fd)


def inspect_folder(folder: Path, name: str, most: int) -> tuple[os.stat_result, list[str]]:
    """What the system says of the folder `name` beneath `folder`, and names of what is in it.

    Args:
        folder: is trusted; everything beneath it is not.
        name: path below the folder.
        most: how many names are read.

    Raises:
        Unreadable: it is a link, no folder, or cannot be opened.
    """
    fd = _open_beneath(folder, name)
    try:
        status = os.fstat(fd)
        if not stat.S_ISDIR(status.st_mode):
            raise Unreadable("it is not a folder")
        with os.scandir(fd) as entries:
            return status, sorted(entry.name for entry in islice(entries, most))
    except OSError as error:
        kind = Unreachable if error.errno in _FAULTS else Unreadable
        raise kind(f"the folder cannot be read: {error.strerror}") from None
    finally:
        os.close(fd)


def _require_plain(status: os.stat_result, most_mib: float) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise Unreadable("it is a folder, not a notebook file")
    if not stat.S_ISREG(status.st_mode):
        raise Unreadable("it is not a regular file (a pipe, a socket or a device)")
    if status.st_nlink > 1:
        raise Unreadable("the file has a second name (a hard link); hand in a copy of its own")
    if status.st_size > most_mib * 2**20:
        size = status.st_size / 2**20
        raise Unreadable(f"the file has {size:.0f} MiB; at most {most_mib:g} MiB are read")


def _open_beneath(folder: Path, name: str) -> int:
    """Open a path without following links or leaving the folder, and without waiting."""
    root = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    how = struct.pack("=QQQ", flags, 0, _RESOLVE_BENEATH | _RESOLVE_NO_SYMLINKS | _RESOLVE_NO_XDEV)
    try:
        fd = int(_libc.syscall(_OPENAT2, root, os.fsencode(name), how, ctypes.c_size_t(len(how))))
        number = ctypes.get_errno()
    finally:
        os.close(root)
    if fd >= 0:
        return fd
    reasons = {
        errno.ELOOP: "it is, or lies behind, a symbolic link; hand in the file itself",
        errno.ENOENT: "there is no such file",
        errno.EACCES: "the grader may not read it; check its permissions",
        errno.ENXIO: "it is not a regular file (a pipe, a socket or a device)",
        errno.EXDEV: "it lies outside the submission's folder",
    }
    kind = Unreachable if number in _FAULTS else Unreadable
    raise kind(reasons.get(number, f"it cannot be opened: {os.strerror(number)}"))


def parse(data: bytes) -> Submission:
    """The cells of a notebook's bytes.

    Raises:
        Unreadable: the bytes are not a notebook of format 4.
    """
    if not data.strip():
        raise Unreadable("the file is empty")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("the file is not UTF-8 text, so it is not a notebook") from None
    try:
        content = json.loads(text)
    except RecursionError:
        raise Unreadable("the file is nested too deeply to be a notebook") from None
    except ValueError as error:
        place = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise Unreadable(f"the file is not JSON{place}: damaged, or not a notebook") from None
    return Submission(tuple(_cells(content)))


def _cells(content: Any) -> list[SubmittedCell]:
    if not isinstance(content, dict) or "nbformat" not in content:
        raise Unreadable("the file is JSON, but not a Jupyter notebook")
    version, minor = content["nbformat"], content.get("nbformat_minor", 0)
    if type(version) is not int or version < 4:
        raise Unreadable(
            "the notebook is of an old format; open it in JupyterLab, save it, hand it in again"
        )
    if version > 4 or type(minor) is not int or minor > 5:
        raise Unreadable("the notebook is of a newer format than 4.5, which this grader reads")
    cells = content.get("cells")
    if not isinstance(cells, list) or len(cells) > MAX_CELLS:
        raise Unreadable(f"the notebook has no list of cells, or more than {MAX_CELLS}")
    read = [_cell(cell) for cell in cells]
    return [cell for cell in read if cell is not None]


def _cell(cell: Any) -> SubmittedCell | None:
    if not isinstance(cell, dict):
        return None
    metadata = cell.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
    grade_id = grade_id if isinstance(grade_id, str) else ""
    source = cell.get("source")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        return None
    if len(source) > MAX_SOURCE:
        raise Unreadable(f"a cell has more than {MAX_SOURCE // 1024} KiB of text")
    return SubmittedCell(_writable(source), _writable(grade_id), cell.get("cell_type") == "code")


def _writable(text: str) -> str:
    """Text that UTF-8 can hold: half of a surrogate pair would make every file unwritable."""
    return text.encode("utf-8", "replace").decode()


def read_submission(
    folder: Path, name: str, most_mib: float, owner: int | None = None
) -> Submission:
    """Read and sanitise one submitted notebook; arguments as for `read_bytes`.

    Raises:
        Unreadable: it cannot be graded; the text says why in one line.
    """
    return parse(read_bytes(folder, name, most_mib, owner))
