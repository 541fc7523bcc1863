"""What the service tells a student's JupyterLab of the student's own work."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from hub_marks import SCOPE
from schemas import faults

from autograder.service.web.access import OWN_MARKS
from autograder.service.web.own_marks import ideas_words

from .conftest import WHO
from .small_class import ASSIGNMENTS

FIRST, SECOND = ASSIGNMENTS


def own(small_hub, role: str) -> dict[str, dict[str, Any]]:
    """What a JupyterLab is told with its token: the assignments, by name."""
    headers = {"Authorization": f"token {small_hub.lab_tokens[role]}"}
    answer = requests.get(f"{small_hub.prefix}api/own", headers=headers, timeout=30)
    assert answer.status_code == 200
    found = answer.json()
    assert faults("own", found) == []
    assert found["student"] == WHO[role]
    assert found["course"] == small_hub.course.title
    assert found["address"] == "/services/grading/"
    return {one["assignment"]: one for one in found["assignments"]}


def test_the_scope_has_one_name():
    """The hub's configuration and the service mean the same."""
    assert SCOPE == OWN_MARKS


def test_the_course_in_its_order(small_hub):
    """What is built, with due dates; an extension is one student's own."""
    ada, bela = own(small_hub, "student"), own(small_hub, "other")
    assert list(ada) == list(small_hub.course.assignments)
    assert ada[FIRST]["due"] == "2099-12-24T18:00:00+00:00"
    assert ada[SECOND]["due"] == "2026-01-15T18:00:00+00:00"
    assert bela[SECOND]["due"] > "2100"


def test_the_latest_attempts_with_their_notebooks_in_words(small_hub):
    """The mark, ideas, and where the feedback is; the addresses are those of pages."""
    found = own(small_hub, "other")[FIRST]
    attempt = found["attempts"][0]
    told = {one["notebook"]: one for one in attempt["notebooks"]}
    assert list(told) == ["gradient_basic", "gradient"]
    assert all(" ideas to look at" in one["words"] for one in told.values())
    session = small_hub.sessions["other"]
    pages = [found["page"], attempt["page"], *(one["feedback"] for one in told.values())]
    for page in pages:
        assert session.get(small_hub.prefix + page, timeout=30).status_code == 200, page


def test_nobody_elses(small_hub):
    """Neither of other students nor, for those who teach, of their students."""
    for role, name in (("student", "ada"), ("other", "bela"), ("instructor", "ines")):
        attempts = [one for found in own(small_hub, role).values() for one in found["attempts"]]
        assert {one["student"] for one in attempts} <= {name}
        assert bool(attempts) == (role != "instructor")


@pytest.mark.parametrize(
    ("count", "words"), [(0, ""), (1, ", one idea to look at"), (2, ", 2 ideas to look at")]
)
def test_how_many_ideas(count: int, words: str):
    """In words; nothing of none."""
    assert ideas_words(count) == words
