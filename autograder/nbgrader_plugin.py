"""The entry point for `nbgrader autograde`, formgrader's button and `NbGraderAPI.autograde`.

    c.Autograde.exporter_class = "autograder.nbgrader_plugin.SubmissionExporter"

nbgrader makes this exporter once for each run and hands it the converter that runs. The exporter
replaces the converter's own loop by our grading, so that nbgrader never opens, copies or follows a
file that a student submitted. Reading, grading and writing are those of `autograder grade`, and a
bad file spoils only its own row. nbgrader keeps its options, hooks, log and exit codes.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbgrader.converters import Autograde
from nbgrader.converters.base import NbGraderException
from nbgrader.preprocessors.base import NbGraderPreprocessor

from autograder.batch.run import Outcome, grade_class
from autograder.course.files import autograded_path
from autograder.course.lab import Lab
from autograder.course.model import Course
from autograder.errors import AutograderError
from autograder.gradebook.gradebook import open_gradebook
from autograder.gradebook.harmless import harmless
from autograder.gradebook.nbgrader_compat import between_hooks, replace_conversion
from autograder.sandbox.doctor import strongest

_PLAIN = ("text/plain", "image/png", "image/jpeg", "image/gif")
SETTING = 'c.Autograde.exporter_class = "autograder.nbgrader_plugin.SubmissionExporter"'


class SubmissionExporter(NotebookExporter):  # type: ignore[misc]
    """Makes the converter that it belongs to grade as `autograder grade` does."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        if isinstance(self.parent, Autograde):
            replace_conversion(self.parent, partial(grade_in_place_of, self.parent))


def grade_in_place_of(converter: Any) -> None:
    """Grade what an nbgrader converter was asked to grade.

    Raises:
        NbGraderException: a submission needs review, or nothing could be graded; nbgrader's
            command then exits with 1, and formgrader shows the log.
    """
    with between_hooks(converter):
        try:
            outcome = _grade(converter)
        except AutograderError as error:
            converter.log.error("%s", error)
            raise NbGraderException(str(error)) from None
        for one in outcome.graded:
            said = "withheld" if one.score is None else f"{one.score:g} of {one.max_score:g}"
            converter.log.info("Graded %s of %s: %s", one.report.notebook, one.student, said)
    _ask_for_a_person(converter, outcome)


def _grade(converter: Any) -> Outcome:
    coursedir = converter.coursedir
    course = Course.load(Path(coursedir.root))
    pattern = coursedir.student_id
    excluded = set(coursedir.student_id_exclude.split(","))
    known = None if converter.create_student else _students(course, coursedir.db_url)

    def wanted(student: str, lab: Lab) -> bool:
        return (
            fnmatchcase(student, pattern)
            and fnmatchcase(lab.name, coursedir.notebook_id)
            and student not in excluded
            and (known is None or student in known)
        )

    outcome = grade_class(
        course,
        [coursedir.assignment_id],
        strongest(course.require, course.limits),
        wanted=wanted,
        force=converter.force,
        database_url=coursedir.db_url,
    )
    # Stray files in other students' folders were not asked for.
    outcome.strays = [
        stray for stray in outcome.strays if fnmatchcase(stray.place.partition("/")[0], pattern)
    ]
    return outcome


def _students(course: Course, database_url: str) -> frozenset[str]:
    """The students in the gradebook: the only ones graded where no others may be entered."""
    with open_gradebook(course, database_url) as book:
        return book.students()


def _ask_for_a_person(converter: Any, outcome: Outcome) -> None:
    """Log each submission that an instructor must review.

    Raises:
        NbGraderException: there is at least one.
    """
    waiting = [one.student for one in outcome.needs_person]
    for one in outcome.needs_person:
        converter.log.error("Needs review: %s, %s: %s", one.student, one.report.notebook, one.why)
    for remark in outcome.remarks:
        place = f"{remark.student}, {remark.notebook or remark.assignment}"
        _log(converter, remark.needs_person, f"{place}: {remark.text}")
        waiting += [remark.student] * remark.needs_person
    for stray in outcome.strays:
        _log(converter, stray.needs_person, f"submitted/{stray.place}: {stray.words}")
        waiting += [stray.place] * stray.needs_person
    if waiting:
        names = ", ".join(dict.fromkeys(waiting))
        raise NbGraderException(
            f"A person must look at the submissions of {names}; all others are graded. The log "
            "above says why."
        )


def _log(converter: Any, needs_person: bool, text: str) -> None:
    if needs_person:
        converter.log.error("Needs review: %s", text)
    else:
        converter.log.warning("%s", text)


class HarmlessCells(NbGraderPreprocessor):  # type: ignore[misc]
    """Makes any notebook safe to view before nbconvert turns it into a page.

        c.HTMLExporter.preprocessors = ["autograder.nbgrader_plugin.HarmlessCells"]

    What we write to `autograded/` is safe already, but formgrader and nbgrader's feedback show any
    file that lies there.
    """

    def preprocess_cell(
        self, cell: Any, resources: dict[str, Any], index: int
    ) -> tuple[Any, dict[str, Any]]:
        """The cell with harmless text, or with only its plain outputs."""
        if cell.cell_type == "code":
            cell.outputs = [output for output in map(_plain_output, cell.outputs) if output]
        else:
            # nbconvert would copy a raw cell to the page unchanged.
            cell.cell_type = "markdown"
            cell.source = harmless(cell.source, cell.get("attachments", {}))
        return cell, resources


def _plain_output(output: Any) -> Any:
    """The output with only its text and raster pictures; None where it has neither."""
    if output.output_type in ("stream", "error"):
        return output
    output.data = {kind: data for kind, data in output.data.items() if kind in _PLAIN}
    return output if output.data else None


class GradeNotebook(NbGraderPreprocessor):  # type: ignore[misc]
    """Grades one notebook, for courses with a configuration that still names this preprocessor.

    nbgrader itself has then read and copied the submission already.
    """

    def preprocess(self, nb: Any, resources: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """The autograded notebook; its scores are in the gradebook already.

        Raises:
            NbGraderException: it needs review.
        """
        facts = resources["nbgrader"]
        # nbgrader's converters work from the course's root.
        course = Course.load(Path.cwd())
        student, notebook = facts["student"], facts["notebook"]
        self.log.warning("course_config.py: replace autograde_preprocessors by: %s", SETTING)
        outcome = grade_class(
            course,
            [facts["assignment"]],
            strongest(course.require, course.limits),
            student=student,
            wanted=lambda _, lab: lab.name == notebook,
            force=True,
            database_url=facts["db_url"],
        )
        _ask_for_a_person(self, outcome)
        labs = {lab.name: lab for lab in course.labs_of(facts["assignment"])}
        path = autograded_path(course, student, labs[notebook])
        return nbformat.read(path, as_version=4), resources
