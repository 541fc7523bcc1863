"""Nobody outside sees which files a submission opens, and a submission sees nobody else open any.

A watcher outside uses what any account of the machine has: inotify, access times, and what the
kernel tells about a file's pages in memory.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy
import pytest

from autograder.sandbox.inside import policy
from autograder.sandbox.supervisor import Jail
from tests.security.test_tiers import run, start

_libc = ctypes.CDLL(None, use_errno=True)
_ALL_EVENTS = 0xFFF
FILES = {
    "library": os.path.realpath(os.path.join(os.path.dirname(os.__file__), "this.py")),
    "package": os.path.realpath(os.path.join(os.path.dirname(numpy.__file__), "version.py")),
    "machine": "/usr/share/zoneinfo/Europe/Vienna",
    "program": os.path.realpath("/usr/bin/tsort"),
    "ours": os.path.realpath(os.path.join(os.path.dirname(policy.__file__), "policy.py")),
}
"""One file of each kind that the sandbox shows, by the machine's own path."""
INSIDE = {"ours": "/jail/autograder/sandbox/inside/policy.py"}
"""The path of such a file inside, if it is another one."""


@pytest.fixture(scope="module")
def full() -> Iterator[Jail]:
    """A jail of the *full* tier."""
    with start(policy.FULL) as jail:
        yield jail


@contextlib.contextmanager
def watched(*paths: str) -> Iterator[int]:
    """An inotify descriptor that hears everything about some files and folders."""
    fd = _libc.inotify_init1(os.O_NONBLOCK)
    try:
        for path in paths:
            assert _libc.inotify_add_watch(fd, os.fsencode(path), _ALL_EVENTS) >= 0
        yield fd
    finally:
        os.close(fd)


def events(fd: int, within_s: float = 0.5) -> list[tuple[int, str]]:
    """What the descriptor heard until now: masks and names."""
    found = []
    while select.select([fd], [], [], within_s)[0]:
        said, place = os.read(fd, 1 << 16), 0
        while place < len(said):
            _, mask, _, length = struct.unpack_from("iIII", said, place)
            name = said[place + 16 : place + 16 + length].rstrip(b"\0").decode()
            found.append((mask, name))
            place += 16 + length
    return found


@pytest.mark.parametrize("kind", FILES)
def test_opening_a_file_is_seen_by_nobody(kind: str, full: Jail) -> None:
    """A file that a submission opens, reads, maps and executes makes no event outside."""
    path = FILES[kind]
    if not Path(path).exists():
        pytest.skip(f"no {path} here")
    folder, name = os.path.split(path)
    inside = INSIDE.get(kind, path)
    act = (
        f"import mmap, os\npath = {inside!r}\nopen(path, 'rb').read()\n"
        "with open(path, 'rb') as f: mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ)[0]\n"
        f"os.listdir({os.path.dirname(inside)!r}); os.stat(path)\n"
    )
    with watched(path, folder) as fd:
        heard = []
        for _ in range(5):
            assert run(full, act, within_s=20) == {"done": True}
            heard.append([event for event in events(fd) if event[1] == name])
        # Others on this machine open the file now and then too. Only an event that comes every time
        # would reveal a submission.
        assert [] in heard, heard
    with watched(path) as fd:
        Path(path).read_bytes()
        assert events(fd), "the watcher must be able to hear"


@pytest.mark.parametrize("kind", FILES)
def test_access_times_tell_nothing(kind: str, full: Jail) -> None:
    """Reading changes no access time, neither of the machine's file nor of the sandbox's copy."""
    path = INSIDE.get(kind, FILES[kind])
    if not Path(FILES[kind]).exists():
        pytest.skip(f"no {FILES[kind]} here")
    outside = os.stat(FILES[kind]).st_atime_ns
    see = (
        f"import os\nbefore = os.stat({path!r}).st_atime_ns; open({path!r}, 'rb').read()\n"
        f"os.listdir({os.path.dirname(path)!r})\n"
        f"if os.stat({path!r}).st_atime_ns != before: raise ValueError('seen')"
    )
    assert run(full, see, within_s=20) == {"done": True}
    if kind not in INSIDE:
        assert os.stat(FILES[kind]).st_atime_ns == outside


def test_the_copy_is_nobody_elses(full: Jail) -> None:
    """The files that a submission reads lie in a folder that only the grader may enter."""
    from autograder.sandbox.replica import cache_folder

    facts = cache_folder().stat()
    assert facts.st_uid == os.getuid()
    by_group = facts.st_gid == policy.SPARE_GROUP and facts.st_mode & 0o777 == 0o710
    assert by_group if os.getuid() == 0 else facts.st_mode & 0o777 == 0o700
    reply = run(full, f"import os\nraise ValueError(os.stat({FILES['library']!r}).st_ino)")
    assert int(reply["text"]) != os.stat(FILES["library"]).st_ino


CALLS = {
    "inotify": "libc.inotify_init1(0)",
    "old inotify": "libc.inotify_init()",
    "inotify watch": "libc.inotify_add_watch(0, b'/', 0xfff)",
    "fanotify": "libc.fanotify_init(0, 0)",
    "mincore": "libc.mincore(libc.malloc(1), 1, ctypes.create_string_buffer(9))",
    "cachestat": "libc.syscall(451, file, ctypes.create_string_buffer(16), area, 0)",
    "read only what is in memory": "libc.preadv2(file, area, 1, 0, 8)",
    "statfs": "libc.statfs(b'/', area)",
    "fstatfs": "libc.fstatfs(file, area)",
    "lease": "libc.fcntl(file, 1024, 0)",
    "notice of a folder": "libc.fcntl(file, 1026, 0x80000001)",
    "size of pipes": "libc.fcntl(os.pipe()[0], 1031, 4096)",
    "merging of pages": "libc.madvise(page, 4096, 12)",
    "moving pages out": "libc.madvise(page, 4096, 21)",
    "readahead": "libc.readahead(file, 0, 4096)",
    "performance counters": "libc.syscall(298, area, 0, -1, -1, 0)",
}
"""Ways to see or influence what others on the machine notice; each must give an error."""


@pytest.mark.parametrize("tier", policy.SANDBOXES, ids=str)
def test_calls_that_see_others_are_not_there(tier: policy.Tier) -> None:
    """Each call that tells what others do is refused, by both tiers."""
    source = (
        "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "area = ctypes.create_string_buffer(512)\n"
        "file = os.open(os.__file__, os.O_RDONLY)\n"
        "libc.mmap.restype = ctypes.c_void_p\n"
        "page = ctypes.c_void_p(libc.mmap(None, 4096, 3, 0x22, -1, 0))\nopen_ways = []\n"
    )
    for name, call in CALLS.items():
        source += f"if {call} != -1: open_ways.append({name!r})\n"
    with start(tier) as jail:
        reply = run(jail, source + "raise ValueError(open_ways)", within_s=20)
    assert reply["text"] == "[]"


ABOUT_ANOTHER = {
    "processors": "os.sched_getaffinity(pid)",
    "scheduler": "os.sched_getscheduler(pid)",
    "parameters": "os.sched_getparam(pid)",
    "priority": "os.getpriority(os.PRIO_PROCESS, pid)",
    "group": "os.getpgid(pid)",
    "session": "os.getsid(pid)",
    "processor time": "time.clock_gettime(~pid << 3 | 2)",
    "clock": "time.clock_getres(~pid << 3 | 2)",
}
"""Calls that inform about a process, chosen by its number; each must raise."""
ABOUT_ITSELF = """
import os, time
os.sched_getaffinity(0), os.getpriority(os.PRIO_PROCESS, 0), os.getpgid(0), os.getsid(0)
os.sched_getscheduler(0), time.process_time(), time.thread_time()
time.clock_gettime(time.CLOCK_PROCESS_CPUTIME_ID), time.clock_getres(time.CLOCK_BOOTTIME)
"""


@pytest.mark.parametrize("tier", policy.SANDBOXES, ids=str)
def test_other_processes_tell_nothing(tier: policy.Tier) -> None:
    """Affinity, priority and processor time of another process, which it could speak by."""
    source = f"import os, time\npid, told = {os.getpid()}, []\n"
    for name, call in ABOUT_ANOTHER.items():
        source += f"try: {call}; told.append({name!r})\nexcept (ArithmeticError, OSError): pass\n"
    with start(tier) as jail:
        assert run(jail, source + "raise ValueError(told)", within_s=20)["text"] == "[]"
        assert run(jail, ABOUT_ITSELF, within_s=20) == {"done": True}


def test_honest_watching_falls_back() -> None:
    """A program that would rather watch a folder is told «not implemented», not ended."""
    source = (
        "import ctypes, errno\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "said = libc.inotify_init1(0), ctypes.get_errno()\nraise ValueError(said == (-1, 38))"
    )
    with start(policy.FULL) as jail:
        assert run(jail, source, within_s=20)["text"] == "True"


DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
TOUCHES = {
    "times": "os.utime(path)",
    "times by call": "ctypes.CDLL(None).utimensat(-100, path.encode(), None, 0)",
    "mode": "os.chmod(path, 0o666)",
    "writing": "open(path, 'wb').write(b'x')",
    "reading": "open(path, 'rb').read(1)",
}
"""Ways to leave a trace on a device that the whole machine sees."""


@pytest.mark.parametrize("tier", policy.SANDBOXES, ids=str)
def test_devices_carry_nothing_out(tier: policy.Tier) -> None:
    """No submission changes the times or the mode of a device of the machine."""
    source = "import contextlib, ctypes, os\n"
    for path in DEVICES:
        for act in TOUCHES.values():
            source += f"path = {path!r}\nwith contextlib.suppress(OSError): {act}\n"
    works = "open('/dev/null', 'w').write('x')\nassert open('/dev/zero', 'rb').read(2) == bytes(2)"
    changed = []
    with start(tier) as jail:
        assert run(jail, works, within_s=20) == {"done": True}
        # Others on the machine may touch a device meanwhile, but not every time.
        for _ in range(4):
            before = [os.stat(path) for path in DEVICES]
            assert run(jail, source, within_s=20) == {"done": True}
            after = [os.stat(path) for path in DEVICES]
            pairs = zip(before, after, strict=True)
            changed.append(any(a.st_ctime_ns != b.st_ctime_ns for a, b in pairs))
    assert not all(changed)
