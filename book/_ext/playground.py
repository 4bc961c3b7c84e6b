"""The live networks: their scripts and what they show, on the pages that hold a playground.

A page asks for one with `<div class="cnn-playground">A sentence</div>`, in Markdown as it is:
`data-model` and `data-sample` say what it starts with, `data-small` makes it the small form. The
sentence stays for those who read without JavaScript, with a picture below it.

Jupyter Book puts every script and style from `_static` on every page. These are taken off, and put
back where they are needed. The browser is told to let nothing out of such a page.
"""

import base64
import io
import json
import re
from pathlib import Path

import numpy as np
from PIL import Image

from cnn_explainer import assets, figures, probes, runs, words
from cnn_explainer.errors import RecordNotFound
from cnn_explainer.figures.colours import cividis

PLAYGROUND = re.compile(r'(<div class="cnn-playground"[^>]*>)(.*?)(</div>)', re.DOTALL)
FIRST = [
    "cnn.js",
    *(f"playground/{name}.js" for name in "playground sources models network answers".split()),
]
"""What the first answer needs; the other scripts of the folder follow it."""
POLICY = (
    '<meta http-equiv="Content-Security-Policy" content="'
    "default-src 'self' 'unsafe-inline' data: blob:; connect-src 'none'; form-action 'self'\">"
)
"""By which the browser lets nothing out of the page."""
LABELS = {"aeroplane": "Drawn aeroplane", "rose": "Drawn rose"}
SAMPLE_SIZE = 32


def setup(app):
    """Connect to Sphinx."""
    app.connect("config-inited", _take_off)
    app.connect("html-page-context", _put_on)
    app.connect("build-finished", _finish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def data(folder: Path) -> dict:
    """What the scripts in this `_static` folder show: colours, pictures, and scripts to follow."""
    colours = cividis(np.linspace(0, 1, 16))
    scripts = sorted(path.name for path in (folder / "playground").glob("*.js"))
    later = [f"playground/{name}" for name in scripts if f"playground/{name}" not in FIRST]
    return {
        "colours": [f"#{bytes(colour).hex()}" for colour in colours],
        "samples": [_sample(name) for name in probes.PROBES],
        "later": later,
    }


def filled(match: re.Match, content: dict) -> str:
    """A playground's element with what it needs, and what stays if no script runs."""
    begin, sentence, end = match.groups()
    model = re.search('data-model="(.*?)"', begin)
    picture = _picture(model[1]) if model else ""
    # No text may end the script.
    text = json.dumps(content).replace("<", "\\u003c")
    return f'{begin}{sentence}{picture}<script type="application/json">{text}</script>{end}'


def _sample(name: str) -> dict:
    file = io.BytesIO()
    Image.fromarray(probes.PROBES[name](SAMPLE_SIZE)).save(file, "png", optimize=True)
    return {
        "name": name,
        "label": LABELS[name],
        "src": f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}",
        "truth": probes.TRUTH["cifar10"].get(name),
    }


def _picture(name: str) -> str:
    try:
        run = runs.load(name)
    except (RecordNotFound, ValueError):
        return ""
    figure = figures.predictions(
        run.probes["aeroplane"],
        run.classes,
        title=words.experiment(run.experiment),
        truth=probes.TRUTH[run.experiment.dataset].get("aeroplane"),
        picture=probes.aeroplane(SAMPLE_SIZE),
        runs=run,
    )
    return figure._repr_html_()


def _take_off(app, config):
    ours = ("cnn.js", "playground/", "models/")
    for files in (config.html_js_files, config.html_css_files):
        files[:] = [each for each in files if not _name(each).startswith(ours)]


def _name(entry: str | tuple) -> str:
    return entry if isinstance(entry, str) else entry[0]


def _put_on(app, pagename, templatename, context, doctree):
    if not PLAYGROUND.search(context.get("body", "")):
        return
    folder = Path(app.srcdir, "_static")
    content = data(folder)
    context["body"] = PLAYGROUND.sub(lambda match: filled(match, content), context["body"])
    context["metatags"] = context.get("metatags", "") + POLICY
    for name in FIRST:
        app.add_js_file(name, loading_method="defer")
    for path in (folder / "playground").glob("*.css"):
        app.add_css_file(f"playground/{path.name}")


def _finish(app, exception):
    """Take off the scripts what only a reader of the source needs."""
    if exception is not None or app.builder.format != "html":
        return
    static = Path(app.outdir, "_static")
    for path in [static / "cnn.js", *(static / "playground").iterdir()]:
        path.write_text(assets.lean(path.read_text("utf-8")), "utf-8")
