"""The tools in the notebooks: `check` says in one line what is wrong; guesses never fail."""

import numpy as np
import pytest

from .conftest import NOTEBOOKS, lab_named


@pytest.fixture
def tools(course):
    """What the cell with the tools defines."""
    names = {"np": np}
    exec(lab_named(course, "gradient_basic").cell("given_check").source, names)
    return names


def test_all_notebooks_have_the_same_tools(course):
    """Cells with the same grade_id that are given in several notebooks are equal."""
    for grade_id in ("given_check", "given_sigmoid", "given_numerical_gradient"):
        labs = [lab_named(course, name) for name in NOTEBOOKS]
        sources = [c.source for lab in labs for c in lab.cells if c.grade_id == grade_id]
        assert len(sources) > 2
        assert len(set(sources)) == 1


def told(tools, function, *arguments, gives, **more):
    """The one line that a check shows; empty if it holds."""
    try:
        tools["check"]("it", function, *arguments, gives=gives, **more)
    except AssertionError as wrong:
        [line] = wrong._render_traceback_()
        assert "\n" not in line
        return line
    return ""


def in_place(weights, x):
    """Return the sum, as a student may who does not know what += does to an array."""
    weights += x
    return weights


A, B = np.array([1.0, 2.0, 4.0]), np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
WRONG = [
    (lambda: None, (), 1.0, "returns None. Is the `return` missing?"),
    (lambda: (None, A), (), (A, A), "value 1: the function returns None"),
    (lambda: "text", (), A, "no array of numbers"),
    (lambda: [[1.0], [1.0, 2.0]], (), A, "no array of numbers"),
    (lambda: A, (), (A, A), "2 values are asked for"),
    (lambda: A[:, None], (), A, "the shape is (3, 1), it should be (3,)"),
    (lambda: B.T, (), B, "Rows and columns are swapped."),
    (lambda: A * np.nan, (), A, "NaN"),
    (lambda: -A, (), A, "The sign is the wrong way round."),
    (lambda: -1.0, (), 1.0, "The sign is the wrong way round."),
    (lambda: A / 4, (), A, "0.25 times"),
    (lambda: 3.0, (), 1.0, "Compare with the worked numbers"),
    (lambda: A + 1, (), A, "Compare with the worked numbers"),
    (in_place, (A, A), 2 * A, "you changed `weights` in place"),
]


@pytest.mark.parametrize(("function", "arguments", "gives", "words"), WRONG)
def test_a_check_says_what_is_wrong(tools, function, arguments, gives, words):
    """Each kind of wrong answer is told in one line of its own."""
    assert words in told(tools, function, *arguments, gives=gives)


def test_no_ratio_for_a_single_number(tools):
    """Any two numbers have a ratio, so none is told."""
    assert "times" not in told(tools, lambda: 3.0, gives=1.0)


def test_a_check_has_its_own_hint(tools):
    """Where no worked numbers stand in the text, the check says something of its own."""
    assert told(tools, lambda: A + 1, gives=A, hint="Count them.").endswith("Count them.")


def test_a_slip_in_place_does_no_harm(tools):
    """After a change in place the notebook's own arrays are as before, also inside of pairs."""
    own = (A.copy(), B.copy())

    def spoil(weights, pair):
        weights *= 0
        pair[1][:] = 0
        return weights

    assert "`weights`" in told(tools, spoil, own[0], own, gives=A)
    assert np.array_equal(own[0], A)
    assert np.array_equal(own[1], B)


def test_an_unfinished_exercise_is_told_in_one_line(tools):
    """A stub's message stands there alone, and counts as not implemented."""

    def stub():
        raise NotImplementedError("Not done yet.")

    with pytest.raises(NotImplementedError) as unfinished:
        tools["check"]("it", stub, gives=1)
    assert unfinished.value._render_traceback_() == ["it: Not done yet."]


def test_other_errors_keep_their_traceback(tools):
    """An error in the student's own code shows where it arose."""
    with pytest.raises(ZeroDivisionError):
        tools["check"]("it", lambda: 1 / 0, gives=1)


SAME = [
    (4, 4), (4.0, 4), ("4", 4), (" 4. ", 4),
    ("4,0", 4), ("1/4", 0.25), ("25 %", 25), ("25 %", 0.25), (4.04, 4),
    (np.float64(4), 4), ("−2", -2), ("2e-3", 0.002), ("10x", 10),
    ("Up", "up"), (" 'up' ", "up"), ("ALL  EQUAL.", "all equal"),
    ((3,), (3,)), ("(3,)", (3,)), (3, (3,)), ([4, 3], (4, 3)), ("(4, 3)", (4, 3)), ("4, 3", [4, 3]),
    (np.array([4, 3]), (4, 3)), ((4, "Down"), (4, "down")),
]  # fmt: skip
OTHER = [
    (5, 4), ("four", 4), ("", 4), ("1/0", 4), ([4], 4), ({}, 4), (object(), 4), (float("nan"), 4),
    ("4", "up"), (4, "up"), ((4,), (4, 3)), ("(4; 3)", (4, 3)), ({}, (4, 3)), (len, (4, 3)),
    ("9" * 400, 4), (float("inf"), 4), (1j, 4), (b"4", "up"), ([[4]], 4), (np.ones((2, 2)), 4),
]  # fmt: skip


@pytest.mark.parametrize(("guess", "answer"), SAME)
def test_a_guess_may_be_written_in_many_ways(tools, capsys, guess, answer):
    """Numbers, text, lists and shapes are understood however they are written."""
    tools["guessed"](guess, answer, right="So it is.")
    assert capsys.readouterr().out == "You guessed right. So it is.\n"


@pytest.mark.parametrize(("guess", "answer"), OTHER)
def test_a_wrong_guess_is_no_error(tools, capsys, guess, answer):
    """Whatever somebody writes, the worst is a sentence."""
    tools["guessed"](guess, answer, wrong="Look again.")
    assert capsys.readouterr().out.endswith("no. Look again.\n")


@pytest.mark.parametrize("guess", [None, (None, 3), [None, None]])
def test_no_guess_is_no_error(tools, capsys, guess):
    """A blank is told, and nothing of the answer is."""
    tools["guessed"](guess, (4, 3), right="4 and 3", wrong="4 and 3")
    assert capsys.readouterr().out == "No guess yet.\n"


def test_recorded_numbers_stand_in_for_an_unfinished_exercise(tools, capsys):
    """Only an exercise that is not done is replaced, and that is said."""

    def stub():
        raise NotImplementedError

    assert tools["or_recorded"](stub, 3) == 3
    assert "recorded numbers stand in" in capsys.readouterr().out
    assert tools["or_recorded"](lambda: 4, 3) == 4
    assert capsys.readouterr().out == ""
    with pytest.raises(KeyError):
        tools["or_recorded"](lambda: {}["no"], 3)
