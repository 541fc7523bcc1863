"""Which file of a submission is which notebook, whatever students call it and wherever it lies."""

import copy
import json
import os
import unicodedata

import pytest
import toy

from autograder.batch.matching import match_files
from autograder.batch.recognising import begun_exercises, recognise
from autograder.batch.submission_folder import find_notebooks
from autograder.course.model import Course
from autograder.course.notebook import nbgrader_metadata
from autograder.grading.submission import parse
from autograder.sandbox.beneath import Absent, Closed, Unreachable, Unreadable
from autograder.sandbox.reading import list_files

VOLUME = (
    "def volume(edges):\n    ### BEGIN SOLUTION\n    return edges.prod()\n    ### END SOLUTION\n"
)
DENSITY = "def density(m, v):\n    ### BEGIN SOLUTION\n    return m / v\n    ### END SOLUTION\n"
CONFIG = """
c = get_config()
c.Grading.assignments = {
    "toys": {"shapes": {"test_area": 3, "test_scale": 4, "test_fold": 2, "test_draw": 1},
             "solids": {"test_volume": 2, "test_area": 1}},
    "bodies": {"weights": {"test_density": 2}},
}
"""
STUB = "raise NotImplementedError()\n"


def solids():
    """A second notebook of the assignment; it shares an exercise's name with the first."""
    return toy.notebook(
        [
            toy.solution("volume", VOLUME),
            toy.graded("test_volume"),
            toy.solution("surface", toy.AREA),
            toy.graded("test_area"),
        ]
    )


def weights():
    """A notebook of another assignment."""
    return toy.notebook([toy.solution("density", DENSITY), toy.graded("test_density")])


MASTERS = {"shapes": toy.shapes(), "solids": solids(), "weights": weights()}
PLACES = {"shapes": "toys", "solids": "toys", "weights": "bodies"}


def untouched(name):
    """The notebook as students get it."""
    content = copy.deepcopy(MASTERS[name])
    for cell in content["cells"]:
        if nbgrader_metadata(cell).get("solution"):
            cell["source"] = cell["source"].split("    ###")[0] + "    " + STUB
    return content


def done(name, *only):
    """The notebook with its exercises solved, or only those."""
    content = untouched(name)
    for cell in content["cells"]:
        about = nbgrader_metadata(cell)
        if about.get("solution") and (not only or about["grade_id"] in only):
            cell["source"] = toy.cell_of(MASTERS[name], about["grade_id"])["source"]
    return content


def stripped(content):
    """The notebook as it comes back from an editor that keeps no metadata."""
    content = copy.deepcopy(content)
    for cell in content["cells"]:
        cell["metadata"] = {}
    return content


def with_comment(content, words="# later\n"):
    """The same notebook with another own cell."""
    content = copy.deepcopy(content)
    content["cells"].append(toy.code(words + "x = 1\n"))
    return content


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course of three notebooks in two assignments, with their student versions."""
    root = tmp_path_factory.mktemp("course")
    (root / "course_config.py").write_text(CONFIG)
    for name, master in MASTERS.items():
        for step, content in (("source", master), ("release", untouched(name))):
            path = root / step / PLACES[name] / f"{name}.ipynb"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(content))
    (root / "source" / "toys" / "corners.csv").write_text("0,0\n")
    return Course.load(root)


def matched(course, files, others=(), assignment="toys"):
    """The matches by notebook."""
    read = {
        name: content if isinstance(content, Unreadable) else parse(json.dumps(content).encode())
        for name, content in files.items()
    }
    found = match_files(course.labs, assignment, read, others)
    return {match.lab.name: match for match in found}


SHAPES, SOLIDS = done("shapes"), done("solids")
BESIDE = {"solids.ipynb": SOLIDS}


@pytest.mark.parametrize(
    "name",
    [
        "shapes (1).ipynb",
        "shapes-Copy1.ipynb",
        "shapes.IPYNB",
        "Shapes.ipynb",
        "shapes.ipynb.txt",
        "shapes.ipynb.json",
        "shapes",
        "my work/shapes.ipynb",
        "a/b/c/final version.ipynb",
        "Copy of shapes.ipynb",
        "Kopie von shapes.ipynb",
        "toys_ada_lovelace.ipynb",
        "sha[pes].ipynb",
        "shapes%20.ipynb",
        "\udcff.ipynb",
        ".ipynb_checkpoints/shapes-checkpoint.ipynb",
    ],
)
def test_a_renamed_or_misplaced_notebook_counts_with_a_note(course, name):
    """Its exercises say what it is, alone or beside the assignment's other notebook."""
    for files in ({name: SHAPES}, {name: SHAPES, **BESIDE}):
        found = matched(course, files)
        assert (found["shapes"].name, found["shapes"].status) == (name, "graded")
        assert "was graded as shapes.ipynb" in found["shapes"].note
        found["shapes"].note.encode()
    assert (found["solids"].name, found["solids"].note) == ("solids.ipynb", "")


def test_the_expected_names_need_no_note(course):
    """The ordinary submission is read as it always was."""
    found = matched(course, {"shapes.ipynb": SHAPES, **BESIDE})
    assert [(m.name, m.note, m.reason) for m in found.values()] == [
        ("shapes.ipynb", "", ""),
        ("solids.ipynb", "", ""),
    ]


@pytest.mark.parametrize("make", [stripped, lambda content: content], ids=["stripped", "whole"])
def test_swapped_names_are_put_right(course, make):
    """Both notebooks under each other's names: each counts as what it holds."""
    found = matched(course, {"solids.ipynb": make(SHAPES), "shapes.ipynb": make(SOLIDS)})
    assert (found["shapes"].name, found["solids"].name) == ("solids.ipynb", "shapes.ipynb")
    assert all(match.note for match in found.values())


@pytest.mark.parametrize(
    "name", ["shapes-Copy1.ipynb", "done/x.ipynb", ".ipynb_checkpoints/s.ipynb"]
)
@pytest.mark.parametrize("part", [(), ("area",)], ids=["all", "one-exercise"])
def test_a_finished_copy_beside_the_untouched_original_counts(course, name, part):
    """Exactly one of the files holds work: that one counts, and both are named."""
    found = matched(course, {"shapes.ipynb": untouched("shapes"), name: done("shapes", *part)})
    assert (found["shapes"].name, found["shapes"].status) == (name, "graded")
    assert "shapes.ipynb beside it is as it was released" in found["shapes"].note


def test_an_untouched_copy_beside_the_finished_original_changes_nothing(course):
    """What nobody worked in is not worth a word."""
    found = matched(course, {"shapes.ipynb": SHAPES, "shapes-Copy1.ipynb": untouched("shapes")})
    assert (found["shapes"].name, found["shapes"].note) == ("shapes.ipynb", "")


def test_work_in_a_cell_of_their_own_is_work(course):
    """A copy whose solution cells are stubs, but whose own cell defines the function, counts."""
    own = untouched("shapes")
    own["cells"].append(toy.code("area = lambda sides: 1.0"))
    found = matched(course, {"shapes.ipynb": untouched("shapes"), "x.ipynb": own})
    assert found["shapes"].name == "x.ipynb"


def test_comments_and_own_scribbles_are_no_work(course):
    """A comment in a stub, a text cell and a call in a cell of one's own begin no exercise."""
    scribbled = untouched("shapes")
    toy.cell_of(scribbled, "area")["source"] += "# how?\n"
    scribbled["cells"] += [toy.text("to do"), toy.code("print(area)"), toy.code("1 + 1")]
    lab = next(lab for lab in course.labs if lab.name == "shapes")
    assert begun_exercises(lab, parse(json.dumps(scribbled).encode())) == set()


@pytest.mark.parametrize(
    "files",
    [
        {"shapes-Copy1.ipynb": SHAPES, "shapes-Copy2.ipynb": done("shapes", "area")},
        {
            "shapes.ipynb": untouched("shapes"),
            "a.ipynb": SHAPES,
            "b.ipynb": with_comment(SHAPES),
        },
        {"shapes.ipynb": done("shapes", "area"), "shapes-Copy1.ipynb": SHAPES},
        {"shapes.ipynb": done("shapes", "area"), "x.ipynb": done("shapes", "fold")},
    ],
    ids=["two-copies", "two-beside-untouched", "copy-goes-further", "each-has-its-own"],
)
def test_several_that_differ_need_a_person(course, files):
    """No mark is given, the files are named, and the other notebook is graded."""
    found = matched(course, {**files, **BESIDE})
    assert (found["shapes"].status, found["shapes"].name) == ("unclear", "")
    for name in files:
        assert name in found["shapes"].reason or files[name] == untouched("shapes")
    assert found["solids"].name == "solids.ipynb"


def test_equal_copies_are_one(course):
    """However often the same work is submitted, it counts, under the expected name if it has it."""
    files = {"z.ipynb": SHAPES, "a/shapes.ipynb": SHAPES, "shapes-Copy1.ipynb": SHAPES}
    assert matched(course, files)["shapes"].name == "shapes-Copy1.ipynb"
    found = matched(course, {**files, "shapes.ipynb": SHAPES})["shapes"]
    assert (found.name, found.note) == ("shapes.ipynb", "")


def test_an_older_version_beside_the_expected_one_is_named_and_not_graded(course):
    """The expected file has all that the other has begun: it counts, with a note."""
    found = matched(course, {"shapes.ipynb": SHAPES, "old.ipynb": done("shapes", "area")})["shapes"]
    assert found.name == "shapes.ipynb"
    assert "old.ipynb beside it was not" in found.note


def test_jupyters_checkpoint_beside_a_notebook_is_not_looked_at(course):
    """An older checkpoint lies beside every notebook, and is not worth a word."""
    checkpoint = ".ipynb_checkpoints/shapes-checkpoint.ipynb"
    found = matched(course, {"shapes.ipynb": done("shapes", "area"), checkpoint: SHAPES})["shapes"]
    assert (found.name, found.note) == ("shapes.ipynb", "")


def test_a_copy_counts_where_the_expected_file_is_damaged(course):
    """The copy is graded, and the note says why."""
    files = {"shapes.ipynb": Unreadable("the file is empty"), "shapes-Copy1.ipynb": SHAPES}
    found = matched(course, files)["shapes"]
    assert found.name == "shapes-Copy1.ipynb"
    assert "shapes.ipynb cannot be graded (the file is empty)" in found.note


@pytest.mark.parametrize(
    ("problem", "status"),
    [
        pytest.param(Unreadable("the file is empty"), "unreadable", id="damaged"),
        pytest.param(Unreachable("the disk is away"), "broken", id="fault-of-the-machine"),
        pytest.param(Closed("the grader may not read it"), "broken", id="closed-to-the-grader"),
    ],
)
@pytest.mark.parametrize("name", ["shapes.ipynb", "shapes (1).ipynb"])
def test_only_a_damaged_file(course, name, problem, status):
    """It is told which file is damaged; a fault of the machine costs no points."""
    found = matched(course, {name: problem})["shapes"]
    assert (found.status, str(problem) in found.reason) == (status, True)


@pytest.mark.parametrize(
    ("files", "others", "words"),
    [
        ({"weights.ipynb": done("weights")}, (), "of the assignment bodies"),
        ({"shapes.ipynb": done("weights")}, (), "of the assignment bodies"),
        ({"notes.ipynb": toy.notebook([toy.text("hello")])}, (), "notes.ipynb"),
        ({"final.ipynb": Unreadable("the file is empty")}, (), "final.ipynb"),
        ({}, ("shapes.zip",), "shapes.zip"),
        ({}, ("work.tar.gz",), "work.tar.gz"),
        ({}, ("shapes.py",), "shapes.py"),
        ({}, ("closed/",), "closed/"),
    ],
    ids=[
        "another-assignment", "another-assignments-under-our-name", "no-exercises", "damaged",
        "zip", "tar", "script", "closed-folder",
    ],
)  # fmt: skip
def test_what_may_be_the_notebook_needs_a_person(course, files, others, words):
    """No notebook is found, but something is there: never a silent zero."""
    found = matched(course, files, others)["shapes"]
    assert found.status == "unclear"
    assert words in found.reason


@pytest.mark.parametrize("others", [(), ("plot.png", "helper.py", "answers.csv")])
def test_what_was_not_submitted_is_missing(course, others):
    """Nothing in the submission can be the notebook: it is missing, and nobody need look."""
    found = matched(course, BESIDE, others)
    assert (found["shapes"].status, found["solids"].status) == ("missing", "graded")


def test_without_metadata_the_name_tells_and_else_the_functions(course):
    """Editors that drop metadata leave the name, and the functions that the exercises ask for."""
    for name in ("shapes.ipynb", "shapes (3).ipynb", "homework.ipynb"):
        assert matched(course, {name: stripped(SHAPES)})["shapes"].name == name


def test_a_lab_is_recognised_only_where_it_is_clear(course):
    """Two notebooks pasted into one file are neither, unless its name decides."""
    both = copy.deepcopy(SHAPES)
    both["cells"] += SOLIDS["cells"]
    cells = parse(json.dumps(both).encode())
    assert recognise(course.labs, cells, "all.ipynb") is None
    assert recognise(course.labs, cells, "shapes (2).ipynb").name == "shapes"
    assert matched(course, {"shapes.ipynb": both})["shapes"].name == "shapes.ipynb"


# --- Folders --------------------------------------------------------------------------------------


def laid_out(folder, files):
    """A submission's folder with these files."""
    for name, content in files.items():
        path = folder / "ada" / "toys" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return folder / "ada" / "toys"


def found_in(course, folder):
    """The matches by notebook."""
    found = find_notebooks(course, "toys", folder, "ada/toys")
    for match in found.matches:
        assert bool(match.reason) == (match.name not in found.contents)
    return {match.lab.name: match for match in found.matches}


def test_files_are_found_where_they_lie(course, tmp_path):
    """Nested, under another ending or none, among what systems leave behind."""
    laid_out(
        tmp_path,
        {
            "work/shapes.ipynb": SHAPES,
            "__MACOSX/work/._shapes.ipynb": b"\0\1",
            "work/.~shapes.ipynb": b"{}",
            "solids": SOLIDS,
            "timestamp.txt": b"2026-01-01",
            "corners.csv": b"1,1\n",
        },
    )
    found = found_in(course, tmp_path)
    assert (found["shapes"].name, found["solids"].name) == ("work/shapes.ipynb", "solids")


def test_accents_composed_in_another_way_are_the_same_name(tmp_path):
    """A name that a Mac's archive decomposed is the expected one."""
    name = "Übung"
    (tmp_path / "course_config.py").write_text(
        'c = get_config()\nc.Grading.assignments = {"toys": {"Übung": {"test_area": 1}}}\n'
    )
    for step in ("source", "release"):
        (tmp_path / step / "toys").mkdir(parents=True)
        (tmp_path / step / "toys" / f"{name}.ipynb").write_text(json.dumps(MASTERS["shapes"]))
    course = Course.load(tmp_path)
    decomposed = unicodedata.normalize("NFD", f"{name}.ipynb")
    found = matched(course, {decomposed: stripped(SHAPES)})[name]
    assert (found.name, found.note) == (decomposed, "")


def test_links_and_pipes_are_not_followed(course, tmp_path):
    """What is no plain file is told, and never read."""
    folder = laid_out(tmp_path, {"solids.ipynb": SOLIDS})
    (tmp_path / "elsewhere.ipynb").write_text(json.dumps(SHAPES))
    (folder / "shapes.ipynb").symlink_to(tmp_path / "elsewhere.ipynb")
    (folder / "there").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe.ipynb")
    found = found_in(course, tmp_path)
    assert (found["shapes"].status, found["solids"].status) == ("unreadable", "graded")
    assert "symbolic link" in found["shapes"].reason


@pytest.mark.parametrize("kind", ["file", "link", "nothing"])
def test_a_folder_that_is_none_is_told(course, tmp_path, kind):
    """A file or a link in the folder's place makes every notebook unreadable, in words."""
    (tmp_path / "ada").mkdir()
    place = tmp_path / "ada" / "toys"
    if kind == "file":
        place.write_text("here it is")
    elif kind == "link":
        place.symlink_to(tmp_path)
    found = found_in(course, tmp_path)
    assert {match.status for match in found.values()} == {"unreadable"}
    assert "the folder of the submission: " in found["shapes"].reason


def test_a_great_many_files_hide_nothing_that_is_expected(course, tmp_path):
    """Two thousand notebooks beside it: the expected file is graded, in reasonable time."""
    folder = laid_out(tmp_path, {"shapes.ipynb": SHAPES})
    for number in range(2000):
        (folder / f"{number}.ipynb").write_text("{}")
    found = found_in(course, tmp_path)
    assert found["shapes"].name == "shapes.ipynb"
    assert found["solids"].status == "unclear"


@pytest.mark.parametrize(
    "put",
    [
        pytest.param(lambda f: laid_out(f, {"a/b/c/d/shapes.ipynb": SHAPES}), id="too-deep"),
        pytest.param(lambda f: laid_out(f, dict.fromkeys(map(str, range(1200)), b"")), id="many"),
        pytest.param(
            lambda f: laid_out(f, {f"{n % 3}/{n}.csv": b"" for n in range(1200)}), id="many-below"
        ),
        pytest.param(lambda f: (f / "ada" / "toys" / "work").symlink_to(".."), id="link"),
    ],
)
def test_what_was_not_looked_into_may_hold_the_notebook(course, tmp_path, put):
    """No notebook is found, but there is a place where it may lie: a person is asked."""
    laid_out(tmp_path, {"corners.csv": b"1,1\n"})
    put(tmp_path)
    assert found_in(course, tmp_path)["shapes"].status == "unclear"


def test_folders_are_listed_without_leaving_them(tmp_path):
    """Links are listed, not followed; what is not looked into ends in a slash."""
    (tmp_path / "s" / "a" / "b" / "c" / "d").mkdir(parents=True)
    for place in ("", "a", "a/b/c", "a/b/c/d"):
        (tmp_path / "s" / place / "f").write_text("")
    (tmp_path / "s" / "up").symlink_to("..")
    (tmp_path / "s" / "up.csv").symlink_to("..")
    assert list_files(tmp_path, "s") == ["f", "up.csv", "up/", "a/f", "a/b/c/f", "a/b/c/d/"]
    with pytest.raises(Absent):
        list_files(tmp_path, "t")
