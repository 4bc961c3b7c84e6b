"""Even the most wrong of answers is corrected."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from cnn_explainer.losses import CrossEntropy

RNG = np.random.default_rng(0)
LABELS = np.arange(12) % 5


def a_model() -> keras.Model:
    return keras.Sequential([keras.Input((5,)), keras.layers.Dense(5, "softmax")])


@pytest.mark.parametrize("size", [1, 10, 1000])
def test_loss_and_gradient_are_those_of_the_numbers_before_the_softmax(size):
    """Also of those that are so far apart that the probability of the right class is 0."""
    model = a_model()
    loss = CrossEntropy(model)
    kernel = model.layers[0].kernel
    kernel.assign(np.eye(5))
    numbers = tf.constant(size * RNG.normal(size=(12, 5)), tf.float32)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(numbers)
        answers = model(numbers)
        ours = loss(LABELS, answers)
        theirs = keras.losses.SparseCategoricalCrossentropy(from_logits=True)(LABELS, numbers)
    np.testing.assert_allclose(answers, tf.nn.softmax(numbers), atol=1e-6)
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)
    gradients = (tape.gradient(loss, numbers) for loss in (ours, theirs))
    np.testing.assert_allclose(*gradients, atol=1e-6)


def test_nor_does_it_need_what_tensorflow_s_softmax_leaves_with_its_answers():
    """Other libraries leave nothing, and a probability of 0 tells nothing."""
    model = a_model()
    loss = CrossEntropy(model)
    model.layers[0].kernel.assign(np.eye(5))
    answers = model(np.array([[500, 0, 0, 0, 0]], np.float32))
    del answers._keras_logits
    np.testing.assert_allclose(loss([1], answers), 500)


def test_a_column_of_labels_is_a_row_of_them():
    model = a_model()
    loss = CrossEntropy(model, reduction=None)
    model.layers[0].kernel.assign(np.zeros((5, 5)))
    answers = model(np.zeros((2, 5), np.float32))
    np.testing.assert_allclose(loss([1, 0], answers), [np.log(5)] * 2, rtol=1e-6)
    np.testing.assert_array_equal(loss([[1], [0]], answers), loss([1, 0], answers))
