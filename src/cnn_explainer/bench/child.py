"""The process in which one way of training is timed.

    python -m cnn_explainer.bench.child '{"way": "keras", …}'

It answers in lines of JSON: one when all is set up, then one for each line that it is sent.
`time` trains on the images of one turn, `learn` trains a fresh network and judges it.
"""

import json
import os
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
from pydantic import BaseModel

from ..datasets import Split
from ..experiments import Experiment

WAYS = {
    "keras": "keras_fit.KerasFit",
    "explainer": "explainer.Explainer",
    "pytorch": "pytorch.PyTorch",
    "peak": "peak.Peak",
}
"""The class of each, with `threads`, `precision`, `time()` and `learn(epochs)`."""


class Task(BaseModel):
    """What a child is to do."""

    way: str
    experiment: Experiment
    images: int
    """Trained on at each turn."""
    whole_epoch: bool
    threads: int | None
    """`None`: as many as this way takes by itself."""
    bfloat16: bool
    """Whether the processor has it."""
    folder: Path
    """Where `store` left the pictures."""

    def part(self, name: str) -> Split:
        """The pictures `"train"` or `"test"`: one file for all children, mapped and not copied."""
        # "c": what a library may write into them stays with that child.
        files = [self.folder / f"{name}-{what}.npy" for what in ("images", "labels")]
        return Split(*(np.load(file, mmap_mode="c") for file in files))


def store(split: Split, folder: Path, name: str) -> None:
    """Leave pictures where the children find them."""
    np.save(folder / f"{name}-images.npy", split.images)
    np.save(folder / f"{name}-labels.npy", split.labels)


def main() -> None:
    """Set up, then answer until there is no further line."""
    # Libraries may print; what they print must not come between the answers.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    task = Task.model_validate_json(sys.argv[1])
    module, name = WAYS[task.way].split(".")
    way = getattr(import_module(f".{module}", __package__), name)(task)

    def answer(**values) -> None:
        print(json.dumps(values), file=answers)

    answer(threads=way.threads, precision=way.precision)
    for line in sys.stdin:
        match line.split():
            case ["time"]:
                answer(**way.time())
            case ["learn", epochs]:
                answer(accuracy=way.learn(int(epochs)))


if __name__ == "__main__":
    main()
