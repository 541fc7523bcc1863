"""The reference answers, proven by central differences of the error and by the worked numbers.

Everything that they are compared with is written here, in plain loops, or is a published number.
"""

import math

import numpy as np
import pytest


@pytest.fixture(scope="module")
def one_unit(references):
    """References of the first two notebooks."""
    return references("gradient_descent")


@pytest.fixture(scope="module")
def layers(references):
    """References of the third notebook."""
    return references("multilayer_perceptrons")


@pytest.fixture(scope="module")
def backprop(references):
    """References of the last two notebooks."""
    return references("backpropagation")


@pytest.fixture(params=[1, 2, 3])
def rng(request):
    """Random numbers, three times."""
    return np.random.default_rng(request.param)


def f(h):
    """The sigmoid of one number."""
    return 1 / (1 + math.exp(-h))


def outputs_of(x, weights):
    """Outputs of a layer with one column of weights for each unit, by plain loops."""
    sums = [sum(x[i] * weights[i][j] for i in range(len(x))) for j in range(len(weights[0]))]
    return [f(h) for h in sums]


def error_of(x, targets, *layers_of_weights):
    """E = ½ Σ (y − ŷ)² of one record through any number of sigmoid layers, by plain loops."""
    values = list(x)
    for weights in layers_of_weights:
        values = outputs_of(values, weights)
    return 0.5 * sum((y - out) ** 2 for y, out in zip(targets, values, strict=True))


def downhill(error, weights):
    """−dE/dw for every weight: central differences at two nudges, extrapolated to none."""
    weights = np.array(weights, dtype=float)
    slope = np.zeros_like(weights)

    def central(index, nudge):
        up, down = weights.copy(), weights.copy()
        up[index] += nudge
        down[index] -= nudge
        return (error(up) - error(down)) / (2 * nudge)

    for index in np.ndindex(weights.shape):
        slope[index] = (4 * central(index, 1e-3) - central(index, 2e-3)) / 3
    return -slope


def close(found, wanted):
    """Assert agreement to about nine digits of the largest number."""
    found, wanted = np.asarray(found, dtype=float), np.asarray(wanted, dtype=float)
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, rtol=1e-8, atol=1e-9 * np.abs(wanted).max())


def test_the_differences_themselves():
    """The extrapolated differences are right to ten digits for a function with a known slope."""
    found = downhill(lambda w: math.exp(w[0]) * math.sin(w[1]), [0.3, 1.1])
    exact = [-math.exp(0.3) * math.sin(1.1), -math.exp(0.3) * math.cos(1.1)]
    np.testing.assert_allclose(found, exact, rtol=1e-10)


def test_sigmoid_prime_is_the_slope_of_sigmoid(one_unit, layers, backprop):
    """Every assignment's sigmoid is the same function, and its slope is the slope."""
    h = np.linspace(-4, 4, 17)
    for module in (one_unit, layers, backprop):
        close(module.sigmoid(h), [f(value) for value in h])
    for module in (one_unit, backprop):
        slopes = [-downhill(lambda w: f(w[0]), [value])[0] for value in h]
        close(module.sigmoid_prime(h), slopes)


def test_error_term_is_the_slope_in_h(one_unit, rng):
    """δ = −dE/dh."""
    x, weights, target = rng.normal(size=4), rng.normal(size=4), 0.35
    h = float(np.dot(x, weights))
    slope = downhill(lambda w: 0.5 * (target - f(w[0])) ** 2, [h])
    close([one_unit.error_term(x, target, weights)], slope)


def test_weight_step_is_downhill(one_unit, rng):
    """The step of one record is −η dE/dw."""
    x, weights, target = rng.normal(size=4), rng.normal(size=4), 0.35
    slope = downhill(lambda w: error_of(x, [target], w[:, None]), weights)
    close(one_unit.weight_step(x, target, weights, 0.7), 0.7 * slope)


def test_weight_step_of_several_outputs_is_downhill(one_unit, rng):
    """The steps of a layer are −η dE/dw_ij."""
    x, weights, targets = rng.normal(size=4), rng.normal(size=(4, 3)), [0.2, 0.9, 0.4]
    slope = downhill(lambda w: error_of(x, targets, w), weights)
    close(one_unit.weight_step_outputs(x, targets, weights, 0.7), 0.7 * slope)


def test_epoch_step_is_the_mean_downhill(one_unit, rng):
    """The step of an epoch is −η dE/dw of all records, divided by their number."""
    features, targets = rng.normal(size=(7, 3)), rng.uniform(size=7)
    weights = rng.normal(size=3)

    def total(w):
        return sum(error_of(x, [y], w[:, None]) for x, y in zip(features, targets, strict=True))

    close(one_unit.epoch_step(features, targets, weights, 0.7), 0.7 * downhill(total, weights) / 7)


def test_train_is_repeated_epochs(one_unit, rng):
    """Three epochs are three steps, each taken where the one before it ended."""
    features, targets = rng.normal(size=(5, 3)), rng.uniform(size=5)
    start = rng.normal(size=3)
    weights = start.copy()
    for _ in range(3):
        weights = weights + one_unit.epoch_step(features, targets, weights, 0.7)
    close(one_unit.train(features, targets, start, 0.7, 3), weights)
    close(one_unit.train(features, targets, start, 0.7, 0), start)


def test_backprop_error_terms_are_slopes(backprop, rng):
    """Both layers' error terms are −dE/dh, with one output and with several."""
    for n_outputs in (1, 3):
        h, last = rng.normal(size=4), rng.normal(size=(4, n_outputs))
        targets = rng.uniform(size=n_outputs)
        hidden = np.array([f(value) for value in h])
        sums = hidden @ last
        term = backprop.output_error_term(targets, [f(value) for value in sums])
        close(
            term,
            downhill(
                lambda z, targets=targets: (
                    0.5 * sum((y - f(value)) ** 2 for y, value in zip(targets, z, strict=True))
                ),
                sums,
            ),
        )
        slope = downhill(
            lambda z, targets=targets, last=last: error_of([f(v) for v in z], targets, last), h
        )
        if n_outputs == 1:
            close(backprop.hidden_error_term(float(term[0]), last[:, 0], hidden), slope)
        else:
            close(backprop.hidden_error_term(term, last, hidden), slope)


def test_backprop_step_goes_downhill_in_both_layers(backprop, rng):
    """The new weights are the old ones minus η dE/dW, both taken at the old weights."""
    x, first, last, target = rng.normal(size=4), rng.normal(size=(4, 3)), rng.normal(size=3), 0.35
    new_first, new_last = backprop.backprop_step(x, target, first, last, 0.7)
    slope_first = downhill(lambda w: error_of(x, [target], w, last[:, None]), first)
    slope_last = downhill(lambda w: error_of(x, [target], first, w[:, None]), last)
    close(new_first, first + 0.7 * slope_first)
    close(new_last, last + 0.7 * slope_last)


def test_weight_steps_are_the_parts_of_that_step(backprop, rng):
    """The steps of both layers are what the whole step adds."""
    x, first, last, target = rng.normal(size=4), rng.normal(size=(4, 3)), rng.normal(size=3), 0.35
    hidden = np.array(outputs_of(x, first))
    output = outputs_of(hidden, last[:, None])[0]
    term = backprop.output_error_term(target, output)
    hidden_term = backprop.hidden_error_term(term, last, hidden)
    step_last, step_first = backprop.weight_steps(x, hidden, term, hidden_term, 0.7)
    new_first, new_last = backprop.backprop_step(x, target, first, last, 0.7)
    close(first + step_first, new_first)
    close(last + step_last, new_last)


def test_backward_pass_is_the_mean_downhill(backprop, rng):
    """The backward pass is −dE/dW of all records, divided by their number, without η."""
    features, targets = rng.normal(size=(7, 4)), rng.uniform(size=7)
    first, last = rng.normal(size=(4, 3)), rng.normal(size=3)

    def total(w, v):
        pairs = zip(features, targets, strict=True)
        return sum(error_of(x, [y], w, v[:, None]) for x, y in pairs)

    hidden, output = backprop.forward_pass(features, first, last)
    close(hidden, [outputs_of(x, first) for x in features])
    close(output, [outputs_of(outputs_of(x, first), last[:, None])[0] for x in features])
    step_first, step_last = backprop.backward_pass(features, targets, hidden, output, last)
    close(step_first, downhill(lambda w: total(w, last), first) / 7)
    close(step_last, downhill(lambda v: total(first, v), last) / 7)
    trained = backprop.train(features, targets, first, last, 0.7, 1)
    updated = backprop.update_weights(first, last, (step_first, step_last), 0.7)
    for found, again, start, step in zip(
        trained, updated, (first, last), (step_first, step_last), strict=True
    ):
        close(found, start + 0.7 * step)
        close(again, start + 0.7 * step)


def test_two_epochs_of_a_network(backprop, rng):
    """The second epoch starts where the first one ended."""
    features, targets = rng.normal(size=(5, 4)), rng.uniform(size=5)
    first, last = rng.normal(size=(4, 3)), rng.normal(size=3)
    middle = backprop.train(features, targets, first, last, 0.7, 1)
    for found, wanted in zip(
        backprop.train(features, targets, first, last, 0.7, 2),
        backprop.train(features, targets, *middle, 0.7, 1),
        strict=True,
    ):
        close(found, wanted)


def test_losses_and_accuracies(one_unit, backprop, rng):
    """Losses and accuracies are those of a plain loop over the records."""
    features, targets = rng.normal(size=(9, 4)), rng.integers(0, 2, size=9).astype(float)
    weights, first, last = rng.normal(size=4), rng.normal(size=(4, 3)), rng.normal(size=3)
    single = [outputs_of(x, weights[:, None])[0] for x in features]
    network = [outputs_of(outputs_of(x, first), last[:, None])[0] for x in features]

    def right(outs):
        return sum((out > 0.5) == (y == 1) for out, y in zip(outs, targets, strict=True)) / 9

    def square(outs):
        return sum((y - out) ** 2 for out, y in zip(outs, targets, strict=True)) / 9

    assert one_unit.accuracy(features, targets, weights) == pytest.approx(right(single))
    assert one_unit.mean_squared_error(targets, single) == pytest.approx(square(single))
    assert one_unit.sum_of_squared_errors(targets, single) == pytest.approx(4.5 * square(single))
    assert backprop.accuracy(features, targets, first, last) == pytest.approx(right(network))
    assert backprop.loss(features, targets, first, last) == pytest.approx(square(network))


# The worked numbers of the labs ------------------------------------------------------------------


def agree(found, wanted, digits):
    """Assert that `found` agrees with a printed number to its printed digits after the point."""
    np.testing.assert_allclose(found, wanted, rtol=0, atol=0.51 * 10.0**-digits)


def test_worked_numbers_of_one_unit(one_unit):
    """x = [1, 2, 3, 4] gives the printed output, error term and steps."""
    x, weights = [1, 2, 3, 4], [0.5, -0.5, 0.3, 0.1]
    agree(one_unit.neuron_output(x, weights), 0.6899744811276125, 15)
    agree(0.5 - one_unit.neuron_output(x, weights), -0.1899744811276125, 15)
    agree(one_unit.error_term(x, 0.5, weights), -0.04063738360460799, 15)
    step = one_unit.weight_step(x, 0.5, weights, 0.5)
    agree(step, [-0.02031869, -0.04063738, -0.06095608, -0.08127477], 8)


def test_worked_numbers_of_the_second_sample(one_unit):
    """x = [0.1, 0.3] gives the printed output, error term and steps."""
    x, weights = [0.1, 0.3], [-0.8, 0.5]
    agree(one_unit.neuron_output(x, weights), 0.5174928576663897, 15)
    agree(one_unit.error_term(x, 0.2, weights), -0.07927606158013764, 15)
    agree(one_unit.weight_step(x, 0.2, weights, 0.5), [-0.0039638, -0.0118914], 7)


@pytest.mark.parametrize(
    ("learning_rate", "after_ten", "digits"),
    [
        pytest.param(0.01, 1.634, 3, id="crawls"),
        pytest.param(0.1, 0.215, 3, id="arrives"),
        pytest.param(0.5, 0.0, 9, id="exact"),
        pytest.param(1.1, 12.38, 2, id="diverges"),
    ],
)
def test_descent_on_a_parabola(one_unit, learning_rate, after_ten, digits):
    """Ten steps of descent on x² from 2 end at the printed place."""
    path = one_unit.descend(lambda w: 2 * w, np.array([2.0]), learning_rate, 0.0, 10)
    assert path.shape == (11, 1)
    agree(np.abs(path[-1, 0]), after_ten, digits)


def test_descent_zigzags_and_bounces(one_unit):
    """With η 0.9 the sign alternates and the distance shrinks; with 1.0 it stays."""
    zigzag = one_unit.descend(lambda w: 2 * w, np.array([2.0]), 0.9, 0.0, 6)[:, 0]
    assert np.all(zigzag[1:] * zigzag[:-1] < 0)
    assert np.all(np.abs(zigzag[1:]) < np.abs(zigzag[:-1]))
    bounce = one_unit.descend(lambda w: 2 * w, np.array([2.0]), 1.0, 0.0, 6)[:, 0]
    np.testing.assert_allclose(bounce, [2, -2, 2, -2, 2, -2, 2])


@pytest.mark.parametrize(
    ("start", "learning_rate", "momentum", "end"),
    [
        (3.0, 0.02, 0.0, 1.617),
        (3.0, 0.05, 0.0, 1.617),
        (3.0, 0.1, 0.0, 1.617),
        (3.0, 0.05, 0.5, 1.617),
        (3.0, 0.05, 0.9, -1.828),
        (2.0, 0.05, 0.0, 1.617),
        (2.0, 0.05, 0.9, 1.617),
    ],
)
def test_local_minima_and_momentum(one_unit, start, learning_rate, momentum, end):
    """Descent on 0.1w⁴ − 0.6w² + 0.25w ends in the printed minimum."""
    path = one_unit.descend(
        lambda w: 0.4 * w**3 - 1.2 * w + 0.25, np.array([start]), learning_rate, momentum, 2000
    )
    agree(path[-1, 0], end, 3)
    w = path[-1, 0]
    agree(0.1 * w**4 - 0.6 * w**2 + 0.25 * w, {1.617: -0.481, -1.828: -1.345}[end], 3)


def test_worked_numbers_of_the_layers(layers):
    """The 4-3-2 network from seed 42 gives the printed sums and outputs."""
    legacy = np.random.RandomState(42)
    x = legacy.randn(4)
    first, last = legacy.normal(0, 0.1, size=(4, 3)), legacy.normal(0, 0.1, size=(3, 2))
    agree(x, [0.49671415, -0.13826430, 0.64768854, 1.52302986], 8)
    sums = [-0.3436549386, -0.298013677438, 0.000973616584]
    agree(layers.hidden_input(x, first), sums, 10)
    column = layers.hidden_input_column(layers.column_vector(x), first.T)
    assert column.shape == (3, 1)
    agree(column[:, 0], sums, 10)
    hidden, output = layers.forward(x, first, last)
    agree(hidden, [0.414921922879, 0.426043127899, 0.500243404127], 12)
    agree(layers.hidden_input(hidden, last), [-0.007392212392, -0.058425728409], 12)
    agree(output, [0.498151955317, 0.485397721481], 12)
    many = layers.forward_batch(np.array([x, -x]), first, last)
    agree(many[0][0], hidden, 12)
    agree(many[1][0], output, 12)


def test_init_weights_draws_as_told(layers):
    """The start weights have the shape, the mean and the spread that the text gives."""
    weights = layers.init_weights(400, 300, np.random.default_rng(5))
    assert weights.shape == (400, 300)
    assert abs(weights.mean()) < 4 * 0.05 / math.sqrt(weights.size)
    assert weights.std() == pytest.approx(0.05, rel=0.01)


def test_worked_numbers_of_backprop(backprop):
    """The 3-2-1 network gives the printed outputs, error terms and steps."""
    x, first, last = [0.5, 0.1, -0.2], [[0.5, -0.6], [0.1, -0.2], [0.1, 0.7]], [0.1, -0.3]
    hidden, output = (part[0] for part in backprop.forward_pass([x], first, last))
    agree(hidden, [0.559713649267, 0.386985823861], 12)
    agree(output, 0.48497343084992534, 15)
    term = backprop.output_error_term(0.6, output)
    agree(term, 0.028730669543515018, 15)
    agree(np.asarray(last) * term, [0.002873066954, -0.008619200863], 12)
    hidden_term = backprop.hidden_error_term(term, last, hidden)
    agree(hidden_term, [0.000708022187, -0.002044714024], 12)
    step_last, step_first = backprop.weight_steps(x, hidden, term, hidden_term, 0.5)
    agree(step_last, [0.00804047, 0.00555918], 8)
    printed = [
        [1.77005547e-04, -5.11178506e-04],
        [3.54011093e-05, -1.02235701e-04],
        [-7.08022187e-05, 2.04471402e-04],
    ]
    agree(step_first, printed, 12)
    new_first, new_last = backprop.backprop_step(x, 0.6, first, last, 0.5)
    agree(new_first, np.add(first, printed), 12)
    agree(new_last, np.add(last, step_last), 12)


def test_worked_example_of_the_text(backprop):
    """The 2-1-1 example gives the printed numbers, unrounded on the way."""
    x, first, last = [0.1, 0.3], [[0.4], [-0.2]], [0.1]
    hidden, output = (part[0] for part in backprop.forward_pass([x], first, last))
    agree(hidden, [0.4950001667], 10)
    agree(output, 0.5123724780, 10)
    term = backprop.output_error_term(1, output)
    agree(term, 0.1218322354, 10)
    hidden_term = backprop.hidden_error_term(term, last, hidden)
    agree(hidden_term, [0.0030455013], 10)
    step_last, step_first = backprop.weight_steps(x, hidden, term, hidden_term, 0.5)
    agree(step_last, [0.0301534884], 10)
    agree(step_first, [[0.000152275], [0.000456825]], 9)


def test_vanishing_slopes(backprop):
    """A slope is at most ¼: 75 % are lost in one layer, 93.75 % in two."""
    assert backprop.gradient_scale(1) == 0.25
    assert 1 - backprop.gradient_scale(2) == 0.9375
    assert backprop.gradient_scale(10) == 4.0**-10


def test_references_take_lists_and_leave_arguments_alone(one_unit, layers, backprop):
    """Lists do as well as arrays, and no argument is changed."""
    features, targets, weights = [[0.3, -1.2], [0.7, 0.4], [1.1, 0.2]], [1.0, 0.0, 1.0], [0.6, -0.3]
    array = np.array(weights)
    kept = array.copy()
    close(
        one_unit.train(features, targets, weights, 0.7, 2),
        one_unit.train(np.array(features), np.array(targets), array, 0.7, 2),
    )
    np.testing.assert_array_equal(array, kept)
    first, last = [[0.2, -0.4, 0.7], [0.9, 0.1, -0.6]], [0.3, -0.8, 0.5]
    arrays = np.array(first), np.array(last)
    for listed, given in zip(
        backprop.train(features, targets, first, last, 0.7, 2),
        backprop.train(np.array(features), np.array(targets), *arrays, 0.7, 2),
        strict=True,
    ):
        close(listed, given)
    np.testing.assert_array_equal(arrays[0], first)
    np.testing.assert_array_equal(arrays[1], last)
    assert layers.column_vector([1, 2, 3]).shape == (3, 1)
