"""A class on a real Dask cluster: two worker processes, one of them killed in the middle."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from autograder.authoring import samples
from autograder.authoring.demo import CLASS, make_class
from autograder.course.model import Course
from autograder.errors import CourseError
from autograder.grading.cluster import pack, require_private

from .conftest import autograder, copy_of, lab_named, notebook_of, set_limits
from .test_class import marks

pytest.importorskip("distributed")
pytestmark = pytest.mark.slow

PEOPLE = CLASS[:5]
SETTINGS = {
    "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0",
    "DASK_DISTRIBUTED__WORKER__DAEMON": "False",
    "DASK_DISTRIBUTED__DASHBOARD__LINK": "",
}


def start(kind: str, *options: str) -> subprocess.Popen:
    """A process of the cluster, in a session of its own."""
    command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", *options]
    return subprocess.Popen(
        command,
        env={**os.environ, **SETTINGS},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd="/",
    )


@pytest.fixture
def cluster(tmp_path):
    """A scheduler on loopback and two workers; the address, and the workers as processes."""
    file = tmp_path / "scheduler.json"
    here = ["--host", "127.0.0.1", "--no-dashboard"]
    running = [start("scheduler", *here, "--port", "0", "--scheduler-file", str(file))]
    try:
        give_up = time.monotonic() + 60
        while not file.exists() or not file.read_text():
            assert time.monotonic() < give_up, "the scheduler does not start"
            time.sleep(0.1)
        address = json.loads(file.read_text())["address"]
        place = ["--local-directory", str(tmp_path / "dask")]
        alone = ["--nthreads", "1", "--nworkers", "1"]
        running += [start("worker", address, *here, *alone, *place) for _ in range(2)]
        yield address, running[1:]
    finally:
        for process in running:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
        for process in running:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def handed_in(built, folder) -> Course:
    """The class before grading."""
    course = copy_of(built, folder)
    set_limits(course, call_wall_s=2.0, cell_wall_s=5.0, submission_wall_s=30.0)
    course = Course.load(course.root)
    make_class(course, PEOPLE)
    return course


def test_marks_are_those_of_one_machine_though_a_worker_dies(built, cluster, tmp_path):
    """A worker killed in the middle costs nothing but time."""
    address, workers = cluster
    course = handed_in(built, tmp_path / "near")
    far = copy_of(course, tmp_path / "far")
    near = autograder("grade", course=course.root)
    command = [sys.executable, "-m", "autograder", "grade", "--scheduler", address, "--json"]
    running = subprocess.Popen(
        command, cwd=far.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    first = running.stderr.readline()
    assert first.startswith("{"), first + running.stderr.read()
    os.killpg(workers[0].pid, signal.SIGKILL)
    out, said = running.communicate(timeout=250)
    assert running.returncode == near.code, said
    assert json.loads(out)["graded"] == 5 * len(PEOPLE)
    assert {report["status"] for report in json.loads(out)["reports"]} <= {"graded", "unreadable"}
    assert marks(far) == marks(course)


def test_a_submission_that_kills_workers_is_withheld_and_the_class_goes_on(
    built, cluster, tmp_path
):
    """After two dead workers a person is asked; nobody else loses a mark by it."""
    course = handed_in(built, tmp_path / "poisoned")
    lab = lab_named(course, "multilayer")
    suite = lab.suite
    check = (
        '\n\n@pytest.mark.grade_cell("test_forward_batch")\n@pytest.mark.points(1)\n'
        'def test_poison(student):\n    """Nothing to see."""\n'
        "    import multiprocessing, os\n"
        "    if student.poison.answer().outcome is None:\n"
        "        os.kill(multiprocessing.parent_process().pid, 9)\n"
    )
    suite.write_text(suite.read_text(encoding="utf-8") + check, encoding="utf-8")
    bad = course.root / "submitted" / PEOPLE[1].name / lab.assignment / "multilayer.ipynb"
    sources = samples.solutions(lab) | {"": "def poison():\n    return 1"}
    bad.write_bytes(notebook_of(lab, sources))
    ran = autograder(
        "grade", lab.assignment, "--scheduler", cluster[0], "--json", course=course.root
    )
    assert ran.code == 1, ran.err
    status = {report["student"]: report["status"] for report in ran.json["reports"]}
    assert status.pop(PEOPLE[1].name) == "broken"
    assert set(status.values()) == {"graded"}
    withheld = {m for (student, _, _), m in marks(course).items() if student == PEOPLE[1].name}
    assert (None, True) in withheld


@pytest.mark.parametrize(
    ("address", "admitted"),
    [
        ("tls://grader.example.org:8786", True),
        ("tcp://127.0.0.1:8786", True),
        ("localhost:8786", True),
        ("tcp://10.0.0.7:8786", False),
        ("grader.example.org:8786", False),
        ("ucx://10.0.0.7:8786", False),
    ],
)
def test_only_loopback_or_tls(address, admitted):
    """Suites and marks do not cross a network in the clear."""
    if admitted:
        require_private(address)
    else:
        with pytest.raises(CourseError, match="tls://"):
            require_private(address)


def test_a_scheduler_that_is_not_there_is_told(built):
    """Exit code 2 and one line that names the address."""
    ran = autograder("grade", "--scheduler", "tcp://127.0.0.1:9", course=built.root)
    assert ran.code == 2
    assert "127.0.0.1:9" in ran.err


def test_the_same_course_packs_to_the_same_bytes(built, tmp_path):
    """Workers know by the digest which course they hold already."""
    assert pack(built) == pack(copy_of(built, tmp_path / "copy"))
