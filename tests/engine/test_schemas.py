"""The schemas: sound in themselves, whole beside the dataclasses, true of what commands print."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import fields, replace

import pytest
import toy
from jsonschema import Draft202012Validator
from schemas import faults, schemas

from autograder.authoring.proof import Row
from autograder.batch.strays import Stray
from autograder.batch.writer import Change, Remark
from autograder.course.model import Course
from autograder.report import CheckResult, Curve, Named, Picture, Report, Status, Verdict
from autograder.sandbox import surroundings

REPORT = Report("toys", "shapes", Status.GRADED, "full", 1.0, 7)
PLAIN = json.loads(REPORT.to_json())


def parts(node):
    """Every object of a schema, at any depth."""
    if isinstance(node, dict):
        yield node
    for below in (
        node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    ):
        yield from parts(below)


@pytest.mark.parametrize("name", sorted(schemas()))
def test_a_schema_is_sound(name):
    """It is valid 2020-12, has a title and a description, and describes each of its fields."""
    schema = schemas()[name]
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"{name}.schema.json"
    assert schema["title"]
    assert schema["description"]
    silent = [
        key
        for part in parts(schema)
        for key, one in part.get("properties", {}).items()
        if not {"description", "$ref"} & set(one) and one.get("type") != "array"
    ]
    assert silent == []


@pytest.mark.parametrize("name", sorted(schemas()))
def test_a_schema_lets_nothing_unknown_pass(name):
    """Each object with named fields is closed, or is closed by whatever refers to it."""
    schema = schemas()[name]
    open_parts = {
        one["title"]
        for one in parts(schema)
        if "properties" in one and not {"additionalProperties", "unevaluatedProperties"} & set(one)
    }
    assert open_parts <= {"Report", "Attempt"}
    closed = {"additionalProperties", "unevaluatedProperties"} & set(schema)
    assert closed or schema["type"] == "array"


@pytest.mark.parametrize(
    ("kind", "file", "part", "computed"),
    [
        pytest.param(Report, "report", "report", {"format", "score"}, id="report"),
        pytest.param(CheckResult, "report", "check", set(), id="check"),
        pytest.param(Named, "report", "misconception", set(), id="misconception"),
        pytest.param(Picture, "report", "picture", set(), id="picture"),
        pytest.param(Curve, "report", "curve", set(), id="curve"),
        pytest.param(Change, "grade", "change", set(), id="change"),
        pytest.param(Remark, "grade", "remark", set(), id="remark"),
        pytest.param(Stray, "grade", "stray", set(), id="stray"),
        pytest.param(Row, "prove", "row", set(), id="row-of-a-proof"),
        pytest.param(surroundings.Remark, "doctor", "remark", set(), id="remark-of-the-doctor"),
    ],
)
def test_every_stored_field_stands_in_the_schema(kind, file, part, computed):
    """A field that is added to a dataclass or taken from it must be so in its schema."""
    described = schemas()[file]["$defs"][part]
    assert set(described["properties"]) == {one.name for one in fields(kind)} | computed
    assert set(described["required"]) == set(described["properties"])


@pytest.mark.parametrize(
    ("values", "part", "field"),
    [
        pytest.param(Verdict, "check", "verdict", id="verdict"),
        pytest.param(Status, "report", "status", id="status"),
    ],
)
def test_every_word_of_a_report_stands_in_the_schema(values, part, field):
    """Verdicts and statuses are those of the schema."""
    assert schemas()["report"]["$defs"][part]["properties"][field]["enum"] == list(values)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        pytest.param({"format": 2}, "$.format", id="another-format"),
        pytest.param({"surprise": 1}, "$", id="unknown-field"),
        pytest.param({"score": -1.0}, "$.score", id="negative-score"),
        pytest.param({"status": "perfect"}, "$.status", id="unknown-status"),
        pytest.param({"checks": [{"name": "test_x"}]}, "$.checks[0]", id="half-a-check"),
    ],
)
def test_what_is_no_report_is_refused(change, where):
    """The schema tells a report from what is none, and says where."""
    assert faults("report", PLAIN) == []
    found = faults("report", {**PLAIN, **change})
    assert found
    assert all(fault.startswith(f"{where}: ") for fault in found)


def test_a_missing_field_is_refused():
    """A report without one of its fields is none."""
    for name in PLAIN:
        less = {key: value for key, value in PLAIN.items() if key != name}
        assert faults("report", less) == [f"$: '{name}' is a required property"]


def test_a_withheld_mark_has_no_score():
    """Null stands for a score that is withheld."""
    withheld = json.loads(replace(REPORT, status=Status.BROKEN).to_json())
    assert withheld["score"] is None
    assert faults("report", withheld) == []


WRONG = {"area": "def area(sides):\n    return sum(sides)\n"}


@pytest.fixture(scope="module")
def handed_in(toy_course, tmp_path_factory):
    """The toy course with a right, a wrong and a damaged submission, and a stray file."""
    root = tmp_path_factory.mktemp("said") / "course"
    shutil.copytree(toy_course.root, root)
    release = toy_course.labs[0].release
    for student, sources in {"ada": toy.solved(), "bela": WRONG, "hana": {}}.items():
        folder = root / "submitted" / student / toy.ASSIGNMENT
        folder.mkdir(parents=True)
        text = json.dumps(toy.handed_in(release, sources, None))
        (folder / "shapes.ipynb").write_text(text[:500] if student == "hana" else text)
    (root / "submitted" / "notes.txt").write_text("not a submission")
    return Course.load(root)


def said(course, *arguments):
    """What a command prints with --json on both streams, and its exit code."""
    command = [sys.executable, "-m", "autograder", *arguments, "--json"]
    done = subprocess.run(
        command, cwd=course.root, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.stdout, done.stderr
    return json.loads(done.stdout), done.stderr, done.returncode


@pytest.fixture(scope="module")
def graded(handed_in):
    """What `grade` says of the class."""
    return said(handed_in, "grade")


@pytest.mark.slow
def test_a_graded_class_follows_its_schemas(handed_in, graded):
    """`grade`, its lines on the error stream, the stored reports, and `report`."""
    outcome, lines, code = graded
    assert code == 1
    assert faults("grade", outcome) == []
    assert (outcome["graded"], len(outcome["strays"])) == (3, 1)
    rows = [json.loads(line) for line in lines.splitlines() if line.startswith("{")]
    assert len(rows) == 3
    assert [fault for row in rows for fault in faults("student_report", row)] == []
    stored = sorted(handed_in.root.glob("reports/*/*/*.json"))
    assert len(stored) == 3
    for path in stored:
        assert faults("report", json.loads(path.read_text())) == []
    told, _, _ = said(handed_in, "report")
    assert faults("class", told) == []
    assert len(told) == 3


@pytest.mark.slow
@pytest.mark.usefixtures("graded")
def test_a_changed_mark_follows_its_schema(handed_in):
    """A second run says what changed, before and after."""
    path = handed_in.root / "submitted" / "bela" / toy.ASSIGNMENT / "shapes.ipynb"
    path.write_text(json.dumps(toy.handed_in(handed_in.labs[0].release, toy.solved(), None)))
    outcome, _, _ = said(handed_in, "grade")
    assert faults("grade", outcome) == []
    assert [change["student"] for change in outcome["changes"]] == ["bela"]


@pytest.mark.slow
def test_other_commands_follow_their_schemas(handed_in, toy_lab):
    """`check`, `build`, `prove` and `doctor`."""
    report, _, _ = said(handed_in, "check", str(toy_lab.release))
    assert faults("report", report) == []
    released, _, _ = said(handed_in, "build", "--unproven")
    assert faults("build", released) == []
    assert len(released["released"]) == 1
    proof, _, _ = said(handed_in, "prove", "--seeds", "1")
    assert faults("prove", proof) == []
    assert proof["rows"]
    findings, _, _ = said(handed_in, "doctor")
    assert faults("doctor", findings) == []
    assert findings["layers"]
