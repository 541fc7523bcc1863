"""All processes of a submission together stay below one limit, with a control group and without."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any

import pytest

from autograder.errors import NoJail
from autograder.limits import Limits
from autograder.sandbox import memory_watch
from autograder.sandbox.cgroup import WARM_MIB
from autograder.sandbox.inside import policy
from autograder.sandbox.inside.wire import WireError
from autograder.sandbox.supervisor import Jail

LIMITS = Limits(cell_wall_s=20, memory_mib=512, processes=40, file_mib=64, cpu_s=60)
SLACK_MIB = 1200
"""Memory that the kernel hands out between two looks on a busy machine, far below each attack's
aim."""


class JailWithoutGroup(Jail):
    """The *full* jail as it is where no control group can be written."""

    def _make_group(self) -> None:
        return None


@pytest.fixture(scope="module")
def there() -> Iterator[Jail]:
    """A jail without a control group."""
    try:
        jail = JailWithoutGroup(LIMITS, policy.FULL)
    except NoJail as reason:
        pytest.skip(f"full does not hold here: {reason}")
    with jail:
        yield jail


def run(jail: Jail, source: str) -> tuple[dict[str, Any], float]:
    """The reply to a cell, and the most memory that the submission was seen to hold."""
    most = 0.0
    with jail.fork() as inmate:
        pid = memory_watch.process_of(inmate.pidfd)
        inmate.channel.send({"op": "cell", "source": source, "label": "cell"})
        reply: Any = None
        deadline = time.monotonic() + 20
        while reply is None and time.monotonic() < deadline:
            with contextlib.suppress(memory_watch.Unseen):  # it is about to end
                most = max(most, memory_watch.held_mib(pid, ("/tmp", "/dev/shm"), 0))
            try:
                reply = inmate.channel.receive(deadline=time.monotonic() + 0.1)
            except WireError as error:
                reply = {"ended": True} if "Closed" in type(error).__name__ else None
    return reply or {}, most


GREED = {
    "children": (
        "import os, time\nfor _ in range(10):\n    if os.fork() == 0:\n"
        "        kept = bytearray(b'x') * (300 << 20); time.sleep(10); os._exit(0)\ntime.sleep(10)"
    ),
    "grandchildren": (
        "import os, time\nfor _ in range(10):\n    if os.fork() == 0:\n"
        "        if os.fork(): os._exit(0)\n        os.setsid()\n"
        "        kept = bytearray(b'x') * (300 << 20); time.sleep(10); os._exit(0)\ntime.sleep(10)"
    ),
    "forks that hand on": (
        "import os, time\nfor _ in range(8):\n    if os.fork() == 0:\n"
        "        kept = bytearray(b'x') * (250 << 20)\n        for _ in range(200):\n"
        "            if os.fork(): time.sleep(0.02); os._exit(0)\n            kept[0] = 1\n"
        "        os._exit(0)\ntime.sleep(10)"
    ),
    "first threads that end": (
        "import ctypes, os, threading, time\ndef hold():\n"
        "    global kept; kept = bytearray(b'x') * (300 << 20); time.sleep(10); os._exit(0)\n"
        "for _ in range(10):\n    if os.fork() == 0:\n"
        "        threading.Thread(target=hold).start()\n"
        "        ctypes.CDLL(None).syscall(60, 0)\ntime.sleep(10)"
    ),
    "shared memory": (
        "import mmap, os, time\nfor _ in range(10):\n    if os.fork() == 0:\n"
        "        area = mmap.mmap(-1, 300 << 20)\n"
        "        for n in range(0, 300 << 20, 4096): area[n] = 1\n"
        "        time.sleep(10); os._exit(0)\ntime.sleep(10)"
    ),
    "subprocesses": (
        "import subprocess, sys, time\n"
        "code = 'kept = bytearray(b\"x\") * (300 << 20); import time; time.sleep(10)'\n"
        "all = [subprocess.Popen([sys.executable, '-S', '-c', code]) for _ in range(10)]\n"
        "time.sleep(10)"
    ),
    "socket buffers": (
        "import os, socket, time\nfor _ in range(38):\n    if os.fork() == 0:\n        kept = []\n"
        "        try:\n            while True:\n"
        "                pair = socket.socketpair(); kept.append(pair)\n"
        "                for end in pair:\n                    end.setblocking(False)\n"
        "                    try:\n                        while True: end.send(bytes(1 << 15))\n"
        "                    except BlockingIOError: pass\n"
        "        except OSError: pass\n        time.sleep(10); os._exit(0)\ntime.sleep(10)"
    ),
}
"""Ways to take more than the limit by many processes, each of which stays below it."""


@pytest.mark.parametrize("way", GREED)
def test_greed_is_ended(way: str, there: Jail) -> None:
    """A submission whose processes hold more together than the limit is ended, soon."""
    began = time.monotonic()
    reply, most = run(there, GREED[way])
    assert reply == {"ended": True}
    assert most < LIMITS.memory_mib + WARM_MIB + SLACK_MIB
    assert time.monotonic() - began < 15


def test_files_in_memory_count(there: Jail) -> None:
    """What lies in the working folder, /tmp and /dev/shm is added to what the processes hold."""
    with there.fork() as inmate:
        pid = memory_watch.process_of(inmate.pidfd)
        folders = (policy.HOME, "/tmp", "/dev/shm")
        before = memory_watch.held_mib(pid, folders, 0)
        source = "for n in ('a', '/tmp/a', '/dev/shm/a'): open(n, 'wb').write(bytes(40 << 20))"
        inmate.channel.send({"op": "cell", "source": source, "label": "cell"})
        assert inmate.channel.receive(deadline=time.monotonic() + 20) == {"done": True}
        assert 100 < memory_watch.held_mib(pid, folders, 0) - before < 180


def test_what_is_shared_counts_once(there: Jail) -> None:
    """Twenty children that share what their parent has stay below the limit."""
    source = (
        "import os, time\nkept = bytearray(b'x') * (300 << 20)\n"
        "pids = []\nfor _ in range(20):\n    pid = os.fork()\n    if pid == 0:\n"
        "        time.sleep(5); os._exit(0)\n    pids.append(pid)\n"
        "for pid in pids: os.waitpid(pid, 0)"
    )
    for _ in range(4):  # on a busy machine the children may be gone between two looks
        reply, most = run(there, source)
        assert reply == {"done": True}
        if most > 300:
            break
    assert 300 < most < LIMITS.memory_mib + WARM_MIB


def test_honest_pools_are_left_alone(there: Jail) -> None:
    """A pool of four processes that each hold a part of the limit comes to its end."""
    source = (
        "import multiprocessing\n"
        "def work(n): kept = bytearray(b'x') * (60 << 20); return len(kept)\n"
        "with multiprocessing.get_context('fork').Pool(4) as pool:\n"
        "    assert sum(pool.map(work, range(12))) == 12 * (60 << 20)"
    )
    assert run(there, source)[0] == {"done": True}
