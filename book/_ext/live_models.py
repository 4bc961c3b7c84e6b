"""The networks that the book's pages run: written into the site's `_static/models`.

They are made of the weights and records that ship with the package, or of the user's own, at
every build: that takes a moment, and a file whose content stays the same is not touched.
"""

from pathlib import Path

from cnn_explainer import export


def setup(app):
    """Connect to Sphinx."""
    app.connect("builder-inited", _export)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _export(app):
    if app.builder.format == "html":
        export.export_all(Path(app.outdir, "_static/models"))
