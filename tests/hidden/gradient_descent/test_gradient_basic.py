"""Hidden checks of `gradient_basic`: one sigmoid unit, its error term and its weight step."""

import numpy as np
import pytest

from autograder.checks import assert_agrees

STEEP_AND_FLAT = (-1.9, 0.9, 1.4, -1.1, 2.0)
"""Weighted sums at which the slope of the sigmoid is far from 1/4."""


def unit(rng, n_inputs, h):
    """Inputs and weights of one unit that add up to h: both signs, no input near 0 or 1."""
    x = rng.uniform(1.2, 2.5, size=n_inputs) * rng.choice([-1.0, 1.0], size=n_inputs)
    weights = rng.uniform(0.2, 1.0, size=n_inputs) * np.resize([1.0, -1.0], n_inputs)
    return x, weights + (h - x @ weights) * x / (x @ x)


def far_target(rng, output):
    """Return a target between 0 and 1 that is clearly wrong for this output."""
    below, above = output - 0.15, 0.85 - output
    drawn = rng.uniform(0.0, below + above) if min(below, above) > 0 else rng.uniform(0.05, 0.3)
    if min(below, above) <= 0:
        return drawn if output > 0.5 else 1.0 - drawn
    return drawn if drawn < below else output + 0.15 + (drawn - below)


def learning_rate_of(rng):
    """Return a learning rate that is neither 1 nor 1/2, nor likely to equal anything else."""
    return rng.uniform(0.12, 0.42)


def unit_cases(rng, reference, sizes):
    """One unit with its target and learning rate for each size, flat and steep by turns."""
    sums = rng.permutation(STEEP_AND_FLAT)
    for n_inputs, h in zip(sizes, np.resize(sums, len(sizes)), strict=True):
        x, weights = unit(rng, n_inputs, h * rng.uniform(0.9, 1.0))
        target = far_target(rng, reference.neuron_output(x, weights))
        yield x, target, weights, learning_rate_of(rng)


def layer(rng, reference, n_inputs, n_outputs):
    """One record and a layer of units, none of whose errors or sums is near zero."""
    sums = np.resize(rng.permutation(STEEP_AND_FLAT), n_outputs)
    x, _ = unit(rng, n_inputs, 1.0)
    weights = rng.uniform(0.2, 1.0, size=(n_inputs, n_outputs))
    weights = weights * np.resize([1.0, -1.0, -1.0], weights.shape)
    weights += np.outer(x, sums - x @ weights) / (x @ x)
    outputs = [reference.neuron_output(x, column) for column in weights.T]
    targets = np.array([far_target(rng, output) for output in outputs])
    return x, targets, weights, learning_rate_of(rng)


def must_derive(student, reference):
    """Whether an imprecise slope cannot come from the submission's own, imprecise sigmoid."""
    try:
        return bool(np.all(np.abs(student.sigmoid(0.7) - reference.sigmoid(0.7)) < 1e-14))
    except Exception:
        return False


@pytest.mark.grade_cell("test_sigmoid")
@pytest.mark.points(1)
def test_squashes_elementwise(student, reference, rng):
    """The sigmoid turns a number, a row or a table of numbers into values between 0 and 1."""
    assert_agrees(student.sigmoid, reference.sigmoid, 1.3)
    assert_agrees(student.sigmoid, reference.sigmoid, np.array([-1.7, 0.0, 0.4, 2.6]))
    assert_agrees(student.sigmoid, reference.sigmoid, rng.uniform(-4, 4, size=(3, 2)))


@pytest.mark.grade_cell("test_sigmoid")
@pytest.mark.points(1)
def test_slope_elementwise(student, reference, rng):
    """The slope is taken at h, for a number, a row or a table of them."""
    assert_agrees(student.sigmoid_prime, reference.sigmoid_prime, -1.2)
    assert_agrees(student.sigmoid_prime, reference.sigmoid_prime, np.array([-1.7, 0.0, 0.4, 2.6]))
    assert_agrees(student.sigmoid_prime, reference.sigmoid_prime, rng.uniform(-4, 4, size=(3, 2)))


@pytest.mark.grade_cell("test_sigmoid")
@pytest.mark.points(1)
def test_far_out(student, reference):
    """Sigmoid and slope stay finite for very large and very small h, and nothing overflows."""
    far_out = np.array([-1000.0, -712.0, -30.0, 30.0, 712.0, 1000.0])
    assert_agrees(student.sigmoid, reference.sigmoid, far_out, quiet=True)
    assert_agrees(student.sigmoid_prime, reference.sigmoid_prime, far_out, quiet=True)


@pytest.mark.grade_cell("test_sse")
@pytest.mark.points(1)
def test_error_of_one_record(student, reference, rng):
    """E of one record adds up half of the squared error of every output."""
    fixed = np.array([0.9, 0.1, 0.4]), np.array([0.3, 0.8, 0.55])
    drawn = rng.uniform(0.6, 1.0, size=5), rng.uniform(0.0, 0.5, size=5)
    for targets, outputs in (fixed, drawn, (np.array([0.2]), np.array([0.9]))):
        assert_agrees(
            student.sum_of_squared_errors, reference.sum_of_squared_errors, targets, outputs
        )


@pytest.mark.grade_cell("test_sse")
@pytest.mark.points(2)
def test_error_of_many_records(student, reference, rng):
    """E of several records is one number: the sum over all records and all outputs."""
    fixed = (
        np.array([[0.9, 0.1], [0.2, 0.7], [0.6, 0.3]]),
        np.array([[0.4, 0.3], [0.8, 0.6], [0.1, 0.75]]),
    )
    for targets, outputs in (fixed, (rng.uniform(size=(4, 3)), rng.uniform(size=(4, 3)))):
        assert_agrees(
            student.sum_of_squared_errors, reference.sum_of_squared_errors, targets, outputs
        )


@pytest.mark.grade_cell("test_neuron_output")
@pytest.mark.points(2)
def test_output_is_one_number(student, reference, rng):
    """The output of one unit is one number, made of all inputs and all weights."""
    fixed = np.array([0.7, -1.2, 2.1]), np.array([0.9, 0.4, -0.3])
    assert_agrees(student.neuron_output, reference.neuron_output, *fixed)
    for x, _, weights, _ in unit_cases(rng, reference, sizes=(2, 5, 3)):
        assert_agrees(student.neuron_output, reference.neuron_output, x, weights)


@pytest.mark.grade_cell("test_error_term")
@pytest.mark.points(1)
def test_error_term_of_two_inputs(student, reference, rng):
    """The error term of a unit with two inputs is one number, with the sign of the error."""
    derived = must_derive(student, reference)
    fixed = np.array([1.4, -0.6]), 0.15, np.array([0.8, -0.45])
    assert_agrees(student.error_term, reference.error_term, *fixed, derived=derived)
    for x, target, weights, _ in unit_cases(rng, reference, sizes=(2, 2)):
        assert_agrees(
            student.error_term,
            reference.error_term,
            x,
            target,
            weights,
            derived=derived,
        )


@pytest.mark.grade_cell("test_error_term")
@pytest.mark.points(3)
def test_error_term_follows_the_slope(student, reference, rng):
    """The same error gives a smaller error term where the sigmoid is flat, for any inputs."""
    derived = must_derive(student, reference)
    fixed = np.array([0.4, -1.3, 0.7, 1.9]), 0.85, np.array([0.6, 1.1, -0.5, 0.3])
    assert_agrees(student.error_term, reference.error_term, *fixed, derived=derived)
    for x, target, weights, _ in unit_cases(rng, reference, sizes=(3, 4, 6, 3, 5)):
        assert_agrees(
            student.error_term,
            reference.error_term,
            x,
            target,
            weights,
            derived=derived,
        )


@pytest.mark.grade_cell("test_weight_step")
@pytest.mark.points(2)
def test_step_of_four_weights(student, reference):
    """Every weight has its own step, scaled by its own input."""
    derived = must_derive(student, reference)
    x, weights = np.array([0.4, -1.3, 0.7, 1.9]), np.array([0.6, 1.1, -0.5, 0.3])
    assert_agrees(
        student.weight_step,
        reference.weight_step,
        x,
        0.85,
        weights,
        0.3,
        derived=derived,
    )
    assert_agrees(
        student.weight_step,
        reference.weight_step,
        -x,
        0.1,
        weights,
        0.7,
        derived=derived,
    )


@pytest.mark.grade_cell("test_weight_step")
@pytest.mark.points(2)
def test_step_of_any_size(student, reference, rng):
    """The step is right for other inputs, targets and learning rates, and changes no argument."""
    derived = must_derive(student, reference)
    for case in unit_cases(rng, reference, sizes=(3, 5, 2, 6)):
        assert_agrees(student.weight_step, reference.weight_step, *case, derived=derived)


@pytest.mark.grade_cell("test_weight_step")
@pytest.mark.points(1)
def test_step_of_one_weight(student, reference, rng):
    """A unit with a single input gets an array with a single step."""
    derived = must_derive(student, reference)
    for case in unit_cases(rng, reference, sizes=(1, 1)):
        assert_agrees(student.weight_step, reference.weight_step, *case, derived=derived)


@pytest.mark.grade_cell("test_weight_step_outputs")
@pytest.mark.points(1)
def test_step_matrix_of_one_unit(student, reference, rng):
    """A layer with a single unit gets a step matrix with a single column."""
    derived = must_derive(student, reference)
    for n_inputs in (4, 3):
        case = layer(rng, reference, n_inputs, 1)
        assert_agrees(
            student.weight_step_outputs,
            reference.weight_step_outputs,
            *case,
            derived=derived,
        )


@pytest.mark.grade_cell("test_weight_step_outputs")
@pytest.mark.points(2)
def test_step_matrix_of_several_units(student, reference, rng):
    """The step matrix has a row for each input and a column for each unit's own error term."""
    derived = must_derive(student, reference)
    x, targets = np.array([1.3, -0.7, 0.4]), np.array([0.15, 0.9])
    weights = np.array([[0.6, -0.9], [-0.8, 0.3], [0.35, 0.7]])
    assert_agrees(
        student.weight_step_outputs,
        reference.weight_step_outputs,
        x,
        targets,
        weights,
        0.3,
        derived=derived,
    )
    for n_inputs, n_outputs in ((4, 3), (2, 5), (5, 2)):
        case = layer(rng, reference, n_inputs, n_outputs)
        assert_agrees(
            student.weight_step_outputs,
            reference.weight_step_outputs,
            *case,
            derived=derived,
        )
