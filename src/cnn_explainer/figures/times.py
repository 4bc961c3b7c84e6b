"""What plots of fit times share."""

from collections.abc import Sequence

from matplotlib.axes import Axes

from ..provenance import quickest
from ..runs import Run

TICKS = {10: "10 s", 60: "1 min", 600: "10 min", 3600: "1 h", 36_000: "10 h"}
"""Of a logarithmic axis in seconds."""


def fit_seconds(seeds: Sequence[Run]) -> float:
    """Of the quickest seed."""
    return quickest(seeds).fit_seconds


def time_ticks(axes: Axes) -> None:
    """Seconds, minutes and hours in place of powers of ten seconds."""
    axes.set_xticks([*TICKS], [*TICKS.values()])
    axes.set_xticks([], minor=True)
