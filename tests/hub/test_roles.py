"""Who may do what: every role with every method on every route, against a real hub.

The table has a line for each route of the application, and a test holds that: a new route without
a line fails. Tokens come from the hub's API, browser sessions from its login form.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import pytest
import requests

from autograder.service.web.access import (
    Anonymous,
    Handler,
    Instructor,
    Known,
    Metrics,
    OwnMarks,
    Student,
)
from autograder.service.web.routes import ROUTES, routes

from .conftest import WHO

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH")
ROLES = (
    "anonymous",  # nobody is signed in
    "outsider",  # a user of the hub in no group of the course
    "student",  # whose attempt it is, where a route is about one
    "other",  # another student
    "instructor",
    "admin",  # administers the hub, and is in no group of the course
    "service",  # a service's token that may read metrics and open this service
    "bad",  # a token that the hub does not know
)


@dataclass(frozen=True)
class Line:
    """One route: a path that it answers, and what GET and POST give each role.

    Statuses are in the order of `ROLES`. None: there is no such method, so that whoever may come
    in gets 405 and the others what GET gives them (but nobody is sent to a login by a POST).
    """

    path: str
    get: tuple[int, ...] | None
    post: tuple[int, ...] | None = None
    body: dict[str, str] = field(default_factory=dict)
    as_json: bool = False


#             anonymous outsider student other instructor admin service bad
EVERYBODY = (200, 200, 200, 200, 200, 200, 200, 200)
NOBODY = (404, 404, 404, 404, 404, 404, 404, 404)
MEMBERS = (302, 403, 200, 200, 200, 403, 403, 401)
OWNER = (302, 403, 200, 404, 200, 403, 403, 401)
TEACHERS = (302, 403, 403, 403, 200, 403, 403, 401)
MEMBERS_API = (401, 403, 200, 200, 200, 403, 403, 401)
OWNER_API = (401, 403, 200, 404, 200, 403, 403, 401)
TEACHERS_API = (401, 403, 403, 403, 200, 403, 403, 401)
WATCHERS = (401, 403, 403, 403, 403, 200, 200, 401)

FORM = {"assignment": "gradient_descent", "student": "ada"}

TABLE = {
    r"": Line("", MEMBERS),
    r"assignments/([^/]+)": Line("assignments/gradient_descent", MEMBERS),
    r"attempts/(\d{1,9})": Line("attempts/{attempt}", OWNER),
    r"attempts/(\d{1,9})/feedback/([^/]+)": Line(
        "attempts/{attempt}/feedback/gradient_basic", OWNER
    ),
    r"attempts/(\d{1,9})/decide": Line(
        "attempts/0/decide",
        (302, 403, 403, 403, 303, 403, 403, 401),
        (401, 403, 403, 403, 404, 403, 403, 401),
        {"ruling": "counts"},
    ),
    r"events": Line("events", MEMBERS_API),
    r"class": Line("class", TEACHERS),
    r"class/students/([^/]+)": Line("class/students/ada", TEACHERS),
    # Nobody is called so: who is asked for comes after who asks.
    r"class/students/([^/]+)/ask": Line(
        "class/students/nobody/ask",
        (302, 403, 403, 403, 303, 403, 403, 401),
        (401, 403, 403, 403, 404, 403, 403, 401),
        FORM,
    ),
    r"class/queue": Line("class/queue", TEACHERS),
    r"class/insight": Line("class/insight", TEACHERS),
    r"class/marks\.csv": Line("class/marks.csv", TEACHERS),
    r"class/regrade": Line(
        "class/regrade", TEACHERS, (401, 403, 403, 403, 303, 403, 403, 401), FORM
    ),
    # Number 0 is never given: what is asked for comes after who asks.
    r"class/regrade/(\d{1,9})": Line(
        "class/regrade/0",
        (302, 403, 403, 403, 404, 403, 403, 401),
        (401, 403, 403, 403, 404, 403, 403, 401),
    ),
    r"class/lms": Line("class/lms", TEACHERS),
    r"class/events": Line("class/events", TEACHERS_API),
    r"api/own": Line("api/own", MEMBERS_API),
    r"api/attempts": Line("api/attempts", MEMBERS_API),
    r"api/attempts/(\d{1,9})": Line("api/attempts/{attempt}", OWNER_API),
    r"api/attempts/(\d{1,9})/ruling": Line(
        "api/attempts/0/ruling",
        None,
        (401, 403, 403, 403, 404, 403, 403, 401),
        {"ruling": "counts"},
        as_json=True,
    ),
    r"api/regrade": Line(
        "api/regrade", None, (401, 403, 403, 403, 202, 403, 403, 401), FORM, as_json=True
    ),
    r"api/regrade/(\d{1,9})": Line(
        "api/regrade/0",
        (401, 403, 403, 403, 404, 403, 403, 401),
        (401, 403, 403, 403, 404, 403, 403, 401),
    ),
    r"static/([^/]+)/([^/]+)": Line("static/{version}/style.css", EVERYBODY),
    r"lti/jwks\.json": Line("lti/jwks.json", EVERYBODY),
    r"livez": Line("livez", EVERYBODY),
    r"readyz": Line("readyz", EVERYBODY),
    r"healthz": Line("healthz", EVERYBODY),
    r"metrics": Line("metrics", WATCHERS),
    # Without the hub's code, which only the hub gives out.
    r"oauth_callback": Line("oauth_callback", (400,) * 8),
}
OWN_MARKS = r"api/own"
"""The one route that JupyterLab's token opens."""
OPEN = {
    r"static/([^/]+)/([^/]+)",
    r"lti/jwks\.json",
    r"livez",
    r"readyz",
    r"healthz",
    r"oauth_callback",
}
"""Routes that ask nobody who they are."""


def expected(route: str, method: str, role: str) -> int:
    """What the table says about a method, also about those that no handler has."""
    line, position = TABLE[route], ROLES.index(role)
    has = {"GET": line.get, "HEAD": line.get, "POST": line.post}.get(method)
    if has is not None:
        return has[position]
    if route in OPEN:
        return 204 if method == "OPTIONS" else 405
    known = line.get or line.post
    assert known is not None
    refusal = known[position] if known[position] in (302, 401, 403) else None
    if refusal is None or (role == "instructor" and refusal == 303):
        return 204 if method == "OPTIONS" else 405
    return 401 if refusal == 302 else refusal


def test_every_route_has_a_line():
    """A route that is not in the table fails here, and so does a line without its route."""
    assert set(TABLE) == {path for path, _ in ROUTES}
    patterns = {spec.regex.pattern for spec in routes("/services/grading/")}
    named = {f"{re.escape('/services/grading/')}{path}$" for path in TABLE}
    assert patterns == {*named, re.escape("/services/grading") + "$"}


@pytest.mark.parametrize(("path", "handler"), ROUTES)
def test_every_handler_says_by_its_class_who_may(path: str, handler: type[Handler]):
    """It is one of the five privileges, and overrides nothing that decides."""
    privilege = next(
        kind
        for kind in (Instructor, OwnMarks, Student, Metrics, Anonymous)
        if issubclass(handler, kind)
    )
    assert issubclass(handler, Anonymous) == (path in OPEN)
    assert issubclass(handler, OwnMarks) == (path == OWN_MARKS)
    for name in ("may", "check_xsrf_cookie", "attempt_or_404"):
        if hasattr(privilege, name):
            assert getattr(handler, name) is getattr(privilege, name)
    if issubclass(handler, Known):
        assert not {"groups", "scopes"} & set(vars(handler))


def ask(small_hub, method: str, path: str, role: str, line: Line) -> requests.Response:
    """One request by token, with nothing followed and no stream read."""
    token = small_hub.tokens.get(role)
    headers = {"Authorization": f"token {token}"} if token else {}
    body = {"json" if line.as_json else "data": line.body} if method == "POST" else {}
    with requests.request(
        method,
        small_hub.prefix + path,
        headers=headers,
        allow_redirects=False,
        stream=True,
        timeout=30,
        **body,
    ) as answer:
        return answer


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("route", [pytest.param(route, id=TABLE[route].path) for route in TABLE])
def test_roles_and_methods(small_hub, route: str, role: str):
    """Each method gives what the table says."""
    line = TABLE[route]
    path = line.path.format(attempt=small_hub.numbers["ada"], version=small_hub.version)
    answers = {method: ask(small_hub, method, path, role, line) for method in METHODS}
    assert {method: answer.status_code for method, answer in answers.items()} == {
        method: expected(route, method, role) for method in METHODS
    }
    for answer in answers.values():
        hold_headers(answer, public="static" in path)
        if answer.status_code == 405:
            assert "OPTIONS" in answer.headers["Allow"]


def hold_headers(answer: requests.Response, public: bool) -> None:
    """Whatever the answer, it closes what it does not need."""
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "Server" not in answer.headers
    kept = "immutable" in answer.headers["Cache-Control"]
    assert kept == (public and answer.status_code == 200)
    assert kept or answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("role", ROLES)
def test_what_has_no_route_is_not_there(small_hub, role: str):
    """Whoever asks and however."""
    for method in METHODS:
        answer = ask(small_hub, method, "nowhere", role, Line("", None))
        assert answer.status_code == 404
        hold_headers(answer, public=False)


@pytest.mark.parametrize("role", ["student", "other", "instructor"])
@pytest.mark.parametrize("route", [pytest.param(route, id=TABLE[route].path) for route in TABLE])
def test_a_browser_that_signed_in_may_what_a_token_may(small_hub, route: str, role: str):
    """GET by cookie gives what the table says, except where only a token counts."""
    line = TABLE[route]
    path = line.path.format(attempt=small_hub.numbers["ada"], version=small_hub.version)
    with small_hub.sessions[role].get(
        small_hub.prefix + path, allow_redirects=False, stream=True, timeout=30
    ) as answer:
        assert answer.status_code == expected(route, "GET", role)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("route", [pytest.param(route, id=TABLE[route].path) for route in TABLE])
def test_a_cookie_alone_changes_nothing(small_hub, route: str, method: str):
    """Without the token of our own pages, a browser's request is refused whatever it asks."""
    line = TABLE[route]
    path = line.path.format(attempt=small_hub.numbers["ada"], version=small_hub.version)
    answer = small_hub.sessions["instructor"].request(
        method, small_hub.prefix + path, data=line.body, allow_redirects=False, timeout=30
    )
    assert answer.status_code == (405 if route in OPEN else 403)


def test_a_form_of_ours_changes_what_it_is_for(small_hub):
    """With the token of the page, the same request goes through."""
    session = small_hub.sessions["instructor"]
    form = session.get(small_hub.prefix + "class/regrade", timeout=30)
    token = re.search(r'name="_xsrf" value="([^"]+)"', form.text)
    assert token
    answer = session.post(
        small_hub.prefix + "class/regrade",
        {**FORM, "_xsrf": token[1]},
        allow_redirects=False,
        timeout=30,
    )
    assert answer.status_code == 303
    assert re.fullmatch(r"/services/grading/class/regrade/\d+", answer.headers["Location"])


def test_another_persons_form_token_does_not_do(small_hub):
    """The token is bound to the session that it was made for."""
    form = small_hub.sessions["student"].get(small_hub.prefix, timeout=30)
    token = re.search(r'data-xsrf="([^"]+)"', form.text)
    assert token
    answer = small_hub.sessions["instructor"].post(
        small_hub.prefix + "class/regrade", {**FORM, "_xsrf": token[1]}, timeout=30
    )
    assert answer.status_code == 403


def test_a_page_of_the_same_origin_cannot_fetch_with_a_cookie_alone(small_hub):
    """Other users' servers share the origin: their scripts do not have our pages' token."""
    headers = {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-origin"}
    session = small_hub.sessions["instructor"]
    for path in ("class", "api/attempts", "class/events"):
        with session.get(
            small_hub.prefix + path, headers=headers, stream=True, timeout=30
        ) as answer:
            assert answer.status_code == 403, path


def test_another_origin_cannot_post(small_hub):
    """Neither with the form's token nor without."""
    headers = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    answer = small_hub.sessions["instructor"].post(
        small_hub.prefix + "class/regrade", FORM, headers=headers, timeout=30
    )
    assert answer.status_code == 403


def test_an_outsider_is_told_so_by_the_hub(small_hub):
    """Who has no scope for this service does not get through the login to it."""
    _, answer = small_hub.hub.sign_in("otto")
    assert answer.status_code == 403
    assert "/hub/api/oauth2/authorize" in answer.url


def test_an_invalid_token_is_told_so_and_not_sent_round(small_hub):
    """On a page too: 401, as JSON."""
    answer = requests.get(small_hub.prefix, headers={"Authorization": "token nonsense"}, timeout=30)
    assert (answer.status_code, answer.history) == (401, [])
    assert answer.json()["status"] == 401
    assert answer.headers["WWW-Authenticate"]


def test_a_token_in_the_address_is_no_token(small_hub):
    """Addresses end up in logs."""
    token = small_hub.tokens["instructor"]
    answer = requests.get(
        f"{small_hub.prefix}api/attempts?token={token}", allow_redirects=False, timeout=30
    )
    assert answer.status_code == 401


def test_a_token_without_the_scope_for_this_service_is_refused(small_hub):
    """Also when its owner teaches."""
    token = small_hub.hub.token("ines", ["read:users:name!user", "read:users:groups!user"])
    answer = requests.get(
        small_hub.prefix + "api/attempts", headers={"Authorization": f"token {token}"}, timeout=30
    )
    assert answer.status_code == 403


@pytest.mark.parametrize("role", ["student", "instructor", "outsider"])
@pytest.mark.parametrize("route", [pytest.param(route, id=TABLE[route].path) for route in TABLE])
def test_a_token_of_jupyterlab_opens_own_marks_and_nothing_else(small_hub, route: str, role: str):
    """Whoever's it is, and whatever the request; an outsider cannot even be given one."""
    line = TABLE[route]
    path = line.path.format(attempt=small_hub.numbers["ada"], version=small_hub.version)
    headers = {"Authorization": f"token {small_hub.lab_tokens[role]}"}
    for method in METHODS:
        answer = requests.request(
            method, small_hub.prefix + path, headers=headers, allow_redirects=False, timeout=30
        )
        if route in OPEN:
            assert answer.status_code == expected(route, method, "student")
        elif route == OWN_MARKS and role != "outsider":
            assert answer.status_code == expected(route, method, "student")
            assert method != "GET" or answer.json()["student"] == WHO[role]
        else:
            assert answer.status_code == 403, method


def test_a_service_does_not_stand_for_the_student_of_its_name(small_hub):
    """A hub's service called like a student sees nothing of theirs."""
    headers = {"Authorization": f"token {small_hub.tokens['namesake']}"}
    for path in ("api/attempts", f"api/attempts/{small_hub.numbers['ada']}", "attempts/1"):
        answer = requests.get(small_hub.prefix + path, headers=headers, timeout=30)
        assert answer.status_code == 403


def test_attempts_of_others_and_attempts_that_are_not_there_look_the_same(small_hub):
    """The answer does not tell whether there is one."""
    headers = {"Authorization": f"token {small_hub.tokens['other']}"}
    answers = [
        requests.get(f"{small_hub.prefix}api/attempts/{number}", headers=headers, timeout=30)
        for number in (small_hub.numbers["ada"], 999_999, 10**8)
    ]
    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert len({answer.text for answer in answers}) == 1


def test_the_login_leads_back_to_the_page_that_was_asked_for(small_hub):
    """After the form, the browser is where it wanted to be."""
    _, answer = small_hub.hub.sign_in("bela", "assignments/multilayer_perceptrons")
    assert answer.url == small_hub.prefix + "assignments/multilayer_perceptrons"
    assert answer.status_code == 200
