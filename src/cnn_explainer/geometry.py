"""A bench for the sizes of a convolution: the reader sets them, and sees what becomes of them.

Python writes the sliders; `geometry.js` computes and draws. A page without scripts has the text.
"""

from dataclasses import astuple, dataclass, fields
from html import escape

from . import assets
from .layers import output_size

RANGES = {
    "input": range(3, 17),
    "kernel": range(1, 8),
    "stride": range(1, 6),
    "padding": range(7),
    "dilation": range(1, 4),
}
"""What can be set, in pixels (the stride and the dilation in steps of a pixel)."""


@dataclass(frozen=True, repr=False)
class Bench:
    """A figure to set sizes in; a notebook shows it as it is."""

    input: int
    kernel: int
    stride: int
    padding: int | str
    dilation: int

    def __repr__(self):
        """Say what the figure shows, for those who do not see it."""
        try:
            side = output_size(*astuple(self))
            result = f"the output is {side}×{side}"
        except ValueError:
            result = "there is no output, as the kernel does not fit into the padded input"
        settings = ", ".join(f"{name} {value}" for name, value in self._settings())
        return f"Bench for the sizes of a convolution. With {settings}, {result}."

    def _repr_html_(self):
        return _HTML.format(
            css=assets.read("widget.css", "geometry.css"),
            js=assets.read("layers.js", "geometry.js"),
            text=escape(repr(self)),
            sliders="".join(_slider(name, value) for name, value in self._settings()),
        )

    def _settings(self):
        return [(field.name, getattr(self, field.name)) for field in fields(self)]


def bench(input=7, kernel=3, stride=1, padding=0, dilation=1) -> Bench:
    """Set the sizes of a convolution and see what becomes of them.

        bench()                                 7 and 3      ->  starts with an output of 5×5
        bench(8, 3, stride=2)                   8 and 3      ->  3×3, one row and column dropped
        bench(7, 3, stride=2, padding="same")   7 and 3      ->  4×4

    All in pixels, the same along both axes: `input` from 3 to 16, `kernel` from 1 to 7, `stride`
    from 1 to 5, `padding` from 0 to 6 or "same" (TensorFlow's rule), `dilation` from 1 to 3.

    Raises `ValueError` for what the sliders do not reach.
    """
    made = Bench(input, kernel, stride, padding, dilation)
    for name, value in made._settings():
        if value not in RANGES[name] and (name, value) != ("padding", "same"):
            span = RANGES[name]
            rule = f"must be an integer from {span[0]} to {span[-1]}"
            rule += ' or "same"' if name == "padding" else ""
            raise ValueError(f"`{name}` {rule}. Received: {value!r}")
    return made


def _slider(name: str, value: int | str) -> str:
    span = RANGES[name]
    # One stop beyond the widest padding stands for "same".
    last, at = span[-1] + (name == "padding"), span[-1] + 1 if value == "same" else value
    return (
        f'<div class="slider"><label>{name.capitalize()} <input type="range" name="{name}" '
        f'min="{span[0]}" max="{last}" value="{at}" autocomplete="off"></label> <b></b></div>'
    )


_HTML = """<figure class="cnn-widget cnn-geometry" tabindex="0" role="group"
 aria-label="Bench for the sizes of a convolution" data-lm-suppress-shortcuts="true">
<style>{css}</style>
<p class="still">{text}</p>
<div class="bench">
<div class="controls">{sliders}
<div class="slider"><label>Place <input type="range" name="place" min="1" max="1" value="1"
 autocomplete="off"></label> <b></b></div>
</div>
<div class="boards">
<div class="board"><div class="board-title input-title"></div><svg aria-hidden="true"></svg></div>
<div class="board"><div class="board-title output-title"></div><svg aria-hidden="true"></svg></div>
</div>
<p class="place-words" role="status"></p>
<p class="size-words" role="status"></p>
<dl>
<dt>Output size</dt><dd class="formula"></dd>
<dt>Receptive field of two such layers</dt><dd class="receptive"></dd>
<dt>In Keras</dt><dd class="controls"><code></code> <button type="button">Copy</button></dd>
</dl>
<p class="hint">Keys: arrows move the kernel while the figure itself has the focus, Home and End
go to the first and the last place. A click on the output goes there, too.</p>
</div>
<figcaption>Grey: the input. Dashed: its padding. Orange: the pixels under the kernel. Crossed out:
pixels that the kernel never reads. Blue: the number that it makes of them. In the equations,
i is the input, k the kernel, s the stride, p the padding, d the dilation, o the output and r the
receptive field; ⌊ ⌋ rounds down, ⌈ ⌉ rounds up.</figcaption>
</figure>
<script>(() => {{
"use strict";
{js}
}})();</script>"""
