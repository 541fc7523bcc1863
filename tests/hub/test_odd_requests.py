"""Whatever somebody sends: a clear 4xx, never a 500, and the service goes on."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
import requests

from .small_class import ASSIGNMENTS

FIRST, _ = ASSIGNMENTS
DEEP = b"[" * 20_000
BODIES = {
    "empty": b"",
    "not-json": b"hello",
    "list": b"[]",
    "number": b"3",
    "null": b"null",
    "not-a-number": b"NaN",
    "cut": b'{"assignment": "',
    "deep-list": DEEP,
    "deep-object": b'{"a":' * 9_000,
    "deep-closed": b"[" * 9_000 + b"]" * 9_000,
    "deep-value": b'{"student": ' + b"[" * 9_000 + b"]" * 9_000 + b"}",
    "many-digits": b'{"student": ' + b"9" * 9_000 + b"}",
    "not-utf-8": b'{"assignment": "\xff\xfe"}',
    "utf-16": '{"assignment": "x"}'.encode("utf-16"),
    "mark-of-order": b"\xef\xbb\xbf{}",
    "null-bytes": b"\0" * 100,
    "assignment-number": b'{"assignment": 3}',
    "assignment-null": b'{"assignment": null}',
    "student-list": json.dumps({"assignment": FIRST, "student": ["ada"]}).encode(),
    "student-object": json.dumps({"assignment": FIRST, "student": {}}).encode(),
    "student-false": json.dumps({"assignment": FIRST, "student": False}).encode(),
    "student-surrogate": json.dumps({"assignment": FIRST, "student": "\ud800"}).encode(),
    "student-pair-turned": json.dumps({"assignment": FIRST, "student": "\udc00\ud800"}).encode(),
    "student-null-character": json.dumps({"assignment": FIRST, "student": "a\0b"}).encode(),
    "student-long": json.dumps({"assignment": FIRST, "student": "a" * 30_000}).encode(),
    "student-unknown": json.dumps({"assignment": FIRST, "student": "nobody"}).encode(),
    "student-of-sql": json.dumps({"assignment": FIRST, "student": "' OR 1=1 --"}).encode(),
    "assignment-surrogate": b'{"assignment": "\\ud800"}',
    "assignment-unknown": b'{"assignment": "x"}',
    "assignment-missing": b'{"student": "ada"}',
    "name-misspelt": json.dumps({"assignment": FIRST, "studnt": "ada"}).encode(),
    "name-twice": b'{"assignment": "%b", "student": "ada", "student": ""}' % FIRST.encode(),
    "name-twice-alike": b'{"assignment": "%b", "assignment": "x"}' % FIRST.encode(),
    "ruling-twice": b'{"ruling": "aside", "ruling": ""}',
    "ruling-unknown": b'{"ruling": "yes"}',
    "ruling-number": b'{"ruling": 1}',
    "ruling-surrogate": b'{"ruling": "\\ud800"}',
    "name-surrogate": json.dumps({"assignment": FIRST, "\ud800": ""}).encode(),
}
ODD = {
    "surrogate": "%ED%A0%80",
    "not-utf-8": "%FF%FE",
    "null-character": "%00",
    "half-an-escape": "%",
    "long": "a" * 5_000,
    "path": "..%2F..%2Fetc%2Fpasswd",
    "markup": "%3Cscript%3E",
    "line-feeds": "a%0D%0AX-Odd:%201",
    "emoji": "%F0%9F%A6%84",
    "negative": "-1",
    "many-digits": "9" * 40,
    "arabic-digits": "%D9%A1%D9%A2",
}
PATHS = (
    "{}",
    "assignments/{}",
    "attempts/{}",
    "attempts/1/feedback/{}",
    "class/regrade/{}",
    "api/attempts/{}",
    "api/regrade/{}",
    "static/{}/live.js",
    "static/x/{}",
    "class?student={}",
    "class?state={}",
    "class?page={}",
    "class?assignment={}",
    "class?{}={}",
    "class/queue?x={}",
    "class/insight?assignment={}",
    "class/marks.csv?assignment={}",
    "class/regrade?assignment={}&student={}",
    "api/attempts?student={}",
    "api/attempts?assignment={}",
    "healthz?{}",
    "oauth_callback?code={}&state={}",
)


@pytest.fixture(scope="module", autouse=True)
def still_well(small_hub) -> Iterator[None]:
    """After all of this, the service answers and has written down no fault."""
    yield
    assert requests.get(f"{small_hub.prefix}healthz", timeout=30).json()["ok"] is True
    assert "Uncaught exception" not in small_hub.hub.log


@pytest.fixture(scope="module")
def direct(small_hub) -> str:
    """The service's own address: the hub's proxy refuses some addresses by itself, with a 500."""
    config = (small_hub.hub.folder / "jupyterhub_config.py").read_text()
    found = re.search(r"'name': 'grading', 'url': '([^']+)'", config)
    assert found
    return f"{found[1]}/services/grading/"


def headers(small_hub) -> dict[str, str]:
    """Those of an instructor's program."""
    return {"Authorization": f"token {small_hub.tokens['instructor']}"}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize(
    "path", ["api/regrade", "api/regrade/999999", "api/attempts", "api/attempts/1/ruling"]
)
def test_odd_bodies(small_hub, path: str, body: bytes):
    """What cannot be understood is 400, what does not exist 404; each says what is wrong."""
    answer = requests.post(
        small_hub.prefix + path, data=body, headers=headers(small_hub), timeout=30
    )
    allowed = {"api/regrade": (400, 404), "api/attempts/1/ruling": (400, 409)}
    assert answer.status_code in allowed.get(path, (404, 405))
    assert len(answer.json()["message"]) > 10


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
@pytest.mark.parametrize("path", PATHS)
def test_odd_addresses(small_hub, direct: str, path: str, odd: str):
    """In every place of every address: never a fault of ours, and nothing of it in a header."""
    url = direct + path.replace("{}", odd)
    answer = requests.get(url, headers=headers(small_hub), allow_redirects=False, timeout=30)
    assert answer.status_code < 500, answer.text
    assert "X-Odd" not in answer.headers
    if answer.status_code >= 400 and "json" in answer.headers.get("Content-Type", ""):
        assert answer.json()["message"]


@pytest.mark.parametrize("kind", ["", "application/json", "multipart/form-data", "text/plain"])
@pytest.mark.parametrize(
    "path", ["class/regrade", "class/regrade/999999", "class", "attempts/1/decide", "events"]
)
def test_odd_forms(small_hub, path: str, kind: str):
    """A page's form that is none is refused like a bad body of the API."""
    for body in (b"", b"\0\xff", b"student=%FF&assignment=%00", b"--x\r\n\r\n--x--", DEEP):
        answer = requests.post(
            small_hub.prefix + path,
            data=body,
            headers={**headers(small_hub), "Content-Type": kind},
            timeout=30,
        )
        assert 400 <= answer.status_code < 500, (body[:20], answer.status_code, answer.text)


@pytest.mark.parametrize("mib", [1, 20])
def test_a_huge_body(small_hub, mib: int):
    """It is refused while it is sent, by a 4xx or a closed connection."""
    try:
        answer = requests.post(
            f"{small_hub.prefix}api/regrade",
            data=b"x" * (mib << 20),
            headers=headers(small_hub),
            timeout=30,
        )
        assert 400 <= answer.status_code < 500 or answer.status_code == 503, answer.status_code
    except requests.ConnectionError:
        pass
