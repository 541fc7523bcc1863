"""Attacks on tests cells that run outside the submission's process: none earns a point.

The notebook holds what public courses hold: asserts, NumPy's and unittest's comparisons, helpers in
locked cells and in tests cells, and partial credit. An attack knows the visible tests, and that
there are hidden ones.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from autograder.course.tests_cells import TestsCells
from autograder.grading.whole_notebook import known_to_tester
from autograder.remote.notebook_cells import Bounds, RunCell, Way
from autograder.remote.notebook_run import Jails, NotebookRun
from tests.existing.trial import Trial, checked, given, solution

DOUBLE = "def double(x):\n    return 2 * x"
WRONG = "def double(x):\n    return x + 2"
"""Right for what the visible tests ask, and wrong otherwise."""
SCALE = "def scale(xs, k):\n    return [k * x for x in xs]"


@pytest.fixture(scope="module")
def trial(jails: Jails) -> Trial:
    """The notebook under attack."""
    return Trial.of(
        jails,
        given(
            "import io, math, unittest\nimport numpy as np\n"
            "from numpy.testing import assert_allclose"
        ),
        given("def agrees(a, b):\n    return abs(a - b) < 1e-9"),
        solution("double", DOUBLE),
        checked("plain", "assert double(2) == 4", "assert double(7) == 14"),
        checked("helper", "assert agrees(double(2), 4)", "assert agrees(double(7), 14)"),
        checked("numpy", "assert np.allclose(double(2), 4)", "assert_allclose(double(7), 14)"),
        checked("math", "assert math.isclose(double(2), 4)", "assert math.isclose(double(7), 14)"),
        checked(
            "unit",
            "case = unittest.TestCase()\ncase.assertEqual(double(2), 4)",
            "case.assertEqual(double(7), 14)\ncase.assertAlmostEqual(double(0.5), 1.0)",
        ),
        checked(
            "part",
            "score = 0",
            "for x in range(5, 9):\n    score += double(x) == 2 * x\nint(score)",
            4,
        ),
        checked(
            "types",
            "assert isinstance(double(2), int)",
            "assert isinstance(double(7), int) and double(7) == 14",
        ),
        checked(
            "text",
            "assert str(double(2)) == '4'",
            "assert str(double(7)) == '14' and f'{double(8)}' == '16'",
        ),
        checked(
            "own",
            "def near(a, b):\n    return abs(a - b) <= 1e-9\nassert near(double(2), 4)",
            "assert near(double(7), 14)",
        ),
        solution("scale", SCALE),
        checked(
            "list",
            "assert scale([1, 2], 2) == [2, 4]",
            "assert scale([1, 5], 3) == [3, 15]\nassert len(scale([1, 2, 3], 1)) == 3",
        ),
        checked(
            "drawn",
            "assert double(2) == 4",
            "for x in np.random.randint(3, 99, 4).tolist():\n    assert double(x) == 2 * x",
        ),
        checked(
            "file",
            "expected = open('expected.txt').read()",
            "assert double(7) == int(expected)",
        ),
        checked(
            "skipped",
            "class Tests(unittest.TestCase):\n    def test(self):\n"
            "        self.assertEqual(double(2), 4)",
            "class Hidden(Tests):\n    def test(self):\n        self.assertEqual(double(7), 14)\n"
            "done = unittest.TextTestRunner(io.StringIO()).run(Hidden('test'))\n"
            "assert done.wasSuccessful()",
        ),
        checked(
            "later", "assert near(sum(scale([2], 2)), 4)", "assert near(sum(scale([2, 9], 5)), 55)"
        ),
        files={"expected.txt": b"14"},
    )


TABLE = Path(__file__).with_name("attacks.txt")
"""A line `# === NAME` begins an attack."""
FORGED = """
import gc, json, socket
from autograder.sandbox.inside.channel import Channel
CHANNELS = [o for o in gc.get_objects() if isinstance(o, Channel)]
def forge(message):
    for one in CHANNELS:
        try: one.send(message)
        except Exception: pass
"""
ORDER = "'source': 'double = lambda x: 2 * x', 'label': 'x', 'limit_s': 1.0"
MESSAGES = {
    "reply": "{'reply': {'value': ('v', True), 'changed': {}}}",
    "done": "{'done': True, 'outputs': [['result', '4.0']]}",
    "tests": f"{{'op': 'tests', {ORDER}, 'values_only': False, 'public': (), 'news': {{}}}}",
    "ask-and-op": f"{{'ask': {{'do': 'call', 'args': [], 'keys': ()}}, 'op': 'run', {ORDER}}}",
    "ask-held": "{'ask': {'do': 'getattr', 'args': [('yours', 0), ('v', '__globals__')],"
    " 'keys': ()}, 'left_s': 1.0}",
    "bind": "{'op': 'bind', 'news': {'bound': {'double': ('v', 4)}, 'unbound': []}}",
    "import": "{'reply': {'value': ('mine', 0, 'module', (), ('os', 'system')), 'changed': {}}}",
    "yours": "{'reply': {'value': ('yours', 0), 'changed': {}}}",
    "changed": "{'reply': {'value': ('v', 3), 'changed': {0: ('v', 7), 1: ('v', 7)}}}",
    "gone": "{'gone': 'ended'}",
    "names": "{'reply': {'value': ('v', 3), 'names': {'agrees': ('v', 1), 'assert': ('v', 1)}}}",
    "mine": "{'reply': {'value': ('v', 3), 'mine': {0: ('list', ())}, 'yours': {0: ('v', 1)}}}",
    "odd": "{'reply': {'value': ('x', 'PosixPath', ('v', 3)), 'raised': 'SystemExit',"
    " 'args': ('tuple', ())}}",
}
ATTACKS = {
    **{
        text.partition("\n")[0]: text.partition("\n")[2]
        for text in re.split(r"^# === ", TABLE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    },
    **{
        f"forges/{name}": f"{FORGED}def double(x):\n    forge({message})\n    return x + 2\n"
        for name, message in MESSAGES.items()
    },
    **{f"forges-early/{name}": f"{FORGED}forge({message})\n" for name, message in MESSAGES.items()},
}
"""By name, code that stands in the solution of `double`."""
_DEFINES = ("returns/", "ends/", "spies/", "forges/")


REAL = [
    "returns/an-object-that-equals-all",
    "returns/int-subclass",
    "patches/names-of-helpers",
    "patches/transformer",
    "patches/code-of-helpers",
]
"""Some that succeed with nbgrader."""


def submitted(name: str) -> dict[str, str]:
    """The answers of an attack: wrong ones, where it does not define its own."""
    source = ATTACKS[name]
    double = source if name.startswith(_DEFINES) else f"{source}\n{WRONG}"
    own_scale = "scale" in source
    return {"double": double, "scale": "pass" if own_scale else "def scale(xs, k):\n    return xs"}


def test_the_notebook_runs_outside(trial: Trial) -> None:
    """All its tests cells compare values, and the right solution earns all points."""
    assert {trial.way(cell.grade_id) for cell in trial.known.tests} == {"value"}
    assert trial.points() == {cell.grade_id: cell.points for cell in trial.known.tests}


def test_a_wrong_solution_earns_nothing(trial: Trial) -> None:
    """What the attacks start from."""
    points = trial.points({"double": WRONG, "scale": "def scale(xs, k):\n    return xs"})
    assert set(points.values()) == {0.0}


@pytest.mark.wide(rows=8)
@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_earns_nothing(name: str, trial: Trial) -> None:
    """No tests cell gives a point, and none is counted as a fault of ours."""
    results = trial.results(submitted(name))
    assert {one.grade_cell: one.points for one in results.values() if one.points} == {}


def test_helpers_do_not_come_back_as_the_students(trial: Trial) -> None:
    """A helper of a tests cell that a student deletes and defines anew gives no point."""
    forged = "near = lambda *a: True"
    answers = {"double": WRONG, "scale": "def scale(xs, k):\n    return xs"}
    points = trial.points({**answers, "+scale": "del near", "+later": forged})
    assert set(points.values()) == {0.0}


@pytest.mark.parametrize("name", REAL)
def test_an_attack_is_real(name: str, trial: Trial) -> None:
    """In the student's own process, as in nbgrader, it earns points."""
    assert sum(trial.all_inside().points(submitted(name)).values()) > 0


ENDS_WHEN_LOOKED_AT = """
class Odd:
    def __call__(self):
        pass
    @property
    def __module__(self):
        import os
        os._exit(3)
odd = Odd()
"""


def test_how_a_cell_ended_is_told_before_its_names(jails: Jails) -> None:
    """An object that ends the process when it is sent costs later tests, not its own cell."""
    cells = [RunCell("own", ENDS_WHEN_LOOKED_AT), RunCell("tests", "assert odd", Way.VALUE)]
    cells += [RunCell("own again", "x = 1"), RunCell("tests again", "assert x == 1", Way.VALUE)]
    known = known_to_tester(TestsCells(()))
    with NotebookRun(jails, cells, {}, {}, known, Bounds(5.0, 60.0)) as run:
        own, tests, again, _ = run.run()
    assert [one.gone for one in (own, tests, again)] == [False, True, False]
