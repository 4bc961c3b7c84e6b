"""The book's signs: the icon of its pages, and the card that is shown where one is linked to."""

import io

import numpy as np
from PIL import Image

from . import layers, probes

CARD_SIZE = (1200, 630)
"""What the networks where links are shared expect, in pixels."""
_SOBEL = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
_INK, _PALE, _SHEET = "#ffffff", "#a9bccb", "#13181f"


def favicon() -> str:
    """The icon as SVG: a picture's squares, and the window of a kernel over them."""
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">'
        '<rect width="16" height="16" rx="3" fill="#00639c"/>'
        '<path d="M3 6h10M3 10h10M6 3v10M10 3v10" stroke="#fff" stroke-opacity=".55"/>'
        '<rect x="2.5" y="2.5" width="7.5" height="7.5" fill="#e69f00" fill-opacity=".85"'
        ' stroke="#fff"/></svg>'
    )


def card(title: str, sentence: str) -> bytes:
    """The card as PNG: a picture, what a Sobel kernel finds in it, the title and a sentence.

        card("CNN Explainer", "A book about convolutional networks.")    ->  1200 × 630 pixels

    The sentence is broken into lines; there is room for about 120 characters.
    """
    import textwrap

    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from .figures.colours import cividis

    picture = probes.aeroplane(48)
    found = layers.conv2d(picture.mean(2, keepdims=True), _SOBEL[..., None, None])[..., 0]
    # Only the strongest edges reach the ends of the scale of colours.
    edges = cividis(np.clip(0.5 + found / np.abs(found).max(), 0, 1))
    width, height = CARD_SIZE
    drawn = Figure((width / 100, height / 100), dpi=100, facecolor=_SHEET)
    for left, pixels in ((0.06, picture), (0.53, edges)):
        # Squares of 350 pixels, the feature map as much smaller as it is.
        side = 350 * len(pixels) / len(picture)
        axes = drawn.add_axes((left, 0.93 - side / height, side / width, side / height))
        axes.imshow(pixels, interpolation="nearest")
        axes.set_axis_off()
    drawn.text(0.45, 0.65, "→", size=60, color=_PALE, ha="center", va="center")
    drawn.text(0.06, 0.22, title, size=46, color=_INK, weight="bold", va="center")
    lines = "\n".join(textwrap.wrap(sentence, 62))
    drawn.text(0.06, 0.15, lines, size=21, color=_PALE, va="top", linespacing=1.3)
    FigureCanvasAgg(drawn).draw()
    file = io.BytesIO()
    image = Image.fromarray(np.asarray(drawn.canvas.buffer_rgba())[..., :3])
    image.quantize(128).save(file, "png", optimize=True)
    return file.getvalue()
