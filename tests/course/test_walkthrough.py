"""The instructor's guide, done: a course on another topic, made of the page's own blocks."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
AUTOGRADER = str(Path(sys.executable).with_name("autograder"))


def run(folder, *command, code=0):
    """Run a command in the new course and return what it prints."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """The course of the guide, written, made and built as the guide says."""
    folder = tmp_path_factory.mktemp("money")
    text = (ROOT / "docs" / "instructor.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n# file: (\S+)\n(.*?)```", text, flags=re.DOTALL)
    assert len(blocks) == 7
    (folder / "source" / "growth").mkdir(parents=True)
    for name, content in blocks:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    run(folder, sys.executable, "make_interest.py")
    run(folder, AUTOGRADER, "build")
    return folder


def hand_in(course, student, grow):
    """A student's attempt: one exercise done, the other left as it was."""
    notebook = json.loads((course / "release/growth/interest.ipynb").read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "grow":
            cell["source"] = grow
    folder = course / "submitted" / student / "growth"
    folder.mkdir(parents=True)
    (folder / "interest.ipynb").write_text(json.dumps(notebook), encoding="utf-8")


def test_the_guides_suite_is_proven(course):
    """Its three mistakes are rejected and named, its two variants pass."""
    proof = json.loads(run(course, AUTOGRADER, "prove", "--json"))
    assert proof["holds"]
    assert (proof["mistakes"], proof["named"], proof["variants"]) == (3, 3, 2)


def test_the_guides_course_is_graded_with_feedback(course):
    """A right and a mistaken student get their marks; the mistaken one reads why."""
    hand_in(
        course,
        "right",
        "def grow(start, rates):\n    return start * np.cumprod(1 + np.array(rates))",
    )
    hand_in(course, "wrong", "def grow(start, rates):\n    return start * (1 + np.cumsum(rates))")
    reports = json.loads(run(course, AUTOGRADER, "grade", "--json"))["reports"]
    scores = {report["student"]: report["score"] for report in reports}
    assert scores == {"right": 3.0, "wrong": 0.0}
    page = (course / "feedback/wrong/growth/interest.html").read_text(encoding="utf-8")
    assert "as if interest were always earned on the start alone" in page
    assert "not done yet" in page
