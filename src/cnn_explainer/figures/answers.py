"""What many networks say about one picture."""

from collections.abc import Iterable, Sequence

import numpy as np
from matplotlib.colors import to_hex

from .. import words
from ..architectures import architecture
from ..datasets import SOURCES
from ..probes import TRUTH
from ..provenance import as_seeds, describe, shortfall, title
from ..runs import Run
from .colours import cividis, colour_bar, ink_on
from .figure import Figure
from .svg import Panel, rect, text

NAMES, CELL, ROW = 84, 46, 24
"""The width of the classes' names, and the width and height of a cell, in CSS pixels."""
LETTER = 6.2
"""About how wide one is in a heading."""


def answers(runs: Iterable[Run], probe: str) -> Figure:
    """The probabilities of all classes for one picture, a column an experiment.

        answers(runs.catalogued(), "rose")   ->  10 × 4 numbers of CIFAR-10, 5 × 6 of the flowers

    Numbers are means over the seeds, as the networks gave them. The largest of a column, the
    answer, is bold, and so is the name of the class that the picture shows, if it is of one.

    Raises `ValueError` if there is no run, or no such picture in the records.
    """
    runs = tuple(runs)
    source = describe(runs)
    if not all(probe in run.probes for run in runs):
        raise ValueError(f"`probe` must be one of {', '.join(runs[0].probes)}. Received: {probe!r}")
    columns = [as_seeds(seeds) for seeds in _alike(runs)]
    panels = [
        _panel(probe, dataset, chosen)
        for dataset in SOURCES
        if (chosen := [seeds for seeds in columns if seeds[0].experiment.dataset == dataset])
    ]
    alt = f"Probabilities for the {probe}. " + " ".join(_said(probe, seeds) for seeds in columns)
    several = " (mean of the seeds)" if len(runs) > len(columns) else ""
    caption = (
        f"The {probe}: the probability that each network gives to each class{several}. Its answer"
        " is bold."
    )
    short = ", ".join(title(seeds) for seeds in columns if shortfall(seeds))
    if short:
        caption += f" Not trained to the end: {short}."
    return Figure(tuple(panels), alt, caption, source)


def _alike(runs: Sequence[Run]) -> list[list[Run]]:
    """The seeds of each experiment, in the order in which they come."""
    groups: dict[str, list[Run]] = {}
    for run in runs:
        groups.setdefault(words.experiment(run.experiment), []).append(run)
    return list(groups.values())


def _panel(probe: str, dataset: str, columns: Sequence[Sequence[Run]]) -> Panel:
    classes, truth = columns[0][0].classes, TRUTH[dataset].get(probe)
    # The headings lean to the right by 50 degrees: so high they are, and so far they reach.
    longest = LETTER * max(len(_heading(seeds)) for seeds in columns)
    head, tail = 12 + 0.77 * longest, max(0.64 * longest - CELL / 2, 0)
    bottom = head + ROW * len(classes)
    parts = [
        text(NAMES - 6, head + ROW * i + 16, name, anchor="end", bold=name == truth)
        for i, name in enumerate(classes)
    ]
    for j, seeds in enumerate(columns):
        x, shares = NAMES + CELL * j, _shares(probe, seeds)
        parts.append(text(x + CELL / 2, head - 6, _heading(seeds), size=11, turn=-50))
        colours = cividis(shares)
        for i, (share, colour) in enumerate(zip(shares, colours, strict=True)):
            y = head + ROW * i
            parts.append(rect(x, y, CELL - 1, ROW - 1, to_hex(colour / 255)))
            parts.append(
                text(
                    *(x + CELL / 2, y + 16, f"{share:.3f}"),
                    anchor="middle",
                    size=11,
                    bold=bool(i == shares.argmax()),
                    fill=ink_on(colour),
                )
            )
    width = max(CELL * len(columns), 120)
    parts.append(colour_bar(NAMES, bottom + 8, width - 1, "0", "1", "Probability"))
    return Panel(NAMES + width + tail, bottom + 36, "".join(parts))


def _heading(seeds: Sequence[Run]) -> str:
    entry = seeds[0].experiment
    network, variant = architecture(entry.model).title, words.short_variant(entry.variant)
    return ", ".join([network, variant, *words.changes(entry)])


def _shares(probe: str, seeds: Sequence[Run]) -> np.ndarray:
    return np.mean([run.probes[probe] for run in seeds], axis=0)


def _said(probe: str, seeds: Sequence[Run]) -> str:
    shares, classes = _shares(probe, seeds), seeds[0].classes
    answer = int(shares.argmax())
    agree = sum(int(np.argmax(run.probes[probe])) == answer for run in seeds)
    of_seeds = f", the answer of {agree} of {len(seeds)} seeds" if len(seeds) > 1 else ""
    return f"{title(seeds)}: {classes[answer]} {shares[answer]:.3f}{of_seeds}."
