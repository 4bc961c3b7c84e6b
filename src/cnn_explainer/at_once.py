"""An epoch as one program, for an accelerator.

An accelerator has done a step of a small network before Python has asked for the next one. With
JAX the pictures lie in its memory, and all steps of an epoch are a loop there.
"""

import jax
import keras
import numpy as np
from keras import ops

# XLA would take 19 bits of what says that it is computed in 32, the place of a pixel that is
# turned included. Sixteen bits stay sixteen.
jax.config.update("jax_default_matmul_precision", "float32")


class AtOnce(keras.Sequential):
    """A `keras.Sequential` with the same steps, that can take those of an epoch at once; on JAX
    alone.

        AtOnce(layers).fit_at_once(images, labels, order, 32)    -> {"accuracy": ..., "loss": ...}
    """

    def fit_at_once(self, images, labels, order: np.ndarray, size: int) -> dict[str, float]:
        """Train on each picture that `order` names, `size` in a step; the metrics' means.

        **Shape**: `images` is `(N, H, W, C)`, `labels` is `(N,)`, both JAX's arrays.
        """
        if not hasattr(self, "_steps"):
            # Keras makes the metrics' variables when it first judges.
            self.test_on_batch(ops.cast(images[:1], "float32"), labels[:1])
            # The old weights make room for the new ones.
            self._steps = jax.jit(self._loop, donate_argnums=0)
        self.reset_metrics()
        groups = (
            self.trainable_variables,
            self.non_trainable_variables,
            self.optimizer.variables,
            self.metrics_variables,
        )
        state = tuple([variable.value for variable in group] for group in groups)
        whole = len(order) // size * size
        # The last step has fewer pictures, and its arrays other shapes.
        for rows in (order[:whole].reshape(-1, size), order[None, whole:]):
            if rows.size:
                state = self._steps(state, images, labels, rows)
        for group, values in zip(groups, state, strict=True):
            for variable, value in zip(group, values, strict=True):
                variable.assign(value)
        return {name: float(value) for name, value in self.get_metrics_result().items()}

    def _loop(self, state, images, labels, rows):
        def step(state, row):
            return self.train_step(state, (ops.cast(images[row], "float32"), labels[row]))[1], None

        return jax.lax.scan(step, state, rows)[0]
