"""The service on an nbgrader course as it is: its tests cells give the marks, on arrival."""

import json

import pytest

from autograder.batch.existing import made_ready
from autograder.course.model import Course
from tests.existing.course import ASSIGNMENT, NOTEBOOK, answers, gradebook, write_course
from tests.existing.exercises import EXERCISES

from .exchange import AS_ROOT, SHORT_S, Exchange, serving, settled, tier

FEW = [one for one in EXERCISES if one.name in {"number", "class", "source", "reads_file"}]


@pytest.fixture
def course(tmp_path):
    """A compiled nbgrader course with its exchange."""
    settings = "".join(f"c.GradingService.{k} = {v!r}\n" for k, v in SHORT_S.items())
    settings += f"c.Exchange.root = {str(tmp_path / 'exchange')!r}\n"
    settings += "c.CourseDirectory.course_id = 'ten-years'\n"
    settings += "" if AS_ROOT else "c.GradingService.check_owner = False\n"
    root = write_course(tmp_path / "course", FEW, config=settings)
    loaded = Course.load(root)
    return made_ready(loaded, [ASSIGNMENT], tier(), again=True)


def work(course: Course, which: int | None) -> bytes:
    """A notebook with right answers, or with wrong ones."""
    chosen = answers(FEW, which)
    notebook = json.loads((course.folder("release") / ASSIGNMENT / f"{NOTEBOOK}.ipynb").read_text())
    for node in notebook["cells"]:
        name = node["metadata"].get("nbgrader", {}).get("grade_id")
        node["source"] = chosen.get(name, node["source"])
    return json.dumps(notebook).encode()


def test_what_arrives_is_graded_by_its_tests_cells(course):
    """Each attempt; the latest one's marks are in nbgrader's gradebook, and its page is there."""
    exchange = Exchange(course)
    exchange.inbound.mkdir(parents=True)
    exchange.inbound.chmod(0o2733)
    exchange.root.chmod(0o1777)
    with serving(course) as service:
        for count, which in enumerate((0, None), start=1):
            folder = exchange.begin("games", assignment=ASSIGNMENT)
            exchange.write(folder, "games", {f"{NOTEBOOK}.ipynb": work(course, which)})
            exchange.complete(folder, "games")
            settled(service, count)
        first, second = settled(service, 2)
        assert (first.score, second.score, second.max_score) == (0.0, 8.0, 8.0)
        [report] = service.attempts.reports(second.id)
        assert set(report.ways.values()) == {"value", "handle", "inside"}
        assert service.status()["ok"], service.status()
    marks = {name: row[0] for (_, name), row in gradebook(course.root).items() if len(row) > 1}
    assert marks == {f"test_{one.name}": 2.0 for one in FEW}
    place = f"games/{ASSIGNMENT}/{NOTEBOOK}"
    assert (course.folder("feedback") / f"{place}.html").is_file()
    assert (course.folder("autograded") / f"{place}.ipynb").is_file()
