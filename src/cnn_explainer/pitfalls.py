"""Two mistakes that are easily made with a network's probabilities, to show what they do."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import keras


def unscaled(model: "keras.Model", images: np.ndarray) -> np.ndarray:
    """What a network answers if the division by 255 is forgotten.

        unscaled(restore("lenet5-plain"), aeroplane[None])   ->  (1, 10)

    The models of this package divide by themselves, so the pictures are made 255 times too
    large for them. It is as if numbers up to 255 came to a network that was trained on 0 to 1.

    **Input shape**: `images` is `(N, H, W, 3)`, values from 0 to 255.
    **Output shape**: `(N, classes)`, probabilities.
    """
    import keras

    answers = model(np.asarray(images, np.float32) * 255, training=False)
    return keras.ops.convert_to_numpy(answers)


def stretched(probabilities: Sequence[float]) -> np.ndarray:
    """Numbers stretched so that the smallest becomes 0 and the largest 1.

        stretched((0.2, 0.3, 0.5))   ->  (0, 0.33, 1)

    Probabilities are none any more then: they do not sum to 1, and how sure the network was
    can no longer be seen. If all are equal, there is nothing to stretch, and all become 0.
    """
    values = np.asarray(probabilities, float)
    low, high = values.min(), values.max()
    return (values - low) / (high - low) if high > low else np.zeros_like(values)
