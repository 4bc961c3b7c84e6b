"""The cross-entropy, on every backend as on TensorFlow: from the numbers before the softmax.

There Keras finds these numbers by itself. With other libraries it takes the probabilities, and one
that has become 0 has no slope: an answer that is as wrong as that is no longer corrected. Nor are
probabilities enough with a smaller limit. A step that was too long puts all pictures beyond any
limit, and then nothing is ever learned again.
"""

import keras
from keras import ops


class CrossEntropy(keras.losses.Loss):
    """The negative logarithm of the right class's probability, in nats, for the answers of `model`.

        model.compile(loss=CrossEntropy(model))
        model.loss([1], model(image))    -> 0.288, if the answer is [[0.25, 0.75]]

    The softmax of its last layer then also notes down what it was given.

    **Shape**: class numbers `(N,)` or `(N, 1)`, and probabilities `(N, classes)`.
    """

    def __init__(self, model: keras.Model, **kwargs):
        super().__init__(**kwargs)
        self._last = None, None
        model.layers[-1].activation = self._softmax

    def _softmax(self, numbers):
        probabilities = ops.softmax(numbers)
        self._last = probabilities, numbers
        return probabilities

    def call(self, labels, probabilities):
        """One number for each picture."""
        labels = ops.reshape(ops.cast(labels, "int32"), (-1,))
        answers, numbers = self._last
        # Others come only while Keras asks for shapes, with stand-ins for the answers.
        ours = answers is probabilities
        return ops.sparse_categorical_crossentropy(
            labels, numbers if ours else probabilities, from_logits=ours
        )
