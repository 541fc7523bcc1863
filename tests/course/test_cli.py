"""The command line: help, exit codes, and what `check` prints."""

import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest
from schemas import faults

from autograder.authoring import samples
from autograder.cli import main
from autograder.course.notebook import grade_id_of
from autograder.grading.exercise_marks import NOT_DONE

from .conftest import NOTEBOOKS, autograder, lab_named
from .test_walkthrough import AUTOGRADER, run

REQUIRED = {"build", "prove", "grade", "check", "demo", "report", "doctor"}
COMMANDS = tuple(sorted(REQUIRED | set(main.commands)))
every_notebook = pytest.mark.parametrize("name", NOTEBOOKS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command):
    """`--help` of each command answers with its usage."""
    ran = autograder(command, "--help")
    assert ran.code == 0
    assert ran.out.startswith("Usage:")
    assert command in ran.out.splitlines()[0]
    assert len(ran.out.splitlines()) > 5


def test_help_lists_every_command():
    """The main help names each command and the exit codes."""
    ran = autograder("--help")
    assert ran.code == 0
    assert [command for command in COMMANDS if f"  {command} " not in ran.out] == []
    assert "Exit codes" in ran.out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes_commands(shell, tmp_path):
    """Once it has read the line that the reference shows."""
    asked = {"_AUTOGRADER_COMPLETE": f"{shell}_source"}
    assert "_AUTOGRADER_COMPLETE" in run(tmp_path, AUTOGRADER, env=os.environ | asked)
    asked = {"_AUTOGRADER_COMPLETE": f"{shell}_complete", "COMP_WORDS": "autograder gra"}
    asked["COMP_CWORD"] = "gra" if shell == "fish" else "1"
    assert "grade" in run(tmp_path, AUTOGRADER, env=os.environ | asked)


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["unknown"], id="unknown-command"),
        pytest.param(["grade", "--unknown"], id="unknown-option"),
        pytest.param(["check"], id="no-notebook"),
        pytest.param(["grade", "--workers", "none"], id="not-a-number"),
    ],
)
def test_wrong_usage_is_exit_code_2(arguments):
    """What cannot be understood is exit code 2, with a line that says what."""
    ran = autograder(*arguments)
    assert ran.code == 2
    assert "Error:" in ran.err


@pytest.mark.parametrize("command", ["build", "grade", "report"])
def test_a_folder_without_a_course_is_exit_code_2(command, tmp_path):
    """Outside a course, each command says which file is missing and what to do."""
    ran = autograder(command, cwd=tmp_path)
    assert ran.code == 2
    assert "course_config.py" in ran.err
    assert "--course" in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("command", ["build", "grade", "prove"])
def test_unknown_assignment_is_exit_code_2_with_a_hint(command, built):
    """The error for a mistyped assignment gives the nearest name."""
    ran = autograder(command, "gradient_decent", course=built.root)
    assert ran.code == 2
    assert "did you mean gradient_descent?" in ran.err
    assert "Traceback" not in ran.err


def test_grading_an_empty_class_is_exit_code_2(built):
    """Where nothing was submitted, the command says where it looked, and what to do."""
    ran = autograder("grade", course=built.root)
    assert ran.code == 2
    assert "submitted: no submission" in ran.err
    assert "nbgrader collect" in ran.err


def test_setting_that_does_not_exist_is_exit_code_2(own_course):
    """An unknown setting is an error that names the nearest one."""
    config = own_course.root / "course_config.py"
    config.write_text(config.read_text() + '\nc.Grading.assignment = {"x": {}}\n')
    ran = autograder("report", course=own_course.root)
    assert ran.code == 2
    assert "did you mean assignments?" in ran.err


@pytest.fixture(scope="module")
def checked(built, tmp_path_factory):
    """`check --json` on the solution and the student version of every notebook."""
    folder = tmp_path_factory.mktemp("checked")
    paths = {}
    for name in NOTEBOOKS:
        lab = lab_named(built, name)
        for kind, data in (
            ("solution", samples.notebook(lab, samples.solutions(lab))),
            ("untouched", lab.release.read_bytes()),
        ):
            path = folder / kind / f"{name}.ipynb"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(data)
            paths[name, kind] = path
    with ThreadPoolExecutor(2) as pool:
        ran = pool.map(
            lambda path: autograder("check", path, "--json", course=built.root), paths.values()
        )
        return dict(zip(paths, ran, strict=True))


@pytest.mark.slow
@every_notebook
def test_check_gives_solutions_full_marks(built, checked, name):
    """The master's own solution gets every point."""
    ran = checked[name, "solution"]
    assert ran.code == 0, ran.err
    said = ran.json
    assert said["score"] == said["max_score"] == lab_named(built, name).max_score
    assert {check["verdict"] for check in said["checks"]} == {"PASSED"}


@pytest.mark.slow
@every_notebook
def test_check_calls_untouched_work_not_done(checked, name):
    """The student version gets no points. The report says that it is not done, and not wrong."""
    ran = checked[name, "untouched"]
    assert ran.code == 0, ran.err
    assert ran.json["score"] == 0
    assert {check["verdict"] for check in ran.json["checks"]} == {"NOT_DONE"}
    assert {check["message"] for check in ran.json["checks"]} == {NOT_DONE}


@pytest.mark.slow
@every_notebook
def test_check_prints_a_report_of_the_documented_format(built, checked, name):
    """The JSON follows its schema, and its points add up."""
    lab, said = lab_named(built, name), checked[name, "solution"].json
    assert faults("report", said) == []
    assert (said["format"], said["status"]) == (1, "graded")
    assert (said["assignment"], said["notebook"]) == (lab.assignment, name)
    assert said["tier"] in ("full", "reduced")
    assert {check["grade_cell"] for check in said["checks"]} == set(lab.solutions)
    assert sum(check["max_points"] for check in said["checks"]) == lab.max_score
    assert all(check["title"] for check in said["checks"])


@pytest.fixture
def mistaken(built, tmp_path):
    """A notebook under another name, with one mistake in it."""
    lab = lab_named(built, "gradient_basic")
    sources = {
        **samples.solutions(lab),
        "weight_step": "def weight_step(x, target, weights, learning_rate):\n"
        "    return -learning_rate * error_term(x, target, weights) * np.asarray(x)\n",
    }
    path = tmp_path / "My lab (1).ipynb"
    path.write_bytes(samples.notebook(lab, sources))
    return path


def test_check_tells_the_notebook_by_its_exercises(built, mistaken, tmp_path):
    """A file of another name is recognised; --feedback writes the page; the seed repeats it."""
    page = tmp_path / "page.html"
    ran = autograder(
        "check", mistaken, "--json", "--seed", 42, "--feedback", page, course=built.root
    )
    assert ran.code == 0, ran.err
    said = ran.json
    assert (said["notebook"], said["seed"], said["score"]) == ("gradient_basic", 42, 15)
    failed = [check for check in said["checks"] if check["verdict"] == "FAILED"]
    assert {check["grade_cell"] for check in failed} == {"test_weight_step"}
    assert all(check["misconception"] for check in failed)
    text = page.read_text(encoding="utf-8")
    assert "<html" in text
    assert all(check["title"].split(",")[0] in text for check in failed)
    named = said["misconceptions"]
    assert len(named) == 1
    assert named[0]["grade_cells"] == ["test_weight_step"]
    assert len(named[0]["hints"]) == 3


def test_check_prints_text_for_people(built, mistaken):
    """Without --json, plain lines give the score and the failed checks."""
    ran = autograder("check", mistaken, course=built.root)
    assert ran.code == 0
    assert "15" in ran.out
    assert "20" in ran.out
    assert "{" not in ran.out.splitlines()[0]


def test_check_cannot_tell_a_strange_notebook(built, tmp_path):
    """A notebook that belongs to no lab is exit code 2, and --as is proposed."""
    path = tmp_path / "strange.ipynb"
    path.write_text(json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    ran = autograder("check", path, course=built.root)
    assert ran.code == 2
    assert "--as" in ran.err


def test_check_of_a_damaged_file_needs_a_person(built, tmp_path):
    """A damaged file under a lab's name is a report with a reason, and exit code 1."""
    path = tmp_path / "multilayer.ipynb"
    path.write_bytes(lab_named(built, "multilayer").release.read_bytes()[:3000])
    ran = autograder("check", path, "--json", course=built.root)
    assert ran.code == 1
    said = ran.json
    assert (said["status"], said["score"], said["checks"]) == ("unreadable", 0, [])
    assert "not JSON" in said["reason"]


def test_check_with_unknown_assignment(built, mistaken):
    """An unknown --assignment is exit code 2, with the nearest name."""
    ran = autograder("check", mistaken, "--assignment", "backpropagatoin", course=built.root)
    assert ran.code == 2
    assert "did you mean backpropagation?" in ran.err


def test_build_refuses_points_that_disagree(own_course):
    """Points that disagree with the configuration are refused, by cell, with exit code 2."""
    path = own_course.root / "source" / "multilayer_perceptrons" / "multilayer.ipynb"
    content = json.loads(path.read_text(encoding="utf-8"))
    for cell in content["cells"]:
        if grade_id_of(cell) == "test_forward":
            cell["metadata"]["nbgrader"]["points"] = 9
    path.write_text(json.dumps(content), encoding="utf-8")
    ran = autograder("build", "multilayer_perceptrons", course=own_course.root)
    assert ran.code == 2
    assert "test_forward" in ran.err
    assert "9 points" in ran.err


def test_doctor_tells_the_tier(tier):
    """`doctor --json` names the tier that holds and every layer it tried."""
    ran = autograder("doctor", "--json")
    assert ran.code == 0
    assert ran.json["tier"] == tier.name
    assert all(ran.json["layers"][tier.name].values())


@pytest.mark.wide(rows=0)
def test_build_twice_is_the_same(own_course):
    """Compiling again gives the same bytes, and `build --json` lists what was released."""
    lab = lab_named(own_course, "multilayer")
    before = lab.release.read_bytes()
    shutil.rmtree(lab.release.parent)
    ran = autograder("build", "multilayer_perceptrons", "--json", course=own_course.root)
    assert ran.code == 0, ran.err
    assert ran.json["released"] == [str(lab.release)]
    assert lab.release.read_bytes() == before
