"""All trials of a search at once: each is a line through its settings, down to its accuracy."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.colors import to_hex

from ..searched import ENDS, describe, label, settings, told, value
from ..sweep import Sweep
from ..sweep.record import Trial
from ..sweep.space import Range
from .colours import cividis, colour_bar
from .figure import Figure
from .svg import INK, Panel, line, text

NAMES, WIDTH = 116, 312
"""The width of the settings' names, and of the axes, in CSS pixels."""
BAND, ROW, GAP = 6, 13, 42
"""Around an axis's words, of a line of them, and between two axes, in CSS pixels."""
LETTER = 6.2
"""About how wide one is."""
FEW = 6
"""So many values at most have a place of their own each."""
TOLD = 5
"""So many of the best trials are told in words."""
DASHES = {"finished": "", "stopped": "4 3", "diverged": "1 4", "failed": "1 4"}


def parallel(sweep: Sweep) -> Figure:
    """Parallel coordinates of a search: an axis a setting that was searched, one for the epochs
    done, one for the accuracy on the images held out; a line a trial.

        parallel(cnn.sweep.load("lenet5"))   ->  60 lines, coloured by accuracy, the best one thick

    Axes are logarithmic where the range is. A category is a stretch of its axis, in which its
    trials stand in order of their accuracy, so that no line hides another one. Trials that were
    stopped early are dashed; one that diverged or failed is dotted, and has no accuracy.
    """
    trials = sorted(sweep.trials, key=lambda trial: trial.accuracy)
    axes = _axes(sweep, trials)
    judged = [trial.accuracy for trial in trials if _is_judged(trial)]
    low, high = (min(judged), max(judged)) if judged else (0.0, 1.0)
    shares = [(trial.accuracy - low) / (high - low or 1) for trial in trials]
    parts, y, bands = [], 4.0, []
    for axis in axes:
        height = 2 * BAND + ROW * axis.rows
        parts.append(_band(axis, y, height))
        bands.append((y, y + height))
        y += height + GAP
    colours = [to_hex(colour / 255) for colour in cividis(np.clip(shares, 0, 1))]
    for i, trial in enumerate(trials):
        stops = [(axis.places[i], *band) for axis, band in zip(axes, bands, strict=True)]
        if _is_judged(trial):
            stops.append((shares[i], y, y))
        parts.append(_line(stops, colours[i], trial, best=trial is sweep.best))
    said = "Accuracy on the images held out"
    parts.append(colour_bar(NAMES, y, WIDTH, f"{low:.3f}", f"{high:.3f}", said))
    panel = Panel(NAMES + WIDTH + 8, y + 28, "".join(parts))
    return Figure((panel,), _alt(sweep), _caption(sweep), describe(sweep))


@dataclass(frozen=True)
class _Axis:
    name: str
    places: np.ndarray
    """Of each trial, from 0 at the left to 1 at the right."""
    ticks: Sequence[tuple[float, str]]
    """Where a value stands, and what it is called."""
    borders: Sequence[float] = ()
    """Between categories."""

    @property
    def rows(self) -> int:
        """Lines that the longest tick needs."""
        return max(len(self.words(name)) for _, name in self.ticks)

    def words(self, name: str) -> list[str]:
        """A tick's name, in as many lines as its place asks for."""
        room = WIDTH / len(self.ticks)
        return name.split() if LETTER * len(name) > room else [name]


def _axes(sweep: Sweep, trials: Sequence[Trial]) -> list[_Axis]:
    searched = settings(sweep.space)
    axes = [
        _axis(label(name), choice, [trial.values[name] for trial in trials])
        for name, choice in searched.items()
    ]
    done = [trial.epochs_done for trial in trials]
    return [*axes, _axis("epochs done", Range(uniform=(0, sweep.space.longest)), done)]


def _axis(name: str, choice: tuple | Range, values: Sequence[Any]) -> _Axis:
    if not isinstance(choice, Range):
        return _categories(name, choice, values)
    if all(isinstance(each, int) for each in values) and len(set(values)) <= FEW:
        return _categories(name, sorted(set(values)), values)
    low, high = choice.ends
    if choice.logarithmic:
        places = np.log(np.array(values) / low) / np.log(high / low)
        ticks = [(0, low), (0.5, (low * high) ** 0.5), (1, high)]
        name += ", log"
    else:
        places = (np.array(values) - low) / (high - low)
        ticks = [(0, low), (0.5, (low + high) / 2), (1, high)]
    return _Axis(name, places, [(place, value(each)) for place, each in ticks])


def _categories(name: str, choices: Sequence[Any], values: Sequence[Any]) -> _Axis:
    """Each has a stretch of the axis; its trials are spread over it, the best at the right."""
    if all(isinstance(each, int | float) for each in choices):
        choices = sorted(choices)
    stretch = 1 / len(choices)
    places = np.zeros(len(values))
    for k, choice in enumerate(choices):
        members = [i for i, each in enumerate(values) if each == choice]
        inside = (np.arange(len(members)) + 0.5) / max(len(members), 1)
        places[members] = stretch * (k + 0.06 + 0.88 * inside)
    ticks = [(stretch * (k + 0.5), value(choice)) for k, choice in enumerate(choices)]
    return _Axis(name, places, ticks, [stretch * k for k in range(1, len(choices))])


def _band(axis: _Axis, top: float, height: float) -> str:
    """The words of an axis, between two thin lines that the trials' lines end on."""
    left, right, middle = NAMES, NAMES + WIDTH, top + height / 2 + 4
    parts = [
        text(NAMES - 8, middle, axis.name, anchor="end"),
        line(left, top, right, top, 0.5),
        line(left, top + height, right, top + height, 0.5),
        *(line(_x(border), top, _x(border), top + height, 0.5) for border in axis.borders),
    ]
    for place, name in axis.ticks:
        words = axis.words(name)
        anchor = {0: "start", 1: "end"}.get(place, "middle")
        for i, word in enumerate(words):
            y = middle + ROW * (i - (len(words) - 1) / 2)
            parts.append(text(round(_x(place), 1), y, word, anchor=anchor, size=11))
    return "".join(parts)


def _line(
    stops: Sequence[tuple[float, float, float]], colour: str, trial: Trial, best: bool
) -> str:
    """A trial from band to band; it goes in and comes out upright, so that the eye can follow."""
    (place, _, y), *rest = stops
    x, path = round(_x(place)), [f"M{_x(place):.0f} {y:g}"]
    for place, top, bottom in rest:
        following, middle = round(_x(place)), (y + top) / 2
        path.append(f"C{x} {middle:g} {following} {middle:g} {following} {top:g}")
        if bottom > top:
            path.append(f"M{following} {bottom:g}")
        x, y = following, bottom
    d = "".join(path)
    width, edge = (3, 1) if best else (1.6, 0.3) if trial.end == "finished" else (0.8, 0.2)
    dashes = f' stroke-dasharray="{DASHES[trial.end]}"' if DASHES[trial.end] else ""
    # Light on a light page, and dark on a dark one, the colours need an edge.
    under = f'stroke="{INK}" stroke-opacity="{edge:g}" stroke-width="{width + 1.4:g}"'
    return (
        f'<path d="{d}" {under}{dashes}/><path d="{d}" stroke="{colour}" stroke-width="{width:g}"'
        f"{dashes}/>"
    )


def _x(place: float) -> float:
    return NAMES + WIDTH * place


def _is_judged(trial: Trial) -> bool:
    return trial.history is not None and trial.end != "diverged"


def _caption(sweep: Sweep) -> str:
    return (
        f"The {len(sweep.trials)} trials, a line each, from their settings at the top to the"
        " accuracy at the bottom, which also gives the colour. Thick: the best. Dashed: stopped"
        " early. Dotted: diverged or failed. In a category the trials stand in order of their"
        " accuracy."
    )


def _alt(sweep: Sweep) -> str:
    names = [*settings(sweep.space)]
    best = sweep.best
    counts = [sum(trial.end == end for trial in sweep.trials) for end in ENDS]
    ended = [f"{n} {said}" for n, said in zip(counts, ENDS.values(), strict=True) if n]
    finished = [trial for trial in sweep.trials if trial.end == best.end]
    top = sorted(finished, key=lambda trial: -trial.accuracy)[:TOLD]
    spans = ", ".join(f"{label(name)} {_span([t.values[name] for t in top])}" for name in names)
    return (
        f"{len(sweep.trials)} trials: {', '.join(ended)}. The best, right on {best.accuracy:.3f} of"
        f" the images held out after {best.epochs_done} epochs: {told(best.values, names)}. The"
        f" {len(top)} best of those {ENDS[best.end]}: {spans}."
    )


def _span(values: Sequence[Any]) -> str:
    """`0.001 to 0.1`, or the categories that there are."""
    if all(isinstance(each, int | float) and not isinstance(each, bool) for each in values):
        low, high = value(min(values)), value(max(values))
        return low if low == high else f"{low} to {high}"
    return " or ".join(dict.fromkeys(map(value, values)))
