"""Which student of the gradebook is which student of another system."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from autograder.gradebook.people import Person
from autograder.lms.platforms import EMAIL, LOGIN

KEY_WORDS = {
    "email": "e-mail address",
    "login": "login name",
    "number": "number (lms_user_id)",
}


@dataclass(frozen=True)
class Matched:
    """Who is who, and who is nobody."""

    pairs: Mapping[str, int] = field(default_factory=dict)
    """For each student, the place of the other system's entry."""
    students: Mapping[str, str] = field(default_factory=dict)
    """Students without an entry, and why."""
    others: Mapping[int, str] = field(default_factory=dict)
    """Entries without a student, and why."""


def same(text: str) -> str:
    """A text as it is compared: case, blanks around it and the coding of accents do not count."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text.strip()).casefold())


def key_of(person: Person, by: str) -> str:
    """What another system may know a student by."""
    if by == EMAIL:
        return person.email
    return person.student if by == LOGIN else person.number


def match(
    people: Sequence[Person],
    entries: Sequence[Iterable[str]],
    by: str,
    place: Callable[[int], str] = lambda number: f"row {number + 1}",
) -> Matched:
    """Match students with the entries of another system; what is ambiguous is matched with nobody.

    Args:
        people: the students.
        entries: for each entry, the values that it may be known by; empty ones do not count.
        by: `email`, `login` or `number`.
        place: an entry in words.
    """
    words = KEY_WORDS[by]
    owners: dict[str, list[str]] = {}
    students: dict[str, str] = {}
    for person in people:
        key = same(key_of(person, by))
        if key:
            owners.setdefault(key, []).append(person.student)
        else:
            students[person.student] = f"the gradebook has no {words}"
    places: dict[str, list[int]] = {}
    for number, values in enumerate(entries):
        for key in {same(value) for value in values} - {""}:
            places.setdefault(key, []).append(number)
    pairs: dict[str, int] = {}
    for key, names in owners.items():
        there = places.get(key, [])
        if len(names) > 1:
            why = f"several students have the same {words}: {', '.join(names)}"
            students |= dict.fromkeys(names, why)
        elif not there:
            students[names[0]] = f"nobody there has the {words} {key}"
        elif len(there) > 1:
            found = ", ".join(place(number) for number in there)
            students[names[0]] = f"several entries there have the {words} {key}: {found}"
        else:
            pairs[names[0]] = there[0]
    twice = _twice(pairs)
    for name in [name for name, number in pairs.items() if number in twice]:
        students[name] = f"{place(pairs.pop(name))} there is another student's, too"
    known = set(pairs.values())
    others = {
        number: f"no student has this {words}"
        for number in range(len(entries))
        if number not in known
    }
    return Matched(pairs, students, others)


def _twice(pairs: Mapping[str, int]) -> set[int]:
    """Entries that are more than one student's."""
    return {number for number, times in Counter(pairs.values()).items() if times > 1}
