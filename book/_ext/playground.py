"""The live networks: their scripts and what they show, on the pages that hold a playground.

A page asks for one with `<div class="cnn-playground">A sentence</div>`, in Markdown as it is:
`data-model` and `data-sample` say what it starts with, `data-small` makes it the small form. The
sentence stays for those who read without JavaScript, or whom the script does not reach; the full
form has a picture below it.

The scripts are joined into two files, what the first answer needs and what follows it, and so are
the styles. The browser is told to let nothing out of a page that holds them.
"""

import base64
import hashlib
import io
import json
import re
from pathlib import Path

import numpy as np
from PIL import Image

from cnn_explainer import assets, figures, probes, runs, words
from cnn_explainer.errors import RecordNotFound
from cnn_explainer.figures.colours import cividis
from cnn_explainer.files import write_atomically

PLAYGROUND = re.compile(r'(<div class="cnn-playground"[^>]*>)(.*?)(</div>)', re.DOTALL)
PARTS = "reader thread playground sources models network answers".split()
FIRST = ("cnn.js", *(f"playground/{name}.js" for name in PARTS), "playground/playground.css")
SCRIPT, STYLE = "live/playground.js", "live/playground.css"
FOLLOWING = ("live/following.js", "live/following.css")
BLANKS = {".js": r"(\n)\n+", ".css": r"\s*([{};,])\s*"}
"""What of a script or a style is not sent, but for the group."""
POLICY = (
    '<meta http-equiv="Content-Security-Policy" content="'
    "default-src 'self' 'unsafe-inline' data: blob:; connect-src 'none'; form-action 'self'\">"
)
"""By which the browser lets nothing out of the page."""
UNREACHED = "document.querySelectorAll('.cnn-playground').forEach(e => e.classList.add('shown'))"
"""Where the script cannot be fetched, what it would have replaced is shown."""
LABELS = {"aeroplane": "Drawn aeroplane", "rose": "Drawn rose"}
SAMPLE_SIZE = 32


def setup(app):
    """Connect to Sphinx."""
    app.connect("config-inited", _take_off)
    app.connect("builder-inited", _bundle)
    app.connect("html-page-context", _put_on)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def bundle(source: Path, target: Path) -> None:
    """Join scripts and styles of one `_static` folder into files of another."""
    first = [source / name for name in FIRST]
    following = sorted({*source.glob("playground/*")} - {*first})
    for names, paths in {(SCRIPT, STYLE): first, FOLLOWING: following}.items():
        for name in names:
            alike = [path for path in paths if path.suffix == Path(name).suffix]
            text = assets.lean("\n".join(path.read_text("utf-8") for path in alike))
            text = re.sub(BLANKS[Path(name).suffix], r"\1", text)
            write_atomically(target / name, text.encode())


def data(static: Path) -> dict:
    """What the scripts show, and the addresses of what follows, in this `_static` folder."""
    return {
        "colours": [f"#{bytes(colour).hex()}" for colour in cividis(np.linspace(0, 1, 16))],
        "samples": [_sample(name) for name in probes.PROBES],
        "following": [f"{name}?v={_digest(static / name)}" for name in FOLLOWING],
    }


def filled(match: re.Match, content: dict) -> str:
    """A playground's element with what it needs, and what stays if no script runs."""
    begin, sentence, end = match.groups()
    model = re.search('data-model="(.*?)"', begin)
    # A chapter has figures enough.
    picture = _picture(model[1]) if model and "data-small" not in begin else ""
    text = embedded(content)
    return f'{begin}{sentence}{picture}<script type="application/json">{text}</script>{end}'


def embedded(content: dict) -> str:
    """As JSON with no blanks, in which no text ends the script around it."""
    return json.dumps(content, separators=(",", ":")).replace("<", "\\u003c")


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:8]


def _sample(name: str) -> dict:
    file = io.BytesIO()
    Image.fromarray(probes.PROBES[name](SAMPLE_SIZE)).save(file, "webp", lossless=True)
    return {
        "name": name,
        "label": LABELS[name],
        "src": f"data:image/webp;base64,{base64.b64encode(file.getvalue()).decode()}",
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
    """Jupyter Book puts every script and style of `_static` on every page."""
    ours = ("cnn.js", "playground/")
    for files in (config.html_js_files, config.html_css_files):
        files[:] = [each for each in files if not _name(each).startswith(ours)]


def _name(entry: str | tuple) -> str:
    return entry if isinstance(entry, str) else entry[0]


def _bundle(app):
    if app.builder.format == "html":
        bundle(Path(app.srcdir, "_static"), Path(app.outdir, "_static"))


def _put_on(app, pagename, templatename, context, doctree):
    if not PLAYGROUND.search(context.get("body", "")):
        return
    content = data(Path(app.outdir, "_static"))
    context["body"] = PLAYGROUND.sub(lambda match: filled(match, content), context["body"])
    context["metatags"] = context.get("metatags", "") + POLICY
    app.add_js_file(SCRIPT, loading_method="defer", onerror=UNREACHED)
    app.add_css_file(STYLE)
