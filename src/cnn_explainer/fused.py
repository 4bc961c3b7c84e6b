"""Activations in one pass over the numbers.

TensorFlow computes GELU as a chain of operations, each of which writes all its numbers for the
next to read, and takes longer in 16 bits than in 32. XLA makes one loop of the chain.
"""

from collections.abc import Callable
from functools import cache

import keras
import tensorflow as tf


def one_pass(function: Callable) -> Callable:
    """The function as one program; where there is XLA, it makes few loops of many operations."""
    return tf.function(function, autograph=False, jit_compile=has_xla())


@cache
def has_xla() -> bool:
    """Whether this TensorFlow can compile; for Windows it is built without."""
    try:
        tf.function(lambda number: 2 * number, jit_compile=True)(tf.constant(1.0))
    except tf.errors.OpError:
        return False
    return True


def fused(name: str) -> Callable[[tf.Tensor], tf.Tensor]:
    """Keras's activation of that name, computed in 32 bits whatever it is given.

        fused("gelu")(maps)    -> as keras.activations.gelu(maps), of the same type

    Of TensorFlow, on a processor. ReLU is not for it: a convolution takes it along.
    """
    activation = keras.activations.get(name)

    def wide(values):
        return activation(tf.cast(values, tf.float32))

    @one_pass
    def forward(values):
        return tf.cast(wide(values), values.dtype)

    # Computed again from the input, which is quicker than keeping what it was computed with.
    @one_pass
    def backward(values, upstream):
        with tf.GradientTape() as tape:
            tape.watch(values)
            outputs = wide(values)
        return tape.gradient(outputs, values, tf.cast(upstream, tf.float32))

    @tf.custom_gradient
    def both(values):
        return forward(values), lambda upstream: backward(values, upstream)

    def apply(values):
        # Outside of a graph one would wait for the compiler at each new size.
        return tf.cast(wide(values), values.dtype) if tf.executing_eagerly() else both(values)

    return apply
