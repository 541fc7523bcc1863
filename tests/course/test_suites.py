"""The hidden suites on right and wrong work: proven on the catalogue, and on work outside it."""

import random
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from autograder.authoring import samples
from autograder.authoring.mutation import REMEMBERS
from autograder.authoring.prove import prove
from autograder.checks.catalogue import load_catalogue
from autograder.course.model import Course
from autograder.report import Verdict

from .conftest import NOTEBOOKS, lab_named

COMBINATIONS = 5
SEEDS = (1, 2)
"""Of the proofs; a usual run takes the first."""
every_notebook = pytest.mark.parametrize("name", NOTEBOOKS)


def prove_assignment(root, assignment, tier, seeds):
    """The proof of one assignment, in a process of its own."""
    return prove(Course.load(root), [assignment], tier=tier, seeds=seeds)


@pytest.fixture(scope="module")
def proofs(built, tier, request):
    """The proofs of all assignments, two at a time."""
    seeds = SEEDS if request.config.option.all else SEEDS[:1]
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        running = {
            name: pool.submit(prove_assignment, built.root, name, tier, seeds)
            for name in reversed(built.assignments)
        }
        yield running


@pytest.mark.slow
@pytest.mark.parametrize(
    "assignment", ["gradient_descent", "multilayer_perceptrons", "backpropagation"]
)
def test_proof_holds(proofs, assignment):
    """Solutions and variants pass, mistakes are rejected and named, no check is dead weight."""
    proof = proofs[assignment].result(timeout=300)
    assert [row for row in proof.rows if not row.holds] == []
    said = proof.as_dict()
    assert said["mistakes"] == said["rejected"] == said["named"] > 0
    assert said["variants"] == said["passed"] > 0


UNNAMED = {
    "test_train": {"slope-of-error-or-target"},
    "test_backprop_step": {"hidden-layer-input-wrong"},
    "test_backward_pass": {"outputs-added-up"},
    "test_loss": {"elementwise-for-dot", "results-swapped"},
    "test_accuracy": {"sigmoid-twice"},
}
"""Misconceptions of earlier exercises that later ones do not name yet."""


@pytest.mark.slow
@pytest.mark.parametrize(
    "assignment", ["gradient_descent", "multilayer_perceptrons", "backpropagation"]
)
def test_the_proof_says_what_gets_past(proofs, assignment):
    """No training may remember the one before; misconceptions are known in later exercises."""
    rows = proofs[assignment].result(timeout=300).rows
    assert [row.name for row in rows if row.kind == "slips" and REMEMBERS in row.name] == []
    known = [row for row in rows if row.kind == "known"]
    assert known
    for row in known:
        unnamed = row.name.partition("not named: ")[2]
        found = set(unnamed.split(", ")) if unnamed else set()
        assert found <= UNNAMED.get(row.grade_cell, set()), row


@every_notebook
def test_catalogue_is_large_enough(built, name):
    """Every exercise has at least three mistakes and three right variants."""
    lab = lab_named(built, name)
    catalogue = load_catalogue(built.hidden, lab.assignment)
    for exercise in lab.exercises:
        same = {cell for cell, solution in lab.solutions.items() if solution == exercise.solution}
        mistakes = {m.misconception.name for m in catalogue.mistakes if m.grade_cell in same}
        variants = [v for v in catalogue.variants if v.grade_cell in same]
        assert len(mistakes) >= 3, exercise.grade_cell
        assert len(variants) >= 3, exercise.grade_cell


def assert_full_marks(report):
    """Fail with the first check that did not pass."""
    lost = [(c.name, c.verdict, c.message) for c in report.checks if c.verdict != Verdict.PASSED]
    assert (report.reason, lost) == ("", [])
    assert report.score == report.max_score


@every_notebook
def test_variants_pass_together(built, desk, name):
    """Any mixture of right variants gets full marks, not only each of them alone."""
    lab = lab_named(built, name)
    rng = random.Random(f"mixtures of {name}")
    catalogue = load_catalogue(built.hidden, lab.assignment)
    own = [variant for variant in catalogue.variants if variant.grade_cell in lab.solutions]
    mixtures = []
    for _ in range(COMBINATIONS):
        rng.shuffle(own)
        chosen = {(lab.solutions[variant.grade_cell], variant.name): variant for variant in own}
        mixtures.append(samples.with_examples(lab, chosen.values()))
    for report in desk.grade_all([(lab, sources) for sources in mixtures]):
        assert_full_marks(report)


LOOPS = {
    "gradient_basic": {
        "": "import math\n\ndef squash(v):\n    if v < -700:\n        return 0.0\n"
        "    return 1.0 / (1.0 + math.exp(-v))\n",
        "sigmoid": "def sigmoid(h):\n    h = np.asarray(h, dtype=float)\n"
        "    out = np.empty(h.shape)\n    for place in np.ndindex(h.shape):\n"
        "        out[place] = squash(h[place])\n    return out\n\n"
        "def sigmoid_prime(h):\n    h = np.asarray(h, dtype=float)\n    out = np.empty(h.shape)\n"
        "    for place in np.ndindex(h.shape):\n"
        "        out[place] = squash(h[place]) * (1 - squash(h[place]))\n    return out\n",
        "sse": "def sum_of_squared_errors(targets, outputs):\n    E = 0\n"
        "    flat_y = np.asarray(targets).reshape(-1).tolist()\n"
        "    flat_o = np.asarray(outputs).reshape(-1).tolist()\n"
        "    for y, o in zip(flat_y, flat_o):\n        E = E + 0.5 * (o - y) ** 2\n    return E\n",
        "neuron_output": "def neuron_output(x, weights):\n    h = 0\n"
        "    for i in range(len(x)):\n        h += x[i] * weights[i]\n    return squash(h)\n",
        "error_term": "def error_term(x, target, weights):\n    o = neuron_output(x, weights)\n"
        "    return (target - o) * o * (1 - o)\n",
        "weight_step": "def weight_step(x, target, weights, learning_rate):\n"
        "    return [learning_rate * error_term(x, target, weights) * xi for xi in x]\n",
        "weight_step_outputs": "def weight_step_outputs(x, targets, weights, learning_rate):\n"
        "    steps = []\n    W = np.asarray(weights)\n    for i, xi in enumerate(x):\n"
        "        row = []\n        for j, y in enumerate(targets):\n"
        "            o = neuron_output(x, W[:, j])\n"
        "            row.append(learning_rate * (y - o) * o * (1 - o) * xi)\n"
        "        steps.append(row)\n    return steps\n",
    },
    "gradient": {
        "epoch_step": "def epoch_step(features, targets, weights, learning_rate):\n"
        "    n, d = np.shape(features)\n    total = [0.0] * d\n    for r in range(n):\n"
        "        h = 0.0\n        for i in range(d):\n"
        "            h += features[r][i] * weights[i]\n"
        "        o = 1 / (1 + np.exp(-h))\n        for i in range(d):\n"
        "            total[i] += (targets[r] - o) * o * (1 - o) * features[r][i]\n"
        "    return [learning_rate / n * t for t in total]\n",
        "train": "def train(features, targets, weights, learning_rate, epochs):\n"
        "    if epochs == 0:\n        return list(weights)\n"
        "    step = epoch_step(features, targets, weights, learning_rate)\n"
        "    new = [w + s for w, s in zip(weights, step)]\n"
        "    return train(features, targets, new, learning_rate, epochs - 1)\n",
        "mse": "def mean_squared_error(targets, outputs):\n    total = 0\n"
        "    for y, o in zip(targets, outputs):\n        total += (y - o) * (y - o)\n"
        "    return total / len(targets)\n",
        "accuracy": "def accuracy(features, targets, weights):\n    hits = 0\n"
        "    for row, y in zip(features, targets):\n"
        "        hits += int((sum(a * b for a, b in zip(row, weights)) > 0) == bool(y))\n"
        "    return hits / len(targets)\n",
        "descend": "def descend(gradient, start, learning_rate, momentum, steps):\n"
        "    w = np.array(start, dtype=float)\n    v = 0 * w\n    path = [w.copy()]\n"
        "    while len(path) <= steps:\n        v *= momentum\n"
        "        v -= learning_rate * gradient(w)\n        w += v\n"
        "        path.append(w.copy())\n    return path\n",
    },
    "multilayer": {
        "init_weights": "def init_weights(n_inputs, n_hidden, rng):\n"
        "    return rng.standard_normal((n_inputs, n_hidden)) / np.sqrt(n_inputs)\n",
        "hidden_input": "def hidden_input(x, weights):\n    h = []\n"
        "    for j in range(len(weights[0])):\n        s = 0.0\n"
        "        for i in range(len(x)):\n            s += weights[i][j] * x[i]\n"
        "        h.append(s)\n    return h\n",
        "column_vector": "def column_vector(a):\n    return [[value] for value in a]\n",
        "hidden_input_column": "def hidden_input_column(x_column, weights_transposed):\n"
        "    flat = [row[0] for row in x_column]\n"
        "    return [[sum(w * v for w, v in zip(row, flat))] for row in weights_transposed]\n",
        "forward": "def forward(x, weights_input_hidden, weights_hidden_output):\n"
        "    a = [1 / (1 + np.exp(-h)) for h in hidden_input(x, weights_input_hidden)]\n"
        "    return [a, [1 / (1 + np.exp(-h)) for h in hidden_input(a, weights_hidden_output)]]\n",
        "forward_batch": "def forward_batch(features, weights_input_hidden, "
        "weights_hidden_output):\n    hidden, out = [], []\n    for x in features:\n"
        "        a, o = forward(x, weights_input_hidden, weights_hidden_output)\n"
        "        hidden.append(a)\n        out.append(o)\n    return hidden, out\n",
    },
    "backprop_basic": {
        "": "def slope_of_output(s):\n    return s * (1 - s)\n",
        "output_error_term": "def output_error_term(target, output):\n"
        "    return np.subtract(target, output) * slope_of_output(np.array(output))\n",
        "hidden_error_term": "def hidden_error_term(output_error_term, weights_hidden_output, "
        "hidden_output):\n    W = np.array(weights_hidden_output, dtype=float)\n"
        "    if W.ndim == 1:\n        W = W[:, None]\n"
        "    delta = np.atleast_1d(output_error_term)\n    terms = []\n"
        "    for j in range(W.shape[0]):\n        back = 0.0\n"
        "        for k in range(W.shape[1]):\n            back += W[j, k] * delta[k]\n"
        "        terms.append(back * slope_of_output(hidden_output[j]))\n    return terms\n",
        "weight_steps": "def weight_steps(x, hidden_output, output_error_term, hidden_error_term, "
        "learning_rate):\n    last = [learning_rate * output_error_term * a for a in hidden_output]"
        "\n    first = [[learning_rate * d * xi for d in hidden_error_term] for xi in x]\n"
        "    return last, first\n",
        "backprop_step": "def backprop_step(x, target, weights_input_hidden, "
        "weights_hidden_output, learning_rate):\n    W1 = np.array(weights_input_hidden, float)\n"
        "    W2 = np.array(weights_hidden_output, float)\n"
        "    a = sigmoid(np.einsum('i,ij->j', x, W1))\n    o = sigmoid(np.einsum('j,j->', a, W2))\n"
        "    d_o = output_error_term(target, o)\n    d_h = hidden_error_term(d_o, W2, a)\n"
        "    s2, s1 = weight_steps(x, a, d_o, d_h, learning_rate)\n    W1 += s1\n    W2 += s2\n"
        "    return W1, W2\n",
        "gradient_scale": "def gradient_scale(n_layers):\n    scale = 1\n"
        "    for _ in range(n_layers):\n        scale /= 4\n    return scale\n",
    },
    "backprop": {
        "forward_pass": "def forward_pass(features, weights_input_hidden, weights_hidden_output):\n"
        "    hidden, out = [], []\n    for x in features:\n"
        "        a = [sigmoid(sum(xi * w for xi, w in zip(x, column)))\n"
        "             for column in np.transpose(weights_input_hidden)]\n"
        "        hidden.append(a)\n"
        "        out.append(sigmoid(sum(ai * w for ai, w in zip(a, weights_hidden_output))))\n"
        "    return hidden, out\n",
        "backward_pass": "def backward_pass(features, targets, hidden_output, output, "
        "weights_hidden_output):\n    X, A = np.array(features), np.array(hidden_output)\n"
        "    n, d = X.shape\n    m = A.shape[1]\n    first, last = np.zeros((d, m)), np.zeros(m)\n"
        "    for r in range(n):\n        o = output[r]\n"
        "        delta = (targets[r] - o) * o * (1 - o)\n        for j in range(m):\n"
        "            last[j] += delta * A[r, j] / n\n"
        "            back = delta * weights_hidden_output[j] * A[r, j] * (1 - A[r, j])\n"
        "            for i in range(d):\n                first[i, j] += back * X[r, i] / n\n"
        "    return first, last\n",
        "update_weights": "def update_weights(weights_input_hidden, weights_hidden_output, steps, "
        "learning_rate):\n    first = [[w + learning_rate * s for w, s in zip(*rows)]\n"
        "             for rows in zip(weights_input_hidden, steps[0])]\n"
        "    last = [w + learning_rate * s for w, s in zip(weights_hidden_output, steps[1])]\n"
        "    return first, last\n",
        "train": "def train(features, targets, weights_input_hidden, weights_hidden_output, "
        "learning_rate, epochs):\n    pair = (weights_input_hidden, weights_hidden_output)\n"
        "    while epochs > 0:\n        a, o = forward_pass(features, *pair)\n"
        "        steps = backward_pass(features, targets, a, o, pair[1])\n"
        "        pair = update_weights(*pair, steps, learning_rate)\n        epochs -= 1\n"
        "    return pair\n",
        "loss": "def loss(features, targets, weights_input_hidden, weights_hidden_output):\n"
        "    o = forward_pass(features, weights_input_hidden, weights_hidden_output)[1]\n"
        "    return sum((y - p) ** 2 for y, p in zip(targets, o)) / len(o)\n",
        "accuracy": "def accuracy(features, targets, weights_input_hidden, "
        "weights_hidden_output):\n"
        "    o = forward_pass(features, weights_input_hidden, weights_hidden_output)[1]\n"
        "    return sum(round(float(p)) == int(y) for y, p in zip(targets, o)) / len(o)\n",
    },
}
"""A whole notebook in the plainest style: loops, lists, helpers in a cell of their own."""

TERSE = {
    "gradient_basic": {
        "sigmoid": "sigma = lambda z: np.exp(-np.logaddexp(0, -np.asarray(z, float)))\n"
        "def sigmoid(h): return sigma(h)\n"
        "def sigmoid_prime(h): return sigma(h) * sigma(np.negative(h))\n",
        "sse": "def sum_of_squared_errors(targets, outputs):\n"
        "    return np.linalg.norm(np.subtract(targets, outputs)) ** 2 / 2\n",
        "neuron_output": "def neuron_output(x, weights):\n"
        "    return sigmoid(np.einsum('i,i', x, weights)).item()\n",
        "error_term": "def error_term(x, target, weights):\n"
        "    h = np.inner(weights, x)\n    return -sigmoid_prime(h) * (sigmoid(h) - target)\n",
        "weight_step": "def weight_step(x, target, weights, learning_rate):\n"
        "    return np.multiply(x, learning_rate) * error_term(x, target, weights)\n",
        "weight_step_outputs": "def weight_step_outputs(x, targets, weights, learning_rate):\n"
        "    h = np.einsum('i,ij->j', x, weights)\n"
        "    return np.einsum(',i,j->ij', learning_rate, x, (targets - sigmoid(h)) * "
        "sigmoid_prime(h))\n",
    },
    "gradient": {
        "epoch_step": "def epoch_step(features, targets, weights, learning_rate):\n"
        "    X, o = np.asarray(features), sigmoid(features @ np.asarray(weights))\n"
        "    return X.T @ (learning_rate * (targets - o) * o * (1 - o)) / X.shape[0]\n",
        "train": "from functools import reduce\n"
        "def train(features, targets, weights, learning_rate, epochs):\n"
        "    step = lambda w, _: w + epoch_step(features, targets, w, learning_rate)\n"
        "    return reduce(step, range(epochs), np.array(weights, float))\n",
        "mse": "def mean_squared_error(targets, outputs):\n"
        "    return np.var(np.subtract(targets, outputs)) + "
        "np.mean(np.subtract(targets, outputs)) ** 2\n",
        "accuracy": "def accuracy(features, targets, weights):\n"
        "    return 1 - np.abs((np.dot(features, weights) >= 0) - np.asarray(targets)).mean()\n",
        "descend": "def descend(gradient, start, learning_rate, momentum, steps):\n"
        "    path = np.empty((steps + 1,) + np.shape(start))\n    path[0] = start\n"
        "    for t in range(steps):\n"
        "        kept = momentum * (path[t] - path[t - 1]) if t else 0\n"
        "        path[t + 1] = path[t] + kept - learning_rate * gradient(path[t])\n"
        "    return path\n",
    },
    "multilayer": {
        "init_weights": "def init_weights(n_inputs, n_hidden, rng):\n"
        "    return rng.normal(size=(n_inputs, n_hidden)) * n_inputs**-0.5\n",
        "hidden_input": "def hidden_input(x, weights):\n"
        "    return np.einsum('i,ij->j', x, weights)\n",
        "column_vector": "def column_vector(a):\n    return np.array(a, ndmin=2).T\n",
        "hidden_input_column": "def hidden_input_column(x_column, weights_transposed):\n"
        "    return np.tensordot(weights_transposed, x_column, axes=1)\n",
        "forward": "def forward(x, weights_input_hidden, weights_hidden_output):\n"
        "    a = sigmoid(np.transpose(weights_input_hidden) @ x)\n"
        "    return a, sigmoid(np.transpose(weights_hidden_output) @ a)\n",
        "forward_batch": "def forward_batch(features, weights_input_hidden, "
        "weights_hidden_output):\n    pairs = [forward(x, weights_input_hidden, "
        "weights_hidden_output) for x in features]\n"
        "    return tuple(map(np.stack, zip(*pairs)))\n",
    },
    "backprop_basic": {
        "output_error_term": "def output_error_term(target, output):\n"
        "    o = np.asarray(output)\n    return np.asarray(target) * (o - o**2) - o**2 + o**3\n",
        "hidden_error_term": "def hidden_error_term(output_error_term, weights_hidden_output, "
        "hidden_output):\n    a = np.asarray(hidden_output)\n"
        "    W = np.reshape(weights_hidden_output, (len(a), -1))\n"
        "    return (W * np.reshape(output_error_term, (1, -1))).sum(axis=1) * (a - a**2)\n",
        "weight_steps": "def weight_steps(x, hidden_output, output_error_term, hidden_error_term, "
        "learning_rate):\n    column = np.atleast_2d(x).T\n"
        "    first = column @ (learning_rate * np.atleast_2d(hidden_error_term))\n"
        "    return np.multiply(hidden_output, output_error_term * learning_rate), first\n",
        "backprop_step": "def backprop_step(x, target, weights_input_hidden, "
        "weights_hidden_output, learning_rate):\n"
        "    x, W1, W2 = map(np.asarray, (x, weights_input_hidden, weights_hidden_output))\n"
        "    a = sigmoid(x @ W1)\n    o = sigmoid(a @ W2)\n"
        "    d = learning_rate * (target - o) * o * (1 - o)\n"
        "    return W1 + x[:, None] * (d * W2 * a * (1 - a)), W2 + d * a\n",
        "gradient_scale": "def gradient_scale(n_layers):\n    return 2.0 ** (-2 * n_layers)\n",
    },
    "backprop": {
        "forward_pass": "def forward_pass(features, weights_input_hidden, weights_hidden_output):\n"
        "    a = sigmoid(np.einsum('ni,ij->nj', features, weights_input_hidden))\n"
        "    return a, sigmoid(np.einsum('nj,j->n', a, weights_hidden_output))\n",
        "backward_pass": "def backward_pass(features, targets, hidden_output, output, "
        "weights_hidden_output):\n    a, o = np.asarray(hidden_output), np.asarray(output)\n"
        "    d = (targets - o) * o * (1 - o) / o.size\n"
        "    return (np.einsum('ni,n,j,nj->ij', features, d, weights_hidden_output, a * (1 - a)),\n"
        "            np.einsum('n,nj->j', d, a))\n",
        "update_weights": "def update_weights(weights_input_hidden, weights_hidden_output, steps, "
        "learning_rate):\n    pairs = zip((weights_input_hidden, weights_hidden_output), steps)\n"
        "    return tuple(w + np.multiply(learning_rate, s) for w, s in pairs)\n",
        "train": "def train(features, targets, weights_input_hidden, weights_hidden_output, "
        "learning_rate, epochs):\n    w, v = np.copy(weights_input_hidden), "
        "np.copy(weights_hidden_output)\n    for _ in range(epochs):\n"
        "        s, t = backward_pass(features, targets, *forward_pass(features, w, v), v)\n"
        "        w += learning_rate * s\n        v += learning_rate * t\n    return w, v\n",
        "loss": "def loss(features, targets, weights_input_hidden, weights_hidden_output):\n"
        "    e = targets - forward_pass(features, weights_input_hidden, weights_hidden_output)[1]\n"
        "    return e @ e / e.size\n",
        "accuracy": "def accuracy(features, targets, weights_input_hidden, "
        "weights_hidden_output):\n    o = forward_pass(features, weights_input_hidden, "
        "weights_hidden_output)[-1]\n"
        "    return np.count_nonzero((o >= 0.5) == np.array(targets, dtype=bool)) / len(o)\n",
    },
}
"""The same in the shortest style: einsum, algebra, lambdas."""


@pytest.mark.parametrize("style", [LOOPS, TERSE], ids=["plain-loops", "terse"])
@every_notebook
def test_other_styles_get_full_marks(built, desk, name, style):
    """A right notebook in another style gets full marks, under several seeds."""
    lab = lab_named(built, name)
    assert set(lab.solutions.values()) <= set(style[name])
    for seed in (11, 12):
        (report,) = desk.grade_all([(lab, style[name])], seed)
        assert_full_marks(report)


def wrong(notebook, cell, tests, code, id_):
    """One row of the table of mistakes."""
    return pytest.param(notebook, cell, tests, code, id=f"{notebook}-{id_}")


MISTAKES = [
    wrong(
        "gradient_basic",
        "sigmoid",
        "test_sigmoid",
        "def sigmoid(h):\n    return np.clip(0.5 + np.asarray(h) / 4, 0, 1)\n\n"
        "def sigmoid_prime(h):\n    return sigmoid(h) * (1 - sigmoid(h))\n",
        "straight-line",
    ),
    wrong(
        "gradient_basic",
        "sse",
        "test_sse",
        "def sum_of_squared_errors(targets, outputs):\n"
        "    return 0.5 * np.abs(np.asarray(targets) - np.asarray(outputs)).sum()\n",
        "absolute-values",
    ),
    wrong(
        "gradient_basic",
        "neuron_output",
        "test_neuron_output",
        "def neuron_output(x, weights):\n    return round(float(sigmoid(np.dot(x, weights))), 3)\n",
        "rounded",
    ),
    wrong(
        "gradient_basic",
        "error_term",
        "test_error_term",
        "def error_term(x, target, weights):\n    h = np.dot(x, weights)\n"
        "    return abs(target - sigmoid(h)) * sigmoid_prime(h)\n",
        "size-of-the-error",
    ),
    wrong(
        "gradient_basic",
        "weight_step",
        "test_weight_step",
        "def weight_step(x, target, weights, learning_rate):\n"
        "    x = np.asarray(x)\n"
        "    return learning_rate * error_term(x, target, weights) * x / np.linalg.norm(x)\n",
        "unit-length",
    ),
    wrong(
        "gradient_basic",
        "weight_step_outputs",
        "test_weight_step_outputs",
        "def weight_step_outputs(x, targets, weights, learning_rate):\n"
        "    h = np.dot(x, weights)\n    d = (targets - sigmoid(h)) * sigmoid_prime(h)\n"
        "    return learning_rate * np.outer(x, np.full(len(d), d.mean()))\n",
        "mean-term-for-all",
    ),
    wrong(
        "gradient",
        "epoch_step",
        "test_epoch_step",
        "def epoch_step(features, targets, weights, learning_rate):\n"
        "    o = sigmoid(np.dot(features, weights))\n"
        "    each = ((targets - o) * o * (1 - o))[:, None] * features\n"
        "    return learning_rate * np.median(each, axis=0)\n",
        "median",
    ),
    wrong(
        "gradient",
        "train",
        "test_train",
        "def train(features, targets, weights, learning_rate, epochs):\n"
        "    weights = np.array(weights, dtype=float)\n"
        "    step = epoch_step(features, targets, weights, learning_rate)\n"
        "    return weights + epochs * step\n",
        "same-step-every-epoch",
    ),
    wrong(
        "gradient",
        "mse",
        "test_mse",
        "def mean_squared_error(targets, outputs):\n"
        "    return np.mean(np.subtract(targets, outputs)) ** 2\n",
        "square-of-the-mean",
    ),
    wrong(
        "gradient",
        "accuracy",
        "test_accuracy",
        "def accuracy(features, targets, weights):\n    return 0.75\n",
        "constant",
    ),
    wrong(
        "gradient",
        "descend",
        "test_descend",
        "def descend(gradient, start, learning_rate, momentum, steps):\n"
        "    w = np.array(start, dtype=float)\n    v = 0 * w\n    path = [w]\n"
        "    for _ in range(steps):\n"
        "        v = momentum * v - learning_rate * gradient(w + momentum * v)\n"
        "        w = w + v\n        path.append(w)\n    return np.array(path)\n",
        "looking-ahead",
    ),
    wrong(
        "multilayer",
        "init_weights",
        "test_init_weights",
        "def init_weights(n_inputs, n_hidden, rng):\n"
        "    edge = (3 / n_inputs) ** 0.5\n"
        "    return rng.uniform(-edge, edge, size=(n_inputs, n_hidden))\n",
        "uniform-of-the-same-spread",
    ),
    wrong(
        "multilayer",
        "hidden_input",
        "test_hidden_input",
        "def hidden_input(x, weights):\n    return np.dot(x, weights) + 1\n",
        "plus-one",
    ),
    wrong(
        "multilayer",
        "column_vector",
        "test_column_vector",
        "def column_vector(a):\n    return np.sort(a)[:, None]\n",
        "sorted",
    ),
    wrong(
        "multilayer",
        "hidden_input_column",
        "test_hidden_input_column",
        "def hidden_input_column(x_column, weights_transposed):\n"
        "    return np.tile(np.dot(weights_transposed, x_column).mean(), "
        "(len(weights_transposed), 1))\n",
        "mean-for-all",
    ),
    wrong(
        "multilayer",
        "forward",
        "test_forward",
        "def forward(x, weights_input_hidden, weights_hidden_output):\n"
        "    a = sigmoid(np.dot(x, weights_input_hidden))\n"
        "    e = np.exp(np.dot(a, weights_hidden_output))\n    return a, e / e.sum()\n",
        "softmax",
    ),
    wrong(
        "multilayer",
        "forward_batch",
        "test_forward_batch",
        "def forward_batch(features, weights_input_hidden, weights_hidden_output):\n"
        "    a = sigmoid(np.dot(features, weights_input_hidden))\n"
        "    return a, sigmoid(np.dot(a - a.mean(axis=0), weights_hidden_output))\n",
        "centred",
    ),
    wrong(
        "backprop_basic",
        "output_error_term",
        "test_output_error_term",
        "def output_error_term(target, output):\n"
        "    return (target - np.asarray(output)) * (1 - np.asarray(output) ** 2)\n",
        "slope-of-tanh",
    ),
    wrong(
        "backprop_basic",
        "hidden_error_term",
        "test_hidden_error_term",
        "def hidden_error_term(output_error_term, weights_hidden_output, hidden_output):\n"
        "    a = np.asarray(hidden_output)\n"
        "    return np.dot(np.abs(weights_hidden_output), output_error_term) * a * (1 - a)\n",
        "size-of-the-weights",
    ),
    wrong(
        "backprop_basic",
        "hidden_error_term",
        "test_hidden_error_term_outputs",
        "def hidden_error_term(output_error_term, weights_hidden_output, hidden_output):\n"
        "    a, W = np.asarray(hidden_output), np.asarray(weights_hidden_output)\n"
        "    back = W * output_error_term\n"
        "    back = back.max(axis=1) if W.ndim == 2 else back\n    return back * a * (1 - a)\n",
        "largest-instead-of-sum",
    ),
    wrong(
        "backprop_basic",
        "weight_steps",
        "test_weight_steps",
        "def weight_steps(x, hidden_output, output_error_term, hidden_error_term, "
        "learning_rate):\n    return (learning_rate * output_error_term * "
        "np.asarray(hidden_output),\n            learning_rate**2 * np.outer(x, "
        "hidden_error_term))\n",
        "rate-squared-below",
    ),
    wrong(
        "backprop_basic",
        "backprop_step",
        "test_backprop_step",
        "def backprop_step(x, target, weights_input_hidden, weights_hidden_output, "
        "learning_rate):\n    a = sigmoid(np.dot(x, weights_input_hidden))\n"
        "    o = sigmoid(np.dot(a, weights_hidden_output))\n"
        "    d = learning_rate * (target - o) * o * (1 - o)\n"
        "    return weights_input_hidden, weights_hidden_output + d * a\n",
        "last-layer-only",
    ),
    wrong(
        "backprop_basic",
        "gradient_scale",
        "test_gradient_scale",
        "def gradient_scale(n_layers):\n    return 1 / (4 * n_layers)\n",
        "four-times",
    ),
    wrong(
        "backprop",
        "forward_pass",
        "test_forward_pass",
        "def forward_pass(features, weights_input_hidden, weights_hidden_output):\n"
        "    a = sigmoid(np.dot(features, weights_input_hidden))\n"
        "    return a, (np.dot(a, weights_hidden_output) > 0).astype(float)\n",
        "threshold",
    ),
    wrong(
        "backprop",
        "backward_pass",
        "test_backward_pass",
        "def backward_pass(features, targets, hidden_output, output, weights_hidden_output):\n"
        "    a, o = np.asarray(hidden_output), np.asarray(output)\n"
        "    d = np.sign(targets - o) * o * (1 - o)\n"
        "    back = np.outer(d, weights_hidden_output) * a * (1 - a)\n"
        "    return features.T @ back / len(o), d @ a / len(o)\n",
        "sign-of-the-error",
    ),
    wrong(
        "backprop",
        "update_weights",
        "test_update_weights",
        "def update_weights(weights_input_hidden, weights_hidden_output, steps, "
        "learning_rate):\n    return (weights_input_hidden + learning_rate * "
        "np.sign(steps[0]),\n            weights_hidden_output + learning_rate * "
        "np.sign(steps[1]))\n",
        "direction-only",
    ),
    wrong(
        "backprop",
        "train",
        "test_train",
        "def train(features, targets, weights_input_hidden, weights_hidden_output, "
        "learning_rate, epochs):\n    w, v = weights_input_hidden, weights_hidden_output\n"
        "    for epoch in range(epochs):\n        a, o = forward_pass(features, w, v)\n"
        "        steps = backward_pass(features, targets, a, o, v)\n"
        "        w, v = update_weights(w, v, steps, learning_rate / (epoch + 1))\n"
        "    return w, v\n",
        "rate-that-decays",
    ),
    wrong(
        "backprop",
        "loss",
        "test_loss",
        "def loss(features, targets, weights_input_hidden, weights_hidden_output):\n"
        "    _, o = forward_pass(features, weights_input_hidden, weights_hidden_output)\n"
        "    return -np.mean(targets * np.log(o) + (1 - targets) * np.log(1 - o))\n",
        "log-loss",
    ),
    wrong(
        "backprop",
        "accuracy",
        "test_accuracy",
        "def accuracy(features, targets, weights_input_hidden, weights_hidden_output):\n"
        "    return max(np.mean(targets), 1 - np.mean(targets))\n",
        "majority",
    ),
]


@pytest.mark.parametrize(("name", "cell", "tests", "code"), MISTAKES)
def test_other_mistakes_are_rejected(built, desk, name, cell, tests, code):
    """A mistake that no catalogue knows costs points in its own exercise and in no other."""
    lab = lab_named(built, name)
    (report,) = desk.grade_all([(lab, {**samples.solutions(lab), cell: code})])
    assert report.reason == ""
    assert report.cell_score(tests) < lab.cell(tests).points
    others = [one for one in lab.exercises if one.solution != cell]
    lost = [one.grade_cell for one in others if report.cell_score(one.grade_cell) != one.points]
    assert lost == []


def test_exercises_that_build_on_a_slip_keep_their_points(built, desk):
    """A wrong sigmoid costs its own points, and not those of the exercises built on it."""
    lab = lab_named(built, "gradient_basic")
    slip = (
        "def sigmoid(h):\n    return 0 * np.asarray(h)\n\ndef sigmoid_prime(h):\n    return 0.25\n"
    )
    (report,) = desk.grade_all([(lab, {**samples.solutions(lab), "sigmoid": slip})])
    assert report.cell_score("test_sigmoid") == 0
    assert report.score == lab.max_score - 3
