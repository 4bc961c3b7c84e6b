"""Tables of searches: what was searched, what was found, what it cost."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from . import importance as learned
from . import words
from .ablation import gains
from .architectures import architecture
from .comparison import half_interval
from .datasets import SOURCES
from .experiments import get
from .provenance import as_seeds
from .provenance import describe as describe_runs
from .runs import Run
from .searched import comparable, describe, epochs_to, label, settings, title, value
from .source_line import Source, joined
from .speedrun import SpeedRun
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
        "held-out accuracy": [f"{trial.accuracy:.4f}" for trial in best],
        "epochs done": [value(trial.epochs_done) for trial in best],
        **{
            label(name): [value(trial.values[name]) for trial in best]
            for name in settings(sweep.space)
        },
    }
    columns = [f"{place}." for place in range(1, len(best) + 1)]
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("Setting")
    which = f"The {len(best)} best" if len(best) > 1 else "The best"
    which += f" of {len(sweep.trials)} trials"
    if len(best) == len(sweep.trials) > 1:
        which = f"All {len(best)} trials, the best first,"
    caption = (
        f"{which} of the search {sweep.space.name}, with the settings that were chosen. All other"
        " settings are the same in all trials."
    )
    return Table(frame, caption, describe(sweep))


def importance(sweep: Sweep, epoch: int | None = None) -> Table:
    """How much each setting mattered, and what it was in the best and in the worst trials.

        importance(cnn.sweep.load("lenet5"))   ->  a row a setting, the most important first

    The best and the worst third of the trials are those after `epoch`. Of numbers the median is
    shown, of categories the most frequent one. See `importance.of`, whose errors these are too.
    """
    found = learned.of(sweep, epoch)
    ranked = sorted(
        (trial for trial in sweep.trials if trial.epochs_done >= found.epoch),
        key=lambda trial: -trial.history.val_accuracy[found.epoch - 1],
    )
    third = max(1, len(ranked) // 3)
    rows = {
        label(name): {
            "Importance": fall,
            "±": found.spread[name],
            "Best third": _typical([trial.values[name] for trial in ranked[:third]]),
            "Worst third": _typical([trial.values[name] for trial in ranked[-third:]]),
        }
        for name, fall in found.settings.items()
    }
    caption = (
        f"How much each setting mattered for the trials' order after epoch {found.epoch}: by how"
        " much a forest's R² falls when the setting is shuffled, ± one standard deviation of the"
        f" shuffles; unshuffled, R² is {found.r2:.2f}. Then what the setting was in the {third}"
        f" best and in the {third} worst trials: of numbers the median, of categories the most"
        " frequent."
    )
    frame = pd.DataFrame.from_dict(rows, orient="index").rename_axis("Setting")
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

    They may have had other epochs than the search meant. Raises `ValueError` if the runs are not
    seeds of one experiment, or not the winner's; so for any runs if the search keeps no winner.
    """
    seeds = as_seeds(runs)
    trained, found = seeds[0].experiment, sweep.winner
    if not found or trained != get(found, seed=trained.seed, epochs=trained.recipe.epochs):
        raise ValueError(
            f"`runs` must be of the winner of {sweep.space.name}. Received: {trained.slug}"
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
            "Epochs": [sweep.best.epochs_done, seeds[0].epochs_done],
            "Trainings": [1, len(seeds)],
            "Accuracy": [sweep.best.accuracy, tested.mean()],
            "±": [np.nan, float(half_interval(tested)) if len(seeds) > 1 else np.nan],
        },
        index=pd.Index(["in the search", "afterwards"], name="When"),
    )
    sizes = sweep.space.image_size, trained.image_size
    if sizes[0]:
        frame.insert(1, "Image", [words.shape((size, size)) for size in sizes])
    caption = (
        f"The winner of the search {sweep.space.name}, on the images by which it was chosen, and on"
        " those that had no part in it."
    )
    return Table(frame, caption, joined([describe(sweep), describe_runs(seeds)]))


def ablation(way: Mapping[str, Sequence[Run]]) -> Table:
    """From the write-up's recipe to a found one: what each step brings.

        ablation({title: runs.of(each) for title, each in steps("lenet5-refined").items()})
                                                                              ->  4 rows

    Raises `ValueError` if a step has no run, or runs of several experiments.
    """
    seeds = {title: as_seeds(each) for title, each in way.items()}
    brought = gains(seeds)
    rows = {}
    for step, each in seeds.items():
        gain = brought.get(step)
        rows[step] = {
            "Seeds × epochs": f"{len(each)} × {min(run.epochs_done for run in each)}",
            "Accuracy": float(np.mean([run.test.accuracy for run in each])),
            "Gain": gain.mean if gain else np.nan,
            "From": gain.low if gain else np.nan,
            "To": gain.high if gain else np.nan,
            "That is": gain.verdict if gain else None,
        }
    caption = (
        "One part of the recipe at a time: the mean accuracy of the seeds on the test images, what"
        " the step adds to it, and the ends of the gain's 95\N{NO-BREAK SPACE}% interval; the"
        " verdicts are taken together."
    )
    frame = pd.DataFrame.from_dict(rows, orient="index").rename_axis("Step")
    return Table(frame, caption, describe_runs([run for each in seeds.values() for run in each]))


def laps(result: SpeedRun) -> Table:
    """A speed run, a row a training, and the mean of all.

    laps(cnn.speedrun.load("lenet5"))   ->  5 seeds and their mean
    """
    experiment, epochs = result.experiment, result.experiment.recipe.epochs
    pairs = [(lap.accuracy, lap.seconds) for lap in result.laps]
    rows = {f"{lap.seed}": pair for lap, pair in zip(result.laps, pairs, strict=True)}
    rows["mean"] = tuple(np.mean(pairs, axis=0))
    if len(pairs) > 1:
        rows["±"] = tuple(half_interval(np.array(pairs)))
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=["Accuracy", "Time (s)"])
    caption = (
        f"{architecture(experiment.model).title} from fresh weights to its answers on the test"
        f" images, {epochs} epoch{'s' * (epochs > 1)}; ±: half the mean's 95\N{NO-BREAK SPACE}%"
        f" interval. The accuracy to reach is the write-up's best, {result.target}."
    )
    source = " · ".join(
        [
            f"speed run {experiment.model}",
            SOURCES[experiment.dataset].title,
            result.precision,
            f"keras {result.versions['keras']}",
            f"{result.processor}, {result.cores} core{'s' * (result.cores > 1)}",
            result.finished.date().isoformat(),
        ]
    )
    source = Source(source, (f"speedruns/{experiment.model}",))
    return Table(frame.rename_axis("Seed"), caption, source)


def _typical(values: Sequence[Any]) -> str:
    if all(isinstance(each, int | float) and not isinstance(each, bool) for each in values):
        return value(float(np.median(values)))
    (most, _), *_ = Counter(values).most_common(1)
    return value(most)


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
    size = searched.image_size
    smaller = f" Its images are reduced to {words.shape((size, size))} pixels." if size else ""
    return (
        f"What the search {searched.name} chooses from, for {words.amid(name)}: {count} trials,"
        f" {searched.search}.{stopped}{smaller} {words.share(searched.held_out)} of the training"
        f" images are held out to judge by, {words.share(searched.train_share)} of the others are"
        " trained on."
    )
