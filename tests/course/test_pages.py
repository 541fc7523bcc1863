"""Pages in a real browser with the network off: no complaint, nothing asked of the network."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
AUTOGRADER = str(Path(sys.executable).with_name("autograder"))
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A feedback page of a notebook with a mistake in it, as `check --feedback` writes it."""
    from autograder.authoring import samples
    from autograder.checks.catalogue import load_catalogue
    from autograder.course.model import Course

    course = Course.load(ROOT)
    lab = course.labs[0]
    catalogue = load_catalogue(course.hidden, lab.assignment)
    mistake = next(m for m in catalogue.mistakes if m.grade_cell == "test_weight_step")
    folder = tmp_path_factory.mktemp("page")
    attempt = folder / f"{lab.name}.ipynb"
    attempt.write_bytes(samples.notebook(lab, samples.with_examples(lab, [mistake])))
    out = folder / "page.html"
    command = [AUTOGRADER, "check", str(attempt), "--course", str(ROOT), "--feedback", str(out)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return out


def browse(page, folder, width):
    """Open a page headless: the document, what the console said, and addresses asked for."""
    log = folder / "net.json"
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"]
    options += ["--disable-background-networking", "--disable-component-update", "--disable-quic"]
    options += [f"--user-data-dir={folder / 'profile'}", f"--log-net-log={log}"]
    options += ["--proxy-server=127.0.0.1:9", f"--window-size={width},1200"]
    options += ["--enable-logging=stderr", "--dump-dom", page.as_uri()]
    done = subprocess.run([CHROMIUM, *options], capture_output=True, text=True, timeout=120)
    said = [line for line in done.stderr.splitlines() if ":CONSOLE" in line]
    asked = [
        event["params"]["url"]
        for event in json.loads(log.read_text(encoding="utf-8", errors="replace"))["events"]
        if "url" in event.get("params", {})
    ]
    return done.stdout, said, asked


@pytest.mark.parametrize("width", [1200, 375], ids=["desktop", "phone"])
def test_the_feedback_page_is_quiet_and_asks_for_nothing(page, tmp_path, width):
    """No console message, and no request to anywhere on behalf of the page."""
    document, said, asked = browse(page, tmp_path, width)
    assert "weight_step" in document
    assert said == []
    # The browser's own services may try; the page itself knows no address at all.
    text = page.read_text(encoding="utf-8")
    assert "http://" not in text.replace("http://www.w3.org/", "")
    assert "https://" not in text
    assert not [url for url in asked if url.startswith("file:") and url != page.as_uri()]


def test_a_page_that_would_load_something_is_noticed(page, tmp_path):
    """The test above can fail: a picture from elsewhere is refused loudly by the page's policy."""
    loud = tmp_path / "loud.html"
    text = page.read_text(encoding="utf-8")
    loud.write_text(text.replace("</body>", '<img src="other.png"></body>'), encoding="utf-8")
    _, said, _ = browse(loud, tmp_path, 1200)
    assert any("Content Security Policy" in line for line in said)
