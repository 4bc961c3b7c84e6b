"""A desk to try kernels at: a picture, weights that the reader edits, the feature map at once.

Python draws what the first kernel makes of the picture; `desk.js` does the arithmetic again, with
`layers.js`, whenever a weight changes. So a page without scripts still shows that first map.
"""

import base64
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from types import MappingProxyType

import numpy as np
from PIL import Image

from . import assets, layers
from .figures.colours import cividis

LARGEST = 128
"""A wider picture would make the figure heavy and the map slow to follow."""

PRESETS = MappingProxyType(
    {
        "Identity": [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
        "Blur": np.full((3, 3), 1 / 9),
        "Sharpen": [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
        "Sobel x": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
        "Sobel y": [[-1, -2, -1], [0, 0, 0], [1, 2, 1]],
        "Emboss": [[-2, -1, 0], [-1, 1, 1], [0, 1, 2]],
        "Laplacian": [[0, 1, 0], [1, -4, 1], [0, 1, 0]],
    }
)
"""The kernels of every desk by name; each works on all channels alike."""

_STOPS = 33
"""So many colours of the scale travel with the figure; those between are mixed."""


@dataclass(frozen=True, repr=False)
class Desk:
    """A picture and a kernel to edit; a notebook shows it as it is."""

    label: str
    image: np.ndarray
    """`(H, W, 3)`, uint8."""
    kernel: np.ndarray
    """The first one, `(k, k, 3)`."""
    presets: Mapping[str, np.ndarray]
    """The kernels to choose from, `(k, k, 3)` each."""

    @property
    def maps(self) -> np.ndarray:
        """What the first kernel makes of red, of green, of blue, and their sum: `(H', W', 4)`."""
        # Three filters that see one channel each, and one that sees all.
        filters = self.kernel[..., None] * np.hstack([np.eye(3), np.ones((3, 1))])
        return layers.conv2d(self.image, filters)

    @property
    def limit(self) -> float:
        """Where the scale of all the maps ends: their largest value in size."""
        return float(np.abs(self.maps).max()) or 1.0

    def __repr__(self):
        """Say what the figure shows, for those who do not see it."""
        return f"{self.label}. {self._alternative()}"

    def _repr_html_(self):
        colours = [f"#{r:02x}{g:02x}{b:02x}" for r, g, b in cividis(np.linspace(0, 1, _STOPS))]
        data = {
            "presets": {name: _flat(kernel) for name, kernel in self.presets.items()},
            "kernel": _flat(self.kernel),
            "colours": colours,
        }
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
        return _HTML.format(
            css=assets.read("widget.css", "desk.css"),
            js=assets.read("layers.js", "desk.js"),
            label=escape(self.label),
            size=_times(self.image),
            picture=_png(Image.fromarray(self.image)),
            map=_png(_in_colours(self.maps[..., 3] / self.limit)),
            alternative=escape(self._alternative()),
            gradient=",".join(colours),
            limit=f"{self.limit:.5g}",
            # A preset's name must not be able to end the script.
            data=text.replace("<", "\\u003c"),
        )

    def _alternative(self) -> str:
        values = self.maps[..., 3]
        places = [np.unravel_index(pick(values), values.shape) for pick in (np.argmin, np.argmax)]
        low, high = (f"{values[y, x]:.5g} in row {y + 1}, column {x + 1}" for y, x in places)
        grey = self.limit / 10
        return (
            f"The feature map of {_times(values)} that a {_times(self.kernel)} kernel makes of the "
            f"picture, summed over red, green and blue. Its lowest value is {low}, its highest "
            f"{high}; {np.mean(np.abs(values) < grey):.0%} of it is between -{grey:.5g} and "
            f"{grey:.5g}."
        ).replace("-", "−")


def kernels(image, *, kernel="Sobel x", presets=None, label=None) -> Desk:
    """Let the reader edit a kernel and watch its feature map.

        kernels(probes.aeroplane(96))                         # starts with "Sobel x"
        kernels(picture, kernel="Blur")
        kernels(picture, kernel=[[0, 0, 0], [0, 0, 1], [0, 0, 0]])
        kernels(picture, presets={"LeNet-5": run.filters.kernels[-1]})    # and its 6 filters

    `kernel` is the one to start with, or its name. `presets` are more kernels by name, added to
    `PRESETS`; of several filters in one array, each is numbered. `label` is the figure's name.

    **Input shape**: `image` `(H, W, 3)`, uint8, at most 128 pixels along an axis; a kernel is
    `(k, k)` for all channels alike or `(k, k, 3)`, filters are `(k, k, 3, filters)`; k is 3 or 5.
    Raises `ValueError` for another shape and for an unknown name.
    """
    known = _presets(PRESETS) | _presets(presets or {})
    if not isinstance(kernel, str):
        first = _kernel("kernel", kernel)
    elif kernel in known:
        first = known[kernel]
    else:
        rule = f"must be an array or one of {', '.join(known)}"
        raise ValueError(f"`kernel` {rule}. Received: {kernel!r}")
    return Desk(label or "A desk to try kernels at", _picture(image), first, known)


_HTML = """<figure class="cnn-widget cnn-desk" role="group" aria-label="{label}"
data-lm-suppress-shortcuts="true">
<style>{css}</style>
<div class="boards">
<div class="board"><div class="board-title">Picture</div>
<div class="frame picture">
<img class="dark-light" src="{picture}" alt="The picture, {size} pixels"/></div></div>
<div class="board"><div class="board-title">Feature map: <b class="shown">sum</b></div>
<div class="frame map"><img class="dark-light" src="{map}" alt="{alternative}"/></div>
<div class="scale"><div style="background:linear-gradient(to right,{gradient})"></div>
<span class="low">−{limit}</span><span>0</span><span class="high">{limit}</span></div></div>
</div>
<p class="sentence">Where scripts may run, the kernel can be edited here.</p>
<figcaption>{label}</figcaption>
<script type="application/json">{data}</script>
</figure>
<script>(() => {{
"use strict";
{js}
}})();</script>"""


def _picture(image) -> np.ndarray:
    image = np.asarray(image)
    sized = image.ndim == 3 and all(5 <= length <= LARGEST for length in image.shape[:2])
    if not sized or image.shape[2] != 3 or image.dtype != np.uint8:
        rule = f"must be uint8 of the shape (H, W, 3), H and W from 5 to {LARGEST}"
        raise ValueError(f"`image` {rule}. Received: {image.dtype}, {image.shape}")
    return image


def _presets(given: Mapping) -> dict[str, np.ndarray]:
    """Read kernels by name, the filters of one array as a kernel each."""
    read = {}
    for name, array in given.items():
        if np.ndim(array) == 4:
            for i, filter_ in enumerate(np.moveaxis(array, -1, 0)):
                read[f"{name}, filter {i}"] = _kernel("presets", filter_)
        else:
            read[name] = _kernel("presets", array)
    return read


def _kernel(argument: str, array) -> np.ndarray:
    """Read a kernel, give it as `(k, k, 3)`."""
    kernel = np.asarray(array, float)
    if kernel.ndim == 2:
        kernel = np.repeat(kernel[..., None], 3, axis=2)
    if kernel.shape not in ((3, 3, 3), (5, 5, 3)) or not np.isfinite(kernel).all():
        rule = "must be finite and of the shape (k, k) or (k, k, 3), k = 3 or 5"
        raise ValueError(f"`{argument}` {rule}. Received: {np.shape(array)}")
    # The digits that the reader sees are those that the script reckons with.
    return np.array([float(f"{weight:.4g}") for weight in kernel.flat]).reshape(kernel.shape)


def _flat(kernel: np.ndarray) -> list[float]:
    return [int(weight) if weight.is_integer() else weight for weight in kernel.ravel().tolist()]


def _in_colours(shares: np.ndarray) -> Image.Image:
    """Draw values from −1 to 1; cividis has its grey in the middle, so grey is zero."""
    # An odd number, so that zero has a colour of its own; more would hardly be seen.
    drawn = Image.fromarray(np.rint((shares + 1) * 32).astype(np.uint8))
    drawn.putpalette(cividis(np.linspace(0, 1, 65)).tobytes())
    return drawn


def _png(picture: Image.Image) -> str:
    data = io.BytesIO()
    picture.save(data, "png", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(data.getvalue()).decode()}"


def _times(array: np.ndarray) -> str:
    return "×".join(map(str, array.shape[:2]))
