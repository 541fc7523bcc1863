"""Exceptions in words: helpful ones, chosen by what was raised, that carry nothing out."""

import builtins
import re
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.feedback.words import said_once
from autograder.remote.exceptions import explain
from autograder.remote.phrases import PHRASES, names_in, newer_python, phrase
from autograder.report import CheckResult, Verdict
from autograder.sandbox.inside.cells import raised


def told(source):
    """What the exception that a source raises is told as, its names being known."""
    names = {"np": np, "__name__": "__main__"}
    try:
        exec(source, names)
    except BaseException as error:
        return explain(raised(error), names=names_in([source]))[1]
    pytest.fail("nothing was raised")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("weights", "the name `weights` is used, and nothing defines it"),
        ("def g():\n    y = x\n    x = 1\ng()", "the local variable `x` is used before"),
        ("import nosuchlibrary", "the grader does not have the module `nosuchlibrary`"),
        ("from math import sigma", "`sigma` cannot be imported"),
        ("[1].shape", "a list has no `shape`: make it an array"),
        ("(1.5).shape", "a plain number has no `shape`"),
        ("np.float64(1).append", "a single number has no `append`"),
        ("np.zeros(3).append(1)", "an array has no `append`"),
        ("None.shape", "None has no `shape`: does a function that you call lack its"),
        ("np.sigmoid(1)", "the module has no `sigmoid`"),
        ("object().thing", "there is no attribute or method `thing`"),
        ("def g(a, b): pass\ng(1)", "a call of `g` lacks an argument"),
        ("def g(a): pass\ng(1, 2)", "a call of `g` has the wrong number of arguments"),
        (
            "def g(a): pass\ng(1, b=2)",
            "a call passes an argument `b` that the function does not take",
        ),
        ("def g(a): pass\ng(1, a=2)", "a call gives the argument `a` twice"),
        ("import math\nmath.sqrt(1, 2)", "wrong number of arguments"),
        ("len()", "wrong number of arguments"),
        ("np.zeros(3)(1)", "an array is called: index it"),
        ("2(3)", "something that is no function is called: is a `*` missing"),
        ("[1](0)", "a list is called: index it"),
        ("np(3)", "a module is called like a function"),
        ("None[0]", "None is indexed: does a function that you call lack its `return`"),
        ("len[0]", "a function is indexed: call it"),
        ("(lambda: 1)[0]", "a function is indexed: call it"),
        ("(3)[0]", "not an array or list is indexed"),
        ("(1, 2)[0] = 3", "whose entries cannot change"),
        ("a, b = None", "None is unpacked or looped over"),
        ("for x in None: pass", "None is unpacked or looped over"),
        ("a, b = 3", "a single value is unpacked"),
        ("for x in 3: pass", "looped over: is a `range` missing"),
        ("for x in np.array(3): pass", "a single number is looped over"),
        ("None + 1", "None takes part in a calculation: does a function that you call"),
        ("np.zeros(2) + None", "None takes part in a calculation"),
        ("[1] - 1", "a list takes part in a calculation: make it an array"),
        ("len * 2", "a function takes part in a calculation: call it"),
        ("{} + 1", "an operation on values that do not go together"),
        ("[1] * 1.5", "a list is multiplied: make it an array"),
        ("[1] + 1", "a list or a text is added to something else"),
        ("'a' + 1", "a list or a text is added to something else"),
        ("1 < 'a'", "values that have no order are compared"),
        ("-[1]", "a sign stands before something that is no number"),
        ("[1][1.0]", "an index is not a whole number"),
        ("[1, 2][np.array([0, 1])]", "an array is used where a whole number is needed"),
        ("np.zeros(3)[1.0]", "an index is not a whole number"),
        ("range(2.5)", "a whole number is needed"),
        ("np.zeros(3, 4)", "should a shape be one tuple"),
        ("x = np.arange(3)\nx -= 0.5", "whole numbers is changed in place: make it one of floats"),
        ("np.exp('a')", "values that are no numbers"),
        ("np.exp(np.array([None]))", "values that are no numbers"),
        ("np.exp(1, 2, 3)", "wrong number of arguments"),
        ("len(3)", "the length of a single value"),
        ("{[1]: 2}", "a list or an array is used as a key"),
        ("float(np.zeros(3))", "an array is used where one number is needed"),
        ("import math\nmath.exp(np.zeros(3))", "an array is used where one number is needed"),
        ("import math\nmath.exp('a')", "one number is needed"),
        ("np.zeros(3) @ np.zeros(4)", "the inner sizes of a product do not agree"),
        ("np.dot(np.zeros((2, 3)), np.zeros((2, 3)))", "the inner sizes of a product"),
        ("np.zeros(3) @ 2", "`@` is used on a single number"),
        ("np.zeros(3) + np.zeros(4)", "two arrays of shapes that do not fit"),
        ("x = np.zeros(3)\nx[:] = np.zeros(4)", "two arrays of shapes that do not fit"),
        ("if np.zeros(3): pass", "an array is used where one truth value is needed"),
        ("np.array([[1], [1, 2]])", "parts of different lengths"),
        ("x = np.zeros(3)\nx[0] = [1, 2]", "an array is put where one number belongs"),
        ("a, b = 1, 2, 3", "more values to unpack than names"),
        ("a, b = [1]", "fewer values to unpack than names"),
        ("np.zeros(6).reshape(4, 2)", "the new shape has another number of entries"),
        ("np.vstack([np.zeros(2), np.zeros(3)])", "arrays that do not fit are joined"),
        ("np.concatenate([])", "an empty list of arrays is joined"),
        ("np.concatenate(np.zeros(3), np.zeros(3))", "raises TypeError: "),
        ("np.zeros(3).sum(axis=1)", "the array has no such axis"),
        ("np.zeros(3).transpose(1, 0)", "the array has no such axis"),
        ("np.max([])", "the largest or smallest entry of something empty"),
        ("max([])", "the largest or smallest entry of something empty"),
        ("import math\nmath.log(-1)", "`math` has no real answer"),
        ("int('x')", "text that is no number is converted to one"),
        ("float('x')", "text that is no number is converted to one"),
        ("x = np.zeros(3)\nx.flags.writeable = False\nx[0] = 1", "changed in place"),
        ("[1].index(2)", "a value is looked up that is not there"),
        ("int(float('nan'))", "NaN or infinity is converted to a whole number"),
        ("np.zeros(-1)", "an array of a negative size"),
        ("np.linalg.inv(np.zeros((2, 2)))", "a matrix that has no inverse is inverted"),
        ("np.linalg.inv(np.zeros((2, 3)))", "the matrix is not square"),
        ("np.zeros(3)[0, 0]", "more indices than it has dimensions"),
        ("np.zeros(3)[np.array([True])]", "a mask has another shape"),
        ("np.float64(3)[0]", "a single number is indexed like an array"),
        ("np.zeros(3)[5]", "an index lies outside the array"),
        ("[].pop()", "something is taken from an empty list"),
        ("[1][3]", "an index lies outside the list"),
        ("(1,)[3]", "an index lies outside the list"),
        ("{}['a']", "a key is looked up that is not there"),
        ("1 / 0", "a number is divided by zero"),
        ("import math\nmath.exp(1000)", "a number becomes too large"),
        ("assert False", "an `assert` of your own does not hold"),
        ("next(iter([]))", "`next` is asked for more than there is"),
        ("raise SystemExit", "it ends Python, as `exit()`"),
        ("open('nosuch')", "a file or folder that is not there is used"),
        ("raise ValueError('17.5')", "raises ValueError: a value does not fit"),
        ("raise Exception('17.5')", "raises Exception: a `raise` is reached"),
        ("raise KeyboardInterrupt", "raises KeyboardInterrupt: a `raise` is reached"),
        ("raise ArithmeticError", "raises ArithmeticError: a `raise` is reached"),
        ("raise", "`raise` stands alone where nothing was raised"),
        ("raise 'no'", "`raise` is given something that is no exception"),
        ("class Oops(Exception): pass\nraise Oops('17.5')", "raises `Oops`: a `raise` is reached"),
        ("class Bad(ValueError): pass\nraise Bad", "raises `Bad`: a value does not fit"),
        (
            "class Mute(Exception):\n    def __str__(self): raise KeyError\nraise Mute",
            "raises `Mute`: a `raise` is reached",
        ),
        ("np.linalg.inv(np.zeros((2, 2)))", "raises ValueError: a matrix that has no inverse"),
        ("np.float_(1)", "the NumPy that is used here has no `float_`"),
        ("np.mean('a')", "NumPy gets values that are no numbers"),
        ("class A: pass\nA(1)", "a call has the wrong number of arguments"),
        ("int([1])", "one number is needed, and this is none"),
        ("abs('a')", "one number is needed, and this is none"),
        ("np.vstack(1)", "put them into a list"),
        ("next(3)", "`next` is given something that is no iterator"),
        ("np.polyfit([1], [1, 2], 1)", "different lengths are used together"),
        ("np.stack([np.zeros(2), np.zeros(3)])", "different lengths are used together"),
        ("np.interp(1, [1], [1, 2])", "different lengths are used together"),
        ("np.einsum('ijj->', 3)", "the letters of `einsum` do not fit"),
        ("np.split(np.zeros(3), 2)", "split into parts of different lengths"),
        ("np.linalg.inv(3)", "a matrix is needed, and this is none"),
        ("np.linalg.cholesky(-np.eye(2))", "the matrix is not positive definite"),
        ("np.random.default_rng(-1)", "a number is negative, and must not be"),
        ("np.random.default_rng(1).normal(0, -1)", "a number is negative, and must not be"),
        ("np.random.choice([], 1)", "an empty list or array is used"),
        ("np.convolve([], [1])", "an empty list or array is used"),
        ("np.percentile([1], 200)", "a number lies outside what is allowed"),
        ("np.unravel_index(10, (2, 2))", "an index lies outside the array"),
        ("'a'.index('b')", "a value is looked up that is not there"),
        ("from . import helper", "a module is imported from a package, and a notebook is none"),
        ("import nosuchlibrary", "write what you need of it into the notebook"),
        ("open('nosuch')", "only the files that came with the notebook are there"),
        ("open('.')", "a folder is used like a file"),
        ("np.loadtxt('nosuch.csv')", "a file or folder that is not there is used"),
        ("from urllib.error import URLError\nraise URLError('no')", "the network is closed"),
        ("raise ConnectionResetError", "a connection is made: the network is closed while grading"),
        ("raise OSError('full')", "a file, a program or a connection is not available"),
        ("'ä'.encode('ascii')", "text holds characters that its encoding does not have"),
        ("exec('x = = 1')", "text that is not valid Python is run as code"),
        (
            "import warnings\nwith warnings.catch_warnings():\n"
            "    warnings.simplefilter('error')\n    np.log(np.float64(-1))",
            "raises RuntimeWarning: a warning is turned into an error",
        ),
    ],
)
def test_a_frequent_exception_is_told_in_words(source, words):
    """What students get most often says what is wrong, not only that something is."""
    assert words in told(source)
    assert told(source).endswith((".", "?"))


def test_a_call_that_does_not_fit_is_the_checks_own_only_when_it_is():
    """A wrong number of arguments counts for the exercise where its own call failed."""
    said = "f() missing 1 required positional argument: 'y'"
    assert "more arguments than the exercise" in phrase("TypeError", said, (), by_call=True)
    assert phrase("TypeError", said, {"f"}) == "a call of `f` lacks an argument"
    assert phrase("TypeError", said, ()) == "a call in it lacks an argument"


def test_a_name_is_told_only_where_it_stands_in_the_notebook():
    """A name made up from an input is not passed on, nor is one that is absurdly long."""
    said = "name 'secret_4711' is not defined"
    assert "4711" not in phrase("NameError", said, {"secret"})
    assert "a name that nothing defines" in phrase("NameError", said, {"secret"})
    long = "n" * 200
    assert long not in phrase("NameError", f"name '{long}' is not defined", {long})


@given(
    st.sampled_from(sorted(PHRASES)),
    st.text(max_size=40) | st.from_regex(r"name '\w+' is not defined", fullmatch=True),
    st.booleans(),
)
def test_a_phrase_is_one_of_the_list_whatever_was_raised(kind, said, by_call):
    """Without names of the student's own, the words are a fixed set."""
    words = phrase(kind, said, (), by_call=by_call)
    assert "{name}" not in words
    fixed = {phrase for group in PHRASES.values() for _, phrase, _ in group}
    assert by_call or not words or words.split(":")[0] in fixed


@pytest.mark.parametrize(
    ("source", "version"),
    [
        ("type Vector = list[float]", "3.12"),
        ("def first[T](x: list[T]) -> T:\n    return x[0]", "3.12"),
        ("class Box[T]:\n    pass", "3.12"),
        ('print(f"{d["a"]}")', "3.12"),
        ("try:\n    pass\nexcept KeyError, ValueError:\n    pass", "3.14"),
        ('t = t"{x}"', "3.14"),
        ("lazy import numpy", "3.15"),
        ("type = 3\nx = = 1", ""),
        ('print(f"{x}" "b"', ""),
        ("x = 't'\nst'", ""),
        ("def f(x:\n    pass", ""),
        ("if x = 1:\n    pass", ""),
    ],
)
def test_a_newer_python_is_named_only_where_the_syntax_is_newer(source, version):
    """Who uses syntax that the grader's Python does not know reads which Python it is."""
    assert newer_python(source, (3, 11)) == version
    assert newer_python(source, (3, 99)) == ""


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="this Python knows the syntax")
def test_the_graders_python_is_told_with_a_syntax_error():
    """The sentence names both versions; an ordinary slip names none."""
    reply = {"raised": "SyntaxError", "text": "invalid syntax", "line": 1}
    words = explain(reply, text=True, source='x = t"{y}"')[1]
    assert re.search(r"The grader runs Python 3\.\d+; this syntax needs Python 3\.14\.$", words)
    assert "Python 3" not in explain(reply, text=True, source="x = = 1")[1]


def test_no_exception_is_told_by_its_type_alone():
    """Every built-in exception says more than its name, whatever its text is."""
    kinds = [kind for kind in vars(builtins).values() if isinstance(kind, type)]
    for kind in (kind for kind in kinds if issubclass(kind, BaseException)):
        words = explain({"raised": kind.__name__, "text": "17.5"})[1]
        assert words.removeprefix(f"raises {kind.__name__}") not in (".", ""), words


@pytest.mark.parametrize(
    ("kind", "said", "words"),
    [
        ("ModuleNotFoundError", "No module named 'google'", "write what you need of it into"),
        ("FileNotFoundError", "[Errno 2] … 'my.csv'", "'my.csv': only the files that came with"),
        ("OSError", "HTTPConnectionPool(host='a'): Max retries", "the network is closed while"),
        ("SystemExit", "0", "it ends Python, as `exit()`"),
        ("ValueError", "too small", "raises ValueError in line 3: too small."),
        ("TypeError", "", "raises TypeError in line 3: a value has a type"),
    ],
)
def test_a_cell_is_told_in_its_own_words_and_what_differs_here(kind, said, words):
    """Before any call the exception's own text is told, with what its author needs to know."""
    told = explain({"raised": kind, "text": said, "line": 3}, text=True)[1]
    assert words in told
    assert kind == "SystemExit" or said in told


def test_an_exception_is_called_by_a_name_of_the_students_own_only():
    """A class that does not stand in the notebook is told as the built-in type behind it."""
    reply = {"raised": "ValueError", "own": "Secret4711", "text": ""}
    assert "`Secret4711`" in explain(reply, names={"Secret4711"})[1]
    for names in ((), {"Secret"}):
        assert explain(reply, names=names)[1].startswith("raises ValueError:")
    for own in (None, 3, ["x"], "x" * 200):
        assert explain({**reply, "own": own}, names={"x" * 200})[1].startswith("raises ValueError:")


def test_nothing_is_said_twice_of_an_exercise_or_of_a_cell_that_does_not_run():
    """Later checks refer to the first; other exercises say what they have to say themselves."""
    why = "the cell `area` does not run to its end: it raises SyntaxError in line 1: no."
    said = [
        ("one", f"There is no `f`: {why}"),
        ("one", f"There is no `f`: {why}"),
        ("one", f"There is no `g`: {why}"),
        ("one", ""),
        ("one", ""),
        ("one", "x"),
        ("one", "x"),
        ("two", "x"),
        ("two", f"There is no `h`: {why}"),
    ]
    checks = [CheckResult("c", cell, "t", Verdict.RAISED, 0.0, 1.0, words) for cell, words in said]
    assert [check.message for check in said_once(checks)] == [
        f"There is no `f`: {why}",
        "The same as above.",
        "There is no `g`: the cell `area` does not run, see above.",
        "",
        "",
        "x",
        "The same as above.",
        "x",
        "There is no `h`: the cell `area` does not run, see above.",
    ]
