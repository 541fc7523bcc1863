"""A course whose exercises ask for classes, variables, texts, pictures and files: built and graded.

The proof holds for it: each mistake is rejected and named, each variant passes.
"""

import json
from pathlib import Path

import pytest
import toy

from autograder.authoring.build import build
from autograder.authoring.prove import prove
from autograder.course.model import Course
from autograder.errors import BuildRefused
from autograder.grading.context import prepared
from autograder.grading.grader import grade_content
from autograder.grading.submission import content_of

GIVEN = """
import datetime
from collections import Counter
from dataclasses import dataclass
import matplotlib.pyplot as plt
import numpy as np
"""
ACCOUNT = '''
class Account:
    """An account that keeps whole coins."""

    def __init__(self, balance):
        self.balance = balance
        self.days = []

    def deposit(self, amount, day=None):
        """Add coins; give what is there then."""
        self.balance += amount
        self.days.append(day)
        return self.balance

    def __lt__(self, other):
        return self.balance < other.balance

    def twin(self):
        """Another account with the same balance."""
        return Account(self.balance)
'''
SOLUTIONS = {
    "account": ACCOUNT,
    "constants": "first_day = datetime.date(2026, 1, 2)\nrates = {'low': 0.5, 'high': 1.5}\n",
    "report": (
        "def report(names):\n"
        "    for number, name in enumerate(names, 1):\n        print(f'{number}. {name}')\n"
    ),
    "show": (
        "def show(x):\n    figure, axes = plt.subplots()\n    axes.plot(x, np.square(x))\n"
        "    axes.set(title='Squares', xlabel='x')\n"
    ),
    "save": (
        "def save(rows):\n    with open('out.csv', 'w') as file:\n"
        "        for row in rows:\n            print(*row, sep=',', file=file)\n"
    ),
    "count": "def count(words):\n    return Counter(words)\n",
}
POINTS = {f"test_{name}": 2 for name in SOLUTIONS}
CONFIG = toy.CONFIG.replace(repr(toy.POINTS), repr(POINTS))
REFERENCE = f"{GIVEN}\n" + "\n".join(source for name, source in SOLUTIONS.items() if name != "save")
MISTAKES = f"""
{GIVEN}
from autograder.checks import Misconception, Mistakes

mistakes = Mistakes()
HINTS = ("Look again.", "Look closer.", "Compare.")
OVERWRITTEN = Misconception("overwritten", "You replace what was there.", HINTS)
MONTH_FIRST = Misconception("month-first", "You take the day for the month.", HINTS)
FROM_ZERO = Misconception("from-zero", "You count from zero.", HINTS)
CUBED = Misconception("cubed", "You raise to the third power.", HINTS)
NO_COMMAS = Misconception("no-commas", "You leave the commas out.", HINTS)
LETTERS = Misconception("letters", "You count letters.", HINTS)


@mistakes.of("test_account", OVERWRITTEN)
class Account:
    def __init__(self, balance):
        self.balance = balance
        self.days = []

    def deposit(self, amount, day=None):
        self.balance = amount
        self.days.append(day)
        return self.balance

    def __lt__(self, other):
        return self.balance < other.balance

    def twin(self):
        return Account(self.balance)


@mistakes.of("test_constants", MONTH_FIRST)
def first_day():
    return datetime.date(2026, 2, 1)


@mistakes.of("test_report", FROM_ZERO)
def report(names):
    for number, name in enumerate(names):
        print(f"{{number}}. {{name}}")


@mistakes.of("test_show", CUBED)
def show(x):
    plt.plot(x, np.power(x, 3))
    plt.title("Cubes")
    plt.xlabel("x")


@mistakes.of("test_save", NO_COMMAS)
def save(rows):
    with open("out.csv", "w") as file:
        for row in rows:
            print(*row, file=file)


@mistakes.of("test_count", LETTERS)
def count(words):
    return Counter("".join(words))
"""
VARIANTS = f"""
{GIVEN}
from autograder.checks import Variants

variants = Variants()


@variants.of("test_account", "a dataclass")
@dataclass
class Account:
    balance: int

    def __post_init__(self):
        self.days = []

    def deposit(self, amount, day=None):
        self.days = [*self.days, day]
        self.balance = self.balance + amount
        return self.balance

    def __lt__(self, other):
        return other.balance > self.balance

    def twin(self):
        return type(self)(self.balance)


@variants.of("test_constants", "text that is read")
def first_day():
    return datetime.date.fromisoformat("2026-01-02")


@variants.of("test_report", "one call of print")
def report(names):
    print(*(f"{{n}}. {{name}}" for n, name in enumerate(names, 1)), sep="\\n")


@variants.of("test_show", "the axes are returned")
def show(x):
    axes = plt.figure().add_subplot()
    axes.plot(x, [one * one for one in x], "r--")
    axes.axhline(0)
    axes.set_title("The squares of x")
    axes.set_xlabel("numbers")
    return axes


@variants.of("test_count", "a dict")
def count(words):
    return {{word: list(words).count(word) for word in words}}
"""
SUITE = '''
import datetime

import pytest

from autograder.checks import assert_agrees, assert_close, figure, numeric, output, require


@pytest.mark.grade_cell("test_account")
@pytest.mark.points(1)
def test_deposits(student, reference, rng):
    """Deposits add up."""
    mine, ours = student.Account(3), reference.Account(3)
    for amount in rng.integers(1, 9, size=3).tolist():
        assert_agrees(mine.deposit, ours.deposit, amount, day=datetime.date(2026, 1, amount))
    assert_close(mine.days, ours.days, "the days")


@pytest.mark.grade_cell("test_account")
@pytest.mark.points(1)
def test_twin(student, reference):
    """A twin has the same balance."""
    poor = student.Account(5)
    rich = poor.twin()
    rich.deposit(7)
    require(poor < rich, "The twin of an account is the account itself.")
    assert_close(rich.balance, 12, "the balance")


@pytest.mark.grade_cell("test_constants")
@pytest.mark.points(2)
def test_constants(student, reference):
    """The first day and the rates."""
    assert_close(student.value("first_day"), reference.first_day, "the first day")
    assert_close(student.value("rates"), reference.rates, "the rates")


@pytest.mark.grade_cell("test_report")
@pytest.mark.points(2)
def test_report(student, reference):
    """Names with their numbers."""
    printed = student.output(student.report, ["Ada", "Emmy"])
    assert_close(printed, output(reference.report, ["Ada", "Emmy"]), "what is printed")


@pytest.mark.grade_cell("test_show")
@pytest.mark.points(2)
def test_show(student, reference, rng):
    """A curve of squares."""
    x = rng.normal(size=5).round(2).tolist()
    assert_close(student.figure(student.show, x), figure(reference.show, x), "the picture")


@pytest.mark.grade_cell("test_save")
@pytest.mark.points(2)
def test_save(student):
    """Rows with commas."""
    student.save([[1, 2], [3, 4]])
    rows = [line.split(",") for line in student.file("out.csv").splitlines()]
    require(all(len(row) == 2 for row in rows), "There are not two numbers in each line.")
    assert_close(numeric(rows, shape=(2, 2)), [[1, 2], [3, 4]], "the file")


@pytest.mark.grade_cell("test_count")
@pytest.mark.points(2)
def test_count(student, reference):
    """How often each word is there."""
    assert_agrees(student.count, reference.count, ["a", "bc", "a"])
'''


def master():
    """The notebook of these exercises."""
    cells = [toy.code(GIVEN, "given", locked=True)]
    for name, source in SOLUTIONS.items():
        marked = f"### BEGIN SOLUTION\n{source.strip()}\n### END SOLUTION"
        cells += [toy.solution(name, marked), toy.graded(f"test_{name}", points=2)]
    return toy.notebook(cells)


def write(root, suite=SUITE):
    """The course, with this suite."""
    hidden = {
        "reference.py": REFERENCE,
        "mistakes.py": MISTAKES,
        "variants.py": VARIANTS,
        f"test_{toy.NOTEBOOK}.py": suite,
    }
    return Course.load(toy.write_course(root, master(), CONFIG, hidden))


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """The course, built without its proof."""
    built = write(tmp_path_factory.mktemp("other"))
    build(built)
    return Course.load(built.root)


@pytest.fixture(scope="module")
def graded(course, tier):
    """Grades the solutions with some of them replaced: each check's result, by its name."""
    [lab] = course.labs
    with prepared(course, [lab], tier) as contexts:

        def grade_one(**sources):
            content = toy.handed_in(lab.release, {**SOLUTIONS, **sources}, None)
            context = contexts[lab.assignment, lab.name]
            report = grade_content(context, content_of(json.dumps(content).encode()))
            assert not report.withheld, report.reason
            return {check.name: check for check in report.checks}

        yield grade_one


def test_the_proof_holds(course, tier, capsys):
    """The mistakes of classes, variables, printing, drawing and counting are named, too."""
    proof = prove(course, [toy.ASSIGNMENT], seeds=[1], tier=tier)
    rows = proof.rows
    assert [row for row in rows if row.problem or not row.holds] == []
    named = {row.grade_cell for row in rows if row.kind == "mistake" and row.named}
    assert named == set(POINTS) - {"test_save"}  # a file is no answer of its function
    assert capsys.readouterr().out == ""
    assert not Path("out.csv").exists()  # nor is a function of ours called that writes one


def test_a_solution_gets_its_points(graded):
    """All of them, on another place in the notebook as well."""
    assert {check.points for check in graded().values()} == {1.0, 2.0}
    merged = {"account": "", "constants": f"{ACCOUNT}\n{SOLUTIONS['constants']}"}
    assert all(check.points for check in graded(**merged).values())


@pytest.mark.parametrize(
    ("sources", "name", "words"),
    [
        ({"account": "class Acount:\n    pass"}, "test_deposits", "no class named `Account`"),
        ({"account": "class Account:\n    pass"}, "test_deposits", "`Account`"),
        (
            {"account": ACCOUNT.replace("deposit", "add")},
            "test_deposits",
            "`deposit` raises AttributeError",
        ),
        (
            {"account": ACCOUNT.replace("return Account(self.balance)", "return self")},
            "test_twin",
            "The twin of an account is the account itself",
        ),
        ({"constants": "first_day = 3"}, "test_constants", "a number, not a date"),
        ({"constants": "day = 3"}, "test_constants", "no variable named `first_day`"),
        ({"report": "def report(names):\n    return names"}, "test_report", "What is printed"),
        ({"show": "def show(x):\n    pass"}, "test_show", "`show` draws no figure"),
        ({"show": "def show(x):\n    plt.plot(x, x)"}, "test_show", "axes have no title"),
        ({"save": "def save(rows):\n    pass"}, "test_save", "no file named `out.csv`"),
        ({"save": "def save(rows):\n    open('out.csv', 'w').write('a,b')"}, "test_save", "text"),
        ({"count": "def count(words):\n    return set(words)"}, "test_count", "a set, not a dict"),
        ({"account": ""}, "test_deposits", "You have added nothing"),
    ],
)
def test_what_is_wrong_is_told(graded, sources, name, words):
    """And costs the points of nothing else."""
    checks = graded(**sources)
    wrong = checks[name]
    assert not wrong.points
    assert words in wrong.message
    lost = {check.grade_cell for check in checks.values() if not check.points}
    assert lost == {wrong.grade_cell}


@pytest.mark.parametrize(
    ("line", "other", "words"),
    [
        (
            "student.save([[1, 2], [3, 4]])",
            "student.save([datetime.tzinfo()])",
            "an argument of type tzinfo does not cross to the submission",
        ),
        (
            "student.output(student.report,",
            'student.output("report",',
            "student.output takes a function of the submission",
        ),
        (
            'assert_close(rich.balance, 12, "the balance")',
            "assert_close(rich, reference.Account(12))",
            "the reference gives a value of type Account, which cannot be compared",
        ),
        (
            "assert_agrees(student.count, reference.count,",
            "assert_close(1, {2**60}); assert_agrees(student.count, reference.count,",
            "the reference gives a value of type set, which, in part, cannot be compared",
        ),
    ],
)
def test_a_check_at_fault_is_told_to_its_author(tmp_path, tier, line, other, words):
    """Before a student is graded, with its line; and it breaks no other check."""
    assert line in SUITE
    with pytest.raises(BuildRefused) as told:
        build(write(tmp_path, SUITE.replace(line, other)), prove_in=tier)
    assert "a hidden check is broken: tests/hidden/toys/test_shapes.py, line " in str(told.value)
    assert words in str(told.value)
