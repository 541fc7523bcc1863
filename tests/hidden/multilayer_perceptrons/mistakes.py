"""Mistakes of the assignment `multilayer_perceptrons`: what a mistaken student computes.

Misconceptions that other assignments share are in `..misconceptions`; those of layers, shapes and
start weights are defined here.
"""

import numpy as np
from autograder.checks import Misconception, Mistakes

from ..misconceptions import (
    ARGUMENT_CHANGED,
    DOT_TRANSPOSED,
    ELEMENTWISE_FOR_DOT,
    EXTRA_DIMENSION,
    HIDDEN_SIGMOID_MISSING,
    INPUTS_LEFT_OUT,
    UNITS_MIXED_UP,
    WRONG_WEIGHT_MATRIX,
)
from .reference import sigmoid

mistakes = Mistakes()

SPREAD_NOT_SCALED = Misconception(
    name="spread-not-scaled",
    words=(
        "You draw every weight with the same fixed spread. The spread must shrink when a unit has "
        "more inputs, or its sum grows until the sigmoid is flat."
    ),
    hints=(
        "The shape and the mean are right; the spread is not, and it does not change with the "
        "number of inputs.",
        "A unit with a hundred inputs adds a hundred products. How large does the sum get, if no "
        "weight becomes smaller?",
        "The standard deviation is one over the square root of the number of inputs.",
    ),
)

VARIANCE_FOR_SPREAD = Misconception(
    name="variance-for-spread",
    words=(
        "You hand the variance to the generator where it wants the standard deviation, "
        "so the weights come out too small."
    ),
    hints=(
        "The shape and the mean are right; the weights are too small, and the more so the more "
        "inputs there are.",
        "Which of the two does the second argument of the normal draw mean: the standard "
        "deviation or its square?",
        "One over the number of inputs is the variance. The standard deviation is its square root.",
    ),
)

SPREAD_BY_HIDDEN_UNITS = Misconception(
    name="spread-by-hidden-units",
    words=(
        "You scale the weights by the number of hidden units. What adds up in a unit is its "
        "inputs, so their number counts."
    ),
    hints=(
        "The shape and the mean are right; the spread follows the wrong size. With as many inputs "
        "as hidden units you would not see it.",
        "How many products does one hidden unit add up? Does it matter to that unit how many "
        "neighbours it has?",
        "The standard deviation is one over the square root of the number of inputs.",
    ),
)

SPREAD_INVERTED = Misconception(
    name="spread-inverted",
    words=(
        "You multiply by the square root of the number of inputs where you should divide by it; "
        "the minus in the exponent is lost."
    ),
    hints=(
        "The shape and the mean are right; the weights are far too large, and the more so the "
        "more inputs there are.",
        "Should the weights grow or shrink when more inputs are added to one sum?",
        "The exponent is minus one half: one divided by the square root of the number of inputs.",
    ),
)

WEIGHTS_TRANSPOSED = Misconception(
    name="weights-transposed",
    words=(
        "Your weight matrix lies on its side: a row for each hidden unit. "
        "In this course the rows belong to the inputs and the columns to the hidden units."
    ),
    hints=(
        "The shape has the right two numbers in the wrong order.",
        "In the weight with the indices i and j, which one names the row? Does the line come from "
        "i or lead to i?",
        "The first index is the input that the line comes from, the second the hidden unit that "
        "it leads to: as many rows as inputs, as many columns as hidden units.",
    ),
)

WEIGHTS_NOT_CENTRED = Misconception(
    name="weights-not-centred",
    words=(
        "All your start weights are positive. They should lie around zero, "
        "as many below it as above."
    ),
    hints=(
        "The shape is right, but the mean of the weights is far from zero.",
        "From which range does your draw take its numbers? Can one of them be negative?",
        "A normal distribution with mean zero gives both signs equally often. A draw between "
        "zero and one, or an absolute value, does not; use the generator's normal draw and leave "
        "the signs as they are.",
    ),
)

UNIFORM_FOR_NORMAL = Misconception(
    name="uniform-for-normal",
    words=(
        "You draw evenly from an interval. The exercise asks for a normal distribution, "
        "where small weights are frequent and large ones rare."
    ),
    hints=(
        "Shape and mean are right, but the weights are spread in another way: none lies beyond a "
        "sharp border.",
        "What would a histogram of your weights look like, a flat box or a bell?",
        "Draw from a normal distribution with mean zero and a standard deviation of one over the "
        "square root of the number of inputs.",
    ),
)

GENERATOR_IGNORED = Misconception(
    name="generator-ignored",
    words=(
        "You draw from NumPy's global generator and leave the one that was handed in untouched, "
        "so nobody can repeat your run."
    ),
    hints=(
        "Shape and spread can be right, but your numbers do not depend on the state of the "
        "generator that is handed in.",
        "Which of the three arguments does your code never use?",
        "Call the normal draw as a method of the generator that is handed in, not as a function "
        "of the random module.",
    ),
)

GENERATOR_RESEEDED = Misconception(
    name="generator-reseeded",
    words=(
        "You make a generator of your own with a fixed seed, so every layer of every network "
        "starts with the same numbers."
    ),
    hints=(
        "Shape and spread can be right, but whatever generator is handed in, the same numbers "
        "come out.",
        "If two layers had the same sizes, how would their start weights differ in your code?",
        "The caller chooses the seed, once, outside. Draw from the generator that is handed in "
        "and make no other.",
    ),
)

UNITS_START_ALIKE = Misconception(
    name="units-start-alike",
    words=(
        "All the hidden units start with the same weights. They then compute the same, learn the "
        "same and remain copies of each other for ever."
    ),
    hints=(
        "The shape is right, but the columns are copies of one another, or all the numbers are "
        "the same.",
        "Two units with equal weights see the same inputs. What could ever make them different?",
        "Every connection gets a random number of its own: as many draws as there are inputs "
        "times hidden units.",
    ),
)

SIGMOID_TOO_EARLY = Misconception(
    name="sigmoid-too-early",
    words=(
        "You return the sigmoid of the sums. This exercise asks for what goes into the hidden "
        "units, not for what comes out of them."
    ),
    hints=(
        "The shape is right, but all your numbers lie between 0 and 1, and none is negative.",
        "Is the result of this function still to be handed to a sigmoid, or has that been done?",
        "The input of a hidden unit is the weighted sum of all inputs and nothing more. The "
        "sigmoid comes in a later exercise.",
    ),
)

RESHAPED_NOT_TRANSPOSED = Misconception(
    name="reshaped-not-transposed",
    words=(
        "You use reshape to turn the matrix round. It gives the right shape but deals the numbers "
        "out in another order."
    ),
    hints=(
        "The shape is right and the numbers are wrong in no simple way: weights have come to "
        "stand in places that are not theirs.",
        "Write down a small table of two rows and three columns. Where does its second entry go "
        "under reshape, and where under the transpose?",
        "The transpose exchanges rows and columns; reshape only reads the numbers line by line "
        "and breaks the lines elsewhere.",
    ),
)

SUMMED_OVER_UNITS = Misconception(
    name="summed-over-units",
    words=(
        "You add up along the wrong axis, over the hidden units. Each unit keeps a sum of its "
        "own; the sum runs over the inputs."
    ),
    hints=(
        "The shape is wrong: there is one number for each input, or a single number for the "
        "whole layer.",
        "Which index does the sum in the formula run over? Which axis of the table of products "
        "is that?",
        "For each hidden unit, add the products of all the inputs with the weights in the unit's "
        "column. The input index goes away, the unit's index stays.",
    ),
)

MEAN_FOR_SUM = Misconception(
    name="mean-for-sum",
    words="You average the products instead of adding them up.",
    hints=(
        "Every number is too small by the same factor, and the factor is the number of inputs.",
        "Does the formula of the hidden input divide by anything?",
        "A unit adds what arrives: each input times its weight, all of them, without dividing. "
        "Averages come in elsewhere, when the steps of many records are put together.",
    ),
)

TRANSPOSE_OF_A_VECTOR = Misconception(
    name="transpose-of-a-vector",
    words=(
        "You expect the transpose to stand a vector up. An array with a single axis has nothing "
        "to exchange, so .T gives it back as it was."
    ),
    hints=(
        "The numbers are right, but your result still has one axis where two are asked.",
        "Print the shape before and after the line that should make the column. Did anything "
        "change?",
        "A column is a table with one column: give the array a second axis of length one behind "
        "the first, or wrap it into a table with one row and transpose that.",
    ),
)

ROW_FOR_COLUMN = Misconception(
    name="row-for-column",
    words=(
        "You made a table with a single row. A column has one row for each entry; "
        "the new axis belongs behind the old one."
    ),
    hints=(
        "The numbers are right and there are two axes, but their lengths are the wrong way round.",
        "In a shape, which number counts the rows and which the columns? Which of them should "
        "be one?",
        "Put the new axis last instead of first, or transpose the table with one row: now that "
        "it has two axes, the transpose does something.",
    ),
)

COLUMN_BROADCAST = Misconception(
    name="column-broadcast",
    words=(
        "You combine the vector with a ready column of zeros or ones. NumPy stretches both to a "
        "square table instead of filling the column."
    ),
    hints=(
        "The result has as many columns as rows, where one column is asked.",
        "What does NumPy do with a column and a vector when you add or multiply them?",
        "Do not compute with the vector at all: only its shape changes. Give it a second axis of "
        "length one behind the first.",
    ),
)

ORDER_LOST = Misconception(
    name="order-lost",
    words=(
        "Your column holds the right numbers in another order. "
        "A column vector is the same vector, standing up."
    ),
    hints=(
        "The shape is right and so are the numbers, but they do not stand where they belong.",
        "Which function on the way sorts, turns round or sifts the entries? What would happen to "
        "two equal entries there?",
        "The first entry stays at the top and the last one at the bottom. Only the shape "
        "changes: one row for each entry, one column.",
    ),
)

OUTPUT_SIGMOID_MISSING = Misconception(
    name="output-sigmoid-missing",
    words=(
        "The hidden layer is right, but the output layer hands out its weighted sum without "
        "a sigmoid."
    ),
    hints=(
        "The shapes and the hidden output are right; the output can be negative or larger than 1.",
        "What do the hidden units do with their sums? Is an output unit any different in this "
        "network?",
        "Both layers do the same two things: a weighted sum of what comes in, then the sigmoid "
        "of it.",
    ),
)

SIGMOID_TWICE = Misconception(
    name="sigmoid-twice",
    words=(
        "The sigmoid is applied to the hidden layer twice, so its values are squeezed together "
        "between a half and three quarters."
    ),
    hints=(
        "The shapes are right, but values that should be spread between 0 and 1 lie in a narrow "
        "band above one half.",
        "Between a hidden unit's sum and the output layer's weights, how often does your code "
        "call the sigmoid?",
        "Once for each layer: the sum, the sigmoid, and what comes out goes straight into the "
        "next layer's sum.",
    ),
)

HIDDEN_INPUT_RETURNED = Misconception(
    name="hidden-input-returned",
    words=(
        "You return the hidden units' sums in the place of their outputs. Inside you computed "
        "both; the names are easily confused."
    ),
    hints=(
        "The second result is right. The first has the right shape, but some of its numbers lie "
        "outside of 0 and 1.",
        "Which variable holds the hidden values before the sigmoid, and which one after it?",
        "The first result is the sigmoid of the hidden units' weighted sums: just what you hand "
        "to the output layer.",
    ),
)

RESULTS_SWAPPED = Misconception(
    name="results-swapped",
    words="Both results are right but stand in the wrong order.",
    hints=(
        "Each of the two has the shape that the other one should have.",
        "Read the docstring again: which one is returned first? How many hidden units are there, "
        "and how many outputs?",
        "The hidden output comes first and has one number for each hidden unit. The output of "
        "the network comes second and has one number for each output unit.",
    ),
)

ONE_RESULT_RETURNED = Misconception(
    name="one-result-returned",
    words=(
        "You return only the network's output. The hidden output is asked as well; "
        "training will need it."
    ),
    hints=(
        "One array comes back where two are asked.",
        "What does the docstring promise to return, and in which order?",
        "Return the two arrays side by side, separated by a comma: first the output of the "
        "hidden layer, then the output of the network. Whoever calls the function can then take "
        "them apart.",
    ),
)

SOFTMAX_AT_OUTPUT = Misconception(
    name="softmax-at-output",
    words=(
        "You make the outputs add up to one, as a softmax does. In this network each output unit "
        "has a sigmoid of its own."
    ),
    hints=(
        "Shapes and hidden output are right, and your outputs lie between 0 and 1, but they "
        "always add up to one.",
        "If the weights of one output unit change, should the other outputs change too?",
        "Each output is the sigmoid of its own weighted sum. It knows nothing of its neighbours.",
    ),
)

RECORDS_LEFT_OUT = Misconception(
    name="records-left-out",
    words=(
        "Only one record of the batch comes back: the others are never used, or each pass of a "
        "loop overwrites the one before."
    ),
    hints=(
        "The axis of the records is missing: you return one row where there should be a row for "
        "each record.",
        "What does your result variable hold after the second record? Where has the first one "
        "gone?",
        "Hand the whole table to the matrix product, or collect the rows of a loop in a list and "
        "return all of them. Each record has its own row.",
    ),
)

RECORDS_AVERAGED = Misconception(
    name="records-averaged",
    words=(
        "You average over the records. A forward pass makes a prediction for each record; "
        "averages belong to the training step."
    ),
    hints=(
        "The axis of the records is missing, or all rows are the same.",
        "Five people apply. How many predictions do you want?",
        "Every row of the table goes through the network for itself. The number of rows stays "
        "the same from the features to the hidden outputs and on to the outputs.",
    ),
)

BATCH_TRANSPOSED = Misconception(
    name="batch-transposed",
    words=(
        "Your records stand in columns. The course keeps one record in each row, "
        "before and after the network."
    ),
    hints=(
        "The numbers are right, but the shapes are the wrong way round.",
        "How many rows has the table of features, and what does a row stand for? What should a "
        "row of your result stand for?",
        "The table of records stands to the left of the weight matrix, so the records remain the "
        "rows. If you work with columns inside, turn the results round before you return them.",
    ),
)

RECORDS_RUN_TOGETHER = Misconception(
    name="records-run-together",
    words=(
        "The rows of the batch are strung together to one long vector, "
        "so nobody can tell the records apart."
    ),
    hints=(
        "The numbers are right, and so is how many there are, but one axis is missing.",
        "After your function, which numbers belong to the third record? How would a reader know?",
        "Keep a row for each record: stack the rows on top of each other instead of joining them "
        "end to end, and do not flatten the table.",
    ),
)


# --- init_weights -------------------------------------------------------------------------------


@mistakes.of("test_init_weights", SPREAD_NOT_SCALED, "standard normal numbers as they are")
def init_weights(n_inputs, n_hidden, rng):
    return rng.normal(size=(n_inputs, n_hidden))


@mistakes.of("test_init_weights", SPREAD_NOT_SCALED, "0.1 from the worked example")
def init_weights(n_inputs, n_hidden, rng):
    return rng.normal(0.0, 0.1, size=(n_inputs, n_hidden))


@mistakes.of("test_init_weights", VARIANCE_FOR_SPREAD)
def init_weights(n_inputs, n_hidden, rng):
    return rng.normal(0.0, 1 / n_inputs, size=(n_inputs, n_hidden))


@mistakes.of("test_init_weights", SPREAD_BY_HIDDEN_UNITS)
def init_weights(n_inputs, n_hidden, rng):
    return rng.normal(0.0, n_hidden**-0.5, size=(n_inputs, n_hidden))


@mistakes.of("test_init_weights", SPREAD_INVERTED)
def init_weights(n_inputs, n_hidden, rng):
    return rng.normal(0.0, n_inputs**0.5, size=(n_inputs, n_hidden))


@mistakes.of("test_init_weights", WEIGHTS_TRANSPOSED)
def init_weights(n_inputs, n_hidden, rng):
    return rng.normal(0.0, n_inputs**-0.5, size=(n_hidden, n_inputs))


@mistakes.of("test_init_weights", WEIGHTS_NOT_CENTRED, "numbers between zero and one")
def init_weights(n_inputs, n_hidden, rng):
    return rng.random(size=(n_inputs, n_hidden)) * n_inputs**-0.5


@mistakes.of("test_init_weights", WEIGHTS_NOT_CENTRED, "absolute values")
def init_weights(n_inputs, n_hidden, rng):
    return np.abs(rng.normal(0.0, n_inputs**-0.5, size=(n_inputs, n_hidden)))


@mistakes.of("test_init_weights", UNIFORM_FOR_NORMAL, "an interval of the wrong width")
def init_weights(n_inputs, n_hidden, rng):
    return rng.uniform(-(n_inputs**-0.5), n_inputs**-0.5, size=(n_inputs, n_hidden))


@mistakes.of("test_init_weights", UNIFORM_FOR_NORMAL, "an interval with the right spread")
def init_weights(n_inputs, n_hidden, rng):
    bound = (3 / n_inputs) ** 0.5
    return rng.uniform(-bound, bound, size=(n_inputs, n_hidden))


@mistakes.of("test_init_weights", GENERATOR_IGNORED, "NumPy's global generator, seeded here")
def init_weights(n_inputs, n_hidden, rng):
    np.random.seed(1)
    return np.random.normal(0.0, n_inputs**-0.5, size=(n_inputs, n_hidden))


@mistakes.of("test_init_weights", GENERATOR_RESEEDED)
def init_weights(n_inputs, n_hidden, rng):
    rng = np.random.default_rng(42)
    return rng.normal(0.0, n_inputs**-0.5, size=(n_inputs, n_hidden))


@mistakes.of("test_init_weights", UNITS_START_ALIKE, "one column, copied")
def init_weights(n_inputs, n_hidden, rng):
    column = rng.normal(0.0, n_inputs**-0.5, size=(n_inputs, 1))
    return np.repeat(column, n_hidden, axis=1)


@mistakes.of("test_init_weights", UNITS_START_ALIKE, "all zero")
def init_weights(n_inputs, n_hidden, rng):
    return np.zeros((n_inputs, n_hidden))


# --- hidden_input -------------------------------------------------------------------------------


@mistakes.of("test_hidden_input", ELEMENTWISE_FOR_DOT)
def hidden_input(x, weights):
    return x[:, None] * weights


@mistakes.of("test_hidden_input", DOT_TRANSPOSED, "the weights first: shapes not aligned")
def hidden_input(x, weights):
    return np.dot(weights, x)


@mistakes.of("test_hidden_input", SIGMOID_TOO_EARLY)
def hidden_input(x, weights):
    return sigmoid(np.dot(x, weights))


@mistakes.of("test_hidden_input", RESHAPED_NOT_TRANSPOSED)
def hidden_input(x, weights):
    d, m = weights.shape
    return np.dot(weights.reshape(m, d), x)


@mistakes.of("test_hidden_input", UNITS_MIXED_UP, "units counted from one")
def hidden_input(x, weights):
    n_inputs, n_hidden = weights.shape
    h = np.zeros(n_hidden)
    for j in range(n_hidden):
        for i in range(n_inputs):
            h[j] += weights[i, j - 1] * x[i]
    return h


@mistakes.of("test_hidden_input", UNITS_MIXED_UP, "the inputs in reverse order")
def hidden_input(x, weights):
    return np.dot(x[::-1], weights)


@mistakes.of("test_hidden_input", INPUTS_LEFT_OUT, "as many inputs as there are hidden units")
def hidden_input(x, weights):
    n_hidden = weights.shape[1]
    h = np.zeros(n_hidden)
    for j in range(n_hidden):
        for i in range(n_hidden):
            h[j] += weights[i, j] * x[i]
    return h


@mistakes.of("test_hidden_input", INPUTS_LEFT_OUT, "assigned instead of added: the last one counts")
def hidden_input(x, weights):
    n_inputs, n_hidden = weights.shape
    h = np.zeros(n_hidden)
    for j in range(n_hidden):
        for i in range(n_inputs):
            h[j] = weights[i, j] * x[i]
    return h


@mistakes.of("test_hidden_input", SUMMED_OVER_UNITS, "one number for each input")
def hidden_input(x, weights):
    return np.sum(x[:, None] * weights, axis=1)


@mistakes.of("test_hidden_input", SUMMED_OVER_UNITS, "one number for the whole layer")
def hidden_input(x, weights):
    return np.sum(x[:, None] * weights)


@mistakes.of("test_hidden_input", MEAN_FOR_SUM)
def hidden_input(x, weights):
    return np.mean(x[:, None] * weights, axis=0)


@mistakes.of("test_hidden_input", EXTRA_DIMENSION, "a table with one row")
def hidden_input(x, weights):
    return np.dot(np.array(x, ndmin=2), weights)


@mistakes.of("test_hidden_input", EXTRA_DIMENSION, "a column")
def hidden_input(x, weights):
    return np.dot(weights.T, x[:, None])


@mistakes.of("test_hidden_input", ARGUMENT_CHANGED)
def hidden_input(x, weights):
    weights *= x[:, None]
    return weights.sum(axis=0)


# --- column_vector ------------------------------------------------------------------------------


@mistakes.of("test_column_vector", TRANSPOSE_OF_A_VECTOR)
def column_vector(a):
    return np.asarray(a).T


@mistakes.of("test_column_vector", TRANSPOSE_OF_A_VECTOR, "reshape(-1)")
def column_vector(a):
    return np.asarray(a).reshape(-1)


@mistakes.of("test_column_vector", ROW_FOR_COLUMN, "the new axis in front")
def column_vector(a):
    return np.asarray(a)[None, :]


@mistakes.of("test_column_vector", ROW_FOR_COLUMN, "ndmin=2 without the transpose")
def column_vector(a):
    return np.array(a, ndmin=2)


@mistakes.of("test_column_vector", COLUMN_BROADCAST)
def column_vector(a):
    return np.zeros((len(a), 1)) + a


@mistakes.of("test_column_vector", EXTRA_DIMENSION)
def column_vector(a):
    return np.array([a])[:, :, None]


@mistakes.of("test_column_vector", ORDER_LOST, "np.unique sorts")
def column_vector(a):
    return np.unique(a)[:, None]


@mistakes.of("test_column_vector", ORDER_LOST, "turned instead of transposed")
def column_vector(a):
    return np.rot90([a])


@mistakes.of("test_column_vector", ARGUMENT_CHANGED)
def column_vector(a):
    a.shape = (a.size, 1)
    return a


# --- hidden_input_column ------------------------------------------------------------------------


@mistakes.of("test_hidden_input_column", DOT_TRANSPOSED, "the column first: shapes not aligned")
def hidden_input_column(x_column, weights_transposed):
    return np.dot(x_column, weights_transposed)


@mistakes.of("test_hidden_input_column", DOT_TRANSPOSED, "transposed once more")
def hidden_input_column(x_column, weights_transposed):
    return np.dot(weights_transposed.T, x_column)


@mistakes.of("test_hidden_input_column", ELEMENTWISE_FOR_DOT)
def hidden_input_column(x_column, weights_transposed):
    return weights_transposed * x_column.T


@mistakes.of("test_hidden_input_column", EXTRA_DIMENSION)
def hidden_input_column(x_column, weights_transposed):
    return np.dot(weights_transposed, x_column).ravel()


@mistakes.of("test_hidden_input_column", ROW_FOR_COLUMN)
def hidden_input_column(x_column, weights_transposed):
    return np.dot(x_column.T, weights_transposed.T)


@mistakes.of("test_hidden_input_column", SIGMOID_TOO_EARLY)
def hidden_input_column(x_column, weights_transposed):
    return sigmoid(np.dot(weights_transposed, x_column))


@mistakes.of("test_hidden_input_column", RESHAPED_NOT_TRANSPOSED)
def hidden_input_column(x_column, weights_transposed):
    m, d = weights_transposed.shape
    return np.dot(x_column.ravel(), weights_transposed.reshape(d, m))[:, None]


@mistakes.of("test_hidden_input_column", SUMMED_OVER_UNITS)
def hidden_input_column(x_column, weights_transposed):
    return np.sum(weights_transposed * x_column.T, axis=0)[:, None]


@mistakes.of("test_hidden_input_column", MEAN_FOR_SUM)
def hidden_input_column(x_column, weights_transposed):
    return np.mean(weights_transposed * x_column.T, axis=1)[:, None]


# --- forward ------------------------------------------------------------------------------------


@mistakes.of("test_forward", HIDDEN_SIGMOID_MISSING, "no sigmoid in the hidden layer at all")
def forward(x, weights_input_hidden, weights_hidden_output):
    hidden_output = np.dot(x, weights_input_hidden)
    output = sigmoid(np.dot(hidden_output, weights_hidden_output))
    return hidden_output, output


@mistakes.of("test_forward", HIDDEN_SIGMOID_MISSING, "the sums go on to the output layer")
def forward(x, weights_input_hidden, weights_hidden_output):
    hidden_in = np.dot(x, weights_input_hidden)
    hidden_output = sigmoid(hidden_in)
    output = sigmoid(np.dot(hidden_in, weights_hidden_output))
    return hidden_output, output


@mistakes.of("test_forward", OUTPUT_SIGMOID_MISSING)
def forward(x, weights_input_hidden, weights_hidden_output):
    hidden_output = sigmoid(np.dot(x, weights_input_hidden))
    return hidden_output, np.dot(hidden_output, weights_hidden_output)


@mistakes.of("test_forward", SIGMOID_TWICE, "once more before the output layer")
def forward(x, weights_input_hidden, weights_hidden_output):
    hidden_output = sigmoid(np.dot(x, weights_input_hidden))
    output = sigmoid(np.dot(sigmoid(hidden_output), weights_hidden_output))
    return hidden_output, output


@mistakes.of("test_forward", SIGMOID_TWICE, "twice in the hidden layer")
def forward(x, weights_input_hidden, weights_hidden_output):
    hidden_output = sigmoid(sigmoid(np.dot(x, weights_input_hidden)))
    return hidden_output, sigmoid(np.dot(hidden_output, weights_hidden_output))


@mistakes.of("test_forward", WRONG_WEIGHT_MATRIX, "the second matrix is not used")
def forward(x, weights_input_hidden, weights_hidden_output):
    hidden_output = sigmoid(np.dot(x, weights_input_hidden))
    return hidden_output, sigmoid(hidden_output)


@mistakes.of("test_forward", WRONG_WEIGHT_MATRIX, "the first matrix is used twice")
def forward(x, weights_input_hidden, weights_hidden_output):
    hidden_output = sigmoid(np.dot(x, weights_input_hidden))
    return hidden_output, sigmoid(np.dot(hidden_output, weights_input_hidden))


@mistakes.of("test_forward", ELEMENTWISE_FOR_DOT)
def forward(x, weights_input_hidden, weights_hidden_output):
    hidden_output = sigmoid(np.dot(x, weights_input_hidden))
    return hidden_output, sigmoid(hidden_output[:, None] * weights_hidden_output)


@mistakes.of("test_forward", DOT_TRANSPOSED)
def forward(x, weights_input_hidden, weights_hidden_output):
    hidden_output = sigmoid(np.dot(x, weights_input_hidden))
    return hidden_output, sigmoid(np.dot(weights_hidden_output, hidden_output))


@mistakes.of("test_forward", HIDDEN_INPUT_RETURNED)
def forward(x, weights_input_hidden, weights_hidden_output):
    hidden_in = np.dot(x, weights_input_hidden)
    return hidden_in, sigmoid(np.dot(sigmoid(hidden_in), weights_hidden_output))


@mistakes.of("test_forward", RESULTS_SWAPPED)
def forward(x, weights_input_hidden, weights_hidden_output):
    hidden_output = sigmoid(np.dot(x, weights_input_hidden))
    output = sigmoid(np.dot(hidden_output, weights_hidden_output))
    return output, hidden_output


@mistakes.of("test_forward", ONE_RESULT_RETURNED)
def forward(x, weights_input_hidden, weights_hidden_output):
    hidden_output = sigmoid(np.dot(x, weights_input_hidden))
    return sigmoid(np.dot(hidden_output, weights_hidden_output))


@mistakes.of("test_forward", EXTRA_DIMENSION)
def forward(x, weights_input_hidden, weights_hidden_output):
    hidden_output = sigmoid(np.dot(x[None, :], weights_input_hidden))
    return hidden_output, sigmoid(np.dot(hidden_output, weights_hidden_output))


@mistakes.of("test_forward", SOFTMAX_AT_OUTPUT)
def forward(x, weights_input_hidden, weights_hidden_output):
    hidden_output = sigmoid(np.dot(x, weights_input_hidden))
    exponentials = np.exp(np.dot(hidden_output, weights_hidden_output))
    return hidden_output, exponentials / exponentials.sum()


@mistakes.of("test_forward", RESHAPED_NOT_TRANSPOSED)
def forward(x, weights_input_hidden, weights_hidden_output):
    m, k = weights_hidden_output.shape
    hidden_output = sigmoid(np.dot(x, weights_input_hidden))
    return hidden_output, sigmoid(np.dot(weights_hidden_output.reshape(k, m), hidden_output))


# --- forward_batch ------------------------------------------------------------------------------


@mistakes.of("test_forward_batch", HIDDEN_SIGMOID_MISSING)
def forward_batch(features, weights_input_hidden, weights_hidden_output):
    hidden_output = np.dot(features, weights_input_hidden)
    return hidden_output, sigmoid(np.dot(hidden_output, weights_hidden_output))


@mistakes.of("test_forward_batch", OUTPUT_SIGMOID_MISSING)
def forward_batch(features, weights_input_hidden, weights_hidden_output):
    hidden_output = sigmoid(np.dot(features, weights_input_hidden))
    return hidden_output, np.dot(hidden_output, weights_hidden_output)


@mistakes.of("test_forward_batch", SIGMOID_TWICE)
def forward_batch(features, weights_input_hidden, weights_hidden_output):
    hidden_output = sigmoid(np.dot(features, weights_input_hidden))
    return hidden_output, sigmoid(np.dot(sigmoid(hidden_output), weights_hidden_output))


@mistakes.of("test_forward_batch", WRONG_WEIGHT_MATRIX)
def forward_batch(features, weights_input_hidden, weights_hidden_output):
    hidden_output = sigmoid(np.dot(features, weights_input_hidden))
    return hidden_output, sigmoid(hidden_output)


@mistakes.of("test_forward_batch", DOT_TRANSPOSED)
def forward_batch(features, weights_input_hidden, weights_hidden_output):
    hidden_output = sigmoid(np.dot(weights_input_hidden, features))
    return hidden_output, sigmoid(np.dot(weights_hidden_output, hidden_output))


@mistakes.of("test_forward_batch", RECORDS_LEFT_OUT, "only the first record")
def forward_batch(features, weights_input_hidden, weights_hidden_output):
    hidden_output = sigmoid(np.dot(features[0], weights_input_hidden))
    return hidden_output, sigmoid(np.dot(hidden_output, weights_hidden_output))


@mistakes.of("test_forward_batch", RECORDS_LEFT_OUT, "the loop keeps only the last record")
def forward_batch(features, weights_input_hidden, weights_hidden_output):
    for x in features:
        hidden_output = sigmoid(np.dot(x, weights_input_hidden))
        output = sigmoid(np.dot(hidden_output, weights_hidden_output))
    return hidden_output, output


@mistakes.of("test_forward_batch", RECORDS_LEFT_OUT, "returns within the loop")
def forward_batch(features, weights_input_hidden, weights_hidden_output):
    hidden_outputs, outputs = [], []
    for x in features:
        hidden_outputs.append(sigmoid(np.dot(x, weights_input_hidden)))
        outputs.append(sigmoid(np.dot(hidden_outputs[-1], weights_hidden_output)))
        return np.array(hidden_outputs), np.array(outputs)


@mistakes.of("test_forward_batch", RECORDS_AVERAGED, "the features are averaged first")
def forward_batch(features, weights_input_hidden, weights_hidden_output):
    x = np.mean(features, axis=0)
    hidden_output = sigmoid(np.dot(x, weights_input_hidden))
    return hidden_output, sigmoid(np.dot(hidden_output, weights_hidden_output))


@mistakes.of("test_forward_batch", RECORDS_AVERAGED, "the results are averaged at the end")
def forward_batch(features, weights_input_hidden, weights_hidden_output):
    hidden_output = sigmoid(np.dot(features, weights_input_hidden))
    output = sigmoid(np.dot(hidden_output, weights_hidden_output))
    return hidden_output.mean(axis=0), output.mean(axis=0)


@mistakes.of("test_forward_batch", BATCH_TRANSPOSED)
def forward_batch(features, weights_input_hidden, weights_hidden_output):
    hidden_output = sigmoid(np.dot(weights_input_hidden.T, features.T))
    return hidden_output, sigmoid(np.dot(weights_hidden_output.T, hidden_output))


@mistakes.of("test_forward_batch", RECORDS_RUN_TOGETHER)
def forward_batch(features, weights_input_hidden, weights_hidden_output):
    hidden_output = sigmoid(np.dot(features, weights_input_hidden))
    output = sigmoid(np.dot(hidden_output, weights_hidden_output))
    return hidden_output.ravel(), output.ravel()


@mistakes.of("test_forward_batch", HIDDEN_INPUT_RETURNED)
def forward_batch(features, weights_input_hidden, weights_hidden_output):
    hidden_in = np.dot(features, weights_input_hidden)
    return hidden_in, sigmoid(np.dot(sigmoid(hidden_in), weights_hidden_output))


@mistakes.of("test_forward_batch", RESULTS_SWAPPED)
def forward_batch(features, weights_input_hidden, weights_hidden_output):
    hidden_output = sigmoid(np.dot(features, weights_input_hidden))
    return sigmoid(np.dot(hidden_output, weights_hidden_output)), hidden_output


@mistakes.of("test_forward_batch", ONE_RESULT_RETURNED)
def forward_batch(features, weights_input_hidden, weights_hidden_output):
    hidden_output = sigmoid(np.dot(features, weights_input_hidden))
    return sigmoid(np.dot(hidden_output, weights_hidden_output))


@mistakes.of("test_forward_batch", EXTRA_DIMENSION, "squeezed: a lone record loses its axis")
def forward_batch(features, weights_input_hidden, weights_hidden_output):
    hidden_output = sigmoid(np.dot(features, weights_input_hidden))
    output = sigmoid(np.dot(hidden_output, weights_hidden_output))
    return np.squeeze(hidden_output), np.squeeze(output)
