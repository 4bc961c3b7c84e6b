"""Random flips, rotations and zooms, all three in one look at each pixel."""

from math import pi

import keras
from keras import ops


class FlipRotateZoom(keras.layers.Layer):
    """Flips every second picture left to right, then turns, then zooms, at random.

        FlipRotateZoom(0.1, 0.1)(images, training=True)   -> up to 36° either way, ± 10 %
        FlipRotateZoom(0.1, 0.1)(images)                  -> the images

    The same as Keras's `RandomFlip("horizontal")`, `RandomRotation(rotation)` and
    `RandomZoom(zoom)` after one another, but for one thing: the three maps are multiplied
    first, so that a pixel is interpolated once and not twice. What lies outside the picture is
    its reflection. `rotation` is a share of a full turn, `zoom` a share of the height.

    **Input shape**: `(N, H, W, C)`. **Output shape**: the same.
    """

    def __init__(self, rotation: float, zoom: float, seed: int, **common):
        super().__init__(**common)
        for name, value in (("rotation", rotation), ("zoom", zoom)):
            if not 0 <= value < 1:
                raise ValueError(f"`{name}` must be at least 0 and below 1. Received: {value!r}")
        self.rotation, self.zoom = rotation, zoom
        self._seed = keras.random.SeedGenerator(seed)

    def call(self, images, training: bool = False):
        """See the class."""
        if not training:
            return images
        count = ops.shape(images)[0]
        flip, turn, zoom = ops.unstack(keras.random.uniform((3, count), -1, 1, seed=self._seed), 3)
        maps = output_to_input(
            ops.sign(flip), 2 * pi * self.rotation * turn, 1 + self.zoom * zoom, images.shape[1:3]
        )
        return ops.image.affine_transform(images, maps, "bilinear", "reflect")


def output_to_input(mirror, angle, zoom, size: tuple[int, int]):
    """Where each pixel of the result is looked up, as the 8 numbers of a projective map.

        output_to_input([-1], [0], [1], (32, 32))   -> x is looked up at 31 - x

    `mirror` is 1 or -1, `angle` in radians, `zoom` above 1 shows more of the picture; about its
    middle. **Shape**: each `(N,)`. **Output shape**: `(N, 8)`.
    """
    mirror, angle, zoom = (ops.convert_to_tensor(v, "float32") for v in (mirror, angle, zoom))
    middle_y, middle_x = (side / 2 - 0.5 for side in size)
    cos, sin, zero = zoom * ops.cos(angle), zoom * ops.sin(angle), ops.zeros_like(angle)
    xx, xy, yx, yy = mirror * cos, -mirror * sin, sin, cos
    return ops.stack(
        [
            *(xx, xy, middle_x - xx * middle_x - xy * middle_y),
            *(yx, yy, middle_y - yx * middle_x - yy * middle_y),
            *(zero, zero),
        ],
        axis=1,
    )
