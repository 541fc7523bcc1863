"""Checks of a hidden suite. A course's author imports from here alone.

from autograder.checks import assert_agrees, assert_close, award, numeric, require   test_*.py
from autograder.checks import figure, output                                    test_*.py
from autograder.checks import Misconception, Mistakes                           mistakes.py
from autograder.checks import Variants                                          variants.py
from autograder.checks import Picture, Pictures, curve                          pictures.py
"""

from autograder.checks.api import assert_agrees, assert_close, award, numeric, require
from autograder.checks.catalogue import Misconception, Mistakes, Variants
from autograder.checks.own_calls import figure, output
from autograder.checks.pictures import Picture, Pictures, curve

__all__ = [
    "Misconception",
    "Mistakes",
    "Picture",
    "Pictures",
    "Variants",
    "assert_agrees",
    "assert_close",
    "award",
    "curve",
    "figure",
    "numeric",
    "output",
    "require",
]
