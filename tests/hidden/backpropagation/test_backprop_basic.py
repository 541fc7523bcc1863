"""Hidden checks of `backprop_basic`: one record, one hidden layer, step by step.

Cases keep every weighted sum between 0.8 and 2 in size, so that the slopes differ clearly from ¼
and from each other, and every error away from zero. Forward values are consistent: what is handed
over as an output really is the sigmoid of a sum.
"""

import numpy as np
import pytest

from autograder.checks import assert_agrees


def sigmoid(h):
    """Written here once more, so that the cases do not lean on the reference."""
    return 1.0 / (1.0 + np.exp(-h))


def sums(rng, *shape):
    """Weighted sums of both signs, none near zero and none far out."""
    return rng.uniform(0.8, 2.0, size=shape) * rng.choice([-1.0, 1.0], size=shape)


def targets_for(rng, outputs):
    """Targets inside (0, 1) that miss the outputs by at least 0.15."""
    size = np.shape(outputs)
    shifts = rng.uniform(0.15, 0.4, size=size)
    down = np.asarray(outputs) > 0.5
    flip = (rng.random(size) < 0.3) & (np.abs(np.asarray(outputs) - 0.5) < 0.25)
    towards = np.where(down ^ flip, -1.0, 1.0)
    return np.clip(outputs + shifts * towards, 0.02, 0.98)


def weights_into(rng, x, h):
    """Weights, not symmetric, that carry the inputs x (d,) exactly to the sums h (m,)."""
    weights = rng.normal(size=(x.size, h.size))
    return weights + np.outer(x, h - x @ weights) / (x @ x)


def record(rng, n_inputs, n_hidden):
    """One record with weights for it: x, target, weights_input_hidden, weights_hidden_output."""
    x = sums(rng, n_inputs)
    hidden_sums = sums(rng, n_hidden)
    output_sum = sums(rng, 1)
    input_hidden = weights_into(rng, x, hidden_sums)
    hidden_output = weights_into(rng, sigmoid(hidden_sums), output_sum)[:, 0]
    target = targets_for(rng, sigmoid(output_sum))[0]
    return x, float(target), input_hidden, hidden_output


@pytest.mark.grade_cell("test_output_error_term")
@pytest.mark.points(2)
def test_one_output(student, reference, rng):
    """The error term of one output has the right sign and size, for low and high outputs."""
    cases = [(0.9, 0.2), (0.1, 0.35), (0.3, 0.88), (0.75, 0.94)]
    outputs = sigmoid(sums(rng, 4))
    cases += zip(targets_for(rng, outputs), outputs, strict=True)
    for target, output in cases:
        assert_agrees(
            student.output_error_term, reference.output_error_term, float(target), float(output)
        )


@pytest.mark.grade_cell("test_output_error_term")
@pytest.mark.points(2)
def test_several_outputs(student, reference, rng):
    """With several outputs, each of them has an error term of its own."""
    targets, outputs = np.array([0.15, 0.9, 0.65]), np.array([0.7, 0.24, 0.87])
    assert_agrees(student.output_error_term, reference.output_error_term, targets, outputs)
    for n_outputs in (4, 2, 5):
        outputs = sigmoid(sums(rng, n_outputs))
        targets = targets_for(rng, outputs)
        assert_agrees(student.output_error_term, reference.output_error_term, targets, outputs)


@pytest.mark.grade_cell("test_hidden_error_term")
@pytest.mark.points(3)
def test_shares_by_weight(student, reference, rng):
    """Every hidden unit has its own error term, and its weight to the output decides its share."""
    fixed = (-0.12, np.array([0.7, -1.3, 0.4]), np.array([0.82, 0.31, 0.15]))
    assert_agrees(student.hidden_error_term, reference.hidden_error_term, *fixed)
    for n_hidden in (4, 2, 5):
        term = float(rng.uniform(0.05, 0.15) * rng.choice([-1.0, 1.0]))
        weights = sums(rng, n_hidden)
        hidden_output = sigmoid(sums(rng, n_hidden))
        assert_agrees(
            student.hidden_error_term, reference.hidden_error_term, term, weights, hidden_output
        )


@pytest.mark.grade_cell("test_hidden_error_term")
@pytest.mark.points(2)
def test_own_slope(student, reference, rng):
    """A hidden unit that is nearly on or off lets little of the error through, a steep one more."""
    hidden_output = sigmoid(np.array([-3.1, 0.9, 2.6, -1.4]))
    weights = np.array([1.4, 0.8, -1.1, -0.6])
    assert_agrees(
        student.hidden_error_term, reference.hidden_error_term, 0.09, weights, hidden_output
    )
    hidden_output = sigmoid(rng.uniform(1.2, 3.0, size=3) * np.array([1.0, -1.0, 1.0]))
    assert_agrees(
        student.hidden_error_term, reference.hidden_error_term, -0.07, sums(rng, 3), hidden_output
    )


@pytest.mark.grade_cell("test_hidden_error_term_outputs")
@pytest.mark.points(2)
def test_collects_from_all_outputs(student, reference, rng):
    """With several outputs, a hidden unit collects error from all of them by its own weights."""
    fixed = (
        np.array([0.11, -0.06]),
        np.array([[0.5, -0.9], [1.2, 0.3], [-0.7, 0.8]]),
        np.array([0.83, 0.22, 0.71]),
    )
    assert_agrees(student.hidden_error_term, reference.hidden_error_term, *fixed)
    for n_hidden, n_outputs in ((4, 2), (2, 3), (5, 3), (3, 3)):
        terms = rng.uniform(0.05, 0.15, size=n_outputs) * rng.choice([-1.0, 1.0], size=n_outputs)
        weights = sums(rng, n_hidden, n_outputs)
        hidden_output = sigmoid(sums(rng, n_hidden))
        assert_agrees(
            student.hidden_error_term, reference.hidden_error_term, terms, weights, hidden_output
        )


def step_case(rng, n_inputs, n_hidden):
    """Arguments of `weight_steps` as a forward and a backward pass would leave them."""
    x, target, input_hidden, weights_hidden_output = record(rng, n_inputs, n_hidden)
    hidden_output = sigmoid(x @ input_hidden)
    output = sigmoid(hidden_output @ weights_hidden_output)
    term = float((target - output) * output * (1 - output))
    hidden_term = term * weights_hidden_output * hidden_output * (1 - hidden_output)
    return x, hidden_output, term, hidden_term, float(rng.uniform(0.15, 0.4))


@pytest.mark.grade_cell("test_weight_steps")
@pytest.mark.points(2)
def test_steps_of_both_layers(student, reference, rng):
    """Each step has the shape of its weights: learning rate times error term times input."""
    fixed = (
        np.array([1.3, -0.7, 0.4, 2.1]),
        np.array([0.81, 0.27, 0.16]),
        -0.13,
        np.array([0.021, -0.034, 0.012]),
        0.3,
    )
    assert_agrees(student.weight_steps, reference.weight_steps, *fixed)
    for n_inputs, n_hidden in ((5, 2), (4, 3)):
        case = step_case(rng, n_inputs, n_hidden)
        assert_agrees(student.weight_steps, reference.weight_steps, *case)


@pytest.mark.grade_cell("test_weight_steps")
@pytest.mark.points(2)
def test_steps_of_a_wide_layer(student, reference, rng):
    """The steps are right with more hidden units than inputs, and for a large learning rate."""
    for n_inputs, n_hidden in ((3, 6), (2, 5), (3, 4)):
        case = step_case(rng, n_inputs, n_hidden)
        assert_agrees(student.weight_steps, reference.weight_steps, *case[:-1], 1.7)


@pytest.mark.grade_cell("test_backprop_step")
@pytest.mark.points(2)
def test_one_step_moves_both_layers(student, reference, rng):
    """One step changes the weights of both layers, each by its own error terms and inputs."""
    for n_inputs, n_hidden in ((4, 3), (3, 5), (5, 2)):
        x, target, input_hidden, hidden_output = record(rng, n_inputs, n_hidden)
        arguments = (x, target, input_hidden, hidden_output, float(rng.uniform(0.15, 0.4)))
        assert_agrees(student.backprop_step, reference.backprop_step, *arguments, derived=True)


@pytest.mark.grade_cell("test_backprop_step")
@pytest.mark.points(1)
def test_a_long_step_uses_the_old_weights(student, reference, rng):
    """With a large learning rate too, both steps come from the weights of the prediction."""
    for n_inputs, n_hidden in ((4, 3), (2, 4)):
        x, target, input_hidden, hidden_output = record(rng, n_inputs, n_hidden)
        arguments = (x, target, input_hidden, hidden_output, 3.7)
        assert_agrees(student.backprop_step, reference.backprop_step, *arguments, derived=True)


@pytest.mark.grade_cell("test_gradient_scale")
@pytest.mark.points(2)
def test_bound_for_many_layers(student, reference):
    """The bound shrinks by the same factor with every further layer."""
    for n_layers in (1, 2, 3, 5, 8, 10):
        assert_agrees(student.gradient_scale, reference.gradient_scale, n_layers)
