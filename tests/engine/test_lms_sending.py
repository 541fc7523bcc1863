"""Marks by LTI 1.3, to a platform that we did not write: each once for each change, none older."""

from __future__ import annotations

import json
import multiprocessing
import random
import shutil
import sys
import time
from contextlib import closing
from itertools import pairwise

import pytest
import toy
from click.testing import CliRunner
from lms_class import ASSIGNMENT, MOST, START, make_class, mark, submit
from lti_platform import Platform, seconds
from nbgrader.api import Gradebook as NbgraderBook
from schemas import faults

from autograder.cli import main
from autograder.course.model import Course
from autograder.gradebook.gradebook import open_gradebook
from autograder.lms.keys import public_keys, rotate
from autograder.service.grading import GradingService
from autograder.service.store.forgetting import forget
from autograder.service.store.outbox import Outbox, Wanted
from autograder.service.workers.sender_thread import only_sender


@pytest.fixture(scope="module")
def listening():
    """A platform."""
    there = Platform(lambda: {"keys": []})
    yield there
    there.close()


@pytest.fixture
def platform(listening, tmp_path):
    """The platform, empty, which knows the keys of this test's course."""
    listening.reset(lambda: public_keys(tmp_path / "course"))
    return listening


@pytest.fixture(scope="module")
def made(listening, tmp_path_factory):
    """A class of three, with a key."""
    course = make_class(tmp_path_factory.mktemp("made"), listening.base, 3)
    rotate(course.root)
    return course


@pytest.fixture
def course(made, tmp_path, platform):
    """A copy of it; the platform knows its students by other identifiers."""
    platform.storage.members = members(3)
    return Course.load(shutil.copytree(made.root, tmp_path / "course"))


def members(number):
    """Members of the platform's course, and one who is no student here."""
    roles = ["http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"]
    found = [
        {"user_id": f"u{one}", "roles": roles, "email": f"S{one}", "name": f"Student {one}"}
        for one in range(number)
    ]
    return [*found, {"user_id": "u99", "roles": roles, "email": "eve@example.edu"}]


def send(course, steps=20):
    """Send all that is due, as the service does; returns the outbox by student."""
    service = GradingService(course)
    try:
        sender = service.sender()
        for _ in range(steps):
            if not sender.step() and not any(one.open for one in service.outbox.letters()):
                break
            time.sleep(max(sender.try_at - time.monotonic(), 0.0))
        return {one.student: one for one in service.outbox.letters()}
    finally:
        service.outbox.close()
        service.attempts.close()


def shown(platform):
    """What the platform shows, by user: points, or the progress where there are none."""
    return {
        user: score.get("scoreGiven", score["gradingProgress"])
        for (_, user), score in platform.storage.results.items()
    }


def test_marks_arrive_with_the_arrivals_clock_and_a_link(course, platform):
    """The time stamp is the attempt's arrival; the comment leads to the feedback."""
    mark(course, {("s0", "n0"): 7.25, ("s1", "n0"): 0.0})
    sent = send(course)
    assert shown(platform) == {"u0": 7.25, "u1": 0.0, "u2": "PendingManual"}
    score = platform.storage.results["1", "u0"]
    assert score["timestamp"] == "2026-10-01T12:00:00.000Z"
    assert (score["scoreMaximum"], score["activityProgress"]) == (MOST, "Completed")
    link = f"https://hub.example.edu/services/marks/assignments/{ASSIGNMENT}"
    assert score["comment"] == f"Feedback: {link}"
    assert platform.storage.results["1", "u2"]["comment"].startswith("A person will give")
    assert not any(one.open or one.fault for one in sent.values())


def test_each_change_is_sent_once(course, platform):
    """Nothing twice, nothing for nothing; a change without a new attempt has the change's time."""
    mark(course, {(f"s{number}", "n0"): 5.0 for number in range(3)})
    send(course)
    send(course)
    assert len(platform.storage.taken) == 3
    before = int(time.time())
    mark(course, {("s0", "n0"): 6.0})
    mark(course, {("s1", "n0"): 9.0}, "manual_score")
    send(course)
    assert shown(platform) == {"u0": 6.0, "u1": 9.0, "u2": 5.0}
    assert len(platform.storage.taken) == 5
    assert all(seconds(one[3]) >= before for one in platform.storage.taken[3:])
    submit(course, "s2", START + 1000.5)
    mark(course, {("s2", "n0"): 8.0})
    send(course)
    assert platform.storage.taken[5][2:] == (8.0, "2026-10-01T12:16:40.500Z")
    assert platform.storage.stale == []


def test_our_line_items_are_known_by_their_tag(course, platform):
    """A renamed one is found again, on whatever page; another's of that name is left alone."""
    others = {
        str(number): {"id": f"{platform.base}/lineitems/{number}", "label": ASSIGNMENT}
        for number in range(1, 5)
    }
    platform.storage.line_items |= others
    mark(course, {("s0", "n0"): 5.0})
    send(course)
    made = platform.storage.line_items["5"]
    facts = (made["tag"], made["resourceId"], made["label"], made["scoreMaximum"])
    assert facts == ("autograder", f"toycourse/{ASSIGNMENT}", ASSIGNMENT, MOST)
    made["label"] = "Sorting, week 3"
    mark(course, {("s0", "n0"): 6.0})
    send(course)
    assert len(platform.storage.line_items) == 5
    assert {place[0] for place in platform.storage.results} == {"5"}


def test_a_mark_that_was_sent_is_never_taken_away(course, platform):
    """Withheld later, it stays; the same mark again is not sent again, another one is."""
    mark(course, {("s0", "n0"): 5.0})
    send(course)
    mark(course, {("s0", "n0"): None})
    assert send(course)["s0"].waits
    assert shown(platform)["u0"] == 5.0
    mark(course, {("s0", "n0"): 5.0})
    send(course)
    assert len(platform.storage.taken) == 3
    mark(course, {("s0", "n0"): 4.0})
    send(course)
    assert shown(platform)["u0"] == 4.0


def test_a_mark_given_on_the_platform_later_stays(course, platform):
    """It is newer than our arrival; the outbox says that the platform keeps it."""
    mark(course, {("s0", "n0"): 5.0})
    by_hand = {"scoreGiven": 9.0, "scoreMaximum": 10.0, "gradingProgress": "FullyGraded"}
    platform.storage.line_items["1"] = {
        "id": f"{platform.base}/lineitems/1",
        "tag": "autograder",
        "resourceId": f"toycourse/{ASSIGNMENT}",
    }
    platform.storage.results["1", "u0"] = {**by_hand, "timestamp": "2026-11-01T12:00:00.000Z"}
    sent = send(course)
    assert shown(platform)["u0"] == 9.0
    assert "keeps a mark that is not older" in sent["s0"].fault
    assert not sent["s0"].open


@pytest.mark.parametrize("status", [409, 400])
def test_our_own_mark_with_the_platforms_clock_is_replaced(course, platform, status):
    """Some platforms stamp by their own clock, later than the next arrival after an outage."""
    mark(course, {("s0", "n0"): 5.0})
    send(course)
    platform.stale_status = status
    platform.storage.results["1", "u0"]["timestamp"] = "2026-10-01T13:00:00.000Z"
    submit(course, "s0", START + 60)
    mark(course, {("s0", "n0"): 6.0})
    send(course)
    assert shown(platform)["u0"] == 6.0


def test_who_is_not_on_the_platform_waits_and_stops_nobody(course, platform):
    """The reason is kept, and the mark is sent when the student is there."""
    mark(course, {(f"s{number}", "n0"): 5.0 for number in range(3)})
    everybody, platform.storage.members = platform.storage.members, members(1)
    sent = send(course, steps=3)
    assert shown(platform) == {"u0": 5.0}
    assert sent["s2"].fault == "nobody there has the login name s2"
    platform.storage.members = everybody
    with closing(Outbox(course.database)) as outbox:
        outbox.try_now()
    send(course)
    assert shown(platform) == {"u0": 5.0, "u1": 5.0, "u2": 5.0}


def test_what_students_may_not_see_yet_is_not_sent(course, platform):
    """Where marks are shown after the due date only, the platform hears of nothing before."""
    with (course.root / "course_config.py").open("a") as file:
        file.write("c.GradingService.before_due = 'nothing'\n")
    mark(course, {("s0", "n0"): 5.0})
    assert send(course) == {}
    assert platform.requests == 0


def test_a_key_is_rotated_without_a_gap(course, platform):
    """Published before it signs; at once where the old one is known to others."""
    mark(course, {("s0", "n0"): 5.0})
    send(course)
    (old,) = (one["kid"] for one in public_keys(course.root)["keys"])
    new = rotate(course.root).jwk()["kid"]
    assert [one["kid"] for one in public_keys(course.root)["keys"]] == [new, old]
    mark(course, {("s0", "n0"): 6.0})
    send(course)
    assert shown(platform)["u0"] == 6.0
    last = rotate(course.root, at_once=True).jwk()["kid"]
    assert [one["kid"] for one in public_keys(course.root)["keys"]] == [last]
    mark(course, {("s0", "n0"): 7.0})
    send(course)
    assert shown(platform)["u0"] == 7.0


def test_a_platform_that_does_not_know_our_key_is_asked_again_later(course, platform):
    """Nothing is lost, and the reason is kept."""
    mark(course, {("s0", "n0"): 5.0})
    keys, platform._tool_keys = platform._tool_keys, lambda: {"keys": []}
    service = GradingService(course)
    sender = service.sender()
    assert not sender.step()
    assert sender.away == "the platform answers 401"
    platform._tool_keys = keys
    sender.try_at = 0.0
    sender.step()
    assert shown(platform)["u0"] == 5.0
    assert sender.away == ""
    service.outbox.close()
    service.attempts.close()


def keep_sending(root):
    """A process that sends until it is killed."""
    service = GradingService(Course.load(root))
    sender = service.sender()
    while True:
        if not sender.step():
            time.sleep(0.02)


def test_an_outage_loses_doubles_and_ages_no_mark(tmp_path, platform, request):
    """The platform fails at random, the sender is killed at random, and marks change meanwhile."""
    students, notebooks = (1000, 5) if request.config.getoption("--all") else (12, 5)
    platform.storage.members = members(students)
    more = "c.LTI.notebooks = True\n"
    course = make_class(tmp_path / "course", platform.base, students, notebooks, more)
    rotate(course.root)
    dice = random.Random(11)
    places = [(f"s{one}", f"n{two}") for one in range(students) for two in range(notebooks)]
    last = {place: float(dice.randrange(11)) for place in places}
    mark(course, last)
    platform.faults = 0.3
    # A process that imports everything anew would take most of the test's time.
    context = multiprocessing.get_context("fork")
    for _ in range(5):
        sender = context.Process(target=keep_sending, args=(course.root,))
        sender.start()
        begin, so_far = time.monotonic(), platform.requests
        few = dice.randrange(5, max(len(places) // 4, 6))
        while platform.requests < so_far + few and time.monotonic() < begin + 20:
            time.sleep(0.005)
        changed = {place: float(dice.randrange(11)) for place in dice.sample(places, 8)}
        mark(course, changed)
        last |= changed
        time.sleep(dice.random() / 10)
        sender.kill()
        sender.join()
    platform.faults = 0.1
    left = send(course, steps=10_000)
    assert not any(one.open for one in left.values())
    names = {
        one["resourceId"].rpartition("/")[2]: key
        for key, one in platform.storage.line_items.items()
    }
    assert len(names) == len(platform.storage.line_items) == notebooks
    there = {
        place: platform.storage.results[names[place[1]], place[0].replace("s", "u")]
        for place in places
    }
    assert {place: score["scoreGiven"] for place, score in there.items()} == last
    assert platform.storage.stale == []
    by_place = {}
    for item, user, points, stamp in platform.storage.taken:
        by_place.setdefault((item, user), []).append((stamp, points))
    for taken in by_place.values():
        assert taken == sorted(taken)
        assert all(one[1] != two[1] for one, two in pairwise(taken))


def command(course, *arguments, code=0):
    """What `autograder lms` says."""
    said = CliRunner().invoke(main, ["lms", *arguments, "--course", str(course.root)])
    assert said.exit_code == code, said.output
    return said.output


def test_the_commands_send_and_tell(course, platform):
    """Who is who, what was sent, what waits and why; as words and as JSON."""
    mark(course, {("s0", "n0"): 5.0, ("s1", "n0"): 4.5})
    platform.storage.members = [one for one in members(3) if one["user_id"] != "u1"]
    said = command(course, "roster", code=1)
    assert "s0 is u0" in said
    assert "only in the gradebook: s1: nobody there has the login name s1" in said
    assert "only on the platform: eve@example.edu · u99: no student has this login name" in said
    assert command(course, "send", code=1) == "2 marks are settled, 1 wait\n"
    said = command(course, "status", code=1)
    assert f"s1, {ASSIGNMENT}: 4.5 waits: nobody there has the login name s1" in said
    told = json.loads(command(course, "status", "--json", code=1))
    assert faults("lms_status", told) == []
    assert [(one["sent_score"], one["settled"]) for one in told] == [
        (5.0, True),
        (None, False),
        (None, True),
    ]
    platform.storage.members = members(3)
    assert command(course, "send") == "3 marks are settled, 0 wait\n"
    assert command(course, "status") == "3 marks are settled, 0 wait\n"


def test_only_one_of_several_services_sends(course):
    """While one does, the command says so and sends nothing."""
    with only_sender(course.root) as alone, only_sender(course.root) as another:
        assert (alone, another) == (True, False)
        assert "a service of this course sends marks already" in command(course, "send", code=2)
    with only_sender(course.root) as alone:
        assert alone


def test_the_keys_are_shown_and_rotated(course):
    """The private halves are never printed, and are this account's alone."""
    assert command(course, "keys").count("signs now") == 1
    assert command(course, "keys", "--rotate").count("signs from") == 1
    told = json.loads(command(course, "keys", "--json"))
    assert faults("jwks", told) == []
    assert len(told["keys"]) == 2
    assert "PUBLIC" in command(course, "keys", "--pem")
    assert "--at-once needs --rotate" in command(course, "keys", "--at-once", code=2)
    command(course, "keys", "--rotate", "--at-once")
    (path,) = (course.root / "lti_keys").iterdir()
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    path.chmod(0o640)
    assert "others can read this key" in command(course, "keys", code=2)
    command(course, "keys", "--rotate", "--at-once")
    assert path not in (course.root / "lti_keys").iterdir()
    (course.root / "lti_keys" / "1.pem").write_text("no key")
    (course.root / "lti_keys" / "1.pem").chmod(0o600)
    assert "1.pem: no key" in command(course, "keys", code=2)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        pytest.param('token_url = "http://lms.example.edu/t"', "must begin with https", id="http"),
        pytest.param('lineitems_url = "ftp://127.0.0.1/"', "must begin with https", id="ftp"),
        pytest.param('memberships_url = "https://"', "must begin with https", id="no-host"),
        pytest.param('client_id = ""', "c.LTI.client_id missing", id="missing"),
        pytest.param('clientid = ""', "c.LTI.clientid is unknown; did you mean", id="unknown"),
        pytest.param('match = "name"', "c.LTI.match must be", id="choice"),
    ],
)
def test_a_wrong_setting_is_named(course, setting, words):
    """With the file; marks and tokens never go over an open line."""
    with (course.root / "course_config.py").open("a") as file:
        file.write(f"c.LTI.{setting}\n")
    said = command(course, "roster", code=2)
    assert words in said
    assert "course_config.py" in said


def test_a_course_without_a_platform_says_so(tmp_path):
    """The commands name the setting and the page."""
    course = Course.load(toy.write_course(tmp_path))
    with open_gradebook(course):
        pass
    assert "no c.LTI" in command(course, "send", code=2)
    assert "no key; make one" in command(course, "keys", code=2)
    assert command(course, "status") == "0 marks are settled, 0 wait\n"


def test_missing_packages_are_named(course, monkeypatch):
    """With the command that installs them."""
    monkeypatch.setitem(sys.modules, "pylti1p3", None)
    for arguments in (("send",), ("roster",), ("keys",)):
        said = command(course, *arguments, code=2)
        assert "the package pylti1p3, which is missing" in said
        assert "pip install 'nbassay[lti]'" in said


@pytest.mark.parametrize(
    ("by", "known"),
    [
        pytest.param("email", {"email": "ADA@example.edu"}, id="email"),
        pytest.param("number", {"lis_person_sourcedid": "00711"}, id="number"),
        pytest.param("number", {"user_id": "00711"}, id="number-is-the-user"),
        pytest.param("login", {"user_id": "s0"}, id="login-is-the-user"),
    ],
)
def test_students_are_known_by_what_the_course_says(course, platform, by, known):
    """The roster of the gradebook and that of the platform name them differently."""
    with (course.root / "course_config.py").open("a") as file:
        file.write(f"c.LTI.match = {by!r}\n")
    with NbgraderBook(course.database, course.course_id) as book:
        book.update_or_create_student("s0", email="ada@example.edu", lms_user_id="00711")
    platform.storage.members = [{"user_id": "u0", "roles": [], "name": "Ada", **known}]
    assert f"s0 is {known.get('user_id', 'u0')}\n" in command(course, "roster", code=1)


def test_a_forgotten_students_marks_are_not_sent(course, platform):
    """`forget` removes what waits, too."""
    mark(course, {("s0", "n0"): 5.0})
    with closing(Outbox(course.database)) as outbox:
        outbox.want({("s0", ASSIGNMENT): Wanted(5.0, MOST, "", START)})
        forget(course.database, "s0")
        assert outbox.letters() == []
