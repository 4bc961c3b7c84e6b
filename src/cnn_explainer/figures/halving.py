"""The learning curves of a search that stops trials early: who was let go on, and when."""

from collections.abc import Sequence

from matplotlib.axes import Axes

from ..searched import ENDS, describe
from ..sweep import Sweep
from ..sweep.record import Trial
from .figure import Figure
from .plot import SENTINEL, canvas
from .rows import legend_once
from .svg import BLUE, VERMILLION


def halving(sweep: Sweep) -> Figure:
    """The accuracy on the images held out, epoch by epoch, of all trials; a cross where one was
    stopped.

        halving(cnn.sweep.load("lenet5"))   ->  60 curves, of which few come to the right edge

    Dotted lines are at the epochs after which the search chooses, and the numbers at their top say
    how many trials went on.

    Raises `ValueError` if the search stopped no trial early because it was not asked to.
    """
    if sweep.space.early_stopping is None:
        raise ValueError(
            "`sweep` must be a search with early stopping. Received: one without,"
            f" {sweep.space.name}"
        )
    rungs = _rungs(sweep)
    with canvas(430, 340) as made:
        axes = made.plot.add_subplot(xlabel="Epoch", ylabel="Accuracy (share of images held out)")
        # The best lie on top.
        for trial in sorted(
            sweep.trials, key=lambda trial: (trial.end == "finished", trial.accuracy)
        ):
            if trial.history:
                _draw(axes, trial, best=trial is sweep.best)
        for rung, count in rungs.items():
            axes.axvline(rung, color=SENTINEL, linestyle=":", linewidth=1, alpha=0.6)
            axes.annotate(
                *(f"{count} go on", (rung, 1), (3, 2)),
                xycoords=("data", "axes fraction"),
                textcoords="offset points",
                fontsize=9,
            )
        axes.set_xlim(0.5, sweep.space.longest + 0.5)
        axes.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
        made.plot.legend(**legend_once(axes), loc="outside lower center", ncols=3, handlelength=2.4)
    return Figure((made.panel,), _alt(sweep, rungs), _caption(rungs), describe(sweep))


def _rungs(sweep: Sweep) -> dict[int, int]:
    """After which epochs the search chooses, and how many trials it let go on."""
    stopping, longest = sweep.space.early_stopping, sweep.space.longest
    rungs, epoch = {}, stopping.grace
    while epoch < longest:
        rungs[epoch] = sum(trial.epochs_done > epoch for trial in sweep.trials)
        epoch *= stopping.factor
    return rungs


def _draw(axes: Axes, trial: Trial, *, best: bool) -> None:
    values = trial.history.val_accuracy
    epochs = range(1, len(values) + 1)
    if trial.end == "finished":
        name = "the best" if best else ENDS["finished"]
        axes.plot(epochs, values, color=BLUE, linewidth=3.2 if best else 1.2, label=name)
        return
    axes.plot(epochs, values, color=SENTINEL, linewidth=0.8, alpha=0.45)
    mark = "x" if trial.end == "stopped" else "D"
    axes.plot(
        *(epochs[-1], values[-1], mark),
        color=VERMILLION,
        markersize=5,
        markeredgewidth=1.5,
        fillstyle="none",
        label=ENDS[trial.end],
    )


def _caption(rungs: dict[int, int]) -> str:
    return (
        "Learning curves of all trials, on the images held out. Cross: stopped early. Dotted: the"
        f" epochs after which the search chooses ({', '.join(map(str, rungs))}), with the number"
        " of trials that went on."
    )


def _alt(sweep: Sweep, rungs: dict[int, int]) -> str:
    went: Sequence[str] = [f"{count} went on after epoch {rung}" for rung, count in rungs.items()]
    finished = sum(trial.end == "finished" for trial in sweep.trials)
    best = sweep.best
    return (
        f"Learning curves of {len(sweep.trials)} trials. Of them {', '.join(went)};"
        f" {finished} were trained to their end. The best is right on {best.accuracy:.3f} of the"
        f" images held out after {best.epochs_done} epochs."
    )
