"""One trial, in a process of its own on any node: what Ray Tune calls with drawn values."""

import os
import shutil
from pathlib import Path
from typing import Any


def train(values: dict[str, Any], space: str) -> None:
    """Train the experiment that these values make of the space, and report every epoch.

    With each report goes the training's state, so that another process, on another node, goes on
    after that epoch if this one dies.
    """
    # A record or a state of this trial has no business among the user's own.
    os.environ["CNN_EXPLAINER_HOME"] = str(Path.cwd())
    from ray import tune

    from .. import checkpoints, machine, training
    from ..errors import TrainingDiverged
    from .space import Space

    chosen = Space.model_validate_json(space)
    experiment = chosen.experiment(values)
    machine.limit_threads(chosen.cores)
    kept = checkpoints.folder(experiment)
    if earlier := tune.get_checkpoint():
        with earlier.as_directory() as place:
            shutil.copytree(place, kept, dirs_exist_ok=True)

    def report(state: checkpoints.Checkpoint) -> None:
        row = {name: numbers[-1] for name, numbers in state.history.items()}
        tune.report(
            {"epoch": state.epochs_done, **row}, checkpoint=tune.Checkpoint.from_directory(kept)
        )

    try:
        training.train(experiment, each_epoch=report)
    except TrainingDiverged:
        # No error of the machine's: another try would end in the same way.
        tune.report({"epoch": 0, "val_accuracy": 0.0, "diverged": True})
