"""What searches had found, against what they had spent."""

from collections.abc import Iterable, Sequence

import numpy as np
from matplotlib.axes import Axes

from ..searched import comparable, describe, progress, title
from ..sweep import Sweep
from .figure import Figure
from .plot import SENTINEL, canvas
from .svg import BLUE, GREEN, VERMILLION

LOOKS = ((BLUE, "-"), (VERMILLION, "--"), (GREEN, "-."), (SENTINEL, ":"))


def search_progress(sweeps: Sweep | Iterable[Sweep]) -> Figure:
    """The best accuracy on the images held out so far, against the epochs trained so far.

        search_progress([grid, random, halving])   ->  3 lines that rise in steps

    Epochs are counted over all trials, in the order in which they were drawn. A line begins with
    the first trial that was trained to its end, and ends where its search did.

    Raises `ValueError` for no search or more than four, and for searches whose accuracies cannot be
    compared.
    """
    sweeps = comparable(sweeps)
    if len(sweeps) > len(LOOKS):
        raise ValueError(f"`sweeps` must be 1 to {len(LOOKS)} searches. Received: {len(sweeps)}")
    names = _names(sweeps)
    courses = [progress(sweep) for sweep in sweeps]
    with canvas(430, 310) as made:
        axes = made.plot.add_subplot(
            xlabel="Epochs trained, in all trials", ylabel="Best accuracy so far (held-out images)"
        )
        ends = []
        for (spent, best), (colour, style) in zip(courses, LOOKS, strict=False):
            axes.step(spent, best, where="post", color=colour, linestyle=style)
            axes.plot(spent[-1], best[-1], "o", color=colour, markersize=5)
            ends.append((spent[-1], best[-1]))
        axes.set_xlim(0, 1.04 * max(x for x, _ in ends))
        axes.margins(y=0.12)
        _label(axes, names, ends)
    alt = "The best accuracy on the images held out against the epochs trained. " + " ".join(
        _said(name, *course) for name, course in zip(names, courses, strict=True)
    )
    caption = (
        "The best accuracy so far, of trials trained to their end, against the epochs trained in"
        " all trials up to then. The dot: the end of the search."
    )
    return Figure((made.panel,), alt, caption, describe(sweeps))


def _names(sweeps: Sequence[Sweep]) -> list[str]:
    """How each goes about it; where two do so alike, what each is called."""
    titles = [title(sweep.space) for sweep in sweeps]
    return titles if len(set(titles)) == len(titles) else [each.space.name for each in sweeps]


def _label(axes: Axes, names: Sequence[str], ends: Sequence[tuple[float, float]]) -> None:
    """Each line's name beside its end: above it, or below it where another end is just above."""
    width, height = np.ptp(axes.get_xlim()), np.ptp(axes.get_ylim())
    for name, (x, y) in zip(names, ends, strict=True):
        crowded = any(
            (other_x, other_y) != (x, y)
            and abs(other_x - x) < 0.4 * width
            and 0 <= other_y - y < 0.09 * height
            for other_x, other_y in ends
        )
        left = x < 0.4 * width
        axes.annotate(
            name,
            (x, y),
            (-4 if left else 4, -6 if crowded else 6),
            textcoords="offset points",
            ha="left" if left else "right",
            va="top" if crowded else "bottom",
            fontsize=10,
        )


def _said(name: str, spent: np.ndarray, best: np.ndarray) -> str:
    first = int(np.argmax(~np.isnan(best)))
    found = int(np.argmax(best == best[-1]))
    return (
        f"{name.capitalize()}: {best[first]:.3f} after {spent[first]} epochs, {best[-1]:.3f} after"
        f" {spent[found]}, and no better until its end at {spent[-1]}."
    )
