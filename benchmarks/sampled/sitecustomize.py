"""Samples what each Python process does, when this folder is on its path; see stages.py.

Python imports a module of this name when it starts, so a command is sampled from its first import
on, and so are the Python processes that it starts. Those in a jail are not: nothing of the
environment gets there. Writes one file a process to the folder that SAMPLES_INTO names; SAMPLES_OF
is the folder of the package that is looked at.
"""

import atexit
import json
import os
import sys
import threading
import time
from collections import defaultdict
from pathlib import Path
from types import FrameType

EVERY_S = 0.002
KEPT_EVERY_S = 0.5
"""How often the file is written: a process may be ended at any time."""


class Sampler:
    """Seconds by thread and stack, of which only frames of one package are kept.

    Args:
        into: the folder for the file.
        package: the package's folder, with a slash at its end.
    """

    def __init__(self, into: Path, package: str) -> None:
        self._package = package
        role = "worker" if "--multiprocessing-fork" in sys.orig_argv else "program"
        self._path = into / f"{role}-{os.getpid()}.json"
        self._seconds = defaultdict[tuple[str, ...], float](float)
        self._keeping = threading.Lock()

    def run(self) -> None:
        """Sample until the process ends."""
        last = kept = time.perf_counter()
        while True:
            time.sleep(EVERY_S)
            now = time.perf_counter()
            names = {thread.ident: thread.name for thread in threading.enumerate()}
            for ident, frame in sys._current_frames().items():
                if ident != threading.get_ident():
                    self._seconds[names.get(ident, ""), *self._stack(frame)] += now - last
            last = now
            if now - kept > KEPT_EVERY_S:
                self.keep()
                kept = now

    def keep(self) -> None:
        """Write what there is so far; the file is whole, whenever the process is ended."""
        found = [[seconds, *stack] for stack, seconds in list(self._seconds.items())]
        with self._keeping:
            part = self._path.with_suffix(".part")
            part.write_text(json.dumps(found), encoding="utf-8")
            part.replace(self._path)

    def _stack(self, frame: FrameType | None) -> tuple[str, ...]:
        """The stack from the inside out, as module.function; an import is all that counts."""
        names = []
        while frame is not None:
            code = frame.f_code
            if code.co_filename.startswith("<frozen importlib"):
                return ("import",)
            if code.co_filename.startswith(self._package):
                module = code.co_filename.removeprefix(self._package).removesuffix(".py")
                names.append(f"{module}.{code.co_qualname}")
            frame = frame.f_back
        return tuple(names)


if "SAMPLES_INTO" in os.environ:
    sampler = Sampler(Path(os.environ["SAMPLES_INTO"]), os.environ["SAMPLES_OF"])
    atexit.register(sampler.keep)
    threading.Thread(target=sampler.run, name="sampler", daemon=True).start()
