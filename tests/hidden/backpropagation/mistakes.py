"""What students with a misconception compute, in the exercises on backpropagation.

Each function stands in for the exercise's function of the same name, as a mistaken student would
write it; the suite must reject it and the diagnosis must name it. Only `np` and names that the
notebook has before that exercise may be used.
"""

import numpy as np

from autograder.checks import Misconception, Mistakes

from ..misconceptions import (
    ACCUMULATOR_NOT_RESET,
    ACCUMULATOR_OVERWRITTEN,
    ACCUMULATORS_AS_WEIGHTS,
    ARGUMENT_CHANGED,
    DIVIDED_TWICE,
    DOT_TRANSPOSED,
    ELEMENTWISE_FOR_DOT,
    ERROR_REVERSED,
    ERROR_SQUARED,
    EXTRA_DIMENSION,
    FACTOR_TWO_KEPT,
    HIDDEN_LAYER_INPUT_WRONG,
    HIDDEN_SIGMOID_MISSING,
    HIDDEN_SLOPE_FORGOTTEN,
    HIDDEN_SLOPE_WRONG,
    HIDDEN_WEIGHTS_FORGOTTEN,
    INPUT_FORGOTTEN,
    INPUTS_LEFT_OUT,
    LEARNING_RATE_FORGOTTEN,
    LEARNING_RATE_TWICE,
    MEAN_FORGOTTEN,
    OUTER_PRODUCT_MISSING,
    OUTPUT_LAYER_INPUT_WRONG,
    OUTPUT_SUM_MISSING,
    RAW_ERROR_SENT_BACK,
    SLOPE_AT_OUTPUT,
    SLOPE_FORGOTTEN,
    SLOPE_MEASURED,
    SLOPE_MISTYPED,
    SLOPE_OF_ERROR_OR_TARGET,
    START_IGNORED,
    STEP_SUBTRACTED,
    STEP_TRANSPOSED,
    STEPS_SWAPPED,
    SUMMED_OVER_HIDDEN,
    UNITS_MIXED_UP,
    UPDATED_INSIDE_LOOP,
    WEIGHTS_UPDATED_TOO_EARLY,
    WRONG_COUNT,
    WRONG_WEIGHT_MATRIX,
)
from .reference import sigmoid, sigmoid_prime

mistakes = Mistakes()

# --- Misconceptions that belong to these exercises only ------------------------------------------

OUTPUTS_ADDED_UP = Misconception(
    name="outputs-added-up",
    words=(
        "You add the error terms of all the outputs to one number. "
        "Each output keeps its own; adding comes later, on the way back to a hidden unit."
    ),
    hints=(
        "With one output your answer is right; with several, one number comes out for all of them.",
        (
            "Two outputs, one too high and one too low by the same amount: what does your sum tell "
            "the weights of the two?"
        ),
        (
            "Take the error and the slope output by output and multiply them in pairs. "
            "The result has the shape of the outputs; nothing is added up."
        ),
    ),
)

OUTPUTS_AVERAGED = Misconception(
    name="outputs-averaged",
    words=(
        "You average over the outputs where the chain rule adds. "
        "Every path from a hidden unit to an output counts in full."
    ),
    hints=(
        (
            "The shape and the signs are right. Every number is too small by the same factor, and "
            "that factor is the number of outputs."
        ),
        (
            "When a hidden unit moves, it moves E once through every output. Are these changes of E "
            "averaged, or do they add up?"
        ),
        (
            "Sum over the outputs: weight to the output times that output's error term. Means are "
            "taken over records, never over outputs."
        ),
    ),
)

OTHER_LAYERS_ERROR_TERM = Misconception(
    name="other-layers-error-term",
    words=(
        "You build the step of one layer with the error term of the other. "
        "The term belongs to the unit at the end of the line."
    ),
    hints=(
        "One of the two steps is right; the other one has the wrong numbers or the wrong shape.",
        (
            "Put your finger on one weight in a drawing of the network. Which unit does its line "
            "lead into, and which of the two error terms is that unit's?"
        ),
        (
            "Weights into the hidden layer use the hidden error terms, weights into the output use "
            "the output's error term; each is multiplied by the learning rate and by the value at "
            "the beginning of the line."
        ),
    ),
)

STEPS_RETURNED = Misconception(
    name="steps-returned",
    words="You return the changes of the weights, but the new weights are asked.",
    hints=(
        "Your numbers are the right ones minus the weights that were handed in.",
        (
            "Read the last line of the docstring again: is it the way to go that is asked, or the "
            "place where one arrives?"
        ),
        (
            "The new weights of a layer are its old weights plus its step. "
            "Do that for both layers, and return the two sums."
        ),
    ),
)

OUTPUT_SIGMOID_MISSING = Misconception(
    name="output-sigmoid-missing",
    words=(
        "You take the output unit's weighted sum for its output. "
        "In this network the output unit has a sigmoid too."
    ),
    hints=(
        "The hidden layer is right. The prediction is not: it can be negative or larger than 1.",
        (
            "The prediction stands for something between no and yes. "
            "Which function keeps it between 0 and 1, and where do you call it?"
        ),
        (
            "The output is the sigmoid of the hidden outputs times the weights to the output, "
            "added up. The slope in the error term is the slope of just that sigmoid."
        ),
    ),
)

SIGMOID_TWICE = Misconception(
    name="sigmoid-twice",
    words="You send the hidden layer's values through the sigmoid twice.",
    hints=(
        "All your hidden values lie between a half and three quarters, whatever comes in.",
        (
            "How often does the word sigmoid occur between the inputs and the output? "
            "And how many layers of units are there?"
        ),
        (
            "Each layer applies the sigmoid exactly once, to its weighted sums. The output layer "
            "then takes the hidden outputs as they are and forms its own sum."
        ),
    ),
)

SLOPE_FOR_SIGMOID = Misconception(
    name="slope-for-sigmoid",
    words="You use the slope of the sigmoid on the way forward, where the sigmoid itself belongs.",
    hints=(
        "The shapes are right, but none of your values is larger than a quarter.",
        (
            "What does a unit pass on to the next layer: how strongly it responds, or how fast its "
            "response would change?"
        ),
        (
            "Forward: weighted sum, then the sigmoid, in both layers. "
            "The slope is needed only on the way back, to turn an error into an error term."
        ),
    ),
)

RESULTS_SWAPPED = Misconception(
    name="results-swapped",
    words="You return the two results in the wrong order.",
    hints=(
        "Both shapes are wrong, and each would be right in the other place.",
        "Which of the two does the docstring name first: the hidden layer's values or the output?",
        (
            "The first result is the table of the hidden units' outputs, one row for each record. "
            "The second one is the list of the network's outputs, one number for each record."
        ),
    ),
)

ONE_LAYER_UPDATED = Misconception(
    name="one-layer-updated",
    words="You change one layer only. Both layers learn, each by its own step.",
    hints=(
        "One of the two results is right; the other is just what was handed in.",
        "Which of your arguments, or which part of the steps, does your code never use?",
        (
            "Each layer's new weights are its old weights plus the learning rate times its own "
            "step. Two layers, two steps, two new arrays."
        ),
    ),
)

EPOCHS_MISCOUNTED = Misconception(
    name="epochs-miscounted",
    words="You train for one epoch too many or too few.",
    hints=(
        "Your weights are those that the right training has one epoch earlier or later.",
        (
            "How often does the body of your loop run when the number of epochs is 0, and how often "
            "when it is 1? Count it on your fingers."
        ),
        (
            "The loop runs exactly as often as the number of epochs says. With 0 epochs it does not "
            "run at all, and the weights of the start are returned."
        ),
    ),
)

TRAINED_ONCE = Misconception(
    name="trained-once",
    words="Your training stops after its first epoch, because the return stands inside the loop.",
    hints=(
        "After one epoch your weights are right. After more epochs they are still the same.",
        (
            "What happens to a loop when Python meets a return in it? "
            "How far is your return line indented?"
        ),
        (
            "The loop does forward pass, backward pass and update, again and again. "
            "The weights are returned behind the loop, once, after the last epoch."
        ),
    ),
)

UPDATE_THROWN_AWAY = Misconception(
    name="update-thrown-away",
    words="You compute the new weights and do not keep them, so every epoch starts from the old ones.",
    hints=(
        "After several epochs the weights are where an earlier epoch left them, or have not moved.",
        (
            "update_weights returns new arrays and leaves yours alone. "
            "Which names hold the new ones, and does the next epoch use these names?"
        ),
        (
            "In each epoch, assign both arrays that the update returns to the names that the "
            "forward pass and the backward pass will read in the next epoch."
        ),
    ),
)

FORWARD_NOT_REPEATED = Misconception(
    name="forward-not-repeated",
    words=(
        "You make the forward pass once, before the loop, and train on with those old predictions."
    ),
    hints=(
        "After one epoch your weights are right; from the second on they drift away.",
        (
            "When the weights have changed, are the predictions still the same? "
            "Where in your code are they computed again?"
        ),
        (
            "Each epoch begins with a forward pass through the present weights. "
            "Then follow the backward pass and the update, all three inside the loop."
        ),
    ),
)

LAST_RECORD_ONLY = Misconception(
    name="last-record-only",
    words="You judge the network by a single record. The loss is a mean over all of them.",
    hints=(
        "For a table of one record your answer is right; for more, the other records have no part.",
        (
            "Change the target of the first record. Should the loss change? "
            "Does yours, or was the variable left over from the end of a loop?"
        ),
        (
            "Send the whole table forward, square every record's error, and take the mean over all "
            "the records."
        ),
    ),
)

SUM_FOR_MEAN = Misconception(
    name="sum-for-mean",
    words="You add up the squared errors but do not divide by the number of records.",
    hints=(
        "Your number is too large by a factor, and that factor is the number of records.",
        ("Suppose every record stood in the table twice. Is the network then twice as bad?"),
        (
            "The mean squared error is the sum of all the squared errors divided by how many there "
            "are; so it can be compared between tables of different length."
        ),
    ),
)

HALF_IN_LOSS = Misconception(
    name="half-in-loss",
    words="You halve the mean squared error. The ½ belongs to E, which is differentiated.",
    hints=(
        "Your number is exactly half of what is asked.",
        "What was the ½ in E good for? Does anybody differentiate the loss of this exercise?",
        (
            "The mean squared error is just what its name says: the mean of the squares of target "
            "minus output, over all the records, with no factor in front."
        ),
    ),
)

SQUARED_TOO_LATE = Misconception(
    name="squared-too-late",
    words="You take the mean of the errors first and square it afterwards.",
    hints=(
        "Your number is too small, because errors of opposite sign cancel each other.",
        (
            "One prediction too high by 0.3, one too low by 0.3: is that network perfect? "
            "What does your formula say about it?"
        ),
        "Square each record's error first. Then take the mean of these squares.",
    ),
)

ERROR_NOT_SQUARED = Misconception(
    name="error-not-squared",
    words="You measure the size of the errors in another way than by their square.",
    hints=(
        "Your number grows with the errors, but it is too large: all errors here are below 1.",
        (
            "What happens to a number between 0 and 1 when it is squared? "
            "Do you square every error, and do you leave the result as it is, without a root?"
        ),
        (
            "Square the difference of target and output for each record, and take the mean of the "
            "squares. No absolute values and no root."
        ),
    ),
)

NOT_ADDED_UP = Misconception(
    name="not-added-up",
    words="You return one number for each record where one number for the whole table is asked.",
    hints=(
        "Your result has the shape of the targets; a single number is asked.",
        (
            "How would you say in one number how the network does on the whole table? "
            "Which NumPy function brings many numbers down to that one?"
        ),
        "Work out the value for every record as you do, then take the mean over all the records.",
    ),
)

BOUNDS_ADDED = Misconception(
    name="bounds-added",
    words="You add or divide where the layers multiply.",
    hints=(
        "For one layer your answer is right; for more layers it is far too large.",
        (
            "Each layer passes on a share of what reaches it, not of what there was at the "
            "beginning. What is a quarter of a quarter?"
        ),
        (
            "The slopes on a path are multiplied, as the chain rule says. "
            "So the bound is a quarter times a quarter and so on, one factor for each layer."
        ),
    ),
)

LAYERS_MISCOUNTED = Misconception(
    name="layers-miscounted",
    words="You count one layer too many or too few.",
    hints=(
        "Every answer is four times too large or four times too small.",
        "What is left after a single layer? Does your formula give that?",
        (
            "There is one factor of a quarter for each sigmoid layer: none for no layer, one for "
            "one, two for two. The number of layers itself is the power."
        ),
    ),
)

HALF_FOR_QUARTER = Misconception(
    name="half-for-quarter",
    words="You use the sigmoid's value at zero, a half, where its slope at zero belongs.",
    hints=(
        "Your bound is too large, and the more so the more layers there are.",
        (
            "At h = 0 the sigmoid is one half. But how steep is it there? "
            "Look at the product of the output and one minus the output."
        ),
        (
            "The steepest slope of the sigmoid is a half times a half. "
            "One such factor for each layer gives the bound."
        ),
    ),
)

LOSS_FOR_REST = Misconception(
    name="loss-for-rest",
    words="You compute the part of the signal that is lost. Asked is the part that is left.",
    hints=(
        "Your answer grows with the number of layers or starts at three quarters; it should shrink.",
        "After a hundred layers, is the number that is asked near 0 or near 1?",
        (
            "The bound is what can be left: a quarter after one layer, a quarter of that after two. "
            "The share that is lost is one minus it."
        ),
    ),
)

SHARE_WRONG = Misconception(
    name="share-wrong",
    words="You count the records on the wrong side. The accuracy counts those that are right.",
    hints=(
        "Your number and the right one add up to 1.",
        "A network that puts every record right: which number does your code give it?",
        (
            "Compare the decision of each record, output above a half or not, with its target. "
            "The accuracy is the share of the records for which the two agree."
        ),
    ),
)

COUNT_FOR_SHARE = Misconception(
    name="count-for-share",
    words="You return a count or a percentage where a share between 0 and 1 is asked.",
    hints=(
        "Your number can be larger than 1; a share cannot.",
        "How many of ten are right if your number says 8? And how many of a thousand?",
        (
            "Divide the number of records that are right by the number of all the records, and "
            "leave it at that: 1 means all of them, 0 none."
        ),
    ),
)

TARGETS_NOT_COMPARED = Misconception(
    name="targets-not-compared",
    words="You count how often the network says yes, whether or not that is right.",
    hints=(
        "Your number does not change when the targets change.",
        "A network that says yes to everybody: should its accuracy be 1?",
        (
            "First decide for each record, yes or no, by whether the output is above a half. "
            "Then compare with the targets, and take the share of the records that agree."
        ),
    ),
)

ONLY_YES_COUNTED = Misconception(
    name="only-yes-counted",
    words="You count only the records with a yes. A no that is right is right as well.",
    hints=(
        "Your number is too small, or it is a share of a part of the records only.",
        (
            "Take a record with target 0 and an output near 0. Is it right? "
            "Does it count in your code, above and below the line?"
        ),
        (
            "A record is right when decision and target agree, both yes or both no. "
            "Divide the number of right ones by the number of all the records."
        ),
    ),
)

THRESHOLD_MISSING = Misconception(
    name="threshold-missing",
    words=(
        "You do not decide at one half: you compare the bare outputs with the targets, or decide "
        "at another point."
    ),
    hints=(
        "The decisions are not made where they should be, so nearly all of them come out alike.",
        (
            "The output of a sigmoid is never exactly 0 or 1 and always above 0. "
            "What does your comparison say to an output of 0.8, and to one of 0.2?"
        ),
        (
            "Decide first: yes if the output is above one half, no otherwise. "
            "Then compare the decisions with the targets, and take the mean."
        ),
    ),
)

# --- backprop_basic: the error term of the output ------------------------------------------------


@mistakes.of("test_output_error_term", SLOPE_FORGOTTEN, "error only")
def output_error_term(target, output):
    return np.asarray(target) - np.asarray(output)


@mistakes.of("test_output_error_term", SLOPE_AT_OUTPUT, "sigmoid_prime of the output")
def output_error_term(target, output):
    return (target - output) * sigmoid_prime(output)


@mistakes.of("test_output_error_term", SLOPE_MISTYPED, "output squared")
def output_error_term(target, output):
    return (target - output) * output * output


@mistakes.of("test_output_error_term", SLOPE_MISTYPED, "divided by one minus the output")
def output_error_term(target, output):
    return (target - output) * output / (1 - output)


@mistakes.of("test_output_error_term", SLOPE_MISTYPED, "the output alone")
def output_error_term(target, output):
    return (target - output) * output


@mistakes.of("test_output_error_term", SLOPE_MISTYPED, "brackets missing")
def output_error_term(target, output):
    return (target - output) * output * 1 - output


@mistakes.of("test_output_error_term", SLOPE_OF_ERROR_OR_TARGET, "slope of the error")
def output_error_term(target, output):
    error = target - output
    return error * error * (1 - error)


@mistakes.of("test_output_error_term", SLOPE_OF_ERROR_OR_TARGET, "slope of the target")
def output_error_term(target, output):
    return (target - output) * target * (1 - target)


@mistakes.of("test_output_error_term", SLOPE_OF_ERROR_OR_TARGET, "sigmoid_prime of the error")
def output_error_term(target, output):
    return (target - output) * sigmoid_prime(target - output)


@mistakes.of("test_output_error_term", ERROR_REVERSED, "output minus target")
def output_error_term(target, output):
    return (output - target) * output * (1 - output)


@mistakes.of("test_output_error_term", ERROR_SQUARED, "error squared")
def output_error_term(target, output):
    return (target - output) ** 2 * output * (1 - output)


@mistakes.of("test_output_error_term", ERROR_SQUARED, "half the error squared, as in E")
def output_error_term(target, output):
    return 0.5 * (target - output) ** 2 * output * (1 - output)


@mistakes.of("test_output_error_term", FACTOR_TWO_KEPT, "twice")
def output_error_term(target, output):
    return 2 * (target - output) * output * (1 - output)


@mistakes.of("test_output_error_term", FACTOR_TWO_KEPT, "half")
def output_error_term(target, output):
    return 0.5 * (target - output) * output * (1 - output)


@mistakes.of("test_output_error_term", OUTPUTS_ADDED_UP, "sum over the outputs")
def output_error_term(target, output):
    return np.sum((target - output) * output * (1 - output))


@mistakes.of("test_output_error_term", OUTPUTS_ADDED_UP, "dot product of errors and slopes")
def output_error_term(target, output):
    output = np.asarray(output)
    return np.dot(target - output, output * (1 - output))


@mistakes.of("test_output_error_term", EXTRA_DIMENSION, "a column")
def output_error_term(target, output):
    return np.reshape((target - output) * output * (1 - output), (-1, 1))


@mistakes.of("test_output_error_term", ARGUMENT_CHANGED, "the targets become the errors")
def output_error_term(target, output):
    target -= output
    return target * output * (1 - output)


# --- backprop_basic: the error term of the hidden units ------------------------------------------


@mistakes.of("test_hidden_error_term", HIDDEN_WEIGHTS_FORGOTTEN, "no weights")
@mistakes.of("test_hidden_error_term_outputs", HIDDEN_WEIGHTS_FORGOTTEN, "terms added, no weights")
def hidden_error_term(output_error_term, weights_hidden_output, hidden_output):
    return np.sum(output_error_term) * hidden_output * (1 - hidden_output)


@mistakes.of("test_hidden_error_term", SUMMED_OVER_HIDDEN, "summed, then each unit's slope")
@mistakes.of("test_hidden_error_term_outputs", SUMMED_OVER_HIDDEN, "all paths in one sum")
def hidden_error_term(output_error_term, weights_hidden_output, hidden_output):
    return np.sum(weights_hidden_output * output_error_term) * hidden_output * (1 - hidden_output)


@mistakes.of("test_hidden_error_term", SUMMED_OVER_HIDDEN, "summed at the end, one number")
def hidden_error_term(output_error_term, weights_hidden_output, hidden_output):
    slope = hidden_output * (1 - hidden_output)
    return np.dot(weights_hidden_output, slope) * output_error_term


@mistakes.of("test_hidden_error_term", HIDDEN_SLOPE_FORGOTTEN, "no slope")
@mistakes.of("test_hidden_error_term_outputs", HIDDEN_SLOPE_FORGOTTEN, "no slope")
def hidden_error_term(output_error_term, weights_hidden_output, hidden_output):
    return np.dot(weights_hidden_output, output_error_term)


@mistakes.of("test_hidden_error_term", HIDDEN_SLOPE_WRONG, "sigmoid_prime of the hidden output")
@mistakes.of("test_hidden_error_term_outputs", HIDDEN_SLOPE_WRONG, "sigmoid_prime of the output")
def hidden_error_term(output_error_term, weights_hidden_output, hidden_output):
    return np.dot(weights_hidden_output, output_error_term) * sigmoid_prime(hidden_output)


@mistakes.of("test_hidden_error_term", HIDDEN_SLOPE_WRONG, "slope from the hidden error")
@mistakes.of("test_hidden_error_term_outputs", HIDDEN_SLOPE_WRONG, "slope from the hidden error")
def hidden_error_term(output_error_term, weights_hidden_output, hidden_output):
    hidden_error = np.dot(weights_hidden_output, output_error_term)
    return hidden_error * hidden_error * (1 - hidden_error)


@mistakes.of("test_hidden_error_term", HIDDEN_SLOPE_WRONG, "slope from the output's error term")
def hidden_error_term(output_error_term, weights_hidden_output, hidden_output):
    hidden_error = np.dot(weights_hidden_output, output_error_term)
    return hidden_error * output_error_term * (1 - output_error_term)


@mistakes.of("test_hidden_error_term", SLOPE_MISTYPED, "hidden output squared")
def hidden_error_term(output_error_term, weights_hidden_output, hidden_output):
    return np.dot(weights_hidden_output, output_error_term) * hidden_output * hidden_output


@mistakes.of("test_hidden_error_term", SLOPE_MISTYPED, "the hidden output alone")
def hidden_error_term(output_error_term, weights_hidden_output, hidden_output):
    return np.dot(weights_hidden_output, output_error_term) * hidden_output


@mistakes.of("test_hidden_error_term", SLOPE_MISTYPED, "one minus the hidden output alone")
def hidden_error_term(output_error_term, weights_hidden_output, hidden_output):
    return np.dot(weights_hidden_output, output_error_term) * (1 - hidden_output)


@mistakes.of("test_hidden_error_term", UNITS_MIXED_UP, "the first unit's slope for all")
def hidden_error_term(output_error_term, weights_hidden_output, hidden_output):
    slope = hidden_output[0] * (1 - hidden_output[0])
    return np.dot(weights_hidden_output, output_error_term) * slope


@mistakes.of("test_hidden_error_term", UNITS_MIXED_UP, "the mean slope for all")
def hidden_error_term(output_error_term, weights_hidden_output, hidden_output):
    slope = np.mean(hidden_output * (1 - hidden_output))
    return np.dot(weights_hidden_output, output_error_term) * slope


@mistakes.of("test_hidden_error_term", EXTRA_DIMENSION, "a column")
def hidden_error_term(output_error_term, weights_hidden_output, hidden_output):
    term = np.dot(weights_hidden_output, output_error_term) * hidden_output * (1 - hidden_output)
    return term[:, None]


@mistakes.of("test_hidden_error_term", EXTRA_DIMENSION, "a column of errors times a row of slopes")
def hidden_error_term(output_error_term, weights_hidden_output, hidden_output):
    hidden_error = np.reshape(weights_hidden_output, (len(hidden_output), -1)) * output_error_term
    return hidden_error * hidden_output * (1 - hidden_output)


@mistakes.of("test_hidden_error_term", ARGUMENT_CHANGED, "the weights are multiplied in place")
def hidden_error_term(output_error_term, weights_hidden_output, hidden_output):
    weights_hidden_output *= output_error_term
    return weights_hidden_output * hidden_output * (1 - hidden_output)


@mistakes.of("test_hidden_error_term_outputs", OUTPUT_SUM_MISSING, "one column for each output")
def hidden_error_term(output_error_term, weights_hidden_output, hidden_output):
    slope = hidden_output * (1 - hidden_output)
    return (np.transpose(weights_hidden_output * output_error_term) * slope).T


@mistakes.of("test_hidden_error_term_outputs", OUTPUT_SUM_MISSING, "the first output only")
def hidden_error_term(output_error_term, weights_hidden_output, hidden_output):
    if np.ndim(weights_hidden_output) == 2:
        weights_hidden_output = weights_hidden_output[:, 0]
        output_error_term = output_error_term[0]
    return weights_hidden_output * output_error_term * hidden_output * (1 - hidden_output)


@mistakes.of("test_hidden_error_term_outputs", OUTPUT_SUM_MISSING, "the star fits one output only")
def hidden_error_term(output_error_term, weights_hidden_output, hidden_output):
    return weights_hidden_output * output_error_term * hidden_output * (1 - hidden_output)


@mistakes.of("test_hidden_error_term_outputs", OUTPUTS_AVERAGED, "mean over the outputs")
def hidden_error_term(output_error_term, weights_hidden_output, hidden_output):
    paths = np.reshape(weights_hidden_output, (len(hidden_output), -1)) * output_error_term
    return np.mean(paths, axis=1) * hidden_output * (1 - hidden_output)


@mistakes.of("test_hidden_error_term_outputs", UNITS_MIXED_UP, "added first, multiplied afterwards")
def hidden_error_term(output_error_term, weights_hidden_output, hidden_output):
    weights = np.reshape(weights_hidden_output, (len(hidden_output), -1)).sum(axis=1)
    return weights * np.sum(output_error_term) * hidden_output * (1 - hidden_output)


@mistakes.of("test_hidden_error_term_outputs", DOT_TRANSPOSED, "terms to the left of the matrix")
def hidden_error_term(output_error_term, weights_hidden_output, hidden_output):
    hidden_error = np.dot(output_error_term, weights_hidden_output)
    return hidden_error * hidden_output * (1 - hidden_output)


# --- backprop_basic: the weight steps ------------------------------------------------------------


@mistakes.of("test_weight_steps", STEPS_SWAPPED, "first layer first")
def weight_steps(x, hidden_output, output_error_term, hidden_error_term, learning_rate):
    step_hidden_output = learning_rate * output_error_term * hidden_output
    step_input_hidden = learning_rate * np.outer(x, hidden_error_term)
    return step_input_hidden, step_hidden_output


@mistakes.of("test_weight_steps", LEARNING_RATE_FORGOTTEN, "in both layers")
def weight_steps(x, hidden_output, output_error_term, hidden_error_term, learning_rate):
    return output_error_term * hidden_output, np.outer(x, hidden_error_term)


@mistakes.of("test_weight_steps", LEARNING_RATE_FORGOTTEN, "in the first layer")
def weight_steps(x, hidden_output, output_error_term, hidden_error_term, learning_rate):
    return learning_rate * output_error_term * hidden_output, np.outer(x, hidden_error_term)


@mistakes.of("test_weight_steps", LEARNING_RATE_TWICE, "in both layers")
def weight_steps(x, hidden_output, output_error_term, hidden_error_term, learning_rate):
    step_hidden_output = learning_rate**2 * output_error_term * hidden_output
    return step_hidden_output, learning_rate**2 * np.outer(x, hidden_error_term)


@mistakes.of("test_weight_steps", STEP_SUBTRACTED, "minus the learning rate")
def weight_steps(x, hidden_output, output_error_term, hidden_error_term, learning_rate):
    step_hidden_output = -learning_rate * output_error_term * hidden_output
    return step_hidden_output, -learning_rate * np.outer(x, hidden_error_term)


@mistakes.of("test_weight_steps", STEP_TRANSPOSED, "outer product the other way round")
def weight_steps(x, hidden_output, output_error_term, hidden_error_term, learning_rate):
    step_hidden_output = learning_rate * output_error_term * hidden_output
    return step_hidden_output, learning_rate * np.outer(hidden_error_term, x)


@mistakes.of("test_weight_steps", OUTER_PRODUCT_MISSING, "entry by entry")
def weight_steps(x, hidden_output, output_error_term, hidden_error_term, learning_rate):
    step_hidden_output = learning_rate * output_error_term * hidden_output
    return step_hidden_output, learning_rate * hidden_error_term * x


@mistakes.of("test_weight_steps", OUTPUT_LAYER_INPUT_WRONG, "hidden error terms as the input")
def weight_steps(x, hidden_output, output_error_term, hidden_error_term, learning_rate):
    step_hidden_output = learning_rate * output_error_term * hidden_error_term
    return step_hidden_output, learning_rate * np.outer(x, hidden_error_term)


@mistakes.of("test_weight_steps", OUTPUT_LAYER_INPUT_WRONG, "sigmoid of the hidden outputs")
def weight_steps(x, hidden_output, output_error_term, hidden_error_term, learning_rate):
    step_hidden_output = learning_rate * output_error_term * sigmoid(hidden_output)
    return step_hidden_output, learning_rate * np.outer(x, hidden_error_term)


@mistakes.of("test_weight_steps", OUTPUT_LAYER_INPUT_WRONG, "the network's inputs")
def weight_steps(x, hidden_output, output_error_term, hidden_error_term, learning_rate):
    step_hidden_output = learning_rate * output_error_term * x
    return step_hidden_output, learning_rate * np.outer(x, hidden_error_term)


@mistakes.of("test_weight_steps", HIDDEN_LAYER_INPUT_WRONG, "hidden outputs as the input")
def weight_steps(x, hidden_output, output_error_term, hidden_error_term, learning_rate):
    step_hidden_output = learning_rate * output_error_term * hidden_output
    return step_hidden_output, learning_rate * np.outer(hidden_output, hidden_error_term)


@mistakes.of("test_weight_steps", OTHER_LAYERS_ERROR_TERM, "hidden terms in the last layer")
def weight_steps(x, hidden_output, output_error_term, hidden_error_term, learning_rate):
    step_hidden_output = learning_rate * hidden_error_term * hidden_output
    return step_hidden_output, learning_rate * np.outer(x, hidden_error_term)


@mistakes.of("test_weight_steps", OTHER_LAYERS_ERROR_TERM, "the output's term in the first layer")
def weight_steps(x, hidden_output, output_error_term, hidden_error_term, learning_rate):
    step_hidden_output = learning_rate * output_error_term * hidden_output
    return step_hidden_output, learning_rate * output_error_term * x[:, None]


@mistakes.of("test_weight_steps", INPUT_FORGOTTEN, "error term alone in the first layer")
def weight_steps(x, hidden_output, output_error_term, hidden_error_term, learning_rate):
    step_hidden_output = learning_rate * output_error_term * hidden_output
    return step_hidden_output, learning_rate * np.outer(np.ones(len(x)), hidden_error_term)


@mistakes.of("test_weight_steps", INPUT_FORGOTTEN, "error term alone in the last layer")
def weight_steps(x, hidden_output, output_error_term, hidden_error_term, learning_rate):
    return learning_rate * output_error_term, learning_rate * np.outer(x, hidden_error_term)


@mistakes.of("test_weight_steps", INPUTS_LEFT_OUT, "the first two inputs only")
def weight_steps(x, hidden_output, output_error_term, hidden_error_term, learning_rate):
    step_input_hidden = np.zeros((len(x), len(hidden_output)))
    for i in range(2):
        step_input_hidden[i] = learning_rate * hidden_error_term * x[i]
    return learning_rate * output_error_term * hidden_output, step_input_hidden


@mistakes.of("test_weight_steps", EXTRA_DIMENSION, "a column for the last layer")
def weight_steps(x, hidden_output, output_error_term, hidden_error_term, learning_rate):
    step_hidden_output = learning_rate * output_error_term * hidden_output[:, None]
    return step_hidden_output, learning_rate * np.outer(x, hidden_error_term)


@mistakes.of("test_weight_steps", ARGUMENT_CHANGED, "the hidden outputs become the step")
def weight_steps(x, hidden_output, output_error_term, hidden_error_term, learning_rate):
    hidden_output *= learning_rate * output_error_term
    return hidden_output, learning_rate * np.outer(x, hidden_error_term)


# --- backprop_basic: one whole step --------------------------------------------------------------


@mistakes.of("test_backprop_step", WEIGHTS_UPDATED_TOO_EARLY, "hidden error through new weights")
def backprop_step(x, target, weights_input_hidden, weights_hidden_output, learning_rate):
    hidden_output = sigmoid(np.dot(x, weights_input_hidden))
    output = sigmoid(np.dot(hidden_output, weights_hidden_output))
    term = (target - output) * output * (1 - output)
    new_hidden_output = weights_hidden_output + learning_rate * term * hidden_output
    hidden_term = term * new_hidden_output * hidden_output * (1 - hidden_output)
    return weights_input_hidden + learning_rate * np.outer(x, hidden_term), new_hidden_output


@mistakes.of("test_backprop_step", STEP_SUBTRACTED, "both layers")
def backprop_step(x, target, weights_input_hidden, weights_hidden_output, learning_rate):
    hidden_output = sigmoid(np.dot(x, weights_input_hidden))
    output = sigmoid(np.dot(hidden_output, weights_hidden_output))
    term = output_error_term(target, output)
    hidden_term = hidden_error_term(term, weights_hidden_output, hidden_output)
    last, first = weight_steps(x, hidden_output, term, hidden_term, learning_rate)
    return weights_input_hidden - first, weights_hidden_output - last


@mistakes.of("test_backprop_step", STEPS_RETURNED, "the two steps")
def backprop_step(x, target, weights_input_hidden, weights_hidden_output, learning_rate):
    hidden_output = sigmoid(np.dot(x, weights_input_hidden))
    output = sigmoid(np.dot(hidden_output, weights_hidden_output))
    term = output_error_term(target, output)
    hidden_term = hidden_error_term(term, weights_hidden_output, hidden_output)
    last, first = weight_steps(x, hidden_output, term, hidden_term, learning_rate)
    return first, last


@mistakes.of("test_backprop_step", LEARNING_RATE_TWICE, "in the steps and in the update")
def backprop_step(x, target, weights_input_hidden, weights_hidden_output, learning_rate):
    hidden_output = sigmoid(np.dot(x, weights_input_hidden))
    output = sigmoid(np.dot(hidden_output, weights_hidden_output))
    term = output_error_term(target, output)
    hidden_term = hidden_error_term(term, weights_hidden_output, hidden_output)
    last, first = weight_steps(x, hidden_output, term, hidden_term, learning_rate)
    return (
        weights_input_hidden + learning_rate * first,
        weights_hidden_output + learning_rate * last,
    )


@mistakes.of("test_backprop_step", LEARNING_RATE_FORGOTTEN, "steps of full length")
def backprop_step(x, target, weights_input_hidden, weights_hidden_output, learning_rate):
    hidden_output = sigmoid(np.dot(x, weights_input_hidden))
    output = sigmoid(np.dot(hidden_output, weights_hidden_output))
    term = output_error_term(target, output)
    hidden_term = hidden_error_term(term, weights_hidden_output, hidden_output)
    last, first = weight_steps(x, hidden_output, term, hidden_term, 1.0)
    return weights_input_hidden + first, weights_hidden_output + last


@mistakes.of("test_backprop_step", SLOPE_FORGOTTEN, "error for the output's error term")
def backprop_step(x, target, weights_input_hidden, weights_hidden_output, learning_rate):
    hidden_output = sigmoid(np.dot(x, weights_input_hidden))
    error = target - sigmoid(np.dot(hidden_output, weights_hidden_output))
    hidden_term = hidden_error_term(error, weights_hidden_output, hidden_output)
    last, first = weight_steps(x, hidden_output, error, hidden_term, learning_rate)
    return weights_input_hidden + first, weights_hidden_output + last


@mistakes.of("test_backprop_step", RAW_ERROR_SENT_BACK, "error to the hidden layer")
def backprop_step(x, target, weights_input_hidden, weights_hidden_output, learning_rate):
    hidden_output = sigmoid(np.dot(x, weights_input_hidden))
    output = sigmoid(np.dot(hidden_output, weights_hidden_output))
    hidden_term = hidden_error_term(target - output, weights_hidden_output, hidden_output)
    term = output_error_term(target, output)
    last, first = weight_steps(x, hidden_output, term, hidden_term, learning_rate)
    return weights_input_hidden + first, weights_hidden_output + last


@mistakes.of("test_backprop_step", SLOPE_AT_OUTPUT, "sigmoid_prime of the output")
def backprop_step(x, target, weights_input_hidden, weights_hidden_output, learning_rate):
    hidden_output = sigmoid(np.dot(x, weights_input_hidden))
    output = sigmoid(np.dot(hidden_output, weights_hidden_output))
    term = (target - output) * sigmoid_prime(output)
    hidden_term = hidden_error_term(term, weights_hidden_output, hidden_output)
    last, first = weight_steps(x, hidden_output, term, hidden_term, learning_rate)
    return weights_input_hidden + first, weights_hidden_output + last


@mistakes.of("test_backprop_step", HIDDEN_SIGMOID_MISSING, "linear hidden layer")
def backprop_step(x, target, weights_input_hidden, weights_hidden_output, learning_rate):
    hidden_output = np.dot(x, weights_input_hidden)
    output = sigmoid(np.dot(hidden_output, weights_hidden_output))
    term = output_error_term(target, output)
    hidden_term = hidden_error_term(term, weights_hidden_output, hidden_output)
    last, first = weight_steps(x, hidden_output, term, hidden_term, learning_rate)
    return weights_input_hidden + first, weights_hidden_output + last


@mistakes.of("test_backprop_step", OUTPUT_SIGMOID_MISSING, "linear output")
def backprop_step(x, target, weights_input_hidden, weights_hidden_output, learning_rate):
    hidden_output = sigmoid(np.dot(x, weights_input_hidden))
    output = np.dot(hidden_output, weights_hidden_output)
    term = output_error_term(target, output)
    hidden_term = hidden_error_term(term, weights_hidden_output, hidden_output)
    last, first = weight_steps(x, hidden_output, term, hidden_term, learning_rate)
    return weights_input_hidden + first, weights_hidden_output + last


@mistakes.of("test_backprop_step", HIDDEN_SLOPE_FORGOTTEN, "one slope only")
def backprop_step(x, target, weights_input_hidden, weights_hidden_output, learning_rate):
    hidden_output = sigmoid(np.dot(x, weights_input_hidden))
    output = sigmoid(np.dot(hidden_output, weights_hidden_output))
    term = output_error_term(target, output)
    hidden_term = term * np.asarray(weights_hidden_output)
    last, first = weight_steps(x, hidden_output, term, hidden_term, learning_rate)
    return weights_input_hidden + first, weights_hidden_output + last


@mistakes.of("test_backprop_step", HIDDEN_SLOPE_WRONG, "sigmoid twice at the hidden layer")
def backprop_step(x, target, weights_input_hidden, weights_hidden_output, learning_rate):
    hidden_output = sigmoid(np.dot(x, weights_input_hidden))
    output = sigmoid(np.dot(hidden_output, weights_hidden_output))
    term = output_error_term(target, output)
    hidden_term = term * weights_hidden_output * sigmoid_prime(hidden_output)
    last, first = weight_steps(x, hidden_output, term, hidden_term, learning_rate)
    return weights_input_hidden + first, weights_hidden_output + last


@mistakes.of("test_backprop_step", HIDDEN_SLOPE_WRONG, "the output's slope for the hidden units")
def backprop_step(x, target, weights_input_hidden, weights_hidden_output, learning_rate):
    hidden_output = sigmoid(np.dot(x, weights_input_hidden))
    output = sigmoid(np.dot(hidden_output, weights_hidden_output))
    term = output_error_term(target, output)
    hidden_term = term * weights_hidden_output * output * (1 - output)
    last, first = weight_steps(x, hidden_output, term, hidden_term, learning_rate)
    return weights_input_hidden + first, weights_hidden_output + last


@mistakes.of("test_backprop_step", HIDDEN_WEIGHTS_FORGOTTEN, "the same error for every unit")
def backprop_step(x, target, weights_input_hidden, weights_hidden_output, learning_rate):
    hidden_output = sigmoid(np.dot(x, weights_input_hidden))
    output = sigmoid(np.dot(hidden_output, weights_hidden_output))
    term = output_error_term(target, output)
    hidden_term = term * hidden_output * (1 - hidden_output)
    last, first = weight_steps(x, hidden_output, term, hidden_term, learning_rate)
    return weights_input_hidden + first, weights_hidden_output + last


@mistakes.of("test_backprop_step", OUTPUT_LAYER_INPUT_WRONG, "the hidden sums, without sigmoid")
def backprop_step(x, target, weights_input_hidden, weights_hidden_output, learning_rate):
    hidden_input = np.dot(x, weights_input_hidden)
    hidden_output = sigmoid(hidden_input)
    output = sigmoid(np.dot(hidden_output, weights_hidden_output))
    term = output_error_term(target, output)
    hidden_term = hidden_error_term(term, weights_hidden_output, hidden_output)
    last, first = weight_steps(x, hidden_input, term, hidden_term, learning_rate)
    return weights_input_hidden + first, weights_hidden_output + last


@mistakes.of("test_backprop_step", OUTPUT_LAYER_INPUT_WRONG, "the output")
def backprop_step(x, target, weights_input_hidden, weights_hidden_output, learning_rate):
    hidden_output = sigmoid(np.dot(x, weights_input_hidden))
    output = sigmoid(np.dot(hidden_output, weights_hidden_output))
    term = output_error_term(target, output)
    hidden_term = hidden_error_term(term, weights_hidden_output, hidden_output)
    last, first = weight_steps(x, hidden_output, term, hidden_term, learning_rate)
    return weights_input_hidden + first, weights_hidden_output + learning_rate * term * output


@mistakes.of("test_backprop_step", STEPS_SWAPPED, "each layer gets the other's step")
def backprop_step(x, target, weights_input_hidden, weights_hidden_output, learning_rate):
    hidden_output = sigmoid(np.dot(x, weights_input_hidden))
    output = sigmoid(np.dot(hidden_output, weights_hidden_output))
    term = output_error_term(target, output)
    hidden_term = hidden_error_term(term, weights_hidden_output, hidden_output)
    first, last = weight_steps(x, hidden_output, term, hidden_term, learning_rate)
    return weights_input_hidden + first, weights_hidden_output + last


@mistakes.of("test_backprop_step", STEPS_SWAPPED, "last layer returned first")
def backprop_step(x, target, weights_input_hidden, weights_hidden_output, learning_rate):
    hidden_output = sigmoid(np.dot(x, weights_input_hidden))
    output = sigmoid(np.dot(hidden_output, weights_hidden_output))
    term = output_error_term(target, output)
    hidden_term = hidden_error_term(term, weights_hidden_output, hidden_output)
    last, first = weight_steps(x, hidden_output, term, hidden_term, learning_rate)
    return weights_hidden_output + last, weights_input_hidden + first


@mistakes.of("test_backprop_step", ONE_LAYER_UPDATED, "the last layer only")
def backprop_step(x, target, weights_input_hidden, weights_hidden_output, learning_rate):
    hidden_output = sigmoid(np.dot(x, weights_input_hidden))
    output = sigmoid(np.dot(hidden_output, weights_hidden_output))
    term = output_error_term(target, output)
    return weights_input_hidden, weights_hidden_output + learning_rate * term * hidden_output


@mistakes.of("test_backprop_step", ARGUMENT_CHANGED, "+= on both arrays")
def backprop_step(x, target, weights_input_hidden, weights_hidden_output, learning_rate):
    hidden_output = sigmoid(np.dot(x, weights_input_hidden))
    output = sigmoid(np.dot(hidden_output, weights_hidden_output))
    term = output_error_term(target, output)
    hidden_term = hidden_error_term(term, weights_hidden_output, hidden_output)
    last, first = weight_steps(x, hidden_output, term, hidden_term, learning_rate)
    weights_input_hidden += first
    weights_hidden_output += last
    return weights_input_hidden, weights_hidden_output


# --- backprop_basic: the vanishing gradient ------------------------------------------------------


@mistakes.of("test_gradient_scale", BOUNDS_ADDED, "a quarter times n")
def gradient_scale(n_layers):
    return 0.25 * n_layers


@mistakes.of("test_gradient_scale", BOUNDS_ADDED, "a quarter divided by n")
def gradient_scale(n_layers):
    return 0.25 / n_layers


@mistakes.of("test_gradient_scale", LAYERS_MISCOUNTED, "one too few")
def gradient_scale(n_layers):
    return 0.25 ** (n_layers - 1)


@mistakes.of("test_gradient_scale", LAYERS_MISCOUNTED, "one too many")
def gradient_scale(n_layers):
    return 0.25 ** (n_layers + 1)


@mistakes.of("test_gradient_scale", HALF_FOR_QUARTER, "a half to the n")
def gradient_scale(n_layers):
    return 0.5**n_layers


@mistakes.of("test_gradient_scale", HALF_FOR_QUARTER, "sigmoid(0) to the n")
def gradient_scale(n_layers):
    return sigmoid(0) ** n_layers


@mistakes.of("test_gradient_scale", LOSS_FOR_REST, "one minus the bound")
def gradient_scale(n_layers):
    return 1 - 0.25**n_layers


@mistakes.of("test_gradient_scale", LOSS_FOR_REST, "three quarters to the n")
def gradient_scale(n_layers):
    return 0.75**n_layers


# --- backprop: the forward pass ------------------------------------------------------------------


@mistakes.of("test_forward_pass", HIDDEN_SIGMOID_MISSING, "linear hidden layer")
def forward_pass(features, weights_input_hidden, weights_hidden_output):
    hidden_output = np.dot(features, weights_input_hidden)
    return hidden_output, sigmoid(np.dot(hidden_output, weights_hidden_output))


@mistakes.of("test_forward_pass", HIDDEN_SIGMOID_MISSING, "the sums returned, the output right")
def forward_pass(features, weights_input_hidden, weights_hidden_output):
    hidden_input = np.dot(features, weights_input_hidden)
    return hidden_input, sigmoid(np.dot(sigmoid(hidden_input), weights_hidden_output))


@mistakes.of("test_forward_pass", OUTPUT_SIGMOID_MISSING, "linear output")
def forward_pass(features, weights_input_hidden, weights_hidden_output):
    hidden_output = sigmoid(np.dot(features, weights_input_hidden))
    return hidden_output, np.dot(hidden_output, weights_hidden_output)


@mistakes.of("test_forward_pass", SIGMOID_TWICE, "at the hidden layer")
def forward_pass(features, weights_input_hidden, weights_hidden_output):
    hidden_output = sigmoid(sigmoid(np.dot(features, weights_input_hidden)))
    return hidden_output, sigmoid(np.dot(hidden_output, weights_hidden_output))


@mistakes.of("test_forward_pass", SIGMOID_TWICE, "once more on the way to the output")
def forward_pass(features, weights_input_hidden, weights_hidden_output):
    hidden_output = sigmoid(np.dot(features, weights_input_hidden))
    return hidden_output, sigmoid(np.dot(sigmoid(hidden_output), weights_hidden_output))


@mistakes.of("test_forward_pass", SLOPE_FOR_SIGMOID, "in both layers")
def forward_pass(features, weights_input_hidden, weights_hidden_output):
    hidden_output = sigmoid_prime(np.dot(features, weights_input_hidden))
    return hidden_output, sigmoid_prime(np.dot(hidden_output, weights_hidden_output))


@mistakes.of("test_forward_pass", ELEMENTWISE_FOR_DOT, "at the output")
def forward_pass(features, weights_input_hidden, weights_hidden_output):
    hidden_output = sigmoid(np.dot(features, weights_input_hidden))
    return hidden_output, sigmoid(hidden_output * weights_hidden_output)


@mistakes.of("test_forward_pass", ELEMENTWISE_FOR_DOT, "at the hidden layer")
def forward_pass(features, weights_input_hidden, weights_hidden_output):
    hidden_output = sigmoid(features * weights_input_hidden)
    return hidden_output, sigmoid(np.dot(hidden_output, weights_hidden_output))


@mistakes.of("test_forward_pass", WRONG_WEIGHT_MATRIX, "the first matrix again")
def forward_pass(features, weights_input_hidden, weights_hidden_output):
    hidden_output = sigmoid(np.dot(features, weights_input_hidden))
    return hidden_output, sigmoid(np.dot(hidden_output, weights_input_hidden))


@mistakes.of("test_forward_pass", WRONG_WEIGHT_MATRIX, "no second weights")
def forward_pass(features, weights_input_hidden, weights_hidden_output):
    hidden_output = sigmoid(np.dot(features, weights_input_hidden))
    return hidden_output, sigmoid(np.sum(hidden_output, axis=1))


@mistakes.of("test_forward_pass", DOT_TRANSPOSED, "weights to the left of the table")
def forward_pass(features, weights_input_hidden, weights_hidden_output):
    hidden_output = sigmoid(np.dot(weights_input_hidden, features))
    return hidden_output, sigmoid(np.dot(weights_hidden_output, hidden_output))


@mistakes.of("test_forward_pass", DOT_TRANSPOSED, "records in columns")
def forward_pass(features, weights_input_hidden, weights_hidden_output):
    hidden_output = sigmoid(np.dot(weights_input_hidden.T, features.T))
    return hidden_output, sigmoid(np.dot(weights_hidden_output, hidden_output))


@mistakes.of("test_forward_pass", EXTRA_DIMENSION, "outputs as a column")
def forward_pass(features, weights_input_hidden, weights_hidden_output):
    hidden_output = sigmoid(np.dot(features, weights_input_hidden))
    return hidden_output, sigmoid(np.dot(hidden_output, weights_hidden_output[:, None]))


@mistakes.of("test_forward_pass", EXTRA_DIMENSION, "squeezed")
def forward_pass(features, weights_input_hidden, weights_hidden_output):
    hidden_output = sigmoid(np.dot(features, weights_input_hidden))
    output = sigmoid(np.dot(hidden_output, weights_hidden_output))
    return np.squeeze(hidden_output), np.squeeze(output)


@mistakes.of("test_forward_pass", RESULTS_SWAPPED, "output first")
def forward_pass(features, weights_input_hidden, weights_hidden_output):
    hidden_output = sigmoid(np.dot(features, weights_input_hidden))
    return sigmoid(np.dot(hidden_output, weights_hidden_output)), hidden_output


# --- backprop: the backward pass -----------------------------------------------------------------


@mistakes.of("test_backward_pass", MEAN_FORGOTTEN, "sums over the records")
def backward_pass(features, targets, hidden_output, output, weights_hidden_output):
    terms = (targets - output) * output * (1 - output)
    hidden_terms = np.outer(terms, weights_hidden_output) * hidden_output * (1 - hidden_output)
    return np.dot(features.T, hidden_terms), np.dot(terms, hidden_output)


@mistakes.of("test_backward_pass", DIVIDED_TWICE, "error terms and sums both divided")
def backward_pass(features, targets, hidden_output, output, weights_hidden_output):
    terms = (targets - output) * output * (1 - output) / len(features)
    hidden_terms = np.outer(terms, weights_hidden_output) * hidden_output * (1 - hidden_output)
    n_records = len(features)
    return np.dot(features.T, hidden_terms) / n_records, np.dot(terms, hidden_output) / n_records


@mistakes.of("test_backward_pass", WRONG_COUNT, "number of inputs")
def backward_pass(features, targets, hidden_output, output, weights_hidden_output):
    terms = (targets - output) * output * (1 - output)
    hidden_terms = np.outer(terms, weights_hidden_output) * hidden_output * (1 - hidden_output)
    n_records = features.shape[1]
    return np.dot(features.T, hidden_terms) / n_records, np.dot(terms, hidden_output) / n_records


@mistakes.of("test_backward_pass", WRONG_COUNT, "np.mean over everything")
def backward_pass(features, targets, hidden_output, output, weights_hidden_output):
    terms = (targets - output) * output * (1 - output)
    hidden_terms = np.outer(terms, weights_hidden_output) * hidden_output * (1 - hidden_output)
    step_input_hidden = np.dot(features.T, hidden_terms) / features.size
    return step_input_hidden, np.dot(terms, hidden_output) / hidden_output.size


@mistakes.of("test_backward_pass", WRONG_COUNT, "records times two")
def backward_pass(features, targets, hidden_output, output, weights_hidden_output):
    terms = (targets - output) * output * (1 - output)
    hidden_terms = np.outer(terms, weights_hidden_output) * hidden_output * (1 - hidden_output)
    n_records = 2 * len(features)
    return np.dot(features.T, hidden_terms) / n_records, np.dot(terms, hidden_output) / n_records


@mistakes.of("test_backward_pass", OTHER_LAYERS_ERROR_TERM, "hidden terms in the last layer")
def backward_pass(features, targets, hidden_output, output, weights_hidden_output):
    terms = (targets - output) * output * (1 - output)
    hidden_terms = np.outer(terms, weights_hidden_output) * hidden_output * (1 - hidden_output)
    step_hidden_output = np.mean(hidden_terms * hidden_output, axis=0)
    return np.dot(features.T, hidden_terms) / len(features), step_hidden_output


@mistakes.of("test_backward_pass", OTHER_LAYERS_ERROR_TERM, "the output's terms in both layers")
def backward_pass(features, targets, hidden_output, output, weights_hidden_output):
    terms = (targets - output) * output * (1 - output)
    every = np.outer(terms, np.ones(len(weights_hidden_output)))
    return np.dot(features.T, every) / len(features), np.dot(terms, hidden_output) / len(features)


@mistakes.of("test_backward_pass", ACCUMULATOR_OVERWRITTEN, "= for +=")
def backward_pass(features, targets, hidden_output, output, weights_hidden_output):
    for record in range(len(features)):
        a, o = hidden_output[record], output[record]
        term = (targets[record] - o) * o * (1 - o)
        step_input_hidden = np.outer(features[record], term * weights_hidden_output * a * (1 - a))
        step_hidden_output = term * a
    return step_input_hidden / len(features), step_hidden_output / len(features)


@mistakes.of("test_backward_pass", ACCUMULATOR_OVERWRITTEN, "the collected sum counted again")
def backward_pass(features, targets, hidden_output, output, weights_hidden_output):
    step_input_hidden, step_hidden_output = 0.0, 0.0
    for record in range(len(features)):
        a, o = hidden_output[record], output[record]
        term = (targets[record] - o) * o * (1 - o)
        hidden_term = term * weights_hidden_output * a * (1 - a)
        step_input_hidden += step_input_hidden + np.outer(features[record], hidden_term)
        step_hidden_output += step_hidden_output + term * a
    return step_input_hidden / len(features), step_hidden_output / len(features)


@mistakes.of("test_backward_pass", SLOPE_FORGOTTEN, "error for the output's error term")
def backward_pass(features, targets, hidden_output, output, weights_hidden_output):
    terms = targets - output
    hidden_terms = np.outer(terms, weights_hidden_output) * hidden_output * (1 - hidden_output)
    n_records = len(features)
    return np.dot(features.T, hidden_terms) / n_records, np.dot(terms, hidden_output) / n_records


@mistakes.of("test_backward_pass", SLOPE_AT_OUTPUT, "sigmoid_prime of the output")
def backward_pass(features, targets, hidden_output, output, weights_hidden_output):
    terms = (targets - output) * sigmoid_prime(output)
    hidden_terms = np.outer(terms, weights_hidden_output) * hidden_output * (1 - hidden_output)
    n_records = len(features)
    return np.dot(features.T, hidden_terms) / n_records, np.dot(terms, hidden_output) / n_records


@mistakes.of("test_backward_pass", SLOPE_MISTYPED, "the output squared")
def backward_pass(features, targets, hidden_output, output, weights_hidden_output):
    terms = (targets - output) * output * output
    hidden_terms = np.outer(terms, weights_hidden_output) * hidden_output * (1 - hidden_output)
    n_records = len(features)
    return np.dot(features.T, hidden_terms) / n_records, np.dot(terms, hidden_output) / n_records


@mistakes.of("test_backward_pass", SLOPE_OF_ERROR_OR_TARGET, "slope of the error")
def backward_pass(features, targets, hidden_output, output, weights_hidden_output):
    error = targets - output
    terms = error * error * (1 - error)
    hidden_terms = np.outer(terms, weights_hidden_output) * hidden_output * (1 - hidden_output)
    n_records = len(features)
    return np.dot(features.T, hidden_terms) / n_records, np.dot(terms, hidden_output) / n_records


@mistakes.of("test_backward_pass", SLOPE_OF_ERROR_OR_TARGET, "slope of the target")
def backward_pass(features, targets, hidden_output, output, weights_hidden_output):
    terms = (targets - output) * targets * (1 - targets)
    hidden_terms = np.outer(terms, weights_hidden_output) * hidden_output * (1 - hidden_output)
    n_records = len(features)
    return np.dot(features.T, hidden_terms) / n_records, np.dot(terms, hidden_output) / n_records


@mistakes.of("test_backward_pass", ERROR_REVERSED, "output minus target")
def backward_pass(features, targets, hidden_output, output, weights_hidden_output):
    terms = (output - targets) * output * (1 - output)
    hidden_terms = np.outer(terms, weights_hidden_output) * hidden_output * (1 - hidden_output)
    n_records = len(features)
    return np.dot(features.T, hidden_terms) / n_records, np.dot(terms, hidden_output) / n_records


@mistakes.of("test_backward_pass", ERROR_SQUARED, "error squared")
def backward_pass(features, targets, hidden_output, output, weights_hidden_output):
    terms = (targets - output) ** 2 * output * (1 - output)
    hidden_terms = np.outer(terms, weights_hidden_output) * hidden_output * (1 - hidden_output)
    n_records = len(features)
    return np.dot(features.T, hidden_terms) / n_records, np.dot(terms, hidden_output) / n_records


@mistakes.of("test_backward_pass", FACTOR_TWO_KEPT, "twice, from the mean squared error")
def backward_pass(features, targets, hidden_output, output, weights_hidden_output):
    terms = 2 * (targets - output) * output * (1 - output)
    hidden_terms = np.outer(terms, weights_hidden_output) * hidden_output * (1 - hidden_output)
    n_records = len(features)
    return np.dot(features.T, hidden_terms) / n_records, np.dot(terms, hidden_output) / n_records


@mistakes.of("test_backward_pass", RAW_ERROR_SENT_BACK, "error to the hidden layer")
def backward_pass(features, targets, hidden_output, output, weights_hidden_output):
    error = targets - output
    terms = error * output * (1 - output)
    hidden_terms = np.outer(error, weights_hidden_output) * hidden_output * (1 - hidden_output)
    n_records = len(features)
    return np.dot(features.T, hidden_terms) / n_records, np.dot(terms, hidden_output) / n_records


@mistakes.of("test_backward_pass", HIDDEN_WEIGHTS_FORGOTTEN, "the same error for every unit")
def backward_pass(features, targets, hidden_output, output, weights_hidden_output):
    terms = (targets - output) * output * (1 - output)
    hidden_terms = terms[:, None] * hidden_output * (1 - hidden_output)
    n_records = len(features)
    return np.dot(features.T, hidden_terms) / n_records, np.dot(terms, hidden_output) / n_records


@mistakes.of("test_backward_pass", SUMMED_OVER_HIDDEN, "one hidden error for each record")
def backward_pass(features, targets, hidden_output, output, weights_hidden_output):
    terms = (targets - output) * output * (1 - output)
    hidden_error = np.outer(terms, weights_hidden_output).sum(axis=1, keepdims=True)
    hidden_terms = hidden_error * hidden_output * (1 - hidden_output)
    n_records = len(features)
    return np.dot(features.T, hidden_terms) / n_records, np.dot(terms, hidden_output) / n_records


@mistakes.of("test_backward_pass", HIDDEN_SLOPE_FORGOTTEN, "one slope only")
def backward_pass(features, targets, hidden_output, output, weights_hidden_output):
    terms = (targets - output) * output * (1 - output)
    hidden_terms = np.outer(terms, weights_hidden_output)
    n_records = len(features)
    return np.dot(features.T, hidden_terms) / n_records, np.dot(terms, hidden_output) / n_records


@mistakes.of("test_backward_pass", HIDDEN_SLOPE_WRONG, "sigmoid_prime of the hidden output")
def backward_pass(features, targets, hidden_output, output, weights_hidden_output):
    terms = (targets - output) * output * (1 - output)
    hidden_terms = np.outer(terms, weights_hidden_output) * sigmoid_prime(hidden_output)
    n_records = len(features)
    return np.dot(features.T, hidden_terms) / n_records, np.dot(terms, hidden_output) / n_records


@mistakes.of("test_backward_pass", HIDDEN_SLOPE_WRONG, "the output's slope for the hidden units")
def backward_pass(features, targets, hidden_output, output, weights_hidden_output):
    slope = output * (1 - output)
    terms = (targets - output) * slope
    hidden_terms = np.outer(terms * slope, weights_hidden_output)
    n_records = len(features)
    return np.dot(features.T, hidden_terms) / n_records, np.dot(terms, hidden_output) / n_records


@mistakes.of("test_backward_pass", HIDDEN_SLOPE_WRONG, "slope from the hidden error")
def backward_pass(features, targets, hidden_output, output, weights_hidden_output):
    terms = (targets - output) * output * (1 - output)
    hidden_error = np.outer(terms, weights_hidden_output)
    hidden_terms = hidden_error * hidden_error * (1 - hidden_error)
    n_records = len(features)
    return np.dot(features.T, hidden_terms) / n_records, np.dot(terms, hidden_output) / n_records


@mistakes.of("test_backward_pass", UNITS_MIXED_UP, "the mean hidden slope for all")
def backward_pass(features, targets, hidden_output, output, weights_hidden_output):
    terms = (targets - output) * output * (1 - output)
    slope = np.mean(hidden_output * (1 - hidden_output), axis=1)
    hidden_terms = np.outer(terms * slope, weights_hidden_output)
    n_records = len(features)
    return np.dot(features.T, hidden_terms) / n_records, np.dot(terms, hidden_output) / n_records


@mistakes.of("test_backward_pass", UNITS_MIXED_UP, "means multiplied instead of a mean of products")
def backward_pass(features, targets, hidden_output, output, weights_hidden_output):
    terms = (targets - output) * output * (1 - output)
    hidden_terms = np.outer(terms, weights_hidden_output) * hidden_output * (1 - hidden_output)
    step_input_hidden = np.outer(features.mean(axis=0), hidden_terms.mean(axis=0))
    return step_input_hidden, terms.mean() * hidden_output.mean(axis=0)


@mistakes.of("test_backward_pass", OUTPUT_LAYER_INPUT_WRONG, "the output")
def backward_pass(features, targets, hidden_output, output, weights_hidden_output):
    terms = (targets - output) * output * (1 - output)
    hidden_terms = np.outer(terms, weights_hidden_output) * hidden_output * (1 - hidden_output)
    step_hidden_output = np.mean(terms * output) * np.ones(len(weights_hidden_output))
    return np.dot(features.T, hidden_terms) / len(features), step_hidden_output


@mistakes.of("test_backward_pass", OUTPUT_LAYER_INPUT_WRONG, "hidden error terms as the input")
def backward_pass(features, targets, hidden_output, output, weights_hidden_output):
    terms = (targets - output) * output * (1 - output)
    hidden_terms = np.outer(terms, weights_hidden_output) * hidden_output * (1 - hidden_output)
    n_records = len(features)
    return np.dot(features.T, hidden_terms) / n_records, np.dot(terms, hidden_terms) / n_records


@mistakes.of("test_backward_pass", HIDDEN_LAYER_INPUT_WRONG, "hidden outputs as the input")
def backward_pass(features, targets, hidden_output, output, weights_hidden_output):
    terms = (targets - output) * output * (1 - output)
    hidden_terms = np.outer(terms, weights_hidden_output) * hidden_output * (1 - hidden_output)
    n_records = len(features)
    return (
        np.dot(hidden_output.T, hidden_terms) / n_records,
        np.dot(terms, hidden_output) / n_records,
    )


@mistakes.of("test_backward_pass", INPUT_FORGOTTEN, "mean error terms, without what came in")
def backward_pass(features, targets, hidden_output, output, weights_hidden_output):
    terms = (targets - output) * output * (1 - output)
    hidden_terms = np.outer(terms, weights_hidden_output) * hidden_output * (1 - hidden_output)
    step_input_hidden = np.tile(hidden_terms.mean(axis=0), (features.shape[1], 1))
    return step_input_hidden, terms.mean() * np.ones(len(weights_hidden_output))


@mistakes.of("test_backward_pass", STEPS_SWAPPED, "last layer first")
def backward_pass(features, targets, hidden_output, output, weights_hidden_output):
    terms = (targets - output) * output * (1 - output)
    hidden_terms = np.outer(terms, weights_hidden_output) * hidden_output * (1 - hidden_output)
    n_records = len(features)
    return np.dot(terms, hidden_output) / n_records, np.dot(features.T, hidden_terms) / n_records


@mistakes.of("test_backward_pass", STEP_TRANSPOSED, "hidden units in rows")
def backward_pass(features, targets, hidden_output, output, weights_hidden_output):
    terms = (targets - output) * output * (1 - output)
    hidden_terms = np.outer(terms, weights_hidden_output) * hidden_output * (1 - hidden_output)
    n_records = len(features)
    return np.dot(hidden_terms.T, features) / n_records, np.dot(terms, hidden_output) / n_records


@mistakes.of(
    "test_backward_pass", OUTER_PRODUCT_MISSING, "inputs times error terms, entry by entry"
)
def backward_pass(features, targets, hidden_output, output, weights_hidden_output):
    step_input_hidden, step_hidden_output = 0.0, 0.0
    for record in range(len(features)):
        a, o = hidden_output[record], output[record]
        term = (targets[record] - o) * o * (1 - o)
        hidden_term = term * weights_hidden_output * a * (1 - a)
        step_input_hidden = step_input_hidden + hidden_term * features[record]
        step_hidden_output = step_hidden_output + term * a
    return step_input_hidden / len(features), step_hidden_output / len(features)


@mistakes.of("test_backward_pass", EXTRA_DIMENSION, "a column for the last layer")
def backward_pass(features, targets, hidden_output, output, weights_hidden_output):
    terms = ((targets - output) * output * (1 - output))[:, None]
    hidden_terms = terms * weights_hidden_output * hidden_output * (1 - hidden_output)
    n_records = len(features)
    return np.dot(features.T, hidden_terms) / n_records, np.dot(hidden_output.T, terms) / n_records


@mistakes.of("test_backward_pass", ARGUMENT_CHANGED, "the targets become the error terms")
def backward_pass(features, targets, hidden_output, output, weights_hidden_output):
    targets -= output
    targets *= output * (1 - output)
    hidden_terms = np.outer(targets, weights_hidden_output) * hidden_output * (1 - hidden_output)
    n_records = len(features)
    return np.dot(features.T, hidden_terms) / n_records, np.dot(targets, hidden_output) / n_records


# --- backprop: the update ------------------------------------------------------------------------


@mistakes.of("test_update_weights", STEP_SUBTRACTED, "both layers")
def update_weights(weights_input_hidden, weights_hidden_output, steps, learning_rate):
    return (
        weights_input_hidden - learning_rate * steps[0],
        weights_hidden_output - learning_rate * steps[1],
    )


@mistakes.of("test_update_weights", LEARNING_RATE_FORGOTTEN, "both layers")
def update_weights(weights_input_hidden, weights_hidden_output, steps, learning_rate):
    return weights_input_hidden + steps[0], weights_hidden_output + steps[1]


@mistakes.of("test_update_weights", LEARNING_RATE_TWICE, "both layers")
def update_weights(weights_input_hidden, weights_hidden_output, steps, learning_rate):
    return (
        weights_input_hidden + learning_rate**2 * steps[0],
        weights_hidden_output + learning_rate**2 * steps[1],
    )


@mistakes.of("test_update_weights", STEPS_SWAPPED, "each layer gets the other's step")
def update_weights(weights_input_hidden, weights_hidden_output, steps, learning_rate):
    step_hidden_output, step_input_hidden = steps
    return (
        weights_input_hidden + learning_rate * step_input_hidden,
        weights_hidden_output + learning_rate * step_hidden_output,
    )


@mistakes.of("test_update_weights", STEPS_SWAPPED, "last layer returned first")
def update_weights(weights_input_hidden, weights_hidden_output, steps, learning_rate):
    return (
        weights_hidden_output + learning_rate * steps[1],
        weights_input_hidden + learning_rate * steps[0],
    )


@mistakes.of("test_update_weights", STEPS_RETURNED, "the scaled steps")
def update_weights(weights_input_hidden, weights_hidden_output, steps, learning_rate):
    return learning_rate * steps[0], learning_rate * steps[1]


@mistakes.of("test_update_weights", ONE_LAYER_UPDATED, "the last layer only")
def update_weights(weights_input_hidden, weights_hidden_output, steps, learning_rate):
    return weights_input_hidden, weights_hidden_output + learning_rate * steps[1]


@mistakes.of("test_update_weights", ONE_LAYER_UPDATED, "the first layer only")
def update_weights(weights_input_hidden, weights_hidden_output, steps, learning_rate):
    return weights_input_hidden + learning_rate * steps[0], weights_hidden_output


@mistakes.of("test_update_weights", ARGUMENT_CHANGED, "+= on both arrays")
def update_weights(weights_input_hidden, weights_hidden_output, steps, learning_rate):
    weights_input_hidden += learning_rate * steps[0]
    weights_hidden_output += learning_rate * steps[1]
    return weights_input_hidden, weights_hidden_output


# --- backprop: training --------------------------------------------------------------------------


@mistakes.of("test_train", EPOCHS_MISCOUNTED, "one too few")
def train(features, targets, weights_input_hidden, weights_hidden_output, learning_rate, epochs):
    first, last = weights_input_hidden, weights_hidden_output
    for _ in range(1, epochs):
        hidden_output, output = forward_pass(features, first, last)
        steps = backward_pass(features, targets, hidden_output, output, last)
        first, last = update_weights(first, last, steps, learning_rate)
    return first, last


@mistakes.of("test_train", EPOCHS_MISCOUNTED, "one too many")
def train(features, targets, weights_input_hidden, weights_hidden_output, learning_rate, epochs):
    first, last = weights_input_hidden, weights_hidden_output
    for _ in range(epochs + 1):
        hidden_output, output = forward_pass(features, first, last)
        steps = backward_pass(features, targets, hidden_output, output, last)
        first, last = update_weights(first, last, steps, learning_rate)
    return first, last


@mistakes.of("test_train", TRAINED_ONCE, "return inside the loop")
def train(features, targets, weights_input_hidden, weights_hidden_output, learning_rate, epochs):
    first, last = weights_input_hidden, weights_hidden_output
    for _ in range(epochs):
        hidden_output, output = forward_pass(features, first, last)
        steps = backward_pass(features, targets, hidden_output, output, last)
        first, last = update_weights(first, last, steps, learning_rate)
        return first, last
    return first, last


@mistakes.of("test_train", UPDATE_THROWN_AWAY, "the weights never change")
def train(features, targets, weights_input_hidden, weights_hidden_output, learning_rate, epochs):
    first, last = weights_input_hidden, weights_hidden_output
    for _ in range(epochs):
        hidden_output, output = forward_pass(features, first, last)
        steps = backward_pass(features, targets, hidden_output, output, last)
        update_weights(first, last, steps, learning_rate)
    return first, last


@mistakes.of("test_train", FORWARD_NOT_REPEATED, "before the loop")
def train(features, targets, weights_input_hidden, weights_hidden_output, learning_rate, epochs):
    first, last = weights_input_hidden, weights_hidden_output
    hidden_output, output = forward_pass(features, first, last)
    for _ in range(epochs):
        steps = backward_pass(features, targets, hidden_output, output, last)
        first, last = update_weights(first, last, steps, learning_rate)
    return first, last


@mistakes.of("test_train", UPDATED_INSIDE_LOOP, "an update for every record")
def train(features, targets, weights_input_hidden, weights_hidden_output, learning_rate, epochs):
    first, last = weights_input_hidden, weights_hidden_output
    for _ in range(epochs):
        for row in range(len(features)):
            x, y = features[row : row + 1], targets[row : row + 1]
            hidden_output, output = forward_pass(x, first, last)
            steps = backward_pass(x, y, hidden_output, output, last)
            first, last = update_weights(first, last, steps, learning_rate)
    return first, last


@mistakes.of("test_train", ACCUMULATOR_NOT_RESET, "steps of all epochs collected")
def train(features, targets, weights_input_hidden, weights_hidden_output, learning_rate, epochs):
    first, last = weights_input_hidden, weights_hidden_output
    sum_first, sum_last = 0.0, 0.0
    for _ in range(epochs):
        hidden_output, output = forward_pass(features, first, last)
        steps = backward_pass(features, targets, hidden_output, output, last)
        sum_first, sum_last = sum_first + steps[0], sum_last + steps[1]
        first, last = update_weights(first, last, (sum_first, sum_last), learning_rate)
    return first, last


@mistakes.of("test_train", ACCUMULATORS_AS_WEIGHTS, "forward pass through the sums of the steps")
def train(features, targets, weights_input_hidden, weights_hidden_output, learning_rate, epochs):
    moved_first = np.zeros(np.shape(weights_input_hidden))
    moved_last = np.zeros(np.shape(weights_hidden_output))
    for _ in range(epochs):
        hidden_output, output = forward_pass(features, moved_first, moved_last)
        steps = backward_pass(features, targets, hidden_output, output, weights_hidden_output)
        moved_first, moved_last = update_weights(moved_first, moved_last, steps, learning_rate)
    return weights_input_hidden + moved_first, weights_hidden_output + moved_last


@mistakes.of("test_train", MEAN_FORGOTTEN, "the means are multiplied up again")
def train(features, targets, weights_input_hidden, weights_hidden_output, learning_rate, epochs):
    first, last = weights_input_hidden, weights_hidden_output
    for _ in range(epochs):
        hidden_output, output = forward_pass(features, first, last)
        steps = backward_pass(features, targets, hidden_output, output, last)
        first, last = update_weights(first, last, steps, learning_rate * len(features))
    return first, last


@mistakes.of("test_train", DIVIDED_TWICE, "the means are divided once more")
def train(features, targets, weights_input_hidden, weights_hidden_output, learning_rate, epochs):
    first, last = weights_input_hidden, weights_hidden_output
    for _ in range(epochs):
        hidden_output, output = forward_pass(features, first, last)
        steps = backward_pass(features, targets, hidden_output, output, last)
        first, last = update_weights(first, last, steps, learning_rate / len(features))
    return first, last


@mistakes.of("test_train", LEARNING_RATE_TWICE, "before the update and in it")
def train(features, targets, weights_input_hidden, weights_hidden_output, learning_rate, epochs):
    first, last = weights_input_hidden, weights_hidden_output
    for _ in range(epochs):
        hidden_output, output = forward_pass(features, first, last)
        steps = backward_pass(features, targets, hidden_output, output, last)
        steps = learning_rate * steps[0], learning_rate * steps[1]
        first, last = update_weights(first, last, steps, learning_rate)
    return first, last


@mistakes.of("test_train", STEP_SUBTRACTED, "uphill")
def train(features, targets, weights_input_hidden, weights_hidden_output, learning_rate, epochs):
    first, last = weights_input_hidden, weights_hidden_output
    for _ in range(epochs):
        hidden_output, output = forward_pass(features, first, last)
        steps = backward_pass(features, targets, hidden_output, output, last)
        first, last = first - learning_rate * steps[0], last - learning_rate * steps[1]
    return first, last


@mistakes.of("test_train", WEIGHTS_UPDATED_TOO_EARLY, "backward pass through the new last layer")
def train(features, targets, weights_input_hidden, weights_hidden_output, learning_rate, epochs):
    first, last = weights_input_hidden, weights_hidden_output
    for _ in range(epochs):
        hidden_output, output = forward_pass(features, first, last)
        steps = backward_pass(features, targets, hidden_output, output, last)
        last = last + learning_rate * steps[1]
        steps = backward_pass(features, targets, hidden_output, output, last)
        first = first + learning_rate * steps[0]
    return first, last


@mistakes.of("test_train", ONE_LAYER_UPDATED, "the last layer only")
def train(features, targets, weights_input_hidden, weights_hidden_output, learning_rate, epochs):
    first, last = weights_input_hidden, weights_hidden_output
    for _ in range(epochs):
        hidden_output, output = forward_pass(features, first, last)
        steps = backward_pass(features, targets, hidden_output, output, last)
        _, last = update_weights(first, last, steps, learning_rate)
    return first, last


@mistakes.of("test_train", UPDATE_THROWN_AWAY, "backward pass through the weights of the start")
def train(features, targets, weights_input_hidden, weights_hidden_output, learning_rate, epochs):
    first, last = weights_input_hidden, weights_hidden_output
    for _ in range(epochs):
        hidden_output, output = forward_pass(features, first, last)
        steps = backward_pass(features, targets, hidden_output, output, weights_hidden_output)
        first, last = update_weights(first, last, steps, learning_rate)
    return first, last


@mistakes.of("test_train", START_IGNORED, "zeros")
def train(features, targets, weights_input_hidden, weights_hidden_output, learning_rate, epochs):
    first = np.zeros(np.shape(weights_input_hidden))
    last = np.zeros(np.shape(weights_hidden_output))
    for _ in range(epochs):
        hidden_output, output = forward_pass(features, first, last)
        steps = backward_pass(features, targets, hidden_output, output, last)
        first, last = update_weights(first, last, steps, learning_rate)
    return first, last


@mistakes.of("test_train", STEPS_SWAPPED, "last layer returned first")
def train(features, targets, weights_input_hidden, weights_hidden_output, learning_rate, epochs):
    first, last = weights_input_hidden, weights_hidden_output
    for _ in range(epochs):
        hidden_output, output = forward_pass(features, first, last)
        steps = backward_pass(features, targets, hidden_output, output, last)
        first, last = update_weights(first, last, steps, learning_rate)
    return last, first


@mistakes.of("test_train", ARGUMENT_CHANGED, "+= on both arrays")
def train(features, targets, weights_input_hidden, weights_hidden_output, learning_rate, epochs):
    for _ in range(epochs):
        hidden_output, output = forward_pass(features, weights_input_hidden, weights_hidden_output)
        steps = backward_pass(features, targets, hidden_output, output, weights_hidden_output)
        weights_input_hidden += learning_rate * steps[0]
        weights_hidden_output += learning_rate * steps[1]
    return weights_input_hidden, weights_hidden_output


# --- backprop: loss and accuracy -----------------------------------------------------------------


@mistakes.of("test_loss", LAST_RECORD_ONLY, "the last record")
def loss(features, targets, weights_input_hidden, weights_hidden_output):
    for x, target in zip(features, targets):
        hidden_output = sigmoid(np.dot(x, weights_input_hidden))
        output = sigmoid(np.dot(hidden_output, weights_hidden_output))
    return np.mean((target - output) ** 2)


@mistakes.of("test_loss", LAST_RECORD_ONLY, "all targets against the last record's output")
def loss(features, targets, weights_input_hidden, weights_hidden_output):
    for x in features:
        hidden_output = sigmoid(np.dot(x, weights_input_hidden))
        output = sigmoid(np.dot(hidden_output, weights_hidden_output))
    return np.mean((targets - output) ** 2)


@mistakes.of("test_loss", SUM_FOR_MEAN, "sum of squares")
def loss(features, targets, weights_input_hidden, weights_hidden_output):
    output = forward_pass(features, weights_input_hidden, weights_hidden_output)[1]
    return np.sum((targets - output) ** 2)


@mistakes.of("test_loss", HALF_IN_LOSS, "half the mean")
def loss(features, targets, weights_input_hidden, weights_hidden_output):
    output = forward_pass(features, weights_input_hidden, weights_hidden_output)[1]
    return 0.5 * np.mean((targets - output) ** 2)


@mistakes.of("test_loss", HALF_IN_LOSS, "half the sum, as in E")
def loss(features, targets, weights_input_hidden, weights_hidden_output):
    output = forward_pass(features, weights_input_hidden, weights_hidden_output)[1]
    return 0.5 * np.sum((targets - output) ** 2)


@mistakes.of("test_loss", SQUARED_TOO_LATE, "square of the mean")
def loss(features, targets, weights_input_hidden, weights_hidden_output):
    output = forward_pass(features, weights_input_hidden, weights_hidden_output)[1]
    return np.mean(targets - output) ** 2


@mistakes.of("test_loss", ERROR_NOT_SQUARED, "absolute errors")
def loss(features, targets, weights_input_hidden, weights_hidden_output):
    output = forward_pass(features, weights_input_hidden, weights_hidden_output)[1]
    return np.mean(np.abs(targets - output))


@mistakes.of("test_loss", ERROR_NOT_SQUARED, "root of the mean")
def loss(features, targets, weights_input_hidden, weights_hidden_output):
    output = forward_pass(features, weights_input_hidden, weights_hidden_output)[1]
    return np.sqrt(np.mean((targets - output) ** 2))


@mistakes.of("test_loss", NOT_ADDED_UP, "the squares, record by record")
def loss(features, targets, weights_input_hidden, weights_hidden_output):
    output = forward_pass(features, weights_input_hidden, weights_hidden_output)[1]
    return (targets - output) ** 2


@mistakes.of("test_loss", EXTRA_DIMENSION, "targets as a column against outputs as a row")
def loss(features, targets, weights_input_hidden, weights_hidden_output):
    output = forward_pass(features, weights_input_hidden, weights_hidden_output)[1]
    return np.mean((targets[:, None] - output) ** 2)


@mistakes.of("test_accuracy", SHARE_WRONG, "share of the wrong ones")
def accuracy(features, targets, weights_input_hidden, weights_hidden_output):
    output = forward_pass(features, weights_input_hidden, weights_hidden_output)[1]
    return np.mean((output > 0.5) != targets)


@mistakes.of("test_accuracy", SHARE_WRONG, "below one half for a yes")
def accuracy(features, targets, weights_input_hidden, weights_hidden_output):
    output = forward_pass(features, weights_input_hidden, weights_hidden_output)[1]
    return np.mean((output < 0.5) == targets)


@mistakes.of("test_accuracy", COUNT_FOR_SHARE, "how many are right")
def accuracy(features, targets, weights_input_hidden, weights_hidden_output):
    output = forward_pass(features, weights_input_hidden, weights_hidden_output)[1]
    return np.sum((output > 0.5) == targets)


@mistakes.of("test_accuracy", COUNT_FOR_SHARE, "percent")
def accuracy(features, targets, weights_input_hidden, weights_hidden_output):
    output = forward_pass(features, weights_input_hidden, weights_hidden_output)[1]
    return 100 * np.mean((output > 0.5) == targets)


@mistakes.of("test_accuracy", TARGETS_NOT_COMPARED, "share of the yes")
def accuracy(features, targets, weights_input_hidden, weights_hidden_output):
    output = forward_pass(features, weights_input_hidden, weights_hidden_output)[1]
    return np.mean(output > 0.5)


@mistakes.of("test_accuracy", ONLY_YES_COUNTED, "right yes among all")
def accuracy(features, targets, weights_input_hidden, weights_hidden_output):
    output = forward_pass(features, weights_input_hidden, weights_hidden_output)[1]
    return np.mean((output > 0.5) * targets)


@mistakes.of("test_accuracy", ONLY_YES_COUNTED, "right yes among the yes")
def accuracy(features, targets, weights_input_hidden, weights_hidden_output):
    output = forward_pass(features, weights_input_hidden, weights_hidden_output)[1]
    return np.mean((output > 0.5)[targets == 1])


@mistakes.of("test_accuracy", THRESHOLD_MISSING, "outputs equal to the targets")
def accuracy(features, targets, weights_input_hidden, weights_hidden_output):
    output = forward_pass(features, weights_input_hidden, weights_hidden_output)[1]
    return np.mean(output == targets)


@mistakes.of("test_accuracy", THRESHOLD_MISSING, "above zero")
def accuracy(features, targets, weights_input_hidden, weights_hidden_output):
    output = forward_pass(features, weights_input_hidden, weights_hidden_output)[1]
    return np.mean((output > 0) == targets)


@mistakes.of("test_accuracy", THRESHOLD_MISSING, "mean distance to the target")
def accuracy(features, targets, weights_input_hidden, weights_hidden_output):
    output = forward_pass(features, weights_input_hidden, weights_hidden_output)[1]
    return 1 - np.mean(np.abs(targets - output))


@mistakes.of("test_accuracy", NOT_ADDED_UP, "right or wrong, record by record")
def accuracy(features, targets, weights_input_hidden, weights_hidden_output):
    output = forward_pass(features, weights_input_hidden, weights_hidden_output)[1]
    return (output > 0.5) == targets


# --- Slopes measured in place of derived ---------------------------------------------------------


@mistakes.of("test_backprop_step", SLOPE_MEASURED)
def backprop_step(x, target, weights_input_hidden, weights_hidden_output, learning_rate):
    def error_of(first, last):
        return 0.5 * (target - sigmoid(np.dot(sigmoid(np.dot(x, first)), last))) ** 2

    def measured(function, weights):
        slopes = np.zeros(np.shape(weights))
        for place in np.ndindex(slopes.shape):
            nudge = np.zeros(slopes.shape)
            nudge[place] = 1e-5
            slopes[place] = (function(weights + nudge) - function(weights - nudge)) / 2e-5
        return slopes

    first, last = np.asarray(weights_input_hidden), np.asarray(weights_hidden_output)
    return (
        first - learning_rate * measured(lambda w: error_of(w, last), first),
        last - learning_rate * measured(lambda w: error_of(first, w), last),
    )


@mistakes.of("test_backward_pass", SLOPE_MEASURED)
def backward_pass(features, targets, hidden_output, output, weights_hidden_output):
    hidden_input = np.log(hidden_output / (1 - hidden_output))

    def error_of(hidden_input, weights):
        said = sigmoid(np.dot(sigmoid(hidden_input), weights))
        return 0.5 * np.mean((np.asarray(targets) - said) ** 2)

    def measured(function, place_of):
        slopes = np.zeros(np.shape(place_of))
        for place in np.ndindex(slopes.shape):
            nudge = np.zeros(slopes.shape)
            nudge[place] = 1e-5
            slopes[place] = (function(place_of + nudge) - function(place_of - nudge)) / 2e-5
        return slopes

    features, last = np.asarray(features, dtype=float), np.asarray(weights_hidden_output)
    along_inputs = measured(lambda h: error_of(h, last), hidden_input)
    along_last = measured(lambda w: error_of(hidden_input, w), last)
    return -np.dot(features.T, along_inputs), -along_last


# The mistakes above call earlier exercises by their names, which the mistakes themselves have taken
# over in this module. A function looks names up when it is called, so from here on they are right.

from .reference import (
    backward_pass,
    forward_pass,
    hidden_error_term,
    output_error_term,
    update_weights,
    weight_steps,
)
