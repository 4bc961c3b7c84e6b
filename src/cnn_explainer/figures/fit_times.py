"""How long each training took, and how long the write-up's did."""

from collections.abc import Iterable

import numpy as np

from .. import words
from ..experiments import CATALOGUE
from ..provenance import by_experiment, describe
from ..published import RESULTS
from ..runs import Run
from .figure import Figure
from .plot import SENTINEL, canvas
from .rows import label_rows, remark
from .svg import BLUE, VERMILLION

TICKS = {60: "1 min", 600: "10 min", 3600: "1 h", 36_000: "10 h"}


def fit_times(runs: Iterable[Run]) -> Figure:
    """The seconds of training and validation, on a logarithmic axis, a row an experiment.

    fit_times(runs.catalogued())   ->  10 rows: the mean of the seeds, and the write-up's
    """
    runs = tuple(runs)
    groups = by_experiment(runs)
    with canvas(440, 420) as made:
        axes = made.plot.add_subplot(xlabel="Fit time", xscale="log")
        for y, (name, seeds) in enumerate(groups.items()):
            theirs = RESULTS[name]
            axes.plot(
                theirs.fit_seconds, y, "D", color=VERMILLION, fillstyle="none",
                label="write-up" if y == 0 else None,
            )  # fmt: skip
            if theirs.note:
                axes.annotate(
                    "asleep", (theirs.fit_seconds, y), (0, 7), textcoords="offset points",
                    ha="center", fontsize=9,
                )  # fmt: skip
            if seeds:
                ours = _fit(seeds)
                axes.plot((ours, theirs.fit_seconds), (y, y), color=SENTINEL, alpha=0.3, lw=1)
                axes.plot(ours, y, "o", color=BLUE)
        axes.plot([], [], "o", color=BLUE, label="here")
        axes.set_xticks([*TICKS], [*TICKS.values()])
        axes.set_xticks([], minor=True)
        label_rows(axes, groups)
        made.plot.legend(loc="outside lower center", ncols=2)
    caption = (
        "Fit time: training and validation, in the mean of the seeds; the axis is logarithmic, so"
        " that equal steps are equal factors. A machine that sleeps lengthens the write-up's fit"
        " times, not ours: our clock stands still meanwhile. Other work on the machine lengthens"
        " both."
    )
    alt = "Fit times. " + " ".join(_said(name, seeds) for name, seeds in groups.items())
    return Figure((made.panel,), alt, caption, describe(runs) if runs else "")


def _fit(seeds: Iterable[Run]) -> float:
    return float(np.mean([run.fit_seconds for run in seeds]))


def _said(name: str, seeds: tuple[Run, ...]) -> str:
    theirs = RESULTS[name]
    note = f", where {theirs.note}" if theirs.note else ""
    only = f" ({remark(seeds)})" if remark(seeds) else ""
    ours = f"{_fit(seeds):,.0f} s{only}" if seeds else "not recorded"
    title = words.experiment(CATALOGUE[name])
    return f"{title}: {ours}; write-up {theirs.fit_seconds:,.0f} s{note}."
