"""How often each of the ten networks is right, and how often the write-up's were."""

from collections.abc import Iterable, Mapping

import numpy as np
from matplotlib.axes import Axes

from .. import words
from ..comparison import half_interval
from ..datasets import SOURCES
from ..experiments import CATALOGUE
from ..provenance import by_experiment, describe, title
from ..published import RESULTS
from ..runs import Run
from .figure import Figure
from .plot import canvas
from .rows import HEIGHT, label_rows, legend_once
from .svg import BLUE, VERMILLION


def accuracies(runs: Iterable[Run]) -> Figure:
    """Accuracy on the test images, a row an experiment.

    accuracies(runs.catalogued())   ->  10 rows: mean, 95 % interval and seeds; the write-up's

    With one seed there is no interval; with none, the write-up's mark stands alone.
    """
    runs = tuple(runs)
    groups = by_experiment(runs)
    parts = [
        {name: groups[name] for name, entry in CATALOGUE.items() if entry.dataset == dataset}
        for dataset in SOURCES
    ]
    ratios = [len(part) for part in parts]
    with canvas(440, HEIGHT * len(groups) + 150) as made:
        both = made.plot.subplots(2, sharex=True, height_ratios=ratios)
        for axes, part, source in zip(both, parts, SOURCES.values(), strict=True):
            axes.set_title(f"{source.title}, {len(source.classes)} classes")
            _draw(axes, part)
        both[1].set_xlabel("Accuracy (share of test images)")
        made.plot.legend(**legend_once(both[1]), loc="outside lower center", ncols=2)
    return Figure((made.panel,), _alt(groups), _caption(groups), describe(runs) if runs else "")


def _draw(axes: Axes, groups: Mapping[str, tuple[Run, ...]]) -> None:
    for y, (name, seeds) in enumerate(groups.items()):
        if seeds:
            _draw_seeds(axes, y, np.array([run.test.accuracy for run in seeds]))
        theirs = RESULTS[name].accuracy
        axes.plot(theirs, y, "D", color=VERMILLION, fillstyle="none", label="write-up")
    label_rows(axes, groups)


def _draw_seeds(axes: Axes, y: int, values: np.ndarray) -> None:
    if len(values) > 1:
        axes.plot(values, np.full(len(values), y + 0.25), "|", color=BLUE, markersize=6)
        axes.errorbar(values.mean(), y, xerr=half_interval(values), color=BLUE, capsize=3)
    axes.plot(values.mean(), y, "o", color=BLUE, label="here")


def _caption(groups: Mapping[str, tuple[Run, ...]]) -> str:
    counts = {len(seeds) for seeds in groups.values()} - {0}
    said = "Accuracy on the test images. Diamond: the write-up, one seed."
    if not counts:
        return f"{said} Nothing is recorded here yet."
    if counts == {1}:
        return f"{said} Dot: here, one seed, and so no interval."
    said += " Dot: here, the mean of the seeds, which are the small marks; bar: its 95 % interval"
    return f"{said}, which one seed alone does not have." if 1 in counts else f"{said}."


def _alt(groups: Mapping[str, tuple[Run, ...]]) -> str:
    return "Accuracy on the test images. " + " ".join(_said(*item) for item in groups.items())


def _said(name: str, seeds: tuple[Run, ...]) -> str:
    theirs = f"write-up {RESULTS[name].accuracy:.3f}"
    if not seeds:
        return f"{words.experiment(CATALOGUE[name])}: not recorded; {theirs}."
    values = np.array([run.test.accuracy for run in seeds])
    counted = "one seed"
    if len(seeds) > 1:
        counted = f"± {half_interval(values):.3f}, {len(seeds)} seeds"
    return f"{title(seeds)}: {values.mean():.3f}, {counted}; {theirs}."
