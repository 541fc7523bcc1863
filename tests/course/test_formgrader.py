"""nbgrader's formgrader on a graded class: its pages load, and show our marks."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from engine.hostile_text import HOSTILE

from autograder.authoring.demo import CLASS, make_class
from autograder.course.model import Course

from .conftest import autograder, copy_of

TOKEN = "only-for-this-test"
STUDENT = CLASS[0].name
START_S = 90
HTML_MIME = {"raw_mimetype": "text/html"}
"""By which nbconvert puts a raw cell into the page as it is."""

pytestmark = pytest.mark.slow


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def graded(built, tmp_path_factory) -> Course:
    """One student's work, graded."""
    course = copy_of(built, tmp_path_factory.mktemp("formgrader") / "course")
    make_class(course, (CLASS[0], CLASS[7]))
    path = course.root / "submitted" / STUDENT / "multilayer_perceptrons" / "multilayer.ipynb"
    content = json.loads(path.read_text())
    content["cells"] += [
        {"cell_type": kind, "id": f"own-{kind}-{number}", "metadata": HTML_MIME, "source": text}
        for kind in ("markdown", "raw")
        for number, text in enumerate([*HOSTILE, "my own words"])
    ]
    path.write_text(json.dumps(content))
    ran = autograder(
        "grade", "multilayer_perceptrons", "--student", STUDENT, "--json", course=course.root
    )
    assert ran.code == 0, ran.err
    return course


@pytest.fixture(scope="module")
def get(graded, tmp_path_factory):
    """Fetch a page of a Jupyter server with the formgrader extension, run in the course."""
    private = tmp_path_factory.mktemp("jupyter")
    port = free_port()
    folders = ("HOME", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
    scripts = str(Path(sys.executable).parent)
    environment = {
        **os.environ,
        **{name: str(private / name.lower()) for name in folders},
        "PATH": os.pathsep.join([scripts, os.environ.get("PATH", "")]),
    }
    for name in folders:
        Path(environment[name]).mkdir()
    extensions = {"jpserver_extensions": {"nbgrader.server_extensions.formgrader": True}}
    config = private / "jupyter_config_dir" / "jupyter_server_config.json"
    config.write_text(json.dumps({"ServerApp": extensions}))
    command = [
        *(sys.executable, "-m", "jupyter_server", "--allow-root", "--no-browser"),
        *("--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0"),
        f"--IdentityProvider.token={TOKEN}",
        f"--ServerApp.root_dir={graded.root}",
    ]
    with (private / "log").open("w") as log:
        server = subprocess.Popen(
            command, cwd=graded.root, env=environment, stdout=log, stderr=subprocess.STDOUT
        )

    def fetch(path: str) -> str:
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}{path}", headers={"Authorization": f"token {TOKEN}"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read().decode()

    deadline = time.monotonic() + START_S
    try:
        while True:
            try:
                fetch("/api/status")
                break
            except (urllib.error.URLError, ConnectionError):
                said = (private / "log").read_text()[-2000:]
                assert server.poll() is None, said
                assert time.monotonic() < deadline, said
                time.sleep(0.3)
        fetch.address = f"http://127.0.0.1:{port}"
        yield fetch
    finally:
        server.terminate()
        server.wait(20)


def test_assignments_page_and_list(get):
    """The assignments page loads, and its list knows all three with their points."""
    assert "formgrader" in get("/formgrader/manage_assignments")
    listed = {one["name"]: one for one in json.loads(get("/formgrader/api/assignments"))}
    assert {name: one["max_score"] for name, one in listed.items()} == {
        "gradient_descent": 40,
        "multilayer_perceptrons": 15,
        "backpropagation": 45,
    }
    assert listed["multilayer_perceptrons"]["average_score"] == 15


def test_a_graded_submission_loads(get):
    """The gradebook's pages load down to the submission, which shows checks and scores."""
    assert "formgrader" in get("/formgrader/gradebook")
    listed = json.loads(
        get("/formgrader/api/submitted_notebooks/multilayer_perceptrons/multilayer")
    )
    (one,) = [row for row in listed if row.get("id")]
    assert (one["score"], one["max_score"], one["needs_manual_grade"]) == (15, 15, False)
    page = get(f"/formgrader/submissions/{one['id']}/")
    assert "test_forward_batch" in page
    assert "Sorry, NbGrader is not set up correctly" not in page
    grades = json.loads(get(f"/formgrader/api/grades?submission_id={one['id']}"))
    assert {grade["name"]: grade["auto_score"] for grade in grades} == {
        "test_init_weights": 2,
        "test_hidden_input": 3,
        "test_column_vector": 2,
        "test_hidden_input_column": 2,
        "test_forward": 4,
        "test_forward_batch": 2,
    }


def test_a_students_text_runs_and_loads_nothing(get):
    """Every hostile text in cells of one student: opened and clicked, nothing happens."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("needs a browser: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    listed = json.loads(
        get("/formgrader/api/submitted_notebooks/multilayer_perceptrons/multilayer")
    )
    (one,) = [row for row in listed if row.get("id")]
    troubles: list[str] = []
    sent: list[str] = []
    with sync_playwright() as playwright:
        flags = ["--headless", "--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        page = browser.new_page()
        page.on("dialog", lambda dialog: (troubles.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: sent.append(request.url))
        page.route(lambda url: not url.startswith(get.address), lambda route: route.abort())
        page.goto(f"{get.address}/formgrader/submissions/{one['id']}/?token={TOKEN}")
        page.get_by_text("my own words").first.wait_for()
        page.evaluate(
            """() => document.querySelectorAll('.rendered_html *').forEach(e => {
                 e.dispatchEvent(new MouseEvent('mouseover', {bubbles: true}));
                 if (!/^https?:|^mailto:/.test(e.getAttribute('href') || '')) e.click?.();
               })"""
        )
        page.wait_for_timeout(500)
        browser.close()
    assert not troubles
    assert not [url for url in sent if "evil" in url or "logout" in url]


def test_the_button_grades_a_submission(get):
    """The *Autograde* button grades in this server's process, and the mark is the same."""
    request = urllib.request.Request(
        f"{get.address}/formgrader/api/submission/multilayer_perceptrons/{STUDENT}/autograde",
        data=b"",
        headers={"Authorization": f"token {TOKEN}"},
    )
    with urllib.request.urlopen(request, timeout=120) as answer:
        told = json.loads(answer.read())
    assert told["success"], told
    listed = json.loads(
        get("/formgrader/api/submitted_notebooks/multilayer_perceptrons/multilayer")
    )
    assert [row["score"] for row in listed if row.get("id")] == [15]
