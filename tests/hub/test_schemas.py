"""The service's answers to programs follow the schemas of the package."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests
from schemas import faults, schemas

from autograder.service.store.attempt import Ruling, State
from autograder.service.web.regrade_jobs import Stage

from .small_class import ASSIGNMENTS
from .test_events import listening

FIRST = ASSIGNMENTS[0]
LONG_S = 120


def asked(small_hub, role: str, method: str, path: str, body: Any = None) -> requests.Response:
    """What the service answers to the bearer of a role's token."""
    headers = {"Authorization": f"token {small_hub.tokens[role]}"}
    url = small_hub.prefix + path
    return requests.request(method, url, headers=headers, json=body, timeout=30)


@pytest.mark.parametrize(
    ("words", "schema", "field"),
    [
        pytest.param(State, schemas()["attempt"]["$defs"]["attempt"], "state", id="state"),
        pytest.param(Stage, schemas()["regrade"], "stage", id="stage"),
    ],
)
def test_every_word_of_the_service_stands_in_the_schema(words, schema, field: str):
    """States of attempts and stages of a regrade are those of the schemas."""
    assert schema["properties"][field]["enum"] == list(words)


def test_every_ruling_can_be_asked_for():
    """The schema of the request takes each ruling, and nothing else."""
    assert [faults("ruling_request", {"ruling": str(one)}) for one in Ruling] == [[], [], []]
    assert faults("ruling_request", {"ruling": "perhaps"})
    assert faults("ruling_request", {})


@pytest.mark.parametrize("role", ["student", "other", "instructor"])
def test_lists_of_attempts_follow_their_schema(small_hub, role: str):
    """Of a student, and of everybody."""
    found = asked(small_hub, role, "GET", "api/attempts").json()
    assert found["attempts"]
    assert faults("attempts", found) == []


@pytest.mark.parametrize("which", ["ada", "bela", "goran", "hana", "earlier", "refused"])
def test_an_attempt_follows_its_schema(small_hub, which: str):
    """Right, mistaken, unfinished, damaged, earlier and refused."""
    found = asked(small_hub, "instructor", "GET", f"api/attempts/{small_hub.numbers[which]}").json()
    assert faults("attempt_details", found) == []
    assert bool(found["notebooks"]) == (which != "refused")


def test_events_follow_their_schemas(small_hub):
    """The first event of a student's stream, and of the class's."""
    with listening(small_hub, "student") as stream:
        event = next(stream.events())
    event.pop("event-id")
    assert faults("attempt", event) == []
    with listening(small_hub, "instructor", "class/events") as stream:
        event = next(stream.events())
    event.pop("event-id")
    assert faults("class_event", event) == []


def test_a_ruling_follows_its_schema(small_hub):
    """The answer to a decision is the attempt."""
    path = f"api/attempts/{small_hub.numbers['earlier']}/ruling"
    for ruling in (Ruling.ASIDE, Ruling.NONE):
        answer = asked(small_hub, "instructor", "POST", path, {"ruling": str(ruling)})
        assert answer.status_code == 200
        assert faults("attempt", answer.json()) == []


def test_a_regrade_follows_its_schema(small_hub):
    """From the request to the finished preview, in each stage that it passes."""
    body = {"assignment": FIRST, "student": "bela"}
    assert faults("regrade_request", body) == []
    answer = asked(small_hub, "instructor", "POST", "api/regrade", body)
    assert answer.status_code == 202
    job, ends = answer.json(), time.monotonic() + LONG_S
    assert faults("regrade", job) == []
    while job["stage"] == "grading":
        assert time.monotonic() < ends
        time.sleep(0.2)
        job = asked(small_hub, "instructor", "GET", f"api/regrade/{job['id']}").json()
        assert faults("regrade", job) == []
    assert job["stage"] == "ready"


@pytest.mark.parametrize(
    ("role", "method", "path", "status"),
    [
        pytest.param("bad", "GET", "api/attempts", 401, id="unknown-token"),
        pytest.param("student", "POST", "api/regrade", 403, id="not-allowed"),
        pytest.param("other", "GET", "api/attempts/{ada}", 404, id="of-somebody-else"),
        pytest.param("instructor", "DELETE", "api/attempts", 405, id="no-such-method"),
        pytest.param("instructor", "POST", "api/regrade", 400, id="no-body"),
    ],
)
def test_a_refusal_follows_its_schema(small_hub, role: str, method: str, path: str, status: int):
    """Every refusal has its status and words."""
    answer = asked(small_hub, role, method, path.format(ada=small_hub.numbers["ada"]))
    assert answer.status_code == status
    assert faults("error", answer.json()) == []
    assert answer.json()["status"] == status


def test_health_follows_its_schema(small_hub):
    """As anybody may read it."""
    assert faults("health", requests.get(f"{small_hub.prefix}healthz", timeout=30).json()) == []
    for name in ("livez", "readyz"):
        assert faults("ready", requests.get(small_hub.prefix + name, timeout=30).json()) == []
