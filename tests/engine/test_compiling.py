"""What nbgrader compiles, we build: its rules, its settings, and a person where no check is."""

from __future__ import annotations

import copy
import json

import pytest
import toy

from autograder.authoring.build import build
from autograder.batch.run import grade_class
from autograder.course.model import Course
from autograder.errors import BuildRefused
from autograder.gradebook.gradebook import open_gradebook

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"


def sources(**changes):
    """The master with the sources of some solution cells changed, each by a function."""
    master = toy.shapes()
    for name, change in changes.items():
        cell = toy.cell_of(master, name)
        cell["source"] = change(cell["source"])
    return master


def metadata(change):
    """The master with the nbgrader metadata of every cell changed."""
    master = toy.shapes()
    for cell in master["cells"]:
        if "nbgrader" in cell["metadata"]:
            change(cell["metadata"]["nbgrader"])
    return master


def every(change):
    """The master with all four solutions changed in the same way."""
    return sources(area=change, scale=change, fold=change, draw=change)


def with_cells(*cells, at=1):
    """The master with more cells."""
    master = toy.shapes()
    master["cells"][at:at] = copy.deepcopy(cells)
    return toy.notebook(master["cells"])


def marked(begin, end=None):
    """A change of the delimiters' lines."""
    return lambda source: source.replace(BEGIN, begin).replace(END, end or begin.replace("N", "N"))


def text_cell(name, source, **flags):
    """A text cell that nbgrader knows."""
    cell = toy.code(source, name, **flags)
    return {key: cell[key] for key in ("id", "metadata", "source")} | {"cell_type": "markdown"}


SCHEME = "Do it.\n=== BEGIN MARK SCHEME ===\nwell\n=== END MARK SCHEME ==="


def task(name, source=SCHEME):
    """A task."""
    cell = text_cell(name, source)
    cell["metadata"]["nbgrader"] |= {"task": True, "points": 3}
    return cell


def two_regions(source):
    """A second region, with a helper that students do not get."""
    return (
        source + f"\n{BEGIN}\nnever_shown_to_students = 1234\n{END}\n\ndef given():\n    return 1\n"
    )


WHOLE = "import numpy as np\ndef area(sides):\n    a, b, c = sides\n    s = (a + b + c) / 2\n" + (
    "    return np.sqrt(s * (s - a) * (s - b) * (s - c))\n"
)
"""A solution without delimiters, which nbgrader clears as a whole."""
MANUAL = {"grade": True, "solution": True, "points": 5}
STUB = "c.ClearSolutions.code_stub = "
TAKEN = [
    pytest.param(every(lambda s: s.replace(BEGIN, BEGIN + "  \t")), "", id="trailing-blank"),
    pytest.param(every(lambda s: s.replace("### ", "###")), "", id="no-blank"),
    pytest.param(every(lambda s: s.replace("### ", "# ")), "", id="one-hash"),
    pytest.param(every(lambda s: s.replace("### ", "#=== ")), "", id="another-comment"),
    pytest.param(every(lambda s: s.replace(BEGIN, f"pass  {BEGIN} here")), "", id="in-a-line"),
    pytest.param(every(lambda s: s.replace("\n", "\r\n")), "", id="crlf"),
    pytest.param(every(lambda s: s.replace("    ###", "  \t  ###")), "", id="odd-indentation"),
    pytest.param(every(lambda s: s.replace("    ", "\t")), "", id="tabs"),
    pytest.param(every(lambda s: s.replace("SOLUTION", "ANSWER")),
        "c.ClearSolutions.begin_solution_delimeter = 'BEGIN ANSWER'\n"
        "c.ClearSolutions.end_solution_delimeter = 'END ANSWER'\n", id="delimiters"),
    pytest.param(toy.shapes(), STUB + "{'python': '# write here\\npass'}", id="stub-passes"),
    pytest.param(toy.shapes(), STUB + "'raise ValueError'", id="stub-is-text"),
    pytest.param(toy.shapes(), STUB + "{'python': '...'}", id="stub-is-dots"),
    pytest.param(sources(area=two_regions), "", id="two-regions"),
    pytest.param(sources(area=lambda s: WHOLE), "", id="no-region"),
    pytest.param(sources(draw=lambda s: "%matplotlib inline\n" + s), "", id="magic"),
    pytest.param(with_cells(toy.code(f"{BEGIN}\nx = 'free'\n{END}\n")),
        "c.ClearSolutions.enforce_metadata = False\n", id="region-in-a-free-cell"),
    pytest.param(metadata(lambda m: m.update(schema_version=1)), "", id="schema-1"),
    pytest.param(metadata(lambda m: m.update(schema_version=2)), "", id="schema-2"),
    pytest.param(metadata(lambda m: m.pop("schema_version")), "", id="schema-missing"),
    pytest.param(metadata(lambda m: m.update(schema_version=0, points=m.get("points", ""))), "",
        id="schema-0"),
    pytest.param(metadata(lambda m: (m.pop("locked"), m.pop("task"))), "", id="no-locked"),
    pytest.param(metadata(lambda m: m.update(remark="x", schema_version=2)), "", id="extra-keys"),
    pytest.param(with_cells(toy.code("1 + 1", "warm_up", grade=True, locked=True, points=0)), "",
        id="tests-without-points"),
    pytest.param(with_cells(text_cell("rules", "# Read this", locked=True)), "", id="read-only"),
    pytest.param(with_cells(toy.code("plt = 1\n", "plot", **MANUAL)), "", id="manual-code"),
    pytest.param(with_cells(toy.code("# YOUR CODE HERE\nraise NotImplementedError()", "plot",
        **MANUAL)), "", id="cleared-by-hand"),
    pytest.param(with_cells(text_cell("essay", "Because.", **MANUAL)), "", id="manual-text"),
    pytest.param(with_cells(task("project")), "", id="task"),
    pytest.param(metadata(lambda m: m.update({"points": str(m["points"])} if "points" in m else {},
        schema_version=1)), "", id="points-as-text"),
    pytest.param(with_cells(toy.text("x") | {"metadata": {"nbgrader": None}}), "", id="null"),
]  # fmt: skip


@pytest.mark.wide(rows=4, always=("trailing-blank", "no-blank", "crlf", "manual-code"))
@pytest.mark.parametrize(("master", "config"), TAKEN)
def test_what_nbgrader_takes_is_built(tmp_path, master, config):
    """The release is what nbgrader's own compiler makes of the master, and holds no solution."""
    course = Course.load(toy.write_course(tmp_path, master=master, config=toy.CONFIG + config))
    build(course)
    text = course.labs[0].release.read_text()
    released = {cell.grade_id: cell.source for cell in course.labs[0].released}
    for secret in ("half_around", "stretched - np.roll", "value_so_far", "never_shown", "'free'"):
        assert secret not in text
    assert released == {**cleared(course, master), **{k: v for k, v in released.items() if not k}}


def cleared(course, master):
    """The sources that nbgrader's preprocessor leaves, by grade_id."""
    from nbformat import from_dict
    from nbgrader.preprocessors import ClearMarkScheme, ClearSolutions

    from autograder.course.model import load_config

    config = load_config(course.root)
    notebook, found = from_dict(master), {}
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader"):
            cell, _ = ClearSolutions(config=config).preprocess_cell(cell, {"language": "python"}, 0)
            cell, _ = ClearMarkScheme(config=config).preprocess_cell(cell, {}, 0)
            found[cell.metadata.nbgrader.grade_id] = cell.source
    return found


@pytest.mark.wide(rows=6)
@pytest.mark.parametrize(
    ("master", "config", "words"),
    [
        pytest.param(sources(area=lambda s: s.replace(END, "")), "", "does not end", id="no-end"),
        pytest.param(
            sources(area=lambda s: s.replace(END, BEGIN)), "", "inside a solution", id="nested"
        ),
        pytest.param(
            with_cells(toy.code(f"{BEGIN}\nx = 1\n{END}\n")), "", "not marked", id="free-cell"
        ),
        pytest.param(
            with_cells(toy.text(f"First line\n{BEGIN}\nx\n{END}")),
            "",
            "cell 'First line': a solution stands",
            id="text-cell",
        ),
        pytest.param(
            with_cells(task("project", "### BEGIN MARK SCHEME\nwell")),
            "",
            "cell project: a mark scheme begins and does not end",
            id="scheme-without-end",
        ),
        pytest.param(
            with_cells(task("project", "### BEGIN MARK SCHEME\n" * 2)),
            "",
            "begins inside a mark scheme",
            id="nested-schemes",
        ),
        pytest.param(
            with_cells(toy.text("### BEGIN MARK SCHEME\nwell\n### END MARK SCHEME")),
            "",
            "no manually graded task",
            id="scheme-in-a-free-cell",
        ),
        pytest.param(
            with_cells(task("p", "BEGIN MARK SCHEME\n![x](attachment:x.png)\nEND MARK SCHEME")),
            "",
            "would reach students",
            id="scheme-with-picture",
        ),
        pytest.param(
            with_cells(toy.code("x = 1", "a.b", locked=True)), "", "cell a.b", id="odd-grade-id"
        ),
        pytest.param(
            with_cells(toy.code("x = 1", "raw", locked=True) | {"cell_type": "raw"}),
            "",
            "a raw cell has no marks",
            id="raw",
        ),
        pytest.param(
            sources(
                area=lambda s: two_regions(s).replace(BEGIN + "\nnever", "# Begin solution\nnever")
            ),
            "",
            "marker survives",
            id="misspelt",
        ),
        pytest.param(
            sources(
                fold=lambda s: s.replace(
                    "def fold", "def area(sides):\n    return sides[0]\n\n\ndef fold"
                )
            ),
            "",
            "`area` has no stub",
            id="finished-function",
        ),
    ],
)
def test_what_would_harm_is_refused(tmp_path, caplog, master, config, words):
    """What nbgrader cannot clear, and what it would release with a solution in it, in our words."""
    course = Course.load(toy.write_course(tmp_path, master=master, config=toy.CONFIG + config))
    with pytest.raises(BuildRefused) as told:
        build(course)
    assert any(
        words in problem.replace("area has", "`area` has") for problem in told.value.problems
    )
    assert "Traceback" not in str(told.value)
    assert "Cell contents are" not in caplog.text
    assert not (tmp_path / "release").exists()


BY_HAND = [
    text_cell("essay", "Because.", **MANUAL),
    toy.code("x = 1\n", "plot", **MANUAL),
    task("project"),
    toy.code("1 + 1", "warm_up", grade=True, locked=True, points=0),
]


def rows(course, student):
    """A student's grades in the gradebook: auto score and whether a person must look."""
    with open_gradebook(course) as book:
        notebook = book._book.find_submission_notebook(toy.NOTEBOOK, toy.ASSIGNMENT, student)
        comments = {c.name: c.auto_comment for c in notebook.comments}
        return {
            g.name: (g.auto_score, bool(g.needs_manual_grade), comments.get(g.name))
            for g in notebook.grades
        }


def submit(course, student, **answers):
    """A right notebook with these answers besides."""
    content = toy.handed_in(course.labs[0].release, {**toy.solved(), **answers}, None)
    folder = course.root / "submitted" / student / toy.ASSIGNMENT
    folder.mkdir(parents=True)
    (folder / f"{toy.NOTEBOOK}.ipynb").write_text(json.dumps(content))


def test_what_no_check_is_for_waits_for_a_person(tmp_path, tier):
    """An answer waits in formgrader; one that is as released gets nothing; checks go on."""
    course = Course.load(toy.write_course(tmp_path, master=with_cells(*BY_HAND)))
    told = []
    build(course, said=told.append)
    assert any("essay, plot, project" in line for line in told)
    submit(course, "ada", essay="Since *n* grows.", plot="y = 2")
    submit(course, "bob")
    outcome = grade_class(course, [], tier, workers=1)
    assert [(one.report.score, one.report.reason) for one in outcome.all] == [(10, ""), (10, "")]
    assert not outcome.needs_person
    ada, bob = rows(course, "ada"), rows(course, "bob")
    assert ada["essay"] == ada["plot"] == (None, True, None)
    assert bob["essay"] == bob["plot"] == (0, False, "No response.")
    assert ada["project"] == bob["project"] == (None, True, None)
    assert ada["warm_up"] == (0, False, None)
    assert ada["test_area"][:2] == (3, False)
    path = course.root / "autograded" / "ada" / toy.ASSIGNMENT / f"{toy.NOTEBOOK}.ipynb"
    graded = json.loads(path.read_text())
    assert toy.cell_of(graded, "essay")["source"] == "Since *n* grows."
    assert toy.cell_of(graded, "plot")["outputs"] == []


def test_a_notebook_for_people_only_needs_no_suite(tmp_path, tier):
    """Without tests cells there is nothing to check: built, graded, and left to a person."""
    config = toy.CONFIG.replace(repr(toy.POINTS), "{}")
    master = toy.notebook([toy.text("# Essay"), *BY_HAND])
    course = Course.load(toy.write_course(tmp_path, master=master, config=config, hidden={}))
    build(course)
    content = json.loads(course.labs[0].release.read_text())
    toy.cell_of(content, "essay")["source"] = "My answer."
    folder = course.root / "submitted" / "ada" / toy.ASSIGNMENT
    folder.mkdir(parents=True)
    (folder / f"{toy.NOTEBOOK}.ipynb").write_text(json.dumps(content))
    outcome = grade_class(course, [], tier, workers=1)
    assert [(one.report.score, one.report.max_score) for one in outcome.all] == [(0, 0)]
    assert rows(course, "ada")["essay"] == (None, True, None)


LENIENT = '''

@pytest.mark.grade_cell("test_draw")
@pytest.mark.points(1)
def test_whatever(student):
    """It does something."""
    try:
        student.draw(3, None)
    except Exception:
        pass
'''


def test_a_check_that_passes_without_a_solution_is_refused(tmp_path, tier):
    """The proof grades what students get, touched: no check may give points for it."""
    from autograder.authoring.prove import prove

    master = toy.shapes()
    toy.cell_of(master, "test_draw")["metadata"]["nbgrader"]["points"] = 2
    config = toy.CONFIG.replace("'test_draw': 1", "'test_draw': 2")
    hidden = {**toy.HIDDEN, f"test_{toy.NOTEBOOK}.py": toy.SUITE + LENIENT}
    course = Course.load(toy.write_course(tmp_path, master=master, config=config, hidden=hidden))
    build(course)
    [row] = [row for row in prove(course, tier=tier, seeds=(1,)).rows if row.kind == "stub"]
    assert not row.holds
    assert row.problem == "passes without a solution: test_whatever"
