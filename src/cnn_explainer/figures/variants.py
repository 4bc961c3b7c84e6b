"""The variants of one network beside each other, epoch by epoch."""

from collections.abc import Iterable, Sequence

import numpy as np
from matplotlib.axes import Axes

from .. import words
from ..architectures import VARIANTS, architecture
from ..provenance import as_runs, as_seeds, describe, once, shortfall, title
from ..runs import Run
from .epochs import AXES, SIDES, draw
from .figure import Figure
from .plot import canvas


def variants(runs: Iterable[Run]) -> Figure:
    """Accuracy above and loss below, in training and validation, a panel a variant.

    variants(runs.of("lenet5-plain") + runs.of("lenet5-augmented"))   ->  2 panels

    The axes are the same in all panels. Lines are means over the seeds, bands go from the lowest
    to the highest. Raises `ValueError` if the runs are of several networks, or of none of the
    catalogue's variants.
    """
    runs = as_runs(runs)
    models = {run.experiment.model for run in runs}
    if len(models) > 1:
        raise ValueError(f"`runs` must be of one network. Received: {', '.join(sorted(models))}")
    groups = {v: [run for run in runs if run.experiment.variant == v] for v in VARIANTS}
    groups = {variant: as_seeds(seeds) for variant, seeds in groups.items() if seeds}
    if not groups:
        rule = f"must hold one of the variants {', '.join(VARIANTS)}"
        received = ", ".join(once(run.experiment.name for run in runs))
        raise ValueError(f"`runs` {rule}. Received: {received}")
    values = {variant: _values(seeds) for variant, seeds in groups.items()}
    limits = {
        "accuracy": (0, 1),
        "loss": (0, 1.05 * max(v[s].max() for v in values.values() for s in ("loss", "val_loss"))),
    }
    panels = []
    for variant, seeds in groups.items():
        with canvas(216, 430) as made:
            both = made.plot.subplots(2, sharex=True)
            both[0].set_title(words.short_variant(variant).capitalize())
            for axes, (name, label) in zip(both, AXES, strict=True):
                _draw(axes, name, values[variant])
                axes.set(ylabel=label.partition(" (")[0], ylim=limits[name])
            # What was asked for and not trained stays empty.
            axes.set(xlim=(0, seeds[0].experiment.recipe.epochs + 1), xlabel=_epochs(seeds))
            made.plot.legend(*axes.get_legend_handles_labels(), **LEGEND)
        panels.append(made.panel)
    (model,) = models
    alt = "Accuracy and loss. " + " ".join(_said(groups[v], values[v]) for v in groups)
    return Figure(tuple(panels), alt, _caption(architecture(model).title, groups), describe(runs))


LEGEND = {"loc": "outside lower center", "ncols": 2, "handlelength": 2}


def _draw(axes: Axes, name: str, values: dict[str, np.ndarray]) -> None:
    for side, prefix, colour, style in SIDES:
        draw(axes, values[prefix + name], color=colour, linestyle=style, label=side)


def _epochs(seeds: Sequence[Run]) -> str:
    only = shortfall(seeds).removesuffix(" epochs")
    return f"Epoch ({only})" if only else "Epoch"


def _values(seeds: Sequence[Run]) -> dict[str, np.ndarray]:
    """Each curve as `(seeds, epochs)`, over the epochs that all of them have."""
    epochs = min(run.epochs_done for run in seeds)
    return {
        prefix + name: np.array([getattr(run.history, prefix + name)[:epochs] for run in seeds])
        for name, _ in AXES
        for _, prefix, *_ in SIDES
    }


def _said(seeds: Sequence[Run], values: dict[str, np.ndarray]) -> str:
    end = {name: curves[:, -1].mean() for name, curves in values.items()}
    count = f"{len(seeds)} seeds" if len(seeds) > 1 else "one seed"
    return (
        f"{title(seeds)}, {count}, after epoch {values['loss'].shape[1]}: accuracy"
        f" {end['accuracy']:.3f} in training and {end['val_accuracy']:.3f} in validation, loss"
        f" {end['loss']:.3f} and {end['val_loss']:.3f}."
    )


def _caption(network: str, groups: dict[str, Sequence[Run]]) -> str:
    said = f"{network}: accuracy (share of images) and loss (nats) after each epoch."
    if any(len(seeds) > 1 for seeds in groups.values()):
        said += " Lines: mean of the seeds; bands: from the lowest to the highest."
    alone = [words.variant(v) for v, seeds in groups.items() if len(seeds) == 1]
    if alone:
        said += f" One seed, and so no band: {'; '.join(alone)}."
    absent = [words.variant(v) for v in VARIANTS if v not in groups]
    return said + (f" Not recorded: {'; '.join(absent)}." if absent else "")
