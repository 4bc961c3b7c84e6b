"""The variants of one network beside each other, epoch by epoch."""

from collections.abc import Iterable, Sequence

import numpy as np

from .. import words
from ..architectures import VARIANTS, architecture
from ..provenance import as_runs, as_seeds, describe
from ..runs import Run
from .curves import AXES, SIDES, draw
from .figure import Figure
from .plot import canvas
from .rows import remark


def variants(runs: Iterable[Run]) -> Figure:
    """Accuracy above and loss below, in training and validation, a panel a variant.

    variants(runs.of("lenet5-plain") + runs.of("lenet5-augmented"))   ->  2 panels

    The axes are the same in all panels. Lines are means over the seeds, bands go from the lowest
    to the highest. Raises `ValueError` if the runs are of several networks, or if there is none.
    """
    runs = as_runs(runs)
    models = {run.experiment.model for run in runs}
    if len(models) > 1:
        raise ValueError(f"`runs` must be of one network. Received: {', '.join(sorted(models))}")
    groups = {v: [run for run in runs if run.experiment.variant == v] for v in VARIANTS}
    groups = {variant: as_seeds(seeds) for variant, seeds in groups.items() if seeds}
    values = {variant: _values(seeds) for variant, seeds in groups.items()}
    epochs = max(run.epochs_done for run in runs)
    highest = max(v[side].max() for v in values.values() for side in ("loss", "val_loss"))
    panels = []
    for variant, seeds in groups.items():
        with canvas(232, 430) as made:
            both = made.plot.subplots(2, sharex=True)
            for axes, (name, title) in zip(both, AXES, strict=True):
                for side, prefix, colour, style in SIDES:
                    draw(
                        axes, values[variant][prefix + name], color=colour, linestyle=style,
                        label=side if name == "loss" else None,
                    )  # fmt: skip
                axes.set_ylabel(title.partition(" (")[0])
                axes.set_ylim(0, 1 if name == "accuracy" else 1.05 * highest or 1)
            both[0].set_title(words.variant(variant).capitalize().replace(" and ", "\nand "))
            both[1].set(xlabel=" – ".join(filter(None, ("Epoch", remark(seeds)))))
            both[1].set_xlim(0, epochs + 1)
            made.plot.legend(loc="outside lower center", ncols=2, handlelength=2)
        panels.append(made.panel)
    (model,) = models
    title = architecture(model).title
    alt = f"Accuracy and loss of {title}. " + " ".join(
        _said(variant, groups[variant], v) for variant, v in values.items()
    )
    return Figure(tuple(panels), alt, _caption(title, groups), describe(runs))


def _values(seeds: Sequence[Run]) -> dict[str, np.ndarray]:
    """Each curve as `(seeds, epochs)`, over the epochs that all of them have."""
    epochs = min(run.epochs_done for run in seeds)
    return {
        prefix + name: np.array([getattr(run.history, prefix + name)[:epochs] for run in seeds])
        for name, _ in AXES
        for _, prefix, *_ in SIDES
    }


def _said(variant: str, seeds: Sequence[Run], values: dict[str, np.ndarray]) -> str:
    end = {name: curves[:, -1].mean() for name, curves in values.items()}
    count = f"{len(seeds)} seeds" if len(seeds) > 1 else "one seed"
    return (
        f"{words.variant(variant).capitalize()}, {count}, after {values['loss'].shape[1]} epochs:"
        f" accuracy {end['accuracy']:.3f} in training and {end['val_accuracy']:.3f} in validation,"
        f" loss {end['loss']:.3f} and {end['val_loss']:.3f}."
    )


def _caption(title: str, groups: dict[str, Sequence[Run]]) -> str:
    said = f"{title}: accuracy (share of images) and loss (nats) after each epoch."
    if any(len(seeds) > 1 for seeds in groups.values()):
        said += " Lines: mean of the seeds; bands: from the lowest to the highest."
    alone = [words.variant(v) for v, seeds in groups.items() if len(seeds) == 1]
    if alone:
        said += f" One seed, and so no band: {'; '.join(alone)}."
    absent = [words.variant(v) for v in VARIANTS if v not in groups]
    return said + (f" Not recorded: {'; '.join(absent)}." if absent else "")
