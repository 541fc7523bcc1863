"""Own cells that a kernel runs, or fails in, and ways to write a file: all of them harmless.

They leave the notebook's functions as they are, so they must not cost any points.
"""

from __future__ import annotations

import re

from .edits import at_end, before, is_own, is_solution, retype, rewrite_all
from .notebooks import Cell, Edit, Notebook

CELLS = {
    "writefile": "%%writefile helper.py\ndef half(a):\n    return a / 2",
    "file": "%%file notes.txt\nhello",
    "time-cell": "%%time\nsum(range(10))",
    "timeit-cell": "%%timeit -n 1 -r 1\nsum(range(10))",
    "capture": "%%capture shown\nprint('a')",
    "html": "%%html\n<b>a</b>",
    "markdown": "%%markdown\n# a",
    "latex": "%%latex\n$a$",
    "javascript": "%%javascript\nalert(1)",
    "svg": "%%svg\n<svg></svg>",
    "bash": "%%bash\necho hello",
    "sh": "%%sh\nexit 3",
    "script": "%%script python\nprint(1)",
    "unknown-magic": "%no_such_magic",
    "unknown-cell-magic": "%%no_such_magic\n1",
    "unknown-extension": "%load_ext no_such_extension",
    "raises": "1 / 0",
    "syntax-error": "def (: pass",
    "name-error": "print(never_defined)",
    "assertion": "assert False, 'to be mended'",
    "keyboard-interrupt": "raise KeyboardInterrupt",
    "system-exit": "import sys\nsys.exit(1)",
    "input": "name = input('Your name? ')",
    "recursion": "def deep(n):\n    return deep(n + 1)\n\n\ndeep(0)",
    "empty": "",
    "comment": "# to do: tidy up",
    "docstring": "'''only text'''",
    "null-character": "a = 1\0",
    "half-a-character": "a = '\\ud800'",
    "prompt-pasted": ">>> a = 1\n>>> a + 1",
    "in-prompt-pasted": "In [1]: a = 1",
    "indented": "    a = 1\n    b = 2",
    "blank-then-magic": "\n\n%%time\n1 + 1",
    "comment-then-magic": "# timing\n%time 1 + 1",
    "semicolons": "a = 1; b = 2; a + b;",
    "traceback-pasted": "Traceback (most recent call last):\n  File ...\nValueError: x",
    "long-line": "a = [" + "1, " * 20_000 + "]",
    "long-text": "note = '''" + "much to say " * 30_000 + "'''",
    "thousand-lines": "\n".join(f"a_{n} = {n}" for n in range(1500)),
    "deeply-nested": "-" * 5_000 + "1",
    "unused-generator": "(n for n in iter(int, 1))",
    "memory": "block = np.zeros(10_000_000)",
    "fork": "import os\nchild = os.fork()\nif child == 0:\n    os._exit(0)\nos.waitpid(child, 0)",
    "tests-run": "import unittest\nunittest.main(argv=['x'], exit=False)",
}
"""Own cells that a kernel runs, or fails in, and goes on."""


def placed(source: str, where: str, tests: str, solution: str) -> Edit:
    """Put an own cell at the start, above the exercise, between it and its tests, or at the end."""
    if where == "start":
        return lambda n: n.with_cells((Cell(source), *n.cells))
    return (
        at_end(source)
        if where == "end"
        else before({"between": tests, "above": solution}[where], source)
    )


def _is_written(cell: Cell) -> bool:
    return cell.is_solution or is_own(cell)


SPELLINGS: dict[str, Edit] = {
    "windows-lines": rewrite_all(lambda s: s.replace("\n", "\r\n"), _is_written),
    "old-mac-lines": rewrite_all(lambda s: s.replace("\n", "\r"), is_own),
    "tabs": rewrite_all(lambda s: s.replace("    ", "\t"), is_solution),
    "trailing-blanks": rewrite_all(lambda s: s.replace("\n", "   \n") + "\n\n\n", _is_written),
    "leading-blank-lines": rewrite_all(lambda s: "\n\n\n" + s, _is_written),
    "form-feed": rewrite_all(lambda s: "\f\n" + s, is_solution),
    "coding-line": rewrite_all(lambda s: "# -*- coding: latin-1 -*-\n" + s, is_solution),
    "coding-utf-8": rewrite_all(
        lambda s: "#!/usr/bin/env python\n# coding: utf-8\n" + s, is_solution
    ),
    "umlauts": rewrite_all(lambda s: "# Größe ✓ 🎉\nη_größe = 'ä'\n" + s, is_solution),
    "cell-number": rewrite_all(lambda s: "# In[3]:\n" + s, is_solution),
    "whole-cell-indented": rewrite_all(
        lambda s: re.sub(r"^(?=.)", "    ", s, flags=re.MULTILINE), is_solution
    ),
    "doctest-prompts": rewrite_all(
        lambda s: "\n".join(
            f"{'... ' if line[:1] in ' ' else '>>> '}{line}" for line in s.split("\n")
        ),
        is_solution,
    ),
    "last-line-call": rewrite_all(lambda s: s.rstrip() + "\n\n\nprint('done');", is_solution),
    "time-magic-first": rewrite_all(lambda s: "%%time\n" + s, is_solution),
    "capture-magic-first": rewrite_all(lambda s: "%%capture\n" + s, is_solution),
    "blank-and-time-magic": rewrite_all(lambda s: "\n%%time\n" + s, is_solution),
    "line-magic-first": rewrite_all(lambda s: "%matplotlib inline\n" + s, is_solution),
    "line-magic-last": rewrite_all(lambda s: s.rstrip() + "\n\n%time 1 + 1", is_solution),
    "shell-line-first": rewrite_all(lambda s: "!echo hello\n" + s, is_solution),
    "shell-line-last": rewrite_all(lambda s: s.rstrip() + "\n\n!echo hello", is_solution),
    "future-annotations": rewrite_all(
        lambda s: "from __future__ import annotations\n" + s, is_solution
    ),
    "type-checking": rewrite_all(
        lambda s: re.sub(
            r"^def (\w+)\((.*)\):", r"def \1(\2) -> 'np.ndarray | float':", s, flags=re.M
        ),
        is_solution,
    ),
    "own-cells-raw": retype(is_own, "raw"),
    "own-cells-text": retype(is_own, "markdown"),
}


def with_lines(notebook: Notebook) -> Notebook:
    """The file with its sources as lists of lines."""
    return Notebook(notebook.cells, notebook.released, lines=True)


def with_mark(notebook: Notebook) -> Notebook:
    """The file with a byte-order mark."""
    return Notebook(notebook.cells, notebook.released, byte_order_mark=True)


SPELLINGS |= {"lists-of-lines": with_lines, "byte-order-mark": with_mark}
