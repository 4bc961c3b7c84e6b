"""Pictures in batches, from where Keras computes, on every backend but TensorFlow."""

from math import ceil

import keras
import numpy as np


class Batches(keras.utils.PyDataset):
    """The pictures that `order` names, `size` at a time.

    **Shape**: `images` is `(N, H, W, C)`, `labels` is `(N,)`, both tensors of the backend.
    """

    def __init__(self, images, labels, order: np.ndarray, size: int):
        super().__init__()
        self._images, self._labels, self._order, self._size = images, labels, order, size

    def __len__(self) -> int:
        return ceil(len(self._order) / self._size)

    def __getitem__(self, batch: int) -> tuple:
        row = self._order[batch * self._size : (batch + 1) * self._size]
        return keras.ops.cast(self._images[row], "float32"), self._labels[row]
