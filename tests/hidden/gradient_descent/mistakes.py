"""What students with a misconception compute in `gradient_descent`, as code.

Every function stands in for the exercise's function of the same name. The ideas that several
assignments share come from `misconceptions`; those of one exercise only are defined here.
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
    INPUT_FORGOTTEN,
    INPUTS_LEFT_OUT,
    LEARNING_RATE_FORGOTTEN,
    LEARNING_RATE_TWICE,
    MEAN_FORGOTTEN,
    NEW_WEIGHTS_RETURNED,
    OUTER_PRODUCT_MISSING,
    SLOPE_AT_INPUT,
    SLOPE_AT_OUTPUT,
    SLOPE_FORGOTTEN,
    SLOPE_MEASURED,
    SLOPE_MISTYPED,
    SLOPE_OF_ERROR_OR_TARGET,
    SLOPE_WITHOUT_SIGMOID,
    START_IGNORED,
    STEP_SUBTRACTED,
    STEP_TRANSPOSED,
    TARGET_IN_PREDICTION,
    UNITS_MIXED_UP,
    UPDATED_INSIDE_LOOP,
    WEIGHTS_FOR_INPUT,
    WRONG_COUNT,
)

# --- The sigmoid --------------------------------------------------------------------------------

SIGN_IN_EXPONENT = Misconception(
    name="sign-in-exponent",
    words="Your sigmoid falls where it should rise: the sign of h in the exponent is lost.",
    hints=(
        "Your values are mirrored: a large h gives almost 0 and a small one almost 1.",
        "What should the sigmoid give for h = 5, nearly 0 or nearly 1? What does exp give there?",
        (
            "The sigmoid is one divided by the sum of one and the exponential of minus h. The minus "
            "makes the exponential vanish for large h, so that the sigmoid comes near 1."
        ),
    ),
)

ONE_IN_SIGMOID_FORGOTTEN = Misconception(
    name="one-in-sigmoid-forgotten",
    words="The 1 in the lower part of your fraction is missing, so nothing is squashed any more.",
    hints=(
        "Your values are positive but do not stay below 1; for large h they grow without bound.",
        "What must the sigmoid give for h = 0? What is the exponential of zero, and what do you get?",
        (
            "The lower part of the fraction is a sum: one plus the exponential of minus h. Mind the "
            "brackets: the division comes after the sum."
        ),
    ),
)

INFINITY_BY_INFINITY = Misconception(
    name="infinity-by-infinity",
    words=(
        "Your formula is right on paper, but far from zero it divides infinity by infinity, "
        "and NumPy answers NaN."
    ),
    hints=(
        "Near zero your values are right; at one far end there is NaN in them.",
        (
            "A float holds numbers up to about 1.8e308. For which h does np.exp leave that range? "
            "Does your formula need the exponential above and below the line?"
        ),
        (
            "Keep h between -500 and 500 before you use it (np.clip): the sigmoid is 0 or 1 there to "
            "every digit. Or take the form in which only the lower part can grow."
        ),
    ),
)

VALUE_FOR_SLOPE = Misconception(
    name="value-for-slope",
    words="You return the value of the sigmoid where its slope is asked for.",
    hints=(
        "Your slope keeps growing with h and comes near 1. The true one is never above a quarter.",
        "Look at the curve far to the right: how high is it there, and how steep?",
        "The slope is the sigmoid at h times what is missing from it to 1.",
    ),
)

SLOPE_UPSIDE_DOWN = Misconception(
    name="slope-upside-down",
    words="Your slope of the sigmoid is negative, as if the curve fell.",
    hints=(
        "The size is right, the sign is wrong at every h.",
        "Does the sigmoid ever fall? Which difference in your formula comes out below zero?",
        "The second factor is one minus the sigmoid. The sigmoid is below one, so it is positive.",
    ),
)

# --- The error of an output ---------------------------------------------------------------------

HALF_FORGOTTEN = Misconception(
    name="half-forgotten",
    words="You add up the squares rightly but leave out the half in front of the sum.",
    hints=(
        "Your number is exactly twice what it should be.",
        "Which factor stands in front of the two sums? What is it good for when E is differentiated?",
        (
            "E is one half of the sum of all squared errors. The half is there to cancel the 2 that "
            "the square leaves behind in the derivative."
        ),
    ),
)

MEAN_FOR_SUM = Misconception(
    name="mean-for-sum",
    words="You take a mean where E is a sum: your error does not grow with more records or outputs.",
    hints=(
        "Your number is too small, by a factor that depends on the size of the table.",
        "If every record came twice in the table, what should happen to E? What happens to yours?",
        (
            "E is a sum over all records and all outputs, with a half in front, and it is divided by "
            "nothing else. The mean comes into play with the epoch, in the next notebook."
        ),
    ),
)

SQUARE_FORGOTTEN = Misconception(
    name="square-forgotten",
    words="You add up the errors themselves, so that positive and negative ones cancel.",
    hints=(
        "Your error can be negative, or zero although the outputs are wrong.",
        "One output is 0.3 too high and another 0.3 too low: is the network without fault?",
        "Square each difference of target and output first, and add up after that.",
    ),
)

ABSOLUTE_FOR_SQUARE = Misconception(
    name="absolute-for-square",
    words="You take the size of each error where its square is asked for.",
    hints=(
        "For errors below 1 your number is too large: a square would make them smaller.",
        (
            "Both ways keep errors from cancelling. Which of the two punishes one large error more "
            "than many small ones, and has a slope everywhere?"
        ),
        "Multiply each difference of target and output by itself, and add up those products.",
    ),
)

SQUARED_AFTER_SUM = Misconception(
    name="squared-after-sum",
    words="You add up first and square the sum, so errors of different sign cancel.",
    hints=(
        "With one output your number is right, with several it is not.",
        "Which comes first in your code, the sum or the square? Try two errors, 0.3 and -0.3.",
        (
            "Each difference of target and output is squared by itself. The squares, none of them "
            "negative, are what is added up."
        ),
    ),
)

ONE_SUM_ONLY = Misconception(
    name="one-sum-only",
    words="You sum over the outputs but not over the records, or the other way about.",
    hints=(
        "For one record you give a number, for a table of records an array.",
        "How many sums stand in the formula, and how many does your code take? Over which axis?",
        "E sums over all outputs of all records, whatever the shape: the whole table gives a number.",
    ),
)

# --- The output of a unit -----------------------------------------------------------------------

ACTIVATION_MISSING = Misconception(
    name="activation-missing",
    words="You use the weighted sum h itself as the output: the sigmoid is left out.",
    hints=(
        "Your output is not held between 0 and 1, it can even be negative.",
        "The unit does two things one after the other. The first is the sum; what is the second?",
        "The output of the unit is the sigmoid of the weighted sum, not the weighted sum.",
    ),
)

SIGMOID_TWICE = Misconception(
    name="sigmoid-twice",
    words="You put the sigmoid of h through the sigmoid once more.",
    hints=(
        "Your outputs all lie between 0.5 and about 0.73, whatever the weights are.",
        "How often is the sigmoid called on the way from the inputs to the output? Count the calls.",
        "The weighted sum goes through the sigmoid once, and that is the output.",
    ),
)

SIGMOID_BEFORE_SUM = Misconception(
    name="sigmoid-before-sum",
    words="You squash before you add up: the sigmoid is applied to the parts and not to their sum.",
    hints=(
        "Your output is one number, but nothing keeps it between 0 and 1.",
        "What does a unit squash: each single input, each product, or what they add up to?",
        "First every input times its weight, then the sum of all products, and the sigmoid last.",
    ),
)

SLOPE_FOR_OUTPUT = Misconception(
    name="slope-for-output",
    words="You return the slope of the sigmoid at h where its value is the output.",
    hints=(
        "Your output is never above a quarter and is the same for h and for minus h.",
        "You have two functions, sigmoid and sigmoid_prime. Which of them gives the prediction?",
        "The output is the value of the sigmoid at the weighted sum. The slope is needed later.",
    ),
)

# --- Epochs and training ------------------------------------------------------------------------

FIRST_RECORD_ONLY = Misconception(
    name="first-record-only",
    words="Your loop over the records ends too soon: the function returns after the first one.",
    hints=(
        "With one record the answer is right; with more, the others have no effect at all.",
        "How far is your return line indented? When the loop reaches it, what happens?",
        "Return once, after the loop, when the steps of all the records have been added up.",
    ),
)

LAST_RECORD_LEFT_OUT = Misconception(
    name="last-record-left-out",
    words="Your loop stops one record too early.",
    hints=(
        "Every number is off, and with a single record your step is zero.",
        "Which numbers does range(n - 1) run through, and which record is never looked at?",
        "Every row of the table counts: take the loop over the rows themselves, without an index.",
    ),
)

EPOCHS_MISCOUNTED = Misconception(
    name="epochs-miscounted",
    words="You train for one epoch more or fewer than asked.",
    hints=(
        "Your weights are right for another number of epochs.",
        "With epochs = 0 the loop may not run at all, with 1 just once. How often does yours run?",
        "range(epochs) runs as many times as there are epochs; it needs no plus or minus one.",
    ),
)

STEP_NOT_RENEWED = Misconception(
    name="step-not-renewed",
    words="You compute the step once, at the start, and take that same step in every epoch.",
    hints=(
        "One epoch is right, and from the second on your weights move along a straight line.",
        "At which weights is the step of the second epoch computed in your code?",
        "Every epoch computes a new step at the weights that the last epoch left, then adds it.",
    ),
)

WEIGHTS_REPLACED = Misconception(
    name="weights-replaced",
    words="You put the step in the place of the weights, although it should be added to them.",
    hints=(
        "Without an epoch your weights are right; after one they are tiny.",
        "The function for the epoch returns a change. What has to happen to it to give new weights?",
        "The new weights are the old weights plus the step of the epoch.",
    ),
)

EPOCHS_CUT_SHORT = Misconception(
    name="epochs-cut-short",
    words="Your training ends after its first epoch: the return line stands inside the loop.",
    hints=(
        "One epoch is right. More epochs give the same as one, and none gives no answer.",
        "How far is your return line indented? How often can it be reached?",
        "Return the weights once, after the loop over the epochs is finished.",
    ),
)

STEPS_RETURNED = Misconception(
    name="change-of-training-returned",
    words="You return how far the weights have moved, but the weights at the end are asked for.",
    hints=(
        "Without an epoch you return zeros; the start never counts in.",
        "Where do the weights of the start come into the number that you return?",
        "The answer is the start plus all the steps that the epochs have added to it since then.",
    ),
)

# --- Loss and accuracy --------------------------------------------------------------------------

HALF_KEPT = Misconception(
    name="half-kept-in-mean",
    words="You carry the half of E over into the loss, which is a plain mean.",
    hints=(
        "Your loss is exactly half of what it should be.",
        "Two measures of error are in use in this unit. Which of them has a half in front?",
        "The mean squared error is the sum of the squares divided by how many there are.",
    ),
)

SUM_FOR_MEAN = Misconception(
    name="sum-for-mean",
    words="You add up the squares but do not divide by their number.",
    hints=(
        "With one record your loss is right, and it grows with every further record.",
        "Could you compare your loss on 360 records with that on 40? What would have to be done?",
        "Divide the sum of the squared errors by the number of records.",
    ),
)

ROOT_TAKEN = Misconception(
    name="root-taken",
    words="You take the square root of the mean. That is another measure, the RMSE.",
    hints=(
        "For losses below 1 yours is too large: the root makes such numbers larger.",
        "Mean, squared, error: three words, three operations. Which fourth one is in your code?",
        "The loss is the mean of the squared errors, as it stands.",
    ),
)

COUNT_FOR_SHARE = Misconception(
    name="count-for-share",
    words="You return how many records are right, or a percentage, where a share is asked for.",
    hints=(
        "Your number is above 1, and too large by a fixed factor.",
        "Between which two numbers must a share lie? What do you divide by?",
        "Count the records on the right side and divide by the number of all records.",
    ),
)

THRESHOLD_ON_SUM = Misconception(
    name="threshold-on-sum",
    words="You compare the weighted sum h with 0.5, but the threshold holds for the output f(h).",
    hints=(
        "A few records are judged wrongly: those whose sum is a little above zero.",
        "Which h gives an output of 0.5? Is that the number you compare with?",
        "Put the weighted sum through the sigmoid, and compare the output with one half.",
    ),
)

WRONG_SHARE = Misconception(
    name="wrong-share",
    words="You count the records that are predicted wrongly.",
    hints=(
        "Your number and the right one add up to 1.",
        "For a perfect prediction, what does your function return, and what should it return?",
        "Count the records whose prediction equals the target, and divide by the number of all records.",
    ),
)

EXACT_MATCH = Misconception(
    name="exact-match",
    words="You compare the outputs with 0 and 1 directly, and a sigmoid never gives either.",
    hints=(
        "Your accuracy is zero, however good the weights are.",
        "Is 0.97 equal to 1 for Python? What should an output of 0.97 count as?",
        "First decide for each output on which side of one half it lies, then compare with targets.",
    ),
)

TARGETS_LEFT_OUT = Misconception(
    name="targets-left-out",
    words="You measure how many records are predicted as 1, not how many are predicted rightly.",
    hints=(
        "Your number does not change when all the targets are swapped.",
        "A unit that says yes to everybody: what does your function give, what should it give?",
        "A record counts when prediction and target are the same: both one, or both zero.",
    ),
)

ZEROS_LEFT_OUT = Misconception(
    name="zeros-left-out",
    words="You count only the records that were rightly predicted as 1; the right zeros are missing.",
    hints=(
        "Your accuracy is too low, and more so when few records have the target 1.",
        "A record with target 0 is predicted as 0. Is that right? Does it count in your code?",
        "Both kinds of right predictions count: one for one, and zero for zero.",
    ),
)

# --- Descent with momentum ----------------------------------------------------------------------

WALKED_UPHILL = Misconception(
    name="walked-uphill",
    words="You follow the gradient. It points uphill, so you climb.",
    hints=(
        "Already your first step goes in the wrong direction.",
        "For the square of w at w = 2 the gradient is 4. Does that tell you to raise w or lower it?",
        "The velocity is changed against the gradient: minus the learning rate times the gradient.",
    ),
)

MOMENTUM_IGNORED = Misconception(
    name="momentum-ignored",
    words="Your velocity begins at zero in each step, so nothing of the last step is kept.",
    hints=(
        "Without momentum your path is right, and with it you go too slowly from step two on.",
        "What does the velocity hold when a step begins: what the last step left, or nothing?",
        (
            "The velocity starts at zero before the loop only. Each new one is momentum times the "
            "old one, minus the learning rate times the gradient."
        ),
    ),
)

START_LEFT_OUT = Misconception(
    name="start-left-out",
    words="Your path begins with the first step and not with the start.",
    hints=(
        "Your path has one place too few.",
        "If you draw the path, where does the line begin? How many places do two steps join?",
        "Put the start into the path before the loop, then add one place in each step.",
    ),
)

ONE_ARRAY_IN_PATH = Misconception(
    name="one-array-in-path",
    words=(
        "Your path holds the same array again and again: you change it in place, "
        "and every entry changes with it."
    ),
    hints=(
        "All places of your path are the same: the last one.",
        "Does += make a new array or change the old one? What was put into the list, then?",
        "Make a new array in each step, the old place plus the velocity, or put a copy in the path.",
    ),
)

GRADIENT_NOT_RENEWED = Misconception(
    name="gradient-not-renewed",
    words="You take the gradient at the start for every step.",
    hints=(
        "The first step is right; later ones do not slow down as the valley gets flat.",
        "At which place is the gradient of your third step taken?",
        "Ask for the gradient anew in each step, at the place that you have reached.",
    ),
)

LAST_PLACE_ONLY = Misconception(
    name="last-place-only",
    words="You return where the walk ends, but the whole path is asked for.",
    hints=(
        "Your result has the shape of a single place.",
        "How would you draw the way down from your result alone? What must be kept on the way?",
        "Keep every place in a list, the start first, and return the list as an array.",
    ),
)

MOMENTUM_ON_PLACE = Misconception(
    name="momentum-on-place",
    words="You shrink the place by the momentum, where the velocity should be shrunk.",
    hints=(
        "Even your first step is wrong: with no momentum at all you jump near to zero.",
        "What does momentum keep a part of: where you are, or how fast you are going?",
        "Velocity: momentum times old velocity, minus learning rate times gradient. Place: plus that.",
    ),
)

GRADIENT_WEAKENED = Misconception(
    name="gradient-weakened",
    words=(
        "You scale the gradient by one minus the momentum. Such a rule exists, "
        "but it is not the one of this exercise."
    ),
    hints=(
        "The direction is right; with momentum all your steps are too short.",
        "Which two factors does the formula give the gradient, and which third one does yours?",
        "The new velocity is momentum times the old one, minus learning rate times the gradient.",
    ),
)

MOVED_BEFORE_VELOCITY = Misconception(
    name="moved-before-velocity",
    words="You move with the old velocity and renew it afterwards, so each step comes one too late.",
    hints=(
        "Your second place is still the start; all others come one step late.",
        "In which order do your two lines stand: first move, or first renew the velocity?",
        "Renew the velocity with the gradient at your present place, then move by it.",
    ),
)

MOVED_BY_GRADIENT_TOO = Misconception(
    name="gradient-counted-twice",
    words="You subtract the gradient once in the velocity and once more in the move.",
    hints=(
        "Your first step is twice as long as it should be.",
        "In how many of your lines does the gradient occur, and in how many of the formula's two?",
        "The gradient changes the velocity, and only the velocity changes the place.",
    ),
)

mistakes = Mistakes()

# --- test_sigmoid -------------------------------------------------------------------------------


@mistakes.of("test_sigmoid", SIGN_IN_EXPONENT)
def sigmoid(h):
    return 1 / (1 + np.exp(h))


@mistakes.of("test_sigmoid", ONE_IN_SIGMOID_FORGOTTEN, "the 1 is left out")
def sigmoid(h):
    return 1 / np.exp(-h)


@mistakes.of("test_sigmoid", ONE_IN_SIGMOID_FORGOTTEN, "brackets are missing")
def sigmoid(h):
    return 1 / 1 + np.exp(-h)


@mistakes.of("test_sigmoid", INFINITY_BY_INFINITY)
def sigmoid(h):
    return np.exp(h) / (1 + np.exp(h))


@mistakes.of("test_sigmoid", INFINITY_BY_INFINITY)
def sigmoid_prime(h):
    return np.exp(-h) / (1 + np.exp(-h)) ** 2


@mistakes.of("test_sigmoid", VALUE_FOR_SLOPE)
def sigmoid_prime(h):
    return sigmoid(h)


@mistakes.of("test_sigmoid", SLOPE_UPSIDE_DOWN)
def sigmoid_prime(h):
    return sigmoid(h) * (sigmoid(h) - 1)


@mistakes.of("test_sigmoid", SLOPE_AT_OUTPUT)
def sigmoid_prime(h):
    output = sigmoid(h)
    return sigmoid(output) * (1 - sigmoid(output))


@mistakes.of("test_sigmoid", SLOPE_WITHOUT_SIGMOID)
def sigmoid_prime(h):
    return h * (1 - h)


@mistakes.of("test_sigmoid", SLOPE_MISTYPED, "the sigmoid squared")
def sigmoid_prime(h):
    return sigmoid(h) * sigmoid(h)


@mistakes.of("test_sigmoid", SLOPE_MISTYPED, "divided by 1 - f")
def sigmoid_prime(h):
    return sigmoid(h) / (1 - sigmoid(h))


@mistakes.of("test_sigmoid", SLOPE_MISTYPED, "1 + f for 1 - f")
def sigmoid_prime(h):
    return sigmoid(h) * (1 + sigmoid(h))


@mistakes.of("test_sigmoid", SLOPE_MISTYPED, "1 - f alone")
def sigmoid_prime(h):
    return 1 - sigmoid(h)


# --- test_sse -----------------------------------------------------------------------------------


@mistakes.of("test_sse", HALF_FORGOTTEN)
def sum_of_squared_errors(targets, outputs):
    return np.sum((targets - outputs) ** 2)


@mistakes.of("test_sse", MEAN_FOR_SUM, "mean over everything")
def sum_of_squared_errors(targets, outputs):
    return 0.5 * np.mean((targets - outputs) ** 2)


@mistakes.of("test_sse", MEAN_FOR_SUM, "mean over the records")
def sum_of_squared_errors(targets, outputs):
    return 0.5 * np.sum((targets - outputs) ** 2) / len(targets)


@mistakes.of("test_sse", MEAN_FOR_SUM, "mean without the half")
def sum_of_squared_errors(targets, outputs):
    return np.mean((targets - outputs) ** 2)


@mistakes.of("test_sse", SQUARE_FORGOTTEN)
def sum_of_squared_errors(targets, outputs):
    return 0.5 * np.sum(targets - outputs)


@mistakes.of("test_sse", ABSOLUTE_FOR_SQUARE)
def sum_of_squared_errors(targets, outputs):
    return 0.5 * np.sum(np.abs(targets - outputs))


@mistakes.of("test_sse", SQUARED_AFTER_SUM)
def sum_of_squared_errors(targets, outputs):
    return 0.5 * np.sum(targets - outputs) ** 2


@mistakes.of("test_sse", ONE_SUM_ONLY, "over the outputs only")
def sum_of_squared_errors(targets, outputs):
    return 0.5 * np.sum((targets - outputs) ** 2, axis=-1)


@mistakes.of("test_sse", ONE_SUM_ONLY, "Python's sum runs over the rows only")
def sum_of_squared_errors(targets, outputs):
    return 0.5 * sum((targets - outputs) ** 2)


@mistakes.of("test_sse", ONE_SUM_ONLY, "no sum at all")
def sum_of_squared_errors(targets, outputs):
    return 0.5 * (targets - outputs) ** 2


# --- test_neuron_output -------------------------------------------------------------------------


@mistakes.of("test_neuron_output", ACTIVATION_MISSING)
def neuron_output(x, weights):
    return np.dot(x, weights)


@mistakes.of("test_neuron_output", SIGMOID_TWICE)
def neuron_output(x, weights):
    return sigmoid(sigmoid(np.dot(x, weights)))


@mistakes.of("test_neuron_output", ELEMENTWISE_FOR_DOT)
def neuron_output(x, weights):
    return sigmoid(x * weights)


@mistakes.of("test_neuron_output", SIGMOID_BEFORE_SUM, "the products are squashed")
def neuron_output(x, weights):
    return np.sum(sigmoid(x * weights))


@mistakes.of("test_neuron_output", SIGMOID_BEFORE_SUM, "the inputs are squashed")
def neuron_output(x, weights):
    return np.dot(sigmoid(x), weights)


@mistakes.of("test_neuron_output", INPUTS_LEFT_OUT)
def neuron_output(x, weights):
    return sigmoid(x[0] * weights[0] + x[1] * weights[1])


@mistakes.of("test_neuron_output", SLOPE_FOR_OUTPUT)
def neuron_output(x, weights):
    return sigmoid_prime(np.dot(x, weights))


@mistakes.of("test_neuron_output", EXTRA_DIMENSION)
def neuron_output(x, weights):
    return sigmoid(np.dot(x.reshape(1, -1), weights))


# --- test_error_term ----------------------------------------------------------------------------


@mistakes.of("test_error_term", SLOPE_FORGOTTEN)
def error_term(x, target, weights):
    return target - sigmoid(np.dot(x, weights))


@mistakes.of("test_error_term", SLOPE_AT_OUTPUT)
def error_term(x, target, weights):
    output = sigmoid(np.dot(x, weights))
    return (target - output) * sigmoid_prime(output)


@mistakes.of("test_error_term", SLOPE_AT_INPUT)
def error_term(x, target, weights):
    output = sigmoid(np.dot(x, weights))
    return (target - output) * sigmoid_prime(x)


@mistakes.of("test_error_term", SLOPE_WITHOUT_SIGMOID)
def error_term(x, target, weights):
    h = np.dot(x, weights)
    return (target - sigmoid(h)) * h * (1 - h)


@mistakes.of("test_error_term", SLOPE_MISTYPED, "the output squared")
def error_term(x, target, weights):
    output = sigmoid(np.dot(x, weights))
    return (target - output) * output * output


@mistakes.of("test_error_term", SLOPE_MISTYPED, "divided by 1 - output")
def error_term(x, target, weights):
    output = sigmoid(np.dot(x, weights))
    return (target - output) * output / (1 - output)


@mistakes.of("test_error_term", SLOPE_MISTYPED, "brackets forgotten")
def error_term(x, target, weights):
    output = sigmoid(np.dot(x, weights))
    return (target - output) * output * 1 - output


@mistakes.of("test_error_term", SLOPE_OF_ERROR_OR_TARGET, "of the error")
def error_term(x, target, weights):
    error = target - sigmoid(np.dot(x, weights))
    return error * error * (1 - error)


@mistakes.of("test_error_term", SLOPE_OF_ERROR_OR_TARGET, "of the target")
def error_term(x, target, weights):
    error = target - sigmoid(np.dot(x, weights))
    return error * target * (1 - target)


@mistakes.of("test_error_term", SLOPE_OF_ERROR_OR_TARGET, "sigmoid_prime of the error")
def error_term(x, target, weights):
    error = target - sigmoid(np.dot(x, weights))
    return error * sigmoid_prime(error)


@mistakes.of("test_error_term", ERROR_REVERSED)
def error_term(x, target, weights):
    h = np.dot(x, weights)
    return (sigmoid(h) - target) * sigmoid_prime(h)


@mistakes.of("test_error_term", ERROR_SQUARED)
def error_term(x, target, weights):
    h = np.dot(x, weights)
    return (target - sigmoid(h)) ** 2 * sigmoid_prime(h)


@mistakes.of("test_error_term", FACTOR_TWO_KEPT, "2 from the square")
def error_term(x, target, weights):
    h = np.dot(x, weights)
    return 2 * (target - sigmoid(h)) * sigmoid_prime(h)


@mistakes.of("test_error_term", FACTOR_TWO_KEPT, "1/2 from E")
def error_term(x, target, weights):
    h = np.dot(x, weights)
    return 0.5 * (target - sigmoid(h)) * sigmoid_prime(h)


@mistakes.of("test_error_term", INPUTS_LEFT_OUT)
def error_term(x, target, weights):
    h = x[0] * weights[0] + x[1] * weights[1]
    return (target - sigmoid(h)) * sigmoid_prime(h)


@mistakes.of("test_error_term", TARGET_IN_PREDICTION)
def error_term(x, target, weights):
    h = np.sum(x * target)
    return (target - sigmoid(h)) * sigmoid_prime(h)


@mistakes.of("test_error_term", ACTIVATION_MISSING)
def error_term(x, target, weights):
    h = np.dot(x, weights)
    return (target - h) * sigmoid_prime(h)


@mistakes.of("test_error_term", ELEMENTWISE_FOR_DOT)
def error_term(x, target, weights):
    h = x * weights
    return (target - sigmoid(h)) * sigmoid_prime(h)


# --- test_weight_step ---------------------------------------------------------------------------


@mistakes.of("test_weight_step", SLOPE_FORGOTTEN)
def weight_step(x, target, weights, learning_rate):
    error = target - sigmoid(np.dot(x, weights))
    return learning_rate * error * x


@mistakes.of("test_weight_step", SLOPE_AT_OUTPUT)
def weight_step(x, target, weights, learning_rate):
    output = sigmoid(np.dot(x, weights))
    return learning_rate * (target - output) * sigmoid_prime(output) * x


@mistakes.of("test_weight_step", SLOPE_AT_INPUT)
def weight_step(x, target, weights, learning_rate):
    output = sigmoid(np.dot(x, weights))
    return learning_rate * (target - output) * sigmoid_prime(x) * x


@mistakes.of("test_weight_step", SLOPE_WITHOUT_SIGMOID)
def weight_step(x, target, weights, learning_rate):
    h = np.dot(x, weights)
    return learning_rate * (target - sigmoid(h)) * h * (1 - h) * x


@mistakes.of("test_weight_step", SLOPE_MISTYPED, "the output squared")
def weight_step(x, target, weights, learning_rate):
    output = sigmoid(np.dot(x, weights))
    return learning_rate * (target - output) * output * output * x


@mistakes.of("test_weight_step", SLOPE_MISTYPED, "divided by 1 - output")
def weight_step(x, target, weights, learning_rate):
    output = sigmoid(np.dot(x, weights))
    return learning_rate * (target - output) * output / (1 - output) * x


@mistakes.of("test_weight_step", SLOPE_MISTYPED, "brackets forgotten")
def weight_step(x, target, weights, learning_rate):
    output = sigmoid(np.dot(x, weights))
    return learning_rate * ((target - output) * output * 1 - output) * x


@mistakes.of("test_weight_step", SLOPE_OF_ERROR_OR_TARGET, "of the error")
def weight_step(x, target, weights, learning_rate):
    error = target - sigmoid(np.dot(x, weights))
    return learning_rate * error * error * (1 - error) * x


@mistakes.of("test_weight_step", SLOPE_OF_ERROR_OR_TARGET, "of the target")
def weight_step(x, target, weights, learning_rate):
    error = target - sigmoid(np.dot(x, weights))
    return learning_rate * error * target * (1 - target) * x


@mistakes.of("test_weight_step", ERROR_REVERSED)
def weight_step(x, target, weights, learning_rate):
    h = np.dot(x, weights)
    return learning_rate * (sigmoid(h) - target) * sigmoid_prime(h) * x


@mistakes.of("test_weight_step", LEARNING_RATE_FORGOTTEN)
def weight_step(x, target, weights, learning_rate):
    return error_term(x, target, weights) * x


@mistakes.of("test_weight_step", LEARNING_RATE_TWICE)
def weight_step(x, target, weights, learning_rate):
    scaled = learning_rate * error_term(x, target, weights)
    return learning_rate * scaled * x


@mistakes.of("test_weight_step", ERROR_SQUARED)
def weight_step(x, target, weights, learning_rate):
    h = np.dot(x, weights)
    return learning_rate * (target - sigmoid(h)) ** 2 * sigmoid_prime(h) * x


@mistakes.of("test_weight_step", FACTOR_TWO_KEPT, "2 from the square")
def weight_step(x, target, weights, learning_rate):
    return 2 * learning_rate * error_term(x, target, weights) * x


@mistakes.of("test_weight_step", FACTOR_TWO_KEPT, "1/2 from E")
def weight_step(x, target, weights, learning_rate):
    return 0.5 * learning_rate * error_term(x, target, weights) * x


@mistakes.of("test_weight_step", INPUT_FORGOTTEN, "one number for all weights")
def weight_step(x, target, weights, learning_rate):
    return learning_rate * error_term(x, target, weights)


@mistakes.of("test_weight_step", INPUT_FORGOTTEN, "the same step for each weight")
def weight_step(x, target, weights, learning_rate):
    return np.full(len(weights), learning_rate * error_term(x, target, weights))


@mistakes.of("test_weight_step", INPUT_FORGOTTEN, "the inputs are summed up")
def weight_step(x, target, weights, learning_rate):
    return learning_rate * error_term(x, target, weights) * np.sum(x)


@mistakes.of("test_weight_step", INPUTS_LEFT_OUT, "two entries from a sample with two inputs")
def weight_step(x, target, weights, learning_rate):
    term = error_term(x, target, weights)
    return np.array([learning_rate * term * x[0], learning_rate * term * x[1]])


@mistakes.of("test_weight_step", INPUTS_LEFT_OUT, "an index that does not move")
def weight_step(x, target, weights, learning_rate):
    step = np.zeros(len(weights))
    for i in range(len(weights)):
        step[i] = learning_rate * error_term(x, target, weights) * x[0]
    return step


@mistakes.of("test_weight_step", WEIGHTS_FOR_INPUT)
def weight_step(x, target, weights, learning_rate):
    return learning_rate * error_term(x, target, weights) * weights


@mistakes.of("test_weight_step", NEW_WEIGHTS_RETURNED)
def weight_step(x, target, weights, learning_rate):
    return weights + learning_rate * error_term(x, target, weights) * x


@mistakes.of("test_weight_step", TARGET_IN_PREDICTION)
def weight_step(x, target, weights, learning_rate):
    h = np.sum(x * target)
    return learning_rate * (target - sigmoid(h)) * sigmoid_prime(h) * x


@mistakes.of("test_weight_step", ACTIVATION_MISSING, "the step of a linear unit")
def weight_step(x, target, weights, learning_rate):
    return learning_rate * (target - np.dot(x, weights)) * x


@mistakes.of("test_weight_step", ELEMENTWISE_FOR_DOT)
def weight_step(x, target, weights, learning_rate):
    h = x * weights
    return learning_rate * (target - sigmoid(h)) * sigmoid_prime(h) * x


@mistakes.of("test_weight_step", ARGUMENT_CHANGED)
def weight_step(x, target, weights, learning_rate):
    step = learning_rate * error_term(x, target, weights) * x
    weights += step
    return step


@mistakes.of("test_weight_step", EXTRA_DIMENSION)
def weight_step(x, target, weights, learning_rate):
    return learning_rate * error_term(x, target, weights) * x[:, None]


# --- test_weight_step_outputs -------------------------------------------------------------------


@mistakes.of("test_weight_step_outputs", SLOPE_FORGOTTEN)
def weight_step_outputs(x, targets, weights, learning_rate):
    errors = targets - sigmoid(np.dot(x, weights))
    return learning_rate * np.outer(x, errors)


@mistakes.of("test_weight_step_outputs", SLOPE_AT_OUTPUT)
def weight_step_outputs(x, targets, weights, learning_rate):
    outputs = sigmoid(np.dot(x, weights))
    return learning_rate * np.outer(x, (targets - outputs) * sigmoid_prime(outputs))


@mistakes.of("test_weight_step_outputs", SLOPE_WITHOUT_SIGMOID)
def weight_step_outputs(x, targets, weights, learning_rate):
    h = np.dot(x, weights)
    return learning_rate * np.outer(x, (targets - sigmoid(h)) * h * (1 - h))


@mistakes.of("test_weight_step_outputs", SLOPE_MISTYPED, "the output squared")
def weight_step_outputs(x, targets, weights, learning_rate):
    outputs = sigmoid(np.dot(x, weights))
    return learning_rate * np.outer(x, (targets - outputs) * outputs * outputs)


@mistakes.of("test_weight_step_outputs", SLOPE_OF_ERROR_OR_TARGET, "of the targets")
def weight_step_outputs(x, targets, weights, learning_rate):
    errors = targets - sigmoid(np.dot(x, weights))
    return learning_rate * np.outer(x, errors * targets * (1 - targets))


@mistakes.of("test_weight_step_outputs", ERROR_REVERSED)
def weight_step_outputs(x, targets, weights, learning_rate):
    h = np.dot(x, weights)
    return learning_rate * np.outer(x, (sigmoid(h) - targets) * sigmoid_prime(h))


@mistakes.of("test_weight_step_outputs", ERROR_SQUARED)
def weight_step_outputs(x, targets, weights, learning_rate):
    h = np.dot(x, weights)
    return learning_rate * np.outer(x, (targets - sigmoid(h)) ** 2 * sigmoid_prime(h))


@mistakes.of("test_weight_step_outputs", FACTOR_TWO_KEPT)
def weight_step_outputs(x, targets, weights, learning_rate):
    h = np.dot(x, weights)
    return 2 * learning_rate * np.outer(x, (targets - sigmoid(h)) * sigmoid_prime(h))


@mistakes.of("test_weight_step_outputs", LEARNING_RATE_FORGOTTEN)
def weight_step_outputs(x, targets, weights, learning_rate):
    h = np.dot(x, weights)
    return np.outer(x, (targets - sigmoid(h)) * sigmoid_prime(h))


@mistakes.of("test_weight_step_outputs", LEARNING_RATE_TWICE)
def weight_step_outputs(x, targets, weights, learning_rate):
    h = np.dot(x, weights)
    terms = learning_rate * (targets - sigmoid(h)) * sigmoid_prime(h)
    return learning_rate * np.outer(x, terms)


@mistakes.of("test_weight_step_outputs", INPUT_FORGOTTEN)
def weight_step_outputs(x, targets, weights, learning_rate):
    h = np.dot(x, weights)
    return learning_rate * (targets - sigmoid(h)) * sigmoid_prime(h)


@mistakes.of("test_weight_step_outputs", STEP_TRANSPOSED)
def weight_step_outputs(x, targets, weights, learning_rate):
    h = np.dot(x, weights)
    return learning_rate * np.outer((targets - sigmoid(h)) * sigmoid_prime(h), x)


@mistakes.of("test_weight_step_outputs", OUTER_PRODUCT_MISSING)
def weight_step_outputs(x, targets, weights, learning_rate):
    h = np.dot(x, weights)
    return learning_rate * (targets - sigmoid(h)) * sigmoid_prime(h) * x


@mistakes.of("test_weight_step_outputs", DOT_TRANSPOSED)
def weight_step_outputs(x, targets, weights, learning_rate):
    h = np.dot(weights, x)
    return learning_rate * np.outer(x, (targets - sigmoid(h)) * sigmoid_prime(h))


@mistakes.of("test_weight_step_outputs", NEW_WEIGHTS_RETURNED)
def weight_step_outputs(x, targets, weights, learning_rate):
    h = np.dot(x, weights)
    return weights + learning_rate * np.outer(x, (targets - sigmoid(h)) * sigmoid_prime(h))


@mistakes.of("test_weight_step_outputs", UNITS_MIXED_UP, "one error for all units")
def weight_step_outputs(x, targets, weights, learning_rate):
    h = np.dot(x, weights)
    error = np.sum(targets - sigmoid(h))
    return learning_rate * np.outer(x, error * sigmoid_prime(h))


@mistakes.of("test_weight_step_outputs", UNITS_MIXED_UP, "one error term for all units")
def weight_step_outputs(x, targets, weights, learning_rate):
    h = np.dot(x, weights)
    term = np.sum((targets - sigmoid(h)) * sigmoid_prime(h))
    return learning_rate * np.outer(x, np.full(len(targets), term))


@mistakes.of("test_weight_step_outputs", WEIGHTS_FOR_INPUT)
def weight_step_outputs(x, targets, weights, learning_rate):
    h = np.dot(x, weights)
    return learning_rate * weights * (targets - sigmoid(h)) * sigmoid_prime(h)


@mistakes.of("test_weight_step_outputs", ARGUMENT_CHANGED)
def weight_step_outputs(x, targets, weights, learning_rate):
    h = np.dot(x, weights)
    step = learning_rate * np.outer(x, (targets - sigmoid(h)) * sigmoid_prime(h))
    weights += step
    return step


# --- test_epoch_step ----------------------------------------------------------------------------


@mistakes.of("test_epoch_step", MEAN_FORGOTTEN)
def epoch_step(features, targets, weights, learning_rate):
    step = np.zeros(features.shape[1])
    for x, target in zip(features, targets):
        h = np.dot(x, weights)
        step += (target - sigmoid(h)) * sigmoid_prime(h) * x
    return learning_rate * step


@mistakes.of("test_epoch_step", DIVIDED_TWICE)
def epoch_step(features, targets, weights, learning_rate):
    step = np.zeros(features.shape[1])
    for x, target in zip(features, targets):
        h = np.dot(x, weights)
        step += (target - sigmoid(h)) * sigmoid_prime(h) * x
    mean = step / len(features)
    return learning_rate * mean / len(features)


@mistakes.of("test_epoch_step", WRONG_COUNT, "features for records")
def epoch_step(features, targets, weights, learning_rate):
    step = np.zeros(features.shape[1])
    for x, target in zip(features, targets):
        h = np.dot(x, weights)
        step += (target - sigmoid(h)) * sigmoid_prime(h) * x
    return learning_rate * step / features.shape[1]


@mistakes.of("test_epoch_step", WRONG_COUNT, "all entries of the table")
def epoch_step(features, targets, weights, learning_rate):
    step = np.zeros(features.shape[1])
    for x, target in zip(features, targets):
        h = np.dot(x, weights)
        step += (target - sigmoid(h)) * sigmoid_prime(h) * x
    return learning_rate * step / features.size


@mistakes.of("test_epoch_step", ACCUMULATOR_OVERWRITTEN, "= for +=")
def epoch_step(features, targets, weights, learning_rate):
    step = np.zeros(features.shape[1])
    for x, target in zip(features, targets):
        h = np.dot(x, weights)
        step = (target - sigmoid(h)) * sigmoid_prime(h) * x
    return learning_rate * step / len(features)


@mistakes.of("test_epoch_step", ACCUMULATOR_OVERWRITTEN, "counted again with each record")
def epoch_step(features, targets, weights, learning_rate):
    step = np.zeros(features.shape[1])
    for x, target in zip(features, targets):
        h = np.dot(x, weights)
        step += step + (target - sigmoid(h)) * sigmoid_prime(h) * x
    return learning_rate * step / len(features)


@mistakes.of("test_epoch_step", UPDATED_INSIDE_LOOP, "with each record's own step")
def epoch_step(features, targets, weights, learning_rate):
    current = weights.copy()
    for x, target in zip(features, targets):
        h = np.dot(x, current)
        current += learning_rate * (target - sigmoid(h)) * sigmoid_prime(h) * x
    return (current - weights) / len(features)


@mistakes.of("test_epoch_step", UPDATED_INSIDE_LOOP, "with the growing sum")
def epoch_step(features, targets, weights, learning_rate):
    step = np.zeros(features.shape[1])
    current = weights.copy()
    for x, target in zip(features, targets):
        h = np.dot(x, current)
        step += (target - sigmoid(h)) * sigmoid_prime(h) * x
        current += learning_rate * step / len(features)
    return current - weights


@mistakes.of("test_epoch_step", TARGET_IN_PREDICTION, "the target in place of the weights")
def epoch_step(features, targets, weights, learning_rate):
    step = np.zeros(features.shape[1])
    for x, target in zip(features, targets):
        h = np.sum(x * target)
        step += (target - sigmoid(h)) * sigmoid_prime(h) * x
    return learning_rate * step / len(features)


@mistakes.of("test_epoch_step", ACCUMULATORS_AS_WEIGHTS)
def epoch_step(features, targets, weights, learning_rate):
    step = np.zeros(features.shape[1])
    for x, target in zip(features, targets):
        h = np.dot(x, step)
        step += (target - sigmoid(h)) * sigmoid_prime(h) * x
    return learning_rate * step / len(features)


@mistakes.of("test_epoch_step", ARGUMENT_CHANGED)
def epoch_step(features, targets, weights, learning_rate):
    step = np.zeros(features.shape[1])
    for x, target in zip(features, targets):
        h = np.dot(x, weights)
        step += (target - sigmoid(h)) * sigmoid_prime(h) * x
    step = learning_rate * step / len(features)
    weights += step
    return step


@mistakes.of("test_epoch_step", NEW_WEIGHTS_RETURNED)
def epoch_step(features, targets, weights, learning_rate):
    step = np.zeros(features.shape[1])
    for x, target in zip(features, targets):
        h = np.dot(x, weights)
        step += (target - sigmoid(h)) * sigmoid_prime(h) * x
    return weights + learning_rate * step / len(features)


@mistakes.of("test_epoch_step", SLOPE_FORGOTTEN)
def epoch_step(features, targets, weights, learning_rate):
    step = np.zeros(features.shape[1])
    for x, target in zip(features, targets):
        h = np.dot(x, weights)
        step += (target - sigmoid(h)) * x
    return learning_rate * step / len(features)


@mistakes.of("test_epoch_step", SLOPE_AT_OUTPUT)
def epoch_step(features, targets, weights, learning_rate):
    step = np.zeros(features.shape[1])
    for x, target in zip(features, targets):
        output = sigmoid(np.dot(x, weights))
        step += (target - output) * sigmoid_prime(output) * x
    return learning_rate * step / len(features)


@mistakes.of("test_epoch_step", SLOPE_AT_INPUT)
def epoch_step(features, targets, weights, learning_rate):
    step = np.zeros(features.shape[1])
    for x, target in zip(features, targets):
        h = np.dot(x, weights)
        step += (target - sigmoid(h)) * sigmoid_prime(x) * x
    return learning_rate * step / len(features)


@mistakes.of("test_epoch_step", SLOPE_WITHOUT_SIGMOID)
def epoch_step(features, targets, weights, learning_rate):
    step = np.zeros(features.shape[1])
    for x, target in zip(features, targets):
        h = np.dot(x, weights)
        step += (target - sigmoid(h)) * h * (1 - h) * x
    return learning_rate * step / len(features)


@mistakes.of("test_epoch_step", SLOPE_MISTYPED, "the output squared")
def epoch_step(features, targets, weights, learning_rate):
    step = np.zeros(features.shape[1])
    for x, target in zip(features, targets):
        output = sigmoid(np.dot(x, weights))
        step += (target - output) * output * output * x
    return learning_rate * step / len(features)


@mistakes.of("test_epoch_step", SLOPE_MISTYPED, "divided by 1 - output")
def epoch_step(features, targets, weights, learning_rate):
    step = np.zeros(features.shape[1])
    for x, target in zip(features, targets):
        output = sigmoid(np.dot(x, weights))
        step += (target - output) * output / (1 - output) * x
    return learning_rate * step / len(features)


@mistakes.of("test_epoch_step", SLOPE_OF_ERROR_OR_TARGET, "of the error")
def epoch_step(features, targets, weights, learning_rate):
    step = np.zeros(features.shape[1])
    for x, target in zip(features, targets):
        error = target - sigmoid(np.dot(x, weights))
        step += error * error * (1 - error) * x
    return learning_rate * step / len(features)


@mistakes.of("test_epoch_step", SLOPE_OF_ERROR_OR_TARGET, "of the target")
def epoch_step(features, targets, weights, learning_rate):
    step = np.zeros(features.shape[1])
    for x, target in zip(features, targets):
        error = target - sigmoid(np.dot(x, weights))
        step += error * target * (1 - target) * x
    return learning_rate * step / len(features)


@mistakes.of("test_epoch_step", ERROR_REVERSED)
def epoch_step(features, targets, weights, learning_rate):
    step = np.zeros(features.shape[1])
    for x, target in zip(features, targets):
        h = np.dot(x, weights)
        step += (sigmoid(h) - target) * sigmoid_prime(h) * x
    return learning_rate * step / len(features)


@mistakes.of("test_epoch_step", LEARNING_RATE_FORGOTTEN)
def epoch_step(features, targets, weights, learning_rate):
    step = np.zeros(features.shape[1])
    for x, target in zip(features, targets):
        h = np.dot(x, weights)
        step += (target - sigmoid(h)) * sigmoid_prime(h) * x
    return step / len(features)


@mistakes.of("test_epoch_step", LEARNING_RATE_TWICE, "in the sum and in the mean")
def epoch_step(features, targets, weights, learning_rate):
    step = np.zeros(features.shape[1])
    for x, target in zip(features, targets):
        h = np.dot(x, weights)
        step += learning_rate * (target - sigmoid(h)) * sigmoid_prime(h) * x
    return learning_rate * step / len(features)


@mistakes.of("test_epoch_step", ERROR_SQUARED)
def epoch_step(features, targets, weights, learning_rate):
    step = np.zeros(features.shape[1])
    for x, target in zip(features, targets):
        h = np.dot(x, weights)
        step += (target - sigmoid(h)) ** 2 * sigmoid_prime(h) * x
    return learning_rate * step / len(features)


@mistakes.of("test_epoch_step", FACTOR_TWO_KEPT, "2 from the square")
def epoch_step(features, targets, weights, learning_rate):
    step = np.zeros(features.shape[1])
    for x, target in zip(features, targets):
        h = np.dot(x, weights)
        step += 2 * (target - sigmoid(h)) * sigmoid_prime(h) * x
    return learning_rate * step / len(features)


@mistakes.of("test_epoch_step", FACTOR_TWO_KEPT, "1/2 from E")
def epoch_step(features, targets, weights, learning_rate):
    step = np.zeros(features.shape[1])
    for x, target in zip(features, targets):
        h = np.dot(x, weights)
        step += (target - sigmoid(h)) * sigmoid_prime(h) * x
    return learning_rate * step / (2 * len(features))


@mistakes.of("test_epoch_step", INPUT_FORGOTTEN, "the same step for each weight")
def epoch_step(features, targets, weights, learning_rate):
    step = np.zeros(features.shape[1])
    for x, target in zip(features, targets):
        h = np.dot(x, weights)
        step += (target - sigmoid(h)) * sigmoid_prime(h)
    return learning_rate * step / len(features)


@mistakes.of("test_epoch_step", INPUT_FORGOTTEN, "one number for all weights")
def epoch_step(features, targets, weights, learning_rate):
    step = 0.0
    for x, target in zip(features, targets):
        h = np.dot(x, weights)
        step += (target - sigmoid(h)) * sigmoid_prime(h)
    return learning_rate * step / len(features)


@mistakes.of("test_epoch_step", WEIGHTS_FOR_INPUT)
def epoch_step(features, targets, weights, learning_rate):
    step = np.zeros(features.shape[1])
    for x, target in zip(features, targets):
        h = np.dot(x, weights)
        step += (target - sigmoid(h)) * sigmoid_prime(h) * weights
    return learning_rate * step / len(features)


@mistakes.of("test_epoch_step", ACTIVATION_MISSING, "the step of a linear unit")
def epoch_step(features, targets, weights, learning_rate):
    step = np.zeros(features.shape[1])
    for x, target in zip(features, targets):
        h = np.dot(x, weights)
        step += (target - h) * x
    return learning_rate * step / len(features)


@mistakes.of("test_epoch_step", FIRST_RECORD_ONLY)
def epoch_step(features, targets, weights, learning_rate):
    step = np.zeros(features.shape[1])
    for x, target in zip(features, targets):
        h = np.dot(x, weights)
        step += (target - sigmoid(h)) * sigmoid_prime(h) * x
        return learning_rate * step / len(features)


@mistakes.of("test_epoch_step", LAST_RECORD_LEFT_OUT)
def epoch_step(features, targets, weights, learning_rate):
    step = np.zeros(features.shape[1])
    for i in range(len(features) - 1):
        x, target = features[i], targets[i]
        h = np.dot(x, weights)
        step += (target - sigmoid(h)) * sigmoid_prime(h) * x
    return learning_rate * step / len(features)


# --- test_train ---------------------------------------------------------------------------------


@mistakes.of("test_train", STEP_SUBTRACTED)
def train(features, targets, weights, learning_rate, epochs):
    for _ in range(epochs):
        weights = weights - epoch_step(features, targets, weights, learning_rate)
    return weights


@mistakes.of("test_train", LEARNING_RATE_TWICE, "in the epoch's step and in the update")
def train(features, targets, weights, learning_rate, epochs):
    for _ in range(epochs):
        weights = weights + learning_rate * epoch_step(features, targets, weights, learning_rate)
    return weights


@mistakes.of("test_train", DIVIDED_TWICE)
def train(features, targets, weights, learning_rate, epochs):
    for _ in range(epochs):
        step = epoch_step(features, targets, weights, learning_rate)
        weights = weights + step / len(features)
    return weights


@mistakes.of("test_train", START_IGNORED, "zeros")
def train(features, targets, weights, learning_rate, epochs):
    weights = np.zeros(len(weights))
    for _ in range(epochs):
        weights = weights + epoch_step(features, targets, weights, learning_rate)
    return weights


@mistakes.of("test_train", WRONG_COUNT, "divided by the epochs")
def train(features, targets, weights, learning_rate, epochs):
    for _ in range(epochs):
        weights = weights + epoch_step(features, targets, weights, learning_rate) / epochs
    return weights


@mistakes.of("test_train", ACCUMULATOR_NOT_RESET, "the mean steps pile up")
def train(features, targets, weights, learning_rate, epochs):
    total = np.zeros(len(weights))
    for _ in range(epochs):
        total = total + epoch_step(features, targets, weights, learning_rate)
        weights = weights + total
    return weights


@mistakes.of("test_train", MEAN_FORGOTTEN)
def train(features, targets, weights, learning_rate, epochs):
    for _ in range(epochs):
        step = epoch_step(features, targets, weights, learning_rate)
        weights = weights + step * len(features)
    return weights


@mistakes.of("test_train", UPDATED_INSIDE_LOOP, "a step for each record")
def train(features, targets, weights, learning_rate, epochs):
    for _ in range(epochs):
        for i in range(len(features)):
            one, its = features[i : i + 1], targets[i : i + 1]
            weights = weights + epoch_step(one, its, weights, learning_rate) / len(features)
    return weights


@mistakes.of("test_train", UPDATED_INSIDE_LOOP, "a whole step for each record")
def train(features, targets, weights, learning_rate, epochs):
    for _ in range(epochs):
        for x, target in zip(features, targets):
            h = np.dot(x, weights)
            error = target - sigmoid(h)
            weights = weights + learning_rate * error * sigmoid_prime(h) * x
    return weights


@mistakes.of("test_train", ARGUMENT_CHANGED)
def train(features, targets, weights, learning_rate, epochs):
    for _ in range(epochs):
        weights += epoch_step(features, targets, weights, learning_rate)
    return weights


@mistakes.of("test_train", EPOCHS_MISCOUNTED, "one too few")
def train(features, targets, weights, learning_rate, epochs):
    for _ in range(1, epochs):
        weights = weights + epoch_step(features, targets, weights, learning_rate)
    return weights


@mistakes.of("test_train", EPOCHS_MISCOUNTED, "one too many")
def train(features, targets, weights, learning_rate, epochs):
    for _ in range(epochs + 1):
        weights = weights + epoch_step(features, targets, weights, learning_rate)
    return weights


@mistakes.of("test_train", STEP_NOT_RENEWED)
def train(features, targets, weights, learning_rate, epochs):
    step = epoch_step(features, targets, weights, learning_rate)
    for _ in range(epochs):
        weights = weights + step
    return weights


@mistakes.of("test_train", WEIGHTS_REPLACED)
def train(features, targets, weights, learning_rate, epochs):
    for _ in range(epochs):
        weights = epoch_step(features, targets, weights, learning_rate)
    return weights


@mistakes.of("test_train", EPOCHS_CUT_SHORT)
def train(features, targets, weights, learning_rate, epochs):
    for _ in range(epochs):
        weights = weights + epoch_step(features, targets, weights, learning_rate)
        return weights


@mistakes.of("test_train", STEPS_RETURNED)
def train(features, targets, weights, learning_rate, epochs):
    moved = np.zeros(len(weights))
    for _ in range(epochs):
        moved = moved + epoch_step(features, targets, weights + moved, learning_rate)
    return moved


@mistakes.of("test_train", SLOPE_FORGOTTEN, "its own loop, without the slope")
def train(features, targets, weights, learning_rate, epochs):
    for _ in range(epochs):
        errors = targets - sigmoid(np.dot(features, weights))
        weights = weights + learning_rate * np.dot(errors, features) / len(features)
    return weights


# --- test_mse -----------------------------------------------------------------------------------


@mistakes.of("test_mse", HALF_KEPT)
def mean_squared_error(targets, outputs):
    return np.mean((targets - outputs) ** 2) / 2


@mistakes.of("test_mse", SUM_FOR_MEAN)
def mean_squared_error(targets, outputs):
    return np.sum((targets - outputs) ** 2)


@mistakes.of("test_mse", SQUARE_FORGOTTEN)
def mean_squared_error(targets, outputs):
    return np.mean(targets - outputs)


@mistakes.of("test_mse", ABSOLUTE_FOR_SQUARE)
def mean_squared_error(targets, outputs):
    return np.mean(np.abs(targets - outputs))


@mistakes.of("test_mse", SQUARED_AFTER_SUM, "the mean error, squared")
def mean_squared_error(targets, outputs):
    return np.mean(targets - outputs) ** 2


@mistakes.of("test_mse", ROOT_TAKEN)
def mean_squared_error(targets, outputs):
    return np.sqrt(np.mean((targets - outputs) ** 2))


@mistakes.of("test_mse", ONE_SUM_ONLY, "no mean at all")
def mean_squared_error(targets, outputs):
    return (targets - outputs) ** 2


# --- test_accuracy ------------------------------------------------------------------------------


@mistakes.of("test_accuracy", COUNT_FOR_SHARE, "a count")
def accuracy(features, targets, weights):
    return np.sum((sigmoid(np.dot(features, weights)) > 0.5) == (targets == 1))


@mistakes.of("test_accuracy", COUNT_FOR_SHARE, "a percentage")
def accuracy(features, targets, weights):
    return 100 * np.mean((sigmoid(np.dot(features, weights)) > 0.5) == (targets == 1))


@mistakes.of("test_accuracy", THRESHOLD_ON_SUM)
def accuracy(features, targets, weights):
    return np.mean((np.dot(features, weights) > 0.5) == (targets == 1))


@mistakes.of("test_accuracy", WRONG_SHARE)
def accuracy(features, targets, weights):
    return np.mean((sigmoid(np.dot(features, weights)) > 0.5) != (targets == 1))


@mistakes.of("test_accuracy", EXACT_MATCH)
def accuracy(features, targets, weights):
    return np.mean(sigmoid(np.dot(features, weights)) == targets)


@mistakes.of("test_accuracy", TARGETS_LEFT_OUT)
def accuracy(features, targets, weights):
    return np.mean(sigmoid(np.dot(features, weights)) > 0.5)


@mistakes.of("test_accuracy", ZEROS_LEFT_OUT)
def accuracy(features, targets, weights):
    return np.mean((sigmoid(np.dot(features, weights)) > 0.5) * targets)


# --- test_descend -------------------------------------------------------------------------------


@mistakes.of("test_descend", WALKED_UPHILL)
def descend(gradient, start, learning_rate, momentum, steps):
    position, velocity, path = start, np.zeros_like(start), [start]
    for _ in range(steps):
        velocity = momentum * velocity + learning_rate * gradient(position)
        position = position + velocity
        path.append(position)
    return np.array(path)


@mistakes.of("test_descend", MOMENTUM_IGNORED)
def descend(gradient, start, learning_rate, momentum, steps):
    position, path = start, [start]
    for _ in range(steps):
        velocity = np.zeros_like(start)
        velocity = momentum * velocity - learning_rate * gradient(position)
        position = position + velocity
        path.append(position)
    return np.array(path)


@mistakes.of("test_descend", START_LEFT_OUT)
def descend(gradient, start, learning_rate, momentum, steps):
    position, velocity, path = start, np.zeros_like(start), []
    for _ in range(steps):
        velocity = momentum * velocity - learning_rate * gradient(position)
        position = position + velocity
        path.append(position)
    return np.array(path)


@mistakes.of("test_descend", ONE_ARRAY_IN_PATH)
def descend(gradient, start, learning_rate, momentum, steps):
    position, velocity = start.copy(), np.zeros_like(start)
    path = [position]
    for _ in range(steps):
        velocity = momentum * velocity - learning_rate * gradient(position)
        position += velocity
        path.append(position)
    return np.array(path)


@mistakes.of("test_descend", GRADIENT_NOT_RENEWED)
def descend(gradient, start, learning_rate, momentum, steps):
    position, velocity, path = start, np.zeros_like(start), [start]
    for _ in range(steps):
        velocity = momentum * velocity - learning_rate * gradient(start)
        position = position + velocity
        path.append(position)
    return np.array(path)


@mistakes.of("test_descend", LAST_PLACE_ONLY)
def descend(gradient, start, learning_rate, momentum, steps):
    position, velocity = start, np.zeros_like(start)
    for _ in range(steps):
        velocity = momentum * velocity - learning_rate * gradient(position)
        position = position + velocity
    return position


@mistakes.of("test_descend", MOMENTUM_ON_PLACE)
def descend(gradient, start, learning_rate, momentum, steps):
    position, path = start, [start]
    for _ in range(steps):
        position = momentum * position - learning_rate * gradient(position)
        path.append(position)
    return np.array(path)


@mistakes.of("test_descend", GRADIENT_WEAKENED)
def descend(gradient, start, learning_rate, momentum, steps):
    position, velocity, path = start, np.zeros_like(start), [start]
    for _ in range(steps):
        velocity = momentum * velocity - (1 - momentum) * learning_rate * gradient(position)
        position = position + velocity
        path.append(position)
    return np.array(path)


@mistakes.of("test_descend", MOVED_BEFORE_VELOCITY)
def descend(gradient, start, learning_rate, momentum, steps):
    position, velocity, path = start, np.zeros_like(start), [start]
    for _ in range(steps):
        slope = gradient(position)
        position = position + velocity
        velocity = momentum * velocity - learning_rate * slope
        path.append(position)
    return np.array(path)


@mistakes.of("test_descend", MOVED_BY_GRADIENT_TOO)
def descend(gradient, start, learning_rate, momentum, steps):
    position, velocity, path = start, np.zeros_like(start), [start]
    for _ in range(steps):
        slope = gradient(position)
        velocity = momentum * velocity - learning_rate * slope
        position = position + velocity - learning_rate * slope
        path.append(position)
    return np.array(path)


@mistakes.of("test_descend", LEARNING_RATE_FORGOTTEN)
def descend(gradient, start, learning_rate, momentum, steps):
    position, velocity, path = start, np.zeros_like(start), [start]
    for _ in range(steps):
        velocity = momentum * velocity - gradient(position)
        position = position + velocity
        path.append(position)
    return np.array(path)


@mistakes.of("test_descend", LEARNING_RATE_TWICE)
def descend(gradient, start, learning_rate, momentum, steps):
    position, velocity, path = start, np.zeros_like(start), [start]
    for _ in range(steps):
        velocity = momentum * velocity - learning_rate * gradient(position)
        position = position + learning_rate * velocity
        path.append(position)
    return np.array(path)


@mistakes.of("test_descend", ARGUMENT_CHANGED)
def descend(gradient, start, learning_rate, momentum, steps):
    position, velocity, path = start, np.zeros_like(start), [start.copy()]
    for _ in range(steps):
        velocity = momentum * velocity - learning_rate * gradient(position)
        position += velocity
        path.append(position.copy())
    return np.array(path)


# --- Slopes measured in place of derived ---------------------------------------------------------


@mistakes.of("test_error_term", SLOPE_MEASURED)
def error_term(x, target, weights):
    h, width = np.dot(x, weights), 1e-5
    higher = 0.5 * (target - sigmoid(h + width)) ** 2
    lower = 0.5 * (target - sigmoid(h - width)) ** 2
    return -(higher - lower) / (2 * width)


@mistakes.of("test_weight_step", SLOPE_MEASURED)
def weight_step(x, target, weights, learning_rate):
    step = np.zeros(len(weights))
    for i in range(len(weights)):
        higher, lower = np.array(weights, dtype=float), np.array(weights, dtype=float)
        higher[i] += 1e-5
        lower[i] -= 1e-5
        rise = 0.5 * (target - sigmoid(np.dot(x, higher))) ** 2
        rise -= 0.5 * (target - sigmoid(np.dot(x, lower))) ** 2
        step[i] = -learning_rate * rise / 2e-5
    return step


@mistakes.of("test_weight_step_outputs", SLOPE_MEASURED)
def weight_step_outputs(x, targets, weights, learning_rate):
    step = np.zeros(np.shape(weights))
    for place in np.ndindex(step.shape):
        higher, lower = np.array(weights, dtype=float), np.array(weights, dtype=float)
        higher[place] += 1e-6
        lower[place] -= 1e-6
        rise = 0.5 * np.sum((targets - sigmoid(np.dot(x, higher))) ** 2)
        rise -= 0.5 * np.sum((targets - sigmoid(np.dot(x, lower))) ** 2)
        step[place] = -learning_rate * rise / 2e-6
    return step


@mistakes.of("test_epoch_step", SLOPE_MEASURED)
def epoch_step(features, targets, weights, learning_rate):
    def error_of(weights):
        return 0.5 * np.mean((np.asarray(targets) - sigmoid(np.dot(features, weights))) ** 2)

    step = np.zeros(len(weights))
    for i, nudge in enumerate(1e-5 * np.eye(len(weights))):
        rise = error_of(np.asarray(weights) + nudge) - error_of(np.asarray(weights) - nudge)
        step[i] = -learning_rate * rise / 2e-5
    return step


# A mistake calls the right earlier functions. The mistakes above have taken over their names, so
# these come last.
from .reference import epoch_step, error_term, sigmoid, sigmoid_prime
