"""What a search found, and its record: one JSON file, with all trials in it."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PositiveInt,
    model_validator,
)

from ..errors import ExplainerError, RecordNotFound
from ..experiments import RECORDED, Experiment
from ..files import read_value, stems, user_folder, write_atomically
from ..runs import History
from .space import Space


class _Value(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True
    )


class Trial(_Value):
    """One training of a search."""

    values: dict[str, Any]
    """The settings that were drawn for it."""
    end: Literal["finished", "stopped", "diverged", "failed"]
    """All epochs; stopped early because others were better; a loss that was no number; an error."""
    history: History | None
    """One number an epoch, judged on what was held out; `null` if not even one epoch was done."""

    @property
    def epochs_done(self) -> int:
        """How many epochs it was trained for."""
        return len(self.history.loss) if self.history else 0

    @property
    def counts(self) -> bool:
        """Whether it came to an accuracy that can be compared: not after an error, nor diverged."""
        return self.end in ("finished", "stopped")

    @property
    def accuracy(self) -> float:
        """On the images that were held out, after its last epoch; 0 if it has none, or diverged."""
        return self.history.val_accuracy[-1] if self.history and self.end != "diverged" else 0.0


class Sweep(_Value):
    """All trials of a search, in the order in which they were drawn."""

    schema_version: Literal[1] = 1
    space: Space
    """What was searched, and how."""
    trials: tuple[Trial, ...] = Field(min_length=1)
    nodes: PositiveInt
    """Machines that computed."""
    cores: PositiveInt
    """Of their processors, together."""
    processor: str
    """Of the machine that the search was started on."""
    versions: dict[str, str]
    """Of Python and of the packages that computed."""
    dataset_fingerprint: str = Field(pattern=r"^[0-9a-f]{16}$")
    """Sixteen hexadecimal digits, of the prepared files' contents."""
    dataset_origin: str | None = None
    """Whether these are the original pictures or a copy; not known of the first searches."""
    finished: datetime
    """When, in universal time."""

    @property
    def epochs(self) -> int:
        """Trained in all trials together: what the search cost."""
        return sum(trial.epochs_done for trial in self.trials)

    @property
    def failed(self) -> int:
        """How many trials ended by an error, of the machine's as a rule."""
        return sum(trial.end == "failed" for trial in self.trials)

    @property
    def seconds(self) -> float:
        """The trials' time for training and judging, added up."""
        histories = [trial.history for trial in self.trials if trial.history]
        return sum(sum(each.train_seconds) + sum(each.val_seconds) for each in histories)

    @property
    def best(self) -> Trial:
        """Of the trials that were trained to their end, the one with the best last epoch; of those
        that were stopped, if there is no other.

        Not the best epoch of any trial: among so many numbers the best is also the luckiest.
        """
        finished = [trial for trial in self.trials if trial.end == "finished"]
        compared = [trial for trial in self.trials if trial.counts]
        return max(finished or compared or self.trials, key=lambda trial: trial.accuracy)

    @property
    def winner(self) -> Experiment | None:
        """The best trial's settings, as the experiment that counts; see `Space.final`. `None` if
        the space has `winner: null`.
        """
        return self.space.final(self.best.values) if self.space.winner else None

    @model_validator(mode="after")
    def _trials_are_of_the_space(self):
        for trial in self.trials:
            epochs = self.space.experiment(trial.values).recipe.epochs
            if trial.epochs_done > epochs or (trial.end == "finished") > (
                trial.epochs_done == epochs
            ):
                raise ValueError(f"a trial of {epochs} epochs cannot have {trial.epochs_done}")
        return self


def folder() -> Path:
    """The user's own searches: records, and what Ray Tune keeps of those that go on."""
    return user_folder() / "sweeps"


def load(name: str) -> Sweep:
    """The record of that search, the user's own before the shipped one.

    Raises `RecordNotFound` if there is none, and `DamagedRecord` if it cannot be read.
    """
    return read_value(Sweep, *_paths(name), absent=_absent(name))


def own(name: str) -> Sweep | None:
    """The user's own record of that search, if there is one. Raises `DamagedRecord`."""
    path, _ = _paths(name)
    with suppress(RecordNotFound):
        return read_value(Sweep, path, absent=_absent(name))
    return None


def check(space: Space) -> None:
    """Make sure, before anything is trained, that no record of the user's own is lost.

    Raises `ExplainerError` if there is one of that name which is of another search, or of this one
    with more trials or epochs; `DamagedRecord`.
    """
    earlier = own(space.name)
    if earlier is None:
        return
    # What a space calls its winner makes no other search of it.
    if not space.model_copy(update={"winner": earlier.space.winner}).repeats(earlier.space):
        raise ExplainerError(
            f"the record of the search {space.name} would replace {_paths(space.name)[0]}, which is"
            " of another search, or of this one with more trials or epochs. Give the file another"
            " `name:`, or move that record away"
        )


def each(name: str) -> Iterator[Sweep]:
    """The records of that search: the user's own, and the shipped one. Raises `DamagedRecord`."""
    for path in _paths(name):
        with suppress(RecordNotFound):
            yield read_value(Sweep, path, absent=_absent(name))


def _paths(name: str) -> list[Path]:
    return [place / f"{name}.json" for place in (folder(), RECORDED / "sweeps")]


def _absent(name: str) -> str:
    return f"there is no record of a search called {name!r}"


def save(sweep: Sweep, place: Path | None = None) -> Path:
    """Write the record, whole or not at all. Raises `NotSaved` if it cannot be written."""
    path = (place or folder()) / f"{sweep.space.name}.json"
    # Every setting that was not named is `null`: left out, the file is the one that was read.
    write_atomically(path, (sweep.model_dump_json(exclude_unset=True) + "\n").encode())
    return path


def every() -> tuple[str, ...]:
    """The names of all searches that are recorded."""
    return stems(folder(), RECORDED / "sweeps")
