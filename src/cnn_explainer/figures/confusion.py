"""Which classes a network takes for which."""

import numpy as np
from matplotlib.colors import to_hex

from ..provenance import describe
from ..runs import Run
from .colours import cividis, colour_bar, ink_on
from .figure import Figure
from .svg import Panel, rect, text

NAMES, HEAD = 96, 72
"""Room for the names of the true classes at the left, and of the answers above."""


def confusion(run: Run) -> Figure:
    """Test images counted by true class (rows) and answer (columns).

    confusion(run)  ->  the counts; the colour is the count's share of its row
    """
    counts = np.array(run.confusion)
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    colours = cividis(shares)
    cell = 300 / len(counts)
    parts = [
        text(NAMES + 150, 14, "Answer of the network", anchor="middle", bold=True),
        text(12, HEAD + 150, "True class", anchor="middle", bold=True, turn=-90),
    ]
    for i, name in enumerate(run.classes):
        place = (i + 0.5) * cell
        parts.append(text(NAMES - 6, HEAD + place + 4, name, anchor="end", size=11))
        parts.append(text(NAMES + place + 2, HEAD - 6, name, size=11, turn=-35))
    for (row, column), count in np.ndenumerate(counts):
        x, y = NAMES + column * cell, HEAD + row * cell
        colour = colours[row, column]
        parts.append(rect(x, y, cell - 1, cell - 1, to_hex(colour / 255)))
        parts.append(
            text(
                *(x + cell / 2 - 0.5, y + cell / 2 + 3.5, str(count)),
                anchor="middle",
                size=11,
                bold=bool(row == column),
                fill=ink_on(colour),
            )
        )
    parts.append(colour_bar(NAMES, HEAD + 312, 299, "0", "1", "Share of the true class"))
    panel = Panel(NAMES + 344, HEAD + 340, "".join(parts))
    caption = (
        f"Confusion matrix on {counts.sum():,} test images: a row for each true class, a column"
        " for each answer. Right answers are on the diagonal."
    )
    return Figure((panel,), _alt(run, counts), caption, describe(run))


def _alt(run: Run, counts: np.ndarray) -> str:
    right = np.diag(counts)
    recall = ", ".join(
        f"{name} {n} of {total}"
        for name, n, total in zip(run.classes, right, counts.sum(1), strict=True)
    )
    wrong = counts - np.diag(right)
    true, said = np.unravel_index(wrong.argmax(), wrong.shape)
    return (
        f"Confusion matrix of {run.experiment.name}: {right.sum()} of {counts.sum()} test images"
        f" right. By class: {recall}. Most frequent mistake: {run.classes[true]} taken for"
        f" {run.classes[said]}, {wrong.max()} times."
    )
