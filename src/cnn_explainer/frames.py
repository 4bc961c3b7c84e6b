"""Figures that take turns: prepared pictures, one a step, with the stepper's controls."""

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from .source_line import joined
from .stepper import markup

if TYPE_CHECKING:
    from .figures import Figure


@dataclass(frozen=True, repr=False)
class Frames:
    """A figure to step through; a notebook shows it as it is."""

    label: str
    figures: "tuple[Figure, ...]"
    sentences: tuple[str, ...]

    def __repr__(self):
        """Say what the figure shows, for those who do not see it."""
        count = len(self.sentences)
        return f"{self.label}. {count} frames, the last: {self.sentences[-1]}"

    def _repr_html_(self):
        last = len(self.figures) - 1
        frames = "".join(_frame(figure, i == last) for i, figure in enumerate(self.figures))
        return markup(
            self.label,
            f'<div class="boards">{frames}</div>',
            {"steps": [[sentence] for sentence in self.sentences]},
            joined(figure.source for figure in self.figures),
        )


def stepper(frames: "Iterable[tuple[Figure, str]]", *, label: str) -> Frames:
    """Step through figures, each with the sentence that says what it shows.

        stepper([(figures.filters(run, 0), "Before the first epoch: noise.")], label="…")

    A figure's alternative text is kept, its caption is not: the sentence takes its place. `label`
    is the name of the whole.

    Raises `ValueError` if there is no frame.
    """
    pairs = list(frames)
    if not pairs:
        raise ValueError("`frames` must hold a figure and a sentence at least. Received: none")
    figures, sentences = zip(*pairs, strict=True)
    return Frames(label, figures, sentences)


def _frame(figure: "Figure", shown: bool) -> str:
    panels = "".join(panel.svg() for panel in figure.panels)
    hidden = "" if shown else ' hidden="hidden"'
    return f'<div class="frame" role="img" aria-label="{escape(figure.alt)}"{hidden}>{panels}</div>'
