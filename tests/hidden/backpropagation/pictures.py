"""What the functions of `backpropagation` do, drawn; all inputs are visible here."""

import numpy as np

from autograder.checks import Picture, Pictures, curve

from . import reference

pictures = Pictures()

FEATURES = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 1.0], [1.0, 0.0, 1.0], [1.0, 1.0, 1.0]])
TARGETS = np.array([0.0, 1.0, 1.0, 0.0])
INPUT_HIDDEN = np.array([[0.9, -0.6], [-0.7, 1.1], [0.2, 0.3]])
HIDDEN_OUTPUT = np.array([0.8, -0.9])


@pictures.of("test_output_error_term")
def output_error_term_over_output(student):
    """The output's error term over the output, at the target 1."""
    outputs = np.linspace(0.02, 0.98, 25)
    own = [float(student.output_error_term(1.0, float(output))) for output in outputs]
    right = [float(reference.output_error_term(1.0, output)) for output in outputs]
    return Picture(
        title="The error term of the output over the output, for the target 1",
        alt="The right curve vanishes at both ends, where the sigmoid is flat.",
        x_label="output",
        y_label="δ",
        curves=(curve("yours", outputs, own), curve("right", outputs, right)),
    )


@pictures.of("test_backward_pass")
def steps_against_slopes(student):
    """Every entry of the backward pass against the slope of the loss, measured by small nudges."""
    hidden, output = reference.forward_pass(FEATURES, INPUT_HIDDEN, HIDDEN_OUTPUT)
    first, last = student.backward_pass(FEATURES, TARGETS, hidden, output, HIDDEN_OUTPUT)
    own = np.concatenate([np.reshape(first, (6,)), np.reshape(last, (2,))])
    downhill = []
    for weights in (INPUT_HIDDEN, HIDDEN_OUTPUT):
        for place in np.ndindex(weights.shape):
            ends = []
            for nudge in (1e-5, -1e-5):
                moved = [INPUT_HIDDEN.copy(), HIDDEN_OUTPUT.copy()]
                moved[0 if weights is INPUT_HIDDEN else 1][place] += nudge
                ends.append(reference.mean_squared_error_half(FEATURES, TARGETS, *moved))
            downhill.append(-(ends[0] - ends[1]) / 2e-5)
    return Picture(
        title="Your backward pass against the downhill slope, one dot for each weight",
        alt="Where the backward pass is right, all dots lie on the diagonal.",
        x_label="downhill slope, measured",
        y_label="backward pass",
        curves=(
            curve("yours", downhill, own, "dots"),
            curve("where they belong", sorted(downhill), sorted(downhill)),
        ),
    )


@pictures.of("test_train")
def loss_over_the_epochs(student):
    """The loss on the four records of XOR while the student's function trains."""
    epochs = (0, 5, 10, 20, 40, 80)

    def losses(train):
        found = []
        for n in epochs:
            first, last = train(FEATURES, TARGETS, INPUT_HIDDEN, HIDDEN_OUTPUT, 4.0, n)
            first, last = np.reshape(first, (3, 2)), np.reshape(last, (2,))
            found.append(reference.loss(FEATURES, TARGETS, first, last))
        return found

    return Picture(
        title="The loss on the four records of XOR over the epochs of your training",
        alt="With right training the loss falls slowly at first; see whether yours does.",
        x_label="epochs",
        y_label="loss",
        curves=(
            curve("yours", epochs, losses(student.train), "path"),
            curve("right", epochs, losses(reference.train), "path"),
        ),
    )
