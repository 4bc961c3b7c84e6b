"""A training's state between two epochs, so that it survives anything, `kill -9` included.

One file holds everything, the history beside the weights, and is renamed into place: there is
no moment at which the two do not belong together.
"""

import json
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import filelock
import numpy as np

from .errors import ExplainerError, NotSaved, TrainingInProgress
from .experiments import Experiment
from .files import user_folder, write_atomically


@dataclass
class Checkpoint:
    """What is needed to go on after an epoch."""

    dataset_fingerprint: str
    precision: str
    backend: str | None = None
    """What computed it, as Keras calls it; not known of states before this was kept."""
    history: dict[str, list[float]] = field(default_factory=dict)
    filters: dict[int, np.ndarray] = field(default_factory=dict)
    variables: list[np.ndarray] = field(default_factory=list)
    """Weights, the optimizer's state and the random generators'."""

    @property
    def epochs_done(self) -> int:
        """How many epochs are finished."""
        return len(self.history.get("loss", []))


def folder(experiment: Experiment) -> Path:
    """Where the state of this experiment's training lies."""
    return user_folder() / "training" / experiment.slug


@contextmanager
def alone(experiment: Experiment) -> Iterator[None]:
    """Keep other processes from training the same experiment meanwhile.

    The lock goes with the process, however that ends. Raises `TrainingInProgress`.
    """
    place = folder(experiment)
    lock = filelock.FileLock(place.with_suffix(".lock"), blocking=False)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except filelock.Timeout:
        raise TrainingInProgress(
            f"{experiment.name}, seed {experiment.seed}, is being trained by another process."
            " Wait for it, or train another seed"
        ) from None
    except OSError as error:
        raise NotSaved(f"{place.parent} cannot be written: {error.strerror}") from error
    try:
        yield
    finally:
        lock.release()


def save(experiment: Experiment, state: Checkpoint) -> None:
    """Take the place of the state before. Raises `NotSaved`; the state before is kept then."""
    meta = {
        "dataset_fingerprint": state.dataset_fingerprint,
        "precision": state.precision,
        "backend": state.backend,
        "history": state.history,
    }
    arrays = {"meta": np.array(json.dumps(meta))}
    arrays |= {f"filters/{epoch}": kernel for epoch, kernel in state.filters.items()}
    arrays |= {f"variables/{i}": value for i, value in enumerate(state.variables)}
    write_atomically(_path(experiment), lambda file: np.savez(file, **arrays))


def begun(experiment: Experiment) -> bool:
    """Whether there is a state to go on from."""
    return _path(experiment).exists()


def load(experiment: Experiment) -> Checkpoint | None:
    """The state after the last finished epoch, or `None` before the first."""
    path = _path(experiment)
    try:
        with path.open("rb") as file, np.load(file) as arrays:
            meta = json.loads(str(arrays["meta"]))
            numbered = {name: arrays[name] for name in arrays.files if "/" in name}
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ExplainerError(f"{path} cannot be read ({error}). Delete it to begin again") from None
    filters = {int(k[8:]): v for k, v in numbered.items() if k.startswith("filters/")}
    variables = [numbered[f"variables/{i}"] for i in range(len(numbered) - len(filters))]
    return Checkpoint(**meta, filters=filters, variables=variables)


def history(file: BinaryIO) -> dict[str, list[float]]:
    """That of a state in an open file, without its arrays."""
    with np.load(file) as arrays:
        return json.loads(str(arrays["meta"]))["history"]


def discard(experiment: Experiment) -> None:
    """Forget the state."""
    shutil.rmtree(folder(experiment), ignore_errors=True)


def _path(experiment: Experiment) -> Path:
    return folder(experiment) / "state.npz"
