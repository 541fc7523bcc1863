"""Notebooks as students would hand them in, made from solutions, variants and mistakes.

The proof of the suites, the demonstration class, the tests and the benchmarks all take their
submissions from here: the released notebook with other sources in its solution cells.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections.abc import Iterable
from pathlib import Path

from autograder.checks.catalogue import Example
from autograder.course.lab import Lab
from autograder.course.notebook import Kind, assigned_variables, defined_functions, grade_id_of
from autograder.errors import SuiteError

_MARKER_LINE = re.compile(r"^[ \t]*### (BEGIN|END) SOLUTION[ \t]*\n?", re.MULTILINE)


def solutions(lab: Lab) -> dict[str, str]:
    """The master's own solutions, by grade_id of the solution cell."""
    return {
        cell.grade_id: _MARKER_LINE.sub("", cell.source)
        for cell in lab.cells
        if cell.kind is Kind.SOLUTION
    }


def with_examples(lab: Lab, examples: Iterable[Example]) -> dict[str, str]:
    """The master's solutions with some functions written as in `examples`.

    Raises:
        SuiteError: an example stands in for a function that its exercise does not have.
    """
    sources = solutions(lab)
    for example in examples:
        cell = lab.solutions.get(example.grade_cell)
        source = sources.get(cell or "", "")
        if cell is not None and example.name in defined_functions(source):
            sources[cell] = replace_function(source, example.name, example.source)
        elif cell is not None and example.name in assigned_variables(source):
            # The example is a function that gives the variable's value.
            sources[cell] = f"{source}\n\n{example.source}\n{example.name} = {example.name}()"
        else:
            raise SuiteError(
                f"{_place_of(example, lab)}: {example.name} stands for a function, class or "
                f"variable of the exercise {example.grade_cell}, which has none of that name"
            )
    return sources


def _place_of(example: Example, lab: Lab) -> str:
    name = Path(inspect.getsourcefile(example.function) or "").name
    _, line = inspect.getsourcelines(example.function)
    return f"tests/hidden/{lab.assignment}/{name}, line {line}"


def replace_function(source: str, name: str, new: str) -> str:
    """`source` with its top-level function or class `name` replaced by the text of `new`."""
    lines = source.splitlines()
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name:
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            lines[first - 1 : node.end_lineno] = new.rstrip("\n").splitlines()
    return "\n".join(lines)


def notebook(lab: Lab, sources: dict[str, str]) -> bytes:
    """The released notebook with these sources in its solution cells, as a file's bytes.

    Args:
        lab: the lab, built.
        sources: by grade_id; cells that are not named stay as released.
    """
    content = json.loads(lab.release.read_text(encoding="utf-8"))
    for cell in content["cells"]:
        grade_id = grade_id_of(cell)
        if grade_id in sources:
            cell["source"] = sources[grade_id]
    return (json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode()
