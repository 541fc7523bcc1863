"""What a mark depends on: hashes that change with it, and with nothing else."""

import json
import shutil

import pytest
import toy

from autograder.course.fingerprint import course_digest, exercise_digests, submission_digest
from autograder.course.model import Course
from autograder.sandbox.inside import policy

CELLS = tuple(toy.POINTS)
SUITE, MISTAKES, REFERENCE, VARIANTS = (
    f"tests/hidden/{toy.ASSIGNMENT}/{name}.py"
    for name in (f"test_{toy.NOTEBOOK}", "mistakes", "reference", "variants")
)


@pytest.fixture
def course(toy_course, tmp_path):
    """A copy of the built toy course that a test may change."""
    folder = tmp_path / "toys"
    shutil.copytree(toy_course.root, folder)
    return Course.load(folder)


def digests(course, tier=policy.FULL):
    """The digests of the toy lab as it now lies on disk."""
    fresh = Course.load(course.root)
    return exercise_digests(fresh, fresh.labs[0], tier)


def replace(course, name, old, new):
    """Change a file of the course; what is replaced must be there."""
    path = course.root / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "old", "new", "changed"),
    [
        pytest.param(SUITE, "import pytest", "# why\n\nimport pytest", (), id="comment"),
        pytest.param(SUITE, "def test_steps(", "def test_each_step(", ("test_fold",), id="check"),
        pytest.param(
            MISTAKES, "def scale(points, factor):", "def scale(points, factor, _=0):",
            ("test_scale",), id="mistake",
        ),
        pytest.param(MISTAKES, "You add the factor.", "You do add it.", CELLS, id="shared-words"),
        pytest.param(
            REFERENCE, "def draw(n, rng):", "def draw(n, rng, _=0):", CELLS, id="reference"
        ),
        pytest.param(VARIANTS, "def area(sides):", "def area(sides, _=0):", (), id="variant"),
        pytest.param(
            "course_config.py", '"call_wall_s": 3.0', '"call_wall_s": 2.5', CELLS, id="limit"
        ),
        pytest.param(
            f"source/{toy.ASSIGNMENT}/corners.csv", ",", ", ", CELLS, id="public-data"
        ),
    ],
)  # fmt: skip
def test_a_change_touches_the_exercises_it_is_about(course, name, old, new, changed):
    """An exercise's digest changes with its own checks and mistakes, and with what all share."""
    before = digests(course)
    replace(course, name, old, new)
    after = digests(course)
    assert tuple(cell for cell in CELLS if before[cell] != after[cell]) == tuple(changed)


def test_words_of_a_lab_touch_nothing_and_a_stub_its_exercise(course):
    """Prose may be improved in the middle of a term."""
    before = digests(course)
    for folder in ("source", "release"):
        path = course.root / folder / toy.ASSIGNMENT / f"{toy.NOTEBOOK}.ipynb"
        content = json.loads(path.read_text(encoding="utf-8"))
        content["cells"].insert(0, toy.text("Another word."))
        path.write_text(json.dumps(content), encoding="utf-8")
    assert digests(course) == before
    toy.cell_of(content, "area")["source"] += "\n# One more line."
    path.write_text(json.dumps(content), encoding="utf-8")
    changed = [cell for cell, digest in digests(course).items() if digest != before[cell]]
    assert changed == ["test_area"]


def test_tiers_submissions_and_proofs_have_digests_of_their_own(course):
    """Nothing that differs is taken for the same."""
    lab = course.labs[0]
    assert set(digests(course).values()).isdisjoint(digests(course, policy.REDUCED).values())
    assert submission_digest(b"a") != submission_digest(b"b")
    before = course_digest(course, lab, policy.FULL)
    replace(course, VARIANTS, "def area(sides):", "def area(sides, _=0):")
    assert course_digest(course, lab, policy.FULL) != before
