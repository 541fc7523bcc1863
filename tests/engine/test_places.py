"""The student's own kernel is the judge: what counts is what the names are at the tests cell."""

import json
from pathlib import Path

import pytest
import toy
from inside import start_jail

from autograder.authoring.build import build
from autograder.course.lab import Lab
from autograder.course.model import Course
from autograder.course.notebook import Kind, MasterCell
from autograder.grading.job import Job, Request
from autograder.grading.plan import plan
from autograder.grading.pool import WorkerPool
from autograder.grading.source_names import is_same_code
from autograder.grading.submission import Submission, SubmittedCell, parse
from autograder.limits import Limits
from autograder.remote.cells import Cell
from autograder.remote.session import Session
from autograder.report import Verdict

WRONG_AREA = "def area(sides):\n    return sides[0] * sides[1] / 2\n"
TWO = (
    "def area(sides):\n    return half(sides) ** 0.5\n\n\n"
    "def half(s):\n    a, b, c = s\n"
    "    return (a + b + c) * (b + c - a) * (a + c - b) * (a + b - c) / 16\n"
)


def verdicts(report):
    """The verdicts by check."""
    return {check.name: str(check.verdict) for check in report.checks}


def before(grade_id, *sources):
    """A change that puts code cells in front of a cell."""
    return lambda content: _put(content, grade_id, 0, map(toy.code, sources))


def behind(grade_id, *sources):
    """A change that puts code cells behind a cell."""
    return lambda content: _put(content, grade_id, 1, map(toy.code, sources))


def _put(content, grade_id, offset, cells):
    place = content["cells"].index(toy.cell_of(content, grade_id)) + offset
    content["cells"][place:place] = [{**cell, "id": f"n{n}"} for n, cell in enumerate(cells)]


def split(grade_id, at):
    """A change that splits a cell where a text begins, as JupyterLab does: metadata is copied."""

    def change(content):
        cell = toy.cell_of(content, grade_id)
        first, second = "".join(cell["source"]).split(at, 1)
        cell["source"] = first
        place = content["cells"].index(cell)
        content["cells"].insert(place + 1, {**cell, "id": "piece", "source": at + second})

    return change


def paste(content, cells):
    """Put copies of cells behind everything."""
    content["cells"] += [{**cell, "id": f"p{n}"} for n, cell in enumerate(cells)]


def move(grade_id, to):
    """A change that moves a cell in front of another one."""

    def change(content):
        cell = toy.cell_of(content, grade_id)
        content["cells"].remove(cell)
        content["cells"].insert(content["cells"].index(toy.cell_of(content, to)), cell)

    return change


def lose(*grade_ids):
    """A change that deletes cells."""
    return lambda content: [content["cells"].remove(toy.cell_of(content, g)) for g in grade_ids]


def old_attempt(kind):
    """A change that keeps an old, wrong attempt below the finished cell, as text."""
    old = toy.solution("area", WRONG_AREA) | {"cell_type": kind}
    return lambda content: _put(content, "area", 1, [old])


def unnamed(*grade_ids):
    """A change that loses nbgrader's metadata, of these cells or of all, as other editors do."""

    def change(content):
        named = [toy.cell_of(content, grade_id) for grade_id in grade_ids]
        for cell in named or content["cells"]:
            cell["metadata"] = {}

    return change


def merge(first, second):
    """A change that merges two cells, as JupyterLab does: the first one's metadata is kept."""

    def change(content):
        cell, other = toy.cell_of(content, first), toy.cell_of(content, second)
        content["cells"].remove(other)
        cell["source"] = "".join(cell["source"]) + "\n\n\n" + "".join(other["source"])

    return change


def put_into(grade_id, source):
    """A change that writes code above what stands in a cell."""

    def change(content):
        cell = toy.cell_of(content, grade_id)
        cell["source"] = source + "\n\n\n" + "".join(cell["source"])

    return change


def both(*changes):
    """Several changes, one after the other."""
    return lambda content: [change(content) for change in changes]


DRAFT = behind("test_draw", "def area(sides): return None")
"""Uses the name again at the end of the notebook."""

KEEPS_ALL = [
    pytest.param(old_attempt("raw"), id="old-attempt-as-raw"),
    pytest.param(old_attempt("markdown"), id="old-attempt-as-text"),
    pytest.param(both(DRAFT, unnamed()), id="metadata-lost-and-name-used-again"),
    pytest.param(both(DRAFT, unnamed("test_area")), id="tests-unnamed-and-name-used-again"),
    pytest.param(both(DRAFT, merge("area", "test_area")), id="merged-and-name-used-again"),
    pytest.param(behind("test_area", "area = area([3, 4, 5])"), id="name-used-again"),
    pytest.param(behind("test_area", "for area in [1, 2]: pass"), id="name-of-a-loop"),
    pytest.param(behind("test_area", "del area"), id="name-deleted"),
    pytest.param(behind("test_scale", "def area(s): return 7"), id="own-function-later"),
    pytest.param(behind("test_scale", "def area(s): raise NotImplementedError"), id="draft-later"),
    pytest.param(
        behind("test_draw", "area = scale = fold = draw = None"), id="all-names-at-the-end"
    ),
    pytest.param(behind("test_draw", "np.sqrt = np.hypot = None"), id="library-patched-at-the-end"),
    pytest.param(
        behind("test_draw", "while True: pass", "while True: pass"), id="loops-at-the-end"
    ),
    pytest.param(behind("test_draw", "import os; os._exit(1)"), id="exit-at-the-end"),
    pytest.param(split("imports", "CORNERS"), id="given-cell-split"),
    pytest.param(split("test_area", "("), id="tests-split"),
    pytest.param(lose("test_area", "test_fold"), id="tests-lost"),
    pytest.param(move("test_area", "imports"), id="tests-first"),
    pytest.param(move("draw", "area"), id="exercise-moved-up"),
    pytest.param(move("area", "test_draw"), id="exercise-moved-down"),
    pytest.param(before("area", "math = 1", "from math import *"), id="names-imported-before"),
    pytest.param(before("imports", "def area(s): return 0"), id="wrong-one-before"),
]


@pytest.mark.parametrize("change", KEEPS_ALL)
def test_a_right_function_keeps_its_points(mark, change):
    """What happens to its name elsewhere in the notebook costs nothing."""
    report = mark(toy.solved(), change)
    assert report.score == 10.0, [check for check in report.checks if check.points == 0]


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("area = lambda s: half(s) ** 0.5", id="lambda"),
        pytest.param("import functools\narea = functools.partial(root, half)", id="partial"),
        pytest.param("heron = lambda s: half(s) ** 0.5\narea = heron", id="alias"),
        pytest.param("globals()['area'] = lambda s: half(s) ** 0.5", id="globals"),
        pytest.param("exec('area = lambda s: half(s) ** 0.5')", id="exec"),
        pytest.param(
            "class A:\n    def __call__(self, s): return half(s) ** 0.5\narea = A()", id="object"
        ),
        pytest.param(
            "class A:\n    @staticmethod\n    def area(s): return half(s) ** 0.5\narea = A.area",
            id="method",
        ),
    ],
)
def test_a_name_bound_in_an_own_cell_counts(mark, source):
    """An exercise whose cell is untouched is done when another cell binds its function."""
    helpers = (
        "half = lambda s: (sum(s) * (s[1]+s[2]-s[0]) * (s[0]+s[2]-s[1]) * (s[0]+s[1]-s[2])) / 16\n"
    )
    helpers += "def root(f, s): return f(s) ** 0.5\n"
    solved = toy.solved()
    del solved["area"]
    report = mark(solved, behind("area", helpers, source))
    assert report.score == 10.0


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("import builtins\nbuiltins.area = right", id="built-in-name"),
        pytest.param("get_ipython().push({right.__name__: right})", id="pushed"),
        pytest.param("import sys\nsys._getframe().f_globals[right.__name__] = right", id="frame"),
        pytest.param(
            "%%writefile m.py\ndef load(r, user):\n    user['ar' + 'ea'] = r\n", id="module"
        ),
    ],
)
def test_a_name_bound_without_being_spelt_counts(mark, source):
    """A function may reach its name by the shell, a frame or the built-in names."""
    right = toy.AREA.replace("def area", "def right") + "\n\nright.__name__ = 'ar' + 'ea'\n"
    rest = ["import m\nm.load(right, get_ipython().user_ns)"] if "%%" in source else []
    remove = ["del area"] if "builtins" in source else []
    cells = behind("area", "import numpy as np\n" + right, *remove, source, *rest)
    solved = toy.solved()
    del solved["area"]
    assert mark(solved, cells).score == 10.0


def test_a_function_written_into_its_tests_cell_counts(mark):
    """It is checked behind that cell, so its name may be used again at the end."""
    solved = toy.solved()
    del solved["area"]
    report = mark(solved, both(put_into("test_area", toy.AREA), DRAFT))
    assert report.score == 10.0


HELPED = "def area(sides):\n    return half(sides) ** 0.5\n"
NO_HELP, HELP = "def half(s): return 0.0", TWO[TWO.index("def half") :]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(
            lambda c: toy.cell_of(c, "test_area").update(cell_type="markdown"), id="tests-as-text"
        ),
        pytest.param(lambda c: paste(c, [toy.graded("test_area")]), id="tests-pasted"),
        pytest.param(
            lambda c: paste(c, [toy.code(toy.cell_of(c, "test_area")["source"])]),
            id="tests-pasted-without-a-name",
        ),
        pytest.param(lose("test_area"), id="tests-lost"),
    ],
)
def test_a_helper_that_is_mended_above_the_last_tests_counts(mark, change):
    """Wherever tests stand, or where none do at the end, all is as it is there."""
    mended = both(before("area", NO_HELP), behind("test_draw", HELP), change)
    assert mark({**toy.solved(), "area": HELPED}, mended).score == 10.0


@pytest.mark.parametrize(
    "need",
    [
        pytest.param("assert 'shown' in globals()", id="globals"),
        pytest.param("try:\n        shown\n    except NameError:\n        n = 0", id="try"),
    ],
)
def test_a_function_that_asks_for_a_demonstrations_name_finds_it(mark, need):
    """It is checked once more with the demonstrations run, as in the kernel."""
    uses = toy.DRAW.replace("    return rng", f"    {need}\n    return rng")
    assert mark({**toy.solved(), "draw": uses}).score == 10.0


def test_every_piece_of_a_split_cell_runs(mark):
    """A cell split between its functions is both pieces, in order."""
    report = mark({**toy.solved(), "area": TWO}, split("area", "def half"))
    assert report.score == 10.0


def test_a_finished_copy_below_the_stub_counts(mark, toy_lab):
    """The stub was kept, and the finished copy stands under it with the same grade_id."""
    solved = toy.solved()
    del solved["area"]
    copy = toy.solution("area", toy.AREA)
    assert mark(solved, lambda content: _put(content, "area", 1, [copy])).score == 10.0


def test_a_finished_notebook_pasted_behind_an_untouched_one_counts(mark, toy_lab):
    """Every cell stands twice, as released and finished: the finished ones count."""
    finished = toy.handed_in(toy_lab.release, toy.solved(), None)["cells"]
    report = mark({}, lambda content: paste(content, finished))
    assert report.score == 10.0


def test_a_split_stub_is_untouched(mark):
    """A stub that was split in two, and nothing else, is not done; its words say so."""
    report = mark({}, split("area", '    """Area'))
    messages = {check.message for check in report.checks if check.grade_cell == "test_area"}
    assert messages == {"You have added nothing to its cell."}


def test_a_wrong_function_is_not_saved_by_the_names_around_it(mark):
    """What is wrong where its tests cell stands, and never bound again, stays wrong."""
    report = mark(
        {**toy.solved(), "area": WRONG_AREA}, behind("test_draw", "print(area([3, 4, 5]))")
    )
    assert verdicts(report)["test_any_triangle"] == "FAILED"


def test_a_helper_below_the_tests_cell_is_found(mark):
    """A function that needs a helper from further down is right at the end of the notebook."""
    uses = "def area(sides):\n    return half(sides) ** 0.5\n"
    report = mark({**toy.solved(), "area": uses}, behind("test_draw", TWO[TWO.index("def half") :]))
    assert report.score == 10.0


def test_each_exercise_finds_what_an_import_further_down_binds(mark):
    """A name that one exercise has missed already is missed by the next one, too."""
    uses = {cell: source.replace("np.", "numerics.") for cell, source in toy.solved().items()}
    report = mark(uses, behind("test_draw", "import numpy as numerics"))
    assert report.score == 10.0


def test_a_name_that_only_a_demonstration_binds_is_found(mark):
    """A function that uses what our demonstration computed answers as in the kernel."""
    uses = toy.DRAW.replace(
        "rng.standard_normal(size=n)", "rng.standard_normal(size=n) + 0 * shown"
    )
    report = mark({**toy.solved(), "draw": uses}, None)
    assert report.score == 10.0


TOOL = "import math\n\ndef measure(sides):\n    return 6.0\n"
FINDS = pytest.mark.parametrize(
    "area",
    [
        "def area(sides):\n    return measure(sides)\n",
        "tool = measure\n\ndef area(sides):\n    return tool(sides)\n",
        "def area(sides):\n    return globals()['measure'](sides)\n",
    ],
    ids=["called", "renamed", "looked-up"],
)


@pytest.fixture(scope="module")
def with_tool(tmp_path_factory, tier):
    """Grade a submission of a course whose first locked cell has a tool for checking."""
    master = toy.shapes()
    before("area", TOOL)(master)
    place = master["cells"].index(toy.cell_of(master, "area")) - 1
    master["cells"][place] = toy.code(TOOL, "tool", locked=True, tags=["tool"]) | {"id": "tool"}
    course = Course.load(toy.write_course(tmp_path_factory.mktemp("tool") / "course", master))
    build(course)
    with WorkerPool(course, course.labs, tier, workers=1) as pool:

        def mark_one(sources, change=None):
            [lab] = course.labs
            content = toy.handed_in(lab.release, sources, change)
            cells = parse(json.dumps(content).encode())
            [(_, report)] = pool.grade([Job("x", lab.assignment, lab.name, cells, Request(1))])
            return report

        yield mark_one


@FINDS
@pytest.mark.parametrize("change", [None, lose("tool")], ids=["kept", "deleted"])
def test_a_tool_for_checking_does_not_work_while_graded(with_tool, area, change):
    """A cell tagged as a tool is there, and its functions raise a sentence that names them."""
    report = with_tool({**toy.solved(), "area": area}, change)
    told = [check for check in report.checks if check.grade_cell == "test_area"]
    assert {check.verdict for check in told} == {Verdict.RAISED}
    assert all("`measure` is a tool for checking" in check.message for check in told)


def test_the_rest_of_a_tools_cell_is_there(with_tool):
    """What a tool's cell imports or assigns works as in the notebook."""
    heron = toy.AREA.replace("np.sqrt", "math.sqrt")
    assert with_tool({**toy.solved(), "area": heron}).score == 10.0


def test_what_a_student_adds_to_a_given_cell_is_run(mark):
    """An import that was added to a locked cell is there; the cell's own lines are ours."""
    change = lambda content: toy.cell_of(content, "imports").update(  # noqa: E731
        source="import math\nCORNERS = None\n"
    )
    heron = toy.AREA.replace("np.sqrt", "math.sqrt")
    assert mark({**toy.solved(), "area": heron}, change).score == 10.0


def test_a_lost_given_cell_comes_back_behind_the_cells_that_it_needs():
    """It is restored behind the given cells before it, not at the top of the notebook."""
    given = [MasterCell(Kind.GIVEN, name, name) for name in ("imports", "data", "shapes")]
    lab = Lab("a", "b", Path("b.ipynb"), tuple(given), Path("none"), Path("none"))
    submitted = SubmittedCell("x = 1"), SubmittedCell("imports", "imports"), SubmittedCell("y = 1")
    order = [cell.source for cell in plan(lab, Submission(submitted)).cells]
    assert order == ["x = 1", "imports", "data", "shapes", "y = 1"]


# --- Time ---------------------------------------------------------------------------------------


def sleeps(seconds, count):
    """Own cells that take their time."""
    return [f"import time; time.sleep({seconds})"] * count


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(before("area", *sleeps(1.2, 5)), id="before-everything"),
        pytest.param(behind("test_draw", *sleeps(1.2, 30)), id="behind-everything"),
        pytest.param(behind("test_area", *sleeps(99, 1)), id="endless"),
        pytest.param(
            behind("test_area", "try:\n    while True: pass\nexcept BaseException: pass"),
            id="caught",
        ),
    ],
)
def test_slow_own_cells_cost_no_points(mark, change):
    """Own cells have a clock of their own; what is left out of them is noted, and nothing lost."""
    report = mark(toy.solved(), change)
    assert report.score == 10.0


def test_an_own_cell_is_blamed_for_its_own_time_only(tier):
    """One that is stopped because others took the time is not said to take too long itself."""
    limits = Limits(cell_wall_s=1.6, own_cells_wall_s=2.6, memory_mib=384)
    cells = [
        Cell(f"cell {n}", f"import time\ntime.sleep({s})", own=True) for n, s in ((1, 9), (2, 1.3))
    ]
    with start_jail(tier, limits) as there, Session(there, cells) as session:
        assert session.log.notes == (
            "cell 1 was stopped: it ran too long.",
            "cell 2 was stopped: the time for cells of your own is used up.",
        )


def test_what_own_cells_define_is_there_when_their_time_is_used_up(mark):
    """A constant in a cell below slow experiments is still defined."""
    uses = toy.FOLD.replace("range(steps)", "range(steps + nothing)")
    change = before("fold", *sleeps(1.2, 5), "nothing = 0")
    assert mark({**toy.solved(), "fold": uses}, change).score == 10.0


def test_slow_own_cells_and_an_endless_loop_cost_the_loop(mark):
    """The process is replaced after the loop without time being taken from the other exercises."""
    loop = "def fold(function, start, steps):\n    while True: pass\n"
    report = mark({**toy.solved(), "fold": loop}, before("area", *sleeps(1.5, 2)))
    assert verdicts(report)["test_steps"] == "TIMED_OUT"
    assert report.score == 8.0


def test_an_interrupted_cell_keeps_what_it_has_bound(mark):
    """A solution cell with a slow experiment behind its function still defines the function."""
    slow = toy.AREA + "\nimport time\ntime.sleep(60)\n"
    assert mark({**toy.solved(), "area": slow}).score == 10.0


def test_the_clock_of_the_notebook_blames_no_function(tier):
    """A call that the notebook's clock stopped says so, also when it is made again."""
    limits = Limits(call_wall_s=1.0, cell_wall_s=1.0, submission_wall_s=1.5, memory_mib=384)
    source = "import time\ndef f():\n    time.sleep(0.9)\ndef g():\n    return 1"
    with start_jail(tier, limits) as there, Session(there, [Cell("cell 1", source)]) as session:
        ends = [session.call(name, (), {}).outcome for name in ("f", "f", "f", "g", "g")]
    messages = {end.message for end in ends if end is not None}
    assert messages == {"The time for the whole notebook is used up."}


def test_what_a_cell_raises_after_a_check_is_told_from_a_process_that_saw_none(mark):
    """A later cell cannot carry a hidden input out in the text of its exception."""
    keep = "seen = []\ndef area(sides):\n    seen.append(sides)\n    return 0.0\n"
    report = mark(
        {**toy.solved(), "area": keep}, behind("test_area", "raise ValueError(str(seen))")
    )
    [note] = [note for note in report.notes if "ValueError" in note]
    assert "[]" in note


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param("x = 1  # one", "x=1", True, id="layout"),
        pytest.param("x = 1", "x = 2", False, id="number"),
        pytest.param("", "# nothing", True, id="comment-alone"),
    ],
)
def test_the_same_code_is_recognised(one, other, same):
    """Comments, blank lines and layout make no difference."""
    assert is_same_code(one, other) is same
