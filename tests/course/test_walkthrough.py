"""The instructor's guide, done: a course on another topic, made of the page's own blocks."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.course.notebook import grade_id_of

ROOT = Path(__file__).resolve().parents[2]
AUTOGRADER = str(Path(sys.executable).with_name("autograder"))


def run(folder, *command, env=None):
    """Run a command in the new course and return what it prints."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def type_in(folder, block):
    """Type the commands of one block of the guide; what each prints."""
    search = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    said = {}
    for line in re.findall(r"^\$ (.*)$", block, flags=re.MULTILINE):
        said[line] = run(folder, "sh", "-c", line, env=search)
    return said


@pytest.fixture(scope="module")
def guide(tmp_path_factory):
    """The course of the guide, written, made and built as the guide says."""
    folder = tmp_path_factory.mktemp("money")
    text = (ROOT / "docs" / "instructor.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n# file: (\S+)\n(.*?)```", text, flags=re.DOTALL)
    before, after = re.findall(r"```console\n(.*?)```", text, flags=re.DOTALL)
    assert len(blocks) == 7
    type_in(folder, before)
    for name, content in blocks:
        (folder / name).write_text(content, encoding="utf-8")
    return folder, type_in(folder, after)


def hand_in(course, student, grow):
    """A student's attempt: one exercise done, the other left as it was."""
    notebook = json.loads((course / "release/growth/interest.ipynb").read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if grade_id_of(cell) == "grow":
            cell["source"] = grow
    folder = course / "submitted" / student / "growth"
    folder.mkdir(parents=True)
    (folder / "interest.ipynb").write_text(json.dumps(notebook), encoding="utf-8")


def test_the_guides_commands_say_what_the_guide_says(guide):
    """Its three mistakes are rejected and named, its two variants pass, and Ada has no points."""
    _, said = guide
    assert "mistakes: 3 of 3 rejected, 3 named; variants: 2 of 2 passed" in said["autograder prove"]
    assert re.search(r"ada .* 0/5 ", said["autograder grade"])


def test_the_guides_course_is_graded_with_feedback(guide):
    """A right and a mistaken student get their marks; the mistaken one reads why."""
    course, _ = guide
    hand_in(
        course,
        "right",
        "def grow(start, rates):\n    return start * np.cumprod(1 + np.array(rates))",
    )
    hand_in(course, "wrong", "def grow(start, rates):\n    return start * (1 + np.cumsum(rates))")
    reports = json.loads(run(course, AUTOGRADER, "grade", "--json"))["reports"]
    scores = {report["student"]: report["score"] for report in reports}
    assert scores == {"ada": 0.0, "right": 3.0, "wrong": 0.0}
    page = (course / "feedback/wrong/growth/interest.html").read_text(encoding="utf-8")
    assert "as if interest were always earned on the start alone" in page
    assert "not done yet" in page
