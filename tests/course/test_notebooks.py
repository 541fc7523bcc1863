"""The master notebooks: their form, their exercises, and that they run as students run them."""

import ast
import itertools
import json
import re
import shutil

import nbformat
import pytest
from nbconvert.preprocessors import CellExecutionError, ExecutePreprocessor

from autograder.authoring.build import tidy
from autograder.course.notebook import Kind, grade_id_of

from .conftest import NOTEBOOKS, lab_named

EXERCISES = {
    "gradient_basic": [
        ("test_sigmoid", 3, ["sigmoid(h)", "sigmoid_prime(h)"]),
        ("test_sse", 3, ["sum_of_squared_errors(targets, outputs)"]),
        ("test_neuron_output", 2, ["neuron_output(x, weights)"]),
        ("test_error_term", 4, ["error_term(x, target, weights)"]),
        ("test_weight_step", 5, ["weight_step(x, target, weights, learning_rate)"]),
        (
            "test_weight_step_outputs",
            3,
            ["weight_step_outputs(x, targets, weights, learning_rate)"],
        ),
    ],
    "gradient": [
        ("test_epoch_step", 7, ["epoch_step(features, targets, weights, learning_rate)"]),
        ("test_train", 5, ["train(features, targets, weights, learning_rate, epochs)"]),
        ("test_mse", 2, ["mean_squared_error(targets, outputs)"]),
        ("test_accuracy", 2, ["accuracy(features, targets, weights)"]),
        ("test_descend", 4, ["descend(gradient, start, learning_rate, momentum, steps)"]),
    ],
    "multilayer": [
        ("test_init_weights", 2, ["init_weights(n_inputs, n_hidden, rng)"]),
        ("test_hidden_input", 3, ["hidden_input(x, weights)"]),
        ("test_column_vector", 2, ["column_vector(a)"]),
        ("test_hidden_input_column", 2, ["hidden_input_column(x_column, weights_transposed)"]),
        ("test_forward", 4, ["forward(x, weights_input_hidden, weights_hidden_output)"]),
        (
            "test_forward_batch",
            2,
            ["forward_batch(features, weights_input_hidden, weights_hidden_output)"],
        ),
    ],
    "backprop_basic": [
        ("test_output_error_term", 4, ["output_error_term(target, output)"]),
        (
            "test_hidden_error_term",
            5,
            ["hidden_error_term(output_error_term, weights_hidden_output, hidden_output)"],
        ),
        (
            "test_hidden_error_term_outputs",
            2,
            ["hidden_error_term(output_error_term, weights_hidden_output, hidden_output)"],
        ),
        (
            "test_weight_steps",
            4,
            ["weight_steps(x, hidden_output, output_error_term, hidden_error_term, learning_rate)"],
        ),
        (
            "test_backprop_step",
            3,
            [
                "backprop_step(x, target, weights_input_hidden, weights_hidden_output, "
                "learning_rate)"
            ],
        ),
        ("test_gradient_scale", 2, ["gradient_scale(n_layers)"]),
    ],
    "backprop": [
        (
            "test_forward_pass",
            4,
            ["forward_pass(features, weights_input_hidden, weights_hidden_output)"],
        ),
        (
            "test_backward_pass",
            8,
            ["backward_pass(features, targets, hidden_output, output, weights_hidden_output)"],
        ),
        (
            "test_update_weights",
            3,
            ["update_weights(weights_input_hidden, weights_hidden_output, steps, learning_rate)"],
        ),
        (
            "test_train",
            6,
            [
                "train(features, targets, weights_input_hidden, weights_hidden_output, "
                "learning_rate, epochs)"
            ],
        ),
        (
            "test_loss",
            2,
            ["loss(features, targets, weights_input_hidden, weights_hidden_output)"],
        ),
        (
            "test_accuracy",
            2,
            ["accuracy(features, targets, weights_input_hidden, weights_hidden_output)"],
        ),
    ],
}
"""Tests cell, points and signatures, in the order of each notebook: they are fixed."""

OPEN = ("imports", "given_samples", "given_network", "given_small_table")
"""Given cells that students need to read."""
OWN_PICTURE = "demo_break_it"
"""What it draws depends on what the student has put in."""

ASSIGNMENTS = {
    "gradient_descent": ["gradient_basic", "gradient"],
    "multilayer_perceptrons": ["multilayer"],
    "backpropagation": ["backprop_basic", "backprop"],
}
TOTALS = dict(zip(NOTEBOOKS, (20, 20, 15, 20, 25), strict=True))

every_notebook = pytest.mark.parametrize("name", NOTEBOOKS)


def cells_of(lab):
    """The cells of the master notebook, as they are in the file."""
    return json.loads(lab.path.read_text(encoding="utf-8"))["cells"]


def text_of(cell):
    """A cell's source, as one string."""
    return "".join(cell["source"])


def signatures(source):
    """The signatures of the functions that a cell defines."""
    functions = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    return [f"{function.name}({ast.unparse(function.args)})" for function in functions]


def test_assignments_and_notebooks(course):
    """There are three assignments with five notebooks, under their fixed names."""
    found = {name: [lab.name for lab in course.labs_of(name)] for name in course.assignments}
    assert found == ASSIGNMENTS


@every_notebook
def test_exercises_are_the_fixed_ones(course, name):
    """Every exercise has its fixed tests cell, points and signatures, in order."""
    lab = lab_named(course, name)
    found = [
        (one.grade_cell, one.points, signatures(lab.cell(one.solution).source))
        for one in lab.exercises
    ]
    assert found == EXERCISES[name]
    assert lab.max_score == TOTALS[name]


@every_notebook
def test_signatures_survive_in_the_student_version(course, name):
    """The stubs that students get have the same signatures."""
    lab = lab_named(course, name)
    found = [signatures(lab.stubs[one.solution]) for one in lab.exercises]
    assert found == [functions for _, _, functions in EXERCISES[name]]


@every_notebook
def test_master_is_committed_in_the_stable_form(course, name, tmp_path):
    """Stripping a master's outputs and settings would not change a byte of it."""
    lab = lab_named(course, name)
    copied = tmp_path / lab.path.name
    shutil.copy(lab.path, copied)
    assert tidy(copied) is False
    assert copied.read_bytes() == lab.path.read_bytes()


@every_notebook
def test_a_run_master_would_be_noticed(course, name, tmp_path):
    """A master with an output in it is not in the stable form."""
    content = json.loads(lab_named(course, name).path.read_text(encoding="utf-8"))
    first = next(cell for cell in content["cells"] if cell["cell_type"] == "code")
    first["execution_count"] = 1
    copied = tmp_path / "run.ipynb"
    copied.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    assert tidy(copied) is True


@every_notebook
def test_master_is_a_valid_notebook_with_unique_ids(course, name):
    """A master is valid, and no two of its cells share an id or a grade_id."""
    lab = lab_named(course, name)
    nbformat.validate(nbformat.read(lab.path, as_version=4))
    ids = [cell["id"] for cell in cells_of(lab)]
    grade_ids = [cell.grade_id for cell in lab.cells if cell.grade_id]
    assert len(set(ids)) == len(ids)
    assert len(set(grade_ids)) == len(grade_ids)


@every_notebook
def test_demonstrations_are_locked_and_there_is_a_plot(course, name):
    """Cells tagged as demonstrations are locked and not graded, and at least one draws a plot."""
    tagged = [
        cell
        for cell in cells_of(lab_named(course, name))
        if "demonstration" in cell["metadata"].get("tags", [])
    ]
    assert any("plt." in text_of(cell) for cell in tagged)
    for cell in tagged:
        about = cell["metadata"]["nbgrader"]
        assert (about["locked"], about["grade"], about["solution"]) == (True, False, False)


@every_notebook
def test_plots_and_training_are_only_in_demonstrations(course, name):
    """No cell that grading runs draws anything."""
    kinds = {cell.kind for cell in lab_named(course, name).cells if "plt.show" in cell.source}
    assert kinds == {Kind.DEMONSTRATION}


@every_notebook
def test_visible_checks_call_every_function(course, name):
    """A tests cell calls each function of its exercise."""
    lab = lab_named(course, name)
    for exercise in lab.exercises:
        source = lab.cell(exercise.grade_cell).source
        assert all(re.search(rf"\b{function}\b", source) for function in exercise.functions)


@every_notebook
def test_our_cells_are_folded(course, name):
    """JupyterLab folds our given and demonstration cells, and shows a first line that says what."""
    ours = {"given", "demonstration", "tool"}
    kinds = {cell.grade_id: cell.kind for cell in lab_named(course, name).cells if cell.grade_id}
    for cell in cells_of(lab_named(course, name)):
        grade_id = grade_id_of(cell)
        folded = cell["metadata"].get("jupyter", {}).get("source_hidden", False)
        if kinds.get(grade_id) in ours and grade_id not in OPEN:
            assert folded, grade_id
            assert text_of(cell).startswith("# "), grade_id
        else:
            assert not folded, cell["id"]


@every_notebook
def test_there_is_a_figure_in_words_for_every_picture(course, name):
    """Below each cell that draws stands a text that says what is to be seen; sliders have none."""
    cells = cells_of(lab_named(course, name))
    for cell, below in itertools.pairwise(cells):
        source = text_of(cell)
        if "plt.show()" in source and "sliders(" not in source and grade_id_of(cell) != OWN_PICTURE:
            assert text_of(below).startswith("*The figure"), cell["id"]


COMPARED = """
def or_recorded(compute, recorded):
    value = compute()
    pairs = zip(value, recorded, strict=True) if isinstance(value, tuple) else [(value, recorded)]
    for found, wanted in pairs:
        np.testing.assert_allclose(found, wanted, rtol=2e-3, atol=1e-4)
    return value
"""
"""Makes a cell fail whose recorded numbers are not those of the master's solutions."""


def run_in_kernel(path, replaced="", allow_errors=False):
    """Run a notebook's file from top to bottom in a kernel, in its own folder.

    Args:
        path: the notebook's.
        replaced: what runs besides, at the end of the cell with the course's tools.
        allow_errors: whether a cell that raises ends only itself.
    """
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if grade_id_of(cell) == "given_check":
            cell.source += replaced
    runner = ExecutePreprocessor(timeout=120, kernel_name="python3", allow_errors=allow_errors)
    try:
        runner.preprocess(notebook, {"metadata": {"path": str(path.parent)}})
    except CellExecutionError as error:
        return notebook, error
    return notebook, None


def outputs(notebook, kind):
    """All outputs of one kind."""
    code = (cell for cell in notebook.cells if cell.cell_type == "code")
    return [output for cell in code for output in cell.outputs if output.output_type == kind]


@pytest.mark.slow
@every_notebook
def test_master_runs_from_top_to_bottom(course, name, tmp_path):
    """A master runs in a real kernel without an error or a warning, and shows a plot.

    Its recorded numbers are those of its solutions.
    """
    lab = lab_named(course, name)
    folder = shutil.copytree(lab.path.parent, tmp_path / lab.assignment)
    notebook, error = run_in_kernel(folder / lab.path.name, COMPARED)
    assert error is None, str(error)
    said = [out.text for out in outputs(notebook, "stream") if out.name == "stderr"]
    assert said == []
    assert any("image/png" in out.data for out in outputs(notebook, "display_data"))


@pytest.mark.slow
@every_notebook
def test_only_exercises_stop_an_untouched_student_version(course, name, tmp_path):
    """Where nothing is done yet, every demonstration runs and every exercise says what to do."""
    lab = lab_named(course, name)
    folder = shutil.copytree(lab.release.parent, tmp_path / lab.assignment)
    notebook, _ = run_in_kernel(folder / lab.release.name, allow_errors=True)
    stopped = {
        grade_id_of(cell): output
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.output_type == "error"
    }
    assert list(stopped) == [exercise.grade_cell for exercise in lab.exercises]
    for output in stopped.values():
        assert output.ename == "NotDone"
        assert "replace this line by your code" in output.evalue
        assert len(output.traceback) == 1
