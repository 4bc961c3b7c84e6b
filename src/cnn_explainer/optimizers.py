"""What moves the weights, and how far: the optimizers and the learning rate over time."""

from math import ceil

import keras

from .experiments import Recipe

WARM_UP = 0.2
"""Share of all steps in which the rate of `one_cycle` rises."""
SHORT_WARM_UP = 0.1
"""The same of `linear`."""


def optimizer(recipe: Recipe, images: int) -> keras.Optimizer:
    """The recipe's, for a training on so many images."""
    rate = _rate(recipe, recipe.epochs * ceil(images / recipe.batch_size))
    decay = {} if recipe.weight_decay is None else {"weight_decay": recipe.weight_decay}
    match recipe.optimizer:
        case "sgd":
            return SGD(rate, recipe.momentum, recipe.nesterov, **decay)
        case "adam":
            return keras.optimizers.Adam(rate, **decay)
        case "adamw":
            return keras.optimizers.AdamW(rate, **decay)
        case "nadam":
            return keras.optimizers.Nadam(rate, **decay)
        case "rmsprop":
            return keras.optimizers.RMSprop(rate, **decay)


def _rate(recipe: Recipe, steps: int) -> float | keras.optimizers.schedules.LearningRateSchedule:
    """The rate, or what it is at each step.

    Source: Loshchilov & Hutter 2017, Smith & Topin 2017, Howard & Ruder 2018.
    """
    cosine, rate = keras.optimizers.schedules.CosineDecay, recipe.learning_rate
    match recipe.schedule:
        case "constant":
            return rate
        case "cosine":
            return cosine(rate, steps)
        case "one_cycle":
            rise = round(WARM_UP * steps)
            return cosine(0.0, steps - rise, warmup_target=rate, warmup_steps=rise)
        case "linear":
            return Linear(rate, steps)


class Linear(keras.optimizers.schedules.LearningRateSchedule):
    """Up from 0 along a line in the first tenth of all steps, then down to 0 along another."""

    def __init__(self, rate: float, steps: int) -> None:
        self.rate, self.steps = rate, steps

    def __call__(self, step) -> keras.KerasTensor:
        """The rate at a step, which is counted from 0."""
        done = keras.ops.cast(step, "float32") / self.steps
        left = (1 - done) / (1 - SHORT_WARM_UP)
        return self.rate * keras.ops.minimum(done / SHORT_WARM_UP, left)

    def get_config(self) -> dict:
        """What makes it again."""
        return {"rate": self.rate, "steps": self.steps}


class SGD(keras.optimizers.SGD):
    """Gradient descent with momentum, each weight read and written once a step.

    Keras's own, number for number; on TensorFlow in one operation for each layer's weights.

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
