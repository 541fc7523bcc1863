"""Every attack of the corpus, between two honest students, graded by `autograder grade`.

The attacks of one group are graded as one class, once. Each test then examines one submission of it
and what the watcher saw meanwhile.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from autograder.course.config import load_config
from autograder.sandbox import doctor
from autograder.sandbox.inside import policy
from tests.security.classes import LIMITS, REACHED, Prepared, Run, grade_group, make_course
from tests.security.corpus import ATTACKS, SMUGGLED, Attack, groups

GROUPS = groups()
WITHIN_S = {"many": 480.0, "memory": 120.0, "time": 120.0}
"""Seconds that a whole class may take, on a busy machine; other groups get 60 s."""
SLACK_S = 6.0
"""Seconds beyond the wall limit: the work on a file before and after, on a busy machine."""
PRIVATE = ("assert_agrees", "tests/hidden", "reference.py", "/course/", "pytest.mark")
"""Texts that no page or notebook of a student may contain: source and places of the suites."""
GRADER_MIB = 700
"""Most memory of one of the grader's own processes, whatever is submitted."""


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """The course that all classes copy."""
    finding = doctor.examine(policy.FULL)
    if not finding.holds:
        pytest.skip(f"the full tier does not hold here: {finding.reason}")
    return make_course(tmp_path_factory.mktemp("prepared") / "course")


@pytest.fixture(scope="session")
def graded(
    prepared: Prepared, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Callable[[str], Run]]:
    """Grades those of a group that this run examines, the first time that it is asked for."""
    runs: dict[str, Run] = {}
    params = [getattr(item, "callspec", None) for item in request.session.items]
    chosen = [one.params["attack"] for one in params if one and "attack" in one.params]

    def run_of(group: str) -> Run:
        if group not in runs:
            folder = tmp_path_factory.mktemp(group)
            folder.chmod(0o755)
            within_s = WITHIN_S.get(group, 60.0)
            attacks = [attack for attack in GROUPS[group] if attack in chosen]
            runs[group] = grade_group(prepared, folder, attacks, within_s)
        return runs[group]

    yield run_of
    for run in runs.values():
        shutil.rmtree(run.course.parent, ignore_errors=True)


def _name(attack: Attack) -> str:
    return f"{attack.goal}-{attack.name}"


def _param(attack: Attack) -> object:
    return pytest.param(attack, id=_name(attack))


@pytest.mark.wide(rows=45, always=[_name(one) for one in ATTACKS if one.group != "many"])
@pytest.mark.parametrize("attack", [_param(attack) for attack in ATTACKS])
def test_attack(attack: Attack, graded: Callable[[str], Run]) -> None:
    """No unearned mark, nothing read, bounded time, and both neighbours graded in full."""
    run = graded(attack.group)
    assert run.exit_code is not None, f"the class had to be stopped after {run.wall_s:.0f} s"
    assert run.exit_code in (0, 1), run.errors
    assert run.rows, run.errors
    problems = [*marks(attack, run), *secrets_out(attack, run), *active_content(attack, run)]
    problems += [
        problem for name in run.neighbours(attack) for problem in unfair(name, attack, run)
    ]
    assert not problems, "\n".join(problems)


def marks(attack: Attack, run: Run) -> Iterator[str]:
    """What is wrong with the mark, status, verdicts and time of an attack."""
    row = run.rows.get((run.student(attack), attack.lab))
    if row is None:
        yield f"no report; the command said {run.errors[-600:]}"
        return
    if row["score"] is None and "unclear" not in attack.statuses:
        yield f"the mark is withheld: {row['reason'] or [c['message'] for c in row['checks']]}"
    elif (row["score"] or 0.0) > attack.most:
        yield f"{row['score']} points, of which {attack.most} may be earned: {_passed(row)}"
    if row["status"] not in attack.statuses:
        yield f"status {row['status']!r}: {row['reason']}"
    verdicts = {check["verdict"] for check in row["checks"]}
    if "BROKEN" in verdicts or (attack.verdicts and not verdicts <= set(attack.verdicts)):
        yield f"verdicts {sorted(verdicts)}"
    if row["wall_s"] > 2 * (LIMITS["submission_wall_s"] + LIMITS["own_cells_wall_s"]) + SLACK_S:
        yield f"it took {row['wall_s']:.1f} s"


def _passed(row: dict) -> list[str]:
    return [check["name"] for check in row["checks"] if check["points"]]


def secrets_out(attack: Attack, run: Run) -> Iterator[str]:
    """Secrets and hidden inputs that came out in what this student is shown."""
    name = run.student(attack)
    texts = {"report": json.dumps(run.rows.get((name, attack.lab), ""))}
    for page in (run.course / "feedback" / name).rglob("*.html"):
        texts["page"] = page.read_text()
    shown = dict(texts)
    for path in (run.course / "autograded" / name).rglob("*.ipynb"):
        shown["autograded"] = path.read_text()
        texts["outputs"] = json.dumps(_outputs(path))
    for where, text in shown.items():
        yield from (f"{where}: secret of the {p}" for p, s in run.secrets.items() if s in text)
    for where, text in texts.items():
        yield from (f"{where}: {word}" for word in (REACHED, SMUGGLED, "77777") if word in text)
        yield from (f"{where}: {word}" for word in ("canary-notebook", "Traceback") if word in text)
    for where in ("page", "outputs"):
        said = texts.get(where, "")
        yield from (f"{where}: suite or path {word!r}" for word in PRIVATE if word in said)


def _outputs(path: Path) -> list:
    cells = json.loads(path.read_text())["cells"]
    return [{k: v for k, v in cell.items() if k != "source"} for cell in cells]


class Active(HTMLParser):
    """Collects what a page could run or load."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at one element."""
        if tag in ("script", "iframe", "object", "embed", "base"):
            self.found.append(f"<{tag}>")
        for name, value in attrs:
            link = (value or "").strip().lower()
            if name.startswith("on") or link.startswith(("javascript:", "data:text", "//", "http")):
                self.found.append(f"<{tag} {name}={link[:40]}>")


def active(html: str) -> list[str]:
    """What of a page is active."""
    parser = Active()
    parser.feed(html)
    return parser.found


def active_content(attack: Attack, run: Run) -> Iterator[str]:
    """Scripts in the pages and notebooks that come from this student."""
    name = run.student(attack)
    for page in (run.course / "feedback" / name).rglob("*.html"):
        yield from (f"feedback page: {found}" for found in active(page.read_text()))
    for path in (run.course / "autograded" / name).rglob("*.ipynb"):
        for cell in json.loads(path.read_text())["cells"]:
            kinds = {k for o in cell.get("outputs", []) for k in o.get("data", {})} - {"text/plain"}
            if kinds or "attachments" in cell:
                yield f"autograded notebook: {kinds or 'an attachment'}"
        if attack.goal == "X":
            yield from (f"as formgrader shows it: {found}" for found in _as_formgrader(run, path))


def _as_formgrader(run: Run, path: Path) -> list[str]:
    """Active content in a notebook that is rendered with the course's configuration."""
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(config=load_config(run.course), template_name="basic")
    try:
        html, _ = exporter.from_filename(str(path))
    except Exception as error:
        return [f"it cannot be shown at all: {type(error).__name__}: {error}"]
    return [found for found in active(html) if "alert" in found or found == "<script>"]


def unfair(name: str, attack: Attack, run: Run) -> Iterator[str]:
    """What an honest neighbour suffered."""
    row = run.rows.get((name, attack.lab))
    if row is None:
        yield f"neighbour {name}: no report"
    elif row["score"] != row["max_score"] or row["notes"]:
        seen = sorted({check["verdict"] for check in row["checks"]})
        yield f"neighbour {name}: {row['score']} of {row['max_score']}, {seen}, {row['notes']}"


# The class as a whole ---------------------------------------------------------------


@pytest.mark.parametrize("group", GROUPS)
def test_nothing_written_outside(group: str, graded: Callable[[str], Run]) -> None:
    """The course's files are as they were, and nobody has given marks by hand."""
    run = graded(group)
    assert run.changed == []
    with sqlite3.connect(run.course / "gradebook.db") as book:
        assert book.execute("select count(*) from grade where manual_score > 0").fetchone() == (0,)


@pytest.mark.parametrize("group", GROUPS)
def test_nothing_left_behind(group: str, graded: Callable[[str], Run]) -> None:
    """No file and no process of an attack outlives the grading."""
    run = graded(group)
    assert run.exit_code is not None, "the class had to be stopped, so nobody could tidy up"
    assert run.left == []


@pytest.mark.parametrize("group", GROUPS)
def test_nothing_reached(group: str, graded: Callable[[str], Run]) -> None:
    """A listener on this machine hears nothing."""
    assert graded(group).connections == 0


@pytest.mark.parametrize("group", GROUPS)
def test_grader_stays_small(group: str, graded: Callable[[str], Run]) -> None:
    """The grader's own processes need no more memory than they would for honest work."""
    assert graded(group).grader_mib < GRADER_MIB


@pytest.mark.parametrize("group", GROUPS)
def test_class_page(group: str, graded: Callable[[str], Run]) -> None:
    """The instructor's page runs nothing, loads nothing and tells no secret."""
    run = graded(group)
    page = (run.course / "reports" / "class.html").read_text()
    assert active(page) == []
    assert not [where for where, secret in run.secrets.items() if secret in page]
    assert SMUGGLED not in page


def test_corpus_is_complete() -> None:
    """There are attacks of every goal, more than ninety of them, each with a name of its own."""
    assert len(ATTACKS) >= 90
    assert {attack.goal for attack in ATTACKS} == set("MLWNHPBX")
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS)
