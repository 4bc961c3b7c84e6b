"""Small pictures in rows and columns."""

from collections.abc import Sequence
from math import ceil

import numpy as np

from .svg import Panel, image, text

WIDTH, GAP = 420, 6
"""Of the grid, and between pictures, in CSS pixels."""
LARGEST, PIXEL = 190, 20
"""No picture is wider, and no pixel of a picture."""


def tiles(
    pictures: Sequence[np.ndarray],
    labels: Sequence[str],
    *,
    columns: int | None = None,
) -> Panel:
    """Pictures of one size `(H, W, 3)`, uint8, with their labels under them.

    Raises `ValueError` if there is no picture, not one label each, or `columns` is not positive.
    """
    count = len(pictures)
    if count == 0 or len(labels) != count:
        raise ValueError(f"each picture needs a label. Received: {count} and {len(labels)}")
    columns = _columns(count) if columns is None else columns
    if columns < 1:
        raise ValueError(f"`columns` must be a positive integer. Received: {columns}")
    side = min(WIDTH / columns - GAP, LARGEST, PIXEL * pictures[0].shape[1])
    # Labels of tiny tiles would run into each other.
    label_height = 16 if side >= 24 else 0
    step = side + label_height + GAP
    parts = []
    for i, (picture, label) in enumerate(zip(pictures, labels, strict=True)):
        row, column = divmod(i, columns)
        x, y = round(column * (side + GAP) + GAP / 2, 2), round(row * step, 2)
        parts.append(image(x, y, round(side, 2), round(side, 2), picture))
        if label_height:
            parts.append(text(x + side / 2, y + side + 12, label, anchor="middle", size=11))
    width = min(columns, count) * (side + GAP)
    return Panel(width, ceil(count / columns) * step, "".join(parts))


def _columns(count: int) -> int:
    """About as many columns as rows, or some more if that fills the last row better."""
    square = ceil(count**0.5)
    return min(range(square, 2 * square + 1), key=lambda columns: (-count % columns, columns))
