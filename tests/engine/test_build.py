"""Building: what is released, what is refused, and that a refusal changes nothing."""

import json
import re
import shutil

import pytest
import toy

from autograder.authoring.build import build, tidy
from autograder.authoring.inspection import release_problems
from autograder.checks.catalogue import load_catalogue
from autograder.course.model import Course
from autograder.errors import BuildRefused, CourseError, SuiteError
from autograder.gradebook.gradebook import open_gradebook
from autograder.grading.context import prepared

SHAPES = f"source/{toy.ASSIGNMENT}/{toy.NOTEBOOK}.ipynb"


def contents(root):
    """Every file of what building writes, by name."""
    files = [*root.glob("release/**/*"), *root.glob("gradebook.db*")]
    return {path.relative_to(root): path.read_bytes() for path in files if path.is_file()}


def refused(root, course=None):
    """The problems for which a build is refused."""
    with pytest.raises(BuildRefused) as told:
        build(course or Course.load(root))
    assert str(told.value).splitlines()[0] == told.value.problems[0].splitlines()[0]
    return told.value.problems


def edited(change):
    """The master notebook with a change."""
    content = toy.shapes()
    change(content)
    return content


def edit(grade_id, /, **fields):
    """A change of one cell's fields."""
    return edited(lambda content: toy.cell_of(content, grade_id).update(fields))


def relabel(grade_id, /, **fields):
    """A change of one cell's nbgrader metadata."""
    return edited(
        lambda content: toy.cell_of(content, grade_id)["metadata"]["nbgrader"].update(fields)
    )


def without(grade_id):
    """The master notebook without a cell."""
    return edited(lambda content: content["cells"].remove(toy.cell_of(content, grade_id)))


def first_tests_first(content):
    """The first tests cell before any solution cell."""
    content["cells"].insert(0, content["cells"].pop(toy.place_of(content, "test_area")))


def suite(old, new):
    """The hidden files with the suite changed."""
    name = f"test_{toy.NOTEBOOK}.py"
    changed = toy.SUITE.replace(old, new)
    assert changed != toy.SUITE
    return {**toy.HIDDEN, name: changed}


HIDDEN_TESTS = "x = 1\n### BEGIN HIDDEN TESTS\nassert x\n### END HIDDEN TESTS\n"
LAST_CHECK = toy.SUITE[toy.SUITE.index('@pytest.mark.grade_cell("test_draw")') :]


@pytest.mark.parametrize(
    ("parts", "cell", "words"),
    [
        pytest.param(
            {"master": relabel("test_area", points=5)}, "test_area", "5 points", id="points"
        ),
        pytest.param(
            {"master": without("test_draw")}, "test_draw", "has none", id="tests-cell-missing"
        ),
        pytest.param(
            {"config": toy.CONFIG.replace("'test_draw': 1", "")},
            "test_draw",
            "does not declare",
            id="tests-cell-not-declared",
        ),
        pytest.param(
            {"master": relabel("fold", grade_id="area")}, "area", "occurs twice", id="twice"
        ),
        pytest.param(
            {"master": edited(first_tests_first)},
            "test_area",
            "no solution cell before",
            id="no-solution-before",
        ),
        pytest.param(
            {"master": edit("test_area", source=HIDDEN_TESTS)},
            "test_area",
            "hidden tests in the notebook",
            id="hidden-tests",
        ),
        pytest.param(
            {"hidden": suite(LAST_CHECK, "")}, "test_draw", "no hidden check", id="no-check"
        ),
        pytest.param(
            {"hidden": suite('"test_draw"', '"test_drawing"')},
            "test_drawing",
            "no such tests cell",
            id="unknown-cell-in-suite",
        ),
        pytest.param(
            {"hidden": suite("points(4)", "points(3)")},
            "test_scale",
            "worth 3 points together",
            id="points-of-the-suite",
        ),
        pytest.param(
            {"hidden": {"reference.py": ""}},
            "shapes.ipynb",
            "no hidden suite",
            id="no-suite",
        ),
    ],
)
def test_what_disagrees_is_refused_with_the_cell(tmp_path, parts, cell, words):
    """Notebook, configuration and suite must agree; each refusal names the cell."""
    problems = refused(toy.write_course(tmp_path, **parts))
    assert any(cell in problem and words in problem for problem in problems)
    assert contents(tmp_path) == {}


def test_every_problem_is_listed_at_once(tmp_path):
    """Two faults in two places are two lines of one refusal."""
    master = relabel("test_area", points=5)
    toy.cell_of(master, "test_fold")["metadata"]["nbgrader"]["points"] = 7
    problems = refused(toy.write_course(tmp_path, master=master))
    assert sum("test_area" in problem for problem in problems) >= 1
    assert sum("test_fold" in problem for problem in problems) >= 1


@pytest.fixture
def released(toy_course, tmp_path):
    """A copy of the built toy course, whose release may be spoilt."""
    shutil.copytree(toy_course.root, tmp_path / "toys")
    return Course.load(tmp_path / "toys")


def spoil(course, grade_id, old, new):
    """Change the source of one released cell."""
    path = course.labs[0].release
    content = json.loads(path.read_text())
    cell = toy.cell_of(content, grade_id)
    source = cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
    cell["source"] = source.replace(old, new) if old else source + new
    path.write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("grade_id", "added", "words"),
    [
        pytest.param("test_area", "\n### END SOLUTION\n", "marker survives", id="marker"),
        pytest.param("test_area", "\n### BEGIN HIDDEN TESTS\n", "marker survives", id="hidden"),
        pytest.param(
            "test_area", "\nhalf_around = (a + b + c) / 2\n", "line of a solution", id="line"
        ),
        pytest.param(
            "fold",
            "\ndef area(sides):\n    return sum(sides)\n",
            "no stub",
            id="function-without-stub",
        ),
    ],
)
def test_what_must_not_reach_a_student_is_found_in_the_release(released, grade_id, added, words):
    """A marker, a line of a solution or a function without its stub is found with its cell."""
    spoil(released, grade_id, "", added)
    [problem] = release_problems(released, released.labs[0].release.parent, toy.ASSIGNMENT)
    assert grade_id in problem
    assert words in problem


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("mistakes.py", "", id="mistakes"),
        pytest.param("reference.py", "x = 1", id="reference"),
        pytest.param("test_shapes.py", "x = 1", id="suite"),
        pytest.param("gradebook.db", "", id="gradebook"),
        pytest.param("course_config.py", "", id="configuration"),
        pytest.param("notes.txt", toy.REFERENCE, id="reference-by-another-name"),
    ],
)
def test_a_file_that_should_stay_hidden_is_found_in_the_release(released, name, content):
    """Private files are found by their names, and hidden modules by what is in them."""
    folder = released.labs[0].release.parent
    (folder / name).write_text(content)
    [problem] = release_problems(released, folder, toy.ASSIGNMENT)
    assert name in problem
    assert "stay hidden" in problem


def test_a_sound_release_has_no_problems(released):
    """The toy course's own release may go out."""
    assert release_problems(released, released.labs[0].release.parent, toy.ASSIGNMENT) == []


def test_a_refusal_after_compiling_changes_nothing(released):
    """What is found in the compiled notebook leaves release/ and the gradebook as they were."""
    root = released.root
    before = contents(root)
    leak = "half_around = (3 + 4 + 5) / 2\n"
    area = toy.AREA.replace("(a + b + c) / 2", "(3 + 4 + 5) / 2")
    master = edit("area", source=area)
    toy.cell_of(master, "test_area")["source"] = leak
    toy.write_course(root, master=master)
    (root / "source" / toy.ASSIGNMENT / "solution.db").write_text("x")
    problems = refused(root)
    assert any("test_area" in p and "line of a solution" in p for p in problems)
    assert any("solution.db" in p for p in problems)
    assert contents(root) == before
    assert before


def test_a_missing_reference_is_told_of_the_course(tmp_path, tier):
    """The proof runs in a copy, but what it finds is named where its author has it."""
    root = toy.write_course(tmp_path)
    reference = root / "tests" / "hidden" / toy.ASSIGNMENT / "reference.py"
    reference.unlink()
    with pytest.raises(CourseError, match=re.escape(f"{reference}: the file is missing")):
        build(Course.load(root), prove_in=tier)


def test_faults_of_the_hidden_modules_are_told_in_one_line_each(tmp_path, tier):
    """An exception in a reference, and an example for an exercise that no notebook has."""
    root = toy.write_course(tmp_path)
    hidden = root / "tests" / "hidden" / toy.ASSIGNMENT
    (hidden / "reference.py").write_text(f"{toy.REFERENCE}\ndef area(sides):\n    return wrong\n")
    mistakes = (hidden / "mistakes.py").read_text()
    (hidden / "mistakes.py").write_text(mistakes.replace('of("test_fold"', 'of("test_flod"'))
    with pytest.raises(BuildRefused) as told:
        build(Course.load(root), prove_in=tier)
    problems = told.value.problems
    assert all("\n" not in problem and "autograder-build" not in problem for problem in problems)
    assert any("test_flod" in p and "no notebook of toys has" in p for p in problems)
    solution = next(p for p in problems if "the master's solution" in p)
    assert re.search(r"hidden/toys/reference\.py, line \d+: NameError: name 'wrong'", solution)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        pytest.param("mistake = []", "it has no mistakes = Mistakes()", id="no-registry"),
        pytest.param("1 / 0", "mistakes.py, line 1: ZeroDivisionError", id="raises"),
        pytest.param(
            "from autograder.checks import Misconception as M\nM('a', 'b', ('no comma'))",
            "mistakes.py, line 2: Misconception('a', …)",
            id="hints-without-a-comma",
        ),
        pytest.param(
            "from ..misconceptions import GONE", "'tests.hidden.misconceptions'", id="unknown-name"
        ),
    ],
)
def test_a_faulty_catalogue_is_named_with_its_line(tmp_path, source, words):
    """What an author of mistakes gets wrong is one line, before anything is graded."""
    folder = toy.write_course(tmp_path) / "tests" / "hidden" / toy.ASSIGNMENT
    (folder / "mistakes.py").write_text(source)
    with pytest.raises(SuiteError, match=r"mistakes\.py") as told:
        load_catalogue(folder.parent, toy.ASSIGNMENT)
    assert words in str(told.value)
    assert "\n" not in str(told.value)


def test_a_course_that_is_not_built_is_no_fault_of_a_submission(tmp_path, tier):
    """Before `autograder build`, nothing is graded, and the error says what to run."""
    course = Course.load(toy.write_course(tmp_path))
    with (
        pytest.raises(CourseError, match="run: autograder build"),
        prepared(course, course.labs, tier),
    ):
        pass


# --- What is released ---------------------------------------------------------------------------


def test_a_release_holds_stubs_and_public_files(toy_course, toy_lab):
    """Students get every function's head with a stub, and the files beside the notebook."""
    assert sorted(toy_lab.stubs) == ["area", "draw", "fold", "scale"]
    for name, stub in toy_lab.stubs.items():
        assert f"def {name}(" in stub
        assert "NotImplementedError" in stub
    files = sorted(path.name for path in toy_lab.release.parent.iterdir())
    assert files == ["corners.csv", "shapes.ipynb"]


def test_a_release_holds_nothing_hidden(toy_lab):
    """No line of a solution, of the suite or of the catalogue is in the student version."""
    released = toy_lab.release.read_text()
    for hidden in ("half_around", "np.roll", "standard_normal", "SOLUTION", "assert_agrees"):
        assert hidden not in released


def test_a_build_registers_points_in_the_gradebook(toy_course):
    """The gradebook knows the assignment, its grade cells and what they are worth."""
    with open_gradebook(toy_course) as book:
        book.require_assignment("toys")
        [notebook] = book._book.find_assignment("toys").notebooks
        found = {cell.name: cell.max_score for cell in notebook.grade_cells}
    assert found == toy.POINTS


def test_building_again_gives_the_same_bytes(released):
    """A second build of the same source leaves the same release."""
    before = {p: d for p, d in contents(released.root).items() if p.parts[0] == "release"}
    build(released)
    after = {p: d for p, d in contents(released.root).items() if p.parts[0] == "release"}
    assert after == before


def test_tidying_strips_outputs_once(tmp_path):
    """Outputs and counts are taken out of a master, its cells stay, and then it is tidy."""
    root = toy.write_course(tmp_path)
    path = root / SHAPES
    content = json.loads(path.read_text())
    cell = toy.cell_of(content, "area")
    cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "6.0"}]
    cell["execution_count"] = 3
    path.write_text(json.dumps(content))
    cells = Course.load(root).labs[0].cells
    assert tidy(path)
    assert not tidy(path)
    assert '"text"' not in path.read_text()
    assert Course.load(root).labs[0].cells == cells
