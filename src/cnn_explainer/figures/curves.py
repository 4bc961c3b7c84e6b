"""How accuracy and loss went, epoch by epoch."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from ..provenance import as_seeds, describe
from ..runs import Run
from .epochs import AXES, SIDES, draw
from .figure import Figure
from .plot import SENTINEL, canvas
from .svg import VERMILLION


def curves(runs: Run | Sequence[Run]) -> Figure:
    """Accuracy and loss over the epochs, in training and validation.

        curves(run)                 ->  a line each
        curves([seed_1, seed_2])    ->  the mean of the seeds, and the band from lowest to highest

    Several runs must be seeds of one experiment, or `ValueError` is raised. The epoch with the
    best validation accuracy (its mean over the seeds) is marked.
    """
    seeds = as_seeds(runs)
    epochs = min(run.epochs_done for run in seeds)
    values = {
        name: np.array([getattr(run.history, name)[:epochs] for run in seeds])
        for name in ("accuracy", "val_accuracy", "loss", "val_loss")
    }
    best = int(values["val_accuracy"].mean(0).argmax())
    panels = []
    for name, title in AXES:
        with canvas(345, 280) as made:
            axes = made.plot.add_subplot(title=title, xlabel="Epoch")
            for side, prefix, colour, style in SIDES:
                draw(axes, values[prefix + name], color=colour, linestyle=style, label=side)
            axes.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
            highest = max(values[name].max(), values["val_" + name].max())
            axes.set_ylim(0, 1 if name == "accuracy" else 1.08 * highest or 1)
            axes.axvline(best + 1, color=SENTINEL, linestyle=":", linewidth=1)
            _mark(axes, best, epochs, values["val_" + name].mean(0)[best])
            made.plot.legend(loc="outside lower center", ncols=2, handlelength=2.8)
        panels.append(made.panel)
    alt = _alt(seeds[0].experiment.name, values, best)
    return Figure(tuple(panels), alt, _caption(seeds, epochs), describe(seeds))


def _mark(axes: Axes, best: int, epochs: int, value: float) -> None:
    axes.plot(best + 1, value, "o", markersize=6, color=VERMILLION, markeredgecolor=SENTINEL)
    left = best + 1 > epochs / 2
    axes.annotate(
        f"{value:.3f} after epoch {best + 1}",
        (best + 1, 0.02),
        (-6 if left else 6, 3),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        ha="right" if left else "left",
        fontsize=10,
    )


def _alt(name: str, values: dict[str, np.ndarray], best: int) -> str:
    mean = {key: seeds.mean(0) for key, seeds in values.items()}
    count, epochs = values["loss"].shape
    of = f"the mean of {count} seeds of {name}" if count > 1 else name

    def course(key: str) -> str:
        return f"from {mean[key][0]:.3f} to {mean[key][-1]:.3f}"

    lowest = int(mean["val_loss"].argmin())
    return (
        f"Accuracy and loss of {of} over {epochs} epoch{'s' * (epochs > 1)}. Training accuracy goes"
        f" {course('accuracy')}, validation accuracy {course('val_accuracy')}, with its best,"
        f" {mean['val_accuracy'][best]:.3f}, after epoch {best + 1}. Training loss goes"
        f" {course('loss')}, validation loss {course('val_loss')}, with its lowest,"
        f" {mean['val_loss'][lowest]:.3f}, after epoch {lowest + 1}."
    )


def _caption(seeds: Sequence[Run], epochs: int) -> str:
    band = ""
    if len(seeds) > 1:
        band = f" Lines: mean of {len(seeds)} seeds; bands: from the lowest to the highest."
    if any(run.epochs_done > epochs for run in seeds):
        band += f" Only the {epochs} epochs that all of them have are shown."
    return (
        "Accuracy and loss after each epoch. Dotted: the epoch with the best validation"
        f" accuracy.{band}"
    )
