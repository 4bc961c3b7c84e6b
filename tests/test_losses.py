"""Even the most wrong of answers is corrected."""

import numpy as np
import pytest
import tensorflow as tf
from keras import losses

from cnn_explainer.losses import CrossEntropy

RNG = np.random.default_rng(0)
LABELS = np.arange(12) % 5


@pytest.mark.parametrize("size", [1, 10, 30])
def test_loss_and_gradient_are_those_of_the_numbers_before_the_softmax(size):
    """Up to a probability of 1e-37 for the right class, that is."""
    numbers = tf.constant(np.clip(size * RNG.normal(size=(12, 5)), -40, 40), tf.float32)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(numbers)
        ours = CrossEntropy()(LABELS, tf.nn.softmax(numbers))
        theirs = losses.SparseCategoricalCrossentropy(from_logits=True)(LABELS, numbers)
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)
    gradients = (tape.gradient(loss, numbers) for loss in (ours, theirs))
    np.testing.assert_allclose(*gradients, atol=1e-6)


def test_a_column_of_labels_is_a_row_of_them():
    probabilities = np.float32([[0.25, 0.75], [1, 0]])
    expected = CrossEntropy(reduction=None)([1, 0], probabilities)
    np.testing.assert_allclose(expected, [-np.log(0.75), 0], rtol=1e-6)
    np.testing.assert_array_equal(CrossEntropy(reduction=None)([[1], [0]], probabilities), expected)
