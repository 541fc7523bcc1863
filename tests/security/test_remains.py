"""What the sandbox does not prevent: these tests show that `docs/security.md` tells the truth."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from autograder.sandbox import memory_watch
from autograder.sandbox.inside import jail, policy
from tests.security.test_tiers import run, start


@pytest.mark.parametrize("tier", policy.SANDBOXES, ids=str)
def test_the_tiers_stand_on_the_kernel(tier: policy.Tier) -> None:
    """Each layer of a tier is an interface of the running kernel, which a submission talks to."""
    assert {"landlock", "seccomp"} <= set(tier.layers)
    with start(tier) as there:
        reply = run(there, "import os\nraise ValueError(os.uname().release)", within_s=20)
    assert reply["text"] == os.uname().release


@pytest.mark.parametrize("tier", policy.SANDBOXES, ids=str)
def test_free_memory_can_be_read(tier: policy.Tier) -> None:
    """What is free on the machine, and what runs there, is seen inside as the machine has it."""
    source = "import os\nraise ValueError(os.sysconf('SC_AVPHYS_PAGES'))"
    running = (
        "import ctypes\nfacts = ctypes.create_string_buffer(128)\n"
        "assert ctypes.CDLL(None).sysinfo(facts) == 0\n"
        "raise ValueError(int.from_bytes(facts.raw[80:82], 'little'))"
    )
    with start(tier) as there:
        seen = int(run(there, source, within_s=20)["text"])
        processes = int(run(there, running, within_s=20)["text"])
    assert 0 < seen <= os.sysconf("SC_PHYS_PAGES")
    assert processes > 10


@pytest.mark.parametrize("tier", policy.SANDBOXES, ids=str)
def test_times_of_devices_can_be_read(tier: policy.Tier) -> None:
    """Another account's `touch` of a device is seen inside."""
    source = "import os\nraise ValueError(os.stat('/dev/null').st_mtime_ns)"
    with start(tier) as there:
        before = run(there, source, within_s=20)["text"]
        time.sleep(0.02)
        os.utime("/dev/null")
        assert run(there, source, within_s=20)["text"] != before


@pytest.mark.parametrize("tier", policy.SANDBOXES, ids=str)
def test_names_of_processes_are_seen_outside(tier: policy.Tier) -> None:
    """What a submission calls its process is what every account reads in /proc."""
    source = "import ctypes\nctypes.CDLL(None).prctl(15, b'said-aloud', 0, 0, 0)"
    with start(tier) as there, there.fork() as inmate:
        inmate.channel.send({"op": "cell", "source": source, "label": "cell"})
        assert inmate.channel.receive(deadline=time.monotonic() + 20) == {"done": True}
        place = Path(f"/proc/{memory_watch.process_of(inmate.pidfd)}/comm")
        assert place.read_text() == "said-aloud\n"
        assert place.stat().st_mode & 0o004


@pytest.mark.parametrize("tier", policy.SANDBOXES, ids=str)
def test_counters_of_the_kernel_go_on(tier: policy.Tier) -> None:
    """The number of a new pipe tells how many were made on that processor, by whomever."""
    source = (
        "import os\nos.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
        "raise ValueError(os.fstat(os.pipe()[0]).st_ino)"
    )
    with start(tier) as there:
        one, two = (int(run(there, source, within_s=20)["text"]) for _ in range(2))
    assert 0 < two - one < 10**6


@pytest.mark.parametrize("tier", policy.SANDBOXES, ids=str)
def test_forks_share_their_layout(tier: policy.Tier) -> None:
    """Two submissions find the C library at the same place."""
    source = (
        "import ctypes\nplace = ctypes.cast(ctypes.CDLL(None).getpid, ctypes.c_void_p)\n"
        "raise ValueError(place.value)"
    )
    with start(tier) as there:
        one, two = (run(there, source, within_s=20)["text"] for _ in range(2))
    assert one == two


@pytest.mark.parametrize("tier", policy.SANDBOXES, ids=str)
def test_sandboxes_read_the_same_copy(tier: policy.Tier) -> None:
    """Two sandboxes of one account have the same file before their eyes."""
    source = (
        "import os\nraise ValueError((os.stat(os.__file__).st_ino, os.stat(os.__file__).st_dev))"
    )
    with start(tier) as one, start(tier) as two:
        assert run(one, source, within_s=20)["text"] == run(two, source, within_s=20)["text"]


def test_each_sandbox_of_root_has_an_account_of_its_own() -> None:
    """As root two sandboxes run as different accounts; an ordinary user has only its own."""
    with start(policy.FULL) as one, start(policy.FULL) as two:
        ids = [run(there, "import os\nraise ValueError(os.getuid())", within_s=20)["text"]
               for there in (one, two)]  # fmt: skip
    if os.getuid() == 0:
        assert ids[0] != ids[1]
    else:
        assert ids == [str(os.getuid())] * 2


def test_reduced_has_no_namespaces() -> None:
    """In *reduced* a submission has the number that the machine knows it by."""
    assert "namespaces" not in policy.REDUCED.layers
    with start(policy.REDUCED) as there, there.fork() as inmate:
        assert Path(f"/proc/{inmate.pid}").exists()


SIZE = "import os\nraise ValueError(os.stat({path!r}).st_size)"


@pytest.fixture
def neighbours_file(tmp_path: Path) -> Path:
    """A file of 4321 bytes in a folder that anybody may enter."""
    folder = tmp_path / "neighbour"
    folder.mkdir()
    for parent in (folder, *list(folder.parents)[:4]):
        if parent.stat().st_uid == os.getuid():
            parent.chmod(parent.stat().st_mode | 0o055)
    path = folder / "work.ipynb"
    path.write_bytes(bytes(4321))
    return path


def test_stat_passes_landlock_where_the_folder_is_open(neighbours_file: Path) -> None:
    """In *reduced*, the size of a file can be read where the account may enter its folder."""
    assert jail.landlock_abi() > 0
    with start(policy.REDUCED) as there:
        reply = run(there, SIZE.format(path=str(neighbours_file)), within_s=20)
        assert reply["text"] == "4321"
        listing = run(there, f"import os\nos.listdir({str(neighbours_file.parent)!r})", within_s=20)
        assert listing["raised"] == "PermissionError"


def test_stat_ends_at_a_closed_folder(neighbours_file: Path) -> None:
    """A folder of mode 0700 that belongs to another account shows nothing, not even existence."""
    with start(policy.REDUCED) as there:
        if there.uid is None:
            pytest.skip("without a spare account the folder is the submission's own account's")
        neighbours_file.parent.chmod(0o700)
        reply = run(there, SIZE.format(path=str(neighbours_file)), within_s=20)
        neighbours_file.parent.chmod(0o755)
    assert reply["raised"] == "PermissionError"


def test_full_tells_nothing_by_stat(neighbours_file: Path) -> None:
    """In *full* the machine's tree is not there at all."""
    with start(policy.FULL) as there:
        reply = run(there, SIZE.format(path=str(neighbours_file)), within_s=20)
    assert reply["raised"] == "FileNotFoundError"
