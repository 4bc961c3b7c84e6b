"""A canvas for the drawn pictures: masks and colours on a plane from 0 to 1."""

from math import ceil

import numpy as np
from PIL import Image, ImageColor, ImageDraw, ImageFilter

Points = list[tuple[float, float]]


class Scene:
    """A square picture, painted large and averaged down at the end, so that edges are smooth.

    `x` runs from 0 at the left to 1 at the right, `y` from 0 at the top to 1 at the bottom.
    A mask says how much of each point is painted, from 0 to 1.
    """

    def __init__(self, size: int):
        """Nothing is painted yet. Raises `ValueError` if `size` is not a positive integer."""
        check_size(size)
        self.size = int(size)
        self.side = size * max(2, ceil(384 / size))
        line = (np.arange(self.side, dtype=np.float32) + 0.5) / self.side
        self.x, self.y = np.meshgrid(line, line)
        self.all = np.ones_like(self.x)
        self.pixels = np.zeros((self.side, self.side, 3), np.float32)

    def paint(self, mask: np.ndarray, colour: str | np.ndarray, opacity: float = 1) -> None:
        """Lay a colour, or a picture of colours `(side, side, 3)`, over what is there."""
        share = (opacity * mask)[..., None]
        self.pixels += share * (rgb(colour) - self.pixels)

    def shade(
        self, mask: np.ndarray, opacity: float, *, blur: float, under: np.ndarray | float = 1
    ) -> None:
        """Paint the soft shadow around a thing of this shape, where it falls on `under`."""
        picture = Image.fromarray((255 * mask).astype(np.uint8))
        soft = picture.filter(ImageFilter.GaussianBlur(blur * self.side))
        self.paint(np.asarray(soft, np.float32) / 255 * under, "#10202c", opacity)

    def polygon(self, points: Points, *, smooth: bool = False) -> np.ndarray:
        """The mask of a polygon, or of the smooth closed curve through the points."""
        outline = _curve(points) if smooth else points
        picture = Image.new("L", (self.side, self.side))
        ImageDraw.Draw(picture).polygon([(x * self.side, y * self.side) for x, y in outline], 255)
        return np.asarray(picture, np.float32) / 255

    def finished(self) -> np.ndarray:
        """The picture in the size asked for, `(size, size, 3)`, uint8."""
        k = self.side // self.size
        small = self.pixels.reshape(self.size, k, self.size, k, 3).mean((1, 3))
        return np.rint(255 * np.clip(small, 0, 1)).astype(np.uint8)


def check_size(size: int) -> None:
    """Raise `ValueError` if a picture cannot be that large."""
    if isinstance(size, bool) or not isinstance(size, int | np.integer) or size < 1:
        raise ValueError(f"`size` must be a positive integer. Received: {size!r}")


def rgb(colour: str | np.ndarray) -> np.ndarray:
    """`#rrggbb` as three numbers from 0 to 1; a picture of colours as it is."""
    if isinstance(colour, str):
        return np.array(ImageColor.getrgb(colour), np.float32) / 255
    return colour


def blend(position: np.ndarray, *colours: str) -> np.ndarray:
    """A picture of colours: the first where `position` is 0 or less, the last from 1 on."""
    stops = np.linspace(0, 1, len(colours))
    table = np.array([rgb(colour) for colour in colours])
    return np.stack(
        [np.interp(position, stops, channel) for channel in table.T], axis=-1, dtype=np.float32
    )


def step(value: np.ndarray, start: float, end: float) -> np.ndarray:
    """A soft step: 0 where `value` is at `start` or before it, 1 at `end` and beyond."""
    t = np.clip((value - start) / (end - start), 0, 1)
    return t * t * (3 - 2 * t)


def _curve(points: Points, parts: int = 12) -> Points:
    """A closed Catmull-Rom spline: it goes through all the points."""
    p = np.array(points)
    before, after, beyond = (np.roll(p, shift, axis=0) for shift in (1, -1, -2))
    t = np.arange(parts)[:, None, None] / parts
    curve = 0.5 * (
        2 * p
        + (after - before) * t
        + (2 * before - 5 * p + 4 * after - beyond) * t**2
        + (3 * p - before - 3 * after + beyond) * t**3
    )
    return [tuple(point) for point in curve.transpose(1, 0, 2).reshape(-1, 2)]
