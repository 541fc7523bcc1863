"""Opening submissions where the system refuses `openat2`, in processes with a real filter."""

import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import toy

from autograder.sandbox.beneath import (
    OPENAT2,
    STEP_BY_STEP,
    Closed,
    Unreadable,
    open_beneath,
    reading_way,
)

HERE = Path(__file__).parent
FILTERED = """
import errno, runpy, sys
import pyseccomp
number, *sys.argv = sys.argv[1:]
rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
rules.add_rule(pyseccomp.ERRNO(int(number)), "openat2")
rules.load()
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""
"""Runs a module in a process to which the kernel refuses `openat2` with an error number."""
SWAPPED = """
import os, sys, threading
from pathlib import Path
from autograder.sandbox.beneath import Unreadable, open_beneath, reading_way
folder = Path(sys.argv[1])
ended = threading.Event()
def swap():
    while not ended.is_set():
        for name in ("real", "link"):
            os.rename(folder / "ada" / name, folder / "ada" / "work")
            os.rename(folder / "ada" / "work", folder / "ada" / name)
thread = threading.Thread(target=swap)
thread.start()
seen = []
for _ in range(20_000):
    try:
        fd = open_beneath(folder, "ada/work/a.ipynb")
    except Unreadable:
        continue
    seen.append(os.read(fd, 100))
    os.close(fd)
ended.set()
thread.join()
print(reading_way(), len(seen), sorted(set(seen)))
"""


def filtered(number, module, *arguments, cwd=None):
    """Run a module where `openat2` is refused."""
    command = [sys.executable, "-c", FILTERED, str(number), module, *map(str, arguments)]
    return subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, timeout=300, check=False
    )


def test_openat2_is_used_where_it_works():
    """On this machine nothing refuses it."""
    assert reading_way() == OPENAT2


@pytest.mark.parametrize("refusal", ["ENOSYS", "EPERM"])
def test_reading_holds_step_by_step(refusal):
    """Every test of hostile files and folders passes where `openat2` is refused."""
    number = getattr(__import__("errno"), refusal)
    chosen = "plain or leaves or followed or listed or none_is_told or owner or descriptor"
    files = [HERE / "test_submission.py", HERE / "test_matching.py"]
    ran = filtered(number, "pytest", "-q", "-p", "no:cacheprovider", "-k", chosen, *files)
    assert ran.returncode == 0, ran.stdout
    assert " passed" in ran.stdout


@pytest.mark.parametrize(("number", "way"), [(None, OPENAT2), (1, STEP_BY_STEP)])
def test_a_folder_swapped_for_a_link_meanwhile_leads_nowhere(tmp_path, number, way):
    """Whatever is renamed while a path is opened, only the student's own file is read."""
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "a.ipynb").write_text("secret")
    inside = tmp_path / "submitted" / "ada"
    (inside / "real").mkdir(parents=True)
    (inside / "real" / "a.ipynb").write_text("own")
    (inside / "link").symlink_to(tmp_path / "secret")
    script = tmp_path / "swapped.py"
    script.write_text(SWAPPED)
    if number is None:
        command = [sys.executable, str(script), str(tmp_path / "submitted")]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    else:
        (tmp_path / "__main__.py").write_text(SWAPPED)
        ran = filtered(number, "swapped", tmp_path / "submitted", cwd=tmp_path)
    said = ran.stdout.strip().rpartition(" [")
    assert said[0].startswith(way), ran.stderr
    assert int(said[0].split()[-1]) > 0, "the file was never there when it was opened"
    assert said[2] == "b'own']"


@pytest.mark.parametrize("way", ["openat2", "step by step"])
@pytest.mark.parametrize(
    "name",
    [
        "..", ".", "", "/", "ada/..", "ada/../ada/work.ipynb", "../submitted/ada/work.ipynb",
        "ada/work.ipynb/", "ada/work.ipynb/..", "ada/work.ipynb/x", "ada\0/work.ipynb", "ada//x",
        "a" * 300, "ada/" * 2000, "\ud800", "proc/self/root/etc/passwd",
    ],
)  # fmt: skip
def test_odd_names_are_told_in_words(tmp_path, monkeypatch, way, name):
    """No name leaves the folder, and none raises anything but one clear line."""
    monkeypatch.setattr("autograder.sandbox.beneath.reading_way", lambda: way)
    (tmp_path / "submitted" / "ada").mkdir(parents=True)
    (tmp_path / "submitted" / "ada" / "work.ipynb").write_text("own")
    (tmp_path / "submitted" / "proc").symlink_to("/proc")
    try:
        fd = open_beneath(tmp_path / "submitted", name)
    except Unreadable as told:
        words = str(told)
        assert len(words.splitlines()) == 1
        return
    place = os.readlink(f"/proc/self/fd/{fd}")
    os.close(fd)
    assert Path(place).is_relative_to(tmp_path / "submitted")


def test_another_file_system_is_not_entered(monkeypatch):
    """A mount below the folder is no part of the submission, in either way."""
    for way in (OPENAT2, STEP_BY_STEP):
        monkeypatch.setattr("autograder.sandbox.beneath.reading_way", lambda way=way: way)
        with pytest.raises(Unreadable, match="outside"):
            open_beneath(Path("/"), "proc/version")


def test_two_threads_open_at_once(tmp_path, monkeypatch):
    """Each opening has its own descriptors; none is closed twice."""
    monkeypatch.setattr("autograder.sandbox.beneath.reading_way", lambda: STEP_BY_STEP)
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "f").write_text("x")
    faults = []

    def read():
        try:
            for _ in range(500):
                os.close(open_beneath(tmp_path, "a/b/f"))
        except OSError as fault:
            faults.append(fault)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []


@pytest.mark.parametrize("refusal", ["ENOSYS", "EPERM"])
def test_a_class_is_graded_where_openat2_is_refused(toy_course, tmp_path, refusal):
    """The same marks, links refused as ever, and the doctor says which way is used."""
    number = getattr(__import__("errno"), refusal)
    shutil.copytree(toy_course.root, tmp_path / "course")
    course = tmp_path / "course"
    for student in ("ada", "bob"):
        (course / "submitted" / student / "toys").mkdir(parents=True)
    right = toy.handed_in(course / "release" / "toys" / "shapes.ipynb", toy.solved(), None)
    (course / "submitted" / "ada" / "toys" / "shapes.ipynb").write_text(json.dumps(right))
    (course / "submitted" / "bob" / "toys" / "shapes.ipynb").symlink_to(
        "../../ada/toys/shapes.ipynb"
    )
    ran = filtered(number, "autograder", "grade", "--json", "--course", course)
    assert ran.returncode == 1, ran.stderr
    reports = {one["student"]: one for one in json.loads(ran.stdout)["reports"]}
    assert reports["ada"]["score"] == 10
    assert reports["bob"]["status"] == "unreadable"
    assert "symbolic link" in reports["bob"]["reason"]
    told = filtered(number, "autograder", "doctor", "--json")
    assert json.loads(told.stdout)["reading"] == STEP_BY_STEP


@pytest.mark.skipif(os.getuid() != 0, reason="needs root")
@pytest.mark.parametrize("mode", [0o000, 0o200])
def test_what_the_grader_may_not_read_is_told_apart(tmp_path, monkeypatch, mode):
    """A file or folder that is closed to the grader's account is nobody's damaged work."""
    (tmp_path / "file").touch(mode)
    (tmp_path / "folder").mkdir(mode)
    (tmp_path / "file").chmod(mode)
    tmp_path.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    os.seteuid(65534)
    try:
        for name in ("file", "folder", "folder/file"):
            with pytest.raises(Closed):
                open_beneath(Path(), name)
    finally:
        os.seteuid(0)
