"""What no page asks for is taken off the site, and what many pages hold is there once.

The theme brings the sources of its scripts, its fonts in a second format and its translations. A
figure that moves brings its style and script along, as a notebook shows each in a frame of its
own; the site keeps each in one file. The theme's style sheets lose what no page uses.
"""

import hashlib
import re
import shutil
from pathlib import Path

import lean_styles
from cnn_explainer.files import write_atomically

UNUSED = (
    *("_static/**/*.map", "_static/**/*.ttf", "_static/scripts/fontawesome.js*"),
    *("_static/locales", "_static/*webpack-macros.html"),
    # `playground` joins these.
    *("_static/cnn.js", "_static/playground"),
    # The notebooks, which the download buttons lead to, hold the same.
    "_sources/**/*.md",
)
SHARED = re.compile(r"<(style|script)>(.{500,}?)</\1>", re.DOTALL)
"""A style or a script of a figure; short ones are not worth a file."""
FOLDER = "figures"
OWN_STYLES = ("style.css", FOLDER, "live")
CHOOSE_THEME = """(({ dataset }) => {
  if (dataset.mode !== "auto") return;
  dataset.theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
})(document.documentElement);"""
"""What the theme's script does when all is there; by then the page is drawn, and drawn anew."""
LIGHT_ON_PAPER = """(({ dataset }) => {
  let theme;
  // Set, not added: Sphinx puts a script into a page twice.
  onbeforeprint = () => { theme = dataset.theme; dataset.theme = "light"; };
  onafterprint = () => { dataset.theme = theme; };
})(document.documentElement);"""
"""Paper is white, and a browser leaves the dark ground out."""


def setup(app):
    """Connect to Sphinx."""
    app.connect("config-inited", _use_templates)
    for script in (CHOOSE_THEME, LIGHT_ON_PAPER):
        app.connect("builder-inited", lambda app, body=script: app.add_js_file(None, body=body))
    app.connect("html-page-context", _share)
    # After the theme has put its buttons there.
    app.connect("html-page-context", _offer_notebook, priority=900)
    app.connect("build-finished", _take_off)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _use_templates(app, config):
    # Before the theme's own.
    config.templates_path.insert(0, str(Path(__file__).with_name("templates")))


def _share(app, pagename, templatename, context, doctree):
    if "body" not in context:
        return

    def moved(found: re.Match) -> str:
        kind, text = found.groups()
        suffix = "css" if kind == "style" else "js"
        name = f"{FOLDER}/{hashlib.sha256(text.encode()).hexdigest()[:12]}.{suffix}"
        path = Path(app.outdir, "_static", name)
        if not path.exists():
            write_atomically(path, text.encode())
        if kind == "style":
            app.add_css_file(name)
            return ""
        # At its place, and at once: a figure must not grow after it was seen.
        return f'<script src="{context["pathto"](f"_static/{name}", resource=True)}"></script>'

    context["body"] = SHARED.sub(moved, context["body"])


def _take_off(app, exception):
    if app.builder.format != "html":
        return
    for pattern in UNUSED:
        for path in Path(app.outdir).glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    _shorten_styles(Path(app.outdir))


def _shorten_styles(site: Path):
    static = site / "_static"
    styles = [path for path in static.rglob("*.css") if not _is_own(path.relative_to(static))]
    scripts = [path for path in static.rglob("*.js") if "mathjax" not in path.parts]
    known = set()
    for path in (*site.rglob("*.html"), *scripts):
        known |= lean_styles.words(path.read_text("utf-8"))
    for path in styles:
        write_atomically(path, lean_styles.lean(path.read_text("utf-8"), known).encode())


def _is_own(path: Path) -> bool:
    return path.parts[0] in OWN_STYLES


def _offer_notebook(app, pagename, templatename, context, doctree):
    for group in context.get("header_buttons", []):
        if group.get("label") == "download-buttons":
            group["buttons"] = [
                each for each in group["buttons"] if each["label"] != "download-source-button"
            ]
