"""What a benchmark found, and its record: `bench.json`."""

from contextlib import suppress
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Literal, NamedTuple

from pydantic import (
    BaseModel,
    ConfigDict,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    model_validator,
)

from ..architectures import multiply_adds
from ..errors import NotSaved, RecordNotFound
from ..experiments import CATALOGUE, Experiment, Precision
from ..files import read_value, write_atomically
from ..runs import BENCHMARK, SHIPPED, Share

Way = Literal["keras", "explainer", "pytorch"]
"""Keras's `fit` on arrays in float32; this package; the same network in PyTorch."""
RECORD = SHIPPED / BENCHMARK
OPERATIONS = 2 * 3
"""For each multiply-add, two operations; backward, which finds the gradients of the inputs and
those of the weights, takes twice as many as forward."""


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Spread(NamedTuple):
    """The median of the rounds, and what lies farthest from it."""

    median: float
    lowest: float
    highest: float

    @classmethod
    def of(cls, values: tuple[float, ...]) -> "Spread":
        """Of one value a round."""
        return cls(median(values), min(values), max(values))


class Judgement(NamedTuple):
    """What a training that was not timed came to."""

    accuracy: float
    precision: Precision


class Contender(_Value):
    """How one way of training did."""

    threads: PositiveInt
    """Over which an operation is spread."""
    precision: Precision
    images_per_second: tuple[PositiveFloat, ...]
    """In training, one value a round."""
    accuracy: Share | None = None
    """On the test images, after `Comparison.epochs` epochs from a fresh start."""
    judged_in: Precision | None = None
    """The precision of the training for the accuracy, if that is not the one of the rounds."""

    def judged(self, accuracy: float, precision: Precision) -> "Contender":
        """With the accuracy of a training that was made apart from the rounds."""
        judged_in = None if precision == self.precision else precision
        return self.model_copy(update={"accuracy": accuracy, "judged_in": judged_in})


class Comparison(_Value):
    """The ways of training one network, which took turns."""

    name: str
    """Of the experiment in the catalogue."""
    images: PositiveInt
    """Trained on at each turn."""
    whole_epoch: bool
    """Whether these are all training images. Of a part, the pause at the end is not counted."""
    epochs: NonNegativeInt
    """After how many the accuracy was taken; 0: it was not."""
    judged_on: str | None = None
    """The processor of the trainings for the accuracy, if that is not the one of the rounds."""
    contenders: dict[Way, Contender]
    peak: dict[Literal["float32", "bfloat16"], tuple[PositiveFloat, ...]]
    """Of this machine in the product of two large matrices, operations a second, one value a round;
    without `bfloat16` where the processor does not have it."""

    @property
    def experiment(self) -> Experiment:
        """What was trained."""
        return CATALOGUE[self.name]

    def speed(self, way: Way) -> Spread:
        """Images a second."""
        return Spread.of(self.contenders[way].images_per_second)

    def ratio(self, way: Way, to: Way = "keras") -> Spread:
        """How many times as fast as another way; each round is compared with itself."""
        each, others = (self.contenders[w].images_per_second for w in (way, to))
        return Spread.of(tuple(a / b for a, b in zip(each, others, strict=True)))

    def share_of_peak(self, way: Way) -> float | None:
        """Which share of the machine's peak, in the same precision, the arithmetic had.

        `None` where that precision's peak was not measured.
        """
        peak = self.peak.get(self.contenders[way].precision.removeprefix("mixed_"))
        if peak is None:
            return None
        operations = OPERATIONS * multiply_adds(self.experiment.model)
        return operations * self.speed(way).median / median(peak)

    @model_validator(mode="after")
    def _fits_together(self):
        if self.name not in CATALOGUE:
            raise ValueError(f"name must be one of {', '.join(CATALOGUE)}")
        if not {"keras", "explainer"} <= self.contenders.keys() or "float32" not in self.peak:
            raise ValueError("contenders must be keras and explainer at least, and peak float32")
        rounds = [len(each.images_per_second) for each in self.contenders.values()]
        rounds += [len(values) for values in self.peak.values()]
        if len(set(rounds)) > 1 or not rounds[0]:
            raise ValueError("contenders and peak must hold the same number of rounds")
        if any((each.accuracy is None) != (self.epochs == 0) for each in self.contenders.values()):
            raise ValueError("every contender must have an accuracy, or none of them")
        return self


class Benchmark(_Value):
    """Comparisons made one after another on one machine."""

    schema_version: Literal[1] = 1
    comparisons: tuple[Comparison, ...]
    processor: str
    cores: PositiveInt
    versions: dict[str, str]
    """Of Python and of the packages that were compared."""
    finished: datetime

    def joined_to(self, earlier: "Benchmark") -> "Benchmark":
        """With the earlier one's comparisons of other networks, in the catalogue's order.

        Raises `NotSaved` if machine or versions are not the same.
        """
        for what in ("processor", "cores", "versions"):
            if getattr(self, what) != getattr(earlier, what):
                raise NotSaved(
                    f"benchmarks in one file must have the same `{what}`. Received:"
                    f" {getattr(earlier, what)} and {getattr(self, what)}. Choose another file"
                )
        every = {each.name: each for each in earlier.comparisons + self.comparisons}
        ordered = tuple(every[name] for name in CATALOGUE if name in every)
        return self.model_copy(update={"comparisons": ordered})

    def judged(
        self, name: str, epochs: int, judgements: dict[Way, Judgement], processor: str
    ) -> "Benchmark":
        """With the accuracies of trainings that were made apart from the rounds.

        Raises `ValueError` if the network was not compared.
        """
        compared = self.of(name)
        contenders = {
            way: each.judged(*judgements[way]) for way, each in compared.contenders.items()
        }
        values = {
            "epochs": epochs,
            "contenders": contenders,
            "judged_on": None if processor == self.processor else processor,
        }
        changed = compared.model_copy(update=values)
        every = tuple(changed if each is compared else each for each in self.comparisons)
        return self.model_copy(update={"comparisons": every})

    def of(self, name: str) -> Comparison:
        """The comparison of this experiment. Raises `ValueError` if there is none."""
        for comparison in self.comparisons:
            if comparison.name == name:
                return comparison
        names = ", ".join(comparison.name for comparison in self.comparisons)
        raise ValueError(f"`name` must be one of {names}. Received: {name!r}")


def load(path: Path | str = RECORD) -> Benchmark:
    """The benchmark that comes with the package, or the one in this file.

    Raises `RecordNotFound` if there is none, and `DamagedRecord` if it cannot be read.
    """
    absent = f"there is no {path}. `cnn-explainer bench --json {path}` makes it"
    return read_value(Benchmark, Path(path), absent=absent)


def save(benchmark: Benchmark, path: Path | str) -> Path:
    """Write the record, whole or not at all. Raises `NotSaved` if it cannot be written.

    Comparisons of other networks that the file holds stay there, if they were made on the same
    machine with the same versions; those of another machine must not stand beside these.
    """
    with suppress(RecordNotFound):
        benchmark = benchmark.joined_to(load(path))
    write_atomically(Path(path), (benchmark.model_dump_json(indent=1) + "\n").encode())
    return Path(path)
