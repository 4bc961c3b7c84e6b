"""Where the numbers of a figure or a table come from, in one line."""

from collections.abc import Iterable, Sequence

from . import words
from .datasets import SOURCES
from .experiments import CATALOGUE
from .runs import Run


def describe(runs: Run | Sequence[Run]) -> str:
    """Runs, seeds, epochs, precision, data, versions, processor and date, in one line.

        describe(run)  ->  "lenet5-plain, seed 42, 50 of 50 epochs, float32
                            · CIFAR-10, a copy re-encoded as JPEG · tensorflow 2.21.0, keras 3.15.0
                            · AMD EPYC · 2026-11-24"

    What several runs have in common is said once.
    """
    runs = as_runs(runs)
    made = [run.provenance for run in runs]
    days = sorted({p.finished.date().isoformat() for p in made})
    return " · ".join(
        [
            "; ".join(_trained(title, alike) for title, alike in _by_title(runs).items()),
            " and ".join(_once(map(_data, runs))),
            ", ".join(_once(v for p in made for v in (p.backend, f"keras {p.keras}"))),
            " and ".join(_once(p.processor for p in made)),
            days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}",
        ]
    )


def as_runs(runs: Run | Sequence[Run]) -> tuple[Run, ...]:
    """One run or several, as several. Raises `ValueError` if there is none."""
    several = (runs,) if isinstance(runs, Run) else tuple(runs)
    if not several or not all(isinstance(run, Run) for run in several):
        raise ValueError(f"`runs` must be a Run or a sequence of them. Received: {runs!r}")
    return several


def as_seeds(runs: Run | Sequence[Run]) -> tuple[Run, ...]:
    """Runs that differ in the seed alone, by seed. Raises `ValueError` for others."""
    several = as_runs(runs)
    if len({run.experiment.model_copy(update={"seed": 0}) for run in several}) > 1:
        names = ", ".join(run.experiment.slug for run in several)
        raise ValueError(f"`runs` must be seeds of one experiment. Received: {names}")
    seeds = [run.experiment.seed for run in several]
    if len(set(seeds)) < len(seeds):
        raise ValueError(f"`runs` must have different seeds. Received: {seeds}")
    return tuple(sorted(several, key=lambda run: run.experiment.seed))


def by_experiment(runs: Iterable[Run]) -> dict[str, tuple[Run, ...]]:
    """The catalogue's names, and of each the seeds among these runs; of some perhaps none.

    Raises `ValueError` if two runs of one name differ in more than their seed.
    """
    runs = tuple(runs)
    found = {name: [run for run in runs if run.experiment.name == name] for name in CATALOGUE}
    return {name: as_seeds(seeds) if seeds else () for name, seeds in found.items()}


def epochs(run: Run) -> str:
    """How long it was trained: `50 of 50 epochs`, or `only 25 of 50 epochs`."""
    only = "" if run.complete else "only "
    return f"{only}{run.epochs_done} of {run.experiment.recipe.epochs} epochs"


def _data(run: Run) -> str:
    return f"{SOURCES[run.experiment.dataset].title}, {run.provenance.dataset_origin}"


def _by_title(runs: Iterable[Run]) -> dict[str, list[Run]]:
    titles: dict[str, list[Run]] = {}
    for run in runs:
        title = ", ".join([run.experiment.name, *words.changes(run.experiment)])
        titles.setdefault(title, []).append(run)
    return titles


def _trained(title: str, runs: Sequence[Run]) -> str:
    seeds = [str(run.experiment.seed) for run in runs]
    precision = _once(run.provenance.precision for run in runs)
    counted = f"seed {seeds[0]}" if len(seeds) == 1 else f"seeds {', '.join(seeds)}"
    return (
        f"{title}, {counted}, {' and '.join(_once(map(epochs, runs)))}, {' and '.join(precision)}"
    )


def _once(items: Iterable[str]) -> list[str]:
    """Each item once, in the order of its first appearance."""
    return list(dict.fromkeys(items))
