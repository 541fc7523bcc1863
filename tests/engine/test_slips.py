"""Slips: mistakes that no catalogue has, found from the reference alone, and told in its names."""

from __future__ import annotations

import builtins
import re
import textwrap
from collections.abc import Callable

import numpy as np
import pytest

from autograder.authoring.build import build
from autograder.authoring.mutation import scores
from autograder.checks import slip_changes, slip_words, slips
from autograder.checks.catalogue import Catalogue, Misconception, Mistakes, load_catalogue
from autograder.checks.slip_sites import Slips
from autograder.checks.slip_words import words_of
from autograder.checks.slips import JOINED
from autograder.course.model import Course
from autograder.grading.context import prepared
from autograder.grading.diagnosis import explain
from autograder.remote.calls import Answer, Case, Outcome
from autograder.remote.exceptions import gist
from autograder.remote.time_limit import Allowance
from autograder.report import Verdict
from tests.course.conftest import ROOT
from tests.engine import toy

REFERENCE = '''
"""Heat in a rod, and how records of it are summed up."""
import numpy as np
from numpy.typing import ArrayLike


def _array(values: ArrayLike) -> np.ndarray:
    return np.asarray(values, dtype=float)


def damp(t):
    """exp(-t), elementwise."""
    return np.exp(-_array(t))


def flux(cold, warm, area, conductivity):
    """The flux through a wall: conductivity area (warm - cold)."""
    difference = _array(warm) - _array(cold)
    return conductivity * area * difference


def rate(times, start, constant):
    """Newton's law of cooling: constant start exp(-constant t)."""
    return constant * start * damp(constant * _array(times))


def spread(records):
    """The mean squared distance of each column from its mean."""
    records = _array(records)
    distances = records - np.mean(records, axis=0)
    return np.mean(distances ** 2, axis=0)


def mixed(weights, records):
    """The records (n, d), mixed by weights (d, m)."""
    return np.dot(_array(records), _array(weights))


def cooled(start, step, rounds):
    """The temperature after rounds of cooling, and how far it fell in all."""
    now = float(start)
    for _ in range(rounds):
        now = now - step * now
    return now, start - now


def total(records):
    """The sum of the records' largest entries."""
    return float(sum(np.max(record) for record in _array(records)))
'''
RNG = np.random.default_rng(3)
RECORDS = [RNG.normal(2.0, 1.5, shape) for shape in ((5, 3), (7, 2), (4, 4))]
CALLS: dict[str, list[tuple[object, ...]]] = {
    "damp": [(RNG.normal(size=4),), (0.7,), (1.9,)],
    "flux": [
        (RNG.uniform(1, 3, n), RNG.uniform(4, 9, n), a, k)
        for n, a, k in ((2, 1.7, 0.3), (3, 2.9, 0.8), (4, 0.6, 1.9))
    ],
    "rate": [(RNG.uniform(0, 2, n), s, k) for n, s, k in ((2, 2.3, 0.7), (3, 1.4, 1.9))],
    "spread": [(one,) for one in RECORDS],
    "mixed": [(RNG.normal(size=(one.shape[1], 6)), one) for one in RECORDS],
    "cooled": [(19.0, 0.2, 1), (25.0, 0.3, 2), (31.0, 0.1, 4)],
    "total": [(one,) for one in RECORDS],
}


def mean(x: np.ndarray, axis: int | None = 0) -> np.ndarray:
    """The mean, as students call it."""
    return np.asarray(x.mean(axis=axis))


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    """A catalogue that has a reference and nothing else."""
    folder = tmp_path_factory.mktemp("hidden") / "rods"
    folder.mkdir()
    (folder / "reference.py").write_text(REFERENCE)
    return load_catalogue(folder.parent, "rods")


def cases_of(name: str, function: Callable[..., object]) -> list[Case]:
    """What came of a student's function."""
    found = []
    for args in CALLS[name]:
        try:
            answer = Answer(function(*args))
        except Exception as error:
            kind = type(error).__name__
            answer = Answer(outcome=Outcome(Verdict.RAISED, "", kind, gist(kind, str(error))))
        found.append(Case(name, args, answer))
    return found


def told(catalogue: Catalogue, name: str, function: Callable[..., object], mistakes=()) -> str:
    """The name that a student's function gets."""
    found = explain(cases_of(name, function), tuple(mistakes), Allowance(60.0, 512), catalogue)
    if found is None:
        return ""
    known = catalogue.misconception(found.name)
    assert known is not None
    assert all((known.words, *known.hints))
    return found.name


@pytest.mark.parametrize(
    ("name", "function", "says"),
    [
        ("damp", lambda t: np.exp(t), "sign"),
        ("damp", lambda t: -t, "left out: exp"),
        ("damp", lambda t: 2 * np.exp(-t), "doubled"),
        ("flux", lambda c, w, a, k: a * (w - c), "factor left out: conductivity"),
        ("flux", lambda c, w, a, k: k * (w - c), "factor left out: area"),
        ("flux", lambda c, w, a, k: k * a, "factor left out: warm - cold"),
        ("flux", lambda c, w, a, k: k * a * w, "term left out: cold"),
        ("flux", lambda c, w, a, k: k * a * (c - w), "reversed: warm - cold"),
        ("flux", lambda c, w, a, k: k * a * (w + c), "plus for -: cold"),
        ("flux", lambda c, w, a, k: k * k * a * (w - c), "twice: conductivity"),
        ("flux", lambda c, w, a, k: a * a * k * (w - c), "twice: area"),
        ("flux", lambda c, w, a, k: k * a * (w - c) / 2, "halved"),
        ("flux", lambda c, w, a, k: k * (w - c) / a, "over for *: area"),
        ("flux", lambda c, w, a, k: k * a * (w - c) + w, "added: warm"),
        ("flux", lambda c, w, a, k: np.sum(k * a * (w - c)), "summed"),
        ("flux", lambda c, w, a, k: (k * a * (w - c))[:, None], "dimension too many"),
        ("flux", lambda c, w, a, k: k * a * (w - c) / len(w), "divided once too often"),
        ("rate", lambda t, s, k: s * np.exp(-k * t), "factor left out: constant"),
        ("rate", lambda t, s, k: k * s * np.exp(-t), "factor left out: constant"),
        ("rate", lambda t, s, k: k * s * np.exp(np.exp(-k * t)), ""),
        ("rate", lambda t, s, k: k * s * np.exp(-np.exp(-k * t)), "twice: damp"),
        ("rate", lambda t, s, k: k * s * k * t, "left out: damp"),
        ("rate", lambda t, s, k: k * s * np.exp(-s * t), "mixed up: start for constant"),
        ("spread", lambda r: mean((r - mean(r)) ** 2, None), "wrong axis: mean"),
        ("spread", lambda r: np.sum((r - mean(r)) ** 2, axis=0), "sum for mean"),
        ("spread", lambda r: mean(np.abs(r - mean(r))), "absolute"),
        ("spread", lambda r: mean(r**2), "term left out: np.mean(records, axis=0)"),
        ("mixed", lambda w, r: (r @ w).T, "transposed"),
        ("mixed", lambda w, r: r @ w.T, "transposed"),
        ("mixed", lambda w, r: w @ r, "sides swapped"),
        ("cooled", lambda s, h, n: (s * (1 + h) ** n, s - s * (1 + h) ** n), "plus for -: a part"),
        ("cooled", lambda s, h, n: (s * (1 - h), s - s * (1 - h)), "first round only"),
        ("cooled", lambda s, h, n: (s - s * (1 - h) ** n, s * (1 - h) ** n), "parts swapped"),
        (
            "cooled",
            lambda s, h, n: (s * (1 - h) ** (n - 1), s - s * (1 - h) ** (n - 1)),
            "number of rounds",
        ),
        ("total", lambda r: sum(max(one) for one in r[:-1]), "without the last"),
        ("total", lambda r: sum(max(one) for one in r[1:]), "without the first"),
        ("total", lambda r: sum(min(one) for one in r), "min for max"),
        ("total", lambda r: sum(np.mean(one) for one in r), "mean for max"),
    ],
)
def test_a_slip_is_named(catalogue, name, function, says):
    """A wrong answer of each kind gets its name, with an empty catalogue."""
    assert told(catalogue, name, function) == says


@pytest.mark.parametrize(
    ("name", "function", "parts"),
    [
        (
            "flux",
            lambda c, w, a, k: w - c,
            {"factor left out: conductivity", "factor left out: area"},
        ),
        ("flux", lambda c, w, a, k: k * (c - w), {"factor left out: area", "sign"}),
        ("flux", lambda c, w, a, k: k * a * a * w, {"twice: area", "term left out: cold"}),
        ("rate", lambda t, s, k: s * np.exp(k * t), {"factor left out: constant", "sign"}),
        ("rate", lambda t, s, k: k * np.exp(k * t), {"factor left out: start", "sign"}),
        ("spread", lambda r: np.sum(r**2, axis=0), {"sum for mean", "*"}),
        ("mixed", lambda w, r: -(r @ w).T, {"transposed", "sign"}),
    ],
)
def test_two_slips_are_named(catalogue, name, function, parts):
    """Two slips in one function are both told."""
    found = set(told(catalogue, name, function).split(JOINED))
    assert len(found) == 2
    assert "*" in parts or found == parts, found
    assert parts - {"*"} <= found


def test_a_wrong_sign_and_another_slip_are_named_in_a_large_function():
    """Where hundreds of slips can be made, the likely pairs are still tried: a wrong sign first."""
    reference = load_catalogue(ROOT / "tests" / "hidden", LABS[0]).reference
    large = Catalogue(reference)

    def uphill_and_no_slope(x, target, weights, rate):
        return -rate * (target - 1 / (1 + np.exp(-np.dot(x, weights)))) * x

    calls = [(RNG.normal(size=n), 0.3, RNG.normal(size=n), 0.17) for n in (3, 4, 2)]
    cases = [Case("weight_step", args, Answer(uphill_and_no_slope(*args))) for args in calls]
    found = explain(cases, (), Allowance(60.0, 512), large)
    assert found is not None
    assert {part.split(":")[0] for part in found.name.split(JOINED)} == {
        "factor left out",
        "sign",
    }


def test_a_catalogued_mistake_with_a_slip_is_named(catalogue):
    """A catalogued mistake with one more slip gets both names, the catalogued one first."""
    mistakes = Mistakes()

    @mistakes.of("test_flux", Misconception("cubed-difference", "You cube it.", ("a", "b", "c")))
    def flux(cold, warm, area, conductivity):
        return conductivity * area * (warm - cold) ** 3

    [mistake] = mistakes
    with_one = Catalogue(catalogue.reference, (mistake,))

    def both(cold, warm, area, conductivity):
        return conductivity * (warm - cold) ** 3

    assert (
        told(with_one, "flux", both, [mistake]) == f"cubed-difference{JOINED}factor left out: area"
    )
    words = with_one.misconception(f"cubed-difference{JOINED}factor left out: area")
    assert words is not None
    assert "You cube it." in words.words
    assert "`area`" in words.words


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("damp", lambda t: 1 / np.exp(t)),
        ("flux", lambda c, w, a, k: np.array([k * a * (y - x) for x, y in zip(c, w, strict=True)])),
        ("spread", lambda r: np.var(r, axis=0)),
        ("mixed", lambda w, r: np.einsum("nd,dm->nm", r, w)),
        ("cooled", lambda s, h, n: (s * (1 - h) ** n, s - s * (1 - h) ** n)),
        ("damp", lambda t: 1.0),
        ("damp", lambda t: t),
        ("flux", lambda c, w, a, k: np.zeros(len(c))),
        ("flux", lambda c, w, a, k: np.sin(1e5 * w)),
        ("flux", lambda c, w, a, k: None),
        ("flux", lambda c, w, a, k: "text"),
        ("flux", lambda c, w, a, k: (w, c)),
        ("rate", lambda t, s, k: np.full(len(t), np.nan)),
        ("rate", lambda t, s, k: np.full(len(t), np.inf)),
        ("spread", lambda r: np.ones(r.shape[1])),
        ("mixed", lambda w, r: np.zeros((len(r), w.shape[1]))),
        ("mixed", lambda w, r: 1 // 0),
        ("mixed", lambda w, r: [][1]),
        ("cooled", lambda s, h, n: (0.0, 0.0)),
        ("total", lambda r: 42.0),
    ],
)
def test_no_false_name(catalogue, name, function):
    """Right answers in other styles, constants, stubs, noise and crashes get no name."""
    assert told(catalogue, name, function) == ""


def test_slips_that_contradict_each_other_are_not_told(catalogue):
    """Several slips that give the same numbers and have different words get no name."""

    def first(function, *calls):
        return [Case(function, args, Answer(value)) for *args, value in calls]

    alike = first("rate", *[(np.ones(3) * t, 2.0, 2.0, 2.0 * np.exp(-2.0 * t)) for t in (0.1, 0.4)])
    found = explain(
        [Case("rate", tuple(case.args), case.answer) for case in alike],
        (),
        Allowance(60.0, 512),
        catalogue,
    )
    assert found is None


LABS = ("gradient_descent", "multilayer_perceptrons", "backpropagation")


@pytest.fixture(scope="module", params=LABS)
def lab_catalogue(request: pytest.FixtureRequest) -> Catalogue:
    """The catalogue of an assignment of this course."""
    return load_catalogue(ROOT / "tests" / "hidden", request.param)


def locals_of(catalogue: Catalogue) -> set[str]:
    """Names that only the reference knows."""
    public = {*dir(builtins), *vars(catalogue.reference)}
    private = set()
    for function in catalogue.slips.functions.values():
        code = getattr(catalogue.reference, function.__name__).__code__
        public |= set(code.co_varnames[: code.co_argcount])
        private |= set(code.co_varnames[code.co_argcount :])
    return private - public


def test_words_are_whole_sentences_in_public_names(lab_catalogue):
    """Each slip has words, without a gap, and without a name that only the reference knows."""
    private = locals_of(lab_catalogue)
    for slip in lab_catalogue.slips.all:
        words = words_of(slip)
        assert not re.search(r"[{}]|``|\s\s|: $", words.sentence + words.name), (slip, words)
        assert words.sentence.endswith((".", "?"))
        spans = re.findall(r"`([^`]*)`", words.sentence)
        assert not set(re.findall(r"\w+", " ".join(spans))) & private, (slip, words)
        assert not any(re.fullmatch(r"[-\d.e]+", span) for span in spans), (slip, words)


def test_names_lead_back_to_their_words(lab_catalogue):
    """A stored report has only the name: the words are found by it."""
    for slip in lab_catalogue.slips.all:
        words = words_of(slip)
        found = lab_catalogue.misconception(words.name)
        assert found is not None, words
        assert JOINED not in words.name


def test_every_change_has_words():
    """Each kind of change in the tables can be told, and each that is told can be made."""
    tables = slip_changes
    made = {
        *tables.OF_FACTOR["factor"],
        *tables.OF_FACTOR["divisor"],
        *tables.OF_PRODUCT,
        *tables.OF_TERM,
        *tables.OF_ARGUMENT,
        *tables.OF_PARAMETER,
        *tables.OF_RETURNED,
        *tables.OF_SHAPE,
        *tables.OF_ROUNDS,
        *tables.OF_SIZE,
        *tables.OF_WHOLE,
        *(change for changes in tables.BINARY.values() for change in changes),
        *("brackets", "name", "number", "kept", "stale", "first round", "rounds", "counter"),
        *("comparison", "swapped parts", "other size", "zeros", "complement", "exchanged"),
        *("reduction", "axis", "axis kept", "not reduced", "rooted", "roots reduced", "order"),
        *("without option", "by one less", "mean by one less", "averaged over", "averaged along"),
        *("not applied", "applied twice", "applied after", "instead", "other function"),
        *("argument alone", "arguments swapped", "argument plus", "first term alone"),
        *("index", "index more", "index fewer", "index itself", "not indexed", "entry for"),
        *("1 more", "1 fewer", "length", "plain sum", "sum of sizes"),
    }
    assert made == set(slip_words._TABLE)
    assert made >= slips._IN_PAIRS >= slips._WITHOUT_PLACE


def test_a_name_has_one_sentence(lab_catalogue):
    """A name is all that a report keeps, so two sentences never share one."""
    sentences: dict[str, set[str]] = {}
    for slip in lab_catalogue.slips.all:
        words = words_of(slip)
        sentences.setdefault(words.name, set()).add(words.sentence)
    assert {name for name, several in sentences.items() if len(several) > 1} == set()


def test_functions_without_a_slip_are_the_references(lab_catalogue):
    """Asking at each place changes nothing: the numbers are the reference's, to the last bit."""
    arrays = {"x": RNG.normal(size=4), "weights": RNG.normal(size=4), "h": RNG.normal(size=5)}
    arrays |= {"features": RNG.normal(size=(7, 4)), "targets": RNG.random(7)}
    arrays |= {"weights_input_hidden": RNG.normal(size=(4, 3)), "a": RNG.normal(size=3)}
    arrays |= {"weights_hidden_output": RNG.normal(size=3), "target": 0.3, "epochs": 3}
    arrays |= {"outputs": RNG.random(7), "output": RNG.random(7), "learning_rate": 0.37}
    tried = 0
    for name, function in lab_catalogue.slips.functions.items():
        right = getattr(lab_catalogue.reference, name)
        code = right.__code__
        names = code.co_varnames[: code.co_argcount]
        if not set(names) <= set(arrays):
            continue
        args = [arrays[one] for one in names]
        try:
            expected = right(*args)
        except ValueError:
            continue
        tried += 1
        np.testing.assert_array_equal(
            np.hstack([np.ravel(one) for one in np.atleast_1d(*np.broadcast_arrays(expected))])
            if not isinstance(expected, tuple)
            else np.hstack([np.ravel(one) for one in expected]),
            np.hstack([np.ravel(one) for one in function(*args)])
            if isinstance(expected, tuple)
            else np.ravel(function(*args)),
        )
    assert tried >= 2


@pytest.mark.parametrize(
    "source",
    [
        "x = 1",
        "def f(x):\n    return x",
        "def f(x):\n    return",
        "def f(*xs, **named):\n    return sum(xs)",
        "def f(x, *, y=2):\n    return x * y",
        "def f(x):\n    def g(y):\n        return y + x\n    return g(x)",
        "def f(x):\n    return [a * b for a, b in zip(x, x)]",
        "def f(x):\n    return {k: v for k, v in enumerate(x)}",
        "def f(x):\n    yield x",
        "def f(x):\n    while x > 0:\n        x -= 1\n    return x",
        "def f(x):\n    try:\n        return 1 / x\n    except ArithmeticError:\n        return 0",
        "def f(x):\n    with open(x) as file:\n        return file.read()",
        "def f(x):\n    x[0] = 1\n    return x",
        "def f(x):\n    a, *b = x\n    return a",
        "def f(x):\n    global y\n    y = x\n    return y",
        "async def f(x):\n    return x",
        "class A:\n    def f(self):\n        return 1",
        "f = lambda x: x + 1",
        "def f(x):\n    return (lambda y: y * 2)(x)",
        "def f(x):\n    return x if x > 0 else -x",
        "def f(x):\n    match x:\n        case 1:\n            return 2\n    return x",
        "def f(x):\n    for a in x:\n        pass\n    else:\n        a = 1\n    return a",
        "def f(x):\n    return f'{x:.2f}'",
        "def f(x):\n    return x[1:, None].sum(axis=-1)",
        "def f(x):\n    return (y := x + 1) * y",
        "def f(x):\n    del x\n    return 1",
        "import functools\n\n@functools.cache\ndef f(x):\n    return x * 2",
        "def f(x):\n    while True:\n        x = x / 2\n        if x < 1:\n            return x",
        "def f(x):\n    y = x.copy()\n    y[1:, 0] = x[1:, 0] + 1\n    return y",
        "def f(a, b, c, d, e, g):\n    return a + b * c - d / (1 - e) + (1 - g)",
        "def f(x: int = 3) -> int:\n    '''Doc.'''\n    return x ** 2",
    ],
)
def test_any_reference_can_be_looked_at(tmp_path, source):
    """Whatever Python a reference is written in, it is looked at without a fault."""
    folder = tmp_path / "any"
    folder.mkdir()
    (folder / "reference.py").write_text(textwrap.dedent(source) + "\n")
    found = load_catalogue(tmp_path, "any")
    assert isinstance(found.slips, Slips)
    for slip in found.slips.all:
        assert words_of(slip).sentence


@pytest.mark.parametrize(
    "line",
    [
        "np.mean(x, axis=0, keepdims=True)",
        "np.sum(x, where=x > 0)",
        "np.sum(x, axis=0, dtype=np.float32)",
        "np.max(x, initial=7.0)",
        "np.mean(x, 1)",
        "x.mean(axis=1, keepdims=True)",
        "x.sum()",
        "x.sum(0)",
        "max(3.0, x[0, 0])",
        "max(x[0], key=lambda one: -one)",
        "sum([[1], [2]], [])",
        "sum(one for one in x[0])",
        "min(x[0])",
        "np.add([1, 2], [3, 4])",
        "np.multiply([1, 2], [3, 4])",
        "np.subtract([1, 2], [3, 4])",
        "np.power([1, 2], 2)",
        "np.outer(x, x)",
        "np.dot(3.0, x)",
        "np.ones((2, 3, 4)) @ np.ones((2, 4, 5))",
        "np.matmul(np.ones((2, 3, 4)), np.ones((2, 4, 5)))",
        "np.dot(np.ones((2, 3, 4)), np.ones((2, 4, 5)))",
        "[1, 2] + [3]",
        "[1, 2] * 2",
        "'a' * 3 + 'b'",
        "{1, 2} - {2}",
        "x.T.T[..., None] % 2 // 1",
        "-x ** 2 / 3 - 1 - 2",
        "2 ** -1 ** 2",
        "(x > 0) & ~(x > 1) | (x < -1)",
        "not x.any() or x.all() and True",
        "x if len(x) > 1 else None",
        "[a * b for a in x[0] for b in x[0] if a > b]",
        "sorted(x[0], reverse=True)[:2]",
        "f'{x[0, 0]:.3f}'",
        "dict(zip('ab', x))['a']",
        "(lambda y, /, z=2: y * z)(x)",
        "np.linalg.norm(x, ord=2)",
        "np.where(x > 0, x, 0)",
        "np.linalg.norm(x)",
        "np.linalg.norm(x, axis=1)",
        "np.std(x, axis=0, ddof=1)",
        "x.var(ddof=1)",
        "np.argmin(x, axis=1)",
        "np.cumsum(x)",
        "np.median(x, axis=0, keepdims=True)",
        "np.maximum(x, 0)",
        "np.sqrt(np.mean(x ** 2))",
        "np.log(np.sum(np.exp(x)))",
        "np.zeros((len(x), 2))",
        "np.eye(3)[[0, 2]]",
        "x[..., None][:, ::2]",
        "x[x > 0]",
        "x[-1][0]",
        "{'a': x}['a'][1:]",
        "'text'[1]",
        "float(x[0, 0])",
        "float('2.5')",
        "int(2.5) + len(x)",
        "[one for one in range(3)][-1]",
        "x[np.arange(2), [0, 1]]",
        "x[0] == x[1]",
    ],
)
def test_what_asks_answers_as_before(tmp_path, line):
    """A function that is rewritten to ask for slips gives what it gave, whatever it calls."""
    folder = tmp_path / "same"
    folder.mkdir()
    (folder / "reference.py").write_text(f"import numpy as np\n\n\ndef f(x):\n    return {line}\n")
    found = load_catalogue(tmp_path, "same")
    x = np.array([[0.5, -1.5, 2.5], [1.25, 3.0, -0.75]])
    expected, given = found.reference.f(x), found.slips.functions["f"](x)
    assert type(given) is type(expected)
    np.testing.assert_array_equal(np.asarray(given), np.asarray(expected))


def test_a_decorated_function_has_no_slips(tmp_path):
    """What a decorator does is not known: it might keep an answer."""
    folder = tmp_path / "decorated"
    folder.mkdir()
    source = "import functools\n\n\n@functools.cache\ndef f(x):\n    return 2 * x\n"
    (folder / "reference.py").write_text(source)
    assert load_catalogue(tmp_path, "decorated").slips.functions == {}


def test_a_function_that_answers_otherwise_explains_nothing(catalogue, monkeypatch):
    """If a rewritten function did not give what the reference gives, no name would come of it."""
    right = catalogue.slips.functions["flux"]
    monkeypatch.setitem(catalogue.slips.functions, "flux", lambda *args: right(*args) + 1.0)
    assert told(catalogue, "flux", lambda c, w, a, k: a * (w - c)) == ""


def test_a_reference_without_source_has_no_slips():
    """A reference that was not loaded from a file has none, and nothing breaks."""
    assert Catalogue().slips.all == []
    assert Catalogue().misconception("left out: x") is None


def test_the_search_is_bounded(catalogue):
    """No more pairs are tried than are allowed, whatever the function."""

    class Trials:
        tried = 0

        def explains(self, version):
            self.tried += 1
            return False

        def effect(self, version):
            return str(id(version))

    for name in catalogue.slips.functions:
        trials = Trials()
        assert slips.Search(catalogue.slips, name, trials).two(7) is None
        assert trials.tried <= 7


def test_slips_that_do_the_same_are_tried_once_in_pairs(catalogue):
    """Of slips with equal effects one is enough, and none is needed of those without one."""
    args = CALLS["flux"]

    class Trials:
        def explains(self, version):
            return False

        def effect(self, version):
            try:
                return str(np.round(version(*args[0]), 9))
            except Exception:
                return ""

    likely = slips.Search(catalogue.slips, "flux", Trials()).likely()
    effects = [Trials().effect(catalogue.slips.version("flux", [slip])) for slip in likely]
    assert len(set(effects)) == len(effects) > 5


GAP = '''

@pytest.mark.grade_cell("test_area")
@pytest.mark.points(3)
def test_there_is_an_area(student):
    """An area is a positive number."""
    assert student.area([5.0, 6.0, 7.0]) > 0
'''


def test_a_suite_with_a_gap_is_told(tmp_path, tier):
    """Where a check looks at the sign only, the proof holds, and names what gets past it."""
    before, _, behind = toy.SUITE.partition('@pytest.mark.grade_cell("test_area")')
    rest = behind[behind.index('@pytest.mark.grade_cell("test_scale")') :]
    hidden = {**toy.HIDDEN, f"test_{toy.NOTEBOOK}.py": f"{before}{GAP}\n\n{rest}"}
    course = Course.load(toy.write_course(tmp_path, hidden=hidden))
    build(course)
    with prepared(course, course.labs, tier) as contexts:
        [context] = contexts.values()
        found = {score.exercise: score for score in scores(context)}
    assert "area: halved" in found["test_area"].accepted
    assert "not: area: " in found["test_area"].words
    assert found["test_scale"].accepted == ()
    assert found["test_scale"].rejected > 10


def test_a_report_has_the_words_of_a_slip(mark):
    """A mistake that the catalogue lacks is named in a report, with words and hints."""
    heron = "p = (a + b + c) / 2\n    return 2 * np.sqrt(p * (p - a) * (p - b) * (p - c))"
    report = mark({**toy.solved(), "area": f"def area(sides):\n    a, b, c = sides\n    {heron}\n"})
    [named] = report.misconceptions
    assert named.name == "not divided: a number"
    assert named.words == "You do not divide by a number."
    assert named.grade_cells == ("test_area",)
    assert len(named.hints) == 3


def test_a_source_is_looked_at_where_numbers_tell_nothing(mark):
    """A failed check without a name says what stands out in the function's source."""
    source = "def fold(function, start, steps):\n    return np.sin(start)\n"
    report = mark({**toy.solved(), "fold": source})
    messages = [check.message for check in report.checks if check.grade_cell == "test_fold"]
    assert any("`fold` never uses its argument `function`." in message for message in messages)


def test_a_slip_that_would_never_end_explains_nothing(tmp_path):
    """Lists that would hold themselves and loops without an end are no slips; others are found."""
    folder = tmp_path / "growing"
    folder.mkdir()
    (folder / "reference.py").write_text(
        "import numpy as np\n\n\n"
        "def f(start, rate, steps):\n"
        "    sizes, size = [start], start\n"
        "    for _ in range(steps):\n"
        "        size = size + rate * size * (1 - size / 50.0)\n"
        "        sizes.append(size)\n"
        "    total, at = 0.0, 0\n"
        "    while at < steps:\n"
        "        total, at = total + sizes[at], at + 1\n"
        "    for one in sizes:\n"
        "        total = total + one\n"
        "    return np.array([*sizes, total])\n"
    )
    grown = load_catalogue(tmp_path, "growing")

    def f(start, rate, steps):
        return grown.reference.f(start, 1.0, steps)

    calls = [(20.0, 0.4, 4), (5.0, 0.7, 3), (30.0, 0.2, 5)]
    cases = [Case("f", args, Answer(f(*args))) for args in calls]
    found = explain(cases, (), Allowance(60.0, 512), grown)
    assert found is not None
    assert found.name == "factor left out: rate"
