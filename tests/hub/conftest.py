"""A real hub with our service, a class in its store, and somebody of each kind to ask as."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from hub_marks import SCOPE

from autograder.course.model import Course
from autograder.report import Report
from autograder.service.store.attempts import Attempts
from autograder.service.web.assets import Assets

from .exchange import built_toys, exchange, store  # noqa: F401
from .hub_process import SERVICE, Hub, free_ports, start_hub
from .small_class import STUDENTS, Desk, fill, grade, make_course

WHO = {
    "outsider": "otto",
    "student": "ada",
    "other": "bela",
    "instructor": "ines",
    "admin": "root-admin",
}
"""The hub's user of each role."""
IN_COURSE = {role: WHO[role] for role in ("student", "other", "instructor")}


@dataclass
class SmallHub:
    """The hub, and what tests need to ask it."""

    hub: Hub
    course: Course
    store: Attempts
    desk: Desk
    numbers: dict[str, int]
    """Of attempts, by what they are for: see `fill`."""
    tokens: dict[str, str]
    """By role; of the hub's users, of its services, and one that it does not know."""
    lab_tokens: dict[str, str]
    """By role: tokens that read their owner's own marks, as each JupyterLab has one."""
    sessions: dict[str, requests.Session]
    """Of browsers that signed in, by role."""
    second: dict[str, str]
    """The environment of another service of the hub, which a test may start by itself."""
    version = Assets().version

    @property
    def second_url(self) -> str:
        """The address of the other service, not by way of the hub's proxy."""
        names = ("JUPYTERHUB_SERVICE_URL", "JUPYTERHUB_SERVICE_PREFIX")
        return "".join(self.second[name] for name in names)

    @property
    def prefix(self) -> str:
        """The address of our service."""
        return self.hub.prefix


@pytest.fixture(scope="session")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A copy of this course."""
    return make_course(tmp_path_factory.mktemp("hub") / "course")


@pytest.fixture(scope="session")
def reports(course: Course) -> dict[tuple[str, str], list[Report]]:
    """Real reports on the class's work, by student and assignment."""
    return grade(course)


@pytest.fixture(scope="session")
def small_hub(
    course: Course,
    reports: dict[tuple[str, str], list[Report]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[SmallHub]:
    """A real JupyterHub with its real proxy, our service, and the class in the service's store."""
    store = Attempts(course.database)
    desk = Desk(course, store)
    numbers = fill(desk, reports)
    services, roles, tokens = more_services()
    scopes = [f"read:groups!group=nbgrader-{course.course_id}"]
    roles.append({"name": "grading-roster", "services": [SERVICE], "scopes": scopes})
    second = second_service(services)
    hub = start_hub(
        tmp_path_factory.mktemp("jupyterhub"),
        course.root,
        groups={
            f"nbgrader-{course.course_id}": [*STUDENTS, "zeno"],
            f"formgrade-{course.course_id}": ["ines"],
        },
        admins=["root-admin"],
        others=["otto"],
        services=services,
        roles=roles,
    )
    try:
        tokens |= {role: hub.token(name) for role, name in WHO.items()}
        lab_tokens = {role: hub.token(name, [SCOPE]) for role, name in IN_COURSE.items()}
        lab_tokens["outsider"] = hub.token(WHO["outsider"], [])
        second["JUPYTERHUB_API_URL"] = f"{hub.url}/hub/api"
        sessions = {role: hub.sign_in(WHO[role])[0] for role in ("student", "other", "instructor")}
        yield SmallHub(hub, course, store, desk, numbers, tokens, lab_tokens, sessions, second)
    finally:
        hub.stop()
        store.close()


def second_service(services: list[dict[str, Any]]) -> dict[str, str]:
    """Declare one more service like ours, which the hub does not start; its environment."""
    token, [port] = secrets.token_hex(32), free_ports(1)
    url = f"http://127.0.0.1:{port}"
    services.append({"name": "second", "url": url, "api_token": token})
    return {
        "JUPYTERHUB_API_TOKEN": token,
        "JUPYTERHUB_CLIENT_ID": "service-second",
        "JUPYTERHUB_OAUTH_ACCESS_SCOPES": f'["access:services!service={SERVICE}"]',
        "JUPYTERHUB_SERVICE_PREFIX": "/services/second/",
        "JUPYTERHUB_SERVICE_URL": url,
    }


def more_services() -> tuple[list[dict[str, Any]], list[dict[str, Any]], dict[str, str]]:
    """What watches the numbers, and a service that is called like a student; with their tokens."""
    tokens = {"service": secrets.token_hex(32), "namesake": secrets.token_hex(32)}
    named = {"service": "watcher", "namesake": "ada"}
    services = [{"name": named[role], "api_token": token} for role, token in tokens.items()]
    scopes = ["read:metrics", f"access:services!service={SERVICE}"]
    roles = [{"name": "watching", "services": list(named.values()), "scopes": scopes}]
    return services, roles, {**tokens, "bad": secrets.token_hex(32)}
