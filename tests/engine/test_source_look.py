"""What stands out in a function's source: a sentence, or nothing at all."""

import pytest

from autograder.grading.source_look import look

ABOVE = (
    "import numpy as np\n"
    "weights = np.zeros(3)\n"
    "SIZE = 2\n"
    "def sigmoid(h):\n    return 1 / (1 + np.exp(-h))\n"
)
GIVEN = ("np", "sigmoid")


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("def f(x, rate):\n    return rte * x", "`rte` in line 2 of `f` is defined nowhere. Did"),
        ("def f(x, rate):\n    return qqq * x", "`qqq` in line 2 of `f` is defined nowhere."),
        ("def f(x, rate):\n    return x", "`f` never uses its argument `rate`."),
        ("def f(x, rate):\n    rate = 2\n    return x * rate", ""),
        ("def f(x, rate):\n    rate = 2\n    return x", "`f` never uses its argument `rate`."),
        ("def f(x):\n    return weights * x", "notebook's variable `weights`"),
        ("def f(x):\n    for a in x:\n        return a", "A `return` stands inside"),
        ("def f(x):\n    while x:\n        x -= 1\n        return x", "inside the loop"),
        ("def f(x, sigmoid):\n    return sigmoid(x)", "Inside `f`, `sigmoid` is what is handed"),
        ("def f(x):\n    out = np.zeros((3, 2))\n    return out + x", "the sizes 3 and 2 typed in"),
        ("def f(x):\n    return [x[i] for i in range(4)]", "the size 4 typed in"),
        ("def f(x):\n    return x.reshape(2, -1)", "the size 2 typed in"),
        # What is fine.
        ("def f(x, sigmoid):\n    return sigmoid * x", ""),
        ("def f(x, function):\n    return function(x)", ""),
        ("def f(x):\n    return np.zeros((len(x), 1)) + np.power(x, 3)", ""),
        ("def f():\n    return np.zeros(3)", ""),
        ("def f(x):\n    return SIZE * sigmoid(x)", ""),
        ("def f(x, y):\n    return [a * y for a in x]", ""),
        ("def f(x, y):\n    return {k: v * y for k, v in x}", ""),
        ("def f(x):\n    for a in x:\n        if a:\n            return a\n    return x", ""),
        ("def f(x, k):\n    def g(y):\n        return y * k\n    return g(x)", ""),
        ("def f(x, k):\n    return (lambda y: y * k)(x)", ""),
        ("def f(x, _unused):\n    return x", ""),
        ("def f(x, *rest, **named):\n    return x, rest, named", ""),
        ("def f(x):\n    return sum(map(abs, x)), print, __name__", ""),
        ("def f(x):\n    helper(x)\n\ndef helper(x):\n    return x", ""),
        ("def f(x):\n    return f(x - 1)", ""),
        ("def f(x):\n    import math\n    return math.sqrt(x)", ""),
        ("def f(x):\n    weights = x\n    return weights", ""),
        ("def f(x):\n    global total\n    total = x\n    return total", ""),
        # What cannot be looked at.
        ("%matplotlib inline\ndef f(x):\n    return y", ""),
        ("def f(x:\n    return y", ""),
        ("f = lambda x: y", ""),
        ("class f:\n    pass", ""),
        ("if True:\n    def f(x):\n        return y", ""),
        ("def f(x):\n    return y\n" + "#" * 60_000, ""),
        ("x = 1", ""),
        ("", ""),
        ("(" * 500 + "def f(): return y", ""),
    ],
)
def test_a_function_is_looked_at(source, says):
    """The likeliest cause is told, in the student's own names; code that is fine is left alone."""
    found = look("f", [ABOVE, source], GIVEN)
    assert found.startswith(says) if says.startswith("`") else says in found
    assert bool(found) == bool(says)


def test_the_last_definition_counts():
    """A function that is written twice is looked at where it is written last."""
    first, last = "def f(x):\n    return y", "def f(x):\n    return x"
    assert look("f", [first, last]) == ""
    assert look("f", [last, first])
    assert look("f", [f"{first}\n\n{last}"]) == ""


def test_a_name_of_a_later_cell_is_defined():
    """A helper may stand below the function that uses it."""
    assert look("f", ["def f(x):\n    return helper(x)", "def helper(x):\n    return x"]) == ""
