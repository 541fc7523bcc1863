"""People as the hub knows them, and what they are in this course.

Groups of the hub decide that, by nbgrader's own names: `nbgrader-<course>` are the students,
`formgrade-<course>` the instructors. An administrator of the hub is nobody here unless they are in
a group, and a service's token never stands for a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

STUDENTS, INSTRUCTORS = "nbgrader-", "formgrade-"
"""Beginnings of the names of the course's groups."""


@dataclass(frozen=True)
class Person:
    """Somebody whom the hub knows, or one of its services."""

    name: str
    is_user: bool
    groups: frozenset[str]
    scopes: frozenset[str]

    @classmethod
    def of(cls, model: dict[str, Any]) -> Person:
        """The person that the hub describes."""
        return cls(
            name=model["name"],
            is_user=model.get("kind", "user") == "user",
            groups=frozenset(model.get("groups") or ()),
            scopes=frozenset(model.get("scopes") or ()),
        )

    def belongs(self, groups: tuple[str, ...], course_id: str) -> bool:
        """Whether they are a user in one of these groups of the course.

        Args:
            groups: `STUDENTS`, `INSTRUCTORS` or both.
            course_id: the course.
        """
        named = {group + course_id for group in groups}
        return self.is_user and not named.isdisjoint(self.groups)
