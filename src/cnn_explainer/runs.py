"""What a training gave, and its record: one small JSON file.

Records ship inside the package (`recorded/`). A user's own lie in a folder of theirs, which
is looked up first, so that an own run takes the place of the shipped one.
"""

import base64
import json
import os
from collections.abc import Iterable
from datetime import datetime
from math import prod
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    ValidationError,
    model_validator,
)

from .errors import DamagedRecord, ExplainerError, RecordNotFound, first_fault
from .experiments import CATALOGUE, RECORDED, Experiment, get, train_command
from .files import user_folder, write_atomically

SCHEMA_VERSION = 1
SHIPPED = RECORDED
BENCHMARK = "bench.json"
TABLE = "results.json"
"""These two lie beside the runs' records, and are none; see `bench` and `results`."""
BINS = 15
"""Of equal width, from a confidence of 0 to one of 1."""

Share = Annotated[float, Field(ge=0, le=1)]


class _Value(BaseModel):
    # What stands under a field here is what `results.fields` says of it.
    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True
    )


class History(_Value):
    """One number an epoch."""

    accuracy: tuple[Share, ...]
    """Mean over the epoch's batches, with augmentation and dropout on."""
    loss: tuple[NonNegativeFloat, ...]
    """In nats; taken like the accuracy."""
    val_accuracy: tuple[Share, ...]
    """On the test images, at the epoch's end."""
    val_loss: tuple[NonNegativeFloat, ...]
    """In nats, on the test images, at the epoch's end."""
    train_seconds: tuple[PositiveFloat, ...]
    """Of training."""
    val_seconds: tuple[PositiveFloat, ...]
    """Of the look at the test images."""
    processor_seconds: tuple[PositiveFloat, ...]
    """Of both, summed over the processor's cores."""


class Metrics(_Value):
    """How the trained network does on one part of the data, in prediction."""

    accuracy: Share
    """Share of right answers."""
    loss: NonNegativeFloat
    """Mean cross-entropy in nats."""
    binary_accuracy: Share
    """Share of the (image, class) pairs on the right side of 0.5; see `metrics`."""
    categorical_accuracy: Share
    """The accuracy, by the name that Keras gives it."""
    categorical_crossentropy: NonNegativeFloat
    """The loss, by the name that Keras gives it."""


class Calibration(_Value):
    """Test images sorted by the probability of the answer given, into `BINS` bins."""

    count: tuple[NonNegativeInt, ...] = Field(min_length=BINS, max_length=BINS)
    """Images in each bin."""
    confidence: tuple[Share, ...] = Field(min_length=BINS, max_length=BINS)
    """Mean probability of the answer in each bin; 0 where the bin is empty."""
    accuracy: tuple[Share, ...] = Field(min_length=BINS, max_length=BINS)
    """Share of right answers in each bin; 0 where the bin is empty."""

    @property
    def expected_error(self) -> float:
        """Expected calibration error: the mean gap of the two, weighted by `count`."""
        gap = np.abs(np.subtract(self.confidence, self.accuracy))
        return float(np.average(gap, weights=self.count))


class Filters(_Value):
    """The first layer's kernels at some epochs."""

    epochs: tuple[NonNegativeInt, ...]
    """After which they were kept; 0 is before the first. None, if they would fill the record."""
    shape: tuple[PositiveInt, PositiveInt, PositiveInt, PositiveInt]
    """Height, width, channels in, filters."""
    data: str
    """Base64 of little-endian 16-bit floats, `(epochs, kh, kw, in, out)`."""

    @classmethod
    def pack(cls, kernels: dict[int, np.ndarray]) -> "Filters":
        """Kernels `(kh, kw, in, out)` by epoch."""
        stacked = np.stack(list(kernels.values()))
        return cls(epochs=tuple(kernels), shape=stacked.shape[1:], data=cls._encoded(stacked))

    @staticmethod
    def _encoded(stacked: np.ndarray) -> str:
        return base64.b64encode(stacked.astype("<f2").tobytes()).decode()

    @property
    def kernels(self) -> np.ndarray:
        """`(epochs, kh, kw, in, out)`, float32."""
        values = np.frombuffer(base64.b64decode(self.data, validate=True), "<f2")
        return values.reshape(len(self.epochs), *self.shape).astype(np.float32)

    def thinned(self, size: int, *, between: bool) -> "Filters":
        """At most so many bytes of them.

        The last stay if they fit, the first as well if they do, and `between` these as many as
        do, at equal steps.
        """
        if not self.epochs:
            return self
        first, last = self.epochs[0], self.epochs[-1]
        wanted = self.epochs if between else (first, last)
        steps = (
            {e for e in wanted if e % step == 0} | {first, last} for step in range(1, last + 1)
        )
        room = size // (2 * prod(self.shape))
        chosen = next((kept for kept in (*steps, {last}) if len(kept) <= room), set())
        places = [i for i, epoch in enumerate(self.epochs) if epoch in chosen]
        return Filters(
            epochs=tuple(self.epochs[i] for i in places),
            shape=self.shape,
            data=self._encoded(self.kernels[places]),
        )

    @model_validator(mode="after")
    def _decodes(self):
        if not np.isfinite(self.kernels).all():
            raise ValueError("filters hold a value that is not finite")
        return self


class Provenance(_Value):
    """Where a run comes from: what one needs to trust it, or to repeat it."""

    package: str
    """Version of `cnn-explainer`."""
    python: str
    """Version."""
    keras: str
    """Version."""
    backend: str
    """Name and version of what computed: `tensorflow 2.21.0`."""
    numpy: str
    """Version."""
    processor: str
    """Its name, or the accelerator's."""
    accelerator: bool = False
    """Whether it is an accelerator's name."""
    cores: PositiveInt
    """Of the processor, as many as the training might use."""
    precision: Literal["float32", "mixed_bfloat16"]
    """What was really used; the recipe says what was asked."""
    dataset_fingerprint: str = Field(pattern=r"^[0-9a-f]{16}$")
    """Sixteen hexadecimal digits, of the prepared files' contents."""
    dataset_origin: str
    """Whether these are the original pictures or a copy."""
    finished: datetime
    """When, in universal time."""


class Run(_Value):
    """All that a chapter can show of one training."""

    schema_version: Literal[1] = SCHEMA_VERSION
    """Of this list of fields."""
    experiment: Experiment
    """What was trained."""
    classes: tuple[str, ...]
    """Their names, in the order of the probabilities."""
    history: History
    train: Metrics
    """On the training images, after the last epoch."""
    test: Metrics
    """On the test images, after the last epoch."""
    mirrored: Metrics | None = None
    """The same, each answer the mean of those to the image and to its mirror image; not known of
    trainings before this was measured."""
    confusion: tuple[tuple[NonNegativeInt, ...], ...]
    """Test images: a row a true class, a column an answer."""
    calibration: Calibration
    """Test images by confidence, in bins."""
    probes: dict[str, tuple[Share, ...]]
    """Probabilities for the pictures that the package draws, by name."""
    filters: Filters
    fit_seconds: PositiveFloat
    """Training and validation, while the machine was awake, summed over resumptions."""
    images_per_second: PositiveFloat
    """Training alone, validation aside; the median over the epochs."""
    provenance: Provenance
    """Where it comes from."""

    @property
    def busy(self) -> float | None:
        """The share of the cores' time that the training had; not known of an accelerator's.

        Well below the usual share, the machine did other things too, and `fit_seconds` says
        more about them than about the network.
        """
        if self.provenance.accelerator:
            return None
        worked = sum(self.history.processor_seconds)
        return worked / (self.fit_seconds * self.provenance.cores)

    @property
    def epochs_done(self) -> int:
        """How many epochs were trained; `experiment.recipe.epochs` were asked for."""
        return len(self.history.loss)

    @property
    def complete(self) -> bool:
        """Whether all epochs that were asked for were trained."""
        return self.epochs_done == self.experiment.recipe.epochs

    @model_validator(mode="after")
    def _fits_together(self):
        k, epochs = len(self.classes), self.experiment.recipe.epochs
        lengths = {len(values) for _, values in self.history}
        if len(lengths) != 1 or not 1 <= self.epochs_done <= epochs:
            raise ValueError(f"history must hold the same 1 to {epochs} epochs in every list")
        if len(self.confusion) != k or any(len(row) != k for row in self.confusion):
            raise ValueError(f"confusion must be {k} by {k}, as there are {k} classes")
        if sum(self.calibration.count) != np.sum(self.confusion):
            raise ValueError("calibration and confusion must count the same images")
        for name, values in self.probes.items():
            if len(values) != k or not np.isclose(sum(values), 1, atol=1e-3):
                raise ValueError(f"probes.{name} must be {k} probabilities that sum to 1")
        return self


def folder() -> Path:
    """The user's own records."""
    return user_folder() / "records"


def read(path: Path | str) -> Run:
    """The record in this file. Raises `DamagedRecord`, which names it and says what is wrong."""
    try:
        data = json.loads(Path(path).read_bytes())
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise DamagedRecord(path, f"it is not JSON ({error})") from None
    except OSError as error:
        raise DamagedRecord(path, error.strerror) from None
    if not isinstance(data, dict) or "schema_version" not in data:
        raise DamagedRecord(path, "it has no `schema_version`")
    if data["schema_version"] != SCHEMA_VERSION:
        raise DamagedRecord(
            path,
            f"its schema is version {data['schema_version']!r}; this package reads version"
            f" {SCHEMA_VERSION}. Update the package, or delete the record and train the experiment"
            " again",
        )
    try:
        return Run.model_validate(data)
    except ValidationError as error:
        raise DamagedRecord(path, first_fault(error)) from None


def load(name: str | Experiment, **changes) -> Run:
    """The record of an experiment, the user's own before the shipped one.

        load("lenet5-plain")           load("lenet5-plain", seed=7)

    Raises `RecordNotFound` if there is none, and `DamagedRecord` if it cannot be read.
    """
    return _first(get(name, **changes), folder(), SHIPPED)


def own(experiment: Experiment) -> Run:
    """The user's own record of an experiment, whatever is shipped. Raises as `load`."""
    return _first(experiment, folder())


def check_longest(experiment: Experiment, epochs: int, new: str) -> None:
    """Refuse to replace the user's own record by `new`, if that is of fewer epochs.

    Raises `ExplainerError`, which names both, and `DamagedRecord` if the user's own cannot be read:
    it may be of a newer package.
    """
    try:
        done = own(experiment).epochs_done
    except RecordNotFound:
        return
    if done > epochs:
        path = folder() / f"{experiment.slug}.json"
        raise ExplainerError(
            f"{new} has {epochs} of {experiment.recipe.epochs} epochs, and {path}, which it would"
            f" replace, has {done}. Nothing is done; delete that record if it is not wanted"
        )


def recorded(experiment: Experiment) -> bool:
    """Whether there is a record of it. Raises `DamagedRecord` if it cannot be read."""
    try:
        load(experiment)
    except RecordNotFound:
        return False
    return True


def _first(experiment: Experiment, *places: Path) -> Run:
    for place in places:
        path = place / f"{experiment.slug}.json"
        # Opened, not asked for: a build that traces open files then sees what it depends on,
        # a record that is not there yet included.
        try:
            path.open().close()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError:
            pass  # `read` says why.
        return read(path)
    everywhere = SHIPPED in places
    package = " or in the package" if everywhere else ""
    command = train_command(experiment, again=not everywhere and recorded(experiment))
    raise RecordNotFound(
        f"there is no record of {experiment.name}, seed {experiment.seed}, key {experiment.key},"
        f" in {folder()}{package}. `{command}` makes one"
    )


def save(run: Run, place: Path | None = None) -> Path:
    """Write the record, whole or not at all, and say where.

    Raises `NotSaved` if the folder cannot be written.
    """
    path = (place or folder()) / f"{run.experiment.slug}.json"
    write_atomically(path, (run.model_dump_json() + "\n").encode())
    return path


def of(name: str | Experiment, **changes) -> tuple[Run, ...]:
    """The records of an experiment at all seeds, by seed; none if nothing is recorded yet.

        of("lenet5-plain")             of("lenet5-plain", learning_rate=0.1)

    The user's own take the place of the shipped ones, as in `load`, whose errors these are too.
    """
    wanted = get(name, **changes)
    found = _found(f"{wanted.name}-")
    return tuple(run for run in found if run.experiment == get(wanted, seed=run.experiment.seed))


def every() -> tuple[Run, ...]:
    """All records, in the catalogue's order and by seed; the user's own before the shipped."""
    return _found("")


def _found(prefix: str) -> tuple[Run, ...]:
    """What is recorded in files of such names; no other file is opened."""
    found: dict[str, Run] = {}
    for place in (folder(), SHIPPED):
        for path in _records(place):
            if path.name.startswith(prefix) and path.name not in found:
                found[path.name] = read(path)
    return tuple(sorted(found.values(), key=_place_in_catalogue))


def catalogued() -> tuple[Run, ...]:
    """The records of the catalogue's experiments at any seed, without those of other recipes."""
    return tuple(run for run in every() if _as_in_catalogue(run.experiment))


def _as_in_catalogue(experiment: Experiment) -> bool:
    name = experiment.name
    return name in CATALOGUE and experiment == get(name, seed=experiment.seed)


def _place_in_catalogue(run: Run) -> tuple[int, str, int]:
    names = [*CATALOGUE]
    name = run.experiment.name
    return names.index(name) if name in names else len(names), name, run.experiment.seed


def import_records(source: Path | str) -> list[Path]:
    """Copy records from a file or a folder into the user's folder, after checking all of them.

    Where one takes the place of another, the other's weights are deleted.

    Raises `DamagedRecord` for the first one that cannot be read, and `ExplainerError` for one that
    was trained for fewer epochs than the user's own, which it would replace; then nothing is
    copied.
    """
    from . import weights

    source = Path(source)
    paths = _records(source) if source.is_dir() else [source]
    if not paths:
        raise RecordNotFound(f"there is no record (*.json) in {source}")
    found = {path: read(path) for path in paths}
    for path, run in found.items():
        check_longest(run.experiment, run.epochs_done, str(path))
    for run in found.values():
        if not _is_own(run):
            weights.discard(run.experiment)
    return [save(run) for run in found.values()]


def _is_own(run: Run) -> bool:
    try:
        return own(run.experiment) == run
    except RecordNotFound:
        return False


def _records(place: Path) -> list[Path]:
    try:
        names: Iterable[str] = os.listdir(place)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise DamagedRecord(place, error.strerror) from None
    return [
        place / name
        for name in sorted(names)
        if name.endswith(".json") and name not in (BENCHMARK, TABLE)
    ]
