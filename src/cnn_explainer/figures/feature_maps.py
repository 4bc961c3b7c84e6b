"""What a layer makes of a picture."""

from collections.abc import Sequence

import numpy as np

from .. import words
from ..provenance import describe
from ..runs import Run
from .colours import cividis, colour_bar
from .figure import Figure
from .svg import Panel
from .tiles import tiles


def feature_maps(
    maps: np.ndarray,
    *,
    title: str,
    columns: int | None = None,
    runs: Run | Sequence[Run] | None = None,
) -> Figure:
    """The channels of one layer's output `(H, W, C)` as tiles, all on one colour scale.

        feature_maps(maps, title="conv1 of LeNet-5")   # (28, 28, 6)  ->  6 tiles of 28 × 28

    `runs`, where the network was trained, are named below.

    Raises `ValueError` if `maps` has another number of axes or holds a value that is not finite.
    """
    maps = np.asarray(maps, float)
    if maps.ndim != 3 or 0 in maps.shape:
        raise ValueError(f"`maps` must have the shape (H, W, C). Received: {maps.shape}")
    if not np.isfinite(maps).all():
        raise ValueError("`maps` must be finite. Received: NaN or infinity among the values")
    low, high = maps.min(), maps.max()
    colours = cividis((maps - low) / (high - low or 1))
    count = maps.shape[-1]
    numbers = [str(i) for i in range(count)]
    grid = tiles([colours[:, :, i] for i in range(count)], numbers, columns=columns)
    width = min(grid.width, 240)
    bar = colour_bar(
        (grid.width - width) / 2, grid.height + 4, width, f"{low:.2f}", f"{high:.2f}", "Activation"
    )
    panel = Panel(grid.width, grid.height + 32, grid.body + bar)
    size = words.shape(maps.shape[:2])
    return Figure(
        (panel,),
        _alt(maps, f"{title}: {count} feature maps of {size}"),
        f"{title}: {count} feature maps of {size} on a common colour scale.",
        describe(runs) if runs else "",
    )


def _alt(maps: np.ndarray, what: str) -> str:
    means, silent = maps.mean((0, 1)), int((maps == 0).all((0, 1)).sum())
    return (
        f"{what}, with values from {maps.min():.2f} to {maps.max():.2f}. Map {means.argmax()} has"
        f" the highest mean, {means.max():.2f}. Maps that are 0 everywhere: {silent}."
    )
