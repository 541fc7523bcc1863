"""`autograder serve`: what it says when it cannot, how it starts, and how it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
import requests

from autograder.errors import CourseError
from autograder.service.web.app import Place

GIVEN = {
    "JUPYTERHUB_API_TOKEN": "secret",
    "JUPYTERHUB_SERVICE_PREFIX": "/services/grading/",
    "JUPYTERHUB_SERVICE_URL": "http://127.0.0.1:18090",
}


def serve(
    *arguments: str, before: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run `autograder serve` without a hub, to its end."""
    code = f"import sys\n{before}\nfrom autograder.cli import main\nmain()"
    clean = {name: text for name, text in os.environ.items() if not name.startswith("JUPYTERHUB_")}
    return subprocess.run(
        [sys.executable, "-c", code, "serve", *arguments],
        env={**clean, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_help_teaches():
    """Whoever reads it knows what to write into the hub's configuration."""
    text = serve("--help").stdout
    for word in ("c.JupyterHub.services", "formgrade-", "healthz", "read:metrics", "SIGTERM"):
        assert word in text


@pytest.mark.parametrize("package", ["jupyterhub", "tornado", "prometheus_client", "watchdog"])
def test_a_missing_package_is_named_with_its_remedy(package: str, course):
    """No traceback: the package, and the command that installs it."""
    done = serve("--course", str(course.root), before=f"sys.modules[{package!r}] = None")
    assert done.returncode == 2
    assert f"{package}" in done.stderr
    assert "pip install 'nbassay[hub]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_hub_it_says_who_starts_it(course):
    """The missing variables, and what sets them."""
    done = serve("--course", str(course.root))
    assert done.returncode == 2
    assert "JUPYTERHUB_SERVICE_URL" in done.stderr
    assert "c.JupyterHub.services" in done.stderr


def test_without_a_course_it_says_where_one_is_sought(tmp_path: Path):
    """Like every command."""
    done = serve("--course", str(tmp_path), **GIVEN)
    assert done.returncode == 2
    assert "course_config.py" in done.stderr


def test_a_place_is_what_the_hub_says():
    """Host, port and prefix of the environment."""
    place = Place.of(GIVEN)
    assert (place.host, place.port, place.prefix) == ("127.0.0.1", 18090, "/services/grading/")


@pytest.mark.parametrize("missing", GIVEN)
def test_a_missing_variable_is_named(missing: str):
    """Each of those that are needed."""
    with pytest.raises(CourseError, match=missing):
        Place.of({**GIVEN, missing: ""})


def test_an_address_without_a_port_is_refused():
    """It would be anybody's guess."""
    with pytest.raises(CourseError, match="host and port"):
        Place.of({**GIVEN, "JUPYTERHUB_SERVICE_URL": "http://127.0.0.1"})


@pytest.fixture
def second(small_hub, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A service of the hub that this test started itself, and that answers."""
    command = [sys.executable, "-m", "autograder", "serve"]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--course", str(small_hub.course.root)],
            env={**os.environ, **small_hub.second},
            stdout=log,
            stderr=log,
        )
    ends = time.monotonic() + 60
    while time.monotonic() < ends and process.poll() is None:
        with suppress(requests.ConnectionError):
            if requests.get(small_hub.second_url + "healthz", timeout=5).status_code == 200:
                break
        time.sleep(0.1)
    else:
        pytest.fail((tmp_path / "log").read_text())
    yield process
    process.kill()
    process.wait()


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT], ids=["term", "int"])
def test_it_ends_cleanly_when_told(small_hub, second, ending: signal.Coordination):
    """A stream comes to its proper end, the process to exit code 0, the port is free again."""
    headers = {"Authorization": f"token {small_hub.tokens['student']}"}
    url = small_hub.second_url
    with requests.get(url + "events", headers=headers, stream=True, timeout=30) as answer:
        lines = answer.iter_lines(chunk_size=1)
        assert next(lines).startswith(b"retry")
        second.send_signal(ending)
        for _ in lines:
            pass  # whatever was still to be told; a cut connection would raise
    assert second.wait(30) == 0
    with pytest.raises(requests.ConnectionError):
        requests.get(url + "healthz", timeout=5)


def test_a_port_that_is_taken_is_named(course):
    """One line that says where, and no traceback."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        done = serve("--course", str(course.root), **{**GIVEN, "JUPYTERHUB_SERVICE_URL": address})
    assert done.returncode == 2
    assert address.removeprefix("http://") in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def started(small_hub, door: socket.socket, log: Path) -> subprocess.Popen[bytes]:
    """A service of the hub whose door somebody else holds."""
    port = door.getsockname()[1]
    environment = {**os.environ, **small_hub.second}
    environment["JUPYTERHUB_SERVICE_URL"] = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "autograder", "serve", "--course"]
    with log.open("ab") as out:
        return subprocess.Popen(
            [*command, str(small_hub.course.root)],
            env=environment,
            stdin=door,
            stdout=out,
            stderr=out,
        )


def test_whoever_asks_while_it_is_started_again_waits(small_hub, tmp_path):
    """Killed, with its door held: the next request is answered by the next process, no error."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        url = f"http://127.0.0.1:{door.getsockname()[1]}/services/second/healthz"
        first = started(small_hub, door, tmp_path / "log")
        try:
            assert "ok" in requests.get(url, timeout=120).json()
            # Neither its workers nor its sandboxes have it.
            assert Path(f"/proc/{first.pid}/fd/0").readlink() == Path("/dev/null")
            for child in psutil.Process(first.pid).children(recursive=True):
                assert door.getsockname()[1] not in [
                    one.laddr.port for one in child.net_connections() if one.laddr
                ]
        finally:
            first.kill()
            first.wait()
        with ThreadPoolExecutor() as asking:
            answer = asking.submit(requests.get, url, timeout=120)
            time.sleep(0.5)
            assert not answer.done()
            second = started(small_hub, door, tmp_path / "log")
            try:
                assert answer.result().status_code in (200, 503)
                assert "ok" in answer.result().json()
            finally:
                second.terminate()
        assert second.wait(30) == 0
