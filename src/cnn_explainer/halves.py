"""The two halves of a batch side by side.

A layer of a small network is done before a second core has begun its part of it. Here each core
takes half of the pictures through all convolutions, and waits once. The dense layers, whose
weights take longer to fetch than to use, see the whole batch.
"""

import keras
from keras import layers, ops


class Halves(keras.Sequential):
    """A `keras.Sequential` with the same answers, loss and gradients.

    What the layers up to `Flatten` draw at random is drawn for each half, so that the numbers are
    other ones than those of the whole batch; they do not depend on how many cores there are.
    """

    def call(self, inputs, training=None, mask=None):
        """By halves up to `Flatten`, then at once."""
        count = ops.shape(inputs)[0]
        # No layer takes an empty half: a single picture goes through both, and counts once.
        halves = (inputs[: (count + 1) // 2], inputs[-ops.maximum(count // 2, 1) :])
        wide = next(i for i, each in enumerate(self.layers) if isinstance(each, layers.Flatten))
        joined = ops.concatenate([_through(self.layers[:wide], half) for half in halves])[:count]
        return _through(self.layers[wide:], joined)


def _through(chain: list[keras.Layer], values: keras.KerasTensor) -> keras.KerasTensor:
    for layer in chain:
        values = layer(values)
    return values
