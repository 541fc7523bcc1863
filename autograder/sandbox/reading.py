"""Reads files and lists folders that others wrote, beneath a trusted folder.

Reading never follows a link, never waits for a pipe, and takes in no more than it is allowed to.
"""

from __future__ import annotations

import os
import stat
from itertools import islice
from pathlib import Path

from autograder.sandbox.beneath import FAULTS, Unreachable, Unreadable, open_beneath

MOST_NAMES, MOST_DEPTH = 1_000, 3
"""Most names of one submission that are listed, and how deep its folders may be."""


def read_bytes(folder: Path, name: str, most_mib: float, owner: int | None = None) -> bytes:
    """The content of a regular file beneath `folder`.

    Args:
        folder: is trusted; everything beneath it is not.
        name: path below the folder.
        most_mib: the largest size that is read.
        owner: account number that the file must belong to, if it comes straight from an exchange.
            The opened file is checked, so nobody can swap it in between.

    Raises:
        Unreadable: it is a link, a folder, a pipe, too large, another's, or cannot be opened.
    """
    fd = open_beneath(folder, name)
    try:
        _require_plain(os.fstat(fd), most_mib)
        if owner is not None and os.fstat(fd).st_uid != owner:
            raise Unreadable("the file belongs to another account than the student's")
        with os.fdopen(os.dup(fd), "rb") as file:
            data = file.read(int(most_mib * 2**20) + 1)
    except OSError as error:
        kind = Unreachable if error.errno in FAULTS else Unreadable
        raise kind(f"the file cannot be read: {error.strerror}") from None
    finally:
        os.close(fd)
    if len(data) > most_mib * 2**20:
        raise Unreadable(f"the file is larger than {most_mib:g} MiB")
    return data


def list_files(folder: Path, place: str) -> list[str]:
    """Paths in a submission's folder and the folders below it, relative to it.

    Links and anything else that is not a folder are listed, and not followed. An entry that may
    hold more files and was not opened ends with a slash: a folder that cannot be read or lies too
    deep, a link without a file ending, and, after `MOST_NAMES` names, one entry for all others.

    Args:
        folder: is trusted; everything beneath it is not.
        place: the submission's folder, as a path below it.

    Raises:
        Unreadable: the submission's folder is a link, not a folder, or cannot be read.
    """
    found: list[str] = []
    waiting = [""]
    while waiting and len(found) <= MOST_NAMES:
        below = waiting.pop(0)
        try:
            files, folders = _entries(folder, f"{place}/{below}".rstrip("/"))
        except Unreadable:
            if not below:
                raise
            found.append(f"{below}/")
            continue
        prefix = f"{below}/" if below else ""
        found += [prefix + name for name in files]
        if below.count("/") + bool(below) < MOST_DEPTH:
            waiting += [prefix + name for name in folders]
        else:
            found += [f"{prefix}{name}/" for name in folders]
    if waiting or len(found) > MOST_NAMES:
        return [*found[:MOST_NAMES], _OTHERS]
    return found


_OTHERS = f"more than {MOST_NAMES} files/"
"""Stands for the names that are not listed."""


def _entries(folder: Path, place: str) -> tuple[list[str], list[str]]:
    """Names of the files and of the folders in a folder."""
    fd = open_beneath(folder, place)
    try:
        if not stat.S_ISDIR(os.fstat(fd).st_mode):
            raise Unreadable("a file lies where a folder is expected")
        with os.scandir(fd) as entries:
            known = [
                (_listed(entry), entry.is_dir(follow_symlinks=False))
                for entry in islice(entries, MOST_NAMES + 1)
            ]
    except OSError as error:
        kind = Unreachable if error.errno in FAULTS else Unreadable
        raise kind(f"the folder cannot be read: {error.strerror}") from None
    finally:
        os.close(fd)
    files = sorted(name for name, is_folder in known if not is_folder)
    return files, sorted(name for name, is_folder in known if is_folder)


def _listed(entry: os.DirEntry[str]) -> str:
    """An entry's name; a link that may lead to a folder is marked as one that was not opened."""
    may_lead_to_folder = entry.is_symlink() and not Path(entry.name).suffix
    return f"{entry.name}/" if may_lead_to_folder else entry.name


def inspect_folder(folder: Path, name: str, most: int) -> tuple[os.stat_result, list[str]]:
    """The status of the folder `name` beneath `folder`, and the names in it.

    Args:
        folder: is trusted; everything beneath it is not.
        name: path below the folder.
        most: how many names are read.

    Raises:
        Unreadable: it is a link, not a folder, or cannot be opened.
    """
    fd = open_beneath(folder, name)
    try:
        status = os.fstat(fd)
        if not stat.S_ISDIR(status.st_mode):
            raise Unreadable("it is not a folder")
        with os.scandir(fd) as entries:
            return status, sorted(entry.name for entry in islice(entries, most))
    except OSError as error:
        kind = Unreachable if error.errno in FAULTS else Unreadable
        raise kind(f"the folder cannot be read: {error.strerror}") from None
    finally:
        os.close(fd)


def _require_plain(status: os.stat_result, most_mib: float) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise Unreadable("it is a folder, not a notebook file")
    if not stat.S_ISREG(status.st_mode):
        raise Unreadable("it is not a regular file (a pipe, a socket or a device)")
    if status.st_nlink > 1:
        raise Unreadable("the file has a second name (a hard link); submit a copy of its own")
    if status.st_size > most_mib * 2**20:
        size = status.st_size / 2**20
        raise Unreadable(
            f"the file has {size:.0f} MiB; at most {most_mib:g} MiB are read. "
            "Clear the outputs of its cells, save it and submit it again"
        )
