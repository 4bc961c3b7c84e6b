"""Random flips, shifts, rotations and zooms, all in one look at each pixel."""

from math import pi

import keras
from keras import ops


class RandomAffine(keras.layers.Layer):
    """Flips every second picture left to right, then turns, zooms and shifts, at random.

        RandomAffine(flip=True, rotation=0.1, zoom=0.1)(images, training=True)
                                                     -> up to 36° either way, ± 10 %
        RandomAffine(flip=True, shift=2)(images)     -> the images

    The same as Keras's `RandomFlip("horizontal")`, `RandomRotation(rotation)`,
    `RandomZoom(zoom)` and a translation after one another, but for one thing: the maps are
    multiplied first, so that a pixel is interpolated once. What lies outside the picture is its
    reflection. `rotation` is a share of a full turn, `zoom` a share of the height, `shift` a
    number of pixels; shifts are by whole ones.

    **Input shape**: `(N, H, W, C)`. **Output shape**: the same.
    """

    def __init__(
        self,
        *,
        flip: bool = False,
        shift: int = 0,
        rotation: float = 0,
        zoom: float = 0,
        seed: int,
        **common,
    ):
        super().__init__(**common)
        for name, value in (("rotation", rotation), ("zoom", zoom)):
            if not 0 <= value < 1:
                raise ValueError(f"`{name}` must be at least 0 and below 1. Received: {value!r}")
        if shift < 0:
            raise ValueError(f"`shift` must not be negative. Received: {shift!r}")
        self.flip, self.shift, self.rotation, self.zoom = flip, shift, rotation, zoom
        self._seed = keras.random.SeedGenerator(seed)

    def call(self, images, training: bool = False):
        """See the class."""
        if not training:
            return images
        drawn = 5 if self.shift else 3
        numbers = keras.random.uniform((drawn, ops.shape(images)[0]), -1, 1, seed=self._seed)
        flip, turn, zoom, *moves = ops.unstack(numbers, drawn)
        # Each of the 2 * shift + 1 whole numbers equally often.
        moves = [ops.floor((self.shift + 0.5) * move + 0.5) for move in moves]
        maps = output_to_input(
            ops.sign(flip) if self.flip else ops.ones_like(flip),
            2 * pi * self.rotation * turn,
            1 + self.zoom * zoom,
            images.shape[1:3],
            *moves,
        )
        return self.transform(images, maps)

    def transform(self, images, maps):
        """Look up each pixel where its map says."""
        return ops.image.affine_transform(images, maps, "bilinear", "reflect")


def output_to_input(mirror, angle, zoom, size: tuple[int, int], down=0, right=0):
    """Where each pixel of the result is looked up, as the 8 numbers of a projective map.

        output_to_input([-1], [0], [1], (32, 32))   -> x is looked up at 31 - x

    `mirror` is 1 or -1, `angle` in radians, `zoom` above 1 shows more of the picture; about its
    middle. What is `down` and `right` of a place is looked up there, in pixels.
    **Shape**: each `(N,)`. **Output shape**: `(N, 8)`.
    """
    mirror, angle, zoom = (ops.convert_to_tensor(v, "float32") for v in (mirror, angle, zoom))
    middle_y, middle_x = (side / 2 - 0.5 for side in size)
    cos, sin, zero = zoom * ops.cos(angle), zoom * ops.sin(angle), ops.zeros_like(angle)
    xx, xy, yx, yy = mirror * cos, -mirror * sin, sin, cos
    return ops.stack(
        [
            *(xx, xy, middle_x - xx * middle_x - xy * middle_y + right),
            *(yx, yy, middle_y - yx * middle_x - yy * middle_y + down),
            *(zero, zero),
        ],
        axis=1,
    )
