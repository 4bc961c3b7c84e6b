"""The pages' icon, and what others show where a page is linked to: a title, a sentence, a card.

The package draws icon and card. Nothing here makes a browser ask another host: the card's address
is read by the sites that show links.
"""

import re
from html import escape, unescape
from inspect import getsource
from pathlib import Path

from docutils import nodes

from cnn_explainer import drawings, emblem, layers, probes
from cnn_explainer.files import write_atomically
from plain_notebooks import site_of

SENTENCE = (
    "A book about convolutional networks in which every figure, table and number comes from a"
    " training that was really run."
)
ICON, CARD = "_static/favicon.svg", "_static/card.png"
LONGEST = 200
"""Characters of a description; more are cut off by those who show it."""


def setup(app):
    """Connect to Sphinx."""
    app.connect("builder-inited", _draw)
    app.connect("html-page-context", _introduce)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _draw(app):
    if app.builder.format != "html":
        return
    write_atomically(Path(app.outdir, ICON), emblem.favicon().encode())
    # Drawing the card takes two seconds, which matter when a page is previewed.
    card = Path(app.outdir, CARD)
    sources = map(getsource, (emblem, layers, probes, drawings))
    drawn_from = [app.config.html_title, SENTENCE, *sources]
    if getattr(app.env, "card_drawn_from", None) != drawn_from or not card.exists():
        write_atomically(card, emblem.card(app.config.html_title, SENTENCE))
        app.env.card_drawn_from = drawn_from


def _introduce(app, pagename, templatename, context, doctree):
    site = site_of(app.config.html_theme_options["repository_url"])
    name = app.config.html_title
    width, height = emblem.CARD_SIZE
    sentence = described(doctree) or SENTENCE
    about = {
        "og:type": "article",
        "og:site_name": name,
        "og:title": unescape(re.sub("<[^>]*>", "", context.get("title") or name)),
        "og:description": sentence,
        "og:url": f"{site}/{pagename}.html",
        "og:image": f"{site}/{CARD}",
        "og:image:width": str(width),
        "og:image:height": str(height),
        "og:image:alt": f"{name}: a drawn aeroplane, and the edges found in it",
    }
    tags = [
        f'<link rel="icon" type="image/svg+xml" href="{context["pathto"](ICON, resource=True)}">',
        f'<meta name="description" content="{escape(sentence)}">',
        '<meta name="twitter:card" content="summary_large_image">',
        *(f'<meta property="{name}" content="{escape(text)}">' for name, text in about.items()),
    ]
    context["metatags"] = context.get("metatags", "") + "\n".join(tags)


def described(doctree: nodes.document | None) -> str:
    """The beginning of a page's text; nothing, if it has none."""
    paragraph = next(doctree.findall(nodes.paragraph), None) if doctree else None
    if paragraph is None:
        return ""
    text = " ".join(paragraph.astext().split())
    return text if len(text) <= LONGEST else text[:LONGEST].rpartition(" ")[0] + " …"
