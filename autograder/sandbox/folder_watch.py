"""The working folder of the *reduced* tier, which is no file system of its own: watched, removed.

What a submission leaves there may be nested deeper than Python calls itself, have paths longer than
the kernel takes, or be unlinked and still open. So nothing here goes down by recursion, what cannot
be looked into counts as too much, and files without a name are found by who has them open.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

LOOK_S = 0.1
"""How often somebody should look."""
DEPTH = 64
"""Folders in one another; nobody's work has more."""
_MIB = 1 << 20


def is_over(folder: str, place: str, most_mib: float, most_files: int) -> bool:
    """Whether a process holds more files in its folder than it may, links not followed.

    Args:
        folder: the working folder.
        place: where in /proc the process that works in it is looked at: it may hold files that have
            no name any more.
        most_mib: what all files may take together; no single one can be larger.
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
    """The facts of everything in a folder.

    Raises:
        OSError: something cannot be looked into, or is too deep.
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
    """What files take that are unlinked and still open, or mapped into memory.

    Of one that is only mapped the size cannot be seen: it counts as the largest that there may be.
    Nothing is found where this account may not look at the process.
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

    What lies deeper is moved up first, so that no path is ever longer than two names.
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
                # Nobody's name: it is drawn when whoever gave names here has ended.
                os.rename(child, secrets.token_hex(16), src_dir_fd=below, dst_dir_fd=top)
            else:
                os.unlink(child, dir_fd=below)
    finally:
        os.close(below)
    os.rmdir(name, dir_fd=top)


def _is_folder(parent: int, name: str) -> bool:
    """Whether an entry is a folder; if so, its owner may look into it and empty it from now on."""
    try:
        fd = os.open(name, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=parent)
    except NotADirectoryError:
        return False
    try:
        os.chmod(f"/proc/self/fd/{fd}", 0o700)
    finally:
        os.close(fd)
    return True
