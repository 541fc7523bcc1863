"""What the functions of `multilayer_perceptrons` do, drawn; all inputs are visible here."""

import numpy as np

from autograder.checks import Picture, Pictures, curve

from . import reference

pictures = Pictures()

INPUT_HIDDEN = np.array([[1.5, -2.0], [0.5, 1.0]])
HIDDEN_OUTPUT = np.array([[2.0], [-1.5]])


@pictures.of("test_forward")
def output_over_an_input(student):
    """The network's output as one input moves."""
    values = np.linspace(-3.0, 3.0, 21)

    def outputs(forward):
        return [
            np.reshape(forward(np.array([v, 0.5]), INPUT_HIDDEN, HIDDEN_OUTPUT)[1], ())
            for v in values
        ]

    return Picture(
        title="The output of a small network while its first input moves",
        alt="Your output and the right one over the first input, from −3 to 3.",
        x_label="first input",
        y_label="output",
        curves=(
            curve("yours", values, outputs(student.forward)),
            curve("right", values, outputs(reference.forward)),
        ),
    )
