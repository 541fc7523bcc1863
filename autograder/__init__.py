"""Grade Jupyter notebooks of NumPy functions: hidden pytest suites outside, student code in a jail.

The process border is the trust border: hidden checks, reference answers and the gradebook live in
the grader; a student's code runs in a jailed process that sees call arguments and nothing else.
"""

__version__ = "0.1.0"
