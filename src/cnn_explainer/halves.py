"""Training on the two halves of a batch side by side.

A layer of a small network is done before a second core has begun its part of it. Here each core
takes half of the pictures through all layers, and waits once, at the end of the step.
"""

import keras
from keras import ops


class Halves(keras.Sequential):
    """A `keras.Sequential` with the same answers, loss and gradients.

    What its layers draw at random is drawn for each half, so that the numbers are other ones than
    those of the whole batch; they do not depend on how many cores there are.
    """

    def call(self, inputs, training=None, mask=None):
        """In training by halves; in prediction at once."""
        if not training:
            return super().call(inputs, training=training, mask=mask)
        count = ops.shape(inputs)[0]
        # No layer takes an empty half: a single picture goes through both, and counts once.
        halves = (inputs[: (count + 1) // 2], inputs[-ops.maximum(count // 2, 1) :])
        through = super().call
        return ops.concatenate([through(half, training=training) for half in halves])[:count]
