"""Which file of a submission is which notebook: told by the exercises in it, else by its name.

Students rename notebooks, swap their names, put them one folder deeper and leave copies beside
them. `match_files` is the rule, a pure function: what a submission holds → which file counts as
which notebook, with a note where that is not the expected file, or why none counts.
`find_notebooks` reads a folder and applies the rule to it. Every door calls one of these two: the
command line (`grade` and `check`), the hub's service and nbgrader's `autograde`.

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

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath

from autograder.course.model import Course, Lab
from autograder.course.notebook import Kind
from autograder.grading.submission import Submission, code_words, list_files, parse, read_bytes
from autograder.report import Status
from autograder.sandbox.beneath import Absent, Closed, Unreachable, Unreadable

Content = Submission | Unreadable
"""What reading a file gave: its cells, or why it cannot be graded."""
MOST_READ = 20
"""Files of one submission that are looked into, besides those with the expected names."""
MOST_READ_MIB = 64.0
"""What these may have together."""
CHECKPOINTS = ".ipynb_checkpoints"
_LIKE_A_NOTEBOOK = re.compile(r"\.ipynb", re.IGNORECASE)
_PERHAPS_A_NOTEBOOK = {"", ".json", ".txt"}
"""Endings under which browsers save a notebook."""
_ARCHIVES = {".zip", ".gz", ".tgz", ".tar", ".bz2", ".xz", ".7z", ".rar", ".html", ".pdf", ".py"}
"""Files that may hold a notebook in a form that cannot be graded."""
_COPY = re.compile(
    r"^(?:copy of|kopie von|copie de|copia de)[ _]+"
    r"|[ _.-]*(?:\(\d+\)|(?:copy|kopie|copie|copia)[ _-]?\d*(?: ?\(\d+\))?|checkpoint)$"
)
_NOT_WORK = re.compile(r"^(?:\._|\.~|~\$)|^\.DS_Store$|^Thumbs\.db$")
"""Names that systems and editors leave behind."""


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


def expected_name(lab: Lab) -> str:
    """The name under which a notebook is released, and expected back."""
    return f"{lab.name}.ipynb"


def recognise(labs: Sequence[Lab], cells: Submission, name: str = "") -> Lab | None:
    """The lab whose exercises a notebook holds; None where that is not clear.

    Args:
        labs: those that it may be an attempt at.
        cells: the notebook's.
        name: of its file; decides where several labs fit equally well.
    """
    shares = _shares(labs, cells)
    fitting = [lab for lab, share in zip(labs, shares, strict=True) if share > 0]
    if len(fitting) != 1:
        most = max(shares, default=0.0)
        fitting = [lab for lab, share in zip(labs, shares, strict=True) if share == most >= 0.5]
    if len(fitting) > 1:
        fitting = [lab for lab in fitting if _bears_name(name, lab)]
    return fitting[0] if len(fitting) == 1 else None


def _shares(labs: Sequence[Lab], cells: Submission) -> list[float]:
    """Which part of each lab's exercises a notebook holds, by its grade_ids if any is a lab's."""
    by_ids = [_share_by_ids(lab, cells) for lab in labs]
    if any(by_ids):
        return by_ids
    by_functions = [_share_by_functions(lab, cells) for lab in labs]
    return [share if share >= 0.5 else 0.0 for share in by_functions]


def _holds_some(lab: Lab, cells: Submission) -> bool:
    """Whether anything of a lab's exercises is in a notebook."""
    return bool(_share_by_ids(lab, cells) or _share_by_functions(lab, cells))


def _share_by_ids(lab: Lab, cells: Submission) -> float:
    """Which part of a lab's exercises a notebook holds, by their grade_ids."""
    present = {cell.grade_id for cell in cells.cells if cell.grade_id}
    wanted = [{one.solution, one.grade_cell} for one in lab.exercises]
    wanted = wanted or [{cell.grade_id} for cell in lab.cells if cell.grade_id]
    return sum(bool(ids & present) for ids in wanted) / len(wanted) if wanted else 0.0


def _share_by_functions(lab: Lab, cells: Submission) -> float:
    """The same by the functions that the exercises ask for."""
    text = "\n".join(cell.source for cell in cells.cells if cell.is_code)
    wanted = [one.functions for one in lab.exercises if one.functions]
    found = [all(_binds(text, name) for name in names) for names in wanted]
    return sum(found) / len(found) if found else 0.0


def _binds(source: str, name: str) -> bool:
    """Whether a source seems to bind a name: by def, class, assignment or `as`."""
    word = re.escape(name)
    pattern = rf"\b(?:def|class|as|for)\s+{word}\b|\b{word}\s*(?::[^=\n]+)?=(?!=)"
    return re.search(pattern, source) is not None


def _identified(labs: Sequence[Lab], own: Sequence[Lab], name: str, cells: Submission) -> _File:
    """The file with its lab. Its own name holds unless the cells clearly are another lab's."""
    expected = next((lab for lab in own if same_name(name, expected_name(lab))), None)
    lab = recognise(labs, cells, name)
    if expected is not None and lab is not None:
        own_share, best = _shares((expected, lab), cells)
        lab = lab if best > own_share else expected
    lab = lab or expected
    if lab is None:
        named = [one for one in own if _bears_name(name, one)]
        lab = named[0] if len(named) == 1 else None
    return _File(name, cells, lab, lab is not None and lab is expected)


def same_name(name: str, other: str) -> bool:
    """Whether two names are the same, however a system composes their accents."""
    return unicodedata.normalize("NFC", name) == unicodedata.normalize("NFC", other)


def _bears_name(name: str, lab: Lab) -> bool:
    return bears_name(name, lab.name)


def bears_name(name: str, other: str) -> bool:
    """Whether a file is called so, its ending and what marks a copy left out."""
    return _plain(PurePosixPath(name).name) == _plain(other)


def is_archive(name: str) -> bool:
    """Whether a file may hold a notebook in a form that cannot be graded."""
    return PurePosixPath(name).suffix.casefold() in _ARCHIVES - {".py"}


def _plain(name: str) -> str:
    """A file's name without its ending and without what marks a copy."""
    stem = unicodedata.normalize("NFC", name).casefold()
    stem = re.sub(r"\.(?:ipynb|json|txt)\b.*$", "", stem).strip()
    while (shorter := _COPY.sub("", stem).strip()) != stem:
        stem = shorter
    return re.sub(r"[ _-]+", "_", stem)


def begun_exercises(lab: Lab, cells: Submission) -> frozenset[str]:
    """The exercises of which something is no longer as released, by their grade cells."""
    released = {code_words(text) for text in lab.stubs.values()}
    released |= {code_words(cell.source) for cell in lab.cells if cell.kind is not Kind.SOLUTION}
    ours = {cell.grade_id: cell.kind for cell in lab.cells if cell.grade_id}
    written: dict[str, list[str]] = {}
    for cell in cells.cells:
        kind = ours.get(cell.grade_id, Kind.FREE)
        tokens = code_words(cell.source)
        if kind in (Kind.SOLUTION, Kind.FREE) and tokens and tokens not in released:
            place = cell.grade_id if kind is Kind.SOLUTION else ""
            written.setdefault(place, []).append(cell.source)
    elsewhere = "\n".join(written.get("", []))
    return frozenset(
        one.grade_cell
        for one in lab.exercises
        if one.solution in written or any(_binds(elsewhere, name) for name in one.functions)
    )


def _settle(lab: Lab, files: Sequence[_File], problem: Unreadable | None) -> Match | None:
    """Which of the files that are an attempt at a lab counts; None where there are none."""
    distinct: list[_File] = []
    for file in sorted(files, key=lambda one: one.rank):
        if all(file.cells != other.cells for other in distinct):
            distinct.append(file)
    if not distinct:
        return None
    if lab.exercises and not any(_holds_some(lab, file.cells) for file in distinct):
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
        named = [name for name in sorted(problems) if _bears_name(name, lab)]
        damaged = named[0] if named else ""
    if damaged:
        problem = problems[damaged]
        status = _status_of(problem)
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


def _status_of(problem: Unreadable) -> Status:
    """What a file that cannot be read costs: nothing where the reason may be ours."""
    return Status.BROKEN if isinstance(problem, Unreachable | Closed) else Status.UNREADABLE


def _may_hold(name: str, lab: Lab) -> bool:
    """Whether a file that is no notebook may be what became of one."""
    if is_archive(name) or name.endswith("/"):
        return True
    return bears_name(PurePosixPath(name).stem, lab.name)


def shown_name(name: str) -> str:
    """A path that a student chose, fit to be shown: nothing unprintable, and not too long."""
    text = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in name)
    return text if len(text) <= 80 else f"{text[:60]}…{text[-18:]}"


# Reading a folder ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Found:
    """The notebooks of one submission, as it lies on disk."""

    matches: tuple[Match, ...]
    contents: dict[str, bytes] = field(repr=False)
    """Contents of the files that were read, by path."""


def find_notebooks(
    course: Course, assignment: str, folder: Path, place: str, owner: int | None = None
) -> Found:
    """Read a submission's folder, and tell which file is which notebook.

    A folder that cannot be read gives every notebook that reason.

    Args:
        course: the course, built.
        assignment: to which it was submitted.
        folder: is trusted; everything beneath it is not.
        place: the submission's folder, as a path below it.
        owner: account number that the files must belong to; see `read_bytes`.
    """
    labs = course.labs_of(assignment)
    try:
        names = list_files(folder, place)
    except Unreadable as problem:
        status = _status_of(problem)
        told = f"the folder of the submission: {problem}"
        return Found(tuple(Match(lab, status=status, reason=told) for lab in labs), {})
    reader = _Reader(folder, place, course.limits.notebook_mib, owner)
    wanted = notebook_names(course, assignment, names)
    reader.read([expected_name(lab) for lab in labs])
    reader.read([name for name in wanted if name not in reader.files])
    others = set(names) - set(wanted) - set(course.public_files(assignment))
    matches = match_files(course.labs, assignment, reader.files, _worth_naming(others))
    perhaps = [name for name in _worth_naming(others) if _suffix(name) in _PERHAPS_A_NOTEBOOK]
    if perhaps and any(match.status is not Status.GRADED for match in matches):
        others -= set(reader.read(perhaps, notebooks_only=True))
        matches = match_files(course.labs, assignment, reader.files, _worth_naming(others))
    return Found(tuple(matches), reader.contents)


def notebook_names(course: Course, assignment: str, names: Iterable[str]) -> list[str]:
    """Those of the names of a submission's files that say that they are notebooks.

    The expected ones come first, then the others, those that lie on top first.
    """
    expected = {expected_name(lab) for lab in course.labs_of(assignment)}
    found = [
        name
        for name in _worth_naming(names)
        if name in expected
        or (_LIKE_A_NOTEBOOK.search(PurePosixPath(name).name) and name[-1] != "/")
    ]
    return sorted(found, key=lambda name: (name not in expected, name.count("/"), name))


def _worth_naming(names: Iterable[str]) -> list[str]:
    """Names without nbgrader's own two files and what systems leave behind."""
    own = {"timestamp.txt", "submission_secret.txt"}
    return sorted(
        name
        for name in names
        if name not in own
        and not name.startswith("__MACOSX/")
        and not _NOT_WORK.search(PurePosixPath(name).name)
    )


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix.casefold() if not name.endswith("/") else "/"


class _Reader:
    """Reads files of one submission, not more of them than is sensible."""

    def __init__(self, folder: Path, place: str, most_mib: float, owner: int | None) -> None:
        self._folder, self._place, self._most_mib, self._owner = folder, place, most_mib, owner
        self._left_mib, self._left = MOST_READ_MIB, MOST_READ
        self.files: dict[str, Content] = {}
        self.contents: dict[str, bytes] = {}

    def read(self, names: Iterable[str], notebooks_only: bool = False) -> list[str]:
        """Read files; returns the names of those that are taken for notebooks."""
        taken = []
        for name in names:
            content = self._read(name)
            if isinstance(content, Absent):
                continue
            if isinstance(content, Submission) or not notebooks_only:
                self.files[name] = content
                taken.append(name)
        return taken

    def _read(self, name: str) -> Content:
        if self._left <= 0 or self._left_mib <= 0:
            return Unreadable("too many files lie beside the notebook; this one was not read")
        try:
            data = read_bytes(self._folder, f"{self._place}/{name}", self._most_mib, self._owner)
            self._left -= 1
            self._left_mib -= len(data) / 2**20
            cells = parse(data)
        except Unreadable as problem:
            return problem
        self.contents[name] = data
        return cells


def labs_within(course: Course, folder: Path, place: str) -> list[Lab]:
    """The labs of a course whose exercises something holds that is no submission to it.

    Args:
        course: the course.
        folder: is trusted; everything beneath it is not.
        place: a file or a folder, as a path below it.
    """
    try:
        names = [name for name in list_files(folder, place) if _LIKE_A_NOTEBOOK.search(name)]
        above = place
    except Unreadable:
        above, _, name = place.rpartition("/")
        names = [name] if _LIKE_A_NOTEBOOK.search(name) else []
    reader = _Reader(folder, above or ".", course.limits.notebook_mib, None)
    reader.read(_worth_naming(names)[:MOST_READ])
    found = [
        recognise(course.labs, cells, name)
        for name, cells in reader.files.items()
        if isinstance(cells, Submission)
    ]
    return [lab for lab in course.labs if lab in found]
