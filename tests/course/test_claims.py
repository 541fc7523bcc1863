"""What the notebooks' prose says: every number in it is computed here, from the references."""

import re

import numpy as np
import pytest

from autograder.course.notebook import Kind

from .conftest import ROOT, lab_named

NUMBER = re.compile(r"(?<![\w.])\d+\.\d{2,}(?:e[−-]?\d+)?(?![\w.]*\.\w)")
"""A number with two decimals or more. `CLAIMS` holds sentences with other numbers."""


def prose_of(lab):
    """All text of a notebook, without addresses."""
    texts = [cell.source for cell in lab.cells if cell.kind is Kind.TEXT]
    return re.sub(r"\]\(http[^)]*\)", "]", "\n".join(texts)).replace("−", "-")


def sigmoid(h):
    """The sigmoid, written independently of the references."""
    return 1 / (1 + np.exp(-np.asarray(h, dtype=float)))


def slope(h):
    """Its slope."""
    return sigmoid(h) * (1 - sigmoid(h))


def gradient_basic(reference):
    """The numbers of the first notebook."""
    yield from (sigmoid([-2, 0.8, 2]), slope([-2, 0, 0.8, 2]))
    for targets, outputs in (
        ([0.5], [0.9]),
        ([1, 0], [0.8, 0.1]),
        ([[1, 0], [0, 1], [1, 1]], [[0.8, 0.1], [0.3, 0.6], [0.9, 0.4]]),
    ):
        yield reference.sum_of_squared_errors(targets, outputs)
    errors = np.array([0.1, 0.1, 0.1, 0.9])
    yield from ((errors**2)[-1], (errors**2).sum())
    for x, w, y, rate in (
        ([1, 2, 3, 4], [0.5, -0.5, 0.3, 0.1], 0.5, 0.5),
        ([0.1, 0.3], [-0.8, 0.5], 0.2, 0.5),
    ):
        h = np.dot(x, w)
        yield from (h, sigmoid(h), y - sigmoid(h), slope(h))
        yield from (reference.error_term(x, y, w), reference.weight_step(x, y, w, rate))
    yield from (2 * (1 - 2 * rate) ** 10 for rate in (0.01, 0.1, 0.9, 1.1))
    x, y = np.array([0.5, -1, 2]), np.array([0.9, 0.2])
    w = np.array([[0.4, -0.3], [-0.6, 0.1], [0.2, 0.5]])
    yield from (x @ w, sigmoid(x @ w), (y - sigmoid(x @ w)) * slope(x @ w))
    yield reference.weight_step_outputs(x, y, w, 0.4)
    yield from (0.01, 0.001)  # two learning rates


TABLE = np.loadtxt(
    ROOT / "source" / "gradient_descent" / "admissions.csv", delimiter=",", skiprows=1
)


def admissions(table=TABLE, training=360):
    """Features and targets of the training rows, then of the test rows."""
    scores = table[:, 1:3]
    mean, deviation = scores[:training].mean(axis=0), scores[:training].std(axis=0)
    one_hot = table[:, 3:] == np.array([1, 2, 3, 4])
    features = np.hstack([(scores - mean) / deviation, one_hot])
    admitted = table[:, 0]
    return features[:training], admitted[:training], features[training:], admitted[training:]


X, Y, X_TEST, Y_TEST = admissions()
START = np.random.default_rng(42).normal(0.0, 6**-0.5, size=6)


def unit_step(weights, kind="right"):
    """The mean step of all training rows, without a learning rate; `kind` is what is wrong."""
    h = X @ weights
    output = sigmoid(h)
    error = output - Y if kind == "sign" else Y - output
    if kind == "input":
        return np.mean(error[:, None] * slope(X) * X, axis=0)
    factor = {"no slope": np.ones_like(h), "output": slope(output)}.get(kind, slope(h))
    return (error * factor) @ X / (6 if kind == "features" else len(X))


def unit_loss(weights):
    """The mean squared error on the training rows."""
    return np.mean((Y - sigmoid(X @ weights)) ** 2)


def unit_accuracy(weights, features=X, targets=Y):
    """The share of rows that are on the right side of 0.5."""
    return np.mean((features @ weights > 0) == (targets > 0.5))


def unit_walk(rate, epochs, kind="right", start=START):
    """The weights before the first epoch and after each one."""
    walk = [start]
    for _ in range(epochs):
        walk.append(walk[-1] + rate * unit_step(walk[-1], kind))
    return np.array(walk)


def gradient(reference):
    """The numbers of the second notebook."""
    features, targets = np.array([[0.5, -1.2, 0.8], [-0.4, 0.9, 1.5]]), np.array([1, 0])
    weights = np.array([0.3, -0.2, 0.5])
    h = features @ weights
    terms = (targets - sigmoid(h)) * slope(h)
    yield from (h, sigmoid(h), terms, 0.8 * terms[:, None] * features)
    yield reference.epoch_step(features, targets, weights, 0.8)
    yield from (reference.train(features, targets, weights, 0.8, epochs) for epochs in (1, 2, 3))
    yield from (np.mean((targets - sigmoid(h)) ** 2), 0.125, 0.25, 0.01)
    walk = unit_walk(5.0, 100)
    yield from ([unit_loss(walk[n]) for n in (0, 10, 50, 100)], np.mean(Y == 0))
    yield from (unit_accuracy(walk[0]), unit_accuracy(walk[10]), unit_accuracy(walk[100]))
    yield from (reference.descend(lambda w: 2 * w, np.array(2.0), 0.1, a, 3) for a in (0.0, 0.5))
    for start, alpha in ((3.0, 0.0), (3.0, 0.9)):
        end = reference.descend(valley_slope, np.array(start), 0.05, alpha, 300)[-1]
        yield from (end, valley(end))
    distances = map_distances(60, 3000)[100:]
    yield (np.floor(100 * distances.min()) / 100, np.ceil(100 * distances.max()) / 100)
    yield from (map_distances(5, 15, alpha)[[0, -1]] for alpha in (0.0, 0.55, 0.95))
    yield from (
        unit_loss(unit_walk(5.0, 200, "sign")[-1]),
        unit_accuracy(unit_walk(5, 200, "sign")[-1]),
    )
    yield (0.22, 0.31, 0.75)  # bounds of what jumps, which a claim below holds
    yield (0.05, 0.95, 0.201)  # a rate, a momentum, and a bound


def valley(w):
    """The curve with a shallow and a deep valley."""
    return 0.1 * w**4 - 0.6 * w**2 + 0.25 * w


def valley_slope(w):
    """Its slope."""
    return 0.4 * w**3 - 1.2 * w + 0.25


LOWEST = unit_walk(5.0, 100)[-1]
"""The weights of the unit that the notebook has trained; the star on its map."""


def map_distances(rate, steps, alpha=0.0):
    """How far a walk over the two weights of the map is from the star, step by step."""
    place, velocity, found = np.array([-2.2, -1.6]), np.zeros(2), []
    for _ in range(steps + 1):
        found.append(np.hypot(*(place - LOWEST[:2])))
        step = unit_step(np.concatenate([place, LOWEST[2:]]))[:2]
        velocity = alpha * velocity + rate * step
        place = place + velocity
    return np.array(found)


def multilayer(reference):
    """The numbers of the third notebook."""
    legacy = np.random.RandomState(42)
    inputs = legacy.randn(4)
    first, last = legacy.normal(0, 0.1, (4, 3)), legacy.normal(0, 0.1, (3, 2))
    features = np.vstack([inputs, legacy.randn(4, 4)])
    hidden, output = reference.forward(inputs, first, last)
    yield from (inputs @ first, hidden, hidden @ last, output)
    yield from reference.forward_batch(features, first, last)


SMALL = np.array([[0.5, 0.1, -0.2], [-1.2, 0.8, 0.4], [2.0, -1.0, 0.3], [0.9, 1.5, -1.1]])
SMALL_TARGETS = np.array([0.6, 0.0, 1.0, 1.0])
FIRST = np.array([[0.5, -0.6], [0.1, -0.2], [0.1, 0.7]])
LAST = np.array([0.1, -0.3])


def backprop_basic(reference):
    """The numbers of the fourth notebook."""
    x, target, rate = SMALL[0], 0.6, 0.5
    hidden, output = sigmoid(x @ FIRST), sigmoid(sigmoid(x @ FIRST) @ LAST)
    term = reference.output_error_term(target, output)
    hidden_terms = reference.hidden_error_term(term, LAST, hidden)
    yield from (hidden, output, target - output, output * (1 - output), term)
    yield from (LAST * term, hidden * (1 - hidden), hidden_terms, hidden_terms[1] * x[0])
    yield from reference.weight_steps(x, hidden, term, hidden_terms, rate)
    yield LAST + rate * term * hidden
    several = np.array([[0.1, -0.4, 0.2], [-0.3, 0.5, 0.6]]), np.array([0.03, -0.05, 0.02])
    yield from (several[0] @ several[1], several[1])
    x, w, last = np.array([0.1, 0.3]), np.array([0.4, -0.2]), 0.1
    a = sigmoid(x @ w)
    term = (1 - sigmoid(a * last)) * slope(a * last)
    hidden_term = last * term * a * (1 - a)
    yield from (0.5 * hidden_term * x, 0.5 * round(hidden_term, 3) * x, round(hidden_term, 3))
    yield from (0.25, 0.0625, 100 * (1 - 0.0625), 0.7 * 0.3 * 0.7, 10**-0.5)
    yield (0.49, 0.52, 0.01)  # the range of the knob, and how far it is turned


def random_weights(n_inputs, n_hidden, seed):
    """The start of a network, as the fifth notebook draws it."""
    rng = np.random.default_rng(seed)
    first = rng.normal(0.0, n_inputs**-0.5, size=(n_inputs, n_hidden))
    return first, rng.normal(0.0, n_hidden**-0.5, size=n_hidden)


def net_losses(start, rate, epochs, features=X, targets=Y):
    """The loss before the first epoch and after each one, and the last weights."""
    (first, last), losses = start, []
    for _ in range(epochs + 1):
        hidden = sigmoid(features @ first)
        output = sigmoid(hidden @ last)
        losses.append(np.mean((targets - output) ** 2))
        ended = first, last
        term = (targets - output) * output * (1 - output) / len(targets)
        back = np.outer(term, last) * hidden * (1 - hidden)
        first, last = first + rate * features.T @ back, last + rate * hidden.T @ term
    return np.array(losses), ended


def net_loss(weights, features, targets):
    """The loss of a network on any rows."""
    return np.mean((targets - sigmoid(sigmoid(features @ weights[0]) @ weights[1])) ** 2)


def backprop(reference):
    """The numbers of the fifth notebook."""
    hidden, output = reference.forward_pass(SMALL, FIRST, LAST)
    terms = (SMALL_TARGETS - output) * output * (1 - output)
    yield from (hidden, output, terms, terms * hidden[:, 0], 0.5 + 0.8 * 0.1)
    yield from reference.backward_pass(SMALL, SMALL_TARGETS, hidden, output, LAST)
    yield from reference.train(SMALL, SMALL_TARGETS, FIRST, LAST, 0.8, 3)
    yield reference.loss(SMALL, SMALL_TARGETS, FIRST, LAST)
    start = random_weights(6, 3, seed=1)
    yield from (net_losses(start, rate, 400)[0][-1] for rate in (40.0, 42.0, 50.0, 2000.0))
    yield from (unit_loss(LOWEST), np.mean(Y), 0.25, 0.75)
    yield 0.05  # a bound of a stretch task


def forty_units():
    """The losses of 40 hidden units on both parts of the table, in the stretch task."""
    start = random_weights(6, 40, seed=1)
    for rate in (0.9, 10.0):
        losses, ended = net_losses(start, rate, 20_000)
        yield from (losses[0], losses[-1])
        yield from (net_loss(start, X_TEST, Y_TEST), net_loss(ended, X_TEST, Y_TEST))


NUMBERS = {
    "gradient_basic": gradient_basic,
    "gradient": gradient,
    "multilayer": multilayer,
    "backprop_basic": backprop_basic,
    "backprop": backprop,
}
LONG = {"backprop": (forty_units, {"0.168", "0.176", "0.188", "0.211", "0.07"})}
"""Numbers that take ten seconds each; a run with `--all` computes them, too."""
ASSIGNMENT = {
    "gradient_basic": "gradient_descent",
    "gradient": "gradient_descent",
    "multilayer": "multilayer_perceptrons",
    "backprop_basic": "backpropagation",
    "backprop": "backpropagation",
}


def is_printed(text, numbers):
    """Whether a number as printed is one of these, rounded or cut to its digits."""
    value = float(text)
    if "e" in text:
        return bool(np.any(np.isclose(np.abs(numbers), value, rtol=1e-8, atol=0)))
    unit = 10.0 ** -len(text.partition(".")[2])
    return bool(np.any(np.abs(np.abs(numbers) - value) <= 0.5001 * unit))


@pytest.mark.parametrize("name", NUMBERS)
def test_every_number_in_the_text_is_computed(course, references, name, request):
    """A number that stands in the text comes out of the reference or of a formula above."""
    found = [*NUMBERS[name](references(ASSIGNMENT[name]))]
    compute, left_out = LONG.get(name, (list, set()))
    if request.config.option.all:
        found, left_out = [*found, *compute()], set()
    numbers = np.concatenate([np.ravel(one).astype(float) for one in found])
    printed = NUMBER.findall(prose_of(lab_named(course, name)))
    assert len(printed) > 20
    assert [text for text in {*printed} - left_out if not is_printed(text, numbers)] == []


def spread(deviation):
    """Outputs of 50 hidden units with 400 inputs, for start weights of a standard deviation."""
    rng = np.random.default_rng(4)
    records = rng.normal(size=(400, 400))
    return sigmoid(records @ (deviation * np.random.default_rng(6).normal(size=(400, 50))))


def bump(t):
    """The small network with the sigmoid in its hidden layer, and without."""
    w, last = np.array([[4.0, 3.0, 0.0], [6.0, -5.0, 22.0]]), np.array([8.0, -8.0, -4.0])
    sums = np.column_stack([t, np.ones_like(t)]) @ w
    return sigmoid(sigmoid(sums) @ last), sigmoid(sums @ last)


def wrong(kind):
    """Losses and accuracies of 200 epochs with a wrong step."""
    walk = unit_walk(5.0, 200, kind)
    return np.array([unit_loss(w) for w in walk]), np.array([unit_accuracy(w) for w in walk])


def looks_right(kind):
    """Whether a wrong step has the last loss and accuracy of the right one, and never rises."""
    losses, accuracies = wrong(kind)
    return (round(losses[-1], 4), round(accuracies[-1], 2)) == (0.2007, 0.69) and not np.any(
        np.diff(losses) > 1e-12
    )


JUMPS, SHARES = wrong("features")
ADMITTED = [TABLE[TABLE[:, 3] == rank, 0].mean() for rank in (1, 2, 3, 4)]
RATIO = TABLE[:, 1] / TABLE[:, 2]
T = np.linspace(-3, 3, 2001)
NET = net_losses(random_weights(6, 3, seed=1), 0.9, 2000)
STEP = np.outer([0.5, -1, 2], [0.0233887, -0.1044106])
CLAIMS = [
    ("gradient_basic", "three quarters of the sum of absolute values (0.9 of 1.2)",
     0.9 / 1.2 == 0.75),
    ("gradient_basic", "96 % of the sum of squares (0.81 of 0.84)", round(0.81 / 0.84, 2) == 0.96),
    ("gradient_basic", "nearly 0 beyond $\\pm 5$", slope(5) < 0.01),
    ("gradient_basic", "Rate 0.5 jumps to the bottom at once", 2 * (1 - 2 * 0.5) == 0),
    ("gradient_basic", "Rate 1.0 bounces between 2 and -2", 2 * (1 - 2 * 1.0) == -2),
    ("gradient_basic", "has the largest steps in both columns", np.abs(STEP)[2].min() > 0
     and (np.argmax(np.abs(STEP), axis=0) == 2).all()),
    ("gradient", "117 of the 360 training rows are admitted", (Y.sum(), len(Y)) == (117, 360)),
    ("gradient", "right in 31 of 40 cases",
     unit_accuracy(LOWEST, X_TEST, Y_TEST) == 31 / 40 and np.mean(Y_TEST == 0) == 30 / 40),
    ("gradient", "65 to 297 times as far", (RATIO.min().round(), RATIO.max().round()) == (65, 297)),
    ("gradient", "A `gre` of 600 alone adds 60 to $h$", 600 * 0.1 == 60),
    ("gradient", "from about the fiftieth epoch on it is nearly flat",
     unit_loss(unit_walk(5.0, 50)[-1]) - unit_loss(LOWEST) < 0.0005),
    ("gradient", "same walk as a mean with\n$\\eta = 3.6$", abs(0.01 * 360 - 3.6) < 1e-12),
    ("gradient", "ten times for\n$\\alpha = 0.9$", abs(1 / (1 - 0.9) - 10) < 1e-9),
    ("gradient", "| slope $f'$ left out | 0.2007 | no | 0.69 |", looks_right("no slope")),
    ("gradient", "| slope taken at the output | 0.2007 | no | 0.69 |", looks_right("output")),
    ("gradient", "| slope taken at the inputs | 0.2007 | no | 0.69 |", looks_right("input")),
    ("gradient", "yes, more than 30 times", np.sum(np.diff(JUMPS) > 0) > 30),
    ("gradient", "jumps between 0.22 and 0.31", (JUMPS[100:] > 0.22).all()
     and (JUMPS[100:] < 0.31).all()),
    ("gradient", "jumps between 0.5 and 0.75", (SHARES[100:] > 0.5).all()
     and (SHARES[100:] < 0.75).all()),
    ("gradient", "its accuracy is mostly higher", np.mean(SHARES[101:] > 0.69) > 0.6),
    ("gradient", "farther away than it began (3.01)", abs(map_distances(5, 0)[0] - 3.01) < 0.005),
    ("gradient", "the step is 60\ntimes too long", 360 / 6 == 60),
    ("backprop_basic", "a factor of at least 4", slope(0) == 1 / 4),
    ("backprop", "ends on the dashed line of the single unit",
     abs(NET[0][-1] - unit_loss(LOWEST)) < 0.0005),
    ("backprop", "The network beats the majority by one row out of forty",
     np.sum((sigmoid(sigmoid(X_TEST @ NET[1][0]) @ NET[1][1]) > 0.5) == Y_TEST) == 31),
    ("backprop", "48 %, 38 %, 24 % and\n18 % were admitted",
     [round(100 * share) for share in ADMITTED] == [48, 38, 24, 18]),
    ("multilayer", "nearly all outputs crowd at 0 and at 1",
     np.mean(np.abs(spread(1.0) - 0.5) > 0.45) > 0.85),
    ("multilayer", "all of them sit at one\nhalf", np.abs(spread(0.001) - 0.5).max() < 0.05),
    ("multilayer", "in a broad hill around one half", np.percentile(spread(0.05), 5) < 0.2
     and np.percentile(spread(0.05), 95) > 0.8),
    ("multilayer", "rises near $t = -1.5$", abs(T[np.argmax(bump(T)[0] > 0.5)] + 1.5) < 0.05),
    ("multilayer", "falls again near $t = 1.7$",
     abs(T[T > 0][np.argmax(bump(T[T > 0])[0] < 0.5)] - 1.7) < 0.05),
    ("multilayer", "one step from 0 up to 1 is\nleft, at $t = 0$",
     abs(T[np.argmax(bump(T)[1] > 0.5)]) < 0.01),
]  # fmt: skip


@pytest.mark.parametrize(("name", "sentence", "holds"), CLAIMS)
def test_claims_hold(course, name, sentence, holds):
    """What a sentence says can be computed, and the sentence stands in the text."""
    assert sentence.replace("−", "-") in prose_of(lab_named(course, name))
    assert holds
