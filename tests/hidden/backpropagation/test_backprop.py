"""Hidden checks of `backprop`: a table of records, both passes, the update and the training.

Records, inputs and hidden units always differ in number. Sums reach 2 but not much more, so that
slopes differ from ¼ and no unit is stuck. Steps and the weights after one to three epochs are
compared, never a loss or an accuracy after training: those hide almost every mistake.
"""

import numpy as np
import pytest

from autograder.checks import assert_agrees


def sigmoid(h):
    """Written here once more, so that the cases do not lean on the reference."""
    return 1.0 / (1.0 + np.exp(-h))


def network(rng, n_records, n_inputs, n_hidden):
    """A table and weights for it: features, targets, weights_input_hidden, weights_hidden_output.

    Every hidden unit's largest sum is 2, the weights to the output have both signs (their largest
    is 1.9), some output sum exceeds 0.8, and no output comes nearer to its target than 0.05.
    """
    while True:
        features = rng.normal(size=(n_records, n_inputs))
        input_hidden = rng.normal(size=(n_inputs, n_hidden))
        input_hidden *= 2.0 / np.abs(features @ input_hidden).max(axis=0)
        hidden_output = rng.uniform(0.5, 1.9, size=n_hidden) * rng.choice([-1, 1], size=n_hidden)
        output_sums = sigmoid(features @ input_hidden) @ hidden_output
        targets = rng.uniform(0.1, 0.9, size=n_records)
        misses = np.abs(targets - sigmoid(output_sums))
        both_signs = hidden_output.min() < 0 < hidden_output.max()
        if both_signs and 0.8 < np.abs(output_sums).max() < 2.2 and misses.min() > 0.05:
            return features, targets, input_hidden, hidden_output


def admitted(rng, n_records):
    """Targets 0 and 1, both of them present."""
    targets = (rng.random(n_records) < 0.4).astype(float)
    targets[:2] = [1.0, 0.0]
    return targets


@pytest.mark.grade_cell("test_forward_pass")
@pytest.mark.points(3)
def test_forward_of_a_table(student, reference, rng):
    """Every record gives its hidden outputs and its output, both between 0 and 1."""
    for n_records, n_inputs, n_hidden in ((7, 4, 3), (5, 2, 6), (3, 6, 2), (4, 4, 4)):
        features, _, *weights = network(rng, n_records, n_inputs, n_hidden)
        assert_agrees(student.forward_pass, reference.forward_pass, features, *weights)


@pytest.mark.grade_cell("test_forward_pass")
@pytest.mark.points(1)
def test_forward_of_a_lone_record(student, reference, rng):
    """A table of a single record is a table still, and its answers keep the axis of the records."""
    features, _, *weights = network(rng, 7, 4, 3)
    assert_agrees(student.forward_pass, reference.forward_pass, features[:1], *weights)


def backward_arguments(features, targets, input_hidden, hidden_output):
    """Arguments of `backward_pass` as a right forward pass leaves them."""
    hidden = sigmoid(features @ input_hidden)
    return features, targets, hidden, sigmoid(hidden @ hidden_output), hidden_output


@pytest.mark.grade_cell("test_backward_pass")
@pytest.mark.points(3)
def test_backward_of_a_table(student, reference, rng):
    """Both steps are the mean over the records of error term times input, shaped as the weights."""
    for sizes in ((7, 4, 3), (5, 2, 6), (6, 5, 2)):
        arguments = backward_arguments(*network(rng, *sizes))
        assert_agrees(student.backward_pass, reference.backward_pass, *arguments, derived=True)


@pytest.mark.grade_cell("test_backward_pass")
@pytest.mark.points(2)
def test_backward_of_a_lone_record(student, reference, rng):
    """For a single record the mean is that record's own error terms times its own inputs."""
    for sizes in ((7, 4, 3), (7, 3, 5)):
        features, targets, hidden, output, weights = backward_arguments(*network(rng, *sizes))
        arguments = (features[2:3], targets[2:3], hidden[2:3], output[2:3], weights)
        assert_agrees(student.backward_pass, reference.backward_pass, *arguments, derived=True)


@pytest.mark.grade_cell("test_backward_pass")
@pytest.mark.points(2)
def test_backward_with_yes_and_no(student, reference, rng):
    """The steps are right for targets that are 0 or 1, as in the admissions."""
    for sizes in ((9, 4, 3), (5, 3, 6)):
        features, _, *weights = network(rng, *sizes)
        arguments = backward_arguments(features, admitted(rng, len(features)), *weights)
        assert_agrees(student.backward_pass, reference.backward_pass, *arguments, derived=True)


@pytest.mark.grade_cell("test_backward_pass")
@pytest.mark.points(1)
def test_backward_of_a_doubled_table(student, reference, rng):
    """A table in which every record stands twice gives the same steps as the table itself."""
    features, targets, *weights = network(rng, 7, 4, 3)
    doubled = np.concatenate([features, features]), np.concatenate([targets, targets])
    arguments = backward_arguments(*doubled, *weights)
    assert_agrees(student.backward_pass, reference.backward_pass, *arguments, derived=True)


@pytest.mark.grade_cell("test_update_weights")
@pytest.mark.points(3)
def test_update_of_both_layers(student, reference, rng):
    """Both layers get their own step, scaled once by the learning rate, in new arrays."""
    for n_inputs, n_hidden, learning_rate in ((4, 3, 0.3), (2, 5, 1.7), (6, 2, 0.07)):
        _, _, *weights = network(rng, 7, n_inputs, n_hidden)
        steps = rng.normal(size=(n_inputs, n_hidden)), rng.normal(size=n_hidden)
        arguments = (*weights, steps, learning_rate)
        assert_agrees(student.update_weights, reference.update_weights, *arguments)


@pytest.mark.grade_cell("test_train")
@pytest.mark.points(2)
def test_one_epoch(student, reference, rng):
    """After one epoch both layers have moved by the mean step over the records."""
    for sizes, learning_rate in (((7, 4, 3), 0.7), ((5, 2, 6), 0.3), ((1, 3, 4), 1.6)):
        arguments = (*network(rng, *sizes), learning_rate, 1)
        assert_agrees(student.train, reference.train, *arguments)


@pytest.mark.grade_cell("test_train")
@pytest.mark.points(3)
def test_further_epochs(student, reference, rng):
    """Every further epoch starts from the weights that the one before has left."""
    for sizes, learning_rate in (((7, 4, 3), 0.7), ((6, 2, 5), 1.6)):
        arguments = network(rng, *sizes)
        for epochs in (2, 3):
            assert_agrees(student.train, reference.train, *arguments, learning_rate, epochs)


@pytest.mark.grade_cell("test_train")
@pytest.mark.points(1)
def test_no_epoch_and_many(student, reference, rng):
    """Without an epoch the weights stay, and after forty they are where forty steps lead."""
    arguments = network(rng, 7, 4, 3)
    for epochs in (0, 40):
        assert_agrees(student.train, reference.train, *arguments, 0.7, epochs)


@pytest.mark.grade_cell("test_loss")
@pytest.mark.points(2)
def test_loss_of_all_records(student, reference, rng):
    """The loss is one number, the mean of the squared errors of all the records."""
    for sizes in ((7, 4, 3), (5, 2, 6), (1, 3, 4)):
        assert_agrees(student.loss, reference.loss, *network(rng, *sizes))


@pytest.mark.grade_cell("test_accuracy")
@pytest.mark.points(2)
def test_accuracy_of_all_records(student, reference, rng):
    """The accuracy is the share of all records whose output is on the target's side of one half."""
    for sizes, right in (((11, 4, 3), 8), ((9, 2, 6), 2), ((10, 5, 2), 7)):
        features, targets, *weights = decided_network(rng, *sizes, right)
        assert_agrees(student.accuracy, reference.accuracy, features, targets, *weights)


def decided_network(rng, n_records, n_inputs, n_hidden, n_right):
    """A network that says yes and no, never close to one half, and is right `n_right` times.

    Of some dozen candidates it is the one in which the shares of right answers, of yes and of
    wanted yes (and what is left of each to 1) are furthest apart.
    """
    best, widest = None, -1.0
    for _ in range(40):
        features, _, *weights = network(rng, n_records, n_inputs, n_hidden)
        output = sigmoid(sigmoid(features @ weights[0]) @ weights[1])
        yes = output > 0.5
        targets = np.where(rng.permutation(n_records) < n_right, yes, ~yes).astype(float)
        said, wanted, right = yes.mean(), targets.mean(), n_right / n_records
        gaps = [said - wanted, said - right, said + right - 1, wanted - right, wanted + right - 1]
        mixed = 0 < said < 1 and 0 < wanted < 1 and np.abs(output - 0.5).min() > 1e-3
        width = np.abs(gaps).min() + mixed
        if width > widest:
            best, widest = (features, targets, *weights), width
    return best
