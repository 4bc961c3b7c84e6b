"""A network from the picture at the top to the classes at the bottom."""

from math import log2

from .. import words
from ..architectures import Conv, Dense, LayerShape, Pool, shapes
from ..architectures import architecture as network_of
from .figure import Figure
from .svg import BLUE, GREEN, INK, VERMILLION, Panel, text

WIDTH, DRAWING = 400, 150
"""Of the whole, and of the drawn blocks at its left, in CSS pixels."""
FILLS = {Conv: (BLUE, 1), Pool: (VERMILLION, 1), Dense: (GREEN, 1)}
OTHERS = (INK, 0.4)


def architecture(name: str, variant: str = "plain") -> Figure:
    """The layers as blocks, one below the other, with shapes and numbers of parameters.

        architecture("lenet5")   ->  8 blocks, from 32 × 32 × 3 to 10

    A block is as high as the square root of its maps' side, and as long as the logarithm of the
    number of its channels or units. Raises `ValueError` for an unknown name or variant.
    """
    network, rows = network_of(name), shapes(name, variant)
    y, parts = 0.0, []
    first = rows[0].input_shape
    for what, shape, layer, count in [
        ("Picture", first, None, None),
        *((words.layer(row.layer), row.output_shape, row.layer, row.parameters) for row in rows),
    ]:
        height = max(34, _side(shape) + 14)
        parts.append(_block(shape, y + height / 2, *FILLS.get(type(layer), OTHERS)))
        counted = f" · {count:,} parameters" if count else ""
        parts.append(text(DRAWING, y + height / 2 - 2, what, bold=True))
        parts.append(text(DRAWING, y + height / 2 + 13, f"{words.shape(shape)}{counted}", size=11))
        y += height
    total = sum(row.parameters for row in rows)
    title = f"{network.title}, {words.variant(variant)}"
    alt = (
        f"{title}: from a picture of {words.shape(first)} to {rows[-1].output_shape[0]} classes,"
        f" {total:,} parameters. " + " ".join(_sentence(row) for row in rows)
    )
    caption = f"{title}: {total:,} parameters."
    if variant != "plain":
        caption += " While it is trained, every picture is flipped, turned and zoomed at random."
    return Figure((Panel(WIDTH, y, "".join(parts)),), alt, caption)


def _sentence(row: LayerShape) -> str:
    counted = f", {row.parameters:,} parameters" if row.parameters else ""
    return f"{row.name}: {words.layer(row.layer)}, gives {words.shape(row.output_shape)}{counted}."


def _side(shape: tuple[int, ...]) -> float:
    return 4 * shape[0] ** 0.5 if len(shape) == 3 else 8


def _block(shape: tuple[int, ...], middle: float, fill: str, opacity: float) -> str:
    """A cuboid seen from the side: front, top and end."""
    high, long = _side(shape), 8 * log2(shape[-1] + 1)
    slant = high * 0.3 if len(shape) == 3 else 4
    x, y = 8.0, middle - high / 2 + slant / 2
    high -= slant / 2
    faces = (
        ((x, y), (x + long, y), (x + long, y + high), (x, y + high), 1),
        ((x, y), (x + slant, y - slant), (x + slant + long, y - slant), (x + long, y), 0.6),
        ((x + long, y), (x + long + slant, y - slant),
         (x + long + slant, y + high - slant), (x + long, y + high), 0.8),
    )  # fmt: skip
    return "".join(
        f'<polygon points="{" ".join(f"{a:.1f},{b:.1f}" for a, b in corners)}" fill="{fill}"'
        f' fill-opacity="{opacity * light:.2f}"/>'
        for *corners, light in faces
    )
