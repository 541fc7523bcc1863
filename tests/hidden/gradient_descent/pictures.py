"""What the functions of `gradient_descent` do, drawn beside what they should do.

All inputs stand here or in the lab: students may know them.
"""

import numpy as np

from autograder.checks import Picture, Pictures, curve

from . import reference

pictures = Pictures()

H = np.linspace(-6.0, 6.0, 25)
X, TARGET, WEIGHTS = np.array([1.0, 0.5]), 0.9, np.array([-0.4, 0.3])
FEATURES = np.array([[1.0, 0.5], [-0.5, 1.0], [0.3, -1.2], [-1.0, -0.4], [0.8, 1.1], [-0.6, 0.2]])
TARGETS = np.array([1.0, 0.0, 1.0, 0.0, 1.0, 0.0])


@pictures.of("test_sigmoid")
def sigmoid_over_its_input(student):
    """The student's sigmoid and the right one."""
    return Picture(
        title="The sigmoid over its input h",
        alt="Your values over h from −6 to 6; the right curve rises from 0 to 1 like an S.",
        x_label="h",
        y_label="f(h)",
        curves=(
            curve("yours", H, [float(student.sigmoid(float(h))) for h in H]),
            curve("right", H, reference.sigmoid(H)),
        ),
    )


@pictures.of("test_error_term")
def error_term_over_the_sum(student):
    """The error term as the weighted sum grows, at a fixed target."""
    scales = np.linspace(-4.0, 4.0, 17)
    own = [student.error_term(np.array([s, 0.0]), TARGET, np.array([1.0, 0.0])) for s in scales]
    right = [reference.error_term([s, 0.0], TARGET, [1.0, 0.0]) for s in scales]
    return Picture(
        title="The error term over the sum h, for the target 0.9",
        alt="The right curve is a hump: it is flat where the sigmoid is flat, at both ends.",
        x_label="h",
        y_label="δ",
        curves=(curve("yours", scales, own), curve("right", scales, right)),
    )


@pictures.of("test_weight_step")
def steps_downhill(student):
    """Twelve steps on one record, each by the student's function: does the error fall?"""
    own, weights = [], WEIGHTS.copy()
    for _ in range(12):
        own.append(reference.squared_error(X, TARGET, weights))
        weights = weights + np.reshape(student.weight_step(X, TARGET, weights, 2.0), (2,))
    right, weights = [], WEIGHTS.copy()
    for _ in range(12):
        right.append(reference.squared_error(X, TARGET, weights))
        weights = weights + reference.weight_step(X, TARGET, weights, 2.0)
    return Picture(
        title="The error after each of your steps, on one record",
        alt="With right steps the error falls from step to step; see whether yours does.",
        x_label="steps taken",
        y_label="error E",
        curves=(curve("your steps", range(12), own), curve("right steps", range(12), right)),
    )


@pictures.of("test_train")
def path_of_the_weights(student):
    """Where the training leads in the plane of the two weights."""
    epochs = (0, 2, 4, 8, 16, 32)
    own = np.array(
        [np.reshape(student.train(FEATURES, TARGETS, WEIGHTS, 1.5, n), (2,)) for n in epochs]
    )
    right = np.array([reference.train(FEATURES, TARGETS, WEIGHTS, 1.5, n) for n in epochs])
    return Picture(
        title="The weights after 0, 2, 4, 8, 16 and 32 epochs on six records",
        alt="Both paths begin at the same place; the right one leads to where the error is small.",
        x_label="first weight",
        y_label="second weight",
        curves=(
            curve("your path", own[:, 0], own[:, 1], "path"),
            curve("right path", right[:, 0], right[:, 1], "path"),
        ),
    )


@pictures.of("test_descend")
def descent_with_momentum(student):
    """The path on a plain bowl, with momentum."""

    def slope(w):
        return w

    own = np.reshape(student.descend(slope, np.array([4.0]), 0.3, 0.6, 14), (15,))
    right = np.reshape(reference.descend(slope, np.array([4.0]), 0.3, 0.6, 14), (15,))
    steps = range(15)
    return Picture(
        title="Descent into the bowl E = w²/2 from w = 4, learning rate 0.3, momentum 0.6",
        alt="The right path falls, swings through 0 and comes to rest there.",
        x_label="step",
        y_label="w",
        curves=(curve("yours", steps, own, "path"), curve("right", steps, right, "path")),
    )
