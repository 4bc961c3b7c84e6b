"""Every picture once, in the order that is asked for."""

import numpy as np
from keras import Sequential, layers

from cnn_explainer.batches import Batches

IMAGES = np.arange(7 * 4 * 4 * 3, dtype=np.uint8).reshape(7, 4, 4, 3)
LABELS = np.arange(7)


def test_the_last_batch_is_what_is_left():
    order = np.array([6, 0, 5, 1, 4, 2, 3])
    batches = Batches(IMAGES, LABELS, order, 3)
    assert len(batches) == 3
    images, labels = zip(*[batches[i] for i in range(3)], strict=True)
    assert [len(part) for part in labels] == [3, 3, 1]
    np.testing.assert_array_equal(np.concatenate(labels), order)
    np.testing.assert_array_equal(np.concatenate(images), IMAGES[order])
    assert np.asarray(images[0]).dtype == np.float32


def test_keras_takes_them():
    model = Sequential([layers.Input((4, 4, 3)), layers.Flatten()])
    answers = model.predict(Batches(IMAGES, LABELS, np.arange(7), 2), verbose=0)
    np.testing.assert_array_equal(answers, IMAGES.reshape(7, -1))
