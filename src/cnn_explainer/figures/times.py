"""What plots of fit times share."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from ..runs import Run

TICKS = {60: "1 min", 600: "10 min", 3600: "1 h", 36_000: "10 h"}
"""Of a logarithmic axis in seconds."""


def fit_seconds(seeds: Sequence[Run]) -> float:
    """The mean over the seeds."""
    return float(np.mean([run.fit_seconds for run in seeds]))


def time_ticks(axes: Axes) -> None:
    """Minutes and hours in place of powers of ten seconds."""
    axes.set_xticks([*TICKS], [*TICKS.values()])
    axes.set_xticks([], minor=True)
