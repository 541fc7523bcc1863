"""The misconceptions that several exercises share, in words and with graded hints.

A `Misconception` says what a student believes or overlooked; the `mistakes.py` beside each suite
says, as code, what such a student computes. Misconceptions that belong to one exercise only are
defined there. This module knows nothing of any exercise's functions.

Every entry has three hints, from general to near: what differs (shape, sign, ratio), a question,
the formula in words. Notation: e is the error y - ŷ, h a weighted sum, f the sigmoid, f' its slope.
"""

from autograder.checks import Misconception

# --- The error term and the weight step ---------------------------------------------------------

SLOPE_FORGOTTEN = Misconception(
    name="slope-forgotten",
    words=(
        "You multiply the error by the input but leave out how steep the sigmoid is at h. "
        "That is the step for the cross-entropy error, not for the squared error of this course."
    ),
    hints=(
        "The sign is right but the size is too large: as a rule four times or more, by another "
        "factor in every case. So it is not a constant that is missing.",
        "When h grows a little, how much does the output grow? Which factor in your formula "
        "says so?",
        "The error term is the error times the slope of the sigmoid at h. Where the sigmoid is "
        "flat, the same error must give a smaller step.",
    ),
)

SLOPE_AT_OUTPUT = Misconception(
    name="slope-at-output",
    words=(
        "You take the slope at the output of the sigmoid instead of at h, "
        "so the sigmoid is applied twice."
    ),
    hints=(
        "The sign is right and the size nearly so. For h near zero the difference is a few "
        "percent; for large h your result is far too big.",
        "What does your slope function expect: the number that goes into the sigmoid, or the "
        "number that comes out of it? Which of the two do you hand over?",
        "The slope is taken at h, the weighted sum. If you only hold the output, the slope is "
        "the output times one minus the output, with no further sigmoid.",
    ),
)

SLOPE_AT_INPUT = Misconception(
    name="slope-at-input",
    words=(
        "You differentiate the sigmoid at the inputs x. The unit applies its sigmoid to the "
        "weighted sum h, so that is where the slope belongs."
    ),
    hints=(
        "A unit has one slope. You use another one for every input, so the numbers, and perhaps "
        "the shape, come out different.",
        "Follow the signal into the unit: what exactly is handed to the sigmoid, the single "
        "inputs or their weighted sum?",
        "First form h, the sum of all inputs times their weights. The slope of the sigmoid is "
        "taken there, at h, and the same slope serves every weight of that unit.",
    ),
)

SLOPE_WITHOUT_SIGMOID = Misconception(
    name="slope-without-sigmoid",
    words=(
        "You use h (1 - h) as the slope. The short form s (1 - s) holds only when s is already "
        "an output of the sigmoid."
    ),
    hints=(
        "Size and sometimes even the sign differ. A slope of the sigmoid lies between 0 and a "
        "quarter; yours can be negative.",
        "Put h = 2 into your slope. Can a curve that always rises have the slope you get?",
        "The slope at h is s times one minus s, where s is the sigmoid of h. Apply the sigmoid "
        "first, then multiply.",
    ),
)

SLOPE_MISTYPED = Misconception(
    name="slope-mistyped",
    words=(
        "Your slope of the sigmoid has the right ingredient, the output, "
        "but puts it together wrongly."
    ),
    hints=(
        "The shape is right; the size is off by a factor that changes with the output. The slope "
        "itself is what differs.",
        "At h = 0 the output is one half and the slope must be a quarter. What does your formula "
        "give there? And what for outputs close to 1, where the curve is nearly flat?",
        "The slope is a product of two factors: the output, and one minus the output.",
    ),
)

SLOPE_OF_ERROR_OR_TARGET = Misconception(
    name="slope-of-error-or-target",
    words=(
        "You compute the slope from the error or from the target. "
        "The slope belongs to the unit and knows nothing of the right answer."
    ),
    hints=(
        "The size differs from case to case, and when only the target changes, your slope "
        "changes with it.",
        "Imagine the same inputs and weights with another target. Is the sigmoid any steeper then?",
        "The slope is taken at h. With the output at hand it is the output times one minus the "
        "output; the target appears only in the error.",
    ),
)

SLOPE_MEASURED = Misconception(
    name="slope-measured",
    words=(
        "You measure the slope with secants instead of deriving it. Measuring is the way to check "
        "a formula; the exercise asks for the formula."
    ),
    hints=(
        "Your numbers are right to about ten digits. A formula is right to fifteen.",
        "How often does your function compute the error to find one slope? How often would it do "
        "so for a network with a million weights?",
        "Derive the slope with the chain rule, link by link, and multiply the links. Then let "
        "the measured slope tell you whether your formula is right.",
    ),
)

ERROR_REVERSED = Misconception(
    name="error-reversed",
    words=(
        "You take output minus target as the error and then add the step, "
        "so the weights walk uphill."
    ),
    hints=(
        "Every number has the right size and the wrong sign.",
        "Say the prediction is too low. Should the sum h rise or fall? And what does your step "
        "do to it when the input is positive?",
        "The error is the target minus the output, and the step is added to the weights. There "
        "is one minus sign in all: put it either into the error or into the update, not into "
        "both.",
    ),
)

STEP_SUBTRACTED = Misconception(
    name="step-subtracted",
    words=(
        "You subtract a step that already points downhill, because you remember that gradient "
        "descent subtracts. The minus sign is in the error y - ŷ already."
    ),
    hints=(
        "The weights move by the right amount in the wrong direction.",
        "Count the minus signs: one comes from differentiating the error, one from going "
        "downhill. What is left when the error is target minus output?",
        "With target minus output as the error, the new weights are the old ones plus the step. "
        "Only a step built from output minus target is subtracted.",
    ),
)

LEARNING_RATE_FORGOTTEN = Misconception(
    name="learning-rate-forgotten",
    words="You compute the direction of the step rightly but never scale it by the learning rate.",
    hints=(
        "Every number is the same factor away from the right one, and that factor changes when "
        "the learning rate changes.",
        "Call your function with two different learning rates. Does the result change? Which "
        "argument does your code never use?",
        "The step is the learning rate times the error term times the input.",
    ),
)

LEARNING_RATE_TWICE = Misconception(
    name="learning-rate-twice",
    words=(
        "You apply the learning rate twice, for example once in the step and once more in the "
        "update, so the step becomes far too small."
    ),
    hints=(
        "Every number is the right one times the learning rate: the direction is right, "
        "the step too short.",
        "Follow the learning rate through your code and through the functions that you call. "
        "How often is the result multiplied by it?",
        "The learning rate enters exactly once: either in each step or in the update of the "
        "weights.",
    ),
)

ERROR_SQUARED = Misconception(
    name="error-squared",
    words=(
        "You put the squared error into the step. The square is part of E; "
        "differentiating takes it away."
    ),
    hints=(
        "The size differs by the error itself, and the sign is wrong whenever the prediction is "
        "too high: your step always points the same way.",
        "Can a squared number tell you whether the prediction is too high or too low?",
        "The derivative of one half times the error squared is the error, once. The power of two "
        "comes down and meets the one half; what remains is the plain difference of target and "
        "output.",
    ),
)

FACTOR_TWO_KEPT = Misconception(
    name="factor-two-kept",
    words=(
        "You keep a factor 2 or ½ that should have vanished: "
        "the ½ in E is there to cancel the 2 that comes from the square."
    ),
    hints=(
        "Every number is exactly twice or exactly half of what it should be.",
        "Differentiate one half times the error squared on paper. Which constants are left in "
        "front?",
        "The 2 from the power and the ½ in E cancel. The step has no number in it but the "
        "learning rate, the error, the slope and the input.",
    ),
)

INPUT_FORGOTTEN = Misconception(
    name="input-forgotten",
    words=(
        "You give every weight the same step and leave out its input. "
        "A weight whose input is large had more part in the error."
    ),
    hints=(
        "Either the result is one number where one for every weight is asked, or all the numbers "
        "in it are equal.",
        "If an input was zero, could its weight have changed the prediction at all? What step "
        "does your code give it?",
        "Each weight's step is the learning rate times the error term times the input that comes "
        "in through that weight. The steps have the shape of the weights.",
    ),
)

INPUTS_LEFT_OUT = Misconception(
    name="inputs-left-out",
    words=(
        "You handle only the first inputs, or the same one again and again, "
        "as in an example written for two inputs."
    ),
    hints=(
        "Some entries are right; the others are missing, zero or copies of a neighbour.",
        "Which numbers in your code are really positions? What happens to them when there are "
        "five inputs instead of two?",
        "Every input is treated alike, however many there are. Let NumPy multiply the whole "
        "array at once, or loop over all positions from the first to the last.",
    ),
)

WEIGHTS_FOR_INPUT = Misconception(
    name="weights-for-input",
    words=(
        "You multiply the error term by the weights where the inputs belong. "
        "The weight is what you differentiate with respect to; its input is what is left."
    ),
    hints=(
        "The shape is right, but the numbers follow the pattern of the weights and not of the "
        "inputs; signs can differ as well.",
        "h is a sum of weight times input. When one weight grows by a little, how fast does h "
        "grow?",
        "The derivative of h by a weight is the input that this weight multiplies. So the step "
        "is the learning rate times the error term times the input.",
    ),
)

NEW_WEIGHTS_RETURNED = Misconception(
    name="new-weights-returned",
    words="You return the weights after the step, but the step itself is asked.",
    hints=(
        "Your answer is the right one plus the weights that were handed in.",
        "Read the first line of the docstring again: is the new position asked, or how far to "
        "move?",
        "Return only the change: the learning rate times the error term times the input. "
        "Somebody else adds it to the weights later, perhaps after averaging over many records.",
    ),
)

ERROR_FOR_ERROR_TERM = Misconception(
    name="error-for-error-term",
    words=(
        "You use the plain error where the error term belongs. "
        "The two names sound alike; only the error term contains the slope."
    ),
    hints=(
        "The sign is right, the size too large by a factor that changes from case to case.",
        "Look at each variable of your code: is there one that you compute and never use "
        "afterwards?",
        "The error is target minus output. The error term is the error times the slope of the "
        "sigmoid at h. Steps are built from the error term.",
    ),
)

# --- The training loop --------------------------------------------------------------------------

MEAN_FORGOTTEN = Misconception(
    name="mean-forgotten",
    words=(
        "You add up the steps of all records and do not divide by their number, "
        "so the step grows with the size of the data."
    ),
    hints=(
        "Every number is too large by the same factor. With a single record your answer is "
        "right, with more it is not.",
        "Suppose every record stood in the table twice. Should the step become twice as long?",
        "The step of an epoch is the mean over the records: add up all their steps, then divide "
        "the sum by the number of records.",
    ),
)

DIVIDED_TWICE = Misconception(
    name="divided-twice",
    words=(
        "You divide by the number of records twice, for example inside the loop and again after it."
    ),
    hints=(
        "Every number is too small by the same factor, and that factor is the number of records.",
        "Where in your code, and in the functions that it calls, is something divided by the "
        "number of records or averaged? How many such places are there?",
        "Add up the steps of all records, then divide the sum once by the number of records.",
    ),
)

WRONG_COUNT = Misconception(
    name="wrong-count",
    words=(
        "You average, but divide by the wrong number: the features, the epochs or twice the "
        "records instead of the records."
    ),
    hints=(
        "The direction is right and every number is off by the same factor, which depends on "
        "the shape of the data.",
        "How many steps went into your sum? Is that the number by which you divide? Which axis "
        "of the table does it belong to?",
        "The mean step is the sum of the records' steps divided by the number of records, which "
        "is the number of rows.",
    ),
)

ACCUMULATOR_OVERWRITTEN = Misconception(
    name="accumulator-overwritten",
    words=(
        "Your sum over the records is not a sum: each record overwrites what was collected "
        "before, or counts it again."
    ),
    hints=(
        "With one record the answer is right; with more, some of the records do not count, or "
        "count more than once.",
        "Take two records and follow the collecting variable by hand. What does it hold after "
        "the first one, and what after the second?",
        "Start the sum at zero before the loop. Each record adds its own step to it, exactly once.",
    ),
)

ACCUMULATOR_NOT_RESET = Misconception(
    name="accumulator-not-reset",
    words=(
        "You start the sum of the steps once, before the first epoch, so every later epoch "
        "still carries the steps of the earlier ones."
    ),
    hints=(
        "After one epoch your weights are right; from the second epoch on they run away.",
        "What does the collecting variable hold when the second epoch begins, and what should "
        "it hold?",
        "Each epoch begins with an empty sum, adds the steps of all records at the present "
        "weights, divides by their number and updates once.",
    ),
)

UPDATED_INSIDE_LOOP = Misconception(
    name="updated-inside-loop",
    words=(
        "You change the weights inside the loop over the records, so later records are judged "
        "with other weights than earlier ones."
    ),
    hints=(
        "With one record the answer is right. With more it drifts away, and it depends on the "
        "order of the records.",
        "How far is your update line indented: does it run once for every record, or once for "
        "the whole epoch?",
        "All steps of one epoch are computed at the same weights. Only after the last record "
        "are the weights changed, once, by the mean of the steps.",
    ),
)

TARGET_IN_PREDICTION = Misconception(
    name="target-in-prediction",
    words=(
        "Your prediction is computed from the target. A network must predict without knowing "
        "the answer."
    ),
    hints=(
        "The numbers differ in no simple way, and your output changes when only the target "
        "changes.",
        "Which arguments go into the weighted sum in your code? Would you have all of them for "
        "a new applicant whose result nobody knows yet?",
        "The sum h is made of the inputs and the weights, nothing else. The target enters "
        "later, when the error is taken.",
    ),
)

ACCUMULATORS_AS_WEIGHTS = Misconception(
    name="accumulators-as-weights",
    words=(
        "You predict with the variable that collects the steps, where the weights belong. "
        "The names look alike."
    ),
    hints=(
        "Your answer hardly depends on the weights that were handed in. The first record is "
        "predicted as if all the weights were zero.",
        "Read the line of the forward pass aloud: are these the weights, or the changes that "
        "you are still collecting?",
        "Predictions use the weights as they stand. The sums of steps only collect; they are "
        "added to the weights after the last record.",
    ),
)

ARGUMENT_CHANGED = Misconception(
    name="argument-changed",
    words=(
        "You change an array that was handed in. The caller's own array changes with it, "
        "because Python hands over the array itself and not a copy."
    ),
    hints=(
        "The returned numbers can be right, but one of the arguments is different after the call.",
        "Look for +=, -=, *= and assignments into an array. Does the name on the left belong "
        "to an argument of the function?",
        "Build a new array: the old weights plus the step, under a new name, or a copy made at "
        "the start and changed afterwards. What was handed in stays as it was.",
    ),
)

# --- Hidden layers and backpropagation ----------------------------------------------------------

HIDDEN_SIGMOID_MISSING = Misconception(
    name="hidden-sigmoid-missing",
    words=(
        "You hand the hidden layer's weighted sums on without a sigmoid. The layer is then "
        "linear, and two linear layers are no more than one."
    ),
    hints=(
        "The shapes are right, the numbers are not: what your hidden layer gives can be "
        "negative or larger than 1.",
        "Between which bounds does every output of a sigmoid lie? Do the values that your "
        "hidden layer passes on lie there too?",
        "Each layer does two things: it forms the weighted sums of its inputs, then it applies "
        "the sigmoid to them. The next layer takes the result.",
    ),
)

WRONG_WEIGHT_MATRIX = Misconception(
    name="wrong-weight-matrix",
    words=(
        "You leave out the second weight matrix or use the first one again. "
        "Each layer has weights of its own."
    ),
    hints=(
        "The shape differs, or the call fails because sizes do not fit: the result has an entry "
        "for each hidden unit where one for each output is asked.",
        "Write the shape of every array beside its name. Which matrix leads from the inputs to "
        "the hidden units, and which from the hidden units to the outputs?",
        "The output layer's sums are the hidden outputs times the hidden-to-output weights, "
        "followed by the sigmoid.",
    ),
)

ELEMENTWISE_FOR_DOT = Misconception(
    name="elementwise-for-dot",
    words=(
        "You multiply entry by entry and do not add up. "
        "A unit adds the products of all that comes in to a single number."
    ),
    hints=(
        "The shape is too large: there is one number for every connection where one for every "
        "unit is asked.",
        "A unit may have a hundred inputs. How many numbers does it hand to its sigmoid? Which "
        "step brings the hundred down to that?",
        "Multiply each input by its weight and add the products, for every unit separately. "
        "This is what a dot product does; the star only multiplies.",
    ),
)

DOT_TRANSPOSED = Misconception(
    name="dot-transposed",
    words=(
        "The factors of your matrix product stand in the wrong order, or the matrix lies on its "
        "side. Rows belong to inputs and columns to the units that they lead to."
    ),
    hints=(
        "NumPy reports that the shapes are not aligned, or the result has the wrong shape.",
        "Write the two shapes side by side in the order of your product. Are the two inner "
        "numbers, those that touch, the same?",
        "The inner sizes must agree and vanish; the outer sizes remain. A row of inputs stands "
        "to the left of a matrix that has one row for each input.",
    ),
)

RAW_ERROR_SENT_BACK = Misconception(
    name="raw-error-sent-back",
    words=(
        "You send the plain error back through the weights. "
        "What goes back is the error term, with the output's slope in it."
    ),
    hints=(
        "The shape and the signs are right; the numbers of the hidden layer are too large, all "
        "by the same factor within one record.",
        "A hidden unit reaches the error through the output unit. Which slope lies on that path?",
        "Each hidden unit receives the output's error term times the weight that connects them. "
        "The error term is the error times the slope at the output unit.",
    ),
)

HIDDEN_WEIGHTS_FORGOTTEN = Misconception(
    name="hidden-weights-forgotten",
    words=(
        "You give every hidden unit the same share of the error. "
        "How much a unit contributed is told by its weight to the output."
    ),
    hints=(
        "The shape is right, but sizes and signs differ from unit to unit: the weights between "
        "hidden and output layer have no effect on your result.",
        "A hidden unit with weight zero cannot reach the output. How much of the error is its "
        "doing, and what does your code give it?",
        "The error of a hidden unit is the output's error term times the weight that leads from "
        "the unit to that output.",
    ),
)

SUMMED_OVER_HIDDEN = Misconception(
    name="summed-over-hidden",
    words=(
        "You add up over the hidden units. On the way back each hidden unit keeps an error of "
        "its own; the sum runs over the outputs."
    ),
    hints=(
        "One number came out, or the same number for every unit, where each hidden unit should "
        "have its own.",
        "What does your dot product add up: the contributions of several outputs to one hidden "
        "unit, or the hidden units themselves?",
        "For each hidden unit, multiply each output's error term by the weight between the two, "
        "and add over the outputs. With one output there is nothing to add.",
    ),
)

OUTPUT_SUM_MISSING = Misconception(
    name="output-sum-missing",
    words=(
        "You take the error of one output only, or keep the outputs apart. "
        "A hidden unit feeds all the outputs and hears from all of them."
    ),
    hints=(
        "With one output your answer is right. With several, the shape is too large or the "
        "numbers lack a part.",
        "How many lines lead from one hidden unit to the output layer? Over how many of them "
        "does your code collect the error?",
        "The error of a hidden unit is a sum over all the outputs: the weight to each output "
        "times that output's error term. Then follows the hidden unit's own slope.",
    ),
)

HIDDEN_SLOPE_FORGOTTEN = Misconception(
    name="hidden-slope-forgotten",
    words=(
        "You bring the error back to the hidden units but leave out their own slope. "
        "There are two sigmoids on the path, so two slopes."
    ),
    hints=(
        "The signs are right; the hidden layer's numbers are at least four times too large, by "
        "another factor for each unit.",
        "Count the sigmoids between an input-to-hidden weight and the prediction. How many "
        "slopes does your formula have?",
        "The hidden error term is the error that arrives through the weights, times the slope "
        "of the sigmoid at that hidden unit.",
    ),
)

HIDDEN_SLOPE_WRONG = Misconception(
    name="hidden-slope-wrong",
    words=(
        "The hidden units' slope is computed from the wrong quantity: from the sigmoid taken "
        "twice, from the output unit or from the error."
    ),
    hints=(
        "The shape is right; the numbers of the hidden layer are off by a factor that differs "
        "from unit to unit.",
        "From which values do you form the slope? Is each of them the output of just that "
        "hidden unit, and is the sigmoid in it exactly once?",
        "A hidden unit's slope is its own output times one minus its own output. The output "
        "layer and the error have no part in it.",
    ),
)

OUTPUT_LAYER_INPUT_WRONG = Misconception(
    name="output-layer-input-wrong",
    words=(
        "The step of the hidden-to-output weights is built with the wrong partner: something "
        "other than what enters the last layer."
    ),
    hints=(
        "The step of the last layer differs, in size or even in shape; the step of the first "
        "layer can be right all the same.",
        "What exactly travels along the lines from the hidden layer to the output, after the "
        "sigmoid and before the weights?",
        "A step is the learning rate times the error term at the end of the line times the "
        "value at its beginning. Here the beginning is the hidden unit's output.",
    ),
)

HIDDEN_LAYER_INPUT_WRONG = Misconception(
    name="hidden-layer-input-wrong",
    words=(
        "The step of the input-to-hidden weights is built from the hidden outputs "
        "instead of the inputs x."
    ),
    hints=(
        "The step of the first layer has the wrong shape or the wrong numbers: it does not "
        "follow the inputs.",
        "What travels along the lines into the hidden layer? And how many rows must the step "
        "have, if every input has one?",
        "A step is the learning rate times the error term at the end of the line times the "
        "value at its beginning. For the first layer the beginning is the input x.",
    ),
)

STEPS_SWAPPED = Misconception(
    name="steps-swapped",
    words="The two results are right but stand in the wrong order: each is taken for the other.",
    hints=(
        "Both shapes are wrong, and each is the shape that the other one should have.",
        "Read in the docstring which of the two is returned first. Which layer's weights does "
        "your first result belong to?",
        "Each step has the shape of the weights that it changes. Compare the shape of each "
        "result with the shape of the weights named at that place, and return them in the order "
        "of the docstring.",
    ),
)

OUTER_PRODUCT_MISSING = Misconception(
    name="outer-product-missing",
    words=(
        "You multiply inputs and error terms entry by entry. Every input meets every unit, so "
        "the step is a whole table of products."
    ),
    hints=(
        "NumPy reports that the shapes could not be broadcast together, or the result is a "
        "vector where a matrix is asked.",
        "How many weights lie between the inputs and the units? So how many products do you need?",
        "Each entry is one input times one error term: the row is the input's, the column the "
        "unit's. Stand the inputs up as a column, or use the outer product.",
    ),
)

STEP_TRANSPOSED = Misconception(
    name="step-transposed",
    words=(
        "Your step lies on its side: rows and columns are exchanged. Perhaps you turned a 1-D "
        "array with .T, which does nothing."
    ),
    hints=(
        "The numbers are right but the shape is the other way round: what should be a row is a "
        "column.",
        "Print the shape of x and of its transpose. Did the transpose change anything?",
        "Rows belong to the inputs, columns to the units they lead to, exactly as in the "
        "weights. Make a column of the inputs by giving the array a second axis, then multiply "
        "by the error terms.",
    ),
)

WEIGHTS_UPDATED_TOO_EARLY = Misconception(
    name="weights-updated-too-early",
    words=(
        "You change the output weights first and then send the error back through the changed "
        "ones. The error came about with the old ones."
    ),
    hints=(
        "The last layer is right. The first layer is off by very little, and the more so the "
        "larger the learning rate is.",
        "Which weights made this prediction? Are they still the same when your code computes "
        "the hidden error?",
        "First compute all the error terms and all the steps with the weights of the forward "
        "pass. Only then change both layers.",
    ),
)

EXTRA_DIMENSION = Misconception(
    name="extra-dimension",
    words=(
        "Your result has an axis too many or too few: a column, or an array of one entry, where "
        "a plain vector or number is asked, or the other way round."
    ),
    hints=(
        "The numbers themselves are right; the shape is not.",
        "Print the shape after every line. In which line does an axis of length 1 come in or "
        "get lost: an indexing with None, a reshape, keepdims, an extra pair of brackets?",
        "A vector of three has one axis, a column of three has two: three rows and one column. "
        "Return what the docstring names.",
    ),
)

UNITS_MIXED_UP = Misconception(
    name="units-mixed-up",
    words=(
        "One unit's value is combined with another unit's: an index is shifted or turned "
        "round, or the factors of all the units are mixed after the sum."
    ),
    hints=(
        "The shape is right and the numbers are of the right kind, but they belong to the wrong "
        "units. With equal units you would not see it.",
        "Write the formula for unit number two only. Do all the factors in it carry the index "
        "two, and does your code agree?",
        "Each unit has its own column of weights, its own sum, its own slope and its own error "
        "term; keep them together, unit by unit.",
    ),
)

START_IGNORED = Misconception(
    name="start-ignored",
    words="You begin with weights of your own instead of those that were handed in.",
    hints=(
        "Your result does not depend on the weights that you are given; 0 epochs show it at once.",
        (
            "Where do your first weights come from? "
            "How could two people compare their trainings if each function chose its own start?"
        ),
        (
            "Start from the weights among the arguments. "
            "Whoever calls the function decides where the training begins."
        ),
    ),
)
