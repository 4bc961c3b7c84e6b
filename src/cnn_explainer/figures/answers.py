"""What the variants of one network say about one drawn picture."""

from collections.abc import Iterable, Sequence

import numpy as np

from .. import words
from ..architectures import VARIANTS, architecture
from ..probes import PROBES, TRUTH
from ..provenance import as_runs, as_seeds, describe
from ..runs import Run
from .figure import Figure
from .svg import BLUE, GREEN, INK, Panel, image, line, rect, text

NAMES, BARS, NUMBERS = 74, 108, 44
"""The widths of a panel's columns."""
ROW, TOP = 19, 30


def answers(runs: Iterable[Run], probe: str) -> Figure:
    """The probability of each class, a panel a variant, and the picture beside them.

        answers(runs.of("lenet5-plain") + runs.of("lenet5-augmented"), "aeroplane")   ->  2 panels

    Bars are the mean over the seeds, a tick is one seed. Raises `ValueError` if the runs are of
    several networks, if there is none, or if there is no such probe.
    """
    runs = as_runs(runs)
    models = {run.experiment.model for run in runs}
    if len(models) > 1:
        raise ValueError(f"`runs` must be of one network. Received: {', '.join(sorted(models))}")
    if probe not in PROBES:
        raise ValueError(f"`probe` must be one of {', '.join(PROBES)}. Received: {probe!r}")
    groups = {v: [run for run in runs if run.experiment.variant == v] for v in VARIANTS}
    groups = {variant: as_seeds(seeds) for variant, seeds in groups.items() if seeds}
    first = runs[0].experiment
    truth = TRUTH[first.dataset].get(probe)
    panels, said = [], []
    for variant, seeds in groups.items():
        shares = np.array([run.probes[probe] for run in seeds])
        title = words.variant(variant).capitalize()
        panels.append(_bars(title, seeds[0].classes, shares, truth))
        said.append(f"{title}: {_said(seeds[0].classes, shares)}.")
    side = panels[0].height - TOP - 18
    picture = PROBES[probe](first.image_size)
    panels.insert(0, Panel(side, TOP + side, image(0, TOP, side, side, picture)))
    (model,) = models
    caption = f"What {architecture(model).title} says about the drawn {probe}, class by class."
    caption += f" The class that it shows is {truth}." if truth else " No class fits it."
    if any(len(seeds) > 1 for seeds in groups.values()):
        caption += " Bars: mean of the seeds; ticks: single seeds."
    alt = f"Probabilities for the drawn {probe}. {' '.join(said)}"
    return Figure(tuple(panels), alt, caption, describe(runs))


def _bars(title: str, classes: Sequence[str], shares: np.ndarray, truth: str | None) -> Panel:
    mean = shares.mean(0)
    bottom = TOP + ROW * len(classes)
    parts = [text(NAMES, 14, title, bold=True, size=11)]
    for share in (0, 0.5, 1):
        x = NAMES + BARS * share
        parts.append(line(x, TOP - 4, x, bottom, opacity=0.6 if share == 0 else 0.15))
        parts.append(text(x, bottom + 14, f"{share:g}", anchor="middle", size=10))
    for i, name in enumerate(classes):
        y, answered = TOP + ROW * i, i == mean.argmax()
        fill, opacity = (GREEN if name == truth else BLUE, 1) if answered else (INK, 0.4)
        bold = bool(answered) or name == truth
        parts += [
            text(NAMES - 6, y + 11, name, anchor="end", bold=bold, size=11),
            rect(NAMES, y + 1, round(BARS * mean[i], 1), ROW - 6, fill, opacity),
            text(NAMES + BARS + 6, y + 11, f"{mean[i]:.3f}", bold=bold, size=11),
        ]
        if len(shares) > 1:
            ticks = (round(NAMES + BARS * share, 1) for share in shares[:, i])
            parts += [line(x, y - 1, x, y + ROW - 3) for x in ticks]
    return Panel(NAMES + BARS + NUMBERS, bottom + 18, "".join(parts))


def _said(classes: Sequence[str], shares: np.ndarray) -> str:
    mean = shares.mean(0)
    ranked = [f"{classes[i]} {mean[i]:.3f}" for i in np.argsort(-mean, kind="stable")]
    agree = int((shares.argmax(1) == mean.argmax()).sum())
    seeds = f", the answer of {agree} of {len(shares)} seeds" if len(shares) > 1 else ""
    return f"{ranked[0]}{seeds}; then {', '.join(ranked[1:3])}"
