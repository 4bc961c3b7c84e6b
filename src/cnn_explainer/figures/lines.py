"""Numbers over numbers, as lines."""

from collections.abc import Mapping, Sequence

import numpy as np

from ..provenance import describe
from ..runs import Run
from .figure import Figure
from .plot import canvas
from .svg import BLUE, GREEN, VERMILLION

LOOKS = ((BLUE, "-"), (VERMILLION, "--"), (GREEN, ":"))
"""Told apart without colour, too; a line that lies on another one lets it show through."""


def lines(
    named: Mapping[str, Sequence[float]],
    x: Sequence[float] | None = None,
    *,
    xlabel: str,
    ylabel: str,
    ylim: tuple[float, float] | None = None,
    caption: str = "",
    alt: str = "",
    runs: Sequence[Run] = (),
) -> Figure:
    """One to three lines over the same `x`; without it, over 0, 1, 2, …

        lines({"NumPy": losses, "Keras": theirs}, xlabel="Step", ylabel="Loss (nats)")

    `ylim` keeps the axis the same in a series of figures. `alt` says what they show; without it,
    the ends and the extremes of each line are told. `runs` are those whose numbers these
    are: what they were stands below.

    Raises `ValueError` for more lines, or one that is not as long as `x`.
    """
    if not 1 <= len(named) <= len(LOOKS):
        raise ValueError(f"`named` must hold 1 to {len(LOOKS)} lines. Received: {len(named)}")
    x = np.arange(len(next(iter(named.values())))) if x is None else np.asarray(x)
    with canvas(420, 290) as made:
        axes = made.plot.add_subplot(xlabel=xlabel, ylabel=ylabel)
        for (name, y), (colour, style) in zip(named.items(), LOOKS, strict=False):
            if len(y) != len(x) or not len(x):
                rule = f"{len(x)} numbers" if len(x) else "at least one number"
                raise ValueError(f"`{name}` must have {rule}. Received: {len(y)}")
            axes.plot(x, y, color=colour, linestyle=style, label=name)
        if np.issubdtype(x.dtype, np.integer):
            axes.xaxis.get_major_locator().set_params(integer=True)
        if ylim:
            axes.set_ylim(*ylim)
        # Long names stand one below the other: side by side the ends would be cut off.
        columns = len(named) if sum(map(len, named)) < 50 else 1
        made.plot.legend(loc="outside lower center", ncols=columns, handlelength=2.8)
    alt = alt or f"{ylabel} over {_lower(xlabel)}. " + " ".join(
        _course(name, x, np.asarray(y)) for name, y in named.items()
    )
    return Figure((made.panel,), alt, caption, describe(runs) if runs else "")


def _course(name: str, x: np.ndarray, y: np.ndarray) -> str:
    # Rounded first, and 0 added: sums that should be 0 are 1e-16, and there is no −0.
    y = y.round(9) + 0
    extremes = [
        f", {kind} {y[i]:.3g} at {x[i]:g}"
        for kind, i in (("lowest", int(y.argmin())), ("highest", int(y.argmax())))
        if y[i] not in (y[0], y[-1])
    ]
    return f"{name}: from {y[0]:.3g} at {x[0]:g} to {y[-1]:.3g} at {x[-1]:g}{''.join(extremes)}."


def _lower(label: str) -> str:
    return label[:1].lower() + label[1:]
