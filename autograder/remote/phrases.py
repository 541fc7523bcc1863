"""The sentences that describe an exception once hidden inputs have gone in.

An exception's text may carry an input, so it is never passed on: it only selects a sentence from
this list. A sentence shows a name only if the student's own notebook contains it.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Collection, Iterator

from autograder.course.notebook import TOOL_WORDS

LONGEST_NAME = 60
"""Most characters of a name that is shown."""

_NAME = r"'(?P<name>[^\W\d]\w*)'"
_CALL = r"(?P<name>[^\W\d]\w*)\(\)"
_WRITE_IT = "write what you need of it into the notebook"
_NO_NETWORK = ("a connection is made", "the network is closed while grading")
_ONE_NUMBER = ("one number is needed, and this is none", "")
_LENGTHS = ("arrays or lists of different lengths are used together", "")
_NOTHING = ("an empty list or array is used where it must not be", "")
_OWN_FILES = "only the files that came with the notebook are there"
_MISSING_RETURN = "does a function that you call lack its `return`?"

_SURROUNDINGS = (ImportError, OSError)
"""Exceptions about what surrounds a notebook: modules, files and the network."""

BY_CALL = (
    (r"missing \d+ required", "it takes more arguments than the exercise gives it"),
    (r"positional argument", "it takes fewer arguments than the exercise gives it"),
    (r"takes no (keyword )?arguments", "it takes fewer arguments than the exercise gives it"),
    (r"takes exactly|expected .* argument", "it takes another number of arguments than it gets"),
)
"""For the check's own call of a function, when its arguments do not fit the parameters."""

PHRASES: dict[str, tuple[tuple[str, str, str], ...]] = {
    "NameError": (
        (rf"name {_NAME} is not defined", "the name {name} is used, and nothing defines it", ""),
        (rf"free variable {_NAME}", "the variable {name} is used before it has a value", ""),
        ("", "a name that nothing defines is used", ""),
    ),
    "UnboundLocalError": (
        (rf"variable {_NAME}", "the local variable {name} is used before it has a value", ""),
        ("", "a local variable is used before it has a value", ""),
    ),
    "ModuleNotFoundError": (
        (
            rf"No module named {_NAME}",
            "the grader does not have the module {name}",
            _WRITE_IT,
        ),
        ("", "a module that the grader does not have is imported", _WRITE_IT),
    ),
    "ImportError": (
        (
            r"relative import",
            "a module is imported from a package, and a notebook is none",
            "leave the dot out",
        ),
        (rf"cannot import name {_NAME}", "{name} cannot be imported from that module", ""),
        ("", "something cannot be imported", ""),
    ),
    "AttributeError": (
        (
            rf"'NoneType' object has no attribute {_NAME}",
            "None has no {name}",
            _MISSING_RETURN,
        ),
        (rf"'list' object has no attribute {_NAME}", "a list has no {name}", "make it an array"),
        (rf"'tuple' object has no attribute {_NAME}", "a tuple has no {name}", "make it an array"),
        (rf"'(float|int)' object has no attribute {_NAME}", "a plain number has no {name}", ""),
        (rf"'numpy\.ndarray' object has no attribute {_NAME}", "an array has no {name}", ""),
        (rf"'numpy\.\w+' object has no attribute {_NAME}", "a single number has no {name}", ""),
        (rf"'(function|method)' object has no attribute {_NAME}", "a function has no {name}", ""),
        (rf"module '[\w.]+' has no attribute {_NAME}", "the module has no {name}", ""),
        (rf"has no attribute {_NAME}", "there is no attribute or method {name} there", ""),
        (r"`np\.(?P<name>\w+)` was removed", "the NumPy that is used here has no {name}", ""),
        ("", "an attribute or method that does not exist is used", ""),
    ),
    "TypeError": (
        (rf"{_CALL} missing \d+ required", "a call of {name} lacks an argument", ""),
        (r"missing \d+ required", "a call in it lacks an argument", ""),
        (
            rf"unexpected keyword argument {_NAME}",
            "a call passes an argument {name} that the function does not take",
            "",
        ),
        (
            r"unexpected keyword argument",
            "a call passes an argument that the function does not take",
            "",
        ),
        (rf"{_CALL} takes .* given", "a call of {name} has the wrong number of arguments", ""),
        (
            r"takes .* given|expected .* arguments?, got",
            "a call has the wrong number of arguments",
            "",
        ),
        (rf"multiple values for argument {_NAME}", "a call gives the argument {name} twice", ""),
        (r"'numpy\.ndarray' object is not callable", "an array is called", "index it by `[…]`"),
        (r"'NoneType' object is not callable", "None is called like a function", ""),
        (r"'module' object is not callable", "a module is called like a function", ""),
        (r"'(list|tuple|dict)' object is not callable", "a list is called", "index it by `[…]`"),
        (r"object is not callable", "something that is no function is called", "is a `*` missing?"),
        (r"'NoneType' object is not subscriptable", "None is indexed", _MISSING_RETURN),
        (
            r"'(\w*function\w*|method)' object is not subscriptable",
            "a function is indexed",
            "call it",
        ),
        (r"not subscriptable", "something that is not an array or list is indexed", ""),
        (r"item assignment", "an entry is set in something whose entries cannot change", ""),
        (
            r"'?NoneType'? object is not iterable|unpack non-iterable NoneType",
            "None is unpacked or looped over",
            _MISSING_RETURN,
        ),
        (r"unpack non-iterable", "a single value is unpacked into several names", ""),
        (r"iteration over a 0-d array", "a single number is looped over or unpacked", ""),
        (r"not iterable", "something that holds no parts is looped over", "is a `range` missing?"),
        (r"unsupported operand.*'NoneType'", "None takes part in a calculation", _MISSING_RETURN),
        (
            r"unsupported operand.*'(\w*function\w*|method)'",
            "a function takes part in a calculation",
            "call it",
        ),
        (
            r"unsupported operand.*'(list|tuple)'",
            "a list takes part in a calculation",
            "make it an array",
        ),
        (r"unsupported operand type", "an operation on values that do not go together", ""),
        (r"multiply sequence by non-int", "a list is multiplied", "make it an array"),
        (
            r"can only concatenate|must be str, not",
            "a list or a text is added to something else",
            "",
        ),
        (r"not supported between instances", "values that have no order are compared", ""),
        (r"bad operand type for unary", "a sign stands before something that is no number", ""),
        (r"indices must be integers|slice indices must", "an index is not a whole number", ""),
        (r"only integer scalar arrays", "an array is used where a whole number is needed", ""),
        (r"cannot be interpreted as an integer", "a whole number is needed, and this is none", ""),
        (
            r"data type|Field elements|must be 2- or 3-tuples",
            "a type is expected there",
            "should a shape be one tuple?",
        ),
        (
            r"Cannot cast ufunc",
            "an array of whole numbers is changed in place",
            "make it one of floats",
        ),
        (r"loop of ufunc|ufunc '\w+' not supported", "NumPy gets values that are no numbers", ""),
        (r"ufunc|return arrays must be", "a NumPy function gets arguments that do not fit", ""),
        (r"has no len|len\(\) of unsized", "the length of a single value is asked for", ""),
        (r"unhashable type", "a list or an array is used as a key", ""),
        (
            r"converted to Python scalars|length-1 arrays",
            "an array is used where one number is needed",
            "",
        ),
        (
            r"Concatenation operation|only accepts? .*array",
            "arrays are handed in one by one",
            "put them into a list",
        ),
        (
            r"dtypes are not compatible|inputs with DType",
            "NumPy gets values that are no numbers",
            "",
        ),
        (
            r"takes no arguments|missing required arg|to be specified",
            "a call has the wrong number of arguments",
            "",
        ),
        (r"real number|__round__|operand type for abs", *_ONE_NUMBER),
        (r"arrays to stack", "arrays are handed in one by one", "put them into a list"),
        (r"or a single integer", "a whole number is needed, and this is none", ""),
        (r"not an iterator", "`next` is given something that is no iterator", ""),
        (r"same length", *_LENGTHS),
        (r"of empty", *_NOTHING),
        (r"must derive from BaseException", "`raise` is given something that is no exception", ""),
        ("", "a value has a type that does not fit", ""),
    ),
    "ValueError": (
        (r"not aligned|mismatch in its core dim", "the inner sizes of a product do not agree", ""),
        (r"not have enough dimensions", "`@` is used on a single number", ""),
        (r"broadcast", "two arrays of shapes that do not fit are combined", ""),
        (r"is ambiguous", "an array is used where one truth value is needed", ""),
        (r"inhomogeneous", "parts of different lengths are made into one array", ""),
        (r"array element with a sequence", "an array is put where one number belongs", ""),
        (r"too many values to unpack", "there are more values to unpack than names", ""),
        (r"not enough values to unpack", "there are fewer values to unpack than names", ""),
        (
            r"cannot reshape|total size of new array",
            "the new shape has another number of entries",
            "",
        ),
        (
            r"all the input array|must have same number of dim",
            "arrays that do not fit are joined",
            "",
        ),
        (r"need at least one array", "an empty list of arrays is joined", ""),
        (
            r"axis .* out of bounds|axes? don't match|repeated axis",
            "the array has no such axis",
            "",
        ),
        (
            r"zero-size|empty sequence|argument is empty|arg is an empty",
            "the largest or smallest entry of something empty is asked for",
            "",
        ),
        (
            r"math domain|nonnegative input|positive input",
            "`math` has no real answer to what it is asked",
            "",
        ),
        (r"invalid literal|string to float", "text that is no number is converted to one", ""),
        (r"read-only", "something that cannot be changed is changed in place", ""),
        (r"is not in (list|tuple|deque)|x not in", "a value is looked up that is not there", ""),
        (r"cannot convert float", "NaN or infinity is converted to a whole number", ""),
        (r"negative dimensions", "an array of a negative size is asked for", ""),
        (r"Singular matrix", "a matrix that has no inverse is inverted", ""),
        (r"must be square", "the matrix is not square", ""),
        (r"incompatible (dim|shape)|dimension mismatch|mismatch", "sizes do not fit", ""),
        (r"[Ss]ubscripts", "the letters of `einsum` do not fit the arrays", ""),
        (r"same (length|first dim|shape)", *_LENGTHS),
        (r"equal division", "an array is split into parts of different lengths", ""),
        (r"to squeeze", "`squeeze` cannot remove an axis that is longer than one", ""),
        (r"out of bounds", "an index lies outside the array", ""),
        (r"two-dimensional", "a matrix is needed, and this is none", ""),
        (r"positive definite", "the matrix is not positive definite", ""),
        (
            r"[Nn]on-?negative|no negative|must be positive|\w < 0$",
            "a number is negative, and must not be",
            "",
        ),
        (r"cannot be empty|at least one|\(0\) specified", *_NOTHING),
        (r"not found", "a value is looked up that is not there", ""),
        (r"in (the )?range|must be (in|>=|<=)", "a number lies outside what is allowed", ""),
        ("", "a value does not fit", ""),
    ),
    "IndexError": (
        (r"too many indices", "an array is indexed by more indices than it has dimensions", ""),
        (r"boolean index", "a mask has another shape than its array", ""),
        (r"invalid index to scalar", "a single number is indexed like an array", ""),
        (r"only integers|must be of integer", "an index is not a whole number", ""),
        (r"out of bounds", "an index lies outside the array", ""),
        (r"pop from|from an? empty", "something is taken from an empty list", ""),
        (r"out of range", "an index lies outside the list", ""),
        (r"mismatch", "indices of different lengths are used together", ""),
        ("", "an index lies outside", ""),
    ),
    "KeyError": (("", "a key is looked up that is not there", ""),),
    "ZeroDivisionError": (("", "a number is divided by zero", ""),),
    "OverflowError": (("", "a number becomes too large", ""),),
    "FloatingPointError": (("", "NumPy raises an error where it usually warns", ""),),
    "AssertionError": (("", "an `assert` of your own does not hold", ""),),
    "StopIteration": (("", "`next` is asked for more than there is", ""),),
    "EOFError": (("", "it asks for input, as `input()` does, and nobody answers", ""),),
    "SystemExit": (("", "it ends Python, as `exit()`, `quit()` and `sys.exit()` do", ""),),
    "FileNotFoundError": (("", "a file or folder that is not there is used", _OWN_FILES),),
    "FileExistsError": (("", "a file or folder that exists already is made", ""),),
    "IsADirectoryError": (("", "a folder is used like a file", ""),),
    "NotADirectoryError": (("", "a file is used like a folder", ""),),
    "ConnectionError": (("", *_NO_NETWORK),),
    "TimeoutError": (("", "waiting for something takes too long", ""),),
    "OSError": (
        (
            r"urlopen|[Cc]onnection|getaddrinfo|[Nn]ame or service|[Nn]etwork|[Ss]ocket|resolv"
            r"|Max retries|HTTP",
            *_NO_NETWORK,
        ),
        (r" not found|[Nn]o such file", "a file or folder that is not there is used", _OWN_FILES),
        ("", "a file, a program or a connection is not available", _OWN_FILES),
    ),
    "UnicodeError": (("", "text holds characters that its encoding does not have", ""),),
    "SyntaxError": (("", "text that is not valid Python is run as code", ""),),
    "Warning": (("", "a warning is turned into an error", ""),),
    "RuntimeError": (
        (
            rf"^{_NAME} {re.escape(TOOL_WORDS)}",
            f"{{name}} {TOOL_WORDS}",
            "find the answer without it",
        ),
        (r"too many calls", "the function that it is given is called too often", ""),
        (r"the arguments do not fit", "the function that it is given is called wrongly", ""),
        (
            r"the arguments are too large|too much work",
            "the function that it is given has too much to do",
            "",
        ),
        (r"changed size during", "a dictionary or set is changed while it is looped over", ""),
        (r"event loop", "`asyncio` is used while its loop already runs, or while none runs", ""),
        (r"No active exception", "`raise` stands alone where nothing was raised", ""),
        (r"raised StopIteration", "`next` is asked for more than there is", ""),
        (r"start new thread", "more threads are started than a submission may have", ""),
    ),
    "BaseException": (("", "a `raise` is reached, in it or in what it calls", ""),),
}
"""By built-in exception: a pattern in its text, the sentence for it, and a piece of advice.

If none of a type's patterns fits, those of its base classes are tried.
"""


def phrase(kind: str, said: str, names: Collection[str], *, by_call: bool = False) -> str:
    """The sentence for an exception, without its full stop.

    Args:
        kind: the built-in type.
        said: its text, which is not trusted.
        names: names in the student's notebook, which the sentence may show.
        by_call: whether the call of the checked function itself raised it.
    """
    if by_call and kind == "TypeError":
        for pattern, words in BY_CALL:
            if re.search(pattern, said):
                return words
    for pattern, words, advice in _phrases_of(kind):
        found = re.search(pattern, said)
        if found and (told := _filled(words, found, names)):
            return f"{told}: {advice}".removesuffix(": ")
    return ""


def advice(kind: str, said: str) -> str:
    """What to do about something that the student's kernel has and the grader has not.

    Empty where the exception is of another kind.
    """
    if not issubclass(getattr(builtins, kind, BaseException), _SURROUNDINGS):
        return ""
    return next(tip for pattern, _, tip in _phrases_of(kind) if re.search(pattern, said))


def _phrases_of(kind: str) -> Iterator[tuple[str, str, str]]:
    """The phrases for a built-in type, then those for its base classes."""
    for base in getattr(builtins, kind, BaseException).__mro__:
        yield from PHRASES.get(base.__name__, ())


def may_be_told(name: str, names: Collection[str]) -> bool:
    """Whether a name is one of the student's own, of a length that people write."""
    return name in names and len(name) <= LONGEST_NAME


def _filled(words: str, found: re.Match[str], names: Collection[str]) -> str:
    """The sentence with its name; empty where the name may not be told."""
    if "{name}" not in words:
        return words
    name = found["name"]
    return words.replace("{name}", f"`{name}`") if may_be_told(name, names) else ""


def names_in(sources: Collection[str]) -> set[str]:
    """Every name in some sources, found without parsing them."""
    return {name for source in sources for name in re.findall(r"[^\W\d]\w*", source)}


_NEWER = (
    ((3, 12), r"^\s*type\s+\w+\s*(\[[^\n]*\])?\s*="),
    ((3, 12), r"^\s*(async\s+)?(def|class)\s+\w+\s*\["),
    ((3, 12), r"""\b[rR]?[fF][rR]?(["'])(?:(?!\1)[^\n{])*\{(?:(?!\1)[^\n}])*\1[^\n]*\}"""),
    ((3, 12), r"""\b[fF](["'])(?:(?!\1)[^\n{])*\{[^\n}"']*\\"""),
    ((3, 14), r"^\s*except\*?\s+[A-Z]\w*\s*,\s*[A-Z]\w*[^\n]*:"),
    ((3, 14), r"""(^|[\s(=,\[])[tT][rR]?["']"""),
    ((3, 15), r"^\s*lazy\s+(import|from)\s"),
)
"""Syntax that is new in a version of Python, as it looks in a line."""


def newer_python(source: str, running: tuple[int, int]) -> str:
    """The Python that a source needs, if that is newer than the running one; else empty."""
    for version, pattern in _NEWER:
        if version > running and re.search(pattern, source, flags=re.MULTILINE):
            return ".".join(map(str, version))
    return ""
