"""How much a curve goes up and down from one epoch to the next."""

from collections.abc import Callable

import numpy as np
from scipy.special import fdtrc

from .. import provenance
from ..comparison import LEVEL
from .claim import Outcome, Seeds, Verdict, holds_if

SETTLED = 10
"""After so many epochs a curve is looked at; its steps before are the learning itself."""


def calmer(curve: str) -> Callable[[Seeds, Seeds], Outcome]:
    """A curve of the first experiment scatters less than that of the second, by the F test."""

    def test(first: Seeds, second: Seeds) -> Outcome:
        (one, m), (other, n) = scatter(first, curve), scatter(second, curve)
        names = [provenance.title(seeds) for seeds in (first, second)]
        said = (
            f"The {title(curve)} scatters about a smooth course by {_amount(one, curve)} with"
            f" {names[0]} and by {_amount(other, curve)} with {names[1]}."
        )
        if _chance(one, m, other, n) >= LEVEL:
            return Outcome(f"{said} The difference is within noise.", Verdict.NOISE)
        return holds_if(one < other, f"{said} The difference is more than noise.")

    return test


def wilder(curve: str) -> Callable[[Seeds, Seeds], Outcome]:
    """A curve of the first experiment scatters more than that of the second."""
    return lambda first, second: calmer(curve)(second, first)


def scatter(seeds: Seeds, curve: str) -> tuple[float, float]:
    """The variance about a smooth course, and its degrees of freedom.

    From the second differences, of which a straight course has none. A training that is too
    short to have settled is looked at as a whole.

    Source: von Neumann, Kent, Bellinson and Hart (1941), The Mean Square Successive Difference.
    """
    squares = []
    for run in seeds:
        values = getattr(run.history, curve)
        settled = values[SETTLED:] if len(values) >= 2 * SETTLED else values
        # A second difference of independent numbers has (1 + 4 + 1) times their variance.
        squares += [*np.diff(settled, 2) ** 2 / 6]
    # They overlap: one plus twice their squared autocorrelations, 4/9 and 1/36, is 35/18.
    return float(np.mean(squares or [0])), max(1, len(squares) * 18 / 35)


def title(curve: str) -> str:
    """`val_loss` is the validation loss."""
    side = "validation" if curve.startswith("val_") else "training"
    return f"{side} {curve.removeprefix('val_')}"


def _chance(one: float, m: float, other: float, n: float) -> float:
    """How often chance alone makes two variances so different, to either side."""
    if not one or not other:
        return float(one == other)
    above = fdtrc(m, n, one / other)
    return 2 * min(above, 1 - above)


def _amount(variance: float, curve: str) -> str:
    deviation = variance**0.5
    return f"{100 * deviation:.2f} points" if "accuracy" in curve else f"{deviation:.3f} nats"
