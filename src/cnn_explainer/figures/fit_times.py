"""How long each training took, and how long the write-up's did."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import cycle

from matplotlib.axes import Axes

from .. import words
from ..experiments import CATALOGUE
from ..provenance import by_experiment, by_machine, describe, title
from ..published import RESULTS
from ..runs import Run
from .figure import Figure
from .plot import SENTINEL, canvas
from .rows import HEIGHT, label_rows, legend_once
from .svg import BLUE, GREEN, VERMILLION
from .times import fit_seconds, time_ticks

LOOKS = (("o", BLUE), ("s", GREEN), ("^", SENTINEL))
"""Of the machines, that of the most experiments first."""


def fit_times(runs: Iterable[Run]) -> Figure:
    """The seconds of training and validation, on a logarithmic axis, a row an experiment.

    fit_times(runs.catalogued())   ->  10 rows: each machine's quickest seed's, and the write-up's
    """
    runs = tuple(runs)
    groups = by_experiment(runs)
    looks = dict(zip(by_machine(runs), cycle(LOOKS), strict=False))
    with canvas(440, HEIGHT * len(groups) + 90) as made:
        axes = made.plot.add_subplot(xlabel="Fit time", xscale="log")
        for y, (name, seeds) in enumerate(groups.items()):
            _row(axes, y, name, seeds, looks)
        label_rows(axes, groups)
        time_ticks(axes)
        made.plot.legend(**legend_once(axes), loc="outside lower center", ncols=2)
    caption = (
        "Fit time: training and validation, on a logarithmic axis: equal steps are equal factors."
        " The write-up's clock ran on while its machine slept; ours stands still then. Other work"
        " on the machine lengthens both, so ours are those of each machine's quickest seed. An"
        " accelerator's do not contain the compilation before the first step."
    )
    alt = "Fit times. " + " ".join(_said(name, seeds) for name, seeds in groups.items())
    return Figure((made.panel,), alt, caption, describe(runs) if runs else "")


def _row(axes: Axes, y: int, name: str, seeds: Sequence[Run], looks: Mapping) -> None:
    theirs = RESULTS[name]
    for machine, there in by_machine(seeds).items():
        ours = fit_seconds(there)
        axes.plot((ours, theirs.fit_seconds), (y, y), color=SENTINEL, alpha=0.3, linewidth=1)
        marker, colour = looks[machine]
        axes.plot(ours, y, marker, color=colour, label=f"here, {words.processor(machine)}")
    axes.plot(theirs.fit_seconds, y, "D", color=VERMILLION, fillstyle="none", label="write-up")
    if theirs.note:
        place = {"xytext": (0, 7), "textcoords": "offset points", "ha": "center"}
        axes.annotate("asleep", (theirs.fit_seconds, y), fontsize=9, **place)


def _said(name: str, seeds: tuple[Run, ...]) -> str:
    theirs = RESULTS[name]
    said = f"write-up {theirs.fit_seconds:,.0f} s{' (' + theirs.note + ')' if theirs.note else ''}"
    if not seeds:
        return f"{words.experiment(CATALOGUE[name])}: not recorded; {said}."
    ours = (
        f"{fit_seconds(there):,.0f} s on {words.processor(machine)}"
        for machine, there in by_machine(seeds).items()
    )
    return f"{title(seeds)}: {', '.join(ours)}; {said}."
