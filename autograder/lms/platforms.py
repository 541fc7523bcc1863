r"""The gradebook files of each platform, as rows of one table.

Each platform exports its gradebook as a table and imports one of the same shape. What differs is in
the table below: the names of the columns that identify a student, how the title of a column tells
the assignment from its identifier and its points, and how the file is written. What their imports
do with a file, as far as it matters here:

- Canvas knows a column by `(id)` at its end, else by its title, and makes an assignment of any
  other column. A row "Points Possible" may follow the header. An empty cell takes a mark away.
- Moodle asks which column is which. It refuses the whole file when one student is unknown or one
  cell is no number, and an empty cell or `-` takes a mark away. With the column "Last downloaded
  from this course" it refuses the file when a mark was changed there since.
- Blackboard knows a column by `|id` at its end and a student by the user name alone. It ignores
  the points in a title. Columns "up to" some points are calculated.
- Brightspace takes only columns that end in "Points Grade" (or Grade Symbol, Text Grade). The
  first two are the identifiers, written with a `#` in front, and the last one is the end-of-line
  indicator.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

EMAIL, LOGIN, NUMBER = "email", "login", "number"
"""What students are matched by: the roster's e-mail address, the gradebook's name, its number."""
KEYS = (EMAIL, LOGIN, NUMBER)


@dataclass(frozen=True)
class Platform:
    """The gradebook file of one platform."""

    name: str
    title: str
    keys: dict[str, tuple[str, ...]]
    """For each way to match students, the columns that may hold it, the likeliest first."""
    match: str
    """The way that is taken unless another one is asked for."""
    identity: tuple[str, ...]
    """The columns of a new file, before the marks."""
    needed: tuple[str, ...]
    """Columns without which the platform does not take a file; one of them is enough."""
    kept: tuple[str, ...]
    """Columns of the platform's file that go back with the marks."""
    column: re.Pattern[str]
    """A column of marks: `title`, and where they are known `id` and `points`."""
    new_column: str
    """The title of a column in a new file."""
    not_marks: re.Pattern[str]
    """Columns that the platform calculates, or that hold no points."""
    delimiter: str = ","
    encoding: str = "utf-8"
    mark_sign: str = ""
    """Put before an identifier, so that spreadsheets leave it as it is."""
    last: str = ""
    """A column that ends each row, filled with `mark_sign`."""
    points_row: str = ""
    """The first cell of a row that holds the points of each column."""
    no_mark: frozenset[str] = field(default_factory=lambda: frozenset(("", "-")))
    """What stands in a cell without a mark."""
    advice: str = ""
    """What to know before the import."""


_NEVER = re.compile(r"(?!)")

PLATFORMS = {
    one.name: one
    for one in (
        Platform(
            name="canvas",
            title="Canvas",
            keys={
                EMAIL: ("SIS Login ID",),
                LOGIN: ("SIS Login ID",),
                NUMBER: ("SIS User ID", "ID"),
            },
            match=LOGIN,
            identity=("Student", "ID", "SIS User ID", "SIS Login ID", "Section"),
            needed=("ID", "SIS User ID", "SIS Login ID"),
            kept=(
                *("Student", "LastName", "FirstName", "ID", "SIS User ID", "SIS Login ID"),
                *("Integration ID", "Root Account", "Section"),
            ),
            column=re.compile(r"(?P<title>.*?)(?: \((?P<id>\d+)\))?"),
            new_column="{title}",
            not_marks=re.compile(
                r"(Unposted )?(Current|Final|Override) (Score|Points|Grade|Status)( \(.*\))?"
                r"|.* (Unposted )?(Current|Final) (Score|Points|Grade)( \(.*\))?"
            ),
            points_row="    Points Possible",
            advice="Grades > Import; Canvas shows every change before it makes it",
        ),
        Platform(
            name="moodle",
            title="Moodle",
            keys={
                EMAIL: ("Email address",),
                LOGIN: ("Username",),
                NUMBER: ("ID number",),
            },
            match=EMAIL,
            identity=("First name", "Last name", "ID number", "Username", "Email address"),
            needed=("Email address", "Username", "ID number"),
            kept=(
                *("First name", "Last name", "Surname", "ID number", "Username"),
                *("Email address", "Last downloaded from this course"),
            ),
            column=re.compile(r"(?P<title>.*?)(?: \((?!Percentage|Letter|Feedback)[^()]*\))?"),
            new_column="{title}",
            not_marks=re.compile(
                r".* \((Percentage|Letter|Feedback)\)|(Course|Category) total( \(.*\))?"
                r"|Institution|Department|Groups|Course"
            ),
            advice="Grades > Import > CSV file; map the identifying column, and each column of "
            "marks to its grade item; leave Force import off",
        ),
        Platform(
            name="blackboard",
            title="Blackboard",
            keys={
                EMAIL: ("Email", "Username"),
                LOGIN: ("Username",),
                NUMBER: ("Student ID",),
            },
            match=LOGIN,
            identity=("Last Name", "First Name", "Username", "Student ID"),
            needed=("Username",),
            kept=("Last Name", "First Name", "Username", "Student ID"),
            column=re.compile(
                r"(?P<title>.*?)(?: \[Total Pts: (?P<points>[\d.,]+)(?: [^\]]*)?\] ?\|(?P<id>\d+))?"
            ),
            new_column="{title}",
            not_marks=re.compile(r".*\[Total Pts: up to .*|Last Access|Availability|.* Course ID"),
            delimiter="\t",
            encoding="utf-16",
            advice="Gradebook > Upload; columns that Blackboard does not know become new ones, "
            "whose points have to be set there: make them first, then use --from",
        ),
        Platform(
            name="brightspace",
            title="Brightspace",
            keys={
                EMAIL: ("Email",),
                LOGIN: ("Username",),
                NUMBER: ("OrgDefinedId", "Org Defined ID"),
            },
            match=LOGIN,
            identity=("OrgDefinedId", "Username"),
            needed=("Username", "OrgDefinedId", "Org Defined ID"),
            kept=("OrgDefinedId", "Org Defined ID", "Username"),
            column=re.compile(
                r"(?P<title>.*?) Points Grade(?: <(?:.*?MaxPoints:(?P<points>[\d.]+))?.*>)?"
            ),
            new_column="{title} Points Grade <Numeric MaxPoints:{points}>",
            not_marks=re.compile(r"(Calculated|Adjusted) Final Grade .*"),
            mark_sign="#",
            last="End-of-Line Indicator",
            advice="Grades > Enter Grades > Import; a mark above the maximum is cut unless the "
            "item has Can Exceed",
        ),
    )
}
