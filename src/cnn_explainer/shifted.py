"""A convolution whose kernels learn from products of large matrices, for small maps.

The gradient of a kernel's weight at (i, j) is the product of the maps, moved by i and j, and of
what comes back. In 16 bits, on maps of some 14 × 14 pixels or fewer, TensorFlow needs about one
and a half times as long for its own way, which first turns the maps' order around.
"""

import keras
import tensorflow as tf


class ShiftedConv2D(keras.layers.Conv2D):
    """A `keras.layers.Conv2D` with the same answers and gradients, on TensorFlow alone.

        ShiftedConv2D(128, 3, padding="same")(maps)    -> of shape (N, H, W, 128)

    Kernels must be square and of odd size, the stride 1, and the padding `same`.
    """

    def convolution_op(self, inputs, kernel):
        """See the class."""
        _, height, width, _ = inputs.shape
        size, _, channels, filters = kernel.shape
        edge = size // 2

        def for_kernel(upstream):
            padded = tf.pad(inputs, ((0, 0), (edge, edge), (edge, edge), (0, 0)))
            moved = [
                tf.reshape(padded[:, i : i + height, j : j + width], (-1, channels))
                for i in range(size)
                for j in range(size)
            ]
            flat = tf.reshape(upstream, (-1, filters))
            products = [tf.matmul(each, flat, transpose_a=True) for each in moved]
            return tf.reshape(tf.stack(products), kernel.shape)

        @tf.custom_gradient
        def convolution(inputs, kernel):
            def gradients(upstream):
                shape = tf.shape(inputs)
                for_inputs = tf.nn.conv2d_transpose(upstream, kernel, shape, 1, "SAME")
                return for_inputs, for_kernel(upstream)

            return tf.nn.conv2d(inputs, kernel, 1, "SAME"), gradients

        # A variable would be looked for among the gradients by its name.
        return convolution(inputs, tf.convert_to_tensor(kernel))
