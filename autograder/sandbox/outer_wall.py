"""The outer wall of the *full* tier: bubblewrap, a small read-only tree, no network.

The tree is the sandbox's own copy of Python (`replica`), mounted as `/`. Over it are mounted a few
folders in memory, the devices that every program expects, and the modules of `inside`, which run
there.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from autograder.errors import NoJail
from autograder.sandbox.places import is_beneath
from autograder.sandbox.replica import PythonCopy

INSIDE = "/jail"
"""The folder, inside the wall, of the modules that run in the sandbox."""
PACKAGE = Path(__file__).resolve().parent.parent
"""The folder of this package."""
SYSTEM = ("/usr", "/lib", "/lib32", "/lib64", "/bin", "/sbin", "/etc", "/nix", "/gnu")
"""Folders that belong to the machine and not to a person."""
COVERED = ("/proc", "/dev", "/tmp")
"""Folders that are mounted over the copy; what the copy has there is mounted again on top."""


class OuterWall(PythonCopy):
    """The wall around one warm process; `release` it in the end.

    Raises:
        NoJail: bubblewrap is not installed, or there is no place for the copy of Python; the text
            says what to do.
    """

    def __init__(self) -> None:
        program = shutil.which("bwrap")
        if program is None:
            raise NoJail("bubblewrap is not installed; run: apt-get install bubblewrap")
        self._program = program
        super().__init__()
        self._hidden = [path for path in self._replica.shown if _is_covered(path)]
        self._hidden_links = {k: v for k, v in self._replica.links.items() if _is_covered(k)}

    @property
    def readable(self) -> list[str]:
        """The places that Landlock allows inside.

        They are the system's folders, which hold only what was copied, and each other copied place
        by its own name, so that no folder above it can be listed.
        """
        there = {f"/{name}" for name in os.listdir(self._replica.root)}
        system = [path for path in SYSTEM if path in there]
        own = [p for p in self._replica.shown if not any(is_beneath(p, s) for s in system)]
        return [*system, *own, INSIDE]

    def around(self, scratch: Path) -> list[str]:
        """The command line that goes before the warm process's own.

        Args:
            scratch: a private folder for the modules that run inside, so that no other account sees
                when they are opened.
        """
        wall = [self._program, "--die-with-parent", "--new-session", "--unshare-pid"]
        wall += ["--unshare-net", "--unshare-ipc", "--unshare-uts", "--hostname", "jail"]
        if os.getuid() == 0:
            # Just enough to leave root, which is the first thing that the warm process does.
            wall += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
        else:
            wall += ["--unshare-user"]
        root = str(self._replica.root)
        wall += ["--ro-bind", root, "/", "--proc", "/proc", "--dev", "/dev"]
        wall += ["--perms", "1777", "--tmpfs", "/tmp", "--perms", "1777", "--tmpfs", "/dev/shm"]
        made = set(COVERED)
        for path in self._hidden:
            wall += [*_parents(path, made), "--ro-bind", f"{root}{path}", path]
        for path, target in self._hidden_links.items():
            wall += [*_parents(path, made), "--symlink", target, path]
        wall += ["--ro-bind", str(lay_out_modules(scratch)), INSIDE]
        return [*wall, "--remount-ro", "/", "--chdir", "/", "--"]


def _is_covered(path: str) -> bool:
    return any(is_beneath(path, folder) for folder in COVERED)


def _parents(path: str, made: set[str]) -> list[str]:
    """Options that make a path's parent folders, which bubblewrap by itself makes unreadable."""
    options: list[str] = []
    for parent in reversed(Path(path).parents):
        if str(parent) != "/" and str(parent) not in made:
            made.add(str(parent))
            options += ["--perms", "0755", "--dir", str(parent)]
    return options


def lay_out_modules(scratch: Path) -> Path:
    """Copy the whole folder `sandbox.inside` into a folder that belongs to this sandbox.

    The packages above it are empty there: nothing else of this program enters.
    """
    folder = scratch / "modules"
    target = folder / "autograder" / "sandbox" / "inside"
    target.mkdir(mode=0o755, parents=True, exist_ok=True)
    for module in sorted((PACKAGE / "sandbox" / "inside").glob("*.py")):
        shutil.copyfile(module, target / module.name)
    for package in (target.parent, target.parent.parent):
        (package / "__init__.py").touch()
    for made in (folder, *folder.rglob("*")):
        made.chmod(0o755 if made.is_dir() else 0o644)
    return folder
