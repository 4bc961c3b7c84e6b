"""MathJax from the site itself, so that no page asks another host for anything.

Sphinx loads it on the pages that hold a formula, and on no others. It is not in `_static`,
because Jupyter Book puts every script from there on every page. `formulas.js` starts it when
all else is done.
"""

from importlib.metadata import files
from pathlib import Path

from sphinx.util.osutil import copyfile, ensuredir

# The script, its fonts, and the commands that it loads only when a formula has them (`\cancel`).
WANTED = ("tex-chtml.js", "output/chtml/fonts/woff-v2/*.woff", "input/tex/extensions/*.js")
UNWANTED = "all-packages.js"
STARTER = Path(__file__).with_name("formulas.js")


def setup(app):
    """Connect to Sphinx."""
    app.connect("config-inited", _configure)
    app.connect("builder-inited", _copy)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _configure(app, config):
    config.mathjax_path = f"mathjax/{STARTER.name}"


def _copy(app):
    if app.builder.format != "html":
        return
    # A package that only carries the files: what it does as an extension is to copy all 15 MB.
    for file in files("sphinx-mathjax-offline"):
        if file.name != UNWANTED and any(file.match(f"static/mathjax/{each}") for each in WANTED):
            target = Path(app.outdir, "_static", *file.parts[file.parts.index("mathjax") :])
            ensuredir(target.parent)
            copyfile(file.locate(), target)
    copyfile(STARTER, Path(app.outdir, "_static/mathjax", STARTER.name))
