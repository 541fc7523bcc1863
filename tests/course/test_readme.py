"""The README, taken at its word: its course is made and graded; pictures and links are there."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest

from .conftest import ROOT
from .test_walkthrough import type_in

README = (ROOT / "README.md").read_text(encoding="utf-8")
OWN_COURSE = README.partition("## Your own course")[2].partition("\n## ")[0]
MOST_BYTES = 120_000


@pytest.fixture(scope="module")
def pictures():
    """The script that takes the pictures, as a module."""
    spec = importlib.util.spec_from_file_location("pictures", ROOT / "docs" / "pictures.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclass looks there
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.fixture(scope="module")
def own_course(tmp_path_factory):
    """The course of the section, made by its commands in their order; what they printed."""
    folder, said = tmp_path_factory.mktemp("own"), {}
    for block in re.findall(r"```console\n(.*?)```", OWN_COURSE, flags=re.DOTALL):
        said |= type_in(folder, block)
        folder = folder / "money"  # where the first block's `cd` leads
    return folder.parent, said


@pytest.mark.slow
def test_its_course_is_built_proven_and_graded(own_course):
    """The proof holds; Ada's mark and misconception are those of the text; its files are there."""
    folder, said = own_course
    assert "makes a mistake. Its student would read:" in said["autograder init money"]
    assert said["autograder build"] == "released release/growth/interest.ipynb\n"
    assert "mistakes: 1 of 1 rejected, 1 named" in said["autograder prove"]
    assert re.search(r"ada .* 0/3 .* interest-not-compounded", said["autograder grade"])
    for name in ("gradebook.db", "feedback/ada/growth/interest.html", "reports/class.html"):
        assert f"`{name}`" in OWN_COURSE
        assert (folder / name).is_file()
    page = (folder / "feedback/ada/growth/interest.html").read_text(encoding="utf-8")
    assert "as if interest were always earned on the start alone" in page


@pytest.mark.slow
def test_it_shows_the_course_as_it_is_made(own_course):
    """The files that it prints are those that `init` writes, and its table names all others."""
    folder, _ = own_course
    blocks = re.findall(r"```python\n# file: (\S+)\n(.*?)```", OWN_COURSE, flags=re.DOTALL)
    assert len(blocks) == 2
    for name, content in blocks:
        assert (folder / name).read_text(encoding="utf-8") == content, name
    named = set(re.findall(r"^\| `([^`]+)` \|", OWN_COURSE, flags=re.MULTILINE))
    assert [name for name in named if not (folder / name).is_file()] == []
    own = {
        f"tests/hidden/growth/{path.name}" for path in (folder / "tests/hidden/growth").iterdir()
    }
    assert {name for name in own if name.endswith(".py")} <= named


@pytest.mark.slow
def test_pictures_can_be_taken_of_its_pages(own_course, pictures, tmp_path):
    """The script finds on today's pages what the pictures show, and keeps the files small."""
    if shutil.which("chromium") is None:
        pytest.skip("needs a browser: apt-get install chromium")
    folder, _ = own_course
    feedback, table = pictures.SHOTS
    shots = (replace(feedback, page="feedback/ada/growth/interest.html"), table)
    taken = pictures.take(folder, tmp_path, shots)
    assert [path.name for path in taken] == [shot.name for shot in pictures.SHOTS]
    assert all(5_000 < path.stat().st_size < MOST_BYTES for path in taken)


def test_its_pictures_are_there_with_words_for_them(pictures):
    """Both pictures are committed, small, and described for those who cannot see them."""
    shown = dict(re.findall(r"!\[([^]]+)\]\(([^)]+)\)", README))
    assert set(shown.values()) == {f"docs/{shot.name}" for shot in pictures.SHOTS}
    for words, name in shown.items():
        assert len(words) > 40
        assert (ROOT / name).stat().st_size < MOST_BYTES


def test_its_links_lead_somewhere():
    """Every file that it links to exists."""
    links = re.findall(r"\]\(([^)#]+)", README)
    assert len(links) > 10
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_its_commands_exist():
    """Every `make` target that it names is one."""
    named = set(re.findall(r"\bmake (\w+)(?=`|  )", README))
    assert {"demo", "test"} <= named
    for target in named:
        asked = subprocess.run(
            ["make", "--question", "--dry-run", target], cwd=ROOT, capture_output=True, check=False
        )
        assert asked.returncode < 2, target


def test_its_table_of_labs_is_true(course):
    """Each notebook of the course has its line, with its assignment and its points."""
    lines = re.findall(r"^\| `(\w+)` \| (\w+) \| (\d+) \|", README, flags=re.MULTILINE)
    labs = {(lab.name, lab.assignment, f"{lab.max_score:g}") for lab in course.labs}
    assert set(lines) == labs
