"""Tables of searches: what was searched, what was found, what it cost."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from . import words
from .architectures import architecture
from .comparison import half_interval
from .provenance import as_seeds
from .provenance import describe as describe_runs
from .runs import Run
from .searched import comparable, describe, epochs_to, label, settings, title, value
from .source_line import joined
from .sweep import Space, Sweep
from .sweep.space import Range
from .tables import Table


def space(searched: Space) -> Table:
    """What a search could choose from, setting by setting.

        space(cnn.sweep.load("lenet5").space)   ->  "learning rate": 0.001 to 0.1, log-uniform

    What is not named stays as in the write-up's recipe.
    """
    frame = pd.DataFrame(
        {
            label(name): dict(zip(("From", "How"), _choice(choice), strict=True))
            for name, choice in searched.chosen.items()
        }
    ).T.rename_axis("Setting")
    return Table(frame, f"{_how(searched)} Log-uniform: every order of magnitude is as likely.")


def trials(sweep: Sweep, count: int = 5) -> Table:
    """The best trials and their settings, a column a trial.

        trials(cnn.sweep.load("lenet5"))   ->  5 columns, the best first

    Those alone that were trained to their end, as `Sweep.best`; those that were stopped, if all
    were.
    """
    alike = [trial for trial in sweep.trials if trial.end == sweep.best.end]
    best = sorted(alike, key=lambda trial: -trial.accuracy)[:count]
    rows = {
        "accuracy on the images held out": [f"{trial.accuracy:.4f}" for trial in best],
        "epochs done": [value(trial.epochs_done) for trial in best],
        **{
            label(name): [value(trial.values[name]) for trial in best]
            for name in settings(sweep.space)
        },
    }
    columns = [f"{place}." for place in range(1, len(best) + 1)]
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("Setting")
    caption = (
        f"The {len(best)} best of {len(sweep.trials)} trials, and their settings. All other"
        " settings are the same in all of them."
    )
    return Table(frame, caption, describe(sweep))


def searches(sweeps: Iterable[Sweep]) -> Table:
    """Searches beside each other: what each spent, and what it found.

        searches([grid, random, halving])   ->  3 rows

    Raises `ValueError` for searches whose accuracies cannot be compared.
    """
    sweeps = comparable(sweeps)
    level = min(sweep.best.accuracy for sweep in sweeps)
    rows = {
        sweep.space.name: {
            "Search": title(sweep.space),
            "Trials": len(sweep.trials),
            "Epochs trained": sweep.epochs,
            "Best accuracy": sweep.best.accuracy,
            "Found after (epochs)": epochs_to(sweep, sweep.best.accuracy),
            f"{level:.4f} after (epochs)": epochs_to(sweep, level),
        }
        for sweep in sweeps
    }
    caption = (
        "What searches spent, in epochs trained in all trials together, and the best accuracy on"
        " the images held out. The last column: when each first had what all of them reach."
    )
    frame = pd.DataFrame.from_dict(rows, orient="index").rename_axis("Name")
    return Table(frame, caption, describe(sweeps))


def winner(sweep: Sweep, runs: Run | Sequence[Run]) -> Table:
    """A search's best trial, and its settings trained once more on all training images.

        winner(cnn.sweep.load("lenet5"), cnn.runs.of("lenet5-tuned"))   ->  2 rows

    Raises `ValueError` if the runs are not seeds of one experiment, or not the winner's.
    """
    seeds = as_seeds(runs)
    settled = sweep.winner.model_copy(update={"seed": seeds[0].experiment.seed})
    if seeds[0].experiment != settled:
        raise ValueError(
            f"`runs` must be of the winner of {sweep.space.name}. Received:"
            f" {seeds[0].experiment.slug}"
        )
    tested = np.array([run.test.accuracy for run in seeds])
    part = sweep.space.held_out
    frame = pd.DataFrame(
        {
            "Trained on": [
                words.share(sweep.space.train_share * (1 - part)),
                "100\N{NO-BREAK SPACE}%",
            ],
            "Judged on": ["images held out", "test images"],
            "Trainings": [1, len(seeds)],
            "Accuracy": [sweep.best.accuracy, tested.mean()],
            "±": [np.nan, float(half_interval(tested)) if len(seeds) > 1 else np.nan],
        },
        index=pd.Index(["in the search", "afterwards"], name="When"),
    )
    caption = (
        "The winner of the search, on the images by which it was chosen, and on those that had no"
        " part in it."
    )
    return Table(frame, caption, joined([describe(sweep), describe_runs(seeds)]))


def _choice(choice: Any) -> tuple[str, str]:
    if isinstance(choice, Range):
        low, high = choice.ends
        return f"{value(low)} to {value(high)}", "log-uniform" if choice.logarithmic else "uniform"
    if isinstance(choice, tuple) and len(choice) > 1:
        return ", ".join(map(value, choice)), "one of these"
    return value(choice[0] if isinstance(choice, tuple) else choice), "always"


def _how(searched: Space) -> str:
    """The search in sentences."""
    count = searched.combinations if searched.search == "grid" else searched.trials
    name, stopping = architecture(searched.model).title, searched.early_stopping
    stopped = (
        f" After epoch {stopping.grace}, and each time after {stopping.factor} times as many, only"
        f" the best of {stopping.factor} go on."
        if stopping
        else ""
    )
    return (
        f"What the search {searched.name} chooses from, for {words.amid(name)}: {count} trials,"
        f" {searched.search}.{stopped} {words.share(searched.held_out)} of the training images are"
        f" held out to judge by, {words.share(searched.train_share)} of the others are trained on."
    )
