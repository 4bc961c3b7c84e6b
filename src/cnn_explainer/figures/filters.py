"""What the first layer looks for."""

import numpy as np

from .. import words
from ..provenance import describe
from ..runs import Run
from .figure import Figure
from .tiles import tiles


def filters(run: Run, epoch: int | None = None) -> Figure:
    """The first layer's kernels after one epoch, as colour tiles.

        filters(run)            ->  after the last epoch
        filters(run, epoch=0)   ->  before the first

    Raises `ValueError` if the record holds no kernels of that epoch.
    """
    saved = run.filters.epochs
    if not saved:
        raise ValueError(f"`run` must hold kernels. The record of {run.experiment.slug} has none")
    epoch = saved[-1] if epoch is None else epoch
    if epoch not in saved:
        raise ValueError(f"`epoch` must be one of {', '.join(map(str, saved))}. Received: {epoch}")
    kernels = run.filters.kernels[saved.index(epoch)]
    largest = np.abs(kernels).max((0, 1, 2))
    colours = np.rint(127.5 + 127.5 * kernels / np.maximum(largest, 1e-12)).astype(np.uint8)
    count = kernels.shape[-1]
    panel = tiles([colours[..., i] for i in range(count)], [str(i) for i in range(count)])
    when = f"after epoch {epoch}" if epoch else "before the first epoch"
    size = words.shape(kernels.shape[:3])
    alt = (
        f"The {count} first-layer kernels of {run.experiment.name} {when}, {size} each. Their"
        f" largest weights are between {largest.min():.3f} and {largest.max():.3f} in size."
    )
    caption = (
        f"The {count} kernels of the first layer {when}, {size}. Each is scaled to its own"
        " largest weight: middle grey is 0, a bright colour channel a positive weight, a dark"
        " one a negative weight."
    )
    return Figure((panel,), alt, caption, describe(run))
