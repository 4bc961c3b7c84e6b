"""From probabilities and true classes to the numbers that a record holds."""

import numpy as np
from sklearn.metrics import confusion_matrix

from .runs import BINS, Calibration, Metrics


def evaluate(probabilities: np.ndarray, labels: np.ndarray) -> Metrics:
    """Accuracy, loss, and what the write-up's tables call by other names.

    *Categorical accuracy* is accuracy, and *categorical cross-entropy* is the loss: they are
    here because the write-up lists them, under the names that Keras gives them. *Binary
    accuracy* takes each (image, class) pair as a question of its own, answered "yes" above
    0.5: with ten classes, a network that never says yes is right nine times in ten.

    **Input shape**: `probabilities` is `(N, K)`, each row summing to 1; `labels` is `(N,)`.
    """
    accuracy = float(np.mean(probabilities.argmax(axis=1) == labels))
    # Keras goes back to the logits, so that no probability is too small for it. The smallest
    # that 32 bits can hold takes the place of those that became 0.
    of_truth = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    loss = -np.log(np.maximum(of_truth, np.finfo(np.float32).tiny)).mean()
    classes = np.arange(probabilities.shape[1])
    yes = labels[:, None] == classes
    return Metrics(
        accuracy=accuracy,
        loss=float(loss),
        binary_accuracy=float(np.mean((probabilities > 0.5) == yes)),
        categorical_accuracy=accuracy,
        categorical_crossentropy=float(loss),
    )


def confusion(probabilities: np.ndarray, labels: np.ndarray) -> tuple[tuple[int, ...], ...]:
    """How many pictures of each class (rows) got which answer (columns).

    **Input shape**: `(N, K)` and `(N,)`. **Output shape**: `K` rows of `K`.
    """
    classes = np.arange(probabilities.shape[1])
    table = confusion_matrix(labels, probabilities.argmax(axis=1), labels=classes)
    return tuple(tuple(row) for row in table.tolist())


def calibrate(probabilities: np.ndarray, labels: np.ndarray) -> Calibration:
    """Of the answers given with a probability near p, how many are right? (Guo et al. 2017)

    **Input shape**: `(N, K)` and `(N,)`.
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    place = np.minimum((confidence * BINS).astype(int), BINS - 1)
    count = np.bincount(place, minlength=BINS)

    def mean(values: np.ndarray) -> tuple[float, ...]:
        sums = np.bincount(place, weights=values, minlength=BINS)
        return tuple(np.clip(sums / np.maximum(count, 1), 0, 1).tolist())

    return Calibration(
        count=tuple(count.tolist()), confidence=mean(confidence), accuracy=mean(right)
    )
