"""Which file of a submission is which notebook: told by the exercises in it, else by its name.

Students rename notebooks, swap their names, put them one folder deeper and leave copies beside
them. `match_files` is the rule, a pure function: what a submission holds → which file counts as
which notebook, with a note where that is not the expected file, or why none counts.
`submission_folder.find_notebooks` reads a folder and applies the rule to it. Every door calls one
of these two: the command line (`grade` and `check`), the hub's service and nbgrader's `autograde`.

The rule, for each notebook of the assignment:

1. A file belongs to the notebook of the course whose exercises it holds: by their grade_ids, or by
   their functions where no grade_id is left. Where several fit equally well, or none does, the
   file's name decides; a copy's mark (`-Copy1`, ` (1)`, another ending) does not count.
2. One file: it counts. Equal files are one. Of several, those with work in them count before those
   that are as released, and all others before Jupyter's checkpoints.
3. Where several differ, the one with the expected name counts if it has everything begun that the
   others have begun. Else a person must say which: the status is `UNCLEAR`, never a zero.
4. A notebook under the right name that holds no exercise of the lab at all is `UNCLEAR`, too.
5. No file: `MISSING`, unless something in the submission may be the notebook: then `UNCLEAR`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

from autograder.batch.file_names import (
    bears_name,
    expected_name,
    is_archive,
    same_name,
    shown_name,
)
from autograder.batch.recognising import begun_exercises, holds_some, recognise, shares
from autograder.course.lab import Lab
from autograder.grading.submission import Content, Submission
from autograder.report import Status
from autograder.sandbox.beneath import Closed, Unreachable, Unreadable

CHECKPOINTS = ".ipynb_checkpoints"


@dataclass(frozen=True)
class Match:
    """Which file of a submission is one notebook, or why none is."""

    lab: Lab
    name: str = ""
    """The file's path below the submission's folder; empty where none counts."""
    note: str = ""
    """For student and instructor: that another file than the expected one counts, and why."""
    status: Status = Status.GRADED
    reason: str = ""
    """Why nothing can be graded, in one line; empty where something can."""


@dataclass(frozen=True)
class _File:
    """A file with cells, and the lab that it is an attempt at, where that is clear."""

    name: str
    cells: Submission
    lab: Lab | None
    expected: bool
    """Whether it lies where that lab's notebook is expected."""

    @property
    def is_checkpoint(self) -> bool:
        """Whether Jupyter put it there by itself."""
        return CHECKPOINTS in PurePosixPath(self.name).parts[:-1]

    @property
    def rank(self) -> tuple[bool, bool, int, str]:
        """Of equal files the first in this order counts."""
        return not self.expected, self.is_checkpoint, self.name.count("/"), self.name

    @cached_property
    def begun(self) -> frozenset[str]:
        """The exercises of the lab that are no longer as released."""
        return begun_exercises(self.lab, self.cells) if self.lab else frozenset()


def match_files(
    labs: Sequence[Lab],
    assignment: str,
    files: Mapping[str, Content],
    others: Collection[str] = (),
) -> list[Match]:
    """Which file of a submission is which notebook of an assignment.

    Args:
        labs: of the whole course, so that a notebook of another assignment is known as such.
        assignment: to which it was submitted.
        files: every file that may be a notebook, by its path below the submission's folder.
        others: paths of the files that are none.

    Returns:
        One match for each notebook of the assignment, in the course's order.
    """
    own = [lab for lab in labs if lab.assignment == assignment]
    known = [
        _identified(labs, own, name, cells)
        for name, cells in sorted(files.items())
        if isinstance(cells, Submission)
    ]
    problems = {name: told for name, told in files.items() if isinstance(told, Unreadable)}
    return [
        _settle(lab, [file for file in known if file.lab is lab], problems.get(expected_name(lab)))
        or _absent(lab, known, problems, others)
        for lab in own
    ]


def _identified(labs: Sequence[Lab], own: Sequence[Lab], name: str, cells: Submission) -> _File:
    """The file with its lab. Its own name holds unless the cells clearly are another lab's."""
    expected = next((lab for lab in own if same_name(name, expected_name(lab))), None)
    lab = recognise(labs, cells, name)
    if expected is not None and lab is not None:
        own_share, best = shares((expected, lab), cells)
        lab = lab if best > own_share else expected
    lab = lab or expected
    if lab is None:
        named = [one for one in own if bears_name(name, one.name)]
        lab = named[0] if len(named) == 1 else None
    return _File(name, cells, lab, lab is not None and lab is expected)


def _settle(lab: Lab, files: Sequence[_File], problem: Unreadable | None) -> Match | None:
    """Which of the files that are an attempt at a lab counts; None where there are none."""
    distinct: list[_File] = []
    for file in sorted(files, key=lambda one: one.rank):
        if all(file.cells != other.cells for other in distinct):
            distinct.append(file)
    if not distinct:
        return None
    if lab.exercises and not any(holds_some(lab, file.cells) for file in distinct):
        return _foreign(lab, distinct[0])
    if len(distinct) == 1:
        return Match(lab, distinct[0].name, _note(lab, distinct[0], (), problem))
    begun = [file for file in distinct if file.begun]
    begun = [file for file in begun if not file.is_checkpoint] or begun or distinct[:1]
    first, rest = begun[0], begun[1:]
    if rest and not (first.expected and all(file.begun <= first.begun for file in rest)):
        return _which(lab, begun)
    untouched = [file for file in distinct if not file.begun and file.expected]
    return Match(lab, first.name, _note(lab, first, rest, problem, untouched))


def _foreign(lab: Lab, file: _File) -> Match:
    """Another notebook under the lab's name: nothing of it was asked for, and a zero would lie."""
    reason = (
        f"{shown_name(file.name)} holds none of the exercises of {lab.name}; is it another "
        "notebook? Submit the one that you fetched"
    )
    return Match(lab, status=Status.UNCLEAR, reason=reason)


def _note(
    lab: Lab,
    file: _File,
    rest: Sequence[_File],
    problem: Unreadable | None,
    untouched: Sequence[_File] = (),
) -> str:
    """What is to be said of the choice; nothing where the expected file is the only one."""
    name, expected = shown_name(file.name), shown_name(expected_name(lab))
    if file.expected:
        left = ", ".join(shown_name(other.name) for other in rest)
        return f"{expected} was graded; {left} beside it was not." if rest else ""
    if problem is not None:
        return f"{expected} cannot be graded ({problem}), so {name} was graded in its place."
    if untouched and untouched[0] is not file:
        return f"{name} was graded, since {expected} beside it is as it was released."
    return f"{name} was graded as {expected}. Please keep a notebook's name and place."


def _which(lab: Lab, files: Sequence[_File]) -> Match:
    names = ", ".join(shown_name(file.name) for file in files[:5])
    reason = (
        f"several files may be {shown_name(expected_name(lab))}, and they differ: {names}; "
        "keep one of them and submit again"
    )
    return Match(lab, status=Status.UNCLEAR, reason=reason)


def _absent(
    lab: Lab,
    known: Sequence[_File],
    problems: Mapping[str, Unreadable],
    others: Collection[str],
) -> Match:
    """Why no file is the notebook: it is damaged, or something else is there, or nothing is."""
    damaged = expected_name(lab)
    if damaged not in problems:
        named = [name for name in sorted(problems) if bears_name(name, lab.name)]
        damaged = named[0] if named else ""
    if damaged:
        problem = problems[damaged]
        status = status_of(problem)
        where = "" if damaged == expected_name(lab) else f"{shown_name(damaged)}: "
        return Match(lab, damaged, status=status, reason=f"{where}{problem}")
    reason = f"there is no {shown_name(expected_name(lab))} in the submission"
    foreign = [one for one in known if one.lab and one.lab.assignment != lab.assignment]
    if foreign:
        name, place = shown_name(foreign[0].name), foreign[0].lab.assignment  # type: ignore[union-attr]
        reason += f"; {name} holds the exercises of the assignment {place}: submit it there"
        return Match(lab, status=Status.UNCLEAR, reason=reason)
    doubtful = [one.name for one in known if one.lab is None] + sorted(problems)
    doubtful += sorted(name for name in others if _may_hold(name, lab))
    if doubtful:
        names = ", ".join(map(shown_name, doubtful[:5]))
        reason += f"; there is {names}, which does not tell by its exercises what it is"
        return Match(lab, status=Status.UNCLEAR, reason=reason)
    return Match(lab, status=Status.MISSING, reason=reason)


def status_of(problem: Unreadable) -> Status:
    """What a file that cannot be read costs: nothing where the reason may be ours."""
    return Status.BROKEN if isinstance(problem, Unreachable | Closed) else Status.UNREADABLE


def _may_hold(name: str, lab: Lab) -> bool:
    """Whether a file that is no notebook may be what became of one."""
    if is_archive(name) or name.endswith("/"):
        return True
    return bears_name(PurePosixPath(name).stem, lab.name)
