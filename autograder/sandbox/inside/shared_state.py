"""What a tester and a notebook share besides objects: random states, files, printed text.

In a kernel, tests and student's code use the same generators, the same folder and the same output.
Here each message between the two carries what is new. This module is loaded inside the sandbox
only.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import random
import sys
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from autograder.sandbox.inside.outputs import Outputs

MOST_FILES = 500
MOST_BYTES = 8 * 2**20
"""What is looked at of a folder, and what of it crosses with one message."""
CODE = {
    ".py",
    ".pyc",
    ".pyd",
    ".so",
    ".ipy",
    ".ipynb",
    ".pth",
    ".sh",
    ".egg",
    ".zip",
    ".cfg",
    ".toml",
}
"""Endings of files that a tester never takes: they might be run there."""


class Written:
    """Whether a file may have been written, as Python itself reports it."""

    def __init__(self) -> None:
        self.perhaps = True
        sys.addaudithook(self._note)

    def _note(self, event: str, args: tuple[Any, ...]) -> None:
        if event in _WRITES:
            self.perhaps = True
        elif event == "open":
            mode, flags = args[1], args[2]
            self.perhaps |= bool(flags & _FOR_WRITING) or (mode is not None and mode != "r")


class SharedState:
    """One side's random states, files and printed text, as the other side should have them.

    Args:
        outputs: what is printed here.
        takes_code: whether files of code may come from the other side.
        prints: prints here what the other side printed; without it, this side tells what it prints.
        keeps: files that the other side may not change here.
    """

    def __init__(
        self,
        outputs: Outputs,
        takes_code: bool,
        prints: Callable[[str, str], None] | None,
        keeps: Collection[str] = (),
    ) -> None:
        self._outputs, self._takes_code, self._prints = outputs, takes_code, prints
        self._keeps = {os.path.normpath(name) for name in keeps}
        self._told: Any = None
        """The random states that the other side told last, while they do not hold here."""
        self._own: Any = None
        """This side's own random states, while those of the other side hold here."""
        self.takes_random = True
        """Whether the other side's random states hold here, too."""
        self._seeded = False
        # A tester's state is no news: what the notebook has seeded before must hold.
        self._random: Image | None = None if prints is None else _image(None)
        self._files = _look()
        self._written = Written()

    def _may_come(self, name: str) -> bool:
        """Whether a file of the other side may be written here."""
        return os.path.normpath(name) not in self._keeps and (self._takes_code or is_no_code(name))

    def notice_seeding(self) -> None:
        """Tell the other side of each seeding, also of one with the same seed as before."""
        random.seed = self._noticing(random.seed)
        np.random.seed = self._noticing(np.random.seed)

    def _noticing(self, seed: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(seed)
        def seed_and_tell(*args: Any, **named: Any) -> None:
            self._seeded = True
            seed(*args, **named)

        return seed_and_tell

    def start_anew(self) -> None:
        """Tell a new other side nothing of what was before."""
        self._random = _image(None)

    def begin_cell(self) -> None:
        """Show each warning once for each cell; take random states that wait to be taken."""
        self._outputs.begin()
        self._take_random()
        if not self.takes_random and self._own is not None:
            self._told = self._told or _lowered(_random_state())
            _set_random(self._own)
            self._random, self._own = _image(None), None

    def _take_random(self) -> None:
        if self.takes_random and self._told is not None:
            self._own = self._own or _lowered(_random_state())
            with contextlib.suppress(Exception):
                _set_random(self._told)
            self._random, self._told = _image(None), None

    def settle(self) -> None:
        """Take the files that are there for known on the other side."""
        self._files = _look()

    def news(self, whole: bool = False) -> dict[str, Any]:
        """What has changed here since the last message in either direction.

        Args:
            whole: look at the files even if none seems to have been written.
        """
        told: dict[str, Any] = {}
        image = _image(self._random)
        if image != self._random or self._seeded:
            self._random, self._seeded, self._told = image, False, None
            told["random"] = _lowered(_random_state())
        if self._written.perhaps or whole:
            self._written.perhaps = False
            files = _look()
            if files != self._files:
                told["files"] = _changed(self._files, files)
                self._files = files
        if self._prints is None and (printed := self._outputs.take()):
            told["printed"] = printed
        return told

    def take(self, told: dict[str, Any]) -> None:
        """Make what the other side told hold here, too; nothing in it is trusted."""
        if "random" in told:
            self._told = told["random"]
            self._take_random()
        if told.get("files"):
            for name, data in told["files"].items():
                if self._may_come(str(name)):
                    with contextlib.suppress(OSError, ValueError):
                        _write(str(name), data)
            self._files = _look()
            self._written.perhaps = False
        if self._prints is not None:
            for stream, text in told.get("printed", ()):
                if stream in ("stdout", "stderr"):
                    self._prints(stream, str(text))


_WRITES = {
    "os.remove",
    "os.rename",
    "os.mkdir",
    "os.rmdir",
    "os.truncate",
    "os.link",
    "os.symlink",
    "os.system",
    "os.posix_spawn",
    "os.fork",
    "subprocess.Popen",
    "sqlite3.connect",
    "shutil.copyfile",
    "shutil.move",
    "shutil.rmtree",
    "ctypes.dlopen",
}
"""What Python reports before files may change, besides opening them."""
_FOR_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


Image = tuple[tuple[Any, ...], tuple[float, ...]]
"""What both generators look like: their words, and the normal number that NumPy's has ready."""
_PYTHONS = random.getrandbits.__self__  # type: ignore[attr-defined]  # the generator of the module
_WORDS = 4 * 625
"""Bytes of the Mersenne Twister in memory: 624 words, and the place of the next one."""


def _numpys() -> np.random.BitGenerator:
    """What NumPy's own functions draw from."""
    bits: np.random.BitGenerator = np.random.get_bit_generator()  # type: ignore[attr-defined]
    return bits


def _image(known: Image | None) -> Image:
    """The image of both generators, `known` if it is still that; fifty times as fast as a state.

    A number that is drawn changes the words, unless it is the second of two normal numbers, which
    are made together.
    """
    bits = _numpys()
    twister = isinstance(bits, np.random.MT19937)
    numpys = ctypes.string_at(bits.ctypes.state_address, _WORDS) if twister else b""
    pythons = ctypes.string_at(id(_PYTHONS) + object.__basicsize__, _WORDS)
    words = numpys, pythons, _PYTHONS.gauss_next
    if known is not None and words == known[0] and not known[1]:
        return known
    state: Any = np.random.get_state(legacy=False)
    return words, (state["gauss"],) if state["has_gauss"] else ()


def _random_state() -> tuple[Any, ...]:
    """The states of both generators; a generator of another kind than NumPy's own is not shared."""
    if not isinstance(_numpys(), np.random.MT19937):
        return ("", b"", 0, 0, 0.0, random.getstate())
    state: Any = np.random.get_state(legacy=True)
    return (str(state[0]), state[1].tobytes(), *state[2:], random.getstate())


def _lowered(state: tuple[Any, ...]) -> Any:
    """The states of both generators, as plain values."""
    name, key, place, has_gauss, gauss, (version, words, next_gauss) = state
    numpys = (name, key, int(place), int(has_gauss), float(gauss))
    return (numpys, (version, np.array(words, dtype=np.uint64).tobytes(), next_gauss))


def _set_random(state: Any) -> None:
    (name, key, place, has_gauss, gauss), (version, words, next_gauss) = state
    if name == "MT19937":
        np.random.set_state((name, np.frombuffer(key, dtype=np.uint32), place, has_gauss, gauss))
    plain = tuple(int(word) for word in np.frombuffer(words, dtype=np.uint64))
    random.setstate((version, plain, next_gauss))


def _look() -> dict[str, tuple[int, int]]:
    """The files of the working folder, each with its time and its size."""
    found: dict[str, tuple[int, int]] = {}
    waiting = ["."]
    while waiting:
        with contextlib.suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if not entry.name.startswith((".", "__pycache__")):
                        waiting.append(entry.path)
                    continue
                with contextlib.suppress(OSError):
                    about = entry.stat(follow_symlinks=False)
                    found[entry.path] = about.st_mtime_ns, about.st_size
                if len(found) >= MOST_FILES:
                    return found
    return found


def _changed(old: dict[str, tuple[int, int]], new: dict[str, tuple[int, int]]) -> dict[str, Any]:
    """By path, the contents of files that are new or changed, and None for those that are gone."""
    told: dict[str, Any] = {path: None for path in old if path not in new}
    left = MOST_BYTES
    for path, about in new.items():
        if old.get(path) == about or about[1] > left or os.path.islink(path):
            continue
        with contextlib.suppress(OSError):
            told[path] = Path(path).read_bytes()
            left -= about[1]
    return told


def is_no_code(name: str) -> bool:
    """Whether a tester may have a file of that name from a student."""
    return not any(part.casefold() in CODE for part in Path(name).suffixes)


def _write(name: str, data: Any) -> None:
    path = Path(os.path.normpath(name))
    if path.is_absolute() or ".." in path.parts:
        raise ValueError(name)
    if data is None:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(data))
