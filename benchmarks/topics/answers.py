"""A list of answers as students wrote them, each with what a right name would say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Answer:
    """A function as a student wrote it.

    Args:
        function: the function.
        says: words of which a right name or sentence holds at least one; none where no slip is.
    """

    function: Callable[..., Any]
    says: tuple[str, ...]

    @property
    def named(self) -> bool:
        """Whether there is anything to be named."""
        return bool(self.says)


class Answers:
    """A registry of answers, filled by its decorator."""

    def __init__(self) -> None:
        self._answers: list[Answer] = []

    def of(self, *says: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Register the decorated function."""

        def register(function: Callable[..., Any]) -> Callable[..., Any]:
            self._answers.append(Answer(function, says))
            return function

        return register

    def __iter__(self) -> Iterator[Answer]:
        return iter(self._answers)
