"""Figures that the reader moves step by step: a window on its way over an image.

Python does the arithmetic and draws the last step; `stepper.js` moves what is drawn. So a page
without scripts, and a printed one, show the last step and its sum.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import NamedTuple

import numpy as np

from . import assets, layers
from .source_line import ending

LARGEST = 16
"""More pixels than this along an axis, and the numbers in them can no longer be read."""

_CELL = 40
_FITS = 5
"""So many characters fit into a cell; more need smaller ones."""
_TERMS = 9
"""So many terms of a sum are written out."""


class Step(NamedTuple):
    """One place of the window: the numbers in it, what becomes of them, and that in words."""

    cells: list[str]
    result: str
    sentence: str


@dataclass(frozen=True, repr=False)
class Stepper:
    """A figure to step through; a notebook shows it as it is."""

    label: str
    pixels: np.ndarray
    """The padded image as text, `(H, W)`."""
    slide: layers.Slide
    weights: list[str]
    """The kernel, row by row; empty for pooling."""
    steps: list[Step]
    titles: tuple[str, str]
    """What the window's cells are called, and what the output is."""
    playing: bool = False
    """Whether it starts by itself."""

    def __repr__(self):
        """Say what the figure shows, for those who do not see it."""
        height, width = self.slide.places
        rows = [self.steps[i : i + width] for i in range(0, len(self.steps), width)]
        numbers = "; ".join(" ".join(step.result for step in row) for row in rows)
        return (
            f"{self.label}. Step by step it fills the {self.titles[1].lower()} of "
            f"{height}×{width}, whose rows are {numbers}. Last step: {self.steps[-1].sentence}"
        )

    def _repr_html_(self):
        boards = "".join(self._boards())
        return markup(
            self.label,
            f'<div class="boards" role="img" aria-label="{escape(repr(self))}">{boards}</div>',
            self._data(),
        )

    def _data(self):
        down, right = (_CELL * stride for stride in self.slide.stride)
        return {
            "steps": self.steps,
            "columns": self.slide.places[1],
            "move": [down, right, _CELL],
            "playing": self.playing,
        }

    def _boards(self):
        (height, width), (dy, dx) = self.slide.size, self.slide.dilation
        (rows, columns), last = self.slide.places, self.steps[-1]
        down, right = (
            _CELL * stride * (places - 1)
            for stride, places in zip(self.slide.stride, self.slide.places, strict=True)
        )
        corners = [(_CELL * dx * x, _CELL * dy * y) for y, x in np.ndindex(height, width)]
        window = "".join(f'<rect x="{x}" y="{y}" {_SQUARE}/>' for x, y in corners) + "".join(
            f'<text class="small" x="{x + _CELL - 3}" y="{y + _CELL - 4}">×{weight}</text>'
            for (x, y), weight in zip(corners, self.weights, strict=False)
        )
        yield _board(
            "Image with its padding" if np.any(self.slide.padding) else "Image",
            self.pixels,
            below=f'<g class="window" style="transform:translate({right}px,{down}px)">{window}</g>',
            padding=self.slide.padding,
        )
        cells = np.reshape(last.cells, (height, width))
        yield _board(f'{self.titles[0]} <b class="result">{last.result}</b>', cells, "cells")
        place = f"transform:translate({_CELL * (columns - 1)}px,{_CELL * (rows - 1)}px)"
        yield _board(
            self.titles[1],
            np.reshape([step.result for step in self.steps], (rows, columns)),
            "results",
            below=f'<rect class="place" style="{place}" {_SQUARE}/>',
        )


def convolution(
    image, kernel, *, stride=1, padding="valid", dilation=1, label=None, playing=False
) -> Stepper:
    """Step through a convolution of one channel with one kernel.

        convolution(image, kernel)               (5, 5) and (3, 3)    ->  9 steps
        convolution(image, kernel, padding=1)    (5, 5) and (3, 3)    ->  25 steps

    `stride`, `padding` and `dilation` are those of `layers.conv2d`, `label` is the figure's name.
    With `playing` it starts by itself, unless the reader's system asks for less motion.

    **Input shape**: `image` `(H, W)`, `kernel` `(height, width)`.
    Raises `ValueError` as `layers.conv2d` does, and for more than 16 pixels along an axis.
    """
    image, kernel = _plane("image", image), _plane("kernel", kernel)
    output = layers.conv2d(
        image, kernel[..., None], stride=stride, padding=padding, dilation=dilation
    )
    slide = layers.Slide.over(image, kernel.shape[:2], stride, padding, dilation)
    weights = kernel.ravel()
    steps = []
    for place in np.ndindex(*slide.places):
        pixels = slide.windows(image)[place].ravel()
        total = _number(output[place].item())
        terms = [f"{_factor(x)}×{_factor(w)}" for x, w in zip(pixels, weights, strict=True)]
        sentence = f"{_where(place)}: {_listed(terms, ' + ')} = {total}"
        steps.append(Step([_number(product) for product in pixels * weights], total, sentence))
    return Stepper(
        label=label or f"{_times(kernel)} kernel on a {_times(image)} image{_way(slide)}",
        pixels=_padded(image, slide, "0"),
        slide=slide,
        weights=[_number(weight) for weight in weights],
        steps=steps,
        titles=("Products, sum:", "Feature map"),
        playing=playing,
    )


def pooling(image, size=2, *, stride=None, padding="valid", mode="max", label=None) -> Stepper:
    """Step through the pooling of one channel; `mode` is "max" or "average".

        pooling(image)                           (4, 4)    ->  4 steps
        pooling(image, size=3, stride=1)         (5, 5)    ->  9 steps

    The other arguments are those of `layers.max_pool2d`, `label` is the figure's name.

    **Input shape**: `(H, W)`.
    Raises `ValueError` as `layers.max_pool2d` does, and for more than 16 pixels along an axis.
    """
    if mode not in ("max", "average"):
        raise ValueError(f'`mode` must be "max" or "average". Received: {mode!r}')
    pool = layers.max_pool2d if mode == "max" else layers.avg_pool2d
    image = _plane("image", image)
    output = pool(image, size, stride=stride, padding=padding)
    slide = layers.Slide.over(image, size, size if stride is None else stride, padding)
    # Text, because the padding is to stay empty: it neither wins nor counts.
    pixels = _padded(image, slide, "")
    windows = slide.view(pixels[..., None])
    steps = []
    for place in np.ndindex(*slide.places):
        cells = windows[place].ravel().tolist()
        seen, result = [cell for cell in cells if cell], _number(output[place].item())
        what = (
            f"the largest of {_listed(seen, ', ')} is {result}"
            if mode == "max"
            else f"({_listed(seen, ' + ')}) / {len(seen)} = {result}"
        )
        steps.append(Step(cells, result, f"{_where(place)}: {what}"))
    name = "Max" if mode == "max" else "Average"
    window = "×".join(map(str, slide.size))
    return Stepper(
        label=label or f"{name} pooling, {window} windows on a {_times(image)} image{_way(slide)}",
        pixels=pixels,
        slide=slide,
        weights=[],
        steps=steps,
        titles=("Window, maximum:" if mode == "max" else "Window, average:", "Output"),
    )


def markup(label: str, boards: str, data: dict, source: str = "") -> str:
    """Write a figure that shows its last step, with the style and the script that move it.

    `data["steps"]` holds the steps; the last part of each is its sentence. `frames` shares this.
    """
    written = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return _HTML.format(
        css=assets.read("widget.css", "stepper.css"),
        js=assets.read("stepper.js"),
        label=escape(label),
        boards=boards,
        sentence=escape(data["steps"][-1][-1]),
        source=ending(source),
        # A "</script>" in a sentence must not end the script.
        data=written.replace("<", "\\u003c"),
    )


_SQUARE = f'width="{_CELL}" height="{_CELL}"'
# JupyterLab would take the arrow keys for itself, but for the last attribute.
_HTML = """<figure class="cnn-widget cnn-stepper" tabindex="0" role="group" aria-label="{label}"
 data-lm-suppress-shortcuts="true">
<style>{css}</style>
<div class="on-paper">
{boards}
<p class="sentence">{sentence}</p>
</div>
<figcaption>{label}{source}</figcaption>
<script type="application/json">{data}</script>
</figure>
<script>{js}</script>"""


def _board(title, numbers, name="pixels", below="", padding=((0, 0), (0, 0))) -> str:
    """Draw a grid of numbers, `below` under them."""
    rows, columns = numbers.shape
    height, width = _CELL * rows, _CELL * columns
    lines = "".join(f"M0 {_CELL * y}h{width}" for y in range(rows + 1))
    lines += "".join(f"M{_CELL * x} 0v{height}" for x in range(columns + 1))
    (top, bottom), (left, right) = padding
    name += " long" if max(map(len, numbers.flat)) > _FITS else ""
    texts = ""
    for y, x in np.ndindex(rows, columns):
        inside = top <= y < rows - bottom and left <= x < columns - right
        look = "" if inside else ' class="padding"'
        at = f'x="{_CELL * x + _CELL // 2}" y="{_CELL * y + _CELL // 2}"'
        texts += f"<text {at}{look}>{numbers[y, x]}</text>"
    return (
        f'<div class="board"><div class="board-title">{title}</div>'
        f'<svg viewBox="-2 -2 {width + 4} {height + 4}" width="{width + 4}" height="{height + 4}">'
        f'{below}<path class="lines" d="{lines}"/><g class="{name}">{texts}</g></svg></div>'
    )


def _plane(name: str, array) -> np.ndarray:
    """Read one channel, give it as `(H, W, 1)`."""
    array = np.asarray(array)
    if array.ndim != 2 or max(array.shape) > LARGEST or not array.size:
        rule = f"must have the shape (H, W), each from 1 to {LARGEST}"
        raise ValueError(f"`{name}` {rule}. Received: {array.shape}")
    # In 8 bits the products would overflow.
    return (array if array.dtype.kind == "f" else array.astype(int))[..., None]


def _padded(image: np.ndarray, slide: layers.Slide, fill: str) -> np.ndarray:
    text = np.array([[_number(x) for x in row] for row in image[..., 0].tolist()], dtype="<U12")
    return np.pad(text, slide.padding, constant_values=fill)


def _number(x: float) -> str:
    return f"{x:.5g}".replace("-", "−")


def _factor(x: float) -> str:
    return f"({_number(x)})" if x < 0 else _number(x)


def _listed(terms: Iterable[str], between: str) -> str:
    """Join the terms, the middle of many left out."""
    terms = list(terms)
    if len(terms) > _TERMS:
        terms = [*terms[: _TERMS // 2], "…", *terms[-(_TERMS // 2) :]]
    return between.join(terms)


def _where(place: tuple[int, int]) -> str:
    return f"Row {place[0] + 1}, column {place[1] + 1}"


def _times(plane: np.ndarray) -> str:
    return "×".join(map(str, plane.shape[:2]))


def _way(slide: layers.Slide) -> str:
    """Say what of the window's way is out of the ordinary."""
    words = ""
    for name, pair in (("stride", slide.stride), ("dilation", slide.dilation)):
        if pair != (1, 1):
            words += f", {name} {pair[0] if pair[0] == pair[1] else pair}"
    if np.any(slide.padding):
        same = len({pixels for ends in slide.padding for pixels in ends}) == 1
        words += f", padding {slide.padding[0][0] if same else slide.padding}"
    return words
