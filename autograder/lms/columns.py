"""Which column and which row of a platform's file is what."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from autograder.errors import CourseError
from autograder.lms.marks import Item
from autograder.lms.matching import same
from autograder.lms.plan import NEAR, Wish, number_in, number_text
from autograder.lms.platforms import Platform
from autograder.lms.sheet import Sheet


def require_identity(wish: Wish, sheet: Sheet) -> None:
    """Require the columns that identify a student.

    Raises:
        CourseError: they are not there.
    """
    platform = wish.platform
    if not any(column in sheet.header for column in wish.key_columns):
        wanted = " or ".join(f"“{column}”" for column in wish.key_columns)
        raise CourseError(
            f"the {platform.title} file has no column {wanted}, which identifies students; export "
            "it with that column, match otherwise (--match), or name the column (--key)"
        )
    needed = (*platform.needed, wish.key_title)
    if not any(column in sheet.header for column in needed):
        wanted = " or ".join(f"“{column}”" for column in platform.needed)
        raise CourseError(f"the {platform.title} file has no column {wanted}; export it again")


def is_points_row(platform: Platform, row: Sequence[str]) -> bool:
    """Whether a row holds the points of each column, and no student."""
    return bool(platform.points_row) and platform.points_row.strip() in row[0]


def identifiers(wish: Wish, sheet: Sheet, row: Sequence[str]) -> list[str]:
    """What identifies the student of a row; nothing in rows that are no student's."""
    columns = wish.identifying
    cells = [cell for title, cell in zip(sheet.header, row, strict=True) if title in columns]
    return [cell for cell in cells if cell.strip()]


def keys(wish: Wish, sheet: Sheet, row: Sequence[str]) -> list[str]:
    """What the student of a row may be matched by."""
    wanted = wish.key_columns
    cells = [cell for title, cell in zip(sheet.header, row, strict=True) if title in wanted]
    return [cell.strip().removeprefix(wish.platform.mark_sign) for cell in cells]


def label(wish: Wish, sheet: Sheet, row: Sequence[str]) -> str:
    """A row of the platform's file in words."""
    names = [
        cell.strip()
        for title, cell in zip(sheet.header, row, strict=True)
        if title in wish.kept_columns and title != "Section" and cell.strip()
    ]
    return " · ".join(names)


def place_of(
    wish: Wish, sheet: Sheet, points_row: Sequence[str] | None, item: Item, ours: float
) -> tuple[int, float] | None:
    """Where the column of an item is, and by what its marks are multiplied; None without one."""
    platform, wanted = wish.platform, wish.columns.get(str(item), str(item))
    found = [
        (number, match)
        for number, title in enumerate(sheet.header)
        if (match := _marks_column(wish, title)) and _is_called(match, wanted)
    ]
    if not found:
        return None
    if len(found) > 1:
        titles = ", ".join(f"“{sheet.header[number]}”" for number, _ in found)
        raise CourseError(
            f"{item}: several columns of the {platform.title} file could be it: {titles}; say "
            f"which: --column '{item}=TITLE'"
        )
    number, title = found[0]
    told = points_row[number] if points_row is not None else title.groupdict().get("points") or ""
    if "read only" in told:
        return None
    theirs = number_in(told)
    if theirs is None or abs(theirs - ours) < NEAR:
        return number, 1.0
    if not wish.scale or not ours:
        raise CourseError(
            f"{item} has {number_text(ours)} points, “{sheet.header[number]}” has "
            f"{number_text(theirs)}; change the points on {platform.title}, or convert the marks "
            "with --scale"
        )
    return number, theirs / ours


def _marks_column(wish: Wish, title: str) -> re.Match[str] | None:
    platform = wish.platform
    if title in (*wish.kept_columns, platform.last) or platform.not_marks.fullmatch(title):
        return None
    return platform.column.fullmatch(title)


def _is_called(column: re.Match[str], wanted: str) -> bool:
    """Whether a title means a column: the whole one, without its ending, or its identifier."""
    title = column["title"]
    # Moodle puts the kind of activity before the name.
    names = {column[0], title, title.partition(": ")[2], column.groupdict().get("id") or ""}
    return _loose(wanted) in {_loose(name) for name in names if name}


def _loose(title: str) -> str:
    return re.sub(r"[\s_\-]+", " ", same(title)).strip()


def require_apart(columns: Mapping[Item, str]) -> None:
    """Require a column for each item.

    Raises:
        CourseError: two would be written into one column.
    """
    for item, title in columns.items():
        for other, its_title in columns.items():
            if item < other and title == its_title:
                raise CourseError(f"{item} and {other} have the same column “{title}”")
