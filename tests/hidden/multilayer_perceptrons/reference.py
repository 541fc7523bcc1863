"""Reference answers of the assignment `multilayer_perceptrons`.

Plain NumPy for a network with one hidden layer: weights, weighted sums, forward pass. Weight w_ij
leads from input i to hidden unit j, so a weight matrix has one row for each input and one column
for each unit. Every function accepts lists, works in float64 and leaves its arguments alone. There
is no training here, hence no gradient.
"""

import numpy as np


def sigmoid(h):
    """The logistic function, elementwise: f(h) = 1 / (1 + exp(-h)).

    Args:
        h: any shape.

    Returns:
        float64, the shape of `h`, every entry between 0 and 1.
    """
    return 1 / (1 + np.exp(-np.asarray(h, dtype=float)))


def init_weights(n_inputs, n_hidden, rng):
    """Start weights of a layer: independent normal numbers with mean 0 and sd n_inputs^(-1/2).

    With inputs of about unit size, every weighted sum then has about unit size as well, whatever
    the number of inputs (LeCun, Bottou, Orr and Müller, "Efficient BackProp", section 4.6).

    Args:
        n_inputs: number of inputs, an int.
        n_hidden: number of hidden units, an int.
        rng: the `numpy.random.Generator` to draw from.

    Returns:
        float64, (n_inputs, n_hidden).
    """
    return rng.normal(0.0, n_inputs**-0.5, size=(n_inputs, n_hidden))


def hidden_input(x, weights):
    """The weighted sums that arrive at the hidden units: h_j = sum over i of w_ij x_i.

    Args:
        x: inputs, (d,).
        weights: (d, m).

    Returns:
        float64, (m,).
    """
    return np.dot(np.asarray(x, dtype=float), np.asarray(weights, dtype=float))


def column_vector(a):
    """The same numbers as a column: one row for each entry, one column.

    Args:
        a: (d,).

    Returns:
        float64, (d, 1).
    """
    return np.array(a, dtype=float)[:, None]


def hidden_input_column(x_column, weights_transposed):
    """The weighted sums as a column, with the weight matrix in front: h = Wᵀ x.

    Args:
        x_column: inputs as a column, (d, 1).
        weights_transposed: the transposed weight matrix, (m, d).

    Returns:
        float64, (m, 1).
    """
    return np.dot(np.asarray(weights_transposed, dtype=float), np.asarray(x_column, dtype=float))


def forward(x, weights_input_hidden, weights_hidden_output):
    """One record through both layers: a = f(x w), ŷ = f(a W).

    Args:
        x: inputs, (d,).
        weights_input_hidden: w, (d, m).
        weights_hidden_output: W, (m, k).

    Returns:
        The pair (hidden_output, output), float64, of (m,) and (k,).
    """
    hidden_output = sigmoid(hidden_input(x, weights_input_hidden))
    output = sigmoid(hidden_input(hidden_output, weights_hidden_output))
    return hidden_output, output


def forward_batch(features, weights_input_hidden, weights_hidden_output):
    """Many records at once, one in each row: A = f(X w), Ŷ = f(A W).

    Args:
        features: X, (n, d).
        weights_input_hidden: w, (d, m).
        weights_hidden_output: W, (m, k).

    Returns:
        The pair (hidden_output, output), float64, of (n, m) and (n, k).
    """
    return forward(features, weights_input_hidden, weights_hidden_output)
