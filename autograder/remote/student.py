"""One submission's functions, as remote functions that the grader calls.

    with Session(jail, cells, files) as session:
        student = Student(session)
        student.area([3.0, 4.0, 5.0])     # a by-value call into the sandbox

A call that returns no value raises `Outcome`, which carries the verdict.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograder.remote.calls import Answer, Answering, Call
from autograder.sandbox.inside.arguments import in_row


class Student:
    """What a hidden check sees of a submission: its functions, as attributes.

    Args:
        session: the submission's process.
        given: functions that stand in for the student's own, by name.
    """

    def __init__(
        self, session: Answering, given: dict[str, Callable[..., Any]] | None = None
    ) -> None:
        self._session = session
        self._given = dict(given or {})

    def __getattr__(self, name: str) -> RemoteFunction:
        if name.startswith("_"):
            raise AttributeError(name)
        return RemoteFunction(self._session, name, self._given)

    def value(self, name: str) -> Any:
        """The plain value of a variable of the notebook.

        Raises:
            Outcome: there is no such variable, or its value does not cross the border.
        """
        answer = self._session.value(name)
        if answer.outcome is not None:
            raise answer.outcome
        return answer.value

    def given(self, **functions: Callable[..., Any]) -> Student:
        """The same student with functions of ours in place of its own, by name."""
        return Student(self._session, {**self._given, **functions})


class RemoteFunction:
    """A student's function: call it with values, get a value or an `Outcome`."""

    def __init__(self, session: Answering, name: str, given: dict[str, Callable[..., Any]]) -> None:
        self._session = session
        self._given = {key: value for key, value in given.items() if key != name}
        self.__name__ = name

    def __call__(self, *args: Any, **named: Any) -> Any:
        """The plain value that the student's function returns.

        Raises:
            Outcome: the call returned no value. If the student's function raised a built-in
                exception, it is one of that type, too.
        """
        answer = self.answer(*args, **named)
        if answer.outcome is not None:
            raise answer.outcome.as_raised()
        return answer.value

    def answer(self, *args: Any, **named: Any) -> Answer:
        """The whole answer, an outcome included."""
        return self.settle(self.begin(*args, **named))

    def begin(self, *args: Any, **named: Any) -> Call:
        """Make a call without waiting for its answer."""
        row, names = in_row(args, named)
        return self._session.begin(self.__name__, row, self._given, names)

    def settle(self, call: Call) -> Answer:
        """The answer to a call that was begun."""
        return self._session.settle(call)


def forget_calls(student: Student) -> None:
    """Drop the calls that were made so far: nobody will diagnose them."""
    student._session.take_cases()
