"""What there is to grade: every notebook of every submission below `submitted/`, as found on disk.

One bad submission is one task with a reason; it never stops the others. What belongs to no
assignment of the course is found by `strays`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from autograder.batch.matching import Match
from autograder.batch.strays import lies_there, names_in
from autograder.batch.submission_folder import Found, find_notebooks, read_beside
from autograder.course.files import autograded_path, report_path
from autograder.course.fingerprint import exercise_digests, submission_digest
from autograder.course.lab import Lab
from autograder.course.model import Course
from autograder.grading.submission import Content, Submission, read_submission
from autograder.report import Report, Status
from autograder.sandbox.inside.policy import Tier

Wanted = Callable[[str, Lab], bool]
"""Whether a student's notebook is to be graded."""


@dataclass(frozen=True)
class Task:
    """One notebook of one submission, as found on disk."""

    student: str
    lab: Lab
    reason: str
    """Why the file cannot be graded; empty where it can."""
    status: Status
    digest: str
    digests: dict[str, str]
    folder: Path
    """The folder that is trusted; `name` is opened beneath it without following links."""
    name: str
    before: Report | None = None
    """The report of an earlier grading, where there is one and it is whole."""
    note: str = ""
    """For student and instructor: that another file than the expected one was graded."""
    refusal: str = ""
    """Why nothing can be written for this student; empty where it can."""
    held: Submission | None = field(default=None, repr=False)
    """Its cells, where they are held in memory."""
    place: str = ""
    """The submission's folder below `folder`, where the notebook's cells may read what lies in it;
    else empty."""

    @property
    def shown_student(self) -> str:
        """The student's name as text that every file and screen takes."""
        return printable(self.student)

    @property
    def fresh(self) -> bool:
        """Whether the earlier report still says what grading would say."""
        before = self.before
        if before is None or before.doubt:
            return False
        return (before.digest, before.digests) == (self.digest, self.digests)

    def read(self, most_mib: float) -> Content:
        """Its cells; read again only where they are not held."""
        if self.held is not None:
            return self.held
        content = read_submission(self.folder, self.name, most_mib)
        if self.place and isinstance(content, Submission):
            return replace(content, files=read_beside(self.folder, self.place))
        return content

    def touched(self) -> frozenset[str]:
        """The grade cells to be checked again: those that changed, and what may hang on them.

        An exercise that is not right by itself may owe its marks to how an earlier one went.
        """
        before = self.before
        if (
            before is None
            or before.digest != self.digest
            or set(before.digests) != set(self.digests)
        ):
            return frozenset(self.digests)
        results, touched = before.grade_cells(), set[str]()
        for cell, digest in self.digests.items():
            whole = all(
                result.passed and not (result.message or result.given)
                for result in results.get(cell, [])
            )
            if before.digests[cell] != digest or (touched and not whole):
                touched.add(cell)
        return frozenset(touched)


def find_tasks(
    course: Course, assignment: str, student: str, tier: Tier, wanted: Wanted
) -> Iterator[Task]:
    """The notebooks that are wanted of every submission, in the order of the students' names."""
    submitted = course.folder("submitted")
    labs = course.labs_of(assignment)
    digests = {lab.name: exercise_digests(course, lab, tier) for lab in labs}
    for name in [student] if student else names_in(submitted):
        if not any(wanted(name, lab) for lab in labs):
            continue
        if lies_there(submitted / name / assignment):
            earlier = {lab.name: _stored(course, name, lab) for lab in labs}
            before = {notebook: report for notebook, report in earlier.items() if report}
            place = f"{name}/{assignment}"
            refusal = why_no_student(name)
            for task in tasks_of(course, assignment, name, digests, submitted, place, before):
                if wanted(name, task.lab):
                    yield replace(task, refusal=refusal)


def held_within(tasks: Iterable[Task], most: int, force: bool) -> Iterator[Task]:
    """The tasks, which hold no more cells than memory should.

    Args:
        tasks: each holds its cells.
        most: how many characters all of them may hold.
        force: whether unchanged notebooks will be graded, too.
    """
    for task in tasks:
        size = task.held.size if task.held and (force or not task.fresh) else most + 1
        if size <= most:
            most -= size
            yield task
        else:
            yield replace(task, held=None)


def why_no_student(name: str) -> str:
    """Why a folder's name cannot be a student's; empty where it can.

    Formgrader writes names into its pages as they are, so a name must not be HTML.
    """
    if printable(name) != name:
        return "the name of the student's folder is not UTF-8; rename it to the student's name"
    if not name.isprintable() or set(name) & set('<>"'):
        return (
            "the name of the student's folder holds a control character or one of < > \", which "
            "pages would take for HTML; rename it to the student's name"
        )
    return ""


def printable(name: str) -> str:
    """A file's name as text: bytes that are no UTF-8 are written as `\\xff`."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def tasks_of(
    course: Course,
    assignment: str,
    student: str,
    digests: Mapping[str, dict[str, str]],
    folder: Path,
    place: str,
    before: Mapping[str, Report],
) -> list[Task]:
    """The notebooks of one submission, as they lie on disk.

    `submission_folder.find_notebooks` decides which file is which notebook.

    Args:
        course: the course.
        assignment: to which it was submitted.
        student: the student's name.
        digests: of the exercises, by notebook.
        folder: is trusted; everything beneath it is not.
        place: the submission's folder, as a path below it.
        before: the reports of an earlier grading, by notebook.
    """
    found = find_notebooks(course, assignment, folder, place)
    return [
        _task_of(match, found, student, digests, folder, place, before)
        for match in found.matches
        if match.lab.name in digests
    ]


def _task_of(
    match: Match,
    found: Found,
    student: str,
    digests: Mapping[str, dict[str, str]],
    folder: Path,
    place: str,
    before: Mapping[str, Report],
) -> Task:
    name = match.lab.name
    said = match.reason or match.note
    data = b"" if match.reason else found.contents[match.name]
    runs_whole = match.lab.tests_cells is not None
    beside = found.beside if runs_whole else {}
    data += b"".join(name.encode("utf-8", "replace") + one for name, one in beside.items())
    cells = None if match.reason else replace(found.cells[match.name], files=beside)
    return Task(
        student,
        match.lab,
        match.reason,
        match.status,
        submission_digest(data + said.encode("utf-8", "replace")),
        digests[name],
        folder,
        f"{place}/{match.name or name + '.ipynb'}",
        before.get(name),
        match.note,
        held=cells,
        place=place if runs_whole else "",
    )


def _stored(course: Course, student: str, lab: Lab) -> Report | None:
    """The report of an earlier grading, if everything of it is there and it gave a mark."""
    try:
        text = report_path(course, student, lab).read_text(encoding="utf-8")
        report = Report.from_json(text)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    there = autograded_path(course, student, lab).is_file()
    return report if there and not report.withheld else None


def why_changed(task: Task, before: Report) -> str:
    """Why a notebook was graded again, in words."""
    if before.digest != task.digest:
        return "another submission"
    changed = [cell for cell, digest in task.digests.items() if before.digests.get(cell) != digest]
    if not changed:
        return "graded again with other random inputs"
    if len(changed) == len(task.digests):
        return "the reference, what the checks share, the limits or the grader changed"
    return f"the checks of {', '.join(changed)} changed"


def signed(task: Task, report: Report) -> Report:
    """The report with what it depends on, so that the next run knows whether it still holds."""
    notes = (task.note, *report.notes) if task.note else report.notes
    return report.with_(digest=task.digest, digests=task.digests, notes=notes)
