"""Hidden checks of `gradient`: the epoch, the training, its measures, and descent with momentum.

Training is judged by the weights after a few epochs, never by a loss or an accuracy: both look
healthy for many a wrong step.
"""

import numpy as np
import pytest

from autograder.checks import assert_agrees

SUMS = (1.7, -0.6, 1.1, -1.9, 0.4, -1.2, 0.9, 1.5)
"""Weighted sums of the records by turns: steep and flat places of the sigmoid."""


def records(rng, n_records, n_features, binary=True):
    """Draw records, targets and weights whose errors are clear and whose mean step is not tiny."""
    while True:
        weights = rng.uniform(0.3, 1.2, size=n_features) * np.resize([1.0, -1.0], n_features)
        features = rng.normal(size=(n_records, n_features))
        sums = np.resize(rng.permutation(SUMS), n_records) * rng.uniform(0.8, 1.1, size=n_records)
        features += np.outer(sums - features @ weights, weights) / (weights @ weights)
        targets = rng.permutation(np.resize([0.0, 1.0], n_records))
        if not binary:
            targets = rng.uniform(0.05, 0.95, size=n_records)
        outputs = 1 / (1 + np.exp(-features @ weights))
        errors = targets - outputs
        mean_step = (errors * outputs * (1 - outputs)) @ features / n_records
        if np.min(np.abs(errors)) > 0.1 and np.min(np.abs(mean_step)) > 0.01:
            return features, targets, weights


def learning_rate_of(rng):
    """Return a learning rate that is neither 1 nor 1/2."""
    return rng.uniform(0.6, 0.9)


FEATURES = np.array(
    [
        [0.9, -1.4, 0.3],
        [-0.7, 0.6, 1.8],
        [1.6, 0.2, -1.1],
        [-1.2, -0.5, 0.7],
        [0.4, 1.3, -0.6],
        [2.1, -0.8, 0.5],
        [-0.3, -1.9, -1.4],
    ]
)
TARGETS = np.array([1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0])
WEIGHTS = np.array([0.7, -0.4, 0.55])


@pytest.mark.grade_cell("test_epoch_step")
@pytest.mark.points(2)
def test_step_of_a_lone_record(student, reference, rng):
    """With a single record, the step of an epoch is that record's own step."""
    assert_agrees(
        student.epoch_step,
        reference.epoch_step,
        FEATURES[:1],
        TARGETS[:1],
        WEIGHTS,
        0.3,
        derived=True,
    )
    for n_features in (4, 2):
        case = records(rng, 1, n_features)
        assert_agrees(
            student.epoch_step, reference.epoch_step, *case, learning_rate_of(rng), derived=True
        )


@pytest.mark.grade_cell("test_epoch_step")
@pytest.mark.points(3)
def test_step_is_the_mean_over_records(student, reference, rng):
    """The step of an epoch is the mean of all records' steps, all taken at the same weights."""
    assert_agrees(
        student.epoch_step, reference.epoch_step, FEATURES, TARGETS, WEIGHTS, 0.3, derived=True
    )
    case = records(rng, 7, 4)
    assert_agrees(
        student.epoch_step, reference.epoch_step, *case, learning_rate_of(rng), derived=True
    )


@pytest.mark.grade_cell("test_epoch_step")
@pytest.mark.points(2)
def test_step_of_other_tables(student, reference, rng):
    """The step is right for other numbers of records and features, and changes no argument."""
    for n_records, n_features in ((5, 3), (2, 6), (9, 2)):
        case = records(rng, n_records, n_features, binary=False)
        assert_agrees(
            student.epoch_step, reference.epoch_step, *case, learning_rate_of(rng), derived=True
        )


@pytest.mark.grade_cell("test_train")
@pytest.mark.points(1)
def test_no_epoch_leaves_the_start(student, reference, rng):
    """After no epoch at all, the weights are still those of the start."""
    assert_agrees(student.train, reference.train, FEATURES, TARGETS, WEIGHTS, 0.3, 0)
    assert_agrees(student.train, reference.train, *records(rng, 5, 2), learning_rate_of(rng), 0)


@pytest.mark.grade_cell("test_train")
@pytest.mark.points(1)
def test_one_epoch_is_one_step(student, reference, rng):
    """One epoch adds one mean step to the weights of the start, which stay as they were."""
    assert_agrees(student.train, reference.train, FEATURES, TARGETS, WEIGHTS, 0.3, 1)
    assert_agrees(student.train, reference.train, *records(rng, 7, 4), learning_rate_of(rng), 1)


@pytest.mark.grade_cell("test_train")
@pytest.mark.points(3)
def test_each_epoch_starts_from_the_last(student, reference, rng):
    """Every epoch takes its step at the weights that the epoch before it left."""
    fixed = (FEATURES, TARGETS, WEIGHTS, 0.3)
    for arguments in (fixed, (*records(rng, 7, 4), learning_rate_of(rng))):
        for epochs in (2, 3):  # one after the other: nothing may be left of the call before
            assert_agrees(student.train, reference.train, *arguments, epochs)


@pytest.mark.grade_cell("test_mse")
@pytest.mark.points(2)
def test_loss_is_the_mean_square(student, reference, rng):
    """The loss is the mean of the squared errors of all records."""
    fixed = np.array([1.0, 0.0, 0.0, 1.0, 1.0]), np.array([0.7, 0.45, 0.2, 0.35, 0.9])
    real_valued = rng.uniform(0.5, 1.0, size=7), rng.uniform(0.0, 0.4, size=7)
    for targets, outputs in (fixed, real_valued, (np.array([0.0]), np.array([0.7]))):
        assert_agrees(student.mean_squared_error, reference.mean_squared_error, targets, outputs)


JUDGED_SUMS = np.array([0.2, 0.3, 0.4, -0.3, -0.4, 1.2, -1.5, 0.9, -0.6, 0.7, 1.8])


def judged_records(rng, n_features):
    """Records of which the right share, and the shares that slips lead to, are all different."""
    n_records = JUDGED_SUMS.size
    while True:
        # Most drawings are no good, so many are made at once: one a row.
        drawn = rng.permuted(np.tile(JUDGED_SUMS, (256, 1)), axis=1)
        admitted = rng.integers(0, 2, size=drawn.shape) == 1
        high = drawn > 0
        right = np.sum(high == admitted, axis=1)
        both = np.sum(high & admitted, axis=1)
        counts = [
            right,
            n_records - right,
            np.sum((drawn > 0.5) == admitted, axis=1),
            np.sum(high, axis=1),
            np.sum(admitted, axis=1),
            np.sum(~admitted, axis=1),
            both,
        ]
        shares = np.stack(
            [
                *(count / n_records for count in counts),
                both / np.sum(high, axis=1),
                both / np.maximum(np.sum(admitted, axis=1), 0.1),
            ]
        )
        good = np.flatnonzero(np.diff(np.sort(shares, axis=0), axis=0).min(axis=0) > 1e-6)
        if good.size:
            sums, targets = drawn[good[0]], admitted[good[0]].astype(float)
            weights = rng.uniform(0.3, 1.2, size=n_features) * np.resize([1.0, -1.0], n_features)
            features = rng.normal(size=(n_records, n_features))
            features += np.outer(sums - features @ weights, weights) / (weights @ weights)
            return features, targets, weights


@pytest.mark.grade_cell("test_accuracy")
@pytest.mark.points(2)
def test_share_on_the_right_side(student, reference, rng):
    """The accuracy is the share of records whose output lies on the target's side of the middle."""
    assert_agrees(student.accuracy, reference.accuracy, FEATURES, TARGETS, WEIGHTS)
    for n_features in (3, 5):
        assert_agrees(student.accuracy, reference.accuracy, *judged_records(rng, n_features))


def valley(w):
    """Gradient of a curved valley: neither constant nor linear."""
    return 0.5 * w + 0.2 * w**3 - 0.3


def bowl(w):
    """Gradient of an uneven bowl, for weights of any shape."""
    return (1.0 + np.arange(w.size).reshape(w.shape)) * w - 0.4


@pytest.mark.grade_cell("test_descend")
@pytest.mark.points(1)
def test_path_begins_at_the_start(student, reference, rng):
    """The path begins at the start and has one place more than there are steps."""
    start = rng.uniform(0.5, 2.0, size=3)
    assert_agrees(student.descend, reference.descend, bowl, start, 0.13, 0.7, 0)
    assert_agrees(student.descend, reference.descend, bowl, start, 0.13, 0.7, 1)


@pytest.mark.grade_cell("test_descend")
@pytest.mark.points(1)
def test_plain_descent(student, reference, rng):
    """Without momentum, every step goes against the gradient at the place reached so far."""
    start = rng.uniform(0.8, 2.0, size=2)
    assert_agrees(student.descend, reference.descend, valley, start, 0.17, 0.0, 5)
    assert_agrees(student.descend, reference.descend, bowl, -start, 0.3, 0.0, 4)


@pytest.mark.grade_cell("test_descend")
@pytest.mark.points(2)
def test_momentum_keeps_part_of_the_velocity(student, reference, rng):
    """With momentum, every step keeps part of the velocity of the step before."""
    start = rng.uniform(0.8, 2.0, size=(2, 3))
    assert_agrees(student.descend, reference.descend, valley, np.array([1.9]), 0.17, 0.6, 6)
    assert_agrees(student.descend, reference.descend, valley, -start[0], 0.11, 0.8, 5)
    assert_agrees(student.descend, reference.descend, bowl, start, 0.07, 0.9, 4)
