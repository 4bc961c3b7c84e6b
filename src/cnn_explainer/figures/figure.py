"""What every function here gives: a picture that a page and a screen reader can show."""

from dataclasses import dataclass
from html import escape
from pathlib import Path

from ..files import write_atomically
from ..source_line import ending
from .svg import Panel


@dataclass(frozen=True, repr=False)
class Figure:
    """One picture or several side by side, with the words that belong to them.

    In a notebook it shows itself: inline SVG, so that text and axes take the page's colour.
    """

    panels: tuple[Panel, ...]
    """Beside each other where there is room, below each other on a phone."""
    alt: str
    """What the figure shows, for those who cannot see it."""
    caption: str
    source: str = ""
    """The runs that the numbers come from; it ends the caption."""

    def __post_init__(self):
        if not says_something(self.alt):
            rule = "must say in a sentence what the figure shows"
            raise ValueError(f"`alt` {rule}. Received: {self.alt!r}")

    @property
    def svg(self) -> str:
        """All panels in one SVG document."""
        width = sum(panel.width for panel in self.panels)
        height = max(panel.height for panel in self.panels)
        x, inside = 0.0, []
        for panel in self.panels:
            inside.append(f'<g transform="translate({x:g},0)">{panel.body}</g>')
            x += panel.width
        return Panel(width, height, "".join(inside)).svg(self.alt)

    def save(self, path: Path | str) -> Path:
        """Write the SVG file and say where. Raises `NotSaved` if it cannot be written."""
        write_atomically(Path(path), self.svg.encode())
        return Path(path)

    def __repr__(self) -> str:
        """The alternative text."""
        return self.alt

    def _repr_html_(self) -> str:
        if len(self.panels) == 1:
            picture = self.panels[0].svg(self.alt)
        else:
            inside = "".join(panel.svg() for panel in self.panels)
            picture = (
                f'<div role="img" aria-label="{escape(self.alt)}" style="display: flex;'
                f' flex-wrap: wrap; justify-content: center; gap: 0.5rem">{inside}</div>'
            )
        return (
            f'<figure class="cnn-figure">{picture}<figcaption>{self._words()}</figcaption></figure>'
        )

    def _words(self) -> str:
        return escape(self.caption, quote=False) + ending(self.source)


def says_something(alt: str) -> bool:
    """Whether a text could say what a figure shows: "A plot" could not."""
    return len(alt.split()) > 2
