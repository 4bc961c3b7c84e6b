"""Pictures with their names."""

from collections.abc import Sequence

import numpy as np

from .figure import Figure
from .tiles import tiles


def pictures(
    images: Sequence[np.ndarray],
    titles: Sequence[str],
    *,
    columns: int | None = None,
    alt: str,
    caption: str = "",
) -> Figure:
    """A grid of pictures `(H, W, 3)`, uint8, each with its name under it.

        pictures([probes.aeroplane(32), probes.rose(32)], ["aeroplane", "rose"], alt="…")

    Small pictures are shown with square pixels, as the network gets them. Raises `ValueError`
    if there is not one title a picture.
    """
    return Figure((tiles(images, titles, columns=columns),), alt, caption)
