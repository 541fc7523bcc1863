"""What the sandbox's copy of Python is to hold: files, folders and links of this machine."""

from __future__ import annotations

import contextlib
import fnmatch
import hashlib
import os
import re
import shutil
import stat
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from autograder.sandbox import places
from autograder.sandbox.inside import policy

EMPTY = ("proc", "dev", "tmp", "jail", policy.HOME.strip("/"))
"""Folders that serve as mount points."""
FORMAT = 3
"""Increase it when the way of copying changes."""


_COMPILED = "__pycache__"


_LIBRARY = re.compile(r"(/\S+) \(0x")


@dataclass
class Plan:
    """Everything to be copied, by its real path.

    Args:
        compiled: whether to look for compiled modules, too, which are copied and change no copy.
    """

    compiled: bool = True
    links: dict[str, str] = field(default_factory=dict)
    folders: dict[str, int] = field(default_factory=dict)
    """Modes of the folders."""
    files: dict[str, os.stat_result] = field(default_factory=dict)
    roots: list[str] = field(default_factory=list)
    """The places that are shown, including those that links lead to."""
    mounted: frozenset[str] = frozenset()

    def fingerprint(self) -> str:
        """A hash that changes whenever a copy made by this plan would.

        It leaves out compiled modules: Python writes one whenever it first loads a module. So a
        plan that has not looked for them has the same hash.
        """
        said = hashlib.sha256(f"{FORMAT} {EMPTY} {policy.LIBRARIES}".encode())
        for path, target in sorted(self.links.items()):
            said.update(os.fsencode(f"{path}\0{target}\0"))
        folders = {path: (mode,) for path, mode in self.folders.items()}
        files = {
            path: (facts.st_mode, facts.st_size, facts.st_mtime_ns)
            for path, facts in self.files.items()
        }
        for found in (folders, files):
            kept = sorted(path for path in found if f"/{_COMPILED}" not in path)
            said.update(os.fsencode("\0".join(f"{path}\0{found[path]}" for path in kept)))
        return said.hexdigest()[:24]

    def links_outside(self, shown: Iterable[str]) -> dict[str, str]:
        """The links that lie in none of the places."""
        return {
            link: target
            for link, target in self.links.items()
            if not any(places.is_beneath(link, place) for place in shown)
        }

    def add(self, path: str, left_out: tuple[str, ...] = ()) -> None:
        """Add a file, or a folder and its content, and the links on the way to it."""
        links, real = places.follow(path)
        for link in links:
            self.links[link] = os.readlink(link)
        if real in self.folders or real in self.files:
            return
        with contextlib.suppress(OSError):  # gone or unreadable: then it cannot be copied
            facts = os.stat(real, follow_symlinks=False)
            self.roots.append(real)
            if stat.S_ISDIR(facts.st_mode):
                self._walk(real, facts.st_mode, left_out)
            elif stat.S_ISREG(facts.st_mode):
                self.files[real] = facts

    def _walk(self, top: str, mode: int, left_out: tuple[str, ...]) -> None:
        self.folders[top] = mode
        waiting = [(top, left_out)]
        while waiting:
            folder, skipped = waiting.pop()
            with contextlib.suppress(PermissionError), os.scandir(folder) as entries:
                for entry in entries:
                    if skipped and any(fnmatch.fnmatch(entry.name, one) for one in skipped):
                        continue
                    if entry.is_symlink():
                        self._take_link(entry.path)
                    elif entry.is_dir(follow_symlinks=False):
                        if self._takes_folder(entry):
                            waiting.append((entry.path, ()))
                    elif entry.is_file(follow_symlinks=False) and entry.path not in self.mounted:
                        self.files[entry.path] = entry.stat(follow_symlinks=False)

    def _takes_folder(self, entry: os.DirEntry[str]) -> bool:
        """Add a folder; True if it is to be gone into."""
        known = entry.path in self.folders or entry.path in self.mounted
        if known or (entry.name == _COMPILED and not self.compiled):
            return False
        self.folders[entry.path] = entry.stat(follow_symlinks=False).st_mode
        return True

    def _take_link(self, path: str) -> None:
        """Add a link, and what it leads to if that lies where packages are allowed to."""
        self.links[path] = os.readlink(path)
        with contextlib.suppress(OSError):
            _, real = places.follow(path)
            known = any(places.is_beneath(real, root) for root in self.roots)
            if not known and any(real.startswith(f"{place}/") for place in policy.LINKED):
                self.add(path)


def make_plan(compiled: bool = True) -> Plan:
    """Everything of this machine that is shown; see `Plan`."""
    plan = Plan(compiled, mounted=frozenset(mount.point for mount in places.read_mounts()))
    for path in places.python_library():
        plan.add(path, policy.LEFT_OUT)
    for path in places.python_packages():
        plan.add(path, policy.LEFT_OUT_PACKAGES)
    for path in (*places.interpreter(), *places.data(), *places.programs()):
        plan.add(path)
    for name in policy.ROOT_LINKS:
        if os.path.islink(f"/{name}"):
            plan.links[f"/{name}"] = os.readlink(f"/{name}")
    return plan


def needed_libraries(files: Iterable[str]) -> list[str]:
    """The machine's shared libraries that the programs and libraries among these files need."""
    binaries = [path for path in files if _is_binary(path)]
    said = ""
    if binaries and shutil.which("ldd"):
        for start in range(0, len(binaries), 500):
            command = ["ldd", *binaries[start : start + 500]]
            said += subprocess.run(command, capture_output=True, text=True, check=False).stdout
        found = {os.path.normpath(path) for path in _LIBRARY.findall(said)}
    else:
        found = set(places.library_folders())
    folders = {os.path.dirname(path) for path in found}
    found |= {f"{folder}/{name}" for folder in folders for name in policy.LIBRARIES}
    return sorted(path for path in found if os.path.exists(path))


def _is_binary(path: str) -> bool:
    name = os.path.basename(path)
    if ".so" not in name and not os.access(path, os.X_OK):
        return False
    try:
        with Path(path).open("rb") as file:
            return file.read(4) == b"\x7fELF"
    except OSError:
        return False
