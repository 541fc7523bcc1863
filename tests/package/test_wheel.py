"""The wheel holds the whole package, and grades a course where nothing of this checkout is."""

import json
import re
import tarfile
import zipfile
from pathlib import PurePosixPath

import pytest

import autograder
from autograder.sandbox.doctor import strongest

from .conftest import ROOT

IMPORT_ALL = """
import importlib, json, pkgutil, autograder
lacking = {}
for module in pkgutil.walk_packages(autograder.__path__, "autograder."):
    if module.name != "autograder.__main__":
        try:
            importlib.import_module(module.name)
        except ModuleNotFoundError as error:
            lacking[module.name] = error.name
print(json.dumps(lacking))
"""
DATA = f"nbassay-{autograder.__version__}.data/data/"
FOR_JUPYTER = ("autograder/jupyterlab/labextension/", "autograder/jupyterlab/jupyter_server_config")
"""What the wheel keeps beside the package, in the places where Jupyter looks."""
SCORES = """
import json
from nbgrader.api import Gradebook
with Gradebook("sqlite:///gradebook.db") as book:
    found = {one.student_id: one.score for one in book.assignment_submissions("growth")}
print(json.dumps(found))
"""


def contents(wheel):
    """The files of a wheel, with what is in them."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_sdist_makes_the_same_wheel(built):
    """A wheel made from the sdist has the files of one made from the checkout, byte for byte."""
    one, other = contents(built.from_sdist), contents(built.from_checkout)
    assert sorted(one) == sorted(other)
    assert [name for name in one if one[name] != other[name]] == []


def test_the_wheel_holds_the_whole_package_and_no_more(built):
    """Modules, templates, styles, scripts and the marker of types; and the licence."""
    names = set(contents(built.from_checkout))
    about = {
        name for name in names if name.startswith(f"nbassay-{autograder.__version__}.dist-info/")
    }
    package = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "autograder").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    for_jupyter = {name for name in package if name.startswith(FOR_JUPYTER)}
    package -= for_jupyter
    data = {name for name in names if name.startswith(DATA)}
    assert names - about - data == package
    assert len(data) == len(for_jupyter)
    assert {"autograder/py.typed", "autograder/feedback/templates/feedback.html.j2"} < package
    assert {PurePosixPath(name).name for name in about} == {
        *("LICENSE", "METADATA", "RECORD", "WHEEL", "entry_points.txt")
    }


def test_the_wheel_puts_the_extension_where_jupyterlab_looks(built):
    """With what pip and the extension manager want to know; every file as it is here."""
    files = contents(built.from_checkout)
    extension = ROOT / "autograder" / "jupyterlab" / "labextension"
    for path in extension.rglob("*.*"):
        name = f"{DATA}share/jupyter/labextensions/nbassay-marks/{path.relative_to(extension)}"
        assert files[name] == path.read_bytes(), name
    package = json.loads((extension / "package.json").read_text(encoding="utf-8"))
    assert (package["name"], package["version"]) == ("nbassay-marks", autograder.__version__)
    assert (extension / package["jupyterlab"]["_build"]["load"]).is_file()
    install = json.loads((extension / "install.json").read_text(encoding="utf-8"))
    assert (install["packageManager"], install["packageName"]) == ("python", "nbassay")
    assert f"{DATA}etc/jupyter/jupyter_server_config.d/nbassay.json" in files


def test_jupyterlab_finds_the_extension(installed):
    """Both of its halves, the page's and the server's, enabled and in order."""
    home = {"cwd": installed.folder}
    said = installed.run("sh", "-c", "HOME=$PWD jupyter labextension list 2>&1", **home)
    assert re.search(r"nbassay-marks v\S+ .*enabled.* .*OK", said), said
    said = installed.run("sh", "-c", "HOME=$PWD jupyter server extension list 2>&1", **home)
    assert re.search(r"autograder\.jupyterlab \S*enabled", said), said


def test_the_sdist_holds_no_answers(built):
    """The hidden suites and the master notebooks of the labs are in neither archive."""
    with tarfile.open(built.sdist) as archive:
        places = {PurePosixPath(name).parts[1] for name in archive.getnames()}
    assert places == {
        *("autograder", "pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE"),
        *(".gitignore", "PKG-INFO"),
    }


def test_both_commands_are_there(installed):
    """The command and `python -m` are the same program, of the installed package."""
    version = f"autograder, version {autograder.__version__}\n"
    assert installed.run("autograder", "--version") == version
    assert installed.run("python", "-m", "autograder", "--version") == version
    assert "An instructor's evening" in installed.run("autograder", "--help")
    place = installed.run("python", "-c", "import autograder; print(autograder.__file__)")
    assert place.startswith(f"{installed.folder}/venv/lib/")


def test_only_what_extras_bring_is_lacking(installed):
    """Without extras every module is imported but those of the service and of LTI."""
    lacking = json.loads(installed.run("python", "-c", IMPORT_ALL))
    assert lacking
    assert {name.split(".")[1] for name in lacking} == {"service", "lms"}
    needed = {"jupyterhub", "prometheus_client", "watchdog", "pylti1p3", "cryptography", "requests"}
    assert set(lacking.values()) <= needed


def test_the_sandbox_holds_as_it_does_here(installed):
    """An environment in the folder for temporary files is no reason for a weaker tier."""
    found = json.loads(installed.run("autograder", "doctor", "--json"))
    assert found["tier"] == strongest().name


@pytest.mark.parametrize("command", ["build", "prove", "grade", "demo", "report", "export"])
def test_outside_a_course_one_line_says_what_is_needed(installed, command):
    """Every command that needs a course says so, and where it looked."""
    config = installed.folder / "course_config.py"
    needed = (
        f"error: {config.parent}: no course: there is no course_config.py, and no "
        "nbgrader_config.py; go to a course's folder or give --course DIR\n"
    )
    assert installed.run("autograder", command, code=2) == needed


def test_the_service_names_its_extra(installed, course):
    """Who starts the hub's service without its packages reads how to get them."""
    said = installed.run("autograder", "serve", cwd=course.root, code=2)
    assert said.endswith("is not installed; run: pip install 'nbassay[hub]'\n")


def test_the_guides_course_is_built_proven_and_graded(course):
    """The guide's commands, run with the installed package, print what the guide shows."""
    assert "released release/growth/interest.ipynb" in course.said["autograder build"]
    proof = course.said["autograder prove"]
    assert "mistakes: 3 of 3 rejected, 3 named; variants: 2 of 2 passed" in proof
    assert re.search(r"ada .* 0/5 ", course.said["autograder grade"])


def test_a_class_gets_its_marks_and_its_reasons(installed, course):
    """The gradebook has the marks, a mistaken student's page the reason, a spoiled file code 1."""
    submit(course, "right", "return start * np.cumprod(1 + np.array(rates))")
    submit(course, "wrong", "return start * (1 + np.cumsum(rates))")
    installed.run("autograder", "grade", cwd=course.root)
    scores = json.loads(installed.run("python", "-c", SCORES, cwd=course.root))
    assert scores == {"ada": 0, "right": 3, "wrong": 0}
    page = (course.root / "feedback/wrong/growth/interest.html").read_text(encoding="utf-8")
    assert "as if interest were always earned on the start alone" in page
    submit(course, "spoiled", "return 0").write_text('{"cells": [', encoding="utf-8")
    installed.run("autograder", "grade", cwd=course.root, code=1)
    assert "class page: " in installed.run("autograder", "report", cwd=course.root)
    assert "wrong" in installed.run("autograder", "export", cwd=course.root)


def submit(course, student, body):
    """Put a student version with one exercise done where nbgrader would have collected it."""
    notebook = json.loads((course.root / "release/growth/interest.ipynb").read_text("utf-8"))
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "grow":
            cell["source"] = f"def grow(start, rates):\n    {body}\n"
    path = course.root / "submitted" / student / "growth" / "interest.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path


def test_a_new_course_comes_from_the_wheel(installed):
    """`init` needs nothing but the package: its files go with it."""
    said = installed.run("autograder", "init", "new")
    assert "variants: 1 of 1 passed; the proof holds" in said
    assert (installed.folder / "new" / "example" / "interest.ipynb").is_file()


def test_a_demonstration_is_made_of_any_course(installed, course):
    """`demo` needs a course and nothing else: eight students of this one's catalogue."""
    command = ["demo", "--course", course.root, "--into", "shown", "--json"]
    shown = json.loads(installed.run("autograder", *command))
    assert len(shown["reports"]) == 8
    assert (installed.folder / "shown" / "gradebook.db").is_file()
