"""The student versions: current, and without anything that belongs to the grader."""

import ast
import json

import pytest

from autograder.course.notebook import Kind, grade_id_of, read_master_cells

from .conftest import NOTEBOOKS, ROOT, autograder, lab_named


def files_below(folder):
    """Every file below a folder, with its bytes."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".ipynb_checkpoints" not in path.parts
    }


def test_release_is_what_the_masters_compile_to(built):
    """Compiling a copy of the course gives the committed student versions, byte for byte."""
    compiled, committed = files_below(built.root / "release"), files_below(ROOT / "release")
    assert list(compiled) == list(committed)
    changed = [name for name in compiled if compiled[name] != committed[name]]
    assert not changed, f"not current; run: autograder build ({', '.join(changed)})"


def test_release_holds_notebooks_and_data_only():
    """Students get the five notebooks and the two copies of the data, and nothing else."""
    assert set(files_below(ROOT / "release")) == {
        "backpropagation/admissions.csv",
        "backpropagation/backprop.ipynb",
        "backpropagation/backprop_basic.ipynb",
        "gradient_descent/admissions.csv",
        "gradient_descent/gradient.ipynb",
        "gradient_descent/gradient_basic.ipynb",
        "multilayer_perceptrons/multilayer.ipynb",
    }


def code_lines(source):
    """The lines of code that are long enough to be told from chance."""
    lines = (line.strip() for line in source.splitlines())
    return {line for line in lines if len(line) >= 20 and not line.startswith(("#", '"""'))}


def solution_body(source):
    """The lines between the solution markers of a master's solution cell."""
    body, inside = [], False
    for line in source.splitlines():
        if "### BEGIN SOLUTION" in line or "### END SOLUTION" in line:
            inside = "BEGIN" in line
        elif inside:
            body.append(line)
    return "\n".join(body)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_no_line_of_a_solution_is_released_in_a_solution_cell(course, name):
    """A released solution cell holds the signature, the docstring and the stub, nothing more."""
    lab = lab_named(course, name)
    for released in read_master_cells(lab.release):
        if released.kind is Kind.SOLUTION:
            body = solution_body(lab.cell(released.grade_id).source)
            assert body.strip()
            assert not code_lines(body) & code_lines(released.source)
            for function in ast.parse(released.source).body:
                docstring, stub = function.body
                assert isinstance(docstring.value.value, str)
                assert "NotImplementedError" in ast.dump(stub)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_nothing_hidden_is_released(course, name):
    """No marker, no hidden check and no line of the hidden suite is in a student version."""
    lab = lab_named(course, name)
    text = lab.release.read_text(encoding="utf-8")
    for word in ("BEGIN SOLUTION", "END SOLUTION", "HIDDEN TESTS", "assert_agrees", "reference."):
        assert word not in text
    titles = [
        node.name
        for node in ast.parse(lab.suite.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]
    cells = set(lab.solutions)
    assert titles
    assert [title for title in titles if title not in cells and title in text] == []


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_release_has_no_outputs(course, name):
    """A student version has no outputs and no execution counts."""
    content = json.loads(lab_named(course, name).release.read_text(encoding="utf-8"))
    code = [cell for cell in content["cells"] if cell["cell_type"] == "code"]
    assert code
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in code)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_tests_and_given_cells_are_locked(course, name):
    """Students cannot edit tests, given code and demonstrations; solutions they can."""
    content = json.loads(lab_named(course, name).release.read_text(encoding="utf-8"))
    marked = [cell for cell in content["cells"] if "nbgrader" in cell["metadata"]]
    for cell in marked:
        about = cell["metadata"]["nbgrader"]
        assert about["locked"] is not about["solution"]
        assert cell["metadata"].get("editable", True) is not about["locked"]


def test_a_leak_is_refused_and_nothing_is_written(own_course):
    """A master whose visible text gives a solution line away is refused, by file and cell."""
    path = own_course.root / "source" / "multilayer_perceptrons" / "multilayer.ipynb"
    content = json.loads(path.read_text(encoding="utf-8"))
    for cell in content["cells"]:
        if grade_id_of(cell) == "test_forward":
            cell["source"] = "hidden_output = sigmoid(np.dot(x, weights_input_hidden))"
    path.write_text(json.dumps(content), encoding="utf-8")
    before = files_below(own_course.root / "release")
    ran = autograder("build", "multilayer_perceptrons", course=own_course.root)
    assert ran.code == 2
    assert "multilayer" in ran.err
    assert "test_forward" in ran.err
    assert files_below(own_course.root / "release") == before
