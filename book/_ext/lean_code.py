"""Code without the marks that nobody sees: most words and signs in it look like plain text.

Two marks in three. For each of them a browser looks for its rules, on every switch of the theme.
"""

from functools import cache

from pygments.formatters import HtmlFormatter
from pygments.styles import get_style_by_name
from pygments.token import STANDARD_TYPES, Text


def setup(app):
    """Connect to Sphinx."""
    app.connect("builder-inited", _use)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _use(app):
    if app.builder.format == "html":
        options = app.builder.theme.get_options() | app.config.html_theme_options
        app.builder.highlighter.formatter = formatter(
            options["pygments_light_style"], options["pygments_dark_style"]
        )


def formatter(*styles: str) -> type[HtmlFormatter]:
    """Marks what looks unlike plain text in at least one of Pygments' styles."""
    looks = [get_style_by_name(each).style_for_token for each in styles]

    @cache
    def shown(kind):
        while kind not in STANDARD_TYPES:
            kind = kind.parent
        return Text if all(look(kind) == look(Text) for look in looks) else kind

    class Formatter(HtmlFormatter):
        def format(self, tokensource, outfile):
            super().format(((shown(kind), text) for kind, text in tokensource), outfile)

    return Formatter
