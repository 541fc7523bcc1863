"""Right solutions of the exercises on backpropagation in other styles; all must earn full marks.

Only `np` and names that the notebook has before the exercise may be used.
"""

import numpy as np

from autograder.checks import Variants

from .reference import sigmoid, sigmoid_prime

variants = Variants()

# --- backprop_basic ------------------------------------------------------------------------------


@variants.of("test_output_error_term", "one expression")
def output_error_term(target, output):
    return (target - output) * output * (1 - output)


@variants.of("test_output_error_term", "error and slope under names of their own")
def output_error_term(target, output):
    error = target - output
    slope = output - output**2
    return slope * error


@variants.of("test_output_error_term", "sigmoid_prime at the sum, won back from the output")
def output_error_term(target, output):
    output = np.asarray(output, dtype=float)
    h = np.log(output / (1 - output))
    return np.multiply(np.subtract(target, output), sigmoid_prime(h))


@variants.of("test_output_error_term", "two minus signs")
def output_error_term(target, output):
    return -(output - target) * output * (1.0 - output)


@variants.of("test_output_error_term", "a helper of the output, and a list")
def output_error_term(target, output):
    def slope(s):
        return s * (1 - s)

    if np.ndim(output) == 0:
        return float((target - output) * slope(output))
    return [(y - o) * slope(o) for y, o in zip(target, output)]


@variants.of("test_hidden_error_term", "np.dot with the weights to the left")
def hidden_error_term(output_error_term, weights_hidden_output, hidden_output):
    return np.dot(weights_hidden_output, output_error_term) * hidden_output * (1 - hidden_output)


@variants.of("test_hidden_error_term", "np.dot with the terms to the left, slope first")
def hidden_error_term(output_error_term, weights_hidden_output, hidden_output):
    slope = hidden_output * (1 - hidden_output)
    return slope * np.dot(output_error_term, np.transpose(weights_hidden_output))


@variants.of("test_hidden_error_term", "the number of outputs asked for, matmul")
def hidden_error_term(output_error_term, weights_hidden_output, hidden_output):
    if np.ndim(output_error_term) == 0:
        hidden_error = weights_hidden_output * output_error_term
    else:
        hidden_error = weights_hidden_output @ output_error_term
    return hidden_error * (hidden_output - hidden_output**2)


@variants.of("test_hidden_error_term", "plain loops over units and outputs")
def hidden_error_term(output_error_term, weights_hidden_output, hidden_output):
    terms = np.atleast_1d(output_error_term)
    result = np.zeros(len(hidden_output))
    for j in range(len(hidden_output)):
        weights = np.atleast_1d(weights_hidden_output[j])
        for k in range(len(terms)):
            result[j] += weights[k] * terms[k]
        result[j] *= hidden_output[j] * (1 - hidden_output[j])
    return result


@variants.of(
    "test_hidden_error_term_outputs", "slope inside the product, then a sum over the outputs"
)
def hidden_error_term(output_error_term, weights_hidden_output, hidden_output):
    slope = hidden_output * (1 - hidden_output)
    if np.ndim(weights_hidden_output) == 1:
        return weights_hidden_output * output_error_term * slope
    return np.sum(weights_hidden_output * output_error_term * slope[:, None], axis=1)


@variants.of("test_hidden_error_term_outputs", "einsum on at least two axes")
def hidden_error_term(output_error_term, weights_hidden_output, hidden_output):
    weights = np.reshape(weights_hidden_output, (len(hidden_output), -1))
    hidden_error = np.einsum("jk,k->j", weights, np.atleast_1d(output_error_term))
    return np.multiply(hidden_error, hidden_output) * (1 - hidden_output)


@variants.of("test_hidden_error_term_outputs", "a list, unit by unit")
def hidden_error_term(output_error_term, weights_hidden_output, hidden_output):
    return [
        float(np.dot(w, output_error_term) * a * (1 - a))
        for w, a in zip(weights_hidden_output, hidden_output)
    ]


@variants.of("test_weight_steps", "x as a column")
def weight_steps(x, hidden_output, output_error_term, hidden_error_term, learning_rate):
    step_hidden_output = learning_rate * output_error_term * hidden_output
    return step_hidden_output, learning_rate * hidden_error_term * x[:, None]


@variants.of("test_weight_steps", "column times row as a matrix product, rate at the end")
def weight_steps(x, hidden_output, output_error_term, hidden_error_term, learning_rate):
    column, row = x.reshape(-1, 1), hidden_error_term.reshape(1, -1)
    return hidden_output * output_error_term * learning_rate, (column @ row) * learning_rate


@variants.of("test_weight_steps", "two loops, and a list of two")
def weight_steps(x, hidden_output, output_error_term, hidden_error_term, learning_rate):
    step_input_hidden = np.zeros((len(x), len(hidden_error_term)))
    for i, value in enumerate(x):
        for j, term in enumerate(hidden_error_term):
            step_input_hidden[i, j] = learning_rate * term * value
    return [
        np.array([learning_rate * output_error_term * a for a in hidden_output]),
        step_input_hidden,
    ]


@variants.of("test_weight_steps", "einsum, and x with two axes transposed")
def weight_steps(x, hidden_output, output_error_term, hidden_error_term, learning_rate):
    step_hidden_output = np.einsum(",j->j", learning_rate * output_error_term, hidden_output)
    return step_hidden_output, np.array(x, ndmin=2).T * hidden_error_term * learning_rate


@variants.of("test_backprop_step", "built from the earlier exercises")
def backprop_step(x, target, weights_input_hidden, weights_hidden_output, learning_rate):
    hidden_output = sigmoid(x @ weights_input_hidden)
    output = sigmoid(hidden_output @ weights_hidden_output)
    term = output_error_term(target, output)
    hidden_term = hidden_error_term(term, weights_hidden_output, hidden_output)
    last, first = weight_steps(x, hidden_output, term, hidden_term, learning_rate)
    return weights_input_hidden + first, weights_hidden_output + last


@variants.of("test_backprop_step", "all by itself, slopes at the sums")
def backprop_step(x, target, weights_input_hidden, weights_hidden_output, learning_rate):
    hidden_input = np.dot(weights_input_hidden.T, x)
    hidden_output = sigmoid(hidden_input)
    output_input = np.sum(hidden_output * weights_hidden_output)
    term = (target - sigmoid(output_input)) * sigmoid_prime(output_input)
    hidden_term = term * weights_hidden_output * sigmoid_prime(hidden_input)
    return (
        weights_input_hidden + learning_rate * x[:, None] * hidden_term,
        weights_hidden_output + learning_rate * term * hidden_output,
    )


@variants.of("test_backprop_step", "copies that are changed in place, a list of two")
def backprop_step(x, target, weights_input_hidden, weights_hidden_output, learning_rate):
    first, last = weights_input_hidden.copy(), weights_hidden_output.copy()
    hidden_output = 1 / (1 + np.exp(-np.dot(x, first)))
    output = 1 / (1 + np.exp(-np.dot(last, hidden_output)))
    gradient = -(target - output) * output * (1 - output)
    hidden_gradient = gradient * last * hidden_output * (1 - hidden_output)
    first -= learning_rate * np.outer(x, hidden_gradient)
    last -= learning_rate * gradient * hidden_output
    return [first, last]


@variants.of("test_gradient_scale", "a loop")
def gradient_scale(n_layers):
    scale = 1.0
    for _ in range(n_layers):
        scale *= 0.25
    return scale


@variants.of("test_gradient_scale", "the slope at zero to the power")
def gradient_scale(n_layers):
    return sigmoid_prime(0) ** n_layers


@variants.of("test_gradient_scale", "one over four to the n")
def gradient_scale(n_layers):
    return 1 / 4**n_layers


@variants.of("test_gradient_scale", "a product of an array")
def gradient_scale(n_layers):
    return np.prod(np.full(n_layers, 0.25))


# --- backprop ------------------------------------------------------------------------------------


@variants.of("test_forward_pass", "matmul")
def forward_pass(features, weights_input_hidden, weights_hidden_output):
    hidden_output = sigmoid(features @ weights_input_hidden)
    return hidden_output, sigmoid(hidden_output @ weights_hidden_output)


@variants.of("test_forward_pass", "record by record, lists")
def forward_pass(features, weights_input_hidden, weights_hidden_output):
    hidden_outputs, outputs = [], []
    for x in features:
        hidden_outputs.append(sigmoid(np.dot(x, weights_input_hidden)))
        outputs.append(sigmoid(np.dot(weights_hidden_output, hidden_outputs[-1])))
    return np.array(hidden_outputs), np.array(outputs)


@variants.of("test_forward_pass", "transposed on the way, a sum of products at the end")
def forward_pass(features, weights_input_hidden, weights_hidden_output):
    hidden_output = sigmoid(np.dot(weights_input_hidden.T, features.T)).T
    return hidden_output, sigmoid((hidden_output * weights_hidden_output).sum(axis=1))


@variants.of("test_forward_pass", "a column of outputs, flattened, in a list")
def forward_pass(features, weights_input_hidden, weights_hidden_output):
    hidden_output = 1 / (1 + np.exp(-np.einsum("ni,ij->nj", features, weights_input_hidden)))
    output = sigmoid(np.dot(hidden_output, weights_hidden_output[:, None]))
    return [hidden_output, output.ravel()]


@variants.of("test_backward_pass", "record by record, steps added up and divided")
def backward_pass(features, targets, hidden_output, output, weights_hidden_output):
    step_input_hidden = np.zeros((features.shape[1], len(weights_hidden_output)))
    step_hidden_output = np.zeros(len(weights_hidden_output))
    for x, y, a, o in zip(features, targets, hidden_output, output):
        term = (y - o) * o * (1 - o)
        hidden_term = np.dot(term, weights_hidden_output) * a * (1 - a)
        step_input_hidden += hidden_term * x[:, None]
        step_hidden_output += term * a
    return step_input_hidden / len(features), step_hidden_output / len(features)


@variants.of("test_backward_pass", "columns throughout, flattened at the end")
def backward_pass(features, targets, hidden_output, output, weights_hidden_output):
    n_records = features.shape[0]
    output = output.reshape(-1, 1)
    terms = (targets.reshape(-1, 1) - output) * output * (1 - output)
    hidden_terms = (
        terms @ weights_hidden_output.reshape(1, -1) * hidden_output * (1 - hidden_output)
    )
    return features.T @ hidden_terms / n_records, (hidden_output.T @ terms / n_records).ravel()


@variants.of("test_backward_pass", "einsum, the mean in the error terms")
def backward_pass(features, targets, hidden_output, output, weights_hidden_output):
    terms = (targets - output) * output * (1 - output) / len(targets)
    slopes = hidden_output * (1 - hidden_output)
    step_input_hidden = np.einsum("n,j,nj,ni->ij", terms, weights_hidden_output, slopes, features)
    return step_input_hidden, np.einsum("n,nj->j", terms, hidden_output)


@variants.of("test_backward_pass", "np.mean over the records of three axes")
def backward_pass(features, targets, hidden_output, output, weights_hidden_output):
    terms = (targets - output) * output * (1 - output)
    hidden_terms = terms[:, None] * weights_hidden_output * hidden_output * (1 - hidden_output)
    every_step = features[:, :, None] * hidden_terms[:, None, :]
    return np.mean(every_step, axis=0), np.mean(terms[:, None] * hidden_output, axis=0)


@variants.of("test_backward_pass", "slopes at the sums, a list of two")
def backward_pass(features, targets, hidden_output, output, weights_hidden_output):
    def sum_before(activation):
        return np.log(activation / (1 - activation))

    terms = (targets - output) * sigmoid_prime(sum_before(output))
    hidden_terms = np.outer(terms, weights_hidden_output) * sigmoid_prime(sum_before(hidden_output))
    steps = [np.outer(x, term) for x, term in zip(features, hidden_terms)]
    return [sum(steps) / len(steps), np.dot(hidden_output.T, terms) / len(steps)]


@variants.of("test_update_weights", "two sums")
def update_weights(weights_input_hidden, weights_hidden_output, steps, learning_rate):
    return (
        weights_input_hidden + learning_rate * steps[0],
        weights_hidden_output + learning_rate * steps[1],
    )


@variants.of("test_update_weights", "copies that are changed in place")
def update_weights(weights_input_hidden, weights_hidden_output, steps, learning_rate):
    first, last = weights_input_hidden.copy(), np.array(weights_hidden_output)
    first += learning_rate * steps[0]
    last += steps[1] * learning_rate
    return first, last


@variants.of("test_update_weights", "a list over the layers")
def update_weights(weights_input_hidden, weights_hidden_output, steps, learning_rate):
    layers = (weights_input_hidden, weights_hidden_output)
    return [weights - -learning_rate * step for weights, step in zip(layers, steps)]


@variants.of("test_train", "built from the earlier exercises")
def train(features, targets, weights_input_hidden, weights_hidden_output, learning_rate, epochs):
    weights = weights_input_hidden, weights_hidden_output
    for _ in range(epochs):
        steps = backward_pass(features, targets, *forward_pass(features, *weights), weights[1])
        weights = update_weights(*weights, steps, learning_rate)
    return weights


@variants.of("test_train", "all by itself, on copies, learning rate over n")
def train(features, targets, weights_input_hidden, weights_hidden_output, learning_rate, epochs):
    first, last = weights_input_hidden.copy(), weights_hidden_output.copy()
    rate = learning_rate / len(features)
    for _ in range(epochs):
        hidden_output = sigmoid(features @ first)
        output = sigmoid(hidden_output @ last)
        terms = (targets - output) * output * (1 - output)
        hidden_terms = terms[:, None] * last * hidden_output * (1 - hidden_output)
        last += rate * hidden_output.T @ terms
        first += rate * features.T @ hidden_terms
    return first, last


@variants.of("test_train", "recursion")
def train(features, targets, weights_input_hidden, weights_hidden_output, learning_rate, epochs):
    if epochs == 0:
        return weights_input_hidden, weights_hidden_output
    hidden_output, output = forward_pass(features, weights_input_hidden, weights_hidden_output)
    steps = backward_pass(features, targets, hidden_output, output, weights_hidden_output)
    first, last = update_weights(weights_input_hidden, weights_hidden_output, steps, learning_rate)
    return train(features, targets, first, last, learning_rate, epochs - 1)


@variants.of("test_train", "a loop over the records in every epoch")
def train(features, targets, weights_input_hidden, weights_hidden_output, learning_rate, epochs):
    first, last = np.copy(weights_input_hidden), np.copy(weights_hidden_output)
    epoch = 0
    while epoch < epochs:
        del_first, del_last = np.zeros(first.shape), np.zeros(last.shape)
        for x, y in zip(features, targets):
            a = sigmoid(np.dot(x, first))
            o = sigmoid(np.dot(a, last))
            term = (y - o) * o * (1 - o)
            del_last += term * a
            del_first += np.outer(x, term * last * a * (1 - a))
        first = first + learning_rate * del_first / len(features)
        last = last + learning_rate * del_last / len(features)
        epoch += 1
    return first, last


@variants.of("test_loss", "the mean of the squares")
def loss(features, targets, weights_input_hidden, weights_hidden_output):
    hidden_output, output = forward_pass(features, weights_input_hidden, weights_hidden_output)
    return ((targets - output) ** 2).mean()


@variants.of("test_loss", "sum over n")
def loss(features, targets, weights_input_hidden, weights_hidden_output):
    error = forward_pass(features, weights_input_hidden, weights_hidden_output)[1] - targets
    return np.dot(error, error) / len(targets)


@variants.of("test_loss", "record by record")
def loss(features, targets, weights_input_hidden, weights_hidden_output):
    total = 0.0
    for x, y in zip(features, targets):
        a = sigmoid(np.dot(x, weights_input_hidden))
        total += (y - sigmoid(np.dot(a, weights_hidden_output))) ** 2
    return float(total / len(targets))


@variants.of("test_accuracy", "decisions compared with the targets")
def accuracy(features, targets, weights_input_hidden, weights_hidden_output):
    _, output = forward_pass(features, weights_input_hidden, weights_hidden_output)
    return np.mean((output > 0.5) == targets)


@variants.of("test_accuracy", "rounded outputs")
def accuracy(features, targets, weights_input_hidden, weights_hidden_output):
    _, output = forward_pass(features, weights_input_hidden, weights_hidden_output)
    return np.sum(np.round(output) == targets) / len(targets)


@variants.of("test_accuracy", "the error is below one half")
def accuracy(features, targets, weights_input_hidden, weights_hidden_output):
    _, output = forward_pass(features, weights_input_hidden, weights_hidden_output)
    return float((np.abs(targets - output) < 0.5).mean())


@variants.of("test_accuracy", "counted in a loop")
def accuracy(features, targets, weights_input_hidden, weights_hidden_output):
    right = 0
    for x, y in zip(features, targets):
        a = sigmoid(np.dot(x, weights_input_hidden))
        right += int(sigmoid(np.dot(a, weights_hidden_output)) >= 0.5) == int(y)
    return right / len(targets)
