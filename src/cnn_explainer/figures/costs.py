"""What a network reaches, against what it costs."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from matplotlib.axes import Axes

from .. import words
from ..architectures import architecture, parameters, shapes
from ..datasets import SOURCES
from ..provenance import by_experiment, describe
from ..runs import Run
from .figure import Figure
from .plot import SENTINEL, canvas
from .rows import remark
from .svg import BLUE, VERMILLION

COLOURS = dict(zip(SOURCES, (BLUE, VERMILLION), strict=True))
MARKS = {"plain": "o", "augmented": "^", "augmented_dropout": "s"}
COSTS: dict[str, Callable[[Sequence[Run]], float]] = {
    "Parameters": lambda seeds: parameters(seeds[0].experiment.model),
    "Multiply-adds for one picture": lambda seeds: sum(
        row.multiply_adds for row in shapes(seeds[0].experiment.model)
    ),
    "Fit time (s)": lambda seeds: float(np.mean([run.fit_seconds for run in seeds])),
}


def costs(runs: Iterable[Run]) -> Figure:
    """Accuracy against parameters, multiply-adds and fit time, each on a logarithmic axis.

    costs(runs.catalogued())   ->  3 panels, up to 10 marks each

    Accuracies on different data cannot be compared: each dataset has its colour. Experiments
    without a record are left out. Raises `ValueError` if none of them has one.
    """
    runs = tuple(runs)
    groups = [seeds for seeds in by_experiment(runs).values() if seeds]
    source = describe(runs)
    panels = []
    for title, cost in COSTS.items():
        with canvas(300, 300) as made:
            axes = made.plot.add_subplot(xlabel=title, ylabel="Accuracy", xscale="log")
            _marks(axes, groups, cost)
        panels.append(made.panel)
    alt = "Accuracy against costs. " + " ".join(map(_said, groups))
    caption = (
        "Accuracy on the test images against three costs. Circle: plain; triangle: augmented;"
        " square: augmented and with dropout. Blue: CIFAR-10, ten classes; orange: flowers, five"
        " classes; accuracies on different data cannot be compared."
    )
    short = dict.fromkeys(f"{_title(seeds)}: {remark(seeds)}." for seeds in groups if remark(seeds))
    return Figure(tuple(panels), alt, " ".join([caption, *short]), source)


def _marks(axes: Axes, groups: Sequence[Sequence[Run]], cost: Callable) -> None:
    named = set()
    for seeds in groups:
        experiment = seeds[0].experiment
        x, y = cost(seeds), float(np.mean([run.test.accuracy for run in seeds]))
        colour = COLOURS[experiment.dataset]
        axes.plot(
            x, y, MARKS[experiment.variant], color=colour, markeredgecolor=SENTINEL,
            # Whoever has not trained all epochs is only drawn around.
            fillstyle="full" if all(run.complete for run in seeds) else "none",
        )  # fmt: skip
        if experiment.model not in named:
            named.add(experiment.model)
            axes.annotate(
                architecture(experiment.model).title, (x, y), (0, -12),
                textcoords="offset points", ha="center", va="top", fontsize=10,
            )  # fmt: skip
    axes.margins(0.25, 0.2)


def _title(seeds: Sequence[Run]) -> str:
    return words.experiment(seeds[0].experiment)


def _said(seeds: Sequence[Run]) -> str:
    accuracy = np.mean([run.test.accuracy for run in seeds])
    numbers = [f"{cost(seeds):,.0f}" for cost in COSTS.values()]
    only = f", {remark(seeds)}" if remark(seeds) else ""
    return (
        f"{_title(seeds)}: accuracy {accuracy:.3f}, {numbers[0]} parameters, {numbers[1]}"
        f" multiply-adds, {numbers[2]} s{only}."
    )
