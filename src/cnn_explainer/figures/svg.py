"""The little SVG that the hand-drawn figures are made of."""

import base64
import io
from dataclasses import dataclass
from html import escape

import numpy as np
from PIL import Image

# The colours of Okabe and Ito (2008), which people with any colour vision can tell apart.
BLUE, VERMILLION, GREEN = "#0072b2", "#d55e00", "#009e73"
INK = "currentColor"


@dataclass(frozen=True)
class Panel:
    """A piece of SVG and its size in CSS pixels."""

    width: float
    height: float
    body: str

    def svg(self, alt: str = "") -> str:
        """The document; without `alt`, a part that a screen reader passes over."""
        said = f'role="img" aria-label="{escape(alt)}"' if alt else 'aria-hidden="true"'
        place = "display: block; margin: 0 auto; " if alt else ""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" {said} width="{self.width:g}"'
            f' height="{self.height:g}" viewBox="0 0 {self.width:g} {self.height:g}"'
            f' style="{place}max-width: 100%; height: auto; font-family: system-ui, sans-serif"'
            f' fill="none">{self.body}</svg>'
        )


def text(
    x: float,
    y: float,
    words: str,
    *,
    anchor: str = "start",
    size: float = 12,
    bold: bool = False,
    fill: str = INK,
    turn: float = 0,
) -> str:
    """Words whose base line starts, has its middle or ends at `(x, y)`; `turn` in degrees."""
    weight = ' font-weight="600"' if bold else ""
    turned = f' transform="rotate({turn:g} {x:g} {y:g})"' if turn else ""
    return (
        f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" font-size="{size:g}" fill="{fill}"'
        f"{weight}{turned}>{escape(words, quote=False)}</text>"
    )


def rect(x: float, y: float, width: float, height: float, fill: str, opacity: float = 1) -> str:
    """A filled rectangle."""
    see_through = f' fill-opacity="{opacity:g}"' if opacity < 1 else ""
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" fill="{fill}"'
        f"{see_through}/>"
    )


def line(x1: float, y1: float, x2: float, y2: float, opacity: float = 1) -> str:
    """A thin line in the page's colour."""
    return (
        f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" stroke="{INK}"'
        f' stroke-opacity="{opacity:g}"/>'
    )


def image(x: float, y: float, width: float, height: float, pixels: np.ndarray) -> str:
    """A picture `(H, W, 3)`, uint8; its pixels are shown as squares where they are large."""
    data = io.BytesIO()
    # A photograph of 227 pixels is 100 KB as PNG and 15 KB as JPEG.
    kind, options = ("jpeg", {"quality": 90}) if len(pixels) > 64 else ("png", {"optimize": True})
    Image.fromarray(pixels).save(data, kind, **options)
    large = ' style="image-rendering: pixelated"' if width >= 2 * pixels.shape[1] else ""
    return (
        f'<image x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}"{large}'
        f' href="data:image/{kind};base64,{base64.b64encode(data.getvalue()).decode()}"/>'
    )
