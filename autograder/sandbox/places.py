"""Finds what the sandbox shows of the machine, and private places that lie beneath it by accident.

A folder is shown because Python or a library needs it, never because of where it lies: `/usr` as a
whole also holds the exchange, configuration and whatever else people put there. `policy` has the
names; this module finds where they are on this machine. It knows no course: the caller says which
places are private.
"""

from __future__ import annotations

import glob
import os
import re
import site
import sys
import sysconfig
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.sandbox.inside import policy

_MOST_LINKS = 40
"""The number of links in a row that the kernel follows."""


@dataclass(frozen=True)
class Mount:
    """One line of the kernel's table of mounts."""

    point: str
    device: str
    root: str
    """The folder of the device that appears at `point`."""
    kind: str = ""
    """The type of the file system."""


@dataclass(frozen=True)
class Exposure:
    """A private place that students' code could read."""

    private: str
    shown: str
    """The place, shown inside, that leads to it."""

    def __str__(self) -> str:
        inner, outer = os.path.realpath(self.shown), os.path.realpath(self.private)
        if inner != outer and is_beneath(inner, outer):
            return f"{self.private}, of which a link among Python's packages shows {self.shown}"
        return f"{self.private} lies beneath {self.shown}"


# What is shown ------------------------------------------------------------------------------------


def python_library() -> list[str]:
    """The folders of Python's own modules."""
    folders = {os.path.dirname(os.__file__)}
    folders |= {path for path in sys.path if os.path.basename(path) == "lib-dynload"}
    return _outermost(folders)


def python_packages() -> list[str]:
    """The folders of installed packages, in the order in which Python searches them.

    A user's own package folder is not included: any program of that user can fill it.
    """
    paths = sysconfig.get_paths()
    folders = (paths["purelib"], paths["platlib"], *site.getsitepackages())
    return list(dict.fromkeys(os.path.realpath(f) for f in folders if os.path.isdir(f)))


def interpreter() -> list[str]:
    """Python's own program under its usual names, and the file that says where its library is."""
    names = ("python", "python3", f"python{sys.version_info.major}.{sys.version_info.minor}")
    base = getattr(sys, "_base_executable", sys.executable)
    bins = {os.path.dirname(path) for path in (sys.executable, base)}
    found = {os.path.join(folder, name) for folder in bins for name in names}
    found |= {sys.executable, base, os.path.join(sys.prefix, "pyvenv.cfg")}
    return sorted(path for path in found if os.path.exists(path))


def data() -> list[str]:
    """Fonts, time zones, locales and the like, of the machine and of Python's prefix."""
    below = [os.path.join(p, name) for p in _prefixes() for name in policy.DATA_OF_PREFIX]
    return _existing((*policy.DATA, *below))


def library_folders() -> list[str]:
    """The machine's folders of shared libraries, and Python's own; of `/usr/lib`, single files."""
    stores = [s for s in policy.STORES if os.path.realpath(sys.executable).startswith(f"{s}/")]
    files = [os.path.join(prefix, "lib", "*.so*") for prefix in _prefixes()]
    return _existing((*policy.LIBRARY_FOLDERS, *stores, *policy.LIBRARY_FILES, *files))


def programs() -> list[str]:
    """The programs of `policy.PROGRAMS` that are on this machine."""
    return _existing(os.path.join(f, glob.escape(p)) for f in policy.PROGRAM_FOLDERS
                     for p in policy.PROGRAMS)  # fmt: skip


def named() -> list[str]:
    """Every place that is shown by its own name; links in them may lead to a few more."""
    return [*python_library(), *python_packages(), *interpreter(), *data(), *programs()]


def _prefixes() -> list[str]:
    """Where Python is installed, if it is not the system's own."""
    prefixes = {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}
    return sorted(prefixes - {"/usr"})


def _existing(patterns: Iterable[str]) -> list[str]:
    """The paths that match some patterns."""
    return sorted({path for pattern in patterns for path in glob.glob(pattern)})


def _outermost(paths: Iterable[str]) -> list[str]:
    """The paths that do not lie in another of them."""
    kept: list[str] = []
    for path in sorted(set(paths), key=len):
        if not any(is_beneath(path, other) for other in kept):
            kept.append(path)
    return sorted(kept)


# Where a path really leads ------------------------------------------------------------------------


def follow(path: str) -> tuple[list[str], str]:
    """The links on the way to a path, each by its real location, and the real path.

    Raises:
        OSError: there are too many links in a row.
    """
    links: list[str] = []
    here, left = "/", _parts(path)
    while left:
        part = left.pop(0)
        if part == "..":
            here = os.path.dirname(here)
            continue
        entry = os.path.join(here, part)
        if not os.path.islink(entry):
            here = entry
            continue
        links.append(entry)
        if len(links) > _MOST_LINKS:
            raise OSError(f"{path}: too many links")
        target = os.readlink(entry)
        here = "/" if target.startswith("/") else here
        left = _parts(target) + left
    return links, here


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part not in ("", ".")]


def is_beneath(path: str, folder: str) -> bool:
    """Whether a path is a folder or lies in it, as written."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


# What must not be shown ---------------------------------------------------------------------------


def read_mounts() -> list[Mount]:
    """The table of mounts of this process, in the order in which they were made."""
    found = []
    for line in Path("/proc/self/mountinfo").read_text(errors="surrogateescape").splitlines():
        about, _, kind = line.partition(" - ")
        _, _, device, root, point = about.split(" ")[:5]
        found.append(Mount(_plain(point), device, _plain(root), kind.split(" ")[0]))
    return found


def _plain(text: str) -> str:
    """A path without the escapes that the kernel writes for blanks."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)


def exposures(private: Sequence[str], shown: Sequence[str]) -> list[Exposure]:
    """Private places that can be reached through a shown one, under any of their names.

    A folder may be mounted in a second place, so places are compared by device and by their path on
    it. A mount below a shown place is never shown with it.

    A link among Python's packages must not lead into a private place either. Python itself may lie
    in one: an environment inside a course shows nothing of the course.

    Args:
        private: places that no submission may read.
        shown: places that submissions may read.
    """
    mounts = read_mounts()
    found = _linked_into(private, shown)
    origins = [(folder, *_origin(os.path.realpath(folder), mounts)) for folder in shown]
    for place in private:
        device, path = _origin(os.path.realpath(place), mounts)
        found += [
            Exposure(place, folder)
            for folder, shown_device, root in origins
            if shown_device == device and is_beneath(path, root)
        ]
    return found


def _linked_into(private: Sequence[str], shown: Sequence[str]) -> list[Exposure]:
    """Private places that hold something shown because a link among packages leads to it."""
    own = [os.path.realpath(path) for path in named()]
    linked = [path for path in shown if not any(is_beneath(path, place) for place in own)]
    real = {place: os.path.realpath(place) for place in private}
    return [
        Exposure(place, path)
        for place in private
        if any(is_beneath(real[place], area) for area in policy.LINKED)
        for path in linked
        if path != real[place] and is_beneath(path, real[place])
    ]


def _origin(path: str, mounts: Sequence[Mount]) -> tuple[str, str]:
    """The device that holds a real path, and the path on that device."""
    over = [mount for mount in mounts if is_beneath(path, mount.point)]
    if not over:
        return "", path
    longest = max(len(mount.point) for mount in over)
    mount = [m for m in over if len(m.point) == longest][-1]
    below = os.path.relpath(path, mount.point)
    return mount.device, os.path.normpath(os.path.join(mount.root, below))
