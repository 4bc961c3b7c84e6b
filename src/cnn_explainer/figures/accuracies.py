"""How often each of the ten networks is right, and how often the write-up's were."""

from collections.abc import Iterable

import numpy as np
from matplotlib.axes import Axes

from .. import words
from ..comparison import half_interval
from ..datasets import SOURCES
from ..experiments import CATALOGUE
from ..provenance import by_experiment, describe
from ..published import RESULTS
from ..runs import Run
from .figure import Figure
from .plot import canvas
from .rows import label_rows, remark
from .svg import BLUE, VERMILLION

WIDTH, ROW = 440, 34


def accuracies(runs: Iterable[Run]) -> Figure:
    """Accuracy on the test images, a row an experiment and a panel a dataset.

    accuracies(runs.catalogued())   ->  10 rows: mean, 95 % interval and seeds; the write-up's

    With one seed there is no interval; with none, the write-up's mark stands alone.
    """
    runs = tuple(runs)
    groups = by_experiment(runs)
    panels = []
    for dataset, source in SOURCES.items():
        chosen = {n: groups[n] for n, entry in CATALOGUE.items() if entry.dataset == dataset}
        with canvas(WIDTH, ROW * len(chosen) + 110) as made:
            axes = made.plot.add_subplot(title=source.title, xlabel="Accuracy (share of images)")
            _rows(axes, chosen)
            made.plot.legend(*_legend(axes), loc="outside lower center", ncols=2)
        panels.append(made.panel)
    caption = (
        "Accuracy on the test images. Dot: the mean of the seeds, which are the small marks; bar:"
        " its 95 % interval, which one seed alone does not have. Diamond: the write-up, one seed."
    )
    alt = "Accuracy on the test images. " + " ".join(_said(n, s) for n, s in groups.items())
    return Figure(tuple(panels), alt, caption, describe(runs) if runs else "")


def _rows(axes: Axes, groups: dict[str, tuple[Run, ...]]) -> None:
    for y, (name, seeds) in enumerate(groups.items()):
        published = RESULTS[name].accuracy
        axes.plot(published, y, "D", color=VERMILLION, fillstyle="none", label="write-up")
        if not seeds:
            continue
        values = np.array([run.test.accuracy for run in seeds])
        if len(seeds) > 1:
            axes.plot(values, np.full(len(values), y + 0.22), "|", color=BLUE, markersize=6)
            half = half_interval(values)
            axes.errorbar(values.mean(), y, xerr=half, color=BLUE, capsize=3)
        axes.plot(values.mean(), y, "o", color=BLUE, label="here")
    label_rows(axes, groups)


def _legend(axes: Axes) -> tuple[list, list]:
    """Each mark once."""
    named = dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    return list(named.values()), list(named)


def _said(name: str, seeds: tuple[Run, ...]) -> str:
    title, published = words.experiment(CATALOGUE[name]), f"{RESULTS[name].accuracy:.3f}"
    if not seeds:
        return f"{title}: not recorded; write-up {published}."
    values = np.array([run.test.accuracy for run in seeds])
    spread = f" ± {half_interval(values):.3f}, {len(seeds)} seeds" if len(seeds) > 1 else ""
    only = f" ({remark(seeds)})" if remark(seeds) else ""
    return f"{title}: {values.mean():.3f}{spread or ', one seed'}{only}; write-up {published}."
