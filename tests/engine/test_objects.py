"""What a check can ask a submission for besides what a function returns."""

import numpy as np
import pytest
from inside import opened

from autograder.checks import figure, output
from autograder.checks.compare import compare
from autograder.remote.calls import Outcome
from autograder.remote.objects import RemoteObject
from autograder.remote.student import Student
from autograder.report import Verdict
from autograder.sandbox.inside.figures import NoFigure
from autograder.sandbox.inside.wire import Uncrossable

BANK = """
from dataclasses import dataclass
from enum import Enum

class Colour(Enum):
    RED = 1
    GREEN = 2
    def other(self):
        return Colour.GREEN if self is Colour.RED else Colour.RED

@dataclass
class Point:
    x: float
    y: float = 0.0
    def __add__(self, other):
        return Point(self.x + other.x, self.y + other.y)
    def norm(self):
        return (self.x ** 2 + self.y ** 2) ** 0.5

class Account:
    opened = 0
    def __init__(self, balance=0, owner=None):
        self.balance, self.owner, self.log = balance, owner, []
        Account.opened += 1
    def deposit(self, amount, *, twice=False):
        if amount < 0:
            raise ValueError("negative")
        self.balance += amount * (2 if twice else 1)
        self.log.append(amount)
        return self.balance
    def loop(self):
        while True:
            pass
    def leave(self):
        import os
        os._exit(3)
    def twin(self):
        return [Account(self.balance), {"twin": Account(self.balance)}]
    def __eq__(self, other):
        return isinstance(other, Account) and self.balance == other.balance
    def __lt__(self, other):
        return self.balance < other.balance
    def __len__(self):
        return len(self.log)
    def __getitem__(self, place):
        return self.log[place]
    def __contains__(self, amount):
        return amount in self.log
    def __iter__(self):
        return iter(self.log)
    def __call__(self, factor):
        return factor * self.balance
    def __str__(self):
        return f"{self.balance} coins"
    @classmethod
    def of(cls, text):
        return cls(int(text))
    @staticmethod
    def rate():
        return 0.5

def counting():
    n = 0
    while True:
        yield n
        n += 1

def few():
    yield from "abc"

def richer(one, other):
    return one if one.balance > other.balance else other

def total(accounts):
    return sum(account.balance for account in accounts)
"""


@pytest.fixture(scope="module")
def student(request):
    """A submission with classes."""
    there = request.getfixturevalue("strong_jail")
    with opened(there, BANK) as session:
        yield Student(session)


def test_an_object_has_its_methods_and_attributes(student):
    """By value where these cross; with arguments by name; attributes can be set."""
    account = student.Account(3)
    assert isinstance(account, RemoteObject)
    assert (account.deposit(2), account.deposit(1, twice=True)) == (5, 7)
    assert (account.balance, account.log, account.owner) == (7, [2, 1], None)
    account.balance = 11
    assert account.deposit(0) == 11
    del account.owner
    assert not hasattr(account, "owner")
    assert student.Account.rate() == 0.5
    assert student.Account.of("4").balance == 4
    assert student.value("Account").opened == student.Account.opened > 0


def test_an_object_has_the_operators_of_its_class(student):
    """Comparisons, length, items, calls, text, and walking through it."""
    one, same, more = student.Account(3), student.Account(3), student.Account(4)
    assert one == same
    assert one != more
    assert one < more
    assert not one < same
    assert (more(2), str(more), f"{more}") == (8, "4 coins", "4 coins")
    one.deposit(5)
    one.deposit(6)
    assert (len(one), one[1], 5 in one, 7 in one, list(one)) == (2, 6, True, False, [5, 6])
    with pytest.raises(IndexError):
        one[9]


def test_a_generator_gives_its_values_one_by_one(student):
    """From the first on, also one without an end."""
    endless = student.counting()
    assert [next(endless) for _ in range(70)] == list(range(70))
    assert list(student.few()) == ["a", "b", "c"]
    first, *others = student.few()
    assert (first, others) == ("a", ["b", "c"])


def test_objects_are_arguments_and_parts_of_answers(student):
    """As themselves: what is done to them shows."""
    poor, rich = student.Account(1), student.Account(2)
    assert student.richer(poor, rich) == rich
    student.richer(poor, rich).deposit(5)
    assert rich.balance == 7
    assert student.total([poor, rich]) == 8
    first, named = rich.twin()
    assert first == named["twin"] == rich
    assert student.richer(one := student.Account(9), one).balance == 9


def test_a_dataclass_and_an_enumeration_are_objects_with_values(student):
    """They are compared by what they hold, and have methods."""
    point = student.Point(3, y=4.0)
    assert (point.norm(), point.x) == (5.0, 3)
    assert (point + student.Point(1)).norm() == 32**0.5
    assert compare(point, point._value).agrees
    assert student.Colour.RED.other() == student.Colour.GREEN
    assert student.Colour.RED.name == "RED"


def test_what_goes_wrong_is_told_of_the_method(student):
    """In the words of a function's call; a built-in exception is of its type."""
    account = student.Account(1)
    with pytest.raises(ValueError, match="`deposit` raises ValueError") as told:
        account.deposit(-1)
    assert isinstance(told.value, Outcome)
    with pytest.raises(AttributeError, match="`withdraw` raises AttributeError"):
        account.withdraw(1)
    with pytest.raises(TypeError, match="`deposit`"):
        account.deposit()
    with pytest.raises(Outcome, match="defines no function named `Bank`"):
        student.Bank()
    with pytest.raises(Outcome, match="no variable named `Bank`"):
        student.Bank.of("1")


def test_an_object_is_lost_with_its_process(strong_jail):
    """The next one is made in the new process; nothing is called that hung before."""
    with opened(strong_jail, BANK) as session:
        student = Student(session)
        account = student.Account(3)
        with pytest.raises(Outcome) as late:
            account.loop()
        assert (late.value.verdict, "`loop` takes too long" in str(late.value)) == (
            Verdict.TIMED_OUT,
            True,
        )
        with pytest.raises(Outcome, match="`deposit` was not called: an earlier call ended"):
            account.deposit(1)
        assert student.Account(3).deposit(1) == 4
        with pytest.raises(Outcome, match="takes too long"):
            student.Account(3).loop()
        with pytest.raises(Outcome, match="`leave` ended the whole Python process"):
            student.Account(3).leave()
        assert student.Account(5).balance == 5


class Ours:
    """A class of a suite."""


@pytest.mark.parametrize(
    "argument", [Ours(), [Ours()], {"a": Ours()}, np, (1, iter([]))], ids=lambda a: type(a).__name__
)
def test_what_does_not_cross_going_in_is_a_fault_of_the_suite(student, argument):
    """It is never an odd thing in a student's hands; the next call works."""
    with pytest.raises(Uncrossable, match="does not cross to the submission"):
        student.total(argument)
    assert student.total([]) == 0
    assert student._session.take_cases()[-1].answer.value == 0


def test_a_submission_cannot_make_up_objects(strong_jail):
    """A forged number, or an operation that there is not, is the submission's own trouble."""
    source = (
        "import sys\n"
        "from autograder.sandbox.inside import wire\n"
        "held = wire._Encoder._held\n"
        "def f():\n"
        "    wire._Encoder._held = lambda *a, **k: ['h', 10**9, 'object', None]\n"
        "    return object()\n"
        "def g(x):\n    return 1\n"
        "def h(x):\n    return 1\n"
    )
    with opened(strong_jail, source) as session:
        student = Student(session)
        forged = student.f()
        with pytest.raises(Outcome):
            student.g(forged)
        assert student.h(2) == 1


PRINTING = """
import sys
def greet(name, *, loud=False):
    print("Hello", name.upper() if loud else name)
    print("on the side", file=sys.stderr)
    return "not this"
def silent():
    pass
def failing():
    print("a")
    1 / 0
class Bell:
    def ring(self):
        print("ding")
print("not this either")
"""


def test_what_a_function_prints_is_an_answer(strong_jail):
    """Only standard output counts. An exception is reported as for any other call."""
    with opened(strong_jail, PRINTING) as session:
        student = Student(session)
        assert student.output(student.greet, "Ada") == "Hello Ada\n"
        assert student.output(student.greet, "Ada", loud=True) == "Hello ADA\n"
        assert student.greet("Ada") == "not this"
        assert student.output(student.silent) == ""
        assert student.output(student.Bell().ring) == "ding\n"
        with pytest.raises(ZeroDivisionError, match="`failing` raises"):
            student.output(student.failing)
        with pytest.raises(Outcome, match="defines no function named `shout`"):
            student.output(student.shout)
    assert output(print, "a", "b", sep="-") == "a-b\n"


def test_a_file_that_is_written_is_an_answer(strong_jail):
    """By a cell or by a call; text in whatever bytes; none outside of the working folder."""
    source = (
        "from pathlib import Path\n"
        "Path('out').mkdir()\nPath('out/a.csv').write_bytes(b'1,2\\r\\n\\xff')\n"
        "def save(n):\n    Path('big.bin').write_bytes(bytes(n))\n"
    )
    with opened(strong_jail, source, files={"given.csv": b"5\n"}) as session:
        student = Student(session)
        assert student.file("out/a.csv") == "1,2\n\ufffd"
        assert student.file("given.csv") == "5\n"
        with pytest.raises(Outcome, match=r"writes no file named `big\.bin`"):
            student.data("big.bin")
        student.save(3)
        assert student.data("big.bin") == b"\0\0\0"
        student.save(3 << 20)
        with pytest.raises(Outcome, match="too large"):
            student.data("big.bin")
        with pytest.raises(Outcome, match="writes no file"):
            student.file("out")


DRAWING = """
import numpy as np
import matplotlib.pyplot as plt
def returned(x):
    figure, axes = plt.subplots(1, 2)
    axes[0].plot(x, np.square(x), "--", label="square", color="red")
    axes[0].set(title="Squares", xlabel="x", yscale="log")
    axes[0].legend()
    axes[1].barh([1, 2], [3, 4], label="b")
    return figure
def returned_axes(x):
    _, axes = plt.subplots()
    axes.scatter(x, x)
    return axes
def returned_pair(x):
    return plt.subplots()
def left_open(x):
    plt.figure()
    plt.hist(x, bins=[0, 1, 2])
    plt.suptitle("All")
def nothing(x):
    return 3
fig = returned([1, 2])
ax = fig.axes[0]
number = 3
"""


def test_a_figure_is_an_answer_by_its_facts(strong_jail):
    """Of a variable, or of a call that returns it or leaves it open."""
    with opened(strong_jail, DRAWING) as session:
        student = Student(session)
        for facts in (student.figure("fig"), student.figure(student.returned, [1, 2])):
            first, second = facts.axes
            [line] = first.lines
            assert (line.x.tolist(), line.y.tolist()) == ([1, 2], [1, 4])
            assert (line.label, line.style, line.color) == ("square", "--", "#ff0000")
            assert (first.title, first.xlabel, first.ylabel) == ("Squares", "x", "")
            assert (first.yscale, first.legend) == ("log", ("square",))
            [bars] = second.bars
            assert (bars.places.tolist(), bars.heights.tolist()) == ([1, 2], [3, 4])
            assert (bars.label, bars.lying) == ("b", True)
        assert [len(one.lines) for one in student.figure("ax").axes] == [1]
        [scattered] = student.figure(student.returned_axes, [1, 2]).axes
        assert scattered.points[0].x.tolist() == [1, 2]
        assert len(student.figure(student.returned_pair, []).axes) == 1
        opened_one = student.figure(student.left_open, [0.5, 1.5, 1.7])
        assert opened_one.title == "All"
        assert opened_one.axes[0].bars[0].heights.tolist() == [1, 2]
        with pytest.raises(Outcome, match="`nothing` draws no figure"):
            student.figure(student.nothing, [])
        with pytest.raises(Outcome, match="`number` gives no figure"):
            student.figure("number")
        with pytest.raises(Outcome, match="no variable named `other`"):
            student.figure("other")


def test_a_check_that_asks_wrongly_is_told_what_to_pass(student):
    """Its author reads it; it is no fault of the submission."""
    with pytest.raises(TypeError, match=r"student\.output takes a function"):
        student.output("total", [])
    with pytest.raises(TypeError, match=r"student\.figure takes a function"):
        student.figure(print)
    with pytest.raises(NoFigure, match="draws no figure, and returns none"):
        figure(lambda: 3)


def test_a_reference_draws_as_a_submission_does():
    """So that both can be compared."""
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.switch_backend("agg")
    facts = figure(lambda: pyplot.plot([1, 2], [3, 4]))
    assert facts.axes[0].lines[0].y.tolist() == [3, 4]
    assert compare(facts, facts).agrees
