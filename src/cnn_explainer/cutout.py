"""A grey square on each picture, so that no single place can tell it all."""

import keras
from keras import ops

GREY = 0.5
"""The middle of the values from 0 to 1."""


class Cutout(keras.layers.Layer):
    """Paints a grey square on each picture while training (DeVries & Taylor 2017).

        Cutout(8, seed=1)(images, training=True)    -> 64 pixels of each are grey, or fewer
        Cutout(8, seed=1)(images)                   -> the images

    Every pixel is equally often the square's middle, so that a part of it may lie outside.

    **Input shape**: `(N, H, W, C)`, values from 0 to 1. **Output shape**: the same.
    """

    def __init__(self, side: int, seed: int, **common):
        super().__init__(**common)
        if side < 1:
            raise ValueError(f"`side` must be a positive integer. Received: {side!r}")
        self.side, self.seed = side, seed
        self._seed = keras.random.SeedGenerator(seed)

    def call(self, images, training: bool = False):
        """See the class."""
        if not training:
            return images
        count, height, width = ops.shape(images)[0], *images.shape[1:3]
        drawn = ops.unstack(keras.random.uniform((2, count, 1), seed=self._seed), 2)
        covered = [
            ops.abs(ops.arange(size, dtype="float32") + 0.5 - size * place) < self.side / 2
            for size, place in zip((height, width), drawn, strict=True)
        ]
        both = ops.logical_and(covered[0][:, :, None], covered[1][:, None])
        return ops.where(both[..., None], ops.cast(GREY, images.dtype), images)
