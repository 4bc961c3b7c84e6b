"""Scripts and styles that travel with a figure: a notebook may show each in its own frame."""

from importlib.resources import files


def read(name: str) -> str:
    """Read a script or style, less its comments and indentation.

    read("stepper.css")   ->  the style, one rule a line
    """
    text = files(__package__).joinpath(name).read_text(encoding="utf-8")
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(line for line in lines if not line.startswith(("//", "/*")))
