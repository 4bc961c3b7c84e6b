"""Gradient descent with momentum, each weight read and written once a step."""

import keras


class SGD(keras.optimizers.SGD):
    """Keras's own, number for number; on TensorFlow in one operation for each layer's weights.

    Keras writes the update as six operations, each of which reads and writes all weights. In
    AlexNet, with 62 million of them, that takes a sixth of a step.
    """

    def update_step(self, gradient, variable, learning_rate) -> None:
        """Move `variable` against its gradient."""
        if keras.backend.backend() != "tensorflow" or not self.momentum:
            super().update_step(gradient, variable, learning_rate)
            return
        import tensorflow as tf

        velocity = self.momentums[self._get_variable_index(variable)]
        tf.raw_ops.ResourceApplyKerasMomentum(
            var=variable.handle,
            accum=velocity.value.handle,
            lr=tf.cast(learning_rate, variable.dtype),
            grad=tf.cast(gradient, variable.dtype),
            momentum=tf.cast(self.momentum, variable.dtype),
            use_nesterov=self.nesterov,
        )
