"""Dropout whose random numbers are drawn once.

Drawing a number for each unit anew at each step takes the base model as long as its
convolutions. Here a pool of decisions is drawn when the layer is made, and each step takes a
stretch of it that begins at a random place.
"""

from math import prod

import keras
import numpy as np

LARGEST_BATCH = 512
SMALLEST_POOL = 2**22
"""Decisions; enough that steps of one training rarely begin at the same place."""


class Dropout(keras.layers.Layer):
    """Leaves out each input with the probability `rate` while training (Srivastava et al. 2014).

        Dropout(0.2)(images, training=True)    -> a fifth of the numbers 0, the others × 1.25
        Dropout(0.2)(images)                   -> the images

    Over a training every unit sees the share `rate`, and in a step each unit is decided by a
    number of its own. Two steps may see the same decisions, but for other units; so may the
    pictures of a batch that is larger than the pool.

    **Input shape**: `(N, ...)`. **Output shape**: the same.
    """

    def __init__(self, rate: float, seed: int, **common):
        super().__init__(**common)
        if not 0 <= rate < 1:
            raise ValueError(f"`rate` must be at least 0 and below 1. Received: {rate!r}")
        self.rate, self.seed = rate, seed
        self._place = keras.random.SeedGenerator(seed)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Draw the decisions: 0 for what is left out, and for what is kept the factor that
        keeps the mean as it is.
        """
        self._size = max(SMALLEST_POOL, LARGEST_BATCH * prod(input_shape[1:]))
        kept = np.random.default_rng(self.seed).random(self._size, np.float32) >= self.rate
        # Not a variable: it can be made again from the seed, and has no place in a checkpoint.
        self._pool = keras.ops.convert_to_tensor(kept / (1 - self.rate), self.compute_dtype)

    def call(self, inputs, training: bool = False):
        """See the class."""
        if not training:
            return inputs
        shape = keras.ops.shape(inputs)
        chosen = self._chosen(prod(shape[1:]) * shape[0])
        return inputs * keras.ops.reshape(chosen, shape)

    def _chosen(self, count):
        """So many decisions in a row."""
        fits = count <= self._size
        places = _either(fits, lambda: self._size - count + 1, lambda: self._size)
        begin = keras.random.randint((1,), 0, places, seed=self._place)

        def stretch():
            return keras.ops.slice(self._pool, begin, (count,))

        def rounds():
            # Not of the whole pool, which may be so many rows long: rows would be alike.
            numbers = (begin + keras.ops.arange(count)) % (self._size - 1)
            return keras.ops.take(self._pool, numbers)

        return _either(fits, stretch, rounds)


def _either(condition, this, that):
    """What one of the two gives; a graph may know the condition only when it runs."""
    if isinstance(condition, bool):
        return this() if condition else that()
    return keras.ops.cond(condition, this, that)
