"""One submission's functions, as remote functions that the grader calls.

    with Session(jail, cells, files) as session:
        student = Student(session)
        student.area([3.0, 4.0, 5.0])          # a by-value call into the sandbox
        student.value("weights")               # a variable of the notebook
        student.output(student.greet, "Ada")   # what a function prints
        student.figure(student.draw, [1, 2])   # the figure that it draws, as facts
        student.file("out.csv")                # a file that the notebook or a call wrote

A call that returns no value raises `Outcome`, which carries the verdict.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograder.remote.calls import Answer, Answering, Call, Deed, Outcome, Wants
from autograder.remote.objects import RemoteObject, value_of
from autograder.report import Verdict
from autograder.sandbox.inside.arguments import in_row
from autograder.sandbox.inside.figures import Figure
from autograder.sandbox.inside.wire import seen


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
        return self.function(name)

    def function(self, name: str) -> RemoteFunction:
        """The notebook's function or class of a name that is also one of ours: `value`, say."""
        return RemoteFunction(self._session, name, self._given)

    def value(self, name: str) -> Any:
        """The value of a variable of the notebook; an object stays there, see `objects`.

        Raises:
            Outcome: there is no such variable, or it is too large.
        """
        return value_of(self._session.value(name))

    def output(self, function: RemoteFunction | RemoteObject, *args: Any, **named: Any) -> str:
        """The text that a function prints.

        Raises:
            Outcome: the call does not end well.
        """
        _require_callable("output", function)
        call = function._begin(*args, wants=Wants.OUTPUT, **named)
        return str(value_of(function._settle(call)))

    def figure(
        self, drawn: str | RemoteFunction | RemoteObject, *args: Any, **named: Any
    ) -> Figure:
        """The facts of a figure: of a variable of that name, or that a function draws.

        A function may return the figure or its axes; else the figure counts that it leaves open.

        Raises:
            Outcome: there is no figure, or the call does not end well.
        """
        if isinstance(drawn, str):
            found, name = self.value(drawn), drawn
        else:
            _require_callable("figure", drawn)
            call = drawn._begin(*args, wants=Wants.FIGURE, **named)
            found, name = value_of(drawn._settle(call)), call.label
        facts = seen(found)
        if not isinstance(facts, Figure):
            raise Outcome(Verdict.FAILED, f"`{name}` gives no figure of matplotlib.")
        return facts

    def file(self, name: str) -> str:
        """The text of a file that the submission wrote, in UTF-8; what is none of it is replaced.

        Raises:
            Outcome: there is no such file, or it is too large.
        """
        return self.data(name).decode(errors="replace").replace("\r\n", "\n")

    def data(self, name: str) -> bytes:
        """The bytes of a file that the submission wrote; see `file`."""
        found = value_of(self._session.file(name))
        return found if isinstance(found, bytes) else b""

    def given(self, **functions: Callable[..., Any]) -> Student:
        """The same student with functions of ours in place of its own, by name."""
        return Student(self._session, {**self._given, **functions})


class RemoteFunction:
    """A student's function or class: call it with values, get a value or an `Outcome`."""

    def __init__(self, session: Answering, name: str, given: dict[str, Callable[..., Any]]) -> None:
        self._session = session
        self._given = {key: value for key, value in given.items() if key != name}
        self.__name__ = name

    def __call__(self, *args: Any, **named: Any) -> Any:
        """The value that the student's function returns; of a class, an object of it.

        Raises:
            Outcome: the call returned no value. If the student's function raised a built-in
                exception, it is one of that type, too.
        """
        return value_of(self.answer(*args, **named))

    def __getattr__(self, name: str) -> Any:
        """An attribute of the student's class: a class method, say."""
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(value_of(self._session.value(self.__name__)), name)

    def answer(self, *args: Any, **named: Any) -> Answer:
        """The whole answer, an outcome included."""
        return self._settle(self._begin(*args, **named))

    def _begin(self, *args: Any, wants: Wants = Wants.VALUE, **named: Any) -> Call:
        """Make a call without waiting for its answer."""
        row, names = in_row(args, named)
        return self._session.begin(self.__name__, row, self._given, names, Deed(wants=wants))

    def _settle(self, call: Call) -> Answer:
        """The answer to a call that was begun."""
        return self._session.settle(call)


def _require_callable(name: str, function: object) -> None:
    """Make sure that a check passes a function of the submission.

    Raises:
        TypeError: it passes something else.
    """
    if not isinstance(function, RemoteFunction | RemoteObject):
        raise TypeError(f"student.{name} takes a function of the submission, such as student.f")


def forget_calls(student: Student) -> None:
    """Drop the calls that were made so far: nobody will diagnose them."""
    student._session.take_cases()
