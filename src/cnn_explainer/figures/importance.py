"""How much each setting of a search mattered."""

import numpy as np

from .. import importance as learned
from ..searched import describe, label
from ..sweep import Sweep
from .figure import Figure
from .plot import canvas
from .svg import BLUE


def importance(sweep: Sweep, epoch: int | None = None) -> Figure:
    """By how much a forest knows less about the trials' ranks without each setting: a bar each.

        importance(cnn.sweep.load("lenet5"))   ->  the most important setting at the top

    The caption has the forest's R²: below `importance.MEANING` the bars mean little, and it says
    so. See `importance.of`, whose errors these are too.
    """
    found = learned.of(sweep, epoch)
    values, spread = [*found.settings.values()], [*found.spread.values()]
    rows = np.arange(len(values))
    with canvas(430, 30 * len(rows) + 70) as made:
        axes = made.plot.add_subplot(xlabel="Fall of R² when the setting is shuffled")
        # Pale where they mean little.
        alpha = 1 if found.meaningful else 0.4
        bars = {"color": BLUE, "alpha": alpha, "height": 0.6}
        axes.barh(rows, values, xerr=spread, ecolor="#808080", capsize=3, **bars)
        axes.set_yticks(rows, [label(name) for name in found.settings])
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="y", visible=False)
    return Figure((made.panel,), _alt(found), _caption(found), describe(sweep))


def _caption(found: learned.Importance) -> str:
    verdict = " That is so little that the bars say hardly anything." * (not found.meaningful)
    return (
        f"How much each setting mattered for the order of the {found.trials} trials after epoch"
        f" {found.epoch}, learned by a random forest. Whiskers: one standard deviation of the"
        " shuffles. In trials that it has not seen, the forest's R² is"
        f" {_number(found.r2)}.{verdict}"
    )


def _alt(found: learned.Importance) -> str:
    each = ", ".join(f"{label(name)} {_number(fall)}" for name, fall in found.settings.items())
    weak = "" if found.meaningful else " That is too little to trust the importances."
    return (
        f"Importance of each setting for the order of {found.trials} trials after epoch"
        f" {found.epoch}: {each}. The forest's R² is {_number(found.r2)}.{weak}"
    )


def _number(value: float) -> str:
    # Rounded first, and 0 added: there is no −0.00.
    return f"{round(value, 2) + 0:.2f}".replace("-", "−")
