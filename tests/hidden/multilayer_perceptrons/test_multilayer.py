"""Hidden checks of the notebook `multilayer`.

All sizes differ (but for one check of a square matrix), all weights are asymmetric, and the sums
lie on both sides of zero with sizes between 0.8 and 2, where a sigmoid too many or too few is plain
to see.
"""

import numpy as np
import pytest

from autograder.checks import assert_agrees, assert_close, numeric, require

SIZES = [(4, 3), (3, 5), (7, 2)]
"""Inputs and hidden units: more inputs than units, and fewer."""

DEEP_SIZES = [(4, 3, 2), (3, 6, 4), (5, 2, 3)]
"""Inputs, hidden units and outputs."""


def both_signs(rng, size):
    """Numbers between 0.8 and 2 in size, with random signs, the first two of unlike sign."""
    signs = rng.choice([-1.0, 1.0], size=size)
    signs[:2] = [1.0, -1.0][:size]
    return signs * rng.uniform(0.8, 2.0, size=size)


def layer_case(rng, n_inputs, n_units, x=None):
    """Inputs and weights whose weighted sums are `both_signs` by construction."""
    x = both_signs(rng, n_inputs) if x is None else x
    weights = rng.normal(size=(n_inputs, n_units))
    sums = both_signs(rng, n_units)
    return x, weights + np.outer(x, sums - x @ weights) / (x @ x)


def network_case(rng, reference, n_inputs, n_hidden, n_outputs):
    """Inputs and both weight matrices of a network, each layer a `layer_case`."""
    x, weights_input_hidden = layer_case(rng, n_inputs, n_hidden)
    hidden_output = reference.sigmoid(x @ weights_input_hidden)
    _, weights_hidden_output = layer_case(rng, n_hidden, n_outputs, x=hidden_output)
    return x, weights_input_hidden, weights_hidden_output


# --- init_weights -------------------------------------------------------------------------------
# Statistics of 40,000 numbers. A right solution strays from the mean by 7, from the spread and the
# share by more than 8 of its standard errors before it is rejected: less than once in 10^11 times.


@pytest.mark.grade_cell("test_init_weights")
@pytest.mark.points(1)
def test_start_weights_have_the_right_shape_and_spread(student, rng):
    """The start weights have a row for each input, mean zero and the asked spread."""
    for n_inputs, n_hidden in [(250, 160), (100, 400)]:
        answer = student.init_weights(n_inputs, n_hidden, np.random.default_rng(seed(rng)))
        weights = numeric(answer, shape=(n_inputs, n_hidden)) * n_inputs**0.5
        require_no_copies(weights)
        spread = np.sqrt(np.mean(weights**2))
        within = np.mean(np.abs(weights) < 1.0)
        require(
            abs(weights.mean()) < 7 * max(spread, 0.2) / weights.size**0.5,
            "The mean of your weights is too far from zero for so many numbers.",
        )
        require(spread > 0.97, "Your weights lie too close together: their spread is too small.")
        require(spread < 1.03, "Your weights lie too far apart: their spread is too large.")
        require(
            abs(within - 0.6827) < 0.02,
            "Mean and spread are right, but these numbers are not normally distributed.",
        )


@pytest.mark.grade_cell("test_init_weights")
@pytest.mark.points(1)
def test_start_weights_come_from_the_given_generator(student, rng):
    """The generator that is handed in decides the weights, and every weight is drawn anew."""
    first = seed(rng)
    a, again, b = (
        numeric(student.init_weights(6, 4, np.random.default_rng(s)), shape=(6, 4))
        for s in (first, first, first + 1)
    )
    require_no_copies(a)
    require(
        np.array_equal(a, again),
        "Two generators in the same state must give the same weights. Draw from `rng` only.",
    )
    require(
        not np.array_equal(a, b),
        "Another generator must give other weights. Use `rng` as it is handed in.",
    )


def require_no_copies(weights):
    """Fail if two rows or two columns of the weights are the same."""
    require(
        all(np.unique(weights, axis=axis).shape == weights.shape for axis in (0, 1)),
        "Some rows or columns are the same. Draw a number of its own for every connection.",
    )


def seed(rng):
    """A fresh seed for a generator that is handed to the student."""
    return int(rng.integers(2**32))


# --- hidden_input -------------------------------------------------------------------------------


@pytest.mark.grade_cell("test_hidden_input")
@pytest.mark.points(2)
def test_one_weighted_sum_for_each_hidden_unit(student, reference, rng):
    """Each hidden unit gets one number: all the inputs, weighted by its own column."""
    x = np.array([0.7, -1.3, 0.4, 1.9])
    weights = np.array([[0.3, -0.8, 1.1], [-0.6, 0.2, 0.9], [1.4, -0.5, -0.7], [0.1, 1.2, -0.4]])
    assert_agrees(student.hidden_input, reference.hidden_input, x, weights)
    for n_inputs, n_hidden in SIZES:
        x, weights = layer_case(rng, n_inputs, n_hidden)
        assert_agrees(student.hidden_input, reference.hidden_input, x, weights)


@pytest.mark.grade_cell("test_hidden_input")
@pytest.mark.points(1)
def test_one_hidden_unit_or_many(student, reference, rng):
    """A single hidden unit and a wide layer go through the same line."""
    for n_inputs, n_hidden in [(3, 1), (2, 9)]:
        x, weights = layer_case(rng, n_inputs, n_hidden)
        assert_agrees(student.hidden_input, reference.hidden_input, x, weights)


# --- column_vector ------------------------------------------------------------------------------


@pytest.mark.grade_cell("test_column_vector")
@pytest.mark.points(1)
def test_column_has_one_row_for_each_entry(student, reference, rng):
    """The column has one row for each entry and the numbers keep their order."""
    for size in (3, 5, 8):
        assert_agrees(student.column_vector, reference.column_vector, both_signs(rng, size))


@pytest.mark.grade_cell("test_column_vector")
@pytest.mark.points(1)
def test_column_of_any_length(student, reference, rng):
    """Very short and very long vectors become columns as well."""
    for size in (1, 2, 60):
        assert_agrees(student.column_vector, reference.column_vector, rng.normal(size=size))


# --- hidden_input_column ------------------------------------------------------------------------


@pytest.mark.grade_cell("test_hidden_input_column")
@pytest.mark.points(1)
def test_column_in_column_out(student, reference, rng):
    """The transposed weights times a column of inputs give a column of sums."""
    for n_inputs, n_hidden in SIZES:
        x, weights = layer_case(rng, n_inputs, n_hidden)
        column, transposed = x[:, None], weights.T.copy()
        assert_agrees(
            student.hidden_input_column, reference.hidden_input_column, column, transposed
        )


@pytest.mark.grade_cell("test_hidden_input_column")
@pytest.mark.points(1)
def test_both_forms_give_the_same_numbers(student, rng):
    """The column form gives the same sums as the row form."""
    for n_inputs, n_hidden in [(6, 4), (2, 5)]:
        x, weights = layer_case(rng, n_inputs, n_hidden)
        answer = student.hidden_input_column(x[:, None], weights.T.copy())
        sums = numeric(answer, shape=(n_hidden, 1))
        assert_close(sums[:, 0], x @ weights, what="the sums in the column")


# --- forward ------------------------------------------------------------------------------------


@pytest.mark.grade_cell("test_forward")
@pytest.mark.points(1.5)
def test_hidden_layer_passes_its_sums_through_the_sigmoid(student, reference, rng):
    """The hidden output is the sigmoid of the hidden units' weighted sums."""
    for sizes in DEEP_SIZES:
        x, weights_input_hidden, weights_hidden_output = network_case(rng, reference, *sizes)
        answer = student.forward(x, weights_input_hidden, weights_hidden_output)
        require(
            isinstance(answer, (tuple, list)) and len(answer) == 2,
            "Return two things: the hidden output and the output, in this order.",
        )
        hidden_output = numeric(answer[0], shape=(sizes[1],))
        expected, _ = reference.forward(x, weights_input_hidden, weights_hidden_output)
        assert_close(hidden_output, expected, what="the hidden output")


@pytest.mark.grade_cell("test_forward")
@pytest.mark.points(2)
def test_output_layer_works_on_the_hidden_output(student, reference, rng):
    """The output layer treats the hidden output as its input, with its own weights."""
    x = np.array([0.9, -0.4, 1.6])
    weights_input_hidden = np.array([[1.3, -0.2, 0.8, -1.1], [0.5, 1.7, -0.9, 0.3]])
    weights_input_hidden = np.vstack([weights_input_hidden, [-0.6, 0.7, 0.4, -0.8]])
    weights_hidden_output = np.array([[2.1, -0.7], [-1.4, 0.9], [0.6, -2.3], [1.2, 0.8]])
    assert_agrees(
        student.forward, reference.forward, x, weights_input_hidden, weights_hidden_output
    )
    for sizes in DEEP_SIZES:
        assert_agrees(student.forward, reference.forward, *network_case(rng, reference, *sizes))


@pytest.mark.grade_cell("test_forward")
@pytest.mark.points(0.5)
def test_rows_and_columns_of_a_square_matrix(student, reference, rng):
    """Rows and columns keep their roles even where a matrix is square."""
    # Here a transposed product raises no error: only the numbers tell.
    assert_agrees(student.forward, reference.forward, *network_case(rng, reference, 5, 3, 3))


# --- forward_batch ------------------------------------------------------------------------------


def batch_case(rng, reference, n_records, *sizes):
    """A network case with more records above its own one."""
    x, weights_input_hidden, weights_hidden_output = network_case(rng, reference, *sizes)
    others = rng.uniform(-2, 2, size=(n_records - 1, sizes[0]))
    return np.vstack([others, x]), weights_input_hidden, weights_hidden_output


@pytest.mark.grade_cell("test_forward_batch")
@pytest.mark.points(1)
def test_every_record_goes_through_the_network(student, reference, rng):
    """Each row of the table gives its own row of hidden outputs and outputs."""
    for n_records, sizes in [(7, (4, 3, 2)), (6, (3, 5, 4))]:
        case = batch_case(rng, reference, n_records, *sizes)
        assert_agrees(student.forward_batch, reference.forward_batch, *case)


@pytest.mark.grade_cell("test_forward_batch")
@pytest.mark.points(1)
def test_a_batch_of_any_size_stays_a_table(student, reference, rng):
    """A batch with a single record still gives tables, and so does a large one."""
    for n_records in (1, 9):
        case = batch_case(rng, reference, n_records, 5, 4, 3)
        assert_agrees(student.forward_batch, reference.forward_batch, *case)
