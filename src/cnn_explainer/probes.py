"""Pictures that every network is asked about: two drawn here, and any of the user's own."""

import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from .drawings import aeroplane, rose
from .errors import ImageUnreadable
from .scene import check_size

PROBES: Mapping[str, Callable[[int], np.ndarray]] = MappingProxyType(
    {"aeroplane": aeroplane, "rose": rose}
)
"""The drawn pictures by name."""

TRUTH = MappingProxyType({"cifar10": {"aeroplane": "airplane"}, "tf_flowers": {"rose": "roses"}})
"""By dataset, which of its classes a picture shows, if it shows one."""


def image(path: Path | str, size: int) -> np.ndarray:
    """Any image file as a network takes it: `(size, size, 3)`, uint8.

        image("photo.jpg", 32)   ->  (32, 32, 3)

    Turned upright as the camera noted; transparent places become white; greys, palettes, CMYK
    and 16 bits become RGB; of an animation, the first frame. The whole picture is resized to a
    square (bilinear), whatever its proportions, as the training images were.

    Raises `ImageUnreadable` if there is no image in the file, and `ValueError` if `size` is not
    a positive integer.
    """
    check_size(size)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as file:
                picture = _as_rgb(ImageOps.exif_transpose(file))
    except UnidentifiedImageError:
        raise ImageUnreadable(f"{path} is not an image of a known format") from None
    except Exception as error:  # A damaged file makes the decoders raise errors of every kind.
        reason = getattr(error, "strerror", None) or error
        raise ImageUnreadable(f"{path} cannot be read as an image: {reason}") from None
    return np.asarray(picture.resize((size, size), Image.Resampling.BILINEAR))


def _as_rgb(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith(("I", "F")):
        # Pillow would cut these off at 255 in place of scaling them.
        values = np.nan_to_num(np.asarray(picture, np.float64))
        top = 65535 if picture.mode.startswith("I") else max(values.max(), 1)
        picture = Image.fromarray(np.rint(values * (255 / top)).clip(0, 255).astype(np.uint8))
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(white, picture)
    return picture.convert("RGB")
