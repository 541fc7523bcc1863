"""Watches and removes the working folder of the *reduced* tier, which no file system bounds.

What a submission leaves there may be nested deeper than Python can recurse, have paths longer than
the kernel accepts, or be unlinked and still open. So nothing here recurses, anything unreadable
counts as too much, and files without a name are found through the process that has them open.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

LOOK_S = 0.1
"""Seconds between two looks."""
DEPTH = 64
"""Most folders inside one another; nobody's work needs more."""
_MIB = 1 << 20


def is_over(folder: str, place: str, most_mib: float, most_files: int) -> bool:
    """Whether a process holds more files in its folder than it may; links are not followed.

    Args:
        folder: the working folder.
        place: the /proc folder of the process that works in it, which may hold files that have no
            name any more.
        most_mib: the size of all files together, and so of any single one.
        most_files: how many files and folders there may be.
    """
    size, count = _nameless_mib(folder, place, most_mib), 0
    try:
        for facts in _walk(folder):
            size += facts.st_blocks * 512 / _MIB
            count += 1
            if count > most_files or size > most_mib:
                return True
    except OSError:
        return True
    return size > most_mib


def _walk(folder: str) -> Iterator[os.stat_result]:
    """The status of everything in a folder.

    Raises:
        OSError: something in it cannot be read, or lies too deep.
    """
    waiting = [(folder, 0)]
    while waiting:
        place, depth = waiting.pop()
        with contextlib.suppress(FileNotFoundError, NotADirectoryError), os.scandir(place) as found:
            for entry in found:
                with contextlib.suppress(FileNotFoundError):
                    yield entry.stat(follow_symlinks=False)
                if entry.is_dir(follow_symlinks=False):
                    waiting.append((entry.path, depth + 1))
        if depth > DEPTH:
            raise OSError(f"{place}: too deep")


def _nameless_mib(folder: str, place: str, most_mib: float) -> float:
    """The size of files that are unlinked and still open, or mapped into memory.

    The size of a file that is only mapped is unknown, so it counts as the largest allowed. Nothing
    is found if this account may not inspect the process.
    """
    size, known = 0.0, set()
    with contextlib.suppress(OSError):
        for name in os.listdir(f"{place}/fd"):
            with contextlib.suppress(OSError):
                facts = os.stat(f"{place}/fd/{name}")
                if facts.st_nlink == 0 and facts.st_ino not in known:
                    known.add(facts.st_ino)
                    size += facts.st_blocks * 512 / _MIB
    return size + most_mib * len(_mapped_nameless(folder, place) - known)


def _mapped_nameless(folder: str, place: str) -> set[int]:
    """Inode numbers of the folder's unlinked files that are mapped into memory."""
    found = set()
    with contextlib.suppress(OSError):
        text = Path(f"{place}/maps").read_text(errors="replace")
        for line in text.splitlines() if "(deleted)" in text else ():
            fields = line.split(maxsplit=5)
            if line.endswith(" (deleted)") and fields[-1].startswith(f"{folder}/"):
                found.add(int(fields[4]))
    return found


def remove(folder: str) -> None:
    """Remove a folder with everything in it, however deep; its process has ended.

    Deeper folders are moved up first, so that no path is ever longer than two names.
    """
    top = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        while names := os.listdir(top):
            for name in names:
                _remove_entry(top, name)
    finally:
        os.close(top)
    os.rmdir(folder)


def _remove_entry(top: int, name: str) -> None:
    """Remove an entry of `top`; folders in it become folders of `top`."""
    if not _is_folder(top, name):
        os.unlink(name, dir_fd=top)
        return
    below = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=top)
    try:
        for child in os.listdir(below):
            if _is_folder(below, child):
                # A name that no entry has: it is random, and the submission's processes have ended.
                os.rename(child, secrets.token_hex(16), src_dir_fd=below, dst_dir_fd=top)
            else:
                os.unlink(child, dir_fd=below)
    finally:
        os.close(below)
    os.rmdir(name, dir_fd=top)


def _is_folder(parent: int, name: str) -> bool:
    """Whether an entry is a folder; if so, make it readable and writable for its owner."""
    try:
        fd = os.open(name, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=parent)
    except NotADirectoryError:
        return False
    try:
        os.chmod(f"/proc/self/fd/{fd}", 0o700)
    finally:
        os.close(fd)
    return True
