"""Pictures turned, zoomed and shifted in one pass over their pixels.

TensorFlow's own operation asks for each number of the result where it comes from, and so three
times for each pixel. Here a place is computed once, and XLA makes one loop of all that follows.
"""

import tensorflow as tf

from .augmentation import RandomAffine
from .fused import one_pass


class FusedAffine(RandomAffine):
    """A `RandomAffine` with the same pictures, on TensorFlow alone."""

    def transform(self, images, maps):
        """See the class."""
        return warped(images, maps)


@one_pass
def warped(images, maps):
    """Each pixel from where its map says, between four others, the picture reflected at its edges.

    The same as `keras.ops.image.affine_transform(images, maps, "bilinear", "reflect")`.

    **Input shape**: `(N, H, W, C)` and `(N, 8)`. **Output shape**: `(N, H, W, C)`.
    """
    _, height, width, channels = images.shape
    xx, xy, x0, yx, yy, y0 = (maps[:, i, None, None] for i in range(6))
    down = tf.range(height, dtype=tf.float32)[:, None]
    right = tf.range(width, dtype=tf.float32)
    y, x = yx * right + yy * down + y0, xx * right + xy * down + x0
    top, left = tf.floor(y), tf.floor(x)
    flat = tf.reshape(images, (-1, height * width, channels))

    def at(y, x):
        places = _reflected(y, height) * width + _reflected(x, width)
        return tf.gather(flat, places, batch_dims=1)

    def between(one, other, share):
        return one + (other - one) * share[..., None]

    upper, lower = (between(at(row, left), at(row, left + 1), x - left) for row in (top, top + 1))
    return between(upper, lower, y - top)


def _reflected(places, size: int):
    """The places inside that stand for those outside: of -1 and 0 the first."""
    places = tf.math.floormod(tf.cast(places, tf.int32), 2 * size)
    return tf.minimum(places, 2 * size - 1 - places)
