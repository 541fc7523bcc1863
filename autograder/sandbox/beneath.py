"""Opens what others wrote, beneath a trusted folder, without following a link.

`openat2` does it in one call. Where the system or a filter refuses that call, as older kernels,
gVisor and some containers do, `open_beneath` walks the path: each part is opened by itself,
relative to the one before and without following links, and must lie on the same file system.
`reading_way` tells which way is used; each process tests it once. This module knows no notebooks.
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
import struct
from functools import cache
from pathlib import Path

OPENAT2, STEP_BY_STEP = "openat2", "step by step"
_OPENAT2 = 437
_RESOLVE_NO_XDEV, _RESOLVE_NO_SYMLINKS, _RESOLVE_BENEATH = 0x01, 0x04, 0x08
_READ = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_libc = ctypes.CDLL(None, use_errno=True)


class Unreadable(Exception):
    """The file cannot be graded; the text is one clear line for student and instructor."""


class Absent(Unreadable):
    """There is nothing of that name."""


class Unreachable(Unreadable):
    """A fault of the machine or its network prevents reading it now; it may be readable later."""


class Closed(Unreadable):
    """The grader's account may not read it, which need not be the submitter's fault."""


FAULTS = {
    errno.EIO,
    errno.ESTALE,
    errno.ENOTCONN,
    errno.ETIMEDOUT,
    errno.EHOSTDOWN,
    errno.ENFILE,
    errno.EMFILE,
    errno.ENOMEM,
}
"""Error numbers that are never the submitter's fault."""
_REASONS = {
    errno.ELOOP: "it is, or lies behind, a symbolic link; submit the file itself",
    errno.ENOENT: "there is no such file",
    errno.ENOTDIR: "a file lies where a folder is expected",
    errno.EACCES: "the grader may not read it; check its permissions",
    errno.ENXIO: "it is not a regular file (a pipe, a socket or a device)",
    errno.EXDEV: "it lies outside the submission's folder",
    errno.ENAMETOOLONG: "its name is too long",
}


@cache
def reading_way() -> str:
    """How submissions are opened in this process: `OPENAT2`, `STEP_BY_STEP`, or "" for neither.

    `openat2` may be refused by any error number, so it is used only where it opens a folder, and
    the other way only where it does so and refuses to go upwards.
    """
    root = os.open("/", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for way, open_by in ((OPENAT2, _open_at_once), (STEP_BY_STEP, _open_step_by_step)):
            if _opens(open_by, root, b".") and not _opens(open_by, root, b"../dev"):
                return way
        return ""
    finally:
        os.close(root)


def _opens(open_by: object, root: int, name: bytes) -> bool:
    try:
        os.close(open_by(root, name))  # type: ignore[operator]
    except OSError:
        return False
    return True


def open_beneath(folder: Path, name: str) -> int:
    """Open a path for reading, without following links, leaving the folder or waiting.

    Args:
        folder: is trusted; everything beneath it is not.
        name: path below the folder.

    Returns:
        The file's descriptor; the caller has to check what kind of file it is.

    Raises:
        Unreadable: it cannot be opened in this way.
        OSError: the folder itself cannot be opened.
    """
    way = reading_way()
    root = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        encoded = os.fsencode(name)
        if b"\0" in encoded or not way:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        open_by = _open_at_once if way == OPENAT2 else _open_step_by_step
        return open_by(root, encoded)
    except OSError as error:
        number = error.errno or errno.EINVAL
        raise _kind(number)(
            _REASONS.get(number, f"it cannot be opened: {os.strerror(number)}")
        ) from None
    except UnicodeEncodeError:
        raise Unreadable("its name cannot be a file's name") from None
    finally:
        os.close(root)


def _kind(number: int) -> type[Unreadable]:
    """The exception for an error number."""
    if number in FAULTS:
        return Unreachable
    return {errno.ENOENT: Absent, errno.EACCES: Closed, errno.EPERM: Closed}.get(number, Unreadable)


def _open_at_once(root: int, name: bytes) -> int:
    """Open a path beneath an open folder with `openat2`."""
    resolve = _RESOLVE_BENEATH | _RESOLVE_NO_SYMLINKS | _RESOLVE_NO_XDEV
    how = struct.pack("=QQQ", _READ, 0, resolve)
    fd = int(_libc.syscall(_OPENAT2, root, name, how, ctypes.c_size_t(len(how))))
    if fd < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return fd


def _open_step_by_step(root: int, name: bytes) -> int:
    """Open a path beneath an open folder, part by part.

    Each part is opened relative to the folder before it, which is held open: swapping a part for a
    link meanwhile makes the opening fail, and moving one elsewhere cannot lead out of the folder,
    since nothing goes upwards.
    """
    *folders, last = [part for part in name.split(b"/") if part not in (b"", b".")] or [b"."]
    if name.startswith(b"/") or b".." in (*folders, last):
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
    device = os.fstat(root).st_dev
    here = os.dup(root)
    try:
        for part in folders:
            below = _open_part(here, part, os.O_PATH | os.O_CLOEXEC, device)
            os.close(here)
            here = below
            if not stat.S_ISDIR(os.fstat(here).st_mode):
                number = errno.ELOOP if stat.S_ISLNK(os.fstat(here).st_mode) else errno.ENOTDIR
                raise OSError(number, os.strerror(number))
        return _open_part(here, last, _READ, device)
    finally:
        os.close(here)


def _open_part(here: int, part: bytes, flags: int, device: int) -> int:
    """Open one name in an open folder, unless it is a link or lies on another file system."""
    fd = os.open(part, flags | os.O_NOFOLLOW, dir_fd=here)
    if os.fstat(fd).st_dev != device:
        os.close(fd)
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
    return fd
