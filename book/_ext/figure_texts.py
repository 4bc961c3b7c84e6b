"""A picture in the text that does not say what it shows is a warning.

The package's own figures refuse to be made without such a text.
"""

from docutils import nodes
from sphinx.util import logging

from cnn_explainer.figures.figure import says_something

logger = logging.getLogger(__name__)


def setup(app):
    """Connect to Sphinx."""
    app.connect("doctree-read", _check)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _check(app, doctree):
    for picture in doctree.findall(nodes.image):
        if not says_something(picture.get("alt", "")):
            logger.warning(
                "the picture %s has no text that says what it shows", picture["uri"],
                location=picture,
            )  # fmt: skip
