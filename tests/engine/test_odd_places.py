"""Odd places of courses, faults of the system and of databases: each is one line with a remedy."""

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import toy
from test_classes import FULL, Class

from autograder.course.model import Course
from autograder.errors import CourseError

pytestmark = pytest.mark.slow


@pytest.fixture
def toys(toy_course, tmp_path):
    """A class of one honest student."""
    shutil.copytree(toy_course.root, tmp_path / "course")
    found = Class(tmp_path / "course")
    found.lay("ada")
    return found


@pytest.mark.wide(rows=2, always=("a [b] c", "what?", "100%41"))
@pytest.mark.parametrize(
    "name",
    [
        *("a [b] c", "what?", "100%41", "a*b", "#1", "Tom & Ann", "it's", '"x"', "a+b"),
        *("\u00dcbung", "U\u0308bung", "\U0001d465", "a\u2028b", " a ", "-a", "--rootdir=x"),
        *("$HOME", "${HOME}", "$$", "a$b", "$(id)", "`id`", "~", "~root", "a~1", "!x"),
        *("%(asctime)s", "%s", "{student_id}", "a{b", "}", "a:b", "a;b", "a=b", "a,b", "a|b"),
        *("a\\b", "<b>", "^a", "a@b", "a::b", "conftest.py", "test_x.py", "site-packages"),
    ],
)
def test_a_course_may_lie_anywhere(toys, tmp_path, name):
    """What patterns, shells, addresses and test names expand means nothing in a course's path."""
    moved = tmp_path / name / "course"
    moved.parent.mkdir()
    toys.root.rename(moved)
    toys.root = moved
    assert toys.grade(code=0)["by"]["ada"]["score"] == FULL
    assert (moved / "gradebook.db").is_file()
    assert sorted(path.name for path in moved.parent.iterdir()) == ["course"]
    assert toys.scores() == {"ada": FULL}


@pytest.mark.wide(rows=2)
@pytest.mark.parametrize("name", ["50%", "a]", "a%s", "week 1"])
def test_other_names_of_assignments_are_graded(toys, name):
    """What means something to databases, shells or patterns' ends is a name like any other."""
    for folder in ("source", "tests/hidden"):
        (toys.root / folder / toy.ASSIGNMENT).rename(toys.root / folder / name)
    for folder in ("release", "submitted"):
        shutil.rmtree(toys.root / folder)
    config = toys.root / "course_config.py"
    config.write_text(config.read_text().replace(f'"{toy.ASSIGNMENT}"', repr(name)))
    toys.run("build", "--unproven", code=0)
    toys.lay("ada", assignment=name)
    assert toys.grade(code=0)["by"]["ada"]["score"] == FULL


@pytest.mark.parametrize("name", ["a[1]", "a*", "a?", "a+b", "a/b", ".a"])
def test_names_of_assignments_that_nbgrader_cannot_use_are_told(tmp_path, name):
    """nbgrader would find nothing, or something else: the course says so when it is read."""
    (tmp_path / "course_config.py").write_text(
        f"c = get_config()\nc.Grading.assignments = {{{name!r}: {{'x': {{'t': 1}}}}}}\n"
    )
    with pytest.raises(CourseError, match="rename it") as told:
        Course.load(tmp_path)
    assert len(str(told.value).splitlines()) == 1


def garbage(root):
    """The gradebook is no database."""
    (root / "gradebook.db").write_bytes(b"hello" * 1000)


def folder(root):
    """A folder lies in its place."""
    (root / "gradebook.db").unlink()
    (root / "gradebook.db").mkdir()


def other_version(root):
    """Its tables are another nbgrader's."""
    with sqlite3.connect(root / "gradebook.db") as book:
        book.execute("UPDATE alembic_version SET version_num = 'abc'")


def other_columns(root):
    """A column has another name."""
    with sqlite3.connect(root / "gradebook.db") as book:
        book.execute("ALTER TABLE grade RENAME COLUMN auto_score TO points")


def address(url):
    """The course names another database."""

    def write(root):
        with (root / "course_config.py").open("a") as file:
            file.write(f"\nc.CourseDirectory.db_url = {url!r}\n")

    return write


def in_the_way(step):
    """A file lies where a folder is expected."""
    return lambda root: (root / step).write_text("x")


@pytest.mark.wide(rows=5)
@pytest.mark.parametrize(
    ("break_it", "words"),
    [
        pytest.param(garbage, "no database, or damaged", id="garbage"),
        pytest.param(folder, "cannot be opened", id="folder"),
        pytest.param(other_version, "nbgrader db upgrade", id="version"),
        pytest.param(other_columns, "nbgrader db upgrade", id="columns"),
        pytest.param(
            address("postgresql+psycopg://u:secret@127.0.0.1:9/x"), "cannot be reached", id="away"
        ),
        pytest.param(address("nonsense"), "not the address of a database", id="no-address"),
        pytest.param(address("a+b://x"), "not the address of a database", id="no-dialect"),
        pytest.param(address("sqlite:////no/g.db"), "cannot be opened", id="no-folder"),
        pytest.param(in_the_way("autograded"), "autograded", id="autograded"),
        pytest.param(in_the_way("reports"), "reports", id="reports"),
        pytest.param(
            lambda root: shutil.rmtree(root / "release"), "autograder build", id="unbuilt"
        ),
        pytest.param(lambda root: shutil.rmtree(root / "submitted"), "submitted", id="nothing"),
    ],
)
def test_each_fault_of_a_place_is_one_line(toys, break_it, words):
    """What, where, and what to do; exit 2, no traceback, no password."""
    break_it(toys.root)
    line = toys.complaint("grade")
    assert words in line
    assert "secret" not in line


def as_account(number, *command):
    """The command as run by another account of the group 4242, which can read everything."""
    may_read = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    may_read += ["--securebits=+no_setuid_fixup"]  # access(2) would not count it otherwise
    who = [f"--reuid={number}", f"--regid={number}", "--groups=4242"]
    return subprocess.run(
        ["setpriv", *who, *may_read, sys.executable, "-m", "autograder", *map(str, command)],
        capture_output=True, text=True, cwd="/", umask=0o022, timeout=300, check=False,
    )  # fmt: skip


@pytest.fixture
def open_to_all():
    """A folder that every account may enter; pytest closes its own ones whenever it starts."""
    with tempfile.TemporaryDirectory(prefix="open-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.skipif(
    os.getuid() != 0 or shutil.which("setpriv") is None, reason="needs root and setpriv"
)
@pytest.mark.wide(rows=0)
@pytest.mark.parametrize("shared", [True, False])
def test_instructors_of_one_group_grade_in_turn(toys, open_to_all, shared):
    """With `groupshared` the second one may do what the first did; without it one line says so."""
    toys.root = toys.root.rename(open_to_all / "course")
    if shared:
        toys.set("c.CourseDirectory.groupshared = True")
    for path in (toys.root, *toys.root.rglob("*")):
        os.chown(path, 31001, 4242)
        path.chmod(0o2775 if path.is_dir() else 0o644)
    course = ("--course", toys.root)
    assert as_account(31001, "build", "--unproven", *course).returncode == 0
    first = as_account(31001, "grade", *course)
    assert first.returncode == 0, first.stderr
    for command in (("grade", "--force"), ("build", "--unproven"), ("report",)):
        second = as_account(31002, *command, *course)
        assert second.returncode == (0 if shared else 2), second.stderr
        assert "Traceback" not in second.stderr
        assert shared or "groupshared" in second.stderr
    again = as_account(31001, "grade", "--force", *course)
    assert again.returncode == 0, again.stderr
    assert toys.scores() == {"ada": FULL}


def test_the_toy_is_what_these_tests_take_it_for():
    """The honest student's marks are all the points of the toy course."""
    assert sum(toy.POINTS.values()) == FULL
