"""The right answers of `gradient_descent`, as NumPy functions that take arrays or lists.

Notation: x inputs, y targets, o = f(h) outputs, h = sum_i w_i x_i, f the sigmoid,
E = 1/2 sum (y - o)^2. Every formula is proven by central differences of `squared_error` in the
course's own tests. All arrays are float64; no function changes its arguments.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def _array(values: ArrayLike) -> Array:
    return np.asarray(values, dtype=float)


def sigmoid(h: ArrayLike) -> Array:
    """The sigmoid f(h) = 1 / (1 + exp(-h)), elementwise, any shape.

    Written as exp(-log(1 + exp(-h))), which overflows for no h (logistic function, Verhulst 1838).
    """
    return np.exp(-np.logaddexp(0.0, -_array(h)))


def sigmoid_prime(h: ArrayLike) -> Array:
    """The slope of the sigmoid at h, f'(h) = f(h) (1 - f(h)) = f(h) f(-h), elementwise."""
    return sigmoid(h) * sigmoid(-_array(h))


def sum_of_squared_errors(targets: ArrayLike, outputs: ArrayLike) -> float:
    """E = 1/2 sum_mu sum_j (y - o)^2 of targets and outputs of shape (n, k) or (k,), a float."""
    return float(0.5 * np.sum((_array(targets) - _array(outputs)) ** 2))


def neuron_output(x: ArrayLike, weights: ArrayLike) -> float:
    """The output o = f(sum_i w_i x_i) of one unit, from x (d,) and weights (d,), a float."""
    return float(sigmoid(np.dot(_array(x), _array(weights))))


def error_term(x: ArrayLike, target: float, weights: ArrayLike) -> float:
    """The error term delta = (y - o) f'(h) = -dE/dh of one unit, from x (d,), weights (d,)."""
    h = np.dot(_array(x), _array(weights))
    return float((target - sigmoid(h)) * sigmoid_prime(h))


def weight_step(x: ArrayLike, target: float, weights: ArrayLike, learning_rate: float) -> Array:
    """The step of each weight, eta delta x_i = -eta dE/dw_i, shape (d,) (Widrow and Hoff 1960)."""
    return learning_rate * error_term(x, target, weights) * _array(x)


def weight_step_outputs(
    x: ArrayLike, targets: ArrayLike, weights: ArrayLike, learning_rate: float
) -> Array:
    """The steps eta delta_j x_i = -eta dE/dw_ij for k output units.

    x (d,), targets (k,), weights (d, k) give (d, k).
    """
    h = _array(x) @ _array(weights)
    delta = (_array(targets) - sigmoid(h)) * sigmoid_prime(h)
    return learning_rate * np.outer(_array(x), delta)


def epoch_step(
    features: ArrayLike, targets: ArrayLike, weights: ArrayLike, learning_rate: float
) -> Array:
    """The mean of the records' weight steps, all taken at the given weights.

    features (n, d), targets (n,), weights (d,) give (d,): -eta/n dE/dw.
    """
    steps = [
        weight_step(x, y, weights, learning_rate)
        for x, y in zip(_array(features), _array(targets), strict=True)
    ]
    return np.mean(steps, axis=0)


def train(
    features: ArrayLike,
    targets: ArrayLike,
    weights: ArrayLike,
    learning_rate: float,
    epochs: int,
) -> Array:
    """The weights (d,) after full-batch gradient descent: `epochs` times w <- w + epoch step."""
    current = _array(weights).copy()
    for _ in range(epochs):
        current = current + epoch_step(features, targets, current, learning_rate)
    return current


def mean_squared_error(targets: ArrayLike, outputs: ArrayLike) -> float:
    """The mean of (y - o)^2 over all entries, without the 1/2; equal shapes, a float."""
    return float(np.mean((_array(targets) - _array(outputs)) ** 2))


def accuracy(features: ArrayLike, targets: ArrayLike, weights: ArrayLike) -> float:
    """The share of records whose output lies on the target's side of 0.5, from 0 to 1.

    features (n, d), targets (n,) of 0 and 1, weights (d,).
    """
    predicted = sigmoid(_array(features) @ _array(weights)) > 0.5
    return float(np.mean(predicted == (_array(targets) > 0.5)))


def descend(
    gradient: Callable[[Array], ArrayLike],
    start: ArrayLike,
    learning_rate: float,
    momentum: float,
    steps: int,
) -> Array:
    """The path of gradient descent with momentum, shape (steps + 1,) + start.shape.

    v <- momentum v - eta gradient(w), w <- w + v, from v = 0 (heavy ball, Polyak 1964).
    """
    position = _array(start)
    velocity = np.zeros_like(position)
    path = [position]
    for _ in range(steps):
        velocity = momentum * velocity - learning_rate * _array(gradient(position))
        position = position + velocity
        path.append(position)
    return np.array(path)


def squared_error(features: ArrayLike, targets: ArrayLike, weights: ArrayLike) -> float:
    """E of a layer of sigmoid units on some records, for proofs by central differences.

    features (n, d) or (d,); weights (d,) or (d, k); targets of the shape of features @ weights.
    """
    return sum_of_squared_errors(targets, sigmoid(_array(features) @ _array(weights)))
