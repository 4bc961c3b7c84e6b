"""How much a curve goes up and down from one epoch to the next."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from .. import facts
from ..comparison import Measure, compare
from ..runs import Run
from .claim import Outcome, Seeds
from .evidence import ordered

SETTLED = 10
"""After so many epochs a curve is looked at; its steps before are the learning itself."""

SPEED = Measure(
    f"training accuracy after epoch {SETTLED}",
    lambda run: run.history.accuracy[:SETTLED][-1],
    "points",
    100,
    largest=1,
)


def calmer(curve: str) -> Callable[[Seeds, Seeds], Outcome]:
    """A curve of the first experiment scatters less than that of the second, seed by seed."""
    return lambda first, second: _scattering(first, second, curve, -1)


def wilder(curve: str) -> Callable[[Seeds, Seeds], Outcome]:
    """A curve of the first experiment scatters more than that of the second, seed by seed."""
    return lambda first, second: _scattering(first, second, curve, 1)


def scatter(curve: str) -> Measure:
    """The standard deviation of a run's curve about a smooth course.

    From the second differences, of which a straight course has none.

    Source: von Neumann, Kent, Bellinson and Hart (1941), The Mean Square Successive Difference.
    """

    def of(run: Run) -> float:
        squares = np.diff(_settled(run, curve), 2) ** 2
        # A second difference of independent numbers has (1 + 4 + 1) times their variance.
        return float(np.mean(squares / 6 if len(squares) else 0) ** 0.5)

    side = "validation" if curve.startswith("val_") else "training"
    name = f"scatter of the {side} {curve.removeprefix('val_')}"
    return Measure(name, of, "points", 100) if "accuracy" in curve else Measure(name, of, "nats")


def _scattering(first: Seeds, second: Seeds, curve: str, sign: int) -> Outcome:
    measure = scatter(curve)
    one, other = (
        np.mean([measure.of(run) for run in seeds]) * measure.scale for seeds in (first, second)
    )
    found = ordered(compare(first, second, measure), sign)
    return replace(found, words=f"{found.words} The two are {one:.2f} and {other:.2f}.")


def _settled(run: Run, curve: str) -> np.ndarray:
    """From when it has begun to learn, and settled; of a short one, the last so many epochs."""
    values = np.array(getattr(run.history, curve))
    begun = facts.begun(np.array(run.history.val_accuracy), run) or 0
    return values[max(0, min(max(SETTLED, begun), len(values) - SETTLED)) :]
