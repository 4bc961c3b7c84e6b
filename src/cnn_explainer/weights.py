"""Trained weights, as 16-bit floats: LeNet-5's and the base model's ship with the package."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .errors import NotSaved, RecordNotFound
from .experiments import Experiment, get, train_command
from .files import user_folder, write_atomically
from .models import build
from .runs import SHIPPED, load, recorded
from .runs import read as read_record

if TYPE_CHECKING:
    import keras


def folder() -> Path:
    """The user's own weights."""
    return user_folder() / "weights"


def save(model: "keras.Model", experiment: Experiment, place: Path | None = None) -> Path:
    """Write the weights in 16 bits, whole or not at all. Raises `NotSaved`."""
    path = (place or folder()) / f"{experiment.slug}.npz"
    arrays = {weight.path: np.asarray(weight).astype(np.float16) for weight in model.weights}
    write_atomically(path, lambda file: np.savez_compressed(file, **arrays))
    return path


def discard(experiment: Experiment) -> None:
    """Delete the user's own weights of an experiment, if there are any. Raises `NotSaved`."""
    path = folder() / f"{experiment.slug}.npz"
    try:
        path.unlink()
    except (FileNotFoundError, NotADirectoryError):
        pass
    except OSError as error:
        raise NotSaved(f"{path} could not be deleted: {error.strerror}") from error


def copy(experiment: Experiment, place: Path) -> Path:
    """Copy an experiment's weights into another folder. Raises `RecordNotFound`, `NotSaved`."""
    path = place / f"{experiment.slug}.npz"
    write_atomically(path, _found(experiment).read_bytes())
    return path


def restore(name: str | Experiment, **changes) -> "keras.Model":
    """The network as it was at the end of its training.

        restore("lenet5-plain").predict(images)    -> (N, 10)

    Raises `RecordNotFound` if the weights of that training are not here.
    """
    experiment = get(name, **changes)
    arrays = read(experiment)
    model = build(
        experiment.model,
        experiment.variant,
        image_size=experiment.image_size,
        augmentation=experiment.strengths,
        **experiment.changes.model_dump(),
    )
    for weight in model.weights:
        weight.assign(arrays[weight.path].astype(np.float32))
    return model


def read(experiment: Experiment) -> dict[str, np.ndarray]:
    """The arrays alone, as `lenet5-plain/conv1/kernel` and so on. Raises `RecordNotFound`."""
    with np.load(_found(experiment)) as arrays:
        return dict(arrays)


def _found(experiment: Experiment) -> Path:
    """The user's own before the shipped one."""
    mine, shipped = (place / f"{experiment.slug}.npz" for place in (folder(), SHIPPED))
    if mine.exists():
        return mine
    # The user's own record is, as a rule, of another training than the shipped weights.
    if shipped.exists() and load(experiment) == read_record(shipped.with_suffix(".json")):
        return shipped
    package = "" if shipped.exists() else " or in the package"
    # Most records that are shipped come without weights.
    command = train_command(experiment, again=recorded(experiment))
    raise RecordNotFound(
        f"the weights of {experiment.name}, seed {experiment.seed}, are not in"
        f" {folder()}{package}. `{command}` makes them"
    )
