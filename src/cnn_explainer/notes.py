"""A note in place of what cannot be shown, so that a chapter goes on."""

from collections.abc import Iterator
from contextlib import contextmanager
from html import escape

from .errors import DatasetUnavailable


@contextmanager
def note_if_unavailable() -> Iterator[None]:
    """Show a note, and go on, if the cell's dataset is not on this machine.

    with note_if_unavailable():
        flowers = datasets.load("tf_flowers")
        display(figures.pictures(...))
    """
    try:
        yield
    except DatasetUnavailable as unavailable:
        from IPython.display import HTML, display

        display(HTML(_html(unavailable), metadata={"text/plain": str(unavailable)}))


def _html(unavailable: DatasetUnavailable) -> str:
    return (
        '<aside class="cnn-note" role="note"><strong>Pictures left out.</strong> '
        f"This page was built without the dataset: {escape(str(unavailable))}.</aside>"
    )
