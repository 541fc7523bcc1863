"""Exercises as public nbgrader courses have them: a solution, its tests, and some wrong answers.

Each row is a kind of test that was met in public courses. A `#HIDDEN` line begins the hidden tests.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Exercise:
    """One solution cell and the tests cell below it."""

    name: str
    solved: str
    tests: str
    wrong: tuple[str, ...] = ()
    points: float = 2.0
    given: str = ""
    """A locked cell above the solution."""


def _of(
    name: str, solved: str, tests: str, *wrong: str, points: float = 2.0, given: str = ""
) -> Exercise:
    return Exercise(name, solved, tests, wrong, points, given)


EXERCISES = [
    _of(
        "number",
        "def square(x):\n    return x * x",
        "assert square(3) == 9\n#HIDDEN\nassert square(-4) == 16",
        "def square(x):\n    return 9",
        "def square(x):\n    print(x * x)",
        "def square(x):\n    return str(x * x)",
    ),
    _of(
        "message",
        "def half(x):\n    return x / 2",
        "assert half(3) == 1.5, f'half of 3 is not {half(3)}'\nassert abs(half(1) - 0.5) < 1e-9",
        "def half(x):\n    return x // 2",
        "half = 2",
    ),
    _of(
        "text",
        "def greet(name):\n    return f'Hello, {name}!'",
        "assert greet('Ada') == 'Hello, Ada!'\nassert isinstance(greet('x'), str)\nassert greet('').startswith('Hello')",
        "def greet(name):\n    return 'Hello, ' + name",
        "def greet(name):\n    return name.encode()",
    ),
    _of(
        "list",
        "def evens(n):\n    return [i for i in range(n) if i % 2 == 0]",
        "assert evens(5) == [0, 2, 4]\nassert type(evens(3)) == list\nassert len(evens(10)) == 5",
        "def evens(n):\n    return tuple(range(0, n, 2))",
        "def evens(n):\n    return range(0, n, 2)",
        "def evens(n):\n    yield 0",
    ),
    _of(
        "dict",
        "def count(word):\n    found = {}\n    for letter in word:\n        found[letter] = found.get(letter, 0) + 1\n    return found",
        "assert count('aab') == {'a': 2, 'b': 1}\nassert set(count('abc')) == {'a', 'b', 'c'}",
        "from collections import Counter\ndef count(word):\n    return Counter(word)",
        "def count(word):\n    return list(word)",
    ),
    _of(
        "set",
        "def unique(xs):\n    return set(xs)",
        "assert unique([1, 1, 2]) == {1, 2}\nassert isinstance(unique([]), set)",
        "def unique(xs):\n    return frozenset(xs)",
    ),
    _of(
        "tuple",
        "def ends(xs):\n    return xs[0], xs[-1]",
        "first, last = ends([1, 2, 3])\nassert (first, last) == (1, 3)",
        "def ends(xs):\n    return [xs[0], xs[-1]]",
        "def ends(xs):\n    return xs[0]",
    ),
    _of(
        "inplace",
        "def double_all(xs):\n    for i in range(len(xs)):\n        xs[i] *= 2",
        "numbers = [1, 2]\ndouble_all(numbers)\nassert numbers == [2, 4]",
        "def double_all(xs):\n    return [2 * x for x in xs]",
    ),
    _of(
        "inplace_dict",
        "def add_key(d):\n    d['k'] = 1",
        "table = {}\nadd_key(table)\nassert table == {'k': 1}",
        "def add_key(d):\n    d = {'k': 1}",
    ),
    _of(
        "array",
        "def center(a):\n    return a - a.mean()",
        "a = np.array([1.0, 2.0, 3.0])\nnp.testing.assert_allclose(center(a), [-1, 0, 1])\nassert center(a).shape == (3,)\n#HIDDEN\nassert np.allclose(center(np.arange(4.0)).sum(), 0)",
        "def center(a):\n    return list(a - a.mean())",
        "def center(a):\n    a -= a.mean()\n    return a",
        "def center(a):\n    return a",
    ),
    _of(
        "inplace_array",
        "def zero(a):\n    a[:] = 0",
        "a = np.ones(3)\nzero(a)\nassert (a == 0).all()",
        "def zero(a):\n    a = np.zeros(3)",
    ),
    _of(
        "matrix",
        "def gram(A):\n    return A.T @ A",
        "A = np.arange(6).reshape(3, 2)\nassert (gram(A) == A.T.dot(A)).all()\nassert gram(A).dtype == A.dtype\nassert gram(A).ndim == 2",
        "def gram(A):\n    return A @ A.T",
        "def gram(A):\n    return np.asmatrix(A).T * np.asmatrix(A)",
    ),
    _of(
        "numpy_bool",
        "def any_negative(a):\n    return (a < 0).any()",
        "assert any_negative(np.array([1, -1]))\nassert not any_negative(np.array([1]))",
        "def any_negative(a):\n    return a < 0",
    ),
    _of(
        "raises",
        "def root(x):\n    if x < 0:\n        raise ValueError('negative')\n    return x ** 0.5",
        "try:\n    root(-1)\nexcept ValueError as error:\n    assert 'negative' in str(error)\nelse:\n    raise AssertionError('no error')\nassert root(4) == 2",
        "def root(x):\n    return abs(x) ** 0.5",
        "def root(x):\n    if x < 0:\n        raise TypeError('negative')\n    return x ** 0.5",
    ),
    _of(
        "raises_unittest",
        "def first(xs):\n    return xs[0]",
        "import unittest\ncase = unittest.TestCase()\nwith case.assertRaises(IndexError):\n    first([])\ncase.assertEqual(first('ab'), 'a')",
        "def first(xs):\n    return xs[0] if xs else None",
    ),
    _of(
        "raises_pytest",
        "def lookup(d, k):\n    return d[k]",
        "import pytest\nwith pytest.raises(KeyError):\n    lookup({}, 'a')\nassert lookup({'a': 1}, 'a') == 1",
        "def lookup(d, k):\n    return d.get(k)",
    ),
    _of(
        "own_exception",
        "class TooBig(Exception):\n    pass\n\ndef check(x):\n    if x > 10:\n        raise TooBig(x)\n    return True",
        "try:\n    check(11)\n    assert False\nexcept TooBig:\n    pass\nassert check(1)",
        "class TooBig(Exception):\n    pass\n\ndef check(x):\n    return True",
    ),
    _of(
        "keywords",
        "def power(base, exponent=2):\n    return base ** exponent",
        "assert power(3) == 9\nassert power(base=2, exponent=3) == 8\nassert power(2, exponent=0) == 1",
        "def power(b, e=2):\n    return b ** e",
    ),
    _of(
        "star",
        "def total(*numbers, **weights):\n    return sum(numbers) + sum(weights.values())",
        "assert total(1, 2, a=3) == 6\nassert total() == 0",
        "def total(numbers):\n    return sum(numbers)",
    ),
    _of(
        "higher",
        "def apply_twice(f, x):\n    return f(f(x))",
        "assert apply_twice(lambda x: x + 1, 0) == 2\nassert apply_twice(str.upper, 'a') == 'A'\ndef inc(x):\n    return x + 10\nassert apply_twice(inc, 1) == 21",
        "def apply_twice(f, x):\n    return f(x)",
    ),
    _of(
        "closure",
        "def adder(n):\n    def add(x):\n        return x + n\n    return add",
        "add3 = adder(3)\nassert add3(4) == 7\nassert callable(adder(1))",
        "def adder(n):\n    return n",
    ),
    _of(
        "generator",
        "def upto(n):\n    for i in range(n):\n        yield i",
        "assert list(upto(3)) == [0, 1, 2]\nassert sum(upto(4)) == 6",
        "def upto(n):\n    return list(range(n))",
        "def upto(n):\n    yield n",
    ),
    _of(
        "recursion",
        "def fact(n):\n    return 1 if n <= 1 else n * fact(n - 1)",
        "assert fact(5) == 120\nassert fact(0) == 1\n#HIDDEN\nassert fact(20) == 2432902008176640000",
        "def fact(n):\n    return n * fact(n - 1)",
        "def fact(n):\n    return 120",
    ),
    _of(
        "class",
        "class Counter2:\n    def __init__(self):\n        self.n = 0\n\n    def up(self):\n        self.n += 1\n        return self",
        "c = Counter2()\nc.up().up()\nassert c.n == 2\nassert isinstance(c, Counter2)",
        "class Counter2:\n    n = 0\n    def up(self):\n        self.n += 1",
        "Counter2 = dict",
    ),
    _of(
        "special",
        "class Vec:\n    def __init__(self, x, y):\n        self.x, self.y = x, y\n    def __add__(self, o):\n        return Vec(self.x + o.x, self.y + o.y)\n    def __eq__(self, o):\n        return (self.x, self.y) == (o.x, o.y)\n    def __repr__(self):\n        return f'Vec({self.x}, {self.y})'\n    def __len__(self):\n        return 2\n    def __getitem__(self, i):\n        return (self.x, self.y)[i]",
        "v = Vec(1, 2) + Vec(3, 4)\nassert v == Vec(4, 6)\nassert repr(v) == 'Vec(4, 6)'\nassert len(v) == 2 and v[1] == 6 and list(v) == [4, 6]",
        "class Vec:\n    def __init__(self, x, y):\n        self.x, self.y = x, y\n    def __add__(self, o):\n        return Vec(self.x + o.x, self.y + o.y)",
    ),
    _of(
        "inherit",
        "class Base:\n    def hi(self):\n        return 'base'\nclass Derived(Base):\n    def hi(self):\n        return 'derived'",
        "assert Derived().hi() == 'derived'\nassert issubclass(Derived, Base)\nassert Base().hi() == 'base'",
        "class Base:\n    pass\nclass Derived:\n    def hi(self):\n        return 'derived'",
    ),
    _of("variable", "answer = 42", "assert answer == 42", "answer = '42'", "answr = 42"),
    _of(
        "variables",
        "rows, names = 3, ['a', 'b']\nratio = 0.25",
        "assert rows == 3\nassert names[0] == 'a' and len(names) == 2\nassert round(ratio, 2) == 0.25",
        "rows, names = 3.0, 'ab'\nratio = 0.2501",
    ),
    _of(
        "printed",
        "def shout(text):\n    print(text.upper())",
        "import io, contextlib\nbuffer = io.StringIO()\nwith contextlib.redirect_stdout(buffer):\n    shout('abc')\nassert buffer.getvalue() == 'ABC\\n'",
        "def shout(text):\n    return text.upper()",
        "def shout(text):\n    print(text)",
    ),
    _of(
        "captured",
        "def row(n):\n    print('*' * n)",
        "%%capture told\nrow(3)",
        "def row(n):\n    return 1 / 0",
    ),
    _of(
        "after_capture",
        "def nothing():\n    return None",
        "assert told.stdout == '***\\n'\nassert nothing() is None",
        "def nothing():\n    return 0",
    ),
    _of(
        "seeded",
        "def roll():\n    return np.random.randint(1, 7)",
        "np.random.seed(1)\nassert [roll() for _ in range(3)] == [6, 4, 5]",
        "def roll():\n    return 6",
    ),
    _of(
        "seeded_python",
        "import random\ndef pick(xs):\n    return random.choice(xs)",
        "random.seed(3)\nassert pick('abc') == 'a' or pick('abc') in 'abc'\nrandom.seed(3)\nx = random.random()\nrandom.seed(3)\nassert abs(x - random.random()) < 1e-12",
        "import random\ndef pick(xs):\n    return None",
    ),
    _of(
        "warns",
        "def careful(x):\n    return x",
        "assert careful(1) == 1",
        "import warnings\ndef careful(x):\n    warnings.warn('no')\n    return x",
        "import sys\ndef careful(x):\n    print('no', file=sys.stderr)\n    return x",
        "import logging\ndef careful(x):\n    logging.warning('no')\n    return x",
    ),
    _of(
        "partial",
        "def three():\n    return 3",
        "got = 0\nif three() > 0: got += 1\nif three() == 3: got += 1\ngot",
        "def three():\n    return 1",
    ),
    _of(
        "partial_float",
        "def four():\n    return 4",
        "0.5 if four() != 4 else 2.0",
        "def four():\n    return 1",
    ),
    _of(
        "partial_numpy",
        "def five():\n    return 5",
        "np.float64(1.0) if five() == 5 else np.float64(0.0)",
        "def five():\n    return 1",
    ),
    _of("last_value", "def six():\n    return 6", "six()", "def six():\n    return 1", points=8),
    _of("last_semicolon", "def seven():\n    return 7", "seven();", "def seven():\n    return 0.5"),
    _of(
        "docstring",
        "def documented():\n    '''Says nothing.'''\n    return None",
        "assert documented.__doc__ == 'Says nothing.'\nassert documented.__name__ == 'documented'",
        "def documented():\n    return None",
    ),
    _of(
        "source",
        "def looped(n):\n    total = 0\n    for i in range(n):\n        total += i\n    return total",
        "import inspect\nassert 'for' in inspect.getsource(looped)\nassert looped(4) == 6",
        "def looped(n):\n    return sum(range(n))",
    ),
    _of(
        "signature",
        "def typed(a: int, b: float = 1.0) -> float:\n    return a * b",
        "import inspect\nassert list(inspect.signature(typed).parameters) == ['a', 'b']\nassert typed(2) == 2.0",
        "def typed(*args):\n    return args[0] * 1.0",
    ),
    _of(
        "monkey",
        "def ask():\n    return input('name? ')",
        "import builtins\nkept = builtins.input\nbuiltins.input = lambda prompt='': 'Ada'\ntry:\n    assert ask() == 'Ada'\nfinally:\n    builtins.input = kept",
        "def ask():\n    return 'Bob'",
    ),
    _of(
        "mocked",
        "import os\ndef here():\n    return os.getcwd()",
        "from unittest.mock import patch\nwith patch('os.getcwd', return_value='/x'):\n    assert here() == '/x'",
        "def here():\n    return '/y'",
    ),
    _of(
        "uses_other",
        "def inner(x):\n    return x + 1\ndef outer(x):\n    return inner(x) * 2",
        "old = inner\ninner = lambda x: 100\ntry:\n    assert outer(1) == 200\nfinally:\n    inner = old\nassert outer(1) == 4",
        "def inner(x):\n    return x + 1\ndef outer(x):\n    return (x + 1) * 2",
    ),
    _of(
        "reads_file",
        "def lines_of(path):\n    with open(path) as f:\n        return f.read().splitlines()",
        "with open('made.txt', 'w') as f:\n    f.write('a\\nb\\n')\nassert lines_of('made.txt') == ['a', 'b']",
        "def lines_of(path):\n    return open(path).read()",
    ),
    _of(
        "writes_file",
        "def save(path, xs):\n    with open(path, 'w') as f:\n        f.write(','.join(map(str, xs)))",
        "save('saved.csv', [1, 2])\nassert open('saved.csv').read() == '1,2'",
        "def save(path, xs):\n    pass",
    ),
    _of(
        "data_file",
        "table = np.loadtxt('data/points.csv', delimiter=',')",
        "assert table.shape == (2, 2)\nassert np.loadtxt('data/points.csv', delimiter=',').sum() == table.sum()",
        "table = np.zeros((2, 2))",
    ),
    _of(
        "helper_module",
        "from helper import triple\nnine = triple(3)",
        "import helper\nassert nine == helper.triple(3)\nassert helper.FACTOR == 3",
        "nine = 8",
    ),
    _of(
        "plot",
        "figure, axes = plt.subplots()\naxes.plot([0, 1], [0, 2], label='line')\naxes.set_title('T')\naxes.legend()",
        "assert axes.get_title() == 'T'\nassert len(axes.lines) == 1\nassert list(axes.lines[0].get_ydata()) == [0, 2]\nassert axes.get_legend() is not None",
        "figure, axes = plt.subplots()\naxes.plot([0, 1], [0, 1])",
    ),
    _of(
        "plot_function",
        "def draw(ax):\n    ax.bar([1, 2], [3, 4])\n    return ax",
        "fig, ax2 = plt.subplots()\nassert len(draw(ax2).patches) == 2\nplt.close(fig)",
        "def draw(ax):\n    return ax",
    ),
    _of(
        "frame",
        "def ages():\n    return pd.DataFrame({'name': ['a', 'b'], 'age': [1, 2]})",
        "frame = ages()\nassert list(frame.columns) == ['name', 'age']\nassert frame['age'].sum() == 3\nassert frame.shape == (2, 2)\npd.testing.assert_frame_equal(frame, pd.DataFrame({'name': ['a', 'b'], 'age': [1, 2]}))",
        "def ages():\n    return pd.DataFrame({'age': [1, 2], 'name': ['a', 'b']})",
        "def ages():\n    return {'name': ['a', 'b'], 'age': [1, 2]}",
    ),
    _of(
        "frame_in",
        "def adults(frame):\n    return frame[frame['age'] >= 18]",
        "people = pd.DataFrame({'name': ['a', 'b'], 'age': [20, 10]})\nassert list(adults(people)['name']) == ['a']\nassert len(adults(people)) == 1",
        "def adults(frame):\n    return frame",
    ),
    _of(
        "series",
        "def mean_by(frame):\n    return frame.groupby('k')['v'].mean()",
        "frame = pd.DataFrame({'k': list('aab'), 'v': [1.0, 3.0, 5.0]})\nassert mean_by(frame)['a'] == 2.0\nassert mean_by(frame).index.tolist() == ['a', 'b']",
        "def mean_by(frame):\n    return frame['v'].mean()",
    ),
    _of(
        "fraction",
        "from fractions import Fraction\ndef third():\n    return Fraction(1, 3)",
        "from fractions import Fraction\nassert third() == Fraction(1, 3)\nassert third() * 3 == 1",
        "def third():\n    return 1 / 3",
    ),
    _of(
        "decimal",
        "from decimal import Decimal\ndef price():\n    return Decimal('1.10')",
        "from decimal import Decimal\nassert price() == Decimal('1.1')",
        "def price():\n    return 1.1",
    ),
    _of(
        "dates",
        "import datetime as dt\ndef day():\n    return dt.date(2024, 2, 29)",
        "import datetime as dt\nassert day() == dt.date(2024, 2, 29)\nassert day() + dt.timedelta(days=1) == dt.date(2024, 3, 1)",
        "def day():\n    return '2024-02-29'",
    ),
    _of(
        "enum",
        "from enum import Enum\nclass Color(Enum):\n    RED = 1\n    BLUE = 2",
        "assert Color.RED.value == 1\nassert Color['BLUE'] is Color.BLUE\nassert len(list(Color)) == 2",
        "class Color:\n    RED = 1\n    BLUE = 2",
    ),
    _of(
        "namedtuple",
        "from collections import namedtuple\nPoint = namedtuple('Point', 'x y')\ndef origin():\n    return Point(0, 0)",
        "assert origin() == (0, 0)\nassert origin().x == 0",
        "def origin():\n    return (0, 0)",
    ),
    _of(
        "dataclass",
        "from dataclasses import dataclass\n@dataclass\nclass Item:\n    name: str\n    price: float = 1.0",
        "item = Item('pen')\nassert item.price == 1.0 and item.name == 'pen'\nassert item == Item('pen', 1.0)",
        "class Item:\n    def __init__(self, name, price=1.0):\n        self.name, self.price = name, price",
    ),
    _of(
        "complex_number",
        "def conj(z):\n    return z.conjugate()",
        "assert conj(1 + 2j) == 1 - 2j",
        "def conj(z):\n    return z",
    ),
    _of(
        "bytes",
        "def raw(text):\n    return text.encode()",
        "assert raw('ä') == b'\\xc3\\xa4'",
        "def raw(text):\n    return text",
    ),
    _of(
        "none", "def quiet():\n    pass", "assert quiet() is None", "def quiet():\n    return False"
    ),
    _of(
        "truth",
        "def yes():\n    return True",
        "assert yes()\nassert yes() is True",
        "def yes():\n    return 1",
        "class T:\n    pass\ndef yes():\n    return T()",
    ),
    _of(
        "big",
        "def table(n):\n    return [[i * j for j in range(n)] for i in range(n)]",
        "assert table(30)[29][29] == 841\nassert sum(map(sum, table(10))) == 2025",
        "def table(n):\n    return np.outer(range(n), range(n))",
    ),
    _of(
        "nested",
        "def config():\n    return {'a': [1, (2, {'b': None})], 'c': {'d': {1.5: True}}}",
        "assert config()['a'][1][1]['b'] is None\nassert config()['c']['d'][1.5]",
        "def config():\n    return {}",
    ),
    _of(
        "state",
        "tally = []\ndef note(x):\n    tally.append(x)\n    return len(tally)",
        "assert note('a') == 1\nassert note('b') == 2\nassert tally == ['a', 'b']",
        "tally = []\ndef note(x):\n    return 1",
    ),
    _of(
        "global",
        "hits = 0\ndef hit():\n    global hits\n    hits += 1",
        "hit()\nhit()\nassert hits == 2",
        "hits = 0\ndef hit():\n    hits = 1",
    ),
    _of(
        "decorator",
        "def twice(f):\n    def wrapped(*a, **k):\n        f(*a, **k)\n        return f(*a, **k)\n    return wrapped",
        "calls = []\n@twice\ndef called(x):\n    calls.append(x)\n    return len(calls)\nassert called('x') == 2",
        "def twice(f):\n    return f",
    ),
    _of(
        "context",
        "class Timer:\n    def __enter__(self):\n        self.on = True\n        return self\n    def __exit__(self, *e):\n        self.on = False",
        "with Timer() as t:\n    assert t.on\nassert not t.on",
        "class Timer:\n    on = True",
    ),
    _of(
        "iterator",
        "class Three:\n    def __init__(self):\n        self.i = 0\n    def __iter__(self):\n        return self\n    def __next__(self):\n        self.i += 1\n        if self.i > 3:\n            raise StopIteration\n        return self.i",
        "assert list(Three()) == [1, 2, 3]\nassert max(Three()) == 3",
        "class Three:\n    pass",
    ),
    _of(
        "sorted_by",
        "def by_length(words):\n    return sorted(words, key=len)",
        "assert by_length(['bb', 'a']) == ['a', 'bb']",
        "def by_length(words):\n    return sorted(words)",
    ),
    _of(
        "time_magic",
        "def slow():\n    return 1",
        "%time value = slow()\nassert value == 1",
        "def slow():\n    return 2",
    ),
    _of(
        "shell",
        "def word():\n    return 'hello'",
        "told = !echo hello\nassert told[0] == word()",
        "def word():\n    return 'bye'",
    ),
    _of(
        "globals_",
        "def spelt():\n    return 1",
        "assert 'spelt' in globals()\nassert globals()['spelt']() == 1",
        "def spelled():\n    return 1",
    ),
    _of(
        "visible_helper",
        "def area(r):\n    return 3.14 * r * r",
        "def close(a, b, tol=1e-6):\n    return abs(a - b) < tol\nassert close(area(1), 3.14)\n#HIDDEN\nassert close(area(2), 12.56)",
        "def area(r):\n    return 3.14",
    ),
    _of(
        "helper_again",
        "def volume(r, h):\n    return area(r) * h",
        "assert close(volume(1, 2), 6.28)",
        "def volume(r, h):\n    return h",
    ),
    _of(
        "given_helper",
        "def diff(a, b):\n    return a - b",
        "assert agrees(diff(3, 1), 2)\n#HIDDEN\nassert agrees(diff(0.3, 0.1), 0.2)",
        "def diff(a, b):\n    return 2",
        given="def agrees(a, b):\n    return abs(a - b) < 1e-9",
    ),
    _of(
        "given_data",
        "def longest():\n    return max(WORDS, key=len)",
        "assert longest() == 'ccc'\nassert WORDS == ['a', 'bb', 'ccc']",
        "def longest():\n    WORDS.sort(key=len, reverse=True)\n    return WORDS[0]",
        given="WORDS = ['a', 'bb', 'ccc']",
    ),
    _of(
        "tests_load",
        "loaded_twice = None",
        "measured = [3, 1, 2]\nassert loaded_twice is None",
        "loaded_twice = 0",
    ),
    _of(
        "uses_loaded", "ranked = sorted(measured)", "assert ranked == [1, 2, 3]", "ranked = [1, 2]"
    ),
    _of(
        "await_",
        "import asyncio\nasync def later():\n    await asyncio.sleep(0)\n    return 5",
        "assert await later() == 5",
        "def later():\n    return 5",
    ),
    _of(
        "zero_points",
        "def zero_points():\n    return 1",
        "assert zero_points() == 1",
        "def zero_points():\n    return 2",
        points=0,
    ),
    _of(
        "all_of_it",
        "def everything(f=None):\n    return {'value': 1}",
        "assert everything()['value'] == 1\nassert list(everything().items()) == [('value', 1)]\nassert 'value' in everything()",
        "def everything(f=None):\n    return [('value', 1)]",
    ),
]
"""The rows, in the order in which they stand in the notebook."""
