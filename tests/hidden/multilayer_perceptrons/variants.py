"""Right solutions of the assignment `multilayer_perceptrons` in other styles; all must pass."""

import numpy as np
from autograder.checks import Variants

from .reference import column_vector, forward, hidden_input, hidden_input_column, sigmoid

variants = Variants()


# --- init_weights -------------------------------------------------------------------------------


@variants.of("test_init_weights", "standard normal numbers, multiplied by the spread")
def init_weights(n_inputs, n_hidden, rng):
    return rng.standard_normal((n_inputs, n_hidden)) * n_inputs**-0.5


@variants.of("test_init_weights", "divided by the square root")
def init_weights(n_inputs, n_hidden, rng):
    return rng.normal(size=(n_inputs, n_hidden)) / np.sqrt(n_inputs)


@variants.of("test_init_weights", "the transposed shape is drawn and turned round")
def init_weights(n_inputs, n_hidden, rng):
    return rng.normal(0, n_inputs**-0.5, size=(n_hidden, n_inputs)).T


@variants.of("test_init_weights", "number by number, in two loops")
def init_weights(n_inputs, n_hidden, rng):
    spread = 1 / np.sqrt(n_inputs)
    return [[rng.normal(0, spread) for _ in range(n_hidden)] for _ in range(n_inputs)]


@variants.of("test_init_weights", "one long draw, then reshaped, in float32")
def init_weights(n_inputs, n_hidden, rng):
    weights = rng.normal(loc=0.0, scale=(1 / n_inputs) ** 0.5, size=n_inputs * n_hidden)
    return weights.reshape(n_inputs, n_hidden).astype(np.float32)


@variants.of("test_init_weights", "np.random.default_rng wraps the generator that is handed in")
def init_weights(n_inputs, n_hidden, rng):
    return np.random.default_rng(rng).normal(0, n_inputs**-0.5, (n_inputs, n_hidden))


# --- hidden_input -------------------------------------------------------------------------------


@variants.of("test_hidden_input", "matmul operator")
def hidden_input(x, weights):
    return np.asarray(x) @ np.asarray(weights)


@variants.of("test_hidden_input", "the transposed weights in front")
def hidden_input(x, weights):
    return weights.T.dot(x)


@variants.of("test_hidden_input", "two loops")
def hidden_input(x, weights):
    n_inputs, n_hidden = weights.shape
    h = np.zeros(n_hidden)
    for j in range(n_hidden):
        for i in range(n_inputs):
            h[j] += weights[i, j] * x[i]
    return h


@variants.of("test_hidden_input", "a table of products, added up along the inputs")
def hidden_input(x, weights):
    return (x[:, np.newaxis] * weights).sum(axis=0)


@variants.of("test_hidden_input", "einsum")
def hidden_input(x, weights):
    return np.einsum("i,ij->j", x, weights)


@variants.of("test_hidden_input", "plain Python, returned as a list")
def hidden_input(x, weights):
    return [sum(w * value for w, value in zip(column, x)) for column in zip(*weights)]


# --- column_vector ------------------------------------------------------------------------------


@variants.of("test_column_vector", "reshape")
def column_vector(a):
    return np.asarray(a).reshape(-1, 1)


@variants.of("test_column_vector", "ndmin=2 and the transpose")
def column_vector(a):
    return np.array(a, ndmin=2).T


@variants.of("test_column_vector", "newaxis")
def column_vector(a):
    return a[:, np.newaxis]


@variants.of("test_column_vector", "a list of rows")
def column_vector(a):
    return [[entry] for entry in a]


@variants.of("test_column_vector", "np.vstack puts the entries on top of each other")
def column_vector(a):
    return np.vstack(a)


@variants.of("test_column_vector", "zeros, filled in a loop")
def column_vector(a):
    column = np.zeros((len(a), 1))
    for i, entry in enumerate(a):
        column[i, 0] = entry
    return column


# --- hidden_input_column ------------------------------------------------------------------------


@variants.of("test_hidden_input_column", "matmul operator")
def hidden_input_column(x_column, weights_transposed):
    return weights_transposed @ x_column


@variants.of("test_hidden_input_column", "by the row form and back")
def hidden_input_column(x_column, weights_transposed):
    return column_vector(hidden_input(np.asarray(x_column)[:, 0], np.asarray(weights_transposed).T))


@variants.of("test_hidden_input_column", "both transposed, the result as well")
def hidden_input_column(x_column, weights_transposed):
    return np.dot(x_column.T, weights_transposed.T).T


@variants.of("test_hidden_input_column", "a table of products, added up with keepdims")
def hidden_input_column(x_column, weights_transposed):
    return np.sum(weights_transposed * x_column.T, axis=1, keepdims=True)


@variants.of("test_hidden_input_column", "a loop over the hidden units")
def hidden_input_column(x_column, weights_transposed):
    sums = []
    for row in weights_transposed:
        sums.append([sum(row[i] * x_column[i][0] for i in range(len(row)))])
    return np.array(sums)


# --- forward ------------------------------------------------------------------------------------


@variants.of("test_forward", "matmul and named sums")
def forward(x, weights_input_hidden, weights_hidden_output):
    hidden_in = x @ weights_input_hidden
    hidden_output = sigmoid(hidden_in)
    output_in = hidden_output @ weights_hidden_output
    return hidden_output, sigmoid(output_in)


@variants.of("test_forward", "in columns, flattened at the end")
def forward(x, weights_input_hidden, weights_hidden_output):
    hidden = sigmoid(hidden_input_column(column_vector(x), weights_input_hidden.T))
    output = sigmoid(hidden_input_column(hidden, weights_hidden_output.T))
    return hidden.ravel(), output.ravel()


@variants.of("test_forward", "unit by unit, returned as lists")
def forward(x, weights_input_hidden, weights_hidden_output):
    def layer(values, weights):
        n_units = len(weights[0])
        return [
            float(sigmoid(sum(values[i] * weights[i][j] for i in range(len(values)))))
            for j in range(n_units)
        ]

    hidden_output = layer(x, weights_input_hidden)
    return [hidden_output, layer(hidden_output, weights_hidden_output)]


@variants.of("test_forward", "einsum and tanh for the sigmoid")
def forward(x, weights_input_hidden, weights_hidden_output):
    hidden_output = 0.5 + 0.5 * np.tanh(np.einsum("i,ij->j", x, weights_input_hidden) / 2)
    output = 0.5 + 0.5 * np.tanh(np.einsum("j,jk->k", hidden_output, weights_hidden_output) / 2)
    return hidden_output, output


@variants.of("test_forward", "a loop over the layers")
def forward(x, weights_input_hidden, weights_hidden_output):
    outputs = [np.asarray(x, dtype=float)]
    for weights in (weights_input_hidden, weights_hidden_output):
        outputs.append(1.0 / (1.0 + np.exp(-np.matmul(outputs[-1], weights))))
    return outputs[1], outputs[2]


# --- forward_batch ------------------------------------------------------------------------------


@variants.of("test_forward_batch", "the same two lines as for one record")
def forward_batch(features, weights_input_hidden, weights_hidden_output):
    hidden_output = sigmoid(np.dot(features, weights_input_hidden))
    return hidden_output, sigmoid(np.dot(hidden_output, weights_hidden_output))


@variants.of("test_forward_batch", "a loop over the records, stacked")
def forward_batch(features, weights_input_hidden, weights_hidden_output):
    rows = [forward(x, weights_input_hidden, weights_hidden_output) for x in features]
    return np.array([row[0] for row in rows]), np.array([row[1] for row in rows])


@variants.of("test_forward_batch", "einsum")
def forward_batch(features, weights_input_hidden, weights_hidden_output):
    hidden_output = sigmoid(np.einsum("ni,ij->nj", features, weights_input_hidden))
    return hidden_output, sigmoid(np.einsum("nj,jk->nk", hidden_output, weights_hidden_output))


@variants.of("test_forward_batch", "records as columns inside, turned back at the end")
def forward_batch(features, weights_input_hidden, weights_hidden_output):
    hidden = sigmoid(weights_input_hidden.T @ features.T)
    output = sigmoid(weights_hidden_output.T @ hidden)
    return hidden.T, output.T


@variants.of("test_forward_batch", "filled row by row")
def forward_batch(features, weights_input_hidden, weights_hidden_output):
    n_records = len(features)
    hidden_output = np.empty((n_records, weights_input_hidden.shape[1]))
    output = np.empty((n_records, weights_hidden_output.shape[1]))
    for i in range(n_records):
        hidden_output[i] = sigmoid(np.dot(features[i], weights_input_hidden))
        output[i] = sigmoid(np.dot(hidden_output[i], weights_hidden_output))
    return hidden_output, output
