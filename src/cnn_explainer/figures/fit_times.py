"""How long each training took, and how long the write-up's did."""

from collections.abc import Iterable, Sequence

from matplotlib.axes import Axes

from .. import words
from ..experiments import CATALOGUE
from ..provenance import by_experiment, describe, title
from ..published import RESULTS
from ..runs import Run
from .figure import Figure
from .plot import SENTINEL, canvas
from .rows import HEIGHT, label_rows, legend_once
from .svg import BLUE, VERMILLION
from .times import fit_seconds, time_ticks


def fit_times(runs: Iterable[Run]) -> Figure:
    """The seconds of training and validation, on a logarithmic axis, a row an experiment.

    fit_times(runs.catalogued())   ->  10 rows: the quickest seed's, and the write-up's
    """
    runs = tuple(runs)
    groups = by_experiment(runs)
    with canvas(440, HEIGHT * len(groups) + 90) as made:
        axes = made.plot.add_subplot(xlabel="Fit time", xscale="log")
        for y, (name, seeds) in enumerate(groups.items()):
            _row(axes, y, name, seeds)
        label_rows(axes, groups)
        time_ticks(axes)
        made.plot.legend(**legend_once(axes), loc="outside lower center", ncols=2)
    caption = (
        "Fit time: training and validation, on a logarithmic axis: equal steps are equal factors."
        " The write-up's clock ran on while its machine slept; ours stands still then. Other work"
        " on the machine lengthens both, so ours is that of the quickest seed."
    )
    alt = "Fit times. " + " ".join(_said(name, seeds) for name, seeds in groups.items())
    return Figure((made.panel,), alt, caption, describe(runs) if runs else "")


def _row(axes: Axes, y: int, name: str, seeds: Sequence[Run]) -> None:
    theirs = RESULTS[name]
    if seeds:
        ours = fit_seconds(seeds)
        axes.plot((ours, theirs.fit_seconds), (y, y), color=SENTINEL, alpha=0.3, linewidth=1)
        axes.plot(ours, y, "o", color=BLUE, label="here")
    axes.plot(theirs.fit_seconds, y, "D", color=VERMILLION, fillstyle="none", label="write-up")
    if theirs.note:
        place = {"xytext": (0, 7), "textcoords": "offset points", "ha": "center"}
        axes.annotate("asleep", (theirs.fit_seconds, y), fontsize=9, **place)


def _said(name: str, seeds: tuple[Run, ...]) -> str:
    theirs = RESULTS[name]
    said = f"write-up {theirs.fit_seconds:,.0f} s{' (' + theirs.note + ')' if theirs.note else ''}"
    if not seeds:
        return f"{words.experiment(CATALOGUE[name])}: not recorded; {said}."
    return f"{title(seeds)}: {fit_seconds(seeds):,.0f} s; {said}."
