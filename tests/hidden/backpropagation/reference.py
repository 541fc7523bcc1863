"""Reference implementations of the exercises on backpropagation, for both notebooks.

One hidden layer of sigmoid units feeds sigmoid outputs. E is half the sum of the squared errors;
every step below is the negative derivative of E, written out with the chain rule, and a test of the
course compares it with central differences of `squared_error` and `mean_squared_error_half`.
All arrays are float64, lists are welcome, no argument is changed.
Notation: n records, d inputs, m hidden units, k outputs; W1 is (d, m), W2 is (m,) or (m, k).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Pair = tuple[Array, Array]


def sigmoid(h: ArrayLike) -> Array:
    """Return 1 / (1 + exp(-h)), elementwise; written with tanh, which cannot overflow."""
    return 0.5 * (1.0 + np.tanh(0.5 * np.asarray(h, dtype=float)))


def sigmoid_prime(h: ArrayLike) -> Array:
    """Return the slope of the sigmoid at h, f'(h) = f(h) (1 - f(h)), elementwise."""
    output = sigmoid(h)
    return output * (1.0 - output)


def squared_error(
    x: ArrayLike,
    target: ArrayLike,
    weights_input_hidden: ArrayLike,
    weights_hidden_output: ArrayLike,
) -> float:
    """Return E = ½ Σ_k (y_k - ŷ_k)² of one record x (d,); the target is a float or (k,)."""
    hidden_output = sigmoid(np.dot(np.asarray(x, dtype=float), weights_input_hidden))
    output = sigmoid(np.dot(hidden_output, np.asarray(weights_hidden_output, dtype=float)))
    return float(0.5 * np.sum((np.asarray(target, dtype=float) - output) ** 2))


def mean_squared_error_half(
    features: ArrayLike,
    targets: ArrayLike,
    weights_input_hidden: ArrayLike,
    weights_hidden_output: ArrayLike,
) -> float:
    """Return ½ mean((y - ŷ)²) over n records, whose downhill direction is `backward_pass`."""
    return 0.5 * loss(features, targets, weights_input_hidden, weights_hidden_output)


# --- backprop_basic ------------------------------------------------------------------------------


def output_error_term(target: ArrayLike, output: ArrayLike) -> Array:
    """Return δ_k = (y_k - ŷ_k) ŷ_k (1 - ŷ_k), of the shape of the output: a number or (k,)."""
    output = np.asarray(output, dtype=float)
    return (np.asarray(target, dtype=float) - output) * output * (1.0 - output)


def hidden_error_term(
    output_error_term: ArrayLike, weights_hidden_output: ArrayLike, hidden_output: ArrayLike
) -> Array:
    """Return δ_j = (Σ_k W_jk δ_k) a_j (1 - a_j), shape (m,).

    The output's term is a number with weights (m,), or (k,) with weights (m, k); a is (m,).
    """
    arriving = np.dot(
        np.asarray(weights_hidden_output, dtype=float), np.asarray(output_error_term, dtype=float)
    )
    hidden_output = np.asarray(hidden_output, dtype=float)
    return arriving * hidden_output * (1.0 - hidden_output)


def weight_steps(
    x: ArrayLike,
    hidden_output: ArrayLike,
    output_error_term: float,
    hidden_error_term: ArrayLike,
    learning_rate: float,
) -> Pair:
    """Return the steps η δ a_j of the last layer (m,) and η δ_j x_i of the first (d, m)."""
    step_hidden_output = learning_rate * output_error_term * np.asarray(hidden_output, dtype=float)
    step_input_hidden = learning_rate * np.outer(x, hidden_error_term)
    return step_hidden_output, step_input_hidden


def backprop_step(
    x: ArrayLike,
    target: float,
    weights_input_hidden: ArrayLike,
    weights_hidden_output: ArrayLike,
    learning_rate: float,
) -> Pair:
    """Return the weights (d, m) and (m,) after one step on one record, W ← W + ΔW for both."""
    first = np.asarray(weights_input_hidden, dtype=float)
    last = np.asarray(weights_hidden_output, dtype=float)
    hidden_output = sigmoid(np.dot(np.asarray(x, dtype=float), first))
    output = sigmoid(np.dot(hidden_output, last))
    term = output_error_term(target, output)
    hidden_term = hidden_error_term(term, last, hidden_output)
    step_last, step_first = weight_steps(x, hidden_output, float(term), hidden_term, learning_rate)
    return first + step_first, last + step_last


def gradient_scale(n_layers: int) -> float:
    """Return ¼ⁿ, the most that n sigmoid slopes can multiply to (f' is at most f'(0) = ¼)."""
    return float(0.25**n_layers)


# --- backprop ------------------------------------------------------------------------------------


def forward_pass(
    features: ArrayLike, weights_input_hidden: ArrayLike, weights_hidden_output: ArrayLike
) -> Pair:
    """Return f(X W1), shape (n, m), and f(f(X W1) W2), shape (n,), of a table X (n, d)."""
    hidden_output = sigmoid(np.dot(np.asarray(features, dtype=float), weights_input_hidden))
    return hidden_output, sigmoid(np.dot(hidden_output, weights_hidden_output))


def backward_pass(
    features: ArrayLike,
    targets: ArrayLike,
    hidden_output: ArrayLike,
    output: ArrayLike,
    weights_hidden_output: ArrayLike,
) -> Pair:
    """Return the means over the records of δ_j x_i, shape (d, m), and of δ a_j, shape (m,)."""
    features = np.asarray(features, dtype=float)
    hidden_output = np.asarray(hidden_output, dtype=float)
    terms = output_error_term(targets, output)
    arriving = np.outer(terms, np.asarray(weights_hidden_output, dtype=float))
    hidden_terms = arriving * hidden_output * (1.0 - hidden_output)
    n_records = len(features)
    return features.T @ hidden_terms / n_records, terms @ hidden_output / n_records


def update_weights(
    weights_input_hidden: ArrayLike,
    weights_hidden_output: ArrayLike,
    steps: tuple[ArrayLike, ArrayLike],
    learning_rate: float,
) -> Pair:
    """Return the new arrays W + η ΔW, of the shapes (d, m) and (m,) of the weights handed in."""
    step_input_hidden, step_hidden_output = steps
    return (
        np.asarray(weights_input_hidden, dtype=float)
        + learning_rate * np.asarray(step_input_hidden, dtype=float),
        np.asarray(weights_hidden_output, dtype=float)
        + learning_rate * np.asarray(step_hidden_output, dtype=float),
    )


def train(
    features: ArrayLike,
    targets: ArrayLike,
    weights_input_hidden: ArrayLike,
    weights_hidden_output: ArrayLike,
    learning_rate: float,
    epochs: int,
) -> Pair:
    """Return the weights (d, m) and (m,) after so many epochs, each one step on all records."""
    first = np.array(weights_input_hidden, dtype=float)
    last = np.array(weights_hidden_output, dtype=float)
    for _ in range(epochs):
        hidden_output, output = forward_pass(features, first, last)
        steps = backward_pass(features, targets, hidden_output, output, last)
        first, last = update_weights(first, last, steps, learning_rate)
    return first, last


def loss(
    features: ArrayLike,
    targets: ArrayLike,
    weights_input_hidden: ArrayLike,
    weights_hidden_output: ArrayLike,
) -> float:
    """Return mean((y - ŷ)²) over all n records."""
    _, output = forward_pass(features, weights_input_hidden, weights_hidden_output)
    return float(np.mean((np.asarray(targets, dtype=float) - output) ** 2))


def accuracy(
    features: ArrayLike,
    targets: ArrayLike,
    weights_input_hidden: ArrayLike,
    weights_hidden_output: ArrayLike,
) -> float:
    """Return the share of records for which ŷ > 0.5 agrees with the target, 0 or 1."""
    _, output = forward_pass(features, weights_input_hidden, weights_hidden_output)
    return float(np.mean((output > 0.5) == (np.asarray(targets, dtype=float) > 0.5)))
