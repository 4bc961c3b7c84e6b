"""The cross-entropy, on every backend as on TensorFlow.

There Keras finds the numbers before the softmax. With other libraries it takes no probability to be
smaller than 1e-7: an answer that is more wrong than that is no longer corrected.
"""

import keras
from keras import ops

SMALLEST = 1e-37
"""About the smallest number of 32 bits whose inverse is one, too."""


class CrossEntropy(keras.losses.Loss):
    """The negative logarithm of the right class's probability, in nats.

        CrossEntropy()([1], [[0.25, 0.75]])    -> 0.288

    **Shape**: class numbers `(N,)` or `(N, 1)`, and probabilities `(N, classes)`.
    """

    def call(self, labels, probabilities):
        """One number for each picture."""
        labels = ops.reshape(ops.cast(labels, "int32"), (-1, 1))
        right = ops.take_along_axis(probabilities, labels, axis=-1)[:, 0]
        return -ops.log(ops.maximum(right, SMALLEST))
