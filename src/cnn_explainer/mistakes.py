"""Which classes are taken for which, most of all."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .provenance import as_seeds
from .runs import Run


@dataclass(frozen=True)
class Mistake:
    """One cell of the confusion matrix, off its diagonal."""

    true: str
    answer: str
    count: float
    """Of test images; the mean over the seeds."""
    back: float
    """How many were confused the other way round."""
    images: int
    """Test images of the true class."""


def confusion(runs: Run | Sequence[Run]) -> np.ndarray:
    """Test images by true class and answer `(K, K)`, the mean over the seeds."""
    return np.mean([run.confusion for run in as_seeds(runs)], axis=0)


def worst(runs: Run | Sequence[Run], count: int = 5) -> tuple[Mistake, ...]:
    """The most frequent mistakes, the worst first; at most `count`, and none that is not made.

        worst(run)[0]   ->  Mistake(true="cat", answer="dog", count=187.0, back=142.0, images=1000)

    Raises `ValueError` if the runs are not seeds of one experiment.
    """
    seeds = as_seeds(runs)
    counts, classes = confusion(seeds), seeds[0].classes
    wrong = counts * (1 - np.eye(len(classes)))
    order = np.argsort(-wrong, axis=None, kind="stable")[:count]
    pairs = zip(*np.unravel_index(order, wrong.shape), strict=True)
    return tuple(
        Mistake(
            true=classes[i],
            answer=classes[j],
            count=float(wrong[i, j]),
            back=float(wrong[j, i]),
            images=round(counts[i].sum()),
        )
        for i, j in pairs
        if wrong[i, j]
    )
