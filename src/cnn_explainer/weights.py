"""Trained weights, as 16-bit floats: LeNet-5's and the base model's ship with the package."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .errors import RecordNotFound
from .experiments import Experiment, get, train_command
from .files import user_folder, write_atomically
from .models import build
from .runs import SHIPPED, recorded

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


def copy(experiment: Experiment, place: Path) -> Path:
    """Copy an experiment's weights into another folder. Raises `RecordNotFound`, `NotSaved`."""
    path = place / f"{experiment.slug}.npz"
    write_atomically(path, _found(experiment).read_bytes())
    return path


def restore(name: str | Experiment, **changes) -> "keras.Model":
    """The network as it was at the end of its training.

        restore("lenet5-plain").predict(images)    -> (N, 10)

    Raises `RecordNotFound` if its weights are not here.
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
    for place in (folder(), SHIPPED):
        path = place / f"{experiment.slug}.npz"
        if path.exists():
            return path
    # Most records that are shipped come without weights.
    command = train_command(experiment, again=recorded(experiment))
    raise RecordNotFound(
        f"the weights of {experiment.name}, seed {experiment.seed}, are not in {folder()} or in"
        f" the package. `{command}` makes them"
    )
