"""What the classes look like that a network confuses most."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from .. import words
from ..datasets import Dataset
from ..mistakes import Mistake, worst
from ..provenance import as_seeds, describe, title
from ..runs import Run
from .figure import Figure
from .svg import Panel, image, text

SIDE, GAP, EACH = 50, 4, 4
"""Of a picture, between pictures, and how many of each class."""


def mistakes(runs: Run | Sequence[Run], dataset: Dataset, count: int = 3) -> Figure:
    """The most frequent mistakes, with pictures of both classes from the test part.

        mistakes(run, datasets.load("cifar10"))   ->  3 rows of 4 + 4 pictures

    The pictures are the first of their class: whether the network got these wrong is not
    recorded. Raises `ValueError` if the dataset has other classes than the run.
    """
    seeds = as_seeds(runs)
    if dataset.classes != seeds[0].classes:
        raise ValueError(
            f"`dataset` must have the classes {', '.join(seeds[0].classes)}."
            f" Received: {', '.join(dataset.classes)}"
        )
    found = worst(seeds, count)
    parts, half = [], EACH * (SIDE + GAP)
    for row, mistake in enumerate(found):
        y = row * (SIDE + 32)
        parts.append(text(0, y + 14, _title(mistake), bold=True))
        for x, name in ((0, mistake.true), (half + 12, mistake.answer)):
            for i, picture in enumerate(_pictures(dataset, name)):
                parts.append(image(x + i * (SIDE + GAP), y + 20, SIDE, SIDE, picture))
    panel = Panel(2 * half + 12, len(found) * (SIDE + 32), "".join(parts))
    several = f", in the mean of {len(seeds)} seeds" if len(seeds) > 1 else ""
    caption = (
        f"The most frequent mistakes of {words.amid(title(seeds))} on the test"
        f" images{several}. Left: test images of the true class; right: of the class that it was"
        " taken for. They are the first of their class, not those that were confused."
    )
    alt = " ".join(f"{_title(each)}, {each.back:,.0f} the other way round." for each in found)
    return Figure((panel,), f"Most frequent mistakes. {alt}", caption, describe(seeds))


def _title(mistake: Mistake) -> str:
    counted = f"{mistake.count:,.0f} of {mistake.images:,}"
    return f"{mistake.true} taken for {mistake.answer}: {counted}"


def _pictures(dataset: Dataset, name: str) -> list[np.ndarray]:
    """No larger than a screen of two dots a pixel shows them."""
    chosen = np.flatnonzero(dataset.test.labels == dataset.classes.index(name))[:EACH]
    pictures = [Image.fromarray(each) for each in dataset.test.images[chosen]]
    for picture in pictures:
        picture.thumbnail((2 * SIDE, 2 * SIDE))
    return [np.asarray(each) for each in pictures]
