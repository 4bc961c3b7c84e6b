"""Scripts and styles that travel with a figure: a notebook may show each in its own frame."""

from importlib.resources import files


def read(*names: str) -> str:
    """Read scripts or styles one after the other, less their comments and indentation.

    read("stepper.js")                   ->  the script
    read("widget.css", "stepper.css")    ->  what all such figures share, and the stepper's own
    """
    return lean("\n".join(files(__package__).joinpath(name).read_text("utf-8") for name in names))


def lean(text: str) -> str:
    """Drop a script's or a style's lines of comment and its indentation."""
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(line for line in lines if not line.startswith(("//", "/*")))
