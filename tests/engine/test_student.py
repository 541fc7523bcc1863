"""A submission's functions as remote functions: what a call gives, and what it never does."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inside import SMALL, ask, opened, outcome_of, start_jail, value_of

from autograder.limits import Limits
from autograder.remote.cells import Cell
from autograder.remote.exceptions import explain
from autograder.remote.session import Session
from autograder.remote.student import Student
from autograder.report import Verdict
from autograder.sandbox.inside.wire import seen

CHANNEL = """
import sys

def channel():
    frame = sys._getframe()
    while frame is not None:
        if "interpreter" in frame.f_locals:
            return frame.f_locals["channel"]
        frame = frame.f_back
"""
"""How a submission finds the channel that its process answers on."""


# --- Answers ------------------------------------------------------------------------------------


def test_arguments_go_in_and_the_value_comes_out(jail):
    """A call carries arrays, numbers and text in, and a tuple of values out."""
    source = "def f(x, n, word):\n    return 2 * x, n + 1, word + '!', None"
    doubled, number, word, nothing = value_of(jail, source, np.array([1.0, 2.5]), 3, "so")
    assert np.array_equal(doubled, [2.0, 5.0])
    assert (number, word, nothing) == (4, "so!", None)


def test_arguments_go_by_value(jail):
    """What the function does to an argument changes its copy, and is told by its number."""
    x, y = np.array([1.0, 2.0]), [1, 2]
    answer = ask(jail, "def f(x, y):\n    x[0] = 9\n    return x", x, y)
    assert answer.changed == (0,)
    assert np.array_equal(answer.value, [9.0, 2.0])
    assert np.array_equal(x, [1.0, 2.0])


def test_arguments_that_stay_as_they_were_are_not_told(jail):
    """A function that works on copies changes no argument."""
    assert ask(jail, "def f(x):\n    x = x + 1\n    return x", np.zeros(3)).changed == ()


def test_an_argument_swollen_beyond_the_caps_is_a_change_like_any_other(strong_jail):
    """A list argument that grows past what crosses costs neither the process nor the answer."""
    answer = ask(strong_jail, "def f(x):\n    x.extend(range(50_000))\n    return 1", [1])
    assert answer.outcome is None
    assert answer.changed == (0,)


def test_a_generator_goes_in_with_its_state(jail):
    """A function that draws from the generator draws what we would draw."""
    source = "def f(n, rng):\n    return rng.normal(size=n)"
    got = value_of(jail, source, 4, np.random.default_rng(11))
    assert np.array_equal(got, np.random.default_rng(11).normal(size=4))


def test_warnings_are_told(jail):
    """An overflow that NumPy warns of is told with the answer."""
    source = "import numpy as np\ndef f(x):\n    return np.exp(x)"
    with opened(jail, source) as session:
        assert session.call("f", (np.array([1000.0]),), {}).warned
        assert not session.call("f", (np.array([1.0]),), {}).warned
    source = "import warnings\ndef f(x):\n    warnings.warn('old', DeprecationWarning)"
    with opened(jail, source) as session:
        assert not session.call("f", (1,), {}).warned


@pytest.mark.parametrize("choose", ["simplefilter('error')", "filterwarnings('error')"])
def test_a_warning_that_the_notebook_made_an_error_is_one(jail, choose):
    """A function that catches it finds it, as in its kernel; others are told as ever."""
    source = f"""import warnings, numpy as np
warnings.{choose}

def f(x):
    try:
        return np.float64(x) / np.float64(0)
    except RuntimeWarning:
        return 7.0"""
    assert value_of(jail, source, 1) == 7.0


@pytest.mark.parametrize(
    "change",
    [
        "warnings.catch_warnings = warnings.simplefilter = warnings.resetwarnings = None",
        "sys.modules.pop('warnings')",
        "warnings.showwarning = warnings.warn = None",
    ],
)
def test_a_notebook_may_change_how_warnings_are_made(jail, change):
    """Its functions are called all the same."""
    assert value_of(jail, f"import sys, warnings\n{change}\ndef f():\n    return 7") == 7


def test_an_alarm_of_the_notebooks_own_rings_in_a_call(jail):
    """The handler that an earlier cell chose is there when a function sets one."""
    source = """import signal, time
class Late(Exception):
    pass

def stop(*a):
    raise Late

signal.signal(signal.SIGALRM, stop)

def f():
    signal.setitimer(signal.ITIMER_REAL, 0.02)
    try:
        time.sleep(0.5)
    except Late:
        return 7"""
    with opened(jail, source, "x = 1\n") as session:
        assert session.call("f", (), {}).value == 7


def test_cells_share_one_namespace_and_run_in_order(jail):
    """A later cell uses, and replaces, what an earlier one defined."""
    with opened(jail, "k = 2\ndef f():\n    return k", "k = k + 5") as session:
        assert session.call("f", (), {}).value == 7


def test_files_of_the_assignment_lie_in_the_working_folder(jail):
    """Public files can be opened by their names."""
    source = "def f():\n    return open('corners.csv').read()"
    with opened(jail, source, files={"corners.csv": b"1,2"}) as session:
        assert session.call("f", (), {}).value == "1,2"


def test_every_submission_starts_afresh(jail):
    """Neither names nor changed modules nor files of one submission reach the next."""
    ask(
        jail,
        "import numpy as np\nnp.left = 1\nleft = 1\nopen('left', 'w').write('x')\n"
        "def f():\n    return 1",
    )
    source = (
        "import os\nimport numpy as np\n"
        "def f():\n    return hasattr(np, 'left'), 'left' in globals(), os.path.exists('left')"
    )
    assert value_of(jail, source) == (False, False, False)


def test_submissions_draw_different_random_numbers(jail):
    """Forks of one warm process do not share the state of the global generators."""
    source = (
        "import random\nimport numpy as np\ndef f():\n    return np.random.rand(), random.random()"
    )
    first, second = value_of(jail, source), value_of(jail, source)
    assert first[0] != second[0]
    assert first[1] != second[1]


def test_calls_are_kept_as_cases_in_order(strong_jail):
    """The diagnosis gets every call with the arguments as they went in, once."""
    with opened(strong_jail, "def f(x):\n    x[0] = 5\n    return x") as session:
        Student(session).f([1, 2])
        session.call("g", (3,), {})
        cases = session.take_cases()
        assert [(case.function, case.args) for case in cases] == [("f", ([1, 2],)), ("g", (3,))]
        assert session.take_cases() == []


def test_calls_go_ahead_and_their_answers_keep_their_order(strong_jail):
    """Many calls, small and large, are begun before the first answer is asked for."""
    with opened(strong_jail, "def f(x):\n    return x") as session:
        sizes = [1, 3000, 2, 9000, 5] * 12
        calls = [session.begin("f", (np.full(size, float(size)),), {}) for size in sizes]
        answers = [session.settle(call) for call in reversed(calls)][::-1]
    assert [answer.value.size for answer in answers] == sizes
    assert all(np.all(answer.value == answer.value.size) for answer in answers)


def test_arguments_go_as_they_were_when_the_call_began(strong_jail):
    """What a check does to its arguments later changes neither the call nor its case."""
    numbers = np.array([1.0, 2.0])
    with opened(strong_jail, "def f(x):\n    return x.sum()") as session:
        call = session.begin("f", (numbers,), {})
        numbers[:] = 7
        assert session.settle(call).value == 3
        (case,) = session.take_cases()
    assert case.args[0].tolist() == [1, 2]


def test_calls_behind_one_that_hangs_are_made_again(strong_jail):
    """An endless loop ends its own call; those behind it get their own answers."""
    source = (
        "import os\ndef f(x):\n    while x == 2: pass\n    return x\n"
        "def g(x):\n    if x == 1: os._exit(0)\n    return -x\ndef h(x):\n    return 10 * x"
    )
    with opened(strong_jail, source) as session:
        order = [("f", 1), ("f", 2), ("h", 3), ("f", 4), ("g", 1), ("h", 5), ("g", 2), ("h", 6)]
        calls = [session.begin(name, (x,), {}) for name, x in order]
        answers = [session.settle(call) for call in calls]
    values = [answer.value for answer in answers]
    assert values == [1, None, 30, None, None, 50, None, 60]
    verdicts = [answer.outcome and answer.outcome.verdict for answer in answers]
    assert verdicts[1] is verdicts[3] is Verdict.TIMED_OUT
    assert verdicts[4] is verdicts[6] is Verdict.RAISED


def test_functions_as_arguments_and_plain_calls_mix(strong_jail):
    """A call with callbacks has the channel for itself, whatever was begun before it."""
    source = "def f(x):\n    return x\ndef fold(step, x):\n    return step(step(x))"
    with opened(strong_jail, source) as session:
        calls = [
            session.begin("f", (1,), {}),
            session.begin("fold", (lambda x: 2 * x, 3), {}),
            session.begin("f", (4,), {}),
        ]
        assert [session.settle(call).value for call in calls] == [1, 12, 4]


# --- Outcomes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "verdict", "words"),
    [
        pytest.param("raise ValueError('x')", Verdict.RAISED, "raises ValueError", id="raises"),
        pytest.param("return 1 / 0", Verdict.RAISED, "ZeroDivisionError", id="division"),
        pytest.param("return missing", Verdict.RAISED, "the name `missing`", id="name"),
        pytest.param("return np.zeros(3) @ np.zeros(4)", Verdict.RAISED, "sizes", id="sizes"),
        pytest.param(
            "raise NotImplementedError",
            Verdict.NOT_DONE,
            "raises NotImplementedError",
            id="not-done",
        ),
        pytest.param(
            "raise NotImplementedError()", Verdict.NOT_DONE, "raises NotImplementedError", id="stub"
        ),
        pytest.param("return f(x)", Verdict.RAISED, "without end", id="recursion"),
        pytest.param("import sys; sys.exit()", Verdict.RAISED, "SystemExit", id="sys-exit"),
        pytest.param(
            "raise KeyboardInterrupt", Verdict.RAISED, "KeyboardInterrupt", id="interrupt"
        ),
        pytest.param("import os; os._exit(0)", Verdict.RAISED, "ended the whole", id="os-exit"),
        pytest.param("return np.ones(10**9)", Verdict.OUT_OF_MEMORY, "memory", id="memory"),
        pytest.param("return bytearray(10**9)", Verdict.OUT_OF_MEMORY, "memory", id="bytes"),
        pytest.param("return np.zeros(10**6)", Verdict.FAILED, "too large", id="large-answer"),
        pytest.param("return list(range(30_000))", Verdict.FAILED, "too large", id="long-answer"),
        pytest.param("return input()", Verdict.RAISED, "EOFError", id="input"),
        pytest.param("import no_such_package", Verdict.RAISED, "ModuleNotFound", id="package"),
    ],
)
def test_a_call_without_an_answer_has_a_verdict(jail, body, verdict, words):
    """Whatever a function does instead of returning is an outcome with a sentence."""
    outcome = outcome_of(jail, f"import numpy as np\ndef f(x):\n    {body}", 1)
    assert outcome.verdict is verdict
    assert words in outcome.message


@pytest.mark.parametrize(
    ("source", "verdict", "words"),
    [
        pytest.param("g = 1", Verdict.FAILED, "no function named `f`", id="not-there"),
        pytest.param("def F(x): return x", Verdict.FAILED, "It has `F`", id="capital-letter"),
        pytest.param("f = 3", Verdict.FAILED, "is not a function", id="no-function"),
        pytest.param("f = None", Verdict.FAILED, "is not a function", id="none"),
        pytest.param("def f(:\n  pass", Verdict.RAISED, "SyntaxError", id="syntax"),
        pytest.param("1 / 0\ndef f(x): pass", Verdict.RAISED, "ZeroDivision", id="cell-raises"),
        pytest.param("def f(): pass", Verdict.RAISED, "fewer arguments", id="too-few-parameters"),
        pytest.param("def f(a, b): pass", Verdict.RAISED, "more arguments", id="too-many"),
        pytest.param("f = lambda x: x", None, "", id="lambda"),
        pytest.param("from math import sqrt as f", None, "", id="builtin"),
        pytest.param("class f:\n  def __init__(self, x): pass", None, "", id="class"),
    ],
)
def test_what_stands_in_place_of_the_function_is_told(strong_jail, source, verdict, words):
    """A missing function, another value by its name and a wrong signature have their own words."""
    outcome = ask(strong_jail, source, 1).outcome
    assert (outcome.verdict if outcome else None) is verdict
    assert words in (outcome.message if outcome else "")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        pytest.param(
            "def g(a, b): pass\ndef f(x): return g(x)", "a call of `g` lacks", id="helper"
        ),
        pytest.param(
            "def f(x, y=0): return f() if x else 1", "a call of `f` lacks", id="itself-inside"
        ),
        pytest.param("def f(x, y): pass", "it takes more arguments than the exercise", id="itself"),
        pytest.param("import math\nf = math.pow", "another number of arguments", id="library"),
    ],
)
def test_a_wrong_call_is_told_of_the_function_that_was_called(strong_jail, source, words):
    """Only when the checked function's own call does not fit is the exercise compared with."""
    assert words in ask(strong_jail, source, 1).outcome.message


def test_an_object_that_does_not_cross_is_an_answer(jail):
    """A function, a class or a module returned is an answer of a kind, not an error."""
    value = value_of(jail, "def f():\n    return [f, int, iter([])]")
    assert [seen(part).kind for part in value] == ["function", "class", "generator"]


def test_an_answer_that_raises_while_it_is_read_ends_no_process(strong_jail):
    """A returned list that cannot be walked through is an odd answer; the next call works."""
    source = (
        "class Odd(list):\n    def __iter__(self):\n        raise KeyError\n"
        "def f(odd):\n    return Odd([1]) if odd else 'fine'"
    )
    with opened(strong_jail, source) as session:
        first = session.call("f", (True,), {})
        assert "raises an exception when it is read" in first.outcome.message
        assert session.call("f", (False,), {}).value == "fine"


# --- What is never told -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("raise ValueError(f'x is {x!r}')", id="text"),
        pytest.param("raise type(f'Leak{int(x)}', (Exception,), {})()", id="class-name"),
        pytest.param(
            "raise type(f'Leak{int(x)}', (Exception,), {'__module__': 'builtins'})()",
            id="class-name-as-if-built-in",
        ),
        pytest.param("{}[x]", id="key"),
        pytest.param("assert x is None, x", id="assert"),
        pytest.param("exec(f'\\n' * int(x) + '1/0')", id="line-number"),
        pytest.param("raise OSError(int(x), str(x))", id="error-number"),
        pytest.param("raise Exception() from ValueError(x)", id="cause"),
        pytest.param("return getattr(x, f'n{int(x)}')", id="attribute"),
    ],
)
def test_no_hidden_input_is_carried_out_by_an_exception(jail, body):
    """Neither text, class name nor line of what a call raises reaches the student's message."""
    outcome = outcome_of(jail, f"def f(x):\n    {body}", 4711.0)
    assert "4711" not in outcome.message
    assert "4711" not in outcome.raised
    assert "Leak" not in outcome.message


def test_a_fault_of_a_cell_is_told_with_its_text(jail):
    """Before any hidden input has gone in, the student reads what was raised, and where."""
    with opened(jail, "x = 1\nraise ValueError('too  bad')") as session:
        [fault] = session.log.faults
    assert fault.verdict is Verdict.RAISED
    assert "ValueError in line 2: too bad" in fault.message


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param("np.zeros((9000, 0)), np.zeros((0, 9000))", id="sides-of-length-0"),
        pytest.param("np.zeros(9000), 1", id="many-numbers"),
        pytest.param("[0.0] * 9000, 1", id="long-list"),
        pytest.param("'x' * 90_000, 1", id="long-text"),
        pytest.param("{n: n for n in range(5000)}, 1", id="dict"),
        pytest.param("set(range(9000)), 1", id="set"),
        pytest.param("[10**4000] * 50, 1", id="large-integers"),
        pytest.param("[[]] * 9000, 1", id="empty-lists"),
        pytest.param("np.array(['x' * 9000] * 9), 1", id="array-of-long-text"),
        pytest.param("np.zeros((4000, 1)), np.zeros((1, 4000))", id="broadcast"),
    ],
)
def test_arguments_of_a_callback_count_as_what_they_may_become(jail, arguments):
    """A callback whose arguments are, or may become, too large is refused, and that is told."""

    def product(a, b):
        return float(np.sum(np.asarray(a) * np.asarray(b) * np.ones((9, 1, 1))))

    outcome = outcome_of(jail, f"import numpy as np\ndef f(g):\n    g({arguments})", product)
    assert outcome.verdict is Verdict.RAISED
    assert "asks too much" in outcome.message


def test_our_own_time_in_callbacks_is_bounded_and_told_as_such(strong_jail):
    """A callback that takes us too long is refused; it is not told as an endless loop of theirs."""
    began = time.monotonic()
    outcome = outcome_of(strong_jail, "def f(g):\n    g()", lambda: time.sleep(60))
    assert "asks too much" in outcome.message
    assert time.monotonic() - began < SMALL.callbacks_wall_s + 3.0


def test_a_function_that_was_handed_in_lives_for_one_call(jail):
    """What a submission keeps of an earlier call cannot be called during the next."""
    source = "kept = []\ndef f(g):\n    kept.append(g)\n    return kept[0](1.0)"
    with opened(jail, source) as session:
        assert session.call("f", (lambda x: x + 1,), {}).value == 2.0
        outcome = session.call("f", (lambda x: x + 2,), {}).outcome
        assert outcome is not None
        assert outcome.verdict is Verdict.RAISED


def test_what_a_callback_returns_is_capped(strong_jail):
    """A value that is too large to be sent is refused, and the process goes on."""
    source = """
def f(g):
    try:
        g()
    except RuntimeError:
        return 3.0
"""
    assert value_of(strong_jail, source, lambda: np.zeros(500_000)) == 3.0


def test_answers_that_take_too_much_memory_together_are_refused(strong_jail):
    """One answer is within its cap; the sum of a check's answers has a cap of its own."""
    source = "import numpy as np\ndef f():\n    return np.zeros((400, 48, 6))[:150, :, :2]"
    with opened(strong_jail, source) as session:
        calls = [session.begin("f", (), {}) for _ in range(100)]
        outcomes = [session.settle(call).outcome for call in calls]
        assert outcomes[0] is None
        assert outcomes[-1] is not None
        assert "too large" in outcomes[-1].message
        assert session.take_cases() == []
        assert session.call("f", (), {}).outcome is None


def test_a_callbacks_own_error_is_told_without_its_text(jail):
    """What a function of ours raises reaches the student's code by its type alone."""

    def ours(x):
        raise LookupError("the expected value is 42")

    source = (
        "def f(g):\n    try:\n        g(1)\n    except RuntimeError as e:\n        return str(e)"
    )
    said = value_of(jail, source, ours)
    assert "LookupError" in said
    assert "42" not in said


# --- Callbacks and given ------------------------------------------------------------------------


def test_a_function_as_an_argument_is_called_back(jail):
    """A function of ours that is handed in answers calls from inside."""
    source = "def f(g, x):\n    return g(g(x))"
    assert value_of(jail, source, lambda x: 3 * x, 2) == 18


def test_callbacks_are_bounded(jail):
    """After as many calls as the limit allows, a callback is refused."""
    calls = []
    source = "def f(g):\n    for n in range(500):\n        g(n)"
    assert outcome_of(jail, source, calls.append).verdict is Verdict.RAISED
    assert calls == list(range(SMALL.callbacks))


def test_calling_back_for_ever_ends_at_the_deadline(strong_jail):
    """A function that goes on calling after it was refused is out of time."""
    source = (
        "def f(g):\n    while True:\n        try:\n            g()\n"
        "        except Exception:\n            pass"
    )
    assert outcome_of(strong_jail, source, lambda: 1).verdict is Verdict.TIMED_OUT


def test_given_functions_stand_in_for_the_students_own(jail):
    """With `given`, a later function is judged as if the earlier one were right."""
    source = "def early(x):\n    return -x\ndef late(x):\n    return early(x) + 1"
    with opened(jail, source) as session:
        student = Student(session)
        assert student.given(early=lambda x: 10 * x).late(2) == 21
        assert student.late(2) == -1
        assert student.early(2) == -2


def test_given_functions_need_not_exist_in_the_submission(jail):
    """A function that the student never wrote can be given, and is gone afterwards."""
    with opened(jail, "def late(x):\n    return early(x) + 1") as session:
        student = Student(session)
        assert student.given(early=lambda x: 10 * x).late(2) == 21
        assert session.call("late", (2,), {}).outcome.verdict is Verdict.RAISED


def test_a_function_is_not_given_to_itself(strong_jail):
    """Giving a function does not replace the one that is being asked."""
    with opened(strong_jail, "def f(x):\n    return 'own'") as session:
        assert Student(session).given(f=lambda x: "ours").f(1) == "own"


def test_names_with_an_underscore_are_no_remote_functions(strong_jail):
    """Python's own protocols do not become calls into the jail."""
    with opened(strong_jail, "def _f(): pass") as session:
        assert not hasattr(Student(session), "_f")
        assert not hasattr(Student(session), "__len__")


# --- Time ---------------------------------------------------------------------------------------

LOOPS = """
def fine(x):
    return x + 1

def loops(x):
    while True:
        pass

def kills(x):
    import os
    os._exit(1)
"""


def test_an_endless_loop_leaves_the_other_functions_callable(jail):
    """A hung call costs its own time once; it is not tried again, and others answer."""
    with opened(jail, LOOPS) as session:
        first = session.call("loops", (1,), {})
        assert first.outcome.verdict is Verdict.TIMED_OUT
        assert session.call("fine", (1,), {}).value == 2
        began = time.monotonic()
        assert session.call("loops", (2,), {}).outcome.verdict is Verdict.TIMED_OUT
        assert time.monotonic() - began < SMALL.call_wall_s / 2


def test_ending_the_process_leaves_the_other_functions_callable(jail):
    """A function that ends Python costs its own points, not the others'."""
    with opened(jail, LOOPS) as session:
        assert session.call("kills", (1,), {}).outcome.verdict is Verdict.RAISED
        assert session.call("fine", (1,), {}).value == 2


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("sum(range(10**12))", id="inside-c"),
        pytest.param("10**10**9", id="big-power"),
        pytest.param("import time; time.sleep(99)", id="sleep"),
        pytest.param(
            "import signal\n    for n in range(1, 32):\n"
            "        try: signal.signal(n, signal.SIG_IGN)\n"
            "        except (OSError, ValueError): pass\n    while True: pass",
            id="signals-ignored",
        ),
        pytest.param("import threading; threading.Event().wait()", id="lock"),
    ],
)
def test_whatever_hangs_is_ended(strong_jail, body):
    """A call ends at its wall-clock limit, whatever it is doing."""
    began = time.monotonic()
    assert outcome_of(strong_jail, f"def f():\n    {body}").verdict is Verdict.TIMED_OUT
    assert time.monotonic() - began < SMALL.call_wall_s + 3


def test_a_cell_that_hangs_is_left_out_and_the_others_run(jail):
    """An endless loop in one cell is a fault of that cell alone."""
    with opened(jail, "def f(): return 1", "while True: pass", "def g(): return 2") as session:
        assert session.call("f", (), {}).value == 1
        assert session.call("g", (), {}).value == 2
        [fault] = session.log.faults
    assert (fault.label, fault.verdict) == ("cell 2", Verdict.TIMED_OUT)


def test_a_cell_that_ends_the_process_is_left_out_and_the_others_run(jail):
    """A cell with os._exit is left out when the cells are run again."""
    with opened(jail, "import os; os._exit(0)", "def f(): return 1") as session:
        assert session.call("f", (), {}).value == 1
        [fault] = session.log.faults
    assert (fault.label, fault.verdict) == ("cell 1", Verdict.FORBIDDEN)


def test_the_whole_submission_is_bounded(tier):
    """However many functions hang, and cells follow, the submission's own limit holds."""
    limits = Limits(call_wall_s=0.5, cell_wall_s=0.5, submission_wall_s=1.0, memory_mib=384)
    loops = "\n".join(f"def f{n}():\n    while True: pass" for n in range(20))
    cells = [Cell("loops", loops), *[Cell(f"cell {n}", "x = 1") for n in range(300)]]
    with start_jail(tier, limits) as there:
        began = time.monotonic()
        with Session(there, cells) as session:
            ends = [session.call(f"f{n}", (), {}).outcome for n in range(20)]
        took = time.monotonic() - began
    assert all(end.verdict is Verdict.TIMED_OUT for end in ends)
    assert took < 3.0


# --- Forged replies -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param("1", id="number"),
        pytest.param("{}", id="empty"),
        pytest.param("{'raised': 7}", id="exception-number"),
        pytest.param("{'raised': 'print', 'text': ['x'], 'line': 'x'}", id="no-exception"),
        pytest.param("{'raised': 'OSError', 'errno': [1]}", id="error-number-list"),
        pytest.param("{'value': 1, 'changed': 'all'}", id="changed-text"),
        pytest.param("{'value': 1, 'warned': np.zeros(2)}", id="warned-array"),
        pytest.param("{'callback': 5, 'args': ()}", id="callback-that-is-not-there"),
        pytest.param("{'callback': -1, 'args': ()}", id="callback-negative"),
        pytest.param("{'callback': 0, 'args': 3}", id="callback-without-arguments"),
        pytest.param("{'raised': np.ones(3), 'errno': {}}", id="arrays"),
    ],
)
def test_a_forged_reply_is_only_an_odd_answer(strong_jail, reply):
    """Whatever a submission writes on the channel itself, the grader's call ends as a call."""
    source = f"{CHANNEL}\nimport numpy as np\ndef f():\n    channel().send({reply})\n    return 1"
    with opened(strong_jail, source) as session:
        answer = session.call("f", (), {})
    assert answer.outcome is None or isinstance(answer.outcome.verdict, Verdict)


def test_forged_bytes_are_an_answer_that_cannot_be_read(jail):
    """Bytes that are no frame cost this call alone; the next one has a process of its own."""
    source = (
        f"{CHANNEL}\ndef f():\n    channel()._socket.sendall(b'\\0\\0\\0\\x08' + b'junk' * 9)\n"
        "def g():\n    return 2"
    )
    with opened(jail, source) as session:
        assert session.call("f", (), {}).outcome.verdict is Verdict.RAISED
        assert session.call("g", (), {}).value == 2


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


@settings(deadline=None, derandomize=True, database=None)
@given(
    st.fixed_dictionaries({}, optional=dict.fromkeys(("raised", "text", "line", "errno"), junk)),
    st.booleans(),
)
def test_any_reply_is_told_in_words(reply, text):
    """Whatever a reply about an exception holds, it becomes a verdict and a sentence."""
    verdict, words, kind = explain(reply, text=text)
    assert isinstance(verdict, Verdict)
    assert words
    (words + kind).encode()


def test_a_source_of_blank_lines_costs_no_time(strong_jail):
    """Looking for a function in a long broken cell takes no longer than reading it."""
    with opened(strong_jail, "raise ValueError\n" + "\n" * 8_000) as session:
        began = time.monotonic()
        assert session.call("f", (), {}).outcome is not None
        assert time.monotonic() - began < 1.0
