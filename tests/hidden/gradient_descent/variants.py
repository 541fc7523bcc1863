"""Right solutions of `gradient_descent` in the styles that students really write.

Every one must pass all checks of its exercise with full marks.
"""

import numpy as np
from autograder.checks import Variants

variants = Variants()

# --- test_sigmoid -------------------------------------------------------------------------------


@variants.of("test_sigmoid", "clipped first")
def sigmoid(h):
    return 1.0 / (1.0 + np.exp(-np.clip(h, -700, 700)))


@variants.of("test_sigmoid", "the hyperbolic tangent, squeezed")
def sigmoid(h):
    return (1 + np.tanh(np.asarray(h) / 2)) / 2


@variants.of("test_sigmoid", "two cases, chosen by the sign")
def sigmoid(h):
    small = np.exp(-np.abs(h))
    return np.where(np.asarray(h) >= 0, 1 / (1 + small), small / (1 + small))


@variants.of("test_sigmoid", "number by number, with a helper and recursion")
def sigmoid(h):
    def squash(number):
        if number < -500:
            return 0.0
        return 1 / (1 + np.exp(-number))

    if np.ndim(h) == 0:
        return squash(h)
    return np.array([sigmoid(part) for part in h])


@variants.of("test_sigmoid", "the slope from the sigmoid, held in a variable")
def sigmoid_prime(h):
    s = sigmoid(h)
    return s - s**2


@variants.of("test_sigmoid", "a helper of the output")
def sigmoid_prime(h):
    def slope_from_output(output):
        return output * (1 - output)

    return slope_from_output(sigmoid(h))


@variants.of("test_sigmoid", "the mirror image in place of 1 - f")
def sigmoid_prime(h):
    return sigmoid(h) * sigmoid(-np.asarray(h))


@variants.of("test_sigmoid", "the exponential of the distance to zero")
def sigmoid_prime(h):
    small = np.exp(-np.abs(h))
    return small / (1 + small) ** 2


# --- test_sse -----------------------------------------------------------------------------------


@variants.of("test_sse", "loops over all entries")
def sum_of_squared_errors(targets, outputs):
    total = 0.0
    for y, output in zip(np.ravel(targets), np.ravel(outputs)):
        total += (y - output) ** 2
    return total / 2


@variants.of("test_sse", "two sums, records outside")
def sum_of_squared_errors(targets, outputs):
    rows = zip(np.atleast_2d(targets), np.atleast_2d(outputs))
    return 0.5 * sum(sum((y - o) ** 2 for y, o in zip(ys, os)) for ys, os in rows)


@variants.of("test_sse", "outputs minus targets, with np.square and sum()")
def sum_of_squared_errors(targets, outputs):
    return np.square(outputs - targets).sum() / 2


@variants.of("test_sse", "a dot product of the flat errors")
def sum_of_squared_errors(targets, outputs):
    errors = (targets - outputs).ravel()
    return 0.5 * errors @ errors


# --- test_neuron_output -------------------------------------------------------------------------


@variants.of("test_neuron_output", "weights first, with @")
def neuron_output(x, weights):
    return sigmoid(weights @ x)


@variants.of("test_neuron_output", "sum of the products")
def neuron_output(x, weights):
    return sigmoid(np.sum(x * weights))


@variants.of("test_neuron_output", "Python's own sum, returned as a float")
def neuron_output(x, weights):
    return float(sigmoid(sum(w * value for w, value in zip(weights, x))))


@variants.of("test_neuron_output", "a method of the array, and the sigmoid by hand")
def neuron_output(x, weights):
    return 1 / (1 + np.exp(-x.dot(weights)))


# --- test_error_term ----------------------------------------------------------------------------


@variants.of("test_error_term", "output times one minus output")
def error_term(x, target, weights):
    output = neuron_output(x, weights)
    return (target - output) * output * (1 - output)


@variants.of("test_error_term", "the slope from h, the error reversed twice")
def error_term(x, target, weights):
    h = weights.dot(x)
    return -(sigmoid(h) - target) * sigmoid_prime(h)


@variants.of("test_error_term", "a helper that wants the output")
def error_term(x, target, weights):
    def slope(s):
        return s * (1 - s)

    output = sigmoid(np.matmul(x, weights))
    error = target - output
    return error * slope(output)


@variants.of("test_error_term", "a loop for the sum and everything by hand")
def error_term(x, target, weights):
    h = 0
    for i in range(len(x)):
        h += x[i] * weights[i]
    output = 1 / (1 + np.exp(-h))
    return float((target - output) * output * (1 - output))


# --- test_weight_step ---------------------------------------------------------------------------


@variants.of("test_weight_step", "output times one minus output, no other function")
def weight_step(x, target, weights, learning_rate):
    output = sigmoid(np.dot(weights, x))
    return x * (target - output) * output * (1 - output) * learning_rate


@variants.of("test_weight_step", "a list, weight by weight")
def weight_step(x, target, weights, learning_rate):
    delta = error_term(x, target, weights)
    return [learning_rate * delta * value for value in x]


@variants.of("test_weight_step", "an array filled in a loop")
def weight_step(x, target, weights, learning_rate):
    step = np.zeros(weights.shape)
    for i in range(len(x)):
        step[i] = learning_rate * error_term(x, target, weights) * x[i]
    return step


@variants.of("test_weight_step", "the sum by einsum, the slope at h")
def weight_step(x, target, weights, learning_rate):
    h = np.einsum("i,i->", x, weights)
    return learning_rate * ((target - sigmoid(h)) * sigmoid_prime(h)) * x


@variants.of("test_weight_step", "minus the gradient")
def weight_step(x, target, weights, learning_rate):
    output = neuron_output(x, weights)
    gradient = -(target - output) * output * (1 - output) * x
    return -learning_rate * gradient


@variants.of("test_weight_step", "changes of a copy, new minus old")
def weight_step(x, target, weights, learning_rate):
    new = weights.copy()
    new += learning_rate * error_term(x, target, weights) * x
    return new - weights


# --- test_weight_step_outputs -------------------------------------------------------------------


@variants.of("test_weight_step_outputs", "np.outer")
def weight_step_outputs(x, targets, weights, learning_rate):
    outputs = sigmoid(x @ weights)
    return learning_rate * np.outer(x, (targets - outputs) * outputs * (1 - outputs))


@variants.of("test_weight_step_outputs", "column by column with the step of one unit")
def weight_step_outputs(x, targets, weights, learning_rate):
    columns = [
        weight_step(x, targets[j], weights[:, j], learning_rate) for j in range(len(targets))
    ]
    return np.array(columns).T


@variants.of("test_weight_step_outputs", "two loops")
def weight_step_outputs(x, targets, weights, learning_rate):
    step = np.zeros_like(weights)
    for j in range(weights.shape[1]):
        h = sum(x[i] * weights[i, j] for i in range(len(x)))
        delta = (targets[j] - sigmoid(h)) * sigmoid_prime(h)
        for i in range(weights.shape[0]):
            step[i, j] = learning_rate * delta * x[i]
    return step


@variants.of("test_weight_step_outputs", "a column times a row, weights transposed")
def weight_step_outputs(x, targets, weights, learning_rate):
    outputs = sigmoid(np.dot(weights.T, x))
    delta = (targets - outputs) * outputs * (1 - outputs)
    return np.dot(x.reshape(-1, 1), delta.reshape(1, -1)) * learning_rate


@variants.of("test_weight_step_outputs", "einsum, the learning rate inside")
def weight_step_outputs(x, targets, weights, learning_rate):
    h = np.einsum("i,ij->j", x, weights)
    delta = learning_rate * (targets - sigmoid(h)) * sigmoid_prime(h)
    return np.einsum("i,j->ij", x, delta)


@variants.of("test_weight_step_outputs", "nested lists")
def weight_step_outputs(x, targets, weights, learning_rate):
    outputs = sigmoid(np.matmul(x, weights))
    delta = (targets - outputs) * sigmoid_prime(np.matmul(x, weights))
    return [[learning_rate * term * value for term in delta] for value in x]


# --- test_epoch_step ----------------------------------------------------------------------------


@variants.of("test_epoch_step", "all records at once")
def epoch_step(features, targets, weights, learning_rate):
    outputs = sigmoid(features @ weights)
    terms = (targets - outputs) * outputs * (1 - outputs)
    return learning_rate * terms @ features / len(targets)


@variants.of(
    "test_epoch_step", "all records at once, features transposed, learning rate by n first"
)
def epoch_step(features, targets, weights, learning_rate):
    h = np.dot(features, weights)
    rate = learning_rate / features.shape[0]
    return rate * np.dot(features.T, (targets - sigmoid(h)) * sigmoid_prime(h))


@variants.of("test_epoch_step", "the learning rate inside the sum")
def epoch_step(features, targets, weights, learning_rate):
    del_w = np.zeros(weights.shape)
    for x, y in zip(features, targets):
        output = sigmoid(np.dot(x, weights))
        error = y - output
        del_w += learning_rate * error * output * (1 - output) * x
    return del_w / features.shape[0]


@variants.of("test_epoch_step", "the mean of a list of steps")
def epoch_step(features, targets, weights, learning_rate):
    def one(x, y):
        h = np.sum(x * weights)
        return learning_rate * (y - sigmoid(h)) * sigmoid_prime(h) * x

    return np.mean([one(x, y) for x, y in zip(features, targets)], axis=0)


@variants.of("test_epoch_step", "a running mean, by index, returned as a list")
def epoch_step(features, targets, weights, learning_rate):
    n = len(features)
    mean = [0.0] * len(weights)
    for r in range(n):
        output = sigmoid(sum(features[r][i] * weights[i] for i in range(len(weights))))
        for i in range(len(weights)):
            slope = output * (1 - output)
            mean[i] += learning_rate / n * (targets[r] - output) * slope * features[r][i]
    return mean


@variants.of("test_epoch_step", "a table of steps and its mean over the rows")
def epoch_step(features, targets, weights, learning_rate):
    outputs = sigmoid(features.dot(weights))
    terms = (targets - outputs) * outputs * (1 - outputs)
    return learning_rate * (terms[:, None] * features).mean(axis=0)


# --- test_train ---------------------------------------------------------------------------------


@variants.of("test_train", "a copy that is changed in place")
def train(features, targets, weights, learning_rate, epochs):
    trained = weights.copy()
    for _ in range(epochs):
        trained += epoch_step(features, targets, trained, learning_rate)
    return trained


@variants.of("test_train", "recursion")
def train(features, targets, weights, learning_rate, epochs):
    if epochs == 0:
        return weights
    moved = weights + epoch_step(features, targets, weights, learning_rate)
    return train(features, targets, moved, learning_rate, epochs - 1)


@variants.of("test_train", "a while loop without the function of the epoch")
def train(features, targets, weights, learning_rate, epochs):
    epoch = 0
    while epoch < epochs:
        del_w = np.zeros(len(weights))
        for x, y in zip(features, targets):
            output = sigmoid(np.dot(x, weights))
            del_w += (y - output) * output * (1 - output) * x
        weights = weights + learning_rate * del_w / len(features)
        epoch += 1
    return weights


@variants.of("test_train", "a path of weights, its end returned as a list")
def train(features, targets, weights, learning_rate, epochs):
    path = [np.array(weights)]
    for _ in range(epochs):
        path.append(path[-1] + epoch_step(features, targets, path[-1], learning_rate))
    return path[-1].tolist()


# --- test_mse -----------------------------------------------------------------------------------


@variants.of("test_mse", "sum by count")
def mean_squared_error(targets, outputs):
    return np.sum((outputs - targets) ** 2) / len(targets)


@variants.of("test_mse", "a loop")
def mean_squared_error(targets, outputs):
    total = 0
    for y, output in zip(targets, outputs):
        total += (y - output) * (y - output)
    return total / len(outputs)


@variants.of("test_mse", "a dot product of the errors")
def mean_squared_error(targets, outputs):
    errors = targets - outputs
    return errors.dot(errors) / errors.size


@variants.of("test_mse", "a list of squares")
def mean_squared_error(targets, outputs):
    return float(np.average([(y - o) ** 2 for y, o in zip(targets, outputs)]))


# --- test_accuracy ------------------------------------------------------------------------------


@variants.of("test_accuracy", "rounded outputs")
def accuracy(features, targets, weights):
    return np.mean(np.round(sigmoid(features @ weights)) == targets)


@variants.of("test_accuracy", "the sign of the sum says the same")
def accuracy(features, targets, weights):
    return float(np.sum((np.dot(features, weights) > 0) == (targets == 1)) / len(targets))


@variants.of("test_accuracy", "counted in a loop")
def accuracy(features, targets, weights):
    right = 0
    for x, y in zip(features, targets):
        prediction = 1 if sigmoid(np.dot(x, weights)) >= 0.5 else 0
        if prediction == y:
            right += 1
    return right / len(features)


@variants.of("test_accuracy", "one minus the share of wrong ones")
def accuracy(features, targets, weights):
    predicted = np.where(sigmoid(np.dot(features, weights)) > 0.5, 1, 0)
    return 1 - np.abs(predicted - targets).mean()


@variants.of("test_accuracy", "an error below one half is a right prediction")
def accuracy(features, targets, weights):
    return np.mean(np.abs(targets - sigmoid(np.dot(features, weights))) < 0.5)


# --- test_descend -------------------------------------------------------------------------------


@variants.of("test_descend", "an array filled step by step")
def descend(gradient, start, learning_rate, momentum, steps):
    path = np.zeros((steps + 1,) + start.shape)
    path[0] = start
    velocity = 0
    for i in range(steps):
        velocity = momentum * velocity - learning_rate * gradient(path[i])
        path[i + 1] = path[i] + velocity
    return path


@variants.of("test_descend", "the learning rate taken in the move")
def descend(gradient, start, learning_rate, momentum, steps):
    w = np.array(start, dtype=float)
    v = np.zeros(w.shape)
    path = [w.copy()]
    for _ in range(steps):
        v = momentum * v - np.array(gradient(w))
        w += learning_rate * v
        path.append(w.copy())
    return np.array(path)


@variants.of("test_descend", "the velocity read off the path, returned as a list")
def descend(gradient, start, learning_rate, momentum, steps):
    path = [start]
    for i in range(steps):
        velocity = path[i] - path[i - 1] if i > 0 else np.zeros(start.shape)
        path.append(path[i] + momentum * velocity - learning_rate * gradient(path[i]))
    return path


@variants.of("test_descend", "stacked at the end")
def descend(gradient, start, learning_rate, momentum, steps):
    places, velocity = [start + 0.0], start * 0.0
    while len(places) < steps + 1:
        slope = gradient(places[-1])
        velocity = velocity * momentum
        velocity = velocity - slope * learning_rate
        places.append(places[-1] + velocity)
    return np.stack(places, axis=0)


# The variants have taken over these names; each of them calls the plain earlier functions.
from .reference import (
    epoch_step,
    error_term,
    neuron_output,
    sigmoid,
    sigmoid_prime,
    weight_step,
)
