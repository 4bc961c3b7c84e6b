"""What plots of numbers over epochs share."""

import numpy as np
from matplotlib.axes import Axes

from .svg import BLUE, VERMILLION

SIDES = (("training", "", BLUE, "-"), ("validation", "val_", VERMILLION, "--"))
AXES = (("accuracy", "Accuracy (share of images)"), ("loss", "Loss (cross-entropy, nats)"))


def draw(axes: Axes, seeds: np.ndarray, *, color: str, **look: str | None) -> None:
    """The mean over the seeds `(seeds, epochs)` as a line, and the band of all of them."""
    epochs = np.arange(1, seeds.shape[1] + 1)
    # A line of one point would not be seen.
    marker = "o" if len(epochs) == 1 else None
    axes.plot(epochs, seeds.mean(0), color=color, marker=marker, **look)
    if len(seeds) > 1:
        axes.fill_between(epochs, seeds.min(0), seeds.max(0), color=color, alpha=0.2, linewidth=0)
