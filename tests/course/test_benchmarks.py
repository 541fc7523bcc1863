"""The benchmark: equal tests for all ways, all of the time counted, a result of one shape."""

import json
import os
import re
import subprocess
import sys
import time

import pytest

from autograder.authoring import samples
from autograder.checks.catalogue import load_catalogue
from autograder.limits import Limits
from autograder.remote.cells import Cell
from autograder.remote.session import Session
from autograder.remote.student import Student
from autograder.sandbox.supervisor import Jail

from .conftest import lab_named

pytest.importorskip("psutil")
from benchmarks import compare, peers, result, stages
from benchmarks.measure import Measured, Tree, quantile

SPIN = """
import time
def spin(seconds):
    began = time.process_time()
    while time.process_time() - began < seconds:
        pass
    return 1.0
"""
NOTEBOOKS = ("gradient_basic", "gradient")


@pytest.fixture(scope="module")
def calls(built, tier):
    """The calls of all hidden checks of the assignment, recorded once."""
    return peers.record(built, tier)


@pytest.fixture(scope="module")
def pytest_grades(built, calls, tmp_path_factory):
    """Grade a submission (examples by notebook) by plain pytest: the exercises that pass."""
    module = tmp_path_factory.mktemp("module") / "test_submission.py"
    module.write_text(peers.pytest_module(calls))

    def grade(examples):
        folder = tmp_path_factory.mktemp("submission")
        for name, sources in examples.items():
            data = samples.notebook(lab_named(built, name), sources)
            (folder / f"{name}.ipynb").write_bytes(data)
        for name, data in built.public_files(peers.ASSIGNMENT).items():
            (folder / name).write_bytes(data)
        command = [sys.executable, "-m", "pytest", "-rA", "-q", "-p", "no:cacheprovider", module]
        environment = {**os.environ, "SUBMISSION": str(folder), "MPLBACKEND": "agg"}
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        return set(re.findall(r"^PASSED .*::test_(\w+)", done.stdout, flags=re.MULTILINE))

    return grade


def all_exercises(course):
    """Every exercise of the assignment as the generated tests name it."""
    return {
        f"{lab.name}_{exercise.grade_cell}"
        for lab in course.labs_of(peers.ASSIGNMENT)
        for exercise in lab.exercises
    }


def sources(course, name, kind, number=0):
    """The sources of a notebook with one variant or mistake in each exercise that has one."""
    lab = lab_named(course, name)
    examples = {}
    for example in getattr(load_catalogue(course.hidden, peers.ASSIGNMENT), kind):
        if example.grade_cell in lab.solutions:
            examples.setdefault(example.grade_cell, []).append(example)
    chosen = [own[number % len(own)] for own in examples.values()]
    return samples.with_examples(lab, chosen)


def test_every_check_and_case_is_recorded(built, calls):
    """Each exercise has its recorded calls, and none is answered by something not a number."""
    cells = {f"{name}_{call.grade_cell}" for name, own in calls.items() for call in own}
    assert cells == all_exercises(built)
    assert sum(map(len, calls.values())) > 50


def test_variants_pass_the_peers_tests(built, pytest_grades):
    """Right solutions in other styles get full marks from the generated tests."""
    handed_in = {name: sources(built, name, "variants") for name in NOTEBOOKS}
    assert pytest_grades(handed_in) == all_exercises(built)


def test_mistakes_fail_the_peers_tests(built, desk, pytest_grades):
    """An exercise that holds a mistake fails in both, and no exercise passes only here."""
    handed_in = {name: sources(built, name, "mistakes") for name in NOTEBOOKS}
    labs = [(lab_named(built, name), own) for name, own in handed_in.items()]
    failed = {
        f"{report.notebook}_{check.grade_cell}"
        for report in desk.grade_all(labs)
        for check in report.checks
        if check.verdict != "PASSED"
    }
    assert failed
    assert pytest_grades(handed_in) & failed == set()


def test_what_cannot_be_written_down_is_refused():
    """An argument without a source would make a test that fails everyone."""
    call = peers.Recorded("test_f", "f", (float("nan"),), 1.0)
    with pytest.raises(ValueError, match="cannot be written down"):
        peers.assertions([call])


@pytest.mark.wide(rows=0)
@pytest.mark.slow
def test_stock_nbgrader_grades_the_same_class(built, calls, tmp_path):
    """nbgrader's own kernel, on the generated hidden tests, finds the same exercises right."""
    from benchmarks.ways import Class

    made = Class(built_class(built, tmp_path), tmp_path, 1, calls)
    made.prepare("bare")
    measured = Measured(1)
    made.measure("bare", measured, workers=1)
    own = {name for name in all_exercises(built) if name.startswith("gradient_basic_")}
    assert measured.right == [len(own - {"gradient_basic_test_sse"})]
    assert len(measured.single_s) == 1
    text = (tmp_path / "bare/autograded/ada/gradient_descent/gradient_basic.ipynb").read_text()
    assert "BEGIN HIDDEN TESTS" in text
    assert all(
        "demonstration" not in cell["metadata"].get("tags", ())
        for cell in json.loads(text)["cells"]
    )


def built_class(built, folder):
    """A course with one submission of one notebook, so of one kernel, with one slip."""
    from .conftest import copy_of

    course = copy_of(built, folder / "ours")
    place = course.root / "submitted" / "ada" / peers.ASSIGNMENT
    place.mkdir(parents=True)
    catalogue = load_catalogue(course.hidden, peers.ASSIGNMENT)
    slip = next(m for m in catalogue.mistakes if m.grade_cell == "test_sse")
    lab = lab_named(course, "gradient_basic")
    data = samples.notebook(lab, samples.with_examples(lab, [slip]))
    (place / f"{lab.name}.ipynb").write_bytes(data)
    for name, data in course.public_files(peers.ASSIGNMENT).items():
        (place / name).write_bytes(data)
    return course


@pytest.mark.parametrize("started", ["before", "within"])
def test_time_spent_in_the_jail_is_counted(tier, started):
    """What runs behind the jail's walls counts, though nobody outside ever waits for it."""

    def spin(jail):
        with Session(jail, [Cell("cell", SPIN)]) as session:
            assert Student(session).spin(1.0) == 1.0
        # Memory and time are looked at four times a second.
        time.sleep(1.0)

    if started == "before":
        with Jail(Limits(), tier) as jail, Tree() as tree:
            spin(jail)
        assert 0.9 < tree.cpu_s < 2.0
    else:
        with Tree() as tree, Jail(Limits(), tier) as jail:
            spin(jail)
        assert tree.cpu_s > 1.0
    assert tree.peak_mib > 10


def test_time_of_other_programs_is_not_counted():
    """A program that this process did not start, or ended before, costs the block nothing."""
    subprocess.run([sys.executable, "-c", f"{SPIN}\nspin(0.5)"], check=True)
    with Tree() as tree:
        subprocess.run([sys.executable, "-c", "pass"], check=True)
    assert tree.cpu_s < 0.5


def measured(students, *walls):
    """Figures of a way that took these seconds in rounds."""
    return Measured(students, list(walls), [1.0] * len(walls), [9.0] * len(walls), [3] * len(walls))


FOUND = {
    "ours": {20: measured(20, 4.0, 4.0, 6.0), 200: measured(200, 20.0, 20.0, 40.0)},
    "nbgrader": {4: measured(4, 14.0, 14.0, 14.0), 20: measured(20, 46.0, 46.0, 62.0)},
    "otter": {4: measured(4, 8.0, 8.0, 8.0), 20: measured(20, 60.0, 60.0, 60.0)},
    "pytest": {200: measured(200, 100.0, 100.0, 100.0)},
    "floor": {20: measured(20, 1.0, 1.0, 1.0), 200: measured(200, 10.0, 10.0, 10.0)},
}
ABOUT = {
    "rounds": 3,
    "workers": 2,
    "whole": False,
    "notebooks": 2,
    "exercises": 11,
}


def test_ratios_are_taken_round_by_round():
    """A peer's own start is not charged to each submission, nor is drift between rounds."""
    written = result.summarise(FOUND, {}, ABOUT)
    assert written["ratio_nbgrader_wall"] == {"median": 20.0, "min": 15.0, "max": 20.0}
    assert written["ratio_otter_wall"] == {"median": 30.0, "min": 15.0, "max": 30.0}
    assert written["ratio_pytest_wall"] == {"median": 5.0, "min": 2.5, "max": 5.0}
    assert written["ratio_floor_wall"] == {"median": 2.0, "min": 2.0, "max": 4.0}
    further = {"median": 16 / 9, "min": 16 / 9, "max": 34 / 9}
    assert written["ratio_floor_marginal"] == pytest.approx(further)
    assert written["growth_nbgrader"] == {"4": 3.5, "20": 2.3}


def test_result_is_json_and_a_table(tmp_path):
    """What is written can be read again, and says in words what was done."""
    written = result.summarise(FOUND, {1: FOUND["ours"]}, ABOUT)
    read = json.loads(json.dumps(written))
    text = result.table(read)
    assert "| nbgrader | 20 | 46.0 | 2300 |" in text
    assert "20.0 (15.0 to 20.0)" in text
    assert "Not measured whole: nbgrader, otter, pytest" in text
    assert "A further submission, the start left out: 1.8 (1.8 to 3.8) times the floor." in text
    result.plot(read, tmp_path / "plot.png")
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")
    assert "Measured whole" in result.table({**read, "whole": True})


def test_quantiles_of_few_values():
    """A single submission is its own median."""
    assert quantile([3.0], 0.95) == 3.0
    assert quantile([1.0, 2.0, 3.0], 0.5) == 2.0


@pytest.mark.parametrize(
    ("arguments", "peers_grade"),
    [
        pytest.param(["--students", "5,3"], [4, 20], id="peers-grade-smaller-classes"),
        pytest.param(["--students", "5,3", "--whole"], [3, 5], id="whole"),
    ],
)
def test_sizes_of_classes(arguments, peers_grade):
    """Peers grade smaller classes unless the whole is asked for; ours and the floor all of them."""
    chosen = compare.options(arguments)
    assert compare.sizes_of("nbgrader", chosen) == peers_grade
    assert compare.sizes_of("ours", chosen) == compare.sizes_of("floor", chosen) == [3, 5]


@pytest.mark.parametrize("arguments", [["--ways", "ours,kattis"], ["--students", "0"]])
def test_unknown_ways_and_sizes_are_refused(arguments, capsys):
    """A name that is mistyped is an error, not a shorter table."""
    with pytest.raises(SystemExit) as ended:
        compare.options(arguments)
    assert ended.value.code == 2
    assert re.search("no way named kattis|from 1 on", capsys.readouterr().err)


def test_stages_name_what_is_there():
    """A function that is renamed would fall out of its stage without a word."""
    for beginning, _ in (*stages.ANYWHERE, *stages.INNERMOST):
        module, _, name = beginning.partition(".")
        if beginning == "import":
            continue
        path = stages.PACKAGE / module
        assert path.is_dir() if beginning.endswith("/") else path.with_suffix(".py").is_file()
        last = name.rpartition(".")[2]
        assert not last or f"def {last}(" in path.with_suffix(".py").read_text(), beginning


def test_stage_of_a_stack():
    """The innermost frame decides, but for what lends its work to others."""
    answered = [
        "sandbox/inside/wire.Channel.receive",
        "remote/session.Session._reply",
        "checks/suite.Suites",
    ]
    assert stages.stage_of(answered) == "calls answered, in the jail"
    assert stages.stage_of([*answered, "checks/pictures.draw"]) == "pictures"
    assert stages.stage_of(["import"]) == "imports"
    assert stages.stage_of(["errors.f"]) == "other"
    assert stages.stage_of([]) is None
