"""What an instructor gets wrong: `build` refuses it in one line, which says where and what to do.

Each row changes one thing of the course that `autograder init` makes.
"""

import json
import re
import shutil

import pytest

from autograder.authoring.build import build
from autograder.authoring.starter import write_course
from autograder.authoring.suite_source import unknown_names
from autograder.course.model import Course
from autograder.errors import AutograderError, BuildRefused

HIDDEN = "tests/hidden/growth"
SUITE, REFERENCE = f"{HIDDEN}/test_interest.py", f"{HIDDEN}/reference.py"
MISTAKES, VARIANTS = f"{HIDDEN}/mistakes.py", f"{HIDDEN}/variants.py"
MASTER = "source/growth/interest.ipynb"
TITLE, IMPORTS, GROW, TESTS = range(4)
"""The cells of the master notebook."""
EMPTY_CHECK = '''@pytest.mark.points(0)
def test_every_year_multiplies(student, reference, rng):
    """Nothing."""


@pytest.mark.grade_cell("test_grow")
'''


def text(file, old, new):
    """A change of one file's text."""

    def change(root):
        before = (root / file).read_text(encoding="utf-8")
        assert old in before
        (root / file).write_text(before.replace(old, new, 1), encoding="utf-8")

    return change


def source(number, old, new):
    """A change of one cell's source."""

    def change(root):
        content = json.loads((root / MASTER).read_text(encoding="utf-8"))
        cell = content["cells"][number]
        before = "".join(cell["source"])
        assert old in before
        cell["source"] = before.replace(old, new)
        (root / MASTER).write_text(json.dumps(content), encoding="utf-8")

    return change


def gone(file):
    """The change that takes a file away."""
    return lambda root: (root / file).unlink()


def another_notebook(root):
    """A notebook beside the one that is declared."""
    shutil.copy(root / MASTER, root / "source/growth/other.ipynb")


BEFORE_COMPILING = {
    "reference-lacks-a-function": (
        text(REFERENCE, "def grow", "def grov"),
        rf"{SUITE}, line 13: reference.py has no grow; did you mean grov\?",
    ),
    "suite-misspells-the-reference": (
        text(SUITE, "reference.grow", "reference.grov"),
        rf"{SUITE}, line 13: reference.py has no grov; did you mean grow\?",
    ),
    "suite-misspells-the-submission": (
        text(SUITE, "student.grow", "student.gorw"),
        rf"{SUITE}, line 13: no cell of interest.ipynb defines gorw; did you mean grow\?",
    ),
    "check-defined-twice": (
        text(SUITE, '@pytest.mark.points(3)', f"{EMPTY_CHECK}@pytest.mark.points(3)"),
        rf"{SUITE}, line 16: test_every_year_multiplies is defined in line 10 already",
    ),
    "delimiter-in-lower-case": (
        source(GROW, "### BEGIN", "### begin"),
        rf"{MASTER}: cell grow: .*no delimiter; did you mean '### BEGIN SOLUTION'\?",
    ),
    "delimiter-misspelt": (
        source(GROW, "### END SOLUTION", "### END SOLUTON"),
        rf"{MASTER}: cell grow: .*no delimiter; did you mean '### END SOLUTION'\?",
    ),
    "solution-with-a-magic": (
        source(GROW, "    return", "    now = !date\n    return"),
        rf"{MASTER}: cell grow: line 4 is no plain Python: now = !date",
    ),
    "suite-without-marker": (
        text(SUITE, '@pytest.mark.grade_cell("test_grow")\n', ""),
        "say which tests cell it belongs to",
    ),
    "suite-without-sentence": (
        text(SUITE, '    """Each year\'s interest is earned on', "    # each year's"),
        "write the sentence that the student reads",
    ),
    "suite-of-no-python": (text(SUITE, "(1, 4, 9):", "(1, 4, 9)"), rf"{SUITE}, line 12: Syntax"),
    "suite-missing": (gone(SUITE), rf"{MASTER}: no hidden suite; write {SUITE}"),
    "notebook-missing": (gone(MASTER), "not found, but course_config.py declares it"),
    "notebook-not-declared": (
        another_notebook,
        "source/growth/other.ipynb: course_config.py does not declare it",
    ),
}  # fmt: skip
PROOF = {
    "given-cell-lacks-a-package": (
        source(IMPORTS, "numpy as np", "numpy as np, pandazz"),
        rf"^{MASTER}: .*imports does not run to its end: .*ModuleNotFoundError.*pandazz",
    ),
    "given-cell-lacks-a-file": (
        source(IMPORTS, "numpy as np", "numpy as np\nopen('rates.csv')"),
        rf"^{MASTER}: .*imports does not run to its end: .*FileNotFoundError",
    ),
    "visible-test-fails": (
        source(TESTS, "132", "133"),
        rf"^{MASTER}: .*test_grow does not run to its end: .*AssertionError",
    ),
    "mistake-uses-an-unknown-name": (
        text(MISTAKES, "np.cumsum", "mp.cumsum"),
        rf"{HIDDEN}: .*interest-not-compounded: it uses mp, which the notebook does not have",
    ),
    "variant-uses-an-unknown-name": (
        text(VARIANTS, "start * (1 + rate)", "math.prod([start, 1 + rate])"),
        "a loop and a list: it uses math, which the notebook does not have",
    ),
    "mistakes-missing": (
        gone(MISTAKES),
        rf"it rejects nothing, since there is no {MISTAKES}",
    ),
    "mistake-of-another-function": (
        text(MISTAKES, "def grow", "def grew"),
        rf"{MISTAKES}, line 20: grew stands for a function of the exercise test_grow",
    ),
    "check-crashes": (
        text(SUITE, "    for years", "    1 / 0\n    for years"),
        rf"the master's solution \(and 2 more rows\): .*{SUITE}, line 12: ZeroDivisionError",
    ),
    "reference-crashes": (
        text(REFERENCE, "return start", "return stat"),
        rf"\(and 2 more rows\): .*{REFERENCE}, line 8: NameError: name 'stat'",
    ),
    "reference-of-no-python": (
        text(REFERENCE, "rates):", "rates)"), rf"{REFERENCE}, line 6: SyntaxError"
    ),
    "reference-missing": (gone(REFERENCE), rf"{REFERENCE}: the file is missing"),
}  # fmt: skip


def refusal(root, tier=None):
    """The lines with which the course is refused; none names a folder that is gone."""
    with pytest.raises(AutograderError) as told:
        build(Course.load(root), prove_in=tier)
    error = told.value
    problems = error.problems if isinstance(error, BuildRefused) else [str(error)]
    assert not [problem for problem in problems if "autograder-build-" in problem]
    assert not (root / "release").exists()
    return "\n".join(problems)


@pytest.mark.parametrize("name", BEFORE_COMPILING)
def test_what_is_seen_at_once_is_told_at_once(tmp_path, name):
    """Before anything is compiled or run."""
    change, words = BEFORE_COMPILING[name]
    write_course(tmp_path / "course")
    change(tmp_path / "course")
    assert re.search(words, refusal(tmp_path / "course"), re.MULTILINE)


@pytest.mark.slow
@pytest.mark.wide(rows=4, always=("visible-test-fails",))
@pytest.mark.parametrize("name", PROOF)
def test_what_the_proof_sees_is_told_once(tmp_path, tier, name):
    """In the words of its author, and not once for each sample."""
    change, words = PROOF[name]
    write_course(tmp_path / "course")
    change(tmp_path / "course")
    assert re.search(words, refusal(tmp_path / "course", tier), re.MULTILINE)


def test_names_that_fit_are_let_pass(tmp_path):
    """Own helpers, imported names, a reference by a star, functions handed to `given`."""
    write_course(tmp_path / "course")
    change = text(
        SUITE,
        "    for years",
        "    student.given(f=reference.np.sum).grow\n    f = reference.__doc__\n    for years",
    )
    change(tmp_path / "course")
    assert build(Course.load(tmp_path / "course"))
    (tmp_path / "course" / HIDDEN / "right.py").write_text("def elsewhere():\n    pass\n")
    text(REFERENCE, "import numpy", "from .right import *\nimport numpy")(tmp_path / "course")
    text(SUITE, "f = reference.__doc__", "f = reference.elsewhere")(tmp_path / "course")
    assert build(Course.load(tmp_path / "course"))


def lets_pass(*changes):
    """Some changes, one after the other."""

    def change(root):
        for one in changes:
            one(root)

    return change


def manual_answer_with_a_shell_line(root):
    """A code answer that a person marks."""
    content = json.loads((root / MASTER).read_text(encoding="utf-8"))
    kind = {"grade": True, "solution": True, "locked": False, "task": False, "points": 2}
    kind |= {"grade_id": "look", "schema_version": 3}
    cell = {"cell_type": "code", "id": "look", "metadata": {"nbgrader": kind}, "outputs": []}
    text = "### BEGIN SOLUTION\n!ls\n### END SOLUTION"
    content["cells"].append({**cell, "execution_count": None, "source": text})
    (root / MASTER).write_text(json.dumps(content), encoding="utf-8")


@pytest.mark.parametrize(
    "change",
    [
        source(GROW, "    return", "    # End of solution\n    return"),
        manual_answer_with_a_shell_line,
        text(SUITE, "import pytest\n", "import pytest\ndef _():\n    pass\ndef _():\n    pass\n"),
        lets_pass(
            text(REFERENCE, "def grow", "globals()['gr' + 'ew'] = abs\n\n\ndef grow"),
            text(SUITE, "    for years", "    reference.grew(1)\n    for years"),
        ),
        lets_pass(
            text(REFERENCE, "import numpy as np", "import numpy as np\nimport os.path"),
            text(SUITE, "    for years", "    reference.os.getpid()\n    for years"),
        ),
    ],
    ids=["comments", "manual", "underscore", "dynamic", "dotted-import"],
)  # fmt: skip
def test_what_is_no_mistake_is_built(tmp_path, change):
    """Comments that only sound like a delimiter, and names that are bound in other ways."""
    write_course(tmp_path / "course")
    change(tmp_path / "course")
    assert build(Course.load(tmp_path / "course"))


@pytest.mark.parametrize(
    ("given", "source", "names"),
    [
        ("from math import *", "def grow(a, b):\n    return sqrt(a)\n", []),
        ("%pylab inline", "def grow(a, b):\n    return cumprod(a)\n", []),
        ("x = 1", "def grow(a, b):\n    display(a)\n    return [x for x in b]\n", []),
        ("x = 1", "def grow(a, b):\n    def f(c):\n        return c + y\n    return f(x)\n", ["y"]),
        ("x = 1", "def grow(a, b):\n    return grow(a, map(lambda q: q + z, b))\n", ["z"]),
    ],
)  # fmt: skip
def test_names_that_an_example_may_use(tmp_path, given, source, names):
    """Those of the notebook, of a star or of IPython; others are named."""
    write_course(tmp_path / "course")
    content = json.loads((tmp_path / "course" / MASTER).read_text(encoding="utf-8"))
    content["cells"][IMPORTS]["source"] = given
    (tmp_path / "course" / MASTER).write_text(json.dumps(content), encoding="utf-8")
    [lab] = Course.load(tmp_path / "course").labs
    assert unknown_names(lab, source) == names
