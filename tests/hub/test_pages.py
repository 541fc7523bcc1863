"""What pages and API say about the class in the store, asked through the hub like anybody would."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from datetime import UTC, datetime, timedelta
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families
from schemas import faults

from autograder.class_report import tally
from autograder.class_report.csv_export import PARTS, marks_csv
from autograder.feedback.templating import templates
from autograder.report import Graded
from autograder.service.store.attempt import Allowance
from autograder.service.words import gap

from .exchange import until
from .small_class import ASSIGNMENTS, STUDENTS

FIRST, SECOND = ASSIGNMENTS


class Words(HTMLParser):
    """A page as its reader sees it: words, and the elements with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text, self.elements = "", []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Note words; tables and lists end a word."""
        self.text = " ".join(f"{self.text} {data}".split())

    def links(self) -> list[str]:
        """Where the page leads to."""
        return [str(attrs.get("href")) for tag, attrs in self.elements if tag == "a"]


def get(small_hub, role: str, path: str) -> requests.Response:
    """What a page gives somebody who is signed in."""
    answer = small_hub.sessions[role].get(small_hub.prefix + path, timeout=30)
    assert answer.status_code == 200, f"{path}: {answer.status_code}"
    return answer


def page(small_hub, role: str, path: str) -> Words:
    """A page as its reader sees it."""
    return Words(get(small_hub, role, path).text)


def api(small_hub, role: str, path: str) -> Any:
    """What the API gives."""
    headers = {"Authorization": f"token {small_hub.tokens[role]}"}
    answer = requests.get(f"{small_hub.prefix}api/{path}", headers=headers, timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.json()


def counted(small_hub, assignment: str = "") -> list[Graded]:
    """The reports of the attempts that give marks, straight from the store."""
    attempts = [one for one in small_hub.store.of("", assignment) if one.counts]
    attempts.sort(key=lambda one: (one.student, one.assignment))
    return [Graded(one.student, r) for one in attempts for r in small_hub.store.reports(one.id)]


def test_a_student_sees_which_attempt_counts_and_why(small_hub):
    """The later one, although both are graded."""
    shown = page(small_hub, "student", f"assignments/{FIRST}").text
    assert "40 of 40 points (counts: your latest)" in shown
    assert "18 of 40 points (does not count: a later one does)" in shown


def test_a_student_sees_every_assignment_and_own_marks_only(small_hub):
    """Those with and without attempts; nothing of anybody else."""
    shown = page(small_hub, "student", "")
    for assignment in small_hub.course.assignments:
        assert small_hub.course.title_of(assignment) in shown.text
        assert "_" not in assignment or assignment not in shown.text
    assert "Nothing submitted yet" in shown.text
    assert not {"bela", "goran", "hana"} & set(shown.text.split())


@pytest.mark.parametrize("path", ["", f"assignments/{SECOND}"])
@pytest.mark.parametrize(("role", "year"), [("student", 2026), ("other", 2105)])
def test_a_student_sees_the_due_date_that_holds_for_them(small_hub, role: str, year: int, path):
    """bela has more time than ada."""
    html = get(small_hub, role, path).text
    dates = re.findall(r'due <time datetime="(\d{4})', html)
    assert dates[-1] == str(year)


def test_who_came_late_reads_so(small_hub):
    """On the first page, the assignment's and the attempt's; only what came late is called so."""
    numbers = {one.assignment: one.id for one in small_hub.store.of("ada") if one.counts}
    for path in ("", f"assignments/{SECOND}"):
        assert "late" in page(small_hub, "student", path).text.split(), path
    assert "late" not in page(small_hub, "student", f"assignments/{FIRST}").text.split()
    for assignment, number in numbers.items():
        shown = page(small_hub, "student", f"attempts/{number}").text
        assert ("It arrived after the due date." in shown) == (assignment == SECOND)
    assert api(small_hub, "student", f"attempts/{numbers[SECOND]}")["late"] is True
    assert api(small_hub, "student", f"attempts/{numbers[FIRST]}")["late"] is False


def test_who_has_more_time_is_not_late(small_hub):
    """The instructor's table calls late who is, by each student's own due date."""
    html = get(small_hub, "instructor", f"class?assignment={SECOND}").text
    rows = html.partition('aria-label="Marks"')[2].split('<th scope="row">')[1:]
    late = {row[row.index("<bdi>") + 5 : row.index("</bdi>")]: ">late<" in row for row in rows}
    assert late == {**{name: name != "bela" for name in STUDENTS}, "zeno": False}


def test_only_what_was_handed_in_can_be_graded_again(small_hub):
    """The form offers the assignments that have attempts."""
    shown = page(small_hub, "instructor", f"class/regrade?assignment={SECOND}")
    options = [attrs for tag, attrs in shown.elements if tag == "option"]
    assert len(options) == len(ASSIGNMENTS) < len(small_hub.course.assignments)
    assert ["selected" in attrs for attrs in options] == [False, True]


def test_an_attempt_leads_to_the_feedback_on_each_notebook(small_hub, reports):
    """So does the first page, in one click; and the feedback says what the grader's report says."""
    for path in (f"attempts/{small_hub.numbers['bela']}", ""):
        shown = page(small_hub, "other", path)
        links = [link for link in shown.links() if "/feedback/" in link and "attempts" in link]
        assert len(links) >= len(reports["bela", FIRST])
        for link, report in zip(links, reports["bela", FIRST], strict=False):
            html = small_hub.sessions["other"].get(small_hub.hub.url + link, timeout=30).text
            feedback = Words(html).text
            title = small_hub.course.title_of(FIRST, report.notebook)
            assert f"Feedback on {title}" in feedback
            for check in report.checks:
                assert check.title in feedback


def test_a_notebook_that_is_not_in_the_attempt_has_no_feedback(small_hub):
    """404, as for anything that is not there."""
    path = f"attempts/{small_hub.numbers['ada']}/feedback/multilayer"
    assert small_hub.sessions["student"].get(small_hub.prefix + path).status_code == 404


def test_feedback_shows_the_submitted_code_beside_each_exercise(small_hub, reports):
    """That of the attempt, of each exercise, to its student and to the instructor."""
    number = small_hub.numbers["bela"]
    attempt = small_hub.store.get(number)
    for report in reports["bela", FIRST]:
        file = small_hub.course.root / attempt.folder / f"{report.notebook}.ipynb"
        own = {
            cell["metadata"].get("nbgrader", {}).get("grade_id"): "".join(cell["source"])
            for cell in json.loads(file.read_bytes())["cells"]
        }
        path = f"attempts/{number}/feedback/{report.notebook}"
        for role, whose in (("other", "Your code"), ("instructor", "Code of bela")):
            html = get(small_hub, role, path).text
            code = [
                unescape(one)
                for one in re.findall(r"<pre[^>]*><code>(.*?)</code></pre>", html, re.DOTALL)
            ]
            cells = dict.fromkeys(report.cells[one] for one in report.grade_cells())
            assert [one.strip() for one in code] == [own[cell].strip() for cell in cells]
            assert html.count(f"<figcaption>{whose}") == len(code) > 4
            assert not re.search(r"<script(?! src)", html)


def test_submitted_code_is_text(small_hub, reports):
    """Whatever a student writes: for student and instructor, nothing of it becomes markup."""
    evil = "</code></pre><script>alert(1)</script><img src=x onerror=alert(2)>\x1b[2J\u202e"
    first = small_hub.course.root / small_hub.store.get(small_hub.numbers["bela"]).folder
    folder = first.with_name("evil")
    shutil.copytree(first, folder)
    file = folder / "gradient_basic.ipynb"
    content = json.loads(file.read_bytes())
    for cell in content["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("solution"):
            cell["source"] = evil
    file.write_text(json.dumps(content))
    number = small_hub.desk.arrive("bela", FIRST, timedelta(hours=72), folder)
    small_hub.desk.grade(number, reports["bela", FIRST])
    for role in ("other", "instructor"):
        answer = get(small_hub, role, f"attempts/{number}/feedback/gradient_basic")
        shown = Words(answer.text)
        assert evil[: evil.index("\x1b")] in shown.text
        assert "\u202e" not in answer.text
        assert [attrs for tag, attrs in shown.elements if tag == "img"] == []
        [script] = [attrs for tag, attrs in shown.elements if tag == "script"]
        [nonce] = set(re.findall(r"'nonce-([^']+)'", answer.headers["Content-Security-Policy"]))
        assert script["nonce"] == nonce
        assert "unsafe" not in answer.headers["Content-Security-Policy"]


def test_the_channel_of_somebodys_windows_is_theirs(small_hub):
    """The same on all of their pages, another one for everybody else, and none that one guesses."""
    found = {
        role: {
            re.findall(r'data-channel="([0-9a-f]{64})"', get(small_hub, role, path).text)[0]
            for path in ("", f"assignments/{FIRST}")
        }
        for role in ("student", "other", "instructor")
    }
    assert all(len(names) == 1 for names in found.values())
    assert len(set.union(*found.values())) == 3


def test_an_attempt_says_what_it_changed(small_hub):
    """On the list of attempts, its own page and the feedback: points and exercises."""
    said = "+22 points: neuron_output 0 → 2"
    assert said in page(small_hub, "student", f"assignments/{FIRST}").text
    assert said in page(small_hub, "student", f"attempts/{small_hub.numbers['ada']}").text
    path = f"attempts/{small_hub.numbers['ada']}/feedback/gradient_basic"
    shown = page(small_hub, "student", path)
    assert "+14 points: neuron_output 0 → 2" in shown.text
    before = f"{small_hub.numbers['earlier']}/feedback/gradient_basic"
    assert any(link.endswith(before) for link in shown.links())


def test_every_page_has_a_nonce_of_its_own(small_hub):
    """It stands in the policy and at our two files, and is never used twice."""
    nonces = set()
    for _ in range(2):
        answer = get(small_hub, "student", "")
        [nonce] = set(re.findall(r"'nonce-([^']+)'", answer.headers["Content-Security-Policy"]))
        carriers = [
            tag for tag, attrs in Words(answer.text).elements if attrs.get("nonce") == nonce
        ]
        assert carriers == ["link", "script"]
        nonces.add(nonce)
    assert len(nonces) == 2


def test_what_a_fault_was_is_for_instructors(small_hub):
    """The student reads that somebody will look, the instructor reads why."""
    number = small_hub.numbers["hana"]
    reason = small_hub.store.get(number).reason
    assert "not JSON" in reason
    assert reason in page(small_hub, "instructor", "class/queue").text
    assert reason in page(small_hub, "instructor", f"attempts/{number}").text
    assert api(small_hub, "instructor", f"attempts/{number}")["reason"] == reason


def test_who_needs_a_person_is_listed_once(small_hub):
    """hana at both assignments, nobody else."""
    shown = page(small_hub, "instructor", "class/queue").text
    listed = shown[shown.index("Needs review") :]
    assert [name for name in STUDENTS if name in listed.split()] == ["hana"]


def test_words_from_elsewhere_are_words(small_hub):
    """A reason with markup in it is shown as it was written."""
    listed = api(small_hub, "instructor", f"attempts/{small_hub.numbers['refused']}")
    assert listed["reason"] == "Only 2 attempts are graded. <b>Ask.</b>"
    html = get(small_hub, "instructor", f"attempts/{small_hub.numbers['refused']}").text
    assert "&lt;b&gt;Ask.&lt;/b&gt;" in html
    assert "<b>" not in html


def test_queries_come_back_as_words(small_hub):
    """What somebody puts into a filter cannot become part of the page."""
    html = get(small_hub, "instructor", 'class?student="><script>alert(1)</script>').text
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)" in html


@pytest.mark.parametrize(
    ("query", "students"),
    [
        ("assignment=gradient_descent", ["ada", "bela", "goran", "hana", "zeno"]),
        ("assignment=gradient_descent&state=nothing_submitted", ["zeno"]),
        ("state=nothing_submitted&student=a", ["ada", "bela", "goran", "hana"]),
        ("assignment=gradient_descent&state=needs_review", ["hana"]),
        ("assignment=gradient_descent&state=refused", ["goran"]),
        ("assignment=multilayer_perceptrons&state=late", ["ada", "goran", "hana"]),
        ("student=A&assignment=multilayer_perceptrons", ["ada", "bela", "goran", "hana"]),
        ("student=el", ["bela"]),
        ("student=nobody", []),
        ("order=desc", ["zeno", "hana", "goran", "bela", "ada"]),
        ("sort=total&order=desc", ["ada", "bela", "goran", "hana", "zeno"]),
        ("sort=gradient_descent/gradient&order=desc", ["ada", "goran", "bela", "hana", "zeno"]),
        ("sort=gradient_descent/gradient", ["hana", "bela", "goran", "ada", "zeno"]),
        ("sort=nonsense&state=nonsense", [*STUDENTS, "zeno"]),
        ("page=99", [*STUDENTS, "zeno"]),
        ("page=x", [*STUDENTS, "zeno"]),
    ],
)
def test_filters_and_orders(small_hub, query: str, students: list[str]):
    """A row for each student whom the filter lets through; who has no mark comes last.

    zeno is in the hub's group only, and submitted nothing; nobody did at the third assignment.
    """
    assert rows_of(get(small_hub, "instructor", f"class?{query}").text) == students


def rows_of(html: str) -> list[str]:
    """The students of the class's grid, in its order."""
    return re.findall(r'<th scope="row"><a href="[^"]+/students/[^"]+"><bdi>(\w+)</bdi>', html)


def test_every_count_of_the_class_leads_to_the_students_behind_it(small_hub):
    """Not yet, late, needs review: as many rows as were counted."""
    shown = get(small_hub, "instructor", "class").text
    counts = re.findall(r'href="/services/grading/class\?([^"]+state=[^"]+)">(\d+)<', shown)
    assert len(counts) >= 5
    for query, count in counts:
        html = get(small_hub, "instructor", f"class?{unescape(query)}").text
        assert len(rows_of(html)) == int(count), query


def test_the_grid_has_the_gradebooks_marks_and_their_total(small_hub):
    """Each notebook's mark leads to its feedback; the total is their sum."""
    html = get(small_hub, "instructor", "class?student=bela").text
    row = html.partition('aria-label="Marks"')[2].partition("<tbody>")[2].partition("</tbody>")[0]
    marks = re.findall(r'/feedback/(\w+)">([\d.]+)<', row)
    assert [name for name, _ in marks] == ["gradient_basic", "gradient", "multilayer"]
    found = counted(small_hub)
    for name, score in marks:
        [one] = [g for g in found if g.student == "bela" and g.report.notebook == name]
        assert float(score) == one.report.score
    [total] = re.findall(r'total-cell">([\d.]+)<', row)
    assert float(total) == sum(float(score) for _, score in marks)


def test_a_student_has_a_page_with_everything(small_hub):
    """All attempts with their feedback, formgrader, the next and the previous student."""
    shown = page(small_hub, "instructor", "class/students/ada")
    links = shown.links()
    for number in (small_hub.numbers["earlier"], small_hub.numbers["ada"]):
        for notebook in ("gradient_basic", "gradient"):
            assert f"/services/grading/attempts/{number}/feedback/{notebook}" in links
    formgrader = f"/services/deeplearning/formgrader/manage_students/ada/{FIRST}"
    assert formgrader in links
    assert "/services/grading/class/students/bela" in links
    zeno = page(small_hub, "instructor", "class/students/zeno")
    assert "Nothing submitted." in zeno.text
    assert "/services/grading/class/students/hana" in zeno.links()
    missing = small_hub.sessions["instructor"].get(small_hub.prefix + "class/students/nobody")
    assert missing.status_code == 404


def form_of(small_hub, path: str, data: dict[str, str], to: str) -> requests.Response:
    """What the service answers to a form of the instructor's page."""
    session = small_hub.sessions["instructor"]
    token = re.search(r'name="_xsrf" value="([^"]+)"', session.get(small_hub.prefix + path).text)
    assert token
    return session.post(
        small_hub.prefix + to, {**data, "_xsrf": token[1]}, allow_redirects=False, timeout=30
    )


def test_an_instructor_asks_for_another_attempt(small_hub, reports):
    """It is recorded with who and when, and the student reads it until an attempt comes."""
    path, words = "class/students/bela", "Look at <i>the order</i> of the loops."
    to = f"{path}/ask"
    answer = form_of(small_hub, path, {"assignment": SECOND, "words": words}, to)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/services/grading/{path}")
    [asked] = small_hub.store.requests("bela")
    assert (asked.by, asked.assignment, asked.words) == ("ines", SECOND, words)
    assert "Asked to submit again by ines" in page(small_hub, "instructor", path).text
    assert rows_of(get(small_hub, "instructor", "class?state=asked").text) == ["bela"]
    for where in ("", f"assignments/{SECOND}"):
        shown = page(small_hub, "other", where).text
        assert "Your instructor asks you to submit again" in shown
        assert words in shown
    number = small_hub.desk.arrive("bela", SECOND, timedelta(seconds=-1))
    small_hub.desk.grade(number, reports["bela", SECOND])
    assert "asks you to submit again" not in page(small_hub, "other", "").text
    for wrong in ({"assignment": "x"}, {"assignment": SECOND, "words": "x" * 1001}):
        assert form_of(small_hub, path, wrong, to).status_code in (400, 404)
    assert len(small_hub.store.requests("bela")) == 1


def test_decisions_on_the_students_page_lead_back_to_it(small_hub):
    """Who decided stands there, and the attempt gives the mark."""
    number, path = small_hub.numbers["earlier"], "class/students/ada"
    for ruling, said in (("counts", "ines let it count"), ("", "ines took the decision back")):
        form = {"ruling": ruling, "then": "student"}
        answer = form_of(small_hub, path, form, f"attempts/{number}/decide")
        assert answer.headers["Location"] == f"/services/grading/{path}"
        assert small_hub.store.get(number).counts == bool(ruling)
        assert said in page(small_hub, "instructor", path).text


def test_a_refused_submission_stands_where_its_student_looks(small_hub):
    """On the first page and the assignment's: why, and that the mark stays."""
    headers = {"Authorization": f"token {small_hub.hub.token('goran')}"}
    for path in ("", f"assignments/{FIRST}"):
        answer = requests.get(small_hub.prefix + path, headers=headers, timeout=30)
        shown = Words(answer.text).text
        assert "Refused: what you submitted" in shown
        assert "Only 2 attempts are graded." in shown
        assert "changes no mark" in shown
        assert "18 of 40 points" in shown


def test_an_assignment_that_is_not_there(small_hub):
    """404, wherever it is asked for."""
    for path in (
        "class?assignment=x",
        "class/insight?assignment=x",
        "class/marks.csv?assignment=x",
    ):
        answer = small_hub.sessions["instructor"].get(small_hub.prefix + path, timeout=30)
        assert answer.status_code == 404, path
    assert small_hub.sessions["student"].get(small_hub.prefix + "assignments/x").status_code == 404


@pytest.mark.parametrize("assignment", ["", FIRST])
def test_the_marks_are_those_of_the_attempts_that_count(small_hub, assignment: str):
    """The file that `autograder export` makes of these reports, with the gradebook's parts."""
    query = f"?assignment={assignment}" if assignment else ""

    def answered() -> requests.Response:
        return get(small_hub, "instructor", f"class/marks.csv{query}")

    def booked() -> list[dict[str, str]]:
        return [row for row in csv.DictReader(io.StringIO(answered().text)) if row["automatic"]]

    disposition = answered().headers["Content-Disposition"]
    assert disposition == 'attachment; filename="deeplearning-marks.csv"'
    until(booked, "the gradebook has marks")
    assert all(row["automatic"] == row["score"] for row in booked())
    rows = list(csv.DictReader(io.StringIO(answered().text)))
    of_reports = csv.DictReader(io.StringIO(marks_csv(counted(small_hub, assignment))))
    assert [{**row, **dict.fromkeys(PARTS, "")} for row in rows] == list(of_reports)
    assert {row["student"] for row in rows} == set(STUDENTS)


def test_insight_ranks_what_the_class_gets_wrong(small_hub):
    """Every misconception of the tally, in its order, and a picture in words for each notebook."""
    html = get(small_hub, "instructor", f"class/insight?assignment={FIRST}").text
    shown = Words(html)
    ranking = tally.ranking(counted(small_hub, FIRST))
    assert ranking
    places = [shown.text.index(one.words) for one in ranking]
    assert places == sorted(places)
    pictures = [attrs for _, attrs in shown.elements if "aria-labelledby" in attrs]
    pictures = [attrs for attrs in pictures if attrs.get("role") == "img"]
    assert len(pictures) == 4  # two notebooks: scores and checks
    assert "There are too few students to say" in shown.text  # what each check tells
    for attrs in pictures:
        title, words = str(attrs["aria-labelledby"]).split()
        assert f'<title id="{title}">' in html
        assert re.search(f'<desc id="{words}">[^<]{{20,}}</desc>', html)


def test_the_api_gives_a_student_their_own(small_hub):
    """All of their attempts, the newest first, and no way to ask for others'."""
    found = api(small_hub, "student", "attempts")["attempts"]
    assert [one["id"] for one in found] == [one.id for one in small_hub.store.of("ada")]
    headers = {"Authorization": f"token {small_hub.tokens['student']}"}
    answer = requests.get(
        f"{small_hub.prefix}api/attempts?student=bela", headers=headers, timeout=30
    )
    assert answer.status_code == 404


def test_the_api_gives_an_instructor_everybodys(small_hub):
    """Also those of one student, or of one assignment."""
    everybody = api(small_hub, "instructor", "attempts")["attempts"]
    assert {one["student"] for one in everybody} == set(STUDENTS)
    found = api(small_hub, "instructor", f"attempts?student=ada&assignment={FIRST}")["attempts"]
    assert [one["score"] for one in found] == [40.0, 18.0]


def test_an_attempt_in_the_api(small_hub, reports):
    """What the documentation lists, and nothing of how it was graded."""
    one = api(small_hub, "student", f"attempts/{small_hub.numbers['ada']}")
    assert faults("attempt_details", one) == []
    assert [(n["notebook"], n["score"]) for n in one["notebooks"]] == [
        (report.notebook, report.score) for report in reports["ada", FIRST]
    ]


def test_a_body_that_is_no_object_is_told_so(small_hub):
    """400 with words."""
    headers = {"Authorization": f"token {small_hub.tokens['instructor']}"}
    for body in (b"", b"[]", b"{", b'{"assignment": 3}'):
        answer = requests.post(
            f"{small_hub.prefix}api/regrade", data=body, headers=headers, timeout=30
        )
        assert answer.status_code == 400
        assert answer.json()["message"]


def test_a_body_that_is_too_large_is_not_read(small_hub):
    """The connection is closed or refused; the service lives on."""
    headers = {"Authorization": f"token {small_hub.tokens['instructor']}"}
    url = f"{small_hub.prefix}api/regrade"
    try:
        answer = requests.post(url, data=b"x" * (1 << 20), headers=headers, timeout=30)
        assert answer.status_code >= 400
    except requests.ConnectionError:
        pass
    assert requests.get(f"{small_hub.prefix}healthz", timeout=30).status_code == 200


def test_health_tells_the_truth_and_no_more(small_hub):
    """JSON; no name of a student, no path, no address of a database."""
    answer = requests.get(f"{small_hub.prefix}healthz", timeout=30)
    assert answer.json()["ok"] is True
    for secret in (*STUDENTS, str(small_hub.course.root), "sqlite", "/tmp"):
        assert secret not in answer.text


def test_metrics_are_the_stores_numbers(small_hub):
    """Parsed by Prometheus' own parser and counted again from the store."""
    headers = {"Authorization": f"token {small_hub.tokens['service']}"}
    answer = requests.get(f"{small_hub.prefix}metrics", headers=headers, timeout=30)
    samples = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    attempts = small_hub.store.of()
    assert all(name.startswith("autograder_") for name, *_ in samples)
    for state in ("waiting", "running", "done", "needs_person", "refused"):
        in_state = [one for one in attempts if one.state == state]
        assert samples["autograder_attempts", state] == len(in_state)
    finished = [one for one in attempts if one.started and one.finished]
    assert samples["autograder_grading_seconds_count",] == len(finished)
    assert samples["autograder_grading_seconds_bucket", "+Inf"] == len(finished)
    assert samples["autograder_queue_length",] == samples["autograder_attempts", "waiting"]
    assert ("autograder_faults_total",) in samples
    assert ("autograder_oldest_waiting_seconds",) in samples


def test_files_are_kept_by_browsers_and_change_their_address_with_their_content(small_hub):
    """Another version is another address; an old one is gone."""
    url = f"{small_hub.prefix}static/{small_hub.version}/live.js"
    answer = requests.get(url, timeout=30)
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert requests.get(url.replace(small_hub.version, "old"), timeout=30).status_code == 404


def test_the_prefix_without_its_slash_leads_to_the_first_page(small_hub):
    """As people type it."""
    answer = requests.get(small_hub.prefix.rstrip("/"), allow_redirects=False, timeout=30)
    assert answer.status_code == 301
    assert answer.headers["Location"] == "/services/grading/"


@pytest.mark.parametrize(
    ("used", "limit", "wait", "words"),
    [
        pytest.param(0, 3, 0, "3 of 3 attempts left.", id="limit"),
        pytest.param(1, 3, 60, "2 of 3 attempts left; the next one is graded from", id="both"),
        pytest.param(3, 3, 0, "No attempts left: all 3 are used", id="used-up"),
        pytest.param(1, 0, 60, "The next attempt is graded from", id="interval"),
        pytest.param(5, 0, 0, "", id="free"),
    ],
)
def test_what_is_left_of_attempts_stands_on_the_page(used, limit, wait, words):
    """The rest of the limit, and from when on the next one is graded."""
    next_at = datetime.now(UTC) + timedelta(minutes=wait) if wait else None
    left = templates("autograder.service.web").get_template("pieces.html.j2").module.left
    told = left(Allowance(limit, used, next_at), gap)
    assert words in told
    assert bool(told.strip()) is bool(words)
    before = left(Allowance(limit, 0, None, 600.0), gap)
    assert "Attempts are at least 10 minutes apart." in before
