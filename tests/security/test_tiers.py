"""Attacks that run in a cell, directly in the sandbox of each tier, and facts that only tiers show.

No grader stands between: the cell's reply comes back as it is, so a cell that raises "REACHED-IT"
has reached something.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder.errors import NoJail
from autograder.limits import Limits
from autograder.sandbox import folder_watch
from autograder.sandbox.cgroup import WARM_MIB
from autograder.sandbox.inside import policy
from autograder.sandbox.inside.wire import WireError
from autograder.sandbox.supervisor import Jail
from tests.security import ordinary
from tests.security.classes import REACHED, ROOT, Heard, listener, outside, surviving
from tests.security.corpus import ATTACKS, PROCESS, Attack

CELL_S = 3.0
SMALL = Limits(cell_wall_s=CELL_S, memory_mib=512, processes=40, file_mib=32, files=1000, cpu_s=10)
IN_A_CELL = [a for a in ATTACKS if a.cells and not a.every and a.goal in "LWNPH"]
HONEST = """
import os, threading
import numpy as np
thread = threading.Thread(target=int); thread.start(); thread.join()
open("own.txt", "w").write("x")
assert os.listdir(".") == ["own.txt"] and np.exp(0.0) == 1.0
"""


def start(tier: policy.Tier, limits: Limits = SMALL) -> Jail:
    """A jail of that tier. Where it does not hold, the test is skipped with the reason."""
    try:
        return Jail(limits, tier)
    except NoJail as reason:
        pytest.skip(f"{tier} does not hold here: {reason}")


@pytest.fixture(scope="module", params=policy.SANDBOXES, ids=str)
def there(request: pytest.FixtureRequest) -> Iterator[Jail]:
    """A jail of each tier."""
    with start(request.param) as jail:
        yield jail


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that looks like a course, readable by anybody, with a secret in each file."""
    root = tmp_path_factory.mktemp("course")
    for parent in (root, *list(root.parents)[:3]):
        with contextlib.suppress(OSError):
            parent.chmod(parent.stat().st_mode | 0o055)
    for name in ("course_config.py", "gradebook.db", "canary.txt", "submitted/eve/a/x.ipynb"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("a secret")
    return root


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Heard]:
    """A listener in a folder that anybody may enter."""
    folder = tmp_path_factory.mktemp("heard")
    for parent in (folder, *list(folder.parents)[:3]):
        with contextlib.suppress(OSError):
            parent.chmod(parent.stat().st_mode | 0o055)
    with listener(folder) as ears:
        yield ears


def run(jail: Jail, *sources: str, within_s: float = CELL_S) -> dict[str, Any]:
    """The reply to the last of these cells in a fresh fork; why there is none, otherwise."""
    reply: Any = {}
    with jail.fork() as inmate:
        try:
            for source in sources:
                inmate.channel.send({"op": "cell", "source": source, "label": "cell"})
                reply = inmate.channel.receive(deadline=time.monotonic() + within_s)
        except WireError as error:
            reply = {"ended": type(error).__name__}
    return reply if isinstance(reply, dict) else {"odd": reply}


@pytest.mark.parametrize("attack", [pytest.param(a, id=f"{a.goal}-{a.name}") for a in IN_A_CELL])
def test_attack_in_a_cell(attack: Attack, there: Jail, course: Path, heard: Heard) -> None:
    """It reaches, changes and leaves nothing, ends in time, and the next fork is as new."""
    words = {"@COURSE@": str(course), "@PORT@": str(heard.port), "@UNIX@": str(heard.path)}
    words |= {"@REACHED@": REACHED, "@PROCESS@": PROCESS}
    sources = list(attack.cells[:3])
    for word, meaning in words.items():
        sources = [source.replace(word, meaning) for source in sources]
    before, files = outside(), _contents(course)
    count, began = heard.count, time.monotonic()
    reply = run(there, *sources)
    took = time.monotonic() - began
    time.sleep(0.15)
    assert REACHED not in json.dumps(reply, default=str)
    assert "secret" not in str(reply)
    assert heard.count == count
    assert _contents(course) == files
    assert outside() - before == set()
    assert took < 3 * CELL_S + 5
    assert run(there, HONEST, within_s=20) == {"done": True}
    assert surviving() == []


def _contents(root: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path): (path.stat().st_mode, path.read_bytes() if path.is_file() else b"")
        for path in sorted(root.rglob("*"))
    }


# What a submission may use, added up --------------------------------------------------------------


def test_disk_of_one_submission(there: Jail) -> None:
    """All files of a submission together stay within the limit, not only each of them."""
    reply = run(
        there,
        "import os, time\ntotal = 0\ntry:\n    for n in range(8):\n"
        "        with open(f'big{n}', 'wb') as file:\n"
        "            for _ in range(20): total += file.write(bytes(1 << 20))\n"
        "except OSError: pass\ntime.sleep(0.8)\nraise ValueError(total >> 20)",
        within_s=10,
    )
    ended = "ended" in reply and there.tier == policy.REDUCED  # a watched folder ends the process
    assert ended or int(reply["text"]) <= SMALL.file_mib, f"{reply} MiB written"


def test_files_of_one_submission(there: Jail) -> None:
    """A submission cannot make files without end."""
    reply = run(
        there,
        "import time\nn = 0\ntry:\n    for n in range(3000): open(f'f{n}', 'w').close()\n"
        "except OSError: pass\ntime.sleep(0.8)\nraise ValueError(n)",
        within_s=10,
    )
    ended = "ended" in reply and there.tier == policy.REDUCED
    assert ended or int(reply["text"]) <= SMALL.files, f"{reply} files made"


WRITE = "for n in range(6): open(f'{n}', 'wb').write(bytes(20 << 20))\n"
HIDDEN_FILES = {
    "below a long path": "import os\nfor _ in range(30): os.mkdir('d' * 200); os.chdir('d' * 200)\n"
    + WRITE,
    "below many folders": "import os\nfor _ in range(960): os.mkdir('d'); os.chdir('d')\n" + WRITE,
    "in a folder that cannot be listed": "import os\nos.mkdir('x', 0o300); os.chdir('x')\n" + WRITE,
    "unlinked": (
        "import os\nkept = []\nfor n in range(6):\n    kept.append(open('x', 'wb', 0))\n"
        "    kept[-1].write(bytes(20 << 20)); os.unlink('x')\n"
    ),
    "after the first thread": (
        "import ctypes, os, threading\ndef hold():\n    import time; time.sleep(0.3)\n"
        "    for n in range(6): os.write(os.open('.', os.O_TMPFILE | os.O_RDWR), bytes(20 << 20))\n"
        "    time.sleep(20)\n"
        "threading.Thread(target=hold).start(); ctypes.CDLL(None).syscall(60, 0)\n"
    ),
    "without a name": (
        "import os\nfor n in range(6):\n"
        "    os.write(os.open('.', os.O_TMPFILE | os.O_RDWR), bytes(20 << 20))\n"
    ),
    "mapped": (
        "import ctypes, os\nmap = ctypes.CDLL(None).mmap\nfor n in range(6):\n"
        "    fd = os.open('x', os.O_RDWR | os.O_CREAT); os.write(fd, bytes(20 << 20))\n"
        "    map(None, 4096, 1, 1, fd, 0); os.close(fd); os.unlink('x')\n"
    ),
}
"""Ways to hold 120 MiB in files that a list of names does not show."""


@pytest.mark.parametrize("way", HIDDEN_FILES)
def test_hidden_files_count(way: str, there: Jail) -> None:
    """Files count wherever they lie, with a name or without; the next fork has none of them."""
    source = f"{HIDDEN_FILES[way]}import time; time.sleep(1)"
    reply = run(there, source, within_s=10)
    ended = reply == {"ended": "ClosedByPeer"}
    assert ended or ("raised" in reply and there.tier == policy.FULL), reply
    if there.tier == policy.REDUCED:
        assert list(there._scratch.glob("tmp*")) == []
    assert run(there, HONEST, within_s=20) == {"done": True}


def test_a_folder_of_any_depth_is_removed(tmp_path: Path) -> None:
    """What is left of a submission is removed, though it is deeper than Python can call itself."""
    folder = tmp_path / "home"
    folder.mkdir()
    at = os.open(folder, os.O_RDONLY)
    for _ in range(3 * sys.getrecursionlimit()):
        os.mkdir("d", 0o700, dir_fd=at)
        os.close(os.open("f", os.O_CREAT, dir_fd=at))
        os.symlink("/", "l", dir_fd=at)
        below = os.open("d", os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = below
    os.close(at)
    folder_watch.remove(str(folder))
    assert not folder.exists()


TABLES_OF_ONES_OWN = {
    "a thread": "libc.syscall(56, 0x10000 | 0x800 | 0x100, 0, 0, 0, 0)",
    "closing a range": "libc.close_range(200, 201, 2)",
}


@pytest.mark.parametrize("way", TABLES_OF_ONES_OWN)
def test_threads_share_what_is_open(way: str, there: Jail) -> None:
    """No thread gets descriptors of its own, which no look at the process would count."""
    source = "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
    source += f"if {TABLES_OF_ONES_OWN[way]} == -1: raise OSError(ctypes.get_errno(), '')"
    assert run(there, source, within_s=20).get("errno") == errno.ENOSYS


def test_memory_of_all_processes() -> None:
    """In *full*, the processes of a submission share one limit on memory."""
    with start(policy.FULL) as jail:
        if not jail.grouped:
            pytest.skip("no control group can be written here")
        reply = run(
            jail,
            "import os, time\nfor _ in range(12):\n    if os.fork() == 0:\n"
            "        kept = bytearray(b'x') * (90 << 20); time.sleep(9)\n"
            "time.sleep(3)\ngone = 0\n"
            "while os.waitpid(-1, os.WNOHANG)[0]: gone += 1\n"
            "raise ValueError(90 * (12 - gone))",
            within_s=8,
        )
    assert "ended" in reply or int(reply["text"]) <= SMALL.memory_mib + WARM_MIB, (
        f"{reply} MiB in use at once"
    )


# Neighbours ---------------------------------------------------------------------------------------


@contextlib.contextmanager
def staying(jail: Jail, source: str) -> Iterator[None]:
    """A fork that runs a cell, and is still there afterwards."""
    with jail.fork() as inmate:
        inmate.channel.send({"op": "cell", "source": source, "label": "cell"})
        inmate.channel.receive(deadline=time.monotonic() + 20)
        yield


@pytest.mark.parametrize("tier", policy.SANDBOXES, ids=str)
def test_threads_are_counted_by_submission(tier: policy.Tier) -> None:
    """One submission that takes all threads it gets leaves another its own."""
    bomb = (
        "import threading, time\ntry:\n    for _ in range(300):\n"
        "        threading.Thread(target=time.sleep, args=(30,), daemon=True).start()\n"
        "except RuntimeError: pass"
    )
    with start(tier) as one, start(tier) as two, staying(one, bomb):
        assert run(two, HONEST, within_s=20) == {"done": True}


LOCKS = {
    "flock": (
        "fcntl.flock(file, fcntl.LOCK_EX)",
        "fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)",
    ),
    "record-lock": (
        "fcntl.lockf(file, fcntl.LOCK_SH)",
        "held = fcntl.fcntl(file, fcntl.F_GETLK, struct.pack('hhqqi4x', 1, 0, 0, 0, 0))\n"
        "if struct.unpack('hhqqi4x', held)[0] != 2: raise BlockingIOError",
    ),
}
"""Ways to lock a file that is open for reading, and to see that another process has locked it."""


@pytest.mark.parametrize("tier", policy.SANDBOXES, ids=str)
@pytest.mark.parametrize("way", LOCKS)
def test_locks_are_no_channel(tier: str, way: str) -> None:
    """A lock on a file that all may read is not seen by another submission."""
    opened = "import fcntl, struct\nimport os; file = open(os.__file__, 'rb')\n"
    take, see = LOCKS[way]
    with start(tier) as one, start(tier) as two:
        alone = run(two, opened + see, within_s=20)
        assert "done" in alone or alone.get("errno") in (errno.EPERM, errno.ENOSYS), alone
        with staying(one, opened + take):
            reply = run(two, opened + see, within_s=20)
    assert reply.get("raised") != "BlockingIOError", "two submissions can talk to each other"


@pytest.mark.parametrize("tier", policy.SANDBOXES, ids=str)
def test_ends_with_the_supervisor(tier: policy.Tier) -> None:
    """When the grader itself is killed, nothing of a submission goes on."""
    start(tier).close()
    cell = (
        "import ctypes, signal, time\n"
        "for n in range(1, 64):\n    try: signal.signal(n, signal.SIG_IGN)\n"
        "    except (OSError, ValueError): pass\n"
        f"ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)\n"
        f"ctypes.CDLL(None).prctl(15, {PROCESS.encode()!r}, 0, 0, 0)\n"
        "end = time.monotonic() + 60\nwhile time.monotonic() < end: time.sleep(0.2)"
    )
    program = (
        "import sys, time\nfrom autograder.limits import Limits\n"
        "from autograder.sandbox.inside import policy\n"
        "from autograder.sandbox.supervisor import Jail\n"
        f"with Jail(Limits(), policy.TIERS[{tier.name!r}]) as jail, jail.fork() as inmate:\n"
        f"    inmate.channel.send({{'op': 'cell', 'source': {cell!r}, 'label': 'cell'}})\n"
        "    time.sleep(1.0); print('there', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, cwd=ROOT)
    assert process.stdout is not None
    assert process.stdout.readline() == b"there\n"
    process.kill()
    process.wait()
    deadline = time.monotonic() + 4
    while (alive := surviving()) and time.monotonic() < deadline:
        time.sleep(0.2)
    for one in alive:
        with contextlib.suppress(OSError):
            os.kill(int(one.split()[1].rstrip(":")), signal.SIGKILL)
    assert alive == []


# What Landlock does not cover ---------------------------------------------------------------------


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give the spare account a file")
@pytest.mark.parametrize(
    "act",
    [
        "os.chmod(path, 0o777)",
        "os.utime(path, (1, 1))",
        "os.setxattr(path, 'user.x', b'1')",
        "os.truncate(path, 0)",
        "os.rename(path, path + '2')",
        "os.link(path, 'mine')",
        "os.chown(path, -1, os.getgid())",
    ],
)
def test_files_of_the_same_account(act: str, there: Jail, tmp_path: Path) -> None:
    """A file of the account that the jail runs as, outside of it, is not to be changed.

    In a container without a spare account that is every file of the grader's own.
    """
    folder = tmp_path / "own"
    folder.mkdir()
    for parent in (folder, *list(folder.parents)[:4]):
        with contextlib.suppress(OSError):
            parent.chmod(parent.stat().st_mode | 0o055)
    path = folder / "gradebook.db"
    path.write_text("marks")
    path.chmod(0o600)
    os.chown(path, there.uid, there.uid)
    os.chown(folder, there.uid, there.uid)
    before = path.stat()
    reply = run(there, f"import os\npath = {str(path)!r}\n{act}")
    # Some calls return success and do nothing, so only the file itself tells.
    assert "raised" in reply or act.startswith(("os.chmod", "os.utime")), reply
    after = path.stat()
    assert (after.st_mode, after.st_mtime, after.st_size) == (
        before.st_mode,
        before.st_mtime,
        before.st_size,
    )


def test_datagrams_to_local_sockets(there: Jail, heard: Heard) -> None:
    """A pair of sockets cannot be used to write to a socket of the machine."""
    count = heard.count
    run(
        there,
        "import socket\none, two = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
        f"one.sendto(b'x', {str(heard.path)!r})",
    )
    run(
        there,
        "import socket\none, two = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
        f"one.sendmsg([b'x'], [], 0, {str(heard.path)!r})",
    )
    time.sleep(0.3)
    assert heard.count == count


# An ordinary user ---------------------------------------------------------------------------------


@pytest.mark.skipif(os.getuid() != 0, reason="this is an ordinary user's run already")
def test_tiers_of_an_ordinary_user() -> None:
    """Both tiers hold where the grader is no root: what succeeds without a jail fails in one."""
    try:
        said = ordinary.run_module("tests.security.control", "--json", within_s=150)
    except ordinary.NotFormed as reason:
        pytest.skip(str(reason))
    assert said.stdout, said.stderr
    table = json.loads(said.stdout)
    assert len(table["none"]) > 10, "the trials must be able to succeed"
    assert table["reduced"] == []
    if table["full"] is not None:
        assert table["full"] == []


@pytest.mark.wide(rows=0)
@pytest.mark.skipif(os.getuid() != 0, reason="this is an ordinary user's run already")
def test_honest_work_of_an_ordinary_user() -> None:
    """All the honest work of `test_honest` runs where the grader is no root."""
    module = ["pytest", "-q", "-p", "no:cacheprovider", "tests/security/test_honest.py"]
    try:
        said = ordinary.run_module(*module, within_s=200)
    except ordinary.NotFormed as reason:
        pytest.skip(str(reason))
    assert said.returncode == 0, said.stdout[-1500:] + said.stderr[-500:]
