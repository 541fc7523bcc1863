"""Control flows forward: between a command and `grade` there is nothing but the way there."""

import sys

from autograder.cli import main
from autograder.grading import grader


def functions_above_grade(arguments):
    """Names of the functions of ours that are running when `grade` is called, outermost first."""
    found = []

    def look(frame, event, _):
        if event == "call" and frame.f_code is grader.grade.__code__ and not found:
            while frame is not None:
                if "/autograder/" in frame.f_code.co_filename:
                    found.append(frame.f_code.co_name)
                frame = frame.f_back

    sys.setprofile(look)
    try:
        main(arguments, standalone_mode=False)
    finally:
        sys.setprofile(None)
    return found[::-1]


def test_a_command_comes_to_grade_by_no_detour(toy_course, toy_lab):
    """`autograder check` reads the file and grades it; nothing calls it back from below."""
    arguments = ["check", str(toy_lab.release), "--course", str(toy_course.root), "--json"]
    assert functions_above_grade(arguments) == ["check", "grade_file", "grade"]
