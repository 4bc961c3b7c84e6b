"""What the machine can do at best: the product of two large matrices."""

import tensorflow as tf

from .. import machine
from ..clock import awake_seconds
from .child import Task

SIZE = 4096
TIMES = 4


class Peak:
    """TensorFlow's product of two square matrices, in each precision that the processor has."""

    precision = "float32"

    def __init__(self, task: Task):
        self.threads = task.threads or machine.cores()
        if task.threads:
            machine.limit_threads(task.threads)
        self._precisions = ["float32", *["bfloat16"] * task.bfloat16]

    def time(self) -> dict[str, float]:
        """Operations a second, of each precision the best of a few."""
        return {precision: _operations_per_second(precision) for precision in self._precisions}


def _operations_per_second(precision: str) -> float:
    left, right = (tf.cast(tf.random.normal((SIZE, SIZE), seed=i), precision) for i in (0, 1))
    seconds = []
    for _ in range(TIMES):
        began = awake_seconds()
        tf.matmul(left, right).numpy()
        seconds.append(awake_seconds() - began)
    return 2 * SIZE**3 / min(seconds)
