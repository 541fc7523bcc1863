"""Attacks on tests cells that run outside the submission's process: none earns a point.

The notebook holds what public courses hold: asserts, NumPy's and unittest's comparisons, helpers in
locked cells and in tests cells, and partial credit. An attack knows the visible tests, and that
there are hidden ones.
"""

from __future__ import annotations

import pytest

from autograder.remote.notebook_run import Jails
from tests.existing.trial import Trial, given, solution, tests_cell

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
            "import math\nimport unittest\nimport numpy as np\nfrom numpy.testing import assert_allclose"
        ),
        given("def agrees(a, b):\n    return abs(a - b) < 1e-9"),
        solution("double", DOUBLE),
        tests_cell("plain", "assert double(2) == 4", "assert double(7) == 14"),
        tests_cell("helper", "assert agrees(double(2), 4)", "assert agrees(double(7), 14)"),
        tests_cell("numpy", "assert np.allclose(double(2), 4)", "assert_allclose(double(7), 14)"),
        tests_cell(
            "math", "assert math.isclose(double(2), 4)", "assert math.isclose(double(7), 14)"
        ),
        tests_cell(
            "unit",
            "case = unittest.TestCase()\ncase.assertEqual(double(2), 4)",
            "case.assertEqual(double(7), 14)\ncase.assertAlmostEqual(double(0.5), 1.0)",
        ),
        tests_cell(
            "part",
            "score = 0",
            "for x in range(5, 9):\n    score += double(x) == 2 * x\nint(score)",
            4,
        ),
        tests_cell(
            "types",
            "assert isinstance(double(2), int)",
            "assert isinstance(double(7), int) and double(7) == 14",
        ),
        tests_cell(
            "text",
            "assert str(double(2)) == '4'",
            "assert str(double(7)) == '14' and f'{double(8)}' == '16'",
        ),
        tests_cell(
            "own",
            "def near(a, b):\n    return abs(a - b) <= 1e-9\nassert near(double(2), 4)",
            "assert near(double(7), 14)",
        ),
        solution("scale", SCALE),
        tests_cell(
            "list",
            "assert scale([1, 2], 2) == [2, 4]",
            "assert scale([1, 5], 3) == [3, 15]\nassert len(scale([1, 2, 3], 1)) == 3",
        ),
        tests_cell(
            "later", "assert near(sum(scale([2], 2)), 4)", "assert near(sum(scale([2, 9], 5)), 55)"
        ),
    )


SAME = """
class Same:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __hash__(self): return 0
    def __bool__(self): return True
    def __lt__(self, other): return True
    def __le__(self, other): return True
    def __gt__(self, other): return True
    def __ge__(self, other): return True
    def __abs__(self): return 0
    def __sub__(self, other): return 0
    def __rsub__(self, other): return 0
    def __add__(self, other): return self
    __radd__ = __add__
    def __len__(self): return 3
    def __iter__(self): return iter([])
    def __float__(self): return 14.0
    def __int__(self): return 4
    def __index__(self): return 4
    def __str__(self): return '14'
    def __repr__(self): return '4.0'
    def __format__(self, spec): return '16'
    def __array__(self, *a, **k): return np.array(14.0)
    def __array_ufunc__(self, *a, **k): return True
    def __array_function__(self, *a, **k): return True
    def __instancecheck__(self, other): return True
    def __getattr__(self, name): return self
    def __call__(self, *a, **k): return self
"""
RETURNED = {
    "an-object-that-equals-all": f"{SAME}\ndef double(x): return Same()\ndef scale(xs, k): return Same()",
    "the-names-are-such-objects": f"{SAME}\ndouble = scale = Same()",
    "int-subclass": "class Any(int):\n    def __eq__(self, o): return True\n    def __sub__(self, o): return 0\n    __hash__ = int.__hash__\ndef double(x): return Any(4)\nscale = lambda xs, k: [Any(1)] * 3",
    "float-subclass": "class Any(float):\n    def __eq__(self, o): return True\n    def __sub__(self, o): return 0.0\n    __hash__ = float.__hash__\ndef double(x): return Any(4)\nscale = lambda xs, k: [Any(1)] * 3",
    "str-subclass": "class Any(str):\n    def __eq__(self, o): return True\n    __hash__ = str.__hash__\ndef double(x): return Any('4')\nscale = lambda xs, k: Any('')",
    "list-subclass": "class Any(list):\n    def __eq__(self, o): return True\n    def __len__(self): return 3\nscale = lambda xs, k: Any()\ndouble = lambda x: Any()",
    "array-subclass": "class Any(np.ndarray):\n    def __eq__(self, o): return np.True_\n    def __array_ufunc__(self, *a, **k): return np.True_\ndouble = lambda x: np.zeros(1).view(Any)\nscale = lambda xs, k: np.zeros(3).view(Any)",
    "mock": "from unittest.mock import ANY, MagicMock\ndouble = lambda x: ANY\nscale = lambda xs, k: ANY",
    "nan-and-inf": "double = lambda x: float('nan')\nscale = lambda xs, k: [float('nan')] * 3",
    "true": "double = lambda x: True\nscale = lambda xs, k: True",
    "none": "double = lambda x: None\nscale = lambda xs, k: None",
    "not-implemented": "double = lambda x: NotImplemented\nscale = lambda xs, k: NotImplemented",
    "masked": "double = lambda x: np.ma.masked\nscale = lambda xs, k: np.ma.masked_all(3)",
    "class-for-function": f"{SAME}\nclass double(Same):\n    def __init__(self, x): pass\nclass scale(Same):\n    def __init__(self, xs, k): pass",
    "generator": "def double(x):\n    yield 4\ndef scale(xs, k):\n    yield from ()",
    "remote-name": "double = agrees\nscale = agrees",
}
PATCHED = {
    "names-of-helpers": "agrees = near = lambda *a, **k: True",
    "names-of-numpy": f"{SAME}\nassert_allclose = lambda *a, **k: None\nnp = math = unittest = Same()",
    "built-in-names": "abs = lambda x: 0\nisinstance = lambda *a: True\nlen = lambda x: 3\nsum = lambda x: 55\nstr = lambda x: '14'\nrange = lambda *a: []\nint = lambda x: 4.0\nbool = lambda x: True",
    "builtins": "import builtins\nbuiltins.abs = lambda x: 0\nbuiltins.isinstance = lambda *a: True\nbuiltins.AssertionError = StopIteration\nbuiltins.len = lambda x: 3",
    "numpy": "np.allclose = lambda *a, **k: True\nnp.testing.assert_allclose = lambda *a, **k: None\nnp.isclose = lambda *a, **k: True",
    "modules": "math.isclose = lambda *a, **k: True\nunittest.TestCase.assertEqual = lambda *a, **k: None\nunittest.TestCase.assertAlmostEqual = lambda *a, **k: None",
    "module-entries": "import sys, types\nfake = types.ModuleType('numpy')\nfake.allclose = lambda *a, **k: True\nfake.testing = fake\nfake.assert_allclose = lambda *a, **k: None\nsys.modules['numpy'] = fake\nnp = fake",
    "code-of-helpers": "agrees.__code__ = (lambda a, b: True).__code__\nassert_allclose.__code__ = (lambda *a, **k: None).__code__",
    "defaults": "agrees.__defaults__ = (1, 1)",
    "excepthook": "import sys\nsys.excepthook = lambda *a: None\nget_ipython().set_custom_exc((BaseException,), lambda *a, **k: None)",
    "transformer": "import ast\nclass Drop(ast.NodeTransformer):\n    def visit_Assert(self, node): return ast.Pass()\nget_ipython().ast_transformers.append(Drop())",
    "input-transformer": "get_ipython().input_transformers_post.append(lambda lines: ['pass\\n'])",
    "run-cell": "get_ipython().run_cell = lambda *a, **k: None",
    "hooks": "import sys\nsys.displayhook = lambda v: None\nsys.settrace(lambda *a: None)\nsys.setprofile(lambda *a: None)",
    "events": "get_ipython().events.register('pre_run_cell', lambda *a: exec('double = lambda x: 2 * x', {}))",
    "display": "from IPython.display import display\nprint('4.0')\ndisplay(4.0)\n4.0",
    "score": "score = 4\ncase = None",
    "last-value": "_ = 4.0\nOut[1] = 4.0",
    "exit": "import atexit, os\natexit.register(lambda: os._exit(0))",
    "stderr": "import sys\nsys.stderr = sys.stdout",
    "streams": "import sys, io\nsys.stdout = sys.stderr = io.StringIO()",
    "assertion": "AssertionError = Exception",
    "recursion": "import sys\nsys.setrecursionlimit(60)",
    "threads": "import threading\nthreading.Thread(target=lambda: [setattr(np, 'allclose', lambda *a: True) for _ in range(1000)]).start()",
    "files": "for name in ('numpy', 'math', 'unittest', 'sitecustomize', 'given', 'helper', 'IPython'):\n    open(name + '.py', 'w').write('allclose = isclose = assert_allclose = lambda *a, **k: True')",
    "random": "import random\nnp.random.seed(0)\nrandom.seed(0)",
    "delete": "del agrees, np, math, unittest, assert_allclose",
}
ENDED = {
    "exit-in-call": "def double(x):\n    raise SystemExit(0)\nscale = double",
    "quit-in-call": "def double(x):\n    import os\n    os._exit(0)\nscale = lambda xs, k: double(1)",
    "keyboard": "def double(x):\n    raise KeyboardInterrupt\nscale = lambda xs, k: double(1)",
    "generator-exit": "def double(x):\n    raise GeneratorExit\nscale = lambda xs, k: double(1)",
    "stop-iteration": "def double(x):\n    raise StopIteration(14)\nscale = lambda xs, k: double(1)",
    "own-exception": "class Pass(BaseException):\n    def __str__(self): return ''\ndef double(x):\n    raise Pass\nscale = lambda xs, k: double(1)",
    "endless-first": "def double(x):\n    while x == 7: pass\n    return x + 2\nscale = lambda xs, k: []",
    "kill": "import os, signal\ndef double(x):\n    os.kill(os.getpid(), signal.SIGKILL)\nscale = lambda xs, k: double(1)",
}
SPYING = {
    "frames": "import sys\ndef double(x):\n    f = sys._getframe()\n    while f:\n        if 'dou' + 'ble(7)' in str(f.f_locals) + str(f.f_globals.get('In', '')): return 2 * x\n        f = f.f_back\n    return x + 2",
    "garbage": "import gc\ndef double(x):\n    found = [o for o in gc.get_objects() if isinstance(o, tuple) and 14 in [i for i in o if isinstance(i, int)] and 7 in [i for i in o if isinstance(i, int)]]\n    return 14 if x == 7 and found and any('assert' in str(o) for o in gc.get_objects() if isinstance(o, str)) else x + 2",
    "sources": "import linecache\ndef double(x):\n    text = str(linecache.cache) + str(In)\n    return 2 * x if 'dou' + 'ble(7)' in text else x + 2",
    "history": "def double(x):\n    return 2 * x if 'dou' + 'ble(7)' in str(list(get_ipython().history_manager.input_hist_raw)) else x + 2",
    "memory": "import re\ndef double(x):\n    try:\n        for line in open('/proc/self/maps'):\n            if 'rw' not in line: continue\n            a, b = (int(n, 16) for n in line.split()[0].split('-'))\n            with open('/proc/self/mem', 'rb') as m:\n                m.seek(a)\n                if b'double(7) == ' + b'14' in m.read(min(b - a, 1 << 24)): return 2 * x\n    except OSError: pass\n    return x + 2",
    "names-of-tests": "def double(x):\n    return 2 * x if 'case' in globals() and x != 2 and 'score' in globals() and 0 else x + 2",
}
FORGED = """
import gc, json, socket
from autograder.sandbox.inside.channel import Channel
CHANNELS = [o for o in gc.get_objects() if isinstance(o, Channel)]
def forge(message):
    for one in CHANNELS:
        try: one.send(message)
        except Exception: pass
"""
MESSAGES = {
    "reply": "{'reply': {'value': ('v', True), 'changed': {}}}",
    "done": "{'done': True, 'outputs': [['result', '4.0']]}",
    "tests": "{'op': 'tests', 'source': 'pass', 'label': 'x', 'limit_s': 1.0, 'values_only': False, 'visible': (), 'news': {'names': {}, 'unbound': []}}",
    "ask-and-op": "{'ask': {'do': 'call', 'args': [], 'names': ()}, 'op': 'run', 'source': 'double = lambda x: 2 * x', 'label': 'x', 'limit_s': 1.0, 'left_s': 1.0}",
    "ask-held": "{'ask': {'do': 'getattr', 'args': [('yours', 0), ('v', '__globals__')], 'names': ()}, 'left_s': 1.0}",
    "bind": "{'op': 'bind', 'names': {'double': ('v', 4)}, 'unbound': [], 'news': {}}",
    "import": "{'reply': {'value': ('mine', 0, 'module', (), ('os', 'system')), 'changed': {}}}",
    "yours": "{'reply': {'value': ('yours', 0), 'changed': {}}}",
    "changed": "{'reply': {'value': ('v', 3), 'changed': {0: ('v', 7), 1: ('v', 7)}}}",
    "odd": "{'reply': {'value': ('x', 'PosixPath', ('v', 3)), 'raised': 'SystemExit', 'args': ('tuple', ())}}",
}
ATTACKS = {
    **{f"returns/{name}": source for name, source in RETURNED.items()},
    **{f"patches/{name}": f"{source}\n" for name, source in PATCHED.items()},
    **{f"ends/{name}": source for name, source in ENDED.items()},
    **{f"spies/{name}": source for name, source in SPYING.items()},
    **{
        f"forges/{name}": f"{FORGED}\ndef double(x):\n    if x == 7: forge({message})\n    return x + 2\n"
        for name, message in MESSAGES.items()
    },
    **{
        f"forges-early/{name}": f"{FORGED}\nforge({message})\n"
        for name, message in MESSAGES.items()
    },
}
"""By name, code that stands in the solution of `double`."""
_DEFINES = ("returns/", "ends/", "spies/", "forges/")


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


@pytest.mark.wide(rows=16)
@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_earns_nothing(name: str, trial: Trial) -> None:
    """No tests cell gives a point, and none is counted as a fault of ours."""
    results = trial.results(submitted(name))
    assert {one.grade_cell: one.points for one in results.values() if one.points} == {}


def test_the_attacks_are_real(trial: Trial) -> None:
    """In the student's own process, as in nbgrader, many of them succeed."""
    inside = trial.all_inside()
    successful = {name for name in ATTACKS if sum(inside.points(submitted(name)).values()) > 0}
    assert len(successful) >= len(ATTACKS) // 3
