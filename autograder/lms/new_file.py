"""Marks → a new file for a platform's import, where its own file is not at hand."""

from __future__ import annotations

from collections.abc import Sequence

from autograder.gradebook.people import Person
from autograder.lms.marks import Item, Marks, points_of
from autograder.lms.matching import KEY_WORDS, key_of, match
from autograder.lms.plan import FORMULA, Change, Filling, Stays, Wish, number_text
from autograder.lms.platforms import KEYS
from autograder.lms.sheet import Sheet, is_formula


def new_file(wish: Wish, people: Sequence[Person], marks: Marks, items: Sequence[Item]) -> Filling:
    """A file from the gradebook alone: a row for each student who has a mark."""
    platform = wish.platform
    titles = {item: wish.columns.get(str(item), str(item)) for item in items}
    points = {item: points_of(marks, item) for item in items}
    header = {
        item: platform.new_column.format(title=title, points=number_text(points[item]))
        for item, title in titles.items()
    }
    last = [platform.last] if platform.last else []
    filling = Filling(Sheet((), (), platform.delimiter, platform.encoding), dict(header))
    matched = match(people, [[key_of(one, wish.match)] for one in people], wish.match)
    filling.students |= matched.students
    rows = []
    if platform.points_row:
        first = [platform.points_row, *[""] * (len(platform.identity) - 1)]
        rows.append((*first, *(number_text(points[item]) for item in items)))
    for person in people:
        if person.student not in matched.pairs:
            continue
        identity = _identity(wish, person)
        if is_formula(platform.mark_sign + key_of(person, wish.match)):
            filling.students[person.student] = FORMULA.format(KEY_WORDS[wish.match])
            continue
        cells = [_new_cell(filling, person.student, item, marks) for item in items]
        if any(cells):
            filling.empty += cells.count("")
            rows.append((*identity, *cells, *[platform.mark_sign for _ in last]))
    with_mark = {student for student, _ in marks}
    filling.without_row = len(filling.students.keys() & with_mark)
    header_row = (*platform.identity, *header.values(), *last)
    filling.sheet = Sheet(header_row, tuple(rows), platform.delimiter, platform.encoding)
    return filling


def _new_cell(filling: Filling, student: str, item: Item, marks: Marks) -> str:
    mark = marks.get((student, item))
    if mark is None:
        return ""
    if mark.score is None:
        filling.stays.append(Stays(student, item, "", "", mark.waits))
        return ""
    text = number_text(mark.score)
    filling.changes.append(Change(student, item, "", text))
    return text


def _identity(wish: Wish, person: Person) -> list[str]:
    """The cells that identify a student in a new file."""
    platform = wish.platform
    known = {
        "Student": ", ".join(part for part in (person.last_name, person.first_name) if part)
        or person.student,
        **dict.fromkeys(("First name", "First Name"), person.first_name),
        **dict.fromkeys(("Last name", "Last Name"), person.last_name),
    }
    columns = {
        by: next((one for one in platform.keys[by] if one in platform.identity), "") for by in KEYS
    }
    for by, column in columns.items():
        value = platform.mark_sign + key_of(person, by)
        # Where a column may hold two kinds of identifiers, it holds the one that is asked for.
        chosen = by == wish.match or column != columns[wish.match]
        if column and chosen and value != platform.mark_sign and not is_formula(value):
            known.setdefault(column, value)
    return [known.get(column, "") for column in platform.identity]
