"""How much each setting of a search mattered, learned from its trials."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import rankdata
from sklearn.ensemble import RandomForestRegressor
from sklearn.inspection import permutation_importance
from sklearn.metrics import r2_score

from .searched import settings
from .sweep import Sweep
from .sweep.record import Trial
from .sweep.space import Range

TREES, SHUFFLES = 300, 10
FEWEST = 10
"""Trials: of fewer a forest learns nothing."""
MEANING = 0.2
"""From this R² on, importances mean something. Of 16 trials and more in which nothing matters, a
forest reaches it less than once in twenty times."""


@dataclass(frozen=True)
class Importance:
    """What a forest of regression trees has learned from a search's trials."""

    settings: dict[str, float]
    """By how much the forest's R² falls when this setting is shuffled among the trials, the most
    important first. About 0: it does not matter, or the forest has not found out how."""
    spread: dict[str, float]
    """The standard deviation of that over the shuffles."""
    r2: float
    """How much of the ranks' variance the forest predicts in trials that a tree has not seen: 1 is
    all, 0 is no better than always to say their mean, and below 0 is worse."""
    epoch: int
    """After which the trials were compared."""
    trials: int
    """That were compared."""

    @property
    def meaningful(self) -> bool:
        """Whether the forest knows enough for its importances to mean something."""
        return self.r2 >= MEANING


def of(sweep: Sweep, epoch: int | None = None, *, seed: int = 0) -> Importance:
    """How much each setting mattered for the accuracy on the images held out.

        of(sweep)             ->  after the last epoch that every trial has
        of(sweep, epoch=18)   ->  among the trials alone that came so far

    A forest of regression trees learns to tell a trial's rank from its settings. Then the values of
    one setting are shuffled among the trials, and the forest is asked again: the worse it does, the
    more it needs that setting. Each tree is asked about those trials alone that it has not learned
    from, the ones *out of its bag*.

    It learns ranks and not accuracies, as one trial that diverged is so far below the others that
    it alone would make most of their variance. Such a trial is the last; one that failed before the
    epoch has no rank.

    All trials are compared after the same epoch. Their last epochs would not do: a trial that was
    stopped after two has a lower accuracy for that reason alone, and the forest would learn whom
    the search let go on. So what is seen is what matters for a good start. A later `epoch` leaves
    out the worse trials, and with them what made them worse.

    Raises `ValueError` for an epoch that fewer than 10 trials have, and for a search of one setting
    value each.

    Source: Breiman (2001), section 10. Hutter et al. (2014) split a forest's variance instead,
    which also finds settings that matter together.
    """
    searched = settings(sweep.space)
    if not searched:
        raise ValueError("`sweep` must have a setting of more than one value. Received: none")
    last = _last_common_epoch(sweep)
    epoch = last if epoch is None else epoch
    trials = [trial for trial in sweep.trials if _counts(trial, epoch)]
    if epoch < 1 or len(trials) < FEWEST:
        raise ValueError(
            f"`epoch` must be one that at least {FEWEST} trials have, such as {last}. Received:"
            f" {epoch}, which {len(trials)} have"
        )
    x = np.array([_numbers(searched, trial) for trial in trials], np.float32)
    y = rankdata([_accuracy(trial, epoch) for trial in trials])
    forest = RandomForestRegressor(TREES, random_state=seed).fit(x, y)
    # (trees, trials): whether the tree has not learned from the trial.
    unseen = np.array([~np.isin(np.arange(len(y)), drawn) for drawn in forest.estimators_samples_])

    def r2(_, x: np.ndarray, y: np.ndarray) -> float:
        said = [tree.predict(x, check_input=False) for tree in forest.estimators_]
        return r2_score(y, np.average(said, axis=0, weights=unseen))

    found = permutation_importance(forest, x, y, scoring=r2, n_repeats=SHUFFLES, random_state=seed)
    order = np.argsort(-found.importances_mean, kind="stable")
    names = [*searched]
    return Importance(
        settings={names[i]: float(found.importances_mean[i]) for i in order},
        spread={names[i]: float(found.importances_std[i]) for i in order},
        r2=r2(forest, x, y),
        epoch=epoch,
        trials=len(trials),
    )


def _last_common_epoch(sweep: Sweep) -> int:
    """That all trials have but those that ended for a reason of their own."""
    done = [t.epochs_done for t in sweep.trials if t.end in ("finished", "stopped")]
    return min(done, default=0)


def _counts(trial: Trial, epoch: int) -> bool:
    return trial.epochs_done >= epoch or trial.end == "diverged"


def _accuracy(trial: Trial, epoch: int) -> float:
    return trial.history.val_accuracy[epoch - 1] if trial.epochs_done >= epoch else 0.0


def _numbers(searched: dict[str, tuple | Range], trial: Trial) -> list[float]:
    """A trial's settings as a tree has them, which only asks what is above and what is below.

    Categories are counted, and not made into a column each: so a setting is shuffled whole, and a
    tree can still part any of them from the others, in two steps.
    """
    return [_number(choice, trial.values[name]) for name, choice in searched.items()]


def _number(choice: tuple | Range, value: Any) -> float:
    if isinstance(choice, Range) and choice.logarithmic:
        return float(np.log(value))
    if isinstance(choice, Range) or all(isinstance(each, int | float) for each in choice):
        return float(value)
    return float(choice.index(value))
