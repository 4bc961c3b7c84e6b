"""A convolution with large steps, on blocks as large as a step.

AlexNet's first layer moves kernels of 11 × 11 by four pixels, over pictures of three channels. A
processor that multiplies wide matrices has little to do with three. Here each block of 4 × 4
pixels becomes one place with 48 channels, and the kernel one of 3 × 3 such places, with a row and
a column of zeros.
"""

import keras
import tensorflow as tf


class StridedConv2D(keras.layers.Conv2D):
    """A `keras.layers.Conv2D` with the same answers and gradients, on TensorFlow alone.

        StridedConv2D(96, 11, 4)(images)    -> of (N, 227, 227, 3), by a convolution of
                                               (N, 57, 57, 48) with kernels of 3 × 3

    Kernels must be square, and the padding `valid`.
    """

    def convolution_op(self, inputs, kernel):
        """See the class."""
        return in_blocks(inputs, kernel, self.strides[0])


def in_blocks(inputs, kernel, step: int):
    """`tf.nn.conv2d(inputs, kernel, step, "VALID")`, on blocks of `step` × `step` pixels.

    **Input shape**: `(N, H, W, C)`, and `(size, size, C, filters)` of the kernel.
    **Output shape**: `(N, rows, columns, filters)`.
    """
    size, _, channels, filters = kernel.shape
    places = -(-size // step)
    more = places * step - size
    padded = tf.pad(kernel, ((0, more), (0, more), (0, 0), (0, 0)))
    blocks = tf.reshape(padded, (places, step, places, step, channels, filters))
    wide = tf.reshape(
        tf.transpose(blocks, (0, 2, 1, 3, 4, 5)),
        (places, places, step * step * channels, filters),
    )
    # What lies beyond the last kernel is left out, or met by zeros.
    needed = [((side - size) // step + places) * step for side in inputs.shape[1:3]]
    inputs = inputs[:, : needed[0], : needed[1]]
    beyond = [(0, n - side) for n, side in zip(needed, inputs.shape[1:3], strict=True)]
    inputs = tf.pad(inputs, ((0, 0), *beyond, (0, 0)))
    return tf.nn.conv2d(tf.nn.space_to_depth(inputs, step), wide, 1, "VALID")
