"""The exception tree: one class for each kind of fault, so that callers can tell them apart.

`AutograderError` and its kin are faults that a person at the keyboard can mend; their texts name
the file and the remedy. What a *student's* code does is never one of these: it is a verdict.
"""


class AutograderError(Exception):
    """A fault that is ours, the course's or the machine's; never the student's."""


class CourseError(AutograderError):
    """The course's configuration, notebooks or suites contradict each other."""


class BuildRefused(CourseError):
    """A master notebook may not be released as it stands; `problems` lists every reason."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class SuiteError(AutograderError):
    """A hidden suite cannot be collected or is at fault while it runs."""


class JailError(AutograderError):
    """The jail failed although the student's code gave no reason for it."""


class NoJail(JailError):
    """No tier of isolation that was asked for holds on this machine."""


class WireError(AutograderError):
    """Bytes from the other side of the border are not a value in our format."""
