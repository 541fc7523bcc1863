"""The command line: arguments and exit codes; no decisions.

Exit codes: 0 done; 1 some submission needs review (or a proof does not hold); 2 usage or
configuration; 4 refused, because no sandbox holds here. Everything heavy is imported where it is
used, so that `--help` answers at once.
"""

from __future__ import annotations

import io
import logging
import sys

import click

from autograder import __version__
from autograder.cli.authoring import build, convert, init, new, prove
from autograder.cli.grading import check, demo, grade
from autograder.cli.lms import lms
from autograder.cli.machine import doctor, serve
from autograder.cli.marks import export, forget, report


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="autograder")
def main() -> None:
    """Build, prove, grade and explain notebook labs of NumPy functions.

    \b
    An instructor's evening:
      autograder build            compile source/ to release/, register in the gradebook
      autograder prove            show that the checks reject every mistake and nothing else
      autograder grade            submitted/ -> gradebook, autograded/, feedback/
      autograder report           show the class, write the class page
      autograder export           write the marks as CSV or JSON
      autograder lms              bring the marks to Canvas, Moodle, Blackboard or Brightspace
      autograder forget STUDENT   remove everything that is kept of a student
      autograder serve            grade on a JupyterHub, as students submit

    \b
    A new course:
      autograder init FOLDER      make a small course, build it, prove it, grade an example
      autograder new ASSIGNMENT   add an assignment to the course

    \b
    An nbgrader course, as it is:
      autograder init --from-nbgrader   say what will happen to each of its cells
      autograder grade                  grade it
      autograder convert CELL           write a hidden check from a tests cell

    \b
    To try things out:
      autograder check NOTEBOOK   grade one file, no gradebook
      autograder demo             make a whole class and grade it
      autograder doctor           show which sandbox holds on this machine

    Exit codes: 0 done; 1 some submission needs review; 2 wrong usage or configuration; 4 refused,
    no sandbox holds here.
    """
    # A student's name that the terminal cannot show ends no command.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    sandbox_log = logging.getLogger("autograder.sandbox")
    sandbox_log.setLevel(logging.INFO)
    if not sandbox_log.hasHandlers():  # the service has set up a log of its own
        sandbox_log.addHandler(logging.StreamHandler())


COMMANDS = (
    init,
    new,
    build,
    prove,
    check,
    grade,
    demo,
    report,
    export,
    lms,
    convert,
    forget,
    doctor,
    serve,
)
for command in COMMANDS:
    main.add_command(command)
