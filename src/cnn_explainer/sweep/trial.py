"""One trial, in a process of its own on any node: what Ray Tune calls with drawn values."""

import os
from pathlib import Path
from typing import Any


def train(values: dict[str, Any], space: str, place: str) -> None:
    """Train the experiment that these values make of the space, and report every epoch.

    Before an epoch is reported, the training's state is in the storage, so that another process,
    on another node, goes on after that epoch if this one dies.
    """
    # A record or a state of this trial has no business among the user's own.
    os.environ["CNN_EXPLAINER_HOME"] = str(Path.cwd())
    from ray import tune

    from .. import checkpoints, machine, training
    from ..errors import TrainingDiverged
    from . import states
    from .space import Space

    chosen = Space.model_validate_json(space)
    experiment = chosen.experiment(values)
    machine.limit_threads(chosen.cores)
    name = Path(tune.get_context().get_trial_dir()).name
    kept = checkpoints.folder(experiment) / "state.npz"
    states.get(place, name, kept)

    def report(state: checkpoints.Checkpoint, epoch: int) -> None:
        row = {name: numbers[epoch - 1] for name, numbers in state.history.items()}
        tune.report({"epoch": epoch, **row})

    def keep(state: checkpoints.Checkpoint) -> None:
        states.put(place, name, kept)
        report(state, state.epochs_done)

    if earlier := checkpoints.load(experiment):
        # Ray Tune's books may not have the last ones.
        for epoch in range(1, earlier.epochs_done + 1):
            report(earlier, epoch)
        if earlier.epochs_done == experiment.recipe.epochs:
            return
    try:
        training.train(experiment, each_epoch=keep)
    except TrainingDiverged:
        # No error of the machine's: another try would end in the same way.
        tune.report({"epoch": 0, "val_accuracy": 0.0, "diverged": True})
