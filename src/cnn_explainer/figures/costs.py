"""What a network reaches, against what it costs."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import EngFormatter, LogLocator

from ..architectures import architecture, multiply_adds, parameters
from ..provenance import by_experiment, by_machine, describe, once, shortfall, title
from ..runs import Run
from .figure import Figure
from .plot import SENTINEL, canvas
from .rows import legend_once
from .svg import BLUE, GREEN, VERMILLION, Panel
from .times import fit_seconds, time_ticks

LOOKS = {
    "base": ("s", SENTINEL),
    "lenet5": ("o", BLUE),
    "alexnet": ("^", VERMILLION),
    "vgg16": ("D", GREEN),
}
FILLS = {"plain": "none", "augmented": "left", "augmented_dropout": "full"}
"""The more is done to the pictures and the network, the fuller the mark."""


def _multiply_adds(seeds: Sequence[Run]) -> int:
    return multiply_adds(seeds[0].experiment.model)


def _parameters(seeds: Sequence[Run]) -> int:
    return parameters(seeds[0].experiment.model)


COSTS: dict[str, Callable[[Sequence[Run]], float]] = {
    "Parameters": _parameters,
    "Multiply-adds a picture": _multiply_adds,
}


def costs(runs: Iterable[Run]) -> Figure:
    """Accuracy against parameters, multiply-adds and fit time, each on a logarithmic axis.

    costs(runs.catalogued())   ->  3 panels, up to 10 marks each

    Times are those of the one machine that most experiments were trained on.

    Experiments without a record are left out. Raises `ValueError` if none of the catalogue's has
    one.
    """
    runs = tuple(runs)
    groups = [seeds for seeds in by_experiment(runs).values() if seeds]
    source = describe(runs)
    if not groups:
        received = ", ".join(once(run.experiment.name for run in runs))
        raise ValueError(f"`runs` must hold an experiment of the catalogue. Received: {received}")
    machine = next(iter(by_machine(runs)))
    times = [_fit_time(seeds, machine) for seeds in groups]
    panels = [_panel(name, groups, map(cost, groups)) for name, cost in COSTS.items()]
    panels.append(_panel("Fit time", groups, times))
    alt = "Accuracy against costs. " + " ".join(map(_said, groups, times))
    short = ", ".join(title(seeds) for seeds in groups if shortfall(seeds))
    caption = (
        "Accuracy on the test images against three costs, on logarithmic axes; k, M and G are"
        " thousands, millions and thousands of millions. Empty marks: plain; half full: with"
        " augmentation; full: with augmentation and dropout. The base model and LeNet-5 were"
        " judged on other pictures than AlexNet and VGG16, so that their accuracies cannot be"
        " compared."
    )
    caption += f" Fit times are those of the quickest seed on {machine}."
    if elsewhere := [title(s) for s, time in zip(groups, times, strict=True) if time is None]:
        caption += f" Trained elsewhere, and without a mark there: {', '.join(elsewhere)}."
    if short:
        caption += f" Not trained to the end: {short}."
    return Figure(tuple(panels), alt, caption, source)


def _fit_time(seeds: Sequence[Run], machine: str) -> float | None:
    there = by_machine(seeds).get(machine)
    return fit_seconds(there) if there else None


def _panel(name: str, groups: Sequence[Sequence[Run]], costs: Iterable[float | None]) -> Panel:
    with canvas(218, 290) as made:
        axes = made.plot.add_subplot(xlabel=name, ylabel="Accuracy", xscale="log")
        for seeds, cost in zip(groups, costs, strict=True):
            if cost is not None:
                _mark(axes, cost, seeds)
        axes.margins(0.15)
        axes.set_xticks([], minor=True)
        axes.xaxis.set_major_locator(LogLocator(numticks=4))
        axes.xaxis.set_major_formatter(EngFormatter())
        if name == "Fit time":
            time_ticks(axes)
        made.plot.legend(
            **legend_once(axes), loc="outside lower center", ncols=2, handletextpad=0.2
        )
    return made.panel


def _mark(axes: Axes, cost: float, seeds: Sequence[Run]) -> None:
    experiment = seeds[0].experiment
    marker, colour = LOOKS[experiment.model]
    axes.plot(
        cost,
        _accuracy(seeds),
        marker,
        color=colour,
        fillstyle=FILLS[experiment.variant],
        label=architecture(experiment.model).title,
        linestyle="none",
    )


def _accuracy(seeds: Sequence[Run]) -> float:
    return float(np.mean([run.test.accuracy for run in seeds]))


def _said(seeds: Sequence[Run], seconds: float | None) -> str:
    time = "" if seconds is None else f", {seconds:,.0f} s"
    return (
        f"{title(seeds)}: accuracy {_accuracy(seeds):.3f}, {_parameters(seeds):,} parameters,"
        f" {_multiply_adds(seeds):,} multiply-adds{time}."
    )
