"""Answers that are no numbers: each kind crosses the border, and is compared in its own words."""

import datetime
from collections import deque
from fractions import Fraction
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inside import opened

from autograder.checks.catalogue import Misconception, Mistake
from autograder.checks.collection import collected
from autograder.checks.compare import compare, require_comparable
from autograder.checks.kinds import KINDS, as_crossed, kind_of
from autograder.grading.diagnosis import Explanation, explain
from autograder.remote.calls import Answer, Case
from autograder.remote.student import Student
from autograder.remote.time_limit import Allowance
from autograder.report import Verdict

GIVEN = """
import datetime as dt
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from pathlib import Path, PurePosixPath

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import sparse

matplotlib.use("agg")
Colour = Enum("Colour", "RED GREEN")
Other = Enum("Other", "RED BLUE")
Pair = namedtuple("Pair", "x y")
Odd = namedtuple("Odd", "x z")

@dataclass
class Point:
    x: float
    y: object = None

@dataclass
class Place:
    x: float
    z: object = None

def records(names, *rows):
    return np.array(list(rows), dtype=[(name, "f8") for name in names])

def masked(values, *hidden):
    return np.ma.MaskedArray(np.array(values), mask=list(hidden))

def table(index=None, **columns):
    return pd.DataFrame(columns, index=index)

def drawn(*calls, title="", **labels):
    figure, axes = plt.subplots()
    for name, *args in calls:
        getattr(axes, name)(*args)
    axes.set(title=title, **labels)
    return figure
"""
SUITE = (
    GIVEN
    + """
import pytest
from autograder.checks import assert_agrees

def reference():
    return {expected}

@pytest.mark.grade_cell("test_f")
@pytest.mark.points(1)
def test_it(student, rng):
    '''It is so.'''
    assert_agrees(student.f, reference)
"""
)
ANSWERS = {
    "None": ("None", ["None"], {"0": "a number, not None", "''": "text, not None"}),
    "True or False": (
        "np.True_",
        ["True", "np.bool_(1)", "1", "1.0", "np.array(True)"],
        {
            "False": "or the other way round",
            "'True'": "text, not True or False",
            "2": "a number, not True or False",
            "None": "Is the `return` missing",
            "[True]": "a list, not True or False",
            "np.array([True])": "an array, not True or False",
        },
    ),
    "complex numbers": (
        "3 + 4j",
        ["3 + 4j", "np.complex64(3 + 4j)", "np.array(3 + 4j)", "4j + np.float64(3)"],
        {
            "3 - 4j": "imaginary part has the wrong sign",
            "3": "not the right ones",
            "[3 + 4j]": "wrong shape",
            "'3+4j'": "text, not complex numbers",
        },
    ),
    "text": (
        "'Ada Lovelace'",
        ["'Ada Lovelace'", "np.str_('Ada Lovelace')", "' '.join(['Ada', 'Lovelace'])"],
        {
            "'ada lovelace'": "upper and lower case",
            "'Ada  Lovelace\\n'": "spaces or the ends of lines",
            "'Grace Hopper'": "not the right one",
            "b'Ada Lovelace'": "bytes, not text",
            "3": "a number, not text",
            "None": "Is the `return` missing",
            "['Ada Lovelace']": "a list, not text",
            "open": "a function, not text",
        },
    ),
    "bytes": ("b'ab'", ["b'ab'", "bytes([97, 98])"], {"b'a'": "not the right", "'ab'": "text"}),
    "a dict": (
        "{'a': 1.5, ('b', 2): [1, 2], 3: {'c': True}}",
        [
            "{'a': 1.5, ('b', 2): [1, 2], 3: {'c': True}}",
            "OrderedDict([(3, {'c': True}), (('b', np.int64(2)), np.array([1, 2])), ('a', 1.5)])",
            "defaultdict(int, {'a': np.float64(1.5), ('b', 2): (1, 2), np.int32(3): {'c': True}})",
        ],
        {
            "{'a': 1.5, ('b', 2): [1, 2]}": "A key is missing",
            "{'a': 1.5, ('b', 2): [1, 2], 3: {'c': True}, 4: 4}": "not asked for",
            "{'a': 1.5, ('b', 2): [1, 3], 3: {'c': True}}": "One of the values in the dict: Some",
            "{'a': 1.5, ('b', 2): [1, 2], 3: {'c': False}}": "the dict: One of the values in",
            "[('a', 1.5)]": "a list, not a dict",
        },
    ),
    "a set": (
        "{1, 'a', (2, 3)}",
        ["{1, 'a', (2, 3)}", "frozenset([np.int8(1), 'a', (2, np.int64(3))])"],
        {
            "{1, 'a'}": "missing from the set",
            "{1, 'a', (2, 3), None}": "not asked for",
            "[1, 'a', (2, 3)]": "a list, not a set",
        },
    ),
    "a list": (
        "['a', [1, 2.5], None]",
        ["['a', [1, 2.5], None]", "('a', np.array([1, 2.5]), None)"],
        {
            "['a', [1, 2.5]]": "fewer values",
            "['b', [1, 2.5], None]": "One of the values in the list: It is text",
            "['a', [1, 2.5], 0]": "One of the values in the list: It returns a number",
            "'a'": "text, not a list",
            "np.array(5)": "one value, not a list",
            "np.array([], dtype='U1')": "fewer values",
        },
    ),
    "a deque": (
        "deque([1, 'a', 2.5])",
        ["deque([1, 'a', 2.5], maxlen=3)"],
        {
            "[1, 'a', 2.5]": "a list, not a deque",
            "deque([1, 'a'])": "fewer values",
            "deque([1, 'b', 2.5])": "One of the values in the deque",
        },
    ),
    "a fraction": (
        "Fraction(1, 3)",
        ["Fraction(2, 6)", "1 / 3", "np.float64(1) / 3", "Decimal(1) / 3 if False else 1 / 3"],
        {
            "Fraction(1, 4)": "an exact number, and not the right one",
            "1": "an exact number",
            "0.25": "",
            "Colour.RED": "a member of an enumeration, not numbers",
        },
    ),
    "a decimal number": (
        "Decimal('1.50')",
        ["Decimal('1.5')", "1.5", "Fraction(3, 2)"],
        {"Decimal('1.6')": "an exact number", "'a'": "text, not numbers"},
    ),
    "a date with a time": (
        "dt.datetime(2026, 1, 2, 3, tzinfo=dt.UTC)",
        ["dt.datetime(2026, 1, 2, 4, tzinfo=dt.timezone(dt.timedelta(hours=1)))"],
        {
            "dt.datetime(2026, 1, 2, 3)": "not the right date and time",
            "dt.date(2026, 1, 2)": "a date, not a date with a time",
        },
    ),
    "a date": (
        "dt.date(2026, 1, 2)",
        ["dt.date.fromisoformat('2026-01-02')"],
        {
            "dt.date(2026, 2, 1)": "not the right date",
            "dt.datetime(2026, 1, 2)": "not the right date",
            "'2026-01-02'": "text, not a date",
        },
    ),
    "a time": ("dt.time(1, 2)", ["dt.time(1, 2, 0)"], {"dt.time(2, 1)": "not the right time"}),
    "a duration": (
        "dt.timedelta(hours=25)",
        ["dt.timedelta(days=1, seconds=3600)"],
        {"dt.timedelta(1)": "not the right duration", "90000": "a number, not a duration"},
    ),
    "a path": (
        "Path('a/b')",
        ["Path('a') / 'b'", "Path('a/./b')"],
        {"Path('a/c')": "not the right path", "'a/b'": "text, not a path"},
    ),
    "a member of an enumeration": (
        "Colour.RED",
        ["Other.RED"],
        {
            "Colour.GREEN": "another member",
            "'RED'": "text, not a member of an enumeration",
            "Colour": "a class, not a member",
        },
    ),
    "an object with fields": (
        "Point(1.5, [Point(2)])",
        ["Point(1.5, [Point(2.0)])", "Point(np.float64(1.5), (Point(2),))"],
        {
            "Point(1.5, [Point(3)])": "One of the fields: One of the values in the list",
            "Place(1.5)": "A field is missing",
            "(1.5, [])": "a tuple, not an object with fields",
        },
    ),
    "a masked array": (
        "masked([1.5, 2, 3], False, True, False)",
        ["masked([1.5, 9, 3], False, True, False)"],
        {
            "masked([1.5, 2, 3], False, False, True)": "hides other entries",
            "masked([1, 2, 3], False, True, False)": "",
            "np.array([1.5, 2, 3])": "an array, not a masked array",
            "masked([1.5, 2], False, True)": "wrong shape",
        },
    ),
    "records": (
        "records('xy', (1.5, 2), (3, 4))",
        ["records('yx', (2, 1.5), (4, 3))", "records('xy', (1.5, 2), (3, 4)).view(np.recarray)"],
        {
            "records('xz', (1.5, 2), (3, 4))": "other fields",
            "records('xy', (1.5, 2), (3, 5))": "One of the fields",
            "np.ones((2, 2))": "other fields",
        },
    ),
    "dates": (
        "np.array(['2026-01-02', 'NaT'], dtype='M8[D]')",
        ["np.array(['2026-01-02T00', 'NaT'], dtype='M8[h]')"],
        {
            "np.array(['2026-01-02', '2026-01-03'], dtype='M8[D]')": "not the right ones",
            "np.array(['2026-01-02'], dtype='M8[D]')": "wrong shape",
            "np.array([1, 2], dtype='m8[D]')": "does not hold dates",
            "[1, 2]": "a list, not dates",
        },
    ),
    "a table": (
        "table(name=['a', None], n=[1, 2], x=[0.5, None])",
        [
            "table(name=pd.array(['a', None], dtype='string'), n=np.int8([1, 2]), x=[0.5, None])",
            "table(name=['a', None], n=[1, 2], x=np.array([0.5, np.nan]) + 1e-12)",
        ],
        {
            "table(name=['a', None], n=[1, 2], y=[0.5, None])": "other columns",
            "table(n=[1, 2], name=['a', None], x=[0.5, None])": "not in the order",
            "table(name=['a', None], n=[1., 2], x=[0.5, None])": "One of the columns: Its values",
            "table(name=['a', None], n=[1, 3], x=[0.5, None])": "One of the columns",
            "table(name=['a', 'b'], n=[1, 2], x=[0.5, None])": "missing in other places",
            "table(name=['b', None], n=[1, 2], x=[0.5, None])": "not the right ones",
            "table([1, 2], name=['a', None], n=[1, 2], x=[0.5, None])": "The index",
            "table(name=['a'], n=[1], x=[0.5])": "fewer rows",
            "np.ones((2, 3))": "an array, not a table",
            "{'n': [1, 2]}": "a dict, not a table",
        },
    ),
    "a series": (
        "pd.Series([1.5, 2], index=['a', 'b'], name='v')",
        ["pd.Series([1.5, 2 + 1e-12], index=['a', 'b'], name='v')"],
        {
            "pd.Series([1.5, 2], index=['b', 'a'], name='v')": "The index of the series",
            "pd.Series([1.5, 2], index=['a', 'b'])": "another name",
            "pd.Series([1.5, 3], index=['a', 'b'], name='v')": "",
            "pd.Series([1.5], index=['a'], name='v')": "fewer values",
            "[1.5, 2]": "a list, not a series",
            "table(v=[1.5, 2])": "an array, not a series",
        },
    ),
    "a sparse matrix": (
        "sparse.csr_array([[0, 1.5], [0, 2]])",
        ["sparse.coo_matrix([[0, 1.5], [0, 2]])", "sparse.lil_array([[0, 1.5], [0, 2]])",
         "sparse.coo_array(([1.5, 1, 1], ([0, 1, 1], [1, 1, 1])), shape=(2, 2))"],
        {
            "sparse.csr_array([[0, 1.5], [2, 0]])": "Other entries",
            "sparse.csr_array([[0, 1.5], [0, 3]])": "",
            "sparse.csr_array((2, 3))": "wrong shape",
            "np.array([[0, 1.5], [0, 2]])": "an array, not a sparse matrix",
        },
    ),
    "a figure": (
        "drawn(('plot', [1, 2], [3, 4]), ('bar', [1, 2], [5, 6]), ('scatter', [1, 2], [7, 8]), "
        "('imshow', np.eye(2)), title='T', xlabel='x')",
        [
            "drawn(('imshow', np.eye(2)), ('scatter', [2, 1], [8, 7]), ('plot', [1, 2], [3, 4]), "
            "('axhline', 3), ('bar', [1, 2], [5, 6]), title='Another', xlabel='t (s)')",
            "drawn(('plot', [1, 2], [3, 4]), ('bar', [1, 2], [5, 6]), ('scatter', [1, 2], [7, 8])"
            ", ('imshow', np.eye(2)), title='T', xlabel='x').axes[0]",
        ],
        {
            "drawn()": "The axes have no title",
            "drawn(title='T')": "The x axis has no label",
            "drawn(title='T', xlabel='x')": "There is no line",
            "drawn(title='T', xlabel='x', yscale='log')": "The y axis has another scale",
            "drawn(('plot', [1, 2], [4, 3]), title='T', xlabel='x')": "One line is not there",
            "drawn(('plot', [1, 2], [3, 4]), ('barh', [1, 2], [5, 7]), title='T', xlabel='x')":
                "One set of bars",
            "plt.figure()": "fewer axes",
            "[3, 4]": "a list, not a figure",
        },
    ),
    "an array of texts": (
        "np.array(['a', 'bc'])",
        ["np.array(['a', 'bc'])", "['a', 'bc']", "np.array(['a', 'bc'], dtype=object)"],
        {"['a', 'b']": "Some of the texts", "['a']": "wrong shape", "[1, 2]": "not an array of",
         "['a', ['b']]": "different shapes", "np.array([b'\\xff', b'a'])": "not an array of",
         "np.array('a')": "wrong shape"},
    ),
}  # fmt: skip
"""By kind: what the reference gives, what is right, and what is wrong in which words."""
RIGHT = [(kind, answer) for kind, (_, right, _) in ANSWERS.items() for answer in right]
WRONG = [(kind, answer) for kind, (_, _, wrong) in ANSWERS.items() for answer in wrong]


def test_every_kind_has_its_rows():
    """And each row's reference is of that kind."""
    names = {"__name__": "given"}
    exec(GIVEN, names)
    kinds = {
        name: kind_of(as_crossed(eval(expected, names))).name
        for name, (expected, _, _) in ANSWERS.items()
    }
    assert kinds == {name: name for name in ANSWERS}
    assert {kind.name for kind in KINDS} <= kinds.keys()


@pytest.fixture(scope="module")
def judged(tmp_path_factory, strong_jail):
    """The result of a check whose reference gives a kind, for a submission that gives an answer."""
    root = tmp_path_factory.mktemp("kinds")

    def judge(kind, answer):
        name = f"k{list(ANSWERS).index(kind)}"
        path = root / "tests" / "hidden" / name / "test_f.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(SUITE.format(expected=ANSWERS[kind][0]))
        source = f"{GIVEN}\ndef f():\n    return {answer}\n"
        with opened(strong_jail, source) as session, collected(root, [path]) as suites:
            checks = suites.checks(path)
            [run] = suites.run(checks, session, Student(session), ModuleType("reference"), 1)
        return run

    return judge


@pytest.mark.wide(rows=6)
@pytest.mark.parametrize(("kind", "answer"), RIGHT)
def test_a_right_answer_of_any_kind_passes(judged, kind, answer):
    """Whatever type of Python or NumPy it has."""
    run = judged(kind, answer)
    assert (run.result.verdict, run.result.message, run.private) == (Verdict.PASSED, "", "")


@pytest.mark.wide(rows=8)
@pytest.mark.parametrize(("kind", "answer"), WRONG)
def test_a_wrong_answer_is_told_in_the_words_of_its_kind(judged, kind, answer):
    """And none of the words is the expected value's, or chosen by the student."""
    run = judged(kind, answer)
    words = ANSWERS[kind][2][answer]
    assert run.result.verdict is Verdict.FAILED, run.private
    assert words in run.result.message
    for told in ("Ada", "Grace", "bc", "1.5", "2.5"):
        assert told not in run.result.message


@pytest.mark.parametrize(
    "expected",
    [object(), slice(3), {"a": object()}, (1, object()), ["a", object()], len, deque([len])],
    ids=lambda value: type(value).__name__,
)
def test_what_cannot_be_compared_is_a_fault_of_the_suite(expected):
    """The text says which type it is, and what its author can do."""
    with pytest.raises(TypeError, match="compare what it holds, by assert_close or require"):
        require_comparable(expected)


class OwnZone(datetime.tzinfo):
    """A time zone that only this suite has."""

    def utcoffset(self, when):
        """No offset."""
        return datetime.timedelta(0)


def not_crossing():
    """Values of known kinds with a part that does not cross."""
    pandas = pytest.importorskip("pandas")
    periods = pandas.period_range("2026", periods=2, freq="Y")
    return [
        pandas.Series([1, 2], index=periods),
        pandas.DataFrame({"v": periods}),
        datetime.datetime(2026, 1, 2, tzinfo=OwnZone()),
        {2**60},  # a key whose hash can be chosen never arrives
        {2**60: 1},
        {"a": [datetime.time(1, tzinfo=OwnZone())]},
        ("a", pandas.DataFrame({"v": pandas.interval_range(0, 2)})),
    ]


@pytest.mark.parametrize("which", range(7))
def test_a_kind_with_a_part_that_does_not_cross_is_a_fault_of_the_suite(which):
    """No right answer could arrive as it was, so no student must lose points by it."""
    with pytest.raises(TypeError, match="cannot be compared; compare what it holds"):
        require_comparable(not_crossing()[which])


keys = st.integers(-(2**60) + 1, 2**60 - 1)
"""Whole numbers that may be keys; see `not_crossing` for one that may not."""
values = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | st.floats(-9, 9) | st.text(max_size=5)
    | st.binary(max_size=3) | st.complex_numbers(max_magnitude=9)
    | st.sets(st.text(max_size=3) | keys, max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner)
    | st.dictionaries(st.text(max_size=3) | st.tuples(keys, st.text()), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(values)
def test_every_value_agrees_with_itself(value):
    """Nested however deep; and the suite may expect it."""
    require_comparable(value)
    assert compare(value, value).agrees


@given(values, st.none() | st.text(max_size=5) | st.binary(max_size=3))
def test_text_agrees_with_equal_text_alone(value, expected):
    """And bytes with bytes, and None with None."""
    assert compare(value, expected).agrees == (value == expected and type(value) is type(expected))


def test_fractions_are_numbers():
    """They always were: they convert to floats."""
    assert compare(0.5, Fraction(1, 2)).agrees


def test_a_mistake_of_any_kind_is_named():
    """A mistaken text, dict or truth value explains an equal answer, and no other."""
    idea = Misconception("idea", "An idea.", ("", "", ""))
    for wrong, other in (("a", "b"), ({"a": 1}, {"a": 2}), (True, False), (None, 3), ({1}, {2})):
        mistake = Mistake("cell", lambda wrong=wrong: wrong, misconception=idea)
        mistake.function.__name__ = "f"
        for answer, named in ((wrong, Explanation("f", "idea", mistake.function)), (other, None)):
            case = Case("f", (), Answer(answer))
            assert explain([case], [mistake], Allowance(5, 64)) == named


NAMED = """
import numpy as np
import pytest
from autograder.checks import assert_agrees

def step(weights, gradient, *, rate=0.5, clip=None):
    moved = weights - rate * gradient
    return moved if clip is None else np.clip(moved, -clip, clip)

@pytest.mark.grade_cell("test_f")
@pytest.mark.points(1)
def test_it(student, rng):
    '''It steps.'''
    w, g = rng.normal(size=3), rng.normal(size=3)
    assert_agrees(student.step, step, w, g)
    assert_agrees(student.step, step, w, g, rate=0.1)
    assert_agrees(student.step, step, w, gradient=g, clip=0.2, rate=2.0)
    assert student.step(w, g, rate=0.0).tolist() == w.tolist()
"""
STEP = "def step(weights, gradient, *, rate=0.5, clip=None):\n    import numpy as np\n    "


@pytest.mark.parametrize(
    ("source", "verdict", "words"),
    [
        (f"{STEP}moved = weights - rate * gradient\n"
         "    return moved if clip is None else np.clip(moved, -clip, clip)\n", "PASSED", ""),
        (f"{STEP}return weights - rate * gradient\n", "FAILED", "not"),
        ("def step(weights, gradient):\n    return weights\n", "FAILED", "The shape is right"),
        (f"{STEP}weights -= rate * gradient\n"
         "    return weights if clip is None else np.clip(weights, -clip, clip)\n",
         "FAILED", "changed in place"),
    ],
    ids=["right", "clip-forgotten", "no-such-parameters", "in-place"],
)  # fmt: skip
def test_arguments_may_be_passed_by_name(tmp_path, strong_jail, source, verdict, words):
    """They reach the submission and the reference under their names."""
    path = tmp_path / "tests" / "hidden" / tmp_path.name / "test_f.py"
    path.parent.mkdir(parents=True)
    path.write_text(NAMED)
    with opened(strong_jail, source) as session, collected(tmp_path, [path]) as suites:
        checks = suites.checks(path)
        [run] = suites.run(checks, session, Student(session), ModuleType("reference"), 1)
    assert (run.result.verdict, run.private) == (verdict, "")
    assert words in run.result.message


def test_a_mistake_explains_calls_with_named_arguments():
    """It gets the arguments as the submission got them."""
    idea = Misconception("idea", "An idea.", ("", "", ""))

    def step(weights, *, rate):
        return weights + rate

    mistake = Mistake("cell", step, misconception=idea)
    for answer, named in ((3.0, Explanation("step", "idea", step)), (4.0, None)):
        case = Case("step", (1.0, 2.0), Answer(answer), ("rate",))
        assert explain([case], [mistake], Allowance(5, 64)) == named


def test_a_function_that_is_handed_in_takes_named_arguments(strong_jail):
    """As a student's own function would; names that are none are refused."""
    source = "def f(g):\n    return g(1, b=2), g(a=3)\n"
    with opened(strong_jail, source) as session:
        assert Student(session).f(lambda a, b=0: 10 * a + b) == (12, 30)


RAISES = """
@pytest.mark.grade_cell("test_f")
@pytest.mark.points(1)
def test_it(student):
    '''It refuses what is negative.'''
    with pytest.raises({types}):
        student.f(-1)
"""


@pytest.mark.wide(rows=3)
@pytest.mark.parametrize(
    ("body", "types", "verdict", "words"),
    [
        ("raise ValueError('no')", "ValueError", Verdict.PASSED, ""),
        ("raise ValueError('no')", "(KeyError, ValueError)", Verdict.PASSED, ""),
        ("raise KeyError('no')", "LookupError", Verdict.PASSED, ""),
        ("int('x')", "ValueError", Verdict.PASSED, ""),
        ("raise type('Own', (ValueError,), {})('no')", "ValueError", Verdict.PASSED, ""),
        ("return 1", "ValueError", Verdict.FAILED, "It should raise ValueError here"),
        ("return 1", "(KeyError, ValueError)", Verdict.FAILED, "raise KeyError or ValueError"),
        ("raise TypeError('no')", "ValueError", Verdict.RAISED, "`f` raises TypeError"),
        ("while True: pass", "ValueError", Verdict.TIMED_OUT, "takes too long"),
        ("raise SystemExit", "ValueError", Verdict.RAISED, ""),
    ],
)  # fmt: skip
def test_an_exception_that_is_asked_for(tmp_path, strong_jail, body, types, verdict, words):
    """`pytest.raises` means what it says, and a missing exception is the student's."""
    path = tmp_path / "tests" / "hidden" / tmp_path.name / "test_f.py"
    path.parent.mkdir(parents=True)
    path.write_text("import pytest\n" + RAISES.format(types=types))
    source = f"def f(x):\n    {body}\n"
    with opened(strong_jail, source) as session, collected(tmp_path, [path]) as suites:
        checks = suites.checks(path)
        [run] = suites.run(checks, session, Student(session), ModuleType("reference"), 1)
    assert run.private == ""
    assert run.result.verdict is verdict
    assert words in run.result.message
