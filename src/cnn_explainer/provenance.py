"""Where the numbers of a figure or a table come from, in one line."""

from collections.abc import Iterable, Sequence

from . import words
from .datasets import SOURCES
from .experiments import CATALOGUE
from .runs import Run
from .source_line import Source


def describe(runs: Run | Sequence[Run]) -> Source:
    """Runs, seeds, epochs, precision, data, versions, processor and date, in one line.

        describe(run)  ->  "lenet5-plain, seed 42, 50 of 50 epochs, float32
                            · CIFAR-10, a copy re-encoded as JPEG · tensorflow 2.21.0, keras 3.15.0
                            · AMD EPYC · 2026-11-24"

    What several runs have in common is said once; experiments that were trained alike stand
    together.
    """
    runs = as_runs(runs)
    made = [run.provenance for run in runs]
    days = sorted({p.finished.date().isoformat() for p in made})
    line = " · ".join(
        [
            "; ".join(f"{', '.join(titles)}, {how}" for how, titles in _trained(runs).items()),
            " and ".join(once(map(_data, runs))),
            ", ".join(once(v for p in made for v in (p.backend, f"keras {p.keras}"))),
            " and ".join(once(p.processor for p in made)),
            days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}",
        ]
    )
    return Source(line, (run.experiment.slug for run in runs))


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


def quickest(seeds: Sequence[Run]) -> Run:
    """Of those with the most epochs, the one that was trained in the least time: other work on a
    machine only lengthens it.
    """
    return min(seeds, key=lambda run: (-run.epochs_done, run.fit_seconds))


def by_machine(runs: Iterable[Run]) -> dict[str, tuple[Run, ...]]:
    """The processors or accelerators that trained them, that of the most experiments first."""
    found: dict[str, list[Run]] = {}
    for run in runs:
        found.setdefault(run.provenance.processor, []).append(run)
    names = {name: len({run.experiment.name for run in there}) for name, there in found.items()}
    return {name: tuple(found[name]) for name in sorted(found, key=names.get, reverse=True)}


def epochs(run: Run) -> str:
    """How long it was trained: `50 of 50 epochs`, or `only 25 of 50 epochs`."""
    only = "" if run.complete else "only "
    return f"{only}{run.epochs_done} of {run.experiment.recipe.epochs} epochs"


def shortfall(runs: Iterable[Run]) -> str:
    """`only 25 of 50 epochs`, `only 25 to 31 of 50 epochs`; nothing if all epochs were trained."""
    done: dict[int, list[int]] = {}
    for run in runs:
        if not run.complete:
            done.setdefault(run.experiment.recipe.epochs, []).append(run.epochs_done)
    ranges = {asked: once(map(str, (min(some), max(some)))) for asked, some in done.items()}
    return " and ".join(f"only {' to '.join(r)} of {asked} epochs" for asked, r in ranges.items())


def title(seeds: Sequence[Run]) -> str:
    """What seeds of one experiment are called: `VGG16 (plain, only 25 of 50 epochs)`."""
    return words.experiment(seeds[0].experiment, *filter(None, [shortfall(seeds)]))


def once(items: Iterable[str]) -> list[str]:
    """Each item once, in the order of its first appearance."""
    return list(dict.fromkeys(items))


def _data(run: Run) -> str:
    return f"{SOURCES[run.experiment.dataset].title}, {run.provenance.dataset_origin}"


def _trained(runs: Iterable[Run]) -> dict[str, list[str]]:
    """Seeds, epochs and precision, and which experiments have these in common."""
    titles: dict[str, list[Run]] = {}
    for run in runs:
        title = ", ".join([run.experiment.name, *words.changes(run.experiment)])
        titles.setdefault(title, []).append(run)
    alike: dict[str, list[str]] = {}
    for title, seeds in titles.items():
        alike.setdefault(_how(seeds), []).append(title)
    return alike


def _how(seeds: Sequence[Run]) -> str:
    numbers = ", ".join(str(run.experiment.seed) for run in seeds)
    precision = once(run.provenance.precision for run in seeds)
    counted = f"seed{'s' * (len(seeds) > 1)} {numbers}"
    whole = once(epochs(run) for run in seeds if run.complete)
    trained = " and ".join(filter(None, [*whole, shortfall(seeds)]))
    return f"{counted}, {trained}, {' and '.join(precision)}"
