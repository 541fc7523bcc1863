"""Ends a submission that exceeds a limit which the kernel does not enforce by itself.

Where the working folder is not a file system of its own, that is the limit on the folder
(`folder_watch`). Otherwise it is the limit on the memory of all processes together, where no
control group bounds it (`memory_watch`).
"""

from __future__ import annotations

import contextlib
import errno
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from autograder.limits import Limits
from autograder.sandbox import folder_watch, memory_watch
from autograder.sandbox.cgroup import WARM_MIB
from autograder.sandbox.inside.channel import Channel
from autograder.sandbox.inside.jail import WRITABLE_FULL


@dataclass
class Inmate:
    """One submission's process inside the sandbox."""

    channel: Channel
    pidfd: int
    pid: int
    home: str


@contextlib.contextmanager
def watched_folder(inmate: Inmate, limits: Limits) -> Iterator[None]:
    """Watch the working folder of a process for the length of the block."""

    def look() -> float | None:
        place = memory_watch.place_of(memory_watch.process_of(inmate.pidfd))
        over = folder_watch.is_over(inmate.home, place, limits.file_mib, limits.files)
        return None if over else folder_watch.LOOK_S

    with _watched(inmate, look):
        yield


@contextlib.contextmanager
def watched_memory(inmate: Inmate, limits: Limits) -> Iterator[None]:
    """Watch the memory of a process and all that it started, for the length of the block."""
    most = limits.memory_mib + WARM_MIB

    def look() -> float | None:
        pid = memory_watch.process_of(inmate.pidfd)
        held = memory_watch.held_mib(pid, WRITABLE_FULL, most) if pid > 0 else 0.0
        if held > most:
            return None
        return memory_watch.LOOK_S if held < most / 2 else memory_watch.LOOK_SOON_S

    with _watched(inmate, look):
        yield


@contextlib.contextmanager
def _watched(inmate: Inmate, look: Callable[[], float | None]) -> Iterator[None]:
    """Look again and again, and kill the process when `look` returns None.

    Args:
        inmate: the process.
        look: returns the seconds until the next look, or None if the process takes too much.
    """
    stop = threading.Event()

    def watch() -> None:
        wait_s: float | None = memory_watch.LOOK_S
        while not stop.wait(wait_s):
            wait_s = _looked(look)
            if wait_s is None:
                with contextlib.suppress(OSError):
                    signal.pidfd_send_signal(inmate.pidfd, signal.SIGKILL)
                return

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        stop.set()
        watcher.join()


def _looked(look: Callable[[], float | None]) -> float | None:
    """The result of a look; a process that cannot be inspected counts as taking too much."""
    try:
        return look()
    except (MemoryError, OSError, memory_watch.Unseen) as fault:
        # Our own work on its answers may use up this process's memory for a while: look again.
        short = isinstance(fault, MemoryError) or getattr(fault, "errno", 0) == errno.ENOMEM
        return memory_watch.LOOK_S if short else None
