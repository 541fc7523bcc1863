"""The jail, with real processes: what runs inside, what is held off, and that nothing survives."""

import os
import socket
import time
from pathlib import Path

import pytest
from inside import SMALL, TOKEN, ask, opened, outcome_of, start_jail, value_of

from autograder.errors import NoJail
from autograder.report import Verdict
from autograder.sandbox import doctor
from autograder.sandbox.inside import policy
from autograder.sandbox.outer_wall import OuterWall
from autograder.sandbox.supervisor import Jail


def full_only(jail):
    """Skip what only the full tier allows."""
    if jail.tier != policy.FULL:
        pytest.skip("the reduced tier has no second process")


def reduced_only(jail):
    """Skip what only the reduced tier has to refuse."""
    if jail.tier != policy.REDUCED:
        pytest.skip("the full tier has processes of its own")


# --- What runs ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("import numpy.linalg as la\nok = bool(la.det([[2.0]]) == 2)", id="numpy"),
        pytest.param("open('a', 'w').write('x')\nok = open('a').read() == 'x'", id="own-folder"),
        pytest.param(
            "import threading\nseen = []\nt = threading.Thread(target=seen.append, args=(1,))\n"
            "t.start(); t.join()\nok = seen == [1]",
            id="threads",
        ),
        pytest.param(
            "from concurrent.futures import ThreadPoolExecutor\n"
            "with ThreadPoolExecutor(2) as pool: ok = list(pool.map(abs, [-1, 2])) == [1, 2]",
            id="thread-pool",
        ),
        pytest.param(
            "import sqlite3\nok = sqlite3.connect('a.db').execute('select 1').fetchone() == (1,)",
            id="sqlite",
        ),
        pytest.param(
            "import tempfile\nwith tempfile.TemporaryFile() as f: ok = f.write(b'x') == 1",
            id="temporary-files",
        ),
        pytest.param("import asyncio\nok = asyncio.run(asyncio.sleep(0, 1)) == 1", id="asyncio"),
        pytest.param("await __import__('asyncio').sleep(0)\nok = True", id="await-in-a-cell"),
        pytest.param("import json, csv, re, random, statistics\nok = True", id="library"),
        pytest.param("display(1)\nok = True", id="display"),
    ],
)
def test_ordinary_work_runs_in_both_tiers(jail, source):
    """What an honest notebook does works inside, and its result can be had."""
    assert result_of(jail, source) is True


def result_of(there, source):
    """What a cell that must run to its end calls `ok`."""
    with opened(there, source, "def f(): return ok") as session:
        assert session.log.faults == ()
        return session.call("f", (), {}).value


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("%%time\nok = True", id="cell-magic"),
        pytest.param("%matplotlib inline\nok = True", id="line-magic"),
        pytest.param(
            "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.savefig('a.png')\nplt.show()\n"
            "ok = open('a.png', 'rb').read(4) == b'\\x89PNG'",
            id="plots",
        ),
    ],
)
def test_work_that_reads_packages_runs_in_both_tiers(jail, source):
    """What needs more than is loaded works, also where only root can read Python itself."""
    assert result_of(jail, source) is True


@pytest.mark.parametrize(
    "source",
    [
        "raise ModuleNotFoundError(\"No module named 'json.tool'\")",
        "raise ModuleNotFoundError(\"No module named 'scipy'\", name='scipy')",
        "import numpy; raise PermissionError(13, 'denied', numpy.__file__)",
        "import os; raise PermissionError(13, 'denied', os.__file__)",
        "raise PermissionError(13, 'denied', '/root')",
        "raise PermissionError(1, 'denied', '/usr/lib/python3/dist-packages/a.ttf')",
        "raise OSError(13, 'a library cannot be read')",
        "import not_to_be_found",
        "from json import not_to_be_found",
        "open('/root/.bashrc')",
    ],
)
def test_no_exception_makes_the_grader_the_one_to_blame(jail, source):
    """Whatever a submission raises about Python's files is its own fault: the ordinary verdict."""
    for code in (source, f"def f():\n    {source}"):
        theirs = (Verdict.RAISED, Verdict.FORBIDDEN, Verdict.FAILED)
        assert outcome_of(jail, code).verdict in theirs


@pytest.mark.parametrize("tier", policy.SANDBOXES, ids=str)
def test_threads_of_one_submission_do_not_use_up_those_of_another(tier):
    """The kernel counts by account: each jail has one of its own, or what runs is not counted."""
    greedy = "import threading, time\nfor _ in range(20):\n" + (
        "    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()"
    )
    modest = "import threading\nfor _ in range(10):\n    threading.Thread(target=print).start()"
    with start_jail(tier) as one, start_jail(tier) as other, opened(one, greedy) as session:
        assert session.log.faults == ()
        with opened(other, modest) as beside:
            assert beside.log.faults == ()
            assert one.uid is None or one.uid != other.uid


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(
            "import subprocess\nok = subprocess.run(['true']).returncode == 0", id="subprocess"
        ),
        pytest.param("import os\nok = os.waitpid(os.fork() or os._exit(0), 0)[1] == 0", id="fork"),
        pytest.param("%%bash\necho hello", id="shell-cell"),
    ],
)
def test_second_processes_run_in_the_full_tier(jail, source):
    """Processes of a submission's own are allowed where they have namespaces of their own."""
    full_only(jail)
    with opened(jail, source) as session:
        assert session.log.faults == ()


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("import os\nos.fork()", id="fork"),
        pytest.param("import subprocess\nsubprocess.run(['true'])", id="subprocess"),
        pytest.param("import os\nos.execv('/bin/true', ['true'])", id="exec"),
        pytest.param("import os\nos.setsid()", id="setsid"),
        pytest.param("import os\nos.kill(os.getppid(), 0)", id="signal"),
    ],
)
def test_second_processes_are_refused_in_the_reduced_tier(jail, source):
    """Without namespaces, no process may be made, replaced or signalled."""
    reduced_only(jail)
    with opened(jail, source) as session:
        assert [fault.verdict for fault in session.log.faults] == [Verdict.FORBIDDEN]


# --- What is held off ---------------------------------------------------------------------------


@pytest.fixture
def secret(tmp_path):
    """A file that everybody on this machine may read, in folders that everybody may enter."""
    path = tmp_path / "secret.txt"
    path.write_text("the answer")
    path.chmod(0o644)
    for folder in path.parents[:4]:
        if folder.stat().st_uid == os.getuid() and str(folder).startswith("/tmp/"):
            folder.chmod(0o755)
    return path


def test_files_of_the_machine_cannot_be_read(jail, secret):
    """A file that any account may read outside cannot be opened inside."""
    assert secret.read_text() == "the answer"
    outcome = outcome_of(jail, "def f(path):\n    return open(path).read()", str(secret))
    assert outcome.verdict in (Verdict.FORBIDDEN, Verdict.RAISED)


@pytest.mark.parametrize("path", ["/etc/passwd", "/etc/shadow", "/root", "/var/log", "/home"])
def test_folders_of_the_machine_are_out_of_reach(jail, path):
    """Accounts, logs and homes are not there, or may not be read."""
    source = (
        "import os\ndef f(path):\n    if os.path.isdir(path): return os.listdir(path)\n"
        "    return open(path).read()"
    )
    answer = ask(jail, source, path)
    assert answer.outcome is not None or answer.value in ([], ["student"])


def test_the_course_and_its_suites_are_out_of_reach(jail, toy_course):
    """Neither the hidden checks nor the engine that runs them can be opened."""
    paths = [str(toy_course.labs[0].suite), str(toy_course.root), doctor.__file__]
    assert all(os.path.exists(path) for path in paths)
    source = (
        "import os\ndef f(paths):\n    seen = []\n    for path in paths:\n"
        "        try: seen.append(os.listdir(path) if os.path.isdir(path) else open(path).read())\n"
        "        except OSError: pass\n    return seen"
    )
    assert value_of(jail, source, paths) == []


def test_nothing_is_written_outside_the_working_folder(jail):
    """A file written elsewhere is refused, and is not there afterwards."""
    places = [
        f"/var/tmp/toy-{os.getpid()}",
        f"/usr/toy-{os.getpid()}",
        str(Path(os.__file__).parent / f"toy_{os.getpid()}.py"),
    ]
    source = (
        "def f(places):\n    done = []\n    for place in places:\n"
        "        try: open(place, 'w').write('x'); done.append(place)\n"
        "        except OSError: pass\n    return done"
    )
    assert value_of(jail, source, places) == []
    assert not any(os.path.exists(place) for place in places)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("socket.socket().connect(('127.0.0.1', port))", id="connect"),
        pytest.param("socket.socket().bind(('127.0.0.1', 0))", id="listen"),
        pytest.param("socket.socket(socket.AF_UNIX)", id="unix"),
        pytest.param("socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)", id="netlink"),
        pytest.param("socket.socket(socket.AF_INET, socket.SOCK_DGRAM)", id="datagram"),
    ],
)
def test_there_is_no_network(jail, body):
    """No socket can be made, although somebody listens on this machine."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        outcome = outcome_of(jail, f"import socket\ndef f(port):\n    {body}", port)
        assert outcome.verdict is Verdict.FORBIDDEN
        server.settimeout(0.01)
        with pytest.raises(TimeoutError):
            server.accept()


def test_processes_of_the_machine_cannot_be_seen(jail):
    """/proc tells nothing: no process, no environment, no memory map, no descriptor."""
    source = (
        "import os\ndef f(pid):\n    seen = []\n"
        "    for name in ('', 'self/environ', 'self/maps', '1/environ', f'{pid}/cmdline', 'mounts',"
        " 'self/fd'):\n        path = '/proc/' + name\n        try:\n"
        "            seen += os.listdir(path) if os.path.isdir(path) else [open(path).read()]\n"
        "        except OSError: pass\n    return seen"
    )
    assert value_of(jail, source, os.getpid()) == []


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("os.kill(pid, 0)", id="kill"),
        pytest.param("os.pidfd_open(pid)", id="pidfd"),
        pytest.param("resource.prlimit(pid, resource.RLIMIT_CPU)", id="prlimit"),
        pytest.param("os.sched_setaffinity(pid, {0})", id="affinity"),
        pytest.param("fcntl.fcntl(0, fcntl.F_SETOWN, pid)", id="setown"),
        pytest.param("refused(libc.ptrace(16, pid, 0, 0))", id="ptrace"),
        pytest.param("refused(libc.unshare(0x10000000))", id="namespaces"),
        pytest.param("refused(libc.mount(b'tmpfs', b'/tmp', b'tmpfs', 0, None))", id="mount"),
        pytest.param("refused(libc.syscall(319, b'x', 0))", id="memory-file"),
        pytest.param("refused(libc.syscall(425, 1, None))", id="io-uring"),
        pytest.param("refused(libc.syscall(250, 0, 0, 0))", id="keyctl"),
        pytest.param("refused(libc.syscall(321, 0, 0, 0))", id="bpf"),
        pytest.param("os.setuid(0)", id="become-root"),
        pytest.param("os.chroot('.')", id="chroot"),
    ],
)
def test_other_processes_and_the_kernel_are_out_of_reach(jail, body):
    """No signal, limit, trace, namespace, mount or odd interface of the kernel is granted."""
    source = (
        "import ctypes, fcntl, os, resource\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "def refused(result):\n    if result < 0: raise OSError(ctypes.get_errno(), '')\n"
        f"def f(pid):\n    {body}"
    )
    outcome = outcome_of(jail, source, os.getpid())
    assert outcome.verdict in (Verdict.FORBIDDEN, Verdict.RAISED)
    assert outcome.raised in ("OSError", "PermissionError", "ProcessLookupError")


def test_the_environment_is_the_policys(jail):
    """No variable of the grader's environment is inherited, least of all a token."""
    assert os.environ[TOKEN]
    names = value_of(jail, "import os\ndef f():\n    return sorted(os.environ)")
    allowed = {*policy.ENVIRONMENT, *policy.ENVIRONMENT_FROM_HOST, "PWD", "LC_CTYPE"}
    allowed |= {policy.LOCALES} if jail.tier == policy.REDUCED else set()
    assert set(names) <= allowed


def test_only_the_channel_is_open(jail):
    """One descriptor beyond the standard three is open, and the three are /dev/null."""
    source = (
        "import os\ndef f():\n    found = []\n    for n in range(4096):\n"
        "        try: found.append((n, os.fstat(n).st_mode & 0o170000, os.fstat(n).st_rdev))\n"
        "        except OSError: pass\n    return found"
    )
    found = value_of(jail, source)
    null = os.stat("/dev/null")
    assert [entry[2] for entry in found[:3]] == [null.st_rdev] * 3
    assert len(found) == 4
    assert found[3][1] == 0o140000


def test_the_process_has_no_privileges(jail):
    """It is no administrator, has no capability and can gain none."""
    source = (
        "import ctypes, os, struct\nlibc = ctypes.CDLL(None)\n"
        "def f():\n    sets = ctypes.create_string_buffer(24)\n"
        "    libc.capget(struct.pack('=II', 0x20080522, 0), sets)\n"
        "    return os.getuid(), os.geteuid(), sets.raw, libc.prctl(39, 0, 0, 0, 0)"
    )
    uid, euid, sets, no_new_privileges = value_of(jail, source)
    assert uid == euid != 0
    assert sets == bytes(24)
    assert no_new_privileges == 1


def test_two_submissions_see_nothing_of_each_other(jail):
    """While one submission holds files, another that runs beside it finds none of them."""
    writes = (
        "import os\ndef f():\n    for place in ('.', '/tmp', '/dev/shm'):\n"
        "        try: open(os.path.join(place, 'toy-note'), 'w').write('x')\n"
        "        except OSError: pass\n    return os.getcwd(), os.path.exists('toy-note')"
    )
    looks = (
        "import os\ndef f(home):\n    places = ('.', '/tmp', '/dev/shm', home)\n    seen = []\n"
        "    for place in places:\n"
        "        try: seen.append(open(os.path.join(place, 'toy-note')).read())\n"
        "        except OSError: pass\n    return seen"
    )
    with opened(jail, writes) as first, opened(jail, looks) as second:
        home, there = first.call("f", (), {}).value
        assert there
        assert second.call("f", (home,), {}).value == []


# --- Limits -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("print('x' * 50_000_000)", id="one-print"),
        pytest.param("for _ in range(30_000): print('flood' * 99)", id="many-prints"),
        pytest.param("import sys; sys.stderr.write('x' * 50_000_000)", id="stderr"),
        pytest.param("import os; os.write(1, b'x' * 50_000_000)", id="descriptor"),
        pytest.param("import warnings; [warnings.warn(str(n)) for n in range(999)]", id="warnings"),
    ],
)
def test_floods_of_output_go_nowhere(jail, body):
    """However much is printed, the call's answer comes, and nothing else does."""
    assert value_of(jail, f"def f():\n    {body}\n    return 7") == 7


def test_a_file_cannot_grow_beyond_the_limit(jail):
    """Writing a file larger than allowed raises inside."""
    source = "def f(mib):\n    open('large', 'wb').write(bytes(mib << 20))"
    assert outcome_of(jail, source, SMALL.file_mib + 1).verdict is Verdict.RAISED
    assert ask(jail, source, SMALL.file_mib - 1).outcome is None


def test_the_working_folder_cannot_grow_beyond_the_limit(jail):
    """Many files together are bounded too, where the folder is a file system of its own."""
    full_only(jail)
    source = (
        "def f(count, size):\n    for n in range(count):\n"
        "        open(f'part{n}', 'wb').write(bytes(size))"
    )
    with opened(jail, source) as session:
        assert session.call("f", (SMALL.file_mib + 2, 1 << 20), {}).outcome is not None
    assert outcome_of(jail, source, SMALL.files + 5, 0).verdict is Verdict.RAISED


def test_descriptors_are_bounded(strong_jail):
    """Opening files without end raises inside."""
    source = "held = []\ndef f():\n    while True: held.append(open('/dev/null'))"
    assert outcome_of(strong_jail, source).verdict is Verdict.RAISED


def test_threads_and_processes_are_bounded(jail):
    """A bomb of threads stops at the limit, and the next submission starts as ever."""
    source = (
        "import threading\ndef f():\n    stop, n = threading.Event(), 0\n    try:\n"
        "        while n < 500: threading.Thread(target=stop.wait, daemon=True).start(); n += 1\n"
        "    except RuntimeError: pass\n    return n"
    )
    assert 0 < value_of(jail, source) <= SMALL.processes
    assert value_of(jail, "def f(): return 1") == 1


def test_a_fork_bomb_is_bounded(jail):
    """Forks without end stop at the limit, and all of them are gone afterwards."""
    full_only(jail)
    source = (
        "import os, time\ndef f():\n    n = 0\n    try:\n        while n < 500:\n"
        "            if os.fork() == 0: time.sleep(60); os._exit(0)\n            n += 1\n"
        "    except OSError: pass\n    return n"
    )
    assert 0 < value_of(jail, source) <= SMALL.processes
    assert value_of(jail, "def f(): return 1") == 1


def named_processes(name):
    """Numbers of all processes on this machine that carry that name."""
    found = []
    for path in Path("/proc").glob("[0-9]*/comm"):
        try:
            if path.read_text().strip() == name:
                found.append(path.parent.name)
        except OSError:
            continue
    return found


def gone(name, within_s=5.0):
    """Whether all processes of that name end soon."""
    deadline = time.monotonic() + within_s
    while named_processes(name) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not named_processes(name)


DAEMON = """
import ctypes, os, time

def f(name):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            ctypes.CDLL(None).prctl(15, name, 0, 0, 0)
            time.sleep(600)
        os._exit(0)
    time.sleep(0.2)
    return 1
"""


def test_a_daemon_does_not_outlive_its_submission(jail):
    """A child that left session and parent is alive during the block and dead after it."""
    full_only(jail)
    name = f"toy-d{os.getpid()}"
    with opened(jail, DAEMON) as session:
        assert session.call("f", (name.encode(),), {}).value == 1
        assert named_processes(name)
    assert gone(name)


def test_a_busy_process_does_not_outlive_its_submission(jail):
    """A thread that computes for ever is dead after the block, in both tiers."""
    name = f"toy-b{os.getpid()}"
    source = (
        "import ctypes, threading\n"
        "def loop():\n    while True: pass\n"
        "def f(name):\n    ctypes.CDLL(None).prctl(15, name, 0, 0, 0)\n"
        "    threading.Thread(target=loop, daemon=True).start()\n    return 1"
    )
    with opened(jail, source) as session:
        assert session.call("f", (name.encode(),), {}).value == 1
        assert named_processes(name)
    assert gone(name)


def test_everything_inside_ends_with_the_jail(tier):
    """Closing a jail ends its warm process and the submissions that still run."""
    name = f"toy-c{os.getpid()}"
    source = (
        "import ctypes\ndef f(name):\n    ctypes.CDLL(None).prctl(15, name, 0, 0, 0)\n    return 1"
    )
    there = start_jail(tier)
    try:
        inmate = there._fork()
        inmate.channel.send({"op": "cell", "source": source, "label": "x"})
        inmate.channel.receive(deadline=time.monotonic() + 5)
        call = {"op": "call", "name": "f", "args": (name.encode(),), "given": {}, "names": ()}
        inmate.channel.send({**call, "operation": "", "wants": "value"})
        inmate.channel.receive(deadline=time.monotonic() + 5)
        assert named_processes(name)
    finally:
        there.close()
    assert gone(name)


def test_a_dead_submission_does_not_disturb_the_next(jail):
    """After a submission that was killed for its memory, time or process, the jail goes on."""
    ask(jail, "import os\ndef f(): os._exit(9)")
    ask(jail, "def f(): return bytearray(10**10)")
    for _ in range(3):
        assert value_of(jail, "def f(): return 1") == 1


# --- The doctor ---------------------------------------------------------------------------------


def test_the_doctor_finds_a_tier():
    """One of the tiers holds on a machine where this project is developed."""
    assert doctor.strongest() in (policy.FULL, policy.REDUCED)


def test_without_isolation_the_same_attempts_succeed(secret):
    """Tier *none* reads a file of the machine: that the others cannot means something."""
    with start_jail(policy.NONE) as there:
        source = "def f(path):\n    return open(path).read()"
        assert value_of(there, source, str(secret)) == "the answer"


def test_without_bubblewrap_there_is_no_outer_wall(monkeypatch):
    """The message names the package to install."""
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(NoJail, match="apt-get install bubblewrap"):
        OuterWall()


def test_the_full_tier_is_refused_without_bubblewrap(monkeypatch):
    """Asked for the full tier, the doctor does not fall back to a weaker one."""
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(NoJail, match="bubblewrap"):
        doctor.strongest(require=policy.FULL.name)


def test_a_jail_that_does_not_start_leaves_nothing_behind(monkeypatch, tmp_path):
    """A refusal removes its scratch folder."""
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(NoJail):
        Jail(SMALL, policy.FULL)
    assert list(tmp_path.iterdir()) == []
