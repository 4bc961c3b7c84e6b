"""How quickly a network reaches the write-up's best accuracy: several runs, and their record."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean
from typing import Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
)

from . import machine, published, versions
from .clock import awake_seconds
from .errors import ExplainerError, RecordNotFound
from .experiments import RECORDED, Experiment, Precision, get
from .files import read_value, stems, user_folder, write_atomically
from .runs import Share

SEEDS = (1, 2, 3, 4, 5)


class _Value(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True
    )


class Lap(_Value):
    """One training from fresh weights."""

    seed: NonNegativeInt
    seconds: PositiveFloat
    """For what the first weights take from the pictures, from the first step to the last, and for
    the one look at the test images."""
    accuracy: Share
    """On the test images."""


class SpeedRun(_Value):
    """Trainings of one experiment at several seeds, one after another on one machine."""

    schema_version: Literal[1] = 1
    experiment: Experiment
    """What was trained; its seed is that of no lap."""
    laps: tuple[Lap, ...] = Field(min_length=1)
    processor: str
    cores: PositiveInt
    precision: Precision
    """What was really computed in."""
    versions: dict[str, str]
    """Of Python and of the packages that computed."""
    dataset_fingerprint: str | None = Field(None, pattern=r"^[0-9a-f]{16}$")
    """Sixteen hexadecimal digits, of the prepared files' contents; not known of the first ones."""
    dataset_origin: str | None = None
    """Whether these are the original pictures or a copy; not known of the first ones."""
    finished: datetime
    """When, in universal time."""

    @property
    def target(self) -> float:
        """The write-up's best accuracy for this network."""
        return target(self.experiment.model)

    @property
    def accuracy(self) -> float:
        """The laps' mean."""
        return fmean(lap.accuracy for lap in self.laps)

    @property
    def seconds(self) -> float:
        """The laps' mean."""
        return fmean(lap.seconds for lap in self.laps)

    @property
    def reached(self) -> bool:
        """Whether the mean accuracy is the target at least: one lucky seed is not enough."""
        return self.accuracy >= self.target


def target(model: str) -> float:
    """The write-up's best accuracy for a network, over its variants."""
    return max(
        each.accuracy for name, each in published.RESULTS.items() if name.partition("-")[0] == model
    )


def run(
    name: str,
    *,
    seeds: Iterable[int] = SEEDS,
    tell: Callable[[str], object] = lambda line: None,
) -> SpeedRun:
    """Train the fast experiment of a network at each seed, and save the record.

        run("lenet5")               -> of the experiment `lenet5-fast`, 5 laps
        run("base", seeds=[1])      -> one

    What is not counted: reading the pictures, and making the network's graph, which a first look
    at a few pictures does; the weights are set back afterwards. `tell` is given a line a lap.

    Raises `ValueError` if there is no such experiment, for seeds that cannot be, and what `check`
    raises; `ExplainerError` if the user's own record has seeds that these lack; all before the
    first lap; `DatasetUnavailable`.
    """
    from . import training

    seeds = tuple(seeds)
    check(seeds)
    entries = [get(f"{name}-fast", seed=seed) for seed in seeds]
    experiment = get(f"{name}-fast")
    _check_own(experiment.model, seeds)
    machine.limit_threads(training.threads(experiment))
    data = training.pictures(experiment)
    train, test = training.tensors(data.train), training.tensors(data.test)
    precision = training.precision(experiment)
    laps = []
    for lap in entries:
        model = training.compiled(lap, precision, len(train))
        training.warm_up(lap, model, train)
        began = awake_seconds()
        training.first_weights(lap, model, data.train)
        for epoch in range(lap.recipe.epochs):
            training.fit_epoch(lap, epoch, model, train)
        judged = model.evaluate(training.batches(test), verbose=0, return_dict=True)
        seconds = awake_seconds() - began
        laps.append(Lap(seed=lap.seed, seconds=seconds, accuracy=judged["accuracy"]))
        tell(f"seed {lap.seed}: {laps[-1].accuracy:.4f} in {seconds:.1f} s")
    result = SpeedRun(
        experiment=experiment,
        laps=tuple(laps),
        processor=machine.processor(),
        cores=machine.cores(),
        precision=precision,
        versions=versions.computed(),
        dataset_fingerprint=data.fingerprint,
        dataset_origin=data.origin,
        finished=datetime.now(UTC).replace(microsecond=0),
    )
    save(result)
    return result


def check(seeds: Sequence[int]) -> None:
    """Raise `ValueError` if a seed is there twice, which would count as two laps, or none is."""
    if not seeds or len(set(seeds)) < len(seeds):
        raise ValueError(f"`seeds` must be one or more different numbers. Received: {[*seeds]}")


def _check_own(model: str, seeds: Sequence[int]) -> None:
    path = _path(model, user_folder())
    try:
        earlier = read_value(SpeedRun, path, absent="")
    except RecordNotFound:
        return
    lost = [lap.seed for lap in earlier.laps if lap.seed not in seeds]
    if lost:
        raise ExplainerError(
            f"`seeds` must have all those of {path}, which the new record replaces. Received:"
            f" {[*seeds]}, without {', '.join(map(str, lost))}. Name these, too, or move that file"
            " away"
        )


def every() -> tuple[str, ...]:
    """The networks of which there is a record."""
    return stems(*(place / "speedruns" for place in (user_folder(), RECORDED)))


def load(name: str) -> SpeedRun:
    """The record of that network's, the user's own before the shipped one.

    Raises `RecordNotFound` if there is none, and `DamagedRecord` if it cannot be read.
    """
    paths = (_path(name, place) for place in (user_folder(), RECORDED))
    absent = f"there is no record: `cnn-explainer speedrun {name}` makes one"
    return read_value(SpeedRun, *paths, absent=absent)


def save(result: SpeedRun, place: Path | None = None) -> Path:
    """Write the record, whole or not at all. Raises `NotSaved` if it cannot be written."""
    path = _path(result.experiment.model, place or user_folder())
    write_atomically(path, (result.model_dump_json(exclude_defaults=True) + "\n").encode())
    return path


def _path(model: str, place: Path) -> Path:
    return place / "speedruns" / f"{model}.json"
