"""Small arrays, number by number."""

from collections.abc import Mapping

import numpy as np
from matplotlib.colors import to_hex

from .. import words
from .colours import cividis, colour_bar, ink_on
from .figure import Figure
from .svg import Panel, image, rect, text

CELL, WIDTH = 42, 210
"""The side of a cell, and the longer side of an array with many of them, in CSS pixels."""
READABLE = 30
"""In smaller cells there is no room for a number."""


def arrays(
    named: Mapping[str, np.ndarray], *, caption: str = "", largest: float | None = None
) -> Figure:
    """Arrays of one or two axes side by side, each number in a cell of its colour.

        arrays({"image": np.eye(3), "kernel": [[0, 1]]})   ->  3 × 3 and 1 × 2 cells

    All of them share one colour scale, from `-largest` to `largest` with 0 in its middle; without
    it, to the largest absolute value that there is. Numbers are rounded to two decimals, and left
    out where the cells are too small for them.

    Raises `ValueError` if an array has other axes or holds a value that is not finite.
    """
    planes = {name: _plane(name, array) for name, array in named.items()}
    if not planes:
        raise ValueError("`named` must hold an array at least. Received: none")
    if largest is None:
        largest = max(float(np.abs(plane).max()) for plane in planes.values())
    panels = [_cells(name, plane, largest) for name, plane in planes.items()]
    low, high = _number(-largest), _number(largest)
    panels.append(Panel(130, 60, colour_bar(8, 20, 112, low, high, "value")))
    alt = "Numbers. " + " ".join(_said(name, plane) for name, plane in planes.items())
    return Figure(tuple(panels), alt, caption)


def _cells(name: str, plane: np.ndarray, largest: float) -> Panel:
    rows, columns = plane.shape
    side = min(CELL, WIDTH / max(rows, columns))
    width, height = round(columns * side, 2), round(rows * side, 2)
    colours = cividis(0.5 + plane / (2 * largest or 1))
    parts = [text(0, 13, name, bold=True)]
    if side < READABLE:
        parts.append(image(0, 20, width, height, colours))
    else:
        for (y, x), value in np.ndenumerate(plane):
            parts.append(_cell(x * side, 20 + y * side, side, _number(value), colours[y, x]))
    # A title is about this wide.
    return Panel(max(width, 7.5 * len(name)) + 8, height + 24, "".join(parts))


def _cell(x: float, y: float, side: float, number: str, colour: np.ndarray) -> str:
    size = min(13, 1.5 * side / max(len(number), 2))
    middle, base = round(x + side / 2, 2), round(y + side / 2 + 4, 2)
    return rect(round(x, 2), round(y, 2), side - 1, side - 1, to_hex(colour / 255)) + text(
        middle, base, number, anchor="middle", size=size, fill=ink_on(colour)
    )


def _said(name: str, plane: np.ndarray) -> str:
    if max(plane.shape) * READABLE > WIDTH:
        size = words.shape(plane.shape)
        return f"{name}: {size} numbers from {_number(plane.min())} to {_number(plane.max())}."
    rows = "; ".join(" ".join(map(_number, row)) for row in plane)
    return f"{name}: {rows}."


def _number(value: float) -> str:
    number = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if number == "-0" else number.replace("-", "−")


def _plane(name: str, array: np.ndarray) -> np.ndarray:
    plane = np.asarray(array, float)
    if plane.ndim not in (1, 2) or not plane.size:
        raise ValueError(f"`{name}` must have one or two axes. Received: shape {plane.shape}")
    if not np.isfinite(plane).all():
        raise ValueError(f"`{name}` must be finite. Received: NaN or infinity among the values")
    return np.atleast_2d(plane)
