"""What a course declares: settings, limits and notebooks, and what is wrong with them."""

import json
from dataclasses import replace

import pytest
import toy

from autograder.course.lab import first_heading
from autograder.course.model import Course
from autograder.course.notebook import Kind, MasterCell, defined_functions
from autograder.errors import CourseError


def load(root, config=toy.CONFIG, **parts):
    """Write a toy course and load it."""
    return Course.load(toy.write_course(root, config=config, **parts))


def test_a_course_is_read_as_declared(tmp_path):
    """Title, limits, labs, exercises and points come from the two places that say them."""
    course = load(tmp_path)
    [lab] = course.labs
    assert (course.title, course.course_id, course.assignments) == ("Toys", "toycourse", ("toys",))
    assert course.limits.call_wall_s == 3.0
    assert course.limits.cpu_s == 90
    assert lab.max_score == 10.0
    assert [(e.grade_cell, e.solution, e.points, e.functions) for e in lab.exercises] == [
        ("test_area", "area", 3.0, ("area",)),
        ("test_scale", "scale", 4.0, ("scale",)),
        ("test_fold", "fold", 2.0, ("fold",)),
        ("test_draw", "draw", 1.0, ("draw",)),
    ]
    assert course.public_files("toys") == {"corners.csv": b"0,0\n4,0\n0,3\n"}


@pytest.mark.parametrize(
    ("cells", "heading"),
    [
        pytest.param(["Read this.", "# Sorting *by* `key`\n\ntext"], "Sorting by key", id="marks"),
        pytest.param(["```\n# no heading\n```\n## [Heaps](heaps.md) ##"], "Heaps", id="fence"),
        pytest.param(["Title\n=====", "#hashtag"], "", id="none"),
    ],
)
def test_a_notebook_is_called_by_its_first_heading(cells, heading):
    """Without Markdown's marks; lines of code and words that only look like headings are none."""
    assert first_heading(tuple(MasterCell(Kind.TEXT, "", text) for text in cells)) == heading


def test_titles_in_words(tmp_path):
    """An assignment with one notebook is called by its heading; what has none, by its name."""
    course = load(tmp_path)
    [lab] = course.labs
    assert lab.heading
    assert course.title_of("toys") == course.title_of("toys", lab.name) == lab.heading
    assert replace(lab, heading="").title == lab.name.capitalize()
    several = replace(course, labs=(lab, replace(lab, name="more", heading="More")))
    assert several.title_of("toys") == "Toys"
    assert several.title_of("toys", "more") == "More"
    assert course.title_of("linear_models-2") == "Linear models 2"


def test_every_cell_has_its_kind(tmp_path):
    """Text, free, given, demonstration, solution and tests cells are told apart."""
    kinds = [cell.kind for cell in load(tmp_path).labs[0].cells]
    assert kinds[:6] == [
        Kind.TEXT,
        Kind.GIVEN,
        Kind.SOLUTION,
        Kind.TESTS,
        Kind.FREE,
        Kind.DEMONSTRATION,
    ]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        pytest.param("c.Grading.limit = {}", "did you mean limits", id="near-setting"),
        pytest.param("c.Grading.assigments = {}", "did you mean assignments", id="misspelt"),
        pytest.param("c.Grading.zzz = 1", "known: ", id="unknown-setting"),
        pytest.param("c.Gradng.title = 'x'", "did you mean c.Grading", id="near-section"),
        pytest.param("c.Grading.title = 3", "title", id="wrong-type"),
        pytest.param("c.Grading.require = 'none'", "['full', 'reduced']", id="no-isolation"),
        pytest.param("c.Grading.limits = 5", "limits must be a dict", id="limits-no-dict"),
        pytest.param(
            "c.Grading.assignments = {'toys': {'shapes.ipynb': {}}}", "'shapes'", id="with-ending"
        ),
        pytest.param("c.Grading.assignments = []", "assignments", id="list-of-assignments"),
        pytest.param("c.Grading.assignments = {'toys': ['shapes']}", "", id="list-of-notebooks"),
        pytest.param(
            "c.Grading.assignments = {'toys': {'shapes': {'test_area': 'three'}}}",
            "test_area",
            id="points-in-words",
        ),
        pytest.param(
            "c.Grading.assignments = {'toys': {'shapes': {'test_area': -3}}}",
            "test_area",
            id="negative-points",
        ),
        pytest.param("c.Grading.assignments = {'toys': {'cubes': {}}}", "cubes.ipynb", id="file"),
        pytest.param("1 / 0", "ZeroDivisionError", id="raises"),
        pytest.param("c.Grading.(", "SyntaxError", id="syntax"),
        pytest.param("c.Grading.limits = {'call_wall': 1}", "did you mean", id="near-limit"),
        pytest.param("c.Grading.limits = {'patience': 1}", "known: ", id="unknown-limit"),
        *[
            pytest.param(f"c.Grading.limits = {{'call_wall_s': {v}}}", "call_wall_s", id=f"{v}-s")
            for v in ("0", "-1", "'5'", "True", "None", "float('nan')", "float('inf')")
        ],
        pytest.param("c.Grading.limits = {'processes': 0.5}", "processes", id="half-a-process"),
    ],
)
def test_a_wrong_setting_is_an_error_with_its_remedy(tmp_path, line, words):
    """Unknown and impossible settings name the file and, where there is one, the right word."""
    with pytest.raises(CourseError) as told:
        load(tmp_path, config=f"{toy.CONFIG}\n{line}\n")
    assert "course_config.py" in str(told.value) or "ipynb" in str(told.value)
    assert words in str(told.value)
    assert "trait" not in str(told.value)


def test_sections_of_other_programs_are_left_alone(tmp_path):
    """Settings of nbgrader and Jupyter are not ours to judge."""
    load(tmp_path, config=f"{toy.CONFIG}\nc.ClearSolutions.code_stub = {{}}\nc.Exchange.x = 1\n")


def test_a_folder_without_a_course_says_what_to_do(tmp_path):
    """Without course_config.py the error says where to go."""
    with pytest.raises(CourseError, match="--course DIR"):
        Course.load(tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("", id="empty"),
        pytest.param("[]", id="list"),
        pytest.param('{"worksheets": []}', id="format-3"),
        pytest.param('{"cells": [{"cell_type": "code"}]}', id="no-metadata"),
    ],
)
def test_a_master_that_is_no_notebook_is_named(tmp_path, content):
    """A file under source/ that does not read is named."""
    toy.write_course(tmp_path)
    (tmp_path / "source" / "toys" / "shapes.ipynb").write_text(content)
    with pytest.raises(CourseError, match=r"shapes\.ipynb"):
        Course.load(tmp_path)


def test_a_tests_cell_without_a_solution_is_named(tmp_path):
    """A tests cell that tests nothing is named when the exercises are asked for."""
    course = load(tmp_path, master=toy.notebook([toy.graded("test_area")]))
    with pytest.raises(CourseError, match="test_area"):
        _ = course.labs[0].exercises


def test_stubs_of_a_course_that_is_not_built_say_what_to_run(tmp_path):
    """Grading before building is told with the command."""
    with pytest.raises(CourseError, match="autograder build"):
        _ = load(tmp_path).labs[0].stubs


def test_an_unknown_assignment_is_answered_with_the_nearest(tmp_path):
    """A misspelt assignment is answered with the one that was probably meant."""
    with pytest.raises(CourseError, match="did you mean toys"):
        load(tmp_path).labs_of("toy")


def test_sources_as_lists_read_as_text(tmp_path):
    """Jupyter's form of a source, a list of lines, gives the same cells."""
    master = toy.shapes()
    for cell in master["cells"]:
        cell["source"] = cell["source"].splitlines(keepends=True)
    as_lists = load(tmp_path / "a", master=json.loads(json.dumps(master)))
    assert as_lists.labs[0].cells == load(tmp_path / "b").labs[0].cells


@pytest.mark.parametrize(
    ("source", "names"),
    [
        pytest.param("def a(): pass\ndef b(): pass", ["a", "b"], id="two"),
        pytest.param("def a():\n    def inner(): pass", ["a"], id="nested"),
        pytest.param("a = lambda: 1", [], id="lambda"),
        pytest.param("def a(:", [], id="syntax"),
        pytest.param("\0", [], id="null-character"),
    ],
)
def test_functions_of_a_cell_are_found_without_running_it(source, names):
    """Only functions at the top level of a cell are an exercise's functions."""
    assert defined_functions(source) == names
