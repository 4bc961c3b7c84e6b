"""What the write-up reports of its ten trainings, to lay beside ours.

Source: `writeup2023` in the book's bibliography. One seed each, on the processor of a laptop.
"""

from dataclasses import dataclass
from types import MappingProxyType

from .runs import Run


@dataclass(frozen=True)
class Published:
    """One row of the write-up's tables."""

    accuracy: float
    """On its test images; for the flowers, it calls them the validation images."""
    loss: float
    """Mean cross-entropy in nats."""
    binary_accuracy: float
    fit_seconds: float
    images: int = 10_000
    """How many its accuracy was counted on."""
    note: str = ""


FLOWERS = 1_101

RESULTS = MappingProxyType(
    {
        "base-plain": Published(0.7094, 0.8882, 0.9477, 2965.4),
        "lenet5-plain": Published(0.5774, 1.7158, 0.9243, 305.9),
        "lenet5-augmented": Published(0.5947, 1.2073, 0.9291, 457.9),
        "lenet5-augmented_dropout": Published(0.5911, 1.2000, 0.9293, 464.0),
        "alexnet-plain": Published(0.7157, 2.4260, 0.8870, 2664.4, FLOWERS),
        "alexnet-augmented": Published(0.7466, 1.0145, 0.9015, 2707.2, FLOWERS),
        "alexnet-augmented_dropout": Published(0.7584, 0.8153, 0.9039, 2714.0, FLOWERS),
        "vgg16-plain": Published(0.5295, 5.0040, 0.8134, 29143.9, FLOWERS),
        "vgg16-augmented": Published(
            0.7184, 0.9812, 0.8910, 51934.2, FLOWERS, "the machine slept during this run"
        ),
        "vgg16-augmented_dropout": Published(0.7366, 1.0005, 0.8963, 28308.6, FLOWERS),
    }
)
"""By the names of the catalogue."""


def of(run: Run) -> Published:
    """What the write-up reports for this network and variant.

    Raises `ValueError` if it has no such network.
    """
    name = run.experiment.name
    if name not in RESULTS:
        raise ValueError(f"`run` must be of one of {', '.join(RESULTS)}. Received: {name}")
    return RESULTS[name]


def epochs_to_match(run: Run) -> int | None:
    """After how many epochs the validation accuracy first was the write-up's; `None` if never.

    The write-up's is the accuracy at its training's end. That a curve touches it once is less
    than ending there.
    """
    goal = of(run).accuracy
    reached = (i for i, accuracy in enumerate(run.history.val_accuracy, 1) if accuracy >= goal)
    return next(reached, None)


def seconds_to_match(run: Run) -> float | None:
    """The seconds of training and validation up to then."""
    epochs = epochs_to_match(run)
    if epochs is None:
        return None
    return sum(run.history.train_seconds[:epochs]) + sum(run.history.val_seconds[:epochs])
