"""Marks → a file for a platform's import, and what that import would change.

Into a file that the platform exported, marks are filled column by column. Only rows in which
something changes are written, with nothing but the columns that identify a student and those of our
marks: whatever else was changed on the platform since stays. A cell that must not change repeats
what the platform has, because an empty cell takes a mark away on some platforms. Our mark goes over
another one only if that one was ours, too.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from autograder.gradebook.people import Person
from autograder.lms.columns import (
    identifiers,
    is_points_row,
    keys,
    label,
    place_of,
    require_apart,
    require_identity,
)
from autograder.lms.marks import Item, Mark, Marks, points_of
from autograder.lms.matching import Matched, match
from autograder.lms.plan import (
    FORMULA,
    NEAR,
    Change,
    Filling,
    Stays,
    Wish,
    number_in,
    number_text,
)
from autograder.lms.sheet import Sheet, is_formula


def fill(
    wish: Wish,
    sheet: Sheet,
    people: Sequence[Person],
    marks: Marks,
    items: Sequence[Item],
    written: Mapping[tuple[str, str], Sequence[float]],
) -> Filling:
    """A file from the one that the platform exported.

    Args:
        wish: what is wanted.
        sheet: the platform's file.
        people: the students of the gradebook.
        marks: their marks.
        items: what is to be written.
        written: by student and `str(item)`, the marks that were written for this platform before.

    Raises:
        CourseError: the file lacks what identifies a student, a column is ambiguous, or its points
            are others than ours.
    """
    platform = wish.platform
    require_identity(wish, sheet)
    rows = [row for row in sheet.rows if not is_points_row(platform, row)]
    points_row = next((row for row in sheet.rows if is_points_row(platform, row)), None)
    students = [row for row in rows if identifiers(wish, sheet, row)]
    filling = Filling(Sheet((), (), sheet.delimiter, sheet.encoding))
    places: dict[Item, tuple[int, float]] = {}
    for item in items:
        place = place_of(wish, sheet, points_row, item, points_of(marks, item))
        if place is None:
            filling.missing.append(item)
        else:
            places[item] = place
            filling.columns[item] = sheet.header[place[0]]
    require_apart(filling.columns)
    known = [keys(wish, sheet, row) for row in students]
    matched = match(people, known, wish.match, lambda n: label(wish, sheet, students[n]))
    with_mark = {student for student, item in marks if item in places}
    filling.students |= _by_need(matched, with_mark)
    filling.others |= {label(wish, sheet, students[n]): why for n, why in matched.others.items()}
    kept = [n for n, title in enumerate(sheet.header) if title in wish.kept_columns]
    ends = [n for n, title in enumerate(sheet.header) if platform.last and title == platform.last]
    columns = sorted(kept + [place for place, _ in places.values()]) + ends
    out = [] if points_row is None else [tuple(points_row[n] for n in columns)]
    for student, number in matched.pairs.items():
        row = _filled(wish, filling, student, students[number], places, marks, written)
        if row is None:
            continue
        fixed = [n for n in kept if sheet.header[n] in wish.identifying]
        fixed += [place for place, _ in places.values()]
        if any(is_formula(row[n]) for n in fixed):
            filling.students[student] = FORMULA.format("row there has a cell that")
            filling.changes = [one for one in filling.changes if one.student != student]
            continue
        out.append(tuple(row[n] for n in columns))
    filling.without_row = len(filling.students.keys() & with_mark)
    header = tuple(sheet.header[n] for n in columns)
    filling.sheet = Sheet(header, tuple(out), sheet.delimiter, sheet.encoding)
    return filling


def _by_need(matched: Matched, with_mark: Collection[str]) -> dict[str, str]:
    """The students without a row; those who have a mark come first."""
    return dict(sorted(matched.students.items(), key=lambda one: (one[0] not in with_mark, one[0])))


def _filled(
    wish: Wish,
    filling: Filling,
    student: str,
    row: Sequence[str],
    places: Mapping[Item, tuple[int, float]],
    marks: Marks,
    written: Mapping[tuple[str, str], Sequence[float]],
) -> list[str] | None:
    """The row with our marks; None where nothing changes in it."""
    cells, changed = list(row), False
    for item, (place, factor) in places.items():
        mark = marks.get((student, item))
        there = row[place].strip()
        if mark is None:
            continue
        after = _decided(wish, filling, student, item, there, mark, factor, written)
        if after is not None:
            cells[place] = after
            changed = True
    if not changed:
        return None
    for place, _ in places.values():
        if cells[place].strip() in wish.platform.no_mark:
            cells[place] = ""
            filling.empty += 1
    return cells


def _decided(
    wish: Wish,
    filling: Filling,
    student: str,
    item: Item,
    there: str,
    mark: Mark,
    factor: float,
    written: Mapping[tuple[str, str], Sequence[float]],
) -> str | None:
    """What goes into a cell; None where it stays as it is. The decision is noted."""
    vacant = there in wish.platform.no_mark
    if mark.score is None:
        filling.stays.append(Stays(student, item, "" if vacant else there, "", mark.waits))
        return None
    text, number = number_text(mark.score * factor), number_in(there)
    if number is not None and abs(number - mark.score * factor) < NEAR:
        filling.same.append(Change(student, item, there, text))
        return None
    before = written.get((student, str(item)), ())
    was_ours = number is not None and any(abs(number - one) < NEAR for one in before)
    if vacant or was_ours or wish.overwrite:
        filling.changes.append(Change(student, item, "" if vacant else there, text))
        return text
    filling.stays.append(Stays(student, item, there, text, "given on the platform, not by us"))
    return None
