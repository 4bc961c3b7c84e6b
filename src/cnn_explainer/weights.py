"""Trained weights, as 16-bit floats: LeNet-5's and the base model's ship with the package."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .errors import RecordNotFound
from .experiments import Experiment, get
from .files import user_folder, write_atomically
from .models import build
from .runs import SHIPPED

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


def locate(experiment: Experiment) -> Path | None:
    """The file of an experiment's weights, the user's own before the shipped one."""
    paths = [place / f"{experiment.slug}.npz" for place in (folder(), SHIPPED)]
    return next((path for path in paths if path.exists()), None)


def restore(name: str | Experiment, **changes) -> "keras.Model":
    """The network as it was at the end of its training.

        restore("lenet5-plain").predict(images)    -> (N, 10)

    Raises `RecordNotFound` if its weights are not here.
    """
    experiment = get(name, **changes)
    path = locate(experiment)
    if path is None:
        raise RecordNotFound(
            f"the weights of {experiment.name}, seed {experiment.seed}, are not in {folder()} or"
            f" in the package. `cnn-explainer train {experiment.name}` makes them"
        )
    model = build(experiment.model, experiment.variant, image_size=experiment.image_size)
    with np.load(path) as arrays:
        for weight in model.weights:
            weight.assign(arrays[weight.path].astype(np.float32))
    return model
