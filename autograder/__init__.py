"""Grade Jupyter notebooks: hidden pytest suites outside, the student's code in a sandbox.

The process border is the trust border: hidden checks, reference answers and the gradebook live in
the grader; a student's code runs in a sandboxed process that sees call arguments and nothing else.
"""

__version__ = "0.1.0"
