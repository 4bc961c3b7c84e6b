"""Numbers as colours, by the cividis map, and the bar that explains them."""

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import to_hex

from .svg import rect, text

DARK, LIGHT = "#000000", "#ffffff"


def cividis(shares: np.ndarray) -> np.ndarray:
    """Shares of the scale, from 0 to 1, as colours: `(...)` -> `(..., 3)`, uint8."""
    return colormaps["cividis"](shares, bytes=True)[..., :3]


def ink_on(colour: np.ndarray) -> str:
    """Dark or light, whichever reads better on this colour `(3,)`, uint8."""
    linear = (np.asarray(colour) / 255) ** 2.2
    luminance = linear @ (0.2126, 0.7152, 0.0722)
    # Where the contrast ratios of WCAG 2, (L + 0.05) / (l + 0.05), of both inks are equal.
    return DARK if luminance > 0.179 else LIGHT


def colour_bar(x: float, y: float, width: float, low: str, high: str, label: str) -> str:
    """A bar of the map's colours, 10 high, with its ends' values and its label below."""
    steps = 32
    colours = cividis((np.arange(steps) + 0.5) / steps) / 255
    each = width / steps
    # Each is drawn a little too wide, so that no gap shows between them.
    bar = "".join(
        rect(x + i * each, y, each + (0.5 if i < steps - 1 else 0), 10, to_hex(c))
        for i, c in enumerate(colours)
    )
    return (
        bar
        + text(x, y + 23, low, size=11)
        + text(x + width / 2, y + 23, label, size=11, anchor="middle")
        + text(x + width, y + 23, high, size=11, anchor="end")
    )
