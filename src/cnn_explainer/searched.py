"""What figures and tables of searches share: what was searched, its names, what was spent."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from .datasets import SOURCES
from .provenance import once
from .source_line import Source
from .sweep import Space, Sweep
from .sweep.space import Range

ENDS = {
    "finished": "trained to the end",
    "stopped": "stopped early",
    "diverged": "diverged",
    "failed": "failed",
}
"""How a trial can end, in words."""


def settings(space: Space) -> dict[str, tuple | Range]:
    """What could be chosen: the settings of which there was more than one value, in their order in
    a recipe.

    settings(load("lenet5").space)   ->  {"optimizer": ("sgd", "adam"), "learning_rate": Range(…)}
    """
    return {
        name: each
        for name, each in space.chosen.items()
        if isinstance(each, Range) or (isinstance(each, tuple) and len(each) > 1)
    }


def label(setting: str) -> str:
    """A setting's name as one reads it: `learning rate`."""
    return setting.replace("_", " ")


def value(chosen: Any) -> str:
    """A setting's value as one reads it: `0.0123`, `yes`."""
    match chosen:
        case None:
            return "as it was"
        case bool():
            return "yes" if chosen else "no"
        case float():
            return f"{chosen:.3g}"
        case int():
            return f"{chosen:,}"
    return label(str(chosen))


def told(values: dict[str, Any], names: Iterable[str]) -> str:
    """Some settings of a trial: `optimizer sgd, learning rate 0.0123`."""
    return ", ".join(f"{label(name)} {value(values[name])}" for name in names)


def title(space: Space) -> str:
    """How a search goes about it: `random, early stopping`."""
    return space.search + (", early stopping" if space.early_stopping else "")


def progress(sweep: Sweep) -> tuple[np.ndarray, np.ndarray]:
    """After each trial: the epochs that were trained up to then, in all trials, and the best
    accuracy so far; NaN as long as no trial was trained to its end.

    The trials count in the order in which they were drawn, as if one followed the other.

    **Output shape**: `(trials,)` both.
    """
    # As in `Sweep.best`: a stopped trial is no candidate, unless there is nothing else.
    ended = any(trial.end == "finished" for trial in sweep.trials)
    accuracies = [
        trial.accuracy if trial.end == "finished" or not ended else np.nan for trial in sweep.trials
    ]
    spent = np.cumsum([trial.epochs_done for trial in sweep.trials])
    return spent, np.fmax.accumulate(accuracies)


def epochs_to(sweep: Sweep, accuracy: float) -> int | None:
    """The epochs that the search had spent when it first had a trial of this accuracy."""
    spent, best = progress(sweep)
    there = np.flatnonzero(best >= accuracy)
    return int(spent[there[0]]) if len(there) else None


def comparable(sweeps: Sweep | Iterable[Sweep]) -> tuple[Sweep, ...]:
    """Searches whose accuracies mean the same: of one network, on the same images.

    Raises `ValueError` for others, and if there is none.
    """
    several = (sweeps,) if isinstance(sweeps, Sweep) else tuple(sweeps)
    if not several or not all(isinstance(each, Sweep) for each in several):
        raise ValueError(f"`sweeps` must be a Sweep or several of them. Received: {sweeps!r}")
    judged = ("model", "image_size", "train_share", "held_out")
    if len({tuple(getattr(each.space, name) for name in judged) for each in several}) > 1:
        names = ", ".join(each.space.name for each in several)
        raise ValueError(
            f"`sweeps` must be of one network, with the same images held out. Received: {names}"
        )
    return several


def describe(sweeps: Sweep | Sequence[Sweep]) -> Source:
    """Searches, seeds, data, versions, processor and date, in one line.

    describe(sweep)  ->  "search lenet5, seed 42 · CIFAR-10 · keras 3.15.0, ray 2.60.0
                          · AMD EPYC, 2 cores · 2026-11-25"
    """
    sweeps = comparable(sweeps)
    names = ", ".join(each.space.name for each in sweeps)
    seeds = once(str(each.space.seed) for each in sweeps)
    data = SOURCES[sweeps[0].space.experiment({}).dataset].title
    days = sorted({each.finished.date().isoformat() for each in sweeps})
    line = " · ".join(
        [
            f"search{'es' * (len(sweeps) > 1)} {names}, seed{'s' * (len(seeds) > 1)}"
            f" {', '.join(seeds)}",
            data,
            ", ".join(once(f"{n} {each.versions[n]}" for each in sweeps for n in ("keras", "ray"))),
            " and ".join(once(_machine(each) for each in sweeps)),
            days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}",
        ]
    )
    return Source(line, (f"sweeps/{each.space.name}" for each in sweeps))


def _machine(sweep: Sweep) -> str:
    several = f"{sweep.nodes} machines, " if sweep.nodes > 1 else ""
    return f"{sweep.processor}, {several}{sweep.cores} core{'s' * (sweep.cores > 1)}"
