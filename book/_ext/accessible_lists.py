"""The bibliography as a plain list, for those who have it read aloud.

Docutils gives its entries a role that browsers no longer know, in a list that then has none.
"""


def setup(app):
    """Connect to Sphinx."""
    app.connect("html-page-context", _mend)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _mend(app, pagename, templatename, context, doctree):
    if "body" in context:
        context["body"] = context["body"].replace('role="doc-biblioentry"', 'role="listitem"')
