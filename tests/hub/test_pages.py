"""What pages and API say about the class in the store, asked through the hub like anybody would."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime, timedelta
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
from autograder.service.web.student_pages import feedback_policy

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
        assert assignment in shown.text
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
    rows = html.split('<th scope="row">')[1:]
    late = {row[row.index("<bdi>") + 5 : row.index("</bdi>")]: ">late<" in row for row in rows}
    assert late == {**{name: name != "bela" for name in STUDENTS}, "zeno": False}


def test_only_what_was_handed_in_can_be_graded_again(small_hub):
    """The form offers the assignments that have attempts."""
    shown = page(small_hub, "instructor", f"class/regrade?assignment={SECOND}")
    options = [attrs for tag, attrs in shown.elements if tag == "option"]
    assert len(options) == len(ASSIGNMENTS) < len(small_hub.course.assignments)
    assert ["selected" in attrs for attrs in options] == [False, True]


def test_an_attempt_leads_to_the_feedback_on_each_notebook(small_hub, reports):
    """And the feedback is the page that the grader's report makes."""
    shown = page(small_hub, "other", f"attempts/{small_hub.numbers['bela']}")
    links = [link for link in shown.links() if "/feedback/" in link]
    assert len(links) == len(reports["bela", FIRST])
    for link, report in zip(links, reports["bela", FIRST], strict=True):
        feedback = Words(small_hub.sessions["other"].get(small_hub.hub.url + link, timeout=30).text)
        assert f"Feedback on {report.notebook}" in feedback.text
        assert "for bela" in feedback.text


def test_a_notebook_that_is_not_in_the_attempt_has_no_feedback(small_hub):
    """404, as for anything that is not there."""
    path = f"attempts/{small_hub.numbers['ada']}/feedback/multilayer"
    assert small_hub.sessions["student"].get(small_hub.prefix + path).status_code == 404


def test_feedback_is_served_without_scripts_and_with_its_own_style_only(small_hub):
    """The policy holds one hash, that of the style sheet in the page."""
    path = f"attempts/{small_hub.numbers['ada']}/feedback/gradient"
    answer = get(small_hub, "student", path)
    policy = answer.headers["Content-Security-Policy"]
    assert policy == feedback_policy(answer.text)
    assert len(re.findall(r"'sha256-[A-Za-z0-9+/=]+'", policy)) == 1
    assert "script-src" not in policy
    assert "sandbox" in policy


def test_a_policy_without_a_style_lets_nothing_in():
    """Whatever the page, its policy is whole."""
    assert "style-src 'none'" in feedback_policy("<p>plain</p>")


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
        ("assignment=gradient_descent&state=needs_person", ["hana"]),
        ("assignment=gradient_descent&state=refused", ["goran"]),
        ("student=A&assignment=multilayer_perceptrons", ["ada", "bela", "goran", "hana"]),
        ("student=el", ["bela", "bela", "bela"]),
        ("student=nobody", []),
        ("state=nonsense", []),
        ("page=99", sorted([*STUDENTS, "zeno"] * 3)),
        ("page=x", sorted([*STUDENTS, "zeno"] * 3)),
    ],
)
def test_filters(small_hub, query: str, students: list[str]):
    """One row a student and assignment whose latest attempt the filter lets through.

    zeno is in the hub's group only, and submitted nothing; nobody did at the third assignment.
    """
    html = get(small_hub, "instructor", f"class?{query}").text
    assert re.findall(r'<th scope="row"><bdi>(\w+)</bdi>', html) == students


def test_a_refused_submission_stands_where_its_student_looks(small_hub):
    """On the first page and the assignment's: why, and that the mark stays."""
    headers = {"Authorization": f"token {small_hub.hub.token('goran')}"}
    for path in ("", f"assignments/{FIRST}"):
        answer = requests.get(small_hub.prefix + path, headers=headers, timeout=30)
        shown = Words(answer.text).text
        assert "Refused: what you submitted" in shown
        assert "Only 2 attempts are graded." in shown
        assert "your mark stays as it was" in shown
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
    pictures = [attrs for tag, attrs in shown.elements if attrs.get("role") == "img"]
    assert len(pictures) == 4  # two notebooks: scores and checks
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
    assert words in left(Allowance(limit, used, next_at))
    assert bool(left(Allowance(limit, used, next_at)).strip()) is bool(words)
